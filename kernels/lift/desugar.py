"""Python's shorthands written out, before anything is watched: comprehensions, sums over generators, loops over a few things
that are written out, `enumerate` with a start, calls that are assigned to several names at once, tuples repeated or stored."""
from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from . import syntax
from .displays import MOST, key_of
from .names import assigned_in, bound_names, fresh_name, inner_names, uses_of
from .source import Rename
from .written_out import bound_to, is_fixed, items_of, literal_of, number_of, truth_of, written_with

Node = TypeVar("Node", bound=ast.AST)
LARGEST = 96
"""Statements that such a loop may come to."""
_OF_NUMBERS = (ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Load)
_OVER_GENERATORS = frozenset("sum max min any all".split())


def desugar(function: ast.FunctionDef, constants: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Works in place. Comprehensions that stand where they are evaluated once, before all else of their statement that could
    change what they read, become loops that append to a list; those over a few things that are written out, displays.

    constants: numbers, arrays, tuples and lists of the module, by name.
    """
    _Desugarer(function, constants).run()


class _Desugarer:
    def __init__(self, function: ast.FunctionDef, constants: Mapping[str, Any]) -> None:
        self.function = function
        self.constants = constants
        self.taken = set(bound_names(function))
        self.columns: dict[str, ast.stmt] = {}
        self.closed_over = inner_names(function)

    def run(self) -> None:
        _Repeats().generic_visit(self.function)
        _IndexLists(self.constants).generic_visit(self.function)
        self.function.body = self._block(self.function.body)
        self.function.body[:0] = self.columns.values()
        ast.fix_missing_locations(self.function)

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for statement in statements:
            for piece in self._statement(statement):
                result.append(ast.copy_location(piece, statement))
        return result

    def _statement(self, node: ast.stmt) -> list[ast.stmt]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            return [node]
        before: list[ast.stmt] = []
        if isinstance(node, ast.Assign):
            node.value = self._by_columns(node) or node.value
        if isinstance(node, ast.Assign) and (single := _one_by_one(node, self.closed_over)):
            return self._block(single)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.GeneratorExp):
            node.value = ast.ListComp(node.value.elt, node.value.generators)        # all of it is asked for at once
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript) and isinstance(node.value, ast.Tuple | ast.List) \
                and node.value.elts and len(node.targets) == 1 and not any(isinstance(e, ast.Starred) for e in node.value.elts):
            node.value = syntax.numpy_call("array", ast.List(node.value.elts, ast.Load()))
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Return | ast.Expr) and node.value is not None:
            node.value = _Comprehensions(self, before).visit(node.value)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.List):
                node.value = ast.Tuple(node.value.elts, ast.Load())
        elif isinstance(node, ast.If):
            node.test = _Comprehensions(self, before).visit(node.test)
        elif isinstance(node, ast.For):
            node.iter = _Comprehensions(self, before).visit(node.iter)
            before += self._held(node.iter)
            before += self._loop(node)
            unrolled = self._unrolled(node)
            if unrolled is not None:
                return [*before, *self._block(unrolled)]
            self._rows_by_name(node)
        for field in ("body", "orelse"):
            inner = getattr(node, field, None)
            if isinstance(inner, list) and inner:
                setattr(node, field, self._block(inner))
        return [*self._block(before), node] if before else [node]

    def _by_columns(self, node: ast.Assign) -> ast.expr | None:
        """`dy, dx, length = TABLE[k]`, where the module's rows hold numbers of several kinds: an array for each column."""
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Subscript(value=ast.Name(id=name), slice=index)) \
                    if all(isinstance(n, _OF_NUMBERS) for n in ast.walk(index)) and syntax.names_in(index):
                rows = self.constants.get(name)
                if not isinstance(rows, tuple | list) or not all(isinstance(row, tuple | list) and len(row) == len(targets) for row in rows):
                    return None
                columns = list(zip(*rows))
                kinds = [{type(number) for number in column} for column in columns]
                if len(set().union(*kinds)) == 1 or not all(kind in ({int}, {float}, {np.float64}, {float, np.float64}) for kind in kinds):
                    return None
                held = [f"{name}_{place}_array" for place in range(len(columns))]
                if any(other in self.constants or other in self.taken and other not in self.columns for other in held):
                    return None
                for other, column in zip(held, columns):
                    array = syntax.numpy_call("array", literal_of([number if type(number) is int else float(number) for number in column]))
                    self.columns[other] = ast.copy_location(_assign(other, array), self.function.body[0])
                    self.taken.add(other)
                own = {int: "int", float: "float"}          # Python's numbers, which take the types of what they meet
                read = [ast.Subscript(syntax.name(other), copy.deepcopy(index), ast.Load()) for other in held]
                return ast.Tuple([syntax.builtin_call(own[next(iter(kind))], each) if kind <= set(own) else each
                                  for each, kind in zip(read, kinds)], ast.Load())
        return None

    def _held(self, iterated: ast.expr) -> list[ast.stmt]:
        """Variables for what is computed in a display that a loop goes over."""
        if not isinstance(iterated, ast.Tuple | ast.List) or len(iterated.elts) > MOST or any(isinstance(i, ast.Starred) for i in iterated.elts):
            return []
        made: list[ast.stmt] = []
        for place, item in enumerate(iterated.elts):
            if isinstance(item, ast.Tuple | ast.List):
                made += self._held(item)
            elif not is_fixed(item):
                held = fresh_name(self.taken, "item")
                made.append(_assign(held, item))
                iterated.elts[place] = syntax.name(held)
        return made

    def _loop(self, node: ast.For) -> list[ast.stmt]:
        """`for i, x in enumerate(a, start)`: the count is taken from 0, and moved in the body."""
        match node:
            case ast.For(target=ast.Tuple(elts=[ast.Name(id=counter), _]), iter=ast.Call(func=ast.Name(id="enumerate")) as call) \
                    if len(call.args) + len(call.keywords) == 2:
                start = call.args[1] if len(call.args) == 2 else call.keywords[0].value
                call.args, call.keywords = call.args[:1], []
                held = fresh_name(self.taken, "start")
                place = fresh_name(self.taken, f"{counter}_from_0")
                node.target.elts[0] = ast.Name(place, ast.Store())  # type: ignore[attr-defined]
                node.body.insert(0, _assign(counter, syntax.binary(syntax.name(place), "+", syntax.name(held))))
                return [_assign(held, start)]
        return []

    def _unrolled(self, node: ast.For) -> list[ast.stmt] | None:
        """The body once for each item of a tuple or list that is written out; None for any other loop."""
        items = items_of(node.iter, node.target, node.body, self.function, self.constants)
        if items is None or node.orelse or len(items) > MOST:
            return None
        if any(isinstance(n, ast.Break | ast.Continue | ast.Starred) for s in [node.iter, *node.body] for n in ast.walk(s)):
            return None
        size = sum(isinstance(n, ast.stmt) for s in node.body for n in ast.walk(s))
        if size * len(items) > LARGEST or not all(map(is_fixed, items)):
            return None
        result: list[ast.stmt] = []
        changed = assigned_in(node.body)
        read = set().union(*map(syntax.names_in, items))
        if any(changed[name] for name in read) or read & syntax.names_in(node.target):
            return None                     # the tuple holds what they were before the loop
        for item in items:
            known = {name: value for name, value in (bound_to(node.target, item) or {}).items()
                     if not changed[name] and not isinstance(value, ast.Name)}
            result += self._given(node, item)
            result += [written_with(statement, known) for statement in node.body]
        return result

    def _rows_by_name(self, node: ast.For) -> None:
        """`for (x, y), q in zip(points, weights)`: the body takes the rows apart."""

        def name_in(target: ast.expr, iterated: ast.expr) -> None:
            match target, iterated:
                case ast.Tuple(elts=parts), ast.Call(func=ast.Name(id="zip"), args=given) if len(parts) == len(given):
                    pass
                case ast.Tuple(elts=[_, _] as parts), ast.Call(func=ast.Name(id="enumerate"), args=[array]):
                    given = [ast.Constant(None), array]
                case _:
                    return
            for place, (part, array) in enumerate(zip(parts, given)):
                if isinstance(array, ast.Call) and syntax.text(array.func) in ("zip", "enumerate"):
                    name_in(part, array)
                elif isinstance(part, ast.Tuple | ast.List):
                    row = fresh_name(self.taken, "row")
                    parts[place] = ast.Name(row, ast.Store())
                    node.body.insert(0, ast.copy_location(ast.Assign([part], syntax.name(row)), node))

        name_in(node.target, node.iter)

    def _given(self, node: ast.For, item: ast.expr) -> list[ast.stmt]:
        """What the variables of an unrolled loop are set to. Texts are written where they are read; nothing else may read them."""
        bound = bound_to(node.target, item) or {}
        texts = {name for name, value in bound.items() if isinstance(value, ast.Constant) and isinstance(value.value, str)}
        if any(assigned_in(node.body)[name] or uses_of(self.function)[name] > uses_of(node)[name] for name in texts) \
                or not texts and not any(isinstance(part, ast.Tuple) for part in ast.iter_child_nodes(node.target)):
            return [ast.Assign([copy.deepcopy(node.target)], copy.deepcopy(item))]
        return [_assign(name, copy.deepcopy(value)) for name, value in bound.items() if name not in texts]

    def listed(self, node: ast.ListComp | ast.GeneratorExp, before: list[ast.stmt]) -> ast.expr | None:
        """The elements of a comprehension in a list: a display where all that it goes over is written out, else a variable
        that statements in `before` fill. None where it cannot be written out."""
        items = None if any(generator.is_async for generator in node.generators) else self.displayed(node)
        if items is not None:
            return ast.List([_Comprehensions(self, before).visit(item) for item in items], ast.Load())
        if len(node.generators) > 1:
            return None
        result = fresh_name(self.taken, "items")
        loop = self.looped(node, lambda element: ast.Expr(syntax.call(syntax.attribute(syntax.name(result), "append"), element)))
        if loop is None:
            return None
        before += [_assign(result, ast.List([], ast.Load())), loop]
        return syntax.name(result)

    def displayed(self, node: ast.ListComp | ast.GeneratorExp, counted: bool = False) -> list[ast.expr] | None:
        """The elements where all generators go over few things that are written out, conditions decided; None elsewhere. counted: a
        range of few numbers is such a thing too."""
        found: list[ast.expr] = []

        def go(position: int, given: dict[str, ast.expr]) -> bool:
            if position == len(node.generators):
                found.append(written_with(node.elt, given))
                return len(found) <= MOST * MOST
            generator = node.generators[position]
            iterated = written_with(generator.iter, given)
            read = [node.elt, *generator.ifs, *(later.iter for later in node.generators[position + 1:])]
            items = items_of(iterated, generator.target, read, self.function, self.constants, counted)
            if items is None or len(items) > MOST or not all(map(is_fixed, items)):
                return False
            for item in items:
                further = bound_to(generator.target, item)
                if further is None:
                    return False
                inner = {**given, **further}
                decided = [truth_of(written_with(test, inner)) for test in generator.ifs]
                if None in decided:
                    return False
                if all(decided) and not go(position + 1, inner):
                    return False
            return True

        return found if go(0, {}) and found else None

    def looped(self, node: ast.ListComp | ast.GeneratorExp, taking: Callable[[ast.expr], ast.stmt]) -> ast.For | None:
        """The loop of a comprehension, in which `taking` says what is done with an element; None where it has none."""
        return loop_of(node, taking, self.taken)


