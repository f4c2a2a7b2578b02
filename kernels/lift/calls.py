"""Reading the arguments of a call by name, and the table of the calls that have a loop form."""
from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from . import syntax
from .dtypes import FLOAT64, joined
from .errors import CannotLift
from .expressions import Expressions
from .values import Pack, Value, number

Lifted = Value | Pack
Handler = Callable[[Expressions, ast.Call], Lifted]


def call(*names: str, method: bool = False, prefix: str = "np.") -> Callable[[Handler], Handler]:
    """Registers a handler of `np.<name>`; `method`: as a method of arrays too. prefix: "" for a builtin."""

    def register(handler: Handler) -> Handler:
        for name in names:
            Expressions.calls[prefix + name] = handler  # type: ignore[assignment]
            if method:
                Expressions.methods[name] = handler  # type: ignore[assignment]
        return handler

    return register


def arguments(node: ast.Call, names: str, required: int = 1) -> list[ast.expr | None]:
    """The arguments in the order of `names`, None for one that is not given. Raises CannotLift for any other."""
    known = names.split()
    if len(node.args) > len(known) or any(isinstance(a, ast.Starred) for a in node.args):
        raise CannotLift("a call with arguments that have no loop form")
    given: dict[str, ast.expr] = dict(zip(known, node.args))
    for keyword in node.keywords:
        if keyword.arg not in known or keyword.arg in given:
            raise CannotLift(f"the argument `{keyword.arg}=` has no loop form here")
        if not (isinstance(keyword.value, ast.Constant) and keyword.value.value is None):
            given[keyword.arg] = keyword.value
    found = [given.get(name) for name in known]
    if any(f is None for f in found[:required]):
        raise CannotLift("a call lacks an argument")
    return found


def axis_of(value: int, ndim: int) -> int:
    """The axis counted from the front. Raises CannotLift where there is none such."""
    if type(value) is not int or not -ndim <= value < ndim:
        raise CannotLift("an axis that is not known beforehand")
    return value % ndim


def dtype_of(e: Expressions, node: ast.expr | None, default: np.dtype = FLOAT64) -> np.dtype:
    """The dtype that an argument names: `np.float32` or `a.dtype`. Raises CannotLift."""
    if node is None:
        return default
    text = syntax.text(node)
    if isinstance(node, ast.Attribute) and node.attr == "dtype":
        return e.value(node.value).dtype
    if text in ("float", "int", "bool", "complex"):
        return np.dtype(text)
    if text.startswith("np."):
        found = getattr(np, text[3:], None)
        if isinstance(found, type) and issubclass(found, np.generic):
            return np.dtype(found)
    if isinstance(node, ast.Call) and syntax.text(node.func) in ("np.result_type", "np.promote_types") and node.args and not node.keywords:
        return joined(*(_of_dtype(e, argument) for argument in node.args))
    raise CannotLift(f"the dtype `{text}` is not known beforehand")


def _of_dtype(e: Expressions, node: ast.expr) -> Value:
    """A value of the dtype that an argument names or has."""
    try:
        return number(dtype_of(e, node).type(1), weak=False)
    except CannotLift:
        return e.value(node)
