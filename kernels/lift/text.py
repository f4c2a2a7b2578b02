"""Lines and blocks: the lifted function while it is being written."""
from __future__ import annotations

import ast
from dataclasses import dataclass, field

from . import syntax


@dataclass
class Block:
    """A line that ends in a colon, and what is indented under it."""

    header: str
    body: list[Item] = field(default_factory=list)


Item = str | Block


def assign(target: ast.expr | str, value: ast.expr) -> str:
    """The line of an assignment, as `x += ...` where the value is the target's own sum, difference, product or quotient."""
    left = target if isinstance(target, str) else syntax.text(target)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub | ast.Mult) and syntax.text(value.left) == left:
        return f"{left} {syntax.OPERATOR_SIGNS[type(value.op)]}= {syntax.text(value.right)}"
    return f"{left} = {syntax.text(value)}"


def loop(variable: str, low: ast.expr, high: ast.expr) -> Block:
    start = "" if isinstance(low, ast.Constant) and low.value == 0 else f"{syntax.text(low)}, "
    return Block(f"for {variable} in range({start}{syntax.text(high)}):")


def render(items: list[Item], indent: int = 0) -> list[str]:
    """The lines of a block; an empty one holds `pass`."""
    lines: list[str] = []
    for item in items:
        if isinstance(item, Block):
            lines.append("    " * indent + item.header)
            lines.extend(render(item.body, indent + 1))
        else:
            lines.append("    " * indent + item)
    if not any(not line.lstrip().startswith("#") for line in lines):
        lines.append("    " * indent + "pass")
    return lines
