"""Operators, names and numbers of the reference as values."""
from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from . import syntax
from .dtypes import BOOL, FLOAT64, INT64, cast, either, joined, literal, loop_dtypes, operand, settled
from .environment import Environment
from .errors import CannotLift
from .names import root_name, stored
from .seen import identity
from .values import UNKNOWN, Pack, Value, integer, number, scalar

BINARY: Mapping[type[ast.operator], np.ufunc] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.true_divide, ast.FloorDiv: np.floor_divide,
    ast.Mod: np.remainder, ast.Pow: np.power, ast.BitAnd: np.bitwise_and, ast.BitOr: np.bitwise_or,
    ast.BitXor: np.bitwise_xor, ast.LShift: np.left_shift, ast.RShift: np.right_shift,
}
COMPARISON: Mapping[type[ast.cmpop], np.ufunc] = {
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal, ast.Eq: np.equal, ast.NotEq: np.not_equal,
}
SIGNS: Mapping[np.ufunc, str] = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.true_divide: "/", np.floor_divide: "//", np.remainder: "%",
    np.power: "**", np.bitwise_and: "&", np.bitwise_or: "|", np.bitwise_xor: "^", np.left_shift: "<<", np.right_shift: ">>",
    np.less: "<", np.less_equal: "<=", np.greater: ">", np.greater_equal: ">=", np.equal: "==", np.not_equal: "!=",
}
_FOLD = {np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul}
_ON_BOOLS = {np.add: "({} or {})", np.multiply: "({} and {})", np.bitwise_and: "({} and {})", np.bitwise_or: "({} or {})",
             np.bitwise_xor: "({} != {})", np.equal: "({} == {})", np.not_equal: "({} != {})"}
SHOWING = frozenset({"broadcast_to", "broadcast_arrays", "sliding_window_view", "real", "imag"})
"""Functions whose results show their arguments' memory, and are read element by element here."""
Call = Callable[["Expressions", ast.Call], "Value | Pack | None"]
Subscript = Callable[["Expressions", ast.Subscript], "Value | Pack"]


