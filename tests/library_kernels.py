"""The built-in kernels as the tests need them: each is opened and observed once a process, however many tests ask."""
from __future__ import annotations

from functools import cache

from kernwright.kernels import library
from kernwright.kernels.observe import Observation, observe
from kernwright.kernels.spec import OpenSpec

NAMES = library.names()


@cache
def observed(name: str) -> tuple[OpenSpec, Observation]:
    spec = library.load(name).open()
    return spec, observe(spec, 1, 0.5)
