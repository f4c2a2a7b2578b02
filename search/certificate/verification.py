"""Verification: all that a certificate claims, repeated on this machine from the certificate alone."""
from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from ...kernels.candidate import CandidateError
from ...kernels.dialect.gate import complaint
from ...kernels.lift.plain import complaint_beside
from ...kernels.signature import Signature
from ...kernels.spec import SpecError
from ...workers.confirm import confirm
from ...workers.evaluate import Judge
from ...workers.evaluation import Ratio, Verdict
from ...workers.inspection import inspect_spec
from ...workers.job import Assignment, ConfirmJob, JudgeSettings
from ...workers.machine import available_bytes, machine_type
from ...workers.sandbox.client import WarmProcess
from ...workers.timing import MIN_PROCESSES
from .champion import champion_text
from .comparison import Row, Status, compared_checks, compared_speed
from .reading import Certificate
from .replay import LineageError, replayed

_COMPILERS = ("numba", "llvmlite", "numpy")
_REPORTED = ("kernwright", *_COMPILERS, "scipy")
_MEMORY_SHARE = 0.7
_PATIENCE = 2.0  # a proof that took long there, here it may take longer
Note = Callable[[str], None]


@dataclass(frozen=True)
class Verification:
    """What became of each claim. fresh_seed: of the examination beside the certificate's own. seconds: of wall time."""

    kernel: str
    machine: str
    fresh_seed: int
    seconds: float
    rows: tuple[Row, ...]

    @property
    def unconfirmed(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.status is Status.NOT)

    @property
    def confirmed(self) -> bool:
        return not self.unconfirmed

    def as_json(self) -> dict[str, Any]:
        return {"confirmed": self.confirmed, "unconfirmed": [row.claim for row in self.unconfirmed], **asdict(self)}


def verify(certificate: Certificate, fresh_seed: int, timing: bool, note: Note) -> Verification:
    """Examines the champion with the certificate's seed and with a fresh one. It runs the spec, which is its author's
    code, as every run does; the champion runs in sandboxed children, as every candidate does.

    timing: whether speed is measured too. note: is told what goes on.
    """
    began = time.monotonic()
    rows = _files(certificate)
    if not any(row.status is Status.NOT for row in rows):
        rows += _runs(certificate, fresh_seed, timing, note)
    return Verification(certificate.spec.name, machine_type().key, fresh_seed, round(time.monotonic() - began, 2), tuple(rows))


def _files(certificate: Certificate) -> list[Row]:
    """What can be said without running the champion."""
    document = certificate.document
    rows = [Row("certificate and champion.py are unedited", "their hashes", "the same", Status.CONFIRMED)]
    refused = [f"{name}: {why}" for name, kernel in (("champion", certificate.candidate), ("best seed", certificate.best_seed),
                                                     ("@njit", certificate.njit)) if kernel and (why := complaint(kernel) and complaint_beside(kernel, certificate.spec.open()))]
    rows.append(Row("its kernels keep to the dialect: no imports, no input or output", "yes", "; ".join(refused) or "yes",
                    Status.NOT if refused else Status.CONFIRMED))
    if refused:
        return rows
    try:
        same = _exported(certificate).encode("utf-8", "replace") == certificate.champion
        here = "the same text" if same else f"another text{_version_note(document)}"
    except (CandidateError, SpecError) as error:
        same, here = False, f"it cannot be written: {error}"
    rows.append(Row("champion.py is what this kernel and spec make", "SHA-256", here, Status.CONFIRMED if same else Status.NOT))
    return [*rows, _lineage(certificate)]


def _exported(certificate: Certificate) -> str:
    document = certificate.document
    machine, timing = document["machine"], document["questions"]["faster"]["against"]["reference"]
    ratio = None
    if timing["measured"]:
        ratio = Ratio(timing["speedup"], timing["low"], timing["high"], timing["rounds"], timing["champion_ns"], timing["rival_ns"],
                      timing["rival"])
    return champion_text(
        certificate.candidate, certificate.spec, certificate.signature, version=document["run"]["versions"].get("kernwright", ""),
        machine=machine["type"], threads=machine["threads"], threading_layer=machine["threading_layer"], over_reference=ratio,
    )


def _lineage(certificate: Certificate) -> Row:
    steps = certificate.document["lineage"]
    claim, stated = "its lineage leads from the reference to it", f"{len(steps)} step{'' if len(steps) == 1 else 's'}"
    try:
        leads = replayed(certificate.spec, [step["diff"] for step in steps]) == certificate.candidate.text.splitlines()
    except LineageError as error:
        return Row(claim, stated, str(error), Status.NOT)
    return Row(claim, stated, "the differences give its text" if leads else "the differences give another text",
               Status.CONFIRMED if leads else Status.NOT)


