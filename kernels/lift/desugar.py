"""Python's shorthands written out, before anything is watched: comprehensions, sums over generators, loops over a few things
that are written out, `enumerate` with a start, calls that are assigned to several names at once, tuples repeated or stored."""
from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from typing import TypeVar

from . import syntax
from .names import assigned_in, bound_names, fresh_name
from .source import Rename

Node = TypeVar("Node", bound=ast.AST)
MOST = 16
"""Turns of a loop over things that are written out, beyond which it stays a loop."""
LARGEST = 96
"""Statements that such a loop may come to."""
_OVER_GENERATORS = frozenset("sum max min any all".split())


def desugar(function: ast.FunctionDef) -> None:
    """Works in place. Comprehensions that stand where they are evaluated once, before all else of their statement that could
    change what they read, become loops that append to a list; those over a few things that are written out, displays."""
    _Desugarer(function).run()


class _Desugarer:
    def __init__(self, function: ast.FunctionDef) -> None:
        self.function = function
        self.taken = set(bound_names(function))
        inner = [n for n in ast.walk(function) if isinstance(n, ast.FunctionDef | ast.Lambda) and n is not function]
        self.closed_over = {n.id for each in inner for n in ast.walk(each) if isinstance(n, ast.Name)}

    def run(self) -> None:
        self.function.body = self._block(self.function.body)
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
        if isinstance(node, ast.Assign) and (single := _one_by_one(node, self.closed_over)):
            return self._block(single)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript) and isinstance(node.value, ast.Tuple | ast.List) \
                and node.value.elts and len(node.targets) == 1 and not any(isinstance(e, ast.Starred) for e in node.value.elts):
            node.value = syntax.numpy_call("array", ast.List(node.value.elts, ast.Load()))
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Return | ast.Expr) and node.value is not None:
            node.value = _Comprehensions(self, before).visit(node.value)
        elif isinstance(node, ast.If):
            node.test = _Comprehensions(self, before).visit(node.test)
        elif isinstance(node, ast.For):
            before += self._loop(node)
            unrolled = self._unrolled(node)
            if unrolled is not None:
                return [*before, *self._block(unrolled)]
        for field in ("body", "orelse"):
            inner = getattr(node, field, None)
            if isinstance(inner, list) and inner:
                setattr(node, field, self._block(inner))
        return [*self._block(before), node] if before else [node]

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
        if not isinstance(node.iter, ast.Tuple | ast.List) or node.orelse or not 0 < len(node.iter.elts) <= MOST:
            return None
        if any(isinstance(n, ast.Break | ast.Continue | ast.Starred) for s in [node.iter, *node.body] for n in ast.walk(s)):
            return None
        size = sum(isinstance(n, ast.stmt) for s in node.body for n in ast.walk(s))
        if size * len(node.iter.elts) > LARGEST or not all(_fixed(item) for item in node.iter.elts):
            return None
        result: list[ast.stmt] = []
        changed = assigned_in(node.body)
        if any(changed[name] for name in syntax.names_in(node.iter)) or syntax.names_in(node.iter) & syntax.names_in(node.target):
            return None                     # the tuple holds what they were before the loop
        for item in node.iter.elts:
            known = {name: value for name, value in (_bound(node.target, item) or {}).items()
                     if not changed[name] and not isinstance(value, ast.Name)}
            result.append(ast.Assign([copy.deepcopy(node.target)], copy.deepcopy(item)))
            result += [_with(statement, known) for statement in node.body]
        return result

    def listed(self, node: ast.ListComp | ast.GeneratorExp, before: list[ast.stmt]) -> ast.expr | None:
        """The elements of a comprehension in a list: a display where all that it goes over is written out, else a variable
        that statements in `before` fill. None where it cannot be written out."""
        items = None if any(generator.is_async for generator in node.generators) else _displayed(node)
        if items is not None:
            return ast.List(items, ast.Load())
        result = fresh_name(self.taken, "items")
        loop = self.looped(node, lambda element: ast.Expr(syntax.call(syntax.attribute(syntax.name(result), "append"), element)))
        if loop is None:
            return None
        before += [_assign(result, ast.List([], ast.Load())), loop]
        return syntax.name(result)

    def looped(self, node: ast.ListComp | ast.GeneratorExp, taking: Callable[[ast.expr], ast.stmt]) -> ast.For | None:
        """The loop of a comprehension, in which `taking` says what is done with an element; None where it has several."""
        if len(node.generators) > 1 or any(isinstance(n, ast.NamedExpr) for n in ast.walk(node)):
            return None
        (generator,) = node.generators
        if generator.is_async:
            return None
        own = {n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name)}
        rename = Rename({name: fresh_name(self.taken, name.lstrip("_") or "index") for name in own})
        element, target = rename.visit(copy.deepcopy(node.elt)), rename.visit(copy.deepcopy(generator.target))
        body = [taking(element)]
        for test in reversed(generator.ifs):
            body = [ast.If(rename.visit(copy.deepcopy(test)), body, [])]
        return ast.For(target, generator.iter, body, [], lineno=0)


