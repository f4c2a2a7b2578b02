"""Walks a function's statements in order: loops with their bounds, the values of names, accesses."""
from __future__ import annotations

import ast
from collections.abc import Callable

from .affine import Affine
from .aliases import Aliases, Parameter
from .expressions import Expressions
from .model import FunctionAnalysis, Loop, Undecided, Value, View, is_call_of
from .names import falls_through, own_jumps, stored
from .types import Types


def analyse_function(node: ast.FunctionDef, types: Types, aliases: Aliases, constants: dict[str, tuple[int, int]],
                     promised: Callable[[list[str], dict[str, Value], FunctionAnalysis], None] | None = None) -> FunctionAnalysis:
    """Loops and accesses of one function; `constants`: the module's integer constants with their least and greatest
    value; `promised`: says what is known of the parameters (see `relations`). Raises Undecided where the function holds
    what the analysis does not model."""
    analysis = FunctionAnalysis(node)
    table = analysis.symbols
    known = {name: Affine((), low) if low == high else table.constant(name, low, high)
             for name, (low, high) in constants.items()}
    walk = _Walk(analysis, table, types, aliases, known)
    for argument in node.args.args:
        kind = types.of(node.name, argument.arg)
        roots = frozenset() if kind.is_scalar else aliases.names[node.name].get(argument.arg, frozenset())
        fresh = roots == {Parameter(node.name, argument.arg)}
        walk.environment[argument.arg] = walk.opaque(argument.arg, None, kind, roots, fresh)
    if promised is not None:
        promised([argument.arg for argument in node.args.args], walk.environment, analysis)
    walk.block(node.body)
    return analysis


