"""Calls of NumPy's functions in the forms that the lift knows, before anything is watched: lists of numbers as arrays, `out=` of an
inner call as a statement of its own, positions that are counted through all of an array as one for each axis."""
from __future__ import annotations

import ast
import copy
from collections import Counter

import numpy as np

from ..analysis.names import all_blocks
from . import syntax
from .names import bound_names, fresh_name
from .written_out import written_with

MOST_PARTS = 16
TAKE_ARRAYS = frozenset(
    "argmax argmin append convolve correlate cross cumprod cumsum diff digitize dot histogram inner insert interp isin kron outer polyval "
    "searchsorted vdot".split())
"""Functions that make an array of each list among their arguments, and know lists in no other meaning."""


def plain_calls(function: ast.FunctionDef) -> None:
    """Works in place."""
    functions = _named_functions(function)
    if functions:
        for block in list(all_blocks(function)):
            block[:] = [statement for statement in block if not _names_one(statement, functions)] or [ast.Pass()]
        function.body = [written_with(statement, functions) for statement in function.body]
    _PlainCalls(function).generic_visit(function)
    ast.fix_missing_locations(function)


def _named_functions(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """Variables that stand for one of NumPy's functions or types: `norm = np.linalg.norm`."""
    return {name: value for name, value in _assigned_once(function).items() if callable(_of_numpy(value))}


def _assigned_once(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """What variables stand for that get a value at a single place, and are no parameter of an inner function either."""
    bound = Counter(n.id for n in ast.walk(function) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load))
    given = {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)}
    return {s.targets[0].id: s.value for s in ast.walk(function)
            if isinstance(s, ast.Assign) and len(s.targets) == 1 and isinstance(s.targets[0], ast.Name)
            and bound[s.targets[0].id] == 1 and s.targets[0].id not in given}


def _of_numpy(node: ast.expr) -> object:
    """What `np.f` or `np.module.f` stands for."""
    if isinstance(node, ast.Name) and node.id == "np":
        return np
    return getattr(_of_numpy(node.value), node.attr, None) if isinstance(node, ast.Attribute) else None


def _names_one(statement: ast.stmt, functions: dict[str, ast.expr]) -> bool:
    return isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name) and statement.targets[0].id in functions


