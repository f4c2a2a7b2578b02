"""Observation: what running the reference at several sizes teaches about its arguments, outputs and time."""
from __future__ import annotations

import time
import tracemalloc
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from .divisions import divided_extents
from .shape_expressions import explain, relations
from .signature import Argument, Output, Signature
from .spec import OpenSpec, SpecError, copy_arguments, describe_value, is_numeric, one_line

PRIMES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31)
ROUNDING = 64
"""Results that differ by at most so many epsilons of the largest value differ in rounding, not in substance."""
FURTHER_DRAWS = 6
"""Further inputs of size `tiny`: a length that depends on values, such as the largest index, shows there if anywhere."""
MOST_GROWTH, MOST_PEAK = 64, 2**28
"""A size that nobody declared may take so many times the memory of the size that it lies beside, or so many bytes."""
KINDS = {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex"}


@dataclass(frozen=True)
class Observation:
    """What was learned of a reference.

    reference_seconds: shortest call by name of the declared size; a size that is not required and might have
        broken the budget is absent. argument_bytes: bytes of all array arguments, by the same names.
    deterministic: repeated calls gave equal bits; False if they differed in rounding. runs: how many inputs were seen.
    """

    signature: Signature
    reference_seconds: Mapping[str, float]
    argument_bytes: Mapping[str, int]
    deterministic: bool = True
    runs: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Observation:
        return cls(**{**data, "signature": Signature.from_json(data["signature"])})


def observe(spec: OpenSpec, seed: int, reference_budget_s: float = 60.0) -> Observation:
    """Run the reference at its declared sizes, and at sizes beside `verify`, and learn from it.

    The budget bounds what is optional (repetitions, further sizes); `tiny`, `verify` and `benchmark` always run.
    Raises SpecError with one line that tells the author what to change.
    """
    observer = _Observer(spec, time.monotonic() + reference_budget_s)
    before = _module_state(spec)
    for size in ("tiny", "verify"):
        observer.check_generator(size, seed)
        observer.run(size, seed, repeat=True)
        observer.run(size, seed + 1, repeat=observer.affordable())
    observer.run("benchmark", seed, repeat=None)
    for number, (size, key) in enumerate(_perturbed(spec.sizes["verify"])):
        if key is None or observer.doubles_well(spec.sizes["verify"], key, seed):
            observer.try_run(size, seed + 2 + number)
    for further in range(FURTHER_DRAWS):
        observer.try_run(spec.sizes["tiny"], seed + 100 + further)
    for size in spec.sizes:
        if size not in observer.seconds and observer.affordable():
            observer.run(size, seed, repeat=False)
    after = _module_state(spec)
    for name, value in after.items():
        if name not in before or not _same(before[name], value):
            raise SpecError(f"{spec.spec.function} changes the module variable {name}; a kernel keeps no state")
    return Observation(
        _signature(spec, observer.runs), observer.seconds, observer.bytes, observer.deterministic, len(observer.runs)
    )


@dataclass(frozen=True)
class _Run:
    """One input: what went in and came out, and the integers by which shapes are explained."""

    label: str
    arguments: tuple[Argument, ...]
    layouts: tuple[frozenset[str], ...]
    outputs: tuple[Output, ...]
    shapes: tuple[tuple[int, ...], ...]
    packed: bool
    atoms: Mapping[str, int]
    scalars: frozenset[str]


@dataclass
class _Observer:
    """Runs the reference and collects what is seen."""

    spec: OpenSpec
    deadline: float
    runs: list[_Run] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    deterministic: bool = True
    slowest: float = 0.0
    types: list[tuple[str, str, int, bool]] = field(default_factory=list)
    peak_at_base: int | None = None

    def check_generator(self, size: str, seed: int) -> None:
        """Raises SpecError unless equal seeds give equal inputs, each time in memory of their own."""
        first, second = self.spec.make_inputs(size, seed), self.spec.make_inputs(size, seed)
        for name, one, other in zip(self.spec.parameters, first, second):
            if type(one) is not type(other) or not _same(one, other):
                raise SpecError(
                    f"the input generator gives another {name} for the same seed; draw from its `rng` argument only"
                )
            if isinstance(one, np.ndarray) and np.may_share_memory(one, other):
                raise SpecError(f"the input generator hands out the memory of {name} twice; return a copy")

    def affordable(self, calls: float = 10) -> bool:
        """Whether so many calls, each as slow as the slowest so far, still fit into the budget."""
        return time.monotonic() + calls * self.slowest < self.deadline

    def run(self, size: str, seed: int, repeat: bool | None) -> None:
        """Run at a declared size; `repeat` asks for a second call on equal inputs (None: if it is affordable)."""
        arguments = self.spec.make_inputs(size, seed)
        seconds = self.learn(arguments, f"at size {size!r}", repeat)
        self.seconds[size] = min(seconds, self.seconds.get(size, seconds))
        self.bytes[size] = _bytes(arguments)
        self.types = [_type(argument) for argument in arguments]

    def try_run(self, size: Mapping[str, int], seed: int) -> None:
        """Run at a size that nobody declared; one that generator or reference refuses teaches nothing."""
        if not self.affordable():
            return
        try:
            arguments = self.spec.make_inputs(size, seed)
            types = [_type(argument) for argument in arguments]
            if types == self.types and _bytes(arguments) <= 64 * self.bytes["verify"] + 2**20:
                self.learn(arguments, f"at {dict(size)}", repeat=False)
        except SpecError:
            return

    def doubles_well(self, base: Mapping[str, int], key: str, seed: int) -> bool:
        """Whether the reference with twice the parameter `key` takes no memory to speak of, by what it takes at `base` and beside it:
        where a parameter is an exponent (2 ** n amplitudes), twice of it would end nothing. As if all growth were exponential."""
        if not self.affordable():
            return False
        step = _steps(base)[key]
        if self.peak_at_base is None:
            self.peak_at_base = self.peak(base, seed)
        here, beside = self.peak_at_base, self.peak({**base, key: base[key] + step}, seed)
        if here is None or beside is None:
            return True
        return here * max(1.0, beside / here) ** (base[key] / step) <= max(MOST_GROWTH * here, MOST_PEAK)

    def peak(self, size: Mapping[str, int], seed: int) -> int | None:
        """Bytes that a call allocates at most; None where it raises."""
        try:
            arguments = self.spec.make_inputs(size, seed)
            tracemalloc.start()
            self.call(arguments, f"at {dict(size)}")
            return tracemalloc.get_traced_memory()[1]
        except (SpecError, MemoryError):
            return None
        finally:
            tracemalloc.stop()

    def learn(self, arguments: tuple[Any, ...], label: str, repeat: bool | None) -> float:
        """Call the reference on copies of `arguments`, note what is seen, and return the seconds of a call."""
        try:
            used, result, seconds = self.call(arguments, label)
            run = self.describe(arguments, used, result, label)
            self.slowest = max(self.slowest, seconds)
            if repeat or (repeat is None and self.affordable(2)):
                used_again, again, seconds_again = self.call(arguments, label)
                self.check_equal(used, result, used_again, again, label)
                seconds = min(seconds, seconds_again)
        except MemoryError:
            raise SpecError(f"{self.spec.spec.function} does not fit in memory {label}; declare a smaller size") from None
        self.runs.append(run)
        return seconds

    def call(self, arguments: tuple[Any, ...], label: str) -> tuple[tuple[Any, ...], Any, float]:
        """The copies that the reference worked on, its result, and the seconds it took."""
        used = copy_arguments(arguments)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                start = time.perf_counter()
                result = self.spec.reference(*used)
                seconds = time.perf_counter() - start
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the author's code may raise anything
            raise SpecError(f"{self.spec.spec.function} raised {one_line(error)} {label}") from error
        return used, result, seconds

    def describe(self, given: tuple[Any, ...], used: tuple[Any, ...], result: Any, label: str) -> _Run:
        """What the call showed. Raises SpecError where no kernel could return the same."""
        names = self.spec.parameters
        arguments = tuple(_argument(n, g, not _same(g, u)) for n, g, u in zip(names, given, used))
        results = _results(self.spec.spec.function, result, label)
        atoms, scalars = _atoms(names, given)
        return _Run(
            label=label,
            arguments=arguments,
            layouts=tuple(_layouts(value) for value in given),
            outputs=tuple(_output(value, dict(zip(names, used))) for value in results),
            shapes=tuple(np.shape(value) for value in results),
            packed=type(result) is tuple,
            atoms=atoms,
            scalars=scalars,
        )

    def check_equal(self, used: tuple[Any, ...], result: Any, used_again: tuple[Any, ...], again: Any, label: str) -> None:
        """Raises SpecError if two calls on equal inputs differ in substance, or share memory."""
        name = self.spec.spec.function
        results, repeated = _results(name, result, label), _results(name, again, label)
        pairs = [(f"output {n}", *pair) for n, pair in enumerate(zip(results, repeated))]
        for what, one, other in pairs:
            if isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and np.may_share_memory(one, other):
                raise SpecError(f"{name} returns memory that it keeps between calls ({what}); return a new array")
        pairs += [(f"argument {n}", *pair) for n, *pair in zip(self.spec.parameters, used, used_again)]
        if len(results) != len(repeated):
            raise SpecError(f"{name} is not deterministic: it returns {len(results)}, then {len(repeated)} values {label}")
        for what, one, other in pairs:
            if _same(one, other):
                continue
            if not _nearly(one, other):
                raise SpecError(f"{name} is not deterministic: two calls on equal inputs differ in {what} {label}")
            self.deterministic = False


def _perturbed(base: Mapping[str, int]) -> Iterator[tuple[Mapping[str, int], str | None]]:
    """Sizes beside `base`: each parameter alone, then all, by distinct primes; then each doubled, with its name.

    Distinct steps tell dimensions apart; the doubled ones are for generators that insist on divisibility.
    """
    steps = _steps(base)
    for key, step in steps.items():
        yield {**base, key: base[key] + step}, None
    yield {key: value + steps[key] for key, value in base.items()}, None
    for key, value in base.items():
        yield {**base, key: 2 * value}, key


def _steps(base: Mapping[str, int]) -> dict[str, int]:
    return {key: PRIMES[number % len(PRIMES)] for number, key in enumerate(base)}


def _signature(spec: OpenSpec, runs: list[_Run]) -> Signature:
    """What holds in all runs. Raises SpecError where a type changes between two of them."""
    name = spec.spec.function
    first = runs[0]
    for run in runs[1:]:
        for a, b in zip(first.arguments, run.arguments):
            if replace(a, written=False) != replace(b, written=False):
                raise SpecError(
                    f"argument {a.name} is {_words(a)} {first.label} but {_words(b)} {run.label}; give it one type"
                )
        if run.packed != first.packed or len(run.outputs) != len(first.outputs):
            raise SpecError(
                f"{name} returns {_count(first)} {first.label} but {_count(run)} {run.label}; return the same always"
            )
        for number, (a, b) in enumerate(zip(first.outputs, run.outputs)):
            if (a.kind, a.dtype, a.ndim) != (b.kind, b.dtype, b.ndim):
                raise SpecError(
                    f"{name}: output {number} is {_words(a)} {first.label} but {_words(b)} {run.label}; "
                    "a compiled kernel returns one type"
                )
            if a.alias != b.alias:
                raise SpecError(
                    f"{name}: output {number} is {_owner(a)} {first.label} but {_owner(b)} {run.label}; return a copy"
                )
    if not first.outputs and not any(a.written for run in runs for a in run.arguments):
        raise SpecError(f"{name} returns nothing and writes to none of its arguments; there is nothing to verify")
    atoms = {atom: tuple(run.atoms[atom] for run in runs) for atom in first.atoms}
    return Signature(
        tuple(_merged_argument(runs, index) for index in range(len(first.arguments))),
        tuple(_merged_output(runs, index, atoms) for index in range(len(first.outputs))),
        first.packed,
        relations(atoms, first.scalars, divided_extents(spec, {a.name: a.ndim for a in first.arguments if a.kind == "array"})),
    )


def _merged_argument(runs: list[_Run], index: int) -> Argument:
    layouts = frozenset.intersection(*(run.layouts[index] for run in runs))
    layout = "C" if "C" in layouts else "F" if "F" in layouts else "A"
    written = any(run.arguments[index].written for run in runs)
    return replace(runs[0].arguments[index], layout=layout, written=written)


def _merged_output(runs: list[_Run], index: int, atoms: Mapping[str, tuple[int, ...]]) -> Output:
    output = runs[0].outputs[index]
    dimensions = zip(*(run.shapes[index] for run in runs))
    shape = tuple(explain(values, atoms) for values in dimensions) if output.kind == "array" else (None,)
    shadowed = any(f"{a.name}(" in (dimension or "") for a in runs[0].arguments for dimension in shape)
    return replace(
        output,
        shape=None if None in shape or shadowed else shape,
        numpy_scalar=all(run.outputs[index].numpy_scalar for run in runs),
        part_of=next((run.outputs[index].part_of for run in runs if run.outputs[index].part_of), None),
    )


def _argument(name: str, value: Any, written: bool = False) -> Argument:
    kind, dtype, ndim, numpy_scalar = _type(value)
    return Argument(name, kind, dtype, ndim, written=written, numpy_scalar=numpy_scalar)


def _output(value: Any, arguments: Mapping[str, Any]) -> Output:
    kind, dtype, ndim, numpy_scalar = _type(value)
    alias = part_of = None
    for name, argument in arguments.items():
        if kind == "array" and isinstance(argument, np.ndarray) and np.may_share_memory(value, argument):
            if _same_view(value, argument):
                alias = name
            else:
                part_of = name
    return Output(kind, dtype, ndim, None, alias, numpy_scalar, None if alias else part_of)


def _results(name: str, result: Any, label: str) -> tuple[Any, ...]:
    """The returned values. Raises SpecError if one is no number and no numeric array."""
    if result is None:
        return ()
    results = result if type(result) is tuple else (result,)
    for value in results:
        if not is_numeric(value):
            raise SpecError(
                f"{name} returns a value {describe_value(value)} {label}; return numeric arrays, numbers or a tuple of them"
            )
    return results


def _type(value: Any) -> tuple[str, str, int, bool]:
    """Kind, dtype name, rank, and whether it is a NumPy scalar."""
    array = np.asarray(value)
    kind = "array" if isinstance(value, np.ndarray) else KINDS[array.dtype.kind]
    return kind, array.dtype.name, array.ndim, isinstance(value, np.generic)


def _words(value: Argument | Output) -> str:
    if value.kind == "array":
        return f"an array of {value.dtype} with {value.ndim} dimension(s)"
    return f"a NumPy scalar of {value.dtype}" if value.numpy_scalar else f"a Python {value.kind}"


def _owner(output: Output) -> str:
    return f"argument {output.alias} itself" if output.alias else "a new array"


def _count(run: _Run) -> str:
    if not run.outputs:
        return "nothing"
    return f"a tuple of {len(run.outputs)}" if run.packed else "one value"


def _atoms(names: tuple[str, ...], arguments: tuple[Any, ...]) -> tuple[dict[str, int], frozenset[str]]:
    """Dimensions of the arrays, then the integers among the arguments; and the names of these integers."""
    atoms: dict[str, int] = {}
    scalars: dict[str, int] = {}
    for name, value in zip(names, arguments):
        if isinstance(value, np.ndarray):
            atoms.update({f"{name}.shape[{axis}]": length for axis, length in enumerate(value.shape)})
        elif isinstance(value, int | np.integer) and not isinstance(value, bool):
            scalars[name] = int(value)
    return {**atoms, **scalars}, frozenset(scalars)


def _layouts(value: Any) -> frozenset[str]:
    """The memory orders that an array has: both for one that is flat or has a single element."""
    if not isinstance(value, np.ndarray):
        return frozenset("C")
    return frozenset(order for order, has in (("C", value.flags.c_contiguous), ("F", value.flags.f_contiguous)) if has)


def _bytes(arguments: tuple[Any, ...]) -> int:
    return sum(a.nbytes for a in arguments if isinstance(a, np.ndarray))


def _module_state(spec: OpenSpec) -> dict[str, Any]:
    """Copies of the numbers and numeric arrays among the module's variables."""
    state = {name: value for name, value in vars(spec.module).items() if is_numeric(value)}
    return dict(zip(state, copy_arguments(tuple(state.values()))))


def _same_view(a: np.ndarray, b: np.ndarray) -> bool:
    same_form = (a.shape, a.strides, a.dtype) == (b.shape, b.strides, b.dtype)
    return same_form and a.__array_interface__["data"] == b.__array_interface__["data"]


def _same(a: Any, b: Any) -> bool:
    """Whether type, shape and bits are equal; any nan equals any other."""
    x, y = np.asarray(a), np.asarray(b)
    if x.dtype != y.dtype or x.shape != y.shape:
        return False
    if x.dtype.kind == "c":
        return _same(x.real, y.real) and _same(x.imag, y.imag)
    if x.dtype.kind != "f":
        return bool(np.array_equal(x, y))
    bits = np.dtype(f"u{x.dtype.itemsize}")
    equal = x.view(bits) == y.view(bits)
    return bool(np.all(equal)) or bool(np.all(equal | (np.isnan(x) & np.isnan(y))))


def _nearly(a: Any, b: Any) -> bool:
    """Whether two float results differ by no more than the order of a sum explains."""
    x, y = np.asarray(a), np.asarray(b)
    if x.dtype != y.dtype or x.shape != y.shape or x.dtype.kind not in "fc":
        return False
    finite = np.isfinite(x)
    if not np.array_equal(finite, np.isfinite(y)) or not _same(x[~finite], y[~finite]):
        return False
    scale = np.max(np.abs(x[finite]), initial=0.0)
    return bool(np.max(np.abs(x[finite] - y[finite]), initial=0.0) <= ROUNDING * np.finfo(x.dtype).eps * scale)
