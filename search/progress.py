"""Progress: how a run is getting on, as a live table on a terminal and as plain lines in a log."""
from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..kernels.candidate import Candidate
from ..workers.evaluation import Evaluation, Verdict
from .result import counts

STAGES = {
    "reference": "running the reference and lifting it to loops",
    "cluster": "starting the workers",
    "seeds": "judging the seeds",
    "search": "searching",
    "confirm": "examining the champion on fresh inputs",
    "report": "writing the report",
}
STATUS_SECONDS = 15.0
LONGEST_NOTE = 200


class Progress:
    """A context manager. Methods may be called from any thread, and never raise because the output went away.

    evaluations, seconds: the run's limits, None for none. stream: where to write, standard output where None.
    """

    def __init__(
        self, kernel: str, evaluations: int | None, seconds: float | None, stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kernel, self._limit, self._seconds = kernel, evaluations, seconds
        self._stream = stream if stream is not None else sys.stdout
        self._console = Console(file=self._stream, highlight=False)
        self._clock = clock
        self._started = clock()
        self._lock = threading.RLock()
        self._live: Live | None = None
        self._stage = ""
        self._verdicts: Counter[Verdict] = Counter()
        self._done = 0
        self._in_flight = 0
        self._shares: Mapping[str, float] = {}
        self._best: float | None = None
        self._last = ""
        self._reported = clock()

    def __enter__(self) -> Progress:
        with self._lock:
            if self._console.is_terminal and not self._console.is_dumb_terminal:
                self._live = Live(get_renderable=self._table, console=self._console, refresh_per_second=4, transient=True,
                                  redirect_stdout=False, redirect_stderr=True)
                self._live.start()
            else:
                self._line(f"{self._kernel}: {self._budget()}")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Takes the live table away. A second call does nothing."""
        with self._lock:
            live, self._live = self._live, None
        if live is not None:
            try:
                live.stop()
            except (OSError, ValueError):
                self._stream = None

    def resumed(self, evaluations: int, elapsed: float, best: float | None) -> None:
        """What earlier processes did of this run: its evaluations, seconds and best speedup over the best first seed."""
        with self._lock:
            self._done, self._best = evaluations, best
            self._started = self._clock() - elapsed
        if evaluations:
            self.note(f"going on from {_count(evaluations, 'evaluation')} and {_duration(elapsed)}")

    def stage(self, text: str) -> None:
        """What the run does from now on: one of STAGES, or words of the caller's."""
        with self._lock:
            self._stage = STAGES.get(text, text)
            if self._live is None:
                self._line(self._stage)

    def judged(self, candidate: Candidate, evaluation: Evaluation, best: float | None) -> None:
        """One more evaluation was journaled. best: the greatest speedup over the best first seed so far, None for none."""
        with self._lock:
            self._verdicts[evaluation.verdict] += 1
            self._done += counts(evaluation)
            improved = best is not None and (self._best is None or f"{best:.2f}" != f"{self._best:.2f}" and best > self._best)
            if improved:
                self._best = best
                note = candidate.lineage.note
                self._last = f"{best:.2f} times the best first seed's speed: {candidate.lineage.operator}{f' ({note})' if note else ''}"
                if self._live is None:
                    self._line(self._last)
            self._status_line()

    def status(self, in_flight: int, shares: Mapping[str, float] | None = None) -> None:
        """in_flight: candidates that are being judged, or wait for it. shares: how often each operator is asked, 0 to 1."""
        with self._lock:
            self._in_flight = in_flight
            self._shares = self._shares if shares is None else shares
            self._status_line()

    def note(self, text: str) -> None:
        """Says something that a person should see once: a warning, an address."""
        with self._lock:
            if self._live is None:
                return self._line(text)
        # Not under our lock: the table's own thread holds rich's lock while it waits for ours.
        try:
            self._console.print(Text(_one_line(text)), soft_wrap=True)
        except (OSError, ValueError):
            self._stream = None

    def _line(self, text: str) -> None:
        if self._stream is None:
            return
        line = f"[{_duration(self._clock() - self._started):>7}] {_one_line(text)}"
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            self._stream.write(line.encode(encoding, "replace").decode(encoding) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody reads any more (`| head`, a closed terminal); that is no reason to lose the run.
            self._stream = None
        self._reported = self._clock()

    def _status_line(self) -> None:
        if self._live is None and self._clock() - self._reported >= STATUS_SECONDS:
            self._line(f"{self._counted()}, {self._in_flight} in flight, {self._remaining()}; "
                       f"best {_speedup(self._best)}; {self._by_verdict() or 'no verdicts yet'}"
                       + (f"; asked {self._by_share(', ')}" if self._shares else ""))

    def _budget(self) -> str:
        limits = []
        if self._limit is not None:
            limits.append(_count(self._limit, "evaluation"))
        if self._seconds is not None:
            limits.append(_duration(self._seconds))
        return "up to " + " or ".join(limits) if limits else "until it is interrupted"

    def _counted(self) -> str:
        return f"{self._done} of {_count(self._limit, 'evaluation')}" if self._limit is not None else _count(self._done, "evaluation")

    def _remaining(self) -> str:
        elapsed = self._clock() - self._started
        if self._seconds is None:
            return f"{_duration(elapsed)} elapsed"
        return f"{_duration(max(0.0, self._seconds - elapsed))} left"

    def _by_verdict(self) -> str:
        return ", ".join(f"{number} {verdict}" for verdict, number in self._verdicts.most_common())

    def _by_share(self, between: str) -> str:
        return between.join(f"{name} {share:.0%}" for name, share in sorted(self._shares.items(), key=lambda item: -item[1]))

    def _table(self) -> Group:
        with self._lock:
            table = Table.grid(padding=(0, 2))
            table.add_column(style="dim", no_wrap=True)
            table.add_column(overflow="fold")
            verdicts = Text()
            for verdict, number in self._verdicts.most_common():
                verdicts.append(f"{'  ' if verdicts else ''}{number} {verdict}", "green" if verdict is Verdict.VERIFIED else "")
            for label, text in (
                ("now", Text(self._stage)),
                ("best", Text(_speedup(self._best), "bold green" if (self._best or 0) > 1.005 else "bold")),
                ("by", Text(_one_line(self._last))),
                ("done", Text(f"{self._counted()}, {self._in_flight} in flight")),
                ("time", Text(f"{_duration(self._clock() - self._started)} elapsed"
                              + (f", {self._remaining()}" if self._seconds is not None else ""))),
                ("verdicts", verdicts),
                ("asked", Text(self._by_share("  "))),
            ):
                if text:
                    table.add_row(label, text)
            return Group(Text(f"Kernwright · {self._kernel}", "bold"), table)


def _one_line(text: str) -> str:
    """Without line ends and control characters: a model's or a compiler's words may hold any."""
    clean = "".join(sign if sign.isprintable() else " " for sign in text)
    clean = " ".join(clean.split())
    return clean if len(clean) <= LONGEST_NOTE else clean[: LONGEST_NOTE - 3] + "..."


def _speedup(best: float | None) -> str:
    return "nothing verified yet" if best is None else f"{best:.2f} times the best first seed's speed"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    return f"{minutes // 60}h{minutes % 60:02d}m"
