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
BUILD_SECONDS, RUN_SECONDS = 60.0, 30.0
"""Less than a run grants: a mutant may well never end."""


def subjects_of(specs: Sequence[KernelSpec], settings: RunSettings, threads: int) -> list[Subject]:
    """The kernels with their champions. Raises SpecError."""
    found = []
    for spec in specs:
        inspection = examine(spec, settings, threads)
        finite = spec.open().declaration.finite
        judge = JudgeSettings(threads, int(settings.memory_gib * 2**30), BUILD_SECONDS, RUN_SECONDS)
        assignment = Assignment(spec, inspection.observation.signature, judge)
        found.append(Subject(assignment, champions(inspection, threads, finite), finite, inspection.plain))
    return found


def bench_mutants(
    subjects: Sequence[Subject], count: int, seed: int, directory: Path, again: bool = False,
    report: Callable[[Finding], None] = lambda finding: None,
) -> Mutation:
    """Judges the champions of `subjects` and `count` mutants of them, on each core one at a time.

    What `directory` holds of an earlier call is not judged twice; again: except what `Findings` says. report: called
    with each new finding. Raises RunError.
    """
    findings = Findings(directory / FILE, again)
    assignments = {subject.name: subject.assignment for subject in subjects}
    with Judges(assignments, seed, len(machine_type().physical_cores)) as judges:

        def judge(items: Iterable[Item]) -> list[Finding]:
            planned: list[str] = []
            for finding in judges.judged(_new(items, findings, planned)):
                findings.add(finding)
                report(finding)
            return [findings[identity] for identity in planned]

        sound = judge(undamaged(subjects))
        codes = {f.identity: f.code for f in sound if f.outcome is Outcome.SURVIVED}
        broken = judge(damaged(subjects, codes, count, seed))
    unclaimed = {subject.plain.identity for subject in subjects if subject.plain} - set(codes)
    return Mutation(tuple(f for f in sound if f.identity not in unclaimed), tuple(broken), reviewed())


def _new(items: Iterable[Item], findings: Findings, planned: list[str]) -> Iterable[Item]:
    """The items without a finding; `planned` takes the identities of all."""
    for item in items:
        planned.append(item.candidate.identity)
        if item.candidate.identity not in findings:
            yield item
