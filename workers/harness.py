"""The harness: what a sandboxed child does for its parent, one JSON command after the other.

build      {"slot", "kind": "candidate", "candidate", "signature", "parameters", "threads", "boundscheck", "opt",
           "cache_dir", "args": name or null}             -> {"ok": true, "seconds", "facts"}
           {"slot", "kind": "reference", "spec": {"name", "text", "function"}, "signature", "threads"}
           {"slot", "kind": "rival", "by": a compiler's name, "signature", "threads", "args", ...}   (see `rivals.loading`)
attach     {"name", "layout"} and a descriptor            -> {"ok": true}        (the same name replaces)
run        {"slot", "args", "perturb": byte or null, "threads": at most, or null}
                                                          -> {"ok": true, "outputs": [{"kind", "dtype", "shape", "alias"}]}
prepare    {"slot", "args": names, taken in turn, "calls", "copy_bytes"}   -> {"ok": true, "calls", "copies"}
go         {"slot"}                                       -> {"ok": true, "ns", "calls"}
spoil      {"slot", "seed"}                               -> {"ok": true}        (like go, but not timed: see `spoil`)
collect    {"slot"}                                       -> {"ok": true, "outputs"}
examine    {"by": a name of EXAMINERS, "args": name or null, ...}   -> {"ok": true, ...}   (see the module's `answer`)
inspect    see `inspection`

What goes wrong is answered too: {"ok": false, "kind", "message"} with kind "build failed", "raised", "out of bounds",
"wrong", "bad input", "out of memory", or "harness" for a command that makes no sense. The parent owns clock, inputs,
expected values and verdict: nothing that is said here is believed, except that the kernel was run.
"""
from __future__ import annotations

import gc
import importlib
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numba
import numba.np.ufunc.parallel
import numpy as np
from threadpoolctl import ThreadpoolController

from ..kernels.candidate import Candidate
from ..kernels.signature import Output, Signature
from ..kernels.spec import KernelSpec, SpecError
from . import poison
from .arena import Arena
from .build import BuildFailed, build
from .rotation import Rotation
from .sandbox.child import Channel
from .spoil import call_spoiling

EXAMINERS: Mapping[str, str] = {"access": ".verify.access", "orders": ".verify.orders", "identity": ".prove.identity",
                                "layer": ".verify.layers"}
"""Ways of interpreting a candidate's text, each with its module, whose `answer(message, arguments)` gives the reply."""
COPY_BYTES = 256 << 20
MESSAGE_CHARACTERS = 1000
Function = Callable[..., Any]
Reply = dict[str, Any]


@dataclass(frozen=True)
class _Slot:
    """A runnable kernel. `checked` allocates poisoned outputs, `timed` plain ones. serial_blas: BLAS has one thread meanwhile, as
    the kernel's own ones may call it."""

    checked: Function
    timed: Function
    signature: Signature
    threads: int
    parallel: bool
    boundscheck: bool
    serial_blas: bool = False


@dataclass
class _Prepared:
    """Calls of one slot that are ready to be timed, and the last one's result. last: where its arguments come from."""

    rotation: Rotation
    arguments: list[tuple[Any, ...]]
    last: Arena | None
    generation: int
    result: Any = None


