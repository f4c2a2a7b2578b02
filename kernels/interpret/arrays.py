"""Arrays that log every access to their elements in the shadow of their memory.

A logged array holds a NumPy array and the block of shadow memory that lies over it. A view (slice, reshape, transpose)
is another logged array over the same block: which granules it covers follows from its address and strides, as NumPy
itself keeps them.
"""
from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .memory import Block, Halted, Log
from .placement import Placement

_INTEGERS = frozenset({int, *(np.dtype(code).type for code in "bhilqBHILQ")})


class LoggedArray:
    """An array of the interpreted kernel. It has the attributes and methods of the dialect's arrays."""

    __slots__ = ("data", "block", "log", "_shape", "_placement")
    __array_ufunc__ = None  # a NumPy scalar on the left leaves the operation to __radd__ and its like
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, data: np.ndarray, block: Block) -> None:
        self.data = data
        self.block = block
        self.log = block.log
        self._shape = data.shape
        self._placement: Placement | None = None

    @property
    def placement(self) -> Placement:
        """Where its elements lie."""
        if self._placement is None:
            self._placement = Placement(self.data, self.block.address, self.block.granule)
        return self._placement

    def read(self) -> np.ndarray:
        """The data, all of which counts as read."""
        if self.data.size:
            self.block.read_many(self.placement.covered(), self.data.size)
        return self.data

    def wrote(self) -> None:
        """Counts all of it as written."""
        if self.data.size:
            self.block.write_many(self.placement.covered(), self.data.size)

    # --- indexing

    def _place(self, index: Any) -> int | None:
        """The granule of the one element that `index` names; -1 where it is out of bounds; None for any other index."""
        if type(index) is not tuple:
            index = (index,)
        if len(index) != len(self._shape):
            return None
        placement = self._placement or self.placement
        if not placement.whole:
            return None
        place, outside, steps = placement.start, False, placement.steps
        for axis, i in enumerate(index):
            if type(i) not in _INTEGERS:
                return None
            i = int(i)
            length = self._shape[axis]
            if i < 0:
                self._negative(axis, i)
                i += length
            if not 0 <= i < length:
                self._outside(axis, int(index[axis]))
                outside = True
            place += i * steps[axis]
        return -1 if outside else place

    def __getitem__(self, index: Any) -> Any:
        place = self._place(index)
        if place is None:
            return self._part(index)
        self.log.tick()
        if place < 0:
            return self.data.dtype.type(0)
        span = self._placement.span
        if span == 1:
            self.block.read_one(place)
        else:
            self.block.read_many(slice(place, place + span), 1)
        return self.data[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        place = self._place(index)
        if place is None or isinstance(value, LoggedArray):
            self._set_part(index, value)
            return
        self.log.tick()
        if place < 0:
            return
        span = self._placement.span
        if span == 1:
            self.block.write_one(place)
        else:
            self.block.write_many(slice(place, place + span), 1)
        try:
            self.data[index] = value
        except OverflowError:
            self.data[index] = _wrapped(value, self.data.dtype)

    def _part(self, index: Any) -> Any:
        index = self._checked(index)
        with np.errstate(all="ignore"):
            found = self.data[index]
        if isinstance(found, np.ndarray) and _within(found, self.block):
            return LoggedArray(found, self.block)
        if not isinstance(found, np.ndarray) or found.size:
            places = self.placement.places()[index]
            self.block.read_many(self.placement.widened(np.asarray(places)), int(np.size(places)))
        return fresh(self.log, found)

    def _set_part(self, index: Any, value: Any) -> None:
        index = self._checked(index)
        places = np.asarray(self.placement.places()[index])
        if isinstance(value, LoggedArray):
            self._refuse_shifted(places, value, "assigns to")
            value = value.read()
        if places.size:
            self.block.write_many(self.placement.widened(places), places.size)
        try:
            self.data[index] = value
        except OverflowError:
            self.data[index] = _wrapped(value, self.data.dtype)

    def _refuse_shifted(self, places: np.ndarray, source: LoggedArray, does: str) -> None:
        """A whole-array statement is itself a parallel loop: it may read what it writes only element by element."""
        if not self.log.parallel or source.block is not self.block or not source.data.size or not places.size:
            return
        read = np.asarray(source.placement.places())
        if read.ndim > places.ndim:
            read = read.reshape(read.shape[read.ndim - places.ndim :])
        try:
            read = np.broadcast_to(read, places.shape)
        except ValueError:
            return  # NumPy will say so
        other = read[read != places]
        if other.size and np.isin(other, places).any():
            place = int(other[np.isin(other, places)][0])
            self.log.note(self.log.races, (self.block.name, does), (
                f"the statement {does} a part of {self.block.title} from another part that overlaps it "
                f"({self.block.element(place)} is both read and written); whole-array statements run in parallel: "
                "copy the source first, or write the loop"))

    def _checked(self, index: Any) -> Any:
        """`index` with logged arrays read and unwrapped, and its integers found in bounds, or moved there."""
        parts = index if type(index) is tuple else (index,)
        consumed = sum(_axes(part) for part in parts)
        axis = 0
        made = []
        for part in parts:
            if isinstance(part, LoggedArray):
                part = part.read()
            if part is Ellipsis:
                axis += len(self._shape) - consumed
            elif part is None or isinstance(part, slice):
                if isinstance(part, slice):
                    part = slice(*(None if bound is None else operator.index(bound) for bound in (part.start, part.stop, part.step)))
                    axis += 1
            elif isinstance(part, np.ndarray) and part.dtype == np.bool_:
                self._check_mask(part, axis)
                axis += part.ndim
            else:
                part = self._in_bounds(part, axis)
                axis += 1
            made.append(part)
        return tuple(made) if type(index) is tuple else made[0]

    def _check_mask(self, mask: np.ndarray, axis: int) -> None:
        if mask.shape != self._shape[axis : axis + mask.ndim]:
            self.log.note(self.log.out_of_bounds, self.block.name,
                          f"the mask of shape {mask.shape} does not fit {self.block.title} of shape {self._shape}")
            raise Halted("a mask does not fit its array")

    def _in_bounds(self, part: Any, axis: int) -> Any:
        if axis >= len(self._shape):
            return part  # NumPy will say so
        length = self._shape[axis]
        numbers = np.asarray(part)
        if not numbers.size or numbers.dtype.kind not in "iu":
            return part
        low, high = int(numbers.min()), int(numbers.max())
        if low < 0:
            self._negative(axis, low)
        if -length <= low and high < length:
            return part if isinstance(part, np.ndarray) else int(part)
        self._outside(axis, low if low < -length else high)
        if not length:
            raise Halted("an index into an empty axis")
        moved = np.clip(numbers, -length, length - 1)
        return moved if isinstance(part, np.ndarray) else int(moved)

    def _negative(self, axis: int, index: int) -> None:
        self.log.note(self.log.negative_indices, (self.block.name, axis),
                      f"index {index} of axis {axis} of {self.block.title} counts from the end")

    def _outside(self, axis: int, index: int) -> None:
        self.log.note(self.log.out_of_bounds, (self.block.name, axis),
                      f"index {index} is out of bounds for axis {axis} of {self.block.title}, of length {self._shape[axis]}")

    # --- what the dialect's arrays have

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @property
    def ndim(self) -> int:
        return self.data.ndim

    @property
    def size(self) -> int:
        return self.data.size

    @property
    def dtype(self) -> np.dtype:
        return self.data.dtype

    @property
    def strides(self) -> tuple[int, ...]:
        return self.data.strides

    @property
    def itemsize(self) -> int:
        return self.data.itemsize

    @property
    def nbytes(self) -> int:
        return self.data.nbytes

    @property
    def T(self) -> LoggedArray:  # noqa: N802 - NumPy's name
        return LoggedArray(self.data.T, self.block)

    @property
    def real(self) -> Any:
        return apply(self.log, np.real, (self,), {})

    @property
    def imag(self) -> Any:
        return apply(self.log, np.imag, (self,), {})

    def fill(self, value: Any) -> None:
        self[...] = value

    def sort(self) -> None:
        self.read().sort()
        self.wrote()

    def take(self, *arguments: Any, **options: Any) -> Any:
        return take(self.log, self, *arguments, **options)

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self.data)))

    def __contains__(self, value: Any) -> bool:
        return value in self.read()

    def __bool__(self) -> bool:
        return bool(self.read())

    def __int__(self) -> int:
        return int(self.read())

    def __float__(self) -> float:
        return float(self.read())

    def __complex__(self) -> complex:
        return complex(self.read())

    def __index__(self) -> int:
        return operator.index(self.read())

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array(self.read(), dtype=dtype)


