"""The bench over mutants: a small real one, that it goes on where it was interrupted, and what its tables count."""
import json
from collections import Counter
from dataclasses import replace

import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.search.mutation.bench import FILE, bench_mutants
from kernwright.search.mutation.finding import Finding, Findings, Outcome
from kernwright.search.mutation.plan import Subject, damaged
from kernwright.search.mutation.table import Mutation, describe, reviewed
from kernwright.search.schema import RunError
from kernwright.workers.job import Assignment, JudgeSettings

SPEC = KernelSpec("largest_sums", '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    return rng.standard_normal((size["n"], size["m"])), rng.standard_normal(size["m"])

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 4, "m": 5}, "verify": {"n": 13, "m": 11}, "benchmark": {"n": 60, "m": 50}})
def largest_sums(a, w):
    return np.maximum(a * w, 0.0).sum(axis=1)
''', "largest_sums")
TEXT = """
def kernel(a, w, out):
    for i in range(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            total += max(a[i, j] * w[j], 0.0)
        out[i] = total
"""


@pytest.fixture(scope="module")
def subject():
    assignment = Assignment(SPEC, observe(SPEC.open(), 0, 30.0).signature, JudgeSettings())
    return Subject(assignment, (Candidate(TEXT, convention="writes"), Candidate(TEXT.replace("max(a[i, j] * w[j], 0.0)", "max(w[j] * a[i, j], 0.0)"), convention="writes")), False)


def finding(number, **what):
    known = {"kernel": "k", "identity": str(number), "original": "o", "operator": "term dropped", "line": 3,
             "description": "a + b -> a", "outcome": Outcome.CAUGHT, "check": "smoke"}
    return Finding(**{**known, **what})


def codes(subject):
    return {champion.identity: "code" for champion in subject.champions}


@pytest.mark.slow
def test_a_small_bench_catches_what_is_damaged_and_goes_on_where_it_was(subject, tmp_path):
    seen = []
    small = replace(subject, champions=subject.champions[:1])
    found = bench_mutants([small], 12, 1, tmp_path, report=seen.append)
    assert not found.refused and len(found.champions) == 1
    assert len(found.mutants) == 12 and len(found.caught) >= 9, describe(found)
    assert len(seen) == 13 == len((tmp_path / FILE).read_text().splitlines())
    assert all(f.message and f.verdict for f in found.caught)

    lines = (tmp_path / FILE).read_text().splitlines(keepends=True)
    (tmp_path / FILE).write_text("".join(lines[:-1]))
    more = bench_mutants([small], 12, 1, tmp_path, report=seen.append)
    assert len(seen) == 14 and [f.identity for f in more.mutants] == [f.identity for f in found.mutants]
    assert Findings(tmp_path / FILE)[more.caught[0].identity] == more.caught[0]
    json.dumps(more.as_json())


def test_mutants_are_shared_out_evenly_and_are_the_same_for_the_same_seed(subject):
    items = list(damaged([subject, replace(subject, champions=subject.champions[:1])], codes(subject), 41, 7))
    assert len(items) == 41 == len({item.candidate.identity for item in items})
    by_champion = Counter(item.original.identity for item in items[:20])
    assert set(by_champion.values()) == {10}
    again = damaged([subject, replace(subject, champions=subject.champions[:1])], codes(subject), 41, 7)
    assert [i.candidate.identity for i in again] == [i.candidate.identity for i in items]


def test_a_champion_that_was_refused_is_not_damaged(subject):
    first, second = subject.champions
    assert {item.original.identity for item in damaged([subject], {second.identity: "code"}, 10, 0)} == {second.identity}


def test_the_rate_leaves_out_what_is_no_damage():
    mutants = [finding(1), finding(2, check="access"), finding(3, outcome=Outcome.SURVIVED, check=""),
               finding(4, outcome=Outcome.SURVIVED, check=""), finding(5, outcome=Outcome.SAME_CODE, check=""),
               finding(6, outcome=Outcome.NOT_COMPILED)]
    found = Mutation((), tuple(mutants), {"4": "reads the same element"})
    assert found.rate == 2 / 3
    assert [f.identity for f in found.survivors] == ["3"] and [f.identity for f in found.equivalent] == ["4"]
    (row,) = [line for line in describe(found) if line.startswith("| term dropped")]
    assert row == "| term dropped | 1 | 1 | 1 | 1 | 1 | 1 | 6 |"


def test_an_undamaged_champion_that_is_refused_is_listed():
    champion = finding(1, operator="", verdict="wrong", message="differs")
    found = Mutation((champion, finding(2, operator="", outcome=Outcome.SURVIVED)), (), {})
    assert found.refused == [champion] and found.rate is None
    assert any("differs" in line for line in describe(found))


def test_findings_are_kept_and_only_doubtful_ones_are_judged_again(tmp_path):
    file = tmp_path / "sub" / FILE
    findings = Findings(file)
    caught, survived = finding(1), finding(2, outcome=Outcome.SURVIVED)
    refused, sound = finding(3, operator=""), finding(4, operator="", outcome=Outcome.SURVIVED)
    for one in (caught, survived, refused, sound):
        findings.add(one)
    assert all(number in Findings(file) for number in "1234")
    again = Findings(file, again=True)
    assert [number in again for number in "1234"] == [True, False, False, True]


def test_a_torn_or_foreign_file_of_findings_is_named(tmp_path):
    (tmp_path / FILE).write_text('{"kernel": 3')
    with pytest.raises(RunError, match=FILE):
        Findings(tmp_path / FILE)


def test_reviewed_mutants_have_reasons():
    assert all(why for why in reviewed().values())
