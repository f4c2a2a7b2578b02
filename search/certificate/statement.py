"""Statement: what is proven of a champion, what was tested, and what is assumed, in sentences for a person."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...kernels.candidate import Candidate
from ...workers.confirmation import Confirmation
from ...workers.evaluation import Verdict
from ..result import times
from .evidence import Evidence, evidence, is_proof, subject

_TOLERANCES = {
    "default": "integers exactly, floats relative to their dtype and the length of the reductions",
    "exact": "exactly", "ulp": "within the declared units in the last place", "relative": "within the declared rtol and atol",
}
_IN_PLAIN_WORDS = {
    "parallel": "Whatever the sizes, no two iterations of its parallel loops get in each other's way.",
    "identity": "Rounding aside, it and the reference are the same formula.",
}
_AS_REPORTED = ("bounds", "access", "differential")  # these get a sentence of their own below


@dataclass(frozen=True)
class Statement:
    """proven: holds beyond the inputs that were run. tested: was seen to hold on the inputs that were run, or measured.
    assumed: what whoever relies on the champion takes for granted, or has to know."""

    proven: tuple[str, ...] = ()
    tested: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


def statement(confirmation: Confirmation | None, champion: Candidate | None, relations: Sequence[str] = ()) -> Statement:
    """The three lists for a verified champion; empty ones for any other.

    relations: what held between the arguments' shapes in all runs of the reference, as the signature says it.
    """
    if confirmation is None or champion is None or confirmation.verdict is not Verdict.VERIFIED:
        return Statement()
    found = evidence(confirmation.checks)
    return Statement(tuple(_proven(found, champion)), tuple(_tested(confirmation, found, champion)),
                     tuple(_assumed(found, champion, relations)))


def _proven(found: Mapping[str, Evidence], champion: Candidate) -> list[str]:
    said = [] if champion.options.parallel else ["It runs on one thread, so there is nothing that could race."]
    return said + [f"{_IN_PLAIN_WORDS[seen.name]} {_sentence(seen)}" for seen in found.values() if is_proof(seen)]


def _tested(confirmation: Confirmation, found: Mapping[str, Evidence], champion: Candidate) -> list[str]:
    said = []
    if (seen := found.get("differential")) and seen.cases:
        tolerance = next((c["facts"].get("tolerance") for c in confirmation.checks if c["name"] == "differential"), None)
        said.append(
            f"It agreed with the reference on {seen.cases} inputs at {len(seen.sizes)} sizes, drawn from fresh seeds that the search "
            f"had not used. Compared {_TOLERANCES.get(str(tolerance), 'as declared')}; greatest difference: {seen.worst or 'not noted'}.")
        said.append("Every run had inputs of its own and result memory filled with poison: an answer left over from an earlier "
                    "call, or memory that was never written, would have shown. Arguments that the reference leaves alone stayed "
                    "equal bit by bit.")
    if (seen := found.get("bounds")) and seen.cases:
        said.append(f"Compiled with bounds checks, it stayed inside its arrays on {seen.cases} small inputs.")
    if champion.options.parallel and "access" in found:
        said.append("No iteration of its parallel loops touches what another one writes, on the inputs whose accesses were logged.")
    told = {*_AS_REPORTED, *([] if champion.options.parallel else ["parallel"])}
    said += [_sentence(seen) for seen in found.values()
             if seen.name not in told and seen.applicable and not seen.approximation and not is_proof(seen)]
    if ratio := confirmation.over_reference:
        processes = confirmation.budget.get("processes")
        said.append(
            f"Measured: {times(ratio.speedup)} times as fast as the reference at the benchmark size (95 % interval {times(ratio.low)} to "
            f"{times(ratio.high)}), {ratio.rounds} paired rounds{f' in {processes} fresh processes' if processes else ''}.")
    return said


def _assumed(found: Mapping[str, Evidence], champion: Candidate, relations: Sequence[str]) -> list[str]:
    said = ["The reference is right: the champion was compared with it, and with nothing else."]
    if any(is_proof(seen) for seen in found.values() if seen.name == "identity"):
        said.append("The identity is one of exact arithmetic. How far rounding moves results was tested, not proven, and so was what "
                    "Numba compiled.")
    else:
        said.append("Inputs that were never tried give equal results too: agreement was tested, not proven.")
    said.append("For other dtypes, ranks or layouts than those that the reference was seen with, champion.py calls the bundled reference.")
    if relations:
        said.append(f"What held in all runs of the reference holds: {', '.join(relations)}. champion.py checks this on each call, and "
                    "calls the reference where it does not.")
    if champion.options.parallel and not any(is_proof(seen) for seen in found.values() if seen.name == "parallel"):
        said.append("Its parallel loops race on no other input: the access log is exact for the inputs that it ran on, and says "
                    "nothing of branches that they did not take.")
    if champion.options.fastmath:
        said.append(f"It is compiled with {', '.join(champion.options.fastmath)}: floating-point operations may be regrouped, so that its "
                    "last digits may differ on another machine.")
    if {"nnan", "ninf"} & set(champion.options.fastmath):
        said.append("No number is nan or infinite, as its author declared.")
    said += [f"It is an approximation of the reference, which the declared tolerance permits: {seen.approximation}."
             for seen in found.values() if seen.approximation]
    for lead, name in (("assumed", "assumptions"), ("taken as exact", "taken_as_exact")):
        said += [f"{subject(seen.name)}, {lead}: {'; '.join(lines)}." for seen in found.values() if (lines := getattr(seen, name))]
    said += [f"{subject(seen.name)}: not applicable, so nothing follows from it{f' ({seen.reason})' if seen.reason else ''}."
             for seen in found.values() if not seen.applicable]
    said.append("Numba, LLVM, NumPy and the processor work as they should. Speed belongs to the machine on which it was measured; another "
                "processor, BLAS or number of threads gives other figures.")
    return said


def _sentence(seen: Evidence) -> str:
    """What a check found, in its own words."""
    answer = f"{subject(seen.name)}: {seen.answer or 'nothing was found'}{f' ({seen.reason})' if seen.reason else ''}"
    counted = "" if seen.cases is None or is_proof(seen) or str(seen.cases) in seen.answer else f", on {seen.cases} inputs"
    measure = "error" if seen.worst_relative is None else "difference"
    worst = f"; greatest {measure}: {seen.worst}" if seen.worst else ""
    return " ".join([f"{answer}{counted}{worst}.", *map(_as_sentence, filter(None, (seen.method, seen.bound)))])


def _as_sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."
