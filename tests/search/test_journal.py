"""The journal: what it reported as written stands, once, whatever becomes of the process."""
from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions, Lineage
from kernwright.kernels.spec import KernelSpec
from kernwright.search.journal import Journal, RunRecord, journal_url
from kernwright.search.llm.call import CallStatus, LlmCall
from kernwright.search.schema import RunError
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict

TEXT = "TILE = {}  # tune: 8 16 32\ndef kernel(a):\n    return a * TILE\n"
RECORD = RunRecord("r1", "smooth", KernelSpec("smooth", "def smooth(a):\n    return a  # ä\n", "smooth"),
                   {"seed": 3, "llm": ["x"]}, "some CPU", {"numba": "0.68"}, 1700000000.5)


def candidate(value: int) -> Candidate:
    return Candidate(TEXT.format(value), JitOptions(True, ("reassoc",)), "writes", Lineage("rewrite:tile", "by \ud800 ü", ("p",)))


def verified(of: Candidate, machine: str = "m", speedup: float = 2.0) -> Evaluation:
    ratio = Ratio(speedup, 1.5, 2.5, 3, 10.0, 20.0, "reference", (1.5, 2.0, 2.5))
    return Evaluation(of.identity, Verdict.VERIFIED, Rung.MEASURE, "", True, True, ratio, {"build": 0.1}, ("seccomp",),
                      machine, "node", {"width": 8})


def call(id: str, status: CallStatus = CallStatus.SENT) -> LlmCall:
    return LlmCall(id, "p", "m", 1.0, 0.0, "prompt", "half a pair \udc00, a NUL \0", "", status, 1, 2, 1, "", "", "", 5, 7)


@pytest.fixture
def url(tmp_path):
    return journal_url(tmp_path)


@pytest.fixture
def journal(url):
    with Journal.create(url, RECORD) as opened:
        yield opened


