"""Kernel lines: of a Python file those that make up the kernel, and nothing that stands around it."""
from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from .entry import is_champion
from .module import Module, names_read

_RULE, _OWN_SECTION = "# ---", "# --- The kernel -"
_EMPTY_LINES = 2
_LOOK_AHEAD = 200


@dataclass(frozen=True)
class KernelLines:
    """lines: their numbers in the file with their text, ascending; between them stood what was left out."""

    lines: tuple[tuple[int, str], ...]

    @cached_property
    def text(self) -> str:
        """The lines, with at most two empty ones where something was left out."""
        found: list[str] = []
        before = self.lines[0][0] if self.lines else 0
        for number, line in self.lines:
            found += [""] * min(_EMPTY_LINES, max(0, number - before - 1))
            found.append(line)
            before = number
        return "\n".join(found) + "\n"

    def place(self, text: str, line: int) -> int:
        """Where in the file line `line` of `text` stands (0: nowhere), which was made from these lines by edits within
        lines and by taking some away."""
        place, position = 0, 0
        for content in text.split("\n")[:line]:
            if not content.strip():
                continue
            ahead = range(position, min(position + _LOOK_AHEAD, len(self.lines)))
            found = next((n for n in ahead if self.lines[n][1].strip() == content.strip()), position)
            place = self.lines[min(found, len(self.lines) - 1)][0]
            position = found + 1
        return place if line else 0


def kernel_lines(module: Module, entry: ast.FunctionDef) -> KernelLines:
    """The entry with all that it reads: helpers, constants, imports. Of a champion also the rest of the kernel's section; of
    any other file whatever else is executed when it is loaded, for the gate to judge, as a kernel's file holds none."""
    source = module.text.split("\n")
    more = _in_section(source) if is_champion(module) else _is_executed
    binding: dict[str, list[ast.stmt]] = defaultdict(list)
    for node in module.tree.body:
        for name in _binds(node):
            binding[name].append(node)
    needed: dict[int, ast.stmt] = {}
    waiting = [*filter(more, module.tree.body), *binding[entry.name]]
    while waiting:
        node = waiting.pop()
        if id(node) not in needed:
            needed[id(node)] = node
            waiting += [bound for name in _reads(module, node) & binding.keys() for bound in binding[name]]
    numbers: set[int] = set()
    for node in needed.values():
        numbers |= set(_numbers(module, node, source))
    return KernelLines(tuple((number, source[number - 1]) for number in sorted(numbers)))


def _reads(module: Module, node: ast.stmt) -> set[str]:
    """What the statement reads, decorators that only compile left out."""
    if isinstance(node, ast.FunctionDef):
        kept = [d for d in node.decorator_list if not module.compiles(d)]
        node = ast.FunctionDef(node.name, node.args, node.body, kept, node.returns)
    return names_read(node)


def _in_section(source: list[str]) -> Callable[[ast.stmt], bool]:
    """Whether a statement stands where a champion has its kernel; nothing does where the heading is gone."""
    first = next((n for n, line in enumerate(source, 1) if line.startswith(_OWN_SECTION)), len(source))
    last = next((n for n, line in enumerate(source, 1) if n > first and line.startswith(_RULE)), first)
    return lambda node: first < node.lineno < last


def _numbers(module: Module, node: ast.stmt, source: list[str]) -> Iterable[int]:
    """The numbers of its lines, with the comment right above it."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
    dropped = {line for d in decorators if module.compiles(d) for line in range(d.lineno, (d.end_lineno or d.lineno) + 1)}
    first = min([node.lineno, *(d.lineno for d in decorators)])
    numbers = [line for line in range(first, (node.end_lineno or first) + 1) if line not in dropped]
    above = first - 1
    while above and source[above - 1].startswith("#") and not source[above - 1].startswith((_RULE, "#!")):
        numbers.append(above)
        above -= 1
    return numbers


def _binds(node: ast.stmt) -> set[str]:
    """The names that a statement at the file's top gives a meaning."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {node.name}
        case ast.Import() | ast.ImportFrom():
            return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store | ast.Del)}


def _is_executed(node: ast.stmt) -> bool:
    """Whether loading the file does more than to name a function, a module or a value that may go unread."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Import() | ast.ImportFrom():
            return False
        case ast.Expr(value=ast.Constant()):
            return False
        case ast.If(test=test):
            return not any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(test))
        case ast.Assign(targets=[ast.Name()], value=value) | ast.AnnAssign(target=ast.Name(), value=value):
            return value is not None and any(isinstance(inner, ast.Call | ast.Await) for inner in ast.walk(value))
    return True
