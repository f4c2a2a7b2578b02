"""Arrays that are made of numbers alone: grids of points, and matrices with a pattern."""
from __future__ import annotations

import ast

from . import syntax
from .affine import ONE, ZERO, Affine
from .arrangement import extents_of
from .calls import Lifted, arguments, call
from .dtypes import FLOAT64, INT64, cast, joined, literal, stored_as
from .elementwise import dtype_of
from .errors import CannotLift
from .expressions import Expressions
from .values import Index, Pack, Value, number


@call("arange")
def _arange(e: Expressions, node: ast.Call) -> Lifted:
    if any(k.arg != "dtype" for k in node.keywords):
        raise CannotLift("np.arange with these arguments")
    values = [e.value(a) for a in node.args]
    if not 1 <= len(values) <= 3 or any(v.ndim or v.dtype.kind not in "iuf" for v in values):
        raise CannotLift("np.arange of other things than numbers")
    found = joined(*values) if len(values) > 1 else values[0].dtype
    dtype = dtype_of(e, node.keywords[0].value if node.keywords else None, found)
    if found.kind == "f":
        if found != FLOAT64 or dtype != FLOAT64:
            raise CannotLift("np.arange of numbers in single precision")
        return _float_arange(e, node, values)
    bounds = [e.affine(v) for v in values]
    low, high = (ZERO, bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
    step = bounds[2].constant if len(bounds) == 3 else 1
    if not step or dtype.kind not in "iuf":
        raise CannotLift("np.arange whose step is not known beforehand")
    span = high - low if step > 0 else low - high
    extent = span if abs(step) == 1 else (span + (abs(step) - 1)).floordiv(Affine(abs(step)))

    def element(index: Index) -> str:
        return cast(f"({low + index[0] * step})", Value(INT64, (), lambda _: ""), dtype)

    return Value(dtype, (extent,), element, cost=0)


def _float_arange(e: Expressions, node: ast.Call, values: list[Value]) -> Value:
    """As NumPy fills it: the second number less the first is the step, and each number is the first plus so many steps."""
    ends = [number(0.0), *values] if len(values) == 1 else values
    first, stop, step = (e.bind(cast(v.text, v, FLOAT64)) for v in (*ends[:2], values[2] if len(values) == 3 else number(1.0)))
    count, width = e.fresh("count"), e.fresh("width")
    e.emit(f"{count} = max(int(math.ceil(({stop} - {first}) / {step})), 0)")
    e.emit(f"{width} = {first} + {step} - {first}")
    return Value(FLOAT64, (Affine.atom(count),), lambda index: f"({first} + ({index[0]}) * {width})", cost=2)


@call("linspace")
def _linspace(e: Expressions, node: ast.Call) -> Lifted:
    start, stop, count, endpoint, retstep, dtype = arguments(node, "start stop num endpoint retstep dtype", 2)
    low, high = e.value(start), e.value(stop)  # type: ignore[arg-type]
    if low.ndim or high.ndim or {low.dtype.kind, high.dtype.kind} - set("if") or FLOAT64 != joined(low, high, number(1.0)):
        raise CannotLift("np.linspace of other things than two numbers")
    if e.static(retstep):
        raise CannotLift("np.linspace that returns its step")
    wanted, closed = dtype_of(e, dtype), e.static(endpoint) is not False
    extent = e.affine(e.value(count)) if count is not None else Affine(50)
    first, last = (e.bind(cast(v.text, v, FLOAT64)) for v in (low, high))
    steps, width = e.bind(str(extent - 1 if closed else extent), "steps"), e.fresh("width")
    e.emit(f"{width} = ({last} - {first}) / {steps} if {steps} > 0 else 0.0")
    result = e.allocate(e.name_for(node, "points"), wanted, (extent,))

    def stored(text: str) -> str:
        point = Value(FLOAT64, (), lambda _: text)
        return stored_as(f"np.floor({text})" if wanted.kind in "iu" else text, point, wanted)

    with e.nest((extent,)) as (index,):
        e.emit(f"{result.element((index,))} = {stored(f'{index} * {width} + {first}')}")
    if closed:
        with e.block(f"if {steps} > 0:"):
            e.emit(f"{result.element((extent - 1,))} = {stored(last)}")
    return result


@call("eye", "identity", "tri")
def _patterned(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)
    if name == "np.identity":
        (rows, dtype), columns, k = arguments(node, "n dtype"), None, None
    else:
        rows, columns, k, dtype = arguments(node, "N M k dtype")
    height = e.affine(e.value(rows))  # type: ignore[arg-type]
    width = e.affine(e.value(columns)) if columns is not None else height
    offset = e.affine(e.value(k)) if k is not None else ZERO
    wanted = dtype_of(e, dtype)
    one, zero = literal(1, wanted), literal(0, wanted)
    sign = "<=" if name == "np.tri" else "=="
    return Value(wanted, (height, width), lambda i: f"({one} if {i[1]} {sign} {i[0] + offset} else {zero})", cost=1)


@call("diag", "diagonal", "diagflat")
def _diagonal(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)
    x, k = arguments(node, "a offset" if name == "np.diagonal" else "v k")
    value, offset = e.value(x), e.static(k) or 0  # type: ignore[arg-type]
    if type(offset) is not int:
        raise CannotLift("a diagonal that is not known beforehand")
    below, right = max(-offset, 0), max(offset, 0)
    if value.ndim == 1 and name != "np.diagonal":
        zero, n = literal(0, value.dtype), value.extents[0] + abs(offset)
        return value.lazily(extents=(n, n), ones=(), cost=value.cost + 1, element=lambda i:
                            f"({value.element((i[0] - below,))} if {i[1]} == {i[0] + offset} else {zero})")
    if value.ndim != 2 or name == "np.diagflat":
        raise CannotLift("the diagonal of more than two dimensions")
    rows, columns = value.extents[0] - below, value.extents[1] - right
    shorter = rows if rows == columns else Affine.atom(f"min({rows}, {columns})")
    return value.lazily(root=value.root, extents=(shorter,), ones=value.ones[:1],
                        element=lambda i: value.element((i[0] + below, i[0] + right)))


Expressions.methods["diagonal"] = _diagonal  # type: ignore[assignment]


@call("meshgrid")
def _meshgrid(e: Expressions, node: ast.Call) -> Lifted:
    given = {k.arg: e.static(k.value) for k in node.keywords}
    if set(given) - {"indexing", "sparse", "copy"} or len(node.args) < 2:
        raise CannotLift("np.meshgrid with these arguments")
    vectors = [e.cheap(e.value(a)) for a in node.args]
    if any(v.ndim != 1 for v in vectors):
        raise CannotLift("np.meshgrid of other things than vectors")
    axes = list(range(len(vectors)))
    if given.get("indexing", "xy") == "xy":
        axes[:2] = 1, 0
    whole = [ONE] * len(vectors)
    for vector, axis in zip(vectors, axes):
        whole[axis] = vector.extents[0]

    def along(vector: Value, axis: int) -> Value:
        extents = [vector.extents[0] if d == axis else ONE for d in range(len(whole))] if given.get("sparse") else whole
        return vector.lazily(extents=tuple(extents), ones=(), element=lambda i: vector.element((i[axis],)))

    return Pack(tuple(along(vector, axis) for vector, axis in zip(vectors, axes)), "?")


def _coordinates(starts: list[Affine], steps: list[int], extents: tuple[Affine, ...]) -> Value:
    """Each point's coordinates, one row of the result an axis."""
    def element(index: Index) -> str:
        texts = [f"({start + index[1 + axis] * step})" for axis, (start, step) in enumerate(zip(starts, steps))]
        if (row := index[0].constant) is not None:
            return texts[row]
        chosen = texts[-1]
        for axis in reversed(range(len(texts) - 1)):
            chosen = f"({texts[axis]} if {index[0]} == {axis} else {chosen})"
        return chosen

    return Value(INT64, (Affine(len(starts)), *extents), element, cost=0)


@call("indices")
def _indices(e: Expressions, node: ast.Call) -> Lifted:
    (shape,) = arguments(node, "dimensions")
    extents = extents_of(e, shape)
    return _coordinates([ZERO] * len(extents), [1] * len(extents), extents)


def _grid(e: Expressions, node: ast.Subscript) -> Lifted:
    """`np.mgrid[a:b, c:d]` and `np.ogrid[...]` of integers."""
    several = isinstance(node.slice, ast.Tuple)
    slices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    starts, steps, extents = [], [], []
    for part in slices:
        step = e.static(part.step) if isinstance(part, ast.Slice) and part.step is not None else 1
        if not isinstance(part, ast.Slice) or part.upper is None or type(step) is not int or step < 1:
            raise CannotLift("a grid of other things than integers")
        low = e.affine(e.value(part.lower)) if part.lower is not None else ZERO
        span = e.affine(e.value(part.upper)) - low
        starts.append(low)
        steps.append(step)
        extents.append(span if step == 1 else (span + (step - 1)).floordiv(Affine(step)))
    if not several:
        return Value(INT64, tuple(extents), lambda i: f"({starts[0] + i[0] * steps[0]})", cost=0)
    if syntax.text(node.value) == "np.mgrid":
        return _coordinates(starts, steps, tuple(extents))
    rank = len(extents)
    return Pack(tuple(
        Value(INT64, tuple(extents[d] if d == axis else ONE for d in range(rank)),
              lambda i, axis=axis: f"({starts[axis] + i[axis] * steps[axis]})", cost=0) for axis in range(rank)), "?")


Expressions.subscripts |= {"np.mgrid": _grid, "np.ogrid": _grid}
