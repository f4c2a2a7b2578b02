"""Helpers: a helper function of the second candidate in place of the first's of the same name, parameters and results.

What the helper needs comes with it where the first candidate has nothing of that name. Where it has, that stays: a
constant must then be the same, a tunable have the same choices, and a function the same parameters and results.
"""
from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from ..candidate import ENTRY
from .module import Module, needs
from .pair import Pair, Recombined

NAME = "helpers"


def propose(pair: Pair) -> Iterator[Recombined]:
    """All that can be exchanged at once, then each alone."""
    mine, other = Module.of(pair.first), Module.of(pair.second)
    fitting = [name for name, function in mine.functions.items()
               if name != ENTRY and _alike(name, mine, other) and ast.dump(function) != ast.dump(other.functions[name])
               and all(_fits(needed, mine, other) for needed in needs(other.functions[name], other))]
    for names in [fitting, *([name] for name in fitting if len(fitting) > 1)] if fitting else ():
        yield Recombined(replace(pair.first, text=_exchanged(names, Module.of(pair.first), other)), NAME,
                         f"{', '.join(names)} of the other")


def _exchanged(names: list[str], made: Module, other: Module) -> str:
    for name in names:
        made.functions[name] = other.functions[name]
        for needed in needs(other.functions[name], other):
            if not made.declares(needed):
                made.take(needed, other)
    return made.text()


def _fits(name: str, mine: Module, other: Module) -> bool:
    if name in other.functions:
        return _alike(name, mine, other) if name in mine.functions else name not in mine.names
    if name in mine.tunables and name in other.tunables:
        return set(mine.tunables[name].choices) == set(other.tunables[name].choices)
    return mine.agrees(name, other) if mine.declares(name) else name not in mine.names


def _alike(name: str, mine: Module, other: Module) -> bool:
    """Whether both have a function of this name with as many parameters and results."""
    if name not in mine.functions or name not in other.functions:
        return False
    one, two = mine.functions[name], other.functions[name]
    return len(one.args.args) == len(two.args.args) and _results(one) == _results(two)


def _results(function: ast.FunctionDef) -> set[int]:
    """How many values its returns give, 0 for none."""
    values = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    return {0 if value is None else len(value.elts) if isinstance(value, ast.Tuple) else 1 for value in values} or {0}
