"""Parameters that are None, a string, a dtype or a tuple of whole numbers, written into the function that gets them, so that its
branches on them are decided: `if weights is None`, `mode == "same"`, `axis=axis`."""
from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from . import syntax
from .names import assigned_in, fresh_name, inner_names, parameters_of

DTYPES = frozenset({"bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "intp", "float32", "float64",
                    "complex64", "complex128"})
MOST_FORMS = 32
"""Of helpers for literals that they are given."""
Known = dict[str, ast.expr]


def settle_literals(functions: dict[str, ast.FunctionDef], entry: str, given: Mapping[str, ast.expr],
                    arguments_of: Callable[[ast.FunctionDef, ast.Call], list[ast.expr] | None]) -> None:
    """Works in place. A helper that is called with such literals gets a form of its own for them, without these parameters.

    given: what the entry's parameters hold that are no arguments of the kernel. arguments_of: the positional arguments of a call,
    keywords and defaults resolved.
    """
    unset = any(isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant) and n.value.value is None
                for function in functions.values() for n in ast.walk(function))
    with_given(functions[entry], given)
    forms: dict[tuple[str, ...], str] = {}
    done: set[str] = set()
    todo = [entry, *functions]
    while todo:
        name = todo.pop(0)
        if name in done:
            continue
        done.add(name)
        function = functions[name]
        _decide(function, set() if unset and name != entry else set(parameters_of(function)))
        for call in [n for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in functions]:
            helper = functions[call.func.id]  # type: ignore[attr-defined]
            arguments = arguments_of(helper, call) if helper is not function else None
            literals = {place: a for place, a in enumerate(arguments or ()) if is_literal(a)}
            if not literals:
                continue
            key = (helper.name, *(f"{place} {ast.dump(a)}" for place, a in literals.items()))
            if key not in forms:
                if len(forms) == MOST_FORMS:
                    return
                forms[key] = fresh_name(set(functions), f"{helper.name}_given")
                functions[forms[key]] = _form(helper, forms[key], literals)
                todo.append(forms[key])
            call.func = ast.copy_location(syntax.name(forms[key]), call.func)
            call.args, call.keywords = [a for place, a in enumerate(arguments or ()) if place not in literals], []
    called = {n.id for function in functions.values() for n in ast.walk(function) if isinstance(n, ast.Name)}
    for helper in {key[0] for key in forms} - called - {entry}:
        del functions[helper]


def is_literal(node: ast.expr) -> bool:
    """Whether it is None, a string, a dtype, or a tuple of whole numbers."""
    match node:
        case ast.Constant(value=None | str()):
            return True
        case ast.Attribute(value=ast.Name(id="np"), attr=name):
            return name in DTYPES
        case ast.Tuple(elts=elements):
            return bool(elements) and all(_number(e) is not None for e in elements)
    return False


def literal_of(value: object) -> ast.expr | None:
    """The literal that means the same as a value; None where there is none."""
    if value is None or isinstance(value, str):
        return ast.Constant(value)
    if type(value) in (bool, int, float, complex):
        return syntax.number(value)  # type: ignore[arg-type]
    if isinstance(value, type) and value in (float, int, bool, complex):
        return syntax.numpy(np.dtype(value).name if value is not bool else "bool_")
    if isinstance(value, np.dtype) or isinstance(value, type) and issubclass(value, np.generic):
        name = np.dtype(value).name
        return syntax.numpy("bool_" if name == "bool" else name) if name in DTYPES | {"bool"} else None
    if isinstance(value, tuple) and all(type(each) is int for each in value):
        return ast.Tuple([syntax.number(each) for each in value], ast.Load())
    return None


def with_given(function: ast.FunctionDef, given: Mapping[str, ast.expr]) -> None:
    """Works in place: the function without these parameters, which are set at its beginning."""
    arguments = function.args
    optional = dict(zip([a.arg for a in arguments.args[len(arguments.args) - len(arguments.defaults):]], arguments.defaults))
    kept = [a for a in arguments.args if a.arg not in given]
    arguments.args, arguments.defaults = kept, [optional[a.arg] for a in kept if a.arg in optional]
    keywords = [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults) if a.arg not in given]
    arguments.kwonlyargs, arguments.kw_defaults = [a for a, _ in keywords], [d for _, d in keywords]
    first = function.body[0]
    function.body[:0] = [syntax.placed(ast.Assign([ast.Name(name, ast.Store())], copy.deepcopy(value)), first) for name, value in given.items()]


