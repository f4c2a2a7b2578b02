"""The bench over a suite in the NPBench layout: what it says of each program, its totals, and that nothing is done twice."""
import json
import shutil
from pathlib import Path

import pytest
from kernwright.kernels.lift.kept import Kept
from kernwright.kernels.lift.share import Share
from kernwright.search.bench import field, npbench
from kernwright.search.bench.npbench_table import describe, in_a_line
from kernwright.search.bench.programs import LIFTED, Program, Totals, as_json
from kernwright.search.bench.standing import NJIT, PYTHRAN, Standing
from kernwright.workers.evaluation import Ratio

SUITE = Path(__file__).parent.parent.parent / "fixtures" / "npbench_suite"


def ratio(speedup):
    return Ratio(speedup, speedup * 0.9, speedup * 1.1, 60, 1e5, 1e5 * speedup, "reference")


STENCIL = Program("stencil", Share(4, 4), (), 6, True, False, {LIFTED: Standing(LIFTED, ratio(9.0)), NJIT: Standing(NJIT, ratio(2.0)),
                  PYTHRAN: Standing(PYTHRAN, None, "n/a", "Pythran is not installed")}, 0, (), "zen", 2, "2026-11-26")
SOLVER = Program("solver", Share(1, 4), (Kept(7, "x = np.linalg.solve(a,\n  b)", "np.linalg.solve has no loop form here"),), 2, False, False,
                 {LIFTED: Standing(LIFTED, None, "wrong", "differs in 3 elements")}, 0, ("wrong: differs in 3 elements",), "zen", 2, "2026-11-26")
SORT = Program("sort", Share(0, 2), (), 0, True, True, {}, 0, (), "zen", 2, "2026-11-26")
BROKEN = Program("broken", failure="broken.json has no benchmark")


def test_what_was_not_timed_counts_as_one_in_the_geometric_mean():
    totals = Totals.of([STENCIL, SOLVER, BROKEN])
    assert (totals.programs, totals.verified, totals.share) == (3, 1, Share(5, 8))
    assert totals.means == {LIFTED: pytest.approx(9.0 ** (1 / 3)), NJIT: pytest.approx(2.0 ** (1 / 3))}
    assert totals.timed[LIFTED] == 1 and Totals.of([]).means == {}


def test_the_table_says_what_lifted_what_did_not_and_why_a_figure_is_missing():
    said = "\n".join(describe([STENCIL, SOLVER, BROKEN], "S"))
    assert "**5 of 8** array statements lift (62 %); **1 of 3** programs come out verified" in said
    assert "the best lifted seed alone **2.08** (timed on 1)" in said and "preset S, seeds only, no search" in said
    assert "9.00 (8.10 to 9.90)" in said or "9.0 (8.1 to 9.9)" in said
    assert "- solver, line 7 stays as it is: `x = np.linalg.solve(a,` (np.linalg.solve has no loop form here)" in said
    assert "- stencil, Pythran: n/a: Pythran is not installed" in said and "- broken: broken.json has no benchmark" in said
    assert in_a_line(STENCIL).startswith("stencil") and "4 of 4 statements lifted, verified: yes" in in_a_line(STENCIL)
    assert "**2 of 2** programs come out verified, 1 of them as they were" in "\n".join(describe([STENCIL, SORT], "S"))
    assert json.loads(json.dumps(as_json([STENCIL, SOLVER])))["totals"]["share"] == {"lifted": 5, "statements": 8}


@pytest.mark.parametrize("arguments, words", [
    ((f"npbench:{SUITE}", "moment"), "did you mean moments?"),
    ((f"npbench:{SUITE}", "--preset", "XL"), "there is no preset 'XL'; choose from M, S"),
    (("npbench:nowhere",), "nowhere does not exist"),
    (("npbench", "nowhere"), "nowhere does not exist"),
])
def test_a_suite_name_or_preset_that_there_is_not_is_one_line(kernwright, tmp_path, arguments, words):
    status, said, error = kernwright("bench", *arguments)
    assert (status, said) == (2, "") and len(error.strip().splitlines()) == 1 and words in error
    assert not list(tmp_path.iterdir())


def test_a_program_that_cannot_be_used_is_a_row_with_its_reason(tmp_path):
    shutil.copytree(SUITE, tmp_path / "suite")
    (tmp_path / "suite/bench_info/escape.json").write_text("{}")
    (program,) = npbench.bench_npbench(tmp_path / "suite", ["escape"], None, 0, 0, tmp_path / "out", 1.0)
    assert program.failure.endswith('escape.json has no "benchmark" at its top') and not program.verified


@pytest.mark.slow
def test_a_suite_is_measured_once(kernwright, tmp_path, monkeypatch):
    def bench():
        status, said, error = kernwright("bench", f"npbench:{SUITE}", "regions", "--seconds", "1", "--out", "out", "--json")
        assert status == 0, error
        return json.loads(said)

    found = bench()
    (program,) = found["programs"]
    assert program["verified"] and program["share"]["lifted"] == program["share"]["statements"] == 5
    assert program["standings"][LIFTED]["ratio"]["speedup"] > 0 and found["totals"]["verified"] == 1
    monkeypatch.setattr(field.court, "check", None)     # whatever would measure again fails
    monkeypatch.setattr(npbench, "examine", None)
    assert bench() == found
