"""Assignments: loops that write the elements of an array, through a temporary where they would read what they wrote."""
from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from . import syntax
from .affine import ZERO, Affine
from .aside import Aside
from .dtypes import stored_as
from .errors import CannotLift
from .expressions import BINARY
from .indexing import Target
from .seen import identity, joined_type
from .values import Pack, Value


class Assignments(Aside):
    """Lifts assignments and augmented assignments."""

    def assign(self, target: ast.expr, node: ast.expr) -> None:
        match target:
            case ast.Name(id=name):
                if name not in syntax.names_in(node) and not self._measures(name):
                    self.hint = (identity(node), name)
                self._to_name(name, self.any_value(node), node)
            case ast.Tuple(elts=targets):
                value = self.any_value(node)
                if isinstance(value, Value) and value.ndim:
                    value = self._rows(self.viewed(value, node), len(targets))
                if not isinstance(value, Pack) or len(value.items) != len(targets):
                    raise CannotLift("this cannot be unpacked")
                self._to_tuple(targets, value)
            case ast.Subscript():
                self._to_place(target, node, lambda: self.value(node))
            case _:
                raise CannotLift("this target has no loop form")

    def _measures(self, name: str) -> bool:
        """Whether the size of some array is known in terms of the variable."""
        return any(name in e.names for v in self.environment.values() if isinstance(v, Value) for e in v.extents)

    def _to_name(self, name: str, value: Value | Pack, node: ast.expr | None) -> None:
        if isinstance(value, Pack):
            if "?" in value.text:
                raise CannotLift("a tuple of arrays that no variables hold")
            self.emit(f"{name} = {value.text}")
            items = value.items
            self.forget({name})
            if all(isinstance(i, Value) and i.ndim == 0 for i in items):
                again = [replace(i, element=lambda _, n=n: f"{name}[{n}]", name=None) for n, i in enumerate(items)]  # type: ignore[arg-type]
                self.environment[name] = Pack(tuple(again), name)
            return
        held = {known.root for known in self.environment.values() if isinstance(known, Value)}
        if value.root is not None and value.name is None and value.root not in self.own | held:
            value = value.lazily()      # it shows an array that no variable holds
        if self.may_wait(name, value):
            self.wait(name, value)
            return
        known = self._named(name, value, node)
        self.forget({name})
        own = tuple(Affine.atom(f"{name}.shape[{d}]") for d in range(known.ndim))
        if any(name in e.names or not e.simple for e in known.extents):
            known = self.array(name, known.dtype, own, known.ones, known.root, known.sure, known.contiguous)
        self.environment[name] = known

    def _named(self, name: str, value: Value, node: ast.expr | None) -> Value:
        """Emits the assignment of a number or an array to a variable."""
        if value.name == name:
            return value
        if value.ndim == 0:
            return self.filled(name, value)
        if value.name is not None:
            self.emit(f"{name} = {value.name}")
        elif value.root is not None:
            if node is None:
                raise CannotLift("a view in a tuple")
            self.emit(f"{name} = {ast.unparse(node)}")
        elif (node is not None and name in syntax.names_in(node)) or any(name in e.names for e in value.extents):
            fresh = self.filled(self.fresh(name), value)
            self.emit(f"{name} = {fresh.name}")
            return self.array(name, value.dtype, value.extents, value.ones, contiguous=True)
        else:
            return self.filled(name, value)
        return self.array(name, value.dtype, value.extents, value.ones, value.root, value.sure, value.contiguous)

    def viewed(self, value: Value, node: ast.expr) -> Value:
        """The value of `node`; where it shows the memory of a variable, in a variable that shows it too."""
        if value.root is None or value.name is not None:
            return value
        view = self.fresh("view")
        self.emit(f"{view} = {ast.unparse(node)}")
        return self.array(view, value.dtype, value.extents, value.ones, value.root, value.sure)

    def _rows(self, value: Value, count: int) -> Pack:
        """The rows of an array that is unpacked into `count` variables, or its numbers."""
        if value.cost > 1:
            value = self.held(value)

        def row(number: int) -> Value:
            first = Affine(number)
            if value.ndim == 1:
                return Value(value.dtype, (), lambda _: value.element((first,)))
            if value.name is not None:
                return self.array(f"{value.name}[{number}]", value.dtype, value.extents[1:], value.ones[1:], value.root, value.sure)
            return value.lazily(extents=value.extents[1:], ones=value.ones[1:], element=lambda i: value.element((first, *i)))

        return Pack(tuple(row(number) for number in range(count)), "?")

    def _before_all(self, item: Value) -> Value:
        """What a tuple holds: a number or an array that is computed before anything is written, or a view, which sees it."""
        if item.ndim:
            return item if item.root is not None else self.held(item)
        text = self.fresh("t")
        self.emit(f"{text} = {item.text}")
        return replace(item, element=lambda _: text)

    def _to_tuple(self, targets: list[ast.expr], value: Pack) -> None:
        items = [i for i in value.items if isinstance(i, Value)]
        if len(items) != len(targets):
            raise CannotLift("a tuple within a tuple")
        if not all(isinstance(t, ast.Name) for t in targets):
            for target, held in zip(targets, [self._before_all(item) for item in items]):
                if isinstance(target, ast.Subscript):
                    self._to_place(target, None, lambda held=held: held)  # type: ignore[misc]
                elif held.ndim:
                    self._to_name(target.id, held, None)  # type: ignore[attr-defined]
                else:
                    self._assign_scalar(target, held)
            return
        names = [t.id for t in targets]  # type: ignore[attr-defined]
        if all(i.ndim and i.name is None and i.root is None and not self._reads_of(i)[0] & set(names) for i in items):
            for name, item in zip(names, items):
                self._to_name(name, item, None)
            return
        items = [i if i.ndim == 0 else self.held(i) for i in items]
        texts = [i.text if i.ndim == 0 else str(i.name) for i in items]
        mixed = any(syntax.names_in_text(text) & set(names[:n]) for n, text in enumerate(texts))
        if mixed:
            self.emit(f"{', '.join(names)} = {', '.join(texts)}")
        else:
            for name, text in zip(names, texts):
                self.emit(f"{name} = {text}")
        self.forget(set(names))
        for name, item in zip(names, items):
            own = tuple(Affine.atom(f"{name}.shape[{d}]") for d in range(item.ndim))
            self.environment[name] = self.array(name, item.dtype, own, item.ones, item.root, item.sure, item.contiguous) \
                if item.ndim else Value(item.dtype, (), lambda _, n=name: n, weak=item.weak, name=name)

    def _assign_scalar(self, target: ast.expr, value: Value) -> None:
        if not isinstance(target, ast.Name):
            raise CannotLift("this target has no loop form")
        self.emit(f"{target.id} = {value.text}")
        self.forget({target.id})

    def _to_place(self, node: ast.Subscript, value_node: ast.expr | None, make: Callable[[], Value]) -> None:
        mask = self.mask_of(node)
        if mask is not None:
            self.masked(node, mask, value_node, make)
            return
        value = make()
        target = self.target(node)
        self.store(target, value)

    def store(self, target: Target, value: Value) -> None:
        """Emits the loops that write `value` into a place, through a temporary where they would read what they wrote."""
        place = target.place
        if value.ndim > place.ndim:
            extra = value.ndim - place.ndim
            if any(e.constant != 1 for e in value.extents[:extra]):
                raise CannotLift("a value with more dimensions than its place")
            inner = value
            value = inner.lazily(extents=inner.extents[extra:], ones=inner.ones[extra:],
                                 element=lambda index: inner.element((ZERO,) * extra + index))
        if place.ndim and value.ndim == 0:
            value = self.cheap(value)
        elif value.ndim and value.cost >= 8 and sum(not o for o in value.ones) < sum(not o for o in place.ones):
            value = self.held(value)
        value = self.stretched(value, place.extents, place.ones) if place.ndim else value
        if place.ndim and self.overlapping(target, value):
            value = self.set_aside(target, value) or self.stretched(self.held(value), place.extents, place.ones)
        with self.nest(place.extents, target.lows) as index:
            text = stored_as(value.element(index), value, place.dtype)
            self.emit(f"{place.element(index)} = {text}")

    def augmented(self, node: ast.AugAssign) -> None:
        if type(node.op) not in BINARY:
            raise CannotLift("`@=` has no loop form")
        function = BINARY[type(node.op)]
        if isinstance(node.target, ast.Name):
            name = node.target.id
            seen = self.environment.get(name)
            if seen is None:
                seen = self._bound_type(node, name)
            if isinstance(seen, Pack):
                raise CannotLift("an augmented tuple")
            if seen.ndim == 0:
                result = self.arithmetic(function, seen, self.value(node.value))
                if result.ndim:
                    raise CannotLift("a number becomes an array")
                self.emit(f"{name} = {result.text}")
                self.forget({name})
                self.environment[name] = Value(result.dtype, (), lambda _: name, weak=result.weak, name=name)
                return
            self.store(Target(seen, (ZERO,) * seen.ndim), self._in_kind(self.arithmetic(function, seen, self.value(node.value)), seen))
            return
        if not isinstance(node.target, ast.Subscript):
            raise CannotLift("this target has no loop form")
        target_node = node.target
        if self.mask_of(target_node) is not None:
            load = ast.copy_location(ast.Subscript(target_node.value, target_node.slice, ast.Load()), target_node)
            self._to_place(target_node, node.value, lambda: self.arithmetic(function, self.value(load), self.value(node.value)))
            return
        target = self.target(target_node)
        if target.place.ndim == 0:
            value = self.value(node.value)
            result = self.arithmetic(function, target.place, value)
            if result.ndim:
                raise CannotLift("a number becomes an array")
            self.emit(f"{target.place.text} = {stored_as(result.text, result, target.place.dtype)}")
            return
        value = self.value(node.value)
        self.store(target, self._in_kind(self.arithmetic(function, target.place, value), target.place))

    def _in_kind(self, value: Value, place: Value) -> Value:
        if not np.can_cast(value.dtype, place.dtype, "same_kind"):
            raise CannotLift("the result does not fit the array's dtype")
        return value

    def _bound_type(self, node: ast.stmt, name: str) -> Value | Pack:
        """The type that a variable had before an augmented assignment: what it has after it, where that is one type."""
        seen = self.seen.bound_at.get((identity(node), name))
        found = seen.type if seen is not None else None
        for other in self.seen.bindings.get(name, set()):
            found = joined_type(found, other)
        if seen is None or found is None:
            raise CannotLift(f"the type of `{name}` changes")
        return self.of_type(name, found, tuple(seen.ones))
