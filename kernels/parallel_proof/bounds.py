"""Whether every index lies within its array, for every size."""
from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis import Function
from ..analysis.model import Access
from .solver import Solver, Unsolved
from .system import System


class Bounds:
    """Answers about the accesses of one function."""

    def __init__(self, function: Function, solver: Solver) -> None:
        self._function = function
        self._solver = solver
        self._answers: dict[object, str] = {}

    def complaint(self, access: Access) -> str:
        """Why the access is not shown to be in bounds; "" where it is. Parts of slices always are: NumPy cuts them."""
        key = (access.origin, access.view, access.loops, frozenset(access.guards))
        if key not in self._answers:
            self._answers[key] = self._complaint(access)
        return self._answers[key]

    def first_complaint(self) -> str:
        """Why the function's first access that is not shown to be in bounds is not; "" where all are."""
        return next(filter(None, map(self.complaint, self._function.facts.accesses)), "")

    def proofs(self) -> Iterator[tuple[str, str]]:
        """What the text calls each array, and why the first access to it that is not shown to be in bounds is not, or ""."""
        reasons: dict[str, str] = {}
        for access in self._function.facts.accesses:
            name = array_name(access)
            if not reasons.get(name):
                reasons[name] = self.complaint(access)
        yield from reasons.items()

    def _complaint(self, access: Access) -> str:
        title = f"line {access.node.lineno}: {ast.unparse(access.node)[:60]}"
        if not access.view.exact:
            return f"{title}: an index that is not affine"
        for position, dimension in enumerate(access.view.dimensions):
            if dimension.free:
                continue
            if dimension.offset is None:
                return f"{title}: the index of axis {position} is not affine, or might be negative"
            system = System(self._function.facts.symbols, frozenset(access.loops))
            system.executes(access, 1)
            shape = self._function.facts.shapes.get(access.origin, ())
            extent = shape[position] if position < len(shape) else None
            if extent is None:
                extent = self._function.facts.symbols.extent(access.origin, position)
            system.at_least(system.polynomial(dimension.offset, 1), system.polynomial(extent, 1))
            try:
                within = self._solver.impossible(system.constraints)
            except Unsolved as reason:
                return f"{title}: {reason}"
            if not within:
                return f"{title}: the index of axis {position} is not shown to be below the array's length for every size"
        return ""


def array_name(access: Access) -> str:
    """What the text calls the array."""
    node: ast.AST = access.node
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else access.origin.name
