"""The campaign: one run's search, from its seeds to its champion. The whole loop stands in `Campaign.run`."""
from __future__ import annotations

import math
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..kernels.candidate import Candidate
from ..kernels.dialect.gate import complaint
from ..workers.confirmation import Confirmation
from ..workers.evaluation import Evaluation, Ratio, Rung, Verdict
from ..workers.fleet import Fleet
from ..workers.job import ConfirmJob, Job
from .bandit.panel import Panel
from .journal import FINAL, SEARCH, SEED_VS_REFERENCE, Journal
from .population import Elite, Population, best_speedup
from .progress import Progress
from .result import counts, not_slower

FINALISTS = 4
NEAR_BEST = math.log(1.05)
POLL_SECONDS = 0.25
STATE_SECONDS = 5.0
CONFIRM_SHARE, LEAST_CONFIRM, MOST_CONFIRM = 0.33, 15.0, 150.0
SEEDS_SHARE, ALL_SEEDS_SHARE = 0.4, 0.6
"""Of the time: when no further seed is judged before the search begins, and when those that are left come before all else."""
SEED_EVERY = 3
"""Of so many candidates one is a seed, as long as some of them are left."""
TIMING_SHARE, PROOF_SHARE = 0.4, 0.3
DUPLICATES_IN_A_ROW = 50
# A worker then runs the slow reference once for many candidates; each still gets copies of its own.
CANDIDATES_A_SEED = 24
FINAL_SHARE = 0.2
_LARGEST_SEED = 2**62


@dataclass(frozen=True)
class Limits:
    """When a search ends: after so many evaluations, or so many seconds of the run's own clock (None: no limit).

    confirm: seconds for the champion's last examination; None: a share of `seconds`.
    """

    evaluations: int | None
    seconds: float | None
    confirm: float | None = None

    @property
    def seeds_until(self) -> float:
        """When no further seed is begun, in seconds of the run's clock."""
        return math.inf if self.seconds is None else SEEDS_SHARE * (self.seconds - self.confirm_seconds)

    @property
    def confirm_seconds(self) -> float:
        """What is kept back of `seconds` for the champion's last examination."""
        if self.confirm is not None:
            return self.confirm
        if self.seconds is None:
            return MOST_CONFIRM
        return min(MOST_CONFIRM, max(LEAST_CONFIRM, CONFIRM_SHARE * self.seconds))


