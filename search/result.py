"""Result: a run in figures and in one sentence, as result.json holds them."""
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..kernels.candidate import Candidate
from ..workers.confirmation import Confirmation
from ..workers.evaluation import Evaluation, Ratio, Rung, Verdict
from .files import write_atomically
from .journal import SEARCH, SEED_VS_REFERENCE, Journal, Judged
from .standing import REFERENCE, reference_stands

CHAMPION, NOTHING_VERIFIED = 0, 3
NOTHING = "nothing verified"
KEEP = "Keep your code, it is already the fastest known"


def result_of(journal: Journal) -> dict[str, Any]:
    """The contents of result.json; of a run that goes on or was interrupted, what is known so far, else None.

    verdict: "verified", "nothing verified", or None while the search has not ended. champion: its identity, or
    "reference" where the reference stands: nothing faster was found, and the file that is handed over runs it as it is. Times in ms and s as named; every
    interval is the 95 % interval of a median of paired ratios. speedup: over the reference; speedup_over_njit: None
    where the reference does not compile. A champion that is the seed itself counts as 1.0 times its speed.
    evaluations: candidates that passed the gate and were judged. refused: those that did not pass. repeats: proposals
    that were known already. distinct_kernels: evaluations with different machine code, or text where none was built.
    roofline: see `roofline.roofline_of`; None in runs that have none. by_verdict counts candidates. llm_tokens: what the budget counted. exit_code: 0 or 3.
    """
    confirmation = confirmation_of(journal)
    rows = judged_once(journal)
    evaluated = [row for row in rows if counts(row.evaluation)]
    settings = journal.run.settings
    over = Rivals.of(journal, confirmation)
    finished = journal.state("status") == "finished"
    wall = journal.state("wall_s")
    tool_calls = journal.state("tool_calls")
    kept = reference_stands(journal, confirmation)
    stands = confirmation is not None and confirmation.verdict is Verdict.VERIFIED and not kept
    said = sentence(journal, confirmation, over, len(evaluated))
    if kept:
        over = replace(over, reference=_itself(over.reference), seed=None, njit=None)
    return {
        "kernel": journal.run.kernel,
        "sentence": said,
        "verdict": str(Verdict.VERIFIED) if stands or kept else NOTHING if finished else None,
        "champion": REFERENCE if kept else confirmation.champion if stands else None,
        **_milliseconds(over.reference),
        **_speedup("speedup", over.reference),
        **_speedup("speedup_over_seed", over.seed),
        **_speedup("speedup_over_njit", over.njit),
        "first_call_s": confirmation.first_call_s if stands else None,
        "evaluations": len(evaluated),
        "evaluations_to_best": _evaluations_to(confirmation.champion, evaluated) if stands else None,
        "distinct_kernels": len({row.evaluation.facts.get("code_hash") or row.evaluation.candidate for row in evaluated}),
        "refused": sum(row.evaluation.verdict is Verdict.REFUSED for row in rows),
        "repeats": journal.repeats(),
        "by_verdict": dict(Counter(str(row.evaluation.verdict) for row in rows).most_common()),
        "wall_s": round(journal.elapsed() if wall is None else wall, 3),
        "seed": settings.get("seed"),
        "threads": confirmation.threads if confirmation else settings.get("threads"),
        "threading_layer": (confirmation.threading_layer or None) if confirmation else None,
        "blas": (confirmation.blas or None) if confirmation else None,
        "tool_calls": len(journal.evaluations()) if tool_calls is None else tool_calls,
        "llm_calls": len(journal.calls()),
        "llm_tokens": sum(call.charged_tokens for call in journal.calls()),
        "machine": (confirmation.machine if confirmation else "") or journal.run.machine,
        "roofline": journal.state("roofline"),
        "defences": list(confirmation.defences) if confirmation else sorted({d for row in rows for d in row.evaluation.defences}),
        "versions": dict(journal.run.versions),
        "exit_code": CHAMPION if kept or (stands and not_slower(over.seed)) else NOTHING_VERIFIED,
    }


