"""Draft: a candidate's tree being rewritten, and the rewrite that comes of it."""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..analysis import Analysis, Loop
from ..analysis.names import FreshNames, blocks
from ..candidate import Candidate, CandidateError, JitOptions, Lineage, Number, Tunable
from ..idle_flags import awake

Node = TypeVar("Node", bound=ast.AST)
MAX_LINES = 1500         # unrolled text beyond this would choke the compiler


def _copied(node: Node, copies: dict[int, Any]) -> Node:
    """A copy of a tree, as `copy.deepcopy` makes it but several times as fast; `copies`: by `id` of each node, its copy. Contexts and
    operators, which have no parts, stay the same objects."""
    made = copies[id(node)] = type(node).__new__(type(node))
    fields = vars(made)
    fields.update(vars(node))
    for field in node._fields:
        value = fields.get(field)
        if isinstance(value, list):
            fields[field] = [_copied(item, copies) if isinstance(item, ast.AST) else item for item in value]
        elif isinstance(value, ast.AST) and value._fields:
            fields[field] = _copied(value, copies)
    return made


@dataclass(frozen=True)
class Rewrite:
    """A candidate made from another. transform: the rewrite's name; note: what it did, where (lines of the parent)."""

    candidate: Candidate
    transform: str
    note: str


class Draft:
    """A copy of a candidate's tree that may be changed; `of(node)` finds the copy of a node of the original."""

    def __init__(self, candidate: Candidate, analysis: Analysis) -> None:
        self.candidate = candidate
        self._copies: dict[int, Any] = {}
        self.tree: ast.Module = _copied(analysis.tree, self._copies)
        self.fresh = FreshNames(self.tree)
        self.tunables = list(candidate.tunables)

    def of(self, node: Node) -> Node:
        return self._copies[id(node)]

    def stands_for(self, node: ast.AST, made: ast.AST) -> None:
        """From now on `of(node)` finds what was put in its place."""
        self._copies[id(node)] = made

    def block_of(self, statement: ast.stmt) -> tuple[list[ast.stmt], int]:
        """The statement list that holds `statement` (of the copy), and its position there."""
        for node in ast.walk(self.tree):
            for block in blocks(node):
                for position, other in enumerate(block):
                    if other is statement:
                        return block, position
        raise LookupError("the statement is no longer in the draft")

    def replace(self, statement: ast.stmt, *new: ast.stmt) -> None:
        block, position = self.block_of(statement)
        block[position:position + 1] = list(new)
        if not block:
            block.append(ast.Pass())

    def where_it_runs(self, loop: Loop, lines: list[ast.stmt]) -> None:
        """Puts `lines`, the loop (of the copy) among them, in its place, under a test that it has an iteration."""
        node, (start, stop) = self.of(loop.node), loop.range_arguments
        placeholder = ast.Pass()
        self.replace(node, placeholder)
        template = "start > stop" if loop.descending else "start < stop"
        self.replace(placeholder, ast.If(expression(template, start=start, stop=stop), lines, []))

    def put(self, old: ast.expr, new: ast.expr) -> None:
        """Puts an expression in the place of another (of the copy)."""
        for holder in ast.walk(self.tree):
            for field, value in ast.iter_fields(holder):
                if value is old:
                    setattr(holder, field, new)
                elif isinstance(value, list) and any(each is old for each in value):
                    value[:] = [new if each is old else each for each in value]

    def tunable(self, wanted: str, value: Number, choices: Sequence[Number]) -> str:
        """Declares a new tunable on top of the module and returns its name."""
        name = self.fresh(wanted)
        position = 0
        while position < len(self.tree.body) and isinstance(self.tree.body[position], ast.Assign | ast.Expr):
            position += 1
        self.tree.body.insert(position, assign(name, ast.Constant(value)))
        self.tunables.append(Tunable(name, value, tuple(choices)))
        return name

    def finish(self, transform: str, note: str, options: JitOptions | None = None) -> Rewrite | None:
        """The rewrite, or None where its text would not parse, or be too long."""
        try:
            text = rebuild(self.tree, self.tunables)
        except (RecursionError, ValueError):
            return None
        return rewritten(self.candidate, transform, note, text, options)


def rewritten(candidate: Candidate, transform: str, note: str, text: str | None = None,
              options: JitOptions | None = None) -> Rewrite | None:
    """`candidate` with another text or other options, without flags that are idle there, its lineage set; None where it is no
    candidate or the same one."""
    lineage = Lineage(f"rewrite:{transform}", note, (candidate.identity,))
    made = replace(candidate, text=candidate.text if text is None else text,
                   options=candidate.options if options is None else options, lineage=lineage)
    try:
        made = awake(made)
        lines = made.text.count("\n")
        if lines > MAX_LINES or not made.tunables and candidate.tunables:
            return None
        # An identity takes as long as the rewrite; what has another number of lines is another text.
        if lines == candidate.text.count("\n") and made.identity in (candidate.identity, awake(candidate).identity):
            return None
    except CandidateError:
        return None
    return Rewrite(made, transform, note)


