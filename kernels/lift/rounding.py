"""Elementwise functions that are written out: rounding, signs, tests of numbers, integer squares, the rarer ufuncs."""
from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import numpy as np

from . import syntax
from .affine import ONE
from .calls import Lifted, arguments, call
from .dtypes import BOOL, FLOAT64, cast, joined, literal, loop_dtypes, settled
from .elementwise import OPERATORS, squared
from .errors import CannotLift
from .expressions import Expressions
from .ufuncs import simple, ufunc
from .values import Pack, Value, number


@simple("square")
def _square(e: Expressions, a: Value) -> Value:
    if a.dtype == BOOL:
        raise CannotLift("np.square of booleans")
    return e.ufunc(np.square, (a,), lambda t: squared(e, t), 2)


@simple("reciprocal")
def _reciprocal(e: Expressions, a: Value) -> Value:
    if a.dtype.kind not in "fc":
        raise CannotLift("np.reciprocal of integers")
    return e.ufunc(np.reciprocal, (a,), lambda t: f"({literal(1, a.dtype)} / {t})", 4)


@simple("sign")
def _sign(e: Expressions, a: Value) -> Value:
    if a.dtype.kind == "f":
        return e.ufunc(np.sign, (a,), lambda t: f"np.sign({t})", 2)
    if a.dtype.kind not in "iu":
        raise CannotLift(f"np.sign of {a.dtype}")

    def element(texts: list[str]) -> str:
        bound = e.bind(texts[0], "element")
        return settled(f"(1 if {bound} > 0 else (-1 if {bound} < 0 else 0))", a.dtype) if a.dtype != np.uint64 else f"np.uint64({bound} > 0)"

    return e.elementwise((a,), a.dtype, element)


TESTS: Mapping[str, tuple[str, str]] = {
    # name: (the test of a float, of an integer)
    "isnan": ("np.isnan({})", "False"), "isinf": ("np.isinf({})", "False"), "isfinite": ("np.isfinite({})", "True"),
    "signbit": ("np.signbit({})", "({} < 0)"), "isposinf": ("({} == np.inf)", "False"), "isneginf": ("({} == -np.inf)", "False"),
}


def _test(name: str) -> Callable[[Expressions, Value], Value]:
    def make(e: Expressions, a: Value) -> Value:
        if a.dtype.kind == "f":
            return e.elementwise((a,), BOOL, lambda t: TESTS[name][0].format(t[0]), 2)
        if a.dtype.kind in "iu":
            return e.elementwise((a,), BOOL, lambda t: TESTS[name][1].format(t[0]))
        if a.dtype.kind == "c" and name == "isnan":
            return e.elementwise((a,), BOOL, lambda t: (lambda bound: f"({bound} != {bound})")(e.bind(t[0], "element")))
        raise CannotLift(f"np.{name} of {a.dtype}")

    return make


for _name in TESTS:
    simple(_name)(_test(_name))


@simple("fix")
def _fix(e: Expressions, a: Value) -> Value:
    return a if a.dtype.kind in "biu" else e.ufunc(np.trunc, (a,), lambda t: f"np.trunc({t})", 2)


@simple("sinc")
def _sinc(e: Expressions, a: Value) -> Value:
    if a.dtype.kind == "c":
        raise CannotLift("np.sinc of complex numbers")
    dtype = a.dtype if a.dtype.kind == "f" and not a.weak else FLOAT64

    def element(texts: list[str]) -> str:
        angle = e.bind(f"{literal(np.pi, dtype)} * {cast(texts[0], a, dtype)}", "angle")
        return f"(np.sin({angle}) / {angle} if {angle} != 0 else {literal(1, dtype)})"

    return e.elementwise((a,), dtype, element, 14)


@simple("angle")
def _angle(e: Expressions, a: Value) -> Value:
    if a.dtype.kind != "c":
        raise CannotLift("np.angle of real numbers")

    def element(texts: list[str]) -> str:
        bound = e.bind(texts[0], "element")
        return f"np.arctan2({bound}.imag, {bound}.real)"

    return e.elementwise((a,), np.dtype(np.float32 if a.dtype == np.complex64 else np.float64), element, 20)


