"""Paired timing: how many times faster one kernel is than another, on a machine that drifts.

The judge owns the clock. Two kernels alternate in one process, A B B A in one round and B A A B in the next, so that
whatever changes slowly falls on both; a round gives one ratio, and only ratios count.
"""
from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from math import ceil, exp, log
from statistics import median
from time import perf_counter, perf_counter_ns
from typing import Literal, Protocol, TypeVar

import numpy as np

from .evaluation import Ratio
from .intervals import signed_rank, student

BATCH_NS = 5_000_000
MAX_CALLS = 50_000
MIN_ROUNDS = 6
MIN_PROCESSES = 6
MOST_REPLACED = 2
"""Processes of a report that are timed once more because others had the cores: on a machine that is always busy it must end."""
_NULL_BATCHES = 15
_SLOW_CALL_NS = 500_000_000
_HOPELESS = 4.0
_ALIKE = 2.0
_AGREEING_PASSES, _MOST_PASSES = 3, 12
_SCREEN_ALPHA = 0.02
_CLOCK_LOW, _CLOCK_HIGH = 0.8, 1.1
_ATTEMPTS = 3
_CROWDED = 0.25
_T = TypeVar("_T")


class TimingError(RuntimeError):
    """A measurement that cannot be trusted; the message says why."""


class Session(Protocol):
    """A child process that holds built kernels in slots."""

    def prepare(self, slot: str, calls: int) -> int:
        """Make ready to call the kernel in `slot` `calls` times, on inputs of their own; `calls` may be 0. Returns how
        many calls it will be: fewer where the inputs of so many do not fit in memory."""

    def go(self) -> int:
        """Make the calls that were prepared. Returns nanoseconds by the child's own clock, which decides nothing."""

    def waited_ns(self) -> int:
        """Nanoseconds so far in which a thread of the child could have run and did not, as another process had its core."""


@dataclass(frozen=True)
class Screening:
    """A short timing. decision: "slower" or "faster" than the bar, beyond doubt, or "open". crowded: other processes' share
    of the cores meanwhile, about: the time that threads waited for their core over the time that passed."""

    ratio: Ratio
    decision: Literal["slower", "faster", "open"]
    crowded: float = 0.0


def screen(
    session: Session, *, candidate: str, rival: str, bar: float, rival_name: str, rounds: int = 12, seconds: float = 4.0,
    measuring: bool = False,
) -> Screening:
    """Time until it is clear on which side of `bar` (a speedup over the rival) the candidate lies, or for `rounds`.

    A decision is conservative: Student intervals whose errors over all looks add up to 1 %. Only a candidate that is
    four times slower than the bar in both halves of the first round is given up at once, and one that is eight times
    slower when it warms up, and takes long, without a round.
    measuring: the same rounds are the measurement of a candidate that is not slower than the bar: it gets all of them,
    as in `measure` (the little that stopping early could have changed is taken out when elites are timed again).
    A measurement that cannot be trusted is taken again, also where other processes took the cores, which a kernel of many
    threads suffers from more than one of one thread; raises TimingError where the third cannot be trusted either.
    """
    return _trusted(lambda: _screened(session, candidate, rival, bar, rival_name, rounds, seconds, measuring),
                    lambda found: found.crowded, lambda: True)


def _screened(
    session: Session, candidate: str, rival: str, bar: float, rival_name: str, rounds: int, seconds: float, measuring: bool
) -> Screening:
    pair = _Pair(session, candidate, rival, BATCH_NS if measuring else ceil(BATCH_NS / 2))
    if pair.warm_ns[candidate] > _SLOW_CALL_NS and pair.warm_speedup < bar / _HOPELESS / 2:
        pair.note(pair.warm_ns[candidate], pair.warm_ns[rival], pair.warm_ns[rival], pair.warm_ns[candidate])
        return Screening(_ratio([pair], pair.logs, rival_name), "slower", pair.crowded)
    end = perf_counter() + seconds
    least = MIN_ROUNDS if measuring else 1
    decision: Literal["slower", "faster", "open"] = "open"
    while len(pair.logs) < rounds and (perf_counter() < end or len(pair.logs) < least):
        halves = pair.round()
        decision = _decide(pair.logs, halves, bar) if bar > 0 else "open"
        if decision == "slower" or (decision == "faster" and not measuring):
            break
    pair.check_clock()
    return Screening(_ratio([pair], pair.logs, rival_name), decision, pair.crowded)


