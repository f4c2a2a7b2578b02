"""Text: a candidate's syntax tree as mutation operators see it, and the edits that they make to it."""
from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from ..analysis.names import blocks
from ..analysis.types import Type, Types
from ..candidate import Candidate, CandidateError, JitOptions, Lineage
from ..signature import Signature
from ..transforms.draft import rebuild

Block = list[ast.stmt]
Loop = ast.For


@dataclass(frozen=True, eq=False)
class Edit:
    """One small change. line: where. description: what, with the text before and after.

    old: a node of the tree, or a whole list of statements, and new: what stands in its place; None where only the
    options change. `new` may share nodes with the tree, which nobody changes.
    """

    line: int
    description: str
    old: ast.AST | Block | None = None
    new: ast.AST | Block | None = None
    options: JitOptions | None = None


class Text:
    """A candidate's tree with its types. finite: the spec's word that no nan or inf occurs. Raises CandidateError."""

    def __init__(self, candidate: Candidate, signature: Signature, finite: bool = False) -> None:
        self.candidate = candidate
        self.signature = signature
        self.finite = finite
        self.tree = candidate.tree
        self.types = Types(candidate, signature)
        self.functions = tuple(self.types.functions.values())
        self._owner = {id(node): function for function in self.functions for node in ast.walk(function)}

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the functions' bodies."""
        return tuple(node for function in self.functions for statement in function.body for node in ast.walk(statement))

    @cached_property
    def parents(self) -> Mapping[int, ast.AST]:
        """By `id` of a node, the node that holds it."""
        return {id(child): node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def blocks(self) -> tuple[tuple[ast.AST, Block], ...]:
        """Every list of statements with the function, loop or branch that it belongs to, outer ones first."""
        return tuple((node, block) for function in self.functions for node in ast.walk(function) if isinstance(node, ast.stmt)
                     for block in blocks(node))

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        """The loops over `range` or `prange`."""
        return tuple(node for node in self.nodes if isinstance(node, ast.For) and range_of(node) is not None)

    def function_of(self, node: ast.AST) -> ast.FunctionDef:
        return self._owner[id(node)]

    def type_of(self, node: ast.expr) -> Type:
        """The type of an expression of the tree."""
        return self.types.expression(self.function_of(node).name, node)

    def arrays(self, node: ast.AST) -> Mapping[str, Type]:
        """The arrays of known dtype and rank among the names of the function that holds `node`."""
        names = self.types.names[self.function_of(node).name]
        return {name: found for name, found in names.items() if found.is_array and found.dtype and found.ndim >= 0}

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """What holds `node`, innermost first."""
        while (node := self.parents.get(id(node))) is not None:
            yield node

    def apply(self, edit: Edit, operator: str) -> Candidate | None:
        """The candidate that the edit makes, its lineage set; None where its text is no candidate."""
        candidate = self.candidate
        lineage = Lineage(f"mutant:{operator}", f"line {edit.line}: {edit.description}", (candidate.identity,))
        made = replace(candidate, options=edit.options or candidate.options, lineage=lineage)
        if edit.old is not None:
            # A copy in which deepcopy takes `old` for copied already, and `new` for its copy.
            new = edit.new if edit.new != [] else [ast.Pass()]
            tree = copy.deepcopy(self.tree, {id(edit.old): new})
            made = replace(made, text=rebuild(tree, candidate.tunables))
        try:
            made.identity  # noqa: B018 - taking it parses the text
        except CandidateError:
            return None
        return made


Operator = Callable[[Text], Iterator[Edit]]
"""One way of damaging a text: every place where it applies. A family of them is a mapping from their names."""


def swapped(old: ast.expr | ast.stmt, new: ast.AST, note: str = "", options: JitOptions | None = None) -> Edit:
    """The edit that puts `new` in the place of `old`, described by both texts."""
    before, after = (_short(node) for node in (old, new))
    return Edit(old.lineno, f"{note + ': ' if note else ''}{before} -> {after}", old, new, options)


def reblocked(block: Block, new: Block, at: ast.stmt, description: str) -> Edit:
    """The edit that puts the statements `new` in the place of all of `block`."""
    return Edit(at.lineno, f"{description}: {_short(at)}", block, new)


def range_of(loop: ast.AST) -> ast.Call | None:
    """The call of `range` or `prange` that a loop runs over."""
    iterated = loop.iter if isinstance(loop, ast.For) else None
    if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) and iterated.func.id in ("range", "prange"):
        return iterated if iterated.args and not iterated.keywords else None
    return None


def is_parallel(loop: ast.AST) -> bool:
    call = range_of(loop)
    return call is not None and call.func.id == "prange"  # type: ignore[attr-defined]


def called(node: ast.AST) -> str:
    """The plain name of the function that a call is of: "max" for `max(...)`, `np.max(...)`; "" for anything else."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "math"), attr=name)):
            return name
    return ""


def number_of(node: ast.AST) -> int | float | complex | None:
    """The value of a number literal, its sign included; None for anything else, booleans too."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = number_of(node.operand)
        return None if inner is None else -inner
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, int | float | complex) and not isinstance(value, bool) else None


def is_constant(node: ast.expr) -> bool:
    """Whether an expression is made of literals alone: `0`, `np.float32(0.0)`, `-np.inf`, `np.finfo(np.float32).min`."""
    return not any(isinstance(n, ast.Subscript) or (isinstance(n, ast.Name) and n.id not in ("np", "math", "float", "int", "complex"))
                   for n in ast.walk(node))


def shifted(node: ast.expr, by: int) -> ast.expr:
    """`node + by`, a literal added up."""
    value = number_of(node)
    if isinstance(value, int):
        return ast.Constant(value + by)
    return ast.BinOp(node, ast.Add() if by > 0 else ast.Sub(), ast.Constant(abs(by)))


def _short(node: ast.AST) -> str:
    first, *more = ast.unparse(ast.fix_missing_locations(node)).split("\n")
    return first + (" ..." if more else "")