class Campaign:
    """Asks operators for candidates, has the fleet judge them, journals, and lets all learn. Steady-state: nothing
    waits for a generation to end.

    panel: the run's operators, and which of them is asked next. seeds: the candidates to begin with. njit: which of them
    is the reference as it is under `@njit`, or None. started: when this process's share of the run began, by `clock`.
    warm: candidates of earlier work, judged right after the first seeds; none of them can be the anchor.
    first_seeds: after so many seeds, or as many as there are workers, the search begins as soon as one is verified; 0: after all.
    """

    def __init__(
        self, journal: Journal, fleet: Fleet, population: Population, panel: Panel, seeds: Sequence[Candidate],
        njit: Candidate | None, limits: Limits, seed: int, progress: Progress, started: float | None = None,
        clock: Callable[[], float] = time.monotonic, warm: Sequence[Candidate] = (), first_seeds: int = 0,
    ) -> None:
        self._journal = journal
        self._fleet = fleet
        self._population = population
        self._panel = panel
        self._seeds = tuple(seeds)
        self._warm = tuple(warm)
        self._first_seeds = max(first_seeds, fleet.workers) if first_seeds else len(self._seeds)
        self._njit = njit
        self._limits = limits
        self._progress = progress
        self._seed = seed
        self._rng = random.Random(seed)
        self._earlier = journal.elapsed()
        self._clock, self._started = clock, clock() if started is None else started
        self._anchor: Candidate | None = None
        self._known: set[str] = set()
        self._open: dict[str, Candidate] = {}   # not judged yet; of the others the journal keeps the text
        self._again: deque[Candidate] = deque()
        self._further_seeds: deque[Candidate] = deque()
        self._turns = 0
        self._seed_identities = {seed.identity for seed in self._seeds}
        self._best_seed: tuple[float, Candidate] | None = None
        self._evaluations = 0
        self._submitted = 0
        self._inputs = 0
        self._stated = -math.inf

    def run(self) -> Confirmation | None:
        """The whole run; None where nothing could be verified. What an earlier process finished is not done again."""
        self._replay()
        self._judge_seeds()
        self._queue_warm()
        while not self._over():
            while self._fleet.room() and self._affordable() and (candidate := self._next()):
                self._submit(candidate)
            for evaluation in self._fleet.completed(POLL_SECONDS):
                self._take(evaluation, SEARCH)
            self._tell()
        self._fleet.abandon()
        self._journal.set_state("population", self._population.summary())
        self._tell(last=True)
        return self._confirm()

    @property
    def elapsed(self) -> float:
        """Seconds of the run's own clock, earlier processes included."""
        return self._earlier + self._clock() - self._started

    def _replay(self) -> None:
        """Learns everything that the journal holds; what was in flight when it ended is to be judged again."""
        known = {candidate.identity: candidate for candidate in self._journal.candidates()}
        self._known = set(known)
        self._rng.seed(f"{self._seed} {len(known)}")  # a resumed run would draw again what it drew before
        for candidate in known.values():
            self._panel.proposed(candidate)
        judged = set()
        for row in self._journal.evaluations(SEARCH):
            judged.add(row.candidate.identity)
            self._learn(row.candidate, row.evaluation)
        self._open = {identity: candidate for identity, candidate in known.items() if identity not in judged}
        anchor = self._journal.state("anchor")
        self._anchor = known.get(anchor) if anchor else None
        self._again.extend(c for i, c in self._open.items() if i not in self._seed_identities)
        if judged:
            self._progress.resumed(self._evaluations, self.elapsed, best_speedup(self._population))

    def _judge_seeds(self) -> None:
        """The first seeds against the reference, as many as their share of the time allows; the fastest that is verified becomes
        the anchor. The others are judged among what the search proposes, as candidates like any other."""
        self._progress.stage("seeds")
        for seed in self._seeds:
            if seed.identity not in self._known:
                self._add(seed)
        if self._anchor is None:
            found = self._judge_all(self._seeds, SEED_VS_REFERENCE, None, self._limits.seeds_until, self._first_seeds)
            verified = [(e.faster.speedup, e.candidate) for e in found if e.verdict is Verdict.VERIFIED and e.faster]
            if verified:
                self._anchor = self._candidate(max(verified)[1])
                self._journal.set_state("anchor", self._anchor.identity)
        rows = self._journal.evaluations(SEED_VS_REFERENCE)
        judged = {row.candidate.identity for row in (*rows, *self._journal.evaluations(SEARCH))}
        self._further_seeds.extend(self._candidate(seed.identity) for seed in self._seeds if seed.identity not in judged)
        anchored = next((row.evaluation.faster for row in rows if self._anchor and row.candidate.identity == self._anchor.identity), None)
        for row in rows:
            self._take(_over_anchor(row.evaluation, anchored, self._anchor), SEARCH)
        self._progress.stage("search")

    def _queue_warm(self) -> None:
        """What earlier work left is judged next, as a candidate like any other; what is journaled was queued by replay."""
        for candidate in self._warm:
            if candidate.identity not in self._known and self._add(candidate) and self._passes_gate(candidate):
                self._again.append(candidate)

    def _judge_all(self, candidates: Sequence[Candidate], purpose: str, anchor: Candidate | None,
                   until: float = math.inf, most: int | None = None) -> list[Evaluation]:
        """Evaluations of `candidates` for one purpose, from the journal where they stand there already. As soon as one has been
        verified, none is begun beyond `most`, nor after `until`, seconds of the run's clock."""
        done = {row.candidate.identity: row.evaluation for row in self._journal.evaluations(purpose)}
        queue = deque({c.identity: c for c in candidates if c.identity not in done}.values())
        waiting: dict[str, Candidate] = {}
        while queue or waiting:
            many = most is not None and len(done) + len(waiting) >= most
            enough = (many or self.elapsed >= until) and any(e.verdict is Verdict.VERIFIED for e in done.values())
            while queue and not enough and self._fleet.room():
                candidate = queue.popleft()
                waiting[candidate.identity] = candidate
                self._fleet.submit(Job(candidate, "seed" if purpose != FINAL else FINAL, anchor, 0.0, self._draw(), purpose == FINAL))
            if enough and not waiting:
                break
            for evaluation in self._fleet.completed(POLL_SECONDS):
                if waiting.pop(evaluation.candidate, None) is not None:
                    self._take(evaluation, purpose)
                    done[evaluation.candidate] = evaluation
            self._progress.status(self._fleet.in_flight)
        return [done[c.identity] for c in candidates if c.identity in done]

    def _over(self) -> bool:
        """Whether the search has ended; as long as it has not, language models are listened to and asked."""
        if self._limits.seconds is not None and self.elapsed >= self._limits.seconds - self._limits.confirm_seconds:
            return True
        if not self._affordable():
            return not self._fleet.in_flight
        self._panel.poll(self._population, self._rng)
        return not self._fleet.in_flight and not self._again and not self._panel.pending and self._exhausted()

    def _exhausted(self) -> bool:
        """Whether no operator has anything new; what it had, if it had, is judged next."""
        candidate = self._next()
        if candidate is not None:
            self._submit(candidate)
        return candidate is None

    def _affordable(self) -> bool:
        return self._limits.evaluations is None or self._evaluations + self._fleet.in_flight < self._limits.evaluations

    def _next(self) -> Candidate | None:
        """A candidate that was never judged and passes the gate, or None if no operator has one now."""
        if self._again:
            return self._again.popleft()
        self._turns += 1
        if self._further_seeds and (self._turns % SEED_EVERY == 0 or self._late()):
            return self._further_seeds.popleft()
        for _ in range(DUPLICATES_IN_A_ROW):
            candidate = self._panel.propose(self._population, self._rng)
            if candidate is None:
                break
            if self._add(candidate) and self._passes_gate(candidate):
                return candidate
        return self._further_seeds.popleft() if self._further_seeds else None

    def _late(self) -> bool:
        """Whether what is left is hardly more than the seeds that are not judged yet: no run ends below a seed that it had."""
        evaluations, seconds = self._limits.evaluations, self._limits.seconds
        left = math.inf if evaluations is None else evaluations - self._evaluations - self._fleet.in_flight
        return left <= len(self._further_seeds) or (
            seconds is not None and self.elapsed >= ALL_SEEDS_SHARE * (seconds - self._limits.confirm_seconds))

    def _add(self, candidate: Candidate) -> bool:
        if candidate.identity not in self._known:
            self._known.add(candidate.identity)
            self._open[candidate.identity] = candidate
        new = self._journal.add_candidate(candidate, self.elapsed)
        if new:
            self._panel.proposed(candidate)
        return new

    def _passes_gate(self, candidate: Candidate) -> bool:
        """Workers ask again; here a refusal costs no worker's time, and no evaluation."""
        refused = complaint(candidate)
        if refused:
            self._take(Evaluation(candidate.identity, Verdict.REFUSED, Rung.GATE, refused), SEARCH)
        return not refused

    def _submit(self, candidate: Candidate) -> None:
        bar = math.exp(self._population.bar()) if self._anchor is not None else 0.0
        if self._submitted % CANDIDATES_A_SEED == 0:
            self._inputs = self._draw()
        self._submitted += 1
        self._fleet.submit(Job(candidate, "search", self._anchor, bar, self._inputs))

    def _take(self, evaluation: Evaluation, purpose: str) -> None:
        """The journal first, then everyone who learns."""
        if self._journal.add_evaluation(evaluation, self.elapsed, purpose) and purpose == SEARCH:
            candidate = self._candidate(evaluation.candidate)
            self._open.pop(evaluation.candidate, None)
            self._learn(candidate, evaluation)
            self._progress.judged(candidate, evaluation, best_speedup(self._population))

    def _candidate(self, identity: str) -> Candidate:
        """One that the run knows."""
        found = self._open.get(identity) or self._journal.candidate(identity)
        assert found is not None, f"{identity} is unknown"
        return found

    def _learn(self, candidate: Candidate, evaluation: Evaluation) -> None:
        self._evaluations += counts(evaluation)
        if candidate.identity in self._seed_identities and evaluation.verdict is Verdict.VERIFIED and evaluation.faster \
                and (self._best_seed is None or evaluation.faster.speedup > self._best_seed[0]):
            self._best_seed = evaluation.faster.speedup, candidate
        self._population.add(candidate, evaluation)
        self._panel.learn(candidate, evaluation)

    def _tell(self, last: bool = False) -> None:
        """Shows how the run is getting on, and now and then keeps in the journal what each operator was worth."""
        shares = self._panel.shares()
        self._progress.status(self._fleet.in_flight, shares)
        if last or self._clock() - self._stated >= STATE_SECONDS:
            self._stated = self._clock()
            self._journal.set_state("operators", self._panel.as_json())

    def _confirm(self) -> Confirmation | None:
        """The first finalist that stands its last examination and is not slower than the best seed."""
        self._progress.stage("confirm")
        best_seed = self._best_seed[1] if self._best_seed else self._anchor
        if best_seed is not None:
            self._journal.set_state("best_seed", best_seed.identity)
        best: Confirmation | None = None
        for finalist in self._finalists(best_seed):
            self._progress.note(f"examining {finalist.identity} on fresh seeds, in fresh processes")
            confirmation = self._fleet.confirm(ConfirmJob(
                finalist, best_seed or finalist, self._sound_njit(), self._draw(),
                seconds=TIMING_SHARE * self._limits.confirm_seconds, proof_seconds=PROOF_SHARE * self._limits.confirm_seconds))
            self._journal.add_event("confirmation", confirmation.as_json(), self.elapsed)
            if confirmation.verdict is not Verdict.VERIFIED:
                self._progress.note(f"{finalist.identity} falls: {confirmation.verdict}: {confirmation.message}")
                continue
            if best is None or _not_slower(confirmation):
                best = confirmation
            if _not_slower(confirmation):
                break
        if best is not None:
            self._journal.set_state("confirmation", best.as_json())
            self._journal.set_state("champion", best.champion)
        return best

    def _finalists(self, best_seed: Candidate | None) -> list[Candidate]:
        """The best elites, timed once more as the best of many noisy numbers is biased; the best seed comes last."""
        elites = list(self._population.elites())[:FINALISTS]
        near: list[Elite] = [e for e in elites if e.fitness >= elites[0].fitness - NEAR_BEST]
        ranked = [elite.candidate for elite in elites]
        if len(near) > 1 and self._anchor is not None and self._time_for_finals(near):
            again = {e.candidate: e for e in self._judge_all([e.candidate for e in near], FINAL, self._anchor)}

            def fitness(elite: Elite) -> float:
                once_more = again.get(elite.candidate.identity)
                if once_more is None or once_more.verdict is not Verdict.VERIFIED or once_more.faster is None:
                    return -math.inf
                return math.log(once_more.faster.speedup)

            ranked = [e.candidate for e in sorted(near, key=fitness, reverse=True)] + ranked[len(near):]
        ranked = ranked[:3]
        if best_seed is not None and all(c.identity != best_seed.identity for c in ranked):
            ranked.append(best_seed)
        return ranked

    def _time_for_finals(self, elites: Sequence[Elite]) -> bool:
        """Whether judging these once more takes but a part of the time that is kept back."""
        work = sum(sum(seconds for name, seconds in e.evaluation.stage_seconds.items() if name != "wait") for e in elites)
        return work / max(1, self._fleet.workers) < FINAL_SHARE * self._limits.confirm_seconds

    def _sound_njit(self) -> Candidate | None:
        """The reference under `@njit`, where it compiles and computes the same."""
        for row in self._journal.evaluations(SEED_VS_REFERENCE):
            if self._njit and row.candidate.identity == self._njit.identity and row.evaluation.verdict is Verdict.VERIFIED:
                return self._njit
        return None

    def _draw(self) -> int:
        return self._rng.randrange(_LARGEST_SEED)


def _over_anchor(evaluation: Evaluation, anchored: Ratio | None, anchor: Candidate | None) -> Evaluation:
    """A seed's evaluation with its speedup over the anchor, by way of the reference that both were timed against."""
    ratio = evaluation.faster
    if ratio is None or anchored is None or anchor is None:
        return evaluation
    if evaluation.candidate == anchor.identity:
        over = Ratio(1.0, 1.0, 1.0, ratio.rounds, ratio.candidate_ns, ratio.candidate_ns, anchor.identity)
    else:
        over = Ratio(ratio.speedup / anchored.speedup, ratio.low / anchored.high, ratio.high / anchored.low, ratio.rounds,
                     ratio.candidate_ns, anchored.candidate_ns, anchor.identity)
    return replace(evaluation, faster=over, facts={**evaluation.facts, "timing": "by way of the reference"})


def _not_slower(confirmation: Confirmation) -> bool:
    rivals = (confirmation.over_seed, confirmation.over_njit)
    return all(map(not_slower, rivals))
