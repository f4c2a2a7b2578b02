"""What slides along an array: convolutions, correlations, and views of windows."""
from __future__ import annotations

import ast

from . import syntax
from .affine import Affine
from .calls import Lifted, arguments, axis_of, call
from .dtypes import BOOL, cast, joined, literal, settled
from .errors import CannotLift
from .expressions import Expressions
from .joining import array_like
from .values import Pack


@call("convolve", "correlate")
def _convolve(e: Expressions, node: ast.Call) -> Lifted:
    """Each result is a sum over the second vector, cut where it hangs over the first one's ends."""
    convolved = syntax.text(node.func) == "np.convolve"
    a_node, v_node, mode_node = arguments(node, "a v mode", 2)
    a, v = (e.cheap(array_like(e, n)) for n in (a_node, v_node))
    mode = e.static(mode_node) or ("full" if convolved else "valid")
    dtype = joined(a, v)
    if a.ndim != 1 or v.ndim != 1 or mode not in ("full", "same", "valid") or dtype == BOOL or dtype.kind == "c":
        raise CannotLift("this convolution has no loop form")
    n, m = a.extents[0], v.extents[0]
    if mode == "full":
        count, first = n + m - 1, Affine(0)
    else:
        shorter = e.bind(f"min({n}, {m})", "shorter")
        middle = f"({shorter} - 1) // 2"
        if not convolved:
            middle = f"{middle} if {n} >= {m} else {shorter} // 2"
        count = Affine.atom(e.bind(f"max({n}, {m})" if mode == "same" else f"max({n}, {m}) - {shorter} + 1", "count"))
        first = Affine.atom(e.bind(middle if mode == "same" else f"{shorter} - 1", "first"))
    result = e.allocate(e.name_for(node, "convolved"), dtype, (count,))
    total, tap = e.fresh("total"), e.fresh("tap")
    with e.nest((count,)) as (k,):
        at = k + first
        e.emit(f"{total} = {literal(0, dtype)}")
        with e.block(f"for {tap} in range(max(0, {at - (n - 1)}), min({m}, {at + 1})):"):
            j = Affine.atom(tap)
            weight = v.element((j,) if convolved else (m - 1 - j,))
            product = f"{cast(a.element((at - j,)), a, dtype)} * {cast(weight, v, dtype)}"
            e.emit(f"{total} = {settled(f'{total} + {product}', dtype)}")
        e.emit(f"{result.element((k,))} = {total}")
    return result


@call("lib.stride_tricks.sliding_window_view")
def _windows(e: Expressions, node: ast.Call) -> Lifted:
    x, shape, axis = arguments(node, "x window_shape axis", 2)
    value, given = e.value(x), e.any_value(shape)  # type: ignore[arg-type]
    lengths = [e.affine(e.cheap(i)) for i in (given.items if isinstance(given, Pack) else (given,))]  # type: ignore[arg-type]
    wanted = e.static(axis)
    axes = tuple(range(value.ndim)) if wanted is None else wanted if isinstance(wanted, tuple) else (wanted,)
    axes = tuple(axis_of(a, value.ndim) for a in axes)
    if len(axes) != len(lengths) or len(set(axes)) < len(axes):
        raise CannotLift("windows of another rank than the array")
    by_axis = dict(zip(axes, range(len(axes))))
    extents = tuple(x - lengths[by_axis[d]] + 1 if d in by_axis else x for d, x in enumerate(value.extents))
    rank = value.ndim
    return value.lazily(
        extents=(*extents, *lengths), ones=(),
        element=lambda i: value.element(tuple(p + i[rank + by_axis[d]] if d in by_axis else p for d, p in enumerate(i[:rank]))))
