"""Signature: what running the reference at several sizes taught about its arguments and outputs."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Argument:
    """One positional argument of the reference.

    kind: "array", "int", "float", "complex" or "bool". dtype: NumPy's name. layout: "C", "F" or "A" for arrays.
    written: whether the reference changed it in any of the runs. numpy_scalar: a NumPy scalar, whose dtype takes
    part in promotion, where a Python number (False) adapts to the array it meets (NEP 50).
    """

    name: str
    kind: str
    dtype: str
    ndim: int = 0
    layout: str = "C"
    written: bool = False
    numpy_scalar: bool = False


@dataclass(frozen=True)
class Output:
    """One returned value.

    shape: one Python expression a dimension over the argument names ("a.shape[0]", "n + 1", "3"), or None where
    no expression fits all runs (always None for scalars). alias: the argument that it is, or None. part_of: the argument of
    which it is a view; a kernel hands over an array of its own instead. numpy_scalar: as for an argument.
    """

    kind: str
    dtype: str
    ndim: int = 0
    shape: tuple[str, ...] | None = None
    alias: str | None = None
    numpy_scalar: bool = False
    part_of: str | None = None


@dataclass(frozen=True)
class Signature:
    """Arguments and outputs of a reference. `packed`: it returns a tuple (also one of length one).

    relations: Python expressions over the argument names that were true in every run ("b.shape[0] == a.shape[1]",
    "points.shape[1] == 3", "q.shape[1] % k.shape[1] == 0"): what a kernel that was verified on those runs may rely on, and a champion checks.
    """

    arguments: tuple[Argument, ...]
    outputs: tuple[Output, ...]
    packed: bool = False
    relations: tuple[str, ...] = ()

    @property
    def writes_open(self) -> bool:
        """Whether the `writes` convention can be used: every output is a new array of known shape."""
        return bool(self.outputs) and all(o.kind == "array" and o.shape is not None and o.alias is None for o in self.outputs)

    @property
    def written(self) -> tuple[str, ...]:
        return tuple(a.name for a in self.arguments if a.written)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Signature:
        outputs = tuple(
            Output(**{**output, "shape": None if output["shape"] is None else tuple(output["shape"])})
            for output in data["outputs"]
        )
        arguments = tuple(Argument(**argument) for argument in data["arguments"])
        return cls(arguments, outputs, data["packed"], tuple(data["relations"]))