class Failed(Exception):
    """A command failed in a way that the parent has a name for."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message[:MESSAGE_CHARACTERS]


def serve(channel: Channel) -> None:
    """Answers commands until the parent is gone."""
    harness = Harness()
    while (received := channel.receive()) is not None:
        channel.send(harness.answer(*received))


def warm_up() -> None:
    """Does once, before the forks, what would cost each child time. Starts no thread: none would survive a fork."""
    try:
        import scipy.linalg.cython_blas  # noqa: F401 - np.dot inside njit calls BLAS through it
    except ImportError:
        pass
    # Numba guards the start of its threads by a semaphore in /dev/shm, shared by all forks: one that is killed while
    # it holds it would block the others. Each child starts threads of its own.
    numba.np.ufunc.parallel._backend_init_process_lock = threading.RLock()

    @numba.njit
    def _exercise(matrix: Any, vector: Any, count: Any) -> Any:
        out = np.zeros_like(matrix)
        scratch = np.empty(count, matrix.dtype)
        for i in range(matrix.shape[0]):
            total = 0.0
            for j in range(matrix.shape[1]):
                scratch[j % count] = np.exp(matrix[i, j]) + max(vector[j], 0.0)
                total += scratch[j % count]
            out[i, :] = total / (1.0 + abs(vector.sum()))
        return out

    _exercise(np.ones((2, 3), np.float32), np.ones(3), 2)


class Harness:
    """The child's state: slots with kernels, attached argument sets, prepared calls."""

    def __init__(self) -> None:
        self._slots: dict[str, _Slot] = {}
        self._arenas: dict[str, Arena] = {}
        self._rotations: dict[tuple[str, ...], Rotation] = {}
        self._prepared: dict[str, _Prepared] = {}
        self._last_prepared = ""
        self._previous: dict[str, tuple[Any, ...]] = {}
        self._poison = poison.Poison()
        self._blas: ThreadpoolController | None = None
        self._blas_threads = 0
        self._commands: dict[str, Callable[[Reply, Sequence[int]], Reply]] = {
            "build": self._build, "attach": self._attach, "run": self._run, "prepare": self._prepare, "go": self._go,
            "spoil": self._spoil, "collect": self._collect, "examine": self._examine, "inspect": self._inspect,
        }

    def answer(self, message: Reply, fds: Sequence[int]) -> Reply:
        """The reply to one command; never raises but for what ends the process."""
        try:
            return self._commands[message["do"]](message, fds)
        except Failed as failure:
            return {"ok": False, "kind": failure.kind, "message": failure.message}
        except MemoryError as error:
            return {"ok": False, "kind": "out of memory", "message": f"MemoryError: {error}"[:MESSAGE_CHARACTERS]}
        except Exception as error:  # noqa: BLE001 - the parent must learn of it, whatever it is
            where = traceback.extract_tb(error.__traceback__)[-1]
            return {"ok": False, "kind": "harness",
                    "message": f"{message.get('do')}: {type(error).__name__}: {error} ({where.name}, line {where.lineno})"}

    def _build(self, message: Reply, _: Sequence[int]) -> Reply:
        started = time.perf_counter()
        signature = Signature.from_json(message["signature"])
        threads = min(int(message["threads"]), numba.config.NUMBA_NUM_THREADS)
        if message["kind"] == "reference":
            try:
                reference = KernelSpec(**message["spec"]).open().reference
            except SpecError as error:
                raise Failed("raised", str(error)) from None
            slot, facts = _Slot(reference, reference, signature, threads, False, False), {}
        elif message["kind"] == "rival":
            from .rivals.loading import load

            try:
                rival, parallel = load(message, self._arenas[message["args"]].arguments())
            except BuildFailed as failure:
                raise Failed("build failed", str(failure)) from None
            slot, facts = _Slot(rival, rival, signature, threads, parallel, False), {}
        else:
            candidate = Candidate.from_json(message["candidate"])
            boundscheck = bool(message.get("boundscheck", False))
            arguments = self._arenas[message["args"]].arguments() if message.get("args") else None
            if candidate.options.threads is not None:
                threads = min(threads, candidate.options.threads)
            try:
                built = build(candidate, signature, message["parameters"], arguments, boundscheck,
                              int(message.get("opt", 3)), message.get("cache_dir"))
            except BuildFailed as failure:
                raise Failed("build failed", str(failure)) from None
            parallel = bool(built.facts["parallel"])
            slot = _Slot(built.link(self._poison.empty), built.link(np.empty), signature, threads, parallel, boundscheck,
                         serial_blas=parallel)
            facts = {**built.facts, "threads": threads if parallel else 1}
        self._slots[message["slot"]] = slot
        self._previous.pop(message["slot"], None)
        self._prepared.pop(message["slot"], None)
        self._use_threads(slot)
        if slot.parallel:
            facts = {**facts, "threading_layer": numba.threading_layer()}
        return {"ok": True, "seconds": time.perf_counter() - started, "facts": facts}

    def _attach(self, message: Reply, fds: Sequence[int]) -> Reply:
        old = self._arenas.pop(message["name"], None)
        self._rotations = {names: kept for names, kept in self._rotations.items() if message["name"] not in names}
        if old is not None:
            old.close()
        self._arenas[message["name"]] = Arena.attach(message["layout"], fds[0])
        return {"ok": True}

    def _run(self, message: Reply, _: Sequence[int]) -> Reply:
        slot, arena = self._slots[message["slot"]], self._arenas[message["args"]]
        arguments = arena.arguments()
        self._use_threads(replace(slot, threads=min(slot.threads, message.get("threads") or slot.threads)))
        with self._poison.of(message.get("perturb")):
            result = _call(slot, lambda: slot.checked(*arguments))
            if self._poison.overrun():
                raise Failed("out of bounds", "writes beyond the end of an output, or before its start")
        values = accepted(slot.signature, result, arena.outputs())
        outputs = self._deliver(slot, values, arena, arguments, self._previous.get(message["slot"], ()))
        self._previous[message["slot"]] = values
        return {"ok": True, "outputs": outputs}

    def _prepare(self, message: Reply, _: Sequence[int]) -> Reply:
        name, names = message["slot"], tuple(message["args"])
        slot = self._slots[name]
        rotation = self._rotations.get(names)
        if rotation is None:
            written = frozenset(i for i, argument in enumerate(slot.signature.arguments) if argument.written)
            rotation = self._rotations[names] = Rotation(
                [self._arenas[each] for each in names], written, int(message.get("copy_bytes", COPY_BYTES)))
        # A result that another slot still holds would decide where this one's come to lie in the heap, and with it
        # whether each call pays for fresh pages: a kernel was seen to be three times slower than itself so.
        for other in self._prepared.values():
            other.result = None
        calls = rotation.affordable(int(message["calls"]))
        self._prepared[name] = _Prepared(rotation, *rotation.arguments(calls, name), rotation.generation)
        self._last_prepared = name
        self._use_threads(slot)
        return {"ok": True, "calls": calls, "copies": rotation.copies}

    def _go(self, message: Reply, _: Sequence[int]) -> Reply:
        name = message.get("slot") or self._last_prepared
        slot, prepared = self._slots[name], self._prepared[name]
        if prepared.generation != prepared.rotation.generation:
            raise Failed("harness", f"slot {name} writes its arguments: prepare it again before the next go")
        self._use_threads(slot)
        prepared.result = None
        prepared.rotation.spend(len(prepared.arguments))
        function, arguments, clock = slot.timed, prepared.arguments, time.perf_counter_ns

        def loop() -> tuple[int, Any]:
            result = None
            start = clock()
            for each in arguments:
                result = None  # two results at a time would make some batches pay for fresh pages, by their length
                result = function(*each)
            return clock() - start, result

        gc.disable()
        try:
            elapsed, prepared.result = _call(slot, loop)
        finally:
            gc.enable()
        return {"ok": True, "ns": elapsed, "calls": len(arguments)}

    def _spoil(self, message: Reply, _: Sequence[int]) -> Reply:
        slot, prepared = self._slots[message["slot"]], self._prepared[message["slot"]]
        self._use_threads(slot)
        prepared.result = None
        prepared.rotation.spend(len(prepared.arguments))
        prepared.result = _call(slot, lambda: call_spoiling(slot.timed, prepared.arguments, message["seed"]))
        return {"ok": True}

    def _collect(self, message: Reply, _: Sequence[int]) -> Reply:
        name = message.get("slot") or self._last_prepared
        slot, prepared = self._slots[name], self._prepared[name]
        last, arena = prepared.arguments[-1], prepared.last
        values = accepted(slot.signature, prepared.result, arena.outputs())
        arena.restore(last)
        return {"ok": True, "outputs": self._deliver(slot, values, arena, last, ())}

    def _examine(self, message: Reply, _: Sequence[int]) -> Reply:
        module = importlib.import_module(EXAMINERS[message["by"]], __package__)
        arguments = self._arenas[message["args"]].arguments() if message.get("args") else ()
        return module.answer(message, arguments)

    def _inspect(self, message: Reply, _: Sequence[int]) -> Reply:
        from .inspection import inspect

        return inspect(message)

    def _deliver(
        self, slot: _Slot, values: tuple[Any, ...], arena: Arena, arguments: Sequence[Any], previous: Sequence[Any]
    ) -> list[Reply]:
        """Copies results into the arena's buffers and describes each."""
        described = []
        for value, buffer in zip(values, arena.outputs()):
            described.append({"kind": kind_of(value), "dtype": np.asarray(value).dtype.name, "shape": list(np.shape(value)),
                              "alias": _alias(value, slot.signature, arguments, previous)})
            buffer[...] = value
        return described

    def _use_threads(self, slot: _Slot) -> None:
        """Numba's threads for a parallel slot (asking starts its pool, so a serial one does not), BLAS's for any."""
        if slot.parallel:
            numba.set_num_threads(slot.threads)
        threads = 1 if slot.serial_blas else slot.threads
        if self._blas_threads != threads:
            if self._blas is None:
                self._blas = ThreadpoolController()
            self._blas.limit(limits=threads, user_api="blas")
            self._blas_threads = threads


