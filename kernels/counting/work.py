"""Work: what a kernel computes and moves, as the roofline model asks it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

PRECISIONS = ("float32", "float64")
WEIGHTS: Mapping[str, int] = {"add": 1, "multiply": 1, "divide": 1, "sqrt": 1, "elementary": 8, "compare": 0}
"""Floating-point operations that one operation of each kind counts as.

Divisions and roots count once, though processors take several times longer for them. An elementary function (exp, log,
sin, ...) counts as 8: range reduction, a polynomial of third degree from a table and the scaling take no less, whatever
the implementation; good ones take 15 to 30. Comparisons, minima and maxima are listed, and weigh nothing; signs, absolute
values and roundings are not even listed. All of it errs to the side of less work, since what is made of it is a lower
bound of the time.
"""


@dataclass(frozen=True)
class Work:
    """What one text does at one size.

    operations: precision -> kind (see WEIGHTS) -> how many; a complex product is 4 multiplications and 2 additions.
    read, written: distinct bytes of the arguments that are read before they are written, and of the results together
    with what is written to arguments. touched: bytes of all operands and results of all operations, as the text
    stands: temporary arrays included, each as often as it is passed over. method: how this was found, in one sentence.
    """

    operations: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    read: int = 0
    written: int = 0
    touched: int = 0
    method: str = ""

    @property
    def flops(self) -> dict[str, int]:
        """Weighted floating-point operations by precision; a precision without any is left out."""
        weighed = {p: sum(WEIGHTS[kind] * n for kind, n in kinds.items()) for p, kinds in self.operations.items()}
        return {precision: n for precision, n in weighed.items() if n}

    @property
    def bytes(self) -> int:
        """Compulsory traffic: each byte once."""
        return self.read + self.written

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Work:
        """Raises ValueError, TypeError, AttributeError or KeyError for what is no work: it may come from a process that has
        executed a candidate's text."""
        work = cls(**data)
        counts = [work.read, work.written, work.touched, *(n for kinds in work.operations.values() for n in kinds.values())]
        known = all(precision in PRECISIONS and set(kinds) <= set(WEIGHTS) for precision, kinds in work.operations.items())
        if not known or not all(type(n) is int and n >= 0 for n in counts) or type(work.method) is not str:
            raise ValueError("these are no counts")
        return work


def flop_seconds(flops: Mapping[str, int], per_second: Mapping[str, float]) -> float:
    """Seconds that these operations take at least, at a peak rate for each precision."""
    return sum(n / per_second[precision] for precision, n in flops.items())


def least(works: Iterable[Work], per_second: Mapping[str, float]) -> tuple[Work, Work]:
    """Of several texts for one problem, the one with the least computation and the one with the least compulsory traffic."""
    known = list(works)
    return min(known, key=lambda work: flop_seconds(work.flops, per_second)), min(known, key=lambda work: work.bytes)
