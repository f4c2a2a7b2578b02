"""Evaluates a function's expressions symbolically and logs the array accesses that they make."""
from __future__ import annotations

import ast

from . import numpy_calls as numpy_facts
from .affine import Affine, Symbol, SymbolTable
from .aliases import Aliases, returns_new_memory
from .facts import LARGEST, Facts
from .model import WHOLE, Access, Dimension, FunctionAnalysis, Loop, Undecided, Value, View
from .types import Type, Types

INTEGER_CASTS = ("int64", "intp", "int_")
UNSIGNED_CASTS = ("uint64", "uintp")
MAX_ACCESSES = 3000


class Expressions(Facts):
    """The state of a walk through one function: the values of its names here, the loops around, what is guarded.

    Values are forms over symbols, so that they stay true when names are bound again.
    """

    def __init__(self, analysis: FunctionAnalysis, table: SymbolTable, types: Types, aliases: Aliases,
                 constants: dict[str, Affine]) -> None:
        super().__init__(analysis, table, types)
        self.aliases = aliases
        self.constants = constants
        self.environment: dict[str, Value] = {}
        # By the identity of a view, which is that of one evaluation: the loops around it, and the lengths of its parts.
        self.made_in: dict[int, tuple[View, frozenset[Loop]]] = {}
        self.lengths: dict[tuple[int, int], tuple[View, Symbol]] = {}
        self.statement: ast.stmt = analysis.node

    # values

    def opaque(self, name: str, node: ast.expr | None, known: Type | None = None,
               roots: frozenset[object] | None = None, fresh: bool = False) -> Value:
        """A value of which only the type and the memory that it may stand for are known."""
        known = known or (self.type_of(node) if node is not None else Type("unknown"))
        if roots is None:
            roots = self.aliases.roots(self.analysis.node.name, node) if node is not None else frozenset()
        symbol = self.table.new(name, frozenset(self.loops), integer=known.is_integer, roots=roots, fresh=fresh,
                                nonnegative=known.is_integer and known.dtype.startswith("uint"), unsigned=known.dtype.startswith("uint"))
        if known.is_scalar:
            return Value(Affine.of(symbol) if known.is_integer else None)
        return Value(None, View(symbol))

    def evaluate(self, node: ast.expr, consumed: bool = True) -> Value:
        """The value of `node`; logs the reads made, that of the value's own elements only if it is `consumed`."""
        value = self._evaluate(node)
        if value.affine is not None:
            self.analysis.affine[id(node)] = value.affine
        if value.view is not None:
            self.analysis.views[id(node)] = value.view
            if consumed and not self.type_of(node).is_scalar:
                self.log(value.view, False, node)
        return value

    def _evaluate(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=bool()):
                return Value()
            case ast.Constant(value=int() as number):
                return Value(Affine((), number))
            case ast.Constant():
                return Value()
            case ast.Name(id=name):
                if name in self.environment:
                    return self.environment[name]
                return Value(self.constants[name]) if name in self.constants else self.opaque(name, node)
            case ast.UnaryOp(op=operator, operand=operand):
                inner = self.evaluate(operand)
                if inner.affine is not None and isinstance(operator, ast.USub):
                    wraps = self.unsigned(operand, inner.affine) and not self.nonnegative(-inner.affine)
                    return self.made(node) if wraps else Value(-inner.affine)
                return inner if isinstance(operator, ast.UAdd) and inner.affine else self.made(node)
            case ast.BinOp(left=left, op=operator, right=right):
                return self._operation(node, self.evaluate(left), operator, self.evaluate(right))
            case ast.Compare(left=left, comparators=others):
                for part in (left, *others):
                    self.evaluate(part)
                return self.made(node)
            case ast.BoolOp(op=operator, values=parts):
                outer = self.guards
                for part in parts:
                    self.evaluate(part)
                    self.guards += self.implied(part, isinstance(operator, ast.And))
                self.guards = outer
                return self.opaque("bool", node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.evaluate(test)
                outer = self.guards
                self.guards = outer + self.implied(test, True)
                first = self.evaluate(body, consumed=False)
                self.guards = outer + self.implied(test, False)
                second = self.evaluate(orelse, consumed=False)
                self.guards = outer
                if first == second and (first.affine or first.view):
                    return first
                return self.one_of(self.opaque("ternary", node), (first, self.implied(test, True)), (second, self.implied(test, False)))
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for element in elements:
                    self.evaluate(element)
                return Value()
            case ast.Slice(lower=lower, upper=upper, step=step):
                for part in (lower, upper, step):
                    if part is not None:
                        self.evaluate(part)
                return Value()
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Call():
                return self._call(node)
        raise Undecided(f"line {node.lineno}: {type(node).__name__}")

    @staticmethod
    def one_of(value: Value, *cases: tuple[Value | None, tuple[Affine, ...]]) -> Value:
        """`value`, a symbol alone, of which it is noted that it is one of the cases, each where its forms are at least 0."""
        if value.affine is not None and all(v is not None and v.affine is not None and v.affine.is_integer for v, _ in cases):
            value.affine.terms[0][0].cases = tuple((v.affine, where) for v, where in cases)  # type: ignore[union-attr,misc]
        return value

    def made(self, node: ast.expr) -> Value:
        """The value of an operator: a new array, or a scalar."""
        return self.opaque(type(node).__name__.lower(), node, fresh=True)

    def _operation(self, node: ast.expr, left: Value, operator: ast.operator, right: Value) -> Value:
        a, b = left.affine, right.affine
        found: Affine | None = None
        if a is not None and b is not None:
            if isinstance(operator, ast.Add):
                found = a + b
            elif isinstance(operator, ast.Sub):
                found = a - b
            elif isinstance(operator, ast.Mult):
                found = self.table.product(a, b)
            elif b.is_constant and b.constant > 0 and isinstance(operator, ast.FloorDiv | ast.Mod):
                found = self.table.quotient(a, b.constant)
                if found is not None and isinstance(operator, ast.Mod):
                    found = a - found.scaled(b.constant)
            elif isinstance(operator, ast.FloorDiv | ast.Mod) and b.is_integer and self.nonnegative(b - 1):
                found = self.table.floor_ratio(a, b)
                if found is not None and isinstance(operator, ast.Mod):
                    times = self.table.product(found, b)
                    found = a - times if times is not None else None
        if found is not None and (self.wraps(node, found, a, b) or found.largest > LARGEST):
            found = None
        return Value(found) if found is not None else self.made(node)

    def _attribute(self, node: ast.Attribute) -> Value:
        if isinstance(node.value, ast.Name) and node.value.id in ("np", "math"):
            return Value()
        inner = self.evaluate(node.value, consumed=False)
        if node.attr in numpy_facts.METADATA:
            if node.attr == "size" and inner.view is not None:
                return self._count(inner.view, self.type_of(node.value)) or self._size(node)
            return self._size(node) if node.attr in ("size", "ndim", "nbytes", "itemsize") else Value()
        if inner.view is None:
            return self.opaque(node.attr, node)
        if node.attr == "T" and self.type_of(node.value).ndim == 2 and not inner.view.dimensions and inner.view.exact:
            return Value(None, View(inner.view.origin, (), True, not inner.view.swapped))
        if node.attr in ("real", "imag", "T") and self.type_of(node.value).ndim <= 1 and self.type_of(node.value).is_array:
            return inner if self.type_of(node.value).ndim == 1 else self._blurred(inner.view)
        return self._blurred(inner.view)

    def _size(self, node: ast.expr) -> Value:
        symbol = self.table.new("size", frozenset(self.loops), integer=True, nonnegative=True)
        return Value(Affine.of(symbol))

    def _count(self, view: View, kind: Type) -> Value | None:
        """The number of elements of a whole array of known rank; None for others."""
        if not (kind.is_array and kind.ndim > 0 and view.exact) or view.dimensions:
            return None
        total: Affine | None = Affine((), 1)
        for dimension in range(kind.ndim):
            total = self.table.product(total, self.extent(view, dimension)) if total is not None else None
        return Value(total)

    @staticmethod
    def _blurred(view: View) -> Value:
        """A view of the same memory within the same dimensions, whose indices cannot be translated."""
        return Value(None, View(view.origin, view.dimensions, exact=False))

    def extent(self, view: View, dimension: int) -> Affine:
        """Length of dimension `dimension` of a view."""
        position, state = view.free_dimension(dimension)
        if view.exact and state.whole:
            shape = self.analysis.shapes.get(view.origin, ())
            known = shape[position] if position < len(shape) else None
            return known if known is not None else self.table.extent(view.origin, position)
        known = self.lengths.get((id(view), dimension))
        if known is not None:
            return Affine.of(known[1])
        length = self.table.new("extent", self.made_in.get(id(view), (view, frozenset(self.loops)))[1], integer=True, nonnegative=True)
        if id(view) in self.made_in:
            self.lengths[id(view), dimension] = view, length
        if view.exact and state.stop is not None and state.offset is not None and self.nonnegative(state.stop - state.offset):
            length.facts.append(state.stop - state.offset - Affine.of(length))
        return Affine.of(length)

    def _subscript(self, node: ast.Subscript) -> Value:
        base, index = node.value, node.slice
        if isinstance(base, ast.Attribute) and base.attr == "shape":
            owner = self.evaluate(base.value, consumed=False)
            number = self.evaluate(index).affine
            rank = self.type_of(base.value).ndim
            if owner.view and number is not None and number.is_constant and (number.constant >= 0 or rank >= 0):
                return Value(self.extent(owner.view, number.constant + (rank if number.constant < 0 else 0)))
            return self._size(node)
        whole = self.evaluate(base, consumed=False)
        entries = index.elts if isinstance(index, ast.Tuple) else [index]
        values = [self.evaluate(entry) for entry in entries]
        kind = self.type_of(node)
        if whole.view is None:
            return self.opaque("element", node)
        view = self.indexed(whole.view, entries, values)
        self.made_in[id(view)] = view, frozenset(self.loops)
        self.analysis.views[id(node)] = view
        if kind.is_scalar:
            self.log(view, False, node)
            return self.opaque("element", node)
        if not kind.is_array:
            self.log(view, False, node)
        if any(not isinstance(e, ast.Slice) and not self.type_of(e).is_integer for e in entries):
            self.log(view, False, node)
            return self.opaque("gathered", node)
        return Value(None, view)

    def indexed(self, view: View, entries: list[ast.expr], values: list[Value]) -> View:
        """`view[entries]`; a subscript that may be negative (and so wraps around) counts as unknown."""
        if not view.exact or view.swapped and len(entries) > 2:
            return View(view.origin, view.dimensions, exact=False)
        dimensions = list(view.dimensions)
        if view.swapped:
            dimensions = [WHOLE, WHOLE]
        free = [p for p, d in enumerate(dimensions) if d.free]
        if view.swapped:
            free = free[::-1]
        for number, (entry, value) in enumerate(zip(entries, values)):
            if number < len(free):
                position = free[number]
            else:
                position = len(dimensions)
                dimensions.append(WHOLE)
            state = dimensions[position]
            if isinstance(entry, ast.Slice):
                dimensions[position] = self._sliced(view, number, state, entry)
            elif self.type_of(entry).is_integer or value.affine is not None and value.affine.is_integer:
                dimensions[position] = Dimension(False, self._index(view, number, state, entry, value), False)
            else:
                return View(view.origin, tuple(dimensions), exact=False)
        if view.swapped:
            sliced_or_fixed = not (dimensions[0].free and dimensions[1].free)
            return View(view.origin, tuple(dimensions), exact=sliced_or_fixed)
        return View(view.origin, tuple(dimensions))

    def _index(self, view: View, number: int, state: Dimension, entry: ast.expr, value: Value) -> Affine | None:
        index = value.affine
        if index is None or not index.is_integer:
            return None
        if index.is_constant and index.constant < 0 and state.whole:
            return self.extent(view, number) + index
        if not self.nonnegative(index):
            return None
        self.analysis.nonnegative.add(id(entry))
        return state.offset + index if state.offset is not None else None

    def _sliced(self, view: View, number: int, state: Dimension, entry: ast.Slice) -> Dimension:
        if entry.step is not None and self.analysis.affine.get(id(entry.step)) != Affine((), 1):
            return Dimension(True, None, False)
        stop = state.stop if entry.upper is None else self._stop(view, number, state, entry.upper)
        if entry.lower is None:
            return state if entry.upper is None else Dimension(True, state.offset, False, stop)
        lower = self.analysis.affine.get(id(entry.lower))
        if lower is None or not lower.is_integer or state.offset is None or not self.nonnegative(lower):
            return Dimension(True, None, False, stop)
        self.analysis.nonnegative.add(id(entry.lower))
        return Dimension(True, state.offset + lower, False, stop)

    def _stop(self, view: View, number: int, state: Dimension, upper: ast.expr) -> Affine | None:
        """Where a slice with this upper bound ends at the latest, as an index of the array."""
        bound = self.analysis.affine.get(id(upper))
        if bound is None or not bound.is_integer or state.offset is None:
            return None
        if bound.is_constant and bound.constant < 0:
            return self.extent(view, number) + bound if state.whole else None
        return state.offset + bound if self.nonnegative(bound) else None

    def _call(self, node: ast.Call) -> Value:
        function = node.func
        if isinstance(function, ast.Name) and function.id == "len" and len(node.args) == 1:
            inner = self.evaluate(node.args[0], consumed=False)
            return Value(self.extent(inner.view, 0)) if inner.view else self._size(node)
        owner = None
        if isinstance(function, ast.Attribute):
            if not (isinstance(function.value, ast.Name) and function.value.id in ("np", "math")):
                owner = self.evaluate(function.value)
        elif not isinstance(function, ast.Name):
            raise Undecided(f"line {node.lineno}: a call of {type(function).__name__}")
        values = [self.evaluate(argument) for argument in node.args]
        for keyword in node.keywords:
            self.evaluate(keyword.value, consumed=not numpy_facts.overwrites(node, keyword))
        for argument in self.aliases.written_arguments(node):
            self.write_all(argument)
        found = self._arithmetic_call(node, values)
        if found is not None:
            return Value(found)
        if owner is not None and owner.view is not None and isinstance(function, ast.Attribute) \
                and function.attr in numpy_facts.VIEWING_METHODS:
            return self._blurred(owner.view) if not self.type_of(node).is_scalar else self.opaque("view", node)
        fresh = returns_new_memory(node)
        result = self.opaque("call", node, fresh=fresh)
        if fresh and result.view is not None:
            self._note_shape(node, values, result.view.origin)
        return result

    def write_all(self, argument: ast.expr) -> None:
        """Logs a write to all that an argument shows."""
        for part in argument.elts if isinstance(argument, ast.Tuple | ast.List) else [argument]:
            view = self.analysis.views.get(id(part))
            if view is not None:
                self.log(view, True, part)

    def _arithmetic_call(self, node: ast.Call, values: list[Value]) -> Affine | None:
        forms = [value.affine for value in values]
        if node.keywords or not forms or any(form is None for form in forms):
            return None
        match node.func:
            case ast.Name(id="min" | "max" as name) if len(forms) > 1:
                return self.table.extreme(tuple(forms), name == "max")  # type: ignore[arg-type]
            case ast.Name(id="int") | ast.Attribute(value=ast.Name(id="np"), attr="int64" | "intp") if len(forms) == 1:
                return forms[0]
            case ast.Attribute(value=ast.Name(id="np"), attr=name) if name in UNSIGNED_CASTS and len(forms) == 1:
                return forms[0] if self.nonnegative(forms[0]) else None
        return None

    def _note_shape(self, node: ast.Call, values: list[Value], origin: Symbol) -> None:
        match node.func:
            case ast.Attribute(attr="empty" | "zeros" | "ones" | "full") if node.args:
                shape = node.args[0]
                if isinstance(shape, ast.Tuple):
                    self.analysis.shapes[origin] = tuple(self.analysis.affine.get(id(e)) for e in shape.elts)
                elif isinstance(shape, ast.Attribute) and shape.attr == "shape":
                    self._copy_shape(shape.value, origin)
                elif values[0].affine is not None:
                    self.analysis.shapes[origin] = (values[0].affine,)
            case ast.Attribute(value=ast.Name(id="np"), attr="empty_like" | "zeros_like" | "ones_like" | "copy") if node.args:
                self._copy_shape(node.args[0], origin)
            case ast.Attribute(value=owner, attr="copy"):
                self._copy_shape(owner, origin)

    def _copy_shape(self, source: ast.expr, origin: Symbol) -> None:
        view, kind = self.analysis.views.get(id(source)), self.type_of(source)
        if view is not None and kind.is_array and kind.ndim >= 0:
            self.analysis.shapes[origin] = tuple(self.extent(view, d) for d in range(kind.ndim))

    def log(self, view: View, write: bool, node: ast.expr) -> None:
        if len(self.analysis.accesses) >= MAX_ACCESSES:
            raise Undecided("too many array accesses")
        self.analysis.accesses.append(Access(view.origin, view.subscripts, write, self.loops, self.guards, node,
                                             self.statement, len(self.analysis.accesses), view))
