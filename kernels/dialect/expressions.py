"""Which expressions may stand in a kernel's function."""
from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping

from .constants import Folder, Value
from .limits import MAX_ARRAY_LITERAL, MAX_TUPLE
from .refusal import Refusal
from .vocabulary import (
    ATTRIBUTES,
    BUILTIN_DTYPES,
    BUILTINS_ALLOWED,
    INSTEAD_OF_BUILTINS,
    INSTEAD_OF_NUMPY,
    KEYWORDS,
    LIMIT_ATTRIBUTES,
    MATH_ALLOWED,
    MATH_CONSTANTS,
    METHODS,
    MODULES,
    NUMPY_ALLOWED,
    NUMPY_CONSTANTS,
    NUMPY_DTYPES,
    NUMPY_LIMITS,
    PRANGE,
    SIDES,
)

_OPERATORS = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult,
    ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor,
)
_TAKES_DTYPE = frozenset({
    "empty", "zeros", "ones", "full", "empty_like", "zeros_like", "ones_like", "full_like", "arange", "eye", "array",
    "asarray", ".astype",
})
_TAKES_NONE = frozenset({"bincount", "clip", ".clip"})
_UNARY = (ast.UAdd, ast.USub, ast.Not, ast.Invert)
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)
_INSTEAD: Mapping[type[ast.expr], str] = {
    ast.Lambda: "lambda is not in the dialect; write a helper function",
    ast.ListComp: "comprehensions are not in the dialect; write the loop",
    ast.SetComp: "comprehensions are not in the dialect; write the loop",
    ast.DictComp: "comprehensions are not in the dialect; write the loop",
    ast.GeneratorExp: "generators are not in the dialect; write the loop",
    ast.Dict: "dicts are not in the dialect; allocate an array",
    ast.Set: "sets are not in the dialect; allocate an array",
    ast.JoinedStr: "strings are not in the dialect (only a docstring)",
    ast.NamedExpr: "`:=` is not in the dialect; assign on a line of its own",
    ast.Await: "`await` is not in the dialect",
    ast.Yield: "`yield` is not in the dialect; fill an array",
    ast.YieldFrom: "`yield` is not in the dialect; fill an array",
    ast.Starred: "`*` before an argument or target is not in the dialect; write each one",
}


