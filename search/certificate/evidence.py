"""Evidence: what an examination's checks of one name say together, in the terms that every check shares."""
from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...workers.evaluation import Verdict

NOT_APPLICABLE = "not applicable"
WITH_TIMING = frozenset({"timed"})
"""Checks that an examination makes only where it measures speed."""
_TITLES = {
    "bounds": "Bounds: compiled with bounds checks, on small inputs",
    "access": "Access log: every read and write of each prange iteration, on small inputs",
    "differential": "Differential tests: the compiled champion beside the reference",
    "timed": "Timed calls: what the calls that are timed return",
    "parallel": "Parallel loops: whether two iterations may touch the same element",
    "families": "Input families: special values, unusual sizes, layouts and data",
    "precision": "Precision: rounding errors of champion and reference",
    "identity": "Algebraic identity: champion and reference as formulas",
    "determinism": "Determinism: the same bits again, and for each number of threads",
}
_PROOFS = {"parallel": "proven", "identity": "identical"}
"""Checks whose answer, where it begins so, holds for more than the inputs that were run."""
_ANSWERS = {"bounds": "in bounds", "access": "no race", "differential": "equal within tolerance", "timed": "as tested"}
_METHODS = {
    "bounds": "The champion was compiled with bounds checks, without optimisation, and its results compared with the reference's.",
    "access": "The champion's text was interpreted over arrays that log every read and write by prange iteration.",
    "differential": "The compiled champion and the reference ran on equal fresh inputs, result memory filled with poison before.",
    "timed": "Results of calls made as the timed ones are were compared too, so that a kernel cannot tell a test from a timing.",
}


@dataclass(frozen=True)
class Evidence:
    """All checks of one name. runs: how many there were. answer: a word or two; "" where the check gives none.

    reason: why the answer is no better. cases: inputs tried, None where it does not say. sizes: in words.
    worst_ulp, worst_relative: the greatest differences seen, None where none were taken; an error against exact results has
    no worst_relative. worst_at: where. assumptions, taken_as_exact: what the answer rests on. bound: how likely it errs.
    approximation: how the champion is another function than the reference, where its spec permits that; "" where it is not.
    """

    name: str
    verdict: Verdict
    message: str
    answer: str
    method: str
    reason: str
    runs: int
    cases: int | None
    sizes: tuple[str, ...]
    seeds: tuple[int, ...]
    worst_ulp: float | None
    worst_relative: float | None
    worst_at: str
    assumptions: tuple[str, ...]
    taken_as_exact: tuple[str, ...]
    bound: str
    approximation: str

    @property
    def applicable(self) -> bool:
        return self.answer.lower() != NOT_APPLICABLE

    @property
    def worst(self) -> str:
        """The greatest difference in words; "" where none were taken."""
        if self.worst_ulp is None and self.worst_relative is None:
            return ""
        if not self.worst_ulp and not self.worst_relative:
            return "none"
        relative = "" if self.worst_relative is None else f"{self.worst_relative:.2g} relative"
        more = ", ".join(part for part in (relative, self.worst_at) if part)
        return f"{self.worst_ulp or 0.0:.3g} ULP{f' ({more})' if more else ''}"


def evidence(checks: Iterable[Mapping[str, Any]]) -> dict[str, Evidence]:
    """By name, in the order in which the checks were made. One that found something speaks for all of its name."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for check in checks:
        grouped.setdefault(str(check["name"]), []).append(check)
    return {name: _together(name, group) for name, group in grouped.items()}


def is_proof(seen: Evidence) -> bool:
    """Whether the answer holds for more than the inputs that were run."""
    return seen.verdict is Verdict.VERIFIED and seen.name in _PROOFS and seen.answer.casefold().startswith(_PROOFS[seen.name])


def title(name: str) -> str:
    """What a check is called for a person; its own name where it is none of those known here."""
    return _TITLES.get(name, name)


def subject(name: str) -> str:
    """The title's first words."""
    return title(name).partition(":")[0]


def answer_of(check: Mapping[str, Any]) -> str:
    """The check's answer in a word or two: its own, else what passing it means; its verdict where it found something."""
    if check["verdict"] != Verdict.VERIFIED:
        return str(check["facts"].get("answer") or check["verdict"])
    return str(check["facts"].get("answer") or _ANSWERS.get(str(check["name"]), ""))


def method_of(check: Mapping[str, Any]) -> str:
    """How the check found out, in a sentence; "" where it does not say."""
    return str(check["facts"].get("method") or _METHODS.get(str(check["name"]), ""))


def _together(name: str, group: list[Mapping[str, Any]]) -> Evidence:
    fallen = [check for check in group if check["verdict"] != Verdict.VERIFIED]
    speaks = fallen[0] if fallen else group[0]
    facts = [check["facts"] for check in group]
    cases = [f[key] for f in facts for key in ("cases", "inputs") if isinstance(f.get(key), int)]
    worst = max(facts, key=lambda f: (_number(f.get("worst_ulp")) or 0.0, _number(f.get("worst_relative")) or 0.0))
    return Evidence(
        name, Verdict(speaks["verdict"]), str(speaks["message"]), answer_of(speaks), method_of(speaks),
        _reason(speaks["facts"]), len(group), sum(cases) if cases else None,
        tuple(dict.fromkeys(_words(size) for f in facts for size in _listed(f.get("sizes")))),
        tuple(dict.fromkeys(s for f in facts for s in (*_listed(f.get("seeds")), f.get("seed")) if isinstance(s, int))),
        _number(worst.get("worst_ulp")), _number(worst.get("worst_relative")), str(worst.get("worst_at") or ""),
        _lines(facts, "assumptions"), _lines(facts, "taken_as_exact"),
        str(speaks["facts"].get("bound") or ""), str(speaks["facts"].get("message") or "") if speaks["facts"].get("approximation") else "",
    )


def _number(value: Any) -> float | None:
    """A figure, also one that was no JSON number and is text by now."""
    if isinstance(value, str):
        return {"inf": math.inf, "nan": math.nan}.get(value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _reason(facts: Mapping[str, Any]) -> str:
    """Why the answer is no better, also where it is said by how much results differ, and between what."""
    differ = facts.get("differ")
    apart = [f"{_number(ulp) or 0.0:.3g} ULP {between}" for between, ulp in differ.items()] if isinstance(differ, Mapping) else []
    return str(facts.get("reason") or "; ".join(apart))


def _lines(facts: Iterable[Mapping[str, Any]], key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(line) for one in facts for line in _listed(one.get(key))))


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else ()


def _words(size: Any) -> str:
    """A size as every check may put it: text, a mapping of names to numbers, or an entry about one that holds it."""
    if isinstance(size, Mapping):
        return _words(size["size"]) if "size" in size else ", ".join(f"{key}={value}" for key, value in size.items())
    return str(size).removeprefix("size ").partition(", seed")[0]
