"""Lists of numbers as arrays: `[0] * n`, tables of them, `list(range(n))`, `[i] + [0] * n`, where all that a function does with them
means the same for arrays."""
from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

import numpy as np

from . import syntax
from .names import assigned_in, inner_names, parameters_of
from .seen import Instance, seen_type
from .source import dtype_name

BUILTINS = frozenset("sum max min any all len enumerate zip reversed sorted".split())
"""Builtins that take an array as they take a list of numbers."""
NUMPY = frozenset(
    "array asarray ascontiguousarray sum mean std var max min amax amin argmax argmin dot cumsum cumprod prod sort diff any all median "
    "minimum maximum abs sqrt exp log where interp convolve count_nonzero repeat bincount".split())
"""Functions of NumPy that make the same of both."""


def makes_lists(functions: Sequence[ast.FunctionDef]) -> bool:
    """Whether there may be anything to do."""
    return any(_rank(value, {}) for function in functions for _, value in _bindings(function))


def as_arrays(function: ast.FunctionDef, instances: Sequence[Instance]) -> None:
    """Works in place, on the variables of which each use is understood; others keep their lists. instances: what was seen of the
    function before, for the dtypes."""
    lists = _Lists(function, instances)
    if lists.dtypes:
        _Arrays(lists).visit(function)
        ast.fix_missing_locations(function)


