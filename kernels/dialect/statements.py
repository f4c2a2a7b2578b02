"""Which statements may stand in a kernel's function."""
from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from .expressions import ExpressionChecker
from .limits import MAX_BLOCK_NEST, MAX_LOOP_NEST
from .vocabulary import PRANGE, RESERVED

_INSTEAD: Mapping[type[ast.stmt], str] = {
    ast.Import: "imports are not in the dialect; np, math and prange are given",
    ast.ImportFrom: "imports are not in the dialect; np, math and prange are given",
    ast.FunctionDef: "functions inside functions are not in the dialect; move it to the top",
    ast.AsyncFunctionDef: "`async` is not in the dialect",
    ast.AsyncFor: "`async` is not in the dialect",
    ast.AsyncWith: "`async` is not in the dialect",
    ast.ClassDef: "classes are not in the dialect",
    ast.With: "`with` is not in the dialect (nor is objmode)",
    ast.Try: "`try` is not in the dialect",
    ast.TryStar: "`try` is not in the dialect",
    ast.Raise: "`raise` is not in the dialect",
    ast.Assert: "`assert` is not in the dialect; the inputs are checked outside",
    ast.Global: "`global` is not in the dialect; a kernel has no state",
    ast.Nonlocal: "`nonlocal` is not in the dialect; a kernel has no state",
    ast.Delete: "`del` is not in the dialect",
    ast.AnnAssign: "annotations are not in the dialect; Numba infers types",
    ast.Match: "`match` is not in the dialect; write if/elif",
}


def bound_names(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, str]]:
    """Every name that the function binds (parameters, targets), with the node that does."""
    for argument in function.args.args:
        yield argument, argument.arg
    for statement in function.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                yield node, node.id


class StatementChecker:
    """Checks the body of one function; its findings are the expression checker's refusals."""

    def __init__(self, expressions: ExpressionChecker, helpers: frozenset[str]) -> None:
        self.expressions = expressions
        self.helpers = helpers
        self.returns_value = False
        self._loops: list[ast.For | ast.While] = []
        self._parallel: list[str] = []
        self._depth = 0

    def check_body(self, body: list[ast.stmt], first_may_be_text: bool = False) -> None:
        """Checks statements one by one. first_may_be_text: the first may be a docstring."""
        if self._depth > MAX_BLOCK_NEST:
            self.expressions.refuse(body[0], f"loops and ifs are nested more than {MAX_BLOCK_NEST} deep")
            return
        self._depth += 1
        for position, statement in enumerate(body):
            if position == 0 and first_may_be_text and is_docstring(statement):
                continue
            self._statement(statement)
        self._depth -= 1

    def _statement(self, node: ast.stmt) -> None:
        refuse, value = self.expressions.refuse, self.expressions.check
        match node:
            case ast.Pass():
                pass
            case ast.Expr():
                if isinstance(node.value, ast.Call):
                    value(node.value)
                elif isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                    refuse(node, "a string in the middle of the code; write a comment")
                else:
                    value(node.value)
                    refuse(node, "the expression has no effect; remove it")
            case ast.Assign():
                for target in node.targets:
                    self._target(target)
                value(node.value)
            case ast.AugAssign():
                if isinstance(node.target, ast.Name):
                    self._bind(node.target)
                self._target(node.target)
                value(node.value)
                self.expressions.folder.binary(node, node.op, _loaded(node.target), node.value)
            case ast.If():
                value(node.test)
                self.check_body(node.body)
                if _is_elif(node):
                    self._statement(node.orelse[0])
                elif node.orelse:
                    self.check_body(node.orelse)
            case ast.While():
                value(node.test)
                self._loop(node, ())
            case ast.For():
                self._for(node)
            case ast.Break():
                if self._loops and self._in_prange_directly():
                    refuse(node, "`break` out of a prange loop would make it serial; use range")
            case ast.Continue():
                pass
            case ast.Return():
                if self._parallel:
                    refuse(node, "`return` out of a prange loop would make it serial; use range")
                if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
                    self.returns_value = True
                    value(node.value)
            case _:
                refuse(node, _INSTEAD.get(type(node), f"{type(node).__name__} is not in the dialect"))

    def _for(self, node: ast.For) -> None:
        refuse = self.expressions.refuse
        call = node.iter
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == PRANGE):
            self._target(node.target, loop=True)
            self.expressions.check(call)
            self._loop(node, ())
            return
        if not isinstance(node.target, ast.Name):
            refuse(node.target, "the index of a prange loop is one name")
            return
        self._target(node.target)
        if call.keywords or not 1 <= len(call.args) <= 3:
            refuse(call, "prange takes a stop, or a start and a stop")
        elif len(call.args) == 3 and not (isinstance(call.args[2], ast.Constant) and call.args[2].value == 1):
            refuse(call, "prange steps by 1; count blocks and multiply: for b in prange(n // step)")
        for argument in call.args:
            self.expressions.check(argument)
        self._loop(node, (node.target.id,))

    def _loop(self, node: ast.For | ast.While, parallel: tuple[str, ...]) -> None:
        if node.orelse:
            self.expressions.refuse(node, "`else` of a loop is not in the dialect; use a flag")
        if len(self._loops) >= MAX_LOOP_NEST:
            self.expressions.refuse(node, f"loops are nested more than {MAX_LOOP_NEST} deep")
        self._loops.append(node)
        self._parallel.extend(parallel)
        self.check_body(node.body)
        if parallel:
            self._parallel.pop()
        self._loops.pop()

    def _in_prange_directly(self) -> bool:
        loop = self._loops[-1]
        call = loop.iter if isinstance(loop, ast.For) else None
        return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == PRANGE

    def _target(self, node: ast.expr, loop: bool = False) -> None:
        match node:
            case ast.Name():
                self._bind(node)
            case ast.Tuple():
                for element in node.elts:
                    self._target(element, loop)
            case ast.Subscript() if not loop:
                self.expressions.check(node.value)
                self.expressions.check_index(node.slice)
            case ast.Attribute():
                self.expressions.refuse(node, f"attributes cannot be assigned (`.{node.attr}`); an array keeps its shape and dtype")
            case ast.Starred():
                self.expressions.refuse(node, "`*` before a target is not in the dialect; write each one")
            case _:
                self.expressions.refuse(node, "only names, tuples of names, and elements of arrays can be assigned")

    def _bind(self, node: ast.Name) -> None:
        if node.id in self._parallel:
            self.expressions.refuse(node, f"the prange index `{node.id}` is assigned inside its loop; use another name")


def check_binding(node: ast.AST, name: str, taken: Mapping[str, str], expressions: ExpressionChecker) -> None:
    """Notes a refusal if a parameter or variable may not be called `name`. taken: name -> what it is already."""
    if name.startswith("__"):
        expressions.refuse(node, f"`{name}`: names that start with two underscores are not in the dialect")
    elif name in RESERVED:
        expressions.refuse(node, f"`{name}` is given by the dialect and cannot be rebound; use another name")
    elif name in taken:
        expressions.refuse(node, f"`{name}` is a {taken[name]} of the module and cannot be rebound here; use another name")


def _is_elif(node: ast.If) -> bool:
    return len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)


def is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _loaded(node: ast.expr) -> ast.expr:
    """The value of a target, for folding only: a name stands for a constant never (it is bound here)."""
    return ast.copy_location(ast.Constant(None), node) if isinstance(node, ast.Name) else node
