"""Entry: which function of a file is the kernel."""
from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping

from ...kernels.candidate import ENTRY
from .module import Module, names_read

_NAMED = 6


def is_champion(module: Module) -> bool:
    """Whether the file has a champion's marks: `<function>.kernel = <entry>`, or functions under a decorator of its own
    that compiles them. Besides its kernel it holds a reference, which no kernel's text may be mixed up with."""
    return bool(_marked(module)) or any(module.wraps_jit(d) for f in module.functions.values() for d in f.decorator_list)


def entry_of(module: Module, function: str) -> ast.FunctionDef:
    """The entry: the one that a champion marks; else, among the compiled functions or, if there are none, among all, the
    one that no other reads. Where several remain, the one called `kernel` or like the reference `function`.

    Raises RunError where none or several remain.
    """
    marked = _marked(module)
    if len(marked) == 1:
        return module.functions[next(iter(marked))]
    compiled = {name: node for name, node in module.functions.items() if module.jit_of(node)}
    group = compiled or module.functions
    if not group:
        raise module.refuse(0, "it defines no function, so it holds no kernel")
    free = _free(group)
    named = [name for name in dict.fromkeys((ENTRY, function)) if name in free]
    found = free if len(free) == 1 else named
    if len(found) != 1:
        names = ", ".join(list(found or free or group)[:_NAMED])
        raise module.refuse(0, f"several functions may be the kernel ({names}); leave one, or call one of them {ENTRY}"
                            if not named else f"both {' and '.join(named)} may be the kernel; leave one of them")
    return group[found[0]]


def _marked(module: Module) -> set[str]:
    """What `<function>.kernel = <entry>` at the file's top names."""
    return {node.value.id for node in module.tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in module.functions
            and any(isinstance(t, ast.Attribute) and t.attr == ENTRY for t in node.targets)}


def _free(group: Mapping[str, ast.FunctionDef]) -> list[str]:
    """The functions that no other of the group reads."""
    readers: Counter[str] = Counter()
    for name, node in group.items():
        readers.update(names_read(node) - {name})
    return [name for name in group if not readers[name]]
