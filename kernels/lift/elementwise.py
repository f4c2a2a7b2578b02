"""Elementwise functions: what each ufunc is on scalars in the kernel dialect, with NumPy's dtypes."""
from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import syntax
from .affine import ONE, Affine
from .dtypes import (
    BOOL,
    cast,
    joined_dtype,
    loop_dtypes,
    narrow,
    operand_for,
    result_dtype,
    settle,
    typed_number,
)
from .errors import CannotLift
from .values import UNKNOWN, Array, Index, Operand, Scalar, align

if TYPE_CHECKING:
    from .nests import Nest

RING = {"add": "+", "subtract": "-", "multiply": "*", "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^"}
DIVIDING = {"divide": "/", "floor_divide": "//", "remainder": "%"}
SHIFTS = {"left_shift": "<<", "right_shift": ">>"}
COMPARING = {"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!="}
# Functions that Numba takes on scalars of the loop's dtype and that give the output dtype.
CALLED = frozenset(
    "exp exp2 expm1 log log2 log10 log1p sqrt cbrt sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh "
    "floor ceil trunc rint hypot arctan2 copysign fmod logaddexp logaddexp2 degrees radians deg2rad rad2deg isnan isinf "
    "isfinite signbit fmax fmin maximum minimum sign nextafter gcd lcm".split())
CHEAP = frozenset("floor ceil trunc rint copysign isnan isinf isfinite signbit fmax fmin maximum minimum sign degrees radians "
                  "deg2rad rad2deg".split())
SIGNS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "//": "floor_divide", "%": "remainder", "**": "power",
         "&": "bitwise_and", "|": "bitwise_or", "^": "bitwise_xor", "<<": "left_shift", ">>": "right_shift"}
EXPENSIVE = 10
DIVISION = 4


@dataclass(eq=False, kw_only=True)
class Elementwise(Array):
    """`operation` applied element by element to operands that broadcast."""

    operation: str
    inputs: tuple[Operand, ...]

    def compute(self, index: Index, nest: Nest) -> Scalar:
        parts = []
        for operand in self.inputs:
            parts.append(operand.element(align(operand, index, self.maybe_one), nest) if isinstance(operand, Array) else operand)
        return apply(self.operation, nest.hoist(parts, self.inputs), nest)

    @property
    def operands(self) -> tuple[Array, ...]:
        return tuple(o for o in self.inputs if isinstance(o, Array))


def elementwise(operation: str, *inputs: Operand) -> Operand:
    """`operation` on scalars or arrays; the result is a scalar if all operands are."""
    arrays = [o for o in inputs if isinstance(o, Array)]
    dtype = output_dtype(operation, list(inputs))
    if not arrays:
        return apply(operation, [o for o in inputs if isinstance(o, Scalar)], None)
    extents, maybe = broadcast(arrays)
    cost = sum(o.cost for o in arrays) + operation_cost(operation, inputs)
    return Elementwise(dtype=dtype, extents=extents, maybe_one=maybe, operation=operation, inputs=tuple(inputs), cost=cost)


def broadcast(arrays: list[Array]) -> tuple[tuple[Affine, ...], tuple[bool, ...]]:
    """Extents of the common shape, and which of them were 1 in every run."""
    ndim = max(a.ndim for a in arrays)
    extents: list[Affine] = []
    maybe: list[bool] = []
    for dimension in range(ndim):
        candidates = [(a.extents[dimension - ndim + a.ndim], a.maybe_one[dimension - ndim + a.ndim])
                      for a in arrays if dimension - ndim + a.ndim >= 0]
        wide = [c for c in candidates if c[0] != ONE]
        certain = [c for c in wide if not c[1]]
        chosen = min(certain or wide or candidates, key=lambda c: (len(c[0].terms) > 1, len(c[0].names) > 1))
        extents.append(chosen[0])
        maybe.append(chosen[1])
    return tuple(extents), tuple(maybe)


def output_dtype(operation: str, inputs: list[Operand]) -> np.dtype:
    if operation in SPECIAL:
        return SPECIAL[operation].dtype(inputs)
    return loop_dtypes(getattr(np, operation), inputs)[-1]


