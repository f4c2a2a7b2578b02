"""The access log: one interpreted run of a candidate in which every read and write of an array element is noted.

It answers for the given inputs, exactly, whether iterations of a `prange` touch what another one writes, whether an index
is out of bounds, and whether memory is read that nothing has written. Variables are judged by the text, for all inputs.
"""
from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from ..candidate import ENTRY, Candidate, CandidateError
from ..signature import Signature
from ..vecmath.exact import exactly
from . import machine
from .arrays import LoggedArray, fresh
from .instrument import MACHINE, PRANGE, REBIND, REDUCE, TICK, instrumented
from .memory import MAX_FINDINGS, Block, Exhausted, Halted, Log
from .namespace import FILENAME, load
from .numpy_proxy import proxy
from .scalars import ParallelLoop, Place, parallel_loops

MAX_STEPS = 2_000_000
"""Some seconds."""


@dataclass(frozen=True)
class AccessReport:
    """What the log of one run shows; every finding is one line of text with the line of the kernel's text.

    negative_indices: they count from the end, which is legal and often a mistake. finished: whether the run came to its
    end; where it did not, `limit` says why and the findings are those up to there. iterations: of prange loops.
    unexercised: prange loops (by line) that never had two iterations at once, so that nothing could race.
    """

    races: tuple[str, ...]
    out_of_bounds: tuple[str, ...]
    unwritten_reads: tuple[str, ...]
    negative_indices: tuple[str, ...]
    finished: bool
    iterations: int
    limit: str = ""
    unexercised: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class LoggedRun:
    """One interpreted run: what its log shows, and the results, arrays that it was given to fill among them."""

    report: AccessReport
    results: tuple[Any, ...]


def log_accesses(
    candidate: Candidate, arguments: tuple[Any, ...], signature: Signature, *, max_steps: int = MAX_STEPS
) -> AccessReport:
    """What one run of `candidate` on `arguments` does to memory; see `logged_run`."""
    return logged_run(candidate, arguments, signature, max_steps=max_steps).report


def logged_run(
    candidate: Candidate, arguments: tuple[Any, ...], signature: Signature, *, max_steps: int = MAX_STEPS,
    order: Callable[[range], Iterable[int]] = iter,
) -> LoggedRun:
    """One run of `candidate` on `arguments`. The arguments are written to where it writes them.

    `prange` of a candidate that is not parallel acts as `range`, as it does when compiled. max_steps: turns of loops and
    accesses, after which the run is given up. order: in which the iterations of each parallel loop are executed. Never
    raises for what the kernel does; an exception of it ends the run, and there are no results then.
    """
    parallel = candidate.options.parallel
    log = Log(max_steps, parallel, order=order)
    results: list[Any] = []
    loops: dict[Place, ParallelLoop] = {}
    try:
        loops.update(parallel_loops(candidate.tree))
        for loop in loops.values() if parallel else ():
            log.races.update((text, text) for text in loop.races)
        limit = _run(candidate, arguments, signature, log, loops, results)
    except CandidateError as error:
        limit = str(error)
    report = AccessReport(
        *(tuple(found.values())[:MAX_FINDINGS]
          for found in (log.races, log.out_of_bounds, log.unwritten_reads, log.negative_indices)),
        finished=not limit, iterations=log.iterations, limit=limit,
        unexercised=tuple(sorted(loop.line for loop in loops.values() if parallel and log.most_iterations.get(loop.line, 0) < 2)),
    )
    return LoggedRun(report, tuple(results))


def _run(
    candidate: Candidate, arguments: Sequence[Any], signature: Signature, log: Log, loops: Mapping[Place, ParallelLoop],
    results: list[Any],
) -> str:
    """Executes the kernel and adds to `results`; why it did not come to its end, "" where it did."""
    parameters = _parameters(candidate.tree)
    passed = _logged_arguments(log, arguments, parameters)
    outputs = []
    if candidate.convention == "writes":
        outputs = _outputs(log, arguments, signature, parameters[len(arguments):])
    tree = instrumented(exactly(candidate.tree)[0], loops, candidate.options.error_model == "numpy")
    given = {**MACHINE, TICK: log.tick, PRANGE: log.prange, REDUCE: _reducer(log), REBIND: _rebinder(log),
             "int": machine.to_int, "pow": machine.builtin_power}
    kernel = load(tree, proxy(log), range, math_module=machine.mathematics(), given=given)
    try:
        with np.errstate(all="ignore"):
            result = kernel(*passed, *outputs)
        log.levels.clear()
        for array in _arrays(result, outputs):
            array.read()
        returned = result if isinstance(result, tuple) else () if result is None else (result,)
        results += [value.data if isinstance(value, LoggedArray) else value for value in (*returned, *outputs)]
    except Exhausted:
        return f"it takes more than {log.max_steps:,} steps on inputs this small"
    except Halted as halted:
        return f"it cannot go on after {halted}"
    except UnboundLocalError as error:
        return _unbound(log, error, loops)
    except Exception as error:  # noqa: BLE001 - whatever the kernel raises is a finding about it
        return f"line {_line(error)}: it raises {type(error).__name__}: {error}"[:400]
    return ""


