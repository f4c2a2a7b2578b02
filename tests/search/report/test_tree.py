"""The tree of the population: which candidates get a row, where it stands, and that none is lost."""
from __future__ import annotations

import math
import random
import re

from kernwright.kernels.candidate import Candidate, Lineage
from kernwright.search.report.history import points
from kernwright.search.report.tree import tree
from kernwright.search.report.tree_chart import tree_chart
from kernwright.workers.evaluation import Evaluation, Rung, Verdict
from report_runs import SEED, candidate, judged, verified


def grown(*named, leader, most=30):
    """named: (candidate, speedup; None: found wrong)."""
    rows = judged(*((c, verified(c, s, SEED.identity) if s else Evaluation(c.identity, Verdict.WRONG, Rung.SMOKE, "no", False)) for c, s in named))
    return tree(rows, points(rows, SEED.identity), leader.identity, most)


TILED = candidate("tiled", "rewrite:tile", SEED)
VIEWS = candidate("views", "rewrite:views", SEED)
TUNED = candidate("tuned", "tune", TILED)
CROSSED = candidate("crossed", "crossover:helpers", TUNED, VIEWS)
BROKEN = candidate("broken", "llm:m", TILED)


def test_the_line_to_the_champion_keeps_its_lane_and_others_are_set_in():
    found = grown((SEED, 1.0), (TILED, 1.5), (VIEWS, 1.2), (TUNED, 1.8), leader=TUNED)
    assert [(row.note, row.lane, row.on_line, row.is_leader) for row in found.rows] == [
        ("lifted to loops", 0, True, False), ("views", 1, False, False), ("tiled", 0, True, False), ("tuned", 0, True, True)]
    assert [row.number for row in found.rows] == [1, 3, 2, 4]


def test_a_crossover_descends_from_both_parents():
    found = grown((SEED, 1.0), (TILED, 1.5), (VIEWS, 1.2), (TUNED, 1.8), (CROSSED, 2.0), leader=CROSSED)
    notes = [row.note for row in found.rows]
    last = found.rows[notes.index("crossed")]
    assert [notes[branch.parent] for branch in last.branches] == ["tuned", "views"] and found.crossed
    assert "crossing" in tree_chart(found, "the champion")


def test_what_fell_is_counted_at_its_parent():
    found = grown((SEED, 1.0), (TILED, 1.5), (BROKEN, None), leader=TILED)
    (row,) = (row for row in found.rows if row.folded)
    assert row.note == "tiled" and (row.folded.count, row.folded.verified, row.folded.best) == (1, 0, None)


def test_thousands_fit_and_every_one_is_shown_or_counted():
    rng, made, named = random.Random(1), [SEED], [(SEED, 1.0)]
    for index in range(1500):
        parents = rng.sample(made[-9:], min(len(made[-9:]), 2 if index % 7 == 0 else 1))
        made.append(Candidate(f"def kernel(a):\n    return a + {index}\n",
                              lineage=Lineage(rng.choice(("tune", "rewrite:tile", "crossover:k")), str(index), tuple(p.identity for p in parents))))
        named.append((made[-1], math.exp(index / 900 + rng.gauss(0, 0.1))))
    found = grown(*named, leader=max(named, key=lambda item: item[1])[0])
    assert found.shown <= 30 and found.shown + found.folded + found.unplaced == 1501
    assert found.skips and sum(row.is_leader for row in found.rows) == 1 and len({row.operator for row in found.rows}) >= 4
    assert any(not row.on_line for row in found.rows), "the champion's line alone is no tree"
    assert all(branch.parent < number for number, row in enumerate(found.rows) for branch in row.branches[:1])


def test_a_journal_whose_lineage_runs_in_a_circle_or_into_nothing_has_a_tree():
    lost = candidate("lost", "tune", candidate("never journaled", "seed"))
    one = candidate("one", "tune", candidate("two", "tune"))
    two = candidate("two", "tune", one)
    assert two.identity == one.lineage.parents[0]
    found = grown((SEED, 1.0), (one, 1.2), (two, 1.3), (lost, 1.1), leader=two)
    assert {row.note for row in found.rows} == {"lifted to loops", "one", "two", "lost"}


def test_a_run_with_nothing_to_show_has_no_tree():
    assert grown((SEED, 1.0), leader=SEED) is None
    assert tree(judged(), [], None) is None


def test_the_drawing_stays_inside_its_frame_and_says_what_it_shows():
    found = grown((SEED, 1.0), (TILED, 1.5), (VIEWS, 1.2), (TUNED, 1.8), (CROSSED, 2.0), (BROKEN, None), leader=CROSSED)
    drawing = tree_chart(found, "the champion")
    width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', drawing).groups())
    places = [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)", drawing)]
    assert places and all(0 < x < width and 0 < y < height for x, y in places)
    assert "<title" in drawing and "A tree of 5 candidates from 1 root" in drawing
