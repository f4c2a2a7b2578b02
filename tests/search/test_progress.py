"""Progress: what a person sees of a run, on a terminal and in a log."""
from __future__ import annotations

import io
import threading

import pytest
from kernwright.kernels.candidate import Candidate, Lineage
from kernwright.search.progress import STATUS_SECONDS, Progress
from kernwright.workers.evaluation import Evaluation, Rung, Verdict

TILED = Candidate("def kernel(a):\n    return a\n", lineage=Lineage("rewrite:tile", "i by 32"))
ODD = Candidate("def kernel(a):\n    return a + 1\n", lineage=Lineage("llm:x", "two\nlines \x1b[31m[bold]red" + "!" * 500))


def evaluation(verdict=Verdict.VERIFIED, rung=Rung.MEASURE):
    return Evaluation("c", verdict, rung)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_a_log_gets_a_line_at_the_start_at_each_stage_and_at_each_improvement(clock):
    log = io.StringIO()
    with Progress("smooth", 60, 180.0, log, clock) as progress:
        progress.stage("seeds")
        progress.judged(TILED, evaluation(), 1.0)
        progress.judged(TILED, evaluation(Verdict.WRONG, Rung.VERIFY), 1.0)
        clock.now += 5
        progress.judged(TILED, evaluation(), 1.5)
        progress.judged(TILED, evaluation(), 1.5)
        progress.note("a node has gone")
    lines = log.getvalue().splitlines()
    assert len(lines) == 5 and "\x1b" not in log.getvalue()
    assert "smooth: up to 60 evaluations or 3m00s" in lines[0] and "judging the seeds" in lines[1]
    assert "1.00 times the best first seed's speed: rewrite:tile (i by 32)" in lines[2]
    assert "[    5 s] 1.50 times" in lines[3] and "a node has gone" in lines[4]


def test_a_log_gets_at_most_one_line_of_status_in_its_time(clock):
    log = io.StringIO()
    with Progress("smooth", 60, 180.0, log, clock) as progress:
        for _ in range(240):
            clock.now += 0.25
            progress.status(3)
        progress.judged(TILED, evaluation(Verdict.REFUSED, Rung.GATE), None)
    status = [line for line in log.getvalue().splitlines() if "in flight" in line]
    assert len(status) == 60 / STATUS_SECONDS
    assert "0 of 60 evaluations, 3 in flight, 2m45s left; best nothing verified yet" in status[0]


def test_refusals_are_no_evaluations_and_a_resumed_run_counts_on(clock):
    log = io.StringIO()
    with Progress("smooth", 60, 180.0, log, clock) as progress:
        progress.resumed(10, 100.0, 2.0)
        progress.judged(TILED, evaluation(), 1.5)
        progress.judged(TILED, evaluation(Verdict.REFUSED, Rung.GATE), 2.0)
        clock.now += STATUS_SECONDS
        progress.status(1)
    assert "going on from 10 evaluations" in log.getvalue()
    assert "11 of 60 evaluations, 1 in flight, 65 s left; best 2.00 times" in log.getvalue()
    assert "1 verified, 1 refused" in log.getvalue()


def test_words_of_models_stay_on_one_short_line(clock):
    log = io.StringIO()
    with Progress("smooth", None, None, log, clock) as progress:
        progress.judged(ODD, evaluation(), 1.2)
    assert "\x1b" not in log.getvalue() and len(log.getvalue().splitlines()) == 2
    assert max(map(len, log.getvalue().splitlines())) < 230 and "[bold]red" in log.getvalue()
    assert "until it is interrupted" in log.getvalue()


def test_output_that_went_away_does_not_stop_a_run(clock):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    with Progress("smooth", 60, None, Gone(), clock) as progress:
        progress.stage("search")
        progress.judged(TILED, evaluation(), 1.2)
    closed = io.StringIO()
    with Progress("smooth", 60, None, closed, clock) as progress:
        closed.close()
        progress.note("nobody reads this")


def test_a_log_that_takes_only_ascii_gets_ascii(clock):
    raw = io.BytesIO()
    log = io.TextIOWrapper(raw, encoding="ascii")
    with Progress("größe", 60, None, log, clock) as progress:
        progress.note("→ 5 µs")
    log.flush()
    assert b"gr??e" in raw.getvalue()


def test_a_terminal_gets_a_live_table_that_is_taken_away(clock, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    with Progress("smooth", 60, 180.0, terminal, clock) as progress:
        progress.stage("search")
        progress.status(2)
        progress.judged(ODD, evaluation(), 1.37)
        progress.note("[red]a warning")
        progress._live.refresh()
    shown = terminal.getvalue()
    assert "1.37 times the best first seed's speed" in shown and "1 of 60 evaluations, 2 in flight" in shown
    assert "[red]a warning" in shown and "3m00s left" in shown and "[bold]red" in shown
    assert shown.endswith("\x1b[2K")
    progress.close()


def test_how_often_each_operator_is_asked_is_shown_the_most_asked_first(clock, monkeypatch):
    shares = {"tune": 0.2, "rewrite": 0.7, "llm:x": 0.1}
    log = io.StringIO()
    with Progress("smooth", 60, None, log, clock) as progress:
        clock.now += STATUS_SECONDS
        progress.status(1, shares)
        clock.now += STATUS_SECONDS
        progress.status(1)
    assert log.getvalue().count("; asked rewrite 70%, tune 20%, llm:x 10%") == 2
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    with Progress("smooth", 60, None, terminal, clock) as progress:
        progress._live.refresh()
        assert "asked" not in terminal.getvalue()
        progress.status(1, shares)
        progress._live.refresh()
    assert "rewrite 70%  tune 20%  llm:x 10%" in terminal.getvalue()


def test_a_dumb_terminal_gets_lines(clock, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()
    with Progress("smooth", 60, None, terminal, clock) as progress:
        progress.stage("search")
    assert "\x1b" not in terminal.getvalue() and len(terminal.getvalue().splitlines()) == 2


@pytest.mark.timeout(60)
def test_threads_may_speak_while_the_table_is_drawn(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    with Progress("smooth", 60, 180.0, Terminal()) as progress:
        threads = [threading.Thread(target=lambda: [(progress.note("x"), progress.judged(TILED, evaluation(), 1.0), progress._live.refresh())
                                                    for _ in range(60)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert progress._done == 240
