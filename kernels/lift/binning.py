"""Binning: masked sums for many groups in one pass over the elements.

An element's group is found by the very comparisons of the masks: labels that are the group's number are looked up, numbers
between edges are searched for among the edges. Edges must not overlap for that: where they are not known to, the loops test
it when they run, and the masks are evaluated one by one where it fails.
"""
from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from contextlib import nullcontext

import numpy as np

from . import syntax
from .affine import ZERO, Affine
from .dtypes import INT64, cast, literal, loop_dtypes, spell
from .errors import CannotLift
from .expressions import COMPARISON
from .masked_sums import Groups, MaskedSum, masked_sums
from .names import assigned_in, mutated_in
from .reductions import larger, lowest
from .statements import Statements
from .values import UNKNOWN, Index, Value

Loop = Callable[[ast.For], None]


class Binned(Statements):
    """Statements whose loops over groups become one pass over the elements, where they can."""

    def _for(self, node: ast.For) -> None:
        back, kept = self.mark(), len(self.kept)
        try:
            write_binned(self, node, masked_sums(node, self.seen, self._uses, self.fresh), super()._for)
        except Exception:  # noqa: BLE001 - what the pass does not foresee stays a loop for each group
            back()
            del self.kept[kept:]
            super()._for(node)


def write_binned(e: Statements, node: ast.For, groups: Groups, loop: Loop) -> None:
    """Emits the pass and, for what the loop does with the sums, `loop` of the rest; where edges have to be tested, `loop` of
    the whole as well. Raises CannotLift where memory may be shared, or what is compared has no such form."""
    _no_shared_memory(e, node, groups)
    start, stop = _first(e, groups), e.affine(e.value(groups.stop))
    bins = e.fresh("bins")
    e.emit(f"{bins} = max({stop - start}, 0)")
    key = e.value(groups.bounds.key)
    also = [e.value(each) for each in groups.bounds.also]
    if key.ndim == 0 or key.dtype.kind not in "iuf" or any(_misfit(key, each) for each in also):
        raise CannotLift("a mask that is no comparison of numbers")
    rest = ast.copy_location(ast.For(node.target, node.iter, groups.rest, []), node)
    shift = _shift(groups) if key.dtype.kind in "iu" and key.dtype != np.uint64 else None
    if shift is not None:
        _one_pass(e, key, also, _sums(e, groups, key, bins), lambda number: _labelled(e, number, start + shift, bins), INT64)
        loop(rest)
        return
    dtype, lows, ups = _edges(e, groups, key, start, bins)
    ordered = _ordered(e, groups, lows, ups, bins)
    known, taken = dict(e.environment), set(e.deferred)
    with e.block(f"if {ordered}:"):
        scale = _scale(e, lows, bins)
        _one_pass(e, key, also, _sums(e, groups, key, bins), lambda number: _searched(e, groups, number, lows, ups, bins, scale), dtype)
        loop(rest)
    e.environment, e.deferred = dict(known), taken
    with e.block("else:"):
        loop(node)
    e.environment = known
    e.forget(set(assigned_in([node])))


def _first(e: Statements, groups: Groups) -> Affine:
    """The number of the first group."""
    if groups.start is None:
        return ZERO
    value = e.value(groups.start)
    return e.affine(value) if value.constant is not UNKNOWN else Affine.atom(e.bind(value.text, "first"))


def _no_shared_memory(e: Statements, node: ast.For, groups: Groups) -> None:
    """Raises CannotLift unless the loop writes into no array that masks and sums read."""

    inside = set(assigned_in(node.body))
    variables = {n for n in groups.reads - inside - {"np", "math", groups.variable} if n not in e.constants and not hasattr(builtins, n)}
    read = [e.environment.get(name) for name in variables]
    written = mutated_in(groups.rest) - {each.name for each in groups.sums}
    for name in written - inside:
        place = e.environment.get(name)
        for other in read:
            if isinstance(other, Value) and not other.ndim:
                continue
            if not (isinstance(other, Value) and isinstance(place, Value) and other.sure and place.sure and other.root != place.root):
                raise CannotLift("the loop may write into what its masks read")
    for name in written & inside:
        if any(each is not None and not isinstance(each, ast.Constant) and (e.seen.type_of(each) or ("",))[0] != "scalar"
               for statement in groups.rest for each in _given(statement, name)):
            raise CannotLift("the loop writes into an array that it binds itself")


