"""The convention `writes`: results go into arrays that the caller allocates."""
from __future__ import annotations

import ast
import copy

from ..signature import Signature
from . import syntax
from .names import parameters_of, stored
from .source import Rename


def written(function: ast.FunctionDef, outputs: tuple[str, ...], signature: Signature) -> list[ast.stmt] | None:
    """The body with each result written into its output; None where a result is not a plain variable.

    A result that is allocated once, at the top level, by `np.empty`, and returned at the end, becomes the output
    itself; any other is copied into it.
    """
    body = copy.deepcopy(function.body)
    holder = ast.Module(body, [])
    returns = [n for n in ast.walk(holder) if isinstance(n, ast.Return)]
    if not returns or any(_results(r, len(outputs)) is None for r in returns):
        return None
    direct: dict[str, str] = {}
    if len(returns) == 1 and returns[0] is body[-1]:
        results = _results(returns[0], len(outputs)) or []
        for name, output in zip(results, outputs):
            if results.count(name) == 1 and name not in parameters_of(function) and _allocated_once(body, name):
                direct[name] = output
    body = [s for s in body if _allocated(s) not in direct]
    holder = ast.Module(body, [])
    Rename(direct).visit(holder)
    _Returns(outputs, signature, {n.id for n in ast.walk(holder) if isinstance(n, ast.Name)}).visit(holder)
    if holder.body and isinstance(holder.body[-1], ast.Return):
        holder.body.pop()
    return holder.body or [ast.Pass()]


def _results(node: ast.Return, count: int) -> list[str] | None:
    """The variables that are returned, one for each output; None where one is no variable."""
    value = node.value
    items = value.elts if isinstance(value, ast.Tuple) else [value]
    names = [i.id for i in items if isinstance(i, ast.Name)]
    return names if len(names) == len(items) == count else None


def _allocated(statement: ast.stmt) -> str | None:
    """The variable that the statement sets to `np.empty(...)`."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=function)) if syntax.text(function) == "np.empty":
            return name
    return None


def _allocated_once(body: list[ast.stmt], name: str) -> bool:
    bindings = [n for s in body for n in stored(s) if n == name]
    first = next((s for s in body if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(s))), None)
    return len(bindings) == 1 and first is not None and _allocated(first) == name


class _Returns(ast.NodeTransformer):
    """Replaces `return x` by loops that copy x into the output, and `return`."""

    def __init__(self, outputs: tuple[str, ...], signature: Signature, taken: set[str]) -> None:
        self.outputs, self.signature = outputs, signature
        self.free = [letter for letter in "ijklmpqrstuvw" if letter not in taken]

    def visit_Return(self, node: ast.Return) -> list[ast.stmt]:
        lines: list[str] = []
        for name, output, form in zip(_results(node, len(self.outputs)) or [], self.outputs, self.signature.outputs):
            if name == output:
                continue
            index = [self.free[d] if d < len(self.free) else f"axis_{d}" for d in range(form.ndim)]
            for depth, variable in enumerate(index):
                lines.append("    " * depth + f"for {variable} in range({output}.shape[{depth}]):")
            at = ", ".join(index) or "()"
            lines.append("    " * form.ndim + f"{output}[{at}] = {name}[{at}]")
        return [*ast.parse("\n".join(lines)).body, ast.Return(None)]
