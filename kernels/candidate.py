"""Candidate: a kernel's text with its tunables, jit options and calling convention, and its identity."""
from __future__ import annotations

import ast
import builtins
import hashlib
import json
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, Literal
from weakref import WeakValueDictionary

ENTRY = "kernel"
_PARSE_TRIES = 10
FASTMATH_FLAGS = ("reassoc", "nsz", "contract", "arcp", "afn", "nnan", "ninf")
FINITE_ONLY = frozenset({"nnan", "ninf"})
"""Flags that let the compiler assume that there is neither nan nor inf."""
_TREES: WeakValueDictionary[str, ast.Module] = WeakValueDictionary()
_RECENT: deque[ast.Module] = deque(maxlen=16)
"""Trees that are likely to be asked for again."""
Number = int | float
Convention = Literal["returns", "writes"]
# Each repetition begins where the one before it must end: a line of many blanks would take hours otherwise.
_TUNABLE = re.compile(r"^(?P<name>[A-Z][A-Z0-9_]*)\s*=(?P<value>[^#]+)#\s*tune:(?P<choices>.+)$")


class CandidateError(ValueError):
    """The text is no candidate: it does not parse, has no entry function, or a tunable is malformed."""


@dataclass(frozen=True)
class Tunable:
    """A module constant of the candidate with its domain: `TILE = 64  # tune: 8 16 32 64`."""

    name: str
    value: Number
    choices: tuple[Number, ...]


@dataclass(frozen=True)
class JitOptions:
    """What the harness gives to `numba.njit`. `threads` None means the run's `--threads`."""

    parallel: bool = False
    fastmath: tuple[str, ...] = ()
    error_model: Literal["python", "numpy"] = "python"
    threads: int | None = None

    def __post_init__(self) -> None:
        unknown = set(self.fastmath) - set(FASTMATH_FLAGS)
        if unknown:
            raise CandidateError(f"unknown fastmath flag {sorted(unknown)[0]}; choose from {', '.join(FASTMATH_FLAGS)}")
        object.__setattr__(self, "fastmath", tuple(sorted(set(self.fastmath))))

    @property
    def njit_parallel(self) -> bool | dict[str, bool]:
        """What `njit(parallel=...)` is given. Never with loop fusion: Numba (0.68.1) fuses neighbouring parallel loops and
        array statements of equal length, and overlooks that two names may be views of one memory. `r = a[::-1]`, a loop
        `b[i] = r[i]`, then a loop `a[i] = b[i]` gives wrong results each time."""
        return {"fusion": False} if self.parallel else False

    def as_json(self) -> dict[str, Any]:
        return {"parallel": self.parallel, "fastmath": list(self.fastmath), "error_model": self.error_model,
                "threads": self.threads}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> JitOptions:
        return cls(bool(data["parallel"]), tuple(data["fastmath"]), data["error_model"], data["threads"])