class _PlainCalls(ast.NodeTransformer):
    def __init__(self, function: ast.FunctionDef) -> None:
        self.taken = set(bound_names(function))
        once = self.once = _assigned_once(function)
        self.rows = {name for name, value in once.items() if _made_by_rows(value)}
        self.lists = {s.targets[0].id for s in ast.walk(function) if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name)
                      and isinstance(s.value, ast.List) and not s.value.elts}
        self.counters = {loop.target.id for loop in ast.walk(function)
                         if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name) and _is_range(loop.iter)}
        self.in_loops = 0
        self.axes = {name: value for name, value in once.items() if _is_axes(value)}
        self.flags = {name: value for name, value in once.items() if isinstance(value, ast.Constant) and type(value.value) is bool}

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node

    def visit_For(self, node: ast.For | ast.While) -> ast.stmt:
        self.in_loops += 1
        self.generic_visit(node)
        self.in_loops -= 1
        return node

    visit_While = visit_For

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if _is_numpy(node):
            node.args = [syntax.numpy_call("arange", *arg.args) if _is_range(arg) else arg for arg in node.args]
        if isinstance(node.func, ast.Attribute) and node.func.attr == "argsort" and self._differ(node.args[0] if _is_numpy(node) and node.args else node.func.value) \
                and not any(k.arg == "kind" for k in node.keywords):
            node.keywords.append(ast.keyword("kind", ast.Constant("stable")))
        match node.func:
            case ast.Attribute(value=ast.Name(id="np"), attr="put" | "place" | "putmask") if len(node.args) == 3:
                match node.args[2]:
                    case ast.List(elts=[ast.Constant() | ast.Name() | ast.UnaryOp() as single]) | ast.Tuple(elts=[ast.Constant() | ast.UnaryOp() as single]):
                        node.args[2] = single
                node.args = [node.args[0], *map(_as_array, node.args[1:])]
            case ast.Attribute(value=ast.Name(id="np"), attr="choose") if (within := _chosen_within(node)) is not None:
                node.args[0], node.keywords = within, []
            case ast.Attribute(value=ast.Name(id="np"), attr=name) if name in TAKE_ARRAYS:
                node.args = [_as_array(arg) for arg in node.args]
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="np")), attr="at"):
                node.args = [node.args[0], *map(_as_array, node.args[1:])]
            case ast.Attribute(value=ast.Name(id="np"), attr="argsort" | "sort") if node.args:
                if any(_is_none(k.value) for k in node.keywords if k.arg == "axis"):
                    node.args[0] = syntax.numpy_call("ravel", node.args[0])
                    node.keywords = [k for k in node.keywords if k.arg != "axis"]
                node.args[0] = _as_array(node.args[0])
            case ast.Attribute(value=array, attr="swapaxes") if len(node.args) == 2 and not node.keywords and not _is_numpy(node):
                return ast.copy_location(syntax.numpy_call("swapaxes", array, *node.args), node)
            case ast.Attribute(value=ast.Name(), attr="append") if len(node.args) == 1 and self.in_loops and _are_numbers(node.args[0], self.counters):
                node.args = [syntax.numpy_call("array", node.args[0])]           # a list of rows
            case ast.Attribute(value=ast.Name(id="np"), attr="take") if (made := _taken_beyond(node)) is not None:
                return ast.copy_location(made, node)
            case ast.Attribute(value=ast.Name(id="np"), attr="ravel_multi_index") if len(node.args) == 2 and not node.keywords:
                return ast.copy_location(_counted_through(*node.args) or node, node)
            case ast.Attribute(value=ast.Name(id="np"), attr="array" | "asarray"):
                if node.args and isinstance(node.args[0], ast.BinOp) and (pieces := _repeated(node.args[0])) is not None:
                    node.args[0] = syntax.numpy_call("concatenate", ast.Tuple(pieces, ast.Load())) if len(pieces) > 1 else pieces[0]
                if node.args and isinstance(node.args[0], ast.List | ast.Tuple) and any(isinstance(i, ast.Starred) for i in node.args[0].elts):
                    node.args[0] = _joined(node.args[0].elts)
        return node

    def _differ(self, node: ast.expr) -> bool:
        """Whether the elements are places that an argsort gave, of which no two are equal."""
        value = self.once.get(node.id) if isinstance(node, ast.Name) else node
        return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "argsort"

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        """An axis that a variable holds, or whether dimensions are kept."""
        self.generic_visit(node)
        if node.arg == "keepdims" and isinstance(node.value, ast.Name):
            node.value = copy.deepcopy(self.flags.get(node.value.id, node.value))
        if node.arg in ("axis", "axes") and isinstance(node.value, ast.Name):
            node.value = copy.deepcopy(self.axes.get(node.value.id, node.value))
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """`a[range(n), k]` takes what `a[np.arange(n), k]` does, `a[np.unravel_index(k, a.shape)]` what `a.ravel()[k]`; one of several
        elements that are written out, alike, is one of an array."""
        self.generic_visit(node)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for place, part in enumerate(parts):
            if _is_range(part):
                parts[place] = syntax.numpy_call("arange", *part.args)  # type: ignore[attr-defined]
        if not isinstance(node.slice, ast.Tuple):
            node.slice = parts[0]
        match node:
            case ast.Subscript(value=array, slice=ast.Call(args=[index, shape], keywords=[]) as call, ctx=ast.Load()) \
                    if syntax.text(call.func) == "np.unravel_index" and syntax.text(shape) == f"{syntax.text(array)}.shape":
                node.value, node.slice = syntax.call(syntax.attribute(array, "ravel")), index
            case ast.Subscript(value=ast.Tuple(elts=items) | ast.List(elts=items), slice=ast.Name(), ctx=ast.Load()) \
                    if len(items) > 1 and all(isinstance(i, ast.Subscript) and _at_numbers(i.slice) for i in items):
                node.value = syntax.numpy_call("array", ast.List(items, ast.Load()))
        return node

    def visit_Expr(self, node: ast.Expr) -> list[ast.stmt]:
        self.generic_visit(node)
        return [*self._written_first(node.value), node]

    def visit_Return(self, node: ast.Return) -> list[ast.stmt]:
        self.generic_visit(node)
        if node.value is None:
            return [node]
        whole = ast.Tuple([node.value], ast.Load())
        before = self._written_first(whole)
        node.value = whole.elts[0]
        return [*before, node]

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        """`rows += [a, b]` appends both."""
        self.generic_visit(node)
        match node:
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=ast.List(elts=items)) if name in self.lists \
                    and not any(isinstance(item, ast.Starred) for item in items):
                return [syntax.placed(ast.Expr(syntax.call(syntax.attribute(syntax.name(name), "append"), item)), node) for item in items]
        return [*self._flat(node.target), *self._written_first(node.value), node]

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        self.generic_visit(node)
        flat = [piece for target in node.targets for piece in self._flat(target)]
        if flat and len(node.targets) == 1:
            return [*self._written_first(node.value), *flat, node]
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if (count := _parts(call)) is not None:
                parts = [fresh_name(self.taken, f"{name}_part") for _ in range(count)]
                first = ast.Assign([ast.Tuple([ast.Name(part, ast.Store()) for part in parts], ast.Store())], call)
                return [syntax.placed(first, node), syntax.placed(ast.Assign(node.targets, ast.List([syntax.name(part) for part in parts], ast.Load())), node)]
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Call(args=[index, shape], keywords=[]) as call) \
                    if syntax.text(call.func) == "np.unravel_index":
                extents = _extents(shape, len(targets))
                if extents is not None:
                    held = fresh_name(self.taken, "place")
                    node.value = ast.Tuple(_along_axes(syntax.name(held), extents), ast.Load())
                    return [syntax.placed(ast.Assign([ast.Name(held, ast.Store())], index), node), node]
        return [*self._written_first(node.value), node]

    def _flat(self, target: ast.expr) -> list[ast.stmt]:
        """`a.flat[i] = x` as a write into a view of all elements in a row, of an array that was made row by row."""
        match target:
            case ast.Subscript(value=ast.Attribute(value=ast.Name() as array, attr="flat")) if array.id in self.rows:
                held = fresh_name(self.taken, "row")
                target.value = syntax.name(held)
                view = syntax.call(syntax.attribute(copy.deepcopy(array), "reshape"), syntax.parse("-1"))
                return [syntax.placed(ast.Assign([ast.Name(held, ast.Store())], view), target)]
        return []

    def _written_first(self, value: ast.expr | None) -> list[ast.stmt]:
        """What is evaluated first in `value` and has an `out=`, as a statement before it."""
        before: list[ast.stmt] = []
        while True:
            place = _first_written(value)
            if place is None:
                return before
            holder, field, index = place
            held = getattr(holder, field)
            call = held if index is None else held[index]
            before.append(syntax.placed(ast.Expr(call), call))
            result = copy.deepcopy(_out(call))
            assert result is not None
            if index is None:
                setattr(holder, field, result)
            else:
                held[index] = result


