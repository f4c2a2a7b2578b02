"""Whole-array statements of a parallel candidate: compiled code runs each as a parallel loop over its elements.

One that reads, through a view, elements which it writes elsewhere (`a[1:] = a[:-1]`) races with itself. What is computed
into new memory first (`a[1:] = a[:-1] + b`) does not, as loops are not fused (see `JitOptions.njit_parallel`).
"""
from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis import Function
from ..analysis.aliases import returns_new_memory
from ..analysis.model import Access
from .solver import Solver, Unsolved
from .system import System


def complaints(function: Function, solver: Solver) -> Iterator[tuple[int, str]]:
    """Line and reason of each whole-array statement outside the parallel loops that is not shown to be free of races."""
    for statement in _outside(function):
        accesses = function.facts.within(statement)
        for write in accesses:
            if not write.write or not _many(function, write):
                continue
            for read in accesses:
                if read.write or function.dependences.apart(write.origin, read.origin, frozenset(write.loops)):
                    continue
                if not _kept_apart(function, solver, write, read):
                    yield statement.lineno, (f"line {statement.lineno}: the statement may read, as {ast.unparse(read.node)[:60]}, "
                                             f"elements that it writes elsewhere, as {ast.unparse(write.node)[:60]}")
                    break


def _outside(function: Function) -> Iterator[ast.stmt]:
    """The simple statements that run outside all parallel loops and write to arrays directly from views."""
    parallel = [loop for loop in function.facts.loops if loop.parallel]
    inside = {id(node) for loop in parallel for node in ast.walk(loop.node)}
    for node in ast.walk(function.node):
        if id(node) in inside:
            continue
        match node:
            case ast.Assign(value=value) if not _computed(value):
                yield node
            case ast.AugAssign():
                yield node
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="np")))):
                yield node


def _computed(value: ast.expr) -> bool:
    """Whether the value is a number, or an array in memory of its own."""
    if isinstance(value, ast.Call):
        return returns_new_memory(value)
    return isinstance(value, ast.BinOp | ast.UnaryOp | ast.Compare | ast.Constant)


def _many(function: Function, access: Access) -> bool:
    """Whether more than one element is touched, as far as can be seen."""
    node = access.node
    if isinstance(node, ast.Subscript):
        entries = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        owner = function.type_of(node.value)
        return not (owner.is_array and len(entries) == owner.ndim and all(function.type_of(e).is_integer for e in entries))
    return not function.type_of(node).is_scalar if isinstance(node, ast.expr) else True


def _kept_apart(function: Function, solver: Solver, write: Access, read: Access) -> bool:
    """Whether both are the same part, element by element, or have no element in common."""
    if write.origin is not read.origin:
        return False
    if write.view == read.view and write.view.exact and not write.view.swapped \
            and all(d.offset is not None for d in write.view.dimensions) and _same_text(write.node, read.node):
        return True
    system = System(function.facts.symbols, frozenset(write.loops))
    system.executes(write, 1)
    for one, other in zip(write.view.dimensions, read.view.dimensions):
        element = system.variable()
        system.covers(one, element, 1)
        system.covers(other, element, 1)
    try:
        return solver.impossible(system.constraints)
    except Unsolved:
        return False


def _same_text(one: ast.AST, other: ast.AST) -> bool:
    return ast.unparse(one) == ast.unparse(other)
