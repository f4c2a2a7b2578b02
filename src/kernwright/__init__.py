"""Kernwright's public face: the decorator that declares a kernel, and the version.

Importing this package is light: neither Numba nor Ray nor NumPy is loaded.
"""
from .declaration import Declaration, kernel

__all__ = ["Declaration", "kernel", "__version__"]
__version__ = "0.1.0"
