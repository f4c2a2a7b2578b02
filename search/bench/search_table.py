"""The tables of `bench search`: Markdown that docs/search.md takes as it is."""
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from .comparison import Contest, Score, totals
from .markdown import table
from .medians import Median

_HEADER = ("strategy", "evaluations to within 5 % of the best", "got there", "best so far, mean over the budget",
           "champion / best known")
_TOTAL = ("strategy", "evaluations (geometric mean)", "got there", "mean best so far")


def describe(contests: Sequence[Contest], same: Mapping[str, str]) -> list[str]:
    """The lines: what was compared, the verdict, all kernels together, then each kernel."""
    seeds = len(contests[0].scores[0].runs)
    lines = [
        f"{contests[0].measured}, {contests[0].machine}, {contests[0].threads} thread(s); {contests[0].evaluations} evaluations a run, "
        f"{'one run of each strategy, so no intervals' if seeds == 1 else f'{seeds} runs of each strategy, with other random seeds'}. "
        + ("" if seeds == 1 else f"Medians over the runs with their {'95 % intervals' if seeds > 5 else 'whole range'}; ")
        + f"> {contests[0].evaluations}: never within the budget.",
        "", *_verdict(contests), "",
    ]
    if len(contests) > 1:
        lines += ["### All kernels", "", *_totals(contests), ""]
    for contest in contests:
        lines += [f"### {contest.kernel}", "", f"The best known is {contest.best:.2f} times as fast as the best seed. {_seeds(contest)}", "",
                  *table(_HEADER, [_cells(score, contest.evaluations) for score in contest.scores]), ""]
    lines += ["Strategies:", "", *(f"- **{score.strategy.name}** ({score.strategy.role}): {score.strategy.about}" for score in contests[0].scores)]
    lines += [f"- {name} is left out: with the present defaults it is the same as {other}" for name, other in same.items()]
    return lines


def _verdict(contests: Sequence[Contest]) -> list[str]:
    """The line by which the search is judged: at most half of the better rival's evaluations."""
    ratios = [(contest, contest.against_rival) for contest in contests]
    decided = [ratio for contest, ratio in ratios if ratio is not None and not contest.trivial]
    with_room = sum(not contest.trivial for contest, _ in ratios)
    half = sum(ratio <= 0.5 for ratio in decided)
    parts = [f"{contest.kernel}: {_against(contest, ratio)}" for contest, ratio in ratios]
    return [f"The full search needs at most half of the better rival's evaluations on **{half} of {with_room}** kernels "
            f"that have something to find ({'; '.join(parts)})."]


def _against(contest: Contest, ratio: float | None) -> str:
    if contest.trivial:
        return "the best seed is within 5 % of the best known, nothing to find"
    if ratio is None:
        return "neither got there"
    name = contest.rival.strategy.name if contest.rival else ""
    if math.isinf(ratio):
        return f"only {name} got there"
    if contest.rival and math.isinf(contest.rival.reached.value):
        return f"no rival got there, so less than {ratio:.2f} of {name}'s, the nearest"
    return f"{ratio:.2f} of {name}'s"


def _seeds(contest: Contest) -> str:
    """How many of a run's evaluations its seeds are, which no strategy proposes."""
    return f"Of each run's evaluations {contest.seeds} are seeds." if contest.seeds else ""


def _totals(contests: Sequence[Contest]) -> list[str]:
    rows = [(total.strategy.name, f"{total.evaluations:.1f}", f"{total.reached} of {total.runs}", f"{total.area:.3f}") for total in totals(contests)]
    return [*table(_TOTAL, rows), "", "A run that never got there counts as its whole budget."]


def _cells(score: Score, budget: int) -> list[str]:
    return [score.strategy.name, _spread(score.reached, budget), f"{score.survived} of {len(score.runs)}",
            _spread(score.area, digits=3), _spread(score.final, digits=3)]


def _spread(median: Median, budget: int | None = None, digits: int = 1) -> str:
    """ "12 (8 to > 60)"; "12" where there is one value."""
    value, low, high = (_number(number, budget, digits) for number in (median.value, median.low, median.high))
    return value if median.count == 1 else f"{value} ({low} to {high})"


def _number(value: float, budget: int | None, digits: int) -> str:
    if math.isinf(value):
        return f"> {budget}"
    return f"{value:.{digits}f}" if budget is None else f"{value:g}"