def operation_cost(operation: str, inputs: tuple[Operand, ...]) -> int:
    if operation == "power":
        exponent = inputs[1].value if isinstance(inputs[1], Scalar) else UNKNOWN
        return 2 if exponent in (2, 3, 4) else EXPENSIVE
    if operation in DIVIDING:
        return DIVISION
    if operation == "sqrt":
        return DIVISION
    if operation in CALLED and operation not in CHEAP:
        return EXPENSIVE
    return 1


def apply(operation: str, parts: list[Scalar], nest: Nest | None) -> Scalar:
    """`operation` on scalars, in NumPy's dtypes. The nest, if there is one, takes temporaries."""
    cost = sum(p.cost for p in parts) + operation_cost(operation, tuple(parts))
    if operation in SPECIAL:
        result = SPECIAL[operation].build(parts, nest)
        return replace(result, cost=cost, value=result.value if result.trivial else UNKNOWN)
    loop = loop_dtypes(getattr(np, operation), list(parts))
    node, wide = _node(operation, parts, loop, nest)
    return Scalar(node, loop[-1], wide=wide, cost=cost)


def _node(operation: str, parts: list[Scalar], loop: tuple[np.dtype, ...], nest: Nest | None) -> tuple[ast.expr, bool]:
    """The expression, and whether Numba holds it wider than its dtype."""
    first = loop[0]
    out = loop[-1]
    if first.kind == "b":
        special = _boolean(operation, [cast(p, BOOL).node for p in parts])
        if special is not None:
            return special, False
    if operation in RING:
        nodes = [operand_for(p, d, ring=True).node for p, d in zip(parts, loop)]
        return syntax.binary(nodes[0], RING[operation], nodes[1]), narrow(out)
    if operation in COMPARING:
        both = [p.dtype.kind in "iub" for p in parts]
        if all(both) and all(p.value is not UNKNOWN or p.dtype.kind != "b" for p in parts):
            nodes = [_compared(p) for p in parts]
        else:
            nodes = [operand_for(p, d).node for p, d in zip(parts, loop)]
        if first.kind == "c" and operation not in ("equal", "not_equal"):
            raise CannotLift("orders complex numbers")
        return syntax.compare(nodes[0], COMPARING[operation], nodes[1]), False
    if operation in DIVIDING:
        if first.kind == "c" and operation != "divide":
            raise CannotLift("divides complex numbers with a remainder")
        nodes = [operand_for(p, d).node for p, d in zip(parts, loop)]
        return syntax.binary(nodes[0], DIVIDING[operation], nodes[1]), narrow(out)
    if operation in SHIFTS:
        nodes = [operand_for(p, d).node for p, d in zip(parts, loop)]
        return syntax.binary(nodes[0], SHIFTS[operation], nodes[1]), narrow(out)
    if operation == "power":
        return _power(parts, loop, nest)
    if operation in UNARY:
        return UNARY[operation](parts, loop, nest)
    if operation in CALLED:
        if first.kind == "c" and operation in ("maximum", "minimum", "sign", "floor", "ceil", "trunc", "fmax", "fmin"):
            raise CannotLift(f"np.{operation} of complex numbers")
        if first.kind in "iu" and operation in ("floor", "ceil", "trunc", "rint"):
            return operand_for(parts[0], first).node, False
        if operation in ("isnan", "isinf", "isfinite") and first.kind in "iub":
            return syntax.number(operation == "isfinite"), False
        nodes = [cast(p, d).node for p, d in zip(parts, loop)]
        return syntax.numpy_call(operation, *nodes), False
    raise CannotLift(f"np.{operation} has no scalar form here")


def _compared(part: Scalar) -> ast.expr:
    return settle(part).node


def _boolean(operation: str, nodes: list[ast.expr]) -> ast.expr | None:
    match operation:
        case "add" | "bitwise_or" | "logical_or" | "maximum" | "fmax":
            return syntax.either(*nodes)
        case "multiply" | "bitwise_and" | "logical_and" | "minimum" | "fmin":
            return syntax.both(*nodes)
        case "bitwise_xor" | "not_equal" | "logical_xor":
            return syntax.compare(nodes[0], "!=", nodes[1])
        case "equal":
            return syntax.compare(nodes[0], "==", nodes[1])
        case "invert" | "logical_not":
            return syntax.negation(nodes[0])
        case "absolute" | "positive" | "conjugate":
            return nodes[0]
    return None


