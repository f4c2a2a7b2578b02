"""The roofline in the report: what is said of the gap, and that a run without one shows nothing false."""
from __future__ import annotations

import pytest
from kernwright.search.report.roofline import roofline
from kernwright.search.report.roofline_chart import _labels, roofline_chart
from report_runs import ROOFLINE, ratio


def test_the_share_of_the_gap_is_said_in_words():
    found = roofline(ROOFLINE, ratio(2.5, "seed"))
    assert found.sentence == ("98 % of the gap between the reference and the roofline is closed: the champion needs 1 ms where the machine "
                              "would permit 800 µs (memory bandwidth is the limit), 1.25 times less.")
    assert {place.name: (place.ms, place.gflop_s) for place in found.places} == {
        "reference": (10.4, pytest.approx(0.3846, rel=1e-3)), "best seed": (2.5, 1.6), "champion": (1.0, 4.0)}
    assert "98 % of the gap" in roofline_chart(found)


def test_kernels_that_are_as_fast_share_a_label():
    assert _labels([("reference", 0.5), ("best seed", 3.96), ("champion", 4.0)], 6.0) == [("champion, best seed", 4.0), ("reference", 0.5)]
    assert len(_labels([("best seed", 1.0), ("champion", 4.0)], 6.0)) == 2


def test_where_the_reference_is_kept_no_champion_is_spoken_of():
    found = roofline(ROOFLINE, ratio(2.5, "seed"), "best verified kernel")
    assert "the best verified kernel needs" in found.sentence and "champion" not in str(found.places) + found.sentence
    assert "best verified kernel" in roofline_chart(found)


def test_all_is_closed_only_where_nothing_is_left():
    assert roofline({**ROOFLINE, "gap_closed": 0.9999}, None).sentence.startswith("99 %")
    assert roofline({**ROOFLINE, "gap_closed": 1.0, "champion_ms": 0.8}, None).sentence.startswith("The whole gap")
    assert roofline({**ROOFLINE, "gap_closed": None}, None).sentence.startswith("The champion needs")


@pytest.mark.parametrize("changed", [
    {"work": None, "bound_ms": None, "gap_closed": None, "why_not": "the kernel sorts"},
    {"work": {"flops": 0, "bytes": 800, "method": "counted"}}, {"machine": {}}, {"machine": None}, {"reference_ms": None, "champion_ms": None},
])
def test_what_is_not_known_is_left_out(changed):
    found = roofline({**ROOFLINE, **changed}, None)
    assert roofline_chart(found) is None
    assert not (found.sentence and found.bound_ms is None)
