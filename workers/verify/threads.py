"""Thread check: whether what was compiled gives the reference's results with one thread, two, and so on.

The text may be legal and the machine code not: a compiler that fuses loops has been seen to miscompile them. There are
never more threads than cores: threads that share a core take turns, and races then hide.
"""
from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from ..evaluation import Verdict
from ..oracle import Oracle
from ..sandbox.client import Child
from .check import Check
from .differential import PlannedCase, differential
from .runner import ChildRunner


def check_threads(
    child: Child, slot: str, oracle: Oracle, cases: Sequence[PlannedCase], threads: Sequence[int], end: float,
    seconds: float | None = None,
) -> Check:
    """The kernel in `slot` of `child` on each of `cases`, with each number of `threads`; facts["runs"] counts them.

    end: by the monotonic clock, after which no further case is begun (the first always is). seconds: wall limit of one
    run. A result that one thread gets right and more get wrong is a RACE. One that takes too long, as it may with fewer
    threads than it is made for, is no finding, and ends the check; facts["limit"] says so. Raises SpecError where the reference fails.
    """
    runs, sizes, limit = 0, [], ""
    for planned in cases:
        if runs and monotonic() > end or limit:
            break
        for count in threads:
            found = differential(ChildRunner(child, slot, seconds, count), oracle, [planned])
            if found.verdict is Verdict.TIMED_OUT:
                limit = f"with {count} threads: {found.message}"
                break
            runs += 1
            if not found.passed:
                raced = found.verdict is Verdict.WRONG and count > 1 and threads[0] == 1
                return Check(Verdict.RACE if raced else found.verdict, f"with {count} threads: {found.message}"
                             if count > 1 else found.message, {**found.facts, "runs": runs, "threads": count})
        else:
            sizes.append(oracle.label(planned.size, planned.seed).partition(", seed")[0])
    return Check(Verdict.VERIFIED, "", {"runs": runs, "threads": list(threads), "sizes": list(dict.fromkeys(sizes)),
                                        "limit": limit})
