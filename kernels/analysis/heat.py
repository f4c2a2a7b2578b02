"""How hot the lines of a text are: a guess at the work in them, from their operations and how deep they lie in loops."""
from __future__ import annotations

import ast
import math
from collections.abc import Sequence

from ..candidate import ENTRY
from .names import walk

EXTENT = 32.0
"""Iterations of a loop whose bounds are not written out."""
SLOW = 4.0
"""What a division costs, beside an addition."""
CALL = 10.0
"""What a function of a number costs, beside an addition."""
CHEAP_CALLS = frozenset({"abs", "min", "max", "int", "float", "range", "prange", "len", "np.minimum", "np.maximum", "np.abs", "np.sqrt"})
Part = dict[str, float]


class Heat:
    """The heat of a text's functions, line by line, where 1 is the hottest line.

    The head of a loop is as hot as all that lies in it together. Two loops of which one walks over tiles and the other
    within a tile count as one. Raises SyntaxError where the text does not parse.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        tree = ast.parse(ast.unparse(ast.parse(text)))
        self._functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self._lines = ast.unparse(tree).splitlines()
        self._counts = [0.0] * len(self._lines)
        self._entered: Part = {}
        if ENTRY in self._functions:
            self._enter(ENTRY, 1.0)
        self._functions.clear()         # heats are remembered, and a tree takes a hundred times the space of its text
        self._code = _code(self._lines)

    def of_change(self, text: str) -> float:
        """How hot the lines are that `text`, a rewrite of this one, changes: between 0 and 1; 1 where it changes none."""
        if text == self._text:
            return 1.0
        lines = text.splitlines()
        old, new = self._lines[self._code:], lines[_code(lines):]
        shorter = min(len(old), len(new))
        before = next((n for n in range(shorter) if old[n] != new[n]), shorter)
        if before == len(old) == len(new):
            return 1.0
        after = next((n for n in range(shorter - before) if old[-1 - n] != new[-1 - n]), shorter - before)
        first, last = self._code + before, len(self._lines) - after
        if first >= last:                               # something is put in between two lines
            first, last = first - 1, last + 1
        hottest = max(self._counts, default=0.0)
        return max(self._counts[max(first, 0):last], default=hottest) / hottest if hottest else 1.0

    def _enter(self, function: str, runs: float) -> None:
        """Counts a helper's lines anew where it is called more often than was known."""
        if self._entered.get(function, 0.0) < runs:
            self._entered[function] = runs
            self._block(self._functions[function].body, runs, {})

    def _block(self, body: Sequence[ast.stmt], runs: float, tiled: Part) -> float:
        return sum(self._statement(node, runs, tiled) for node in body)

    def _statement(self, node: ast.stmt, runs: float, tiled: Part) -> float:
        within = runs
        inner = tiled
        if isinstance(node, ast.While):
            within *= EXTENT
        elif isinstance(node, ast.For):
            turns, of_tiles = _turns(node, tiled)
            within *= turns
            inner = {**tiled, **({node.target.id: turns} if of_tiles and isinstance(node.target, ast.Name) else {})}
        heat = runs * self._own(node, runs)
        for field in ("body", "orelse"):
            if block := getattr(node, field, None):
                heat += self._block(block, within, inner)
        last = node.end_lineno if not hasattr(node, "body") else node.body[0].lineno - 1
        for line in range(node.lineno - 1, last or node.lineno):
            self._counts[line] = max(self._counts[line], heat)
        return heat

    def _own(self, node: ast.stmt, runs: float) -> float:
        """The work of the statement itself; helpers that it calls are entered."""
        work = 1.0
        for held in (child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)):
            for part in walk(held):
                if isinstance(part, ast.Call):
                    if isinstance(part.func, ast.Name) and part.func.id in self._functions:
                        self._enter(part.func.id, runs)
                    work += 1.0 if ast.unparse(part.func) in CHEAP_CALLS else CALL
                elif isinstance(part, ast.BinOp):
                    work += SLOW if isinstance(part.op, ast.Div | ast.FloorDiv | ast.Mod | ast.Pow) else 1.0
                elif isinstance(part, ast.Subscript | ast.Compare):
                    work += 1.0
        return work


def _code(lines: Sequence[str]) -> int:
    """The number of the first line that is no constant's."""
    return next((n for n, line in enumerate(lines) if line.startswith("def ")), len(lines))


def _turns(loop: ast.For, tiled: Part) -> tuple[float, bool]:
    """How often the loop turns, and whether it walks over tiles."""
    arguments = loop.iter.args if isinstance(loop.iter, ast.Call) else []
    known = [node.value if isinstance(node, ast.Constant) and type(node.value) is int else None for node in arguments]
    if known and None not in known and len(known) < 4:
        return float(max(len(range(*known)), 1)), False  # type: ignore[arg-type]
    if len(arguments) == 3 and known[2] not in (1, -1):
        return math.sqrt(EXTENT), True
    if arguments and isinstance(arguments[0], ast.Name) and arguments[0].id in tiled:
        return EXTENT / tiled[arguments[0].id], False
    return EXTENT, False
