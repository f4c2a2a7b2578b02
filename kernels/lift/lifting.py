"""From a spec to candidates: the whole way of the lift on one page."""
from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..candidate import Candidate, JitOptions, Lineage
from ..dialect import check
from ..signature import Signature
from ..spec import OpenSpec, one_line
from . import (
    arrangement,
    borders,
    choosing,
    creation,
    differences,
    editing,
    einsum,
    elementwise,
    joining,
    matrix_products,
    nonzero,
    norms,
    ordering,
    positions,
    python_functions,
    reductions,
    rounding,
    running,
    searching,
    sequences,
    sets,
    statistics,
    tables,
    views,
    windows,
)
from .affine import Affine
from .append_loops import append_loops
from .binning import Binned
from .choices import join_branches
from .complex_parts import with_whole_numbers, writes_parts
from .composed import compose
from .control import plain_control
from .desugar import desugar
from .displays import take_apart
from .growing_lists import grows_lists, with_room
from .inline import LARGEST, inline_helpers
from .kept import Kept
from .list_columns import list_columns
from .names import bound_names, mutated_in, parameters_of, writes_given
from .number_lists import as_arrays, makes_lists
from .outputs import written
from .plain_calls import plain_calls
from .pointwise import pointwise
from .ranges import with_bounds
from .render import module_text
from .seen import Instance, Instances
from .slices import with_slices
from .small_loops import write_out
from .source import RESERVED, Program, read_program
from .statements import Statements
from .styles import PLAIN, STYLES, Style
from .tidy import tidy
from .transient import transient_views
from .unset import begins_unset, with_numbers
from .versions import split_versions
from .watch import watch

SMALLER = (100, 25)
"""Tried where the loops of a function of up to LARGEST statements are more than the dialect allows."""
TOO_LARGE = ("choke the compiler", "compile in reasonable time")
FAMILIES = (arrangement, borders, choosing, creation, differences, editing, einsum, elementwise, joining, matrix_products, nonzero, norms,
            ordering, positions, python_functions, reductions, rounding, running, searching, sequences, sets, statistics, tables, views, windows)
"""The modules whose calls have loop forms; importing them registers these."""
BUILTINS = frozenset("range len abs min max int float bool complex round sum enumerate zip divmod pow".split())


@dataclass(frozen=True)
class Lifted:
    """candidates: the reference as plain loops, in each convention that is open; empty where the gate refuses it.
    kept: the statements that stayed as they were, and why. others: the candidates of each further style that makes
    something else of it, as many as there are conventions; the style that changes most comes first.
    """

    candidates: tuple[Candidate, ...]
    kept: tuple[Kept, ...]
    others: tuple[tuple[Candidate, ...], ...] = ()


def lift(spec: OpenSpec, signature: Signature, seed: int = 0) -> Lifted:
    """The reference as loops. It is run at small sizes, on inputs drawn by `seed`, to learn the types of its expressions. Where all of
    it together would be too much for the compiler, helpers stay functions."""
    for largest in (LARGEST, *SMALLER):
        found = _lift(spec, signature, seed, largest)
        if found.candidates or not any(words in kept.reason for kept in found.kept for words in TOO_LARGE):
            break
    return found


def _lift(spec: OpenSpec, signature: Signature, seed: int, largest: int) -> Lifted:
    """largest: statements beyond which a function takes in no further helper."""
    program = read_program(spec)
    compose(program)
    pointwise(program.functions)
    for function in program.functions.values():
        tidy(function)
        append_loops(function)
        list_columns(function)
    _settle_types(program, spec, seed)
    ranks = {argument.name: argument.ndim for argument in signature.arguments if argument.kind == "array"}
    for name, function in program.functions.items():
        with_bounds(function)
        plain_control(function, ranks if name == program.entry else {})
        _plain_statements(function, program.constants)
        with_slices(function)
        tidy(function)
    inline_helpers(program.functions, program.entry, largest)
    for function in program.functions.values():
        _plain_statements(function, program.constants)    # what was given to a helper, or came from one
        tidy(function)
        split_versions(function)
    try:
        observed = watch(spec, program.functions, program.entry, seed)
    except Exception as error:  # noqa: BLE001 - rewritten for watching, the author's code may raise anything
        line = program.functions[program.entry].lineno
        return Lifted((), (Kept(line, "", f"the reference could not be watched: {one_line(error)}"),))
    own = _lifted(copy.deepcopy(program), observed, spec, signature, PLAIN)
    known = {candidate.identity for candidate in own.candidates}
    others = []
    for style in (each for each in STYLES if each.concerns(program.functions.values())):
        made = _lifted(copy.deepcopy(program), observed, spec, signature, style).candidates
        if not known & {candidate.identity for candidate in made}:
            others.insert(0, made)
        known |= {candidate.identity for candidate in made}
    return Lifted(own.candidates, own.kept, tuple(filter(None, others)))


def _plain_statements(function: ast.FunctionDef, constants: Mapping[str, Any]) -> None:
    """Python's shorthands and displays as plain statements, until nothing is left to do. constants: of the module, by name."""
    plain_calls(function)
    desugar(function, constants)
    while take_apart(function):
        desugar(function, constants)
    plain_calls(function)


