"""Which memory a name may stand for, and which parameters a helper may write: flow-insensitive, over the module."""
from __future__ import annotations

import ast
from dataclasses import dataclass

from . import numpy_calls as numpy_facts
from .types import Types


@dataclass(frozen=True)
class Parameter:
    """Memory that came in through a parameter."""

    function: str
    name: str


@dataclass(frozen=True)
class Site:
    """Memory that one call or operator of the text made."""

    node: int


@dataclass(frozen=True)
class Shared:
    """A further root of those parameters of `function` that some call lets overlap."""

    function: str


class Aliases:
    """`roots(function, expression)`: the memory an expression may stand for; empty for scalars.

    Parameters of the entry function are taken not to overlap each other. Those of a helper overlap where some call
    passes arguments with common roots.
    """

    def __init__(self, types: Types) -> None:
        self.types = types
        self.functions = types.functions
        self.names: dict[str, dict[str, frozenset[object]]] = {
            name: {a.arg: frozenset({Parameter(name, a.arg)}) for a in function.args.args}
            for name, function in self.functions.items()}
        self.written: dict[str, frozenset[str]] = dict.fromkeys(self.functions, frozenset())
        changed = True
        while changed:
            changed = any([self._pass(name) for name in self.functions])
        changed = True
        while changed:
            changed = any([self._effects(name, function) for name, function in self.functions.items()])

    def roots(self, function: str, node: ast.expr) -> frozenset[object]:
        if self.types.expression(function, node).is_scalar:
            return frozenset()
        site = frozenset({Site(id(node))})
        match node:
            case ast.Name(id=name):
                return self.names[function].get(name, frozenset())
            case ast.Subscript(value=value):
                return self.roots(function, value)
            case ast.Attribute(attr=attribute) if attribute in numpy_facts.METADATA:
                return frozenset()
            case ast.Attribute(value=value):
                return self.roots(function, value)
            case ast.IfExp(body=body, orelse=orelse):
                return self.roots(function, body) | self.roots(function, orelse)
            case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
                return frozenset().union(*(self.roots(function, part) for part in parts))
            case ast.BinOp() | ast.UnaryOp() | ast.Compare():
                return site
            case ast.Starred(value=value):
                return self.roots(function, value)
            case ast.Call():
                return site if returns_new_memory(node) else site | self._of_arguments(function, node)
        return site

    def _of_arguments(self, function: str, node: ast.Call) -> frozenset[object]:
        parts = [*node.args, *(k.value for k in node.keywords)]
        if isinstance(node.func, ast.Attribute):
            parts.append(node.func.value)
        return frozenset().union(*(self.roots(function, part) for part in parts))

    def _pass(self, name: str) -> bool:
        changed = False
        for node in self.types.nodes[name]:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    changed |= self._bind(name, target, node.value)
            elif isinstance(node, ast.For):
                changed |= self._extend(name, node.target, self.roots(name, node.iter))
            elif isinstance(node, ast.AugAssign):
                changed |= self._extend(name, node.target, frozenset({Site(id(node))}) if isinstance(node.target, ast.Name) else frozenset())
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in self.functions:
                changed |= self._overlap(name, node, self.functions[node.func.id])
        return changed

    def _bind(self, function: str, target: ast.expr, value: ast.expr) -> bool:
        if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            return any([self._bind(function, t, v) for t, v in zip(target.elts, value.elts)])
        return self._extend(function, target, self.roots(function, value))

    def _extend(self, function: str, target: ast.expr, roots: frozenset[object]) -> bool:
        if isinstance(target, ast.Tuple | ast.List):
            return any([self._extend(function, t, roots) for t in target.elts])
        if not isinstance(target, ast.Name) or self.types.of(function, target.id).is_scalar:
            return False
        known = self.names[function].get(target.id, frozenset())
        self.names[function][target.id] = known | roots
        return not roots <= known

    def _overlap(self, caller: str, node: ast.Call, callee: ast.FunctionDef) -> bool:
        given = [self.roots(caller, argument) for argument in node.args]
        exact = len(given) == len(callee.args.args) and not node.keywords
        changed = False
        for position, argument in enumerate(callee.args.args):
            others = [r for p, r in enumerate(given) if p != position]
            if not exact or any(given[position] & other for other in others):
                shared = frozenset({Shared(callee.name)})
                known = self.names[callee.name][argument.arg]
                changed |= not shared <= known
                self.names[callee.name][argument.arg] = known | shared
        return changed

    def _effects(self, name: str, function: ast.FunctionDef) -> bool:
        """Extends the set of parameters that `function` may write."""
        touched: frozenset[object] = frozenset()
        for node in self.types.nodes[name]:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    touched |= self._stored(name, target)
            elif isinstance(node, ast.AugAssign):
                touched |= self._stored(name, node.target) | self.roots(name, node.target)
            elif isinstance(node, ast.For):
                touched |= self._stored(name, node.target)
            elif isinstance(node, ast.Call):
                for argument in self.written_arguments(node):
                    touched |= self.roots(name, argument)
        found = self.written[name] | {root.name for root in touched if isinstance(root, Parameter) and root.function == name}
        if Shared(name) in touched:
            found |= {a.arg for a in function.args.args if Shared(name) in self.names[name][a.arg]}
        changed = found != self.written[name]
        self.written[name] = frozenset(found)
        return changed

    def _stored(self, function: str, target: ast.expr) -> frozenset[object]:
        if isinstance(target, ast.Tuple | ast.List):
            return frozenset().union(*(self._stored(function, t) for t in target.elts))
        if isinstance(target, ast.Subscript | ast.Attribute):
            return self.roots(function, target.value)
        return frozenset()

    def written_arguments(self, node: ast.Call) -> list[ast.expr]:
        """The argument expressions (a method's owner included) whose memory this call may write."""
        everything = [*node.args, *(k.value for k in node.keywords)]
        match node.func:
            case ast.Name(id=name) if name in self.functions:
                parameters = [a.arg for a in self.functions[name].args.args]
                if node.keywords or len(parameters) != len(node.args):
                    return everything
                return [a for a, p in zip(node.args, parameters) if p in self.written[name]]
            case ast.Name(id=name):
                known = name in numpy_facts.SCALAR_BUILTINS or name in ("range", "prange", "enumerate", "zip")
                return [] if known else everything
            case ast.Attribute(value=ast.Name(id="math")):
                return []
            case ast.Attribute(value=ast.Name(id="np"), attr=name):
                if numpy_facts.writes_argument(name, len(node.args), frozenset(k.arg or "" for k in node.keywords) - {"out"}):
                    return everything
                return [k.value for k in node.keywords if k.arg == "out"]
            case ast.Attribute(value=owner, attr=name):
                harmless = name in numpy_facts.FRESH_METHODS | numpy_facts.VIEWING_METHODS | {"type"}
                plain = all(k.arg in ("axis", "dtype", "keepdims", "copy") for k in node.keywords)
                return [] if harmless and plain and len(node.args) < 3 else [owner, *everything]
        return everything


def returns_new_memory(node: ast.Call) -> bool:
    """Whether the result shares memory with no argument for certain."""
    if any(k.arg in ("out", "copy", "subok") for k in node.keywords):
        return False
    match node.func:
        case ast.Name(id=name):
            return name in numpy_facts.SCALAR_BUILTINS - {"min", "max", "sum", "abs"} or name in ("range", "prange")
        case ast.Attribute(value=ast.Name(id="math")):
            return True
        case ast.Attribute(value=ast.Name(id="np"), attr=name):
            keywords = frozenset(k.arg or "" for k in node.keywords)
            return name in numpy_facts.FRESH and not numpy_facts.writes_argument(name, len(node.args), keywords)
        case ast.Attribute(attr=name):
            return name in numpy_facts.FRESH_METHODS
    return False