def loop_of(node: ast.ListComp | ast.GeneratorExp, taking: Callable[[ast.expr], ast.stmt], taken: set[str]) -> ast.For | None:
    """The loops of a comprehension, one within the other, in which `taking` says what is done with an element; its variables get names
    that are not `taken`. None where it binds names besides, or is asynchronous."""
    if any(isinstance(n, ast.NamedExpr) for n in ast.walk(node)) or any(generator.is_async for generator in node.generators):
        return None
    mapping: dict[str, str] = {}
    loops: list[tuple[ast.expr, ast.expr, list[ast.expr]]] = []
    for generator in node.generators:
        iterated = Rename(mapping).visit(copy.deepcopy(generator.iter))
        mapping = mapping | {n.id: fresh_name(taken, n.id.lstrip("_") or "index") for n in ast.walk(generator.target) if isinstance(n, ast.Name)}
        rename = Rename(mapping)
        loops.append((rename.visit(copy.deepcopy(generator.target)), iterated, [rename.visit(copy.deepcopy(test)) for test in generator.ifs]))
    body = [taking(Rename(mapping).visit(copy.deepcopy(node.elt)))]
    for target, iterated, tests in reversed(loops):
        for test in reversed(tests):
            body = [ast.If(test, body, [])]
        body = [ast.For(target, iterated, body, [], lineno=0)]
    return body[0]  # type: ignore[return-value]


