"""Lists that loops append to, extend and pop from, as an array with room and a count, where nobody else holds the list."""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..analysis.names import all_blocks
from . import syntax
from .append_loops import GROWS, begun
from .lists import appends_in
from .names import assigned_in, bound_names, fresh_name, inner_names, is_new, mutated_in, parameters_of, root_name
from .number_lists import BUILTINS, NUMPY, joined_dtype, number_type
from .seen import Instance, seen_type
from .source import dtype_name

ROOM = 8
"""Elements that there is room for at first; twice as many, and these, whenever it is full."""
OF_ROWS = frozenset({"array", "asarray", "stack", "vstack"})
"""Functions of NumPy that make an array of a list of arrays or of tuples, whose rows they are."""


def grows_lists(functions: Sequence[ast.FunctionDef]) -> bool:
    """Whether there may be anything to do."""
    return any(_Lists(function, ()).groups() for function in functions)


def with_room(function: ast.FunctionDef, instances: Sequence[Instance]) -> None:
    """Works in place, on the lists of which each use is understood; others stay. instances: what was seen of the function."""
    found = _Lists(function, instances).elements()
    if found:
        function.body = _WithRoom(found, set(bound_names(function))).block(function.body)
        ast.fix_missing_locations(function)


@dataclass(frozen=True)
class _Element:
    """dtype: of the numbers. own: whether they are Python's. width: of tuples of numbers, 0 where an element is a number or an array.
    ndim: of an array. mixed: whether the numbers of a tuple differ in type, so that they have one dtype in an array alone."""

    dtype: np.dtype
    own: bool
    width: int = 0
    ndim: int = 0
    mixed: bool = False


