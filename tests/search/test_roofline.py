"""The journal's state "roofline": bound, share of the gap, elites, and reasons where there is no bound."""
from __future__ import annotations

import json

import pytest
from kernwright.kernels.candidate import Candidate, Lineage
from kernwright.kernels.counting import Counted, Work
from kernwright.kernels.spec import KernelSpec
from kernwright.search.journal import Journal, RunRecord, journal_url
from kernwright.search.result import result_of
from kernwright.search.roofline import keep_roofline, roofline_of
from kernwright.workers.confirmation import Confirmation
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict

RECORD = RunRecord("r", "smooth", KernelSpec("smooth", "def smooth(a):\n    return a\n", "smooth"), {}, "some CPU", {}, 1.7e9)
MACHINE = {"key": "m", "threads": 2, "bandwidth_gb_s": 10.0, "gflop_s": {"float64": 100.0, "float32": 200.0}, "measured": "2026-01-01",
           "caches": {"L1": 1 << 15, "L3": 1 << 20}}
# 10 ms of memory traffic, 2 + 1 ms of arithmetic.
REFERENCE = Work({"float64": {"add": 150_000_000, "multiply": 50_000_000}, "float32": {"elementary": 25_000_000}}, 60_000_000, 40_000_000, 10**9, "counted")
LEAN = Work({"float64": {"add": 10}}, 60_000_000, 60_000_000, 5 * 10**8, "a polynomial")


@pytest.fixture
def journal(tmp_path):
    with Journal.create(journal_url(tmp_path), RECORD) as opened:
        yield opened


def confirm(journal, works=None, reasons=None, machine=MACHINE, why_not="", reference_ms=110.0, champion_ms=20.0, **changes):
    speedup = reference_ms / champion_ms
    survey = {"machine": machine, "counted": Counted(works or {}, reasons or {}).as_json(), "why_not": why_not, "seconds": 1.0}
    confirmation = Confirmation("c", Verdict.VERIFIED, machine="m", roofline=survey,
                                over_reference=Ratio(speedup, speedup, speedup, 60, champion_ms * 1e6, reference_ms * 1e6, "reference"))
    journal.set_state("confirmation", {**confirmation.as_json(), **changes})


def test_a_bound_by_memory_and_the_share_of_the_gap_that_is_closed(journal):
    confirm(journal, {"reference": REFERENCE})
    keep_roofline(journal)
    found = journal.state("roofline")
    assert (found["bound_ms"], found["limit"]) == (pytest.approx(10.0), "memory")
    assert found["gap_closed"] == pytest.approx(0.9)
    assert (found["reference_ms"], found["champion_ms"], found["why_not"], found["notes"]) == (110.0, 20.0, "", [])
    assert found["work"]["flops"] == 400_000_000 and found["work"]["bytes"] == 100_000_000
    assert found["machine"]["bandwidth_gb_s"] == 10.0
    assert result_of(journal)["roofline"] == found == json.loads(json.dumps(found))


def test_of_several_texts_the_fewest_operations_and_the_fewest_bytes_count(journal):
    confirm(journal, {"reference": REFERENCE, "champion": LEAN})
    found = roofline_of(journal)
    assert (found["work"]["flops"], found["work"]["bytes"]) == (10, 100_000_000)
    assert found["work"]["method"] == "operations: the champion, a polynomial; bytes: the reference, counted"
    assert found["work"]["touched"] == {"reference": 10**9, "champion": 5 * 10**8}


def test_a_bound_by_arithmetic_adds_up_the_precisions(journal):
    confirm(journal, {"reference": REFERENCE}, machine={**MACHINE, "bandwidth_gb_s": 1000.0})
    found = roofline_of(journal)
    assert (found["bound_ms"], found["limit"]) == (pytest.approx(3.0), "arithmetic")


def test_a_champion_below_the_bound_closes_more_than_the_gap_and_it_is_said_why(journal):
    confirm(journal, {"reference": REFERENCE}, champion_ms=5.0)
    found = roofline_of(journal)
    assert found["gap_closed"] == pytest.approx(1.05)
    assert "faster than the bound: its data stay in a cache" in found["notes"][0]