def write_result(journal: Journal, directory: Path) -> dict[str, Any]:
    """Writes result.json into `directory`, whole or not at all; its contents."""
    result = result_of(journal)
    write_atomically(directory / "result.json", json.dumps(result, indent=2, allow_nan=False) + "\n")
    return result


def confirmation_of(journal: Journal) -> Confirmation | None:
    """The champion's last examination, None where none was passed."""
    stored = journal.state("confirmation")
    return None if stored is None else Confirmation.from_json(stored)


def judged_once(journal: Journal) -> list[Judged]:
    """One evaluation of each candidate: the search's, else its first as a seed. In the order of judging."""
    found: dict[str, Judged] = {}
    for row in journal.evaluations():
        known = found.get(row.evaluation.candidate)
        if row.purpose == SEARCH and (known is None or known.purpose != SEARCH):
            found[row.evaluation.candidate] = row
        elif row.purpose == SEED_VS_REFERENCE:
            found.setdefault(row.evaluation.candidate, row)
    return sorted(found.values(), key=lambda row: row.ordinal)


def counts(evaluation: Evaluation) -> bool:
    """Whether it is one of those that budgets count: a candidate that got past the gate."""
    return evaluation.rung not in (Rung.GATE, Rung.SEEN)


@dataclass(frozen=True)
class Rivals:
    """How fast the champion is beside each rival; None where that was not measured."""

    reference: Ratio | None = None
    seed: Ratio | None = None
    njit: Ratio | None = None

    @classmethod
    def of(cls, journal: Journal, confirmation: Confirmation | None) -> Rivals:
        if confirmation is None or confirmation.verdict is not Verdict.VERIFIED:
            return cls()

        def beside(ratio: Ratio | None, rival: str | None) -> Ratio | None:
            if ratio is None and rival == confirmation.champion:
                return Ratio(1.0, 1.0, 1.0, 0, 0.0, 0.0, rival)  # nothing to measure: they are the same kernel
            return ratio

        return cls(confirmation.over_reference, beside(confirmation.over_seed, best_seed(journal)),
                   beside(confirmation.over_njit, journal.state("njit")))


def _itself(over: Ratio | None) -> Ratio:
    """The reference beside itself. over: where it was timed beside something else."""
    took = over.rival_ns if over else 0.0
    return Ratio(1.0, 1.0, 1.0, 0, took, took, REFERENCE)


def best_seed(journal: Journal) -> str | None:
    """The identity of the run's fastest verified seed: the anchor of its timings, until its champion is examined."""
    found: str | None = journal.state("best_seed") or journal.state("anchor")
    return found


def not_slower(ratio: Ratio | None) -> bool:
    """Whether the interval reaches 1. A rival that there was nothing of is no rival."""
    return ratio is None or ratio.high >= 1.0


def sentence(journal: Journal, confirmation: Confirmation | None, over: Rivals, evaluations: int) -> str:
    """The result in one sentence that a person understands."""
    kernel = journal.run.kernel
    if confirmation is None or confirmation.verdict is not Verdict.VERIFIED:
        if reference_stands(journal, confirmation):
            return f"{KEEP}: {_nothing_ran(journal, kernel, evaluations)}."
        return _without_champion(journal, kernel, evaluations)
    if over.reference is None:
        return f"{kernel}: the champion is verified, but was not timed against the reference."
    found = over.reference
    interval = f"95 % interval {times(found.low)} to {times(found.high)}"
    if found.low <= 1.0:
        than = "slower than it" if found.high < 1.0 else "not measurably faster"
        return f"{KEEP}: the best verified kernel for {kernel} is {than} ({times(found.speedup)} times its speed, {interval})."
    said = (f"{kernel} runs {times(found.speedup)} times as fast as its reference ({interval}): "
            f"{milliseconds(found.candidate_ns)} a call at the benchmark size instead of {milliseconds(found.rival_ns)}")
    return f"{said}{_tests(confirmation)}{_no_gain(over, confirmation, best_seed(journal))}."