def measure(
    session: Session, *, candidate: str, rival: str, rival_name: str, rounds: int = 15, seconds: float = 15.0
) -> Ratio:
    """Speedup of `candidate` over `rival`, both slots of one session, from `rounds` rounds.

    Fewer if `seconds` are over, but never fewer than 6. The interval holds for this process: where the loader and the
    allocator place code and data moves a kernel by a percent or so from one process to the next (see `reported`).
    """
    return screen(session, candidate=candidate, rival=rival, bar=0.0, rival_name=rival_name, rounds=rounds, seconds=seconds,
                  measuring=True).ratio


def reported(
    open_session: Callable[[int, bool], AbstractContextManager[Session]],
    *,
    candidate: str,
    rival: str,
    rival_name: str,
    processes: int = 8,
    rounds: int = 10,
    seconds: float = 60.0,
) -> Ratio:
    """Speedup of `candidate` over `rival` from a fixed number of rounds in each of several fresh processes.

    open_session: given the process's number and whether the rival is to be built first, a session in a new process.
        Who comes first alternates, so that what the order of building does to a kernel falls on both.
    processes: at least 6; their medians, not the rounds, are the independent values that the interval rests on.
    rounds: in each process, cut down before the first of them so that all fit into about `seconds`, never below 1.
    A process whose clock contradicts ours is replaced, and MOST_REPLACED of those whose cores others took. Raises TimingError where
    the clock of its second replacement fares no better.
    """
    if processes < MIN_PROCESSES:
        raise ValueError(f"a reported interval needs at least {MIN_PROCESSES} processes")
    pairs: list[_Pair] = []
    further = iter(range(MOST_REPLACED))

    def one_process(number: int) -> _Pair:
        nonlocal rounds
        with open_session(number, number % 2 == 1) as session:
            pair = _Pair(session, candidate, rival, BATCH_NS, first=number % 2)
            if not pairs:
                rounds = max(1, min(rounds, int(seconds / processes / pair.round_seconds)))
            for _ in range(rounds):
                pair.round()
            pair.check_clock()
        return pair

    for number in range(processes):
        pairs.append(_trusted(partial(one_process, number), lambda pair: pair.crowded, lambda: next(further, None) is not None))
    return _ratio(pairs, [median(pair.logs) for pair in pairs], rival_name)


def _trusted(take: Callable[[], _T], crowded: Callable[[_T], float], again: Callable[[], bool]) -> _T:
    """What `take` measures; where others had the cores it is taken once more if `again` allows it, and the less crowded counts. A busy
    machine can make an honest child's clock look wrong, but hardly thrice in a row."""

    def sound() -> _T:
        for _ in range(_ATTEMPTS - 1):
            with suppress(TimingError):
                return take()
        return take()

    found = sound()
    if crowded(found) > _CROWDED and again():
        found = min(found, sound(), key=crowded)
    return found


