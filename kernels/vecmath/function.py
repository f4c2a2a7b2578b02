"""VecFunction: one elementary function for one dtype, with its text and what is known of its error."""
from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass

_DTYPES = {"f32": "float32", "f64": "float64"}


@dataclass(frozen=True)
class VecFunction:
    """An elementary function in the kernel dialect; scalars in, a scalar of the same dtype out.

    name: NumPy's or the usual one ("exp", "atan2", "sigmoid"). helper: what its text is called ("exp_f64").
    text: the source of one `def`. needs: the other helpers that it calls.
    domain: the arguments for which the error holds. ulp: the largest measured error in units of the last place of the
    exact result. evidence: how that was measured.
    """

    name: str
    dtype: str
    helper: str
    arity: int
    text: str
    needs: tuple[str, ...]
    domain: str
    ulp: float
    evidence: str


def vec_function(
    domain: str = "all", *, ulp: float, evidence: str, needs: tuple[str, ...] = ()
) -> Callable[[Callable[..., object]], VecFunction]:
    """Makes a VecFunction of the decorated function, which is called `<name>_f32` or `<name>_f64`."""

    def make(function: Callable[..., object]) -> VecFunction:
        name, _, suffix = function.__name__.rpartition("_")
        source = inspect.getsource(function)
        node = ast.parse(source).body[0]
        assert isinstance(node, ast.FunctionDef)
        text = "\n".join(source.splitlines()[node.lineno - 1 :]) + "\n"
        return VecFunction(name, _DTYPES[suffix], function.__name__, len(node.args.args), text, needs, domain, ulp, evidence)

    return make
