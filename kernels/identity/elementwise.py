"""NumPy's universal functions over arrays of ours: calls, reductions, accumulations, outer products and updates at places."""
from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import choices, functions
from .arrays import Array, as_object, bare, holds_numbers, integral, nominal_of, numbers, result_dtype, wrapped
from .draw import current
from .errors import Unsupported
from .number import ONE, ZERO, ceil, floor, rint, trunc

_ON_INTEGERS = frozenset((
    "add subtract multiply floor_divide remainder mod fmod divmod power negative positive absolute abs sign square maximum minimum "
    "fmax fmin equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor logical_not "
    "bitwise_and bitwise_or bitwise_xor invert bitwise_not left_shift right_shift bitwise_left_shift bitwise_right_shift gcd lcm "
    "isnan isinf isfinite signbit conjugate conj bitwise_count matmul vecdot ceil floor trunc reciprocal"
).split())
"""Those that give integers or booleans for integers, as NumPy computes them."""
_BOOLEAN: Mapping[str, Callable[..., Any]] = {
    "equal": operator.eq, "not_equal": operator.ne, "less": operator.lt, "less_equal": operator.le, "greater": operator.gt,
    "greater_equal": operator.ge, "isnan": choices.is_nan, "isinf": choices.is_inf, "isfinite": choices.is_finite,
    "signbit": choices.signbit, "logical_and": lambda a, b: bool(a) and bool(b), "logical_or": lambda a, b: bool(a) or bool(b),
    "logical_xor": lambda a, b: bool(a) != bool(b), "logical_not": lambda a: not a,
}
_NUMERIC: Mapping[str, Callable[..., Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "true_divide": operator.truediv, "floor_divide": choices.floor_divide, "remainder": choices.remainder,
    "mod": choices.remainder, "fmod": choices.fmod, "power": functions.power, "float_power": functions.power,
    "negative": choices.negative, "positive": choices.positive, "absolute": choices.absolute, "abs": choices.absolute,
    "fabs": choices.absolute, "sign": choices.sign, "square": functions.square, "reciprocal": functions.reciprocal,
    "maximum": choices.maximum, "minimum": choices.minimum, "fmax": choices.fmax, "fmin": choices.fmin,
    "conjugate": choices.conjugate, "conj": choices.conjugate, "deg2rad": functions.radians, "rad2deg": functions.degrees,
    "ldexp": functions.ldexp, "heaviside": choices.heaviside, "copysign": choices.copysign, "floor": floor, "ceil": ceil,
    "trunc": trunc, "rint": rint, "divmod": choices.divmod_, "modf": choices.modf,
    **{name: getattr(functions, name) for name in (
        "exp exp2 expm1 log log2 log10 log1p logaddexp logaddexp2 sqrt cbrt sin cos tan arcsin arccos arctan arctan2 sinh "
        "cosh tanh arcsinh arccosh arctanh hypot radians degrees").split()},
}
SCALAR: Mapping[str, Callable[..., Any]] = {**_NUMERIC, **_BOOLEAN}
"""Every universal function of the fragment by NumPy's name, for single numbers."""
_IDENTITY = {"add": ZERO, "multiply": ONE, "logical_and": True, "logical_or": False, "logaddexp": None}
_IGNORED = ("casting", "order", "subok", "signature")


def apply(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What `ufunc` gives. Raises Unsupported."""
    name = ufunc.__name__
    options = {key: value for key, value in options.items() if key not in _IGNORED}
    out = options.pop("out", None)
    out = out[0] if isinstance(out, tuple) else out
    if ufunc.signature is not None:
        if method != "__call__" or set(options) - {"dtype"}:
            raise Unsupported(f"np.{name} with {', '.join(options) or method}")
        return delivered(_contracted(ufunc, inputs), out)
    if name not in SCALAR and name not in _ON_INTEGERS:
        raise Unsupported(f"np.{name}")
    index = inputs[1:2] if method == "at" else ()
    inputs = tuple(np.asarray(_listed(value)) if isinstance(value, list | tuple) else value for value in inputs)
    if method == "at":  # its index stays as it is: a tuple there is one index for each dimension
        return _at(ufunc, inputs[0], *index, *inputs[2:])
    operands = inputs[:1] if method == "reduceat" else inputs
    current().charge(sum(np.size(value) for value in operands))
    dtype = options.get("dtype")
    if name in _ON_INTEGERS and all(integral(v) for v in operands) and (dtype is None or np.dtype(dtype).kind in "biu"):
        return delivered(_on_integers(ufunc, method, inputs, options), out)
    if name not in SCALAR:
        raise Unsupported(f"np.{name} of real numbers")
    if dtype is not None and np.dtype(dtype).kind not in "fc" and name not in _BOOLEAN:
        raise Unsupported(f"np.{name} with dtype {dtype}")
    nominal = np.dtype(dtype) if dtype is not None else _nominal(ufunc, operands)
    options.pop("dtype", None)
    if method == "__call__":
        return delivered(_call(ufunc, inputs, nominal, out, **options), out)
    if method == "reduce":
        return delivered(reduced(name, inputs[0], nominal=nominal, **options), out)
    if method == "accumulate":
        return delivered(accumulated(name, inputs[0], options.get("axis", 0), nominal), out)
    if method == "outer":
        one, other = numbers(inputs[0]), numbers(inputs[1])
        return delivered(_call(ufunc, (one.reshape(one.shape + (1,) * other.ndim), other), nominal, None), out)
    if method == "reduceat":
        return delivered(_reduceat(name, inputs[0], inputs[1], nominal, **options), out)
    raise Unsupported(f"np.{name}.{method}")


def delivered(result: Any, out: Any) -> Any:
    """`result`, written to `out` where there is one."""
    if out is None:
        return result
    if not holds_numbers(out) and not integral(result):
        raise Unsupported("real numbers written to an array of integers")
    out[...] = result
    return out


def reduced(
    name: str, array: Any, axis: Any = 0, keepdims: bool = False, initial: Any = None, where: Any = True, nominal: Any = None
) -> Any:
    """A reduction by the function called `name` over one axis, several, or all (None), in the order of the elements."""
    function, source = SCALAR[name], numbers(array)
    given = range(source.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(a % source.ndim for a in given)
    kept = tuple(a for a in range(source.ndim) if a not in axes)
    shape = tuple(source.shape[a] for a in kept)
    rows = source.transpose(kept + axes).reshape(_flat(shape, [source.shape[a] for a in axes]))
    masks = None
    if where is not True:
        chosen = np.broadcast_to(np.asarray(bare(where), bool), source.shape)
        masks = chosen.transpose(kept + axes).reshape(rows.shape)
    made = np.empty(len(rows), object)
    for place, row in enumerate(rows):
        values = list(row) if masks is None else [value for value, use in zip(row, masks[place]) if use]
        if initial is not None and not isinstance(initial, type(np._NoValue)):
            values = [functions.number(initial), *values]
        if not values:
            if _IDENTITY.get(name) is None:
                raise ValueError(f"zero-size array to reduction operation {name} which has no identity")
            made[place] = _IDENTITY[name]
        elif name in ("logical_and", "logical_or"):
            made[place] = (all if name == "logical_and" else any)(bool(value) for value in values)
        else:
            made[place] = functools.reduce(function, values)
    made = made.reshape(tuple(1 if a in axes else source.shape[a] for a in range(source.ndim)) if keepdims else shape)
    if made.ndim == 0:
        return made[()]
    return made.astype(bool).view(Array) if name in _BOOLEAN else wrapped(made, nominal or result_dtype(array))


def accumulated(name: str, array: Any, axis: int, nominal: Any = None) -> Any:
    """Running reductions along one axis."""
    function = SCALAR[name]
    source = np.moveaxis(numbers(array), axis, 0)
    made = np.empty(source.shape, object)
    for place in np.ndindex(source.shape):
        before = (place[0] - 1, *place[1:])
        made[place] = source[place] if place[0] == 0 else function(made[before], source[place])
    return wrapped(np.moveaxis(made, 0, axis), nominal or result_dtype(array))


def _flat(shape: tuple[int, ...], lengths: list[int]) -> tuple[int, int]:
    return int(np.prod(shape, dtype=int)), int(np.prod(lengths, dtype=int))


def _on_integers(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    options = {key: bare(value) for key, value in options.items()}
    with np.errstate(all="ignore"):
        found = getattr(ufunc, method)(*(bare(value) for value in inputs), **options)
    if isinstance(found, tuple):
        return tuple(wrapped(part) for part in found)
    return wrapped(found)


def _call(ufunc: np.ufunc, inputs: tuple[Any, ...], nominal: np.dtype, out: Any, where: Any = True) -> Any:
    name = ufunc.__name__
    elementwise = np.frompyfunc(_checked(SCALAR[name]), ufunc.nin, ufunc.nout)
    sources = [bare(inputs[1]) if name == "ldexp" and place == 1 else numbers(value) for place, value in enumerate(inputs)]
    if where is True:
        found = elementwise(*sources)
    else:
        mask = np.asarray(bare(where), bool)
        found = np.full(np.broadcast_shapes(mask.shape, *(source.shape for source in sources)), None, object)
        if out is not None:
            found[...] = numbers(out)
        elementwise(*sources, out=found, where=mask)
    if isinstance(found, tuple):
        return tuple(wrapped(part, nominal) for part in found)
    if name in _BOOLEAN:
        return np.bool_(found) if not isinstance(found, np.ndarray) else found.astype(bool).view(Array)
    return wrapped(found, nominal)


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        for argument in arguments:
            if argument is None:
                raise Unsupported("an element that nothing has written")
        return function(*arguments)

    return call


def _contracted(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> Any:
    """np.matmul and its like, which NumPy itself carries out over objects."""
    if all(integral(value) for value in inputs):
        return wrapped(ufunc(*(bare(value) for value in inputs)))
    if ufunc.__name__ not in ("matmul", "vecdot", "matvec", "vecmat"):
        raise Unsupported(f"np.{ufunc.__name__}")
    sources = [numbers(value) for value in inputs]
    if ufunc.__name__ != "matmul" and any(result_dtype(value).kind == "c" for value in inputs):
        raise Unsupported(f"np.{ufunc.__name__} of complex numbers")
    written(*sources)
    current().charge(sum(source.size for source in sources) * max(1, sources[-1].shape[-1]))
    return wrapped(ufunc(*sources), result_dtype(*inputs))


def written(*sources: np.ndarray) -> None:
    """Raises Unsupported where an element was never written."""
    if any(element is None for source in sources for element in source.flat):
        raise Unsupported("an element that nothing has written")


def _nominal(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> np.dtype:
    try:
        kinds = tuple(nominal_of(value) for value in inputs)
        if ufunc.nin == len(kinds):
            found = ufunc.resolve_dtypes((*kinds, *(None,) * ufunc.nout))[-1]
            if found.kind in "fc":
                return found
    except TypeError:
        pass  # all of them adapt: the result is float64 or complex128
    return result_dtype(*inputs)


def _at(ufunc: np.ufunc, array: Any, index: Any, *values: Any) -> None:
    index = tuple(bare(part) for part in index) if isinstance(index, tuple) else bare(index)
    target = bare(array)
    if not holds_numbers(target):
        if not all(integral(value) for value in values):
            raise Unsupported(f"np.{ufunc.__name__}.at of real numbers on integers")
        ufunc.at(target, index, *(bare(value) for value in values))
        return
    places = np.arange(target.size).reshape(target.shape)[index]
    others = [np.broadcast_to(numbers(value), np.shape(places)).reshape(-1) for value in values]
    function = _checked(SCALAR[ufunc.__name__])
    for number, place in enumerate(np.reshape(places, -1)):
        target.flat[int(place)] = function(target.flat[int(place)], *(other[number] for other in others))


def _reduceat(name: str, array: Any, indices: Any, nominal: np.dtype, axis: int = 0) -> Any:
    source, starts = np.moveaxis(numbers(array), axis, 0), [int(i) for i in bare(indices)]
    parts = []
    for place, start in enumerate(starts):
        stop = starts[place + 1] if place + 1 < len(starts) else len(source)
        parts.append(numbers(reduced(name, wrapped(source[start:stop]), 0)) if stop > start else as_object(source[start]))
    return wrapped(np.moveaxis(np.stack(parts), 0, axis), nominal)


def _listed(value: Any) -> Any:
    from .arrays import nested

    return nested(value)