@dataclass
class _Pair:
    """Two slots of one session: calibrated when made, then timed round by round. logs: log speedup of each round."""

    session: Session
    candidate: str
    rival: str
    batch_ns: int
    first: int = 0
    logs: list[float] = field(default_factory=list)
    candidate_ns: list[float] = field(default_factory=list)
    rival_ns: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._clocks: list[float] = []
        self.warm_ns: dict[str, float] = {}
        self._waited_ns, self._passed_ns = 0, 0
        with _undisturbed():
            self._null = self._null_ns()
            self._calls = self._calibrated()
        self._clocks.clear()

    @property
    def round_seconds(self) -> float:
        """What a round is going to take, about."""
        return 2e-9 * sum(self._calls[slot] * self.warm_ns[slot] for slot in (self.candidate, self.rival))

    @property
    def crowded(self) -> float:
        """Time that the child's threads waited for a core, in all rounds, over the time that these took."""
        return self._waited_ns / max(1, self._passed_ns)

    @property
    def warm_speedup(self) -> float:
        """What the warm-up showed."""
        return self.warm_ns[self.rival] / self.warm_ns[self.candidate]

    def round(self) -> tuple[float, float]:
        """One more round; returns the speedups of its two halves."""
        candidate_first = (len(self.logs) + self.first) % 2 == 0
        a, b = (self.candidate, self.rival) if candidate_first else (self.rival, self.candidate)
        waited, started = self.session.waited_ns(), perf_counter_ns()
        with _undisturbed():
            times = [self._per_call(slot) for slot in (a, b, b, a)]
        self._passed_ns += perf_counter_ns() - started
        self._waited_ns += self.session.waited_ns() - waited
        if not candidate_first:
            times = [times[1], times[0], times[3], times[2]]
        self.note(*times)
        a1, b1, b2, a2 = times
        return b1 / a1, b2 / a2

    def note(self, a1: float, b1: float, b2: float, a2: float) -> None:
        """Takes a round's times of one call, candidate, rival, rival, candidate."""
        self.logs.append(log((b1 + b2) / (a1 + a2)))
        self.candidate_ns += [a1, a2]
        self.rival_ns += [b1, b2]

    def check_clock(self) -> None:
        """Raises TimingError where the child's own clock contradicts ours: it cannot measure more than has passed here,
        and where it never comes near to it, not all of the time went into the calls. (It may measure less now and
        then: on a busy machine its answer waits for us.)"""
        if median(self._clocks) > _CLOCK_HIGH or max(self._clocks) < _CLOCK_LOW:
            raise TimingError(f"the child measured {median(self._clocks):.2f} times the time that passed here")

    def _per_call(self, slot: str) -> float:
        calls = self._calls[slot]
        return self._batch(slot, calls) / calls

    def _batch(self, slot: str, calls: int) -> float:
        """Nanoseconds of `calls` calls, the round trip to the child taken off."""
        if self.session.prepare(slot, calls) != calls:
            raise TimingError(f"the child cannot make {calls} calls any more")
        start = perf_counter_ns()
        own = self.session.go()
        passed = perf_counter_ns() - start
        net = max(passed - self._null, passed / 10)
        self._clocks.append(own / net)
        return net

    def _null_ns(self) -> float:
        """The round trip of a batch without calls."""
        trips = []
        for _ in range(_NULL_BATCHES):
            self.session.prepare(self.rival, 0)
            start = perf_counter_ns()
            self.session.go()
            trips.append(perf_counter_ns() - start)
        return median(trips)

    def _calibrated(self) -> dict[str, int]:
        """Warms both slots up, and finds for each how many calls make a batch of `batch_ns`.

        They take turns until three passes in a row agree: the first calls are slow (page faults, caches, sleeping
        threads), and any batch may be disturbed, so the shortest of the three counts. A slow call is made once.
        Kernels that are about equally fast get equal numbers, since what a batch costs beside its calls must not look
        like a difference.
        """
        slots = (self.candidate, self.rival) if self.first % 2 == 0 else (self.rival, self.candidate)
        calls = dict.fromkeys(slots, 1)
        seen: dict[str, list[float]] = {slot: [] for slot in slots}
        slow: set[str] = set()
        agreed = 0
        for _ in range(_MOST_PASSES):
            settled = True
            for slot in [s for s in slots if s not in slow]:
                made = calls[slot]
                spent = self._batch(slot, made)
                seen[slot].append(spent / made)
                if spent > _SLOW_CALL_NS:
                    slow.add(slot)
                calls[slot] = min(self._needed(slot, spent / made, made), 16 * made)
                settled &= made <= 2 * calls[slot] and calls[slot] <= 2 * made
            agreed = agreed + 1 if settled else 0
            if agreed == _AGREEING_PASSES or len(slow) == len(set(slots)):
                break
        ns = {slot: min(seen[slot][-_AGREEING_PASSES:]) for slot in slots}
        calls = {slot: self._needed(slot, ns[slot], calls[slot]) for slot in slots}
        if max(ns.values()) < _ALIKE * min(ns.values()):
            common = max(calls.values())
            common = min(common, *(self.session.prepare(slot, common) for slot in slots))
            calls = dict.fromkeys(slots, common)
        self.warm_ns = ns
        return calls

    def _needed(self, slot: str, ns: float, known: int) -> int:
        """Calls of `ns` nanoseconds that make a batch, as far as there is memory for more inputs than for `known`."""
        needed = min(MAX_CALLS, max(1, ceil(self.batch_ns / ns)))
        return min(needed, self.session.prepare(slot, needed)) if needed > known else needed


def _decide(logs: list[float], halves: tuple[float, float], bar: float) -> Literal["slower", "faster", "open"]:
    """Where the candidate lies after these rounds. The k-th look may err with probability 0.02 / (k (k - 1)); from
    the third on that adds up to 0.01 (Bonferroni), so looking often does not make errors likely."""
    count = len(logs)
    if count == 1 and max(halves) < bar / _HOPELESS:
        return "slower"
    if count < 3:
        return "open"
    low, high = student(np.array(logs), _SCREEN_ALPHA / (count * (count - 1)))
    if exp(high) < bar:
        return "slower"
    return "faster" if exp(low) > bar else "open"


def _ratio(pairs: list[_Pair], logs: list[float], rival_name: str) -> Ratio:
    samples = [exp(value) for pair in pairs for value in pair.logs]
    speedup, low, high = signed_rank(logs)
    return Ratio(
        speedup, low, high, len(samples),
        candidate_ns=median(value for pair in pairs for value in pair.candidate_ns),
        rival_ns=median(value for pair in pairs for value in pair.rival_ns),
        rival=rival_name, samples=tuple(samples),
    )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No garbage collection of ours while the clock runs."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
