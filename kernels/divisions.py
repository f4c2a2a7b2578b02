"""Where the reference divides one extent by another (`heads // groups`): the extents, as names of the signature."""
from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from .analysis.names import store_counts
from .spec import OpenSpec


def divided_extents(spec: OpenSpec, ranks: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """Dividend and divisor of each `//` whose sides are dimensions of array arguments ("a.shape[0]") or integer arguments,
    directly or by names that are bound once. ranks: the arrays' numbers of dimensions."""
    function = next((node for node in ast.parse(spec.spec.text).body
                     if isinstance(node, ast.FunctionDef) and node.name == spec.spec.function), None)
    if function is None:
        return ()
    stores = store_counts(function)
    known = {a.arg: a.arg for a in (*function.args.posonlyargs, *function.args.args) if a.arg not in stores}
    arrays = {name: ranks[name] for name in known if name in ranks}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                known |= {name: atom for name, atom in _bound(target, node.value, arrays) if stores[name] == 1}
    pairs = {(_atom(node.left, arrays, known), _atom(node.right, arrays, known)): None
             for node in ast.walk(function) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv)}
    return tuple((one, other) for one, other in pairs if one and other)


def _bound(target: ast.expr, value: ast.expr, arrays: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """The names that an assignment binds to dimensions of arguments."""
    match target, value:
        case ast.Name(id=name), _:
            if atom := _atom(value, arrays, {}):
                yield name, atom
        case (ast.Tuple(elts=names), ast.Tuple(elts=values)) if len(names) == len(values):
            for one, other in zip(names, values):
                yield from _bound(one, other, arrays)
        case ast.Tuple(elts=names), ast.Attribute(value=ast.Name(id=array), attr="shape") if arrays.get(array) == len(names):
            for axis, one in enumerate(names):
                if isinstance(one, ast.Name):
                    yield one.id, f"{array}.shape[{axis}]"


def _atom(node: ast.expr, arrays: Mapping[str, int], names: Mapping[str, str]) -> str | None:
    match node:
        case ast.Name(id=name) if name not in arrays:
            return names.get(name)
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=array)]) if array in arrays:
            return f"{array}.shape[0]"
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id=array), attr="shape"), slice=index) if array in arrays:
            match index:
                case ast.Constant(value=int() as axis) if axis < arrays[array]:
                    return f"{array}.shape[{axis}]"
                case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as back)) if 0 < back <= arrays[array]:
                    return f"{array}.shape[{arrays[array] - back}]"
    return None