def _first_written(value: ast.expr | None) -> tuple[ast.expr, str, int | None] | None:
    """Where, in an expression, the innermost call with an `out=` stands that is evaluated before all else: its parent, and the place there."""
    found, at = None, value
    while True:
        match at:
            case ast.Call(args=[first, *_]) if _is_numpy(at):
                place: tuple[str, int | None] = ("args", 0)
            case ast.Call(func=ast.Attribute(value=first)) if not _is_numpy(at):
                at, place = at.func, ("value", None)  # type: ignore[assignment]
            case ast.BinOp(left=first):
                place = ("left", None)
            case ast.Tuple(elts=[first, *_]):
                place = ("elts", 0)
            case ast.Subscript(value=first):
                place = ("value", None)
            case _:
                return found
        if isinstance(first, ast.Call) and _is_numpy(first) and _out(first) is not None:
            found = (at, *place)  # type: ignore[assignment]
        at = first


def _is_axes(value: ast.expr) -> bool:
    """Whether the value is a whole number that is written out, or a tuple of such."""
    match value:
        case ast.Tuple(elts=[_, *_] as parts):
            return not any(isinstance(part, ast.Tuple) for part in parts) and all(map(_is_axes, parts))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int())):
            return True
    return isinstance(value, ast.Constant) and type(value.value) is int


def _made_by_rows(value: ast.expr) -> bool:
    match value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="zeros" | "ones" | "empty" | "full" | "eye"), keywords=keywords):
            return all(k.arg == "dtype" for k in keywords)
        case ast.Call(func=ast.Attribute(attr="copy"), args=[], keywords=[]):
            return True
    return False


def _parts(call: ast.Call) -> int | None:
    """Into how many parts an array is cut, where that is written out."""
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="split" | "array_split" | "hsplit" | "vsplit" | "dsplit"), args=[_, where, *_]):
            if isinstance(where, ast.Constant) and type(where.value) is int and 0 < where.value <= MOST_PARTS:
                return where.value
            if isinstance(where, ast.List | ast.Tuple) and len(where.elts) < MOST_PARTS and not any(isinstance(i, ast.Starred) for i in where.elts):
                return len(where.elts) + 1
    return None


def _taken_beyond(call: ast.Call) -> ast.expr | None:
    """`np.take` of places beyond the ends, which `mode=` brings back."""
    given = {k.arg: k.value for k in call.keywords}
    mode, axis = given.pop("mode", None), given.pop("axis", None)
    if given or len(call.args) != 2 or not isinstance(call.args[0], ast.Name) or not isinstance(mode, ast.Constant):
        return None
    array, index = call.args
    if axis is None:
        extent, row = f"{ast.unparse(array)}.size", syntax.numpy_call("ravel", array)
    elif isinstance(axis, ast.Constant) and axis.value == 0:
        extent, row = f"{ast.unparse(array)}.shape[0]", array
    else:
        return None
    if mode.value == "wrap":
        return ast.Subscript(row, syntax.binary(_as_array(index), "%", syntax.parse(extent)), ast.Load())
    if mode.value == "clip":
        return ast.Subscript(row, syntax.numpy_call("clip", _as_array(index), ast.Constant(0), syntax.parse(f"{extent} - 1")), ast.Load())
    return None


