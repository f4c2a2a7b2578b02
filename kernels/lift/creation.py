"""Arrays that are made of numbers alone: grids of points, and matrices with a pattern."""
from __future__ import annotations

import ast

from . import syntax
from .affine import ONE, ZERO, Affine
from .arrangement import extents_of
from .calls import Lifted, arguments, axis_of, call, dtype_of
from .dtypes import FLOAT64, INT64, cast, joined, literal, stored_as
from .errors import CannotLift
from .expressions import Expressions
from .seen import identity
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


@call("diagonal", method=True)
def _diagonal(e: Expressions, node: ast.Call) -> Lifted:
    x, k, *axes = arguments(node, "a offset axis1 axis2")
    one, other = (default if given is None else e.static(given) for given, default in zip(axes, (0, 1)))
    found = diagonal_of(e.value(x), e.static(k) or 0, one, other)  # type: ignore[arg-type]
    return found.lazily() if identity(node) in e.transient else found


@call("diag", "diagflat")
def _diagonal_matrix(e: Expressions, node: ast.Call) -> Lifted:
    x, k = arguments(node, "v k")
    value, offset = e.value(x), e.static(k) or 0  # type: ignore[arg-type]
    if type(offset) is not int:
        raise CannotLift("a diagonal that is not known beforehand")
    below = max(-offset, 0)
    if value.ndim == 1:
        zero, n = literal(0, value.dtype), value.extents[0] + abs(offset)
        return value.lazily(extents=(n, n), ones=(), cost=value.cost + 1, element=lambda i:
                            f"({value.element((i[0] - below,))} if {i[1]} == {i[0] + offset} else {zero})")
    if value.ndim != 2 or syntax.text(node.func) == "np.diagflat":
        raise CannotLift("the diagonal of more than two dimensions")
    return diagonal_of(value, offset)


def diagonal_of(value: Value, offset: int, one: int = 0, other: int = 1) -> Value:
    """A view: the diagonal of the axes `one` and `other` is the last axis, after all others. Raises CannotLift."""
    if type(offset) is not int or value.ndim < 2:
        raise CannotLift("a diagonal that is not known beforehand")
    one, other = axis_of(one, value.ndim), axis_of(other, value.ndim)
    if one == other:
        raise CannotLift("the diagonal of one axis")
    below, right = max(-offset, 0), max(offset, 0)
    rows, columns = value.extents[one] - below, value.extents[other] - right
    if value.extents[one] == value.extents[other]:
        shorter = (value.extents[one] - abs(offset)).length if offset else rows
    else:
        shorter = Affine.atom(f"min({rows}, {columns})" if not offset else f"max(min({rows}, {columns}), 0)")
    rest = [axis for axis in range(value.ndim) if axis not in (one, other)]

    def element(index: Index) -> str:
        places = dict(zip(rest, index)) | {one: index[-1] + below, other: index[-1] + right}
        return value.element(tuple(places[axis] for axis in range(value.ndim)))

    ones = (*(value.ones[axis] for axis in rest), value.ones[one] and not offset)
    return value.lazily(root=value.root, extents=(*(value.extents[axis] for axis in rest), shorter), ones=ones, element=element)


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


def _coordinates(axes: list[Value]) -> Value:
    """Each point's coordinates, one row of the result an axis."""
    def element(index: Index) -> str:
        texts = [axis.element((place,)) for axis, place in zip(axes, index[1:])]
        if (row := index[0].constant) is not None:
            return texts[row]
        chosen = texts[-1]
        for at in reversed(range(len(texts) - 1)):
            chosen = f"({texts[at]} if {index[0]} == {at} else {chosen})"
        return chosen

    return Value(axes[0].dtype, (Affine(len(axes)), *(a.extents[0] for a in axes)), element, cost=axes[0].cost)


@call("indices")
def _indices(e: Expressions, node: ast.Call) -> Lifted:
    (shape,) = arguments(node, "dimensions")
    return _coordinates([Value(INT64, (extent,), lambda i: f"({i[0]})", cost=0) for extent in extents_of(e, shape)])


def _grid(e: Expressions, node: ast.Subscript) -> Lifted:
    """`np.mgrid[a:b, c:d]` and `np.ogrid[...]`: integers, or numbers between ends (`0:1:5j`: five of them)."""
    several = isinstance(node.slice, ast.Tuple)
    slices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if not all(isinstance(part, ast.Slice) and part.upper is not None for part in slices):
        raise CannotLift("a grid that is not made of slices")
    axes = [_axis(e, part) for part in slices]  # type: ignore[arg-type]
    dtype = FLOAT64 if any(a.dtype == FLOAT64 for a in axes) else INT64
    axes = [a if a.dtype == dtype else a.lazily(dtype=dtype, element=lambda i, a=a: cast(a.element(i), a, dtype)) for a in axes]
    if not several:
        return axes[0]
    extents = tuple(a.extents[0] for a in axes)
    if syntax.text(node.value) == "np.mgrid":
        return _coordinates(axes)
    return Pack(tuple(
        Value(dtype, tuple(extents[d] if d == at else ONE for d in range(len(axes))),
              lambda i, a=a, at=at: a.element((i[at],)), cost=a.cost) for at, a in enumerate(axes)), "?")


def _axis(e: Expressions, part: ast.Slice) -> Value:
    """The numbers that one slice of a grid stands for."""
    count = _count(e, part.step)
    step = 1 if part.step is None or count is not None else e.static(part.step)
    low, high = e.value(part.lower) if part.lower is not None else number(0), e.value(part.upper)  # type: ignore[arg-type]
    if low.ndim or high.ndim or {low.dtype.kind, high.dtype.kind} - set("if"):
        raise CannotLift("a grid of other things than numbers")
    if count is None and type(step) is int and step > 0 and low.dtype.kind == high.dtype.kind == "i":
        start = e.affine(low)
        span = e.affine(high) - start
        extent = span if step == 1 else (span + (step - 1)).floordiv(Affine(step))
        return Value(INT64, (extent,), lambda i: f"({start + i[0] * step})", cost=0)
    first, last = (e.bind(cast(v.text, v, FLOAT64)) for v in (low, high))
    if count is not None:
        width, extent = e.bind(f"({last} - {first}) / ({count - 1})", "width"), count
    elif type(step) in (int, float) and step > 0:
        width = repr(float(step))
        extent = Affine.atom(e.bind(f"max(int(math.ceil(({last} - {first}) / {width})), 0)", "count"))
    else:
        raise CannotLift("a grid whose step is not known beforehand")
    return Value(FLOAT64, (extent,), lambda i: f"(({i[0]}) * {width} + {first})", cost=2)


def _count(e: Expressions, step: ast.expr | None) -> Affine | None:
    """How many numbers a grid has by a step of `5j` or `n * 1j`."""
    match step:
        case ast.Constant(value=complex() as value) if value.real == 0.0 and value.imag >= 2.0 and value.imag == int(value.imag):
            return Affine(int(value.imag))
        case ast.BinOp(left=ast.Name() as count, op=ast.Mult(), right=ast.Constant(value=1j)) \
                | ast.BinOp(left=ast.Constant(value=1j), op=ast.Mult(), right=ast.Name() as count):
            return Affine.atom(e.bind(e.value(count).text, "count"))
    return None


Expressions.subscripts |= {"np.mgrid": _grid, "np.ogrid": _grid}
