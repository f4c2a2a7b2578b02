"""The guard: Python text that tells whether arguments are such as the kernel was verified on."""
from __future__ import annotations

import ast
from collections.abc import Callable

from ..signature import Argument, Signature
from .names import Names

LAYOUTS = {"C": "C-contiguous ", "F": "Fortran-contiguous ", "A": ""}


def guard_source(name: str, signature: Signature, names: Names, finite: bool) -> str:
    """Text that defines `name(<arguments>)`, and what it needs.

    It is true for arguments of the verified types that keep the observed relations, have no empty dimension, and share
    no memory with an array that is written. finite: they must hold neither nan nor inf too.
    """
    used = dict.fromkeys(a.dtype for a in signature.arguments if a.kind == "array")
    dtypes = {dtype: names.fresh(dtype.upper()) for dtype in used}
    conditions = [condition for a in signature.arguments for condition in _kind(a, names, dtypes)]
    conditions += [_expression(relation, names) for relation in signature.relations]
    conditions += _extents(signature, names)
    conditions += _apart(signature, names)
    lines = [f"{constant} = {names.known('np')}.dtype({dtype!r})" for dtype, constant in dtypes.items()]
    floats = [a.name for a in signature.arguments if a.dtype.startswith(("float", "complex"))]
    if finite and floats:
        all_finite = names.fresh("all_finite")
        lines += ["", "", *_all_finite(all_finite, names)]
        conditions.append(f"{all_finite}({', '.join(floats)})")
    parameters = ", ".join(a.name for a in signature.arguments)
    head = [f"def {name}({parameters}):", '    """Whether the arguments are such as the kernel was verified on."""']
    body = ["    return (", *(f"        {'and ' if n else ''}{c}" for n, c in enumerate(conditions)), "    )"]
    return "\n".join([*lines, *([""] * 2 if lines else []), *head, *(body if conditions else ["    return True"])]) + "\n"


def describe_guard(signature: Signature, finite: bool) -> list[str]:
    """What the guard asks for, one line a condition, for a person."""
    lines = []
    for a in signature.arguments:
        if a.kind == "array":
            written = ", writable, apart in memory from the others" if a.written else ""
            dimensions = "1 dimension" if a.ndim == 1 else f"{a.ndim} dimensions"
            lines.append(f"{a.name}: {LAYOUTS[a.layout]}array of {a.dtype}, {dimensions}, not empty{written}")
        else:
            lines.append(f"{a.name}: " + (f"NumPy scalar of {a.dtype}" if a.numpy_scalar else f"Python {a.kind}"))
    lines += signature.relations
    if finite:
        lines.append("no nan, no inf")
    return lines


def _kind(argument: Argument, names: Names, dtypes: dict[str, str]) -> list[str]:
    name, type_ = argument.name, names.known("type")
    if argument.kind == "array":
        flags = f"{name}.flags"
        tests = [
            f"{type_}({name}) is {names.known('np')}.ndarray and {name}.dtype == {dtypes[argument.dtype]} "
            f"and {name}.ndim == {argument.ndim} and {name}.size > 0"
        ]
        layout = [f"{flags}.aligned"]
        if argument.layout == "C":
            layout.append(f"{flags}.c_contiguous")
        elif argument.layout == "F":
            # Numba takes an array that is contiguous in both orders for C.
            layout.append(f"{flags}.f_contiguous and not {flags}.c_contiguous")
        if argument.written:
            layout.append(f"{flags}.writeable")
        return [*tests, " and ".join(layout)]
    if argument.numpy_scalar:
        scalar = "bool_" if argument.dtype == "bool" else argument.dtype
        return [f"{type_}({name}) is {names.known('np')}.{scalar}"]
    test = f"{type_}({name}) is {names.known(argument.kind)}"
    if argument.kind == "int":
        # Numba takes what needs the 64th bit for an unsigned integer.
        test += f" and -(2**63) < {name} < 2**63"
    return [test]


def _extents(signature: Signature, names: Names) -> list[str]:
    """That outputs have no empty or negative dimension, as far as their shapes are known."""
    found: dict[str, None] = {}
    for dimension in (d for output in signature.outputs for d in output.shape or ()):
        tree = ast.parse(dimension, mode="eval").body
        if isinstance(tree, ast.Constant | ast.Subscript):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv) and not isinstance(node.right, ast.Constant):
                found[f"({_expression(ast.unparse(node.right), names)}) != 0"] = None
        found[f"{_expression(dimension, names)} > 0"] = None
    return list(found)


def _apart(signature: Signature, names: Names) -> list[str]:
    """That a written array shares no memory with another argument."""
    arrays = [a for a in signature.arguments if a.kind == "array"]
    share = f"{names.known('np')}.may_share_memory" if signature.written and len(arrays) > 1 else ""
    return [
        f"not {share}({a.name}, {b.name})"
        for n, a in enumerate(arrays) for b in arrays[n + 1 :] if a.written or b.written
    ]


def _all_finite(name: str, names: Names) -> list[str]:
    np = names.known("np")
    return [
        f"def {name}(*values):",
        '    """Whether no value holds nan or inf. Where a sum is finite all is, which saves looking at each element."""',
        f'    with {np}.errstate(all="ignore"):',
        "        for value in values:",
        f"            if not {np}.isfinite({np}.sum(value)) and not {np}.isfinite(value).all():",
        "                return False",
        "    return True",
    ]


def _expression(text: str, names: Names) -> str:
    """An expression over arguments, with `max` and `min` as the file knows them."""
    tree = ast.parse(text, mode="eval")
    called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    spelled: dict[str, str] = {n: names.known(n) for n in called}
    return text if all(k == v for k, v in spelled.items()) else ast.unparse(_Respell(spelled.get).visit(tree))


class _Respell(ast.NodeTransformer):
    def __init__(self, spelled: Callable[[str], str | None]) -> None:
        self.spelled = spelled

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.spelled(node.id) or node.id, node.ctx)
