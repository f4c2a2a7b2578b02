"""Brings a function's statements to few forms before anything looks at them."""
from __future__ import annotations

import ast
import copy

import numpy as np

from . import syntax


def tidy(function: ast.FunctionDef) -> ast.FunctionDef:
    """The function with docstrings, annotations, assertions and `del` dropped, chained assignments taken apart, `out=`
    written as an assignment, and `with np.errstate(...)` replaced by its body. Works in place."""
    function.body = _block(function.body) or [ast.Pass()]
    return ast.fix_missing_locations(function)


def _block(statements: list[ast.stmt]) -> list[ast.stmt]:
    result: list[ast.stmt] = []
    for statement in statements:
        for piece in _statement(statement):
            ast.copy_location(piece, statement)
            result.append(piece)
    return result


def _statement(node: ast.stmt) -> list[ast.stmt]:
    for field in ("body", "orelse"):
        if isinstance(getattr(node, field, None), list) and not isinstance(node, ast.FunctionDef):
            setattr(node, field, _block(getattr(node, field)))
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Assert() | ast.Pass():
            return []
        case ast.Delete(targets=targets) if all(isinstance(t, ast.Name) for t in targets):
            return []
        case ast.If(body=[ast.Raise()], orelse=rest):
            return rest
        case ast.If() | ast.For() | ast.While():
            node.body = node.body or [ast.Pass()]
            return [node]
        case ast.AnnAssign(value=None):
            return []
        case ast.AnnAssign(target=target, value=value):
            return _statement(ast.copy_location(ast.Assign([target], value), node))
        case ast.With(items=[ast.withitem(context_expr=ast.Call(func=function), optional_vars=None)], body=body) \
                if syntax.text(function) == "np.errstate":
            return body
        case ast.Assign(targets=[first, *rest], value=value) if rest:
            return _chain(node, [first, *rest], value)
        case ast.Assign(targets=[target], value=ast.Call() as call) if _out(call) is not None:
            return _into(node, call, target)
        case ast.Expr(value=ast.Call() as call) if _out(call) is not None:
            return _into(node, call, None)
        case ast.Expr(value=ast.Call(func=function, args=[target, value], keywords=[])) if syntax.text(function) == "np.copyto":
            return [_assign(_whole(target), value)]
        case ast.Expr(value=ast.Call(func=function, args=[target, value], keywords=[ast.keyword(arg="where", value=mask)])) \
                if syntax.text(function) == "np.copyto":
            return [_assign(_whole(target), syntax.numpy_call("where", mask, value, copy.deepcopy(target)))]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=target, attr="fill"), args=[value], keywords=[])):
            return [_assign(_whole(target), value)]
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) \
                if len(targets) == len(values) and _independent(targets, values):
            return [piece for t, v in zip(targets, values) for piece in _statement(ast.copy_location(_assign(t, v), node))]
    return [node]


def _chain(node: ast.stmt, targets: list[ast.expr], value: ast.expr) -> list[ast.stmt]:
    """`a = b = value` as `a = value; b = a` where one target is a name that no other reads, else by evaluating the value for each
    where that gives the same."""
    names = [t for t in targets if isinstance(t, ast.Name)]
    read = set().union(*(syntax.names_in(t) for t in targets if not isinstance(t, ast.Name)))
    if not names:
        same = isinstance(value, ast.Constant) or not read & syntax.names_in(value) and not any(isinstance(n, ast.Call) for n in ast.walk(value))
        return [_assign(t, copy.deepcopy(value)) for t in targets] if same else [node]
    if read & {t.id for t in names}:
        return [node]
    first = names[0]
    pieces = [_assign(first, value)]
    pieces += [_assign(t, copy.deepcopy(value) if syntax.is_number(value) else syntax.name(first.id)) for t in targets if t is not first]
    return [part for piece in pieces for part in _statement(ast.copy_location(piece, node))]


def _out(call: ast.Call) -> ast.expr | None:
    found = next((k.value for k in call.keywords if k.arg == "out" and not (isinstance(k.value, ast.Constant) and k.value.value is None)), None)
    function = _ufunc(call)
    if found is None and function is not None and len(call.args) == function.nin + 1 and function.nout == 1:
        return call.args[-1]
    return found


def _ufunc(call: ast.Call) -> np.ufunc | None:
    """The ufunc that is called, if it is one."""
    found = getattr(np, call.func.attr, None) if isinstance(call.func, ast.Attribute) and syntax.text(call.func.value) == "np" else None
    return found if isinstance(found, np.ufunc) else None


def _into(node: ast.stmt, call: ast.Call, target: ast.expr | None) -> list[ast.stmt]:
    """`np.f(..., out=x)` as `x[...] = np.f(...)`, then the target gets x too. What a ufunc's `where=` leaves out stays as it is."""
    out = _out(call)
    if not isinstance(out, ast.Name | ast.Subscript | ast.Attribute):
        return [node]
    call = copy.deepcopy(call)
    call.keywords = [k for k in call.keywords if k.arg != "out" and not _unsafe(k)]     # an assignment casts to anything
    function = _ufunc(call)
    if function is not None:
        call.args = call.args[:function.nin]
        where = next((k.value for k in call.keywords if k.arg == "where"), None)
        if where is not None:
            call.keywords = [k for k in call.keywords if k.arg != "where"]
            call = syntax.numpy_call("where", where, call, copy.deepcopy(out))
    pieces: list[ast.stmt] = [_assign(_whole(out), call)]
    if target is not None and syntax.text(target) != syntax.text(out):
        pieces.append(_assign(target, copy.deepcopy(out)))
    return pieces


def _unsafe(keyword: ast.keyword) -> bool:
    return keyword.arg == "casting" and isinstance(keyword.value, ast.Constant) and keyword.value.value == "unsafe"


def _whole(target: ast.expr) -> ast.expr:
    """The target of a write into all of `target`."""
    target = copy.deepcopy(target)
    if isinstance(target, ast.Subscript):
        target.ctx = ast.Store()
        return target
    return ast.Subscript(target, ast.Constant(...), ast.Store())


def _assign(target: ast.expr, value: ast.expr) -> ast.Assign:
    target = copy.deepcopy(target)
    target.ctx = ast.Store()  # type: ignore[attr-defined]
    return ast.Assign([target], value)


def _independent(targets: list[ast.expr], values: list[ast.expr]) -> bool:
    """Whether assigning one after the other means the same as assigning all at once."""
    if not all(isinstance(t, ast.Name) for t in targets):
        return False
    for position, target in enumerate(targets):
        if any(target.id in syntax.names_in(v) for v in values[position + 1:]):  # type: ignore[attr-defined]
            return False
        if any(isinstance(n, ast.Call) for v in values[position + 1:] for n in ast.walk(v)) and position == 0 \
                and any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) for v in values for n in ast.walk(v)):
            return False
    return True
