"""Scratch arrays: arrays outside a loop of which no iteration needs what another one wrote."""
from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import Function
from .affine import Affine
from .aliases import returns_new_memory
from .facts import implied_by
from .model import Access, Loop
from .names import all_blocks, entries, loaded, store_counts, walk
from .numpy_calls import FRESH, overwrites

ALLOCATING = ("empty", "zeros", "ones", "full", "empty_like", "zeros_like", "ones_like", "full_like")


@dataclass(frozen=True, eq=False)
class Allocation:
    """`name = np.empty(...)` and the like: the only binding of `name`, which is only ever indexed by integers, or handed to a
    function of NumPy, whole or at its first indices, that keeps no hold of it.

    function: of NumPy. block: the statement list that holds `statement`. uses: every occurrence of the name but this.
    by_elements: whether they are all elements.
    """

    name: str
    function: str
    statement: ast.Assign
    block: list[ast.stmt]
    uses: tuple[ast.Subscript | ast.Name, ...]
    by_elements: bool

    @property
    def call(self) -> ast.Call:
        return self.statement.value  # type: ignore[return-value]


def allocations(function: Function) -> Iterator[Allocation]:
    """The local arrays of a function that have one name each, to which no other name or array gets."""
    bindings = store_counts(function.node)
    handed = _handed_over(function)
    for block in all_blocks(function.node):
        for statement in block:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)],
                                value=ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=kind))):
                    if kind in ALLOCATING and bindings[name] == 1 and function.type_of_name(name).is_array:
                        uses = _uses(function, name, handed)
                        if uses is not None:
                            rank = function.type_of_name(name).ndim
                            whole = all(isinstance(use, ast.Subscript) and len(entries(use)) == rank for use in uses)
                            yield Allocation(name, kind, statement, block, uses, whole)


def elementwise(function: Function) -> Iterator[Allocation]:
    """Those of them that are only ever used by their elements."""
    return (each for each in allocations(function) if each.by_elements)


def _uses(function: Function, name: str, handed: set[int]) -> tuple[ast.Subscript | ast.Name, ...] | None:
    """All reads and writes of `name`, or None if it is used other than by elements or as an argument in `handed`."""
    rank = function.type_of_name(name).ndim
    uses: list[ast.Subscript | ast.Name] = []
    indexed = set()
    for node in walk(function.node):        # a subscript comes before the name in it
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == name:
            if not all(function.type_of(e).is_integer for e in entries(node)) or len(entries(node)) > rank:
                return None
            if len(entries(node)) < rank and id(node) not in handed:
                return None
            uses.append(node)
            indexed.add(id(node.value))
        elif isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load) and id(node) not in indexed:
            if id(node) not in handed:
                return None
            uses.append(node)
    return tuple(uses)


def _handed_over(function: Function) -> set[int]:
    """The `id`s of arguments (of `a` in `a.T`) of NumPy's functions that read them, or write into one of them as they are told by
    `out=`, and whose result is memory of its own or goes nowhere."""
    found = set()
    for node in walk(function.node):
        call = node.value if isinstance(node, ast.Expr) else node
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name)) if name in FRESH:
                told = [k.value for k in call.keywords if k.arg == "out"]
                if returns_new_memory(call) or isinstance(node, ast.Expr) and function.aliases.written_arguments(call) == told:
                    found |= {id(untransposed(a)) for a in (*call.args, *(k.value for k in call.keywords))}
    return found


def untransposed(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Attribute) and node.attr == "T" else node


def accesses_of(function: Function, allocation: Allocation) -> list[Access]:
    wanted = {id(use) for use in allocation.uses}
    return [a for a in function.facts.accesses if id(untransposed(a.node)) in wanted]


def private_arrays(function: Function, loop: Loop) -> list[Allocation] | None:
    """The arrays to allocate within `loop` for no iteration to touch what another one writes; None where that is not enough."""
    accesses = function.facts.in_body(loop)
    if function.dependences.carried(loop, accesses) is None:
        return []
    scratch = [a for a in allocations(function) if movable_into(function, a, loop) and private_to_iterations(function, a, loop)]
    private = {id(access) for a in scratch for access in accesses_of(function, a)}
    rest = [access for access in accesses if id(access) not in private]
    return scratch if scratch and function.dependences.carried(loop, rest) is None else None


def movable_into(function: Function, allocation: Allocation, loop: Loop) -> bool:
    """Whether the allocation gives the same array when it is made in each iteration of `loop` instead."""
    names = loaded([allocation.statement.value]) - {"np"}
    stores = store_counts(function.node)
    parameters = {a.arg for a in function.node.args.args}
    stable = all(stores[name] + (name in parameters) <= 1 for name in names)
    elements = any(isinstance(n, ast.Subscript) and not (isinstance(n.value, ast.Attribute) and n.value.attr == "shape")
                   for n in walk(allocation.statement.value))
    position = allocation.block.index(allocation.statement)
    follows = any(loop.node is node for s in allocation.block[position + 1:] for node in walk(s))
    return stable and not elements and follows


