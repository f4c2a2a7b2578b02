"""Questions: equivalent? legal in parallel? faster, by how much? Three questions, each with its own answer and evidence."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...kernels.candidate import Candidate
from ...workers.confirmation import Confirmation
from ...workers.evaluation import Ratio
from .evidence import Evidence, answer_of, evidence, is_proof, method_of, title
from .speed import NJIT, NO_NJIT, REFERENCE, SAME_KERNEL, SEED, speed_answer

COMMAND = "kernwright verify champion.py"
WITHOUT_TIMING = f"{COMMAND} --no-timing"
_LEGALITY = ("access", "parallel")
_ONE_PROCESS = 1
_TIMING = (
    "Both kernels take turns in one process (ABBA), on copies of the same inputs, alone on leased cores. speedup is the median of the "
    "paired ratios, low and high its 95 % interval; each process counts as one value. By size: one process each."
)


def questions(confirmation: Confirmation, champion: Candidate, over: Mapping[str, Ratio | None]) -> dict[str, Any]:
    """The three questions as the certificate holds them. over: the paired timing by rival, None where there is none."""
    legality = [check for check in confirmation.checks if check["name"] in _LEGALITY]
    others = [check for check in confirmation.checks if check["name"] not in _LEGALITY]
    found = evidence(confirmation.checks)
    return {
        "equivalent": {
            "question": "Does it compute what the reference computes?",
            "answer": "identical as formulas, and equal in every test" if _proved(found, "identity") else "equal in every test",
            "verdict": str(confirmation.verdict), **_gathered(others, found), "repeat": WITHOUT_TIMING,
        },
        "legal_in_parallel": {
            "question": "Do iterations that run at the same time leave each other alone?",
            "answer": _legality(champion, found), "verdict": str(confirmation.verdict), **_gathered(legality, found), "repeat": WITHOUT_TIMING,
        },
        "faster": _faster(confirmation, over),
    }


def _legality(champion: Candidate, found: Mapping[str, Evidence]) -> str:
    if not champion.options.parallel:
        return "nothing runs in parallel"
    return "proven" if _proved(found, "parallel") else "no race in what was logged"


def _proved(found: Mapping[str, Evidence], name: str) -> bool:
    return name in found and is_proof(found[name])


def _gathered(checks: Sequence[Mapping[str, Any]], found: Mapping[str, Evidence]) -> dict[str, Any]:
    """The checks one by one, and over all of them: how many inputs, at which sizes, and the greatest difference."""
    names = dict.fromkeys(check["name"] for check in checks)
    seen = [found[name] for name in names]
    # An error against exact results is no difference from the reference.
    measured = [one for one in seen if one.worst_ulp is not None and one.worst_relative is not None]
    worst = max(measured, key=lambda one: (one.worst_ulp or 0.0, one.worst_relative or 0.0), default=None)
    return {
        "inputs": sum(one.cases or 0 for one in seen),
        "sizes": list(dict.fromkeys(size for one in seen for size in one.sizes)),
        "worst": worst and {"ulp": worst.worst_ulp, "relative": worst.worst_relative, "at": worst.worst_at},
        "checks": [{"name": str(check["name"]), "title": title(str(check["name"])), "verdict": str(check["verdict"]),
                    "answer": answer_of(check), "method": method_of(check), "message": str(check["message"]),
                    "facts": dict(check["facts"])} for check in checks],
    }


def _faster(confirmation: Confirmation, over: Mapping[str, Ratio | None]) -> dict[str, Any]:
    processes = int(confirmation.budget.get("processes", 0)) or None
    reasons = {REFERENCE: "it was not timed", SEED: "it was not timed", NJIT: NO_NJIT}
    against = {}
    for rival, why_not in reasons.items():
        ratio = over.get(rival)
        if ratio is not None and not ratio.rounds:
            ratio, why_not = None, SAME_KERNEL
        against[rival] = {"measured": False, "reason": why_not} if ratio is None else _timing(ratio, processes)
    sizes = {label: _timing(ratio, processes if ratio == confirmation.over_reference else _ONE_PROCESS)
             for label, ratio in confirmation.by_size.items()}
    return {
        "question": "Is it faster, and by how much?",
        "answer": speed_answer(over.get(REFERENCE)), "method": _TIMING, "against": against, "by_size": sizes,
        "wins_at": [label for label, ratio in confirmation.by_size.items() if ratio.low > 1.0],
        "first_call_s": confirmation.first_call_s, "repeat": COMMAND,
    }


def _timing(ratio: Ratio, processes: int | None) -> dict[str, Any]:
    return {
        "measured": True, "answer": speed_answer(ratio), "rival": ratio.rival, "speedup": ratio.speedup, "low": ratio.low,
        "high": ratio.high, "rounds": ratio.rounds, "processes": processes, "champion_ns": ratio.candidate_ns,
        "rival_ns": ratio.rival_ns, "ratios": list(ratio.samples),
    }
