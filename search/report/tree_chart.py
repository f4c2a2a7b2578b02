"""Tree chart: the lines and dots that stand beside the rows of the tree, one row of the drawing for one of the list."""
from __future__ import annotations

from markupsafe import Markup, escape

from .tree import Row, Tree

LANE, HEIGHT = 10, 10
"""Units of the drawing. The page stretches it to the height of its rows, so no stroke may scale: a dot is a point with round ends."""


def tree_chart(tree: Tree, best: str) -> Markup:
    """The drawing as an `svg` element. best: what the candidate is called at which the thick line ends."""
    width, height = LANE * tree.lanes, HEIGHT * tree.shown
    pieces = [_branch(tree, number, row) for number, row in enumerate(tree.rows)]
    pieces += [_stub(number, row) for number, row in enumerate(tree.rows) if row.folded]
    pieces += [_crossing(tree, number, row) for number, row in enumerate(tree.rows)]
    pieces += [_dot(number, row) for number, row in enumerate(tree.rows)]
    return Markup(
        f'<svg class="twigs" role="img" aria-labelledby="tree-chart-title tree-chart-desc" viewBox="0 0 {width} {height}" '
        f'preserveAspectRatio="none"><title id="tree-chart-title">Who descends from whom</title>'
        f'<desc id="tree-chart-desc">{escape(_description(tree, best))}</desc>{"".join(pieces)}</svg>')


def _branch(tree: Tree, number: int, row: Row) -> str:
    """From the first parent down its lane, and over to the child's lane in the child's row."""
    if not row.branches:
        return ""
    parent = tree.rows[row.branches[0].parent]
    x, y = _centre(parent.lane, row.branches[0].parent)
    to_x, to_y = _centre(row.lane, number)
    kinds = " ".join(filter(None, ("branch", "line" if row.on_line and parent.on_line else "", "far" if row.branches[0].between else "")))
    turn = "" if x == to_x else f"Q{x} {to_y} {to_x} {to_y}"
    return f'<path class="{kinds}" d="M{x} {y}V{to_y if x == to_x else to_y - HEIGHT / 2:g}{turn}"/>'


def _crossing(tree: Tree, number: int, row: Row) -> str:
    """From further parents, in an arc on the right-hand side."""
    to_x, to_y = _centre(row.lane, number)
    arcs = []
    for branch in row.branches[1:]:
        x, y = _centre(tree.rows[branch.parent].lane, branch.parent)
        out = min(LANE * tree.lanes, max(x, to_x) + 2 * LANE)
        arcs.append(f'<path class="branch crossing" d="M{x} {y}C{out} {y} {out} {to_y} {to_x} {to_y}"/>')
    return "".join(arcs)


def _stub(number: int, row: Row) -> str:
    x, y = _centre(row.lane, number)
    return f'<path class="branch" d="M{x} {y}H{x + LANE}"/><path class="dot fold" d="M{x + LANE} {y}h0"/><path class="hole" d="M{x + LANE} {y}h0"/>'


def _dot(number: int, row: Row) -> str:
    """Square for a candidate that descends from none, round for all others; the champion's is the largest."""
    x, y = _centre(row.lane, number)
    kinds = " ".join(filter(None, ("dot", "line" if row.on_line else "", "leader" if row.is_leader else "", "" if row.branches else "root")))
    return f'<path class="{kinds}" d="M{x} {y}h0"/>'


def _centre(lane: int, number: int) -> tuple[int, int]:
    return LANE * lane + LANE // 2, HEIGHT * number + HEIGHT // 2


def _description(tree: Tree, best: str) -> str:
    roots = sum(not row.branches for row in tree.rows)
    line = sum(row.on_line for row in tree.rows)
    return (f"A tree of {tree.shown} candidates from {roots} root{'' if roots == 1 else 's'}; {line} of them lie on the line to "
            f"{best}. The list beside it says the same in words.")
