"""Forwarding: what a loop stores in one iteration and reads again one to three iterations later stays in scalars meanwhile.

This is scalar replacement across iterations (Callahan, Carr and Kennedy, PLDI 1990): in a recurrence such as
`y[t] = x[t] + a * y[t - 1]` each iteration waits for the store of the one before it to come back from memory.

Legality: a loop of step 1 whose body stores an element in every iteration; the elements that are read lie a fixed number
of iterations behind it, and nothing else that the loop writes may be one of them. What the first iterations read is loaded
before the loop, where it has an iteration: it lies in the array, as its index is at least 0 and less than that of the first store.
Stores round to the array's dtype. The loop is not left early.
"""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from ..analysis import Access, Function, Loop, analyse
from ..analysis.affine import Affine
from ..analysis.facts import implied_by
from ..analysis.legality import can_be_evaluated_anywhere, keeps_its_variable
from ..analysis.names import entries, loaded, own_jumps, stored
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, as_load, assign, expression, name, shown, substitute
from .element import fits_a_scalar, rounded

NAME = "forward"
FARTHEST = 3
"""Iterations that lie between a store and the last read of it: each takes a scalar, and a move in every iteration."""


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for each element that a loop stores and later iterations read."""
    analysis = analyse(candidate, signature)
    for function, loop in analysis.loops:
        for stores in _stores(function, loop) if _legal(loop) else ():
            behind = _behind(function, loop, stores)
            if not behind:
                continue
            draft = Draft(candidate, analysis)
            _forward(draft, function, loop, stores, behind)
            note = f"{shown(as_load(stores[-1].node))} kept for the next iterations of loop {loop.variable} (line {loop.line})"
            made = draft.finish(NAME, note)
            if made is not None:
                yield made


def _legal(loop: Loop) -> bool:
    return loop.unit_step and not loop.parallel and loop.symbol is not None and loop.start is not None and keeps_its_variable(loop) \
        and not own_jumps(loop.node.body) and all(can_be_evaluated_anywhere(a) for a in loop.range_arguments) \
        and not loaded(loop.range_arguments) & stored(loop.node.body)


def _stores(function: Function, loop: Loop) -> Iterator[list[Access]]:
    """The stores into one element that every iteration makes, in statements of the loop's body that follow each other."""
    found: list[Access] = []
    for statement in loop.node.body:
        made = [access for access in function.facts.within(statement) if _is_plain(function, loop, statement, access)]
        same = bool(made and found) and made[0].origin is found[-1].origin and made[0].subscripts == found[-1].subscripts
        if found and not (same and _touches_one_element(function, loop, statement, made[0])):
            yield found
            found = []
        found = [*found, *made]
    if found:
        yield found


def _is_plain(function: Function, loop: Loop, statement: ast.stmt, store: Access) -> bool:
    """Whether it is what the statement assigns, an element whose index is written in the loop's variable."""
    node = store.node
    if not store.write or not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
        return False
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target] if isinstance(statement, ast.AugAssign) else []
    named = entries(node)
    return len(targets) == 1 and targets[0] is node and len(named) == len(store.subscripts) == function.type_of(node.value).ndim \
        and all(s is not None and _moves_with(loop, s) for s in store.subscripts) and all(map(can_be_evaluated_anywhere, named)) \
        and not loaded(named) & stored(loop.node.body) and fits_a_scalar(function, [node])


def _touches_one_element(function: Function, loop: Loop, statement: ast.stmt, store: Access) -> bool:
    """Whether all that the statement reads is that element itself, or certainly not."""
    return not any(function.dependences.conflict(store, read, (*loop.enclosing, loop)) for read in function.facts.within(statement)
                   if not read.write and not _is_element(store, read))


def _is_element(store: Access, read: Access) -> bool:
    """Whether what is read is written as the element that is stored."""
    plain = isinstance(read.node, ast.Subscript) and isinstance(read.node.value, ast.Name)
    return plain and read.origin is store.origin and read.subscripts == store.subscripts \
        and len(entries(read.node)) == len(read.subscripts)  # type: ignore[arg-type]


def _moves_with(loop: Loop, subscript: Affine) -> bool:
    """Whether nothing else that changes from one iteration to the next is in the form, and the variable moves it up if at all."""
    others = all(symbol is loop.symbol or loop not in symbol.loops for symbol, _ in subscript.terms)
    return others and subscript.coefficient(loop.symbol) >= 0  # type: ignore[arg-type]


