"""Random steps: a variation of a candidate drawn without any knowledge of what paid before. For the baselines."""
from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from ...kernels.candidate import Candidate, Lineage
from ...kernels.signature import Signature
from ...kernels.transforms import TRANSFORMS, Rewrite, propose_with
from ..tuner import Space

TUNE = "tune"
MOST_EXPANDED = 512


class RandomSteps:
    """One step is a transform at one of its sites, or other tunables and options: each way equally likely, then each site.

    signature: of the reference. max_threads: the run's. finite: whether flags that assume finite numbers are open.
    """

    def __init__(self, signature: Signature, max_threads: int, finite: bool) -> None:
        self._signature, self._max_threads, self._finite = signature, max(1, max_threads), finite
        self._expanded: OrderedDict[tuple[str, str], Sequence[Rewrite]] = OrderedDict()

    def walk(self, operator: str, parent: Candidate, steps: int, rng: random.Random) -> Candidate | None:
        """`parent` after up to `steps` steps, its lineage under `operator`; None where no step changes it."""
        at, names = parent, []
        for _ in range(steps):
            step = self._step(at, rng)
            if step is None:
                break
            name, at = step
            names.append(name)
        if at.identity == parent.identity:
            return None
        return replace(at, lineage=Lineage(f"{operator}:{'+'.join(names)}", "at random", (parent.identity,)))

    def _step(self, candidate: Candidate, rng: random.Random) -> tuple[str, Candidate] | None:
        for name in rng.sample([*TRANSFORMS, TUNE], len(TRANSFORMS) + 1):
            made = self._tuned(candidate, rng) if name == TUNE else self._rewritten(name, candidate, rng)
            if made is not None:
                return name, made
        return None

    def _tuned(self, candidate: Candidate, rng: random.Random) -> Candidate | None:
        space = Space.of(candidate, self._signature, self._max_threads, self._finite)
        made = space.candidate(space.draw(rng), candidate)
        return None if made.identity == candidate.identity else made

    def _rewritten(self, name: str, candidate: Candidate, rng: random.Random) -> Candidate | None:
        key = (name, candidate.identity)
        if key not in self._expanded:
            self._expanded[key] = propose_with(name, candidate, self._signature, max_threads=self._max_threads, finite=self._finite)
            if len(self._expanded) > MOST_EXPANDED:
                self._expanded.popitem(last=False)
        found = self._expanded[key]
        return rng.choice(found).candidate if found else None
