"""Functions with several exits, and functions within functions, in the form in which their calls can be taken in."""
from __future__ import annotations

import ast
import copy

from .names import assigned_in, bound_names, fresh_name, parameters_of


def one_exit(function: ast.FunctionDef) -> ast.FunctionDef | None:
    """A copy that returns once, at its end, what its branches left in a variable. None where a loop is left by a return, where
    an end is reached without one, or where a branch would have to be written twice."""
    taken = set(bound_names(function))
    result = fresh_name(taken, "result")
    made = copy.deepcopy(function)
    body = _assigning(made.body, result)
    if body is None:
        return None
    made.body = [*body, ast.Return(ast.Name(result, ast.Load()))]
    return ast.fix_missing_locations(ast.copy_location(made, function))


def _assigning(statements: list[ast.stmt], result: str) -> list[ast.stmt] | None:
    done: list[ast.stmt] = []
    for position, node in enumerate(statements):
        if isinstance(node, ast.Return):
            if node.value is None:
                return None
            return [*done, ast.copy_location(ast.Assign([ast.Name(result, ast.Store())], node.value), node)]
        if not any(isinstance(inner, ast.Return) for inner in ast.walk(node)):
            done.append(node)
            continue
        if not isinstance(node, ast.If):
            return None
        rest = statements[position + 1:]
        open_ways = [way for way in (node.body, node.orelse) if not _ends(way)]
        if len(open_ways) > 1 and rest:
            return None
        ways = [_assigning(way if _ends(way) else [*way, *rest], result) for way in (node.body, node.orelse)]
        if None in ways:
            return None
        return [*done, ast.copy_location(ast.If(node.test, *ways), node)]
    return None


def _ends(statements: list[ast.stmt]) -> bool:
    """Whether no way leads past the block."""
    last = statements[-1] if statements else None
    if isinstance(last, ast.If):
        return _ends(last.body) and _ends(last.orelse)
    return isinstance(last, ast.Return | ast.Raise)


def move_out(functions: dict[str, ast.FunctionDef]) -> None:
    """Moves functions that are defined within others, and only called, out of them, in place: what they read of the function
    around them becomes parameters. Left where it is: what assigns such a variable, or reads one that changes."""
    for outer in list(functions.values()):
        counts = assigned_in(outer.body)
        for inner in [s for s in outer.body if isinstance(s, ast.FunctionDef)]:
            uses = [n for n in ast.walk(outer) if isinstance(n, ast.Name) and n.id == inner.name]
            calls = [n for n in ast.walk(outer) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == inner.name
                     and not any(isinstance(a, ast.Starred) for a in n.args)]
            own = bound_names(inner)
            plain = not (inner.args.vararg or inner.args.kwarg or inner.args.kwonlyargs or inner.args.defaults or inner.decorator_list)
            nested = any(isinstance(n, ast.FunctionDef | ast.Lambda | ast.Nonlocal | ast.Global | ast.Yield) for s in inner.body for n in ast.walk(s))
            if not plain or nested or len(uses) != len(calls) or inner.name in functions or counts[inner.name] > 1:
                continue
            if any(len(c.args) != len(parameters_of(inner)) or c.keywords for c in calls):
                continue
            around = set(parameters_of(outer)) | set(counts)
            read = sorted({n.id for s in inner.body for n in ast.walk(s) if isinstance(n, ast.Name)} & around - own - {inner.name})
            if any(counts[name] > (0 if name in parameters_of(outer) else 1) for name in read):
                continue
            for call in calls:
                call.args += [ast.copy_location(ast.Name(name, ast.Load()), call) for name in read]
            inner.args.args += [ast.arg(name) for name in read]
            outer.body.remove(inner)
            functions[inner.name] = ast.fix_missing_locations(inner)
