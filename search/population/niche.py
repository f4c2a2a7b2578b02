"""Niche: how a candidate works, apart from how fast it is: the behaviour descriptor of the archive's cells."""
from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from ...kernels.candidate import ENTRY, Candidate
from ...kernels.dialect.vocabulary import NUMPY_BY_USE, PRANGE
from ...workers.evaluation import Evaluation

MOST_ALLOCATIONS, MOST_DEPTH, MOST_INNERMOST = 3, 5, 8
_ALLOCATING = frozenset(NUMPY_BY_USE["allocation"])
_ALLOCATING_METHODS = frozenset({"copy", "astype", "flatten", "repeat"})
_COUNTED = frozenset({"range", PRANGE})


@dataclass(frozen=True)
class Niche:
    """A cell of the archive. Counts stand at their bin's lower end; the last bin is open.

    parallel: whether Numba made parallel loops of it. vector_width: bits of the widest packed arithmetic in its
    machine code, 0 if none. allocations: calls that allocate an array, up to MOST_ALLOCATIONS; looped_allocations:
    whether one of them is inside a loop. depth: loops in its deepest nest, up to MOST_DEPTH. innermost: its innermost
    loops, as a power of two up to MOST_INNERMOST: fusion lowers it, fission and statement-by-statement text raise it.
    tiled: whether some loop runs within a tile. All of the text that the entry function reaches counts, helpers as if
    they stood where they are called.
    """

    parallel: bool
    vector_width: int
    allocations: int
    looped_allocations: bool
    depth: int
    innermost: int
    tiled: bool

    @property
    def label(self) -> str:
        """For people: "parallel, 512-bit, 3+ allocations (in a loop), 2-3 innermost loops, depth 3, tiled"."""
        parts = ["parallel" if self.parallel else "serial",
                 f"{self.vector_width}-bit" if self.vector_width else "scalar"]
        if self.allocations:
            parts.append(_counted(self.allocations, MOST_ALLOCATIONS, "allocation")
                         + (" (in a loop)" if self.looped_allocations else ""))
        if self.innermost:
            bins = f"{self.innermost}-{2 * self.innermost - 1}" if 1 < self.innermost < MOST_INNERMOST else None
            parts.append(f"{bins} innermost loops" if bins else _counted(self.innermost, MOST_INNERMOST, "innermost loop"))
        parts.append(f"depth {_open(self.depth, MOST_DEPTH)}" if self.depth else "no loops")
        return ", ".join([*parts, "tiled"] if self.tiled else parts)


def niche_of(candidate: Candidate, evaluation: Evaluation) -> Niche:
    """The niche of a candidate that was built. What an evaluation without facts does not tell is taken from the options.

    Raises CandidateError where the text does not parse.
    """
    facts = evaluation.facts
    shape = _Reader(candidate.tree).function(ENTRY)
    return Niche(
        parallel=bool(facts["parfors"]) if "parfors" in facts else candidate.options.parallel,
        vector_width=int(facts.get("vector_width") or 0),
        allocations=min(shape.allocations, MOST_ALLOCATIONS),
        looped_allocations=shape.looped_allocations,
        depth=min(shape.depth, MOST_DEPTH),
        innermost=1 << (shape.innermost.bit_length() - 1) if shape.innermost else 0,
        tiled=shape.tiled,
    )


@dataclass(frozen=True)
class _Shape:
    """What a piece of text holds. Sums stop at the last bin: helpers that call helpers would make them huge."""

    depth: int = 0
    innermost: int = 0
    allocations: int = 0
    looped_allocations: bool = False
    tiled: bool = False

    def __add__(self, other: _Shape) -> _Shape:
        return _Shape(max(self.depth, other.depth), min(self.innermost + other.innermost, MOST_INNERMOST),
                      min(self.allocations + other.allocations, MOST_ALLOCATIONS),
                      self.looped_allocations or other.looped_allocations, self.tiled or other.tiled)

    def in_loop(self) -> _Shape:
        return replace(self, depth=self.depth + 1, innermost=max(1, self.innermost), looped_allocations=self.allocations > 0)


class _Reader:
    """Reads the shapes of a text's functions, each once."""

    def __init__(self, tree: ast.Module) -> None:
        self._functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self._shapes: dict[str, _Shape] = {}

    def function(self, name: str) -> _Shape:
        """The shape of one function; a call of itself adds nothing."""
        if name not in self._shapes:
            self._shapes[name] = _Shape()
            self._shapes[name] = self._all(self._functions[name].body) if name in self._functions else _Shape()
        return self._shapes[name]

    def _all(self, nodes: list[ast.stmt]) -> _Shape:
        return sum(map(self._of, nodes), _Shape())

    def _of(self, node: ast.AST) -> _Shape:
        match node:
            case ast.For(iter=iterated, body=body, orelse=orelse):
                inner = self._all(body)
                return self._of(iterated) + self._all(orelse) + replace(inner.in_loop(), tiled=inner.tiled or _tiles(node, inner))
            case ast.While(test=test, body=body, orelse=orelse):
                return self._all(orelse) + (self._of(test) + self._all(body)).in_loop()
        children = sum(map(self._of, ast.iter_child_nodes(node)), _Shape())
        return children + self._called(node) if isinstance(node, ast.Call) else children

    def _called(self, call: ast.Call) -> _Shape:
        match call.func:
            case ast.Attribute(value=ast.Name(id="np"), attr=name):
                return _Shape(allocations=int(name in _ALLOCATING))
            case ast.Attribute(attr=name):
                return _Shape(allocations=int(name in _ALLOCATING_METHODS))
            case ast.Name(id=name) if name in self._functions:
                return self.function(name)
        return _Shape()


def _tiles(loop: ast.For, body: _Shape) -> bool:
    """Whether `loop` ends with its tile (`range(first, min(first + SIZE, stop))`), or goes from tile to tile."""
    match loop.iter:
        case ast.Call(func=ast.Name(id=name), args=[first, stop, *step]) if name in _COUNTED:
            cut = any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "min" for n in ast.walk(stop))
            from_first = not isinstance(first, ast.Constant) and any(ast.dump(n) == ast.dump(first) for n in ast.walk(stop))
            return cut and from_first or bool(body.depth and step and not _is_unit(step[0]))
    return False


def _is_unit(step: ast.expr) -> bool:
    number = step.operand if isinstance(step, ast.UnaryOp) else step
    return isinstance(number, ast.Constant) and number.value == 1


def _open(count: int, most: int) -> str:
    return f"{count}+" if count >= most else str(count)


def _counted(count: int, most: int, noun: str) -> str:
    return f"{_open(count, most)} {noun}{'' if count == 1 else 's'}"