def refusal(action) -> str:
    with pytest.raises(RunError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_everything_comes_back_as_it_was_written(journal, url):
    first, second = candidate(8), candidate(16)
    assert journal.add_candidate(first, 1.0) and journal.add_candidate(second, 2.0)
    wrong = Evaluation(second.identity, Verdict.WRONG, Rung.VERIFY, "out[0]: 1.0, expected 2.0")
    assert journal.add_evaluation(wrong, 3.0) and journal.add_evaluation(verified(first), 4.0)
    assert journal.add_evaluation(verified(first), 5.0, "final")
    journal.add_call(call("a"), 2.5)
    journal.add_event("confirmation", {"x": [1, None]}, 6.0)
    journal.set_state("status", "running")
    journal.set_state("kept", [{"line": 3, "text": "ü"}])
    journal.close()
    with Journal.open(url) as again:
        assert again.run == RECORD
        assert again.candidates() == [first, second]
        assert again.candidate(first.identity).lineage == first.lineage
        assert again.candidate("unknown") is None
        assert [(j.ordinal, j.candidate, j.evaluation, j.purpose, j.elapsed) for j in again.evaluations()] == [
            (0, second, wrong, "search", 3.0), (1, first, verified(first), "search", 4.0), (2, first, verified(first), "final", 5.0)]
        assert [j.ordinal for j in again.evaluations("final")] == [2]
        assert again.evaluated() == {first.identity, second.identity} and again.evaluated("final") == {first.identity}
        assert again.calls() == [call("a")]
        assert again.events() == again.events("confirmation") == [("confirmation", {"x": [1, None]}, 6.0)]
        assert again.events("other") == []
        assert again.state("status") == "running" and again.state("kept") == [{"line": 3, "text": "ü"}]
        assert again.state("champion") is None
        assert again.elapsed() == 6.0


def test_an_evaluation_is_taken_exactly_once_for_a_candidate_a_purpose_and_a_machine(journal):
    one = candidate(8)
    journal.add_candidate(one, 0.0)
    assert journal.add_evaluation(verified(one, speedup=2.0), 1.0)
    assert not journal.add_evaluation(verified(one, speedup=9.0), 2.0)
    assert journal.add_evaluation(verified(one, machine="other"), 3.0)
    assert journal.add_evaluation(verified(one), 4.0, "final")
    assert [j.evaluation.faster.speedup for j in journal.evaluations()] == [2.0, 2.0, 2.0]
    assert [j.ordinal for j in journal.evaluations()] == [0, 1, 2]


def test_an_evaluation_needs_its_candidate(journal):
    with pytest.raises(ValueError, match="not in the journal"):
        journal.add_evaluation(verified(candidate(8)), 1.0)
    assert journal.evaluations() == []


def test_a_known_candidate_is_counted_as_a_repeat(journal):
    assert journal.add_candidate(candidate(8), 0.0)
    assert not journal.add_candidate(candidate(8), 1.0) and not journal.add_candidate(candidate(8), 2.0)
    assert len(journal.candidates()) == 1 and journal.repeats() == 2 and journal.elapsed() == 2.0


def test_a_call_that_ended_replaces_itself_as_sent(journal):
    journal.add_call(call("a"), 1.0)
    journal.add_call(call("b"), 2.0)
    journal.add_call(call("a", CallStatus.OK), 3.0)
    assert [(c.id, c.status) for c in journal.calls()] == [("a", CallStatus.OK), ("b", CallStatus.SENT)]


def test_threads_of_the_driver_may_write_at_once(journal):
    threads = [threading.Thread(target=lambda n=n: [journal.add_event("e", {"n": n, "i": i}, 0.0) for i in range(20)])
               for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((data["n"], data["i"]) for _, data, _ in journal.events()) == [(n, i) for n in range(4) for i in range(20)]


def test_a_second_driver_is_refused_and_a_reader_is_not(journal, url):
    assert "another process" in refusal(lambda: Journal.open(url)) and str(os.getpid()) in refusal(lambda: Journal.open(url))
    refusal(lambda: Journal.create(url, RECORD))
    with Journal.open(url, write=False) as reader:
        journal.add_candidate(candidate(8), 4.0)
        assert reader.candidates() == [candidate(8)] and reader.elapsed() == 4.0
        assert "reading" in refusal(lambda: reader.set_state("a", 1))
    journal.close()
    with Journal.open(url) as next_driver:
        next_driver.set_state("a", 1)


def test_a_closed_journal_writes_nothing(journal):
    journal.close()
    journal.close()
    assert "closed" in refusal(lambda: journal.set_state("a", 1))


def test_a_run_is_never_created_over_another(journal, url):
    journal.close()
    assert "holds a run already" in refusal(lambda: Journal.create(url, RECORD))
    with Journal.open(url) as again:
        assert again.run == RECORD


def test_a_directory_that_is_no_run_is_named_and_left_as_it_was(tmp_path):
    assert "no such directory" in refusal(lambda: Journal.open(journal_url(tmp_path / "none")))
    assert "holds no run.db" in refusal(lambda: Journal.open(journal_url(tmp_path)))
    assert "no directory" in refusal(lambda: Journal.create(journal_url(tmp_path / "none"), RECORD))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to be one" * 40, b"SQLite format 3\0" + b"\xff" * 4080])
def test_a_file_that_is_no_database_is_named_and_left_as_it_was(tmp_path, content):
    (tmp_path / "run.db").write_bytes(content)
    for write in (True, False):
        assert "run.db is no run's journal" in refusal(lambda write=write: Journal.open(journal_url(tmp_path), write=write))
    assert (tmp_path / "run.db").read_bytes() == content and not (tmp_path / "run.lock").exists()


def test_another_programs_database_is_refused_and_left_as_it_was(tmp_path):
    database = sqlite3.connect(tmp_path / "run.db")
    database.execute("CREATE TABLE pets (name TEXT)")
    database.close()
    before = (tmp_path / "run.db").read_bytes()
    assert "not Kernwright's" in refusal(lambda: Journal.open(journal_url(tmp_path)))
    assert (tmp_path / "run.db").read_bytes() == before


def test_a_newer_journal_asks_for_an_update(journal, url, tmp_path):
    journal.close()
    database = sqlite3.connect(tmp_path / "run.db")
    database.execute("UPDATE kernwright_schema SET version = 99")
    database.commit()
    database.close()
    assert "journal version 99" in refusal(lambda: Journal.open(url, write=False))


def test_a_database_elsewhere_is_refused():
    assert "sqlite:///FILE" in refusal(lambda: Journal.open("mysql://host/name"))
    assert "sqlite:///FILE" in refusal(lambda: Journal.open("sqlite:///:memory:"))


def test_signs_that_mean_something_in_addresses_may_stand_in_a_directorys_name(tmp_path):
    directory = tmp_path / "a?b=c #d%20"
    directory.mkdir()
    Journal.create(journal_url(directory), RECORD).close()
    assert sorted(path.name for path in directory.iterdir()) == ["run.db", "run.lock"]
    with Journal.open(journal_url(directory)) as again:
        assert again.run == RECORD


def test_a_writer_that_was_interrupted_in_a_transaction_leaves_nothing_of_it(journal):
    with pytest.raises(TypeError):
        journal.add_event("e", {"x": object()}, 1.0)
    assert journal.events() == []
    journal.add_event("e", {}, 1.0)
    assert len(journal.events()) == 1


WRITER = """
import sys
from kernwright.kernels.candidate import Candidate
from kernwright.search.journal import Journal
from kernwright.workers.evaluation import Evaluation, Rung, Verdict

with Journal.open(sys.argv[1]) as journal:
    begin = len(journal.candidates())
    print("ready", flush=True)
    for number in range(begin, begin + 100000):
        candidate = Candidate(f"def kernel(a):\\n    return a + {number}\\n")
        journal.add_candidate(candidate, number)
        print("candidate", candidate.identity, flush=True)
        assert journal.add_evaluation(Evaluation(candidate.identity, Verdict.WRONG, Rung.VERIFY, "x" * 3000), number)
        print("evaluation", candidate.identity, flush=True)
        journal.set_state("last", number)
        print("state", number, flush=True)
"""


def test_a_driver_killed_at_any_moment_loses_nothing_that_it_reported(journal, url, tmp_path):
    journal.close()
    rng = random.Random(5)
    reported: dict[str, set[str]] = {"candidate": set(), "evaluation": set()}
    for _ in range(4):
        output = tmp_path / "output"
        with output.open("wb") as sink:
            writer = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=sink, cwd=Path("/"))
        try:
            deadline = time.monotonic() + 60
            while b"ready" not in output.read_bytes() and writer.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(rng.uniform(0.02, 0.4))
            assert writer.poll() is None
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        last = -1
        for line in output.read_text().rpartition("\n")[0].splitlines()[1:]:
            what, name = line.split()
            if what == "state":
                last = int(name)
            else:
                reported[what].add(name)
        with Journal.open(url) as after:
            held = [c.identity for c in after.candidates()]
            assert reported["candidate"] <= set(held) and len(held) == len(set(held))
            assert len(reported["candidate"] ^ set(held)) <= 4  # what was written but not yet reported, at most one a kill
            assert reported["evaluation"] <= after.evaluated()
            assert [j.ordinal for j in after.evaluations()] == list(range(len(after.evaluations())))
            assert (after.state("last") or 0) >= last
            for identity in list(reported["evaluation"])[:5]:
                assert not after.add_evaluation(Evaluation(identity, Verdict.VERIFIED, Rung.MEASURE), 0.0)
    assert reported["evaluation"]
    database = sqlite3.connect(tmp_path / "run.db")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
