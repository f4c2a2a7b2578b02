"""What is known of the variables, and how operations on several arrays are broadcast."""
from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from . import syntax
from .affine import ONE, ZERO, Affine
from .dtypes import cast, loop_dtypes, settled
from .errors import CannotLift
from .mixed_integers import are_mixed
from .seen import Instance, Type, widest
from .styles import PLAIN
from .values import UNKNOWN, Index, Pack, Value, number
from .writer import EXPENSIVE, Writer


class Environment(Writer):
    """`environment` holds what is known of the variables at this point of the function.

    mutated: the variables whose arrays the function writes into. finite: whether neither nan nor inf occurs, by the
    author's word. hint: the name under which the statement at hand stores its result, for the array that its outermost
    call makes. mask: the mask of the assignment at hand, while its value is read element by element. known_mask: the
    same, in a variable, while its value is read as arrays of the selected elements. style: how it becomes loops where there
    are several ways.
    """

    def __init__(self, taken: set[str], seen: Instance, constants: dict[str, Any], helpers: frozenset[str]) -> None:
        super().__init__(taken)
        self.seen = seen
        self.constants = constants
        self.helpers = helpers
        self.environment: dict[str, Value | Pack] = {}
        self.mutated: frozenset[str] = frozenset()
        self.unsteady: frozenset[str] = frozenset()
        self.width_free: frozenset[str] = frozenset()
        self.transient: frozenset[int] = frozenset()
        self.finite = False
        self.style = PLAIN
        self.hint: tuple[int, str] | None = None
        self.statement: ast.stmt | None = None
        self.mask: tuple[str, Value] | None = None
        self.known_mask: tuple[str, Value] | None = None

    def mark(self) -> Callable[[], None]:
        """What takes back all that is written and learned from here on."""
        lines, indent, opened = len(self.lines), self.indent, list(self.open)
        known, taken = dict(self.environment), set(self.taken)

        def back() -> None:
            del self.lines[lines:]
            self.indent, self.open, self.environment, self.taken = indent, opened, known, taken

        return back

    # -- names --------------------------------------------------------------------------------------------------

    def variable(self, name: str, node: ast.expr) -> Value | Pack:
        """What the variable holds: as it was assigned, else as it was seen."""
        if self.is_mixed(name):
            return self.of_type(name, ("scalar", np.dtype(np.int64).str, False))
        if name in self.environment:
            return self.environment[name]
        if name in self.constants:
            return self._constant(name, self.constants[name])
        seen = self.seen.type_of(node)
        if seen is None and (number := widest(self.seen.bindings.get(name, set()))) is not None:
            return self.of_type(name, number)
        if seen is None:
            raise CannotLift(f"the type of `{name}` is not known: it changes, or was never reached")
        known = self.of_type(name, seen, tuple(self.seen.expressions[node.kernwright_id].ones))  # type: ignore[attr-defined]
        self.environment[name] = known
        return known

    def is_mixed(self, name: str) -> bool:
        """Whether the variable holds integers of several widths, none of which matters: it has 64 bits."""
        return name in self.width_free and are_mixed(self.seen.bindings.get(name, set()))

    def of_type(self, name: str, seen: Type, ones: tuple[bool, ...] = (), sure: bool = False) -> Value | Pack:
        """A variable of an observed type. Raises CannotLift for what is no number, array or tuple of those."""
        match seen:
            case ("array", dtype, ndim):
                extents = tuple(Affine.atom(f"{name}.shape[{d}]") for d in range(ndim))
                return self.array(name, np.dtype(dtype), extents, ones, sure=sure)
            case ("scalar", dtype, weak):
                return Value(np.dtype(dtype), (), lambda _: name, weak=weak, name=name)
            case ("tuple", items):
                return Pack(tuple(self.of_type(f"{name}[{n}]", item) for n, item in enumerate(items)), name)
        raise CannotLift(f"`{name}` is neither a number nor an array")

    def constant_array(self, node: ast.expr) -> Value | None:
        """The numbers of a tuple or list of the module as an array, which is made once; None where the expression names none."""
        value = self.constants.get(node.id) if isinstance(node, ast.Name) and node.id not in self.environment else None
        if not isinstance(value, tuple | list) or not value:
            return None
        try:
            array = np.array(value)
        except ValueError:                  # rows of unequal length
            return None
        if array.dtype.kind not in "iufc":
            return None
        name = f"{node.id}_array"  # type: ignore[attr-defined]
        known = self.constants.get(name)
        if known is None or not (isinstance(known, np.ndarray) and known.dtype == array.dtype and np.array_equal(known, array)):
            name = self.fresh(name)
            self.constants[name] = array
        return self.array(name, array.dtype, tuple(Affine(n) for n in array.shape), contiguous=True)

    def _constant(self, name: str, value: Any) -> Value | Pack:
        if isinstance(value, np.ndarray):
            return self.array(name, value.dtype, tuple(Affine(n) for n in value.shape), contiguous=True)
        if isinstance(value, tuple | list):
            items = tuple(number(v) if type(v) in (int, float) and math.isfinite(v) else self._constant(name, v) for v in value)
            if any(isinstance(i, Value) and i.ndim for i in items):
                raise CannotLift(f"`{name}` is a tuple of arrays")
            return Pack(items, "(" + "".join(f"{i.text}, " for i in items) + ")")
        if value is None:
            raise CannotLift(f"`{name}` is None")
        if isinstance(value, np.generic):
            return replace(number(value, weak=False), element=lambda _: f"np.{value.dtype.name}({value.item()!r})") \
                if value.dtype.kind != "b" else number(bool(value))
        if type(value) in (int, float) and math.isfinite(value) and name in self.constants:
            return replace(number(value), element=lambda _: name)
        return number(value)

    def forget(self, names: set[str]) -> None:
        """Drops what is known of these variables, and what was said in terms of them."""
        for name in names:
            self.environment.pop(name, None)
        for name, known in list(self.environment.items()):
            if isinstance(known, Pack):
                continue
            own = tuple(Affine.atom(f"{name}.shape[{d}]") for d in range(known.ndim))
            if any(e.names & names and e != o for e, o in zip(known.extents, own)):
                root = None if known.root == name else known.root
                self.environment[name] = self.array(name, known.dtype, own, known.ones, root, known.sure, known.contiguous)

    def affine(self, value: Value) -> Affine:
        """An integer as an affine expression."""
        if value.constant is not UNKNOWN and value.dtype.kind in "iu":
            return Affine(int(value.constant))
        if value.ndim or value.dtype.kind not in "iu":
            raise CannotLift(f"`{value.text if not value.ndim else value.name}` is no integer")
        return Affine.of(syntax.parse(value.text))

    def static(self, node: ast.expr | None) -> Any:
        """A literal number, None, or tuple of literals. Raises CannotLift where it is not known beforehand."""
        match node:
            case None | ast.Constant(value=None):
                return None
            case ast.Constant(value=value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -self.static(inner)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return tuple(self.static(e) for e in elements)
            case ast.Name(id=name) if name in self.constants and name not in self.environment:
                return self.constants[name]
        raise CannotLift(f"`{syntax.text(node)[:60]}` is not known beforehand")  # type: ignore[arg-type]

    # -- broadcasting -------------------------------------------------------------------------------------------

    def broadcast(self, values: tuple[Value, ...]) -> tuple[tuple[Affine, ...], tuple[bool, ...]]:
        """Extents that NumPy gives to an operation on these operands, and which of them have always been 1."""
        ndim = max(v.ndim for v in values)
        extents, ones = [], []
        for axis in range(-ndim, 0):
            here = [(v.extents[axis], v.ones[axis]) for v in values if v.ndim >= -axis]
            wide = [e for e, one in here if not one] or [e for e, one in here if e.constant != 1] or [ONE]
            known = [e for e in wide if e.constant is not None]
            extents.append(known[0] if known else min(wide, key=self._plainness))
            ones.append(all(one for _, one in here))
        return tuple(extents), tuple(ones)

    def _plainness(self, extent: Affine) -> tuple[int, bool]:
        """Short extents come first, then those of variables that nothing gives another value."""
        return len(extent.terms), any(syntax.names_in_text(atom) & self.unsteady for atom, _ in extent.terms)

    def broadcast_index(self, value: Value, index: Index, ones: tuple[bool, ...]) -> Index:
        """The index of `value` that goes with an index of the whole operation."""
        offset = len(index) - value.ndim
        return tuple(ZERO if value.ones[a] and not ones[a + offset] or value.extents[a].constant == 1 else index[a + offset]
                     for a in range(value.ndim))

    def elementwise(self, values: tuple[Value, ...], dtype: np.dtype, make: Callable[[list[str]], str], cost: int = 1,
                    weak: bool = False) -> Value:
        """The operation `make` on the elements of `values`; it gets their texts."""
        extents, ones = self.broadcast(values)
        wide = sum(not one for one in ones)
        kept = []
        for value in values:
            narrow = sum(not one for one in value.ones) < wide
            if value.ndim == 0 and extents and value.cost > 0:
                value = self.cheap(value)
            elif narrow and value.ndim and value.cost >= EXPENSIVE:
                value = self.held(value)
            kept.append(value)

        def element(index: Index) -> str:
            return make([v.element(self.broadcast_index(v, index, ones)) for v in kept])

        return Value(np.dtype(dtype), extents, element, ones, weak=weak, cost=cost + sum(v.cost for v in kept))

    def stretched(self, value: Value, extents: tuple[Affine, ...], ones: tuple[bool, ...]) -> Value:
        """The value broadcast to these extents."""
        return value.lazily(extents=extents, ones=ones,
                            element=lambda index: value.element(self.broadcast_index(value, index, ones)))

    def ufunc(self, function: np.ufunc, values: tuple[Value, ...], make: Callable[..., str], cost: int = 1) -> Value:
        """A ufunc whose operands are cast to exactly the dtypes in which NumPy computes."""
        found = loop_dtypes(function, *values)
        weak = all(v.weak for v in values)

        def write(texts: list[str]) -> str:
            given = [cast(t, v, d) for t, v, d in zip(texts, values, found)]
            return settled(make(*given), found[-1])

        return self.elementwise(values, found[-1], write, cost, weak)

    def name_for(self, node: ast.AST, hint: str = "t") -> str:
        """The variable for the array that `node` makes: the statement's own where the array is all its value."""
        if self.hint is not None and self.hint[0] == getattr(node, "kernwright_id", -1):
            return self.hint[1]
        return self.fresh(hint)
