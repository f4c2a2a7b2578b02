"""Python's rarer ways to loop written as its common ones, before anything is watched: `else` of a loop, `reversed`, an assignment
within a condition, rows that are unpacked by a loop's header, loops over an array's indices, `.flat`, `.shape` that is assigned, lists as
indices."""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping

from ..analysis.aliases import returns_new_memory
from . import syntax
from .index_loops import over_indices
from .names import assigned_in, bound_names, fresh_name, is_new, parameters_of


def plain_control(function: ast.FunctionDef, ranks: Mapping[str, int]) -> None:
    """Works in place. ranks: of the parameters that are arrays, as far as they are known."""
    assigned = assigned_in(function.body)
    shared = set(_handed_on(function)) | set(parameters_of(function))
    _Control(set(bound_names(function)), {name: rank for name, rank in ranks.items() if not assigned[name]}, shared).visit(function)
    ast.fix_missing_locations(function)


class _Control(ast.NodeTransformer):
    def __init__(self, taken: set[str], ranks: Mapping[str, int], shared: set[str]) -> None:
        self.taken, self.ranks, self.shared = taken, ranks, shared

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node

    def visit_For(self, node: ast.For) -> list[ast.stmt]:
        self.generic_visit(node)
        node.iter = _pairs(node.iter)
        nest = over_indices(node, self.taken, self.ranks)
        if nest is not None:
            return [syntax.placed(nest, node)]
        match node:
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Attribute(value=array, attr="tolist"), args=[], keywords=[])) \
                    if not any(_asks_for_parts(part, name) for part in node.body):
                element = fresh_name(self.taken, f"{name}_element")
                node.iter, node.target = array, ast.Name(element, ast.Store())
                node.body.insert(0, ast.Assign([ast.Name(name, ast.Store())], syntax.call(syntax.attribute(syntax.name(element), "item"))))
        if isinstance(node.target, ast.Tuple) and not _tuples(node.iter):
            row = fresh_name(self.taken, "row")
            node.body.insert(0, ast.Assign([node.target], syntax.name(row)))
            node.target = ast.Name(row, ast.Store())
        return self._without_else(node)

    def visit_While(self, node: ast.While) -> list[ast.stmt]:
        self.generic_visit(node)
        first = _first(node.test)
        if first is not None and not node.orelse:
            leave = ast.If(ast.UnaryOp(ast.Not(), _replaced(node.test, first)), [ast.Break()], [])
            node.body = [ast.Assign([first.target], first.value), leave, *node.body]
            node.test = ast.Constant(True)
        return self._without_else(node)

    def visit_If(self, node: ast.If) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        first = _first(node.test)
        if first is None:
            return node
        node.test = _replaced(node.test, first)
        return [syntax.placed(ast.Assign([first.target], first.value), node), node]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(args=[_], keywords=[]) if syntax.text(node.func) == "np.where":
                node.func = ast.copy_location(syntax.numpy("nonzero"), node.func)
            case ast.Call(func=ast.Name(id="reversed"), args=[ast.Call(func=ast.Name(id="range"), args=ends, keywords=[])], keywords=[]):
                return ast.copy_location(_backwards(ends) or node, node)
            case ast.Call(func=ast.Name(id="reversed"), args=[ast.Name() | ast.Subscript() | ast.Attribute() as array], keywords=[]):
                return ast.copy_location(ast.Subscript(array, ast.Slice(step=syntax.parse("-1")), ast.Load()), node)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        """`a.shape = n, m` gives the variable the array in another shape, where no other name may stand for it. What several places
        take waits in a variable."""
        if isinstance(node.value, ast.Attribute) and node.value.attr == "flat":
            return node
        self.generic_visit(node)
        if len(node.targets) > 1 and all(isinstance(t, ast.Subscript) for t in node.targets) and _is_new(node.value):
            held = fresh_name(self.taken, "value")
            targets = [ast.Name(held, ast.Store()), *node.targets]
            return [syntax.placed(ast.Assign([t], syntax.name(held) if number else node.value), node) for number, t in enumerate(targets)]
        reshaped = [t.value.id for t in node.targets if isinstance(t, ast.Attribute) and t.attr == "shape" and isinstance(t.value, ast.Name)]
        once = len(node.targets) == 1 or not any(isinstance(n, ast.Call) for n in ast.walk(node.value))
        if len(reshaped) < len(node.targets) or not once or self.shared.intersection(reshaped):
            return node
        return [syntax.placed(ast.Assign([ast.Name(name, ast.Store())], syntax.call(syntax.attribute(syntax.name(name), "reshape"), copy.deepcopy(node.value))),
                    node) for name in reshaped]

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """What is read of `a.flat` is what `a.ravel()` holds; the rank of a parameter is known."""
        self.generic_visit(node)
        if node.attr == "ndim" and isinstance(node.value, ast.Name) and node.value.id in self.ranks:
            return ast.copy_location(ast.Constant(self.ranks[node.value.id]), node)
        if node.attr == "flat" and isinstance(node.ctx, ast.Load) and not hasattr(node, "kernwright_stored"):
            return ast.copy_location(syntax.call(syntax.attribute(node.value, "ravel")), node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """A list of numbers as an index is an array of them; a slice of `a.flat` is a copy."""
        flat = isinstance(node.value, ast.Attribute) and node.value.attr == "flat"
        if not isinstance(node.ctx, ast.Load):
            node.value.kernwright_stored = True  # type: ignore[attr-defined]
        self.generic_visit(node)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        made = [syntax.numpy_call("array", p) if isinstance(p, ast.List) and p.elts and all(map(_number, p.elts)) else p for p in parts]
        if isinstance(node.slice, ast.Tuple):
            node.slice.elts = made
        else:
            node.slice = made[0]
        if flat and isinstance(node.slice, ast.Slice) and isinstance(node.ctx, ast.Load):
            return ast.copy_location(syntax.call(syntax.attribute(node, "copy")), node)
        return node

    def _without_else(self, node: ast.For | ast.While) -> list[ast.stmt]:
        """The loop, and what its `else` held after it, under a condition where the loop may be left by a `break`."""
        if not node.orelse:
            return [node]
        after, node.orelse = node.orelse, []
        left = fresh_name(self.taken, "left")
        marked = _Breaks(left)
        node.body = [piece for s in node.body for piece in _listed(marked.visit(s))]
        if not marked.found:
            return [node, *after]
        begin = ast.Assign([ast.Name(left, ast.Store())], ast.Constant(False))
        return [syntax.placed(begin, node), node, syntax.placed(ast.If(ast.UnaryOp(ast.Not(), syntax.name(left)), after, []), node)]


def _is_new(value: ast.expr) -> bool:
    """Whether the value shares no memory with anything."""
    of_numbers = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in ("abs", "min", "max", "round")
    return of_numbers or not isinstance(value, ast.Constant) and is_new(value)


def _handed_on(function: ast.FunctionDef) -> Iterator[str]:
    """Variables whose very object, and not only its memory, another name may stand for."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.NamedExpr) and node.value is not None:
            yield from _objects(node.value)
        elif isinstance(node, ast.For | ast.comprehension):
            yield from _objects(node.iter)
        elif isinstance(node, ast.Call) and not returns_new_memory(node):
            for argument in (*node.args, *(k.value for k in node.keywords)):
                yield from _objects(argument)


def _objects(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(value=owner, attr="real") | ast.Call(func=ast.Attribute(value=owner, attr="astype")):
            yield from _objects(owner)
        case ast.IfExp(body=a, orelse=b):
            yield from (*_objects(a), *_objects(b))
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.BoolOp(values=parts):
            for part in parts:
                yield from _objects(part)
        case ast.Starred(value=inner) | ast.NamedExpr(value=inner):
            yield from _objects(inner)


class _Breaks(ast.NodeTransformer):
    """Notes each `break` of one loop in a variable."""

    def __init__(self, name: str) -> None:
        self.name, self.found = name, False

    def visit_Break(self, node: ast.Break) -> list[ast.stmt]:
        self.found = True
        return [syntax.placed(ast.Assign([ast.Name(self.name, ast.Store())], ast.Constant(True)), node), node]

    def visit_For(self, node: ast.For | ast.While) -> ast.stmt:
        node.orelse = [piece for s in node.orelse for piece in _listed(self.visit(s))]
        return node

    visit_While = visit_For

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        return node


def _listed(found: ast.stmt | list[ast.stmt]) -> list[ast.stmt]:
    return found if isinstance(found, list) else [found]


def _first(test: ast.expr) -> ast.NamedExpr | None:
    """The assignment that a condition begins with."""
    while True:
        match test:
            case ast.NamedExpr():
                return test
            case ast.Compare(left=inner) | ast.UnaryOp(operand=inner) | ast.BinOp(left=inner) | ast.BoolOp(values=[inner, *_]):
                test = inner
            case _:
                return None


def _replaced(test: ast.expr, first: ast.NamedExpr) -> ast.expr:
    class Replace(ast.NodeTransformer):
        def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
            return syntax.name(node.target.id) if node is first else node

    return Replace().visit(test)


def _asks_for_parts(statement: ast.stmt, name: str) -> bool:
    """Whether something is asked of a variable that no number has: parts, a length, or to be gone through."""
    for node in ast.walk(statement):
        match node:
            case ast.Subscript(value=ast.Name(id=of)) | ast.For(iter=ast.Name(id=of)) | ast.comprehension(iter=ast.Name(id=of)) \
                    | ast.Attribute(value=ast.Name(id=of)) | ast.Starred(value=ast.Name(id=of)) | ast.Assign(targets=[ast.Tuple()], value=ast.Name(id=of)) \
                    | ast.Call(func=ast.Name(id="len" | "sum" | "zip" | "enumerate" | "sorted"), args=[ast.Name(id=of), *_]):
                if of == name:
                    return True
    return False


def _pairs(iterated: ast.expr) -> ast.expr:
    """`zip(*np.nonzero(a))` as `np.argwhere(a)`, whose rows hold the same numbers."""
    match iterated:
        case ast.Call(func=ast.Name(id="zip"), args=[ast.Starred(value=ast.Call(args=[condition], keywords=[]) as call)], keywords=[]) \
                if syntax.text(call.func) in ("np.nonzero", "np.where"):
            return ast.copy_location(syntax.numpy_call("argwhere", condition), iterated)
    return iterated


def _tuples(iterated: ast.expr) -> bool:
    """Whether what is iterated over may be anything but an array."""
    match iterated:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="argwhere" | "array" | "stack" | "column_stack" | "transpose")):
            return False
        case ast.Name() | ast.Attribute(attr="T"):
            return False
    return True


def _backwards(ends: list[ast.expr]) -> ast.expr | None:
    """`range` of these the other way round; None where the sign of its step is not written out."""
    texts = [f"({ast.unparse(e)})" for e in ends]
    if len(texts) == 1:
        return syntax.parse(f"range({texts[0]} - 1, -1, -1)")
    start, stop = texts[:2]
    if len(texts) == 2:
        return syntax.parse(f"range({stop} - 1, {start} - 1, -1)")
    step = ends[2]
    if isinstance(step, ast.Constant) and type(step.value) is int and step.value > 0:
        by = step.value
        return syntax.parse(f"range({start} + ({stop} - {start} - 1) // {by} * {by}, {start} - 1, -{by})")
    return None


def _number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.Name) or isinstance(node, ast.UnaryOp) and _number(node.operand)
