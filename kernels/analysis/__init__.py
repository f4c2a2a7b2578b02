"""Loop-nest analysis of candidate text: loops, array accesses with affine subscripts, dependences, scalars.

`analyse(candidate, signature)` is the door. Whatever it cannot decide, it answers as "may depend".
"""
from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial

from ..candidate import ENTRY, Candidate, CandidateError, Convention
from ..signature import Signature
from ..vecmath import recognise
from .aliases import Aliases
from .dependence import Dependences
from .liveness import Liveness, LoopScalars, Reduction, scalars_of
from .model import Access, FunctionAnalysis, Loop, Undecided
from .relations import promise
from .types import Type, Types
from .walk import analyse_function

__all__ = ["Access", "Analysis", "Dependences", "Function", "FunctionAnalysis", "Loop", "LoopScalars", "Reduction", "Type",
           "Undecided", "analyse"]


@dataclass(eq=False)
class Function:
    """One function of a candidate with all that is known of it."""

    node: ast.FunctionDef
    facts: FunctionAnalysis
    types: Types
    aliases: Aliases
    liveness: Liveness

    @cached_property
    def dependences(self) -> Dependences:
        return Dependences(self.facts)

    @property
    def is_entry(self) -> bool:
        return self.node.name == ENTRY

    def type_of(self, node: ast.expr) -> Type:
        return self.types.expression(self.node.name, node)

    def type_of_name(self, name: str) -> Type:
        return self.types.of(self.node.name, name)

    def scalars(self, loop: Loop) -> LoopScalars:
        """How the loop's body uses the names it binds."""
        return scalars_of(loop.node, self.liveness)


@dataclass(eq=False)
class Analysis:
    """A candidate's text, parsed, and the functions in it that could be analysed; the nodes are those of `tree`.
    undecided: why the others could not, by their names. Functions of vecmath are in neither."""

    tree: ast.Module
    functions: tuple[Function, ...]
    undecided: Mapping[str, str] = field(default_factory=dict)

    @property
    def loops(self) -> Iterator[tuple[Function, Loop]]:
        """Every loop with its function, outer loops before inner ones."""
        for function in self.functions:
            for loop in function.facts.loops:
                yield function, loop


def analyse(candidate: Candidate, signature: Signature) -> Analysis:
    """The analysis of a candidate's text, whatever its tunables are, for arguments that keep the signature's relations and are
    not empty: a champion's guard lets no others in. Functions outside the model are left out; raises CandidateError where the
    text does not parse."""
    return _analyse(candidate.text, candidate.convention, signature, tuned=True)


def analyse_as_tuned(candidate: Candidate, signature: Signature) -> Analysis:
    """The same of the text as it stands, tunables being the numbers that they are now. A function that is outside the model is
    in `undecided`, with the reason."""
    return _analyse(candidate.text, candidate.convention, signature, tuned=False)


@lru_cache(maxsize=12)
def _analyse(text: str, convention: Convention, signature: Signature, tuned: bool) -> Analysis:
    candidate = Candidate(text, convention=convention)
    tree = candidate.tree       # held, so that the types below are of the nodes of this very tree
    functions, undecided = [], {}
    constants = _constants(candidate, tuned)
    try:
        types = Types(candidate, signature)
        aliases = Aliases(types)
        for node in types.functions.values():
            if recognise(node):
                continue    # it has no array and no loop, and its roundings must stay as they are
            try:
                known = partial(promise, signature, convention) if node.name == ENTRY else None
                facts = analyse_function(node, types, aliases, constants, known)
                functions.append(Function(node, facts, types, aliases, Liveness(node.body)))
            except Undecided as reason:
                undecided[node.name] = str(reason)
    except RecursionError:
        raise CandidateError("the text is nested too deeply to be analysed") from None
    return Analysis(tree, tuple(functions), undecided)


def _constants(candidate: Candidate, tuned: bool) -> dict[str, tuple[int, int]]:
    """The module's integer constants: least and greatest value. tuned: a tunable may take each of its choices."""
    found = {}
    for node in candidate.tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            try:
                value = ast.literal_eval(node.value)
            except ValueError:
                continue
            if type(value) is int:
                found[node.targets[0].id] = (value, value)
    for tunable in candidate.tunables if tuned else ():
        if all(type(choice) is int for choice in tunable.choices):
            found[tunable.name] = (min(tunable.choices), max(tunable.choices))
        else:
            found.pop(tunable.name, None)
    return found
