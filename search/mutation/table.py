"""Table: how many mutants were caught, by operator, check and kernel, and what is known of those that were not."""
from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from statistics import median
from typing import Any

from .finding import DEEP, Finding, Outcome

FIRST_CHECKS = ("smoke", "access", "build", "differential", f"{DEEP}: bounds", f"{DEEP}: access", f"{DEEP}: differential")


@dataclass(frozen=True)
class Mutation:
    """What a bench over mutants found.

    refused: undamaged kernels that the judge refused. equivalent: reviewed survivors with the reason. survivors: those
    that nobody has explained.
    """

    champions: tuple[Finding, ...]
    mutants: tuple[Finding, ...]
    reviewed: Mapping[str, str]

    @property
    def refused(self) -> list[Finding]:
        return [f for f in self.champions if f.outcome is not Outcome.SURVIVED]

    @property
    def caught(self) -> list[Finding]:
        return [f for f in self.mutants if f.outcome is Outcome.CAUGHT]

    @property
    def equivalent(self) -> list[Finding]:
        return [f for f in self.mutants if f.outcome is Outcome.SURVIVED and f.identity in self.reviewed]

    @property
    def survivors(self) -> list[Finding]:
        return [f for f in self.mutants if f.outcome is Outcome.SURVIVED and f.identity not in self.reviewed]

    @property
    def rate(self) -> float | None:
        """Caught mutants among those that compile and are not equivalent; None without any."""
        damaged = len(self.caught) + len(self.survivors)
        return len(self.caught) / damaged if damaged else None

    def as_json(self) -> dict[str, Any]:
        return {
            "mutants": len(self.mutants), "rate": self.rate, "caught": len(self.caught),
            "not_compiled": _count(self.mutants, Outcome.NOT_COMPILED), "same_code": _count(self.mutants, Outcome.SAME_CODE),
            "equivalent": [{**_brief(f), "why": self.reviewed[f.identity]} for f in self.equivalent],
            "survivors": [asdict(f) for f in self.survivors], "champions": len(self.champions),
            "refused": [asdict(f) for f in self.refused], "by_operator": _crossed(self.mutants, "operator"),
            "by_kernel": _crossed(self.mutants, "kernel"), "seconds": round(sum(f.seconds for f in self.mutants), 1),
            "median_seconds": median([f.seconds for f in self.mutants] or [0.0]), "stages": _stages(self.mutants),
        }


def reviewed() -> Mapping[str, str]:
    """Identities of mutants that a person has read and found equivalent, each with the reason."""
    text = (resources.files("kernwright.configs") / "mutants" / "reviewed.toml").read_text(encoding="utf-8")
    return {identity: entry["why"] for entry in tomllib.loads(text).get("equivalent", ()) for identity in entry["identities"]}


def describe(found: Mutation) -> list[str]:
    """The tables as lines of Markdown."""
    seconds = sum(f.seconds for f in found.mutants)
    rate = "n/a" if found.rate is None else f"{100 * found.rate:.2f} %"
    lines = [
        f"{len(found.mutants):,} mutants of {len(found.champions)} champions: {len(found.caught):,} caught, "
        f"{len(found.survivors)} survived, {len(found.equivalent)} equivalent as reviewed, "
        f"{_count(found.mutants, Outcome.SAME_CODE)} of the same machine code, "
        f"{_count(found.mutants, Outcome.NOT_COMPILED)} that do not compile. **Caught of those that are damaged: {rate}**; "
        f"undamaged champions refused: {len(found.refused)}.", "",
        f"{seconds:,.0f} s of judging, {seconds / max(1, len(found.mutants)):.2f} s a mutant "
        f"(median {median([f.seconds for f in found.mutants] or [0.0]):.2f}): "
        + ", ".join(f"{name} {s:,.0f} s" for name, s in _stages(found.mutants).items()) + ".", "",
        *_table("operator", found, lambda f: f.operator), "", *_table("kernel", found, lambda f: f.kernel),
    ]
    for title, some in (("Survivors", found.survivors), ("Undamaged champions that were refused", found.refused)):
        lines += ["", f"{title}: {len(some) or 'none'}"]
        for finding in some:
            lines += ["", f"* `{finding.identity}` {finding.kernel}, {finding.operator or 'undamaged'}, line {finding.line}: "
                      f"{finding.description} {finding.check} {finding.message}", *_fenced(finding.diff)]
    return lines


def _table(heading: str, found: Mutation, key) -> list[str]:
    checks = _checks(found.mutants)
    rows: dict[str, list[Finding]] = {}
    for finding in found.mutants:
        rows.setdefault(key(finding), []).append(finding)
    columns = [*checks, "survived", "equivalent", "same code", "not compiled", "all"]
    lines = ["| " + " | ".join([heading, *columns]) + " |", "|---" + "|--:" * len(columns) + "|"]
    for name in [*sorted(rows), "all"]:
        some = rows.get(name, list(found.mutants))
        by_check = Counter(f.check for f in some if f.outcome is Outcome.CAUGHT)
        survived = [f for f in some if f.outcome is Outcome.SURVIVED]
        known = sum(f.identity in found.reviewed for f in survived)
        cells = [*(by_check[check] for check in checks), len(survived) - known, known, _count(some, Outcome.SAME_CODE),
                 _count(some, Outcome.NOT_COMPILED), len(some)]
        lines.append("| " + " | ".join([name, *(str(cell or "") for cell in cells)]) + " |")
    return lines


def _checks(findings: Iterable[Finding]) -> list[str]:
    """The checks that caught any, in the order in which they are made."""
    seen = dict.fromkeys(f.check for f in findings if f.outcome is Outcome.CAUGHT)
    return [*(c for c in FIRST_CHECKS if c in seen), *sorted(c for c in seen if c not in FIRST_CHECKS)]


def _crossed(findings: Sequence[Finding], attribute: str) -> dict[str, dict[str, int]]:
    rows: dict[str, Counter[str]] = {}
    for finding in findings:
        caught = finding.outcome is Outcome.CAUGHT
        rows.setdefault(getattr(finding, attribute), Counter())[finding.check if caught else str(finding.outcome)] += 1
    return {name: dict(row) for name, row in sorted(rows.items())}


def _stages(findings: Iterable[Finding]) -> dict[str, float]:
    total: Counter[str] = Counter()
    for finding in findings:
        total.update(finding.stages)
    return {name: round(seconds, 1) for name, seconds in total.most_common()}


def _count(findings: Iterable[Finding], outcome: Outcome) -> int:
    return sum(f.outcome is outcome for f in findings)


def _brief(finding: Finding) -> dict[str, Any]:
    return {"identity": finding.identity, "kernel": finding.kernel, "operator": finding.operator, "line": finding.line,
            "description": finding.description}


def _fenced(diff: str) -> list[str]:
    return ["  ```diff", *(f"  {line}" for line in diff.splitlines()), "  ```"] if diff else []
