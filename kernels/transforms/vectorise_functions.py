"""Vectorised functions: `np.exp`, `math.tanh`, `**` and the like in innermost loops become functions of vecmath, whose text the
candidate then carries; a call of libm would keep the loop scalar.

Legality: the argument's dtype is known, and the function is vecmath's for that dtype; it rounds a little differently, and the
tolerance decides. A function that takes arguments up to a limit alone is used where the loop can be run again: it counts what
lies beyond, and where there is any, the loop as it was follows. That gives the same if the loop reads no element that it
writes, and no scalar of an earlier iteration but such as are put back first.
"""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..analysis import Function, Loop, analyse
from ..analysis.names import all_blocks, own_jumps
from ..candidate import Candidate
from ..signature import Signature
from ..vecmath import FUNCTIONS, VecFunction, recognise, with_needs
from .draft import Draft, Rewrite, assign, expression, name
from .reductions import update_once

NAME = "vecmath"
OF_NUMPY = {**{n: n for n in "exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh cbrt".split()},
            "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "power": "pow", "float_power": "pow"}
OF_MATH = {n: n for n in "exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh cbrt asin acos atan atan2 pow erf".split()}


@dataclass(frozen=True, eq=False)
class _Site:
    """A call, or a power, in an innermost loop, and what may stand for it."""

    node: ast.expr
    arguments: tuple[ast.expr, ...]
    function: VecFunction


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite that takes in all calls for which it is legal, if there are any."""
    analysis = analyse(candidate, signature)
    draft = Draft(candidate, analysis)
    helpers = _Helpers(draft)
    changed: list[str] = []
    for function, loop in list(analysis.loops):
        if loop.children:
            continue
        sites = list(_sites(function, loop))
        limited = [site for site in sites if site.function.limit is not None]
        if limited and (saved := _saved(function, loop)) is not None and not any(_conditional(loop, site.node) for site in limited):
            _guard(draft, loop, limited, saved)
        else:
            sites = [site for site in sites if site.function.limit is None]
        for site in sites:
            _replace(draft, site, helpers)
            changed.append(site.function.name)
    if not changed:
        return
    helpers.insert()
    counted = ", ".join(f"{changed.count(each)} x {each}" for each in dict.fromkeys(changed))
    made = draft.finish(NAME, f"functions of vecmath in innermost loops: {counted}")
    if made is not None:
        yield made


def _sites(function: Function, loop: Loop) -> Iterator[_Site]:
    for statement in loop.node.body:
        for node in ast.walk(statement):
            called, arguments = _called(node)
            dtypes = {function.type_of(argument).dtype if function.type_of(argument).is_scalar else "" for argument in arguments}
            if called is None or len(dtypes) != 1:
                continue
            known = FUNCTIONS.get((called, dtypes.pop()))
            of_math = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "math"
            if known is not None and known.arity == len(arguments) and (known.dtype == "float64" or not of_math):
                yield _Site(node, arguments, known)  # type: ignore[arg-type]


def _called(node: ast.AST) -> tuple[str | None, tuple[ast.expr, ...]]:
    """vecmath's name of the function that `node` calls, and the arguments."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=attr), args=arguments, keywords=[]):
            return OF_NUMPY.get(attr), tuple(arguments)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="math"), attr=attr), args=arguments, keywords=[]):
            return OF_MATH.get(attr), tuple(arguments)
        case ast.BinOp(left=left, op=ast.Pow(), right=right) if not isinstance(right, ast.Constant) or type(right.value) is float:
            return "pow", (left, right)
    return None, ()


def _conditional(loop: Loop, node: ast.expr) -> bool:
    """Whether the expression is evaluated only sometimes within its statement."""
    lazy = [n for s in loop.node.body for n in ast.walk(s) if isinstance(n, ast.IfExp | ast.BoolOp | ast.While)]
    return any(node is inner for outer in lazy for inner in ast.walk(outer))


