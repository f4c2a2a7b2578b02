"""The recorder: notes the values that an instrumented reference hands to it while it runs."""
from __future__ import annotations

import time
from typing import Any

import numpy as np

from .seen import EndSeen, Instance, Instances, Seen, SliceSeen, joined_type, type_of

OFTEN = 200
"""Evaluations of one expression after which only integers are still looked at."""


class Enough(BaseException):
    """Ends a run that has been observed for long enough."""


class Recorder:
    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.instances: Instances = {}
        self.stack: list[Instance] = []
        self.ticks = 0

    def enter(self, function: str, names: list[str], arguments: tuple[Any, ...]) -> None:
        types = tuple(type_of(a) for a in arguments)
        instance = self.instances.get((function, types))
        if instance is None:
            instance = self.instances[function, types] = Instance(function, types)
        self.stack.append(instance)
        for name, value in zip(names, arguments):
            if isinstance(value, np.ndarray):
                ones = [n == 1 for n in value.shape]
                instance.argument_ones[name] = [a and b for a, b in zip(instance.argument_ones.get(name, ones), ones)]
        self._tick()

    def leave(self) -> None:
        self.stack.pop()

    def _tick(self) -> None:
        self.ticks += 1
        if self.ticks & 1023 == 0 and time.monotonic() > self.deadline:
            raise Enough

    def value(self, node: int, value: Any) -> Any:
        """Note the value of an expression, and hand it on."""
        table = self.stack[-1].expressions
        seen = table.get(node)
        if seen is None:
            seen = table[node] = Seen(type_of(value))
        _note(seen, value)
        if seen.count & 255 == 0:
            self._tick()
        return value

    def bound(self, statement: int, name: str, value: Any) -> None:
        instance = self.stack[-1]
        seen = instance.bound_at.get((statement, name))
        if seen is None:
            seen = instance.bound_at[statement, name] = Seen(type_of(value))
        elif seen.count > OFTEN:
            return
        instance.bindings.setdefault(name, set()).add(type_of(value))
        _note(seen, value)

    def index(self, node: int, base: Any, index: Any) -> Any:
        """Note a subscript's slices against the array's extents, and hand the index on."""
        if isinstance(base, np.ndarray):
            parts = index if isinstance(index, tuple) else (index,)
            if any(isinstance(p, slice) for p in parts):
                self._slices(node, base, parts)
        return index

    def subscript(self, node: int, base: Any, index: Any) -> Any:
        return self.value(node, base[self.index(node, base, index)])

    def _slices(self, node: int, base: np.ndarray, parts: tuple[Any, ...]) -> None:
        table = self.stack[-1].slices
        consumed = sum(_dimensions(p) for p in parts)
        dimension = 0
        for position, part in enumerate(parts):
            if part is Ellipsis:
                dimension += base.ndim - consumed
                continue
            if isinstance(part, slice) and dimension < base.ndim:
                seen = table.setdefault((node, position), SliceSeen())
                extent = base.shape[dimension]
                for ends, end in ((seen.starts, part.start), (seen.stops, part.stop)):
                    if isinstance(end, int | np.integer):
                        if not ends:
                            ends.append(EndSeen(int(end), int(end), (abs(int(end)), extent)))
                        ends[0].note(int(end), extent)
                low, high, step = part.indices(extent)
                seen.crossed |= (high - low) * (1 if step > 0 else -1) < 0
                seen.single &= len(range(low, high, step)) == 1
            dimension += _dimensions(part)

    def store(self, statement: int, target: Any, others: dict[str, Any]) -> None:
        """Note which of the other arrays share memory with the one that the statement writes into."""
        instance = self.stack[-1]
        if isinstance(target, np.ndarray):
            for name, value in others.items():
                if isinstance(value, np.ndarray) and np.may_share_memory(value, target):
                    instance.overlaps.setdefault(statement, set()).add(name)


def _dimensions(part: Any) -> int:
    """How many dimensions of the array one part of an index consumes."""
    if part is None or part is Ellipsis or isinstance(part, bool | np.bool_):
        return 0
    if isinstance(part, np.ndarray) and part.dtype.kind == "b":
        return part.ndim
    return 1


def _note(seen: Seen, value: Any) -> None:
    seen.count += 1
    if type(value) is int or isinstance(value, np.integer):
        number = int(value)
        if seen.least is None or number < seen.least:
            seen.least = number
        if seen.greatest is None or number > seen.greatest:
            seen.greatest = number
    if seen.count > OFTEN:
        return
    seen.type = joined_type(seen.type, type_of(value))
    if isinstance(value, np.ndarray):
        ones = [n == 1 for n in value.shape]
        seen.ones = [a and b for a, b in zip(seen.ones, ones)] if seen.count > 1 else ones
