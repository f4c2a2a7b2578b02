"""Steps: the champion's lineage as readable differences."""
from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...kernels.candidate import Candidate
from ...workers.evaluation import Ratio

CONTEXT = 3


@dataclass(frozen=True)
class Line:
    """One line of a difference. kind: "add", "del", "same" or "place"."""

    kind: str
    text: str


@dataclass(frozen=True)
class Step:
    """One candidate of the lineage. diff: from the step before it, all of its text for the first.

    options: what changed in jit options and convention, in words. others: further parents. ratio: over the best first seed.
    """

    candidate: Candidate
    diff: tuple[Line, ...]
    options: tuple[str, ...]
    others: tuple[str, ...]
    ratio: Ratio | None


def steps(lineage: Sequence[Candidate], ratios: Mapping[str, Ratio]) -> list[Step]:
    """The lineage, the seed first."""
    found: list[Step] = []
    for number, candidate in enumerate(lineage):
        before = lineage[number - 1] if number else None
        found.append(Step(
            candidate,
            difference(before.text, candidate.text) if before else tuple(Line("same", t) for t in candidate.text.splitlines()),
            settings_changed(before, candidate), candidate.lineage.parents[1:], ratios.get(candidate.identity),
        ))
    return found


def difference(before: str, after: str) -> tuple[Line, ...]:
    """A unified difference, without its head; empty where the texts are equal."""
    kinds = {"+": "add", "-": "del", " ": "same", "@": "place"}
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=CONTEXT)
    return tuple(Line(kinds[line[0]], line) for number, line in enumerate(lines) if number >= 2)


def settings_changed(before: Candidate | None, after: Candidate) -> tuple[str, ...]:
    """Which jit options differ, and the convention; for a seed, those that are not the defaults."""
    old, new = _settings(before or Candidate("")), _settings(after)
    return tuple(f"{name}: {_words(old[name])} → {_words(new[name])}" for name in new if old[name] != new[name])


def _settings(candidate: Candidate) -> dict[str, object]:
    return {**candidate.options.as_json(), "convention": candidate.convention}


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return value if isinstance(value, str) else json.dumps(value)
