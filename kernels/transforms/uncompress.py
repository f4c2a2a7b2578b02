"""Selections left in place: arrays that hold the elements which a mask selects, one after the other, get a place for every element of
the mask instead; loops over the selected ones become loops over all, under a test of the mask. Fusion and contraction then
make scalars of such arrays: `t = x[m]; np.add.at(out, k[m], t * t)` is one pass.

Legality: the arrays are allocated with the number of selected elements and only ever indexed by the counter of a loop that tests
this mask, or by the variable of a loop over that number; nothing that the test reads changes from the first such loop to the
last. Each iteration does what it did, in the same order. What one mask selects is counted once.
"""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..analysis import Analysis, Function, Loop, analyse
from ..analysis.legality import keeps_its_variable, leaves_alone, perfect_chain
from ..analysis.names import all_blocks, loaded, own_jumps, stored, used
from ..analysis.privatise import Allocation, elementwise
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, assign, expression, loop_over, name, renamed

NAME = "uncompress"


@dataclass(frozen=True, eq=False)
class _Masked:
    """`counter = 0`, then loops around `if test: ...; counter += 1`. key: equal where extents and test are."""

    start: ast.Assign
    loops: tuple[Loop, ...]
    branch: ast.If
    counter: str
    key: str

    @property
    def statement(self) -> ast.stmt:
        return self.loops[0].node

    @property
    def extents(self) -> list[ast.expr]:
        return [loop.range_arguments[1] for loop in self.loops]

    @property
    def counts_only(self) -> bool:
        return len(self.branch.body) == 1


