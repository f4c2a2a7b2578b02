"""Excerpt: of a user's file, just the parts that a model must see."""
from __future__ import annotations

import ast
from collections.abc import Iterable

from ...kernels.spec import OpenSpec


def reference_excerpt(spec: OpenSpec) -> str:
    """The reference without its decorator, after the functions and constants of the file that it uses."""
    return _closure(spec.spec.text, [spec.spec.function])


def generator_excerpt(spec: OpenSpec) -> str:
    """The input generator with what it uses, or "" where it is no function of the file."""
    return _closure(spec.spec.text, [getattr(spec.declaration.inputs, "__name__", "")])


def _closure(text: str, wanted: Iterable[str]) -> str:
    """The top-level definitions that `wanted` names and those they refer to, in the file's order."""
    defined: dict[str, ast.stmt] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            defined[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                defined.update({name.id: node for name in ast.walk(target) if isinstance(name, ast.Name)})
    needed: list[ast.stmt] = []
    open_names = [name for name in wanted if name in defined]
    while open_names:
        node = defined[open_names.pop()]
        if node not in needed:
            needed.append(node)
            parts = [*node.body, *node.args.defaults] if isinstance(node, ast.FunctionDef) else [node]
            open_names += [name.id for part in parts for name in ast.walk(part)
                           if isinstance(name, ast.Name) and name.id in defined]
    sources = (ast.get_source_segment(text, node) or ast.unparse(node) for node in sorted(needed, key=lambda n: n.lineno))
    return "\n\n".join(source.strip("\n") for source in sources)
