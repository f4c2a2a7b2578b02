"""Lineage: the champion's way from the reference, step by step, as differences of text."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...kernels.candidate import Candidate
from ...kernels.spec import KernelSpec
from ..report.steps import Line, difference, settings_changed
from .replay import reference_text


def described(line: Sequence[Candidate], spec: KernelSpec, models: Mapping[str, str]) -> list[dict[str, Any]]:
    """One entry a step, the seed's first. models: by candidate, the language model that wrote it.

    diff: unified, from the text of the step before it; the seed's from the reference's. changed: jit options and
    convention, in words.
    """
    before, entries = reference_text(spec), []
    for number, candidate in enumerate(line):
        entries.append({
            "step": number, "identity": candidate.identity, "operator": candidate.lineage.operator,
            "model": models.get(candidate.identity), "note": candidate.lineage.note, "parents": list(candidate.lineage.parents),
            "changed": list(settings_changed(line[number - 1] if number else None, candidate)),
            "diff": _text(difference(before, candidate.text)),
        })
        before = candidate.text
    return entries


def _text(lines: Sequence[Line]) -> str:
    return "\n".join(line.text for line in lines)
