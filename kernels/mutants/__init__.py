"""Mutants: correct candidates damaged by one small edit each, to measure whether the verification notices.

Method: mutation analysis (DeMillo, Lipton and Sayward, "Hints on test data selection", 1978). An operator is a function
that yields every edit of its kind; a family of them is a file.
"""
from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..candidate import Candidate
from ..dialect.gate import complaint
from ..signature import Signature
from . import arithmetic, bounds, conditions, numbers, races, statements, subscripts
from .text import Operator, Text

__all__ = ["OPERATORS", "Mutant", "mutants"]

_FAMILIES = (bounds, subscripts, conditions, arithmetic, numbers, statements, races)
OPERATORS: Mapping[str, Operator] = {name: operator for family in _FAMILIES for name, operator in family.OPERATORS.items()}


@dataclass(frozen=True)
class Mutant:
    """A damaged candidate. operator: the name of what damaged it; line: of the original's text, 0 where only options
    changed; description: the text before and after."""

    operator: str
    line: int
    description: str
    candidate: Candidate


def mutants(
    candidate: Candidate, signature: Signature, rng: random.Random, finite: bool = False,
    operators: Mapping[str, Operator] = OPERATORS,
) -> Iterator[Mutant]:
    """Every mutant of `candidate` that is in the dialect, each distinct candidate once, never the original.

    The operators take turns, in an order drawn by `rng` like that of their edits, so that the first few mutants are of
    as many kinds. signature: of the reference. finite: the spec's word that no nan or inf occurs: then arithmetic that
    ignores them is no damage. Raises CandidateError where the text does not parse.
    """
    text = Text(candidate, signature, finite)
    seen = {candidate.identity}
    turns = []
    for name in rng.sample(sorted(operators), len(operators)):
        edits = list(operators[name](text))
        rng.shuffle(edits)
        turns.append(_accepted(text, name, iter(edits), seen))
    while turns:
        following = []
        for turn in turns:
            mutant = next(turn, None)
            if mutant is not None:
                yield mutant
                following.append(turn)
        turns = following


def _accepted(text: Text, operator: str, edits: Iterator, seen: set[str]) -> Iterator[Mutant]:
    """The edits' candidates that nobody has made yet and that the gate accepts."""
    for edit in edits:
        made = text.apply(edit, operator)
        if made is not None and made.identity not in seen and not complaint(made):
            seen.add(made.identity)
            yield Mutant(operator, edit.line, edit.description, made)
