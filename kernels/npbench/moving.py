"""Which arguments must be moved, and by which move: those that an initialiser gives alike each time."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..spec import OpenSpec
from .conditioning import BENCHMARK, SEEDS, amplification
from .inputs import Inputs
from .sizes import TINY, VERIFY, Size
from .trial import Budget, How, Trial, attempt

AMPLIFIED = 1e3
"""How many times greater than the inputs' relative disturbance the results' may be."""
ROOM = 10.0


def moves_for(spec: OpenSpec, inputs: Inputs, sizes: Mapping[str, Size]) -> dict[str, str]:
    """A move by argument, for `Inputs.moved`.

    Float arrays that no draw changes are moved element by element where the reference then works as well as before (it
    neither raises nor gives nan, nor becomes ill-conditioned), else as a whole, else not. Where nothing varies at all,
    float numbers are moved, else the elements of integer arrays are shuffled: the values, but not their range.
    """
    tried = _Tried(spec, inputs, sizes)
    if How.FAILS in tried.before:
        return {}                           # what is wrong with it is said by whoever opens it
    constant = tried.constant()
    arrays = [name for name, value in constant.items() if isinstance(value, np.ndarray) and value.size and value.dtype.kind in "fc"]
    numbers = [name for name, value in constant.items() if isinstance(value, float | np.floating)]
    labels = [name for name, value in constant.items() if isinstance(value, np.ndarray) and value.size > 1 and value.dtype.kind in "iub"]
    moves = tried.greatest(arrays, ("elements", "whole"))
    if not moves and len(constant) == len(inputs.arguments):
        moves = tried.greatest(numbers, ("elements",)) or tried.greatest(labels, ("shuffled",))
    return moves


class _Tried:
    """Tries of moves on one benchmark, compared with how it fares without any."""

    def __init__(self, spec: OpenSpec, inputs: Inputs, sizes: Mapping[str, Size]) -> None:
        self.spec, self.inputs = spec, inputs
        self.runs = [(sizes["tiny"], TINY, SEEDS[0]), *((sizes["verify"], VERIFY, seed) for seed in SEEDS),
                     (sizes["benchmark"], BENCHMARK, SEEDS[0])]
        self.before = [self._run(inputs, run).how for run in self.runs]
        self.amplified = self._amplification(inputs)

    def constant(self) -> dict[str, Any]:
        """The arguments that two draws give alike, by name."""
        size = self.runs[1][0]
        one, other = (self.inputs(size, np.random.default_rng(seed)) for seed in SEEDS[:2])
        return {name: a for name, a, b in zip(self.inputs.arguments, one, other)
                if np.shape(a) == np.shape(b) and np.asarray(a).tobytes() == np.asarray(b).tobytes()}

    def greatest(self, names: list[str], moves: tuple[str, ...]) -> dict[str, str]:
        """The first of `moves` that holds on all of `names`; else for one name after the other the first that holds."""
        for move in moves:
            if names and self._holds(dict.fromkeys(names, move)):
                return dict.fromkeys(names, move)
        found: dict[str, str] = {}
        for name in names if len(names) > 1 else ():
            for move in moves:
                if self._holds({**found, name: move}):
                    found[name] = move
                    break
        return found

    def _holds(self, moved: Mapping[str, str]) -> bool:
        inputs = replace(self.inputs, moved=moved)
        for run, before in zip(self.runs, self.before):
            if self._run(inputs, run).how is not before:
                return False
        return self._amplification(inputs) <= max(AMPLIFIED, ROOM * self.amplified)

    def _run(self, inputs: Inputs, run: tuple[Size, Budget, int]) -> Trial:
        size, budget, seed = run
        return attempt(self.spec, inputs, size, seed, budget)

    def _amplification(self, inputs: Inputs) -> float:
        size, budget, seed = self.runs[1]
        return amplification(self.spec, inputs, size, budget, seed)
