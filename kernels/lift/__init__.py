"""The lift: turns a NumPy reference into candidates of plain loops, statement by statement."""
from .kept import Kept

__all__ = ["Kept"]
