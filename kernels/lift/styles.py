"""Styles: the ways in which a program becomes loops, where there is more than one."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """blas: matrix products stay calls of `np.dot`. binned: loops over groups whose bodies only reduce what a mask selects
    become one pass over the elements. note: what its seeds are called."""

    note: str
    blas: bool = False
    binned: bool = False


PLAIN = Style("lifted to loops")
STYLES = (
    Style("lifted, masks binned", binned=True),
    Style("lifted, products by BLAS", blas=True),
    Style("lifted, masks binned, products by BLAS", blas=True, binned=True),
)
"""The other ways; the last changes something that neither of the others does only where each of them changes something."""
