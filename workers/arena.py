"""Arena: arguments and output buffers in memory that parent and child share.

The parent builds it in an anonymous file (memfd) and owns what it holds; the child attaches to the descriptor. The
file is sealed against resizing, so that a child cannot take the memory away under the parent. Around each array lies
a stretch that belongs to none, a red zone: what compiled code reads or writes beyond an array's end shows there.
"""
from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

ALIGNMENT = 64
RED_ZONE = 4096
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
Layout = dict[str, Any]


class ArenaError(ValueError):
    """An argument that shared memory cannot carry, or a layout that does not fit its file."""


class Arena:
    """A set of positional arguments and buffers for the outputs, both at fixed places of one shared file.

    layout: JSON that describes the places; scalars stand in it exactly, with their type. fd: the file, owned here.
    Arrays keep dtype, shape and strides; each starts at a multiple of 64 bytes, and 4096 bytes or more after the one
    before it. Context manager.
    """

    def __init__(self, layout: Layout, fd: int) -> None:
        self.layout = layout
        self.fd = fd
        self._memory: mmap.mmap | None = None
        self._zones_hold = 0
        size = os.fstat(fd).st_size
        if size < layout["bytes"]:
            raise ArenaError(f"the file holds {size} bytes, the layout needs {layout['bytes']}")
        self._memory = mmap.mmap(fd, layout["bytes"])
        self._arguments = tuple(
            self._array(place) if place["kind"] == "array" else decode_scalar(place) for place in layout["arguments"]
        )
        self._outputs = tuple(self._array(place) for place in layout["outputs"])

    @classmethod
    def build(
        cls, arguments: Sequence[Any], outputs: Sequence[tuple[Any, tuple[int, ...]]], protected: Collection[int] = ()
    ) -> Arena:
        """An arena with copies of `arguments` (arrays or numbers) and C-ordered buffers for `outputs`, (dtype, shape) each.

        protected: positions of arguments that lie in pages which whoever attaches cannot write to: it dies if it tries.
        Raises ArenaError for anything but native numeric arrays and numbers, MemoryError if it does not fit.
        """
        placed: dict[int, Layout] = {}
        end, shield = RED_ZONE, 0
        for number in sorted(range(len(arguments)), key=lambda number: number not in protected):
            if not isinstance(arguments[number], np.ndarray):
                placed[number] = encode_scalar(arguments[number])
                continue
            placed[number], end = _place(arguments[number], end)
            if number in protected:
                shield = end = -(-end // mmap.PAGESIZE) * mmap.PAGESIZE
        places = [placed[number] for number in range(len(arguments))]
        buffers: list[Layout] = []
        for dtype, shape in outputs:
            place, end = _place(_Stand(np.dtype(dtype), tuple(int(n) for n in shape)), end)
            buffers.append(place)
        layout: Layout = {"bytes": end, "shield": shield, "arguments": places, "outputs": buffers}
        fd = os.memfd_create("kernwright-arena", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(fd, layout["bytes"])
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
            arena = cls(layout, fd)
        except (OSError, OverflowError) as error:
            os.close(fd)
            raise MemoryError(f"an arena of {layout['bytes']:,} bytes cannot be had: {error}") from None
        except BaseException:
            os.close(fd)
            raise
        arena.restore(arguments)
        return arena

    @classmethod
    def for_case(cls, arguments: Sequence[Any], expected: Sequence[Any], protected: Collection[int] = ()) -> Arena:
        """An arena with `arguments` and buffers for results like the `expected` ones. See `build`."""
        return cls.build(arguments, [(np.asarray(value).dtype, np.shape(value)) for value in expected], protected)

    @classmethod
    def attach(cls, layout: Layout, fd: int) -> Arena:
        """The same arena in another process; takes over `fd`. Raises ArenaError."""
        arena = cls(layout, fd)
        if layout.get("shield"):
            start = np.frombuffer(arena._memory, np.uint8).__array_interface__["data"][0]
            if ctypes.CDLL(None).mprotect(ctypes.c_void_p(start), ctypes.c_size_t(layout["shield"]), mmap.PROT_READ):
                raise ArenaError("its pages cannot be protected")
        return arena

    @property
    def nbytes(self) -> int:
        return int(self.layout["bytes"])

    def arguments(self) -> tuple[Any, ...]:
        """The arguments; arrays are views into the shared memory."""
        return self._arguments

    def outputs(self) -> tuple[np.ndarray, ...]:
        """The output buffers, views into the shared memory."""
        return self._outputs

    def restore(self, arguments: Sequence[Any]) -> None:
        """Copies the values of `arguments` (the shapes and dtypes it was built with) into the shared arrays."""
        for shared, argument in zip(self._arguments, arguments, strict=True):
            if isinstance(shared, np.ndarray):
                np.copyto(shared, argument, casting="no")

    def poison(self, byte: int) -> None:
        """Fills every output buffer and the red zones with `byte`, so that a result nobody wrote shows, and what is read
        beyond an array."""
        for output in self._outputs:
            output.reshape(-1).view(np.uint8).fill(byte)
        self._zones_hold = byte
        for zone in self._red_zones():
            zone.fill(byte)

    def overrun(self) -> bool:
        """Whether a red zone was written to since `poison`."""
        return any(bool(np.any(zone != self._zones_hold)) for zone in self._red_zones())

    def close(self) -> None:
        """Gives up descriptor and mapping (the latter when the last view of it dies). May be called twice."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
            self._arguments = self._outputs = ()
            self._memory = None

    def __enter__(self) -> Arena:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "fd", -1) >= 0 and getattr(self, "_memory", None) is not None:
            self.close()

    def _red_zones(self) -> Iterator[np.ndarray]:
        """The bytes between the arrays, before the first and after the last."""
        whole = np.frombuffer(self._memory, np.uint8)
        start = 0
        for array in (*self._arguments, *self._outputs):
            if isinstance(array, np.ndarray) and array.size:
                low, high = (int(bound) - whole.__array_interface__["data"][0] for bound in byte_bounds(array))
                yield whole[start:low]
                start = high
        yield whole[start:]

    def _array(self, place: Mapping[str, Any]) -> np.ndarray:
        dtype = np.dtype(place["dtype"])
        return np.ndarray(tuple(place["shape"]), dtype, self._memory, place["offset"], tuple(place["strides"]))


def clone(array: np.ndarray) -> np.ndarray:
    """A private copy with the same strides (and so the same Numba type), in memory allocated by NumPy."""
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return array.copy(order="K")
    low, high = byte_bounds(array)
    span = np.zeros(high - low, np.uint8)
    copy = np.ndarray(array.shape, array.dtype, span, array.__array_interface__["data"][0] - low, array.strides)
    np.copyto(copy, array)
    return copy


def encode_scalar(value: Any) -> Layout:
    """JSON that holds a number exactly, with its Python or NumPy type. Raises ArenaError for anything else."""
    if isinstance(value, np.generic):
        if value.dtype.kind not in "biufc":
            raise ArenaError(f"a scalar of dtype {value.dtype} cannot be passed")
        return {"kind": "scalar", "type": value.dtype.str, "value": value.tobytes().hex()}
    if isinstance(value, bool):
        return {"kind": "scalar", "type": "bool", "value": value}
    if isinstance(value, int):
        return {"kind": "scalar", "type": "int", "value": str(value)}
    if isinstance(value, float):
        return {"kind": "scalar", "type": "float", "value": value.hex()}
    if isinstance(value, complex):
        return {"kind": "scalar", "type": "complex", "value": [value.real.hex(), value.imag.hex()]}
    raise ArenaError(f"an argument of type {type(value).__name__} cannot be passed")


def decode_scalar(place: Mapping[str, Any]) -> Any:
    """The number that `encode_scalar` encoded."""
    kind, value = place["type"], place["value"]
    if kind == "bool":
        return bool(value)
    if kind == "int":
        return int(value)
    if kind == "float":
        return float.fromhex(value)
    if kind == "complex":
        return complex(float.fromhex(value[0]), float.fromhex(value[1]))
    return np.frombuffer(bytes.fromhex(value), np.dtype(kind))[0]


@dataclass(frozen=True)
class _Stand:
    """Stands for a C-ordered array that does not exist yet."""

    dtype: np.dtype
    shape: tuple[int, ...]


def _place(array: np.ndarray | _Stand, end: int) -> tuple[Layout, int]:
    """Where an array goes after byte `end`, and the new end, its red zone included."""
    dtype = array.dtype
    if dtype.kind not in "biufc" or not dtype.isnative:
        raise ArenaError(f"an array of dtype {dtype} cannot be passed")
    start = -(-end // ALIGNMENT) * ALIGNMENT
    if isinstance(array, np.ndarray):
        strides = array.strides
        low, high = byte_bounds(array) if array.size else (0, 0)
        lead = array.__array_interface__["data"][0] - low if array.size else 0
        span = high - low
    else:
        if any(n < 0 for n in array.shape):
            raise ArenaError(f"an output of shape {array.shape} cannot be had")
        strides, step = (), dtype.itemsize
        for length in reversed(array.shape):
            strides, step = (step, *strides), step * max(length, 1)
        lead, span = 0, step if all(array.shape) else 0
    place = {"kind": "array", "dtype": dtype.str, "shape": list(array.shape), "strides": list(strides), "offset": start + lead}
    return place, start + span + RED_ZONE
