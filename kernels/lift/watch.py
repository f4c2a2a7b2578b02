"""Observation: runs the reference on its own inputs and notes what every expression turns out to be.

The lift infers dtypes and shapes itself where it knows the operation. It asks the observation for the rest: results of
calls that it does not know, dimensions that are always 1, subscripts that are negative or reach beyond the end, and
arrays that overlap in memory.
"""
from __future__ import annotations

import ast
import contextlib
import copy
import io
import itertools
import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..spec import OpenSpec, copy_arguments
from . import syntax
from .names import parameters_of

OFTEN = 200
"""Evaluations of one expression after which only integers are still looked at."""
SECONDS = 6.0
"""Wall time after which an observed run is cut short."""

Type = tuple[Any, ...]


@dataclass
class Seen:
    """What one expression was: `type` is None where it changed from one evaluation to the next."""

    type: Type | None
    count: int = 0
    ones: list[bool] = field(default_factory=list)
    least: int | None = None
    greatest: int | None = None


@dataclass
class EndSeen:
    """One end of a slice in one run: its least and greatest value, and the tightest array that it was counted on.

    tight: (how far from the array's start or, if negative, from its end it lay; the extent), where least was left.
    """

    least: int
    greatest: int
    tight: tuple[int, int]

    def note(self, value: int, extent: int) -> None:
        self.least, self.greatest = min(self.least, value), max(self.greatest, value)
        if extent - abs(value) < self.tight[1] - self.tight[0]:
            self.tight = (abs(value), extent)


@dataclass
class SliceSeen:
    """What one slice of a subscript was: its ends, run by run, and whether it ever ended before it started.

    single: whether it always held one element.
    """

    starts: list[EndSeen] = field(default_factory=list)
    stops: list[EndSeen] = field(default_factory=list)
    crossed: bool = False
    single: bool = True


@dataclass
class Instance:
    """Observations of one function for one combination of argument types."""

    function: str
    arguments: tuple[Type, ...]
    expressions: dict[int, Seen] = field(default_factory=dict)
    slices: dict[tuple[int, int], SliceSeen] = field(default_factory=dict)
    bindings: dict[str, set[Type]] = field(default_factory=dict)
    bound_at: dict[tuple[int, str], Seen] = field(default_factory=dict)
    overlaps: dict[int, set[str]] = field(default_factory=dict)
    argument_ones: dict[str, list[bool]] = field(default_factory=dict)

    def type_of(self, node: ast.AST) -> Type | None:
        seen = self.expressions.get(identity(node))
        return seen.type if seen else None


Instances = dict[tuple[str, tuple[Type, ...]], Instance]
"""Instances by the function's name and the types of its arguments."""


class Enough(BaseException):
    """Ends a run that has been observed for long enough."""


def number_nodes(functions: dict[str, ast.FunctionDef]) -> None:
    """Gives every node an identity that copies of it keep."""
    counter = 0
    for function in functions.values():
        for node in ast.walk(function):
            if isinstance(node, ast.expr | ast.stmt):
                node.kernwright_id = counter  # type: ignore[union-attr]
                counter += 1


def identity(node: ast.AST) -> int:
    return getattr(node, "kernwright_id", -1)


def type_of(value: Any) -> Type:
    """The type of a value as the lift sees it: `weak` scalars are Python's own, which do not widen an array."""
    if isinstance(value, np.ndarray):
        return ("array", value.dtype.str, value.ndim)
    if isinstance(value, np.generic):
        return ("scalar", value.dtype.str, False)
    if isinstance(value, bool):
        return ("scalar", np.dtype(bool).str, True)
    if isinstance(value, int):
        return ("scalar", np.dtype(np.int64).str, True)
    if isinstance(value, float):
        return ("scalar", np.dtype(np.float64).str, True)
    if isinstance(value, complex):
        return ("scalar", np.dtype(np.complex128).str, True)
    if isinstance(value, tuple):
        return ("tuple", tuple(type_of(v) for v in value))
    if value is None:
        return ("none",)
    return ("other", type(value).__name__)


def watch(spec: OpenSpec, functions: dict[str, ast.FunctionDef], entry: str, seed: int) -> Instances:
    """What is seen in runs at `tiny`, at sizes beside it, and at `verify`. Raises what the reference raises at `tiny`."""
    number_nodes(functions)
    instances: Instances = {}
    for position, size in enumerate(_sizes(spec)):
        try:
            arguments = spec.make_inputs(size, seed + position)
            recorder = _Recorder(SECONDS)
            function = _instrumented(spec, functions, entry, recorder)
            with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                try:
                    function(*copy_arguments(arguments))
                except Enough:
                    pass
        except Exception:  # noqa: BLE001 - the author's code may raise anything at sizes that it was not declared for
            if position == 0:
                raise
            continue
        _merge(instances, recorder.instances)
    return instances


