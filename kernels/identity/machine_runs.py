"""A cross-check by machine floats: whether the exact runs describe what the texts compute at all.

Text that works by rounding (x + 2**52 - 2**52 rounds to an integer) means something else in exact arithmetic. So before
two kernels are called different, each must give in machine floats about what it gave in exact numbers.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..candidate import Candidate
from ..interpret import load, machine
from ..interpret.instrument import MACHINE, PRANGE, REBIND, REDUCE, TICK, instrumented
from ..signature import Signature
from ..spec import OpenSpec, copy_arguments
from ..vecmath.exact import exactly
from .arrays import bare, holds_numbers
from .draw import Draw
from .functions import number
from .pair import Pair
from .runs import Difference, results, to_fill

_CLOSE = {False: 1e-6, True: 1e-2}


def contradicted(
    spec: OpenSpec, kernel: Candidate, signature: Signature, arguments: Sequence[Any], written: Sequence[int],
    exact: tuple[Sequence[Any], Sequence[Any]], found: Difference, draw: Draw,
) -> str:
    """Why the exact runs do not describe the texts at the place where they differ; "" where they do.

    exact: the reference's and the candidate's results in exact numbers.
    """
    try:
        with np.errstate(all="ignore"):
            theirs = results(spec.reference, copy_arguments(tuple(arguments)), written, (), _as_it_is)
            given = copy_arguments(tuple(arguments))
            ours = results(_candidate(kernel, draw), given, written, to_fill(kernel, given, signature, np.zeros), _as_it_is)
    except Exception as error:  # noqa: BLE001 - whatever the text raises, it decides nothing
        return f"in machine floats it could not be run: {type(error).__name__}: {error}"[:300]
    single = any(argument.dtype in ("float32", "complex64") for argument in signature.arguments)
    for who, plain, numbers in (("the reference", theirs, exact[0]), ("the candidate", ours, exact[1])):
        if len(plain) <= found.output or np.shape(plain[found.output]) != np.shape(numbers[found.output]):
            continue
        if not _close(plain[found.output], numbers[found.output], found.index, _CLOSE[single]):
            return f"{who} depends on how numbers are rounded: exact arithmetic gives it another result than machine floats"
    return ""


def _as_it_is(value: Any) -> Any:
    return value


def _candidate(kernel: Candidate, draw: Draw) -> Any:
    def reduce(step: str, value: Any, change: Any, shared: bool) -> Any:
        table: Mapping[str, Any] = machine.IN_PLACE if isinstance(value, np.ndarray) else machine.OPERATORS
        return table[step](value, change)

    given = {**MACHINE, TICK: draw.tick, PRANGE: range, REDUCE: reduce, REBIND: lambda value, name: value,
             "int": machine.to_int, "pow": machine.builtin_power}
    return load(instrumented(exactly(kernel.tree)[0], {}, divide_as_numpy=True), np, range, math_module=machine.mathematics(), given=given)


def _close(plain: Any, numbers: Any, index: tuple[int, ...], tolerance: float) -> bool:
    value = np.asarray(plain)[index] if np.shape(plain) else plain
    element = bare(numbers)[index] if isinstance(numbers, np.ndarray) else numbers
    if element is None:
        return True
    exact = number(element)
    if not holds_numbers(numbers) and np.asarray(plain).dtype.kind in "biu":
        return int(value) == int(exact)
    parts = [(float(value), exact)] if not isinstance(exact, Pair) else [(value.real, exact.real), (value.imag, exact.imag)]
    largest = float(np.nanmax(np.abs(np.where(np.isfinite(plain), plain, 0)), initial=0.0))
    for one, other in parts:
        other = float(other.value)
        if not np.isfinite(one) or not np.isfinite(other):
            if not (one == other or one != one and other != other):
                return False
        elif abs(one - other) > tolerance * max(abs(one), abs(other), 1e-3 * largest):
            return False
    return True
