"""Powers whose exponent is half of a whole number: `x ** -1.5` as `1 / (x * sqrt(x))`, which a processor computes in place of a
call of libm, many at a time.

Legality: the base is a float and the exponent written out. The result is rounded twice or thrice in place of once, and the
tolerance decides; what pow gives for minus infinity and minus zero is kept.
"""
from __future__ import annotations

import ast
import math
from collections.abc import Iterator

from ..analysis import Function, analyse
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, assign, expression, name

NAME = "powers"
LARGEST = 4.5


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite that takes in all such powers in loops, if there are any."""
    analysis = analyse(candidate, signature)
    draft = Draft(candidate, analysis)
    changed: list[str] = []
    for function, loop in list(analysis.loops):
        for statement in _assignments(loop.node.body):
            changed += [_rewritten(draft, statement, *site) for site in _sites(function, statement)]
    made = draft.finish(NAME, f"{', '.join(f'x ** {each}' for each in sorted(set(changed)))} by square roots") if changed else None
    if made is not None:
        yield made


def _assignments(body: list[ast.stmt]) -> Iterator[ast.Assign | ast.AugAssign]:
    """Those of the loop itself, also under conditions."""
    for statement in body:
        if isinstance(statement, ast.Assign | ast.AugAssign):
            yield statement
        elif isinstance(statement, ast.If):
            yield from _assignments([*statement.body, *statement.orelse])


def _sites(function: Function, statement: ast.Assign | ast.AugAssign) -> Iterator[tuple[ast.BinOp, float, str]]:
    """The powers that are evaluated whenever the statement is, with exponent and dtype."""
    pending: list[ast.AST] = [statement.value]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.IfExp | ast.BoolOp | ast.Lambda):
            continue
        pending += list(ast.iter_child_nodes(node))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            base = function.type_of(node.left)
            exponent = _exponent(node.right, base.dtype) if base.is_scalar else None
            if exponent is not None and (2 * exponent).is_integer() and abs(exponent) <= LARGEST and exponent not in (0.0, 0.5, 1.0):
                yield node, exponent, base.dtype


def _exponent(node: ast.expr, dtype: str) -> float | None:
    """The number that is written, in the dtype of the base."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            found = _exponent(inner, dtype)
            return None if found is None else -found
        case ast.Constant(value=float() as value) if dtype == "float64":
            return value
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="float32"), args=[ast.Constant(value=float() as value)], keywords=[]) \
                if dtype == "float32":
            return value
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="float32"), args=[ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=float() as value))],
                      keywords=[]) if dtype == "float32":
            return -value
    return None


def _rewritten(draft: Draft, statement: ast.stmt, node: ast.BinOp, exponent: float, dtype: str) -> str:
    """Writes the power out in the draft; gives its exponent as text."""
    copied = draft.of(node)
    block, position = draft.block_of(draft.of(statement))
    base = draft.fresh("base")
    block.insert(position, assign(base, copied.left))
    whole, half = int(abs(exponent)), abs(exponent) != int(abs(exponent))
    product: ast.expr | None = None
    for _ in range(whole):
        product = name(base) if product is None else ast.BinOp(product, ast.Mult(), name(base))
    if half:                                    # `+ 0.0` where minus zero would leave its sign
        root = expression("np.sqrt(base)" if whole % 2 else "np.sqrt(base + zero)", base=base, zero=_number(0.0, dtype))
        product = root if product is None else ast.BinOp(product, ast.Mult(), root)
    assert product is not None
    value = product if exponent > 0 else ast.BinOp(_number(1.0, dtype), ast.Div(), product)
    if half:                                    # the root of minus infinity is nan, its power is not
        at_least = _number(math.inf if exponent > 0 else 0.0, dtype)
        value = ast.IfExp(ast.Compare(name(base), [ast.Eq()], [_number(-math.inf, dtype)]), at_least, value)
    draft.put(copied, value)
    return f"{exponent:g}"


def _number(value: float, dtype: str) -> ast.expr:
    written = "np.inf" if value == math.inf else "-np.inf" if value == -math.inf else repr(value)
    return ast.parse(written if dtype == "float64" else f"np.float32({written})", mode="eval").body
