"""The decorator with which a person declares the function to be made faster."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

REQUIRED_SIZES = ("tiny", "verify", "benchmark")
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Declaration:
    """What `kernel` noted on a function; read back as `function.__kernwright__`."""

    inputs: Callable[[Mapping[str, int], Any], Any]
    sizes: Mapping[str, Mapping[str, int]]
    tolerance: Any
    finite: bool
    source: str


def kernel(
    *,
    inputs: Callable[[Mapping[str, int], Any], Any],
    sizes: Mapping[str, Mapping[str, int]],
    tolerance: str | Mapping[str, float] | None = None,
    finite: bool = False,
    source: str = "",
) -> Callable[[Function], Function]:
    """Declare the decorated function as a reference kernel; it stays callable as before.

    inputs: a function of (size, rng) that returns the tuple of the reference's positional arguments. `size` maps a
        name to an integer; `rng` is a `numpy.random.Generator`, the only source of randomness it may use.
    sizes: at least `tiny` (interpreted, some milliseconds), `verify` (odd numbers are good) and `benchmark`
        (the size that is timed); further names are verified and reported too.
    tolerance: None (exact for integers; for floats relative to dtype and reduction length), "exact",
        {"ulp": n} or {"rtol": r, "atol": a}.
    finite: True states that neither inputs nor intermediate results hold nan or inf, which opens the fast-math
        flags `nnan` and `ninf`.
    source: one line on where the reference comes from.

    What is declared is checked when the kernel is opened, by `kernwright doctor` or `kernwright run`.
    """

    def declare(function: Function) -> Function:
        function.__kernwright__ = Declaration(inputs, sizes, tolerance, finite, source)  # type: ignore[attr-defined]
        return function

    return declare
