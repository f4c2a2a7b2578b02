"""Earlier runs of the same kernel are found beside a new one, within a second; what cannot be read is passed over."""
import os
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions, Lineage
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.spec import KernelSpec
from kernwright.search.journal import Journal, RunRecord, journal_url
from kernwright.search.schema import RunError
from kernwright.search.warm_start import Place, announcement, as_state, earlier_runs, from_state, gather, read_given
from kernwright.search.warm_start.earlier import MOST_RUNS
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict

SPEC, OTHER = KernelSpec("f", "def f(a): ...", "f"), KernelSpec("f", "def f(a): ...  # another", "f")
SIGNATURE = Signature((Argument("a", "array", "float64", 1),), (Output("array", "float64", 1, ("a.shape[0]",)),))
PLACE = Place(SIGNATURE, False, "here", 2)
PATIENT = 30.0  # seconds: what is looked for on a busy machine is to be found there, too


def kernel(loops, tile=None, options=JitOptions(), parameters="a"):
    """A kernel of so many loops, each number a skeleton of its own."""
    constant = "" if tile is None else f"TILE = {tile}  # tune: 1 2 4 8\n\n\n"
    body = "".join(f"    for i{n} in range({'TILE' if tile else 3}):\n        a[i{n}] += 1.0\n" for n in range(loops))
    return Candidate(f"{constant}def kernel({parameters}):\n{body}    return a\n", options, lineage=Lineage("rewrite:tile", "t", ("gone",)))


def write(directory, found, champion=None, spec=SPEC, status="finished", age=0.0):
    """A run that found [(candidate, speedup, machine)]."""
    directory.mkdir(parents=True)
    with Journal.create(journal_url(directory), RunRecord(directory.name, "f", spec, {}, "here", {}, 1.0)) as journal:
        for candidate, speedup, machine in found:
            journal.add_candidate(candidate, 1.0)
            ratio = Ratio(abs(speedup), 1.0, 9.0, 9, 1.0, 1.0, "x")
            verdict = Verdict.VERIFIED if speedup > 0 else Verdict.WRONG
            journal.add_evaluation(Evaluation(candidate.identity, verdict, Rung.MEASURE, faster=ratio, machine=machine), 2.0)
        if champion is not None:
            journal.set_state("champion", champion.identity)
        journal.set_state("status", status)
    os.utime(directory / "run.db", (time.time() - age, time.time() - age))
    return directory


def chosen(parent, place=PLACE, seeds=(), evaluations=None):
    return gather([], earlier_runs(parent, SPEC.content_hash, PATIENT), place, seeds, evaluations)


def same(found, *wanted):
    return [candidate.identity for candidate in found] == [candidate.identity for candidate in wanted]


def test_the_champion_comes_first_then_elites_of_other_skeletons_by_speedup(tmp_path):
    write(tmp_path / "run-1", [(kernel(1), 1.5, "here"), (kernel(2, 1), 3.0, "here"), (kernel(2, 4), 2.9, "here"), (kernel(3), 2.8, "here"),
                               (kernel(4), -9.0, "here"), (kernel(5), 0.5, "here")], champion=kernel(3))
    found = chosen(tmp_path)
    assert same(found, kernel(3), kernel(2, 1), kernel(1))
    assert [c.lineage for c in found[:2]] == [
        Lineage("warm:run-1", "champion, by rewrite:tile"), Lineage("warm:run-1", "elite, 3.00 times as fast as the best first seed there, by rewrite:tile")]
    assert "3 kernels of earlier work (from run-1)" in announcement(found)


def test_elites_of_this_machine_type_come_before_those_of_others(tmp_path):
    write(tmp_path / "new", [(kernel(1), 9.0, "there"), (kernel(2), 8.0, "there")], champion=kernel(1))
    write(tmp_path / "old", [(kernel(3), 2.0, "here"), (kernel(4), 3.0, "here")], champion=kernel(3), age=1000)
    assert same(chosen(tmp_path), kernel(3), kernel(4), kernel(1), kernel(2))


def test_champions_of_several_runs_come_newest_first_and_no_more_than_six_in_all(tmp_path):
    for age in range(9):
        write(tmp_path / f"run-{age}", [(kernel(age + 1), 2.0 + age, "here")], champion=kernel(age + 1), age=age * 100)
    assert same(chosen(tmp_path), *(kernel(n) for n in range(1, 7)))
    assert len(chosen(tmp_path, evaluations=12)) == 3 and len(chosen(tmp_path, evaluations=2)) == 1