def _settle_types(program: Program, spec: OpenSpec, seed: int) -> None:
    """Makes arrays of lists of numbers and numbers of what begins as None, which takes a run of its own to learn what they hold."""
    functions = list(program.functions.values())
    if not any(may(functions) for may in (makes_lists, begins_unset, grows_lists, writes_parts)):
        return
    try:
        observed = watch(spec, program.functions, program.entry, seed)
    except Exception:  # noqa: BLE001 - the author's code may raise anything; the lift says so where it watches
        return
    for name, function in program.functions.items():
        instances = [instance for (called, _), instance in observed.items() if called == name]
        with_room(function, instances)
        with_whole_numbers(function, instances)
        as_arrays(function, instances)
        with_numbers(function, instances)


def _lifted(program: Program, observed: Instances, spec: OpenSpec, signature: Signature, style: Style) -> Lifted:
    """The program, which is changed, in one style."""
    kept: list[Kept] = []
    lines = spec.spec.text.splitlines()

    def source(node: ast.AST) -> str:
        line = getattr(node, "lineno", 0)
        return lines[line - 1].strip() if 0 < line <= len(lines) else ""

    writers = frozenset(name for name, function in program.functions.items() if writes_given(function))
    for name, function in program.functions.items():
        instances = [i for (called, _), i in observed.items() if called == name]
        if len(instances) == 1:
            if join_branches(function, instances[0]):
                split_versions(function)
            if style.summed:
                write_out(function, instances[0])
            layouts = {a.name: a.layout for a in signature.arguments} if name == program.entry else {}
            lifter = (Binned if style.binned else Statements)(set(_taken(program, signature)), instances[0],
                                                                program.constants, frozenset(program.functions), source=source)
            _parameters(lifter, function, instances[0], tuple(layouts.values()))
            lifter.finite, lifter.style = spec.declaration.finite, style
            lifter.transient = transient_views(function)
            lifter.mutated, lifter.writers, lifter.is_helper = mutated_in(function.body), writers, name != program.entry
            lifter.prepare(function)
            lifter.body(function.body)
            kept += lifter.kept
            function.body = ast.parse("\n".join(lifter.lines) or "pass").body
            _augment(function, lifter.verbatim)
    outputs = _output_names(program, signature)
    options, lineage = JitOptions(error_model="numpy"), Lineage("seed", style.note)
    made = [Candidate(module_text(program), options, lineage=lineage)]
    if signature.writes_open:
        entry = program.functions[program.entry]
        body = written(entry, outputs, signature)
        if body is not None:
            program.functions[program.entry] = ast.FunctionDef(entry.name, entry.args, body, [])
            made.append(Candidate(module_text(program, outputs), options, "writes", lineage))
    passed = []
    for candidate in made:
        refusals = check(candidate, signature)
        if not refusals:
            passed.append(candidate)
        elif not passed:
            stood = Kept(0, "", f"outside the kernel dialect: {refusals[0].reason}")
            kept += [stood] if stood not in kept else []
    return Lifted(tuple(passed), tuple(kept))


def _taken(program: Program, signature: Signature) -> set[str]:
    taken = set(program.constants) | set(program.functions) | RESERVED | BUILTINS | set(_output_names(program, signature))
    for function in program.functions.values():
        taken |= bound_names(function)
    return taken


def _output_names(program: Program, signature: Signature) -> tuple[str, ...]:
    used = set(program.constants) | set(program.functions)
    for function in program.functions.values():
        used |= bound_names(function)
    prefix = "out"
    while any(f"{prefix}{n}" in used for n in range(len(signature.outputs))):
        prefix += "_"
    return tuple(f"{prefix}{n}" for n in range(len(signature.outputs)))


def _parameters(lifter: Statements, function: ast.FunctionDef, instance: Instance, layouts: tuple[str, ...]) -> None:
    """What is known of the parameters: of the entry, that no two share memory, and their layout."""
    for number, (name, seen) in enumerate(zip(parameters_of(function), instance.arguments)):
        if seen[0] == "array":
            extents = tuple(Affine.atom(f"{name}.shape[{d}]") for d in range(seen[2]))
            entry = bool(layouts)
            ones = tuple(instance.argument_ones.get(name, ()))
            lifter.environment[name] = lifter.array(name, np.dtype(seen[1]), extents, ones, sure=entry,
                                                    contiguous=entry and layouts[number] == "C")
        elif seen[0] in ("scalar", "tuple"):
            lifter.environment[name] = lifter.of_type(name, seen)


def _augment(function: ast.FunctionDef, verbatim: set[str]) -> None:
    """Writes `x = x + e` as `x += e`, but for statements that are the author's own: there x may be an array, and `+=` would
    write into it."""

    class Augmenter(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            own = isinstance(node, ast.stmt) and ast.unparse(node) in verbatim
            return node if own else super().visit(node)

        def visit_Assign(self, node: ast.Assign) -> ast.stmt:
            target, value = node.targets[0], node.value
            if isinstance(target, ast.Name | ast.Subscript) and isinstance(value, ast.BinOp) \
                    and isinstance(value.op, ast.Add | ast.Sub | ast.Mult) and ast.unparse(value.left) == ast.unparse(target):
                return ast.copy_location(ast.AugAssign(target, value.op, value.right), node)
            return node

    Augmenter().visit(function)


