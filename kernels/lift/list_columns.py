"""Lists of tuples as one list for each place in them: `pairs.append((i, w))` appends to two lists, of which each holds one kind of number."""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from . import syntax
from .append_loops import begun
from .names import bound_names, fresh_name, plainly_bound


def list_columns(function: ast.FunctionDef) -> None:
    """Works in place, on the lists of which each use takes their tuples apart; others stay."""
    while found := _Lists(function).widths:     # tuples within tuples need another turn
        function.body = _Columns(found, set(bound_names(function))).block(function.body)
        ast.fix_missing_locations(function)


class _Lists:
    """widths: of the tuples of each such list, by name."""

    def __init__(self, function: ast.FunctionDef) -> None:
        self.function = function
        self.parents = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
        self.begins = {name: values for name, values in plainly_bound(function).items()
                       if all(begun(value) is not None or isinstance(value, ast.ListComp) for value in values)}
        self.uses: dict[str, list[ast.Name]] = {name: [] for name in self.begins}
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id in self.uses and isinstance(node.ctx, ast.Load):
                self.uses[node.id].append(node)
        self.widths = {name: width for name in self.begins if (width := self._width(name)) and self._splits(name, width)}

    def _width(self, name: str) -> int:
        """Of all tuples that the list is given; 0 where they differ, or are not written out, or read the list."""
        widths = set()
        for element in self._held(name):
            plain = isinstance(element, ast.Tuple) and not any(isinstance(e, ast.Starred) for e in element.elts)
            widths.add(len(element.elts) if plain and name not in syntax.names_in(element) else 0)  # type: ignore[attr-defined]
        return widths.pop() if len(widths) == 1 else 0

    def _held(self, name: str) -> Iterator[ast.expr]:
        for value in self.begins[name]:
            yield from [value.elt] if isinstance(value, ast.ListComp) else begun(value) or ()
        for use in self.uses[name]:
            match self._call(use):
                case ast.Call(func=ast.Attribute(attr="append"), args=[element]):
                    yield element
                case ast.Call(func=ast.Attribute(attr="extend"), args=[ast.List(elts=more) | ast.Tuple(elts=more)]):
                    yield from more
        for node in ast.walk(self.function):
            match node:
                case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=target))], value=value) if target == name:
                    yield value
                case ast.AugAssign(target=ast.Name(id=target), value=value) if target == name:
                    yield from value.elts if isinstance(value, ast.List | ast.Tuple) else [value]

    def _call(self, use: ast.Name) -> ast.Call | None:
        """The call of a method of the list."""
        attribute = self.parents[use]
        call = self.parents[attribute]
        return call if isinstance(attribute, ast.Attribute) and isinstance(call, ast.Call) and call.func is attribute and not call.keywords else None

    def _splits(self, name: str, width: int) -> bool:
        return all(self._takes_apart(use, width) for use in self.uses[name])

    def _takes_apart(self, use: ast.Name, width: int) -> bool:
        """Whether a use is one of those that `_Columns` rewrites."""
        parent = self.parents[use]
        match self._call(use):
            case ast.Call(func=ast.Attribute(attr="append"), args=[_]) as call:
                return isinstance(self.parents[call], ast.Expr)
            case ast.Call(func=ast.Attribute(attr="extend"), args=[ast.List() | ast.Tuple()]) | ast.Call(func=ast.Attribute(attr="clear"), args=[]) as call:
                return isinstance(self.parents[call], ast.Expr)
            case ast.Call(func=ast.Attribute(attr="pop" | "popleft"), args=[] | [ast.Constant(value=0)]) as call:
                return isinstance(self.parents[call], ast.Expr) or self._unpacked(call, width)
        match parent:
            case ast.Call(func=ast.Name(id="len"), args=[_]):
                return True
            case ast.Call(func=ast.Name(id="enumerate"), args=[_], keywords=[]):
                outer = self.parents[parent]
                target = getattr(outer, "target", None)
                return isinstance(outer, ast.For | ast.comprehension) and outer.iter is parent and isinstance(target, ast.Tuple) \
                    and len(target.elts) == 2 and _is_tuple(target.elts[1], width)
            case ast.For(target=target, iter=iterated) | ast.comprehension(target=target, iter=iterated) if iterated is use:
                return _is_tuple(target, width)
            case ast.Subscript(value=value, slice=index) if value is use and not isinstance(index, ast.Slice | ast.Tuple):
                if isinstance(parent.ctx, ast.Store):
                    return isinstance(self.parents[parent], ast.Assign)
                outer = self.parents[parent]
                one = isinstance(outer, ast.Subscript) and outer.value is parent and isinstance(outer.ctx, ast.Load) \
                    and _place(outer.slice, width) is not None
                return one or self._unpacked(parent, width)
        return False

    def _unpacked(self, value: ast.expr, width: int) -> bool:
        outer = self.parents[value]
        return isinstance(outer, ast.Assign) and outer.value is value and len(outer.targets) == 1 and _is_tuple(outer.targets[0], width) \
            and not syntax.names_in(outer.targets[0]) & syntax.names_in(value)