@call("round", "around", method=True)
def _round(e: Expressions, node: ast.Call) -> Lifted:
    x, given = arguments(node, "a decimals")
    value, decimals = e.value(x), e.static(given) or 0  # type: ignore[arg-type]
    if value.dtype.kind not in "fi" or type(decimals) is not int or value.dtype.kind == "i" and decimals < 0:
        raise CannotLift("np.round of this")
    if value.dtype.kind == "i":
        return value.lazily(weak=False)
    if not decimals:
        return e.ufunc(np.rint, (value,), lambda t: f"np.rint({t})", 2).lazily(weak=False)
    factor = literal(10.0 ** abs(decimals), value.dtype)
    there, back = ("*", "/") if decimals > 0 else ("/", "*")
    return e.elementwise((value,), value.dtype, lambda t: f"(np.rint({t[0]} {there} {factor}) {back} {factor})", 6)


@ufunc("heaviside")
def _heaviside(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "x1 x2", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    dtype = loop_dtypes(np.heaviside, a, b)[-1]
    zero, one = literal(0, dtype), literal(1, dtype)

    def make(s: str, t: str) -> str:
        bound = e.bind(s, "element")
        return f"({zero} if {bound} < 0 else ({one} if {bound} > 0 else ({t} if {bound} == 0 else {bound})))"

    return e.ufunc(np.heaviside, (a, b), make, 3).lazily(weak=False)


@ufunc("float_power")
def _float_power(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "x1 x2", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    if "c" in (a.dtype.kind, b.dtype.kind):
        raise CannotLift("np.float_power of complex numbers")
    return e.ufunc(np.float_power, (a, b), lambda s, t: f"({s} ** {t})", 20).lazily(weak=False)


@call("modf")
def _modf(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    a = e.cheap(e.value(x))  # type: ignore[arg-type]
    if a.dtype.kind != "f":
        raise CannotLift(f"np.modf of {a.dtype}")
    whole = e.ufunc(np.trunc, (a,), lambda t: f"np.trunc({t})", 2).lazily(weak=False)

    def element(texts: list[str]) -> str:
        bound = e.bind(texts[0], "element")
        rest = f"{bound} - np.trunc({bound})"
        return f"np.copysign({rest if e.finite else f'{rest} if not np.isinf({bound}) else {literal(0, a.dtype)}'}, {bound})"

    part = e.elementwise((a,), a.dtype, element, 8)
    return Pack((part, whole), f"({part.text}, {whole.text})" if a.ndim == 0 else "?")


@call(*(f"{name}.outer" for name in (*OPERATORS, "minimum", "maximum", "fmin", "fmax", "arctan2", "hypot", "logaddexp")))
def _outer(e: Expressions, node: ast.Call) -> Lifted:
    """Every element of the one with every element of the other."""
    x, y = arguments(node, "A B", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    column = a.lazily(extents=(*a.extents, *[ONE] * b.ndim), ones=(*a.ones, *[True] * b.ndim), element=lambda index: a.element(index[:a.ndim]))
    name = syntax.text(node.func).split(".")[1]
    if name in OPERATORS:
        return e.arithmetic(OPERATORS[name], column, b).lazily(weak=False)
    cost = 2 if name in ("minimum", "maximum", "fmin", "fmax") else 10
    return e.ufunc(getattr(np, name), (column, b), lambda s, t: f"np.{name}({s}, {t})", cost).lazily(weak=False)


@call("isclose")
def _isclose(e: Expressions, node: ast.Call) -> Lifted:
    return is_close(e, node)


def is_close(e: Expressions, node: ast.Call) -> Value:
    """np.isclose of the call's arguments, elementwise."""
    x, y, relative, absolute, equal_nan = arguments(node, "a b rtol atol equal_nan", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    tolerances = [e.cheap(e.value(n)) if n is not None else number(default) for n, default in ((relative, 1e-5), (absolute, 1e-8))]
    if any(v.dtype.kind not in "iuf" for v in (a, b)) or any(t.ndim for t in tolerances):
        raise CannotLift("np.isclose of these arguments")
    dtype = joined(a, b, number(1.0))
    rtol, atol = (cast(t.text, t, FLOAT64) for t in tolerances)
    nans = bool(e.static(equal_nan))

    def element(texts: list[str]) -> str:
        s, t = e.bind(cast(texts[0], a, dtype), "one"), e.bind(cast(texts[1], b, dtype), "other")
        both = f" or ({s} != {s} and {t} != {t})" if nans else ""
        return f"({s} == {t} or (np.isfinite({t}) and abs({s} - {t}) <= {atol} + {rtol} * abs({t})){both})"

    return e.elementwise((a, b), BOOL, element, 6)


