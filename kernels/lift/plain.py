"""The reference itself as a candidate: its own statements, and whether they are in the dialect."""
from __future__ import annotations

import ast

from ..candidate import Candidate, Lineage
from ..dialect import check_text
from ..dialect.gate import complaint
from ..spec import OpenSpec
from .errors import NotInDialect
from .render import module_text
from .source import Program, call_arguments, read_program
from .tidy import tidy

__all__ = ["NotInDialect", "complaint_beside", "reference_as_candidate"]


def reference_as_candidate(spec: OpenSpec) -> tuple[Candidate, str]:
    """The reference, the helpers that it calls and the module's numbers that they read, as a candidate ("returns"), and
    what the gate says against it, with the line of the spec's file: "" where it is in the dialect.

    Raises NotInDialect where it needs what is neither a number, nor of NumPy or math, so that Numba would have nothing
    to compile.
    """
    program = read_program(spec)
    for function in program.functions.values():
        tidy(function)
        _ArgumentsInOrder(program).visit(function)
    text = module_text(program)
    refusals = check_text(text)
    refused = ""
    if refusals:
        refusal = min(refusals, key=lambda r: (r.line == 0, r.line))
        line, reason = _line(program, text, refusal.line), refusal.reason
        for name, (where, why) in program.foreign.items():
            if f"`{name}`" in reason:
                line, reason = where, why
        refused = f"{spec.spec.function}, line {line}: {reason}"
    if program.foreign:
        raise NotInDialect(refused or f"{spec.spec.function}: {next(iter(program.foreign))} is not known here")
    return Candidate(text, lineage=Lineage("seed", "the reference as it is")), refused


def complaint_beside(candidate: Candidate, spec: OpenSpec) -> str:
    """What stands against judging `candidate`, as the gate says; nothing does where it is the reference's own text, which
    runs beside it anyway: Numba knows lists, dictionaries and more that no operator could prove anything about."""
    refused = complaint(candidate)
    if not refused or candidate.convention != "returns":
        return refused
    try:
        own, _ = reference_as_candidate(spec)
    except NotInDialect:
        return refused
    return "" if own.text == candidate.text else refused


class _ArgumentsInOrder(ast.NodeTransformer):
    """Writes calls of helpers with every argument in its place, defaults included: the dialect has none."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        helper = self.program.functions.get(node.func.id) if isinstance(node.func, ast.Name) else None
        given = call_arguments(helper, node) if helper is not None else None
        if given is not None:
            node.args, node.keywords = given, []
        return node


def _line(program: Program, text: str, line: int) -> int:
    """The line of the spec's file from which a line of the rendered text comes; 0 where it has none."""
    written = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    for name, function in program.functions.items():
        rendered = written["kernel" if name == program.entry else name]
        if not rendered.lineno <= line <= (rendered.end_lineno or 0):
            continue
        before = len(_statements(rendered)) - len(_statements(function))
        pairs = zip(_statements(rendered)[before:], _statements(function))
        return max((old.lineno for new, old in pairs if new.lineno <= line), default=function.lineno)
    return 0


def _statements(function: ast.FunctionDef) -> list[ast.stmt]:
    found: list[ast.stmt] = []

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                found.append(child)
            visit(child)

    visit(function)
    return found
