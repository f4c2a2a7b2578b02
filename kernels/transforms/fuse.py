"""Loop fusion: two loops of one block with equal bounds become one.

Legality: no iteration of the second loop depends on a later iteration of the first; the loops share no scalar except
such as each of them binds before reading it; nothing jumps out of either, and no `continue` skips the second body.
Statements between the loops are moved in front if they only allocate, or compute with scalars, or are loops, and touch nothing of
the first; or behind, scalars that touch nothing of the second.
Two `prange` loops stay one only if no iteration depends on another one at all.
"""
from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis import Function, Loop, analyse
from ..analysis.legality import can_be_evaluated_anywhere, iterations_may_be_reordered, keeps_its_variable, leaves_alone
from ..analysis.liveness import exposed
from ..analysis.names import all_blocks, loaded, own_jumps, stored, used, walk
from ..analysis.numpy_calls import CASTS, ELEMENTWISE_BINARY, ELEMENTWISE_UNARY, SCALAR_BUILTINS
from ..analysis.privatise import ALLOCATING, private_arrays
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, renamed

NAME = "fuse"
FARTHEST = 4
"""So many loops back a partner is looked for."""
SCALAR_FUNCTIONS = ELEMENTWISE_UNARY | ELEMENTWISE_BINARY | CASTS | SCALAR_BUILTINS
"""Of scalars they are scalars, and nothing else depends on when they are called."""


@dataclass(frozen=True)
class _Site:
    first: Loop
    second: Loop
    between: tuple[ast.stmt, ...]


def propose(candidate: Candidate, signature: Signature, keep_independent: bool = False) -> Iterator[Rewrite]:
    """One rewrite for each legal pair of neighbours, outer pairs first. keep_independent: two loops whose
    iterations do not depend on each other, and so can run in parallel or be packed, stay two where those of one loop would."""
    analysis = analyse(candidate, signature)
    for function in analysis.functions:
        for site in _sites(function):
            parted = _parted(function, site) if _legal(function, site) else None
            if parted is None or keep_independent and _ties(function, site):
                continue
            draft = Draft(candidate, analysis)
            _fuse(draft, function, site, *parted)
            lines = f"lines {site.first.line} and {site.second.line}"
            made = draft.finish(NAME, f"loops over {site.first.variable} fused ({lines})")
            if made is not None:
                yield made


def _sites(function: Function) -> Iterator[_Site]:
    for block in all_blocks(function.node):
        earlier: list[tuple[int, Loop]] = []
        for position, statement in enumerate(block):
            loop = function.facts.loop_of(statement)
            if loop is not None:
                for start, first in reversed(earlier[-FARTHEST:]):
                    between = block[start + 1:position]
                    if not all(_is_movable(function, s) for s in between):
                        break
                    yield _Site(first, loop, tuple(between))
                earlier.append((position, loop))


def _is_movable(function: Function, statement: ast.stmt) -> bool:
    """Whether the statement is a loop, or binds one name to an allocation, to what another name stands for, or to a scalar that is
    no array's element."""
    match statement:
        case ast.For():
            return not any(isinstance(n, ast.Return) for n in walk(statement))
        case ast.Assign(targets=[ast.Name()], value=ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=kind)) as call) \
                if kind in ALLOCATING:
            return all(_is_description(function, p) for p in (*call.args, *(k.value for k in call.keywords)))
        case ast.Assign(targets=[ast.Name()], value=value):
            return can_be_evaluated_anywhere(value) or _is_arithmetic(function, value)
    return False


def _is_arithmetic(function: Function, node: ast.expr) -> bool:
    """Whether it is made of scalars by operators and elementary functions."""
    match node:
        case ast.Constant():
            return True
        case ast.Name():
            return function.type_of(node).is_scalar
        case ast.UnaryOp(operand=operand):
            return _is_arithmetic(function, operand)
        case ast.BinOp(left=left, right=right):
            return _is_arithmetic(function, left) and _is_arithmetic(function, right)
        case ast.Subscript(value=ast.Attribute(value=ast.Name(), attr="shape"), slice=ast.Constant()):
            return True
        case ast.Attribute(value=ast.Name(id="np" | "math"), attr="inf" | "nan" | "pi" | "e"):
            return True
        case ast.Attribute(value=ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="finfo" | "iinfo")), attr="min" | "max" | "eps"):
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id="np" | "math"), attr=name), args=arguments, keywords=[]):
            return name in SCALAR_FUNCTIONS and all(_is_arithmetic(function, a) for a in arguments)
    return False


def _is_description(function: Function, node: ast.expr) -> bool:
    """Whether it describes an array to allocate: extents, a dtype, another array's shape, a number."""
    match node:
        case ast.Tuple(elts=elements):
            return all(_is_description(function, e) for e in elements)
        case ast.Attribute(value=ast.Name(), attr="shape" | "dtype" | "size" | "float32" | "float64"):
            return True
        case ast.Attribute(value=ast.Name(id="np")):
            return True
    return can_be_evaluated_anywhere(node) or _is_arithmetic(function, node)


