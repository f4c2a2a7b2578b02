"""Which elements a nest reads after it has written them: only for those does an assignment in place need a copy first."""
from __future__ import annotations

import ast

from . import syntax
from .affine import Affine

AXIS = "__axis"
"""Loop variables are called __axis0, __axis1, ... here, from the outermost loop to the innermost; each counts up from 0."""


def axis(number: int) -> Affine:
    return Affine.atom(f"{AXIS}{number}")


def written_before(read: str, written: str, depth: int) -> bool:
    """Whether the element `read` of one iteration may be the element `written` by an earlier one.

    Both are texts of subscripts, in terms of the variables of `depth` loops. False where some dimension keeps the two
    apart in all iterations, or where what is read is written by the same iteration or a later one: an iteration
    reads before it writes. Subscripts are taken to count from the front; one that wraps round (`a[i - 1]` at i = 0)
    is a constant distance off too, and meets the written one only where the dimension is no longer than that.
    """
    one, other = _subscript(read), _subscript(written)
    if one is None or other is None or one[0] != other[0] or len(one[1]) != len(other[1]):
        return True
    pairs = [(_split(r, depth), _split(w, depth)) for r, w in zip(one[1], other[1])]
    if any(_apart(r, w) for r, w in pairs if r is not None and w is not None):
        return False
    ahead: dict[int, int] = {}
    for r, w in pairs:
        if r is None or w is None or r[1] != w[1]:
            return True
        distance = (r[0] - w[0]).constant
        if distance is None or len(w[1]) > 1 or any(c != 1 for c in w[1].values()) or not w[1] and distance:
            return True
        for number in w[1]:
            if ahead.setdefault(number, distance) != distance:
                return False
    steps = [ahead.get(number) for number in range(depth)]
    return next((step is None or step < 0 for step in steps if step != 0), False)


def _subscript(text: str) -> tuple[str, list[ast.expr]] | None:
    node = syntax.parse(text)
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
        return None
    return node.value.id, list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def _split(index: ast.expr, depth: int) -> tuple[Affine, dict[int, int]] | None:
    """The part that the loops leave alone, and the factor of each loop's variable; None where it is not affine in these."""
    whole = Affine.of(index)
    variables = {f"{AXIS}{number}": number for number in range(depth)}
    rest = Affine(whole.const, tuple(t for t in whole.terms if t[0] not in variables))
    if rest.names & set(variables):
        return None
    return rest, {variables[atom]: factor for atom, factor in whole.terms if atom in variables}


def _apart(read: tuple[Affine, dict[int, int]], written: tuple[Affine, dict[int, int]]) -> bool:
    """Whether the two differ in all iterations: by a constant that no step of either makes smaller."""
    distance = (written[0] - read[0]).constant
    if not distance:
        return False
    sign = 1 if distance > 0 else -1
    return all(f * sign > 0 for f in written[1].values()) and all(f * sign < 0 for f in read[1].values())
