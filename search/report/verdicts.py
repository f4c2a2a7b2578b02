"""Verdicts: how many candidates ended how, and for which reasons most of them."""
from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ...workers.evaluation import Verdict
from ..journal import Judged
from .history import SOUND

REASONS, EXAMPLES, LONGEST = 3, 3, 160
_SIZE = re.compile(r"^size [^:]*: ")
_NUMBER = re.compile(r"0x[0-9a-f]+|(?<![\w.])-?\d[\d_]*(?:\.\d*)?(?:e[+-]?\d+)?\b", re.IGNORECASE)


@dataclass(frozen=True)
class Reason:
    """What several candidates were told; numbers left out where they differ."""

    text: str
    count: int


@dataclass(frozen=True)
class Fate:
    """All candidates of one verdict. sound: whether they computed the right results. rest: how many have other reasons than those.

    examples: some that fell; none of sound ones.
    """

    verdict: str
    count: int
    sound: bool
    reasons: tuple[Reason, ...]
    rest: int
    examples: tuple[Judged, ...]


def fates(rows: Sequence[Judged]) -> list[Fate]:
    """The most frequent verdict first."""
    groups: dict[Verdict, list[Judged]] = defaultdict(list)
    for row in rows:
        groups[row.evaluation.verdict].append(row)
    return [_fate(verdict, group) for verdict, group in sorted(groups.items(), key=lambda item: -len(item[1]))]


def _fate(verdict: Verdict, group: list[Judged]) -> Fate:
    sound = verdict in SOUND
    told = [] if verdict is Verdict.VERIFIED else [_line(row.evaluation.message) for row in group if row.evaluation.message.strip()]
    alike: dict[str, list[str]] = defaultdict(list)
    for text in told:
        alike[_NUMBER.sub("…", text)].append(text)
    common = sorted(alike.items(), key=lambda item: -len(item[1]))[:REASONS]
    reasons = tuple(Reason(_short(texts[0] if len(Counter(texts)) == 1 else pattern), len(texts)) for pattern, texts in common)
    rest = len(told) - sum(reason.count for reason in reasons)
    return Fate(str(verdict), len(group), sound, reasons, rest, () if sound else _examples(group))


def _examples(group: Sequence[Judged]) -> tuple[Judged, ...]:
    """Some that were told different things, as far as there are such."""
    different = {_NUMBER.sub("…", _line(row.evaluation.message)): row for row in reversed(group)}
    first = list(different.values())[::-1][:EXAMPLES]
    known = {row.evaluation.candidate for row in first}
    return tuple((*first, *(row for row in group if row.evaluation.candidate not in known))[:EXAMPLES])


def _line(message: str) -> str:
    """The message's first telling line, without the input at which it was seen."""
    lines = [" ".join(line.split()) for line in message.splitlines()]
    telling = [line for line in lines if line and not line.startswith("- Resolution failure")]
    return _SIZE.sub("", next(iter(telling), next(iter(filter(None, lines)), "")))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST - 1].rstrip() + "…"