def _power(parts: list[Scalar], loop: tuple[np.dtype, ...], nest: Nest | None) -> tuple[ast.expr, bool]:
    dtype = loop[-1]
    exponent = parts[1].value if parts[1].weak or isinstance(parts[1].node, ast.Constant | ast.UnaryOp) else UNKNOWN
    base = operand_for(parts[0], dtype) if parts[0].dtype.kind == dtype.kind else cast(parts[0], dtype)
    if exponent is not UNKNOWN and not isinstance(exponent, complex):
        if exponent == 1:
            return base.node, base.wide
        if exponent == 2:
            once = keep(base, nest, "base")
            return syntax.binary(once.node, "*", once.node), narrow(dtype)
        if exponent == 0.5 and dtype.kind in "fc":
            return syntax.numpy_call("sqrt", cast(base, dtype).node), False
        if exponent == -1 and dtype.kind in "fc":
            return syntax.binary(typed_number(1, dtype).node, "/", base.node), False
        if float(exponent).is_integer() and 2 < exponent <= 16:
            return syntax.binary(cast(base, dtype).node if dtype.kind == "f" else base.node, "**", syntax.number(int(exponent))), narrow(dtype)
        if dtype.kind == "f" and exponent in (1.5, -1.5, -0.5, 2.5, -2):
            return _root_power(cast(base, dtype), float(exponent), dtype, nest), False
    base, other = cast(base, dtype), cast(parts[1], dtype)
    return syntax.binary(base.node, "**", other.node), narrow(dtype)


def _root_power(base: Scalar, exponent: float, dtype: np.dtype, nest: Nest | None) -> ast.expr:
    """x ** 1.5 as x * sqrt(x), and the like: within 2 ULP of the power, which NumPy computes by a general routine."""
    once = keep(base, nest, "base")
    whole, half = int(abs(exponent)), abs(exponent) % 1 == 0.5
    node: ast.expr | None = None
    for _ in range(whole):
        node = once.node if node is None else syntax.binary(node, "*", once.node)
    if half:
        root = syntax.numpy_call("sqrt", once.node)
        node = root if node is None else syntax.binary(node, "*", root)
    assert node is not None
    return syntax.binary(typed_number(1, dtype).node, "/", node) if exponent < 0 else node


def keep(part: Scalar, nest: Nest | None, hint: str) -> Scalar:
    """The scalar as a name, if its text is to appear more than once."""
    if part.trivial or nest is None or (part.cost == 0 and isinstance(part.node, ast.Subscript)):
        if nest is not None and part.cost == 0 and isinstance(part.node, ast.Subscript):
            return nest.bind(part, hint)
        return part
    return nest.bind(part, hint)


def _negative(parts: list[Scalar], loop: tuple[np.dtype, ...], nest: Nest | None) -> tuple[ast.expr, bool]:
    return syntax.negative(operand_for(parts[0], loop[0], ring=True).node), narrow(loop[-1])


def _invert(parts: list[Scalar], loop: tuple[np.dtype, ...], nest: Nest | None) -> tuple[ast.expr, bool]:
    return ast.UnaryOp(ast.Invert(), operand_for(parts[0], loop[0], ring=True).node), narrow(loop[-1])


def _absolute(parts: list[Scalar], loop: tuple[np.dtype, ...], nest: Nest | None) -> tuple[ast.expr, bool]:
    return syntax.builtin_call("abs", cast(parts[0], loop[0]).node), False


def _positive(parts: list[Scalar], loop: tuple[np.dtype, ...], nest: Nest | None) -> tuple[ast.expr, bool]:
    part = operand_for(parts[0], loop[0], ring=True)
    return part.node, part.wide


def _square(parts: list[Scalar], loop: tuple[np.dtype, ...], nest: Nest | None) -> tuple[ast.expr, bool]:
    once = keep(operand_for(parts[0], loop[0]), nest, "base")
    return syntax.binary(once.node, "*", once.node), narrow(loop[-1])


