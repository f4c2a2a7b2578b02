"""Tuples, lists and dictionaries of a fixed number of things, as one variable for each of them: `g = [a, b + c]`, then `g[0]`,
`g[1] += d`, `for each in g`, `np.stack(g)`."""
from __future__ import annotations

import ast
import copy
import operator
from collections.abc import Iterator

from ..analysis.names import all_blocks
from . import syntax
from .names import assigned_in, bound_names, fresh_name, parameters_of

MOST = 16
"""Things in one display, or turns of a loop over what is written out, beyond which it stays one."""
READERS = frozenset("sum min max any all zip enumerate len tuple list sorted reversed".split())
"""Builtins that read a list and do not keep it."""
Key = int | str
_ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod}


def take_apart(function: ast.FunctionDef) -> bool:
    """Works in place, on variables whose every use is understood; whether there was any."""
    found = False
    for block in list(all_blocks(function)):
        _gather(function, block)
    while (known := next(_displays(function), None)) is not None:
        _Apart(function, *known).run()
        found = True
    if found:
        ast.fix_missing_locations(function)
    return found


def _displays(function: ast.FunctionDef) -> Iterator[tuple[str, tuple[Key, ...]]]:
    """The variables that hold nothing but displays of the same length, and their keys."""
    inner = {n for each in ast.walk(function) if isinstance(each, ast.FunctionDef | ast.Lambda) and each is not function
             for n in syntax.names_in(each)}
    values: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            values.setdefault(node.targets[0].id, []).append(node.value)
    bindings = assigned_in(function.body)
    for name, bound in values.items():
        if len(bound) == bindings[name] and name not in inner and name not in parameters_of(function) and len(set(map(type, bound))) == 1:
            keys = _all_keys(name, bound, function)
            if keys and (len(bound) > 1 or not all(map(_is_simple, bound)) or not isinstance(bound[0], ast.Tuple)) and _Uses(name, bound[0], keys).understood(function):
                yield name, keys


def _all_keys(name: str, bound: list[ast.expr], function: ast.FunctionDef) -> tuple[Key, ...]:
    """What the things of a variable go by; () where that is not known, or not the same each time."""
    if not all(isinstance(value, ast.Dict) for value in bound):
        keys = {keys_of(value) for value in bound}
        return keys.pop() if len(keys) == 1 else ()
    found: dict[Key, None] = {}
    for value in bound:
        if value.keys and not keys_of(value):  # type: ignore[attr-defined]
            return ()
        found |= dict.fromkeys(keys_of(value))
    for node in ast.walk(function):
        match node:
            case ast.Subscript(value=ast.Name(id=of), slice=index, ctx=ast.Store()) if of == name:
                key = constant_key(index)
                if key is None:
                    return ()
                found[key] = None
    return tuple(found) if len(found) <= MOST else ()


def _gather(function: ast.FunctionDef, block: list[ast.stmt]) -> None:
    """`g = []`, `g.append(a)`, `g.append(b)` of one block as `g = [a, b]`, where nothing asks for the list before."""
    for begin in list(block):
        match begin:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[]) | ast.Call(func=ast.Name(id="list"), args=[], keywords=[])):
                pass
            case _:
                continue
        start = block.index(begin)
        added = [n for n in range(start + 1, len(block)) if _appended(block[n], name) is not None]
        others = [n for n in range(start + 1, len(block)) if n not in added and name in syntax.names_in(block[n])]
        if not 0 < len(added) <= MOST or assigned_in(function.body)[name] != 1 or others and others[0] < added[-1]:
            continue
        taken = set(bound_names(function))
        parts = [fresh_name(taken, f"{name}_{place}") for place in range(len(added))]
        for part, at in zip(parts, added):
            thing = _appended(block[at], name)
            assert thing is not None
            block[at] = ast.copy_location(ast.Assign([ast.Name(part, ast.Store())], thing), block[at])
        whole = ast.List([syntax.name(part) for part in parts], ast.Load())
        block.insert(added[-1] + 1, ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], whole), begin))
        block.remove(begin)
        ast.fix_missing_locations(function)


