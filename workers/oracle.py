"""Oracle: inputs and the reference's results for a size and a seed."""
from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import numpy as np

from ..kernels.signature import Argument, Signature
from ..kernels.spec import OpenSpec, SpecError, copy_arguments, one_line
from .sensitivity import Sensitivity

BUDGET_BYTES = 256 * 2**20
_EXTRA_BYTES_FACTOR, _EXTRA_BYTES, _EXTRA_SECONDS = 64, 2**20, 5.0
_STEEPEST = 4
"""No array has more dimensions of one length than this, as a rule."""
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
           109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229)


@dataclass(frozen=True)
class Case:
    """One test: what goes in, and what the reference makes of it. All arrays are read-only.

    arguments: as generated. expected: the returned values, () for None. expected_arguments: the arguments after the
    reference ran, for those it writes to. depths: for each output, then each argument, an estimate of how many terms
    one element sums up. label: the size in words, and not the seed, since messages about a case reach candidates' authors.
    derived: the arguments are not the generator's draw of size and
    seed, but were made from it. leeway, noise: for each output, then each argument, what `verify.leeway` grants to its
    elements, and how far the reference's roundings were seen to move them; () where nothing is granted or known.
    """

    size: Mapping[str, int]
    seed: int
    label: str
    arguments: tuple[Any, ...]
    expected: tuple[Any, ...]
    expected_arguments: tuple[Any, ...]
    depths: tuple[int, ...]
    derived: bool = False
    leeway: tuple[np.ndarray | None, ...] = ()
    noise: tuple[np.ndarray | None, ...] = ()

    @property
    def depth(self) -> int:
        """The largest of `depths`."""
        return max(self.depths, default=1)

    @property
    def nbytes(self) -> int:
        values = (*self.arguments, *self.expected, *self.expected_arguments)
        return sum(value.nbytes for value in {id(v): v for v in values}.values() if isinstance(value, np.ndarray))


