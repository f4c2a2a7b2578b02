"""The reference's own text, executed over other numbers: its calls, divisions and constants pass through an Arithmetic."""
from __future__ import annotations

import ast
import types
from collections.abc import Callable
from typing import Any, Protocol

from ...kernels.spec import OpenSpec

_CALL, _LITERAL_CALL, _VALUE, _TICK = "_kw_call", "_kw_literal_call", "_kw_value", "_kw_tick"
_OPERATORS = {ast.Div: "_kw_divide", ast.Pow: "_kw_power", ast.MatMult: "_kw_matmul"}
_CONSTANTS = {"pi", "e", "tau", "inf", "nan", "euler_gamma"}


class Unrepeatable(Exception):
    """The reference does something that cannot be done over these numbers; says what."""


class Arithmetic(Protocol):
    """What the text is executed over."""

    def value(self, value: Any) -> Any:
        """A number or an array of the machine (or a list, tuple or dict of such) as one of this arithmetic."""

    def call(self, function: Any, /, *arguments: Any, **options: Any) -> Any:
        """function(*arguments, **options), or what it means here. Raises Unrepeatable."""

    def literal_call(self, function: Any, /, *arguments: Any, **options: Any) -> Any:
        """The same where all arguments are constants of the text, given as the machine's numbers."""

    def divide(self, a: Any, b: Any) -> Any:
        """a / b"""

    def power(self, a: Any, b: Any) -> Any:
        """a ** b"""

    def matmul(self, a: Any, b: Any) -> Any:
        """a @ b"""

    def tick(self) -> None:
        """Called in every turn of a loop. Raises Unrepeatable when the time is over."""


def reference_over(spec: OpenSpec, arithmetic: Arithmetic) -> Callable[..., Any]:
    """The spec's reference over `arithmetic`; it takes and returns numbers of it.

    What the module computed when it was loaded (constants, tables) keeps the value that it has on the machine. Functions
    and lambdas of the module are executed over `arithmetic` too, without their decorators. Raises Unrepeatable, also when it runs.
    """
    own = vars(spec.module)
    scope: dict[str, Any] = {
        name: value if isinstance(value, types.ModuleType | types.FunctionType | type) else arithmetic.value(value)
        for name, value in own.items() if not name.startswith("__")
    }

    def call(function: Any, /, *arguments: Any, **options: Any) -> Any:
        if isinstance(function, types.FunctionType) and function.__globals__ is own:
            raise Unrepeatable(f"{function.__name__} is defined where its text cannot be followed")
        return arithmetic.call(function, *arguments, **options)

    scope |= {"__builtins__": own["__builtins__"], "__name__": spec.module.__name__, _CALL: call,
              _LITERAL_CALL: arithmetic.literal_call, _VALUE: arithmetic.value, _TICK: arithmetic.tick,
              "_kw_divide": arithmetic.divide, "_kw_power": arithmetic.power, "_kw_matmul": arithmetic.matmul}
    tree = ast.parse(spec.spec.text)
    tree.body = [node for node in tree.body if _defines(node)]
    rewritten = ast.fix_missing_locations(_Rewriter(scope, arithmetic).visit(tree))
    exec(compile(rewritten, spec.module.__file__ or "<kernel>", "exec"), scope)  # noqa: S102 - the author's own code
    return scope[spec.spec.function]


def _defines(node: ast.stmt) -> bool:
    """Whether a statement of the module makes a function."""
    if isinstance(node, ast.FunctionDef):
        node.decorator_list = []
        return True
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda)


class _Rewriter(ast.NodeTransformer):
    def __init__(self, scope: dict[str, Any], arithmetic: Arithmetic) -> None:
        self._scope = scope
        self._arithmetic = arithmetic

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, float | complex):
            return node
        name = f"_kw_constant_{len(self._scope)}"
        self._scope[name] = self._arithmetic.value(node.value)
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def visit_MatchValue(self, node: ast.MatchValue) -> ast.AST:
        return node  # a pattern takes no name

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr in _CONSTANTS and isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
            return _call(node, _VALUE, node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = _OPERATORS.get(type(node.op))
        return node if name is None else _call(node, name, node.left, node.right)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """Only a product of matrices has another order here; a quotient in place keeps the type of what it divides."""
        self.generic_visit(node)
        if isinstance(node.target, ast.Name) and isinstance(node.op, ast.MatMult):
            value = _call(node, _OPERATORS[ast.MatMult], ast.Name(node.target.id, ast.Load()), node.value)
            return ast.copy_location(ast.Assign([node.target], value), node)
        if isinstance(node.target, ast.Name) and isinstance(node.op, ast.Div):
            # An integer that is divided becomes a float of this arithmetic first; an array is divided in place.
            widened = _call(node, "_kw_value", ast.Name(node.target.id, ast.Load()))
            before = ast.copy_location(ast.If(
                ast.Call(ast.Name("isinstance", ast.Load()), [ast.Name(node.target.id, ast.Load()), ast.Name("int", ast.Load())], []),
                [ast.copy_location(ast.Assign([node.target], _call(node, "_kw_divide", widened, ast.Constant(1))), node)], []), node)
            return [before, node]  # type: ignore[return-value]
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if (node.args or node.keywords) and all(_constant(part) for part in node.args) and all(
            _constant(k.value) or k.arg == "dtype" for k in node.keywords
        ):
            literal = [self.visit(node.func), *node.args]
            return ast.copy_location(ast.Call(ast.Name(_LITERAL_CALL, ast.Load()), literal, node.keywords), node)
        self.generic_visit(node)
        return ast.copy_location(ast.Call(ast.Name(_CALL, ast.Load()), [node.func, *node.args], node.keywords), node)

    def visit_For(self, node: ast.For) -> ast.AST:
        return self._loop(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self._loop(node)

    def _loop(self, node: Any) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, ast.copy_location(ast.Expr(_call(node, _TICK)), node))
        return node


def _constant(node: ast.expr) -> bool:
    """Whether an expression is made of numbers of the text alone, and of types: `np.array([0.1, 0.2], np.float32)`."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.UnaryOp):
        return _constant(node.operand)
    if isinstance(node, ast.BinOp):
        return _constant(node.left) and _constant(node.right)
    if isinstance(node, ast.List | ast.Tuple):
        return all(_constant(part) for part in node.elts)
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy", "math")


def _call(place: ast.AST, name: str, *arguments: ast.expr) -> ast.Call:
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), list(arguments), []), place)