def _appended(node: ast.stmt, name: str) -> ast.expr | None:
    """What the statement appends to the list `name`."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=of), attr="append"), args=[thing], keywords=[])) \
                if of == name and name not in syntax.names_in(thing):
            return thing
    return None


def lengths(function: ast.FunctionDef) -> dict[str, int]:
    """How many things each variable holds that holds nothing but tuples and lists that are written out, of one length, and not of
    constants alone."""
    found: dict[str, set[int]] = {}
    constant: dict[str, bool] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name, value = node.targets[0].id, node.value
            known = isinstance(value, ast.Tuple | ast.List) and keys_of(value)
            found.setdefault(name, set()).add(len(known or ()))
            constant[name] = constant.get(name, True) and bool(known) and all(isinstance(thing, ast.Constant) for thing in _things(value))
    return {name: max(known) for name, known in found.items() if len(known) == 1 and 0 not in known and not constant[name]}


def keys_of(value: ast.expr) -> tuple[Key, ...]:
    """What the things of a display go by; () where it is none that is understood."""
    match value:
        case ast.Tuple(elts=items) | ast.List(elts=items) if 0 < len(items) <= MOST and not any(isinstance(i, ast.Starred) for i in items):
            return tuple(range(len(items)))
        case ast.Dict(keys=keys) if 0 < len(keys) <= MOST and all(isinstance(k, ast.Constant) and type(k.value) in (str, int) for k in keys):
            found = tuple(k.value for k in keys)  # type: ignore[union-attr]
            return found if len(set(found)) == len(found) else ()
    return ()


def _things(value: ast.expr) -> list[ast.expr]:
    return value.values if isinstance(value, ast.Dict) else value.elts  # type: ignore[attr-defined]


def _is_simple(value: ast.expr) -> bool:
    """A tuple of numbers and names is known as it stands."""
    return all(isinstance(thing, ast.Name | ast.Constant | ast.UnaryOp) for thing in _things(value))


class _Uses:
    """Whether all uses of a variable are such as the things themselves may stand for."""

    def __init__(self, name: str, value: ast.expr, keys: tuple[Key, ...]) -> None:
        self.name, self.kind, self.keys = name, type(value), keys
        self.begins_with_all = len(keys_of(value)) == len(keys)
        self.stores = self.walks = self.other = False

    def understood(self, function: ast.FunctionDef) -> bool:
        for statement in function.body:
            self._look(statement)
        changes = self.stores and self.walks            # a loop over a list sees what its body stores into it
        return not self.other and not changes

    def _is(self, node: ast.AST | None) -> bool:
        return isinstance(node, ast.Name) and node.id == self.name and isinstance(node.ctx, ast.Load)

    def _look(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=self.name)]):
                return self._look(node.value)
            case ast.Subscript(value=value, slice=index) if self._is(value):
                if key_of(index, self.keys) is None or isinstance(node.ctx, ast.Del):
                    self.other = True
                if isinstance(node.ctx, ast.Store):
                    self.stores = True
                    self.other |= self.kind is ast.Tuple
                return None
            case ast.Name(id=self.name):
                self.other = True
                return None
        if isinstance(node, ast.For | ast.comprehension):
            self.walks |= self.name in syntax.names_in(node.iter)
        for field, child in ast.iter_fields(node):
            for each in child if isinstance(child, list) else [child]:
                if self._is(each) and self._whole(node, field):
                    continue
                if isinstance(each, ast.AST):
                    self._look(each)
        return None

    def _whole(self, node: ast.AST, field: str) -> bool:
        """Whether all things together may stand here as a display."""
        if self.kind is ast.Dict:
            return self.begins_with_all and isinstance(node, ast.Call) and syntax.text(node.func) == "len"
        match node, field:
            case (ast.For() | ast.comprehension(), "iter") | (ast.Return() | ast.Starred(), "value"):
                return True
            case ast.Assign(targets=[ast.Tuple()]), "value":
                return True
            case ast.Call(func=ast.Name(id=name)), "args":
                return name in READERS or self.kind is ast.Tuple
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"))), "args":
                return True
        return self.kind is ast.Tuple and field in ("args", "value", "elts", "slice", "left", "right")


def key_of(index: ast.expr, keys: tuple[Key, ...]) -> Key | None:
    """The key that a constant index stands for, None where it is another or none."""
    value = constant_key(index)
    if isinstance(value, int) and -len(keys) <= value < 0 and keys == tuple(range(len(keys))):
        value += len(keys)
    return value if value in keys else None


def constant_key(node: ast.expr) -> Key | None:
    match node:
        case ast.Constant(value=int() | str() as value) if type(value) is not bool:
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = constant_key(operand)
            return -value if isinstance(value, int) else None
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            one, two = constant_key(left), constant_key(right)
            if isinstance(one, int) and isinstance(two, int) and (two or not isinstance(op, ast.FloorDiv | ast.Mod)):
                return _ARITHMETIC[type(op)](one, two)
    return None


class _Apart(ast.NodeTransformer):
    def __init__(self, function: ast.FunctionDef, name: str, keys: tuple[Key, ...]) -> None:
        self.function, self.name, self.keys = function, name, keys
        taken = set(bound_names(function))
        self.parts = {key: fresh_name(taken, f"{name}_{key}" if f"{name}_{key}".isidentifier() else f"{name}_{place}")
                      for place, key in enumerate(keys)}
        self.kind: type[ast.expr] = ast.Tuple
        self.direct = False

    def run(self) -> None:
        bound = [node.value for node in ast.walk(self.function)
                 if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == self.name]
        self.kind = type(bound[0])
        names = [thing.id for value in bound for thing in _things(value) if isinstance(thing, ast.Name)]
        bindings, given = assigned_in(self.function.body), parameters_of(self.function)
        stores = any(isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load) and syntax.text(n.value) == self.name
                     for n in ast.walk(self.function))
        if len(bound) == 1 and len(names) == len(set(names)) == len(self.keys) and not stores \
                and all(bindings[name] + (name in given) <= 1 for name in names):
            self.direct, self.parts = True, dict(zip(self.keys, names))     # these hold the things already, and nothing else
        self.generic_visit(self.function)

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        if not (isinstance(node.targets[0], ast.Name) and node.targets[0].id == self.name):
            return self.generic_visit(node)  # type: ignore[return-value]
        if self.direct:
            return []
        reads_itself = self.name in syntax.names_in(node.value)
        things = [self.visit(thing) for thing in _things(node.value)]
        targets: list[ast.expr] = [ast.Name(self.parts[key], ast.Store()) for key in keys_of(node.value)]
        if reads_itself and len(things) > 1:
            return ast.copy_location(ast.Assign([ast.Tuple(targets, ast.Store())], ast.Tuple(things, ast.Load())), node)
        return [ast.copy_location(ast.Assign([target], thing), node) for target, thing in zip(targets, things)]

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == self.name:
            key = key_of(node.slice, self.keys)
            assert key is not None
            return ast.copy_location(ast.Name(self.parts[key], copy.copy(node.ctx)), node)
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=self.name)]):
                return ast.copy_location(ast.Constant(len(self.keys)), node)
            case ast.Call(func=ast.Name(id="sum"), args=[ast.Name(id=self.name)], keywords=[]):
                total: ast.expr = ast.Constant(0)
                for key in self.keys:
                    total = syntax.binary(total, "+", syntax.name(self.parts[key]))
                return ast.copy_location(total, node)
            case ast.Call(func=ast.Name(id="min" | "max"), args=[ast.Name(id=self.name)], keywords=[]) if len(self.keys) > 1:
                node.args = [syntax.name(self.parts[key]) for key in self.keys]
                return node
        self.generic_visit(node)
        node.args = [piece for arg in node.args for piece in (
            arg.value.elts if isinstance(arg, ast.Starred) and isinstance(arg.value, ast.Tuple | ast.List) else [arg])]
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id != self.name:
            return node
        things: list[ast.expr] = [syntax.name(self.parts[key]) for key in self.keys]
        return ast.copy_location(self.kind(things, ast.Load()), node)  # type: ignore[call-arg]
