"""Idle flags: fastmath flags and error models that can change nothing in a text, so that what differs in them alone is not built
and timed twice.

Conservative: where a flag might matter it stays. What LLVM makes of each flag: its language reference, "Fast-Math Flags".
"""
from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from .analysis.names import walk
from .analysis.numpy_calls import ALLOCATORS, CASTS
from .candidate import ENTRY, Candidate, JitOptions
from .vecmath import recognise

_ELEMENTARY = frozenset("sqrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh asin acos atan floor ceil "
                        "rint trunc".split())
_PLAIN = ALLOCATORS | CASTS | {"range", "prange", "len", "int", "float", "bool", "complex", "abs", "absolute", "fabs"}
"""Calls in which no flag finds anything to change."""


def awake(candidate: Candidate) -> Candidate:
    """The candidate without what its options hold in vain; itself where that is nothing. Raises CandidateError."""
    options = without_idle(candidate)
    return candidate if options == candidate.options else replace(candidate, options=options)


def without_idle(candidate: Candidate) -> JitOptions:
    """The candidate's options without what its text gives no occasion for. Raises CandidateError."""
    options = candidate.options
    idle, divides = _of_text(candidate.text)
    return replace(options, fastmath=tuple(flag for flag in options.fastmath if flag not in idle),
                   error_model=options.error_model if divides else "numpy")


@lru_cache(maxsize=256)
def _of_text(text: str) -> tuple[frozenset[str], bool]:
    """The flags that are idle in the text, and whether a divisor in it may be 0."""
    tree = Candidate(text).tree
    nodes = list(_nodes(tree))
    operators = {type(node.op) for node in nodes if isinstance(node, ast.BinOp | ast.AugAssign)}
    called = {_called(node) for node in nodes if isinstance(node, ast.Call)} - _PLAIN - _helpers(tree)
    calls = bool(called - _ELEMENTARY)
    anything = calls or ast.Pow in operators
    asks = anything or any(_asks(node) for node in nodes)
    occasions = {
        "arcp": anything or ast.Div in operators,
        "afn": anything or bool(called),
        "contract": anything or bool(operators & {ast.Mult, ast.Div}),
        "ninf": asks,
        "nnan": asks,
    }
    divides = any(isinstance(node, ast.BinOp) and _may_divide_by_zero(node.op, node.right)
                  or isinstance(node, ast.AugAssign) and _may_divide_by_zero(node.op, node.value) for node in nodes)
    return frozenset(flag for flag, occasion in occasions.items() if not occasion), calls or divides


def _nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """All nodes but those of functions of vecmath, which are compiled with flags of their own."""
    for statement in tree.body:
        if not (isinstance(statement, ast.FunctionDef) and statement.name != ENTRY and recognise(statement)):
            yield from walk(statement)


def _helpers(tree: ast.Module) -> set[str]:
    return {statement.name for statement in tree.body if isinstance(statement, ast.FunctionDef)}


def _called(call: ast.Call) -> str:
    """The name of the function; "?" for what is no name of a module."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="np" | "math"), attr=name):
            return name
    return "?"


def _asks(node: ast.AST) -> bool:
    """Whether numbers are compared, or multiplied by a zero: what a nan or an infinity decides."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float | complex) and node.value == 0
    return isinstance(node, ast.Compare | ast.BoolOp | ast.IfExp | ast.If | ast.While)


def _may_divide_by_zero(operator: ast.operator, divisor: ast.expr) -> bool:
    if not isinstance(operator, ast.Div | ast.FloorDiv | ast.Mod):
        return False
    return not (isinstance(divisor, ast.Constant) and bool(divisor.value))
