"""Judges: processes that judge candidates of several kernels side by side."""
from __future__ import annotations

import multiprocessing
import queue
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack

from ...workers.evaluate import Judge
from ...workers.job import Assignment
from ..schema import RunError
from .finding import Finding, Outcome, examine
from .plan import Item

AHEAD = 2
_LOOK_SECONDS = 2.0


class Judges:
    """`count` processes, each with a judge for one kernel at a time: hand items over kernel by kernel. Context manager.

    assignments: by name of the kernel. seed: of the inputs, the same for all, which the judges' oracles then remember.
    """

    def __init__(self, assignments: Mapping[str, Assignment], seed: int, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._tasks = context.Queue()
        self._found = context.Queue()
        self._processes = [context.Process(target=_work, args=(dict(assignments), seed, self._tasks, self._found), daemon=True)
                           for _ in range(count)]

    def __enter__(self) -> Judges:
        for process in self._processes:
            process.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for process in self._processes:
            if kind is None:
                self._tasks.put(None)
            else:
                process.terminate()
        for process in self._processes:
            process.join()

    def judged(self, items: Iterable[Item]) -> Iterator[Finding]:
        """The finding on each item, in the order in which they come. Raises RunError where a process dies."""
        under_way = 0
        for item in items:
            if under_way >= AHEAD * len(self._processes):
                yield self._next()
                under_way -= 1
            self._tasks.put(item)
            under_way += 1
        for _ in range(under_way):
            yield self._next()

    def _next(self) -> Finding:
        while True:
            try:
                return self._found.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                dead = next((p for p in self._processes if not p.is_alive()), None)
                if dead is not None:
                    raise RunError(f"a judge's process ended with status {dead.exitcode}; run the same command to go on") from None


def _work(assignments: Mapping[str, Assignment], seed: int, tasks: multiprocessing.Queue, found: multiprocessing.Queue) -> None:
    """Judges what `tasks` holds until it holds None, or the process that fills it is gone."""
    kernel = ""
    with ExitStack() as stack:
        for item in _items(tasks):
            if item.kernel != kernel:
                stack.close()
                judge = stack.enter_context(Judge(assignments[item.kernel]))
                kernel = item.kernel
            found.put(_finding(judge, item, seed))


def _items(tasks: multiprocessing.Queue) -> Iterator[Item]:
    parent = multiprocessing.parent_process()
    while parent is not None and parent.is_alive():
        try:
            item = tasks.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            continue
        if item is None:
            return
        yield item


def _finding(judge: Judge, item: Item, seed: int) -> Finding:
    try:
        return examine(judge, item, seed)
    except Exception as error:  # noqa: BLE001 - a judge that fails has not caught the mutant, and the table must say so
        where = traceback.extract_tb(error.__traceback__)[-1]
        message = f"the judge failed: {type(error).__name__}: {error} ({where.name}, line {where.lineno})"
        return Finding(item.kernel, item.candidate.identity, item.original.identity, item.operator, item.line, item.description,
                       Outcome.SURVIVED if item.operator else Outcome.CAUGHT, "judge", "error", message[:500])
