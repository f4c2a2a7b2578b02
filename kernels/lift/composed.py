"""Functions of NumPy that are a few lines of other functions of NumPy: helpers, which are taken in as the author's own are."""
from __future__ import annotations

import ast
from functools import cache

from . import syntax
from .source import Program, call_arguments

DEFINED = '''
def polyval(p, x):
    y = x * 0
    for c in p:
        y = y * x + c
    return y

def unwrap(p):
    steps = np.diff(p, axis=-1)
    turned = np.mod(steps + np.pi, 2 * np.pi) - np.pi
    turned = np.where((turned == -np.pi) & (steps > 0), np.pi, turned)
    correction = np.where(np.abs(steps) < np.pi, 0.0, turned - steps)
    result = p * 1.0
    result[..., 1:] = p[..., 1:] + np.cumsum(correction, axis=-1)
    return result

def isreal(x):
    return np.imag(x) == 0

def iscomplex(x):
    return np.imag(x) != 0

def extract(condition, arr):
    return np.ravel(arr)[np.ravel(condition) != 0]

def compress(condition, a):
    return np.ravel(a)[np.asarray(condition) != 0]

def union1d(ar1, ar2):
    return np.unique(np.concatenate((np.ravel(ar1), np.ravel(ar2))))

def cumulative_sum(x):
    return np.cumsum(x)

def cumulative_prod(x):
    return np.cumprod(x)

def polyder(p):
    return p[:-1] * np.arange(len(p) - 1, 0, -1)

def triu_indices_from(arr, k=0):
    return np.triu_indices(arr.shape[0], k, arr.shape[1])

def tril_indices_from(arr, k=0):
    return np.tril_indices(arr.shape[0], k, arr.shape[1])

def setxor1d(ar1, ar2):
    both = np.sort(np.concatenate((np.unique(ar1), np.unique(ar2))))
    changes = both[1:] != both[:-1]
    single = np.ones(both.size + 1, dtype=np.bool_)
    single[1:-1] = changes
    return both[single[1:] & single[:-1]]

def median_of_two(a):
    rows = a.reshape(*a.shape[:-2], -1)
    return np.median(rows, axis=-1)

def lexsort(first, second):
    order = np.argsort(first, kind="stable")
    return order[np.argsort(second[order], kind="stable")]

def lexsort_3(first, second, third):
    order = np.lexsort((first, second))
    return order[np.argsort(third[order], kind="stable")]
'''
"""As NumPy documents them, for the arguments that these take; what is given more stays a call of NumPy's."""


def compose(program: Program) -> None:
    """Works in place: gives the program the helpers that its calls become calls of."""
    for function in list(program.functions.values()):
        _Compose(program).visit(function)


@cache
def _defined() -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.parse(DEFINED).body if isinstance(node, ast.FunctionDef)}


class _Compose(ast.NodeTransformer):
    def __init__(self, program: Program) -> None:
        self.program = program

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="median"), args=[array], keywords=[ast.keyword(arg="axis", value=axis)]) \
                    if syntax.text(axis) in ("(-2, -1)", "(-1, -2)"):
                return ast.copy_location(syntax.call(syntax.name(self._helper("median_of_two")), array), node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name)) if name in _defined():
                given = node.args
                if name == "lexsort":
                    match given:
                        case [ast.Tuple(elts=[_, _] as given) | ast.List(elts=[_, _] as given)]:
                            pass
                        case [ast.Tuple(elts=[_, _, _] as given) | ast.List(elts=[_, _, _] as given)]:
                            name = "lexsort_3"
                        case _:
                            return node
                arguments = call_arguments(_defined()[name], ast.Call(node.func, given, node.keywords))
                if arguments is not None:
                    return ast.copy_location(syntax.call(syntax.name(self._helper(name)), *arguments), node)
        return node

    def _helper(self, name: str) -> str:
        called = f"np_{name}"
        known = self.program.functions.get(called)
        while known is not None and not hasattr(known, "kernwright_composed"):
            called = f"{called}_"
            known = self.program.functions.get(called)
        if known is None:
            made = ast.parse(ast.unparse(_defined()[name])).body[0]
            assert isinstance(made, ast.FunctionDef)
            made.name, made.kernwright_composed = called, True  # type: ignore[attr-defined]
            self.program.functions[called] = made
            _Compose(self.program).visit(made)
        return called
