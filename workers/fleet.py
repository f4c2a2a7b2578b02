"""The fleet: spreads jobs over the workers of a Ray cluster and brings every one of them back exactly once."""
from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import ray
from ray.exceptions import ActorUnschedulableError, GetTimeoutError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from .confirmation import Confirmation
from .evaluation import Evaluation, Rung, Verdict
from .job import Assignment, ConfirmJob, Job
from .metrics import Metrics
from .worker import Worker

log = logging.getLogger(__name__)
MAX_ATTEMPTS = 3
IN_FLIGHT_PER_WORKER = 2  # one runs, one waits, so that a worker never idles while the driver thinks
MEMBERSHIP_SECONDS = 2.0
REPORT_SECONDS = 5.0
START_SECONDS = 120.0


class FleetError(RuntimeError):
    """The cluster has no node that can work; the message is one line that says what to do."""


@dataclass
class _Hand:
    """One worker actor and the jobs under way on it."""

    actor: Any
    node: str
    number: int
    jobs: dict[Any, Job] = field(default_factory=dict)
    since: float = field(default_factory=time.monotonic)  # when its oldest job can have begun


class Fleet:
    """Workers on every node of the cluster. Nodes may join and die while it works.

    notify: called with one line when a node joins or a worker is lost. run: the run's id, which its metrics carry.
    metrics: where the fleet reports to; others may report there too.
    """

    def __init__(self, assignment: Assignment, notify: Callable[[str], None] = log.info, run: str = "") -> None:
        self._assignment = assignment
        self._notify = notify
        self.metrics = Metrics(assignment.spec.name, run, notify)
        self._hands: list[_Hand] = []
        self._waiting: deque[Job] = deque()
        self._lost: list[Evaluation] = []
        self._nodes: set[str] = set()
        self._vacant: Counter[str] = Counter()  # places of lost workers, by node
        self._numbers = 0
        self._looked = -MEMBERSHIP_SECONDS
        self.tasks = 0  # calls sent to workers, retries included
        settings = assignment.settings
        # A job's children have limits of their own; this is for a worker that does not answer at all.
        self._patience = 10 * (settings.build_seconds + settings.run_seconds) + 120
        self._assignment_ref = ray.put(assignment)
        self._look_around()
        if not self._hands:
            raise FleetError("the Ray cluster has no node with a free CPU slot; start one, or lower what else runs there")

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def workers(self) -> int:
        return len(self._hands)

    @property
    def nodes(self) -> int:
        return len({hand.node for hand in self._hands})

    @property
    def in_flight(self) -> int:
        return sum(len(hand.jobs) for hand in self._hands) + len(self._waiting)

    def room(self) -> int:
        """How many more jobs are useful now."""
        return max(0, IN_FLIGHT_PER_WORKER * len(self._hands) - self.in_flight)

    def submit(self, job: Job) -> None:
        """Takes a job; its Evaluation comes out of `completed` once, whatever happens to nodes."""
        self._waiting.append(job)
        self._dispatch()

    def completed(self, timeout: float) -> list[Evaluation]:
        """Evaluations finished within `timeout` seconds, at once if there are any."""
        self._look_around()
        self._dispatch()
        by_ref = {ref: hand for hand in self._hands for ref in hand.jobs}
        finished: list[Evaluation] = []
        if by_ref:
            ready, _ = ray.wait(list(by_ref), num_returns=1, timeout=timeout)
            if ready:
                ready, _ = ray.wait(list(by_ref), num_returns=len(by_ref), timeout=0)
            for ref in ready:
                finished += self._take(by_ref[ref], ref)
            self._drop_silent()
        elif not self._lost:
            time.sleep(min(timeout, 0.05))
        finished += self._lost
        self._lost = []
        self._dispatch()
        for evaluation in finished:
            self.metrics.evaluated(evaluation)
        self._report()
        return finished

    def confirm(self, job: ConfirmJob) -> Confirmation:
        """The champion's examination on one worker, tried on others if that one is lost. Raises FleetError."""
        for _ in range(MAX_ATTEMPTS):
            self._look_around()
            if not self._hands:
                time.sleep(MEMBERSHIP_SECONDS)
                continue
            hand = self._hands[0]
            ref = hand.actor.confirm.options(name=f"{self._assignment.spec.name}: confirm champion").remote(job)
            self.tasks += 1
            try:
                return self._awaited(ref, self._patience * 3)
            except (RayError, GetTimeoutError) as error:
                self._dismiss(hand, _reason(error))
        raise FleetError("no worker could confirm the champion; the run can be resumed on a healthy cluster")

    def _awaited(self, ref: Any, seconds: float) -> Any:
        """What `ref` stands for; the metrics are kept up meanwhile. Raises RayError, GetTimeoutError."""
        deadline = time.monotonic() + seconds
        while not ray.wait([ref], timeout=REPORT_SECONDS)[0] and time.monotonic() < deadline:
            self._report()
        return ray.get(ref, timeout=0)

    def abandon(self) -> None:
        """Gives up all jobs under way or waiting; the workers that had some are replaced."""
        self._waiting.clear()
        for hand in [h for h in self._hands if h.jobs]:
            self._end(hand)
            self._hire(hand.node)
        self._report()

    def close(self) -> None:
        """Ends all workers; jobs under way are abandoned."""
        for hand in list(self._hands):
            self._end(hand)
        self._waiting.clear()
        self._report()

    def _look_around(self) -> None:
        """Hires on nodes that are new, forgets those that died."""
        now = time.monotonic()
        if now - self._looked < MEMBERSHIP_SECONDS:
            return
        self._looked = now
        alive = {n["NodeID"]: n for n in ray.nodes() if n["Alive"]}
        for node in sorted(set(alive) - self._nodes):
            slots = int(alive[node]["Resources"].get("CPU", 0))
            if slots:
                self._notify(f"node {alive[node]['NodeManagerHostname']}: {slots} worker(s)")
            for _ in range(slots):
                self._hire(node)
            self._nodes.add(node)
        for node in self._nodes - set(alive):
            self._nodes.discard(node)
            self._notify(f"node {node[:8]} is gone")
            for hand in [h for h in self._hands if h.node == node]:
                self._dismiss(hand, "its node died", blame=False)
        # Not at once: a worker often dies because its node does, which is known a moment later.
        vacant, self._vacant = self._vacant, Counter()
        for node in vacant.elements():
            if node in self._nodes:
                self._hire(node)

    def _hire(self, node: str) -> None:
        self._numbers += 1
        name = self._assignment.spec.name
        actor = Worker.options(
            name=f"kernwright:{name}:worker-{self._numbers}:{id(self) & 0xFFFFFF:x}",
            num_cpus=1, max_restarts=0, max_task_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node_id=node, soft=False),
        ).remote(self._assignment_ref)
        self._hands.append(_Hand(actor, node, self._numbers))

    def _dispatch(self) -> None:
        while self._waiting and self._hands:
            hand = min(self._hands, key=lambda h: len(h.jobs))
            if len(hand.jobs) >= IN_FLIGHT_PER_WORKER:
                return
            job = self._waiting.popleft()
            label = f"{self._assignment.spec.name}: evaluate {job.stage} ({job.candidate.lineage.operator})"
            if not hand.jobs:
                hand.since = time.monotonic()
            hand.jobs[hand.actor.evaluate.options(name=label).remote(job)] = job
            self.tasks += 1

    def _take(self, hand: _Hand, ref: Any) -> list[Evaluation]:
        if ref not in hand.jobs:  # its worker was dismissed a moment ago, and the job waits again
            return []
        try:
            evaluation = ray.get(ref)
        except RayError as error:
            self._dismiss(hand, _reason(error), blame=not isinstance(error, ActorUnschedulableError))
            return []
        del hand.jobs[ref]
        hand.since = time.monotonic()
        return [evaluation]

    def _drop_silent(self) -> None:
        now = time.monotonic()
        for hand in list(self._hands):
            if hand.jobs and now - hand.since > self._patience:
                self._dismiss(hand, f"no answer for {self._patience:.0f} s")

    def _dismiss(self, hand: _Hand, reason: str, blame: bool = True) -> None:
        """Gives up a worker; its jobs go to others, or come back as LOST after too many attempts that are to blame."""
        if hand not in self._hands:
            return
        self.metrics.lost_worker()
        self._notify(f"worker {hand.number} is lost: {reason}")
        first = True
        for job in hand.jobs.values():
            # Only the job that was running can be to blame; the one that waited behind it is innocent.
            attempts = job.attempts + 1 if first and blame else job.attempts
            first = False
            if attempts >= MAX_ATTEMPTS:
                message = f"the worker died {attempts} times on this candidate; the last time: {reason}"
                self._lost.append(Evaluation(job.candidate.identity, Verdict.LOST, Rung.BUILD, message))
            else:
                self._waiting.append(replace(job, attempts=attempts))
        self._end(hand)
        self._vacant[hand.node] += 1

    def _end(self, hand: _Hand) -> None:
        """Kills a worker; nothing is left of the jobs under way on it."""
        self._hands.remove(hand)
        hand.jobs.clear()
        ray.kill(hand.actor)

    def _report(self) -> None:
        """The present state, for the metrics."""
        running = sum(bool(hand.jobs) for hand in self._hands)
        queued = sum(len(hand.jobs) for hand in self._hands) - running
        self.metrics.fleet(len(self._hands), running, queued, len(self._waiting))


def _reason(error: BaseException) -> str:
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:300]