class _Repeats(ast.NodeTransformer):
    """Writes out tuples and lists that are repeated, or made of others that are written out."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="list" | "tuple" as kind), args=[ast.Tuple(elts=items) | ast.List(elts=items)], keywords=[]):
                return (ast.List if kind == "list" else ast.Tuple)(items, ast.Load())
            case ast.Call(func=ast.Name(id="map"), args=[ast.Name() | ast.Attribute() as function, ast.Tuple(elts=items) | ast.List(elts=items)], keywords=[]) \
                    if not any(isinstance(item, ast.Starred) for item in items):
                return ast.Tuple([syntax.call(copy.deepcopy(function), item) for item in items], ast.Load())
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """`(n,) * 2` is `(n, n)`, and `[slice(None)] * 2` a list of two."""
        self.generic_visit(node)
        match node:
            case ast.BinOp(left=ast.Tuple(elts=items) | ast.List(elts=items) as left, op=ast.Mult(), right=ast.Constant(value=int() as count)) \
                    if all(map(_repeatable, items)) and 0 < count * len(items) <= MOST \
                    and (isinstance(left, ast.Tuple) or any(isinstance(item, ast.Call) for item in items)):
                return type(left)([copy.deepcopy(item) for _ in range(count) for item in items], ast.Load())
            case ast.BinOp(op=ast.Add() | ast.Mult()) if (whole := _numbers(node)) is not None and not (
                    isinstance(node.op, ast.Mult) and len(whole) > MOST):
                return ast.List(whole, ast.Load())
        return node


class _IndexLists(ast.NodeTransformer):
    """Lists of numbers as an index are arrays of them."""

    def __init__(self, constants: Mapping[str, Any]) -> None:
        self.lists = {name: value for name, value in constants.items() if isinstance(value, list) and all(type(each) is int for each in value)}

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.slice, ast.Tuple):
            node.slice.elts = [self._array(each) for each in node.slice.elts]
        else:
            node.slice = self._array(node.slice)
        return node

    def _array(self, index: ast.expr) -> ast.expr:
        match index:
            case ast.Name(id=name) if name in self.lists:
                return syntax.numpy_call("array", literal_of(self.lists[name]))
            case ast.List(elts=[_, *_] as items) if all(number_of(item, {}) is not None for item in items):
                return syntax.numpy_call("array", index)
        return index


class _Comprehensions(ast.NodeTransformer):
    """Replaces comprehensions that are evaluated once whenever their statement is."""

    def __init__(self, owner: _Desugarer, before: list[ast.stmt]) -> None:
        self.owner, self.before = owner, before

    def _leave(self, node: ast.expr) -> ast.expr:
        return node

    visit_Lambda = visit_IfExp = visit_BoolOp = visit_SetComp = _leave  # type: ignore[assignment]

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """One of several things that are written out."""
        self.generic_visit(node)
        if isinstance(node.value, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load):
            key = key_of(node.slice, tuple(range(len(node.value.elts))))
            if isinstance(key, int) and not any(isinstance(item, ast.Starred) for item in node.value.elts):
                return node.value.elts[key]
        return node

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        return self.owner.listed(node, self.before) or node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = syntax.text(node.func)
        match node:
            case ast.Call(args=[ast.ListComp(elt=ast.List() | ast.ListComp() as row) as inner, *_]) if name in ("np.array", "np.asarray"):
                inner.elt = syntax.numpy_call("array", row)
        match node:
            case ast.Call(func=ast.Name(id="sum" | "min" | "max" | "len" as which), args=[ast.Name(id=given)], keywords=[]) \
                    if (known := self.owner.constants.get(given)) and isinstance(known, tuple | list) and all(type(n) in (int, float) for n in known):
                return ast.Constant({"sum": sum, "min": min, "max": max, "len": len}[which](known))
            case ast.Call(func=ast.Attribute(attr="percentile" | "quantile"), args=[array, ast.List(elts=wanted) | ast.Tuple(elts=wanted)]) \
                    if name.startswith("np.") and all(k.arg == "axis" for k in node.keywords) and 0 < len(wanted) <= MOST:
                held = fresh_name(self.owner.taken, "sample")
                self.before.append(_assign(held, self.visit(array)))
                return syntax.numpy_call("array" if not node.keywords else "stack", ast.List(
                    [ast.Call(copy.deepcopy(node.func), [syntax.name(held), each], copy.deepcopy(node.keywords)) for each in wanted], ast.Load()))
            case ast.Call(func=ast.Name(id="list" | "tuple"), args=[ast.GeneratorExp() | ast.ListComp() as inner], keywords=[]):
                return self.owner.listed(inner, self.before) or node
            case ast.Call(args=[ast.GeneratorExp() | ast.ListComp() as inner], keywords=[]) if name in _OVER_GENERATORS:
                return self._over(name, inner) or node
            case ast.Call(args=[ast.GeneratorExp() as inner, *rest]) if name == "np.fromiter":
                made = self.owner.listed(inner, self.before)
                return node if made is None else ast.Call(syntax.numpy("array"), [made, *rest[:1]], [k for k in node.keywords if k.arg == "dtype"])
            case ast.Call(func=ast.Name(id="min" | "max"), args=[ast.Tuple(elts=[_, _, *_] as items) | ast.List(elts=[_, _, *_] as items)],
                          keywords=[]):
                node.args = items
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="bin"), args=[whole], keywords=[]), attr="count"),
                          args=[ast.Constant(value="1")], keywords=[]):
                return self._bits(self.visit(whole))
            case ast.Call(args=[ast.Starred(value=several)], keywords=[]) if (count := _arguments_of(node.func)) is not None:
                held = fresh_name(self.owner.taken, "given")
                self.generic_visit(node)
                self.before.append(_assign(held, several))
                node.args = [copy.deepcopy(syntax.parse(f"{held}[{place}]")) for place in range(count)]
                return node
        self.generic_visit(node)
        return node

    def visit_DictComp(self, node: ast.DictComp) -> ast.expr:
        """A dictionary by what is written out."""
        pair = ast.Tuple([node.key, node.value], ast.Load())
        items = self.owner.displayed(ast.copy_location(ast.ListComp(pair, node.generators), node))
        if items is None or not all(isinstance(item.elts[0], ast.Constant) for item in items):  # type: ignore[attr-defined]
            return node
        return ast.Dict([item.elts[0] for item in items], [item.elts[1] for item in items])  # type: ignore[attr-defined]

    def _over(self, name: str, inner: ast.GeneratorExp | ast.ListComp) -> ast.expr | None:
        """A builtin over a generator: of the elements one by one where they are written out, else of an array of them."""
        items = self.owner.displayed(inner, counted=name == "sum")
        if items is not None and len(items) > MOST and not self.owner.displayed(inner):
            items = None
        if items is None:
            if name == "sum":
                return self._sum(inner)
            if name in ("any", "all") and isinstance(inner, ast.GeneratorExp):
                return self._sought(name, inner)
            made = self.owner.listed(inner, self.before)
            if made is None:
                return None
            return syntax.numpy_call(name, syntax.numpy_call("array", made)) if name in ("any", "all") else self._maximum(name, made)
        if name == "sum":
            total: ast.expr = ast.Constant(0)
            for item in items:
                total = syntax.binary(total, "+", item)
            return total
        if name in ("any", "all"):
            return ast.BoolOp(ast.Or() if name == "any" else ast.And(), items) if len(items) > 1 else None
        return syntax.builtin_call(name, *items) if len(items) > 1 else None

    def _maximum(self, name: str, items: ast.expr) -> ast.expr:
        """The largest of a list as Python sees it, which passes nan over. The same for the smallest."""
        array = fresh_name(self.owner.taken, "values")
        best, index = fresh_name(self.owner.taken, name + "imum"), fresh_name(self.owner.taken, "index")
        self.before.append(_assign(array, syntax.numpy_call("array", items)))
        self.before += ast.parse(f"{best} = {array}[0]\nfor {index} in range(1, {array}.shape[0]):\n"
                                 f"    {best} = {name}({best}, {array}[{index}])").body
        return syntax.name(best)

    def _bits(self, whole: ast.expr) -> ast.expr:
        """How many bits of a whole number's absolute value are set."""
        bits, rest, place = (fresh_name(self.owner.taken, name) for name in ("bits", "rest", "place"))
        self.before.append(_assign(rest, syntax.builtin_call("abs", whole)))
        self.before += ast.parse(f"{bits} = 0\nfor {place} in range(64):\n    {bits} = {bits} + ({rest} >> {place} & 1)").body
        return syntax.name(bits)

    def _sought(self, name: str, inner: ast.GeneratorExp) -> ast.expr | None:
        """Whether the loop of a generator meets a true element, where it ends; or, for all(), a false one."""
        found, any_ = fresh_name(self.owner.taken, "found"), name == "any"
        loop = self.owner.looped(inner, lambda element: ast.If(element if any_ else ast.UnaryOp(ast.Not(), element), [
            _assign(found, ast.Constant(any_)), ast.Break()], []))
        if loop is None:
            return None
        self.before += [_assign(found, ast.Constant(not any_)), loop]
        return syntax.name(found)

    def _sum(self, inner: ast.GeneratorExp | ast.ListComp) -> ast.expr | None:
        total = fresh_name(self.owner.taken, "total")
        loop = self.owner.looped(inner, lambda term: _assign(total, syntax.binary(syntax.name(total), "+", term)))
        if loop is None:
            return None
        self.before += [_assign(total, ast.Constant(0)), loop]
        return syntax.name(total)