def _behind(function: Function, loop: Loop, stores: list[Access]) -> dict[int, list[ast.Subscript]]:
    """The reads of what was stored so many iterations before; none where another write of the loop may come in between."""
    accesses, store = function.facts.in_body(loop), stores[-1]
    others = [a for a in accesses if a.write and all(a is not own for own in stores)]
    found: dict[int, list[ast.Subscript]] = {}
    for read in accesses:
        distance = _distance(loop, store, read)
        if distance is not None and not any(function.dependences.conflict(other, read, loop.enclosing) for other in others):
            found.setdefault(distance, []).append(read.node)  # type: ignore[arg-type]
    first = [s.replaced(loop.symbol, loop.start - max(found, default=0))  # type: ignore[arg-type, operator, union-attr]
             for s in store.subscripts if s.coefficient(loop.symbol)]  # type: ignore[arg-type, union-attr]
    known = [bound for outer in loop.enclosing for bound in outer.bounds]
    return found if all(implied_by(s, known) for s in first) else {}


def _distance(loop: Loop, store: Access, read: Access) -> int | None:
    """How many iterations the read lies behind the store of the same element; None where it is no such read."""
    node = read.node
    if read.write or not (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name)):
        return None
    if read.origin is not store.origin or len(read.subscripts) != len(store.subscripts) or len(entries(node)) != len(read.subscripts):
        return None
    for distance in range(1, FARTHEST + 1):
        moved = Affine.of(loop.symbol) - distance  # type: ignore[arg-type]
        if all(r == s.replaced(loop.symbol, moved) for r, s in zip(read.subscripts, store.subscripts)):  # type: ignore[union-attr, arg-type]
            return distance if read.subscripts != store.subscripts else None
    return None


def _forward(draft: Draft, function: Function, loop: Loop, stores: list[Access], behind: dict[int, list[ast.Subscript]]) -> None:
    array: str = stores[-1].node.value.id  # type: ignore[attr-defined]
    node: ast.For = draft.of(loop.node)  # type: ignore[assignment]
    start = loop.range_arguments[0]
    target = copy.deepcopy(stores[-1].node)
    kept = {k: draft.fresh(f"{array}_{k}_before") for k in range(1, max(behind) + 1)}
    for distance, reads in behind.items():
        for read in reads:
            draft.put(draft.of(read), name(kept[distance]))
    now = draft.fresh(f"{array}_now")
    for number, store in enumerate(stores):
        _into_scalar(draft, function, store, now, renewed=number > 0)
    last = draft.of(stores[-1].statement)
    draft.replace(last, last, assign(target, name(now)))
    node.body += [assign(kept[k], name(kept[k - 1] if k > 1 else now)) for k in reversed(kept)]
    before = [assign(kept[k], as_load(_at(target, loop.variable, expression("start - k", start=start, k=k)))) for k in kept]
    draft.where_it_runs(loop, [*before, node])


def _into_scalar(draft: Draft, function: Function, store: Access, now: str, renewed: bool) -> None:
    """Makes the statement assign to the scalar, rounded as the array rounds. renewed: the scalar holds the element already."""
    original: ast.Assign | ast.AugAssign = store.statement  # type: ignore[assignment]
    statement = draft.of(original)
    for read in function.facts.within(original) if renewed else ():
        if not read.write and _is_element(store, read) and read.node is not store.node:
            draft.put(draft.of(read.node), name(now))
    whole, value = original.value, statement.value
    if isinstance(original, ast.AugAssign):
        element = name(now) if renewed else as_load(store.node)
        whole, value = ast.BinOp(original.target, original.op, original.value), ast.BinOp(element, original.op, value)
    dtype = function.type_of(store.node.value).dtype  # type: ignore[attr-defined]
    made = assign(now, value if function.type_of(whole).dtype == dtype else rounded(value, dtype))
    draft.replace(statement, made)
    draft.stands_for(original, made)


def _at(target: ast.expr, variable: str, value: ast.expr) -> ast.expr:
    """The element with another value of the loop's variable."""
    made = substitute(target, {variable: value})
    for entry in ast.walk(made):
        if isinstance(entry, ast.Subscript):
            entry.slice = expression("x", x=entry.slice)
    return made
