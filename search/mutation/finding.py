"""Finding: what the judge said of one champion or mutant, and the file that keeps findings."""
from __future__ import annotations

import difflib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from ...workers.confirm import confirm
from ...workers.confirmation import Confirmation
from ...workers.evaluate import Judge
from ...workers.evaluation import Evaluation, Rung, Verdict
from ...workers.job import ConfirmJob, Job
from ..schema import RunError
from .plan import Item

DEEP = "last examination"


class Outcome(StrEnum):
    """How it ended. A mutant of the same machine code is equivalent beyond doubt; one that does not compile is no kernel."""

    CAUGHT = "caught"
    SURVIVED = "survived"
    SAME_CODE = "same code"
    NOT_COMPILED = "not compiled"


@dataclass(frozen=True)
class Finding:
    """check: what caught it ("smoke", "access", "differential", the same with "last examination: " before, or a proof).

    operator "" and outcome SURVIVED: a champion that was found correct, as it should be. code: hash of its machine code.
    seconds: wall time in all; stages: by rung, and by part of the last examination. diff: the lines that differ from the
    original's.
    """

    kernel: str
    identity: str
    original: str
    operator: str
    line: int
    description: str
    outcome: Outcome
    check: str = ""
    verdict: str = ""
    message: str = ""
    code: str = ""
    seconds: float = 0.0
    stages: Mapping[str, float] = field(default_factory=dict)
    diff: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        return cls(**{**data, "outcome": Outcome(data["outcome"])})


class Findings:
    """Findings by identity, each appended to `file` as a line of JSON at once, so that an interrupted bench goes on.

    again: forgets the mutants that survived and the champions that were refused, to judge them anew. Raises RunError.
    """

    def __init__(self, file: Path, again: bool = False) -> None:
        self._file = file
        self._found: dict[str, Finding] = {}
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            for line in file.read_text().splitlines() if file.exists() else ():
                finding = Finding.from_json(json.loads(line))
                self._found[finding.identity] = finding
        except (OSError, ValueError, TypeError) as error:
            raise RunError(f"{file} holds no findings of this version ({error}); name another directory") from None
        if again:
            wanted = (Outcome.SURVIVED, Outcome.CAUGHT)
            self._found = {i: f for i, f in self._found.items() if f.outcome is not wanted[not f.operator]}

    def __contains__(self, identity: str) -> bool:
        return identity in self._found

    def __getitem__(self, identity: str) -> Finding:
        return self._found[identity]

    def add(self, finding: Finding) -> None:
        self._found[finding.identity] = finding
        with self._file.open("a") as file:
            file.write(json.dumps(asdict(finding)) + "\n")


def examine(judge: Judge, item: Item, seed: int) -> Finding:
    """Puts a candidate through the cascade, then, if it stands, through a champion's last examination, without timings."""
    started = time.perf_counter()
    evaluation = judge.evaluate(Job(item.candidate, "search", seed=seed, timed=False))
    code = str(evaluation.facts.get("code_hash", ""))
    check, verdict, message = _cascade_check(evaluation), evaluation.verdict, evaluation.message
    stages: dict[str, float] = dict(evaluation.stage_seconds)
    same = bool(item.operator and code and code == item.code)
    if verdict is Verdict.VERIFIED and not same:
        begun = time.perf_counter()
        confirmation = confirm(judge, ConfirmJob(item.candidate, item.original, None, seed + 1, timed=False))
        check, verdict, message = _last_check(confirmation), confirmation.verdict, confirmation.message
        stages[DEEP] = round(time.perf_counter() - begun, 3)
    outcome = Outcome.CAUGHT
    if verdict is Verdict.VERIFIED:
        outcome = Outcome.SAME_CODE if same else Outcome.SURVIVED
    elif verdict is Verdict.BUILD_FAILED:
        outcome = Outcome.NOT_COMPILED
    elif verdict is Verdict.LOST:
        outcome = Outcome.SURVIVED          # the judge could not decide, which is no catch
    diff = _difference(item) if outcome is Outcome.SURVIVED and item.operator else ""
    return Finding(item.kernel, item.candidate.identity, item.original.identity, item.operator, item.line, item.description,
                   outcome, "" if verdict is Verdict.VERIFIED else check, str(verdict), message[:500], code,
                   round(time.perf_counter() - started, 3), stages, diff)


def _cascade_check(evaluation: Evaluation) -> str:
    """The name of the check that ended the cascade."""
    if evaluation.rung is Rung.SMOKE:
        return "access" if "access" in evaluation.facts else "smoke"
    return {Rung.VERIFY: "differential"}.get(evaluation.rung, str(evaluation.rung))


def _last_check(confirmation: Confirmation) -> str:
    """The name of the check that ended the last examination."""
    failed = [c for c in confirmation.checks if c["verdict"] != Verdict.VERIFIED]
    if not failed:
        return DEEP
    name = str(failed[-1]["name"])
    return f"{DEEP}: {name}" if name in ("bounds", "access", "differential") else name


def _difference(item: Item) -> str:
    return "\n".join(_changed_lines(item)) or item.description


def _changed_lines(item: Item) -> Iterator[str]:
    before, after = item.original.text.splitlines(), item.candidate.text.splitlines()
    for line in difflib.unified_diff(before, after, n=1, lineterm=""):
        if not line.startswith(("---", "+++")):
            yield line