def _is_tuple(target: ast.expr, width: int) -> bool:
    return isinstance(target, ast.Tuple | ast.List) and len(target.elts) == width and not any(isinstance(e, ast.Starred) for e in target.elts)


def _place(index: ast.expr, width: int) -> int | None:
    """The place in a tuple that a written-out index means."""
    match index:
        case ast.Constant(value=int() as place) if place < width:
            return place
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as place)) if 0 < place <= width:
            return width - place
    return None


class _Columns(ast.NodeTransformer):
    """Writes one list for each place of the tuples."""

    def __init__(self, widths: dict[str, int], taken: set[str]) -> None:
        self.columns = {name: [fresh_name(taken, f"{name}_{place}") for place in range(width)] for name, width in widths.items()}

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for statement in statements:
            made = self._statement(statement)
            for each in [statement] if made is None else made:
                for field in ("body", "orelse"):
                    inner = getattr(each, field, None)
                    if isinstance(inner, list):
                        setattr(each, field, self.block(inner))
                for field, value in ast.iter_fields(each):
                    if isinstance(value, ast.expr):
                        setattr(each, field, self.visit(value))
                    elif isinstance(value, list) and value and isinstance(value[0], ast.expr):
                        setattr(each, field, [self.visit(e) for e in value])
                result.append(each if made is None else syntax.placed(each, statement))
        return result

    def _statement(self, node: ast.stmt) -> list[ast.stmt] | None:
        """What stands for a statement that makes such a list longer or shorter, or takes one of its tuples apart."""
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in self.columns:
                return [ast.Assign([ast.Name(column, ast.Store())], self._begun(value, place)) for place, column in enumerate(self.columns[name])]
            case ast.AugAssign(target=ast.Name(id=name), value=ast.List(elts=more) | ast.Tuple(elts=more)) if name in self.columns:
                return [statement for element in more for statement in self._appended(name, element)]
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method), args=arguments)) if name in self.columns:
                elements = arguments if method == "append" else arguments[0].elts if method == "extend" else None  # type: ignore[attr-defined]
                if elements is not None:
                    return [statement for element in elements for statement in self._appended(name, element)]
                return [ast.Expr(self._called(column, method, arguments)) for column in self.columns[name]]
            case ast.Assign(targets=[ast.Tuple(elts=parts) | ast.List(elts=parts)],
                            value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method), args=arguments)) if name in self.columns:
                return [ast.Assign([part], self._called(column, method, arguments)) for part, column in zip(parts, self.columns[name])]
            case ast.Assign(targets=[ast.Tuple(elts=parts) | ast.List(elts=parts)],
                            value=ast.Subscript(value=ast.Name(id=name), slice=index)) if name in self.columns:
                return [ast.Assign([part], self._read(column, index)) for part, column in zip(parts, self.columns[name])]
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=index)], value=ast.Tuple(elts=values)) if name in self.columns:
                return [ast.Assign([ast.Subscript(syntax.name(column), copy.deepcopy(index), ast.Store())], value)
                        for column, value in zip(self.columns[name], values)]
        return None

    def _begun(self, value: ast.expr, place: int) -> ast.expr:
        value = copy.deepcopy(value)
        if isinstance(value, ast.ListComp):
            value.elt = value.elt.elts[place]  # type: ignore[attr-defined]
        else:
            elements = begun(value) or []
            elements[:] = [element.elts[place] for element in elements]  # type: ignore[attr-defined]
        return value

    def _appended(self, name: str, element: ast.expr) -> list[ast.stmt]:
        return [ast.Expr(self._called(column, "append", [part]))
                for column, part in zip(self.columns[name], element.elts)]  # type: ignore[attr-defined]

    def _called(self, column: str, method: str, arguments: list[ast.expr]) -> ast.Call:
        return syntax.call(syntax.attribute(syntax.name(column), method), *map(copy.deepcopy, arguments))

    def _read(self, column: str, index: ast.expr) -> ast.Subscript:
        return ast.Subscript(syntax.name(column), copy.deepcopy(index), ast.Load())

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        match node:
            case ast.Subscript(value=ast.Subscript(value=ast.Name(id=name), slice=index), slice=place) if name in self.columns:
                columns = self.columns[name]
                return ast.copy_location(self._read(columns[_place(place, len(columns)) or 0], self.visit(index)), node)
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]) if name in self.columns:
                node.args = [syntax.name(self.columns[name][0])]
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Where a loop goes through the list."""
        if node.id not in self.columns or not isinstance(node.ctx, ast.Load):
            return node
        return ast.copy_location(syntax.builtin_call("zip", *map(syntax.name, self.columns[node.id])), node)
