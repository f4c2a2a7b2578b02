"""The kernel dialect: the subset of Python and NumPy in which candidates are written, and the gate that holds them to it."""
from .gate import check, check_text
from .page import describe
from .refusal import Refusal
from .vocabulary import BUILTINS_ALLOWED, MATH_ALLOWED, NUMPY_ALLOWED

__all__ = ["BUILTINS_ALLOWED", "MATH_ALLOWED", "NUMPY_ALLOWED", "Refusal", "check", "check_text", "describe"]
