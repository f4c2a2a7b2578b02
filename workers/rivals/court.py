"""The court of rivals: nothing is timed that does not compute what the reference does, and ratios come from fresh processes."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..evaluate import Judge
from ..evaluation import Ratio
from ..failure import FAILURES, meaning
from ..oracle import Case
from ..session import ChildSession
from ..slots import TIMED
from ..timing import reported
from ..verify.check import Check
from ..verify.differential import differential, plan
from ..verify.runner import ChildRunner
from . import Rival

REPEATS = 3
"""Of the benchmark's case: a race need not show in one run."""


def check(judge: Judge, rival: Rival, seed: int) -> Check:
    """Whether `rival` agrees with the reference in every test of the search, on all cores that a timing has. What ends it
    otherwise, a build that fails included, is the Check's verdict and message. Raises NotBuilt."""
    slots, settings = judge.slots, judge.assignment.settings
    cases = plan(judge.oracle, seed)
    case = judge.oracle.case("benchmark", cases[-1].seed)
    try:
        with judge.leases.build() as core:
            rival.prepare(slots, case, [core])
        with judge.leases.timing(settings.threads) as cores, slots.fork(f"check {rival.name}", cores) as child:
            slots.attach_timed(child, case)
            rival.build(slots, child, "rival")
            runner = ChildRunner(child, "rival", settings.run_seconds)
            return differential(runner, judge.oracle, (*cases, *[cases[-1]] * (REPEATS - 1)))
    except FAILURES as failure:
        return Check(*meaning(failure))


def paired(judge: Judge, one: Rival, other: Rival, seed: int, seconds: float, processes: int = 6, rounds: int = 10) -> Ratio:
    """How many times faster `one` is than `other` at the benchmark's size, from fresh processes, in about `seconds`.

    Both must have passed `check`. Raises NotBuilt, RunFailed, ChildFailure or TimingError.
    """
    slots = judge.slots
    case = judge.oracle.case("benchmark", seed)
    with judge.leases.timing(judge.assignment.settings.threads) as cores:
        for rival in (one, other):
            rival.prepare(slots, case, cores[:1])
        return reported(
            lambda number, other_first: _session(judge, one, other, case, cores, other_first), candidate="one", rival="other",
            rival_name=other.name, processes=processes, rounds=rounds, seconds=seconds,
        )


@contextmanager
def _session(judge: Judge, one: Rival, other: Rival, case: Case, cores: tuple[int, ...], other_first: bool) -> Iterator[ChildSession]:
    slots, settings = judge.slots, judge.assignment.settings
    with slots.fork(f"time {one.name} beside {other.name}", cores) as child:
        slots.attach_timed(child, case)
        for rival, slot in ((other, "other"), (one, "one")) if other_first else ((one, "one"), (other, "other")):
            rival.build(slots, child, slot)
        # Whatever another compiler's code uses, its threads may differ from the other slot's.
        with ChildSession(child, TIMED, cores, settings.threads > 1, settings.run_seconds) as session:
            yield session