class _Lists:
    """ranks: how deep the list of each variable is. dtypes: of the numbers in it."""

    def __init__(self, function: ast.FunctionDef, instances: Sequence[Instance]) -> None:
        self.function, self.instances = function, instances
        self.parents = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
        self.ranks = self._ranks()
        while (refused := {name for name in self.ranks if not self._understood(name)}):
            self.ranks = {name: rank for name, rank in self.ranks.items() if name not in refused}
        self.dtypes = self._dtypes()

    # -- which variables hold lists -----------------------------------------------------------------------------

    def _ranks(self) -> dict[str, int]:
        """Of the variables that hold lists wherever they are bound, all of one depth."""
        bindings: dict[str, list[ast.expr | None]] = {}
        for name, value in _bindings(self.function):
            bindings.setdefault(name, []).append(value)
        counts = assigned_in(self.function.body)
        whole = {n: v for n, v in bindings.items() if len(v) == counts[n] and n not in parameters_of(self.function)}
        ranks: dict[str, int] = {}
        while True:
            found = {name: ranks_of.pop() for name, values in whole.items()
                     if len(ranks_of := {r for v in values if (r := _rank(v, ranks))}) == 1}
            for name in [name for name, rank in ranks.items() if found.get(name) != rank]:
                del whole[name]         # `t = [t, v]`: a list of lists as soon as `t` is one, and none then
                found.pop(name, None)
            if found == ranks:
                return {name: rank for name, rank in ranks.items() if all(_rank(v, ranks) == rank for v in whole[name])}
            ranks = found

    def _understood(self, name: str) -> bool:
        """Whether every place that the variable stands in means for an array what it means for a list."""
        bound = [value for each, value in _bindings(self.function) if each == name]
        uses = [n for n in ast.walk(self.function) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)]
        if name in inner_names(self.function) or all(map(_constants, bound)) and all(map(self._at_constant, uses)):
            return False
        return all(_rank(v, self.ranks) == self.ranks[name] for v in bound) and all(self._fits(n, self.ranks[name]) for n in uses)

    def _at_constant(self, use: ast.expr) -> bool:
        """Whether it is one number that is read, at a place that is written out."""
        parent = self.parents[use]
        return isinstance(parent, ast.Subscript) and isinstance(parent.slice, ast.Constant) and isinstance(parent.ctx, ast.Load)

    def _fits(self, node: ast.expr, rank: int) -> bool:
        """Whether an expression that is a list of this depth stands where an array may."""
        parent = self.parents[node]
        match parent:
            case ast.Subscript(value=value, slice=index, ctx=ast.Load()) if value is node:
                if isinstance(index, ast.Slice):
                    return rank == 1 and self._fits(parent, 1)
                return isinstance(index, ast.Tuple) is False and (rank == 1 or self._fits(parent, rank - 1))
            case ast.Subscript(value=value, slice=index) if value is node:
                return rank == 1 and not isinstance(index, ast.Slice | ast.Tuple) and isinstance(parent.ctx, ast.Store)
            case ast.Call(func=ast.Name(id=called), keywords=[]) if called in BUILTINS:
                return rank == 1 or called == "len"
            case ast.Call(func=ast.Name(id="list"), args=[_], keywords=[]) | ast.Attribute(attr="copy") | ast.comprehension():
                return rank == 1
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=called)):
                return called in NUMPY
            case ast.For(target=target, iter=iterated) if iterated is node:
                return rank == 1 or isinstance(target, ast.Name) and self.ranks.get(target.id) == rank - 1
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if value is node:
                return self.ranks.get(target) == rank
            case ast.Tuple() if isinstance(outer := self.parents[parent], ast.Assign) and outer.value is parent:
                target = outer.targets[0]
                return isinstance(target, ast.Tuple) and len(target.elts) == len(parent.elts) and all(
                    isinstance(t, ast.Name) and self.ranks.get(t.id) == rank for t, v in zip(target.elts, parent.elts) if v is node)
            case ast.BinOp(op=ast.Add()):
                return _rank(parent, self.ranks) == 1
        return False

    # -- what is in them ----------------------------------------------------------------------------------------

    def _dtypes(self) -> dict[str, np.dtype]:
        """Of all variables together that may hold one list. Those of which it is not known are left out."""
        groups = {name: {name} for name in self.ranks}
        for name, value in _bindings(self.function):
            for other in _parts_of(value, self.ranks) if name in groups else ():
                joined = groups[name] | groups[other]
                for each in joined:
                    groups[each] = joined
        found = {}
        for name, group in groups.items():
            dtype = joined_dtype([number_type(e, self.instances) for e in self._numbers(group)])
            if dtype is not None:
                found[name] = dtype
        return found

    def _numbers(self, group: set[str]) -> Iterator[ast.expr]:
        """All expressions whose value comes to stand in one of these lists."""
        for name, value in _bindings(self.function):
            if name in group and value is not None:
                yield from _written_out(value, self.ranks)
        for node in ast.walk(self.function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    pairs = zip(target.elts, node.value.elts) if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) \
                        and len(target.elts) == len(node.value.elts) else [(target, node.value)]
                    yield from (v for t, v in pairs if _root(t) in group and isinstance(t, ast.Subscript))
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript) and _root(node.target) in group:
                yield node.value if not isinstance(node.op, ast.Div) else ast.Constant(0.5)