def accepted(signature: Signature, result: Any, buffers: Sequence[np.ndarray]) -> tuple[Any, ...]:
    """The returned values, one for each output. Raises Failed("wrong") where type, dtype or shape are not the reference's.

    A scalar need only be of the same kind: compiled code hands float32 back as a Python float.
    """
    if not signature.outputs:
        if result is not None:
            raise Failed("wrong", f"returns {describe(result)}, where the reference returns nothing")
        return ()
    values = (result,)
    if signature.packed:
        if not isinstance(result, tuple):
            raise Failed("wrong", f"returns {describe(result)}, where the reference returns a tuple of {len(signature.outputs)}")
        values = result
    if len(values) != len(signature.outputs):
        raise Failed("wrong", f"returns {len(values)} values, where the reference returns {len(signature.outputs)}")
    for position, (value, output, buffer) in enumerate(zip(values, signature.outputs, buffers)):
        name = "the result" if len(values) == 1 else f"result {position}"
        if not _fits(value, output, buffer):
            expected = describe(buffer) if output.kind == "array" else f"a number of kind {output.kind}"
            raise Failed("wrong", f"{name} is {describe(value)}, expected {expected}")
        if isinstance(value, np.ndarray) and not _is_plain(value):
            raise Failed("wrong", f"{name} is a read-only view, or one whose elements share memory; return an array")
    return values