def _form(helper: ast.FunctionDef, name: str, literals: Mapping[int, ast.expr]) -> ast.FunctionDef:
    made = copy.deepcopy(helper)
    made.name = name
    names = parameters_of(helper)
    made.args.args, made.args.posonlyargs = [*made.args.posonlyargs, *made.args.args, *made.args.kwonlyargs], []
    made.args.defaults, made.args.kwonlyargs, made.args.kw_defaults = [], [], []      # the calls give all that is left
    with_given(made, {names[place]: value for place, value in literals.items()})
    return made


def _number(node: ast.expr) -> int | None:
    match node:
        case ast.Constant(value=int() as value) if type(value) is int:
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)) if type(value) is int:
            return -value
    return None


def _decide(function: ast.FunctionDef, numeric: set[str]) -> None:
    """Puts literals in the place of the variables that hold them, and takes the branches that they decide. numeric: parameters that
    hold numbers and arrays, as long as nothing that may be none is assigned to them."""
    if not any(is_literal(n) or _is_truth(n) for n in ast.walk(function) if isinstance(n, ast.expr)):
        return
    counts = assigned_in(function.body)
    once = {name for name, count in counts.items() if count == 1 and name not in parameters_of(function)}
    shut = inner_names(function)
    never = numeric - {name for n in ast.walk(function) if isinstance(n, ast.Assign) for target in n.targets
                       for name in syntax.names_in(target) & numeric if _may_be_literal(n.value, name)}
    function.body = _Decider(shut, never, once).block(function.body, {}) or [ast.Pass()]
    _without_unread(function, shut)
    ast.fix_missing_locations(function)


def _may_be_literal(value: ast.expr, name: str) -> bool:
    """Whether what is assigned to a variable that held a number may be no number."""
    match value:
        case ast.Name(id=other):
            return other != name
        case ast.IfExp(body=body, orelse=orelse):
            return _may_be_literal(body, name) or _may_be_literal(orelse, name)
        case ast.Tuple(elts=elements):
            return any(_may_be_literal(each, name) for each in elements)
    return is_literal(value)


class _Decider:
    """shut: names that are left alone, as inner functions read them. never: names that hold no literal at any time. once: names that are
    assigned once, of which a truth value is a literal too."""

    def __init__(self, shut: frozenset[str], never: set[str], once: set[str]) -> None:
        self.shut, self.never, self.once = shut, never, once

    def block(self, statements: Sequence[ast.stmt], known: Known) -> list[ast.stmt]:
        """The statements as they are decided; `known` becomes what is known after them."""
        result: list[ast.stmt] = []
        for statement in statements:
            result += self._statement(statement, known)
            if _leaves(result):
                break
        return result

    def _statement(self, node: ast.stmt, known: Known) -> list[ast.stmt]:
        match node:
            case ast.If():
                node.test = self._expression(node.test, known)
                truth = _truth(node.test)
                if truth is not None:
                    return self.block(node.body if truth else node.orelse, known)
                then, otherwise = dict(known), dict(known)
                node.body = self.block(node.body, then) or [ast.Pass()]
                node.orelse = self.block(node.orelse, otherwise)
                ends = [each for branch, each in ((node.body, then), (node.orelse, otherwise)) if not _leaves(branch)]
                first = ends[0] if ends else {}
                known.clear()
                known.update({name: value for name, value in first.items()
                              if all(name in each and ast.dump(each[name]) == ast.dump(value) for each in ends)})
            case ast.For() | ast.While():
                if isinstance(node, ast.For):
                    node.iter = self._expression(node.iter, known)
                self._forget(known, assigned_in([node]))
                if isinstance(node, ast.While):
                    node.test = self._expression(node.test, known)
                node.body = self.block(node.body, dict(known)) or [ast.Pass()]
                node.orelse = self.block(node.orelse, dict(known))
            case ast.FunctionDef() | ast.Try() | ast.With():
                self._forget(known, assigned_in([node]))
            case ast.Assign(targets=[ast.Name(id=name)]):
                node.value = self._expression(node.value, known)
                known.pop(name, None)
                flag = _is_truth(node.value) and name in self.once
                if name not in self.shut and (flag or is_literal(node.value) and not isinstance(node.value, ast.Tuple)):
                    known[name] = node.value
            case _:
                for field, value in ast.iter_fields(node):
                    if isinstance(value, ast.expr):
                        setattr(node, field, self._expression(value, known))
                    elif isinstance(value, list) and value and isinstance(value[0], ast.expr):
                        setattr(node, field, [self._expression(each, known) for each in value])
                self._forget(known, assigned_in([node]))
        return [node]

    def _forget(self, known: Known, names: Mapping[str, int]) -> None:
        for name in names:
            known.pop(name, None)

    def _expression(self, node: ast.expr, known: Known) -> ast.expr:
        return _Written(known, self.never).visit(node)