def _legal(function: Function, site: _Site) -> bool:
    first, second = site.first, site.second
    if not all(loop.kind == "range" and loop.step is not None and keeps_its_variable(loop) for loop in (first, second)):
        return False
    if first.parallel != second.parallel or first.start is None or first.stop is None:
        return False
    if (first.start, first.stop, first.step) != (second.start, second.stop, second.step):
        return False
    if own_jumps(first.node.body) or own_jumps(second.node.body) & {"break", "return"}:
        return False
    return (_scalars_agree(function, site) and _variable_agrees(function, site)
            and not function.dependences.reversed_by_fusion(first, second)
            and (not first.parallel or _stays_parallel(function, first, second)))


def _parted(function: Function, site: _Site) -> tuple[list[ast.stmt], list[ast.stmt]] | None:
    """The statements between that may be executed before the first loop, and the others, if they may be after the second."""
    second = site.second.node
    in_front: list[ast.stmt] = []
    behind: list[ast.stmt] = []
    for statement in site.between:
        if _moves_in_front(function, site, statement) and not any(_share(statement, other) for other in behind):
            in_front.append(statement)
        elif not isinstance(statement, ast.For) and not _share(statement, second):
            behind.append(statement)
        else:
            return None
    return in_front, behind


def _share(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether one of them binds a name that occurs in the other."""
    return bool(stored([one]) & used([other]) or stored([other]) & used([one]))


def _moves_in_front(function: Function, site: _Site, statement: ast.stmt) -> bool:
    first = site.first.node
    if not isinstance(statement, ast.For):
        return not _share(statement, first)
    shared = stored([statement]) & used([first])
    return not (shared & (function.liveness.after(statement) | exposed([first])) or exposed([statement]) & stored([first])) \
        and function.dependences.separate(function.facts.within(first), function.facts.within(statement), frozenset(site.first.enclosing))


def _scalars_agree(function: Function, site: _Site) -> bool:
    first, second = site.first.node, site.second.node
    shared = (stored(first.body) & used(second.body)) | (stored(second.body) & used(first.body))
    shared -= {site.first.variable, site.second.variable}                   # see `_variable_agrees`
    one, other = function.scalars(site.first), function.scalars(site.second)
    header = loaded([second.iter])                                        # type: ignore[union-attr]
    if header & stored(first.body):
        return False
    return all(n in one.private and n in other.private and n not in other.live_out for n in shared)


def _variable_agrees(function: Function, site: _Site) -> bool:
    """Whether the second loop's variable can be replaced by the first's, and the first's by the second's where the second body
    binds it, for a loop inside."""
    first, second = site.first, site.second
    if {first.variable, second.variable} & function.liveness.after(second.node):
        return False
    return first.variable == second.variable \
        or first.variable not in exposed(second.node.body) and second.variable not in exposed(first.node.body)


def _stays_parallel(function: Function, first: Loop, second: Loop) -> bool:
    tests = function.dependences
    return not any(tests.conflict(a, b, first.enclosing, [(first, second, relation)])
                   for a in function.facts.in_body(first) for b in function.facts.in_body(second) for relation in "<>")


def _ties(function: Function, site: _Site) -> bool:
    """Whether fusion would make iterations depend on each other that do not, in either loop."""
    return not _stays_parallel(function, site.first, site.second) \
        and _is_independent(function, site.first) and _is_independent(function, site.second)


def _is_independent(function: Function, loop: Loop) -> bool:
    return iterations_may_be_reordered(function, loop) and private_arrays(function, loop) is not None


def _fuse(draft: Draft, function: Function, site: _Site, in_front: list[ast.stmt], behind: list[ast.stmt]) -> None:
    first, second = draft.of(site.first.node), draft.of(site.second.node)
    body = second.body
    if site.first.variable != site.second.variable:
        body = renamed(body, {site.second.variable: site.first.variable, site.first.variable: site.second.variable})
    block, position = draft.block_of(first)
    if _under_one_test(function, site, first.body[-1], body[0]):
        first.body[-1].body += body[0].body                                 # type: ignore[attr-defined]
        body = body[1:]
    first.body += body
    _, end = draft.block_of(second)
    block[position:end + 1] = [*map(draft.of, in_front), first, *map(draft.of, behind)]


def _under_one_test(function: Function, site: _Site, last: ast.stmt, following: ast.stmt) -> bool:
    """Whether the first body's last statement and the second's first one, as they stand in the draft, ask for the same, which
    the former leaves alone."""
    if not (isinstance(last, ast.If) and isinstance(following, ast.If)) or last.orelse or following.orelse \
            or ast.dump(last.test) != ast.dump(following.test) or any(isinstance(n, ast.Call) for n in walk(last.test)):
        return False
    original: ast.If = site.first.node.body[-1]                             # type: ignore[assignment]
    return leaves_alone(function, original.body, original.test, original, site.first.enclosing)
