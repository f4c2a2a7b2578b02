"""Damage that only the compiler's freedom shows: iterations that depend on each other run in parallel, shared scratch
memory, arithmetic that may ignore nan."""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..analysis import Undecided, analyse
from ..analysis.legality import uses_parallel
from ..analysis.names import FreshNames, own_jumps, stored
from ..analysis.numpy_calls import CASTS
from .text import Edit, Operator, Text, called, is_parallel, range_of, reblocked, swapped

_ALLOCATED = ("empty", "zeros", "ones", "empty_like", "zeros_like")
_IGNORED = ("ninf", "nnan")


def dependent_iterations_parallel(text: Text) -> Iterator[Edit]:
    """`prange` on loops of the entry whose iterations depend on each other: through elements, or through scalars that
    are no reductions."""
    try:
        analysis = analyse(text.candidate, text.signature)
    except Undecided:
        return
    nested = {id(inner) for loop in text.loops if is_parallel(loop) for inner in ast.walk(loop)}
    for function, loop in analysis.loops:
        call = range_of(loop.node)
        if not function.is_entry or call is None or loop.parallel or id(loop.node) in nested or len(call.args) > 2:
            continue
        if uses_parallel(loop.node.body) or own_jumps(loop.node.body):
            continue
        if function.scalars(loop).blocking or function.dependences.carried(loop) is not None:
            call = _same(text, loop.node).iter
            options = replace(text.candidate.options, parallel=True)
            yield swapped(call, ast.Call(ast.Name("prange", ast.Load()), call.args, []), options=options)


def scratch_shared(text: Text) -> Iterator[Edit]:
    """Scratch memory of each iteration of a parallel loop, allocated once for all of them."""
    for _, block in text.blocks:
        for position, loop in enumerate(block):
            if not isinstance(loop, ast.For) or not is_parallel(loop):
                continue
            bound = stored([loop])
            for inner, statement in enumerate(loop.body):
                if not isinstance(statement, ast.Assign) or called(statement.value) not in _ALLOCATED:
                    continue
                if {n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name)} & bound:
                    continue
                rest = ast.For(loop.target, loop.iter, [*loop.body[:inner], *loop.body[inner + 1:]] or [ast.Pass()], [])
                yield reblocked(block, [*block[:position], statement, rest, *block[position + 1:]], statement,
                                "allocated once for all iterations")


def scalar_shared(text: Text) -> Iterator[Edit]:
    """A number that each iteration of a parallel loop keeps for itself, kept in one place by all of them."""
    for _, block in text.blocks:
        for position, loop in enumerate(block):
            if not isinstance(loop, ast.For) or not is_parallel(loop):
                continue
            names = text.types.names[text.function_of(loop).name]
            for statement in loop.body:
                match statement:
                    case ast.Assign(targets=[ast.Name(id=name)]) if names[name].is_scalar and names[name].dtype in CASTS:
                        cell = FreshNames(text.tree)(f"{name}_shared")
                        made = ast.parse(f"{cell} = np.empty(1, dtype=np.{names[name].dtype})").body[0]
                        shared = _Shared(name, cell).visit(copy.deepcopy(loop))
                        yield reblocked(block, [*block[:position], made, shared, *block[position + 1:]], statement,
                                        f"{name} kept in one place for all iterations")


class _Shared(ast.NodeTransformer):
    """Puts the element of a one-element array in the place of a name."""

    def __init__(self, name: str, cell: str) -> None:
        self._name = name
        self._cell = cell

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id != self._name:
            return node
        return ast.Subscript(ast.Name(self._cell, ast.Load()), ast.Constant(0), node.ctx)


def nan_ignored(text: Text) -> Iterator[Edit]:
    """Fast-math flags that assume finite numbers, where the spec does not."""
    options = text.candidate.options
    for flag in _IGNORED:
        if not text.finite and flag not in options.fastmath:
            yield Edit(0, f"fastmath={flag}", options=replace(options, fastmath=(*options.fastmath, flag)))


def _same(text: Text, loop: ast.stmt) -> ast.For:
    """The loop of the text's own tree that stands where `loop` stands in the analysis' one."""
    return next(other for other in text.loops if (other.lineno, other.col_offset) == (loop.lineno, loop.col_offset))


OPERATORS: Mapping[str, Operator] = {
    "dependent iterations parallel": dependent_iterations_parallel,
    "scratch shared": scratch_shared,
    "scalar shared": scalar_shared,
    "nan ignored": nan_ignored,
}
