"""Proof: what the champion's last examination showed, and what it did not, in a person's words."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...kernels.candidate import Candidate
from ...workers.confirmation import Confirmation

NAMES = {
    "bounds": "Bounds: compiled with bounds checks, on small inputs",
    "access": "Access log: every read and write of each prange iteration, on small inputs",
    "differential": "Differential tests: the compiled champion beside the reference",
}
TOLERANCES = {
    "default": "integers exactly, floats relative to their dtype and the length of the reductions",
    "exact": "exactly", "ulp": "within the declared units in the last place", "relative": "within the declared rtol and atol",
}


@dataclass(frozen=True)
class Shown:
    """One check. cases: inputs tried, None where it does not say. worst: the greatest difference seen, in words."""

    name: str
    verdict: str
    message: str
    cases: int | None
    sizes: tuple[str, ...]
    worst: str
    seeds: tuple[int, ...]


def checks(confirmation: Confirmation | None) -> list[Shown]:
    """The checks in the order in which they were made."""
    return [_shown(check) for check in confirmation.checks] if confirmation else []


def proven(confirmation: Confirmation | None, champion: Candidate | None, observation: Mapping[str, Any] | None) -> list[str]:
    """What may be claimed; empty without a verified champion."""
    if confirmation is None or champion is None or not confirmation.equivalent:
        return []
    said = []
    facts = next((check["facts"] for check in confirmation.checks if check["name"] == "differential"), {})
    if facts.get("cases"):
        said.append(
            f"It agreed with the reference on {facts['cases']} inputs at {len(facts.get('sizes', ()))} sizes, drawn from fresh seeds "
            f"that the search had not used. Compared {TOLERANCES.get(str(facts.get('tolerance')), 'as declared')}; "
            f"greatest difference: {_worst(facts)}.")
    said.append("Every run had inputs of its own and result memory filled with poison: an answer left over from an earlier "
                "call, or memory that was never written, would have shown. Arguments that the reference leaves alone stayed "
                "equal bit by bit.")
    if champion.options.parallel and confirmation.legal_in_parallel:
        said.append("No iteration of its parallel loops touches what another one writes, on the inputs whose accesses were logged.")
    elif not champion.options.parallel:
        said.append("It runs on one thread, so there is nothing that could race.")
    relations = ((observation or {}).get("signature") or {}).get("relations") or ()
    if relations:
        said.append(f"It may rely on what held in all runs of the reference: {', '.join(relations)}. champion.py checks this on each call.")
    return said


def not_proven(confirmation: Confirmation | None, champion: Candidate | None) -> list[str]:
    """What a person should know before relying on the champion; empty without one."""
    if confirmation is None or champion is None:
        return []
    said = ["Agreement was tested, not proven for all inputs: what the input generator never makes (nan or infinity, other "
            "shapes, extreme values) was never compared. For other dtypes, ranks or layouts, champion.py calls the bundled reference."]
    if champion.options.parallel:
        said.append("The access log is exact for the inputs that it ran on, and says nothing of branches that they did not take.")
    if champion.options.fastmath:
        said.append(f"It is compiled with {', '.join(champion.options.fastmath)}: floating-point operations may be regrouped, so that its "
                    "last digits may differ on another machine.")
    said.append("Speed was measured on the machine below and belongs to it; another processor, BLAS or number of threads gives "
                "other figures.")
    return said


def _shown(check: Mapping[str, Any]) -> Shown:
    facts = check["facts"]
    sizes = tuple(str(size).removeprefix("size ") for size in facts.get("sizes", ()))
    name = str(check["name"])
    return Shown(NAMES.get(name, name), str(check["verdict"]), str(check["message"]), facts.get("cases"), sizes,
                 _worst(facts) if "worst_ulp" in facts else "", tuple(facts.get("seeds", ())))


def _worst(facts: Mapping[str, Any]) -> str:
    ulp, relative = float(facts.get("worst_ulp") or 0.0), float(facts.get("worst_relative") or 0.0)
    if not ulp and not relative:
        return "none"
    where = f", {facts['worst_at']}" if facts.get("worst_at") else ""
    return f"{ulp:.3g} ULP ({relative:.2g} relative{where})"
