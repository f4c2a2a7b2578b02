"""Reduced scalars: what they start from, and the form in which Numba takes them in a parallel loop."""
from __future__ import annotations

import ast

from ..analysis import Function, Reduction
from ..analysis.liveness import EXTREMES
from ..analysis.names import own_jumps
from ..analysis.types import is_integer
from .draft import Draft, assign, expression, name


def neutral(function: Function, reduction: Reduction) -> ast.expr | None:
    """What a further accumulator starts from, in the dtype of the reduced scalar; None where that is not known."""
    if reduction.operator in EXTREMES:
        return name(reduction.name)
    one = reduction.operator == "*"
    dtype = function.type_of_name(reduction.name).dtype
    if dtype == "float64":
        return ast.Constant(1.0 if one else 0.0)
    if dtype == "int64":
        return ast.Constant(int(one))
    if dtype in ("float32", "complex64", "complex128") or is_integer(dtype):
        return expression(f"np.{dtype}(value)", value=int(one))
    return None


def stays_scalar(function: Function, reduction: Reduction) -> bool:
    """Whether LLVM packs no loop with the reduction, whatever else is in it: largest and least floats, one of which may be nan."""
    return reduction.operator in EXTREMES and function.type_of_name(reduction.name).dtype.startswith("float")


def update_once(draft: Draft, body: list[ast.stmt], reduced: str, operator: str, start: ast.expr | None) -> None:
    """Changes the body of a parallel loop so that an iteration updates `reduced` at most once, by a scalar of its own.

    Numba refuses `total += a; total += b` in a `prange`. operator: "+", "-" or "*"; start: its neutral element. Left as
    it is: what is updated once already, max and min, and a body with a `continue`, which would pass the update by.
    """
    uses = [node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id == reduced]
    if operator not in ("+", "-", "*") or start is None or "continue" in own_jumps(body):
        return
    if sum(isinstance(use.ctx, ast.Store) for use in uses) < 2:
        return
    own = draft.fresh(f"{reduced}_part")
    for use in uses:
        use.id = own
    combined = ast.AugAssign(ast.Name(reduced, ast.Store()), ast.Mult() if operator == "*" else ast.Add(), name(own))
    body[:] = [assign(own, start), *body, combined]
