"""Running dialect text in plain Python: over other numbers and arrays than the compiled kernel's, the same text is its
own proof. `namespace` executes a text with an `np` and a `prange` of the caller's; `access` does so over arrays that
log every access."""
from .access import AccessReport, log_accesses
from .namespace import load

__all__ = ["AccessReport", "load", "log_accesses"]