def _arguments_of(function: ast.expr) -> int | None:
    """How many arguments one of NumPy's elementwise functions takes, None for others: where no list may be longer, its length is known."""
    match function:
        case ast.Attribute(value=ast.Name(id="np"), attr=name) if isinstance(getattr(np, name, None), np.ufunc):
            return int(getattr(np, name).nin)
    return None


def _one_by_one(node: ast.Assign, closed_over: set[str]) -> list[ast.stmt] | None:
    """`a, b = f(x), f(y)` as two assignments, so that each call may be taken in; None where a target is read on the way."""
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if len(targets) == len(values):
            names = [t.id for t in targets if isinstance(t, ast.Name)]
            calls = any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) for v in values for n in ast.walk(v))
            if calls and len(set(names)) == len(targets) and not set(names) & closed_over.union(*map(syntax.names_in, values)):
                return [ast.Assign([target], value, lineno=0) for target, value in zip(targets, values)]
    return None


def _numbers(node: ast.expr, alone: bool = False) -> list[ast.expr] | None:
    """The numbers of a list that is made of written-out ones: `[4 / 9] + [1 / 9] * 4`; None for any other expression. alone: a number
    repeated is one too, which stands for itself elsewhere."""
    match node:
        case ast.List(elts=[_, *_] as items) if all(map(_is_quotient, items)):
            return items
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = [_numbers(left, True), _numbers(right, True)]
            return None if None in parts else [*parts[0], *parts[1]]  # type: ignore[misc]
        case ast.BinOp(left=ast.List() as inner, op=ast.Mult(), right=ast.Constant(value=int() as count)) \
                | ast.BinOp(left=ast.Constant(value=int() as count), op=ast.Mult(), right=ast.List() as inner) \
                if 0 < count <= MOST and (items := _numbers(inner)) and (alone or len(items) > 1):
            return [copy.deepcopy(item) for _ in range(count) for item in items]
    return None


def _is_quotient(node: ast.expr) -> bool:
    """Whether it is computed of nothing but numbers."""
    return all(isinstance(n, ast.Constant | ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop) for n in ast.walk(node)) and not any(
        isinstance(n, ast.Constant) and type(n.value) not in (int, float, complex) for n in ast.walk(node))


def _repeatable(node: ast.expr) -> bool:
    """Whether an expression may be evaluated more often than it is written: it calls nothing but len() and slice()."""
    return not any(isinstance(n, ast.NamedExpr | ast.Starred | ast.Call) and syntax.text(getattr(n, "func", n)) not in ("len", "slice")
                   for n in ast.walk(node))


def _assign(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(name, ast.Store())], value, lineno=0)
