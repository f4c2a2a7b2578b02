"""np.histogram: one pass that finds the bin of each element."""
from __future__ import annotations

import ast

from .affine import Affine
from .calls import Lifted, arguments, call
from .dtypes import FLOAT64, INT64, cast, literal
from .errors import CannotLift
from .expressions import Expressions
from .joining import array_like
from .reductions import reduced
from .values import Pack, Value


@call("histogram")
def _histogram(e: Expressions, node: ast.Call) -> Lifted:
    x, bins, limits, density, weights = arguments(node, "a bins range density weights")
    value, weight = e.value(x), e.value(weights) if weights is not None else None  # type: ignore[arg-type]
    value = e.held(value) if value.cost and value.ndim else value
    if value.ndim == 0 or value.dtype.kind not in "iu" and value.dtype != FLOAT64:
        raise CannotLift(f"np.histogram of {value.dtype}")
    if weight is not None and (weight.ndim != value.ndim or weight.dtype.kind not in "if"):
        raise CannotLift("np.histogram with these weights")
    wanted = array_like(e, bins) if bins is not None else None
    if wanted is not None and wanted.ndim == 1 and wanted.dtype.kind in "iuf":
        edges = e.held(wanted)
        count = edges.extents[0] - 1
        low, high = (e.bind(f"{edges.element((end,))}", hint) for end, hint in ((Affine(0), "low"), (count, "high")))
    elif wanted is None or wanted.ndim == 0 and wanted.dtype.kind in "iu":
        count = e.affine(wanted) if wanted is not None else Affine(10)
        low, high, edges = _even(e, value, count, limits)
    else:
        raise CannotLift("np.histogram with bins that are chosen by a rule")
    dtype = INT64 if weight is None else weight.dtype
    counts = e.allocate(e.fresh("counts"), dtype, (count,))
    with e.nest((count,)) as index:
        e.emit(f"{counts.element(index)} = {literal(0, dtype)}")
    which = e.fresh("which")
    even = wanted is None or wanted.ndim == 0
    with e.nest(value.extents) as index:
        element = e.bind(cast(value.element(index), value, FLOAT64), "element")
        with e.block(f"if {element} >= {low} and {element} <= {high}:"):
            (_even_bin if even else _searched_bin)(e, which, element, low, high, count, edges)
            place = counts.element((Affine.atom(which),))
            e.emit(f"{place} += {weight.element(index) if weight is not None else 1}")
    if e.static(density):
        counts = _density(e, counts, edges, count)
    return Pack((counts, edges), f"({counts.name}, {edges.name})")


def _density(e: Expressions, counts: Value, edges: Value, count: Affine) -> Value:
    """What each bin has of all, by its width."""
    total, (density,) = reduced(e, ast.Pass(), "sum", counts, None, False), (e.allocate(e.fresh("density"), FLOAT64, (count,)),)
    with e.nest((count,)) as (k,):
        width = f"({cast(edges.element((k + 1,)), edges, FLOAT64)} - {cast(edges.element((k,)), edges, FLOAT64)})"
        e.emit(f"{density.element((k,))} = {cast(counts.element((k,)), counts, FLOAT64)} / {width} / {total.text}")
    return density


def _even(e: Expressions, value: Value, count: Affine, limits: ast.expr | None) -> tuple[str, str, Value]:
    """The limits and the edges of bins of equal width."""
    low, high = e.fresh("low"), e.fresh("high")
    if limits is not None:
        pair = e.any_value(limits)
        if not isinstance(pair, Pack) or len(pair.items) != 2 or any(not isinstance(i, Value) or i.ndim for i in pair.items):
            raise CannotLift("np.histogram with a range that is not two numbers")
        ends = [cast(i.text, i, FLOAT64) for i in pair.items if isinstance(i, Value)]
    else:
        least, most = (reduced(e, ast.Pass(), name, value, None, False) for name in ("min", "max"))
        ends = [cast(v.text, v, FLOAT64) for v in (least, most)]
    for name, text in zip((low, high), ends):
        e.emit(f"{name} = {text}")
    if limits is None:
        with e.block(f"if {low} > {high}:"):  # there is no element
            e.emit(f"{low} = 0.0")
            e.emit(f"{high} = 1.0")
    with e.block(f"if {low} == {high}:"):
        e.emit(f"{low} = {low} - 0.5")
        e.emit(f"{high} = {high} + 0.5")
    width = e.bind(f"({high} - {low}) / ({count})", "width")
    edges = e.allocate(e.fresh("edges"), FLOAT64, (count + 1,))
    with e.nest((count + 1,)) as (edge,):
        e.emit(f"{edges.element((edge,))} = {edge} * {width} + {low}")
    e.emit(f"{edges.element((count,))} = {high}")
    return low, high, edges


def _even_bin(e: Expressions, which: str, element: str, low: str, high: str, count: Affine, edges: Value) -> None:
    """The bin by its width, then, as rounding may miss it by one, by its edges."""
    at = Affine.atom(which)
    e.emit(f"{which} = min(int(({element} - {low}) / ({high} - {low}) * ({count})), {count} - 1)")
    with e.block(f"if {element} < {edges.element((at,))}:"):
        e.emit(f"{which} -= 1")
    with e.block(f"if {which} != {count} - 1 and {element} >= {edges.element((at + 1,))}:"):
        e.emit(f"{which} += 1")


def _searched_bin(e: Expressions, which: str, element: str, low: str, high: str, count: Affine, edges: Value) -> None:
    """The last bin whose lower edge is not above the element, by halving; the last edge belongs to the last bin."""
    above, middle = e.fresh("above"), e.fresh("middle")
    e.emit(f"{which} = 0")
    e.emit(f"{above} = {count}")
    with e.block(f"while {above} - {which} > 1:"):
        e.emit(f"{middle} = ({which} + {above}) // 2")
        with e.block(f"if {edges.element((Affine.atom(middle),))} <= {element}:"):
            e.emit(f"{which} = {middle}")
        with e.block("else:"):
            e.emit(f"{above} = {middle}")
