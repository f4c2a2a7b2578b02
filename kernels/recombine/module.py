"""Module: a candidate's text as its constants, tunables and functions, to take parts out of and put them together again."""
from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..analysis.names import loaded, used
from ..candidate import Candidate, Tunable
from ..transforms.draft import rebuild


@dataclass
class Module:
    """Constants and functions by name, in the order of the text."""

    constants: dict[str, ast.Assign]
    functions: dict[str, ast.FunctionDef]
    tunables: dict[str, Tunable]

    @classmethod
    def of(cls, candidate: Candidate) -> Module:
        """The candidate's; its nodes are shared with its tree and must not be changed. Raises CandidateError."""
        constants = {node.targets[0].id: node for node in candidate.tree.body
                     if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)}
        functions = {node.name: node for node in candidate.tree.body if isinstance(node, ast.FunctionDef)}
        return cls(constants, functions, {t.name: t for t in candidate.tunables})

    def renamed(self, names: Mapping[str, str]) -> Module:
        """A copy in which constants and tunables go by other names."""
        nodes = {name: copy.deepcopy(node) for name, node in (*self.constants.items(), *self.functions.items())}
        for node in [n for root in nodes.values() for n in ast.walk(root) if isinstance(n, ast.Name)]:
            node.id = names.get(node.id, node.id)
        return Module({names.get(name, name): nodes[name] for name in self.constants}, {name: nodes[name] for name in self.functions},
                      {names.get(name, name): replace(t, name=names.get(name, name)) for name, t in self.tunables.items()})

    def text(self) -> str:
        """As a candidate's text. Constants that no function reads are left out."""
        read = loaded(self.functions.values())
        constants = [node for name, node in self.constants.items() if name in read]
        tree = ast.Module([*constants, *self.functions.values()], [])
        return rebuild(tree, [t for name, t in self.tunables.items() if name in read])

    @property
    def names(self) -> set[str]:
        """All names that occur in its functions, in any role."""
        return used(self.functions.values())

    def take(self, name: str, other: Module) -> None:
        """The constant, tunable or function `name` of `other`, in place of its own."""
        if name in other.functions:
            self.functions[name] = other.functions[name]
            return
        self.constants[name] = other.constants[name]
        self.tunables.pop(name, None)
        if name in other.tunables:
            self.tunables[name] = other.tunables[name]

    def declares(self, name: str) -> bool:
        return name in self.constants or name in self.functions

    def agrees(self, name: str, other: Module) -> bool:
        """Whether `name` stands for the same in both: an equal constant with equal choices, or an equal function."""
        mine, theirs = (m.constants.get(name) or m.functions.get(name) for m in (self, other))
        return mine is not None and theirs is not None and ast.dump(mine) == ast.dump(theirs) and (
            self.tunables.get(name) == other.tunables.get(name))


def needs(function: ast.FunctionDef, module: Module) -> Mapping[str, None]:
    """What of `module` the function reads or calls, and what that needs in turn, in order of discovery."""
    found: dict[str, None] = {}
    waiting: list[ast.FunctionDef] = [function]
    while waiting:
        for name in sorted(loaded([waiting.pop()])):
            if module.declares(name) and name not in found and name != function.name:
                found[name] = None
                if name in module.functions:
                    waiting.append(module.functions[name])
    return found