def test_elites_of_several_runs_take_turns_as_each_is_measured_against_a_seed_of_its_own(tmp_path):
    write(tmp_path / "weak", [(kernel(1), 9.0, "here"), (kernel(2), 8.0, "here"), (kernel(3), 7.0, "here")])
    write(tmp_path / "strong", [(kernel(4), 1.5, "here"), (kernel(5), 1.4, "here")], age=1000)
    assert same(chosen(tmp_path), kernel(1), kernel(4), kernel(2), kernel(5), kernel(3))


def test_seeds_and_kernels_that_do_not_fit_take_no_place(tmp_path):
    outside = Candidate("def kernel(a):\n    return open(a)\n")
    write(tmp_path / "run", [(kernel(1), 4.0, "here"), (outside, 3.5, "here"), (kernel(2, parameters="a, b, c"), 3.0, "here"), (kernel(3), 2.0, "here")],
          champion=kernel(1))
    assert same(chosen(tmp_path, seeds=[kernel(1)]), kernel(3))


def test_options_are_those_that_this_run_allows(tmp_path):
    parallel = Candidate("def kernel(a):\n    for i in prange(3):\n        a[i] = 1.0\n    return a\n", JitOptions(True, ("nnan", "nsz"), threads=4))
    write(tmp_path / "run", [(parallel, 4.0, "here")])
    assert chosen(tmp_path)[0].options == JitOptions(True, ("nsz",))
    assert chosen(tmp_path, Place(SIGNATURE, True, "here", 8))[0].options == JitOptions(True, ("nnan", "nsz"), threads=4)


def test_runs_of_another_spec_and_directories_that_are_no_runs_are_passed_over(tmp_path):
    write(tmp_path / "other", [(kernel(1), 4.0, "here")], spec=OTHER)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "directory" / "run.db").mkdir(parents=True)
    assert earlier_runs(tmp_path, SPEC.content_hash) == [] and earlier_runs(tmp_path / "absent", SPEC.content_hash) == []


def spoil(directory, statement, *values):
    with sqlite3.connect(directory / "run.db") as connection:
        connection.execute(statement, values)
    connection.close()


DAMAGE = {
    "a newer version": lambda d: spoil(d, "UPDATE kernwright_schema SET version = 99"),
    "no version": lambda d: spoil(d, "DELETE FROM kernwright_schema"),
    "no run": lambda d: spoil(d, "DROP TABLE runs"),
    "a spec that is no JSON": lambda d: spoil(d, "UPDATE runs SET spec = '{'"),
    "a spec of another shape": lambda d: spoil(d, "UPDATE runs SET spec = '[1, 2]'"),
    "options that are no JSON": lambda d: spoil(d, "UPDATE candidates SET options = x'ff00'"),
    "a state that is no JSON": lambda d: spoil(d, "UPDATE run_state SET value = ''"),
    "half a file": lambda d: (d / "run.db").write_bytes((d / "run.db").read_bytes()[:9000]),
    "a file full of noise": lambda d: (d / "run.db").write_bytes((d / "run.db").read_bytes()[:100] + b"\xa5" * 60_000),
    "an empty file": lambda d: (d / "run.db").write_bytes(b""),
    "another database": lambda d: [spoil(d, f"DROP TABLE {table}") for table in ("evaluations", "run_state", "llm_calls", "events", "candidates", "runs")],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_or_newer_run_is_passed_over_and_refused_where_it_is_named(tmp_path, damage):
    write(tmp_path / "good", [(kernel(1), 4.0, "here")], age=100)
    bad = write(tmp_path / "bad", [(kernel(2), 4.0, "here")])
    damage(bad)
    assert same(chosen(tmp_path), kernel(1))
    with pytest.raises(RunError) as refused:
        read_given([bad], "f")
    assert "bad" in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("column, value", [("options", '{"parallel": false, "fastmath": ["turbo"], "error_model": "python", "threads": null}'),
                                           ("options", '{"parallel": false, "fastmath": [], "error_model": "x\\", exit()", "threads": null}'),
                                           ("options", '{"parallel": true, "fastmath": [], "error_model": "python", "threads": "2"}'),
                                           ("convention", "other"), ("text", b"\xff\xfe"), ("text", "def kernel(a)"), ("text", "import os")])
def test_a_candidate_with_anything_else_than_a_kernel_is_left_out(tmp_path, column, value):
    run = write(tmp_path / "run", [(kernel(1), 4.0, "here"), (kernel(2), 3.0, "here")], champion=kernel(1))
    spoil(run, f"UPDATE candidates SET {column} = ? WHERE number = 0", value)
    assert same(chosen(tmp_path), kernel(2))


def test_a_locked_database_is_passed_over_without_a_wait(tmp_path):
    write(tmp_path / "good", [(kernel(1), 4.0, "here")], age=100)
    locked = write(tmp_path / "locked", [(kernel(2), 4.0, "here")])
    holder = sqlite3.connect(locked / "run.db", isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("UPDATE runs SET created = 2.0")
    began = time.monotonic()
    assert same(chosen(tmp_path), kernel(1))
    assert time.monotonic() - began < 10.0  # the journal itself would wait for half a minute
    holder.close()


def test_a_run_that_is_being_driven_is_passed_over_and_one_that_was_killed_is_not(tmp_path):
    driven = write(tmp_path / "driven", [(kernel(1), 4.0, "here")], status="running")
    assert (driven / "run.lock").read_text().strip() == str(os.getpid())
    assert chosen(tmp_path) == []
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True)
    (driven / "run.lock").write_text(gone.stdout)
    assert same(chosen(tmp_path), kernel(1))


def test_what_a_killed_run_left_in_its_log_is_read_and_no_run_is_changed_by_reading(tmp_path):
    run = write(tmp_path / "source", [], status="interrupted")
    with Journal.open(journal_url(run)) as journal:
        journal.add_candidate(kernel(1), 1.0)
        journal.add_evaluation(Evaluation(kernel(1).identity, Verdict.VERIFIED, Rung.MEASURE, faster=Ratio(4, 4, 4, 9, 1, 1, "x"), machine="here"), 2.0)
        (tmp_path / "runs" / "killed").mkdir(parents=True)
        for name in ("run.db", "run.db-wal"):
            shutil.copy(run / name, tmp_path / "runs" / "killed" / name)
    write(tmp_path / "runs" / "ended", [(kernel(2), 2.0, "here")])
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "runs" / "ended").iterdir()}
    assert same(chosen(tmp_path / "runs"), kernel(2), kernel(1)), "the newer run first"
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "runs" / "ended").iterdir()} == before