@dataclass(frozen=True)
class Lineage:
    """Where a candidate comes from: the operator that made it, what it did, and its parents' identities."""

    operator: str = "seed"
    note: str = ""
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """One point of the search space. Two candidates are the same when their `identity` is.

    text: source in the kernel dialect; its entry function is called `kernel`.
    convention: "returns" (called like the reference) or "writes" (takes further arrays, one for each output, and
        returns nothing; a wrapper allocates them).
    """

    text: str
    options: JitOptions = JitOptions()
    convention: Convention = "returns"
    lineage: Lineage = field(default=Lineage(), compare=False)

    @property
    def tree(self) -> ast.Module:
        """The parsed text; treat it as read-only. The same object as long as somebody holds it: a candidate does not, as a tree takes
        a hundred times the space of the text, and a search knows thousands of candidates. Raises CandidateError."""
        found = _TREES.get(self.text)
        if found is None:
            found = _TREES[self.text] = self._syntax()
        _RECENT.append(found)
        return found

    @cached_property
    def tunables(self) -> tuple[Tunable, ...]:
        """The tunables in the order of the text. Raises CandidateError where one is malformed."""
        return parse_tunables(self.text)

    @cached_property
    def identity(self) -> str:
        """Hex digest of canonical text (with tunable values), options and convention."""
        return _digest(_canonical(self.text), json.dumps(self.options.as_json(), sort_keys=True), self.convention)

    @cached_property
    def skeleton(self) -> str:
        """Hex digest of the text with its tunables abstracted, and the convention: the key of its Optuna study."""
        return _digest(_canonical(self.with_tunables({t.name: t.choices[0] for t in self.tunables}).text), self.convention)

    def _syntax(self) -> ast.Module:
        try:
            return parse(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise CandidateError(f"line {getattr(error, 'lineno', '?')}: {getattr(error, 'msg', error)}") from None

    def with_tunables(self, values: Mapping[str, Number]) -> Candidate:
        """The candidate with these tunables set. Raises CandidateError for an unknown name."""
        unknown = set(values) - {t.name for t in self.tunables}
        if unknown:
            raise CandidateError(f"no tunable {sorted(unknown)[0]}")
        lines = []
        for line in self.text.splitlines():
            match = _TUNABLE.match(line)
            if match and match["name"] in values:
                line = f"{match['name']} = {values[match['name']]!r}  # tune: {match['choices'].strip()}"
            lines.append(line)
        return replace(self, text="\n".join(lines) + "\n")

    def as_json(self) -> dict[str, Any]:
        return {"text": self.text, "options": self.options.as_json(), "convention": self.convention,
                "lineage": {"operator": self.lineage.operator, "note": self.lineage.note,
                            "parents": list(self.lineage.parents)}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Candidate:
        line = data["lineage"]
        return cls(data["text"], JitOptions.from_json(data["options"]), data["convention"],
                   Lineage(line["operator"], line["note"], tuple(line["parents"])))


def parse_tunables(text: str) -> tuple[Tunable, ...]:
    """The tunables declared in `text`. Raises CandidateError where a value or a domain is no list of numbers."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _TUNABLE.match(line)
        if not match or not match["value"].strip() or not match["choices"].strip():
            continue
        try:
            value = _number(match["value"])
            choices = tuple(dict.fromkeys(_number(word) for word in match["choices"].replace(",", " ").split()))
        except ValueError as error:
            raise CandidateError(f"line {number}: tunable {match['name']}: {error}") from None
        if value not in choices:
            choices = (*choices, value)
        found.append(Tunable(match["name"], value, choices))
    names = [t.name for t in found]
    if len(set(names)) != len(names):
        raise CandidateError("a tunable is declared twice")
    return tuple(found)


def parse(text: str) -> ast.Module:
    """`ast.parse`, once more where another thread built a tree at the same time.

    CPython 3.11 counts the depth of both together, and then raises SystemError (github.com/python/cpython/issues/106905).
    """
    for _ in range(_PARSE_TRIES):
        try:
            return ast.parse(text)
        except SystemError:
            continue
    return ast.parse(text)


def canonical_text(tree: ast.Module) -> str:
    """The tree's text with comments, docstrings and layout dropped and names replaced by their order of appearance."""
    return ast.unparse(_Normaliser().of(tree))


@lru_cache(maxsize=128)
def _canonical(text: str) -> str:
    """The canonical form of a text, which candidates that differ in options alone share. Raises CandidateError."""
    return canonical_text(Candidate(text).tree)


class _Normaliser:
    """Renames what the text itself binds; `kernel`, `np`, `math`, `prange` and builtins keep their names."""

    KEPT = {ENTRY, "np", "math", "prange", *dir(builtins)}

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def rename(self, name: str) -> str:
        return name if name in self.KEPT else self.names.setdefault(name, f"v{len(self.names)}")

    def of(self, node: ast.AST) -> Any:
        """A copy of the node in new names, which are given in the order in which the text has them. A search asks for thousands of
        texts a minute, and a general visitor takes three times as long."""
        made = type(node).__new__(type(node))
        fields = vars(made)
        fields.update(vars(node))
        if isinstance(node, ast.Name):
            fields["id"] = self.rename(node.id)
            return made
        if isinstance(node, ast.arg):
            fields["arg"] = self.rename(node.arg)
            fields["annotation"] = None
            return made
        if isinstance(node, ast.FunctionDef):
            fields["name"], fields["returns"] = self.rename(node.name), None
            if isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant) and len(node.body) > 1:
                fields["body"] = node.body[1:]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in self.KEPT:
            # A keyword of a helper names its parameter, and goes by the same new name.
            fields["keywords"] = [ast.keyword(keyword.arg and self.rename(keyword.arg), keyword.value) for keyword in node.keywords]
        for part in node._fields:
            value = fields.get(part)
            if isinstance(value, list):
                fields[part] = [self.of(item) if isinstance(item, ast.AST) else item for item in value]
            elif isinstance(value, ast.AST) and value._fields:
                fields[part] = self.of(value)
        return made


def _number(word: str) -> Number:
    try:
        return int(word)
    except ValueError:
        return float(word)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