def times(ratio: float) -> str:
    """A ratio in as many digits as a person wants to read."""
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}" if ratio < 100 else f"{ratio:,.0f}"


def milliseconds(nanoseconds: float) -> str:
    """A duration in the unit that suits it."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}" if nanoseconds < 1000 * size else f"{nanoseconds / size:,.0f} {unit}"
    return f"{nanoseconds:.3g} ns"


def _without_champion(journal: Journal, kernel: str, evaluations: int) -> str:
    done = f"after {evaluations} evaluation{'' if evaluations == 1 else 's'}"
    if journal.state("status") == "finished":
        fallen = [data for _, data, _ in journal.events("confirmation") if data["verdict"] != Verdict.VERIFIED]
        why = f"; the last candidate for champion fell: {fallen[-1]['verdict']}" if fallen else ""
        return f"Nothing was verified for {kernel} {done}{why}. Keep your code."
    ended = "was interrupted" if journal.state("status") == "interrupted" else "has not ended"
    best = [row.evaluation.faster.speedup for row in journal.evaluations(SEARCH)
            if row.evaluation.verdict is Verdict.VERIFIED and row.evaluation.faster]
    far = f"the best candidate so far is {times(max(best))} times as fast as the best first seed" if best else "nothing is verified yet"
    return f"The run for {kernel} {ended} {done}: {far}, and no champion has been confirmed."


def _nothing_ran(journal: Journal, kernel: str, evaluations: int) -> str:
    kept = journal.state("kept") or ()
    stood = next((f" (line {k['line']}: {k['reason']})" for k in kept), "")
    if not evaluations:
        return f"nothing of {kernel} could be compiled{stood}"
    return f"none of the {evaluations} candidate{'' if evaluations == 1 else 's'} for {kernel} compiled and ran in time{stood}"


def _tests(confirmation: Confirmation) -> str:
    cases = next((check["facts"].get("cases") for check in confirmation.checks if check["name"] == "differential"), None)
    return f", with equal results within tolerance in all {cases} tests" if cases else ""


def _no_gain(over: Rivals, confirmation: Confirmation, seed: str | None) -> str:
    if seed == confirmation.champion:
        if over.njit is not None and over.njit.rival == confirmation.champion:
            return "; it is the reference as it is under `@njit`, and the search found nothing faster"
        return "; it is the best seed itself, as the search found nothing faster"
    if over.njit is not None and over.njit.low <= 1.0:
        return "; plain `@njit` of the reference is " + ("as fast" if over.njit.high >= 1.0 else "faster")
    if over.seed is not None and over.seed.low <= 1.0:
        return "; that is no measurable gain over the best seed" if over.seed.high >= 1.0 else "; the best seed is faster"
    return ""


def _milliseconds(ratio: Ratio | None) -> Mapping[str, float | None]:
    known = ratio is not None and ratio.rival_ns > 0
    return {"reference_ms": ratio.rival_ns / 1e6 if known else None, "champion_ms": ratio.candidate_ns / 1e6 if known else None}


def _speedup(name: str, ratio: Ratio | None) -> Mapping[str, float | None]:
    return {name: ratio and ratio.speedup, f"{name}_low": ratio and ratio.low, f"{name}_high": ratio and ratio.high}


def _evaluations_to(champion: str, evaluated: Sequence[Judged]) -> int | None:
    """How many evaluations it took until the champion had been judged."""
    return next((number for number, row in enumerate(evaluated, 1) if row.evaluation.candidate == champion), None)


def lineage_of(journal: Journal, identity: str) -> list[Candidate]:
    """The candidate's first parents, the seed first and itself last; empty where it is not in the journal."""
    line: list[Candidate] = []
    candidate = journal.candidate(identity)
    while candidate is not None and candidate.identity not in {c.identity for c in line}:
        line.append(candidate)
        parents = candidate.lineage.parents
        candidate = journal.candidate(parents[0]) if parents else None
    return line[::-1]
