"""Names in a file that holds two texts which do not know each other: the kernel's and the reference's."""
from __future__ import annotations

import ast
import builtins
import io
import keyword
import tokenize
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

PREFIX = "fast_"
_MODULES = {"np": "numpy", "math": "math", "numba": "numba", "threading": "threading", "threadpoolctl": "threadpoolctl", "warnings": "warnings"}


class Names:
    """Gives names that mean the same wherever they stand in the file.

    reference: the bundled text of the reference; bound: what the names of its module stand for; parameters: the public
    function's, which hide what is called the same; kernel: the kernel's text, whose locals no new name may equal.
    """

    def __init__(self, reference: str, bound: Mapping[str, Any], parameters: Iterable[str], kernel: str) -> None:
        used = identifiers(reference)
        imports_all = any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.parse(reference).body)
        self._bound = {name: value for name, value in bound.items() if imports_all or name in used}
        self._parameters = frozenset(parameters)
        self._kernel = identifiers(kernel)
        self._taken = used | set(self._bound) | set(dir(builtins)) | set(keyword.kwlist) | set(_MODULES) | {"prange"}
        self._known: dict[str, str] = {}
        self._imports: list[str] = []

    @property
    def imports(self) -> list[str]:
        """The statements that the names given so far need, plain imports first."""
        return sorted(self._imports, key=lambda line: (line.startswith("from"), line))

    def fresh(self, wanted: str) -> str:
        """`wanted`, or a name made of it, which nothing else in the file has. No two calls give the same."""
        return self._take(wanted, avoid=self._kernel)

    def of_kernel(self, name: str) -> str:
        """What a function or constant of the kernel's text is called in the file: its own name, if that is free."""
        return self._take(name, avoid=self._kernel - {name})

    def known(self, name: str) -> str:
        """By which name the file knows a module, a builtin function, or numba's `prange`, given its usual name."""
        if name not in self._known:
            self._known[name] = self._import(name)
        return self._known[name]

    def _import(self, name: str) -> str:
        plain = name not in self._parameters and (name not in self._bound or _is(self._bound[name], name))
        alias = name if plain else self.fresh(name)
        if name in _MODULES:
            module = _MODULES[name]
            self._imports.append(f"import {module}" if alias == module else f"import {module} as {alias}")
        elif name == "prange":
            self._imports.append("from numba import prange" + ("" if plain else f" as {alias}"))
        elif not plain:
            self._imports.append(f"from builtins import {name} as {alias}")
        return alias

    def _take(self, wanted: str, avoid: set[str]) -> str:
        name, number = wanted, 1
        while name in self._taken or name in avoid:
            name = f"{PREFIX}{wanted}" + (f"_{number}" if number > 1 else "")
            number += 1
        self._taken.add(name)
        return name


def identifiers(text: str) -> set[str]:
    """All names that occur in `text`, keywords included; comments and strings excepted."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME}


def _is(value: Any, name: str) -> bool:
    """Whether `value` is what `name` usually stands for."""
    if name in _MODULES:
        return isinstance(value, ModuleType) and value.__name__ == _MODULES[name]
    if name == "prange":
        return getattr(value, "__name__", "") == name and getattr(value, "__module__", "").startswith("numba.")
    return value is getattr(builtins, name)