def _saved(function: Function, loop: Loop) -> list[str] | None:
    """The scalars to put back before the loop is run again; None where it cannot be."""
    if own_jumps(loop.node.body) & {"break", "return"} or loop.kind != "range":
        return None
    accesses = function.facts.in_body(loop)
    scalars = function.scalars(loop)
    if loop.parallel and scalars.carried or scalars.live_out - scalars.carried:
        return None
    if any(not function.type_of_name(each).is_scalar or each in function.liveness.before for each in scalars.carried):
        return None
    writes, reads = [a for a in accesses if a.write], [a for a in accesses if not a.write]
    if any(function.dependences.conflict(write, read) for write in writes for read in reads):
        return None
    return sorted(scalars.carried)


def _guard(draft: Draft, loop: Loop, limited: Sequence[_Site], saved: Sequence[str]) -> None:
    """Counts arguments beyond their limits, and has the loop as it was follow where there are any."""
    beyond = draft.fresh("beyond")
    before: list[ast.stmt] = [assign(beyond, ast.Constant(0))]
    back: list[ast.stmt] = []
    for each in saved:
        kept = draft.fresh(f"{each}_before")
        before.append(assign(kept, name(each)))
        back.append(assign(each, name(kept)))
    fast = draft.of(loop.node)
    again = copy.deepcopy(fast)
    for site in limited:
        argument = draft.of(site.arguments[0])
        limit: ast.expr = ast.Constant(site.function.limit)
        if site.function.dtype == "float32":
            limit = expression("np.float32(limit)", limit=limit)
        size = ast.Call(name("abs"), [copy.deepcopy(argument)], [])
        counted = ast.AugAssign(ast.Name(beyond, ast.Store()), ast.Add(), ast.Call(
            ast.Attribute(name("np"), "int64", ast.Load()), [ast.Compare(size, [ast.Gt()], [limit])], []))
        block, position = _holder(fast, draft.of(site.node))
        block.insert(position, counted)
    if loop.parallel:
        update_once(draft, fast.body, beyond, "+", ast.Constant(0))
    repeat = ast.If(ast.Compare(name(beyond), [ast.Gt()], [ast.Constant(0)]), [*back, again], [])
    draft.replace(fast, *before, fast, repeat)


def _holder(root: ast.stmt, wanted: ast.expr) -> tuple[list[ast.stmt], int]:
    """The innermost statement list below `root` with the statement that holds `wanted`, and the statement's position."""
    found: tuple[list[ast.stmt], int] | None = None
    for block in all_blocks(root):
        for position, statement in enumerate(block):
            if any(node is wanted for node in ast.walk(statement)):
                found = block, position
    assert found is not None
    return found


def _replace(draft: Draft, site: _Site, helpers: _Helpers) -> None:
    call = ast.Call(name(helpers.name_of(site.function)), [draft.of(argument) for argument in site.arguments], [])
    draft.put(draft.of(site.node), call)


class _Helpers:
    """The functions that a draft needs: those it has already, and those that are to be put on top of its functions."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._names = {known.helper: node.name for node in draft.tree.body
                       if isinstance(node, ast.FunctionDef) and (known := recognise(node))}
        self._new: list[ast.stmt] = []

    def name_of(self, wanted: VecFunction) -> str:
        for function in with_needs([wanted]):
            if function.helper not in self._names:
                self._names[function.helper] = self._draft.fresh(function.helper)
                (node,) = ast.parse(function.text).body
                for each in ast.walk(node):
                    if isinstance(each, ast.Name) and each.id in function.needs:
                        each.id = self._names[each.id]
                node.name = self._names[function.helper]  # type: ignore[attr-defined]
                self._new.append(node)
        return self._names[wanted.helper]

    def insert(self) -> None:
        body = self._draft.tree.body
        first = next(n for n, node in enumerate(body) if isinstance(node, ast.FunctionDef))
        body[first:first] = self._new