def _reciprocal(parts: list[Scalar], loop: tuple[np.dtype, ...], nest: Nest | None) -> tuple[ast.expr, bool]:
    sign = "/" if loop[0].kind in "fc" else "//"
    return syntax.binary(typed_number(1, loop[0]).node, sign, operand_for(parts[0], loop[0]).node), narrow(loop[-1])


def _conjugate(parts: list[Scalar], loop: tuple[np.dtype, ...], nest: Nest | None) -> tuple[ast.expr, bool]:
    part = cast(parts[0], loop[0])
    return (syntax.numpy_call("conj", part.node) if loop[0].kind == "c" else part.node), False


def _logical(sign: str) -> Callable[..., tuple[ast.expr, bool]]:
    def build(parts: list[Scalar], loop: tuple[np.dtype, ...], nest: Nest | None) -> tuple[ast.expr, bool]:
        nodes = [cast(p, BOOL).node for p in parts]
        if sign == "not":
            return syntax.negation(nodes[0]), False
        if sign == "xor":
            return syntax.compare(nodes[0], "!=", nodes[1]), False
        return (syntax.both if sign == "and" else syntax.either)(*nodes), False

    return build


UNARY: dict[str, Callable[..., tuple[ast.expr, bool]]] = {
    "negative": _negative, "invert": _invert, "absolute": _absolute, "fabs": _absolute, "positive": _positive,
    "square": _square, "reciprocal": _reciprocal, "conjugate": _conjugate, "logical_and": _logical("and"),
    "logical_or": _logical("or"), "logical_not": _logical("not"), "logical_xor": _logical("xor"),
}


@dataclass(frozen=True)
class Special:
    """An elementwise function that is no ufunc of one loop: its dtype and its scalar form."""

    dtype: Callable[[list[Operand]], np.dtype]
    build: Callable[[list[Scalar], Any], Scalar]


def _where(parts: list[Scalar], nest: Nest | None) -> Scalar:
    dtype = joined_dtype(list(parts[1:]))
    test = cast(parts[0], BOOL)
    then, otherwise = cast(parts[1], dtype), cast(parts[2], dtype)
    return Scalar(syntax.conditional(test.node, then.node, otherwise.node), dtype)


def _clip(parts: list[Scalar], nest: Nest | None) -> Scalar:
    return apply("minimum", [apply("maximum", [parts[0], parts[1]], nest), parts[2]], nest)


def _clip_dtype(inputs: list[Operand]) -> np.dtype:
    lower = loop_dtypes(np.maximum, inputs[:2])[-1]
    return loop_dtypes(np.minimum, [Scalar(syntax.number(1), lower), inputs[2]])[-1]


def _real(parts: list[Scalar], nest: Nest | None) -> Scalar:
    part = parts[0]
    return Scalar(syntax.attribute(part.node, "real"), _part_dtype([part])) if part.dtype.kind == "c" else part


def _imag(parts: list[Scalar], nest: Nest | None) -> Scalar:
    part = parts[0]
    if part.dtype.kind != "c":
        return typed_number(0, part.dtype)
    return Scalar(syntax.attribute(part.node, "imag"), _part_dtype([part]))


def _part_dtype(parts: list[Operand]) -> np.dtype:
    dtype = parts[0].dtype
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


def _angle(parts: list[Scalar], nest: Nest | None) -> Scalar:
    part = keep(parts[0], nest, "z")
    return apply("arctan2", [_imag([part], nest), _real([part], nest)], nest)


def _heaviside(parts: list[Scalar], nest: Nest | None) -> Scalar:
    dtype = loop_dtypes(np.heaviside, list(parts))[0]
    x, half = keep(cast(parts[0], dtype), nest, "x"), cast(parts[1], dtype)
    zero, one = typed_number(0, dtype).node, typed_number(1, dtype).node
    inner = syntax.conditional(syntax.compare(x.node, "==", zero), half.node, x.node)
    rest = syntax.conditional(syntax.compare(x.node, ">", zero), one, inner)
    return Scalar(syntax.conditional(syntax.compare(x.node, "<", zero), zero, rest), dtype)


