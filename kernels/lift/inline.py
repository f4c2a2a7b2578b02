"""Inlining of helper functions, so that their array code fuses with the code around the call."""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence

from .exits import move_out, one_exit
from .names import assigned_in, bound_names, fresh_name, mutated_in, parameters_of, uses_of, writes_given
from .source import Rename, call_arguments

LARGEST = 400
"""Statements beyond which a function takes in no further helper."""


def inline_helpers(functions: dict[str, ast.FunctionDef], entry: str, largest: int = LARGEST) -> None:
    """Replace calls of helpers by their bodies, in place, wherever that keeps order and number of evaluations.

    A helper is taken in if it returns once, at its end, and does not call itself. Functions and lambdas defined inside
    a function are helpers too. What is not taken in stays a call.
    """
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in done or name in above:
            return
        for called in called_helpers(functions[name], functions):
            visit(called, (*above, name))
        known = {n: f for n, f in functions.items() if n != name and n not in above and _single_exit(f)}
        _Inliner(functions[name], known, largest).run()
        done.add(name)

    visit(entry, ())
    reached: set[str] = set()
    todo = [entry]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(called_helpers(functions[name], functions))
    for name in set(functions) - reached:
        del functions[name]
    move_out(functions)


def called_helpers(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> list[str]:
    return [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and n.id in functions]


def _single_exit(function: ast.FunctionDef) -> bool:
    """Whether the only return is the last statement (or there is none)."""
    returns = [n for n in ast.walk(function) if isinstance(n, ast.Return)]
    inner = [n for n in ast.walk(function) if isinstance(n, ast.FunctionDef | ast.Lambda | ast.Yield | ast.Global | ast.Nonlocal)
             and n is not function]
    return not inner and (not returns or (len(returns) == 1 and returns[0] is function.body[-1]))


class _Inliner:
    def __init__(self, function: ast.FunctionDef, helpers: dict[str, ast.FunctionDef], largest: int) -> None:
        self.function, self.size, self.largest = function, _size([function]), largest
        self.helpers = dict(helpers)
        self.taken = set(bound_names(function)) | set(helpers)
        self._defaults(function.body)
        self._closures()

    def run(self) -> None:
        self.function.body = self._block(self.function.body)
        unused = self.local - {n.id for n in ast.walk(self.function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        self.function.body = [s for s in self.function.body if not _defines(s, unused)] or [ast.Pass()]
        ast.fix_missing_locations(self.function)

    def _defaults(self, statements: list[ast.stmt]) -> None:
        """Defaults of functions that are defined here become variables: they are evaluated where the function is defined."""
        for position in reversed(range(len(statements))):
            statement = statements[position]
            value = getattr(statement, "value", None)
            inner = statement if isinstance(statement, ast.FunctionDef) else value if isinstance(value, ast.Lambda) else None
            if inner is None:
                for field in ("body", "orelse"):
                    self._defaults(getattr(statement, field, []))
                continue
            for defaults in (inner.args.defaults, inner.args.kw_defaults):
                for number, default in enumerate(defaults):
                    if default is not None and not isinstance(default, ast.Constant):
                        name = fresh_name(self.taken, "default")
                        statements.insert(position, ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], default), statement))
                        defaults[number] = ast.copy_location(ast.Name(name, ast.Load()), default)

    def _closures(self) -> None:
        """Functions and lambdas defined once in the body join the helpers; free variables keep their meaning."""
        self.local: set[str] = set()
        counts = assigned_in(self.function.body)
        for statement in ast.walk(self.function):
            if isinstance(statement, ast.FunctionDef) and statement is not self.function:
                definition = copy.deepcopy(statement)
                definition.decorator_list = []
            elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda) \
                    and isinstance(statement.targets[0], ast.Name):
                value = statement.value
                result = ast.copy_location(ast.Return(copy.deepcopy(value.body)), value)
                definition = ast.FunctionDef(statement.targets[0].id, copy.deepcopy(value.args), [result], [])
                ast.copy_location(definition, statement)
            else:
                continue
            if not _single_exit(definition) and isinstance(statement, ast.FunctionDef):
                definition = one_exit(definition) or definition
            if counts[definition.name] <= 1 and _single_exit(definition):
                self.helpers[definition.name] = definition
                self.local.add(definition.name)

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for statement in statements:
            if isinstance(statement, ast.FunctionDef):
                result.append(statement)
                continue
            for field in ("body", "orelse"):
                inner = getattr(statement, field, None)
                if isinstance(inner, list) and inner:
                    setattr(statement, field, self._block(inner))
            before: list[ast.stmt] = []
            if self._expand(statement, before):
                result.extend(before)
                result.append(statement)
            else:
                result.extend(before)
        return result

    def _expand(self, statement: ast.stmt, before: list[ast.stmt]) -> bool:
        """Take in the calls of one statement; False if nothing of the statement is left."""
        for _ in range(32):
            found = next(_calls(statement, self.helpers), None)
            if found is None or self.size > self.largest:
                return True
            call, whole = found
            helper = _for_call(self.helpers[call.func.id], call, self.taken)  # type: ignore[attr-defined]
            given = call_arguments(helper, call)
            helper = self._with_functions(helper, given or ())
            writes = given is not None and not whole and writes_given(helper, given)
            if writes and _comes_first(statement, call):
                held = fresh_name(self.taken, "given")
                first = ast.copy_location(ast.Assign([ast.Name(held, ast.Store())], call), statement)
                _Replace(call, ast.copy_location(ast.Name(held, ast.Load()), call)).visit(statement)
                if self._expand(first, before):
                    before.append(first)
                continue
            if given is None or writes:
                call.kernwright_kept = True  # type: ignore[attr-defined]
                continue
            if self._self_reference(helper):
                call.kernwright_kept = True  # type: ignore[attr-defined]
                continue
            pieces, value = self._instance(helper, given, call)
            self.size += _size(pieces)
            before.extend(self._block(pieces))
            if value is None:
                if isinstance(statement, ast.Expr) and statement.value is call:
                    return False
                value = ast.Constant(None)
            if isinstance(statement, ast.Expr) and statement.value is call:
                return False
            _Replace(call, value).visit(statement)
        return True

    def _with_functions(self, helper: ast.FunctionDef, given: Sequence[ast.expr]) -> ast.FunctionDef:
        """The helper in which parameters that are given functions stand for these, which are taken in."""
        called = {n.func.id for n in ast.walk(helper) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        functions = {name: value.id for name, value in zip(parameters_of(helper), given)
                     if isinstance(value, ast.Name) and value.id in self.helpers and value.id != helper.name and name in called
                     and not assigned_in(helper.body)[name]}
        if not functions:
            return helper
        made = copy.deepcopy(helper)
        made.body = [Rename(functions).visit(statement) for statement in made.body]
        _Inliner(made, {name: known for name, known in self.helpers.items() if name != helper.name}, self.largest).run()
        return made

    def _self_reference(self, helper: ast.FunctionDef) -> bool:
        return any(isinstance(n, ast.Name) and n.id == helper.name for n in ast.walk(helper))

    def _instance(self, helper: ast.FunctionDef, given: list[ast.expr], call: ast.Call) -> tuple[list[ast.stmt], ast.expr | None]:
        """The helper's statements with arguments in place of parameters, and the expression that it returns."""
        body = copy.deepcopy(helper.body)
        own = bound_names(helper)
        uses, assigned = uses_of(helper), assigned_in(body)
        mutated = mutated_in(body)
        straight = len(body) == 1
        pieces: list[ast.stmt] = []
        replaced: dict[str, ast.expr] = {}
        renamed: dict[str, str] = {}
        for name, value in zip(parameters_of(helper), given):
            fixed = isinstance(value, ast.Constant) or (isinstance(value, ast.Name) and not assigned[name])
            once = straight and uses[name] <= 1 and not mutated
            if not assigned[name] and (fixed or once or _is_number(value)):
                replaced[name] = value
            else:
                renamed[name] = fresh_name(self.taken, name)
                pieces.append(ast.copy_location(ast.Assign([ast.Name(renamed[name], ast.Store())], copy.deepcopy(value)), call))
        for name in sorted(own - set(parameters_of(helper))):
            renamed[name] = fresh_name(self.taken, name)
        holder = ast.Module(body, [])
        Rename(renamed).visit(holder)
        _Substitute(replaced).visit(holder)
        body = holder.body
        value = None
        if body and isinstance(body[-1], ast.Return):
            value = body.pop().value or ast.Constant(None)  # type: ignore[attr-defined]
        return pieces + body, value


def _size(statements: Sequence[ast.stmt]) -> int:
    return sum(isinstance(n, ast.stmt) for statement in statements for n in ast.walk(statement))


def _for_call(helper: ast.FunctionDef, call: ast.Call, taken: set[str]) -> ast.FunctionDef:
    """The helper, with a parameter for each thing that its `*rest` gets from this call."""
    rest = helper.args.vararg
    if rest is None or any(isinstance(argument, ast.Starred) for argument in call.args) or rest.arg in assigned_in(helper.body):
        return helper
    made = copy.deepcopy(helper)
    names = [fresh_name(taken, f"{rest.arg}_{number}") for number in range(len(call.args) - len(made.args.args))]
    made.args.args += [ast.arg(name) for name in names]
    made.args.vararg, made.args.defaults = None, [] if names else made.args.defaults
    whole = ast.Tuple([ast.Name(name, ast.Load()) for name in names], ast.Load())
    made.body = [_Spread().visit(_Substitute({rest.arg: whole}).visit(statement)) for statement in made.body]
    return made


class _Spread(ast.NodeTransformer):
    """Things that are written out as arguments of their own: `f(*(a, b))` as `f(a, b)`."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            node.args = [piece for argument in node.args for piece in (
                argument.value.elts if isinstance(argument, ast.Starred) and isinstance(argument.value, ast.Tuple) else [argument])]
            vars(node).pop("kernwright_kept", None)         # it could not be taken in as long as nobody knew of how many things
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Subscript(value=ast.Tuple(elts=items), slice=ast.Constant(value=int() as place)) if place < len(items):
                return items[place]
        return node


def _calls(statement: ast.stmt, helpers: dict[str, ast.FunctionDef]) -> Iterator[tuple[ast.Call, bool]]:
    """Calls of helpers in places that are evaluated exactly once, inner ones first, and whether one is all there is."""
    roots: list[ast.expr] = []
    match statement:
        case ast.Assign(targets=targets, value=value):
            roots = [value, *targets]
        case ast.AugAssign(target=target, value=value):
            roots = [value, target]
        case ast.Expr(value=value) | ast.Return(value=value):
            roots = [value] if value is not None else []
        case ast.If(test=test):
            roots = [test]
        case ast.For(iter=iterated):
            roots = [iterated]
    for root in roots:
        for call in _unconditional(root):
            if isinstance(call.func, ast.Name) and call.func.id in helpers and not hasattr(call, "kernwright_kept"):
                yield call, call is getattr(statement, "value", None) and not isinstance(statement, ast.AugAssign)


def _comes_first(statement: ast.stmt, call: ast.Call) -> bool:
    """Whether nothing of the statement reads memory before the call is made, so that the call may be a statement before it."""
    root = getattr(statement, "test", None) if isinstance(statement, ast.If) else getattr(statement, "value", None)
    return root is not None and not isinstance(statement, ast.AugAssign) and _reaches(root, call) is True


def _reaches(node: ast.AST, call: ast.Call) -> bool | None:
    """Whether `call` is what `node` does first; None where it does not contain it, and reads nothing."""
    if node is call:
        return True
    match node:
        case ast.Name() | ast.Constant():
            return None
        case ast.Attribute(value=inner):
            return _reaches(inner, call)
        case ast.IfExp(test=first) | ast.BoolOp(values=[first, *_]) | ast.Compare(left=first, ops=[_, _, *_]):
            return _reaches(first, call) or False
        case ast.Tuple() | ast.List() | ast.Slice() | ast.keyword() | ast.BinOp() | ast.Compare() | ast.UnaryOp() | ast.Subscript() | ast.Call():
            for part in ast.iter_child_nodes(node):
                found = _reaches(part, call) if isinstance(part, ast.expr | ast.keyword) else None
                if found is not None:
                    return found
            return None if isinstance(node, ast.Tuple | ast.List | ast.Slice | ast.keyword) else False
    return False


def _unconditional(node: ast.expr) -> Iterator[ast.Call]:
    if isinstance(node, ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp):
        return
    children: list[ast.AST]
    if isinstance(node, ast.BoolOp):
        children = [node.values[0]]
    elif isinstance(node, ast.IfExp):
        children = [node.test]
    elif isinstance(node, ast.Compare) and len(node.ops) > 1:
        children = [node.left, node.comparators[0]]
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        if isinstance(child, ast.expr | ast.keyword):
            yield from _unconditional(child.value if isinstance(child, ast.keyword) else child)
    if isinstance(node, ast.Call):
        yield node


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else super().visit(node)


class _Substitute(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.values and isinstance(node.ctx, ast.Load):
            return copy.deepcopy(self.values[node.id])
        return node


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)


def _defines(statement: ast.stmt, names: set[str]) -> bool:
    if isinstance(statement, ast.FunctionDef):
        return statement.name in names
    return isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda) \
        and isinstance(statement.targets[0], ast.Name) and statement.targets[0].id in names


