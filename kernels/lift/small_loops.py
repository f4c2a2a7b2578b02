"""Loops over a few numbers that do nothing but add arrays to another one, as a single statement: `for k in range(3): out += w[k] * a[k:n + k]`
is `out[:] = out + w[0] * a[0:n + 0] + w[1] * ...`. It rounds alike, and an element stays in a register for the whole of its sum."""
from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from ..analysis.aliases import returns_new_memory
from ..analysis.names import all_blocks
from . import syntax
from .displays import MOST
from .names import assigned_in, handed_on, parameters_of, uses_of
from .seen import Instance
from .written_out import written_with

MOST_TERMS = 36


def has_small_loops(functions: Iterable[ast.FunctionDef]) -> bool:
    """Whether there may be anything to do."""
    return any(isinstance(node, ast.For) and _numbers(node) and any(isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
               for n in ast.walk(node)) for function in functions for node in ast.walk(function))


def write_out(function: ast.FunctionDef, seen: Instance) -> None:
    """Works in place. Only arrays that the function makes itself, and that no other name may show, are added to so."""
    new = _own_arrays(function, seen)
    for block in list(all_blocks(function)):
        for place, loop in enumerate(block):
            if isinstance(loop, ast.For):
                made = _statement(function, loop, new, seen)
                if made is not None:
                    block[place] = made
    ast.fix_missing_locations(function)


def _own_arrays(function: ast.FunctionDef, seen: Instance) -> set[str]:
    """Arrays that the function makes, and that no other name may show."""

    def copies(node: ast.Assign) -> bool:
        """What is stored into an array's elements is copied."""
        return all(isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and (known := seen.bindings.get(target.value.id))
                   and all(one[0] == "array" for one in known) for target in node.targets)

    kept = [node for node in ast.walk(function) if isinstance(node, ast.Assign) and not copies(node)]
    made: dict[str, int] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if returns_new_memory(call):
                made[name] = made.get(name, 0) + 1
            case ast.AugAssign(target=ast.Name(id=name)):
                made[name] = made.get(name, 0) + 1
    bindings = assigned_in(function.body)
    return {name for name, count in made.items() if count == bindings[name]} - handed_on(ast.Module(kept, [])) - set(parameters_of(function))


def _statement(function: ast.FunctionDef, loop: ast.For, new: set[str], seen: Instance) -> ast.stmt | None:
    terms = _terms(function, loop, {}, seen)
    names = {term.target.id for term in terms or ()}  # type: ignore[union-attr]
    if not terms or not 1 < len(terms) <= MOST_TERMS or len(names) != 1 or not names <= new:
        return None
    (name,) = names
    dtypes = {seen_type[1] if (seen_type := seen.type_of(term.value)) is not None and seen_type[0] == "array" else None for term in terms}
    held = {seen_type[1] for seen_type in seen.bindings.get(name, ()) if seen_type[0] == "array"}
    if len(dtypes) != 1 or dtypes != held or any(_reads(term.value, name) for term in terms):
        return None
    total: ast.expr = syntax.name(name)
    for term in terms:
        total = ast.BinOp(total, term.op, term.value)
    whole = ast.Subscript(syntax.name(name), ast.Slice(), ast.Store())
    return ast.copy_location(ast.Assign([whole], total), loop)


def _terms(function: ast.FunctionDef, loop: ast.For, given: Mapping[str, ast.expr], seen: Instance) -> list[ast.AugAssign] | None:
    """What is added, one by one; None where the loop does something else."""
    found: list[ast.AugAssign] = []
    for number in _numbers(loop):
        known = {**given, loop.target.id: syntax.number(number)}  # type: ignore[attr-defined]
        for statement in loop.body:
            match statement:
                case ast.AugAssign(target=ast.Name(), op=ast.Add() | ast.Sub()):
                    found.append(written_with(statement, known))
                case ast.For():
                    inner = _terms(function, statement, known, seen)
                    if inner is None:
                        return None
                    found += inner
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_number(value, seen) \
                        and uses_of(function)[name] == uses_of(loop)[name]:
                    known[name] = written_with(value, known)
                case _:
                    return None
            if len(found) > MOST_TERMS:
                return None
    return found or None


def _reads(node: ast.AST, name: str) -> bool:
    """Whether something reads elements of the array; its shape stays the same."""
    match node:
        case ast.Attribute(value=ast.Name(), attr="shape" | "size" | "ndim" | "dtype"):
            return False
        case ast.Name(id=known):
            return known == name
    return any(_reads(child, name) for child in ast.iter_child_nodes(node))


def _is_number(value: ast.expr, seen: Instance) -> bool:
    known = seen.type_of(value)
    return known is not None and known[0] == "scalar" and not any(isinstance(n, ast.Call | ast.NamedExpr) for n in ast.walk(value))


def _numbers(loop: ast.For) -> Sequence[int]:
    """What a loop over a range that is written out goes through; empty for any other."""
    match loop:
        case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=ends, keywords=[]), orelse=[]):
            try:
                numbers = range(*(ast.literal_eval(end) for end in ends))
            except (TypeError, ValueError):
                return ()
            return numbers if len(numbers) <= MOST and not assigned_in(loop.body)[name] else ()
    return ()