class Expressions(Environment):
    """Turns expressions into values. calls, methods: how calls, by dotted name, and methods of arrays are lifted.
    subscripts: how subscripts of NumPy's own objects are, `np.mgrid[...]`."""

    calls: dict[str, Call] = {}
    methods: dict[str, Call] = {}
    subscripts: dict[str, Subscript] = {}

    # -- dispatch -----------------------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Value:
        """The expression as a number or an array. Raises CannotLift."""
        found = self.any_value(node)
        if isinstance(found, Pack) and (numbers := self.constant_array(node)) is not None:
            return numbers
        if isinstance(found, Pack):
            raise CannotLift("a tuple stands where a number or an array is wanted")
        return found

    def any_value(self, node: ast.expr) -> Value | Pack:
        found = self._translate(node)
        if isinstance(found, Value):
            self._check(node, found)
        return found

    def _check(self, node: ast.expr, found: Value) -> None:
        """Raises CannotLift unless the dtype and rank are those that the expression has in NumPy."""
        seen = self.seen.type_of(node)
        if seen is None or seen[0] not in ("array", "scalar"):
            return
        ndim = seen[2] if seen[0] == "array" and self.mask is None else found.ndim if self.mask is not None else 0
        if np.dtype(seen[1]) != found.dtype or ndim != found.ndim:
            if ndim == found.ndim and {found.dtype.kind, np.dtype(seen[1]).kind} <= set("iu") and any(map(self.is_mixed, syntax.names_in(node))):
                return
            raise CannotLift(f"`{syntax.text(node)[:60]}` was read as {found.dtype} of {found.ndim} dimension(s), but is "
                             f"{np.dtype(seen[1])} of {ndim}")

    def _translate(self, node: ast.expr) -> Value | Pack:
        match node:
            case ast.Constant(value=bool() | int() | float() | complex() as value):
                return number(value)
            case ast.Name(id=name):
                return self.variable(name, node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp(op=ast.MatMult()):
                product = ast.copy_location(ast.Call(syntax.numpy("matmul"), [node.left, node.right], []), node)
                product.kernwright_id = getattr(node, "kernwright_id", -1)  # type: ignore[attr-defined]
                return self.calls["np.matmul"](self, product)  # type: ignore[return-value]
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(node, left, op, right)
            case ast.Compare():
                return self._comparison(node)
            case ast.BoolOp():
                return self._logical(node)
            case ast.IfExp():
                return self._conditional(node)
            case ast.Tuple(elts=elements):
                items = tuple(self.any_value(e) for e in elements)
                texts = [i.text if isinstance(i, Pack) or i.ndim == 0 else i.name or "?" for i in items]
                return Pack(items, f"({', '.join(texts)}{',' if len(texts) == 1 else ''})")
            case ast.Subscript(value=ast.Attribute() as base) if syntax.text(base) in self.subscripts:
                return self.subscripts[syntax.text(base)](self, node)
            case ast.Subscript():
                return self.subscript(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._call(node)
        raise CannotLift(f"`{syntax.text(node)[:60]}` has no loop form")

    def subscript(self, node: ast.Subscript) -> Value | Pack:
        raise NotImplementedError

    def keep_call(self, node: ast.Call, reason: str) -> Value | Pack:
        raise NotImplementedError

    def viewed(self, value: Value, node: ast.expr) -> Value:
        raise NotImplementedError

    def may_alias(self, root: str, sure: bool, place: Value) -> bool:
        raise NotImplementedError

    # -- operators ----------------------------------------------------------------------------------------------

    def _unary(self, node: ast.UnaryOp) -> Value:
        value = self.value(node.operand)
        match node.op:
            case ast.USub():
                if value.constant is not UNKNOWN:
                    return number(-value.constant, value.weak)
                return self.ufunc(np.negative, (value,), lambda x: f"(-{x})")
            case ast.UAdd():
                if value.dtype == BOOL:
                    raise CannotLift("`+` of truth values")
                return value.lazily() if value.ndim else value     # a copy
            case ast.Invert():
                if value.dtype == BOOL:
                    return self.elementwise((value,), BOOL, lambda x: f"(not {x[0]})")
                return self.ufunc(np.invert, (value,), lambda x: f"(~{x})")
        if value.ndim:
            raise CannotLift("`not` of an array")
        return scalar(f"(not {self.truth(value)})", BOOL, weak=True)

    def _binary(self, node: ast.BinOp, left: ast.expr, op: ast.operator, right: ast.expr) -> Value | Pack:
        a, b = self.any_value(left), self.any_value(right)
        if isinstance(a, Pack) and isinstance(b, Pack) and isinstance(op, ast.Add):
            return Pack(a.items + b.items, f"({a.text} + {b.text})")
        if isinstance(a, Pack) or isinstance(b, Pack):
            raise CannotLift("arithmetic on a tuple")
        if isinstance(op, ast.Pow) and a.weak and b.weak and b.constant is UNKNOWN and {a.dtype, b.dtype} == {INT64} \
                and self.seen.type_of(node) == ("scalar", INT64.str, True):
            return scalar(f"({a.text} ** {b.text})", INT64, weak=True, cost=4)   # an integer in every run: never to a negative power
        return self.arithmetic(BINARY[type(op)], a, b)

    def arithmetic(self, function: np.ufunc, a: Value, b: Value) -> Value:
        """`a op b` for an operator of Python or its ufunc."""
        if function is np.power:
            return self._power(a, b)
        sign = SIGNS[function]
        weak = a.weak and b.weak
        if weak and function in _FOLD and all(v.constant is not UNKNOWN and type(v.constant) is int and not v.name for v in (a, b)):
            if a.text.lstrip("-").isdigit() and b.text.lstrip("-").isdigit():
                return number(_FOLD[function](a.constant, b.constant))
        if weak and a.dtype == BOOL or weak and b.dtype == BOOL:
            if function in (np.bitwise_and, np.bitwise_or, np.bitwise_xor) and a.dtype == b.dtype:
                return self.elementwise((a, b), BOOL, lambda x: _ON_BOOLS[function].format(*x), weak=True)
            a, b = (scalar(f"int({v.text})", INT64, weak=True) if v.dtype == BOOL else v for v in (a, b))
        a, b = self._comparable(function, a, b)
        found = loop_dtypes(function, a, b)
        if found[0] == BOOL:
            if function not in _ON_BOOLS:
                raise CannotLift(f"`{sign}` on booleans")
            return self.elementwise((a, b), BOOL, lambda x: _ON_BOOLS[function].format(*x))
        if found[-1].kind == "u":
            return self.ufunc(function, (a, b), lambda x, y: f"({x} {sign} {y})")
        integers = a.dtype.kind in "iu" and b.dtype.kind in "iu"
        exact = function is np.true_divide and integers

        def write(texts: list[str]) -> str:
            x, y = texts
            if not exact:
                x, y = operand(x, a, found[0], (b,)), operand(y, b, found[1], (a,))
            return settled(f"({x} {sign} {y})", found[-1])

        cost = 1 if function in (np.add, np.subtract, np.multiply) or found[-1] == BOOL else 4
        return self.elementwise((a, b), found[-1], write, cost, weak)

    def _comparable(self, function: np.ufunc, a: Value, b: Value) -> tuple[Value, Value]:
        """Operands as a comparison takes them: an unsigned integer meets signed ones by value, negative ones too."""
        if function not in COMPARISON.values() or {a.dtype.kind, b.dtype.kind} != {"u", "i"}:
            return a, b
        unsigned, other = (a, b) if a.dtype.kind == "u" else (b, a)
        if other.weak and other.constant is not UNKNOWN and 0 <= other.constant <= np.iinfo(unsigned.dtype).max:
            return a, b
        if unsigned.dtype.itemsize == 8:
            raise CannotLift("a comparison of np.uint64 with a number that may be negative")
        wide = self.elementwise((unsigned,), INT64, lambda x: f"np.int64({x[0]})")
        return (wide, b) if unsigned is a else (a, wide)

    def _power(self, a: Value, b: Value) -> Value:
        exponent = b.constant if b.weak and b.constant is not UNKNOWN else None
        weak = a.weak and b.weak
        if weak and a.dtype.kind in "bi" and b.dtype.kind in "bi":
            if exponent is None or exponent < 0:
                raise CannotLift("an integer to a power that may be negative")
            return scalar(f"({a.text} ** {exponent})", INT64, weak=True, cost=4)
        dtype = loop_dtypes(np.power, a, b)[-1]
        if dtype.kind in "iufc" and exponent in (2, 3, 4) and a.dtype == dtype:
            def repeated(texts: list[str]) -> str:
                x = self.bind(texts[0]) if not _plain(texts[0]) else texts[0]
                if exponent == 4:
                    x = self.bind(settled(f"{x} * {x}", dtype))
                    return settled(f"({x} * {x})", dtype)
                return settled(f"({' * '.join([x] * int(exponent))})", dtype)

            return self.elementwise((a,), dtype, repeated, 2, weak)
        if dtype.kind == "f" and exponent == 0.5 and a.dtype == dtype and not weak:
            return self.elementwise((a,), dtype, lambda x: f"np.sqrt({x[0]})", 8)
        if dtype.kind == "f" and exponent == -1 and a.dtype == dtype:
            return self.elementwise((a,), dtype, lambda x: f"({literal_one(dtype)} / {x[0]})", 4, weak)
        return self.ufunc(np.power, (a, b), lambda x, y: f"({x} ** {y})", 20)

    def _comparison(self, node: ast.Compare) -> Value:
        values = [self.value(v) for v in (node.left, *node.comparators)]
        parts = []
        for a, op, b in zip(values, node.ops, values[1:]):
            if type(op) not in COMPARISON:
                raise CannotLift("`in` and `is` have no loop form")
            parts.append(self.arithmetic(COMPARISON[type(op)], a, b))
        if len(parts) == 1:
            weak = values[0].weak and values[1].weak
            return replace(parts[0], weak=weak)
        if any(p.ndim for p in parts):
            raise CannotLift("a chain of comparisons of arrays")
        return scalar(f"({' and '.join(p.text for p in parts)})", BOOL)

    def truth(self, value: Value) -> str:
        """The text of a number's truth value."""
        if value.ndim:
            raise CannotLift("the truth of an array")
        return value.text if value.dtype == BOOL else f"({value.text} != 0)"

    def _lazy(self, node: ast.expr) -> Value:
        """A value that is evaluated only sometimes: it may emit nothing beforehand."""
        before = len(self.lines)
        value = self.value(node)
        if value.ndim or len(self.lines) != before:
            raise CannotLift(f"`{syntax.text(node)[:60]}` is evaluated only under a condition")
        return value

    def condition(self, node: ast.expr) -> str:
        """The text of what decides about a branch or a loop, of which only the truth counts."""
        match node:
            case ast.BoolOp():
                return self._logical(node, of_truths=False).text
            case ast.UnaryOp(op=ast.Not(), operand=ast.BoolOp() as inner):
                return f"(not {self._logical(inner, of_truths=False).text})"
        return self.truth(self.value(node))

    def _logical(self, node: ast.BoolOp, of_truths: bool = True) -> Value:
        """of_truths: its operands must be truth values, as its value is one of them."""
        def taken(value: Value) -> Value:
            if of_truths and value.dtype != BOOL:
                raise CannotLift("`and` and `or` of other things than truth values")
            return value

        back = self.mark()
        try:
            values = [taken(self.value(node.values[0])), *(taken(self._lazy(v)) for v in node.values[1:])]
        except CannotLift:
            back()
            return self._step_by_step(node, taken)
        word = " and " if isinstance(node.op, ast.And) else " or "
        return scalar(f"({word.join(self.truth(v) for v in values)})", BOOL, weak=all(v.weak for v in values))

    def _step_by_step(self, node: ast.BoolOp, taken: Callable[[Value], Value]) -> Value:
        """The same where an operand takes statements, such as the loop of a sum: each only where it decides."""
        met = self.fresh("met")
        self.emit(f"{met} = {self.truth(taken(self.value(node.values[0])))}")
        for other in node.values[1:]:
            with self.block(f"if {met}:" if isinstance(node.op, ast.And) else f"if not {met}:"):
                self.emit(f"{met} = {self.truth(taken(self.value(other)))}")
        return scalar(met, BOOL, weak=True, cost=0)

    def _conditional(self, node: ast.IfExp) -> Value:
        seen = self.seen.type_of(node)
        if seen is not None and seen[0] == "array":
            return self.array_chosen(node)
        test = self.truth(self.value(node.test))
        back = self.mark()
        try:
            then, otherwise = self._lazy(node.body), self._lazy(node.orelse)
        except CannotLift:
            back()
            return self._in_branches(test, node)
        dtype = self._common(then, otherwise, node)
        texts = [each.text if each.dtype == dtype else cast(each.text, each, dtype) for each in (then, otherwise)]
        return scalar(f"({texts[0]} if {test} else {texts[1]})", dtype, then.weak and otherwise.weak)

    def _common(self, one: Value, other: Value, node: ast.IfExp) -> np.dtype:
        """The dtype of both branches; of integers of several widths 64 bits, where the variable that gets one of them may have any width.
        Raises CannotLift."""
        match self.statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in self.width_free and node in _branches(value) \
                    and {one.dtype.kind, other.dtype.kind} <= {"i", "u"} and np.uint64 not in (one.dtype, other.dtype):
                return INT64
        dtype = either(one, other)
        if dtype is None:
            raise CannotLift("the two branches of a conditional differ in type")
        return dtype

    def _in_branches(self, test: str, node: ast.IfExp) -> Value:
        """A number of which one way or the other takes statements, such as the loop of a sum."""
        chosen, values = self.fresh("chosen"), []
        for head, way in ((f"if {test}:", node.body), ("else:", node.orelse)):
            with self.block(head):
                values.append(self.value(way))
                self.emit(f"{chosen} = {values[-1].text}")
        one, other = values
        if one.ndim or other.ndim or one.dtype != other.dtype:
            raise CannotLift("the two branches of a conditional differ in type")
        return scalar(chosen, one.dtype, one.weak and other.weak, cost=0)

    def where(self, condition: Value, then: Value, otherwise: Value) -> Value:
        """np.where of three operands."""
        dtype = joined(then, otherwise)
        return self.elementwise(
            (condition, then, otherwise), dtype,
            lambda x: f"({cast(x[1], then, dtype)} if {cast(x[0], condition, BOOL)} else {cast(x[2], otherwise, dtype)})", 2)

    # -- attributes and calls -----------------------------------------------------------------------------------

    def _attribute(self, node: ast.Attribute) -> Value | Pack:
        dotted = syntax.text(node)
        if dotted in ("np.pi", "np.e", "np.inf", "np.nan", "np.euler_gamma", "math.pi", "math.e", "math.inf", "math.nan", "math.tau"):
            return replace(number(getattr(np if dotted[:2] == "np" else math, node.attr)), element=lambda _: dotted)
        if of_module(node):
            raise CannotLift(f"{dotted} has no loop form here")
        value = self.value(node.value)
        if node.attr == "shape":
            return self.shape_of(value)
        if node.attr == "ndim":
            return number(value.ndim)
        if node.attr == "size":
            factors = [e.length for e in value.extents if e.constant != 1]
            return scalar(f"({' * '.join(f'({e})' for e in factors) or '1'})", INT64, weak=True)
        if node.attr == "T":
            return self.transposed(value, tuple(reversed(range(value.ndim))))
        if node.attr == "mT" and value.ndim >= 2:
            return self.transposed(value, (*range(value.ndim - 2), value.ndim - 1, value.ndim - 2))
        if node.attr in ("real", "imag"):
            if value.ndim and value.root is not None and value.dtype.kind == "c":
                self.shows(node, [node.value])
            return self.part(value, node.attr)
        raise CannotLift(f"the attribute `.{node.attr}`")

    def shape_of(self, value: Value) -> Pack:
        items = tuple(integer(e.length) for e in value.extents)
        return Pack(items, f"({', '.join(i.text for i in items)}{',' if len(items) == 1 else ''})")

    def part(self, value: Value, which: str) -> Value:
        """The real or imaginary part."""
        if value.dtype.kind != "c":
            return value if which == "real" else value.lazily(element=lambda _: literal(0, value.dtype))
        dtype = np.dtype(np.float32 if value.dtype == np.complex64 else np.float64)
        return self.elementwise((value,), dtype, lambda x: f"({x[0]}).{which}", 0)

    def transposed(self, value: Value, axes: tuple[int, ...]) -> Value:
        """The array with its axes in another order: a view."""
        back = [axes.index(axis) for axis in range(value.ndim)]
        return value.lazily(
            root=value.root, extents=tuple(value.extents[a] for a in axes), ones=tuple(value.ones[a] for a in axes),
            element=lambda index: value.element(tuple(index[b] for b in back)))

    def shows(self, node: ast.expr, shown: list[ast.expr]) -> None:
        """Raises CannotLift where the result of `node`, whose elements are read as they are now, would change with what it shows."""
        names = {name for each in shown for name in root_name(each)}
        known = [value for name in names if isinstance(value := self.environment.get(name), Value)]
        changes = (names | {value.root for value in known}) & self.mutated or any(not value.sure for value in known) and self.mutated
        if changes and identity(node) not in self.transient:
            raise CannotLift("a view of an array that changes")

    def _call(self, node: ast.Call) -> Value | Pack:
        name = syntax.text(node.func)
        found: Value | Pack | None = None
        mark, taken = len(self.lines), set(self.taken)
        try:
            if name in self.calls and name not in self.helpers:
                found = self.calls[name](self, node)
            elif isinstance(node.func, ast.Attribute) and node.func.attr in self.methods and not of_module(node.func):
                inner = ast.copy_location(ast.Call(syntax.numpy(node.func.attr), [node.func.value, *node.args], node.keywords), node)
                inner.kernwright_id = getattr(node, "kernwright_id", -1)  # type: ignore[attr-defined]
                found = self.methods[node.func.attr](self, inner)
            reason = f"{name} has no loop form here"
            if found is not None and name.rpartition(".")[2] in SHOWING:
                self.shows(node, node.args)
        except CannotLift as error:
            found = None
            del self.lines[mark:]
            self.taken = taken
            reason = str(error)
        return found if found is not None else self.keep_call(node, reason)


def of_module(node: ast.Attribute) -> bool:
    """Whether it is a name of NumPy or math: `np.exp`, `np.linalg.norm`."""
    value: ast.expr = node.value
    while isinstance(value, ast.Attribute):
        value = value.value
    return isinstance(value, ast.Name) and value.id in ("np", "math")


def literal_one(dtype: np.dtype) -> str:
    return "1.0" if dtype == FLOAT64 else f"np.{dtype.name}(1.0)"


def _plain(text: str) -> bool:
    """Whether a text is cheap to repeat: a variable, or an element at a plain index."""
    node = syntax.parse(text)
    return isinstance(node, ast.Name) or (
        isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)
        and not any(isinstance(n, ast.Subscript) for n in ast.walk(node.slice)))


def bound_by(statement: ast.stmt) -> set[str]:
    """The variables that a statement assigns."""
    return set(stored(statement))


def _branches(value: ast.expr) -> list[ast.expr]:
    """What a value may be, and the conditionals that decide it."""
    return [value, *_branches(value.body), *_branches(value.orelse)] if isinstance(value, ast.IfExp) else [value]
