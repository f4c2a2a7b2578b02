"""KernelSpec: what is optimised, as source text that any process can open."""
from __future__ import annotations

import ast
import difflib
import hashlib
import inspect
import linecache
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from kernwright.declaration import REQUIRED_SIZES, Declaration


class SpecError(ValueError):
    """The kernel as declared cannot be optimised; the message tells its author what to change."""


@dataclass(frozen=True)
class Tolerance:
    """How far a float result may lie from the expected one; integers and booleans are always compared exactly.

    kind: "default" (relative to dtype and reduction length), "exact", "ulp" (`ulp` units in the last place)
    or "relative" (|got - expected| <= atol + rtol * |expected|).
    """

    kind: str = "default"
    ulp: float = 0.0
    rtol: float = 0.0
    atol: float = 0.0

    @classmethod
    def parse(cls, declared: Any) -> Tolerance:
        """The declared tolerance. Raises SpecError for anything `kernwright.kernel` does not document."""
        if declared is None:
            return cls()
        if declared == "exact":
            return cls("exact")
        if isinstance(declared, Mapping) and declared:
            numbers = all(isinstance(v, int | float) and not isinstance(v, bool) and v >= 0 for v in declared.values())
            if numbers and set(declared) == {"ulp"}:
                return cls("ulp", ulp=float(declared["ulp"]))
            if numbers and set(declared) <= {"rtol", "atol"}:
                return cls("relative", rtol=float(declared.get("rtol", 0.0)), atol=float(declared.get("atol", 0.0)))
        raise SpecError(f'tolerance is {declared!r}; write None, "exact", {{"ulp": n}} or {{"rtol": r, "atol": a}}')


@dataclass(frozen=True)
class KernelSpec:
    """A reference kernel. Crosses processes as text; `open()` executes it where it is needed.

    text: the whole source file, so that its constants and helper functions travel along.
    function: the name of the declared reference in it.
    """

    name: str
    text: str
    function: str

    @cached_property
    def content_hash(self) -> str:
        """Hex digest that identifies text and function; equal specs have equal hashes on every machine."""
        return hashlib.sha256(f"{self.function}\0{self.text}".encode()).hexdigest()[:16]

    def open(self) -> OpenSpec:
        """The spec executed in this process (once a process). Raises SpecError with one line for its author."""
        opened = _OPENED.get(self.content_hash)
        if opened is None:
            opened = _OPENED[self.content_hash] = OpenSpec(self, _execute(self))
        return opened


