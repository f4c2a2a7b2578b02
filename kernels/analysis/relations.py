"""What a signature promises of the entry function's arguments: extents that are equal or multiples, and none that is 0.

A champion's guard asks for both before it calls the kernel (see `export.guard`); elsewhere its reference is called.
"""
from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from ..candidate import Convention
from ..signature import Signature
from .affine import Affine
from .model import FunctionAnalysis, Value

Atoms = dict[tuple[str, int | None], Affine]     # (argument, dimension), or (argument, None) for an integer


def promise(signature: Signature, convention: Convention, names: Sequence[str], environment: dict[str, Value],
            analysis: FunctionAnalysis) -> None:
    """Expresses the extents of the entry function's arrays, and its integers, through as few symbols as it can.

    names: the function's parameters. environment: their values, which are replaced. analysis: gets the arrays' shapes.
    """
    arrays = [a.name for a in signature.arguments] if len(names) >= len(signature.arguments) else []
    spelled = dict(zip(arrays, names))
    atoms: Atoms = {}
    for argument in signature.arguments[: len(arrays)]:
        value = environment[spelled[argument.name]]
        if argument.kind == "array" and value.view is not None:
            for dimension in range(argument.ndim):
                atoms[argument.name, dimension] = analysis.symbols.extent(value.view.origin, dimension)
        elif argument.kind == "int" and value.affine is not None:
            atoms[argument.name, None] = value.affine
    for relation in signature.relations:
        _relate(relation, atoms, analysis)
    for name, dimension in atoms:
        if dimension is not None:
            _holds(atoms[name, dimension] - 1)
        else:
            environment[spelled[name]] = Value(atoms[name, None])
    for argument in signature.arguments[: len(arrays)]:
        view = environment[spelled[argument.name]].view
        if argument.kind == "array" and view is not None:
            analysis.shapes[view.origin] = tuple(atoms[argument.name, d] for d in range(argument.ndim))
    if convention == "writes" and len(names) == len(signature.arguments) + len(signature.outputs):
        for output, name in zip(signature.outputs, names[len(arrays):]):
            view = environment[name].view
            if view is not None and output.shape is not None:
                shape = tuple(_form(ast.parse(text, mode="eval").body, atoms, analysis) for text in output.shape)
                for extent in shape:
                    if extent is not None:
                        _holds(extent - 1)
                analysis.shapes[view.origin] = shape


def _holds(form: Affine) -> None:
    """Notes that `form` is at least 0 with the symbols in it."""
    for symbol, _ in form.terms:
        symbol.facts.append(form)


def _relate(relation: str, atoms: Atoms, analysis: FunctionAnalysis) -> None:
    """Puts the right side of an equation in place of the atom on its left, and a multiple of the divisor in place of an atom
    that is divided without a remainder."""
    match ast.parse(relation, mode="eval").body:
        case ast.Compare(left=ast.BinOp(left=left, op=ast.Mod(), right=right), ops=[ast.Eq()], comparators=[ast.Constant(value=0)]):
            key, divisor = _atom(left), _form(right, atoms, analysis)
            if key in atoms and divisor is not None:
                quotient = Affine.of(analysis.symbols.new(f"{ast.unparse(left)} // {ast.unparse(right)}", integer=True))
                multiple = analysis.symbols.product(quotient, divisor)
                if multiple is not None:
                    if key[1] is not None:      # the dividend is an extent, so none of the two is below 1
                        quotient.terms[0][0].nonnegative = True
                        _holds(quotient - 1)
                    atoms[key] = multiple
        case ast.Compare(left=left, ops=[ast.Gt()], comparators=[ast.Constant(value=0)]):
            if (form := _form(left, atoms, analysis)) is not None:
                _holds(form - 1)
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            key, form = _atom(left), _form(right, atoms, analysis)
            if key in atoms and form is not None:
                atoms[key] = form


def _atom(node: ast.expr) -> tuple[str, int | None] | None:
    match node:
        case ast.Name(id=name):
            return name, None
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id=name), attr="shape"), slice=ast.Constant(value=int() as dimension)):
            return name, dimension
    return None


def _form(node: ast.expr, atoms: Mapping[tuple[str, int | None], Affine], analysis: FunctionAnalysis) -> Affine | None:
    """The affine form of an expression over the signature's atoms; None where it has none."""
    table = analysis.symbols
    match node:
        case ast.Constant(value=int() as number):
            return Affine((), number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            form = _form(operand, atoms, analysis)
            return None if form is None else -form
        case ast.BinOp(left=left, op=operator, right=right):
            a, b = _form(left, atoms, analysis), _form(right, atoms, analysis)
            if a is None or b is None:
                return None
            match operator:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return table.product(a, b)
                case ast.FloorDiv() if b.is_constant:
                    return table.quotient(a, b.constant)
            return None
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=arguments):
            forms = [_form(argument, atoms, analysis) for argument in arguments]
            return None if None in forms else table.extreme(tuple(f for f in forms if f is not None), name == "max")
    return atoms.get(_atom(node))  # type: ignore[arg-type]
