"""Algebraic identity: reference and candidate executed over numbers that carry residues, so that equal functions give
equal residues, however sums are ordered, blocked or rescaled, and an approximation does not, however close it is.

`compare` is the way in. `number` holds the numbers, `arrays` NumPy's arrays of them, `text` executes the two texts.
"""
from .compare import DIFFERENT, IDENTICAL, NOT_APPLICABLE, IdentityReport, compare

__all__ = ["DIFFERENT", "IDENTICAL", "NOT_APPLICABLE", "IdentityReport", "compare"]
