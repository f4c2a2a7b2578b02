"""np.einsum: every form whose subscripts are known beforehand."""
from __future__ import annotations

import ast
import string
from collections.abc import Sequence

from .calls import Lifted, call, dtype_of
from .contractions import contracted
from .errors import CannotLift
from .expressions import Expressions


@call("einsum")
def _einsum(e: Expressions, node: ast.Call) -> Lifted:
    given = {k.arg: k.value for k in node.keywords}
    if not node.args or set(given) - {"optimize", "dtype"}:
        raise CannotLift("np.einsum with these arguments")
    text = e.static(node.args[0])
    if not isinstance(text, str):
        raise CannotLift("np.einsum whose subscripts are not a text")
    values = [e.value(a) for a in node.args[1:]]
    inputs, out = labelled(text, [v.ndim for v in values])
    if len(values) == 1 and set(inputs[0]) == set(out) and (not values[0].sure or {values[0].root, e.hint and e.hint[1]} & e.mutated):
        raise CannotLift("np.einsum that gives a view of an array which is written into")
    return contracted(e, node, values, inputs, out, node.args[1:], dtype_of(e, given["dtype"]) if "dtype" in given else None)


def labelled(text: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The labels of each operand and of the result, with letters in place of an ellipsis. Raises CannotLift."""
    text = text.replace(" ", "")
    left, arrow, out = text.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(ranks):
        raise CannotLift("np.einsum whose subscripts do not fit its operands")
    wide = max((rank - len(labels) + 3 for labels, rank in zip(inputs, ranks) if "..." in labels), default=0)
    free = [letter for letter in string.ascii_letters if letter not in text]
    batch = "".join(free[:wide])
    found = []
    for labels, rank in zip(inputs, ranks):
        width = rank - len(labels) + 3
        found.append(labels.replace("...", batch[len(batch) - width:] if width else "") if "..." in labels else labels)
        if "..." in labels and width < 0 or len(found[-1]) != rank or not (found[-1] or "a").isalpha():
            raise CannotLift("np.einsum whose subscripts do not fit its operands")
    if not arrow:
        letters = left.replace(",", "").replace(".", "")
        out = ("..." if wide else "") + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    if wide and "..." not in out:
        raise CannotLift("np.einsum that sums over an ellipsis")
    return found, out.replace("...", batch)