class _Comprehensions(ast.NodeTransformer):
    """Replaces comprehensions that are evaluated once whenever their statement is."""

    def __init__(self, owner: _Desugarer, before: list[ast.stmt]) -> None:
        self.owner, self.before = owner, before

    def _leave(self, node: ast.expr) -> ast.expr:
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """`(n,) * 2` is `(n, n)`."""
        self.generic_visit(node)
        match node:
            case ast.BinOp(left=ast.Tuple(elts=items), op=ast.Mult(), right=ast.Constant(value=int() as count)) \
                    if all(map(_repeatable, items)) and 0 < count * len(items) <= MOST:
                return ast.Tuple([copy.deepcopy(item) for _ in range(count) for item in items], ast.Load())
        return node

    visit_Lambda = visit_IfExp = visit_BoolOp = visit_DictComp = visit_SetComp = _leave  # type: ignore[assignment]

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        return self.owner.listed(node, self.before) or node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = syntax.text(node.func)
        match node:
            case ast.Call(func=ast.Name(id="list" | "tuple"), args=[ast.GeneratorExp() | ast.ListComp() as inner], keywords=[]):
                return self.owner.listed(inner, self.before) or node
            case ast.Call(args=[ast.GeneratorExp() | ast.ListComp() as inner], keywords=[]) if name in _OVER_GENERATORS:
                return self._over(name, inner) or node
            case ast.Call(args=[ast.GeneratorExp() as inner, *rest]) if name == "np.fromiter":
                made = self.owner.listed(inner, self.before)
                return node if made is None else ast.Call(syntax.numpy("array"), [made, *rest[:1]], [k for k in node.keywords if k.arg == "dtype"])
        self.generic_visit(node)
        return node

    def _over(self, name: str, inner: ast.GeneratorExp | ast.ListComp) -> ast.expr | None:
        """A builtin over a generator: of the elements one by one where they are written out, else of an array of them."""
        items = _displayed(inner)
        if items is None:
            if name == "sum":
                return self._sum(inner)
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

    def _sum(self, inner: ast.GeneratorExp | ast.ListComp) -> ast.expr | None:
        total = fresh_name(self.owner.taken, "total")
        loop = self.owner.looped(inner, lambda term: _assign(total, syntax.binary(syntax.name(total), "+", term)))
        if loop is None:
            return None
        self.before += [_assign(total, ast.Constant(0)), loop]
        return syntax.name(total)


def _one_by_one(node: ast.Assign, closed_over: set[str]) -> list[ast.stmt] | None:
    """`a, b = f(x), f(y)` as two assignments, so that each call may be taken in; None where a target is read on the way."""
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if len(targets) == len(values):
            names = [t.id for t in targets if isinstance(t, ast.Name)]
            calls = any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) for v in values for n in ast.walk(v))
            if calls and len(set(names)) == len(targets) and not set(names) & closed_over.union(*map(syntax.names_in, values)):
                return [ast.Assign([target], value, lineno=0) for target, value in zip(targets, values)]
    return None


def _displayed(node: ast.ListComp | ast.GeneratorExp) -> list[ast.expr] | None:
    """The elements where all generators go over few things that are written out, conditions decided; None elsewhere."""
    found: list[ast.expr] = []

    def go(position: int, given: dict[str, ast.expr]) -> bool:
        if position == len(node.generators):
            found.append(_with(node.elt, given))
            return len(found) <= MOST * MOST
        generator = node.generators[position]
        iterated = _with(generator.iter, given)
        if not isinstance(iterated, ast.Tuple | ast.List) or len(iterated.elts) > MOST or not all(map(_fixed, iterated.elts)):
            return False
        for item in iterated.elts:
            further = _bound(generator.target, item)
            if further is None:
                return False
            inner = {**given, **further}
            decided = [_truth(_with(test, inner)) for test in generator.ifs]
            if None in decided:
                return False
            if all(decided) and not go(position + 1, inner):
                return False
        return True

    return found if go(0, {}) and found else None


def _bound(target: ast.expr, item: ast.expr) -> dict[str, ast.expr] | None:
    """What the names of a loop's target stand for at one item."""
    if isinstance(target, ast.Name):
        return {target.id: item}
    if isinstance(target, ast.Tuple) and isinstance(item, ast.Tuple | ast.List) and len(target.elts) == len(item.elts):
        found: dict[str, ast.expr] = {}
        for one, value in zip(target.elts, item.elts):
            inner = _bound(one, value)
            if inner is None:
                return None
            found |= inner
        return found
    return None


def _fixed(node: ast.expr) -> bool:
    """Whether an item may be written where it is used: numbers, names, and tuples of them."""
    if isinstance(node, ast.Tuple | ast.List):
        return all(map(_fixed, node.elts))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _fixed(node.operand)
    return isinstance(node, ast.Constant | ast.Name)


def _repeatable(node: ast.expr) -> bool:
    """Whether an expression may be evaluated more often than it is written: it calls nothing but len()."""
    return not any(isinstance(n, ast.NamedExpr | ast.Starred | ast.Call) and syntax.text(getattr(n, "func", n)) != "len" for n in ast.walk(node))


def _truth(node: ast.expr) -> bool | None:
    """Whether a condition on numbers holds; None where it is not known beforehand."""
    try:
        allowed = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.Compare, ast.BoolOp, ast.Tuple, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.Load)
        if not all(isinstance(n, allowed) for n in ast.walk(node)) or any(isinstance(n, ast.Pow | ast.LShift) for n in ast.walk(node)):
            return None
        tree = ast.fix_missing_locations(ast.Expression(copy.deepcopy(node)))
        return bool(eval(compile(tree, "<condition>", "eval"), {"__builtins__": {}}))  # noqa: S307 - numbers and operators alone
    except (ArithmeticError, TypeError, ValueError):
        return None


class _Substitute(ast.NodeTransformer):
    def __init__(self, given: dict[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.given[node.id]) if node.id in self.given else node


def _with(node: Node, given: dict[str, ast.expr]) -> Node:
    return _Substitute(given).visit(copy.deepcopy(node))


def _assign(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(name, ast.Store())], value, lineno=0)