def private_to_iterations(function: Function, allocation: Allocation, loop: Loop) -> bool:
    """Whether the array is used in `loop` alone, each iteration writing every element before it reads it. That holds too
    where all its uses lie in a loop inside, of which it holds."""
    accesses = accesses_of(function, allocation)
    if any(loop not in a.loops for a in accesses) or not all_logged(allocation, accesses):
        return False
    around_all = [inner for inner in loop.inside if all(inner in a.loops for a in accesses)]
    return any(_written_first(function, each, accesses) for each in (loop, *around_all))


def _written_first(function: Function, loop: Loop, accesses: list[Access]) -> bool:
    here = frozenset((*loop.enclosing, loop))
    written: Box | None = None
    for position, statement in enumerate(loop.node.body):        # the first ones that touch the array decide
        touching = [a for a in function.facts.within(statement) if a in accesses]
        if not touching:
            continue
        box = _box(function, statement, touching, here)
        joined = box if written is None or box is None else _joined(written, box)
        if joined is None:
            later = [a for s in loop.node.body[position:] for a in function.facts.within(s) if a in accesses and not a.write]
            return written is not None and all(_covers(written, read) for read in later)
        if _is_whole(function, touching[0], joined):
            return True
        written = joined
    return True


def all_logged(allocation: Allocation, accesses: Iterable[Access]) -> bool:
    return {id(untransposed(a.node)) for a in accesses} == {id(u) for u in allocation.uses}


Box = list[tuple[Affine, Affine]]       # least and greatest index of each dimension


def _box(function: Function, statement: ast.stmt, touching: list[Access], here: frozenset[object]) -> Box | None:
    """The block of elements that `statement` writes for certain, if the array is written before anything reads it."""
    nest: list[Loop] = []
    while isinstance(statement, ast.For):
        loop = function.facts.loop_of(statement)
        if loop is None or not loop.unit_step or loop.start is None or loop.stop is None:
            return None
        if not (loop.start.loops <= here and loop.stop.loops <= here and loop.start.is_integer and loop.stop.is_integer):
            return None
        nest.append(loop)
        body = statement.body
        holder = next((s for s in body if any(a in touching for a in function.facts.within(s))), None)
        if holder is None or any(isinstance(s, ast.Continue | ast.Break | ast.Return) for b in body for s in walk(b)):
            return None
        statement = holder
    first = touching[0]
    plain = isinstance(statement, ast.Assign) and any(first.node is t for t in statement.targets) or _is_filled(statement, first.node)
    if not plain or not first.write or any(a.subscripts != first.subscripts for a in touching):
        return None
    box: Box = []
    unused = {loop.symbol: loop for loop in nest}
    shape = function.facts.shapes.get(first.origin, ())
    for dimension, subscript in enumerate((*first.subscripts, *(None,) * (len(shape) - len(first.subscripts)))):
        if subscript is None:
            extent = shape[dimension] if dimension >= len(first.subscripts) else None
            if extent is None:
                return None
            box.append((Affine(), extent - 1))
            continue
        own = [s for s, _ in subscript.terms if s in unused]
        if not own and subscript.loops <= here:
            box.append((subscript, subscript))
        elif len(own) == 1 and subscript.coefficient(own[0]) == 1 and (subscript - Affine.of(own[0])).loops <= here:
            loop = unused.pop(own[0])
            shift = subscript - Affine.of(own[0])
            box.append((loop.start + shift, loop.stop + shift - 1))  # type: ignore[operator]
        else:
            return None
    return None if unused else box


def _is_filled(statement: ast.stmt, node: ast.expr) -> bool:
    """Whether the statement lets a function of NumPy put its result into what `node` shows."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) \
        and any(k.value is node and overwrites(statement.value, k) for k in statement.value.keywords)


def _joined(first: Box, second: Box) -> Box | None:
    """The block of two that lie side by side, one of which may be empty; None where they do not."""
    differing = [d for d, (one, other) in enumerate(zip(first, second)) if one != other]
    if not differing:
        return first
    d = differing[0]
    if len(differing) > 1 or first[d][1] + 1 != second[d][0]:
        return None
    return [*first[:d], (first[d][0], second[d][1]), *first[d + 1:]]


def _is_whole(function: Function, written: Access, box: Box) -> bool:
    shape = function.facts.shapes.get(written.origin, ())
    return len(shape) == len(box) and all(low == Affine() and _ends_at(high + 1, extent) for (low, high), extent in zip(box, shape))


def _ends_at(stop: Affine, extent: Affine | None) -> bool:
    """Whether the extent is `stop`, or one of `stop` and 0."""
    if extent is None or extent == stop:
        return extent is not None
    symbol = extent.terms[0][0] if extent.terms else None
    return symbol is not None and extent == Affine.of(symbol) and bool(symbol.cases) \
        and all(value in (stop, Affine()) for value, _ in symbol.cases)


def _covers(box: Box, read: Access) -> bool:
    """Whether the read's subscripts always lie in the box."""
    known = [*read.guards, *(bound for loop in read.loops for bound in loop.bounds)]
    for (low, high), subscript in zip(box, read.subscripts):
        if subscript is None or not implied_by(subscript - low, known) or not implied_by(high - subscript, known):
            return False
    return len(read.subscripts) == len(box)
