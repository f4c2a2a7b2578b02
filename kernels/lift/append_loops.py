"""Lists by their loops alone: comprehensions that extend a list, or go over several things, become loops that append, and whether a list
is empty is asked by its length."""
from __future__ import annotations

import ast
import copy

from . import syntax
from .desugar import loop_of
from .names import bound_names, fresh_name, inner_names, plainly_bound
from .versions import split_versions

GROWS = frozenset({"append", "extend", "pop", "popleft", "clear"})
"""Methods that make a list longer or shorter."""
TAKES_ALL = frozenset({"max", "min", "sorted", "list", "tuple"})
"""Builtins that take all that a generator yields."""


def append_loops(function: ast.FunctionDef) -> None:
    """Works in place: comprehensions that extend a list, or go over several things, become loops that append, and where the truth of a
    list is asked for, its length is. What a list's name is bound to afterwards (`out = np.array(out)`) gets a name of its own."""
    split_versions(function, _named_lists(function))
    _Appending(function).visit(function)
    lists = _only_lists(function)
    _Truths(lists).visit(function)
    _Joined(lists).visit(function)
    ast.fix_missing_locations(function)


def _named_lists(function: ast.FunctionDef) -> set[str]:
    """Names that are bound to new lists, and which no inner function knows."""
    found = {n.targets[0].id for n in ast.walk(function) if isinstance(n, ast.Assign) and len(n.targets) == 1
             and isinstance(n.targets[0], ast.Name) and (isinstance(n.value, ast.ListComp) or begun(n.value) is not None)}
    return found - inner_names(function)


def _only_lists(function: ast.FunctionDef) -> frozenset[str]:
    """Variables that hold nothing but lists: made here, or another of these."""
    bound = plainly_bound(function)
    lists = set(bound)

    def is_one(value: ast.expr) -> bool:
        return isinstance(value, ast.ListComp) or begun(value) is not None or isinstance(value, ast.Name) and value.id in lists

    while wrong := {name for name in lists if not all(map(is_one, bound[name]))}:
        lists -= wrong
    return frozenset(lists)


class _Appending(ast.NodeTransformer):
    def __init__(self, function: ast.FunctionDef) -> None:
        self.taken = set(bound_names(function))
        self.grown = {n.func.value.id for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
                      and n.func.attr in GROWS and isinstance(n.func.value, ast.Name)}

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | list[ast.stmt]:
        match node.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="extend"), args=[more], keywords=[]):
                return self._extended(name, more, node) or node
        return self._hoisted(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt | list[ast.stmt]:
        match node:
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=more) if isinstance(more, ast.ListComp) or _is_list(more):
                return self._extended(name, more, node) or node
        return self._hoisted(node)

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) \
                    if name in self.grown and (isinstance(value, ast.ListComp) or _is_list(value)) \
                    or isinstance(value, ast.ListComp) and _goes_over_several(value):
                made = self._extended(name, value, node)
                if made is not None:
                    return [syntax.placed(ast.Assign([ast.Name(name, ast.Store())], ast.List([], ast.Load())), node), *made]
        return self._hoisted(node)

    def visit_Return(self, node: ast.Return) -> ast.stmt | list[ast.stmt]:
        return self._hoisted(node)

    def _extended(self, name: str, more: ast.expr, node: ast.stmt) -> list[ast.stmt] | None:
        """Loops that append all of `more` to the list; None where it is written out, or reads the list."""
        if name in syntax.names_in(more):
            return None
        match more:
            case ast.ListComp() | ast.GeneratorExp():
                return self._filled(name, more, node)
            case ast.List() | ast.Tuple():
                return None
            case ast.BinOp(left=ast.List(elts=[element]), op=ast.Mult(), right=count) if not any(isinstance(n, ast.Call) for n in ast.walk(element)):
                index = fresh_name(self.taken, "index")
                made = ast.For(ast.Name(index, ast.Store()), syntax.builtin_call("range", count), [self._append(name, element)], [], lineno=0)
                return [syntax.placed(made, node)]
            case ast.Call(func=ast.Name(id="list"), args=[more], keywords=[]):
                pass
        element = fresh_name(self.taken, f"{name}_element")
        made = ast.For(ast.Name(element, ast.Store()), more, [self._append(name, syntax.name(element))], [], lineno=0)
        return [syntax.placed(made, node)]

    def _append(self, name: str, element: ast.expr) -> ast.stmt:
        return ast.Expr(syntax.call(syntax.attribute(syntax.name(name), "append"), element))

    def _hoisted(self, node: ast.stmt) -> ast.stmt | list[ast.stmt]:
        """The statement after the loops of its comprehensions over several things, whose lists have names then."""
        before: list[ast.stmt] = []
        inner = {id(n) for held in ast.walk(node) if isinstance(held, ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp | ast.Lambda | ast.IfExp)
                 for n in ast.walk(held) if n is not held}
        whole = {id(call.args[0]) for call in ast.walk(node) if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
                 and call.func.id in TAKES_ALL and len(call.args) == 1}
        for each in [n for n in ast.walk(node) if (isinstance(n, ast.ListComp) or id(n) in whole) and id(n) not in inner and _goes_over_several(n)]:
            name = fresh_name(self.taken, "items")
            made = self._filled(name, each, node)
            if made is not None:
                before += [syntax.placed(ast.Assign([ast.Name(name, ast.Store())], ast.List([], ast.Load())), node), *made]
                _Put(each, syntax.name(name)).visit(node)
        return [*before, node] if before else node

    def _filled(self, name: str, inner: ast.ListComp | ast.GeneratorExp, node: ast.stmt) -> list[ast.stmt] | None:
        loop = loop_of(inner, lambda element: self._append(name, element), self.taken)
        return None if loop is None else [syntax.placed(loop, node)]