def rebuild(tree: ast.Module, tunables: Iterable[Tunable]) -> str:
    """The tree as text; `ast.unparse` drops comments, so each tunable's domain is written again beside it."""
    domains = {t.name: t for t in tunables}
    lines = []
    for line in ast.unparse(ast.fix_missing_locations(tree)).splitlines():
        name, equals, _ = line.partition(" = ")
        if equals and name in domains:
            tunable = domains.pop(name)
            line = f"{name} = {tunable.value!r}  # tune: {' '.join(map(repr, tunable.choices))}"
        lines.append(line)
    return "\n".join(lines) + "\n"


# building blocks of trees


def name(identifier: str) -> ast.Name:
    return ast.Name(identifier, ast.Load())


def assign(target: str | ast.expr, value: ast.expr) -> ast.Assign:
    place = ast.Name(target, ast.Store()) if isinstance(target, str) else as_store(target)
    return ast.Assign([place], value, lineno=0)


def as_store(node: ast.expr) -> ast.expr:
    made = copy.deepcopy(node)
    made.ctx = ast.Store()  # type: ignore[attr-defined]
    return made


def as_load(node: ast.expr) -> ast.expr:
    made = copy.deepcopy(node)
    made.ctx = ast.Load()  # type: ignore[attr-defined]
    return made


def expression(template: str, **parts: ast.expr | str | int) -> ast.expr:
    """`template` parsed, each name of `parts` in it replaced by (a copy of) the part."""
    made = {key: part if isinstance(part, ast.expr) else name(part) if isinstance(part, str) else ast.Constant(part)
            for key, part in parts.items()}
    return folded(substitute(ast.parse(template, mode="eval").body, made))


def loop_over(variable: str, start: ast.expr, stop: ast.expr, body: list[ast.stmt], step: ast.expr | None = None,
              parallel: bool = False) -> ast.For:
    """`for variable in range(start, stop, step)`, without the arguments that are defaults."""
    arguments = [start, stop] if step is None else [start, stop, step]
    if step is None and isinstance(start, ast.Constant) and start.value == 0:
        arguments = [stop]
    iterated = ast.Call(name("prange" if parallel else "range"), [copy.deepcopy(a) for a in arguments], [])
    return ast.For(ast.Name(variable, ast.Store()), iterated, body, [], lineno=0)


class _Substitution(ast.NodeTransformer):
    def __init__(self, parts: dict[str, ast.expr]) -> None:
        self.parts = parts

    def visit_Name(self, node: ast.Name) -> ast.expr:
        part = self.parts.get(node.id)
        if part is None:
            return node
        if isinstance(part, ast.Name):
            return ast.Name(part.id, node.ctx)
        return copy.deepcopy(part) if isinstance(node.ctx, ast.Load) else node


def substitute(node: Node, parts: dict[str, ast.expr]) -> Node:
    """A copy of `node` with names replaced; a name that is bound there can only be replaced by another name."""
    return _Substitution(parts).visit(copy.deepcopy(node))


def renamed(nodes: Iterable[Node], names: dict[str, str]) -> list[Node]:
    return [substitute(node, {old: name(new) for old, new in names.items()}) for node in nodes]


class _Folding(ast.NodeTransformer):
    """Drops `+ 0` and `* 1`, and adds up constants: `i + 1 + 2` becomes `i + 3`."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        left, right = _integer(node.left), _integer(node.right)
        match node.op:
            case ast.Add() if left is not None and right is not None:
                return ast.Constant(left + right)
            case ast.Sub() if left is not None and right is not None and left >= right:
                return ast.Constant(left - right)
            case ast.Mult() if left is not None and right is not None:
                return ast.Constant(left * right)
            case (ast.Add() | ast.Sub()) if right == 0:
                return node.left
            case ast.Add() if left == 0:
                return node.right
            case ast.Mult() if right == 1:
                return node.left
            case ast.Mult() if left == 1:
                return node.right
        return node


def _integer(node: ast.expr) -> int | None:
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def folded(node: ast.expr) -> ast.expr:
    """The same integer expression, shorter; only for index arithmetic (it drops `+ 0`)."""
    return _Folding().visit(node)


def shown(node: ast.expr) -> str:
    """An expression as a note shows it."""
    return ast.unparse(node)
