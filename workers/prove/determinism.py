"""Determinism: whether the champion's results are the same bit by bit, run after run, for every number of threads and under
every threading layer; and whether they are right under each."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import numpy as np

from ...kernels.candidate import Candidate
from ...kernels.spec import SpecError
from ..evaluate import Judge
from ..evaluation import Verdict
from ..failure import RunFailed, ask
from ..oracle import Case
from ..sandbox.client import Child
from ..verify.check import Check
from ..verify.differential import POISON, compare_case, disagreement
from ..verify.layers import LAYERS
from ..verify.runner import ChildRunner

SERIAL = "what was compiled ran several times on the same inputs, in fresh memory each time, in two processes"
PARALLEL = SERIAL + ", with each number of threads, under each threading layer that Numba can load here"
_REPEATS = 3
_REST = 0.6
"""Of the processor time that a child may take, what its runs take at most: the build needs some, too."""
_DIED = (Verdict.CRASHED, Verdict.OUT_OF_MEMORY, Verdict.EXITED)


def determinism(judge: Judge, candidate: Candidate, seed: int, seconds: float) -> Check:
    """Answers "same bits" or "bits differ" (facts["differ"] says by how many ULP, and between what). WRONG or RACE where
    results leave the tolerance under some layer or number of threads."""
    settings = judge.assignment.settings
    parallel = candidate.options.parallel
    most = min(settings.threads, candidate.options.threads or settings.threads) if parallel else 1
    with judge.leases.timing(most) if parallel else judge.leases.build() as leased:
        cores = tuple(leased) if parallel else (leased,)
        threads = counts(min(most, len(cores)))
        examination = _Examination(judge, candidate, seed, cores, threads, monotonic() + seconds)
        failure = examination.run()
    facts = examination.facts()
    return Check(Verdict.VERIFIED, "", facts) if failure is None else Check(*failure, facts)


def counts(most: int) -> tuple[int, ...]:
    """Every number of threads up to 8, then powers of 2, and `most`."""
    return tuple(count for count in range(1, most + 1) if count <= 8 or count & (count - 1) == 0 or count == most)


@dataclass
class _Examination:
    """Runs of one champion, compared with the first of each case."""

    judge: Judge
    candidate: Candidate
    seed: int
    cores: tuple[int, ...]
    threads: tuple[int, ...]
    end: float
    runs: int = 0
    sizes: dict[str, None] = field(default_factory=dict)
    differ: dict[str, float] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    limit: str = ""
    first: dict[tuple[str, int, int], list[Any]] = field(default_factory=dict)
    single: dict[str, list[Any]] = field(default_factory=dict)

    def run(self) -> tuple[Verdict, str] | None:
        """What fells the champion, or None."""
        cases = list(self._cases())
        self.judge.slots.cache_rival(self.candidate, cases[-1], self.cores[:1])
        processes: Sequence[str] = LAYERS if self.candidate.options.parallel else ("", "")
        for number, layer in enumerate(processes):
            # Each process has its share of what is left; a first run of each case is always made.
            until = monotonic() + max(0.0, self.end - monotonic()) / (len(processes) - number)
            failure = self._process(number, layer, cases, until)
            if failure is not None:
                return failure
        return None

    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "method": PARALLEL if self.candidate.options.parallel else SERIAL, "runs": self.runs, "sizes": list(self.sizes),
            "answer": "bits differ" if self.differ else "same bits", "threads": list(self.threads), "seed": self.seed,
            "differ": dict(self.differ), "limit": self.limit,
        }
        return {**facts, "layers": dict(self.layers)} if self.candidate.options.parallel else facts

    def _cases(self) -> Iterator[Case]:
        oracle = self.judge.oracle
        rng = np.random.default_rng([self.seed, 4])
        sizes: list[str | Mapping[str, int]] = ["tiny", "verify", *oracle.extra_sizes()[:1], "benchmark"]
        for size in sizes:
            try:
                yield oracle.case(size, int(rng.integers(1, 2**62)))
            except SpecError:
                continue  # the kernel is not defined for these dimensions together

    def _process(self, number: int, layer: str, cases: Sequence[Case], until: float) -> tuple[Verdict, str] | None:
        """All cases in one fresh process."""
        settings, slots = self.judge.assignment.settings, self.judge.slots
        until = min(until, monotonic() + _REST * settings.run_seconds)
        where = f"under the threading layer {layer}, " if layer else ""
        with slots.fork(f"determinism {self.candidate.identity}", self.cores) as child:
            if layer and not self._chosen(child, layer):
                return None
            try:
                slots.attach(child, cases[-1])
                slots.build(child, "candidate", self.candidate, trusted=True)
                for index, case in enumerate(cases):
                    # The largest case comes last, and is the one to show what a schedule does.
                    share = monotonic() + max(0.0, until - monotonic()) / (len(cases) - index)
                    failure = self._case(child, case, number, share, settings.run_seconds * len(self.cores))
                    if failure is not None:
                        return failure[0], f"{case.label}: {where}{failure[1]}"
            except RunFailed as failure:
                if failure.verdict is Verdict.TIMED_OUT and self.runs:
                    self.limit = failure.message
                    return None
                if layer and failure.verdict in _DIED and any(known == "available" for name, known in self.layers.items() if name != layer):
                    # It ran under another layer: whether this one works in a sandbox at all is not known.
                    self.layers[layer] = f"its process ended: {failure.message}"
                    return None
                return failure.verdict, f"{where}{failure.message}"
        return None

    def _chosen(self, child: Child, layer: str) -> bool:
        try:
            reply = ask(child, {"do": "examine", "by": "layer", "layer": layer})
        except RunFailed as failure:
            self.layers[layer] = f"unavailable: {failure.message}"
            return False
        self.layers[layer] = "available" if reply["layer"] == layer else f"unavailable: {reply['reason']}"
        return reply["layer"] == layer

    def _case(self, child: Child, case: Case, process: int, until: float, seconds: float) -> tuple[Verdict, str] | None:
        """One case with every number of threads, each several times while there is time."""
        for repeat in range(_REPEATS):
            for count in self.threads:
                if repeat and monotonic() > until:
                    return None
                outcome = ChildRunner(child, "candidate", seconds, count).run(case, POISON[self.runs % len(POISON)])
                self.runs += 1
                self.sizes[case.label.partition(", seed")[0]] = None
                oracle = self.judge.oracle
                found = disagreement(outcome, case, oracle, compare_case(outcome, case, oracle))
                if found is not None:
                    raced = count > 1 and case.label in self.single
                    return Verdict.RACE if raced else Verdict.WRONG, (f"with {count} threads: " if count > 1 else "") + found[0]
                self._compare(case.label, process, count, [*outcome.outputs, *outcome.arguments])
        return None

    def _compare(self, case: str, process: int, count: int, values: list[Any]) -> None:
        key = case, process, count
        if count == 1:
            self.single.setdefault(case, values)
        if key in self.first:
            self._note("runs", self.first[key], values)
            return
        self.first[key] = values
        if count > 1:
            self._note("numbers of threads", self.first[case, process, 1], values)
        elif self.single[case] is not values:
            self._note("layers" if self.candidate.options.parallel else "processes", self.single[case], values)

    def _note(self, between: str, one: Sequence[Any], other: Sequence[Any]) -> None:
        for a, b in zip(one, other):
            if not _same_bits(np.asarray(a), np.asarray(b)):
                self.differ[between] = max(self.differ.get(between, 0.0), _apart(np.asarray(a), np.asarray(b)))


def _same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two results are equal bit by bit; one nan is like another."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.tobytes() == other.tobytes():
        return True
    if one.dtype.kind not in "fc":
        return False
    parts = ((one.real, other.real), (one.imag, other.imag)) if one.dtype.kind == "c" else ((one, other),)
    return all(bool(np.all(((a == b) & (np.signbit(a) == np.signbit(b))) | (np.isnan(a) & np.isnan(b)))) for a, b in parts)


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    """The largest distance of two results in units in the last place; of whole numbers, their largest difference."""
    if one.shape != other.shape or one.dtype != other.dtype or not one.size:
        return 1e100
    wide: Any = np.complex128 if one.dtype.kind == "c" else np.float64
    with np.errstate(all="ignore"):
        distance = np.abs(one.astype(wide) - other.astype(wide))
        if one.dtype.kind in "fc":
            real = np.float32 if one.dtype in (np.float32, np.complex64) else np.float64
            distance = distance / np.spacing(np.maximum(np.abs(one), np.abs(other)).astype(real)).astype(np.float64)
    return float(min(np.max(np.nan_to_num(distance, nan=0.0, posinf=1e100)), 1e100))