class _Arrays(ast.NodeTransformer):
    """Writes arrays where the lists are made and copied."""

    def __init__(self, lists: _Lists) -> None:
        self.ranks = {name: lists.ranks[name] for name in lists.dtypes}
        self.dtypes = lists.dtypes

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        target = node.targets[0]
        if isinstance(target, ast.Name) and target.id in self.ranks:
            node.value = self._made(node.value, self.dtypes[target.id])
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) and len(target.elts) == len(node.value.elts):
            node.value.elts = [self._made(v, self.dtypes[t.id]) if isinstance(t, ast.Name) and t.id in self.ranks else v
                               for t, v in zip(target.elts, node.value.elts)]
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """np.asarray makes an array of its own of a list; sums of truths are whole numbers."""
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="sum"), args=[ast.Name(id=name)], keywords=[]) if name in self.ranks:
                node.func = ast.copy_location(syntax.numpy("sum"), node.func)
        if syntax.text(node.func) in ("np.asarray", "np.ascontiguousarray") and node.args and _rank(node.args[0], self.ranks):
            node.func = ast.copy_location(syntax.numpy("array"), node.func)
        return node

    def _made(self, value: ast.expr, dtype: np.dtype) -> ast.expr:
        return ast.copy_location(self._array(value, dtype), value)

    def _array(self, value: ast.expr, dtype: np.dtype) -> ast.expr:
        repeated = _repeated(value)
        if repeated is not None:
            number, lengths = repeated
            return self._call("full", [lengths[0] if len(lengths) == 1 else ast.Tuple(lengths, ast.Load()), number], dtype)
        match value:
            case ast.List() | ast.ListComp():
                return self._call("array", [value], dtype)
            case ast.BinOp(left=left, right=right):
                return syntax.numpy_call("concatenate", ast.Tuple([self._array(left, dtype), self._array(right, dtype)], ast.Load()))
            case ast.Call(func=ast.Name(id="list"), args=[ast.Call(args=ends)]):
                made = syntax.numpy_call("arange", *ends)
                return made if dtype == np.int64 else syntax.call(syntax.attribute(made, "astype"), _spelled(dtype))
            case ast.Call(func=ast.Name(id="list"), args=[copied]):
                return syntax.call(syntax.attribute(copied, "copy"))
            case ast.Subscript(slice=ast.Slice(lower=None, upper=None, step=None)):
                return syntax.call(syntax.attribute(value.value, "copy"))
            case ast.Subscript(slice=ast.Slice()):
                return syntax.call(syntax.attribute(value, "copy"))
        return value

    def _call(self, function: str, arguments: list[ast.expr], dtype: np.dtype) -> ast.Call:
        return ast.Call(syntax.numpy(function), arguments, [ast.keyword("dtype", _spelled(dtype))])


def _spelled(dtype: np.dtype) -> ast.expr:
    return syntax.numpy(dtype_name(dtype))


