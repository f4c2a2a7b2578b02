"""The lift: turns a NumPy reference into candidates of plain loops, statement by statement."""
from .kept import Kept
from .lifting import Lifted, lift

__all__ = ["Kept", "Lifted", "lift"]
