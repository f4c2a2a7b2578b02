"""Document: certificate.json, put together from a run's journal."""
from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...kernels.candidate import Candidate
from ...workers.confirmation import Confirmation
from ...workers.inspection import Inspection
from ..files import write_atomically
from ..journal import Journal
from ..result import Rivals, best_seed, confirmation_of, lineage_of
from .lineage import described
from .questions import questions
from .reading import FILE, VERSION
from .seal import file_hash, plain, sealed
from .speed import NJIT, REFERENCE, SEED
from .statement import statement

_LIMITS = ("build_seconds", "run_seconds", "memory_gib", "reference_seconds")


def write_certificate(journal: Journal, directory: Path, champion: Path, key: bytes | None = None) -> Path:
    """Writes certificate.json for the confirmed `champion` into `directory`, whole or not at all; its path. Equal
    journals give equal certificates. key: signs it. Raises OSError."""
    document = sealed(certificate_of(journal, champion), key)
    return write_atomically(directory / FILE, json.dumps(document, indent=1, allow_nan=False) + "\n")


def certificate_of(journal: Journal, champion: Path) -> dict[str, Any]:
    """The certificate's content (schema.json says what each field means), without its seal.

    Raises ValueError for a run without a confirmed champion.
    """
    run, confirmation = journal.run, confirmation_of(journal)
    candidate = confirmation and journal.candidate(confirmation.champion)
    if confirmation is None or candidate is None:
        raise ValueError(f"run {run.id} has no confirmed champion, so there is nothing to certify")
    signature = Inspection.from_json(journal.state("inspection")).observation.signature
    over = Rivals.of(journal, confirmation)
    claims = statement(confirmation, candidate, signature.relations)
    return plain({
        "certificate_version": VERSION,
        "kernel": {"name": run.kernel, "function": run.spec.function, "spec_hash": run.spec.content_hash, "spec": run.spec.text,
                   "signature": signature.as_json()},
        "champion": {"file": champion.name, "sha256": file_hash(champion.read_bytes()), "identity": candidate.identity,
                     "candidate": candidate.as_json()},
        "run": {"id": run.id, "seed": run.settings.get("seed", 0), "versions": dict(run.versions),
                "begun": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(run.created))},
        "machine": {"type": confirmation.machine, "threads": confirmation.threads, "threading_layer": confirmation.threading_layer,
                    "blas": confirmation.blas, "defences": list(confirmation.defences)},
        "examination": {"seed": confirmation.seed, "budget": dict(confirmation.budget),
                        "limits": {name: run.settings[name] for name in _LIMITS if name in run.settings}},
        "questions": questions(confirmation, candidate, {REFERENCE: over.reference, SEED: over.seed, NJIT: over.njit}),
        "proven": claims.proven, "tested": claims.tested, "assumed": claims.assumed,
        "rivals": _rivals(journal, confirmation),
        "lineage": described(lineage_of(journal, candidate.identity), run.spec, _models(journal)),
    })


def _rivals(journal: Journal, confirmation: Confirmation) -> dict[str, Any]:
    """The candidates that the champion was timed against, so that they can be timed again; None where it was not."""
    def stored(identity: str | None) -> Mapping[str, Any] | None:
        rival: Candidate | None = journal.candidate(identity) if identity else None
        return rival and rival.as_json()

    return {SEED: stored(best_seed(journal)), NJIT: stored(confirmation.over_njit and confirmation.over_njit.rival)}


def _models(journal: Journal) -> dict[str, str]:
    """By candidate, the model that wrote it."""
    return {call.candidate: call.model for call in journal.calls() if call.candidate}