def _given(statement: ast.stmt, name: str) -> list[ast.expr]:
    """What is assigned to the variable."""
    return [each.value for each in ast.walk(statement) if isinstance(each, ast.Assign | ast.AugAssign)
            for target in ([each.target] if isinstance(each, ast.AugAssign) else each.targets)
            if isinstance(target, ast.Name) and target.id == name]


def _misfit(key: Value, value: Value) -> bool:
    """Whether an array has not the elements of the key."""
    return value.ndim > 0 and (value.ndim != key.ndim or value.ones != key.ones)


def _shift(groups: Groups) -> int | None:
    """Where an element belongs to the group whose number is its key, less what comes back; None for any other mask."""
    sign, number = groups.bounds.above
    if sign != "==":
        return None
    match number:
        case ast.Name(id=name) if name == groups.variable:
            return 0
        case ast.BinOp(left=ast.Name(id=name), op=ast.Add() | ast.Sub() as op, right=ast.Constant(value=int() as constant)) \
                if name == groups.variable and type(constant) is int and abs(constant) < 2**31:
            return constant if isinstance(op, ast.Add) else -constant
    return None


# -- which group ----------------------------------------------------------------------------------------------------


def _labelled(e: Statements, number: str, lowest: Affine, bins: str) -> tuple[str, str]:
    """The condition under which an element has a group, and the group's place."""
    return f"{number} >= {lowest} and {number} < {lowest + Affine.atom(bins)}", str(Affine.atom(number) - lowest)


def _edges(e: Statements, groups: Groups, key: Value, start: Affine, bins: str) -> tuple[np.dtype, str, str]:
    """Emits two arrays with the numbers that the masks compare, in the dtype in which NumPy compares them."""
    lows, ups, known, waiting = e.fresh("lows"), e.fresh("ups"), dict(e.environment), set(e.deferred)
    mark, dtypes = len(e.lines), set()
    variable = groups.variable
    with e.block(f"for {variable} in range({start}, {start + Affine.atom(bins)}):"):
        e.environment[variable] = Value(INT64, (), lambda _: variable, weak=True, name=variable)
        e.body(groups.first)
        for array, (sign, bound) in ((lows, groups.bounds.above), (ups, groups.bounds.below)):
            value = e.value(bound)
            compared = _compared(key, value, sign)
            dtypes |= set(compared)
            e.emit(f"{array}[{Affine.atom(variable) - start}] = {cast(value.text, value, compared[-1])}")
    e.environment, e.deferred = known, waiting
    e.forget({*assigned_in(groups.first), variable})
    if len(dtypes) != 1 or (dtype := dtypes.pop()).kind not in "iuf":
        raise CannotLift("numbers that are compared in several dtypes")
    e.lines[mark:mark] = ["    " * e.indent + f"{array} = np.empty({bins}, dtype={spell(dtype)})" for array in (lows, ups)]
    return dtype, lows, ups


def _compared(key: Value, number: Value, sign: str) -> tuple[np.dtype, ...]:
    """The dtypes in which NumPy compares them; integers are compared by value, whatever their width."""
    if key.dtype.kind in "iu" and number.dtype.kind in "iu":
        if np.uint64 in (key.dtype, number.dtype):
            raise CannotLift("a comparison of np.uint64")
        return (INT64,)
    return loop_dtypes(next(f for op, f in COMPARISON.items() if _SPELLED[op] == sign), key, number)[:2]


_SPELLED = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def _ordered(e: Statements, groups: Groups, lows: str, ups: str, bins: str) -> str:
    """Emits the test that no number lies in two groups, and that they stand in order; nan among the edges fails it."""
    closed = groups.bounds.above[0] in (">=", "==") and groups.bounds.below[0] in ("<=", "==")
    ordered = e.fresh("ordered")
    e.emit(f"{ordered} = {bins} > 0")
    with e.nest((Affine.atom(bins) - 1,)) as (b,):
        with e.block(f"if not ({lows}[{b}] <= {lows}[{b + 1}] and {ups}[{b}] {'<' if closed else '<='} {lows}[{b + 1}]):"):
            e.emit(f"{ordered} = False")
    return ordered


def _scale(e: Statements, lows: str, bins: str) -> str:
    """Emits the number of groups in a unit, were all equally wide."""
    span, scale = e.fresh("span"), e.fresh("scale")
    e.emit(f"{span} = np.float64({lows}[{bins} - 1]) - np.float64({lows}[0])")
    e.emit(f"{scale} = ({bins} - 1) / {span} if {span} > 0.0 else 0.0")
    return scale


