"""VecFunction: one elementary function for one dtype, with its text and what is known of its error."""
from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from .splice import spliced

_DTYPES = {"f32": "float32", "f64": "float64"}


@dataclass(frozen=True)
class VecFunction:
    """An elementary function in the kernel dialect; scalars in, a scalar of the same dtype out.

    name: NumPy's or the usual one ("exp", "atan2", "sigmoid"). helper: what its text is called ("exp_f64").
    text: the source of one `def`. needs: the other helpers that it calls.
    domain: the arguments for which the error holds. ulp: the largest measured error in units of the last place of the
    exact result, rounded up. evidence: over how many arguments that was measured, as `kernwright bench vecmath` does.
    limit: the largest |x| that the function takes, beyond which it gives nan; None where there is none.
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
    limit: float | None = None


def vec_function(
    domain: str = "all", *, ulp: float, evidence: str, needs: tuple[str, ...] = (), limit: float | None = None
) -> Callable[[Callable[..., object]], VecFunction]:
    """Makes a VecFunction of the decorated function, which is called `<name>_f32` or `<name>_f64` and may use pieces."""

    def make(function: Callable[..., object]) -> VecFunction:
        name, _, suffix = function.__name__.rpartition("_")
        node = spliced(function)
        text = ast.unparse(node) + "\n"
        return VecFunction(name, _DTYPES[suffix], node.name, len(node.args.args), text, needs, domain, ulp, evidence, limit)

    return make
