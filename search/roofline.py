"""Roofline: how far the machine lets a kernel go, and how much of the way the run has come.

The bound assumes that each byte of the arguments that is read, and each of the results, passes between memory and
processor once, at the bandwidth that was measured from memory; that the fewest operations known for the problem, over
reference and champion, run at the peak of their precision on all threads; and that both overlap fully. It is a property
of the problem and the machine, not of a text. Data that stay in a cache between calls may beat it. Model: Williams,
Waterman, Patterson, "Roofline", CACM 52(4), 2009.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..kernels.counting.problem import Counted
from ..kernels.counting.work import Work, flop_seconds, least
from ..workers.confirmation import Confirmation
from ..workers.evaluation import Ratio, Verdict
from .journal import SEARCH, Journal
from .result import confirmation_of

STATE = "roofline"
MOST_ELITES = 16


def keep_roofline(journal: Journal) -> None:
    """Puts what is known of the confirmed champion's place into the journal's state "roofline"; repeats well."""
    position = roofline_of(journal)
    if position is not None:
        journal.set_state(STATE, position)


def roofline_of(journal: Journal) -> dict[str, Any] | None:
    """The confirmed champion's and the elites' places, as JSON; None where no champion was confirmed, or none surveyed.

    "machine": CPU and peaks. "work": "flops" and "bytes" of one call (the least known), how they were found ("method"),
    and "touched": the bytes that each text passes over as it stands; None where nothing was counted. "why_not": why there
    is no bound. "reference_ms", "champion_ms", "bound_ms"; "limit": "memory" or "arithmetic", whichever binds.
    "gap_closed": the share of the reference's time above the bound that the champion saved: more than 1 where it is faster than
    the bound. "elites": the fastest, with "ms", "gflop_s" and "of_roof", the bound as a share of their time. "notes": sentences.
    """
    confirmation = confirmation_of(journal)
    if confirmation is None or confirmation.verdict is not Verdict.VERIFIED or confirmation.over_reference is None:
        return None
    survey = confirmation.roofline
    if not survey:
        return None
    found = confirmation.over_reference
    reference_ms, champion_ms = found.rival_ns / 1e6, found.candidate_ns / 1e6
    counted, machine = Counted.from_json(survey["counted"]), survey["machine"]
    position: dict[str, Any] = {
        "machine": machine, "work": None, "why_not": survey["why_not"], "reference_ms": reference_ms, "bound_ms": None, "limit": None,
        "champion_ms": champion_ms, "gap_closed": None, "elites": [], "notes": [],
    }
    flops = 0
    if not counted.works:
        position["why_not"] = position["why_not"] or f"not counted: {'; '.join(dict.fromkeys(counted.reasons.values()))}"
    else:
        rates = {name: 1e9 * rate for name, rate in machine.get("gflop_s", _EQUAL).items()}
        arithmetic, traffic = least(counted.works.values(), rates)
        flops = sum(arithmetic.flops.values())
        position["work"] = _work_as_json(arithmetic, traffic, counted.works)
        if "gflop_s" in machine:
            times = {"arithmetic": 1e3 * flop_seconds(arithmetic.flops, rates), "memory": traffic.bytes / machine["bandwidth_gb_s"] / 1e6}
            limit = max(times, key=lambda name: times[name])
            bound = times[limit]
            if bound > 0:
                position.update(bound_ms=bound, limit=limit, gap_closed=_closed(reference_ms, champion_ms, bound))
            position["notes"] = _notes(position, machine)
    position["elites"] = _elites(journal, confirmation, flops if position["work"] else None, position["bound_ms"])
    return position


_EQUAL: Mapping[str, float] = {"float32": 1.0, "float64": 1.0}


def _closed(reference_ms: float, champion_ms: float, bound_ms: float) -> float | None:
    """None where the reference is not above the bound; 0 where the champion is no faster than it."""
    if reference_ms <= bound_ms:
        return None
    return max(0.0, (reference_ms - champion_ms) / (reference_ms - bound_ms))


def _work_as_json(arithmetic: Work, traffic: Work, works: Mapping[str, Work]) -> dict[str, Any]:
    names = {id(work): name for name, work in works.items()}
    method = f"operations: the {names[id(arithmetic)]}, {arithmetic.method}"
    if traffic is not arithmetic:
        method += f"; bytes: the {names[id(traffic)]}, {traffic.method}"
    return {
        "flops": sum(arithmetic.flops.values()), "bytes": traffic.bytes, "method": method, "flops_by_dtype": arithmetic.flops,
        "operations": {precision: dict(kinds) for precision, kinds in arithmetic.operations.items()},
        "read": traffic.read, "written": traffic.written,
        "touched": {name: work.touched for name, work in works.items() if work.touched},
    }


def _notes(position: Mapping[str, Any], machine: Mapping[str, Any]) -> list[str]:
    notes = []
    bound, moved = position["bound_ms"], position["work"]["bytes"]
    if not position["work"]["flops"]:
        notes.append("it computes with no floating-point numbers, so that only memory traffic bounds it here")
    if bound is None:
        return notes
    cache = max(machine.get("caches", {}).values(), default=0)
    if position["limit"] == "memory" and moved <= cache:
        notes.append("arguments and results fit into the last-level cache, which is faster than the memory that the bound assumes")
    if position["champion_ms"] < bound:
        why = "its data stay in a cache" if position["limit"] == "memory" else "its compiler saves work that the count does not see"
        notes.append(f"the champion is faster than the bound: {why}, or the peaks were measured on a busy machine")
    elif position["gap_closed"] is None:
        notes.append("the reference is not slower than the bound, so that there is no gap to close")
    return notes


def _elites(journal: Journal, confirmation: Confirmation, flops: int | None, bound_ms: float | None) -> list[dict[str, Any]]:
    """The fastest verified candidates of the search on the champion's machine type, by their speedup over the anchor.

    Their times are put on the scale of the champion's last one by these speedups: what the clock showed during the search
    has drifted with the machine.
    """
    ratios = {row.evaluation.candidate: row.evaluation.faster for row in journal.evaluations(SEARCH)
              if row.evaluation.verdict is Verdict.VERIFIED and row.evaluation.faster and row.evaluation.machine == confirmation.machine}
    anchor_ms = _anchor_ms(confirmation, ratios)
    elites = []
    for identity, ratio in sorted(ratios.items(), key=lambda pair: -pair[1].speedup)[:MOST_ELITES]:
        ms = ratio.candidate_ns / 1e6 if anchor_ms is None else anchor_ms / ratio.speedup
        if ms > 0:
            elites.append({"identity": identity, "ms": ms, "gflop_s": None if flops is None else flops / ms / 1e6,
                           "of_roof": None if bound_ms is None else bound_ms / ms})
    return elites


def _anchor_ms(confirmation: Confirmation, ratios: Mapping[str, Ratio]) -> float | None:
    """What the anchor takes when the champion takes what its last examination showed; None where that cannot be told."""
    champion_ms = confirmation.over_reference.candidate_ns / 1e6 if confirmation.over_reference else None
    over = confirmation.over_seed or ratios.get(confirmation.champion)
    if champion_ms is None or over is None:
        return None
    seed = ratios.get(over.rival)
    return champion_ms * over.speedup * (seed.speedup if seed else 1.0)