class _Lists:
    """Which variables of a function are such lists."""

    def __init__(self, function: ast.FunctionDef, instances: Sequence[Instance]) -> None:
        self.function, self.instances = function, instances
        self.parents = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
        self.names = self._candidates()
        self.uses: dict[str, list[ast.Name]] = {name: [] for name in self.names}
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id in self.uses and isinstance(node.ctx, ast.Load):
                self.uses[node.id].append(node)
        while refused := {name for name in self.names if not self._understood(name)}:
            self.names = {name: begins for name, begins in self.names.items() if name not in refused}

    def _candidates(self) -> dict[str, list[ast.Assign]]:
        """Variables that are bound to nothing but lists that are written out, or to one another, with the statements that do so."""
        begins: dict[str, list[ast.Assign]] = {}
        for node in ast.walk(self.function):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if begun(value) is not None or isinstance(value, ast.Name):
                    begins.setdefault(name, []).append(node)
        added = [n.target.id for n in ast.walk(self.function) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
                 and isinstance(n.op, ast.Add) and isinstance(n.value, ast.List | ast.Tuple)]
        counts = assigned_in(self.function.body)
        counts.subtract(added)
        shut = inner_names(self.function) | set(parameters_of(self.function))
        found = {name: nodes for name, nodes in begins.items() if len(nodes) == counts[name] and name not in shut}
        while wrong := {name for name, nodes in found.items() for n in nodes if isinstance(n.value, ast.Name) and n.value.id not in found}:
            found = {name: nodes for name, nodes in found.items() if name not in wrong}
        return {name: nodes for name, nodes in found.items() if not all(isinstance(n.value, ast.Name) for n in nodes)}

    def groups(self) -> list[set[str]]:
        """Of the lists that hand one another on, those of which one grows in a loop as no simpler form of the lift allows."""
        groups = {name: {name} for name in self.names}
        for name, nodes in self.names.items():
            for node in nodes:
                if isinstance(node.value, ast.Name):
                    joined = groups[name] | groups[node.value.id]
                    groups.update({each: joined for each in joined})
        distinct = {id(group): group for group in groups.values()}.values()
        return [group for group in distinct if any(self._grows(name) and not self._simple(name) for name in group)]

    def elements(self) -> dict[str, tuple[_Element, bool]]:
        """For each such list what it holds, and whether something is taken from its front."""
        found = {}
        for group in self.groups():
            element = self._element([e for name in group for e in self._held(name)])
            if element is None or not all(self._fits(use, element) for name in group for use in self.uses[name]):
                continue
            front = any(kind in ("popleft", "pop front") for name in group for kind, _ in self._events(name))
            found.update({name: (element, front) for name in group})
        return found

    # -- what is done with a list ------------------------------------------------------------------------------

    def _events(self, name: str) -> Iterator[tuple[str, ast.stmt]]:
        """What makes the list longer or shorter, with its statement."""
        for use in self.uses[name]:
            kind = self._event(use)
            if kind:
                yield kind, self._statement(use)
        for node in ast.walk(self.function):
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
                yield "extend", node

    def _event(self, use: ast.Name) -> str:
        """Of a use that is a call such as `list.append(...)`, in a statement that is nothing else; else ""."""
        match self.parents[use]:
            case ast.Attribute(attr=method) as called if method in GROWS | {"sort"} and isinstance(call := self.parents[called], ast.Call) and call.func is called:
                if call.keywords:
                    return ""
                kind = method
                match method, call.args:
                    case ("append", [_]) | ("clear" | "popleft" | "pop" | "sort", []):
                        pass
                    case ("extend", [ast.List() | ast.Tuple() as more]) if not any(isinstance(e, ast.Starred) for e in more.elts):
                        pass
                    case ("pop", [ast.Constant(value=0)]):
                        kind = "pop front"
                    case _:
                        return ""
                outer = self.parents[call]
                taken = isinstance(outer, ast.Assign) and outer.value is call and method in ("pop", "popleft") and len(outer.targets) == 1
                return kind if isinstance(outer, ast.Expr) or taken else ""
        return ""

    def _statement(self, node: ast.AST) -> ast.stmt:
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def _loops(self, node: ast.AST) -> set[ast.AST]:
        """The loops around a statement."""
        found = set()
        while node is not self.function:
            node = self.parents[node]
            if isinstance(node, ast.For | ast.While):
                found.add(node)
        return found

    def _grows(self, name: str) -> bool:
        """Whether a loop that does not begin the list anew makes it longer or shorter."""
        begun_in = [self._loops(node) for node in self.names[name]]
        return any(not any(self._loops(statement) <= loops for loops in begun_in) for _, statement in self._events(name))

    def _simple(self, name: str) -> bool:
        """Whether one loop, right where the list begins, appends all of it, and nothing reads it before: an array of the final length."""
        events, nodes = list(self._events(name)), self.names[name]
        if len(nodes) != 1 or not isinstance(nodes[0].value, ast.List) or nodes[0].value.elts or any(kind != "append" for kind, _ in events):
            return False
        block = next(block for block in all_blocks(self.function) if any(s is nodes[0] for s in block))
        at = next(place for place, s in enumerate(block) if s is nodes[0])
        later = [s for s in block[at + 1:] if name in syntax.names_in(s)]
        if not later or not isinstance(later[0], ast.For) or len(appends_in(later[0], name)) != len(events):
            return False
        inside = sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(later[0]))
        return inside == len(events)

    def _understood(self, name: str) -> bool:
        handed = [n for n in self.names[name] if isinstance(n.value, ast.Name)]
        return all(n.value.id in self.names and self._handed_on(n) for n in handed) and all(self._fits(use, None) for use in self.uses[name])

    def _handed_on(self, node: ast.Assign) -> bool:
        """Whether `a = b` leaves `b` to `a` alone: `b` begins anew in the same block, and stands nowhere else than from there to here."""
        name = node.value.id  # type: ignore[attr-defined]
        block = next(block for block in all_blocks(self.function) if any(s is node for s in block))
        at = next(place for place, s in enumerate(block) if s is node)
        begin = next((place for place, s in enumerate(block[:at]) if s in self.names[name]), None)
        if begin is None or len(self.names[name]) != 1:
            return False
        within = {id(n) for s in block[begin:at + 1] for n in ast.walk(s)}
        return all(id(n) in within for n in ast.walk(self.function) if isinstance(n, ast.Name) and n.id == name)

    def _fits(self, node: ast.expr, element: _Element | None) -> bool:
        """Whether a place where the list, or a slice of it, stands is understood. element: of the list, where it is known."""
        number = element is None or not (element.width or element.ndim)
        apart = element is None or not element.mixed
        parent = self.parents[node]
        match parent:
            case ast.Attribute(attr=method):
                return isinstance(node, ast.Name) and bool(self._event(node)) and (number or method != "sort")
            case ast.Subscript(value=value, slice=ast.Slice(), ctx=ast.Load()) if value is node:
                return isinstance(node, ast.Name) and self._fits(parent, element)
            case ast.Subscript(value=value, slice=index) if value is node and not isinstance(index, ast.Slice | ast.Tuple):
                if isinstance(parent.ctx, ast.Store):
                    return number and isinstance(self.parents[parent], ast.Assign | ast.AugAssign)
                return isinstance(parent.ctx, ast.Load) and apart and (
                    number or self._taken_apart(parent) or bool(element.ndim) and self._read(parent))  # type: ignore[union-attr]
            case ast.Call(func=ast.Name(id="len"), keywords=[]):
                return isinstance(node, ast.Name)
            case ast.Call(func=ast.Name(id=called), keywords=[]) if called in BUILTINS:
                return (number or apart and called in ("enumerate", "zip", "reversed")) and self._unchanged(node, parent)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="repeat" | "dot" | "interp" | "bincount" | "convolve"), args=[_, *others]) \
                    if any(each is node for each in others):
                return number
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=called), args=[first, *_]) if first is node:
                return called in (NUMPY if element is not None and number else NUMPY | OF_ROWS)
            case ast.For(iter=iterated) if iterated is node:
                return apart and self._unchanged(node, parent)
            case ast.comprehension(iter=iterated) if iterated is node:
                return apart
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[inside]) if inside is node:
                return number
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if value is node:
                return isinstance(node, ast.Name) and target in self.names
        return False

    def _taken_apart(self, node: ast.Subscript) -> bool:
        """Whether a tuple of the list is unpacked, or one number of it is read."""
        match self.parents[node]:
            case ast.Assign(targets=[ast.Tuple()], value=value):
                return value is node
            case ast.Subscript(value=value, slice=ast.Constant(), ctx=ast.Load()):
                return value is node
        return False

    def _read(self, node: ast.Subscript) -> bool:
        """Whether nothing is written into an array of the list."""
        parent = self.parents[node]
        while isinstance(parent, ast.Subscript):
            if not isinstance(parent.ctx, ast.Load):
                return False
            parent = self.parents[parent]
        return not isinstance(parent, ast.AugAssign) or parent.value is node

    def _unchanged(self, node: ast.expr, reader: ast.AST) -> bool:
        """Whether nothing makes the list longer or shorter while a loop goes through it."""
        while not isinstance(reader, ast.stmt):
            reader = self.parents[reader]
        names = syntax.names_in(node) & set(self.uses)
        return not isinstance(reader, ast.For) or not any(
            any(statement is inside for inside in ast.walk(reader)) for name in names for _, statement in self._events(name))

    # -- what is in it -----------------------------------------------------------------------------------------

    def _held(self, name: str) -> Iterator[ast.expr]:
        """The expressions of all elements that the list is given."""
        for node in self.names[name]:
            yield from begun(node.value) or ()
        for kind, statement in self._events(name):
            if isinstance(statement, ast.AugAssign):
                yield from statement.value.elts  # type: ignore[attr-defined]
            elif kind == "append":
                yield statement.value.args[0]  # type: ignore[attr-defined]
            elif kind == "extend":
                yield from statement.value.args[0].elts  # type: ignore[attr-defined]
        for node in ast.walk(self.function):
            match node:
                case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=target), slice=index)], value=value) if target == name \
                        and not isinstance(index, ast.Slice):
                    yield value
                case ast.AugAssign(target=ast.Subscript(value=ast.Name(id=target)), value=value, op=op) if target == name:
                    yield ast.Constant(0.5) if isinstance(op, ast.Div) else value

    def _element(self, held: Sequence[ast.expr]) -> _Element | None:
        """What all of these have in common; None where that is not one kind of thing."""
        widths = {len(e.elts) if isinstance(e, ast.Tuple | ast.List) else 0 for e in held}
        if len(widths) != 1:
            return None
        (width,) = widths
        if width:
            parts = {self._type(part) for e in held for part in e.elts}  # type: ignore[attr-defined]
            if len(parts) > 1:
                numbers = [np.dtype(part) for part in parts if part is not None]
                plain = len(numbers) == len(parts) and all(number.kind in "iufc" for number in numbers)
                return _Element(np.result_type(*numbers), False, width, mixed=True) if plain else None
            dtype = joined_dtype(list(parts))
            return None if dtype is None else _Element(dtype, isinstance(next(iter(parts)), type), width)
        # What helpers write is left to the verification: whoever keeps what a helper changes in place has copied it.
        arrays, mutated = {self._array_type(e) for e in held}, mutated_in(self.function.body, by_helpers=False)
        if any(not is_new(e) and (not root_name(e) or mutated.intersection(root_name(e))) for e in held if self._array_type(e)):
            return None         # something else may write into what the list holds
        if len(arrays) == 1 and (array := next(iter(arrays))) is not None:
            return _Element(np.dtype(array[1]), False, ndim=array[2]) if array[2] in (1, 2) else None
        types = [self._type(e) for e in held]
        dtype = joined_dtype(types)
        return None if dtype is None else _Element(dtype, all(isinstance(t, type) for t in types))

    def _type(self, node: ast.expr) -> np.dtype | type | None:
        return number_type(node, self.instances)

    def _array_type(self, node: ast.expr) -> tuple[str, str, int] | None:
        """The type of an array that was seen here; None for anything else."""
        found = seen_type(node, self.instances)
        return found if found is not None and found[0] == "array" else None  # type: ignore[return-value]


