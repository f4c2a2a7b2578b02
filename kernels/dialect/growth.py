"""What a short text grows to in the compiler: helpers that are inlined again and again, tuples made of tuples."""
from __future__ import annotations

import ast
from collections.abc import Mapping

_CAP = 10**9


def inlined_statements(functions: Mapping[str, ast.FunctionDef], entry: str) -> int:
    """The statements of `entry`, each call of a helper counted as the helper's; there is no recursion among them."""
    known: dict[str, int] = {}

    def count(name: str) -> int:
        if name not in known:
            total = 0
            for node in ast.walk(functions[name]):
                total += isinstance(node, ast.stmt)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
                    total += count(node.func.id)
            known[name] = min(total, _CAP)
        return known[name]

    return count(entry)


def tuple_growth(function: ast.FunctionDef) -> tuple[int, int]:
    """The line and size, in numbers, of the largest tuple that the function's assignments build from one another."""
    sizes: dict[str, int] = {}
    worst = (function.lineno, 0)

    def size(node: ast.expr) -> int:
        """Numbers in the value of `node`, 0 where it is no tuple as far as is known."""
        match node:
            case ast.Tuple():
                return min(_CAP, sum(max(1, size(element)) for element in node.elts))
            case ast.Name():
                return sizes.get(node.id, 0)
            case ast.BinOp(op=ast.Add()):
                left, right = size(node.left), size(node.right)
                return min(_CAP, left + right) if left and right else 0
            case ast.IfExp():
                return max(size(node.body), size(node.orelse))
        return 0

    for node in sorted((n for n in ast.walk(function) if isinstance(n, ast.Assign | ast.AugAssign)), key=lambda n: (n.lineno, n.col_offset)):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name):
                found = size(node.value)
                if isinstance(node, ast.AugAssign):
                    found = min(_CAP, found + sizes.get(target.id, 0))
                sizes[target.id] = max(found, sizes.get(target.id, 0))
                worst = max(worst, (node.lineno, found), key=lambda place: place[1])
    return worst
