"""Merge: what two candidates changed of a common ancestor, both at once.

A three-way merge, as of source files (diff3: Khanna, Kunal and Pierce, "A formal investigation of diff3", FSTTCS 2007),
but over statements instead of lines: where one candidate changed a statement the change is taken, where both changed the
same loop its header and body are merged in turn, and where that cannot be done nothing comes of it. So a kernel of several
loop nests gets the best known form of each, whoever found it.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from ..candidate import ENTRY, JitOptions
from .blocks import Conflict, Merger
from .convention import in_convention
from .module import Module
from .pair import Pair, Recombined
from .sound import is_sound

NAME = "merge"


def propose(pair: Pair) -> Iterator[Recombined]:
    """One candidate, where both changed something and the changes fit together."""
    first, second, base = pair.first, pair.second, pair.base
    if base is None or base.identity in (first.identity, second.identity):
        return
    if first.convention == second.convention != base.convention:
        base = in_convention(base, first.convention, pair.signature)
    if base is None or not first.convention == second.convention == base.convention:
        return
    try:
        made, ours, theirs = _merged(Module.of(base), Module.of(first), _apart(Module.of(second), Module.of(first), Module.of(base)))
    except Conflict:
        return
    if ours and theirs and is_sound(made):
        options = _options(base.options, first.options, second.options)
        yield Recombined(replace(first, text=made.text(), options=options), NAME,
                         f"{ours} and {theirs} change{'s' if theirs > 1 else ''} since {base.identity} joined")


def _merged(base: Module, first: Module, second: Module) -> tuple[Module, int, int]:
    """What both made of `base` together, and how many changes came of each alone. Raises Conflict."""
    made = Module({}, {}, {})
    for name in dict.fromkeys([*first.constants, *second.constants]):
        made.take(name, _owner(name, base, first, second))
    ours = theirs = 0
    for name in dict.fromkeys([*(n for n in second.functions if n != ENTRY), *first.functions]):
        versions = [module.functions.get(name) for module in (base, first, second)]
        if all(versions):
            merger = Merger(*versions)
            made.functions[name] = merger.function()
            ours, theirs = ours + merger.ours, theirs + merger.theirs
        elif name not in base.functions:
            owner = _owner(name, base, first, second)
            made.functions[name] = owner.functions[name]
            ours, theirs = ours + (owner is first), theirs + (owner is second)
    if clashing := set(made.constants) & set(made.functions):
        raise Conflict(min(clashing))
    return made, ours, theirs


def _apart(second: Module, first: Module, base: Module) -> Module:
    """`second` with new names for constants that both introduced: a tile of one loop is none of another's."""
    clashing = (set(second.constants) & set(first.constants)) - set(base.constants)
    if not clashing:
        return second
    taken = first.names | second.names | set(first.constants) | set(second.constants)
    names = {}
    for name in sorted(clashing):
        names[name] = next(fresh for n in count(2) if (fresh := f"{name}_{n}") not in taken)
        taken.add(names[name])
    return second.renamed(names)


def _owner(name: str, base: Module, first: Module, second: Module) -> Module:
    """Whose version of a constant or function is taken: that which changed it. Raises Conflict where both did."""
    if not second.declares(name) or first.declares(name) and (first.agrees(name, second) or second.agrees(name, base)):
        return first
    if not first.declares(name) or first.agrees(name, base):
        return second
    raise Conflict(name)


def _options(base: JitOptions, first: JitOptions, second: JitOptions) -> JitOptions:
    """Each option of the second where the first left it as it was."""
    parallel = second if (first.parallel, first.threads) == (base.parallel, base.threads) else first
    return JitOptions(parallel.parallel, (second if first.fastmath == base.fastmath else first).fastmath,
                      (second if first.error_model == base.error_model else first).error_model, parallel.threads)

