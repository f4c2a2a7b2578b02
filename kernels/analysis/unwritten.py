"""Reads of memory that nothing has written, found on the text: for every input, whatever branch it takes.

The access log sees such a read only where its inputs lead to it. Here an array counts as unwritten from its allocation
(`np.empty`, `np.empty_like`, or an output that the caller hands over) until the first statement that may write any of
it. What is read before that is undefined, so a correct kernel does not do it; what is read after it, this says nothing of.
"""
from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from itertools import count

from ..candidate import ENTRY, Candidate
from ..signature import Signature

_ALLOCATORS = {"empty", "empty_like"}
_VIEWS = {"view", "reshape", "ravel", "transpose", "T", "real", "imag"}
_FACTS = {"shape", "size", "ndim", "dtype", "itemsize", "nbytes", "strides"}
Group = int


def unwritten_reads(candidate: Candidate, signature: Signature) -> tuple[str, ...]:
    """Every read of memory that nothing can have written, as a line of text each; empty where there is none."""
    found: list[str] = []
    for function in candidate.tree.body:
        if isinstance(function, ast.FunctionDef):
            walk = _Walk(found)
            if function.name == ENTRY and candidate.convention == "writes":
                names = [argument.arg for argument in function.args.args][len(signature.arguments):]
                for name, output in zip(names, signature.outputs):
                    walk.allocate(name, output.ndim)
            walk.block(function.body)
    return tuple(dict.fromkeys(found))


