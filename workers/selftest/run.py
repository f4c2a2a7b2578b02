"""Run: every attack through the judge that a search uses, and what became of it."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ...kernels.candidate import Candidate
from ...kernels.observe import observe
from ...kernels.signature import Signature
from ...kernels.spec import KernelSpec
from ..confirm import confirm
from ..evaluate import Judge
from ..evaluation import Verdict
from ..job import Assignment, ConfirmJob, Job, JudgeSettings
from .attack import SEEN, Attack, Control
from .kernels import KERNELS, SEEDS

SETTINGS = JudgeSettings(threads=2, memory_bytes=2**30, build_seconds=10.0, run_seconds=2.0, rounds=6, timing_seconds=0.3)
"""Small limits: the kernels are small, and what never ends should not take long to say so."""
PROOF_SECONDS = 20.0


class NoKernel(ValueError):
    """A model's answer holds no kernel that may be judged; the message says why."""


Reader = Callable[[str, KernelSpec, Signature], Candidate]
"""Reads a model's answer on a kernel, as the search does. Raises NoKernel."""


@dataclass(frozen=True)
class Outcome:
    """What became of an attack (or of a control, or of an intrusion into the sandbox).

    group: "attack", "control" or "sandbox". target: the kernel, or what was reached for. verdict: a Verdict's value,
    SEEN, or a word on an intrusion. rung: where the way ended. defended: whether that is as it should be; None where
    this machine lacks the defence.
    """

    group: str
    name: str
    target: str
    verdict: str
    rung: str
    message: str
    defended: bool | None
    seconds: float


class Court:
    """One judge for one of the kernels. Context manager."""

    def __init__(self, kernel: str, read: Reader, settings: JudgeSettings = SETTINGS) -> None:
        self.kernel = kernel
        self._spec = KERNELS[kernel]
        self._signature = observe(self._spec.open(), 0, 10.0).signature
        self._read = read
        self._judge = Judge(Assignment(self._spec, self._signature, settings))

    def __enter__(self) -> Court:
        return self

    def __exit__(self, *_: object) -> None:
        self._judge.close()

    def attack(self, attack: Attack, seed: int) -> Outcome:
        """What becomes of `attack`: in the search, and where it gets through that, in the champion's examination."""
        started = time.perf_counter()
        verdict, rung, message = self._fate(attack, seed)
        return Outcome("attack", attack.name, self.kernel, verdict, rung, message, verdict in attack.expected,
                       round(time.perf_counter() - started, 3))

    def control(self, control: Control, seed: int) -> Outcome:
        """What becomes of an honest candidate: it is defended if it is verified."""
        started = time.perf_counter()
        verdict, rung, message = self._search(control.candidate, seed)
        return Outcome("control", control.name, self.kernel, verdict, rung, message, verdict == Verdict.VERIFIED,
                       round(time.perf_counter() - started, 3))

    def _fate(self, attack: Attack, seed: int) -> tuple[str, str, str]:
        candidate = attack.candidate
        if candidate is None:
            try:
                candidate = self._read(attack.answer or "", self._spec, self._signature)
            except NoKernel as error:
                return str(Verdict.REFUSED), "answer", str(error)
            if candidate.identity == SEEDS[self.kernel].identity:
                return SEEN, "seen", "it is the kernel that was asked about"
        verdict, rung, message = self._search(candidate, seed)
        if verdict != Verdict.VERIFIED:
            return verdict, rung, message
        found = confirm(self._judge, ConfirmJob(candidate, SEEDS[self.kernel], None, seed + 1, proof_seconds=PROOF_SECONDS, timed=False))
        return str(found.verdict), "confirmation", found.message

    def _search(self, candidate: Candidate, seed: int) -> tuple[str, str, str]:
        evaluation = self._judge.evaluate(Job(candidate, "search", SEEDS[self.kernel], seed=seed))
        return str(evaluation.verdict), str(evaluation.rung), evaluation.message


def run(
    attacks: Iterable[Attack], controls: Iterable[Control], read: Reader, seed: int, workers: int = 1,
    settings: JudgeSettings = SETTINGS,
) -> Iterator[Outcome]:
    """The outcome of each attack and control as it becomes known, one judge a kernel, `workers` judges at a time."""
    groups: dict[str, list[Attack | Control]] = {}
    for item in (*controls, *attacks):
        groups.setdefault(item.kernel, []).append(item)
    done: list[Outcome] = []
    news = threading.Condition()

    def judge(kernel: str) -> None:
        with Court(kernel, read, settings) as court:
            for item in groups[kernel]:
                outcome = court.control(item, seed) if isinstance(item, Control) else court.attack(item, seed)
                with news:
                    done.append(outcome)
                    news.notify()

    with ThreadPoolExecutor(workers) as pool:
        largest_first = sorted(groups, key=lambda kernel: -len(groups[kernel]))
        running = [pool.submit(judge, kernel) for kernel in largest_first]
        expected = sum(map(len, groups.values()))
        given = 0
        while given < expected:
            with news:
                news.wait_for(lambda: len(done) > given or any(f.done() and f.exception() for f in running), timeout=1.0)  # noqa: B023
                fresh = done[given:]
            for future in running:
                if future.done():
                    future.result()
            yield from fresh
            given += len(fresh)