def _is_plain(array: np.ndarray) -> bool:
    """Whether its elements can be written, each in memory of its own."""
    return array.flags.writeable and all(stride for stride, extent in zip(array.strides, array.shape) if extent > 1)


def kind_of(value: Any) -> str:
    """ "array", "bool", "int", "float", "complex", or the name of a type that no kernel may return."""
    if isinstance(value, np.ndarray):
        return "array"
    for kind, types in (("bool", (bool, np.bool_)), ("int", (int, np.integer)), ("float", (float, np.floating)),
                        ("complex", (complex, np.complexfloating))):
        if isinstance(value, types):
            return kind
    return type(value).__name__


def describe(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of dtype {value.dtype} and shape {value.shape}"
    return "nothing" if value is None else f"a value of type {type(value).__name__}"


def _fits(value: Any, output: Output, buffer: np.ndarray) -> bool:
    if kind_of(value) != output.kind:
        return False
    if output.kind == "array":
        return value.dtype == buffer.dtype and value.shape == buffer.shape
    if output.kind == "int":
        limits = np.iinfo(buffer.dtype)
        return limits.min <= int(value) <= limits.max
    return True


def _call(slot: _Slot, function: Callable[[], Any]) -> Any:
    """What the kernel answers. Raises Failed for what it raises."""
    try:
        return function()
    except MemoryError:
        raise
    except IndexError as error:
        raise Failed("out of bounds" if slot.boundscheck else "raised", f"IndexError: {error}") from None
    except Exception as error:  # noqa: BLE001 - a kernel may raise anything
        raise Failed("raised", f"{type(error).__name__}: {error}") from None


def _alias(value: Any, signature: Signature, arguments: Sequence[Any], previous: Sequence[Any]) -> str | None:
    """The argument whose memory a result shares, "previous output" where it is one that was returned before, or None."""
    if not isinstance(value, np.ndarray):
        return None
    for argument, passed in zip(signature.arguments, arguments):
        if isinstance(passed, np.ndarray) and _overlap(value, passed):
            return argument.name
    if any(isinstance(old, np.ndarray) and _overlap(value, old) for old in previous):
        return "previous output"
    return None


def _overlap(one: np.ndarray, other: np.ndarray) -> bool:
    try:
        return np.shares_memory(one, other, max_work=100_000)
    except np.exceptions.TooHardError:
        return True