class _Walk(Expressions):
    def block(self, statements: list[ast.stmt]) -> None:
        outer = self.guards
        for statement in statements:
            self.statement = statement
            first = len(self.analysis.accesses)
            self._statement(statement)
            self.analysis.spans[id(statement)] = (first, len(self.analysis.accesses))
        self.guards = outer

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                if len(targets) == 1 and isinstance(targets[0], ast.Tuple) and isinstance(value, ast.Tuple) \
                        and len(targets[0].elts) == len(value.elts):
                    values = [self.evaluate(v, consumed=isinstance(t, ast.Subscript))
                              for t, v in zip(targets[0].elts, value.elts)]
                    for target, part, found in zip(targets[0].elts, value.elts, values):
                        self._assign(target, found, part)
                    return
                consumed = any(not isinstance(t, ast.Name) for t in targets)
                found = self.evaluate(value, consumed=consumed)
                for target in targets:
                    self._assign(target, found, value)
            case ast.AugAssign(target=target, op=operator, value=value):
                self._augmented(node, target, operator, value)
            case ast.Expr(value=value):
                self.evaluate(value, consumed=False)
            case ast.If(test=test, body=body, orelse=orelse):
                self._if(test, body, orelse)
            case ast.For(orelse=[]):
                self._for(node)
            case ast.While(orelse=[]):
                self._loop(Loop(node, self.loops[-1] if self.loops else None), node.body, node.test)
            case ast.Return(value=value):
                if value is not None:
                    self.evaluate(value)
            case ast.Break() | ast.Continue() | ast.Pass():
                pass
            case _:
                raise Undecided(f"line {node.lineno}: {type(node).__name__}")

    def _assign(self, target: ast.expr, value: Value, source: ast.expr | None) -> None:
        match target:
            case ast.Name(id=name):
                if value.affine is None and value.view is None:
                    value = self.opaque(name, source) if source is not None else self._carried(name)
                self.environment[name] = value
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                shape = source.value if isinstance(source, ast.Attribute) and source.attr == "shape" else None
                view = self.analysis.views.get(id(shape)) if shape is not None else None
                for number, element in enumerate(elements):
                    if view is not None:
                        self._assign(element, Value(self.extent(view, number)), None)
                    else:
                        self._assign(element, self._part(element, source), None)
            case ast.Subscript():
                self._store(target)
            case _:
                raise Undecided(f"line {target.lineno}: assignment to {type(target).__name__}")

    def _part(self, element: ast.expr, source: ast.expr | None) -> Value:
        """The value of one name of a tuple that was unpacked."""
        if not isinstance(element, ast.Name):
            return Value()
        roots = self.aliases.roots(self.analysis.node.name, source) if source is not None else None
        kind = self.types.of(self.analysis.node.name, element.id)
        return self.opaque(element.id, None, kind, frozenset() if kind.is_scalar else
                           (roots or frozenset()) | self.aliases.names[self.analysis.node.name].get(element.id, frozenset()))

    def _store(self, target: ast.Subscript) -> None:
        whole = self.evaluate(target.value, consumed=False)
        entries = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
        values = [self.evaluate(entry) for entry in entries]
        if whole.view is None:
            raise Undecided(f"line {target.lineno}: a store into what is no array")
        view = self.indexed(whole.view, entries, values)
        self.analysis.views[id(target)] = view
        self.log(view, True, target)

    def _augmented(self, node: ast.AugAssign, target: ast.expr, operator: ast.operator, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            before = self.evaluate(ast.copy_location(ast.Name(target.id, ast.Load()), target))
            added = self.evaluate(value)
            if before.view is not None:
                self.log(before.view, True, target)
                kind = self.types.of(self.analysis.node.name, target.id)
                if not kind.is_array:
                    self.environment[target.id] = self._carried(target.id)
                return
            result = self._operation(ast.copy_location(ast.BinOp(ast.Name(target.id, ast.Load()), operator, value), node),
                                     before, operator, added)
            self._assign(target, Value(result.affine), None)
            return
        if not isinstance(target, ast.Subscript):
            raise Undecided(f"line {node.lineno}: an augmented assignment to {type(target).__name__}")
        self.evaluate(value)
        self._store(target)
        written = self.analysis.accesses[-1]
        self.log(written.view, False, target)

    def _if(self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        self.evaluate(test)
        outer, before = self.guards, dict(self.environment)
        holds, fails = self.implied(test, True), self.implied(test, False)
        self.guards = outer + holds
        self.block(body)
        after_body, self.environment = self.environment, before
        self.guards = outer + fails
        self.block(orelse)
        self.guards = outer
        if not falls_through(body):
            self.guards = outer + fails
        elif not falls_through(orelse):
            self.guards = outer + holds
            self.environment = after_body
        else:
            self._merge(after_body, holds, fails)

    def _merge(self, other: dict[str, Value], there: tuple[Affine, ...], here: tuple[Affine, ...]) -> None:
        """Joins the values of two branches: of `other`, where `there` is at least 0, and of this one, where `here` is."""
        for name in other.keys() | self.environment.keys():
            mine, theirs = self.environment.get(name), other.get(name)
            if mine is not theirs and (mine != theirs or mine is None or mine.view is not None and mine.view.partial):
                self.environment[name] = self.one_of(self._carried(name), (theirs, there), (mine, here))

    def _carried(self, name: str) -> Value:
        """A value for `name` of which nothing is known but its type and the memory that the name may stand for."""
        function = self.analysis.node.name
        kind = self.types.of(function, name)
        roots = frozenset() if kind.is_scalar else self.aliases.names[function].get(name, frozenset())
        return self.opaque(name, None, kind, roots)

    def _for(self, node: ast.For) -> None:
        loop = Loop(node, self.loops[-1] if self.loops else None)
        iterated = node.iter
        plain = is_call_of(iterated, "range", "prange") and isinstance(node.target, ast.Name) and not iterated.keywords
        if plain and 1 <= len(iterated.args) <= 3:
            limits = [self.evaluate(argument).affine for argument in iterated.args]
            start, stop = (Affine(), limits[0]) if len(limits) == 1 else (limits[0], limits[1])
            self._bounds(loop, iterated, start, stop, limits[2] if len(limits) == 3 else Affine((), 1))
        else:
            self.evaluate(iterated)
        self._loop(loop, node.body, None)

    def _bounds(self, loop: Loop, iterated: ast.Call, start: Affine | None, stop: Affine | None, step: Affine | None) -> None:
        """Fills in what is known of a `range` loop. The symbol belongs to the loop itself."""
        loop.kind = "range"
        loop.symbol = symbol = self.table.new(loop.node.target.id, frozenset({*self.loops, loop}), integer=True,  # type: ignore[union-attr]
                                              unsigned=loop.parallel or self._counts_unsigned(iterated))
        loop.start, loop.stop = start, stop
        if step is None or not step.is_integer:
            return
        if self.nonnegative(step - 1):
            loop.step = step
        elif self.nonnegative(-step - 1):
            loop.step, loop.descending = step, True
        else:
            return
        value = Affine.of(symbol)
        towards = -1 if loop.descending else 1
        if start is not None and start.is_integer:
            loop.bounds.append((value - start).scaled(towards))
        if stop is not None and stop.is_integer:
            loop.bounds.append((stop - value).scaled(towards) - 1)
        lowest = start if not loop.descending else None if stop is None else stop + 1
        symbol.nonnegative = lowest is not None and lowest.is_integer and lowest.is_plainly_nonnegative

    def _counts_unsigned(self, iterated: ast.Call) -> bool:
        """Whether compiled code counts this `range` in unsigned integers, as some limit of it is."""
        forms = [(argument, self.analysis.affine.get(id(argument))) for argument in iterated.args]
        return any(self.unsigned(argument, form) for argument, form in forms if form is not None)

    def _loop(self, loop: Loop, body: list[ast.stmt], test: ast.expr | None) -> None:
        (loop.parent.children if loop.parent else []).append(loop)
        self.analysis.loops.append(loop)
        outer_loops, outer_guards = self.loops, self.guards
        before = dict(self.environment)
        self.loops = (*outer_loops, loop)
        bound = sorted(stored(body))
        for name in bound:
            self.environment[name] = self._carried(name)
        if isinstance(loop.node, ast.For):
            if loop.symbol is not None:
                self.environment[loop.variable] = Value(Affine.of(loop.symbol))
            else:
                self._assign(loop.node.target, self._part(loop.node.target, loop.node.iter), loop.node.iter)
        entry = {name: self.environment[name] for name in bound}
        if test is not None:
            self.evaluate(test)
            self.guards += self.implied(test, True)
        self.block(body)
        if not own_jumps(body) & {"continue"}:
            self._keep_apart(bound, before, entry)
        self.loops, self.guards = outer_loops, outer_guards
        changed = {*bound, *(stored([loop.node.target]) if isinstance(loop.node, ast.For) else ())}
        self.environment = {**self.environment, **{name: self._carried(name) for name in changed}}

    def _keep_apart(self, bound: list[str], before: dict[str, Value], entry: dict[str, Value]) -> None:
        """Finds pairs of arrays that a loop rebinds, yet never to common memory (`a, b = b, a`).

        By induction: apart before the loop, and apart after an iteration if they are so before it.
        """
        arrays = [n for n in bound if n in before and before[n].view and entry[n].view
                  and self.types.of(self.analysis.node.name, n).is_array]
        pairs = {frozenset((a, b)) for a in arrays for b in arrays if a < b
                 and not before[a].view.origin.roots & before[b].view.origin.roots}  # type: ignore[union-attr]
        origins = {name: entry[name].view.origin for name in arrays}                 # type: ignore[union-attr]
        while True:
            apart = {frozenset(origins[name] for name in pair) for pair in pairs}
            kept = {pair for pair in pairs if self._apart(*(self.environment[n].view for n in pair), apart)}
            if kept == pairs:
                break
            pairs = kept
        self.analysis.distinct |= apart

    def _apart(self, a: View | None, b: View | None, apart: set[frozenset[object]]) -> bool:
        if a is None or b is None:
            return False
        one, other = a.origin, b.origin
        if one is other:
            return False
        if frozenset((one, other)) in apart or not one.roots & other.roots:
            return True
        here = frozenset(self.loops)
        return any(x.fresh and x.order > y.order and x.loops == here and y.loops <= here for x, y in ((one, other), (other, one)))