def _sizes(spec: OpenSpec) -> list[Any]:
    """`tiny`; tiny with each number raised by another amount, so that equal numbers come apart; `verify`."""
    tiny = dict(spec.sizes["tiny"])
    apart = {key: value + 1 + 2 * position for position, (key, value) in enumerate(tiny.items())}
    return ["tiny", apart, "verify", *[n for n in spec.sizes if n not in ("tiny", "verify", "benchmark") and _small(spec, n)]]


def _small(spec: OpenSpec, name: str) -> bool:
    sizes, verify = spec.sizes[name], spec.sizes["verify"]
    return all(value <= verify.get(key, 0) for key, value in sizes.items())


class _Recorder:
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


def joined_type(a: Type | None, b: Type | None) -> Type | None:
    """The type that holds both: Python's float and NumPy's float64 are one in compiled code. None if there is none."""
    if a == b or a is None or b is None:
        return a if a == b else None
    return (*a[:2], False) if a[0] == b[0] == "scalar" and a[1] == b[1] else None


def widest(types: set[Type]) -> Type | None:
    """The type of a variable that holds Python's integers at some times and floats at others, which compiled code keeps as a
    float. None for any other change of type."""
    if types and all(t[0] == "scalar" and np.dtype(t[1]) in (np.int64, np.float64) for t in types):
        return ("scalar", np.dtype(np.float64).str, all(t[2] for t in types))
    return None


def _merge(instances: Instances, added: Instances) -> None:
    for key, new in added.items():
        old = instances.get(key)
        if old is None:
            instances[key] = new
            continue
        for table, other in ((old.expressions, new.expressions), (old.bound_at, new.bound_at)):
            for node, seen in other.items():
                table[node] = _merged(table[node], seen) if node in table else seen  # type: ignore[index]
        for place, ends in new.slices.items():
            mine = old.slices.setdefault(place, SliceSeen())
            mine.starts += ends.starts
            mine.stops += ends.stops
            mine.crossed |= ends.crossed
            mine.single &= ends.single
        for name, types in new.bindings.items():
            old.bindings.setdefault(name, set()).update(types)
        for statement, names in new.overlaps.items():
            old.overlaps.setdefault(statement, set()).update(names)
        for name, ones in new.argument_ones.items():
            known = old.argument_ones.get(name, ones)
            old.argument_ones[name] = [a and b for a, b in zip(known, ones)]


def _merged(a: Seen, b: Seen) -> Seen:
    def ends(pick: Callable[..., int], x: int | None, y: int | None) -> int | None:
        return y if x is None else x if y is None else pick(x, y)

    same = a.type == b.type
    return Seen(joined_type(a.type, b.type), a.count + b.count, [x and y for x, y in zip(a.ones, b.ones)] if same else [], ends(min, a.least, b.least), ends(max, a.greatest, b.greatest))


def _instrumented(spec: OpenSpec, functions: dict[str, ast.FunctionDef], entry: str, recorder: _Recorder) -> Callable[..., Any]:
    namespace = dict(vars(spec.module))
    namespace.update({"np": np, "math": math, "itertools": itertools, "kernwright_watch": recorder, "kernwright_slice": slice})
    tree = ast.Module([], [])
    for function in functions.values():
        tree.body.append(_Instrument(frozenset(functions)).function(copy.deepcopy(function)))
    ast.fix_missing_locations(tree)
    exec(compile(tree, f"<observed {spec.spec.name}>", "exec"), namespace)  # noqa: S102 - the author's own code
    for name in functions:
        namespace[name] = _entered(recorder, name, parameters_of(functions[name]), namespace[name])
    return namespace[entry]


def _entered(recorder: _Recorder, name: str, parameters: list[str], function: Callable[..., Any]) -> Callable[..., Any]:
    def observed(*arguments: Any) -> Any:
        recorder.enter(name, parameters, arguments)
        try:
            return function(*arguments)
        finally:
            recorder.leave()

    return observed


