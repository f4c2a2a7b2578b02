"""Functions that NumPy applies number by number, or at each index, written over whole arrays: np.vectorize, np.piecewise, np.fromfunction."""
from __future__ import annotations

import ast
import copy

from . import syntax
from .names import assigned_in, parameters_of
from .written_out import written_with

CHEAP = (ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.UnaryOp, ast.Slice, ast.Tuple, ast.Load, ast.USub)
OF_ARRAYS = frozenset(
    "abs absolute sqrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh power minimum maximum floor "
    "ceil rint sign square hypot where isnan isfinite float64 float32 int64".split())
"""Functions of NumPy that mean the same for a number and for each number of an array."""
OF_MATH = {"sqrt": "sqrt", "exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tan": "tan", "tanh": "tanh", "sinh": "sinh", "cosh": "cosh",
           "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "fabs": "abs", "log1p": "log1p", "expm1": "expm1",
           "hypot": "hypot", "log2": "log2", "log10": "log10"}


def pointwise(functions: dict[str, ast.FunctionDef]) -> None:
    """Works in place, on all functions of a program."""
    for function in functions.values():
        local = {s.name: s for s in ast.walk(function) if isinstance(s, ast.FunctionDef) and s is not function}
        writer = _Pointwise(function, {**functions, **local})
        writer.visit(function)
        function.body = [s for s in function.body if not writer.written_out(s, function)]
        ast.fix_missing_locations(function)


class _Pointwise(ast.NodeTransformer):
    def __init__(self, function: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> None:
        self.functions = functions
        counts = assigned_in(function.body)
        self.named: dict[str, ast.expr] = {}
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as value) if counts[name] == 1:
                    self.named[name] = value
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=[_], keywords=[]) as value) \
                        if counts[name] == 1 and syntax.text(value.func) == "np.vectorize":
                    self.named[name] = value

    def written_out(self, statement: ast.stmt, function: ast.FunctionDef) -> bool:
        """Whether the statement names a vectorised function of which no call is left."""
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call()) if name in self.named:
                return not any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in ast.walk(function))
        return False

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        called = self.named.get(node.func.id) if isinstance(node.func, ast.Name) else node.func
        made = None
        match called:
            case ast.Call(args=[applied], keywords=[]) if syntax.text(called.func) == "np.vectorize" and not node.keywords:
                made = self._over(applied, node.args)
        if syntax.text(node.func) == "np.piecewise" and len(node.args) == 3 and not node.keywords:
            made = self._pieces(*node.args)
        if syntax.text(node.func) == "np.fromfunction" and len(node.args) == 2:
            made = self._at_each(node.args[0], node.args[1], node.keywords)
        return node if made is None else ast.copy_location(made, node)

    def _at_each(self, applied: ast.expr, shape: ast.expr, keywords: list[ast.keyword]) -> ast.expr | None:
        """A lambda's value at all indices, where it reads each of them: so it is as large as `shape`."""
        known = self.named.get(applied.id) if isinstance(applied, ast.Name) else applied
        if not isinstance(known, ast.Lambda) or not isinstance(shape, ast.Tuple) or len(known.args.args) != len(shape.elts) \
                or any(k.arg != "dtype" for k in keywords):
            return None
        names = [a.arg for a in known.args.args]
        if not set(names) <= syntax.names_in(known.body):
            return None
        dtype = ast.unparse(keywords[0].value) if keywords else "np.float64"
        beside = [f"({ast.unparse(extent)}), dtype={dtype})[{', '.join(':' if d == axis else 'None' for d in range(len(names)))}]"
                  for axis, extent in enumerate(shape.elts)]
        given = {name: syntax.parse(f"np.arange({text}") for name, text in zip(names, beside)}
        return written_with(known.body, given)

    def _over(self, applied: ast.expr, given: list[ast.expr]) -> ast.expr | None:
        """The function's value at arrays in place of numbers; None where it is more than an expression of numbers."""
        known = self.named.get(applied.id) if isinstance(applied, ast.Name) else applied
        if isinstance(known, ast.Lambda):
            names, body = [a.arg for a in known.args.args], known.body
        elif isinstance(applied, ast.Name) and applied.id in self.functions:
            function = self.functions[applied.id]
            names, body = parameters_of(function), _expression(function.body)
        else:
            return None
        if body is None or len(names) != len(given) or not all(isinstance(n, CHEAP) for g in given for n in ast.walk(g)):
            return None
        read = {n.id for n in ast.walk(body) if isinstance(n, ast.Name)}
        parts = [n.value for n in ast.walk(body) if isinstance(n, ast.Attribute | ast.Subscript)]
        if not set(names) <= read or any(isinstance(p, ast.Name) and p.id in names for p in parts):
            return None
        made = _Arrays(dict(zip(names, given))).visit(copy.deepcopy(body))
        return None if any(getattr(n, "kernwright_whole", False) for n in ast.walk(made)) or isinstance(made, ast.Constant) else made

    def _pieces(self, x: ast.expr, conditions: ast.expr, values: ast.expr) -> ast.expr | None:
        """Later pieces override earlier ones; a further value is for where no condition holds."""
        if not (isinstance(conditions, ast.List | ast.Tuple) and isinstance(values, ast.List | ast.Tuple)):
            return None
        count = len(conditions.elts)
        parts = [v if syntax.is_number(v) else self._over(v, [x]) for v in values.elts]
        if None in parts or len(parts) not in (count, count + 1) or not all(isinstance(n, CHEAP) for n in ast.walk(x)):
            return None
        made: ast.expr = parts[count] if len(parts) > count else ast.Constant(0)  # type: ignore[assignment]
        for condition, part in zip(conditions.elts, parts):
            made = syntax.numpy_call("where", condition, part, made)  # type: ignore[arg-type]
        return syntax.call(syntax.attribute(made, "astype"), syntax.attribute(copy.deepcopy(x), "dtype"))