def _are_numbers(row: ast.expr, counters: set[str]) -> bool:
    """Whether the things of a display are numbers, by one of them that surely is."""
    return isinstance(row, ast.List | ast.Tuple) and not any(isinstance(item, ast.Starred | ast.Tuple | ast.List) for item in row.elts) and any(
        isinstance(item, ast.Constant) and type(item.value) in (int, float) or isinstance(item, ast.Name) and item.id in counters for item in row.elts)


def _is_range(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and syntax.text(node.func) == "range" and not node.keywords


def _chosen_within(call: ast.Call) -> ast.expr | None:
    """The choices of `np.choose` among things that are written out, as `mode=` brings them back."""
    match call:
        case ast.Call(args=[choice, ast.List(elts=items) | ast.Tuple(elts=items)], keywords=[ast.keyword(arg="mode", value=ast.Constant(value=mode))]):
            if mode == "clip":
                return syntax.numpy_call("clip", choice, ast.Constant(0), ast.Constant(len(items) - 1))
            if mode == "wrap":
                return syntax.binary(choice, "%", ast.Constant(len(items)))
    return None


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_numpy(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and syntax.text(call.func.value) == "np"


def _out(call: ast.Call) -> ast.expr | None:
    """Where the call's result is written, if that may be evaluated twice."""
    return next((k.value for k in call.keywords if k.arg == "out" and isinstance(k.value, ast.Name)), None)


def _as_array(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.List) and node.elts and not any(isinstance(item, ast.Starred) for item in node.elts):
        return ast.copy_location(syntax.numpy_call("array", node), node)
    return node


def _repeated(node: ast.expr) -> list[ast.expr] | None:
    """The arrays that lists of numbers become which are added and repeated: `[0] + [9] * (n - 1)`; None for anything else."""
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = _repeated(left), _repeated(right)
            return None if one is None or other is None else one + other
        case ast.List(elts=[_, *_] as items) if all(map(syntax.is_number, items)):
            return [syntax.numpy_call("array", node)]
        case ast.BinOp(left=ast.List(elts=[item]), op=ast.Mult(), right=count) | ast.BinOp(left=count, op=ast.Mult(), right=ast.List(elts=[item])) \
                if syntax.is_number(item):
            return [syntax.numpy_call("full", count, item)]
    return None


def _joined(items: list[ast.expr]) -> ast.expr:
    """`[a, *v, b]` as `np.concatenate` of `[a]`, v and `[b]`."""
    pieces: list[ast.expr] = []
    for item in items:
        if isinstance(item, ast.Starred):
            pieces.append(item.value)
        elif pieces and isinstance(pieces[-1], ast.List):
            pieces[-1].elts.append(item)
        else:
            pieces.append(ast.List([item], ast.Load()))
    return syntax.numpy_call("concatenate", ast.Tuple([_as_array(piece) for piece in pieces], ast.Load()))


def _extents(shape: ast.expr, count: int) -> list[ast.expr] | None:
    match shape:
        case ast.Tuple(elts=extents) if len(extents) == count and all(isinstance(e, ast.Name | ast.Constant | ast.Subscript) for e in extents):
            return extents
        case ast.Attribute(value=ast.Name(), attr="shape"):
            return [ast.Subscript(copy.deepcopy(shape), ast.Constant(axis), ast.Load()) for axis in range(count)]
    return None


def _along_axes(place: ast.expr, extents: list[ast.expr]) -> list[ast.expr]:
    """The position along each axis of what is counted through all elements, row by row."""
    found: list[ast.expr] = []
    for extent in reversed(extents[1:]):
        found.insert(0, syntax.binary(copy.deepcopy(place), "%", copy.deepcopy(extent)))
        place = syntax.binary(copy.deepcopy(place), "//", copy.deepcopy(extent))
    return [place, *found]


def _counted_through(index: ast.expr, shape: ast.expr) -> ast.expr | None:
    if not isinstance(index, ast.Tuple) or (extents := _extents(shape, len(index.elts))) is None:
        return None
    found = index.elts[0]
    for extent, place in zip(extents[1:], index.elts[1:]):
        found = syntax.binary(syntax.binary(found, "*", copy.deepcopy(extent)), "+", place)
    return found


def _at_numbers(index: ast.expr) -> bool:
    """Whether an index names one element by plain numbers."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    return all(isinstance(n, ast.Name | ast.Constant | ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop | ast.Load)
               for part in parts for n in ast.walk(part))