class _Written(ast.NodeTransformer):
    """Expressions with the literals in the place of their names, and what they decide decided."""

    def __init__(self, known: Known, never: set[str]) -> None:
        self.known, self.never = known, never

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node

    def _scope(self, node: ast.expr) -> ast.expr:
        bound = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        inner = _Written({name: value for name, value in self.known.items() if name not in bound}, self.never - bound)
        return inner.generic_visit(node)  # type: ignore[return-value]

    visit_ListComp = visit_GeneratorExp = visit_SetComp = visit_DictComp = _scope

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load) and node.id in self.known:
            return ast.copy_location(copy.deepcopy(self.known[node.id]), node)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        node.test = self.visit(node.test)
        truth = _truth(node.test)
        if truth is not None:
            return self.visit(node.body if truth else node.orelse)
        node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """`weights is not None and ...`: operands from the left, as long as they are decided."""
        decides = isinstance(node.op, ast.Or)
        while node.values:
            node.values[0] = self.visit(node.values[0])
            truth = _truth(node.values[0])
            if truth is None:
                break
            if truth == decides or len(node.values) == 1:
                return node.values[0]
            del node.values[0]
        node.values[1:] = [self.visit(value) for value in node.values[1:]]
        return node if len(node.values) > 1 else node.values[0]

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        truth = _truth(node.operand) if isinstance(node.op, ast.Not) else None
        return node if truth is None else ast.copy_location(ast.Constant(not truth), node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if len(node.ops) != 1:
            return node
        decided = self._decided(node.left, node.ops[0], node.comparators[0])
        return node if decided is None else ast.copy_location(ast.Constant(decided), node)

    def _decided(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool | None:
        if isinstance(op, ast.In | ast.NotIn) and isinstance(right, ast.Tuple | ast.List | ast.Set) and right.elts:
            found = [self._equal(left, each) for each in right.elts]
            inside = None if None in found else any(found)
        elif isinstance(op, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            inside = self._equal(left, right)
        else:
            return None
        return inside if inside is None or isinstance(op, ast.Is | ast.Eq | ast.In) else not inside

    def _equal(self, one: ast.expr, other: ast.expr) -> bool | None:
        if is_literal(one) and is_literal(other):
            return ast.dump(one) == ast.dump(other)
        for name, literal in ((one, other), (other, one)):
            if isinstance(name, ast.Name) and name.id in self.never and isinstance(literal, ast.Constant) and is_literal(literal):
                return False
        return None


def _leaves(statements: Sequence[ast.stmt]) -> bool:
    """Whether nothing after the statements is reached."""
    return bool(statements) and isinstance(statements[-1], ast.Return | ast.Raise | ast.Break | ast.Continue)


def _is_truth(node: ast.expr) -> bool:
    """Whether it is True or False, written out."""
    return isinstance(node, ast.Constant) and type(node.value) is bool


def _truth(node: ast.expr) -> bool | None:
    """What a literal counts as in a condition; None for anything else, numbers among it."""
    match node:
        case ast.Constant(value=None | str() | bool() as value):
            return bool(value)
    return None


def _without_unread(function: ast.FunctionDef, shut: frozenset[str]) -> None:
    """Drops assignments of literals to variables that are not read before they are assigned again."""
    loads = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} | shut

    def unread(statement: ast.stmt, later: Sequence[ast.stmt]) -> bool:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_literal(value) or _is_truth(value):
                if name not in loads:
                    return True
                first = next((s for s in later if name in syntax.names_in(s)), None)
                return isinstance(first, ast.Assign) and name not in shut and syntax.text(first.targets[0]) == name \
                    and name not in syntax.names_in(first.value)
        return False

    function.body = [s for place, s in enumerate(function.body) if not unread(s, function.body[place + 1:])] or [ast.Pass()]