@dataclass(eq=False)
class _Selection:
    """All that one mask selects within a block, as long as the mask stays as it is. dense: loops over the number of selected
    elements; arrays: those that can stay in place."""

    masked: list[_Masked]
    dense: list[Loop] = field(default_factory=list)
    arrays: list[Allocation] = field(default_factory=list)

    @property
    def counts(self) -> list[_Masked]:
        return [each for each in self.masked if each.counts_only]


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for each mask."""
    analysis = analyse(candidate, signature)
    for function in analysis.functions:
        held = list(elementwise(function))
        for block in all_blocks(function.node):
            for selection in _selections(function, block, held):
                if selection.arrays or len(selection.counts) > 1:
                    yield from _rewrite(candidate, analysis, function, selection)


def _selections(function: Function, block: list[ast.stmt], held: Sequence[Allocation]) -> Iterator[_Selection]:
    found: list[_Selection] = []
    known: dict[str, _Selection] = {}       # by key: those whose mask is still what it was
    of_count: dict[str, _Selection] = {}
    for position, statement in enumerate(block):
        known = {key: selection for key, selection in known.items() if not _changes(function, selection.masked[0], statement)}
        masked = _masked(function, block, position)
        if masked is not None and not _changes(function, masked, statement):
            if masked.key in known:
                known[masked.key].masked.append(masked)
            else:
                known[masked.key] = _Selection([masked])
                found.append(known[masked.key])
            if masked.counts_only:
                of_count[masked.counter] = known[masked.key]
        match statement:
            case ast.For(iter=ast.Call(args=[ast.Name(id=count)])) if (selection := of_count.get(count)) in known.values():
                loop = function.facts.loop_of(statement)
                if loop is not None and _is_dense(function, loop):
                    selection.dense.append(loop)                            # type: ignore[union-attr]
    for allocation in held:
        match allocation.call.args:
            case [ast.Name(id=count)] if count in of_count and allocation.function == "empty" and allocation.block is block:
                of_count[count].arrays.append(allocation)
    for selection in found:
        selection.arrays = [a for a in selection.arrays if _in_step(selection, a)]
        touched = {id(use) for a in selection.arrays for use in a.uses}
        selection.dense = [d for d in selection.dense if any(id(n) in touched for n in ast.walk(d.node))]
        yield selection


def _masked(function: Function, block: list[ast.stmt], position: int) -> _Masked | None:
    outermost = function.facts.loop_of(block[position])
    loops = perfect_chain(function, outermost) if outermost is not None else []
    if not loops or not all(_counts_up(loop) for loop in loops):
        return None
    body = loops[-1].node.body
    if len(body) != 1 or not isinstance(body[0], ast.If) or body[0].orelse or own_jumps(body[0].body) \
            or any(isinstance(n, ast.Call) for n in ast.walk(body[0].test)):
        return None
    branch = body[0]
    match branch.body[-1]:
        case ast.AugAssign(target=ast.Name(id=counter), op=ast.Add(), value=ast.Constant(value=1)):
            start = next((s for s in reversed(block[:position]) if counter in stored([s])), None)
            if not (isinstance(start, ast.Assign) and isinstance(start.value, ast.Constant) and start.value.value == 0):
                return None
            if counter in loaded([branch.test, *(loop.range_arguments[1] for loop in loops)]) | stored(branch.body[:-1]) \
                    or sum(counter in stored([n]) for n in ast.walk(function.node) if isinstance(n, ast.Name)) != 2:
                return None
            canonical = renamed([*(loop.range_arguments[1] for loop in loops), branch.test],
                                {loop.variable: f"__axis{n}" for n, loop in enumerate(loops)})
            return _Masked(start, tuple(loops), branch, counter, "; ".join(map(ast.unparse, canonical)))
    return None


def _counts_up(loop: Loop) -> bool:
    """Whether it is a serial loop over `range(n)` that leaves its variable alone."""
    return isinstance(loop.node, ast.For) and isinstance(loop.node.iter, ast.Call) and len(loop.node.iter.args) == 1 \
        and loop.unit_step and not loop.parallel and keeps_its_variable(loop)


def _is_dense(function: Function, loop: Loop) -> bool:
    return _counts_up(loop) and not own_jumps(loop.node.body) \
        and loop.variable not in function.liveness.after(loop.node)


def _in_step(selection: _Selection, allocation: Allocation) -> bool:
    """Whether each use is indexed by the counter or the variable of a loop of the selection around it."""
    fitting: set[int] = set()
    for index, nodes in [*((m.counter, m.branch.body[:-1]) for m in selection.masked), *((d.variable, d.node.body) for d in selection.dense)]:
        if index in stored(nodes):
            continue
        for node in (n for s in nodes for n in ast.walk(s)):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name) and node.slice.id == index:
                fitting.add(id(node))
    return all(id(use) in fitting for use in allocation.uses)


def _changes(function: Function, masked: _Masked, statement: ast.stmt) -> bool:
    """Whether the statement may change what the test or the extents read."""
    read = ast.Tuple([masked.branch.test, *masked.extents], ast.Load())
    return not leaves_alone(function, [statement], read, masked.statement, masked.loops[0].enclosing,
                            {loop.variable for loop in masked.loops})


def _rewrite(candidate: Candidate, analysis: Analysis, function: Function, selection: _Selection) -> Iterator[Rewrite]:
    draft = Draft(candidate, analysis)
    block, _ = draft.block_of(draft.of(selection.masked[0].statement))
    first, *others = selection.counts or [selection.masked[0]]
    for node in ast.walk(draft.of(function.node)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in {other.counter for other in others}:
            node.id = first.counter
    for loop in selection.dense:
        _over_all(draft, selection, loop)
    for allocation in selection.arrays:
        draft.of(allocation.call).args[0] = _shape(selection.masked[0].extents)
    uses = {id(use) for a in selection.arrays for use in a.uses}
    for masked in selection.masked:
        index = _index([loop.variable for loop in masked.loops])
        for node in ast.walk(masked.branch):
            if id(node) in uses:
                draft.of(node).slice = copy.deepcopy(index)
    for masked in selection.masked:
        statement = draft.of(masked.statement)
        if any(isinstance(n, ast.Name) and n.id == masked.counter and isinstance(n.ctx, ast.Load)
               for n in ast.walk(draft.of(function.node))):
            continue
        block.remove(draft.of(masked.start))
        if masked.counts_only:
            block.remove(statement)
        else:
            draft.of(masked.branch).body.pop()
    test, names = ast.unparse(selection.masked[0].branch.test), ", ".join(a.name for a in selection.arrays)
    made = draft.finish(NAME, f"what {test} selects " + (f"stays in place: {names}" if names else "is counted once"))
    if made is not None:
        yield made


def _over_all(draft: Draft, selection: _Selection, loop: Loop) -> None:
    """Puts loops over all elements, with the test, in the place of a loop over the selected ones."""
    model = selection.masked[0]
    old = draft.of(loop.node)
    mine = {id(draft.of(use)) for a in selection.arrays for use in a.uses}
    taken = used(loop.node.body) - {loop.variable}
    variables = [each.variable if each.variable not in taken else draft.fresh(each.variable) for each in model.loops]
    marks = [draft.fresh(f"axis{n}") for n in range(len(variables))]        # until the loop's own variable has got its new name
    for node in ast.walk(old):
        if id(node) in mine:
            node.slice = _index(marks)                                      # type: ignore[attr-defined]
    body, before = old.body, []
    if loop.variable in used(body):
        position = draft.fresh("position")
        before = [assign(position, ast.Constant(0))]
        body = [*renamed(body, {loop.variable: position}), ast.AugAssign(ast.Name(position, ast.Store()), ast.Add(), ast.Constant(1))]
    body = renamed(body, dict(zip(marks, variables)))
    test = renamed([model.branch.test], {each.variable: new for each, new in zip(model.loops, variables)})[0]
    inner: list[ast.stmt] = [ast.If(test, body, [])]
    for variable, extent in reversed(list(zip(variables, model.extents))):
        inner = [loop_over(variable, ast.Constant(0), extent, inner)]
    draft.replace(old, *before, *inner)


def _index(variables: Sequence[str]) -> ast.expr:
    return name(variables[0]) if len(variables) == 1 else ast.Tuple([name(v) for v in variables], ast.Load())


def _shape(extents: Sequence[ast.expr]) -> ast.expr:
    made = [expression("extent", extent=extent) for extent in extents]
    return made[0] if len(made) == 1 else ast.Tuple(made, ast.Load())
