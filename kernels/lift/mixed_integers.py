"""Variables that hold Python's integers at some times and NumPy's narrower ones at others, `state = 0`, then `state = back[t, state]`:
as compiled code keeps them, in 64 bits, where all that is done with them gives the same for every width."""
from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from .seen import Type

_SAFE = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.RShift, ast.Mod, ast.FloorDiv)
"""Operators that never leave the range of what they are given, for a divisor that is written out."""
_READERS = frozenset("int float bool range len".split())
_CHOOSERS = frozenset({"min", "max"})


def are_mixed(types: set[Type]) -> bool:
    """Whether these are several types of integers that all fit in 64 bits with a sign."""
    return len(types) > 1 and all(t[0] == "scalar" and np.dtype(t[1]).kind in "iu" and np.dtype(t[1]) != np.uint64 for t in types)


def width_free(function: ast.FunctionDef) -> frozenset[str]:
    """Variables of which nothing depends on how wide they are: they are compared, stored, used as indices, or handed to each other."""
    parents = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
    given = {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)}
    names = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)} - given
    handed: dict[str, set[str]] = {name: set() for name in names}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in handed:
            handed[node.id].update(_goes_to(node, parents))
    while (wrong := {name for name in handed if not handed[name] <= set(handed)}):
        for name in wrong:
            del handed[name]
    return frozenset(handed)


def _goes_to(node: ast.expr, parents: dict[ast.AST, ast.AST]) -> Iterator[str]:
    """The variables that get what is read at `node`; "" where its width may matter."""
    below: ast.AST = node
    if not isinstance(node.ctx, ast.Load):  # type: ignore[attr-defined]
        holder = parents[node]
        if isinstance(holder, ast.AugAssign) and not _is_safe(holder.op, holder.value):
            yield ""
        return
    while True:
        above = parents[below]
        match above:
            case ast.BinOp(left=left, op=op, right=right) if _is_safe(op, right if below is left else left) and (
                    below is left or not isinstance(op, ast.RShift | ast.Mod | ast.FloorDiv)):
                pass
            case ast.Call(func=ast.Name(id=called), keywords=[]) if called in _CHOOSERS and len(above.args) > 1:
                pass
            case ast.IfExp(test=test):
                if below is test:
                    return
            case ast.Tuple():
                holder = parents[above]
                if isinstance(holder, ast.Subscript) and holder.slice is above:
                    return
                if isinstance(holder, ast.Assign) and holder.value is above and isinstance(holder.targets[0], ast.Tuple) and len(holder.targets) == 1:
                    place = above.elts.index(below)  # type: ignore[arg-type]
                    if len(holder.targets[0].elts) == len(above.elts):
                        yield from _stored(holder.targets[0].elts[place])
                        return
                yield ""
                return
            case ast.Call(func=ast.Name(id=called)) if called in _READERS:
                return
            case ast.Subscript(slice=index) if below is index:
                return
            case ast.Slice() | ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()) | ast.If() | ast.While():
                return
            case ast.Assign(targets=targets):
                for target in targets:
                    yield from _stored(target)
                return
            case ast.AugAssign(target=ast.Subscript(), op=ast.Add() | ast.Sub()):
                return
            case _:
                yield ""
                return
        below = above


def _stored(target: ast.expr) -> Iterator[str]:
    if not isinstance(target, ast.Subscript):
        yield target.id if isinstance(target, ast.Name) else ""


def _is_safe(op: ast.operator, other: ast.expr) -> bool:
    return isinstance(op, _SAFE) and isinstance(other, ast.Constant) and type(other.value) is int and other.value > 0
