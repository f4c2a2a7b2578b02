"""result.json: the figures of a run, and the sentence and exit status that follow from them."""
from __future__ import annotations

import json

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions, Lineage
from kernwright.kernels.spec import KernelSpec
from kernwright.search.files import write_atomically
from kernwright.search.journal import Journal, RunRecord, journal_url
from kernwright.search.llm.call import CallStatus, LlmCall
from kernwright.search.result import lineage_of, milliseconds, result_of, times, write_result
from kernwright.workers.confirmation import Confirmation
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict

RECORD = RunRecord("r", "smooth", KernelSpec("smooth", "def smooth(a):\n    return a\n", "smooth"), {"seed": 5, "threads": 2},
                   "some CPU", {"numba": "0.68.1"}, 1.7e9)
REQUIRED = ("kernel seed evaluations distinct_kernels verdict reference_ms champion_ms speedup speedup_low speedup_high "
            "speedup_over_njit first_call_s evaluations_to_best wall_s threads threading_layer tool_calls llm_tokens machine").split()


def kernel(factor, operator="rewrite:tile", parents=()):
    return Candidate(f"def kernel(a):\n    return a * {factor}\n", lineage=Lineage(operator, "", tuple(parents)))


SEED, NJIT, CHAMPION = kernel(1, "seed"), kernel(2, "seed"), kernel(3, parents=("gone",))


def ratio(low, high, rival="reference"):
    middle = (low + high) / 2
    return Ratio(middle, low, high, 60, 2e6, middle * 2e6, rival, (low, high))


@pytest.fixture
def journal(tmp_path):
    with Journal.create(journal_url(tmp_path), RECORD) as opened:
        opened.set_state("anchor", SEED.identity)
        opened.set_state("njit", NJIT.identity)
        yield opened


def judge(journal, candidate, verdict=Verdict.VERIFIED, rung=Rung.MEASURE, purpose="search", code="", machine="m"):
    journal.add_candidate(candidate, 1.0)
    facts = {"code_hash": code} if code else {}
    journal.add_evaluation(Evaluation(candidate.identity, verdict, rung, facts=facts, machine=machine,
                                      faster=ratio(1.4, 1.6, SEED.identity) if verdict is Verdict.VERIFIED else None), 2.0, purpose)


def confirm(journal, champion=CHAMPION, reference=(9.0, 11.0), seed=(2.0, 2.2), njit=(1.5, 1.7), verdict=Verdict.VERIFIED):
    beside = {"over_seed": seed, "over_njit": njit}
    journal.set_state("confirmation", Confirmation(
        champion.identity, verdict, over_reference=ratio(*reference), first_call_s=0.7, threads=2, threading_layer="omp", machine="a CPU",
        defences=("seccomp",), **{name: ratio(*bounds, rival="x") if bounds else None for name, bounds in beside.items()}).as_json())
    journal.set_state("status", "finished")


def test_a_confirmed_champion_gives_all_figures_and_status_0(journal, tmp_path):
    for candidate in (SEED, NJIT, CHAMPION):
        judge(journal, candidate)
    confirm(journal)
    journal.set_state("wall_s", 60.5)
    journal.set_state("tool_calls", 9)
    journal.add_call(LlmCall("c", "p", "m", 1.0, 1.0, "", "", "", CallStatus.OK, 10, 5, 1, "", "", charged_tokens=15), 3.0)
    result = write_result(journal, tmp_path)
    assert set(REQUIRED) <= set(result)
    assert json.loads((tmp_path / "result.json").read_text()) == result
    assert (result["verdict"], result["exit_code"], result["champion"]) == ("verified", 0, CHAMPION.identity)
    assert (result["speedup_low"], result["speedup"], result["speedup_high"]) == (9.0, 10.0, 11.0)
    assert (result["reference_ms"], result["champion_ms"]) == (20.0, 2.0)
    assert result["speedup_over_seed"] == pytest.approx(2.1) and result["speedup_over_njit"] == pytest.approx(1.6)
    assert (result["evaluations"], result["evaluations_to_best"], result["wall_s"], result["tool_calls"]) == (3, 3, 60.5, 9)
    assert (result["llm_tokens"], result["machine"], result["threading_layer"], result["seed"]) == (15, "a CPU", "omp", 5)
    assert result["sentence"].startswith("smooth runs 10.0 times as fast as its reference (95 % interval 9.00 to 11.0)")


def test_an_evaluation_is_a_candidate_that_got_past_the_gate_counted_once(journal):
    judge(journal, SEED, purpose="seed_vs_reference", code="x")
    judge(journal, SEED, code="x")
    judge(journal, SEED, code="x", machine="another")
    judge(journal, NJIT, Verdict.BUILD_FAILED, Rung.SMOKE, "seed_vs_reference")
    judge(journal, CHAMPION, code="x")
    judge(journal, kernel(4), Verdict.REFUSED, Rung.GATE)
    judge(journal, kernel(5), Verdict.WRONG, Rung.VERIFY)
    judge(journal, kernel(5), Verdict.VERIFIED, purpose="final")
    journal.add_candidate(kernel(6), 3.0)
    journal.add_candidate(kernel(6), 4.0)
    result = result_of(journal)
    assert (result["evaluations"], result["refused"], result["repeats"]) == (4, 1, 4)
    assert result["distinct_kernels"] == 3
    assert result["by_verdict"] == {"verified": 2, "build failed": 1, "refused": 1, "wrong": 1}


@pytest.mark.parametrize("reference, said", [
    ((0.95, 1.04), "not measurably faster"), ((0.5, 0.7), "slower than it"), ((1.0, 1.2), "not measurably faster")])
