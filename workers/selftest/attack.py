"""Attack: a candidate, or a model's answer, that would win if nobody noticed what it does."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...kernels.candidate import Candidate, JitOptions
from ..evaluation import Verdict

SEEN = "seen before"
"""How an answer ends that is only what was asked about: it is dropped, as the search drops what it knows."""
SERIAL = JitOptions()
PARALLEL = JitOptions(parallel=True)


@dataclass(frozen=True)
class Attack:
    """One attack on one of the kernels in `kernels`.

    story: how it would win, in a sentence. stopped_by: what stops it, in some words. candidate, or answer: what a
    language model would have said. expected: the verdicts in which it may end; VERIFIED never is one.
    """

    name: str
    story: str
    stopped_by: str
    kernel: str
    expected: frozenset[str]
    candidate: Candidate | None = None
    answer: str | None = None


@dataclass(frozen=True)
class Control:
    """An honest candidate, which must be verified: refusing everything is no defence."""

    name: str
    kernel: str
    candidate: Candidate


def writes(text: str, options: JitOptions = SERIAL) -> Candidate:
    """A candidate that fills the arrays it is given."""
    return Candidate(text, options, "writes")


def returns(text: str, options: JitOptions = SERIAL) -> Candidate:
    """A candidate that returns its results, or writes to its arguments only."""
    return Candidate(text, options, "returns")


def on(
    kernel: str, name: str, story: str, stopped_by: str, candidate: Candidate, *expected: Verdict
) -> Attack:
    """An attack by a candidate that must end in one of `expected` (none given: WRONG)."""
    return Attack(name, story, stopped_by, kernel, frozenset(map(str, expected or (Verdict.WRONG,))), candidate)


def refused(kernel: str, stopped_by: str, texts: Iterable[tuple[str, str, str]]) -> tuple[Attack, ...]:
    """Attacks, given as (name, story, text), that the gate must refuse."""
    return tuple(
        Attack(name, story, stopped_by, kernel, frozenset({str(Verdict.REFUSED)}), writes(text)) for name, story, text in texts
    )


def by_name(attacks: Iterable[Attack]) -> Mapping[str, Attack]:
    """The attacks by name. Raises ValueError where a name is taken twice, or an attack may win."""
    found: dict[str, Attack] = {}
    for attack in attacks:
        if attack.name in found:
            raise ValueError(f"two attacks are called {attack.name}")
        if (attack.candidate is None) == (attack.answer is None) or str(Verdict.VERIFIED) in attack.expected:
            raise ValueError(f"the attack {attack.name} is ill-defined")
        found[attack.name] = attack
    return found