def _searched(e: Statements, groups: Groups, number: str, lows: str, ups: str, bins: str, scale: str) -> tuple[str, str]:
    """Emits the search for the last group that begins at or before the number: a guess, and bisection where it is wrong."""
    begins, ends = ((whole if sign == "==" else sign) for (sign, _), whole in ((groups.bounds.above, ">="), (groups.bounds.below, "<=")))
    position, slot, beyond, middle = e.fresh("position"), e.fresh("slot"), e.fresh("beyond"), e.fresh("middle")
    e.emit(f"{position} = (np.float64({number}) - np.float64({lows}[0])) * {scale}")
    e.emit(f"{slot} = 0")
    with e.block(f"if {position} >= 1.0:"):
        e.emit(f"{slot} = int({position}) if {position} < {bins} else {bins} - 1")
    right = (f"({slot} == 0 or {number} {begins} {lows}[{slot}]) and "
             f"({slot} + 1 >= {bins} or not {number} {begins} {lows}[{slot} + 1])")
    with e.block(f"if not ({right}):"):
        e.emit(f"{slot} = 0")
        e.emit(f"{beyond} = {bins}")
        with e.block(f"while {beyond} - {slot} > 1:"):
            e.emit(f"{middle} = ({slot} + {beyond}) // 2")
            with e.block(f"if {number} {begins} {lows}[{middle}]:"):
                e.emit(f"{slot} = {middle}")
            with e.block("else:"):
                e.emit(f"{beyond} = {middle}")
    return f"{number} {begins} {lows}[{slot}] and {number} {ends} {ups}[{slot}]", slot


# -- the pass -------------------------------------------------------------------------------------------------------


def _sums(e: Statements, groups: Groups, key: Value, bins: str) -> list[tuple[Value, MaskedSum, Value | None]]:
    """Emits the accumulators, each with what it holds before the first element."""
    made: list[tuple[Value, MaskedSum, Value | None]] = []
    for each in groups.sums:
        values = None if each.values is None else e.value(each.values)
        dtype, rows = INT64, ()
        if values is not None:
            seen = np.dtype(each.seen)
            dtype = seen if seen.kind in "fc" or each.kind != "sum" else np.dtype(np.uint64) if seen.kind == "u" else INT64
            rows = values.extents[key.ndim:]
            leading = values.lazily(extents=values.extents[:key.ndim], ones=values.ones[:key.ndim])
            if values.ndim and values.ndim != key.ndim + each.rows or each.rows and not values.ndim or _misfit(key, leading):
                raise CannotLift("a mask that does not fit its array")
        if each.kind != "sum" and dtype.kind not in "iuf":
            raise CannotLift(f"the extremes of {dtype}")
        array = e.allocate(each.name, dtype, (Affine.atom(bins), *rows))
        begin = literal(0, dtype) if each.kind == "sum" else lowest(dtype, "min" if each.kind == "max" else "max", e.finite)
        with e.nest(array.extents) as index:
            e.emit(f"{array.element(index)} = {begin}")
        e.environment[each.name] = array
        made.append((array, each, values))
    return made


def _one_pass(e: Statements, key: Value, also: list[Value], sums: list[tuple[Value, MaskedSum, Value | None]],
              group: Callable[[str], tuple[str, str]], dtype: np.dtype) -> None:
    """Emits the nest over the elements, each of which is added to the sums of its group."""

    def at(value: Value, index: Index) -> str:
        return value.element(index if value.ndim else ())

    with e.nest(key.extents) as index:
        test = " and ".join(at(each, index) for each in also) or "True"
        with e.block(f"if {test}:") if also else nullcontext():
            number = e.fresh("number")
            e.emit(f"{number} = {cast(key.element(index), key, dtype)}")
            condition, slot = group(number)
            with e.block(f"if {condition}:"):
                place = Affine.of(syntax.parse(slot))
                for array, each, values in sums:
                    if values is None:
                        e.emit(f"{array.element((place,))} += 1")
                        continue
                    with e.nest(array.extents[1:]) as inner:
                        text = cast(at(values, (*index, *inner)), values, array.dtype)
                        into = array.element((place, *inner))
                        e.emit(f"{into} += {text}" if each.kind == "sum" else f"{into} = {larger(each.kind, into, text, array.dtype, e.finite)}")
