"""What the text's constant expressions come to, as far as it matters: huge numbers and huge static arrays are refused."""
from __future__ import annotations

import ast
from collections.abc import Mapping
from math import prod

from .limits import MAX_ALLOCATION
from .refusal import Refusal

Value = int | float | tuple["Value | None", ...]
_BITS = 64
_SIZED: Mapping[str, tuple[int | str, ...]] = {
    **dict.fromkeys(("empty", "zeros", "ones", "full"), (0, "shape")),
    "eye": (0, "N"), "identity": (0, "n"), "tri": (0, "N"), "arange": (0, 1, "start", "stop"), "linspace": (2, "num"),
    "repeat": (1, "repeats"), "bincount": (2, "minlength"), "histogram": (1, "bins"), "broadcast_to": (1, "shape"),
}
"""Where a call writes how many elements it makes: the positions and names of those arguments."""


class Folder:
    """Folds integer expressions over literals and module constants, and notes refusals on the way."""

    def __init__(self, constants: Mapping[str, Value]) -> None:
        self.constants = constants
        self.refusals: list[Refusal] = []
        self._known: dict[int, Value | None] = {}

    def value(self, node: ast.expr) -> Value | None:
        """What `node` comes to: an integer, a float, a tuple of those, or None where it is not known."""
        if id(node) not in self._known:
            self._known[id(node)] = self._fold(node)
        return self._known[id(node)]

    def check_allocation(self, name: str, call: ast.Call) -> None:
        """Refuses `np.<name>(...)` where the written size alone exceeds the limit."""
        given = {**dict(enumerate(call.args)), **{keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}}
        size = 0
        for place in _SIZED.get(name, ()):
            if place in given:
                written = self.value(given[place])
                extents = [v for v in (written if isinstance(written, tuple) else (written,)) if isinstance(v, int)]
                size = max(size, prod(abs(v) for v in extents if v))
        if name in ("eye", "identity", "tri"):
            size *= size
        if name == "arange" and (2 in given or "step" in given):
            size = 0
        if size > MAX_ALLOCATION:
            self._refuse(call, f"np.{name} of {size} elements is too large; at most {MAX_ALLOCATION} may be written in the text")

    def _fold(self, node: ast.expr) -> Value | None:
        if isinstance(node, ast.Constant):
            return node.value if type(node.value) in (int, float) else None
        if isinstance(node, ast.Name):
            return self.constants.get(node.id)
        if isinstance(node, ast.Tuple):
            return tuple(self.value(element) for element in node.elts)
        if isinstance(node, ast.UnaryOp):
            operand = self.value(node.operand)
            if isinstance(operand, int) and isinstance(node.op, ast.USub | ast.UAdd | ast.Invert):
                return -operand if isinstance(node.op, ast.USub) else ~operand if isinstance(node.op, ast.Invert) else operand
            return None
        if isinstance(node, ast.BinOp):
            return self.binary(node, node.op, node.left, node.right)
        return None

    def binary(self, node: ast.AST, operator: ast.operator, left: ast.expr, right: ast.expr) -> Value | None:
        """`left operator right`, refused where it is huge, or repeats a tuple or a list."""
        if isinstance(operator, ast.Mult) and isinstance(left, ast.Tuple | ast.List) | isinstance(right, ast.Tuple | ast.List):
            self._refuse(node, "a tuple or list cannot be repeated; allocate an array with np.full")
            return None
        a, b = self.value(left), self.value(right)
        if isinstance(operator, ast.LShift | ast.RShift) and isinstance(b, int) and not 0 <= b < _BITS:
            self._refuse(node, f"a shift by {_short(b)} is undefined; integers have {_BITS} bits")
            return None
        if not isinstance(a, int) or not isinstance(b, int):
            return None
        result = _integer(operator, a, b)
        if isinstance(result, _Huge) or isinstance(result, int) and result.bit_length() > _BITS:
            self._refuse(node, f"the constant {ast.unparse(node)[:60]} does not fit into {_BITS} bits")
            return None
        return result

    def _refuse(self, node: ast.AST, reason: str) -> None:
        self.refusals.append(Refusal(getattr(node, "lineno", 0), reason))


class _Huge:
    """The result of a power or shift that is not worth computing."""


def _integer(operator: ast.operator, a: int, b: int) -> int | float | _Huge | None:
    match operator:
        case ast.Add():
            return a + b
        case ast.Sub():
            return a - b
        case ast.Mult():
            return a * b
        case ast.FloorDiv():
            return a // b if b else None
        case ast.Mod():
            return a % b if b else None
        case ast.Pow():
            if b < 0:
                return None
            if abs(a) > 1 and (a.bit_length() - 1) * b > _BITS:
                return _Huge()
            return a**b
        case ast.LShift():
            return a << b
        case ast.RShift():
            return a >> b
        case ast.BitAnd():
            return a & b
        case ast.BitOr():
            return a | b
        case ast.BitXor():
            return a ^ b
    return None


def _short(value: int) -> str:
    return str(value) if abs(value) < 10**9 else "a huge number"