def _round(parts: list[Scalar], nest: Nest | None) -> Scalar:
    """parts: the number and the count of decimals (a constant)."""
    part, decimals = parts[0], parts[1].value
    if part.dtype.kind not in "fc" or part.dtype.kind == "c":
        if part.dtype.kind in "iu" and decimals == 0:
            return part
        raise CannotLift(f"rounds {part.dtype}")
    if decimals == 0:
        return apply("rint", [part], nest)
    factor = typed_number(10.0 ** abs(decimals), part.dtype)
    first, second = ("multiply", "divide") if decimals > 0 else ("divide", "multiply")
    return apply(second, [apply("rint", [apply(first, [part, factor], nest)], nest), factor], nest)


def _astype(dtype: np.dtype) -> Special:
    return Special(lambda inputs: dtype, lambda parts, nest: cast(parts[0], dtype))


def _isclose(parts: list[Scalar], nest: Nest | None) -> Scalar:
    a, b, rtol, atol = parts
    a, b = keep(a, nest, "a"), keep(b, nest, "b")
    limit = apply("add", [atol, apply("multiply", [rtol, apply("absolute", [b], nest)], nest)], nest)
    near = apply("less_equal", [apply("absolute", [apply("subtract", [a, b], nest)], nest), limit], nest)
    same = apply("equal", [a, b], nest)
    finite = apply("isfinite", [b], nest)
    return Scalar(syntax.either(same.node, syntax.both(near.node, finite.node)), BOOL)


def _float_power(parts: list[Scalar], nest: Nest | None) -> Scalar:
    dtype = loop_dtypes(np.float_power, list(parts))[-1]
    return apply("power", [cast(parts[0], dtype), parts[1] if parts[1].weak and parts[1].value is not UNKNOWN else cast(parts[1], dtype)], nest)


def _nan_to_num(parts: list[Scalar], nest: Nest | None) -> Scalar:
    part = parts[0]
    if part.dtype.kind == "c":
        raise CannotLift("np.nan_to_num of complex numbers")
    return Scalar(syntax.numpy_call("nan_to_num", part.node), part.dtype) if part.dtype.kind == "f" else part


def _sinc(parts: list[Scalar], nest: Nest | None) -> Scalar:
    dtype = result_dtype(np.sinc, *parts)
    x = keep(apply("multiply", [typed_number(float(np.pi), dtype), parts[0]], nest), nest, "x")
    zero = syntax.compare(x.node, "==", typed_number(0, x.dtype).node)
    return Scalar(syntax.conditional(zero, typed_number(1, x.dtype).node,
                                     syntax.binary(syntax.numpy_call("sin", x.node), "/", x.node)), x.dtype)


def _same(function: Callable[..., Any]) -> Callable[[list[Operand]], np.dtype]:
    return lambda inputs: result_dtype(function, *inputs)


SPECIAL: dict[str, Special] = {
    "where": Special(lambda inputs: joined_dtype(inputs[1:]), _where),
    "clip": Special(_clip_dtype, _clip),
    "real": Special(_part_dtype, _real),
    "imag": Special(_part_dtype, _imag),
    "angle": Special(_same(np.angle), _angle),
    "heaviside": Special(_same(np.heaviside), _heaviside),
    "round": Special(lambda inputs: inputs[0].dtype, _round),
    "isclose": Special(lambda inputs: BOOL, _isclose),
    "float_power": Special(_same(np.float_power), _float_power),
    "nan_to_num": Special(lambda inputs: inputs[0].dtype, _nan_to_num),
    "sinc": Special(_same(np.sinc), _sinc),
}
for _dtype in ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
               "complex64", "complex128"):
    SPECIAL[f"to_{_dtype}"] = _astype(np.dtype(_dtype))


def astype(operand: Operand, dtype: np.dtype) -> Operand:
    """The operand converted to `dtype`."""
    if operand.dtype == dtype and isinstance(operand, Array):
        return operand
    return cast(operand, dtype) if isinstance(operand, Scalar) else elementwise(f"to_{dtype.name}", operand)

