"""Products by BLAS: which sums of products stay calls of `np.dot` in the style that keeps them."""
from __future__ import annotations

import ast
from dataclasses import dataclass

from .affine import ZERO, Affine
from .expressions import Expressions
from .values import Index, Value


@dataclass(frozen=True)
class _Product:
    """Labels: the summed one, each operand's own ("" for a vector), and those over which there is a loop. swapped: the operands
    change places. aside: axes have to be brought into another order, in the operands or in the result."""

    summed: str
    own: tuple[str, str]
    outer: str
    swapped: bool
    aside: bool

    @property
    def out(self) -> str:
        """The labels of what is computed, in their order."""
        return self.outer + (self.own[1] + self.own[0] if self.swapped else self.own[0] + self.own[1])


def by_blas(e: Expressions, node: ast.AST, values: tuple[Value, ...], nodes: tuple[ast.expr, ...], inputs: tuple[str, ...],
            out: str) -> Value | None:
    """The product of matrices, or of a matrix and a vector, that `np.dot` writes; None where it is none of those.

    nodes: the operands as the reference writes them. Further axes of them become loops around the call.
    """
    if len(values) != 2 or len(nodes) != 2 or e.mask is not None:
        return None
    if values[0].dtype != values[1].dtype or values[0].dtype.char not in "fdFD":
        return None
    product = _read(inputs, out)
    if product is None or not any(product.own) or product.aside and not all(product.own) or _stretches(values, inputs, product):
        return None
    held = [_operand(e, value, each, labels, product) for value, each, labels in zip(values, nodes, inputs)]
    places: dict[str, tuple[Affine, bool]] = {}
    for value, labels in held:
        for label, extent, one in zip(labels, value.extents, value.ones):
            if label not in places or places[label][1] and not one:
                places[label] = extent, one
    name = e.name_for(node, "product") if out == product.out else e.fresh("product")
    result = e.allocate(name, values[0].dtype, tuple(places[label][0] for label in product.out),
                        tuple(places[label][1] for label in product.out))
    with e.nest(tuple(places[label][0] for label in product.outer)) as index:
        outer = dict(zip(product.outer, index))
        texts = []
        for place, (value, labels) in enumerate(held):
            at = tuple(ZERO if one and not places[label][1] else outer[label]
                       for label, one in zip(labels, value.ones) if label in outer)
            core = labels[len(at):]
            wanted = product.own[place] + product.summed if (place == 0) != product.swapped else product.summed + product.own[place]
            texts.append(_at(str(value.name), at) + ("" if core == wanted else ".T"))
        left, right = reversed(texts) if product.swapped else texts
        e.emit(f"np.dot({left}, {right}, out={_at(str(result.name), index)})")
    return result if out == product.out else _ordered(result, product.out, out)


def _ordered(value: Value, labels: str, wanted: str) -> Value:
    """The same elements with the axes in the order of `wanted`, in no memory of their own."""
    axes = [labels.index(label) for label in wanted]
    return value.lazily(extents=tuple(value.extents[a] for a in axes), ones=tuple(value.ones[a] for a in axes),
                        element=lambda index: value.element(tuple(index[wanted.index(label)] for label in labels)))


def _operand(e: Expressions, value: Value, node: ast.expr, labels: str, product: _Product) -> tuple[Value, str]:
    """The operand in a variable, and its labels: those of the loops first. A view that BLAS cannot read as it lies is copied,
    as Numba would do, and remark upon."""
    leading = "".join(label for label in product.outer if label in labels)
    if not labels.startswith(leading):
        wanted = leading + "".join(label for label in labels if label not in leading)
        return e.filled(e.fresh("t"), _ordered(value, labels, wanted)), wanted
    if value.name is not None or value.root is None or _lies_close(e, node):
        return e.held(e.viewed(value, node)), labels
    return e.filled(e.fresh("t"), value), labels


def _lies_close(e: Expressions, node: ast.expr) -> bool:
    """Whether the view of a variable is sure to be contiguous, transposed or not."""
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr="T") | ast.Subscript(value=ast.Name(id=name), slice=ast.Slice(step=None)):
            whole = e.environment.get(name)
            return isinstance(whole, Value) and whole.contiguous and whole.name == name and (whole.ndim <= 2 or isinstance(node, ast.Subscript))
    return False


def _read(inputs: tuple[str, ...], out: str) -> _Product | None:
    first, second = inputs
    summed = (set(first) & set(second)) - set(out)
    if len(summed) != 1 or any(len(set(labels)) != len(labels) for labels in (*inputs, out)):
        return None
    if (set(first) | set(second)) - set(out) != summed:
        return None                     # a label that but one operand has is summed too
    total = next(iter(summed))
    own = tuple(next((c for c in reversed(labels) if c != total and c not in other), "")
                for labels, other in ((first, second), (second, first)))
    outer = "".join(c for c in out if c not in own)
    if any(set(labels) != {total, *mine, *(c for c in outer if c in labels)} for labels, mine in zip(inputs, own)):
        return None
    swapped = out == outer + own[1] + own[0] and bool(own[0] and own[1])
    aside = not swapped and out != outer + own[0] + own[1] \
        or any(not labels.startswith("".join(c for c in outer if c in labels)) for labels in inputs)
    return _Product(total, (own[0], own[1]), outer, swapped, aside)


def _stretches(values: tuple[Value, ...], inputs: tuple[str, ...], product: _Product) -> bool:
    """Whether the summed axis is 1 in one operand alone, which einsum repeats."""
    ones = {value.ones[labels.index(product.summed)] for value, labels in zip(values, inputs)}
    return len(ones) > 1


def _at(name: str, index: Index) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name
