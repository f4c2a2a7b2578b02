"""The field of contenders for one kernel: each checked against the reference, then timed beside it in fresh processes."""
from __future__ import annotations

from collections.abc import Mapping

from ...kernels.candidate import Candidate
from ...workers.evaluate import REFERENCE
from ...workers.evaluation import Evaluation, Ratio, Verdict
from ...workers.failure import FAILURES, meaning
from ...workers.job import Assignment, Job
from ...workers.rivals import NotBuilt, Rival, court
from ...workers.rivals.known import Known
from ..schema import RunError
from .on_demand import JudgeOnDemand
from .standing import NOT_AVAILABLE, WRONG, Standing

LONGEST_REASON = 160
_OTHER_RESULTS = frozenset({Verdict.WRONG, Verdict.RACE, Verdict.OUT_OF_BOUNDS})


def known(candidates: Mapping[str, Candidate | None]) -> dict[str, Rival]:
    """Contenders that are candidates, by name; those that there are."""
    return {name: Known(name, candidate) for name, candidate in candidates.items() if candidate is not None}


class Field(JudgeOnDemand):
    """All that contend for one kernel. draw: the seed of the search's inputs; here they are others. seconds: about how
    long a pair is timed."""

    def __init__(self, assignment: Assignment, rivals: Mapping[str, Rival], draw: int, seconds: float) -> None:
        super().__init__(assignment)
        self._draw, self._seconds = draw + 1, seconds
        self._rivals = dict(rivals)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._rivals)

    def admit(self, name: str, rival: Rival) -> None:
        """One more contender."""
        self._rivals[name] = rival

    def evaluate(self, candidate: Candidate) -> Evaluation:
        """What the search would find of a candidate: the whole cascade, its timing beside the reference included."""
        return self._judge.evaluate(Job(candidate, "seed", seed=self._draw))

    def standing(self, name: str) -> Standing:
        """Checked, then timed against the reference."""
        rival = self._rivals[name]
        try:
            check = court.check(self._judge, rival, self._draw)
            if not check.passed:
                outcome = WRONG if check.verdict in _OTHER_RESULTS else NOT_AVAILABLE
                return Standing(name, None, outcome, short(f"{check.verdict}: {check.message}" if outcome != WRONG else check.message))
            return Standing(name, court.paired(self._judge, rival, Known(REFERENCE), self._draw, self._seconds))
        except NotBuilt as reason:
            return Standing(name, None, NOT_AVAILABLE, short(str(reason)))
        except FAILURES as failure:
            verdict, message = meaning(failure)
            return Standing(name, None, NOT_AVAILABLE, short(f"{verdict}: {message}"))

    def ratio(self, name: str, other: str) -> Ratio:
        """Two contenders that were timed, beside each other. Raises RunError where one fails now."""
        try:
            return court.paired(self._judge, self._rivals[name], self._rivals[other], self._draw, self._seconds)
        except (NotBuilt, *FAILURES) as failure:
            raise RunError(f"{name} cannot be timed beside {other}: {failure}") from None


def short(reason: str) -> str:
    """On one line, and cut where it is long."""
    line = " ".join(reason.split())
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON - 2]} …"
