"""Writes into real and imaginary parts: `z.real = x`, `z.imag[mask] *= 2`, as writes of whole complex numbers."""
from __future__ import annotations

import ast
import copy
from collections.abc import Sequence

import numpy as np

from . import syntax
from .names import bound_names, fresh_name, parameters_of
from .seen import Instance, Type, seen_type

OTHER = {"real": "imag", "imag": "real"}


def writes_parts(functions: Sequence[ast.FunctionDef]) -> bool:
    """Whether there may be anything to do."""
    return any(_part(node) is not None for function in functions for node in ast.walk(function))


def with_whole_numbers(function: ast.FunctionDef, instances: Sequence[Instance]) -> None:
    """Works in place, on arrays that `instances` saw to be complex."""
    if writes_parts([function]):
        _Whole(function, instances).visit(function)
        ast.fix_missing_locations(function)


def _part(node: ast.AST) -> tuple[ast.expr, str, ast.expr | None] | None:
    """Of an assignment into a part: the array, "real" or "imag", and the index into the part, None for all of it."""
    target = node.target if isinstance(node, ast.AugAssign) else node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    match target:
        case ast.Attribute(value=array, attr="real" | "imag" as part) if _is_plain(array):
            return array, part, None
        case ast.Subscript(value=ast.Attribute(value=array, attr="real" | "imag" as part), slice=index) if _is_plain(array):
            return array, part, index
    return None


def _is_plain(node: ast.expr) -> bool:
    """Whether it is a variable, or a part of one, and may be evaluated twice."""
    while isinstance(node, ast.Subscript):
        if any(isinstance(n, ast.Call) for n in ast.walk(node.slice)):
            return False
        node = node.value
    return isinstance(node, ast.Name)


class _Whole(ast.NodeTransformer):
    def __init__(self, function: ast.FunctionDef, instances: Sequence[Instance]) -> None:
        self.instances = instances
        self.parameters = parameters_of(function)
        self.taken = set(bound_names(function))

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        return self._written(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt | list[ast.stmt]:
        return self._written(node)

    def _array(self, node: ast.expr) -> Type | None:
        """The type of an array that is written into; None for anything else."""
        if isinstance(node, ast.Subscript):
            outer, parts = self._array(node.value), node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if outer is None or any(isinstance(p, ast.Constant) and type(p.value) is not int for p in parts):
                return None
            return (*outer[:2], outer[2] - sum(not isinstance(p, ast.Slice) for p in parts))
        name, types = node.id, set[Type]()  # type: ignore[attr-defined]
        for instance in self.instances:
            types |= instance.bindings.get(name, set())
            if name in self.parameters:
                types.add(instance.arguments[self.parameters.index(name)])
        found = types.pop() if len(types) == 1 else None
        return found if found is not None and found[0] == "array" and np.dtype(found[1]).kind == "c" else None

    def _written(self, node: ast.Assign | ast.AugAssign) -> ast.stmt | list[ast.stmt]:
        found = _part(node)
        seen = self._array(found[0]) if found is not None else None
        if found is None or seen is None or not 1 <= seen[2] <= 4:
            return node
        array, part, index = found
        made: list[ast.stmt] = []
        shown, given = ast.unparse(array), fresh_name(self.taken, f"{part}_part")
        if not isinstance(array, ast.Name):
            shown = fresh_name(self.taken, "shown")
            made.append(self._assign(shown, copy.deepcopy(array)))
        if index is not None:
            made.append(self._assign(given, syntax.parse(f"{shown}.{part}.copy()")))
            inner = copy.deepcopy(node)
            place = ast.Subscript(ast.Name(given, ast.Load()), copy.deepcopy(index), ast.Store())
            if isinstance(inner, ast.AugAssign):
                inner.target = place
            else:
                inner.targets = [place]
            made.append(inner)
            value, kind = None, ("array", "", seen[2])
        else:
            value, kind = node.value, seen_type(node.value, self.instances) or ("scalar",)
            if isinstance(node, ast.AugAssign):
                value, kind = ast.BinOp(syntax.parse(f"{shown}.{part}"), node.op, node.value), ("array", "", seen[2])
            if kind[0] == "array" and kind[2] < seen[2]:
                value = syntax.numpy_call("broadcast_to", value, syntax.parse(f"{shown}.shape"))
            if kind[0] == "array":
                value = syntax.call(syntax.attribute(value, "copy"))        # it may show what is written
            made.append(self._assign(given, value))
        places = [fresh_name(self.taken, letter) for letter in "ijkl"[:seen[2]]]
        at = f"[{', '.join(places)}]"
        one = f"{given}{at if kind[0] == 'array' else ''}"
        parts = {part: one, OTHER[part]: f"{shown}{at}.{OTHER[part]}"}
        lines = syntax.nest(places, [f"{shown}.shape[{depth}]" for depth in range(seen[2])], f"{shown}{at} = complex({parts['real']}, {parts['imag']})")
        return [syntax.placed(each, node) for each in (*made, *ast.parse("\n".join(lines)).body)]

    def _assign(self, name: str, value: ast.expr) -> ast.stmt:
        return ast.Assign([ast.Name(name, ast.Store())], value)