class Oracle:
    """Cases of one kernel, the most recently used ones kept within `budget_bytes`.

    The reference runs here, in the judge's own process: it is the author's trusted code, no candidate's.
    """

    def __init__(self, spec: OpenSpec, signature: Signature, budget_bytes: int = BUDGET_BYTES) -> None:
        self.spec = spec
        self.signature = signature
        self._budget = budget_bytes
        self._cases: OrderedDict[tuple[Any, int], _Entry] = OrderedDict()
        self._extra: tuple[Mapping[str, int], ...] | None = None
        self._most: dict[str, int | None] = {}
        self._unforeseen: tuple[Mapping[str, int], ...] | None = None

    def case(self, size: str | Mapping[str, int], seed: int) -> Case:
        """The case of a size (a name, or a mapping) and a seed. Raises SpecError where generator or reference fail."""
        return self._entry(size, seed).case

    def sensitivity(self, case: Case) -> Sensitivity:
        """How much the case's results move under roundings of its inputs; costs nothing until it is read."""
        if case.derived:
            return Sensitivity(self.run_reference, case.arguments, (*case.expected, *case.expected_arguments), case.seed)
        return self._entry(case.size, case.seed, case).sensitivity

    def case_of(
        self, arguments: tuple[Any, ...], label: str, size: Mapping[str, int], seed: int = 0,
        results: tuple[tuple[Any, ...], tuple[Any, ...]] | None = None, leeway: tuple[np.ndarray | None, ...] = (),
        noise: tuple[np.ndarray | None, ...] = (),
    ) -> Case:
        """A case of arguments that were derived from the generator's; it is not kept.

        results: what the reference made of them (outputs, arguments afterwards) where that is known, else it is run.
        The arguments' arrays are made read-only. Raises SpecError where the reference fails.
        """
        expected, after = results or self.run_reference(arguments)
        return replace(self._case(arguments, expected, after, size, seed, label), derived=True, leeway=leeway, noise=noise)

    def extra_sizes(self) -> tuple[Mapping[str, int], ...]:
        """Undeclared sizes around `verify` at which the kernel is defined: all dimensions prime, each one more and one
        less, each 1 alone, all 1. Found once, within some seconds.

        A size is left out where generator or reference raise, or where inputs or results are not of the kind that the
        signature knows: there a champion calls the reference.
        """
        if self._extra is None:
            end = monotonic() + _EXTRA_SECONDS
            self._extra = tuple(
                size for size in _around(self.spec.sizes["verify"]) if monotonic() < end and self._accepts(size)
            )
        return self._extra

    def most(self, name: str) -> int | None:
        """How large the dimension `name` may be in sizes of our own: where one more multiplies the memory, as for the
        exponent of a power of two, no larger than it is declared; else None, as there is no limit."""
        if name not in self._most:
            verify = self.spec.sizes["verify"]
            bound: int | None = None
            with suppress(SpecError):
                here, further = self.case("verify", 0), self.case({**verify, name: verify[name] + 1}, 0)
                if further.nbytes > here.nbytes * (1 + 1 / max(1, verify[name])) ** _STEEPEST:
                    bound = max(size[name] for size in self.spec.sizes.values())
            self._most[name] = bound
        return self._most[name]

    def unforeseen_sizes(self) -> tuple[Mapping[str, int], ...]:
        """The smallest sizes at which results have other shapes than the signature foresees, as where a slice ends at its
        array's end (`a[:3]` of two), though a champion's guard lets the arguments pass: kernels made for the shapes foreseen
        must fall."""
        if self._unforeseen is None:
            self._unforeseen = tuple(size for size in smallest_sizes(self) if self._surprises(size))
        return self._unforeseen

    def _surprises(self, size: Mapping[str, int]) -> bool:
        try:
            case = self.case(size, 0)
        except SpecError:
            return False
        return guarded(self, case) and not returns_as_known(self.signature, case.arguments, case.expected)

    def label(self, size: str | Mapping[str, int], seed: int) -> str:
        mapping = self.spec.size(size)
        name = size if isinstance(size, str) else next((n for n, s in self.spec.sizes.items() if s == mapping), "")
        numbers = ", ".join(f"{key}={value}" for key, value in mapping.items())
        return f"size {name} ({numbers}), seed {seed}" if name else f"size {numbers}, seed {seed}"

    def _accepts(self, size: Mapping[str, int]) -> bool:
        if any(size == declared for declared in self.spec.sizes.values()):
            return False
        try:
            arguments = self.spec.make_inputs(size, 0)
            limit = _EXTRA_BYTES_FACTOR * _bytes(self.spec.make_inputs("verify", 0)) + _EXTRA_BYTES
            if _bytes(arguments) > limit or not fits(self.signature, arguments):
                return False
            expected, _ = self.run_reference(arguments)
        except SpecError:
            return False
        return returns_as_known(self.signature, arguments, expected)

    def _entry(self, size: str | Mapping[str, int], seed: int, case: Case | None = None) -> _Entry:
        mapping = self.spec.size(size)
        key = (tuple(mapping.items()), seed)
        entry = self._cases.get(key)
        if entry is None:
            made = case or self._make(size, seed)
            results = (*made.expected, *made.expected_arguments)
            entry = _Entry(made, Sensitivity(self.run_reference, made.arguments, results, seed))
            self._cases[key] = entry
        self._cases.move_to_end(key)
        self._evict()
        return entry

    def _evict(self) -> None:
        total = sum(entry.nbytes for entry in self._cases.values())
        while self._cases and total > self._budget:
            _, entry = self._cases.popitem(last=False)
            total -= entry.nbytes

    def _make(self, size: str | Mapping[str, int], seed: int) -> Case:
        arguments = self.spec.make_inputs(size, seed)
        try:
            expected, after = self.run_reference(arguments)
        except SpecError as error:
            raise SpecError(f"{error} ({self.label(size, seed)})") from error
        return self._case(arguments, expected, after, self.spec.size(size), seed, self.label(size, seed).partition(", seed")[0])

    def _case(
        self, arguments: tuple[Any, ...], expected: tuple[Any, ...], after: tuple[Any, ...], size: Mapping[str, int], seed: int,
        label: str,
    ) -> Case:
        written = set(self.signature.written)
        kept = tuple(
            now if parameter in written else before
            for parameter, before, now in zip(self.spec.parameters, arguments, after)
        )
        for value in (*arguments, *expected, *kept):
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        depths = tuple(reduction_length(arguments, value) for value in (*expected, *kept))
        return Case(dict(size), seed, label, arguments, expected, kept, depths)

    def run_reference(self, arguments: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Results in memory of their own, and the copies of the arguments that the reference worked on. Raises SpecError."""
        used = copy_arguments(arguments)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                result = self.spec.reference(*used)
        except MemoryError:
            raise SpecError(f"{self.spec.spec.function} does not fit in memory") from None
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the author's code may raise anything
            raise SpecError(f"{self.spec.spec.function} raised {one_line(error)}") from error
        results = () if result is None else result if isinstance(result, tuple) else (result,)
        shared = [a for a in used if isinstance(a, np.ndarray)]
        own = tuple(
            r.copy(order="K") if isinstance(r, np.ndarray) and _borrowed(r, shared) else r for r in results
        )
        return own, used


@dataclass
class _Entry:
    case: Case
    sensitivity: Sensitivity

    @property
    def nbytes(self) -> int:
        return self.case.nbytes + self.sensitivity.nbytes


def smallest_sizes(oracle: Oracle) -> Iterator[Mapping[str, int]]:
    """Sizes at which one dimension, or all, are 1 or 2, as far as that is smaller than `tiny`."""
    tiny = oracle.spec.sizes["tiny"]
    for length in (1, 2):
        every = {name: min(tiny[name], length) for name in tiny}
        yield from (size for size in ({**tiny, name: every[name]} for name in tiny) if size not in (tiny, every))
        if every != tiny:
            yield every


def fits(signature: Signature, arguments: Sequence[Any]) -> bool:
    """Whether these arguments are of the kind that the signature describes, its relations between shapes included."""
    if not all(_is_like(argument, value) for argument, value in zip(signature.arguments, arguments)):
        return False
    return all(_value(relation, signature, arguments) for relation in signature.relations)


def guarded(oracle: Oracle, case: Case) -> bool:
    """Whether a champion's guard would let these arguments reach the kernel: of the known kinds, nothing empty, nor
    foreseen to be."""
    if not fits(oracle.signature, case.arguments):
        return False
    arrays = [a for a in (*case.arguments, *case.expected) if isinstance(a, np.ndarray)]
    foreseen = [_value(length, oracle.signature, case.arguments) for output in oracle.signature.outputs for length in output.shape or ()]
    return all(a.size for a in arrays) and all(length is not None and length > 0 for length in foreseen)


def returns_as_known(signature: Signature, arguments: Sequence[Any], results: Sequence[Any]) -> bool:
    """Whether results have the kinds, dtypes and shapes that the signature foresees for these arguments."""
    if len(results) != len(signature.outputs):
        return False
    for output, result in zip(signature.outputs, results):
        if (output.kind == "array") != isinstance(result, np.ndarray):
            return False
        if np.asarray(result).dtype.name != output.dtype or np.ndim(result) != output.ndim:
            return False
        if output.shape and tuple(_value(length, signature, arguments) for length in output.shape) != np.shape(result):
            return False
    return True


def reduction_length(arguments: Sequence[Any], result: Any) -> int:
    """About how many terms an element of `result` sums up, from the shapes alone.

    The longest dimension or integer argument (a loop's length), or all that goes in for each element that comes out
    if that is more (a sum over several dimensions).
    """
    arrays = [value for value in arguments if isinstance(value, np.ndarray)]
    lengths = [length for array in arrays for length in array.shape]
    counts = [int(v) for v in arguments if isinstance(v, int | np.integer) and not isinstance(v, bool) and 0 < v < 2**20]
    largest = max((array.size for array in arrays), default=1)
    return max(1, *lengths, *counts, -(-largest // max(1, np.size(result))))


def _around(base: Mapping[str, int]) -> Iterator[Mapping[str, int]]:
    seen: set[tuple[int, ...]] = set()
    primes = {key: max((p for p in _PRIMES if p < value), default=value) for key, value in base.items()}
    candidates = [primes]
    for step in (1, -1):
        candidates += [{**base, key: value + step} for key, value in base.items() if value + step >= 0]
    candidates += [{**base, key: 1} for key in base]
    candidates.append(dict.fromkeys(base, 1))
    for size in candidates:
        if tuple(size.values()) not in seen:
            seen.add(tuple(size.values()))
            yield size


def _value(expression: str, signature: Signature, arguments: Sequence[Any]) -> Any:
    """What an expression of the signature, which is our own text, is for these arguments; None where it is undefined."""
    names = {argument.name: value for argument, value in zip(signature.arguments, arguments)}
    try:
        return eval(expression, {"__builtins__": {"max": max, "min": min, "abs": abs, "len": len}}, names)  # noqa: S307
    except ArithmeticError:
        return None


def _is_like(argument: Argument, value: Any) -> bool:
    array = np.asarray(value)
    if array.dtype.name != argument.dtype or array.ndim != argument.ndim:
        return False
    if argument.kind != "array":
        return not isinstance(value, np.ndarray)
    order = {"C": array.flags.c_contiguous, "F": array.flags.f_contiguous}
    return isinstance(value, np.ndarray) and order.get(argument.layout, True)


def _borrowed(result: np.ndarray, arguments: list[np.ndarray]) -> bool:
    """Whether the memory of `result` is not its own."""
    return result.base is not None or any(np.may_share_memory(result, a) for a in arguments)


def _bytes(arguments: Sequence[Any]) -> int:
    return sum(value.nbytes for value in arguments if isinstance(value, np.ndarray))