@dataclass(frozen=True)
class OpenSpec:
    """A spec whose text was executed in this process."""

    spec: KernelSpec
    module: types.ModuleType

    @cached_property
    def declaration(self) -> Declaration:
        return getattr(self.module, self.spec.function).__kernwright__

    @cached_property
    def reference(self) -> Callable[..., Any]:
        """The author's function."""
        return getattr(self.module, self.spec.function)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of the reference's parameters that are arguments of a kernel, which gets them by position; the others are `fixed`."""
        return tuple(name for name in self._signature if name not in self.fixed)

    @cached_property
    def fixed(self) -> Mapping[str, Any]:
        """The parameters that always have their defaults, by name: those that the generator leaves out, keyword-only ones among them."""
        found = {name: p.default for name, p in self._signature.items() if p.kind is p.KEYWORD_ONLY}
        optional = [p for name, p in self._signature.items() if name not in found]
        if any(p.default is not p.empty for p in optional):
            found |= {p.name: p.default for p in optional[len(self._generated("tiny", 0)):] if p.default is not p.empty}
        for name, value in found.items():
            if not _is_plain(value):
                raise SpecError(f"argument {name} is {describe_value(value)}; arguments must be numeric arrays or numbers")
        return found

    @cached_property
    def _signature(self) -> Mapping[str, inspect.Parameter]:
        found = inspect.signature(self.reference).parameters
        if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) or p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in found.values()):
            raise SpecError(f"{self.spec.function} takes *args, **kwargs or keyword-only parameters without a default; name each one")
        return found

    @property
    def sizes(self) -> Mapping[str, Mapping[str, int]]:
        return self.declaration.sizes

    @cached_property
    def tolerance(self) -> Tolerance:
        return Tolerance.parse(self.declaration.tolerance)

    def size(self, size: str | Mapping[str, int]) -> Mapping[str, int]:
        return self.sizes[size] if isinstance(size, str) else size

    def make_inputs(self, size: str | Mapping[str, int], seed: int) -> tuple[Any, ...]:
        """Fresh positional arguments at `size` (a name, or a mapping) for `seed`; no two arrays share memory.

        Raises SpecError if the generator raises, returns the wrong number of arguments, or non-numeric ones.
        """
        arguments = self._generated(size, seed)
        if len(arguments) != len(self.parameters):
            raise SpecError(
                f"the input generator returns {len(arguments)} argument(s), but {self.spec.function} takes "
                f"{len(self.parameters)}: {', '.join(self.parameters)}"
            )
        for name, argument in zip(self.parameters, arguments):
            if not is_numeric(argument):
                raise SpecError(
                    f"argument {name} is {describe_value(argument)}; arguments must be numeric arrays or numbers"
                )
        return self._owned(arguments)

    def _generated(self, size: str | Mapping[str, int], seed: int) -> tuple[Any, ...]:
        """What the author's generator makes. Raises SpecError."""
        label = f"at size {size!r}" if isinstance(size, str) else f"at {dict(size)}"
        try:
            made = self.declaration.inputs(dict(self.size(size)), np.random.default_rng(seed))
        except MemoryError:
            raise SpecError(f"the inputs {label} do not fit in memory; declare a smaller size") from None
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the author's code may raise anything
            raise SpecError(f"the input generator raised {one_line(error)} {label}") from error
        if made is None:
            raise SpecError("the input generator returns nothing; return the tuple of the reference's arguments")
        return tuple(made) if isinstance(made, tuple | list) else (made,)

    def _owned(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, with a copy in place of any array that is a view, read-only, given twice or the module's."""
        taken = {id(value) for value in vars(self.module).values()}
        owned = []
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                if argument.base is not None or not argument.flags.writeable or id(argument) in taken:
                    argument = argument.copy(order="K")
                taken.add(id(argument))
            owned.append(argument)
        return tuple(owned)

    def check_declaration(self) -> None:
        """Raises SpecError if sizes or tolerance are malformed."""
        self.tolerance  # noqa: B018 - parsing it is the check
        sizes = self.declaration.sizes
        if not isinstance(sizes, Mapping) or any(name not in sizes for name in REQUIRED_SIZES):
            missing = [n for n in REQUIRED_SIZES if not isinstance(sizes, Mapping) or n not in sizes]
            raise SpecError(f"sizes lacks {', '.join(missing)}; declare tiny, verify and benchmark")
        for name, size in sizes.items():
            good = isinstance(size, Mapping) and size and all(
                isinstance(key, str) and type(value) is int and value >= 0 for key, value in size.items()
            )
            if not good or not isinstance(name, str):
                raise SpecError(f"size {name!r} is {size!r}; write a mapping of names to non-negative integers")
        if not callable(self.declaration.inputs):
            raise SpecError("inputs is not a function of (size, rng)")


def is_numeric(value: Any) -> bool:
    """Whether a kernel may take or return `value`: a number or a plain array of bool, integer, float or complex.

    Half and extended precision, foreign byte order, subclasses of ndarray, and integers beyond 64 bits are not: Numba
    has no such types.
    """
    if type(value) is np.ndarray or isinstance(value, np.generic):
        dtype = value.dtype
        return dtype.kind in "biufc" and dtype.isnative and dtype.char not in "egG"
    if type(value) is int:
        return -(2**63) <= value < 2**63
    return type(value) in (bool, float, complex)


def _is_plain(value: Any) -> bool:
    """Whether a parameter may always have this default: a number, None, a string, a dtype, or a tuple of whole numbers."""
    if isinstance(value, type):
        return value in (bool, int, float, complex) or issubclass(value, np.generic)
    if isinstance(value, tuple):
        return all(type(each) is int for each in value)
    return value is None or isinstance(value, str | np.dtype) or is_numeric(value) and not isinstance(value, np.ndarray)


def describe_value(value: Any) -> str:
    """What `value` is, in the words of an error message."""
    if type(value) is np.ndarray:
        return f"an array of dtype {value.dtype}"
    if type(value) is int and not is_numeric(value):
        return "an integer beyond 64 bits"
    return f"of type {type(value).__name__}"


def one_line(error: BaseException) -> str:
    """The error's class and message on one line."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def copy_arguments(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Deep copy that keeps memory order; scalars pass through."""
    return tuple(a.copy(order="K") if isinstance(a, np.ndarray) else a for a in arguments)


def load_spec(path: Path, function: str) -> KernelSpec:
    """The spec of `function` in the Python file `path`. Raises SpecError with one line that says what to do."""
    spec = KernelSpec(name=function, text=read_source(path, function), function=function)
    spec.open()
    return spec


def read_source(path: Path, function: str) -> str:
    """The text of the Python file `path`, which defines `function` at its top. Raises SpecError where it is no such file, or
    imports what does not travel with it."""
    if not path.is_file():
        raise SpecError(f"{path} does not exist" if not path.exists() else f"{path} is not a file")
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except SyntaxError as error:
        raise SpecError(f"{path}, line {error.lineno}: syntax error: {error.msg}") from None
    except (UnicodeDecodeError, ValueError, OSError) as error:
        raise SpecError(f"{path} cannot be read as Python source: {error}") from None
    _refuse_sibling_imports(tree, path)
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    if function not in functions:
        near = difflib.get_close_matches(function, functions, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; it defines {', '.join(functions) or 'no function'}"
        raise SpecError(f"{path} defines no function {function!r}{hint}")
    return text


_OPENED: dict[str, OpenSpec] = {}


def _execute(spec: KernelSpec) -> types.ModuleType:
    """A module made of the spec's text; its source is known to linecache, so that tracebacks show lines."""
    name = f"kernwright_spec_{spec.content_hash}"
    filename = f"<kernel {spec.name}>"
    module = types.ModuleType(name)
    module.__file__ = filename
    linecache.cache[filename] = (len(spec.text), None, spec.text.splitlines(keepends=True), filename)
    sys.modules[name] = module
    try:
        exec(compile(spec.text, filename, "exec"), module.__dict__)  # noqa: S102 - the author's own code
    except SyntaxError as error:
        del sys.modules[name]
        raise SpecError(f"{spec.name}, line {error.lineno}: syntax error: {error.msg}") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the author's code may raise anything
        del sys.modules[name]
        raise SpecError(f"{spec.name}: the file raised {one_line(error)} when it was loaded") from error
    if not isinstance(getattr(getattr(module, spec.function, None), "__kernwright__", None), Declaration):
        del sys.modules[name]
        raise SpecError(f"{spec.function} has no @kernwright.kernel decorator; add one with inputs= and sizes=")
    OpenSpec(spec, module).check_declaration()
    return module


def _refuse_sibling_imports(tree: ast.Module, path: Path) -> None:
    """A spec travels as one file: an import of a file beside it would fail on the workers."""
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise SpecError(f"{path}, line {node.lineno}: relative imports do not travel; move the code into this file")
            names = [(node.module or "").split(".")[0]]
        for name in names:
            if name not in sys.modules and ((path.parent / f"{name}.py").exists() or (path.parent / name / "__init__.py").exists()):
                raise SpecError(
                    f"{path}, line {node.lineno}: imports the sibling file {name}.py, which does not travel to the "
                    "workers; move the code into this file, or make it importable there (PYTHONPATH, --working-dir)"
                )
