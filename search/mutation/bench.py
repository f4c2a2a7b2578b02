"""The bench over mutants: champions first, then what was made of them by damage."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ...kernels.spec import KernelSpec
from ...workers.job import Assignment, JudgeSettings
from ...workers.machine import machine_type
from ..launch import examine
from ..settings import RunSettings
from .finding import Finding, Findings, Outcome
from .judges import Judges
from .plan import Item, Subject, champions, damaged, undamaged
from .table import Mutation, reviewed

FILE = "findings.jsonl"
BUILD_SECONDS, RUN_SECONDS = 40.0, 10.0
"""Less than a run grants: a mutant may well never end."""


def bench_mutants(
    specs: Sequence[KernelSpec], settings: RunSettings, threads: int, count: int, directory: Path, again: bool,
    report: Callable[[Finding], None],
) -> Mutation:
    """Judges the champions of `specs` and `count` mutants of them, two or more at a time. What `directory` holds of an
    earlier call is not judged twice. report: called with each new finding. Raises SpecError, RunError."""
    findings = Findings(directory / FILE, again)
    subjects = [_subject(spec, settings, threads) for spec in specs]
    assignments = {subject.name: subject.assignment for subject in subjects}
    with Judges(assignments, settings.seed, len(machine_type().physical_cores)) as judges:

        def judge(items: Iterable[Item]) -> list[Finding]:
            planned = []
            for finding in judges.judged(_new(items, findings, planned)):
                findings.add(finding)
                report(finding)
            return [findings[identity] for identity in planned]

        sound = judge(undamaged(subjects))
        codes = {f.identity: f.code for f in sound if f.outcome is Outcome.SURVIVED}
        broken = judge(damaged(subjects, codes, count, settings.seed))
    return Mutation(tuple(sound), tuple(broken), reviewed())


def _new(items: Iterable[Item], findings: Findings, planned: list[str]) -> Iterable[Item]:
    """The items without a finding; `planned` takes the identities of all."""
    for item in items:
        planned.append(item.candidate.identity)
        if item.candidate.identity not in findings:
            yield item


def _subject(spec: KernelSpec, settings: RunSettings, threads: int) -> Subject:
    inspection = examine(spec, settings, threads)
    finite = spec.open().declaration.finite
    judge = JudgeSettings(threads, int(settings.memory_gib * 2**30), BUILD_SECONDS, RUN_SECONDS)
    return Subject(Assignment(spec, inspection.observation.signature, judge), champions(inspection, threads, finite), finite)