class _Instrument(ast.NodeTransformer):
    """Wraps expressions in calls of the recorder."""

    def __init__(self, functions: frozenset[str]) -> None:
        self.functions = functions

    def function(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body = self._block(node.body)
        return node

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for statement in statements:
            result += self._statement(statement)
        return result

    def _statement(self, node: ast.stmt) -> list[ast.stmt]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            return [node]
        before: list[ast.stmt] = []
        after: list[ast.stmt] = []
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign | ast.For) else []
        for target in targets:
            if isinstance(target, ast.Subscript) or (isinstance(node, ast.AugAssign) and isinstance(target, ast.Name)):
                before.append(self._store(node, target))
            for name in ast.walk(target):
                if isinstance(name, ast.Name) and not isinstance(name.ctx, ast.Load):
                    after.append(_expression("bound", ast.Constant(identity(node)), ast.Constant(name.id), syntax.name(name.id)))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.value.args \
                and isinstance(node.value.func, ast.Attribute) and isinstance(node.value.args[0], ast.Name | ast.Subscript):
            before.append(self._store(node, node.value.args[0]))
        for name, value in ast.iter_fields(node):
            if name in ("body", "orelse"):
                setattr(node, name, self._block(value))
            elif isinstance(value, ast.expr):
                setattr(node, name, self.visit(value))
            elif name == "targets":
                node.targets = [self.visit(t) for t in value]  # type: ignore[attr-defined]
        if isinstance(node, ast.For):
            node.body = after + node.body
            return [*before, node]
        return [*before, node, *after]

    def _store(self, statement: ast.stmt, target: ast.expr) -> ast.stmt:
        base = copy.deepcopy(target)
        while isinstance(base, ast.Subscript):
            base = base.value
        for node in ast.walk(base):
            if hasattr(node, "ctx"):
                node.ctx = ast.Load()  # type: ignore[attr-defined]
        header = [statement.iter] if isinstance(statement, ast.For) else [statement]
        names = sorted({n.id for part in header for n in ast.walk(part)
                        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id not in ("np", "math")
                        and n.id not in self.functions and n.id not in _comprehension_names(statement)})
        others = ast.Dict([ast.Constant(n) for n in names], [syntax.name(n) for n in names])
        return _expression("store", ast.Constant(identity(statement)), base, others)

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                node.func.value = self.visit(node.func.value)
            elif not isinstance(node.func, ast.Name):
                node.func = self.visit(node.func)
            node.args = [a if isinstance(a, ast.GeneratorExp) else self.visit(a) for a in node.args]
            for keyword in node.keywords:
                keyword.value = self.visit(keyword.value)
            return _record("value", node, node)
        if isinstance(node, ast.Name):
            plain = isinstance(node.ctx, ast.Load) and node.id not in ("np", "math") and node.id not in self.functions
            return _record("value", node, node) if plain else node
        if isinstance(node, ast.Attribute):
            if not isinstance(node.ctx, ast.Load) or _dotted(node):
                return node
            self.generic_visit(node)
            return _record("value", node, node)
        if isinstance(node, ast.Constant | ast.Starred | ast.Lambda | ast.GeneratorExp | ast.JoinedStr):
            return node
        if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", ast.Load()), ast.Store):
            self.generic_visit(node)
            return node if isinstance(node, ast.Slice) else _record("value", node, node)
        return self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        return node

    def _subscript(self, node: ast.Subscript) -> ast.expr:
        base, index = copy.deepcopy(node.value), self._index(node.slice)
        if isinstance(node.ctx, ast.Load):
            return _record("subscript", node, self.visit(node.value), index)
        for inner in ast.walk(base):
            if hasattr(inner, "ctx"):
                inner.ctx = ast.Load()  # type: ignore[attr-defined]
        node.value = self.visit(node.value)
        node.slice = _record("index", node, base, index)
        return node

    def _index(self, node: ast.expr) -> ast.expr:
        """The index as a value, with `slice(...)` in place of colons."""
        if isinstance(node, ast.Tuple):
            return ast.Tuple([self._index(e) for e in node.elts], ast.Load())
        if isinstance(node, ast.Slice):
            parts = [ast.Constant(None) if p is None else self.visit(p) for p in (node.lower, node.upper, node.step)]
            return syntax.builtin_call("kernwright_slice", *parts)
        return self.visit(node)


def _comprehension_names(statement: ast.stmt) -> frozenset[str]:
    return frozenset(n.id for c in ast.walk(statement) if isinstance(c, ast.comprehension)
                     for n in ast.walk(c.target) if isinstance(n, ast.Name))


def _dotted(node: ast.Attribute) -> bool:
    """Whether it is an attribute of a module: `np.pi`, `np.linalg.norm`."""
    value: ast.expr = node
    while isinstance(value, ast.Attribute):
        value = value.value
    return isinstance(value, ast.Name) and value.id in ("np", "math")


def _record(method: str, node: ast.AST, *arguments: Any) -> ast.Call:
    return ast.Call(syntax.attribute(syntax.name("kernwright_watch"), method), [ast.Constant(identity(node)), *arguments], [])


def _expression(method: str, *arguments: ast.expr) -> ast.Expr:
    return ast.Expr(ast.Call(syntax.attribute(syntax.name("kernwright_watch"), method), list(arguments), []))
