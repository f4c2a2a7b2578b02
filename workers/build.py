"""Build: from a candidate's text to machine code, and what that code shows. Runs in a sandboxed child.

The text is executed with nothing in scope but `np`, `math`, `prange` and a few builtins; `njit` is applied here, never
by the text; a function of vecmath, known by its text, has options of its own. Whether the text stays within the dialect
is the gate's affair and was settled before.
"""
from __future__ import annotations

import ast
import builtins
import linecache
import math
import re
import sys
import time
import types
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numba.core import config as numba_config
from numba.core import errors as numba_errors

from ..kernels.candidate import ENTRY, Candidate
from ..kernels.signature import Signature
from ..kernels.vecmath import JIT_OPTIONS, recognise
from ..kernels.wrapper import wrapper_source
from .machine_code import examine
from .object_cache import ObjectCache

BUILTINS = ("abs", "bool", "complex", "divmod", "enumerate", "float", "int", "len", "max", "min", "pow", "range", "round", "sum", "zip")
MORE_BUILTINS = ("all", "any", "dict", "filter", "isinstance", "iter", "list", "map", "next", "reversed", "set", "slice", "sorted", "str",
                 "tuple", "ArithmeticError", "AssertionError", "Exception", "IndexError", "KeyError", "NotImplementedError",
                 "OverflowError", "RuntimeError", "StopIteration", "TypeError", "ValueError", "ZeroDivisionError")
"""What a reference's own text may name besides, and Numba knows: the gate lets no other text name them."""
MESSAGE_CHARACTERS = 1000
DUMMY_EXTENT = 2
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_NOISE = re.compile(
    r"There are \d+ candidate implementations|Failed in nopython mode pipeline|For more information|"
    r"This is not usually a problem with Numba itself|Unsupported functionality was found|Feature request|Enter an issue|"
    r"https?://|raised from |unresolvable|\s*- Of which|\s*Overload (of|in)|\s*With argument|\s*Rejected as|\s*\*? ?parameterized"
)


class BuildFailed(Exception):
    """Numba does not compile the candidate; the message says why, with its line numbers."""


@dataclass(frozen=True)
class Built:
    """A compiled candidate.

    link: given an allocator `empty(shape, dtype)`, the function with the reference's parameters that a champion would
    ship with. facts: JSON on the machine code and its making.
    """

    link: Callable[[Callable[..., np.ndarray]], Callable[..., Any]]
    facts: Mapping[str, Any]


def build(
    candidate: Candidate,
    signature: Signature,
    parameters: Sequence[str],
    arguments: Sequence[Any] | None = None,
    boundscheck: bool = False,
    opt: int = 3,
    cache_dir: str | None = None,
) -> Built:
    """Compiles `candidate` for the types of `arguments` (None: for those that the signature names).

    boundscheck: serial code that raises IndexError; a parallel region would lose the exception, so it is switched off.
    opt: 3 for the real thing; 1 compiles a parallel kernel in a third of the time and gives no facts on its code.
    cache_dir: where compiled code of *trusted* candidates is kept and looked for (it is unpickled).
    Raises BuildFailed, MemoryError.
    """
    options = candidate.options
    parallel = options.parallel and not boundscheck
    started = time.perf_counter()
    namespace = _execute(candidate)
    helpers = {node.name for node in candidate.tree.body if isinstance(node, ast.FunctionDef) and recognise(node)}
    for name, value in list(namespace.items()):
        if isinstance(value, types.FunctionType) and name in helpers:
            namespace[name] = numba.njit(**JIT_OPTIONS)(value)
        elif isinstance(value, types.FunctionType):
            namespace[name] = numba.njit(
                parallel=options.njit_parallel if parallel else False, fastmath=set(options.fastmath) or False,
                error_model=options.error_model,
                boundscheck=boundscheck,
            )(value)
    kernel = namespace.get(ENTRY)
    if not isinstance(kernel, numba.core.dispatcher.Dispatcher):
        raise BuildFailed(f"the text defines no function {ENTRY}")
    wrapper = compile(wrapper_source(candidate, signature, parameters), "<wrapper>", "exec")

    def link(empty: Callable[..., np.ndarray], called: Callable[..., Any] = kernel) -> Callable[..., Any]:
        scope: dict[str, Any] = {"kernel": called, "empty": empty}
        exec(wrapper, scope)  # noqa: S102 - the wrapper's text is ours
        return scope["call"]

    types_seen = _types_that_reach_the_kernel(link, signature, arguments)
    cache = ObjectCache(cache_dir, candidate, types_seen, boundscheck, opt) if cache_dir else None
    facts = cache.load(kernel) if cache else None
    cached = facts is not None
    if facts is None:
        notes = _compile(kernel, types_seen, opt)
        facts = {"notes": notes, "parallel": parallel}
        if opt == 3:
            facts.update(examine(kernel.inspect_asm(kernel.signatures[0])))
            if facts["parfors"]:
                # What Numba says of a helper without loops of its own would mislead.
                facts["notes"] = [note for note in notes if "no transformation for parallel execution" not in note]
        if cache:
            cache.save(kernel, facts)
    facts = {**facts, "cached": cached, "build_seconds": round(time.perf_counter() - started, 4)}
    return Built(link, facts)


