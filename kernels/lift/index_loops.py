"""Loops that are several in one: np.ndindex and np.ndenumerate over an array's indices, itertools.product, combinations, permutations."""
from __future__ import annotations

import ast
import copy
from collections.abc import Mapping

from ..analysis.names import own_jumps
from . import syntax
from .names import assigned_in, fresh_name, mutated_in


def over_indices(loop: ast.For, taken: set[str], ranks: Mapping[str, int]) -> ast.For | None:
    """Such a loop as one loop an axis; None for any other. taken: names in use. ranks: of the parameters that are arrays and stay."""
    _name_by_name(loop, taken, ranks)
    return _nest(loop)


def _name_by_name(node: ast.For, taken: set[str], ranks: Mapping[str, int]) -> None:
    """An index that is one tuple, over the axes of a parameter, as a name an axis; its uses become tuples of them."""
    match node:
        case ast.For(iter=ast.Call(func=called, args=[ast.Attribute(value=ast.Name(id=array), attr="shape")])) \
                if syntax.text(called) == "np.ndindex":
            target = node.target
        case ast.For(target=ast.Tuple(elts=[target, _]), iter=ast.Call(func=called, args=[ast.Name(id=array)])) \
                if syntax.text(called) == "np.ndenumerate":
            pass
        case _:
            return
    rank = ranks.get(array, 0)
    if not isinstance(target, ast.Name) or not rank or assigned_in(node.body)[target.id]:
        return
    names = [fresh_name(taken, f"{target.id}_{axis}") for axis in range(rank)]
    written = _Written(target.id, [syntax.name(name) for name in names])
    node.body = [written.visit(statement) for statement in node.body]
    places = ast.Tuple([ast.Name(name, ast.Store()) for name in names], ast.Store())
    if node.target is target:
        node.target = places
    else:
        node.target.elts[0] = places  # type: ignore[attr-defined]


def _nest(loop: ast.For) -> ast.For | None:
    """A loop over the indices of an array, and over the elements there, as one loop an axis: where as many names as it has
    axes stand in the loop's header, and nothing leaves the loop early."""
    if loop.orelse or not isinstance(loop.iter, ast.Call) or "break" in own_jumps(loop.body):
        return None
    if syntax.text(loop.iter.func).startswith("itertools."):
        return _of_itertools(loop, loop.iter)
    if loop.iter.keywords:
        return None
    body = loop.body
    match syntax.text(loop.iter.func), loop.target, loop.iter.args:
        case "np.ndenumerate", ast.Tuple(elts=[ast.Tuple(elts=names), element]), [ast.Name() as array]:
            at = ast.Subscript(array, ast.Tuple([syntax.name(n.id) for n in names if isinstance(n, ast.Name)], ast.Load()), ast.Load())
            body = [ast.Assign([element], at), *body]
            ends = [syntax.parse(f"{array.id}.shape[{axis}]") for axis in range(len(names))]
        case "np.ndindex", ast.Tuple(elts=names), [ast.Attribute(attr="shape") as shape] | [ast.Starred(value=ast.Attribute(attr="shape") as shape)]:
            ends = [syntax.parse(f"{syntax.text(shape)}[{axis}]") for axis in range(len(names))]
        case "np.ndindex", ast.Tuple(elts=names), ends if len(ends) == len(names) and not any(isinstance(e, ast.Starred) for e in ends):
            pass
        case _:
            return None
    if not names or not all(isinstance(n, ast.Name) for n in names):
        return None
    for variable, end in zip(reversed(names), reversed(ends)):
        body = [ast.For(variable, syntax.builtin_call("range", copy.deepcopy(end)), body, [], lineno=0)]
    return body[0]  # type: ignore[return-value]


def _of_itertools(loop: ast.For, call: ast.Call) -> ast.For | None:
    """Nested loops in the order in which itertools gives its tuples; over what the body leaves alone, as itertools reads it first."""
    names = loop.target.elts if isinstance(loop.target, ast.Tuple) else []
    bound = assigned_in(loop.body).keys() | {n.id for n in names if isinstance(n, ast.Name)}
    written = mutated_in(loop.body)
    if not names or not all(isinstance(n, ast.Name) for n in names) or any(
            syntax.names_in(a) & bound or _read_in(a) & written for a in call.args):
        return None
    body, over = loop.body, list(call.args)
    match syntax.text(call.func), call.args, call.keywords:
        case "itertools.product", [only], [ast.keyword(arg="repeat", value=ast.Constant(value=int() as times))] if times == len(names):
            over = [copy.deepcopy(only) for _ in range(times)]
        case "itertools.product", [_, *_], [] if len(over) == len(names):
            pass
        case ("itertools.combinations" | "itertools.combinations_with_replacement" | "itertools.permutations") as function, \
                [ast.Call(func=ast.Name(id="range"), args=[*ends]) as whole, ast.Constant(value=int() as times)], [] \
                if times == len(names) and len(ends) < 3:
            last, step = ends[-1], 0 if function.endswith("replacement") else 1
            texts = [n.id for n in names]  # type: ignore[attr-defined]
            if function.endswith("permutations"):
                over = [copy.deepcopy(whole) for _ in names]
                apart = [syntax.parse(f"{a} != {b}") for k, a in enumerate(texts) for b in texts[:k]]
                body = [ast.If(ast.BoolOp(ast.And(), apart) if len(apart) > 1 else apart[0], body, [])] if apart else body
            else:
                following = [syntax.builtin_call("range", syntax.binary(syntax.name(t), "+", ast.Constant(step)), copy.deepcopy(last)) for t in texts[:-1]]
                over = [whole, *following]
        case _:
            return None
    for variable, iterated in zip(reversed(names), reversed(over)):
        body = [ast.For(variable, iterated, body, [], lineno=0)]
    return body[0]  # type: ignore[return-value]


class _Written(ast.NodeTransformer):
    """Writes a tuple that a name stands for."""

    def __init__(self, name: str, items: list[ast.expr]) -> None:
        self.name, self.items = name, items

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Tuple(copy.deepcopy(self.items), ast.Load()) if node.id == self.name else node


def _read_in(node: ast.expr) -> set[str]:
    """The names of which an expression reads more than the shape, which no write changes."""
    match node:
        case ast.Attribute(value=ast.Name(), attr="shape" | "size" | "ndim"):
            return set()
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name() | ast.Subscript(value=ast.Name(), slice=ast.Constant())]):
            return set()
        case ast.Name(id=name):
            return {name}
    return set().union(*map(_read_in, (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))))