def test_no_gap_where_the_reference_is_at_the_bound_and_none_closed_by_a_slower_champion(journal):
    confirm(journal, {"reference": REFERENCE}, reference_ms=9.0, champion_ms=11.0)
    assert roofline_of(journal)["gap_closed"] is None
    confirm(journal, {"reference": REFERENCE}, reference_ms=50.0, champion_ms=60.0)
    assert roofline_of(journal)["gap_closed"] == 0.0


def test_integers_are_bounded_by_memory_alone_which_is_said(journal):
    confirm(journal, {"reference": Work({}, 400_000, 100_000)})
    found = roofline_of(journal)
    assert found["limit"] == "memory" and found["bound_ms"] == pytest.approx(0.05)
    assert "no floating-point numbers" in found["notes"][0] and "fit into the last-level cache" in found["notes"][1]
    confirm(journal, {"reference": Work()})
    assert roofline_of(journal)["bound_ms"] is None


def test_what_was_not_counted_or_not_measured_is_a_reason(journal):
    confirm(journal, reasons={"reference": "what np.linalg.svd costs is not known", "champion": "counting took too long"})
    found = roofline_of(journal)
    assert found["why_not"] == "not counted: what np.linalg.svd costs is not known; counting took too long"
    assert found["work"] is found["bound_ms"] is found["gap_closed"] is None
    confirm(journal, {"reference": REFERENCE}, machine={"key": "m"}, why_not="the machine's peaks could not be measured: busy")
    found = roofline_of(journal)
    assert found["work"]["flops"] == 400_000_000 and found["bound_ms"] is None and "busy" in found["why_not"]


def test_a_run_without_champion_or_of_an_older_version_has_none(journal):
    assert roofline_of(journal) is None
    confirm(journal, {"reference": REFERENCE}, verdict="wrong")
    assert roofline_of(journal) is None
    confirm(journal, {"reference": REFERENCE}, roofline={})
    keep_roofline(journal)
    assert journal.state("roofline") is None and result_of(journal)["roofline"] is None
    old = {key: value for key, value in journal.state("confirmation").items() if key != "roofline"}
    journal.set_state("confirmation", old)
    assert roofline_of(journal) is None


def test_elites_are_the_fastest_of_the_champions_machine_type(journal):
    confirm(journal, {"reference": REFERENCE})
    for number in range(20):
        candidate = Candidate(f"def kernel(a):\n    return a * {number}\n", lineage=Lineage("rewrite:tile"))
        journal.add_candidate(candidate, 1.0)
        ratio = Ratio(1.0 + number, 1.0, 30.0, 15, 40e6 / (1 + number), 40e6, "anchor")
        journal.add_evaluation(Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, faster=ratio, machine="m" if number < 19 else "other"), 2.0)
    elites = roofline_of(journal)["elites"]
    assert len(elites) == 16 and [e["ms"] for e in elites] == sorted(e["ms"] for e in elites)
    assert elites[0]["ms"] == pytest.approx(40 / 19)  # as the clock had it: nothing ties these to the champion
    assert elites[0]["of_roof"] == pytest.approx(10 / (40 / 19)) and elites[0]["gflop_s"] == pytest.approx(400 / (40 / 19))


def test_counts_that_a_hostile_process_sends_are_refused():
    for data in ({"works": {"reference": {"read": "8"}}, "reasons": {}}, {"works": {"reference": {"read": -1}}, "reasons": {}}, {"works": [], "reasons": {}},
                 {"works": {"reference": {"operations": {"float64": {"add": 1.5}}}}, "reasons": {}}, {"works": {"reference": {"operations": {"x": {}}}}, "reasons": {}}):
        with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
            Counted.from_json(data)


def test_elites_times_are_on_the_scale_of_the_champions_last_timing(journal):
    fast = Candidate("def kernel(a):\n    return a * 7\n")
    journal.add_candidate(fast, 1.0)
    # In the search the machine was three times slower than at the end.
    journal.add_evaluation(Evaluation(fast.identity, Verdict.VERIFIED, Rung.MEASURE, faster=Ratio(4.0, 3.9, 4.1, 15, 60e6, 240e6, "anchor"), machine="m"), 2.0)
    over_seed = Ratio(4.0, 3.9, 4.1, 60, 20e6, 80e6, "anchor")
    confirm(journal, {"reference": REFERENCE}, champion=fast.identity, over_seed={**vars(over_seed), "samples": []})
    (elite,) = roofline_of(journal)["elites"]
    assert elite["ms"] == pytest.approx(20.0) and elite["of_roof"] == pytest.approx(0.5)
