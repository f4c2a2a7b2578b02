"""The gate: decides by an allow-list over the syntax tree whether a text is in the kernel dialect.

It is the first rung of the cascade and the only judge of what may be executed: whatever it does not name is refused.
"""
from __future__ import annotations

import ast
import warnings

from ..candidate import ENTRY, Candidate, CandidateError, Tunable, parse_tunables
from ..signature import Signature
from .constants import Value
from .expressions import ExpressionChecker
from .growth import inlined_statements, tuple_growth
from .lexical import parse
from .limits import (
    MAX_CHOICES,
    MAX_FUNCTIONS,
    MAX_INLINED_STATEMENTS,
    MAX_PARAMETERS,
    MAX_REFUSALS,
    MAX_STATEMENTS,
    MAX_TUPLE,
)
from .refusal import Refusal, Refused
from .statements import StatementChecker, bound_names, check_binding, is_docstring
from .vocabulary import RESERVED

REFUSALS_SHOWN = 5


def check(candidate: Candidate, signature: Signature | None = None) -> tuple[Refusal, ...]:
    """Why `candidate` is outside the dialect, in the order of the lines; empty if it passes. Never raises.

    signature: where it is given, the entry's number of parameters is checked too.
    """
    writes = candidate.convention == "writes"
    wanted = None
    if signature is not None:
        wanted = len(signature.arguments) + (len(signature.outputs) if writes else 0)
    return _guarded(candidate.text, writes, wanted)


def complaint(candidate: Candidate) -> str:
    """What stands against judging `candidate`: the first refusals, or a malformed tunable; "" where it passes."""
    try:
        candidate.tunables  # noqa: B018 - parsing them is the check
    except CandidateError as error:
        return str(error)
    return "\n".join(f"line {refusal.line}: {refusal.reason}" for refusal in check(candidate)[:REFUSALS_SHOWN])


def check_text(text: str) -> tuple[Refusal, ...]:
    """The same for a text alone, of either convention. Never raises."""
    return _guarded(text, False, None)


def _guarded(text: str, writes: bool, parameters: int | None) -> tuple[Refusal, ...]:
    try:
        found = _Module(parse(text), text).check(writes, parameters)
    except Refused as refused:
        found = [refused.refusal]
    except Exception as error:  # noqa: BLE001 - a text that the gate cannot analyse does not pass, whatever it does to it
        found = [Refusal(0, f"the text could not be analysed ({type(error).__name__}); simplify it")]
    return tuple(sorted(set(found))[:MAX_REFUSALS])