def _execute(candidate: Candidate) -> dict[str, Any]:
    """The namespace that the text's definitions make."""
    name = f"kernwright_candidate_{candidate.identity}"
    filename = "<candidate>"
    linecache.cache[filename] = (len(candidate.text), None, candidate.text.splitlines(keepends=True), filename)
    module = types.ModuleType(name)
    module.__dict__.update(
        np=np, math=math, prange=numba.prange, __builtins__={n: getattr(builtins, n) for n in (*BUILTINS, *MORE_BUILTINS)},
    )
    # Numba looks modules up by name when it links what it compiled earlier.
    sys.modules[name] = module
    try:
        exec(compile(candidate.text, filename, "exec"), module.__dict__)  # noqa: S102 - passed the gate, in a sandbox
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the text raises is the candidate's failure
        raise BuildFailed(f"{type(error).__name__}: {error}") from None
    return module.__dict__


def _types_that_reach_the_kernel(
    link: Callable[..., Callable[..., Any]], signature: Signature, arguments: Sequence[Any] | None
) -> tuple[Any, ...]:
    """Numba's types of what the wrapper passes on, found by letting it call a recorder instead of the kernel."""
    seen: list[tuple[Any, ...]] = []

    def record(*passed: Any) -> None:
        seen.append(tuple(numba.typeof(value) for value in passed))
        raise _Reached

    def stand_in(shape: Any, dtype: Any) -> np.ndarray:
        return np.empty((0,) * (len(shape) if isinstance(shape, tuple) else 1), dtype)

    with suppress(_Reached):
        link(stand_in, record)(*(arguments if arguments is not None else dummy_arguments(signature)))
    return seen[0]


class _Reached(Exception):
    """The wrapper called its kernel; what it would do with a result does not matter."""


def dummy_arguments(signature: Signature) -> tuple[Any, ...]:
    """Small arguments of the types that the signature names."""
    made: list[Any] = []
    for argument in signature.arguments:
        if argument.kind == "array":
            shape = (DUMMY_EXTENT,) * argument.ndim
            if argument.layout == "A":
                made.append(np.zeros((2 * DUMMY_EXTENT,) * argument.ndim, argument.dtype)[(slice(None, None, 2),) * argument.ndim])
            else:
                made.append(np.zeros(shape, argument.dtype, order="F" if argument.layout == "F" else "C"))
        elif argument.numpy_scalar:
            made.append(np.dtype(argument.dtype).type(DUMMY_EXTENT))
        else:
            made.append({"int": int, "float": float, "complex": complex, "bool": bool}[argument.kind](DUMMY_EXTENT))
    return tuple(made)


def _compile(kernel: Any, argument_types: tuple[Any, ...], opt: int) -> list[str]:
    """Compiles at optimisation level `opt` and returns Numba's remarks on performance."""
    usual = numba_config.OPT
    numba_config.OPT = type(usual)(opt)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            kernel.compile(argument_types)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - Numba's compiler may raise anything on unusual text
        raise BuildFailed(explain(error)) from None
    finally:
        numba_config.OPT = usual
    remarks = (w for w in caught if issubclass(w.category, numba_errors.NumbaWarning))
    return [_shorten(str(w.message), 300) for w in remarks][:3]


def explain(error: BaseException) -> str:
    """What a compiler error says, without the long lists of overloads that did not match; at most 1,000 characters."""
    return _shorten(f"{type(error).__name__}: {error}", MESSAGE_CHARACTERS)


def _shorten(text: str, characters: int) -> str:
    lines = [line.rstrip() for line in _ANSI.sub("", text).splitlines()]
    kept = [line for line in lines if line.strip(" *-^") and not _NOISE.search(line)]
    joined = "\n".join(kept) or "\n".join(lines)
    return joined if len(joined) <= characters else joined[: characters - 2] + " …"