def _logged_arguments(log: Log, arguments: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """The arguments, their arrays logged; arrays that overlap lie under one shadow."""
    groups: list[tuple[int, int, list[int]]] = []
    for position, argument in enumerate(arguments):
        if isinstance(argument, np.ndarray):
            low, high = byte_bounds(argument) if argument.size else (argument.__array_interface__["data"][0],) * 2
            members = [position]
            for group in [g for g in groups if low < g[1] and g[0] < high]:
                groups.remove(group)
                low, high, members = min(low, group[0]), max(high, group[1]), group[2] + members
            groups.append((low, high, members))
    passed = list(arguments)
    for low, high, members in groups:
        arrays = [arguments[position] for position in members]
        granule = gcd(*(a.itemsize for a in arrays), *(s for a in arrays for s in a.strides if a.size),
                      *(a.__array_interface__["data"][0] - low for a in arrays if a.size))
        title = " / ".join(names[position] if position < len(names) else f"argument {position}" for position in members)
        block = Block(log, low, granule, max(1, -(-(high - low) // granule)), title, named=True)
        if len(arrays) == 1 and arrays[0].flags.c_contiguous and granule == arrays[0].itemsize:
            block.shape = arrays[0].shape
        for position in members:
            passed[position] = LoggedArray(arguments[position], block)
    return passed


def _parameters(tree: ast.Module) -> list[str]:
    """What the entry function calls its parameters."""
    entry = next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == ENTRY), None)
    return [argument.arg for argument in entry.args.args] if entry else []


def _outputs(log: Log, arguments: Sequence[Any], signature: Signature, names: Sequence[str]) -> list[LoggedArray]:
    """The arrays that a kernel of the convention "writes" is given to fill. Raises CandidateError."""
    if not signature.writes_open:
        raise CandidateError("the outputs' shapes are not known beforehand, so no arrays can be given to fill")
    known = dict(zip((argument.name for argument in signature.arguments), arguments))
    made = []
    for number, output in enumerate(signature.outputs):
        shape = tuple(_extent(expression, known) for expression in output.shape or ())
        name = names[number] if number < len(names) else f"output {number}"
        made.append(fresh(log, np.zeros(shape, output.dtype), name, unwritten=True))
    return made


def _extent(expression: str, known: Mapping[str, Any]) -> int:
    return int(eval(expression, {"__builtins__": {"max": max, "min": min}}, dict(known)))  # noqa: S307 - we made it


def _reducer(log: Log) -> Callable[[str, Any, Any, bool], Any]:
    def reduce(step: str, current: Any, value: Any, shared: bool) -> Any:
        if not isinstance(current, LoggedArray):
            return machine.OPERATORS[step](current, value)
        if not shared:
            return machine.IN_PLACE[step](current, value)
        if isinstance(value, LoggedArray):
            value = value.read()
        with log.reducing():
            return machine.IN_PLACE[step](current, value)

    return reduce


def _rebinder(log: Log) -> Callable[[Any, str], Any]:
    def rebind(value: Any, name: str) -> Any:
        """Numba reduces numbers by `s = s + x`; with arrays it compiles that, and gives something else."""
        if isinstance(value, LoggedArray) and log.levels:
            log.note(log.races, name, f"iterations of the prange loop in line {log.levels[0].line} share the variable {name}, "
                                      f"an array that is bound anew; reduce it by {name} += x")
        return value

    return rebind


def _arrays(*values: Any) -> Iterable[LoggedArray]:
    for value in values:
        if isinstance(value, LoggedArray):
            yield value
        elif isinstance(value, tuple | list):
            yield from _arrays(*value)


def _unbound(log: Log, error: UnboundLocalError, loops: Mapping[Place, ParallelLoop]) -> str:
    """A name that an iteration reads without having assigned it holds what another iteration of its thread left."""
    message, line = str(error), _line(error)
    name = next((n for loop in loops.values() for n in sorted(loop.unset) if f"'{n}'" in message), None)
    if name is None or not log.levels:
        return f"line {line}: it raises {type(error).__name__}: {error}"
    text = (f"line {line}: an iteration of the prange loop in line {log.levels[0].line} reads {name} before it assigns it, "
            "and so finds what some other iteration left")
    log.races[text] = text
    return f"it cannot go on after line {line}"


def _line(error: BaseException) -> int:
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILENAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