class _Module:
    def __init__(self, tree: ast.Module, text: str) -> None:
        self.tree = tree
        self.text = text
        self.refusals: list[Refusal] = []
        self.constants: dict[str, Value | None] = {}
        self.constant_lines: dict[str, int] = {}
        self.functions: dict[str, ast.FunctionDef] = {}
        self.calls: dict[str, set[str]] = {}

    def check(self, writes: bool, parameters: int | None) -> list[Refusal]:
        for position, node in enumerate(self.tree.body):
            self._top(node, position)
        self._check_tunables()
        entry = self.functions.get(ENTRY)
        if entry is None:
            self._refuse(0, f"there is no function called `{ENTRY}`")
        if len(self.functions) > MAX_FUNCTIONS:
            self._refuse(0, f"the text has {len(self.functions)} functions; at most {MAX_FUNCTIONS}")
        for function in self.functions.values():
            self._function(function, writes)
        recursive = self._check_recursion()
        if entry is not None and not recursive:
            self._check_growth(entry)
        if entry is not None and parameters is not None and len(entry.args.args) != parameters:
            outputs = ", and one array for each output" if writes else ""
            self._refuse(entry.lineno, f"{ENTRY} takes {len(entry.args.args)} parameter(s), but must take {parameters}: "
                                       f"the reference's{outputs}")
        if not self.refusals:
            self._check_compiles()
        return self.refusals

    def _refuse(self, line: int, reason: str) -> None:
        self.refusals.append(Refusal(line, reason))

    def _top(self, node: ast.stmt, position: int) -> None:
        match node:
            case ast.FunctionDef():
                self._define(node, node.name)
                self.functions.setdefault(node.name, node)
            case ast.Assign(targets=[ast.Name(id=name)]):
                self._define(node, name)
                self.constants.setdefault(name, self._constant(node))
                self.constant_lines[name] = node.lineno
            case ast.Expr() if position == 0 and is_docstring(node):
                pass
            case ast.Import() | ast.ImportFrom():
                self._refuse(node.lineno, "imports are not in the dialect; np, math and prange are given")
            case ast.AnnAssign():
                self._refuse(node.lineno, "annotations are not in the dialect; write NAME = number")
            case ast.Assign():
                self._refuse(node.lineno, "a module constant is written NAME = number, one a line")
            case _:
                self._refuse(node.lineno, f"only constants (NAME = number) and functions stand at the top of a kernel's text, "
                                          f"no {type(node).__name__}")

    def _define(self, node: ast.stmt, name: str) -> None:
        is_function = isinstance(node, ast.FunctionDef)
        if name in self.functions or name in self.constants:
            self._refuse(node.lineno, f"`{name}` is defined twice")
        elif name.startswith("__"):
            self._refuse(node.lineno, f"`{name}`: names that start with two underscores are not in the dialect")
        elif name in RESERVED and not (is_function and name == ENTRY):
            self._refuse(node.lineno, f"`{name}` is given by the dialect and cannot be redefined; use another name")

    def _constant(self, node: ast.Assign) -> Value | None:
        """The number assigned, None for a complex or boolean one, or after a refusal."""
        value, sign = node.value, 1
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub | ast.UAdd):
            sign = -1 if isinstance(value.op, ast.USub) else 1
            value = value.operand
        if not isinstance(value, ast.Constant) or not isinstance(value.value, int | float | complex):
            self._refuse(node.lineno, "a module constant is a number literal; compute it inside the function, "
                                      "which Numba folds")
            return None
        number = value.value
        if isinstance(number, int) and number.bit_length() > 64:
            self._refuse(node.lineno, "the integer does not fit into 64 bits")
            return None
        return sign * number if type(number) in (int, float) else None

    def _check_tunables(self) -> None:
        """Each declared tunable must be a constant of this text with that value, and its choices usable numbers."""
        try:
            tunables = parse_tunables(self.text)
        except CandidateError as error:
            self._refuse(0, f"{error}; write NAME = 64  # tune: 16 32 64")
            return
        lines = self.text.split("\n")
        marked = {name for name, line in self.constant_lines.items()
                  if lines[line - 1].partition("#")[2].lstrip().startswith("tune:")}
        for tunable in tunables:
            self._check_tunable(tunable, tunable.name in marked)
        for name in sorted(marked - {tunable.name for tunable in tunables}):
            self._refuse(self.constant_lines[name], f"`{name}` is no tunable: write an upper-case NAME = 64  # tune: 16 32 64")

    def _check_tunable(self, tunable: Tunable, is_constant: bool) -> None:
        line = self.constant_lines.get(tunable.name, 0)
        if not is_constant or self.constants[tunable.name] != tunable.value:
            self._refuse(line, f"the tunable {tunable.name} is declared in a place that is no module constant")
            return
        if len(tunable.choices) > MAX_CHOICES:
            self._refuse(line, f"the tunable {tunable.name} has {len(tunable.choices)} choices; at most {MAX_CHOICES}")
        if any(abs(c) >= 2**63 if isinstance(c, int) else not abs(c) < float("inf") for c in tunable.choices):
            self._refuse(line, f"a choice of {tunable.name} is not finite, or does not fit into 64 bits")

    def _function(self, function: ast.FunctionDef, writes: bool) -> None:
        helpers = {name: tuple(a.arg for a in f.args.args) for name, f in self.functions.items() if name != ENTRY}
        bound = list(bound_names(function))
        expressions = ExpressionChecker(frozenset(name for _, name in bound), helpers, self.constants)
        taken = {**dict.fromkeys(self.constants, "constant"), **dict.fromkeys(helpers, "helper function")}
        seen: set[str] = set()
        for node, name in bound:
            if name not in seen or isinstance(node, ast.arg):
                check_binding(node, name, taken, expressions)
            seen.add(name)
        self._header(function)
        count = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
        if count > MAX_STATEMENTS:
            self._refuse(function.lineno, f"{function.name} has {count} statements and would choke the compiler; "
                                          f"at most {MAX_STATEMENTS}: unroll less, or split it into helpers")
        statements = StatementChecker(expressions, frozenset(helpers))
        statements.check_body(function.body, first_may_be_text=True)
        if writes and function.name == ENTRY and statements.returns_value:
            self._refuse(function.lineno, f"{ENTRY} returns a value, but its convention is \"writes\": fill the output "
                                          "arrays, which are its last parameters, and return nothing")
        self.refusals += expressions.refusals
        self.calls[function.name] = expressions.called

    def _header(self, function: ast.FunctionDef) -> None:
        line, arguments = function.lineno, function.args
        if function.decorator_list:
            self._refuse(function.decorator_list[0].lineno, "decorators are not in the dialect; the harness compiles every function")
        if function.returns is not None or any(a.annotation is not None for a in arguments.args):
            self._refuse(line, "annotations are not in the dialect; Numba infers types")
        if arguments.vararg or arguments.kwarg:
            self._refuse(line, "`*` and `**` parameters are not in the dialect; name each one")
        if arguments.posonlyargs or arguments.kwonlyargs:
            self._refuse(line, "positional-only and keyword-only parameters are not in the dialect; use plain ones")
        if arguments.defaults or any(default is not None for default in arguments.kw_defaults):
            self._refuse(line, "defaults of parameters are not in the dialect; pass every argument")
        if len(arguments.args) > MAX_PARAMETERS:
            self._refuse(line, f"{function.name} has {len(arguments.args)} parameters; at most {MAX_PARAMETERS}")
        if getattr(function, "type_params", None):
            self._refuse(line, "type parameters are not in the dialect")

    def _check_growth(self, entry: ast.FunctionDef) -> None:
        count = inlined_statements(self.functions, entry.name)
        if count > MAX_INLINED_STATEMENTS:
            self._refuse(entry.lineno, f"with its helpers inlined the kernel has {count} statements and would choke the compiler; "
                                       f"at most {MAX_INLINED_STATEMENTS}: call helpers from loops")
        for function in self.functions.values():
            line, size = tuple_growth(function)
            if size > MAX_TUPLE:
                self._refuse(line, f"a tuple grows to {size} elements and would choke the compiler; at most {MAX_TUPLE}: use an array")

    def _check_recursion(self) -> bool:
        """Notes a refusal for each circle of calls; whether there is one."""
        before = len(self.refusals)
        state: dict[str, str] = {}
        for name in self.calls:
            self._visit(name, state)
        return len(self.refusals) > before

    def _visit(self, start: str, state: dict[str, str]) -> None:
        """Depth-first from `start`, without recursion; a call back into an open function is a circle."""
        stack = [(start, iter(sorted(self.calls.get(start, ()))))]
        if state.get(start) is not None:
            return
        state[start] = "open"
        while stack:
            name, rest = stack[-1]
            called = next(rest, None)
            if called is None:
                state[name] = "done"
                stack.pop()
            elif state.get(called) == "open":
                self._refuse(self.functions[name].lineno, f"{name} calls {called}, which leads back to it: recursion is not "
                                                          "in the dialect; write the loop")
            elif state.get(called) is None:
                state[called] = "open"
                stack.append((called, iter(sorted(self.calls.get(called, ())))))

    def _check_compiles(self) -> None:
        """What only Python's compiler finds: `break` outside of a loop, two parameters of one name, ..."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(self.tree, "<kernel>", "exec", dont_inherit=True)
        except SyntaxError as error:
            self._refuse(error.lineno or 0, f"syntax error: {error.msg}")
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            self._refuse(0, f"Python does not compile the text: {type(error).__name__}")
