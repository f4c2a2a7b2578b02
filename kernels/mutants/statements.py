"""Damaged statements: deleted, repeated, exchanged, moved across a loop's border, cut short; memory left unwritten or shared."""
from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from ..analysis.names import own_jumps
from .text import Block, Edit, Operator, Text, called, is_constant, is_parallel, reblocked, swapped

_FILLED = {"zeros": "empty", "ones": "empty", "zeros_like": "empty_like", "ones_like": "empty_like"}
_ALLOCATED = ("empty", "zeros", "ones", "empty_like", "zeros_like")


def statement_deleted(text: Text) -> Iterator[Edit]:
    """Stores, updates and whole loops; initialisations by a constant are another operator's."""
    for block, position, statement in _positions(text):
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.For | ast.If | ast.Expr) and not _initialises(statement):
            yield reblocked(block, _without(block, position), statement, "deleted")


def initialisation_deleted(text: Text) -> Iterator[Edit]:
    """`x = 0.0` and `a[i] = 0`, deleted."""
    for block, position, statement in _positions(text):
        if _initialises(statement):
            yield reblocked(block, _without(block, position), statement, "deleted")


def memory_not_cleared(text: Text) -> Iterator[Edit]:
    """`np.empty` for `np.zeros`."""
    for node in text.nodes:
        if called(node) in _FILLED and isinstance(node.func, ast.Attribute):
            empty = ast.Attribute(node.func.value, _FILLED[called(node)], ast.Load())
            yield swapped(node, ast.Call(empty, node.args, node.keywords))


def statement_repeated(text: Text) -> Iterator[Edit]:
    """Updates that run twice."""
    for block, position, statement in _positions(text):
        if _updates_itself(statement):
            yield reblocked(block, [*block[:position], statement, *block[position:]], statement, "twice")


def statements_swapped(text: Text) -> Iterator[Edit]:
    """Two neighbours of which one writes what the other reads or writes."""
    for block, position, statement in _positions(text):
        if position + 1 == len(block):
            continue
        following = block[position + 1]
        written, read = _written(statement), _named(statement)
        if written & _named(following) or _written(following) & read:
            changed = [*block[:position], following, statement, *block[position + 2:]]
            yield reblocked(block, changed, statement, "after its successor")


def reset_moved_out(text: Text) -> Iterator[Edit]:
    """A reset that each iteration needs, done once before the loop."""
    for _, block in text.blocks:
        for position, loop in enumerate(block):
            if not isinstance(loop, ast.For):
                continue
            for inner, statement in enumerate(loop.body):
                if _initialises(statement) and isinstance(statement.targets[0], ast.Name):
                    emptied = ast.For(loop.target, loop.iter, _without(loop.body, inner) or [ast.Pass()], [])
                    yield reblocked(block, [*block[:position], statement, emptied, *block[position + 1:]], statement,
                                    "moved out of its loop")


def reset_moved_in(text: Text) -> Iterator[Edit]:
    """A reset before a loop, done in each of its iterations."""
    for block, position, statement in _positions(text):
        if position + 1 == len(block) or not _initialises(statement):
            continue
        loop = block[position + 1]
        if isinstance(loop, ast.For):
            changed = ast.For(loop.target, loop.iter, [statement, *loop.body], [])
            yield reblocked(block, [*block[:position], changed, *block[position + 2:]], statement, "moved into the loop after it")


def break_added(text: Text) -> Iterator[Edit]:
    """A loop that ends after its first iteration."""
    for loop in text.loops:
        if not is_parallel(loop) and not own_jumps(loop.body):
            yield reblocked(loop.body, [*loop.body, ast.Break()], loop, "break at the end of its body")


def jump_dropped(text: Text) -> Iterator[Edit]:
    """`break` and `continue`, left out or exchanged."""
    for node in text.nodes:
        if isinstance(node, ast.Break | ast.Continue):
            yield swapped(node, ast.Pass())
            yield swapped(node, ast.Continue() if isinstance(node, ast.Break) else ast.Break())


def memory_shared(text: Text) -> Iterator[Edit]:
    """Another array's memory in place of a new one, so that results are written over what is still to be read."""
    for block, position, statement in _positions(text):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as made) if called(made) in _ALLOCATED:
                arrays = text.arrays(statement)
                before = {n for earlier in block[:position] for n in _bound(earlier)}
                before |= {a.arg for a in text.function_of(statement).args.args}
                for other, found in arrays.items():
                    if other != name and other in before and found == arrays.get(name):
                        yield swapped(statement, ast.Assign(statement.targets, ast.Name(other, ast.Load())))


def _positions(text: Text) -> Iterator[tuple[Block, int, ast.stmt]]:
    for _, block in text.blocks:
        for position, statement in enumerate(block):
            yield block, position, statement


def _without(block: Block, position: int) -> Block:
    return [*block[:position], *block[position + 1:]]


def _initialises(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and is_constant(statement.value) and called(statement.value) not in _ALLOCATED


def _updates_itself(statement: ast.stmt) -> bool:
    """Whether it makes another result the second time: it reads what it writes, without having set it before."""
    nest = [n for n in ast.walk(statement) if isinstance(n, ast.Assign | ast.AugAssign)]
    updated = {_base(n) for n in nest if _is_update(n)}
    return bool(updated - {_base(n) for n in nest if not _is_update(n)}) and not isinstance(statement, ast.If | ast.While)


def _is_update(statement: ast.Assign | ast.AugAssign) -> bool:
    if isinstance(statement, ast.AugAssign):
        return True
    target = ast.unparse(statement.targets[0])
    return called(statement.value) not in ("min", "max", "minimum", "maximum") and any(
        ast.unparse(n) == target for n in ast.walk(statement.value) if isinstance(n, ast.expr))


def _base(statement: ast.Assign | ast.AugAssign) -> str:
    """The name that is bound, or of the array that is written to."""
    target: ast.expr = statement.target if isinstance(statement, ast.AugAssign) else statement.targets[0]
    while isinstance(target, ast.Subscript):
        target = target.value
    return ast.unparse(target)


def _bound(statement: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _written(statement: ast.stmt) -> set[str]:
    """Names that are bound, and arrays of which elements are written."""
    found = _bound(statement)
    for node in ast.walk(statement):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
            found.add(node.value.id)
    return found - _loop_variables(statement)


def _named(statement: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)} - _loop_variables(statement)


def _loop_variables(statement: ast.stmt) -> set[str]:
    return {n.target.id for n in ast.walk(statement) if isinstance(n, ast.For) and isinstance(n.target, ast.Name)}


OPERATORS: Mapping[str, Operator] = {
    "statement deleted": statement_deleted,
    "initialisation deleted": initialisation_deleted,
    "memory not cleared": memory_not_cleared,
    "statement repeated": statement_repeated,
    "statements swapped": statements_swapped,
    "reset moved out": reset_moved_out,
    "reset moved in": reset_moved_in,
    "break added": break_added,
    "jump dropped": jump_dropped,
    "memory shared": memory_shared,
}