def test_only_the_newest_runs_are_looked_into_and_not_for_long(tmp_path, monkeypatch):
    run = write(tmp_path / "runs" / "old", [(kernel(1), 4.0, "here")], age=10_000)
    for number in range(MOST_RUNS):
        shutil.copytree(run, tmp_path / "runs" / f"other-{number}")
        spoil(tmp_path / "runs" / f"other-{number}", "UPDATE runs SET spec = ?", '{"name": "g", "text": "", "function": "g"}')
    assert earlier_runs(tmp_path / "runs", SPEC.content_hash, PATIENT) == []
    shutil.rmtree(tmp_path / "runs" / "other-0")
    assert len(earlier_runs(tmp_path / "runs", SPEC.content_hash, PATIENT)) == 1
    assert earlier_runs(tmp_path / "runs", SPEC.content_hash, seconds=0.0) == []


def test_a_runs_directory_can_be_named_whatever_kernel_it_was_of(tmp_path):
    run = write(tmp_path / "elsewhere", [(kernel(2), 2.0, "there"), (kernel(1), 0.9, "there"), (kernel(3), 5.0, "there")], champion=kernel(1), spec=OTHER)
    found = gather(read_given([run], "f"), [], PLACE, [], 4)
    assert same(found, kernel(1), kernel(3), kernel(2)) and found[0].lineage.operator == "warm:elsewhere"
    wrong = write(tmp_path / "wrong", [(kernel(1, parameters="a, b, c"), 2.0, "here")])
    with pytest.raises(RunError, match="none of its kernels fits this reference: kernel takes 3 parameter"):
        gather(read_given([wrong], "f"), [], PLACE, [], 4)
    with pytest.raises(RunError, match="has found no verified kernel yet"):
        read_given([write(tmp_path / "nothing", [(kernel(1), -1.0, "here")])], "f")


def test_what_is_named_comes_before_earlier_runs_and_nothing_stands_twice(tmp_path):
    write(tmp_path / "runs" / "run", [(kernel(1), 4.0, "here"), (kernel(2), 3.0, "here")])
    (tmp_path / "mine.py").write_text(kernel(2).text)
    given = read_given([tmp_path / "mine.py", tmp_path / "mine.py"], "f")
    found = gather(given, earlier_runs(tmp_path / "runs", SPEC.content_hash), PLACE, [], None)
    assert same(found, kernel(2), kernel(1)) and found[0].lineage.operator == "warm:mine.py"


def test_the_journal_keeps_them_whole():
    candidates = [kernel(1), kernel(2, 4, JitOptions(True, ("nsz",)))]
    back = from_state(as_state(candidates))
    assert back == candidates and [c.lineage for c in back] == [c.lineage for c in candidates]
    assert from_state(None) == []