def _is_truth(node: ast.expr) -> bool:
    """Whether the value is True or False whatever it is of."""
    return isinstance(node, ast.Compare) or isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) \
        or isinstance(node, ast.BoolOp) and all(map(_is_truth, node.values))


def _expression(body: list[ast.stmt]) -> ast.expr | None:
    """What a body of conditions and returns returns, as one expression."""
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return _expression(rest)
        case [ast.Return(value=ast.expr() as value), *_]:
            return value
        case [ast.If() as choice, *rest]:
            first, other = _expression(choice.body), _expression([*choice.orelse, *rest])
            return None if first is None or other is None else ast.IfExp(choice.test, first, other)
    return None


class _Arrays(ast.NodeTransformer):
    """Writes an expression of numbers for arrays; marks what would mean another thing there."""

    def __init__(self, given: dict[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.given.get(node.id, node))

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        return syntax.numpy_call("where", node.test, node.body, node.orelse)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """`x or 1.0` is one of its operands, not a truth value."""
        truths, both = all(map(_is_truth, node.values)), isinstance(node.op, ast.And)
        self.generic_visit(node)
        *values, made = node.values
        for value in reversed(values):
            if truths:
                made = syntax.numpy_call("logical_and" if both else "logical_or", value, made)
            else:
                made = syntax.numpy_call("where", value, *((made, copy.deepcopy(value)) if both else (copy.deepcopy(value), made)))
        return made

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return syntax.numpy_call("logical_not", node.operand) if isinstance(node.op, ast.Not) else node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """`a < x < b` holds where both comparisons do."""
        self.generic_visit(node)
        operands = [node.left, *node.comparators]
        made: ast.expr | None = None
        for left, sign, right in zip(operands, node.ops, operands[1:]):
            one = ast.Compare(copy.deepcopy(left), [sign], [right])
            made = one if made is None else syntax.numpy_call("logical_and", made, one)
        return made  # type: ignore[return-value]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        module, _, name = syntax.text(node.func).rpartition(".")
        if module == "math" and name in OF_MATH:
            node.func = syntax.numpy(OF_MATH[name])
        elif module == "" and name in ("max", "min") and len(node.args) == 2:
            node.func = syntax.numpy(f"{name}imum")
        elif not (module == "np" and name in OF_ARRAYS or module == "" and name == "abs") or node.keywords:
            node.kernwright_whole = True  # type: ignore[attr-defined]
        return node