def _runs(certificate: Certificate, fresh_seed: int, timing: bool, note: Note) -> list[Row]:
    document = certificate.document
    questions, examination = document["questions"], document["examination"]
    stated = [*questions["equivalent"]["checks"], *questions["legal_in_parallel"]["checks"]]
    threads = min(document["machine"]["threads"], len(machine_type().cores))
    same_place, rows = _place(document, threads)
    with Judge(Assignment(certificate.spec, certificate.signature, _settings(examination["limits"], threads))) as judge:
        note("running the reference")
        try:
            rows.append(_signature(certificate, judge.slots.warm))
        except SpecError as error:
            return [*rows, Row("the reference runs", "yes", str(error), Status.NOT)]
        for seed, occasion, timed in ((examination["seed"], "the certificate's seed", timing), (fresh_seed, "a fresh seed", False)):
            note(f"examining the champion on {occasion} ({seed}){', and timing it' if timed else ''}")
            found = confirm(judge, _job(certificate, seed, timed))
            rows += compared_checks(stated, found, occasion, timed)
            if timed:
                rows += compared_speed(questions["faster"], found, same_place)
            if found.verdict is not Verdict.VERIFIED:
                break
    return rows


def _settings(limits: Mapping[str, float], threads: int) -> JudgeSettings:
    """What the run allowed, and the usual where it does not say."""
    given = {name: limits[name] for name in ("build_seconds", "run_seconds") if name in limits}
    memory = {"memory_bytes": int(limits["memory_gib"] * 2**30)} if "memory_gib" in limits else {}
    return JudgeSettings(threads, **given, **memory)


def _job(certificate: Certificate, seed: int, timed: bool) -> ConfirmJob:
    budget = dict(certificate.document["examination"]["budget"])
    budget["processes"] = max(MIN_PROCESSES, budget.get("processes", MIN_PROCESSES))
    budget["proof_seconds"] = _PATIENCE * budget.get("proof_seconds", ConfirmJob.proof_seconds)
    best_seed = certificate.best_seed or certificate.candidate
    return ConfirmJob(certificate.candidate, best_seed, certificate.njit, seed, timed=timed, surveyed=False, **budget)


def _signature(certificate: Certificate, warm: WarmProcess) -> Row:
    """Raises SpecError where the reference cannot be run here."""
    document = certificate.document
    seconds = document["examination"]["limits"].get("reference_seconds", 60.0)
    memory = int(_MEMORY_SHARE * available_bytes())
    here = inspect_spec(warm, certificate.spec, document["run"]["seed"], memory, seconds).observation.signature
    claim, stated = "the reference's arguments and results", _kinds(certificate.signature)
    if (here.arguments, here.outputs) != (certificate.signature.arguments, certificate.signature.outputs):
        return Row(claim, stated, f"others: {_kinds(here)}", Status.NOT)
    gone = [relation for relation in certificate.signature.relations if relation not in here.relations]
    # champion.py checks every relation on each call, so one that does not hold in general costs speed, and no result.
    return Row(claim, stated, f"the same, but {', '.join(gone)} did not always hold" if gone else "the same",
               Status.PARTLY if gone else Status.CONFIRMED)


def _kinds(signature: Signature) -> str:
    takes = ", ".join(f"{a.name}: {a.dtype}{f' {a.ndim}-D' if a.kind == 'array' else ''}" for a in signature.arguments)
    returns = ", ".join(f"{o.dtype}{f' {o.ndim}-D' if o.kind == 'array' else ''}" for o in signature.outputs)
    return f"({takes}) -> {returns or 'nothing'}"


def _place(document: dict[str, Any], threads: int) -> tuple[bool, list[Row]]:
    """Whether speed measured here is comparable with the certificate's, and the rows that say why."""
    stated, here = document["machine"], machine_type().key
    versions = document["run"]["versions"]
    other = {name: _installed(name) for name in _REPORTED if name in versions and _installed(name) != versions[name]}
    rows = [
        _surroundings("machine", stated["type"], here), _surroundings("threads", str(stated["threads"]), str(threads)),
        Row("versions", ", ".join(f"{name} {versions[name]}" for name in (other or _REPORTED) if name in versions),
            ", ".join(f"{name} {version}" for name, version in other.items()) or "the same", Status.OTHER if other else Status.CONFIRMED),
    ]
    return stated["type"] == here and stated["threads"] == threads and not set(_COMPILERS) & set(other), rows


def _surroundings(claim: str, stated: str, here: str) -> Row:
    return Row(claim, stated, "the same" if stated == here else here, Status.CONFIRMED if stated == here else Status.OTHER)


def _version_note(document: dict[str, Any]) -> str:
    there, here = document["run"]["versions"].get("kernwright", "?"), _installed("kernwright")
    return "" if there == here else f" (this is Kernwright {here}, the certificate is of {there}, which may write it differently)"


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"