class ExpressionChecker:
    """Checks the expressions of one function.

    local: every name the function binds. helpers: name -> parameters of the module's other functions.
    constants: the module's constants with their values.
    """

    def __init__(
        self, local: frozenset[str], helpers: Mapping[str, tuple[str, ...]], constants: Mapping[str, Value | None]
    ) -> None:
        self.local = local
        self.helpers = helpers
        self.constants = constants
        self.folder = Folder({name: value for name, value in constants.items() if value is not None and name not in local})
        self.called: set[str] = set()
        self._refusals: list[Refusal] = []

    @property
    def refusals(self) -> list[Refusal]:
        return self._refusals + self.folder.refusals

    def refuse(self, node: ast.AST, reason: str) -> None:
        self._refusals.append(Refusal(getattr(node, "lineno", 0), reason))

    def check(self, node: ast.expr) -> None:
        """Notes a refusal for every part of the value `node` that is not in the dialect."""
        match node:
            case ast.Constant():
                self._constant(node)
            case ast.Name():
                self._name(node)
            case ast.Attribute():
                self._attribute(node)
            case ast.Call():
                self._call(node)
            case ast.Subscript():
                self.check(node.value)
                self.check_index(node.slice)
            case ast.BinOp():
                if not isinstance(node.op, _OPERATORS):
                    self.refuse(node, f"the operator {type(node.op).__name__} is not in the dialect")
                self.check(node.left)
                self.check(node.right)
                self.folder.value(node)
            case ast.UnaryOp():
                if not isinstance(node.op, _UNARY):
                    self.refuse(node, f"the operator {type(node.op).__name__} is not in the dialect")
                self.check(node.operand)
            case ast.BoolOp():
                for value in node.values:
                    self.check(value)
            case ast.Compare():
                for operator in node.ops:
                    if not isinstance(operator, _COMPARISONS):
                        self.refuse(node, "`is` is not in the dialect; compare numbers with ==")
                for value in (node.left, *node.comparators):
                    self.check(value)
            case ast.IfExp():
                for value in (node.test, node.body, node.orelse):
                    self.check(value)
            case ast.Tuple():
                if len(node.elts) > MAX_TUPLE:
                    self.refuse(node, f"a tuple of {len(node.elts)} would choke the compiler; at most {MAX_TUPLE}: use an array")
                for element in node.elts:
                    self.check(element)
            case ast.List():
                self.refuse(node, "lists are not in the dialect (only inside np.array); allocate an array")
            case ast.Slice():
                self.refuse(node, "a slice stands only between brackets")
            case _:
                self.refuse(node, _INSTEAD.get(type(node), f"{type(node).__name__} is not in the dialect"))

    def check_index(self, node: ast.expr) -> None:
        """The same for what stands between brackets, where slices, None and ... may stand too."""
        for part in node.elts if isinstance(node, ast.Tuple) else [node]:
            if isinstance(part, ast.Slice):
                for bound in (part.lower, part.upper, part.step):
                    if bound is not None and not (isinstance(bound, ast.Constant) and bound.value is None):
                        self.check(bound)
            elif not (isinstance(part, ast.Constant) and (part.value is None or part.value is Ellipsis)):
                self.check(part)

    def _constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, int):
            if value.bit_length() > 64:
                self.refuse(node, "the integer does not fit into 64 bits")
        elif isinstance(value, str | bytes):
            self.refuse(node, "strings are not in the dialect (only a docstring); a dtype is written np.float64")
        elif value is None or value is Ellipsis:
            self.refuse(node, f"`{'None' if value is None else '...'}` stands only between brackets")
        elif not isinstance(value, float | complex):
            self.refuse(node, f"a literal of type {type(value).__name__} is not in the dialect")

    def _name(self, node: ast.Name) -> None:
        name = node.id
        if name in self.local or name in self.constants:
            return
        if name in MODULES:
            self.refuse(node, f"`{name}` stands only before a dot")
        elif name in self.helpers or name in BUILTINS_ALLOWED:
            self.refuse(node, f"the function `{name}` is used as a value; call it")
        elif name == PRANGE:
            self.refuse(node, "prange stands only as `for i in prange(...)`")
        else:
            self.refuse(node, f"`{name}` is not in the dialect; {self._instead(name)}")

    def _instead(self, name: str) -> str:
        if name in INSTEAD_OF_BUILTINS:
            return INSTEAD_OF_BUILTINS[name]
        near = difflib.get_close_matches(name, [*self.local, *self.helpers, *self.constants, *BUILTINS_ALLOWED], 1, 0.8)
        if near:
            return f"did you mean `{near[0]}`?"
        if f"{name}" in NUMPY_ALLOWED:
            return f"write np.{name}"
        return "it is no parameter, variable, constant or helper, and only np, math, prange and some builtins are given"

    def _attribute(self, node: ast.Attribute) -> None:
        """An attribute that is read, not called."""
        dotted = _dotted(node)
        if dotted is not None and not self._is_local(dotted):
            module, _, name = dotted.partition(".")
            if self._module_name(node, module, name) and name not in (
                NUMPY_CONSTANTS | NUMPY_DTYPES if module == "np" else MATH_CONSTANTS
            ):
                self.refuse(node, f"the function `{dotted}` is used as a value; call it")
            return
        base = node.value
        if isinstance(base, ast.Call) and (_dotted(base.func) or "") in {f"np.{name}" for name in NUMPY_LIMITS}:
            if node.attr not in LIMIT_ATTRIBUTES:
                self.refuse(node, f"`.{node.attr}` is not in the dialect; np.finfo has {', '.join(sorted(LIMIT_ATTRIBUTES))}")
        elif node.attr in METHODS:
            self.refuse(node, f"the method `.{node.attr}` is used as a value; call it")
        elif node.attr not in ATTRIBUTES:
            self.refuse(node, f"the attribute `.{node.attr}` is not in the dialect; arrays have {', '.join(sorted(ATTRIBUTES))}")
        self.check(base)

    def _call(self, node: ast.Call) -> None:
        function = node.func
        called = "?"
        keywords = KEYWORDS
        if isinstance(function, ast.Name):
            called = function.id
            self._named_call(node, called)
            if called in self.helpers:
                keywords = frozenset(self.helpers[called])
                self._check_arity(node, called)
        elif isinstance(function, ast.Attribute):
            dotted = _dotted(function)
            if dotted is not None and not self._is_local(dotted):
                module, _, called = dotted.partition(".")
                if self._module_name(function, module, called):
                    if called in (NUMPY_CONSTANTS if module == "np" else MATH_CONSTANTS):
                        self.refuse(node, f"`{dotted}` is a number and cannot be called")
                    elif module == "np":
                        self.folder.check_allocation(called, node)
            else:
                called = f".{function.attr}"
                self._method_call(function)
        else:
            self.refuse(node, "only a named function, np.<name>, math.<name> or a method of an array can be called")
            self.check(function)
        for position, argument in enumerate(node.args):
            self._argument(argument, called, position)
        for keyword in node.keywords:
            self._keyword(node, keyword, called, keywords)

    def _named_call(self, node: ast.Call, name: str) -> None:
        if name in self.local:
            self.refuse(node, f"`{name}` is a variable here and cannot be called; values are no functions in the dialect")
        elif name in self.constants:
            self.refuse(node, f"`{name}` is a number and cannot be called")
        elif name in self.helpers:
            self.called.add(name)
        elif name not in BUILTINS_ALLOWED:
            self._name(ast.copy_location(ast.Name(name, ast.Load()), node))

    def _check_arity(self, node: ast.Call, name: str) -> None:
        wanted, given = len(self.helpers[name]), len(node.args) + len(node.keywords)
        if wanted != given:
            self.refuse(node, f"{name} takes {wanted} argument(s), but is given {given}; there are no defaults")

    def _method_call(self, function: ast.Attribute) -> None:
        base = function.value
        if function.attr == "type" and isinstance(base, ast.Attribute) and base.attr == "dtype":
            self.check(base)
            return
        if function.attr in ATTRIBUTES:
            self.refuse(function, f"`.{function.attr}` is no method; read it without parentheses")
        elif function.attr not in METHODS:
            self.refuse(function, f"the method `.{function.attr}` is not in the dialect; arrays have {', '.join(sorted(METHODS))}")
        self.check(base)

    def _argument(self, argument: ast.expr, called: str, position: int) -> None:
        if isinstance(argument, ast.List) and called in ("array", "asarray") and position == 0:
            count = self._array_literal(argument)
            if count > MAX_ARRAY_LITERAL:
                self.refuse(argument, f"an array literal of {count} numbers would choke the compiler; at most {MAX_ARRAY_LITERAL}")
        elif not _is_dtype(argument, called) and not _is_absent(argument, called):
            self.check(argument)

    def _array_literal(self, node: ast.List) -> int:
        count = 0
        for element in node.elts:
            if isinstance(element, ast.List):
                count += self._array_literal(element)
            else:
                count += 1
                self.check(element)
        return count

    def _keyword(self, call: ast.Call, keyword: ast.keyword, called: str, known: frozenset[str]) -> None:
        if keyword.arg is None:
            self.refuse(call, "`**` before an argument is not in the dialect; write each one")
            return
        value = keyword.value
        if keyword.arg == "side" and called == "searchsorted" and isinstance(value, ast.Constant) and value.value in SIDES:
            return
        if keyword.arg not in known:
            what = f"{called} has no parameter `{keyword.arg}`" if called in self.helpers else (
                f"the keyword `{keyword.arg}=` is not in the dialect; known are {', '.join(sorted(known))}")
            self.refuse(value, what)
        if not (keyword.arg == "dtype" and _is_dtype(value, called)):
            self.check(value)

    def _is_local(self, dotted: str) -> bool:
        """Whether the dotted name starts at a variable (then it is an attribute of a value)."""
        return dotted.partition(".")[0] not in MODULES

    def _module_name(self, node: ast.AST, module: str, name: str) -> bool:
        allowed = NUMPY_ALLOWED if module == "np" else MATH_ALLOWED
        if name in allowed:
            return True
        head = name.partition(".")[0]
        reason = (INSTEAD_OF_NUMPY.get(name) or INSTEAD_OF_NUMPY.get(head)) if module == "np" else None
        if reason is None:
            near = difflib.get_close_matches(name, allowed, 1, 0.8)
            other = "math" if module == "np" else "np"
            if near:
                reason = f"did you mean `{module}.{near[0]}`?"
            elif name in (MATH_ALLOWED if module == "np" else NUMPY_ALLOWED):
                reason = f"write {other}.{name}"
            else:
                reason = "write it with loops and the functions of the dialect"
        self.refuse(node, f"`{module}.{name}` is not in the dialect; {reason}")
        return False


def _is_dtype(argument: ast.expr, called: str) -> bool:
    return isinstance(argument, ast.Name) and argument.id in BUILTIN_DTYPES and called in _TAKES_DTYPE


def _is_absent(argument: ast.expr, called: str) -> bool:
    """Whether it is None as the argument of a function that documents it."""
    return isinstance(argument, ast.Constant) and argument.value is None and called in _TAKES_NONE


def _dotted(node: ast.expr) -> str | None:
    """"np.linalg.norm" for an attribute chain that starts at a module of the dialect; None for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in MODULES or not parts:
        return None
    return ".".join([node.id, *reversed(parts)])
