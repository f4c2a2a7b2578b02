"""Which names hold a value that may still be read: backward data flow over one function's tree."""
from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

Names = frozenset[str]
_NONE: Names = frozenset()


class Liveness:
    """Of one function. Loops are followed to the fixed point; every branch counts as possible."""

    def __init__(self, function: ast.FunctionDef) -> None:
        self._after: dict[int, Names] = {}
        self._block(function.body, _NONE, _NONE, _NONE)

    def after(self, loop: ast.For) -> Names:
        """The names that may be read after the loop before they are assigned anew; not by further turns of it."""
        return self._after.get(id(loop), _NONE)

    @classmethod
    def exposed(cls, body: Sequence[ast.stmt]) -> Names:
        """The names that one run through `body` may read before it assigns them."""
        empty = cls.__new__(cls)
        empty._after = {}
        return empty._block(body, _NONE, _NONE, _NONE)

    def _block(self, body: Iterable[ast.stmt], out: Names, on_break: Names, on_continue: Names) -> Names:
        for statement in reversed(list(body)):
            out = self._statement(statement, out, on_break, on_continue)
        return out

    def _statement(self, node: ast.stmt, out: Names, on_break: Names, on_continue: Names) -> Names:
        match node:
            case ast.Break():
                return on_break
            case ast.Continue():
                return on_continue
            case ast.Return():
                return _read(node.value) if node.value is not None else _NONE
            case ast.Assign():
                stored = frozenset(name for target in node.targets for name in _stored(target))
                reads = frozenset().union(_read(node.value), *(_read(target) for target in node.targets))
                return (out - stored) | reads
            case ast.AugAssign():
                reads = _read(node.value) | _read(node.target)
                return out | reads | ({node.target.id} if isinstance(node.target, ast.Name) else _NONE)
            case ast.If():
                branches = (self._block(branch, out, on_break, on_continue) for branch in (node.body, node.orelse))
                return frozenset().union(*branches) | _read(node.test)
            case ast.While():
                head = out
                while True:
                    entry = self._block(node.body, head, out, head) | _read(node.test) | out
                    if entry == head:
                        return head
                    head = entry
            case ast.For():
                return self._for(node, out)
            case _:
                return out | _read(node)

    def _for(self, node: ast.For, out: Names) -> Names:
        self._after[id(node)] = self._after.get(id(node), _NONE) | out
        stored = frozenset(_stored(node.target))
        head = _NONE if _runs(node) else out
        # `head` is what is live before a turn; a turn is followed by another, or by what comes after.
        while True:
            following = head | out
            entry = (self._block(node.body, following, out, following) - stored) | (_NONE if _runs(node) else out)
            if entry == head:
                return entry | _read(node.iter)
            head = entry


def _runs(node: ast.For) -> bool:
    """Whether the loop surely runs once: its range is written as a positive number."""
    call = node.iter
    return (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range" and len(call.args) == 1
            and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, int) and call.args[0].value > 0)


def _read(node: ast.AST) -> Names:
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))


def _stored(node: ast.AST) -> Names:
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