def _is_list(node: ast.expr) -> bool:
    """Whether it makes a list of something, or repeats one."""
    match node:
        case ast.Call(func=ast.Name(id="list"), args=[_], keywords=[]) | ast.BinOp(left=ast.List(), op=ast.Mult()):
            return True
    return False


def _goes_over_several(node: ast.expr) -> bool:
    """Whether a comprehension has several `for`, of which one goes over more than is written out."""
    def short(iterated: ast.expr) -> bool:
        return isinstance(iterated, ast.Tuple | ast.List) or (
            isinstance(iterated, ast.Call) and syntax.text(iterated.func) == "range" and all(map(syntax.is_number, iterated.args)))

    return isinstance(node, ast.ListComp | ast.GeneratorExp) and len(node.generators) > 1 and not all(short(generator.iter) for generator in node.generators)


class _Put(ast.NodeTransformer):
    """Puts an expression where another one stands."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return ast.copy_location(self.new, node) if node is self.old else super().visit(node)


class _Truths(ast.NodeTransformer):
    """`if hits:` of a list is `if len(hits) != 0:`."""

    def __init__(self, lists: frozenset[str]) -> None:
        self.lists = lists

    def _test(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Name(id=name) if name in self.lists:
                return ast.copy_location(copy.deepcopy(syntax.parse(f"len({name}) != 0")), node)
            case ast.BoolOp():
                node.values = [self._test(value) for value in node.values]
            case ast.UnaryOp(op=ast.Not()):
                node.operand = self._test(node.operand)
        return node

    def visit_If(self, node: ast.If) -> ast.stmt:
        node.test = self._test(node.test)
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_While(self, node: ast.While) -> ast.stmt:
        node.test = self._test(node.test)
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        node.test = self._test(node.test)
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        return self.generic_visit(self._test(node))  # type: ignore[return-value]


class _Joined(ast.NodeTransformer):
    """`np.array(a + b[1:])` of lists is `np.concatenate((np.array(a), np.array(b[1:])))`, and so is what len() and sum() get."""

    def __init__(self, lists: frozenset[str]) -> None:
        self.lists = lists

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="len" | "sum"), args=[given], keywords=[]) | \
                    ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="array" | "asarray" | "mean" | "sum" | "max" | "min"), args=[given, *_]):
                parts = self._parts(given)
                if parts is not None and len(parts) > 1:
                    arrays = [syntax.numpy_call("array", part) for part in parts]
                    node.args[0] = ast.copy_location(syntax.numpy_call("concatenate", ast.Tuple(arrays, ast.Load())), given)
        return node

    def _parts(self, node: ast.expr) -> list[ast.expr] | None:
        """The lists that an expression joins; None where one of them is none that is known."""
        match node:
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                one, other = self._parts(left), self._parts(right)
                return None if one is None or other is None else [*one, *other]
            case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name), slice=ast.Slice()):
                return [node] if name in self.lists else None
            case ast.List(elts=[_, *_] as elements):
                return None if any(isinstance(e, ast.Starred) for e in elements) else [node]
            case ast.ListComp():
                return [node]
        return None


def begun(value: ast.expr) -> list[ast.expr] | None:
    """The elements of a new list; None where the expression is none."""
    match value:
        case ast.List(elts=elements) if not any(isinstance(e, ast.Starred) for e in elements):
            return elements
        case ast.Call(func=ast.Name(id="list" | "deque") | ast.Attribute(attr="deque"), args=[], keywords=[]):
            return []
        case ast.Call(func=ast.Name(id="list" | "deque") | ast.Attribute(attr="deque"), args=[ast.List(elts=elements)], keywords=[]) \
                if not any(isinstance(e, ast.Starred) for e in elements):
            return elements
    return None