class _WithRoom(ast.NodeTransformer):
    """Writes arrays and counts where such lists stand."""

    def __init__(self, lists: dict[str, tuple[_Element, bool]], taken: set[str]) -> None:
        self.lists = lists
        self.taken = taken
        self.counts = {name: fresh_name(taken, f"{name}_count") for name in lists}
        self.fronts = {name: fresh_name(taken, f"{name}_front") for name, (_, front) in lists.items() if front}

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for statement in statements:
            made = self._event(statement)
            if made is not None:
                result += [syntax.placed(each, statement) for each in made]
                continue
            if isinstance(statement, ast.For):
                self._unpacked(statement)
            for field in ("body", "orelse"):
                inner = getattr(statement, field, None)
                if isinstance(inner, list):
                    setattr(statement, field, self.block(inner))
            self._expressions(statement)
            result.append(statement)
        return result

    def _unpacked(self, loop: ast.For) -> None:
        """`for i, j in pairs:` takes each row apart in the body."""
        match loop:
            case ast.For(target=ast.Tuple(elts=parts), iter=ast.Name(id=name)) if name in self.lists and self.lists[name][0].width == len(parts):
                row = fresh_name(self.taken, f"{name}_row")
                given = [ast.Assign([part], copy.deepcopy(syntax.parse(f"{row}[{place}]"))) for place, part in enumerate(parts)]
                loop.body[:0] = [syntax.placed(each, loop) for each in given]
                loop.target = ast.Name(row, ast.Store())

    def _expressions(self, statement: ast.stmt) -> None:
        """Rewrites what the statement itself reads; blocks within it are done."""
        for field, value in ast.iter_fields(statement):
            if isinstance(value, ast.expr):
                setattr(statement, field, self.visit(value))
            elif isinstance(value, list) and value and isinstance(value[0], ast.expr):
                setattr(statement, field, [self.visit(each) for each in value])

    # -- statements that make a list longer or shorter ------------------------------------------------------------

    def _event(self, node: ast.stmt) -> list[ast.stmt] | None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=other)) if name in self.lists and other in self.lists:
                return self._parse(f"{name} = {other}", *(f"{mine[name]} = {mine[other]}" for mine in (self.counts, self.fronts) if name in mine))
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in self.lists:
                return [*self._begun(name), *(s for e in begun(value) or () for s in self._appended(name, e))]
            case ast.AugAssign(target=ast.Name(id=name), value=ast.List(elts=more) | ast.Tuple(elts=more)) if name in self.lists:
                return [s for e in more for s in self._appended(name, e)]
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method), args=arguments)) if name in self.lists:
                if method == "append":
                    return self._appended(name, arguments[0])
                if method == "extend":
                    return [s for e in arguments[0].elts for s in self._appended(name, e)]  # type: ignore[attr-defined]
                if method == "sort":
                    whole = syntax.text(self._whole(name))
                    return self._parse(f"{whole} = np.sort({whole})")
                if method == "clear":
                    return self._parse(f"{self.counts[name]} = 0", *([f"{self.fronts[name]} = 0"] if name in self.fronts else ()))
                return self._popped(name, method, arguments)[1]
            case ast.Assign(targets=[target], value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method), args=arguments)) \
                    if name in self.lists:
                place, moved = self._popped(name, method, arguments)
                assigned = ast.Assign([self.visit(target)], self._element(name, place))
                return [*moved, assigned] if method == "pop" and not arguments else [assigned, *moved]
        return None

    def _parse(self, *lines: str) -> list[ast.stmt]:
        return ast.parse("\n".join(lines)).body

    def _begun(self, name: str) -> list[ast.stmt]:
        element = self.lists[name][0]
        inner = f", {element.width}" if element.width else ", 0" * element.ndim
        shape = f"(0{inner})" if inner else "0"
        return self._parse(f"{name} = np.empty({shape}, dtype=np.{dtype_name(element.dtype)})", f"{self.counts[name]} = 0",
                           *([f"{self.fronts[name]} = 0"] if name in self.fronts else ()))

    def _appended(self, name: str, value: ast.expr) -> list[ast.stmt]:
        """Room is made where there is none, and the element put behind the others."""
        element, count = self.lists[name][0], self.counts[name]
        more, k = fresh_name(self.taken, f"{name}_more"), fresh_name(self.taken, "k")
        value, before = self.visit(copy.deepcopy(value)), list[ast.stmt]()
        inner: list[str] = []
        if element.ndim:
            row, before = self._row(name, value)
            inner = [f"{row}.shape[{d}]" for d in range(element.ndim)]
            places = [fresh_name(self.taken, letter) for letter in "lm"[:element.ndim]]
            index = ", ".join(places)
            written = syntax.nest(places, inner, f"{name}[{count}, {index}] = {row}[{index}]")
            moved = syntax.nest(places, inner, f"{more}[{k}, {index}] = {name}[{k}, {index}]")
        elif element.width:
            inner = [str(element.width)]
            written = [f"{name}[{count}, {n}] = {syntax.text(e)}" for n, e in enumerate(value.elts)]  # type: ignore[attr-defined]
            moved = [f"{more}[{k}, {n}] = {name}[{k}, {n}]" for n in range(element.width)]
        else:
            written = [f"{name}[{count}] = {syntax.text(value)}"]
            moved = [f"{more}[{k}] = {name}[{k}]"]
        room = f"2 * {name}.shape[0] + {ROOM}"
        shape = f"({', '.join([room, *inner])})" if inner else room
        return [*before, *self._parse(
            f"if {count} == {name}.shape[0]:",
            f"    {more} = np.empty({shape}, dtype=np.{dtype_name(element.dtype)})",
            f"    for {k} in range({count}):",
            *(f"        {line}" for line in moved),
            f"    {name} = {more}",
            *written,
            f"{count} += 1",
        )]

    def _row(self, name: str, value: ast.expr) -> tuple[str, list[ast.stmt]]:
        """The variable that holds the array, which is copied once, and the statement that it takes."""
        match value:
            case ast.Name(id=row) | ast.Call(func=ast.Attribute(value=ast.Name(id=row), attr="copy"), args=[], keywords=[]):
                return row, []
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="copy"), args=[ast.Name(id=row)], keywords=[]):
                return row, []
        row = fresh_name(self.taken, f"{name}_row")
        return row, [ast.Assign([ast.Name(row, ast.Store())], value)]

    def _popped(self, name: str, method: str, arguments: list[ast.expr]) -> tuple[str, list[ast.stmt]]:
        """Where the element that is taken out stands, and what moves the end that it stood at."""
        if method == "popleft" or arguments:
            return self.fronts[name], self._parse(f"{self.fronts[name]} += 1")
        return self.counts[name], self._parse(f"{self.counts[name]} -= 1")

    def _element(self, name: str, place: str) -> ast.expr:
        element = self.lists[name][0]
        return self._number(name, syntax.parse(f"{name}[{place}]{'.copy()' if element.ndim else ''}"))

    def _number(self, name: str, read: ast.expr) -> ast.expr:
        """What is read of Python's own numbers is one of them."""
        element = self.lists[name][0]
        own = element.own and not element.width and not element.ndim and element.dtype.kind != "c"
        read = copy.deepcopy(read)
        return syntax.call(syntax.attribute(read, "item")) if own else read

    # -- expressions -------------------------------------------------------------------------------------------

    def _length(self, name: str) -> str:
        return f"{self.counts[name]} - {self.fronts[name]}" if name in self.fronts else self.counts[name]

    def _whole(self, name: str) -> ast.expr:
        return copy.deepcopy(syntax.parse(f"{name}[{self.fronts.get(name, '')}:{self.counts[name]}]"))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]) if name in self.lists:
                return ast.copy_location(copy.deepcopy(syntax.parse(self._length(name))), node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="asarray" | "stack" | "vstack"), args=[first, *_]) \
                    if syntax.names_in(first) & set(self.lists) and isinstance(first, ast.Name | ast.Subscript):
                node.func = ast.copy_location(syntax.numpy("array"), node.func)
            case ast.Call(func=ast.Name(id="sum"), args=[ast.Name(id=name)], keywords=[]) if name in self.lists:
                node.func = ast.copy_location(syntax.numpy("sum"), node.func)
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """`list[-1]` is counted from the end, `list[2]` from the front; others take what holds elements."""
        if not (isinstance(node.value, ast.Name) and node.value.id in self.lists) or isinstance(node.slice, ast.Slice):
            return self.generic_visit(node)  # type: ignore[return-value]
        name, index = node.value.id, self.visit(node.slice)
        match index:
            case ast.Constant(value=int() as place):
                front = self.fronts.get(name, "")
                read = f"{name}[{front} + {place}]" if front else f"{name}[{place}]"
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as place)):
                read = f"{name}[{self.counts[name]} - {place}]"
            case _:
                read = f"{syntax.text(self._whole(name))}[{syntax.text(index)}]"
        made = copy.deepcopy(syntax.parse(read))
        made.ctx = node.ctx  # type: ignore[attr-defined]
        return ast.copy_location(self._number(name, made) if isinstance(node.ctx, ast.Load) else made, node)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.copy_location(self._whole(node.id), node) if node.id in self.lists and isinstance(node.ctx, ast.Load) else node