def _bindings(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr | None]]:
    """Each variable with each expression that is assigned to it; a loop over a list binds one of its elements."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if len(targets) == len(values):
                yield from ((t.id, v) for t, v in zip(targets, values) if isinstance(t, ast.Name))
            case ast.For(target=ast.Name(id=name), iter=ast.Name() as iterated):
                yield name, ast.Subscript(iterated, ast.Constant(0), ast.Load())


def _rank(value: ast.expr | None, ranks: dict[str, int]) -> int:
    """How deep a list of numbers the expression makes or names; 0 where it is none, or is not understood."""
    if value is None:
        return 0
    repeated = _repeated(value)
    if repeated is not None:
        return len(repeated[1])
    match value:
        case ast.Name(id=name):
            return ranks.get(name, 0)
        case ast.List(elts=[first, *_]) if not any(isinstance(e, ast.List | ast.ListComp | ast.Starred | ast.Tuple) or _rank(e, ranks) for e in value.elts):
            return 0 if isinstance(first, ast.Constant) and not isinstance(first.value, int | float | complex) else 1
        case ast.List(elts=[ast.List(elts=[_, *_]), *_]) if all(isinstance(e, ast.List) and _rank(e, {}) == 1 for e in value.elts):
            return 2
        case ast.ListComp(elt=element):
            return 0 if isinstance(element, ast.Tuple | ast.List | ast.ListComp) or _rank(element, ranks) else 1
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return 1 if _rank(left, ranks) == _rank(right, ranks) == 1 else 0
        case ast.Call(func=ast.Name(id="list"), args=[ast.Call(func=ast.Name(id="range"))], keywords=[]):
            return 1
        case ast.Call(func=ast.Name(id="list"), args=[inner], keywords=[]) | ast.Call(func=ast.Attribute(value=inner, attr="copy"), args=[], keywords=[]):
            return 1 if _rank(inner, ranks) == 1 else 0
        case ast.Subscript(value=inner, slice=ast.Slice()):
            return 1 if _rank(inner, ranks) == 1 else 0
        case ast.Subscript(value=inner) if not isinstance(value.slice, ast.Tuple):
            return max(_rank(inner, ranks) - 1, 0)
    return 0


def _constants(value: ast.expr | None) -> bool:
    return isinstance(value, ast.List) and all(isinstance(e, ast.Constant) for e in value.elts)


def _repeated(value: ast.expr) -> tuple[ast.expr, list[ast.expr]] | None:
    """The number that stands everywhere in a list, and the lengths: `[0] * n`, `[[0] * m for _ in range(n)]`."""
    match value:
        case ast.BinOp(left=ast.List(elts=[number]), op=ast.Mult(), right=length) | ast.BinOp(left=length, op=ast.Mult(), right=ast.List(elts=[number])) \
                if not isinstance(number, ast.List | ast.ListComp | ast.Tuple | ast.Starred) and not isinstance(length, ast.List):
            if isinstance(number, ast.Constant) and not isinstance(number.value, int | float | complex):
                return None
            return number, [length]
        case ast.ListComp(elt=inner, generators=[ast.comprehension(target=ast.Name(id=index), iter=ast.Call(func=ast.Name(id="range"), args=[length]), ifs=[])]):
            found = _repeated(inner)
            if found is None and isinstance(inner, ast.Constant) and isinstance(inner.value, int | float | complex):
                return inner, [length]
            if found is not None and not any(index in syntax.names_in(part) for part in (found[0], *found[1])):
                return found[0], [length, *found[1]]
    return None


def _parts_of(value: ast.expr | None, ranks: dict[str, int]) -> Iterator[str]:
    """The variables whose list, or part of it, the expression stands for or copies."""
    for node in ast.walk(value) if value is not None and _rank(value, ranks) else ():
        if isinstance(node, ast.Name) and node.id in ranks:
            yield node.id


def _written_out(value: ast.expr, ranks: dict[str, int]) -> Iterator[ast.expr]:
    """The numbers in a list that is made."""
    repeated = _repeated(value)
    if repeated is not None:
        yield repeated[0]
        return
    match value:
        case ast.List(elts=parts):
            for part in parts:
                yield from _written_out(part, ranks) if isinstance(part, ast.List) else [part]
        case ast.ListComp(elt=element):
            yield element
        case ast.BinOp(left=left, right=right):
            yield from (*_written_out(left, ranks), *_written_out(right, ranks))
        case ast.Call(func=ast.Name(id="list"), args=[ast.Call()]):
            yield ast.Constant(0)


def number_type(node: ast.expr, instances: Sequence[Instance]) -> np.dtype | type | None:
    """The dtype of a number, Python's own type for its own numbers, None where it is not known to be one. instances: what was seen."""
    match node:
        case ast.Constant(value=value):
            return type(value) if type(value) in (bool, int, float, complex) else None
        case ast.Attribute(value=ast.Name(id="math" | "np"), attr="inf" | "nan" | "pi" | "e"):
            return float
        case ast.UnaryOp(op=ast.USub(), operand=ast.Attribute() as inner):
            return number_type(inner, instances)
    seen = seen_type(node, instances)
    if seen is None or seen[0] != "scalar":
        return None
    dtype = np.dtype(seen[1])
    return {"b": bool, "i": int, "f": float, "c": complex}.get(dtype.kind) if seen[2] else dtype


def joined_dtype(types: list[np.dtype | type | None]) -> np.dtype | None:
    """The dtype that holds all of them unchanged; None where there is none such."""
    if not types or any(t is None for t in types):      # `in` would not do: np.dtype(None) is float64
        return None
    own = [t for t in types if not isinstance(t, np.dtype)]
    strong = {t for t in types if isinstance(t, np.dtype)}
    if len(strong) > 1 or bool in own and (strong or set(own) != {bool}):
        return None
    widest = max((int, float, complex).index(t) for t in own) if own and bool not in own else 0
    if strong:
        (dtype,) = strong
        return dtype if "iufc".find(dtype.kind) >= (0, 2, 3)[widest] and dtype.kind in "iufc" else None
    return np.dtype(bool if bool in own else (np.int64, np.float64, np.complex128)[widest])


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
