"""The benches over runs that have ended: what is measured of them, and that nothing is done twice."""
import json

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions, Lineage
from kernwright.kernels.observe import observe
from kernwright.search.bench import field, library, retiming, runs
from kernwright.search.bench.library import bench_library
from kernwright.search.bench.search import bench_search
from kernwright.search.bench.standing import CHAMPION, COMPILERS, NJIT, PARALLEL, PYTHRAN, SEED
from kernwright.search.bench.strategies import load_strategies
from kernwright.search.journal import Journal, RunRecord, journal_url
from kernwright.search.schema import RunError
from kernwright.search.target import resolve
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict
from kernwright.workers.inspection import Inspection
from kernwright.workers.rivals import NotBuilt

TEXT = '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    a = rng.standard_normal((size["n"], size["m"]))
    a[rng.random(a.shape) < 0.1] = np.nan
    return (a,)

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 3, "m": 4}, "verify": {"n": 13, "m": 11}, "benchmark": {"n": 60, "m": 50}})
def present(a):
    out = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if a[i, j] == a[i, j]:
                out[i] += np.sqrt(np.abs(np.sin(a[i, j])))
    return out
'''
CHAMPION_TEXT = """def kernel(a):
    out = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            if a[i, j] == a[i, j]:
                total += np.sqrt(np.abs(np.sin(a[i, j])))
        out[i] = total
    return out
"""
BEST = Candidate(CHAMPION_TEXT, lineage=Lineage("rewrite:scalarise"))
# The same, with each element's work done thrice, as plainly as a compiler cannot undo it.
SLOW = Candidate(CHAMPION_TEXT.replace("        total = 0.0\n", "        total = 0.0\n        for k in range(2):\n            for j in range(a.shape[1]):\n"
                 "                out[i] += np.cos(a[i, j] + k)\n"), lineage=Lineage("seed", "lifted to loops"))
SETTINGS = {"threads": 1, "build_seconds": 40.0, "run_seconds": 20.0, "memory_gib": 1.0}
MACHINE = "any"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    path = tmp_path_factory.mktemp("kernel") / "mine.py"
    path.write_text(TEXT)
    return f"{path}:present"


@pytest.fixture(scope="module")
def observation(kernel):
    return observe(resolve(kernel).open(), 0, 30.0)


def ended(directory, kernel, observation, seed, evaluations, judged, champion):
    """A run in `directory` that judged these candidates, each with its speedup over the first, and has ended."""
    directory.mkdir(parents=True)
    spec = resolve(kernel)
    record = RunRecord("run", spec.name, spec, {**SETTINGS, "seed": seed, "evaluations": evaluations}, MACHINE, {}, 1.0)
    with Journal.create(journal_url(directory), record) as journal:
        for number, (candidate, speedup) in enumerate(judged):
            journal.add_candidate(candidate, float(number))
            ratio = Ratio(speedup, speedup, speedup, 9, 1.0, speedup, judged[0][0].identity)
            journal.add_evaluation(Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, faster=ratio, machine=MACHINE), float(number))
        journal.set_state("inspection", Inspection(observation, spec.open().parameters, (), (), None).as_json())
        journal.set_state("anchor", judged[0][0].identity)
        journal.set_state("champion", champion.identity)
        journal.set_state("wall_s", 30.0)
        journal.set_state("status", "finished")


@pytest.fixture
def no_runs(monkeypatch):
    def run(*arguments):
        raise AssertionError(f"a run was started: {arguments}")

    monkeypatch.setattr(runs, "_kernwright", run)


@pytest.mark.slow
def test_a_bench_of_the_library_measures_once_and_calls_wrong_what_is(tmp_path, kernel, observation, no_runs, monkeypatch):
    def no_pythran(*_):
        raise NotBuilt("Pythran is not installed")

    monkeypatch.setattr(library.Pythran, "prepare", no_pythran)
    ended(tmp_path / "present", kernel, observation, 0, 5, [(SLOW, 1.0), (BEST, 2.0)], BEST)
    seen = []
    (row,) = bench_library([kernel], 5, 0, tmp_path, 1.0, seen.append)
    assert seen == [row] and row.champion and row.evaluations == 2
    assert row.speedup.low > 2.0 and row.standings[SEED].ratio.rival == "reference" and row.standings[NJIT].ratio
    assert row.standings[PARALLEL].outcome == "wrong" and "nan" in row.standings[PARALLEL].reason
    assert (row.standings[PYTHRAN].outcome, row.standings[PYTHRAN].reason) == ("n/a", "Pythran is not installed")
    assert row.rival == NJIT and row.rival in COMPILERS and row.over_rival.rival == NJIT and row.over_seed.rival == SEED
    assert row.over_seed.low <= row.over_seed.speedup

    monkeypatch.setattr(field.court, "check", None)  # whatever would measure again fails
    assert bench_library([kernel], 5, 0, tmp_path, 1.0) == [row]
    stored = json.loads((tmp_path / "present" / library.FILE).read_text())["values"]
    assert {CHAMPION, SEED, *COMPILERS, "measured"} < set(stored)


@pytest.mark.slow
def test_a_bench_of_strategies_times_anew_what_came_near_the_best(tmp_path, kernel, observation, no_runs, monkeypatch):
    lucky = Candidate(SLOW.text, JitOptions(error_model="numpy"), lineage=Lineage("rewrite:options"))
    strategies = load_strategies(["full", "random"])
    for seed, (full, random) in enumerate([([SLOW, BEST], [SLOW, lucky, BEST]), ([SLOW, BEST], [SLOW, lucky])]):
        for name, candidates in (("full", full), ("random", random)):
            figures = {SLOW.identity: 1.0, BEST.identity: 2.6, lucky.identity: 2.6}
            ended(tmp_path / "present" / name / f"seed-{seed}", kernel, observation, seed, 6,
                  [(candidate, figures[candidate.identity]) for candidate in candidates], candidates[-1])
    said = []
    (contest,) = bench_search([kernel], strategies, range(2), 6, tmp_path, 5.0, said.append)
    full, random = contest.scores
    assert len(said) == 4 and contest.best > 1.2
    assert [run.reached for run in full.runs] == [2, 2] and full.survived == 2
    assert [run.reached for run in random.runs] == [3, None] and random.runs[1].final < 0.9
    assert full.area.value > random.area.value and contest.against_rival in (pytest.approx(2 / 6), pytest.approx(2 / 3))

    monkeypatch.setattr(retiming, "court", None)
    assert bench_search([kernel], strategies, range(2), 6, tmp_path, 5.0)[0].scores == contest.scores


@pytest.mark.parametrize("evaluations, seed, said", [(6, 0, "evaluations 5, not 6"), (5, 1, "seed 0, not 1")])
def test_a_directory_with_other_runs_is_not_mixed_with_these(tmp_path, kernel, observation, no_runs, evaluations, seed, said):
    ended(tmp_path / "present", kernel, observation, 0, 5, [(SLOW, 1.0)], SLOW)
    with pytest.raises(RunError, match=said):
        bench_library([kernel], evaluations, seed, tmp_path)


def test_a_run_that_cannot_be_carried_out_is_a_row_with_its_reason(tmp_path, kernel, monkeypatch):
    monkeypatch.setattr(runs, "_kernwright", lambda *_: (2, "reading\nkernwright: the reference raised ValueError\n"))
    (row,) = bench_library([kernel], 5, 0, tmp_path)
    assert not row.stands and row.failure.endswith("the reference raised ValueError")


def test_a_run_that_was_stopped_goes_on_and_one_that_had_not_begun_begins_anew(tmp_path, kernel, observation, monkeypatch):
    called = []
    monkeypatch.setattr(runs, "_kernwright", lambda *arguments: called.append(arguments) or (130, ""))
    planned = runs.PlannedRun(kernel, tmp_path / "present", 5, 0)
    ended(planned.directory, kernel, observation, 0, 5, [(SLOW, 1.0)], SLOW)
    for state, value in (("status", "interrupted"), ("inspection", None)):
        with Journal.open(journal_url(planned.directory)) as journal:
            journal.set_state(state, value)
        with pytest.raises(KeyboardInterrupt):
            runs.carry_out(planned)
    assert called[0] == ("resume", str(planned.directory))
    assert called[1][:2] == ("run", kernel) and not planned.directory.exists()
