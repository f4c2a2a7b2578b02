"""Styles: the ways in which a program becomes loops, where there is more than one."""
from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from .small_loops import has_small_loops

_PRODUCTS = frozenset("dot matmul einsum inner tensordot vdot multi_dot matrix_power vecdot matvec vecmat".split())


@dataclass(frozen=True)
class Style:
    """blas: matrix products stay calls of `np.dot`. binned: loops over groups whose bodies only reduce what a mask selects
    become one pass over the elements. summed: small loops that add arrays up are one statement. note: what its seeds are called."""

    note: str
    blas: bool = False
    binned: bool = False
    summed: bool = False

    def concerns(self, functions: Iterable[ast.FunctionDef]) -> bool:
        """Whether it may make something of its own of these functions: they hold products, and loops for masks to stand in."""
        if self.summed:
            return has_small_loops(functions)
        nodes = [node for function in functions for node in ast.walk(function)]
        products = any(isinstance(n, ast.MatMult) or isinstance(n, ast.Attribute) and n.attr in _PRODUCTS for n in nodes)
        loops = any(isinstance(n, ast.For | ast.While) for n in nodes)
        return (products or not self.blas) and (loops or not self.binned)


PLAIN = Style("lifted to loops")
STYLES = (
    Style("lifted, masks binned", binned=True),
    Style("lifted, products by BLAS", blas=True),
    Style("lifted, masks binned, products by BLAS", blas=True, binned=True),
    Style("lifted, small sums written out", summed=True),
)
"""The other ways; the third changes something that neither of the others does only where each of them changes something."""
