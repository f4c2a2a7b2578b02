"""`bench library` without runs: which champion stands, what the table says, and that nothing measured is measured twice."""
import json
from dataclasses import replace

import pytest
from kernwright.search.bench.kept import Kept
from kernwright.search.bench.library import as_json, plan
from kernwright.search.bench.library_table import describe, geometric_mean, in_a_line
from kernwright.search.bench.standing import CHAMPION, NJIT, PARALLEL, PYTHRAN, SEED, Row, Standing
from kernwright.search.schema import RunError
from kernwright.workers.evaluation import Ratio


def ratio(speedup, spread=0.1):
    return Ratio(speedup, speedup * (1 - spread), speedup * (1 + spread), 60, 2e6, 2e6 * speedup, "reference")


def row(champion=8.0, over_seed=1.2, over_rival=1.1, **more):
    standings = {
        SEED: Standing(SEED, ratio(6.0)), CHAMPION: Standing(CHAMPION, ratio(champion)), NJIT: Standing(NJIT, ratio(7.0)),
        PARALLEL: Standing(PARALLEL, None, "wrong", "the result: nan is expected"), PYTHRAN: Standing(PYTHRAN, None, "n/a", "not installed"),
    }
    known = {"standings": standings, "rival": NJIT, "over_seed": ratio(over_seed), "over_rival": ratio(over_rival), "evaluations": 60,
             "machine": "zen3", "threads": 2, "measured": "2026-01-01"}
    return Row("softmax", True, **{**known, **more})


@pytest.mark.parametrize("made, stands", [
    (row(), True),
    (row(over_rival=0.95), True),             # the interval reaches 1
    (row(over_rival=0.8), False),
    (row(over_seed=0.8), False),
    (row(over_seed=1.0, over_rival=1.0), True),
    (Row("softmax", False), False),
    (Row("softmax", True, standings={CHAMPION: Standing(CHAMPION, None, "n/a", "raised")}), False),
])
def test_a_champion_stands_that_is_not_slower_than_seed_and_rival(made, stands):
    assert made.stands is stands


def test_a_kernel_without_a_champion_counts_as_its_reference():
    assert geometric_mean([row(champion=9.0), Row("other", False)]) == pytest.approx(3.0)
    assert geometric_mean([]) is None


def test_the_table_gives_figures_intervals_and_the_reasons_for_what_has_none():
    lines = describe([row(), Row("lost", False, failure="it did not end")], 3)
    text = "\n".join(lines)
    assert "2026-01-01, zen3, 2 thread(s); 60 evaluations each, seed 3." in text and "**1 of 2** kernels" in text
    line = next(line for line in lines if line.startswith("| softmax"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1:] == ["14 ms", "6.00", "7.00", "wrong", "n/a", "**8.00 (7.20 to 8.80)**", "1.20 (1.08 to 1.32)",
                         "1.10 (0.99 to 1.21)", "yes"]
    assert "- softmax, @njit(parallel, fastmath): wrong: the result: nan is expected" in lines
    assert "- softmax, Pythran: n/a: not installed" in lines and "- lost: it did not end" in lines
    assert len({len(line) for line in lines if line.startswith("|")}) == 1


def test_a_champion_that_is_the_seed_is_called_the_same():
    text = "\n".join(describe([replace(row(), over_seed=None)], 0))
    assert "the same" in text


def test_progress_is_a_line_a_kernel():
    assert "stands" in in_a_line(row()) and "wrong" in in_a_line(row()) and "\n" not in in_a_line(row())
    assert "it did not end" in in_a_line(Row("lost", False, failure="it did not end"))


def test_the_json_holds_every_figure():
    data = json.loads(json.dumps(as_json([row()], 0, 8.0)))
    assert data["stands"] == 1 == data["of"] and data["kernels"][0]["standings"]["champion"]["ratio"]["speedup"] == 8.0


def test_what_was_measured_is_kept_as_long_as_machine_and_champion_are_the_same(tmp_path):
    made = []
    for context in ({"machine": "zen3"}, {"machine": "zen3"}, {"machine": "zen4"}):
        Kept(tmp_path / "k.json", context).value("x", lambda context=context: made.append(context) or {"speedup": 2.0})
    assert made == [{"machine": "zen3"}, {"machine": "zen4"}]
    (tmp_path / "k.json").write_text("{")
    with pytest.raises(RunError, match="remove it"):
        Kept(tmp_path / "k.json", {})


def test_two_kernels_of_one_name_need_a_directory_each(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import kernwright\n@kernwright.kernel(inputs=lambda s, r: (r.random(s['n']),), sizes={'tiny': {'n': 2}, 'verify': {'n': 3},"
        " 'benchmark': {'n': 4}})\ndef softmax(a):\n    return a + 1.0\n")
    assert plan(["softmax"], 5, 0, tmp_path)[0].directory == tmp_path / "softmax"
    with pytest.raises(RunError, match="two kernels are called softmax"):
        plan(["softmax", f"{tmp_path}/mine.py:softmax"], 5, 0, tmp_path)