class _Walk:
    """One function in the order of its text. of: the group of memory that a name stands for; unwritten: the groups that
    nothing has written yet; rank: a name's dimensions where they are known."""

    def __init__(self, found: list[str]) -> None:
        self.found = found
        self.of: dict[str, Group] = {}
        self.rank: dict[str, int] = {}
        self.unwritten: frozenset[Group] = frozenset()
        self._numbers = count()

    def allocate(self, name: str, rank: int | None) -> None:
        group = next(self._numbers)
        self.unwritten |= {group}
        self._bind(name, group, rank)

    def block(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                self._assign(targets, value)
            case ast.AugAssign(target=target, value=value):
                self._read(value)
                self._read(target)
                self._store(target)
            case ast.If(test=test, body=body, orelse=orelse):
                self._read(test)
                self._branches(body, orelse)
            case ast.For(target=target, iter=iterable, body=body):
                self._read(iterable)
                self._loop(body, [target])
            case ast.While(test=test, body=body):
                self._loop(body, [], test)
            case ast.Return(value=value) if value is not None:
                # An array without elements is returned unwritten, too.
                for part in value.elts if isinstance(value, ast.Tuple) else [value]:
                    if not isinstance(part, ast.Name):
                        self._read(part)
            case _:
                self._read(node)

    def _branches(self, *bodies: Sequence[ast.stmt]) -> None:
        """What may be written in one of them counts as written after them."""
        of, rank, before = dict(self.of), dict(self.rank), self.unwritten
        after, ways = None, []
        for body in bodies:
            self.of, self.rank, self.unwritten = dict(of), dict(rank), before
            self.block(body)
            after = self.unwritten if after is None else after & self.unwritten
            ways.append(self.of)
        self.unwritten = after if after is not None else before
        # A name that stands for different memory after each of them stands for none that is known.
        self.of = {name: group for name, group in ways[0].items() if all(way.get(name) == group for way in ways)}
        self.rank = {name: known for name, known in self.rank.items() if name in self.of}

    def _loop(self, body: Sequence[ast.stmt], targets: Sequence[ast.expr], test: ast.expr | None = None) -> None:
        """An earlier turn may have written what a later one reads."""
        quiet = _Walk([])
        quiet.of, quiet.rank, quiet.unwritten, quiet._numbers = dict(self.of), dict(self.rank), self.unwritten, self._numbers
        quiet.block(body)
        known = {name: group for name, group in self.of.items() if quiet.of.get(name) == group}
        self.unwritten &= quiet.unwritten
        self.of = known
        for target in targets:
            self._unbind(target)
        if test is not None:
            self._read(test)
        self.block(body)

    def _assign(self, targets: Sequence[ast.expr], value: ast.expr) -> None:
        target = targets[0]
        named = target.id if len(targets) == 1 and isinstance(target, ast.Name) else None
        if _is_allocation(value):
            self._read(value)
            for each in targets:
                self._store(each)
            if named is not None:
                self.allocate(named, _rank_of_allocation(value))
            return
        source, rank = self._view(value)
        if source is not None and named is not None:
            for index in _indices(value):
                self._read(index)
            self._bind(named, source, rank)
            return
        self._read(value)
        for each in targets:
            self._store(each)

    def _view(self, value: ast.expr) -> tuple[Group | None, int | None]:
        """The memory that an expression is a view of (or might be), and its dimensions where they are known."""
        if isinstance(value, ast.Name):
            return self.of.get(value.id), self.rank.get(value.id)
        if isinstance(value, ast.Attribute) and value.attr in _VIEWS:
            return self._view(value.value)[0], None
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _VIEWS:
            return self._view(value.func.value)[0], None
        if isinstance(value, ast.Subscript):
            group, rank = self._view(value.value)
            taken = _integers(value.slice)
            if group is None or rank is None or taken is None:
                return group, None
            return (None, None) if taken >= rank else (group, rank - taken)
        return None, None

    def _read(self, node: ast.AST | None) -> None:
        """Notes every read of unwritten memory in an expression; what is handed to a call may be written there."""
        match node:
            case None:
                return
            case ast.Name(id=name, ctx=ast.Load()):
                self._note(self.of.get(name), name, node)
            case ast.Attribute(value=value, attr=attr):
                if attr not in _FACTS:
                    self._read(value)
            case ast.Subscript(value=value, slice=index):
                self._read(index)
                self._read(value)
            case ast.Call(func=func, args=arguments, keywords=keywords):
                handed = [*arguments, *(keyword.value for keyword in keywords)]
                if isinstance(func, ast.Attribute) and not (isinstance(func.value, ast.Name) and func.value.id in ("np", "math")):
                    handed.append(func.value)
                if not (isinstance(func, ast.Name) and func.id == "len"):
                    self._pass_on(handed)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                self._pass_on(parts)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._read(test)
                self._pass_on([body, orelse])
            case _:
                for child in ast.iter_child_nodes(node):
                    self._read(child)

    def _pass_on(self, values: Iterable[ast.expr]) -> None:
        """Where arrays go on under names that are not followed, they may be written from there on."""
        for value in values:
            group = self._view(value)[0]
            if group is None:
                self._read(value)
            else:
                self.unwritten -= {group}

    def _store(self, target: ast.expr) -> None:
        match target:
            case ast.Name(id=name):
                self._unbind(target)
                self.of.pop(name, None)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._store(part)
            case ast.Subscript(value=value, slice=index):
                self._read(index)
                self.unwritten -= {self._view(value)[0]}
            case ast.Attribute(value=value):
                self.unwritten -= {self._view(value)[0]}

    def _note(self, group: Group | None, name: str, node: ast.expr) -> None:
        if group in self.unwritten:
            self.found.append(f"line {node.lineno}: {name} is read, but nothing has written any of it")

    def _bind(self, name: str, group: Group, rank: int | None) -> None:
        self.of[name] = group
        self.rank.pop(name, None)
        if rank is not None:
            self.rank[name] = rank

    def _unbind(self, target: ast.expr) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                self.of.pop(node.id, None)
                self.rank.pop(node.id, None)


def _is_allocation(value: ast.expr) -> bool:
    return (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _ALLOCATORS
            and isinstance(value.func.value, ast.Name) and value.func.value.id == "np")


def _rank_of_allocation(value: ast.Call) -> int | None:
    """Dimensions of `np.empty(...)` where the text shows them."""
    shape = value.args[0] if value.args else next((k.value for k in value.keywords if k.arg == "shape"), None)
    if value.func.attr != "empty" or shape is None:
        return None
    if isinstance(shape, ast.Tuple):
        return len(shape.elts)
    return 1 if isinstance(shape, ast.Constant | ast.BinOp | ast.Subscript | ast.Call) else None


def _indices(value: ast.expr) -> list[ast.expr]:
    """The subscripts and call arguments in a chain of views."""
    found: list[ast.expr] = []
    while isinstance(value, ast.Subscript | ast.Attribute | ast.Call):
        if isinstance(value, ast.Subscript):
            found.append(value.slice)
        if isinstance(value, ast.Call):
            found += value.args
            value = value.func
        else:
            value = value.value
    return found


def _integers(index: ast.expr) -> int | None:
    """How many dimensions a subscript takes away by single indices; None where an array or an ellipsis might be among them."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    if any(isinstance(part, ast.Constant) and not isinstance(part.value, int) for part in parts):
        return None
    return sum(not isinstance(part, ast.Slice) for part in parts)
