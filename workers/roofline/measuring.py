"""What this machine can do at most: multiply-adds a second, and bytes a second from memory. Runs in a child of its own.

Each thread runs the same compiled code on memory of its own that it touched first, pinned to a core; Python's lock is
released meanwhile, so no pool of threads is in the way. The best of several repetitions counts. Bandwidth after STREAM
(McCalpin 1995): its triad, and a plain sum, as reading alone is faster where a store first fetches what it overwrites.
"""
from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import perf_counter, thread_time
from typing import Any

import numba
import numpy as np
from threadpoolctl import ThreadpoolController

from ..machine_code import examine
from ..sandbox.child import Channel

DTYPES: Mapping[str, Any] = {"float64": np.float64, "float32": np.float32}
CHAIN = 16
"""Multiply-adds in a row on each element. Elements do not depend on each other, so that a processor has as many chains under
way as it has room for, and no load or store is the bottleneck."""
_IN_CACHE, _MATRIX = 1024, 384
_SECONDS, _LEAST_REPETITIONS = 0.12, 5
_CALL_SECONDS = 0.01


@numba.njit(nogil=True, fastmath=True)
def _multiply_add(x: Any, a: Any, b: Any, passes: int) -> Any:
    total = b - b
    for _ in range(passes):
        for i in range(x.size):
            value = x[i]
            for _ in range(CHAIN):
                value = value * a + b
            total += value
    return total


@numba.njit(nogil=True, fastmath=True)
def _triad(a: Any, b: Any, c: Any) -> None:
    for i in range(a.size):
        a[i] = b[i] + 3.0 * c[i]


@numba.njit(nogil=True, fastmath=True)
def _sum(a: Any) -> Any:
    total = 0.0
    for i in range(a.size):
        total += a[i]
    return total


def serve(channel: Channel) -> None:
    """The child: answers {"threads", "cores", "bytes"} with what `measured` finds."""
    received = channel.receive()
    if received is not None:
        message, _ = received
        channel.send({"ok": True, "peaks": measured(message["threads"], message["cores"], message["bytes"])})


def measured(threads: int, cores: Sequence[int], total_bytes: int) -> dict[str, Any]:
    """Peaks as JSON: `gflop_s` by dtype, `bandwidth_gb_s`, how they came about, and the vectors that the compiler used.

    cores: to pin the threads to, in turn. total_bytes: of the arrays that all threads stream through, together.
    """
    ThreadpoolController().limit(limits=1, user_api="blas")
    team = _Team(threads, cores)
    gflop_s, ways, code = {}, {}, {}
    for name, dtype in DTYPES.items():
        rates = {"fma": _multiply_adds(team, dtype), "matmul": _matrix_products(team, dtype)}
        gflop_s[name], ways[name] = max(rates.values()), {way: round(rate, 2) for way, rate in rates.items()}
        code[name] = examine(_multiply_add.inspect_asm((numba.typeof(np.empty(0, dtype)), numba.typeof(dtype(0)), numba.typeof(dtype(0)), numba.int64)))
    rates = _streams(team, total_bytes // threads)
    return {
        "gflop_s": {name: round(rate, 2) for name, rate in gflop_s.items()}, "bandwidth_gb_s": round(max(rates.values()), 2),
        "ways": {**ways, "bandwidth": {way: round(rate, 2) for way, rate in rates.items()}},
        "vector_width": min(facts["vector_width"] for facts in code.values()),
        "packed_fma": min(facts["packed_fma"] for facts in code.values()), "share": round(min(1.0, team.share), 3),
    }


class _Team:
    """Threads that do the same work at the same time. share: the least share of its core that a thread had in any of the
    repetitions that counted."""

    def __init__(self, threads: int, cores: Sequence[int]) -> None:
        self.threads = threads
        self.cores = list(cores)
        self.share = 1.0

    def best_seconds(self, prepare: Callable[[], Callable[[], Any]]) -> float:
        """The least seconds, of several repetitions, from the first thread's start to the last one's end.

        prepare: called by each thread once, it returns the work and has run it before.
        """
        barrier = threading.Barrier(self.threads)
        spans: list[list[tuple[float, float, float]]] = [[] for _ in range(self.threads)]
        failures: list[BaseException] = []
        goes_on = [True]

        def work(number: int) -> None:
            try:
                if self.cores:
                    with suppress(OSError, AttributeError):
                        os.sched_setaffinity(0, {self.cores[number % len(self.cores)]})
                act = prepare()
                end = perf_counter() + _SECONDS
                while goes_on[0]:
                    barrier.wait()
                    start, cpu = perf_counter(), thread_time()
                    act()
                    spans[number].append((start, perf_counter(), thread_time() - cpu))
                    barrier.wait()
                    if number == 0:
                        goes_on[0] = perf_counter() < end or len(spans[0]) < _LEAST_REPETITIONS
                    barrier.wait()
            except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
                failures.append(error)
                barrier.abort()

        team = [threading.Thread(target=work, args=(number,)) for number in range(self.threads)]
        for thread in team:
            thread.start()
        for thread in team:
            thread.join()
        if failures:
            raise next((error for error in failures if not isinstance(error, threading.BrokenBarrierError)), failures[0])
        best = min(zip(*spans), key=_seconds)
        self.share = min(self.share, *(cpu / (end - start) for start, end, cpu in best))
        return _seconds(best)


def _seconds(repetition: Sequence[tuple[float, float, float]]) -> float:
    return max(end for _, end, _ in repetition) - min(start for start, _, _ in repetition)


def _multiply_adds(team: _Team, dtype: Any) -> float:
    """GFLOP/s of multiply-adds, which count as two operations."""
    a, b = dtype(0.999), dtype(0.001)
    x = np.ones(_IN_CACHE, dtype)
    _multiply_add(x, a, b, 1)  # compiled once, before the threads begin
    start = perf_counter()
    _multiply_add(x, a, b, 64)
    passes = max(64, int(64 * _CALL_SECONDS / max(1e-6, perf_counter() - start)))

    def prepare() -> Callable[[], Any]:
        own = np.ones(_IN_CACHE, dtype)
        _multiply_add(own, a, b, 64)
        return lambda: _multiply_add(own, a, b, passes)

    return 2.0 * CHAIN * _IN_CACHE * passes * team.threads / team.best_seconds(prepare) / 1e9


def _matrix_products(team: _Team, dtype: Any) -> float:
    """GFLOP/s of BLAS on a product of matrices in each thread: it may know wider vectors than the compiler dares to use."""

    def prepare() -> Callable[[], Any]:
        a, b, out = (np.ones((_MATRIX, _MATRIX), dtype) for _ in range(3))
        np.dot(a, b, out)
        return lambda: np.dot(a, b, out)

    return 2.0 * _MATRIX**3 * team.threads / team.best_seconds(prepare) / 1e9


def _streams(team: _Team, bytes_each: int) -> dict[str, float]:
    """GB/s of the triad (two arrays read, one written) and of a sum, over arrays of `bytes_each` in each thread."""
    length = max(1, bytes_each // 24)
    small = np.ones(8)
    _triad(small, small, small)
    _sum(small)

    def triad() -> Callable[[], Any]:
        a, b, c = np.ones(length), np.ones(length), np.ones(length)
        _triad(a, b, c)
        return lambda: _triad(a, b, c)

    def reading() -> Callable[[], Any]:
        a = np.ones(3 * length)
        return lambda: _sum(a)

    moved = 24.0 * length * team.threads / 1e9
    return {"triad": moved / team.best_seconds(triad), "read": moved / team.best_seconds(reading)}