# --- functions over logged arrays

def fresh(log: Log, value: Any, name: str = "", unwritten: bool = False) -> Any:
    """`value` with its arrays logged as memory of their own: a new result. Numbers stay numbers."""
    if isinstance(value, np.ndarray):
        if value.base is not None and not (value.flags.c_contiguous or value.flags.f_contiguous):
            value = value.copy()
        size = max(1, value.size)
        address = value.__array_interface__["data"][0]
        title = name or f"the array made in line {log.line()}"
        block = Block(log, address, value.itemsize, size, title, unwritten, named=bool(name))
        if value.flags.c_contiguous:
            block.shape = value.shape
        return LoggedArray(value, block)
    if isinstance(value, tuple):
        return tuple(fresh(log, part, name, unwritten) for part in value)
    return value


_OUT: dict[Callable[..., Any], int] = {np.dot: 2, np.outer: 2, np.round: 2, np.around: 2, np.clip: 3}
"""Where functions that are no ufuncs take the array to write to; a ufunc takes it after its inputs."""


def apply(log: Log, function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What `function` of NumPy gives for logged arrays. Where the result shares memory with one of them it is a view
    and nothing was read; otherwise all were, and what `out` names was written."""
    logged: list[LoggedArray] = []
    position = function.nin if isinstance(function, np.ufunc) else _OUT.get(function, len(arguments))
    out = arguments[position] if position < len(arguments) else options.get("out")
    bare = tuple(_bare(argument, logged if place < position else []) for place, argument in enumerate(arguments))
    bare_options = {name: _bare(value, [] if name == "out" else logged) for name, value in options.items()}
    with np.errstate(all="ignore"):
        result = function(*bare, **bare_options)
    if isinstance(out, LoggedArray):
        for each in logged:
            out._refuse_shifted(out.placement.places(), each, "writes")
            each.read()
        out.wrote()
        return out
    return wrapped(log, result, logged)


def wrapped(log: Log, result: Any, logged: list[LoggedArray]) -> Any:
    """A function's result, after `logged` went into it: a view of one of them, or new."""
    if isinstance(result, np.ndarray) and result.size:
        for each in logged:
            if _within(result, each.block):
                return LoggedArray(result, each.block)
    for each in logged:
        each.read()
    return fresh(log, result)


def take(log: Log, array: Any, indices: Any, axis: Any = None) -> Any:
    """np.take: reads only what is taken."""
    if not isinstance(array, LoggedArray) or axis is not None:
        return apply(log, np.take, (array, indices), {} if axis is None else {"axis": axis})
    flat = apply(log, np.ravel, (array,), {})
    return flat[np.asarray(indices) if isinstance(indices, tuple | list) else indices]


def _bare(value: Any, logged: list[LoggedArray]) -> Any:
    if isinstance(value, LoggedArray):
        logged.append(value)
        return value.data
    if isinstance(value, tuple | list):
        return type(value)(_bare(part, logged) for part in value)
    return value


def _within(array: np.ndarray, block: Block) -> bool:
    """Whether the array lies over the block's memory. Both live, so the address alone tells."""
    address = array.__array_interface__["data"][0]
    return block.address <= address < block.address + block.size * block.granule


def _axes(part: Any) -> int:
    if part is None or part is Ellipsis:
        return 0
    data = part.data if isinstance(part, LoggedArray) else part
    return data.ndim if isinstance(data, np.ndarray) and data.dtype == np.bool_ else 1


def _wrapped(value: Any, dtype: np.dtype) -> Any:
    """A Python integer cut to the width of `dtype`, as compiled code stores it."""
    return np.array(int(value) & (2 ** (8 * dtype.itemsize) - 1), np.uint64).astype(dtype)


def _binary(function: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    def forward(self: LoggedArray, other: Any) -> Any:
        return apply(self.log, function, (self, other), {})

    def backward(self: LoggedArray, other: Any) -> Any:
        return apply(self.log, function, (other, self), {})

    def in_place(self: LoggedArray, other: Any) -> LoggedArray:
        value = other
        if isinstance(other, LoggedArray):
            self._refuse_shifted(self.placement.places(), other, "updates")
            value = other.read()
        self.read()
        with np.errstate(all="ignore"):
            function(self.data, value, out=self.data, casting="unsafe")
        self.wrote()
        return self

    return forward, backward, in_place


def _unary(function: Callable[..., Any]) -> Callable[[LoggedArray], Any]:
    return lambda self: apply(self.log, function, (self,), {})


def _method(name: str) -> Callable[..., Any]:
    def call(self: LoggedArray, *arguments: Any, **options: Any) -> Any:
        return apply(self.log, lambda array, *rest, **more: getattr(array, name)(*rest, **more), (self, *arguments), options)

    return call


for _name, _function in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide, "floordiv": np.floor_divide,
    "mod": np.remainder, "pow": np.power, "matmul": np.matmul, "lshift": np.left_shift, "rshift": np.right_shift,
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
}.items():
    for _prefix, _made in zip(("", "r", "i"), _binary(_function)):
        setattr(LoggedArray, f"__{_prefix}{_name}__", _made)
for _name, _function in {
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
}.items():
    setattr(LoggedArray, f"__{_name}__", _binary(_function)[0])
for _name, _function in {"neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert}.items():
    setattr(LoggedArray, f"__{_name}__", _unary(_function))
for _name in (
    "sum prod min max mean var std argmin argmax any all cumsum cumprod copy astype reshape ravel flatten transpose view "
    "argsort dot conj conjugate nonzero repeat clip"
).split():
    setattr(LoggedArray, _name, _method(_name))
