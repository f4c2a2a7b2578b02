"""The statements of the reference, one by one: loops where an array is computed, the statement itself where not."""
from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..spec import one_line
from . import syntax
from .affine import Affine
from .dtypes import FLOAT64, INT64
from .errors import CannotLift
from .expressions import bound_by, of_module
from .growing import Growing
from .kept import Kept
from .lists import appended
from .names import assigned_in
from .seen import identity
from .values import Pack, Value, integer


class Statements(Growing):
    """Lifts one function; `lines` then holds its body, `kept` what stayed as it was, `verbatim` whole statements among it."""

    def __init__(self, *arguments: object, source: Callable[[ast.AST], str]) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.kept: list[Kept] = []
        self.verbatim: set[str] = set()
        self.source = source

    def body(self, statements: list[ast.stmt]) -> None:
        self.enter_block(statements)
        for statement in statements:
            self.settle(statement)
            self._statement(statement)
            self.consumed(statement)

    def _statement(self, node: ast.stmt) -> None:
        back, kept = self.mark(), len(self.kept)
        self.statement, self.hint, self.mask, self.known_mask = node, None, None, None
        try:
            self._lift(node)
        except Exception as error:  # noqa: BLE001 - what the lift does not foresee stays as it is, and is named
            reason = str(error) if isinstance(error, CannotLift) else f"the lift does not foresee this ({one_line(error)})"
            back()
            del self.kept[kept:]
            self._keep(node, reason)

    def _keep(self, node: ast.stmt, reason: str) -> None:
        for name in sorted(self.deferred & syntax.names_in(node)):
            self.store_deferred(name)
        self.stays_list(node, reason)
        self.verbatim.add(ast.unparse(node))
        for line in ast.unparse(node).splitlines():
            self.emit(line)
        self.note(node, reason)
        self.forget(bound_by(node))

    def note(self, node: ast.AST, reason: str) -> None:
        """Says that a part of the reference stayed as it was."""
        line = getattr(node, "lineno", 0)
        if all(k.line != line or k.reason != reason for k in self.kept):
            self.kept.append(Kept(line, self.source(node), reason))

    def _lift(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(value=ast.IfExp() as choice) | ast.Return(value=ast.IfExp() as choice) if self._is_array(choice):
                if not (isinstance(node, ast.Assign) and self.chosen(node.targets[0], choice)):
                    self._branches(node, choice)
            case ast.AugAssign(value=ast.IfExp() as choice) if self._is_array(choice):
                self._branches(node, choice)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[])) if self.begins_list(name):
                pass
            case ast.Expr(value=ast.Call(args=[ast.IfExp() as choice]) as call) if appended(call) is not None and self._is_array(choice):
                ways = [ast.copy_location(ast.Expr(ast.Call(call.func, [way], [])), node) for way in (choice.body, choice.orelse)]
                self._if(ast.copy_location(ast.If(choice.test, [ways[0]], [ways[1]]), node))
            case ast.Expr(value=ast.Call() as call) if (filled := appended(call)) is not None and filled[0] in self.lists:
                self.append(*filled)
            case ast.Assign(targets=[ast.Name()], value=ast.Constant()) if self.begins_growing(node):
                pass
            case (ast.Assign() | ast.AugAssign()) if self.grows(node):
                pass
            case ast.Assign(targets=[target], value=value):
                self.assign(target, value)
            case ast.AugAssign():
                self.augmented(node)
            case ast.For():
                self._for(node)
            case ast.While():
                self._while(node)
            case ast.If():
                self._if(node)
            case ast.Return(value=None):
                self.emit("return")
            case ast.Return(value=ast.expr() as value):
                self.emit(f"return {self._argument(value) if self.is_helper else self._returned(self.any_value(value))}")
            case ast.Expr(value=ast.Call() as call):
                self.effect(call)
            case ast.Pass() | ast.Break() | ast.Continue():
                self.emit(syntax.text(node))  # type: ignore[arg-type]
            case _:
                raise CannotLift(f"{type(node).__name__} has no loop form")

    # -- control ------------------------------------------------------------------------------------------------

    def _for(self, node: ast.For) -> None:
        if node.orelse:
            raise CannotLift("`else` of a loop")
        changed = self._rebound(node)
        header, begin, turns = self._header(node)
        self.forget(changed)
        self.enters_loop(node, turns)
        with self.block(header):
            begin()
            self.body(node.body)
        self.forget(changed)
        self.leaves_loop(node)

    def _rebound(self, node: ast.stmt) -> set[str]:
        """The variables that a statement assigns; `a += b` on an array writes into it and leaves the variable alone."""
        added = Counter(n.target.id for n in ast.walk(node) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name))
        kept = {name for name in added if isinstance(known := self.environment.get(name), Value) and known.ndim}
        return {name for name, times in assigned_in([node]).items() if name not in kept or added[name] != times}

    def _header(self, node: ast.For) -> tuple[str, Callable[[], None], str]:
        """The loop's first line, what its body begins with, and how many turns it has, as text."""
        call = node.iter
        if isinstance(call, ast.Call) and syntax.text(call.func) == "range" and isinstance(node.target, ast.Name) and not call.keywords:
            name = node.target.id
            arguments = [self.value(a) for a in call.args]
            if any(a.ndim or a.dtype.kind not in "iu" for a in arguments):
                raise CannotLift("range of other things than integers")

            def begin() -> None:
                self.environment[name] = Value(INT64, (), lambda _: name, weak=True, name=name)

            return f"for {name} in range({', '.join(a.text for a in arguments)}):", begin, _turns([a.text for a in arguments])
        inner, targets = call, [node.target]
        counted = _calls(inner, "enumerate", 1)
        if counted:
            targets = list(node.target.elts) if isinstance(node.target, ast.Tuple) else []
            inner = inner.args[0]  # type: ignore[attr-defined]
        zipped = _calls(inner, "zip")
        if zipped and targets:
            last = targets.pop()
            targets += last.elts if isinstance(last, ast.Tuple) else [last]
        sources = inner.args if zipped else [inner]  # type: ignore[attr-defined]
        counted_up = [self._counted_up(s) if zipped else None for s in sources]
        arrays = [self._iterated(s) for s, numbers in zip(sources, counted_up) if numbers is None]
        if not arrays or any(a.ndim == 0 for a in arrays):
            raise CannotLift("a loop over something else than a range or an array")
        changed = self._rebound(node)
        if any(a.name in changed for a in arrays) or any(numbers and syntax.names_in(s) & changed for s, numbers in zip(sources, counted_up)):
            raise CannotLift("a loop over an array in whose place it puts another")
        position = self.fresh("index")
        wanted: list[Value] = [integer(Affine.atom(position))] if counted else []
        rows = iter([self._row(a, position) for a in arrays])
        wanted += [next(rows) if numbers is None else numbers[1](position) for numbers in counted_up]
        if len(targets) != len(wanted) or not all(isinstance(t, ast.Name) for t in targets):
            raise CannotLift("a loop over something else than a range or an array")

        def begin_rows() -> None:
            for t, value in zip(targets, wanted):
                name = t.id  # type: ignore[attr-defined]
                self.emit(f"{name} = {value.name or value.text}")
                own = tuple(Affine.atom(f"{name}.shape[{d}]") for d in range(value.ndim))
                extents = tuple(o if e.names & changed else e for o, e in zip(own, value.extents))
                self.environment[name] = Value(value.dtype, (), lambda _, n=name: n, weak=value.weak, name=name) if value.ndim == 0 \
                    else self.array(name, value.dtype, extents, value.ones, value.root, value.sure)

        lengths = list(dict.fromkeys([*(str(a.extents[0]) for a in arrays), *(numbers[0] for numbers in counted_up if numbers is not None)]))
        high = lengths[0] if len(lengths) == 1 else f"min({', '.join(lengths)})"
        return f"for {position} in range({high}):", begin_rows, high

    def _counted_up(self, node: ast.expr) -> tuple[str, Callable[[str], Value]] | None:
        """How many numbers a range holds, and the number at a place; None for anything else."""
        if not (isinstance(node, ast.Call) and syntax.text(node.func) == "range" and not node.keywords):
            return None
        given = [self.value(a) for a in node.args]
        if any(a.ndim or a.dtype.kind not in "iu" for a in given):
            raise CannotLift("range of other things than integers")
        start, step = given[0].text if len(given) > 1 else "0", given[2].text if len(given) > 2 else "1"

        def number(position: str) -> Value:
            moved = position if step == "1" else f"({step}) * {position}"
            return Value(INT64, (), lambda _: moved if start == "0" else f"{start} + {moved}", weak=True)

        return _turns([a.text for a in given]), number

    def _iterated(self, node: ast.expr) -> Value:
        """The array that a loop goes over. The numbers of a tuple are Python's own, which widen no array."""
        numbers = self.constant_array(node) or self._numbers(node)
        return self.held(self.viewed(self.value(node), node)) if numbers is None else replace(numbers, weak=True)

    def _numbers(self, node: ast.expr) -> Value | None:
        """An array of the numbers of a tuple or list that is written out, where all are whole or all are floats."""
        if not isinstance(node, ast.Tuple | ast.List) or not node.elts:
            return None
        values = [self.static(item) if isinstance(item, ast.Constant | ast.UnaryOp) else None for item in node.elts]
        kinds = set(map(type, values))
        if kinds not in ({int}, {float}):
            return None
        name = self.fresh("numbers")
        self.emit(f"{name} = np.array({values!r})")
        return self.array(name, INT64 if kinds == {int} else FLOAT64, (Affine(len(values)),), contiguous=True)

    def _row(self, array: Value, position: str) -> Value:
        if array.ndim == 1:
            return Value(array.dtype, (), lambda _: f"{array.name}[{position}]", weak=array.weak)
        return self.array(f"{array.name}[{position}]", array.dtype, array.extents[1:], array.ones[1:], array.root, array.sure)

    def _while(self, node: ast.While) -> None:
        if node.orelse:
            raise CannotLift("`else` of a loop")
        changed = self._rebound(node)
        self.forget(changed)
        start = len(self.lines)
        self.indent += 1
        test = self.condition(node.test)
        self.indent -= 1
        before = self.lines[start:]
        del self.lines[start:]
        with self.block("while True:" if before else f"while {test}:"):
            self.lines += before
            if before:
                with self.block(f"if not {test}:"):
                    self.emit("break")
            self.body(node.body)
        self.forget(changed)

    def _is_array(self, node: ast.expr) -> bool:
        seen = self.seen.type_of(node)
        return seen is not None and seen[0] == "array"

    def array_chosen(self, node: ast.IfExp) -> Value:
        """Within an expression: an array of its own, assigned in either branch."""
        seen = self.seen.type_of(node)
        if seen is None or self.mask is not None:
            raise CannotLift("a choice between arrays where a mask selects")
        name = self.fresh("chosen")
        self._branches(ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], node), node), node)
        return self.of_type(name, seen, tuple(self.seen.expressions[identity(node)].ones))  # type: ignore[return-value]

    def _branches(self, node: ast.Assign | ast.AugAssign | ast.Return, choice: ast.IfExp) -> None:
        """`x = a if c else b` of arrays, as a statement. What is assigned in two places cannot wait for its reader."""
        for name in bound_by(node):
            self._readers.pop(name, None)
        ways = []
        for value in (choice.body, choice.orelse):
            way = copy.copy(node)
            way.value = value
            ways.append(way)
        self._if(ast.copy_location(ast.If(choice.test, [ways[0]], [ways[1]]), node))

    def _if(self, node: ast.If) -> None:
        test = self.condition(node.test)
        known = dict(self.environment)
        with self.block(f"if {test}:"):
            self.body(node.body)
        if node.orelse:
            self.environment = dict(known)
            with self.block("else:"):
                self.body(node.orelse)
        self.environment = known
        self.forget(self._rebound(node))

    def _returned(self, value: Value | Pack) -> str:
        if isinstance(value, Pack):
            texts = [self._returned(i) for i in value.items]
            return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"
        if value.ndim == 0:
            return value.text
        return str(self.held(value, "result").name)

    # -- calls that stay ----------------------------------------------------------------------------------------

    def call_text(self, node: ast.Call) -> str:
        """The call with its arguments computed beforehand."""
        function = syntax.text(node.func)
        if isinstance(node.func, ast.Attribute) and not of_module(node.func):
            function = f"{self._argument(node.func.value)}.{node.func.attr}"
        given = [self._argument(a) for a in node.args]
        given += [f"{k.arg}={self._argument(k.value)}" for k in node.keywords]
        return f"{function}({', '.join(given)})"

    def _argument(self, node: ast.expr) -> str:
        seen = self.seen.type_of(node)
        if seen is None or seen[0] not in ("array", "scalar", "tuple"):
            if any(isinstance(n, ast.Name) and n.id not in ("np", "math") for n in ast.walk(node)):
                raise CannotLift(f"`{syntax.text(node)[:60]}` has no loop form")
            return syntax.text(node)
        if isinstance(node, ast.Tuple | ast.List):
            texts = [self._argument(e) for e in node.elts]
            return f"[{', '.join(texts)}]" if isinstance(node, ast.List) else f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"
        value = self.any_value(node)
        if isinstance(value, Pack) or value.ndim == 0:
            return value.text
        if value.name is None and value.root is not None:
            return f"({ast.unparse(node)})"
        return str(self.held(value).name)

    def keep_call(self, node: ast.Call, reason: str) -> Value | Pack:
        """The call itself, its result in a variable."""
        seen = self.seen.type_of(node)
        if seen is None or self.mask is not None:
            raise CannotLift(reason)
        helper = isinstance(node.func, ast.Name) and node.func.id in self.helpers
        if helper and node.func.id in self.writers and node is not getattr(self.statement, "value", None):  # type: ignore[attr-defined]
            raise CannotLift("what stands before a call that writes is read before it writes")
        text = self.call_text(node)
        name = self.name_for(node)
        if not helper:
            self.note(node, reason)
            if seen[0] in ("array", "scalar") and np.dtype(seen[1]).char not in "?lqdD":
                dtype = f"np.{np.dtype(seen[1]).name}"
                text = f"{text}.astype({dtype})" if seen[0] == "array" else f"{dtype}({text})"
        self.emit(f"{name} = {text}")
        ones = tuple(self.seen.expressions[identity(node)].ones)
        return self.of_type(name, seen, ones)


def _turns(ends: list[str]) -> str:
    """How many turns `range` of these has."""
    if len(ends) == 1:
        return ends[0]
    if len(ends) == 2:
        return f"{ends[1]} - ({ends[0]})"
    return f"len(range({', '.join(ends)}))"


def _calls(node: ast.expr, function: str, arguments: int | None = None) -> bool:
    """Whether it is a call of a builtin without keywords."""
    return isinstance(node, ast.Call) and syntax.text(node.func) == function and not node.keywords \
        and (arguments is None or len(node.args) == arguments)