def test_where_nothing_is_faster_than_the_reference_it_says_keep_your_code(journal, reference, said):
    judge(journal, CHAMPION)
    confirm(journal, reference=reference)
    journal.set_state("status", "finished")
    result = result_of(journal)
    assert result["sentence"].startswith("Keep your code, it is already the fastest known") and said in result["sentence"]
    stands = said == "slower than it"
    assert (result["verdict"], result["exit_code"]) == ("verified", 0)
    assert result["champion"] == ("reference" if stands else CHAMPION.identity)
    assert (result["speedup_low"] == 1.0 == result["speedup_high"]) or not stands


@pytest.mark.parametrize("seed, status", [((1.1, 1.2), 0), ((0.9, 1.05), 0), ((0.95, 1.0), 0), ((0.9, 0.99), 3), (None, 0)])
def test_not_slower_than_the_best_seed_means_that_the_interval_reaches_1(journal, seed, status):
    judge(journal, CHAMPION)
    confirm(journal, seed=seed)
    assert result_of(journal)["exit_code"] == status


def test_a_champion_that_is_the_seed_is_1_times_as_fast_as_it_and_the_sentence_says_so(journal):
    judge(journal, SEED)
    confirm(journal, champion=SEED, seed=None, njit=(1.1, 1.2))
    result = result_of(journal)
    assert (result["speedup_over_seed"], result["speedup_over_seed_low"], result["exit_code"]) == (1.0, 1.0, 0)
    assert "it is the best seed itself" in result["sentence"]


def test_a_champion_that_is_njit_of_the_reference_is_called_so(journal):
    judge(journal, NJIT)
    journal.set_state("anchor", NJIT.identity)
    confirm(journal, champion=NJIT, seed=None, njit=None)
    result = result_of(journal)
    assert result["speedup_over_njit"] == 1.0 and "the reference as it is under `@njit`" in result["sentence"]


def test_without_a_compiling_reference_there_is_no_figure_over_njit(journal):
    judge(journal, CHAMPION)
    journal.set_state("njit", None)
    confirm(journal, njit=None)
    assert result_of(journal)["speedup_over_njit"] is None


def test_an_interrupted_run_claims_nothing_and_tells_how_far_it_is(journal):
    judge(journal, SEED)
    journal.set_state("status", "interrupted")
    result = result_of(journal)
    assert result["verdict"] is result["speedup"] is result["champion"] is result["first_call_s"] is None
    assert result["exit_code"] == 3 and "was interrupted after 1 evaluation:" in result["sentence"]
    assert "no champion has been confirmed" in result["sentence"] and "fastest known" not in result["sentence"]


def test_a_finished_run_without_a_champion_verified_nothing(journal):
    journal.add_event("confirmation", {"verdict": "wrong", "champion": "x", "message": ""}, 3.0)
    journal.set_state("status", "finished")
    result = result_of(journal)
    assert (result["verdict"], result["exit_code"]) == ("nothing verified", 3)
    assert "Nothing was verified" in result["sentence"] and "wrong" in result["sentence"]


@pytest.mark.parametrize("verdict, stands", [(Verdict.BUILD_FAILED, True), (Verdict.TIMED_OUT, True), (Verdict.WRONG, False), (Verdict.RACE, False)])
def test_a_run_that_had_nothing_to_verify_keeps_the_reference_and_one_that_computed_something_else_has_failed(journal, verdict, stands):
    judge(journal, NJIT, verdict, Rung.SMOKE, "seed_vs_reference")
    judge(journal, NJIT, verdict, Rung.SMOKE)
    journal.set_state("kept", [{"line": 9, "reason": "np.unique has no loop form here", "text": ""}])
    assert result_of(journal)["verdict"] is None
    journal.set_state("status", "finished")
    result = result_of(journal)
    assert (result["exit_code"], result["champion"]) == ((0, "reference") if stands else (3, None))
    assert ("np.unique has no loop form here" in result["sentence"]) is stands


def test_an_empty_journal_has_a_result(journal, tmp_path):
    result = write_result(journal, tmp_path)
    assert set(REQUIRED) <= set(result) and result["evaluations"] == 0 and result["threads"] == 2


def test_the_lineage_leads_from_the_seed_and_ends_in_cycles_and_gaps(journal):
    middle = kernel(7, parents=(SEED.identity, "other"))
    last = Candidate(middle.text, JitOptions(parallel=True), lineage=Lineage("tune", "", (middle.identity,)))
    for candidate in (SEED, middle, last, CHAMPION):
        journal.add_candidate(candidate, 1.0)
    assert lineage_of(journal, last.identity) == [SEED, middle, last]
    assert lineage_of(journal, CHAMPION.identity) == [CHAMPION]
    assert lineage_of(journal, "unknown") == []
    one = Candidate("def kernel(a):\n    return a - 1\n")
    two = Candidate("def kernel(a):\n    return a - 2\n", lineage=Lineage("x", "", (one.identity,)))
    journal.add_candidate(Candidate(one.text, lineage=Lineage("x", "", (two.identity,))), 1.0)
    journal.add_candidate(two, 1.0)
    assert len(lineage_of(journal, one.identity)) == 2


def test_figures_are_written_as_people_read_them():
    assert [times(x) for x in (0.5, 9.994, 12.34, 1234.5)] == ["0.50", "9.99", "12.3", "1,234"]
    assert [milliseconds(x) for x in (12.3, 4_560, 4_560_000, 2.5e9, 5e12)] == ["12.3 ns", "4.56 µs", "4.56 ms", "2.5 s", "5,000 s"]


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = write_atomically(tmp_path / "a.json", "one")
    with pytest.raises(AttributeError):
        write_atomically(path, None)
    assert path.read_text() == "one" and [p.name for p in tmp_path.iterdir()] == ["a.json"]
