"""Views: calls after which the same elements stand along other axes, or in another order."""
from __future__ import annotations

import ast

from . import syntax
from .affine import ONE, ZERO
from .arrangement import extents_of
from .calls import Lifted, arguments, axis_of, call
from .errors import CannotLift
from .expressions import Expressions
from .joining import array_like
from .values import Value


@call("transpose", "permute_dims", method=True)
def _transpose(e: Expressions, node: ast.Call) -> Lifted:
    value = e.value(node.args[0])
    if len(node.args) > 2 and not node.keywords:
        axes = tuple(e.static(a) for a in node.args[1:])
    else:
        _, given = arguments(node, "a axes")
        axes = e.static(given)
    wanted = tuple(axis_of(a, value.ndim) for a in axes) if axes is not None else tuple(reversed(range(value.ndim)))
    if sorted(wanted) != list(range(value.ndim)):
        raise CannotLift("a transposition that is none")
    return e.transposed(value, wanted)


@call("matrix_transpose")
def _matrix_transpose(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    value = e.value(x)  # type: ignore[arg-type]
    if value.ndim < 2:
        raise CannotLift("the transposition of no matrix")
    return e.transposed(value, (*range(value.ndim - 2), value.ndim - 1, value.ndim - 2))


@call("swapaxes", method=True)
def _swapaxes(e: Expressions, node: ast.Call) -> Lifted:
    x, one, two = arguments(node, "a axis1 axis2", 3)
    value = e.value(x)  # type: ignore[arg-type]
    axes = list(range(value.ndim))
    a, b = axis_of(e.static(one), value.ndim), axis_of(e.static(two), value.ndim)
    axes[a], axes[b] = axes[b], axes[a]
    return e.transposed(value, tuple(axes))


@call("expand_dims")
def _expand(e: Expressions, node: ast.Call) -> Lifted:
    x, axis = arguments(node, "a axis", 2)
    value, given = e.value(x), e.static(axis)  # type: ignore[arg-type]
    given = given if isinstance(given, tuple) else (given,)
    rank = value.ndim + len(given)
    new = {axis_of(a, rank) for a in given}
    if len(new) < len(given):
        raise CannotLift("np.expand_dims twice at one place")
    kept = [d for d in range(rank) if d not in new]
    where = {d: n for n, d in enumerate(kept)}
    return value.lazily(root=value.root, extents=tuple(value.extents[where[d]] if d in where else ONE for d in range(rank)),
                        ones=tuple(d in new or value.ones[where[d]] for d in range(rank)),
                        element=lambda i: value.element(tuple(i[d] for d in kept)))


@call("squeeze", method=True)
def _squeeze(e: Expressions, node: ast.Call) -> Lifted:
    x, axis = arguments(node, "a axis")
    value = e.value(x)  # type: ignore[arg-type]
    given = e.static(axis)
    dropped = [d for d in range(value.ndim) if value.ones[d]] if given is None else \
        [axis_of(a, value.ndim) for a in (given if isinstance(given, tuple) else (given,))]
    left = [d for d in range(value.ndim) if d not in dropped]
    return value.lazily(root=value.root, extents=tuple(value.extents[d] for d in left), ones=tuple(value.ones[d] for d in left),
                        element=lambda i: value.element(tuple(i[left.index(d)] if d in left else ZERO for d in range(value.ndim))))


@call("flip")
def _flip(e: Expressions, node: ast.Call) -> Lifted:
    x, axis = arguments(node, "m axis")
    value = e.value(x)  # type: ignore[arg-type]
    given = e.static(axis)
    axes = tuple(range(value.ndim)) if given is None else tuple(axis_of(a, value.ndim) for a in (given if isinstance(given, tuple) else (given,)))
    return value.lazily(root=value.root, element=lambda i: value.element(tuple(value.extents[a] - 1 - i[a] if a in axes else i[a] for a in range(value.ndim))))


@call("broadcast_to")
def _broadcast_to(e: Expressions, node: ast.Call) -> Lifted:
    x, shape = arguments(node, "a shape", 2)
    extents = extents_of(e, shape)
    return e.stretched(e.value(x), extents, (False,) * len(extents))  # type: ignore[arg-type]


@call("fliplr", "flipud", "rot90")
def _turned(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)[3:]
    x, *more = arguments(node, "m k" if name == "rot90" else "m")
    value = e.value(x)  # type: ignore[arg-type]
    turns = 1
    if name == "rot90" and more[0] is not None:
        turns = e.static(more[0])
    if value.ndim < 2 - (name == "flipud") or type(turns) is not int:
        raise CannotLift(f"np.{name} with these arguments")

    def flipped(array: Value, axis: int) -> Value:
        return array.lazily(root=array.root, element=lambda i: array.element(
            tuple(array.extents[axis] - 1 - p if d == axis else p for d, p in enumerate(i))))

    if name != "rot90":
        return flipped(value, 0 if name == "flipud" else 1)
    across = (1, 0, *range(2, value.ndim))
    for _ in range(turns % 4):
        value = e.transposed(flipped(value, 1), across)
    return value.lazily(root=value.root)


@call("moveaxis", "rollaxis")
def _moved(e: Expressions, node: ast.Call) -> Lifted:
    rolled = syntax.text(node.func) == "np.rollaxis"
    x, source, target = arguments(node, "a axis start" if rolled else "a source destination", 2)
    value, at, to = e.value(x), e.static(source), e.static(target)  # type: ignore[arg-type]
    if rolled:
        at = axis_of(at, value.ndim)
        to = axis_of(to or 0, value.ndim + 1)
        to -= to > at
    sources = [axis_of(a, value.ndim) for a in (at if isinstance(at, tuple) else (at,))]
    targets = [axis_of(a, value.ndim) for a in (to if isinstance(to, tuple) else (to,))]
    order = [a for a in range(value.ndim) if a not in sources]
    for target_axis, source_axis in sorted(zip(targets, sources)):
        order.insert(target_axis, source_axis)
    if sorted(order) != list(range(value.ndim)):
        raise CannotLift("axes that are moved twice")
    return e.transposed(value, tuple(order))


@call("atleast_1d", "atleast_2d", "atleast_3d")
def _at_least(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "a")
    value = array_like(e, x)
    rank = int(syntax.text(node.func)[-2])
    missing = max(0, rank - value.ndim)
    if not missing:
        return value
    if rank == 3 and value.ndim:
        front = int(value.ndim == 1)
        inner = value
        return value.lazily(root=value.root, extents=(ONE,) * front + value.extents + (ONE,), ones=(True,) * front + value.ones + (True,),
                            element=lambda i: inner.element(i[front:-1]))
    return value.lazily(root=value.root, extents=(ONE,) * missing + value.extents, ones=(True,) * missing + value.ones,
                        element=lambda i: value.element(i[missing:]))
