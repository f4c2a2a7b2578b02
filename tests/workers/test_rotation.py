"""The copies that timed calls run on: of each argument set in turn, and what is written has its first values again."""
import numpy as np
import pytest
from kernwright.workers.arena import Arena
from kernwright.workers.rotation import COPIES, Rotation

MANY = 10**9


def arenas(count, length=5):
    return [Arena.build((np.full(length, 10.0 * number), np.arange(length) + number, number), ()) for number in range(count)]


def values(rows):
    return [(float(a[0]), int(b[0]), c) for a, b, c in rows]


def test_calls_take_the_argument_sets_in_turn_each_whole():
    rotation = Rotation(arenas(2), frozenset(), MANY)
    rows, last = rotation.arguments(5, "slot")
    assert values(rows) == [(0, 0, 0), (10, 1, 1), (0, 0, 0), (10, 1, 1), (0, 0, 0)]
    assert last is rotation.arenas[0] and rotation.copies == COPIES
    assert rows[0][0] is not rows[2][0], "copies of one set are different memory"


@pytest.mark.parametrize("written", [frozenset(), frozenset({0})])
def test_single_calls_alternate_too_and_each_slot_goes_its_own_way(written):
    rotation = Rotation(arenas(2), written, MANY)
    for slot in ("one", "other"):
        seen = []
        for _ in range(4):
            rows, _ = rotation.arguments(1, slot)
            seen += values(rows)
            rotation.spend(1)
        assert seen == [(0, 0, 0), (10, 1, 1), (0, 0, 0), (10, 1, 1)]


def test_what_was_written_is_restored_before_the_next_calls():
    rotation = Rotation(arenas(2), frozenset({0}), MANY)
    rows, _ = rotation.arguments(3, "slot")
    for row in rows:
        row[0][:] = -1.0
    rotation.spend(3)
    again, _ = rotation.arguments(4, "slot")
    assert all(row[0][0] == 10.0 * row[2] for row in again)
    assert len({id(row[0]) for row in again}) == 4


def test_memory_bounds_the_copies_but_every_set_has_one():
    rotation = Rotation(arenas(2, 1000), frozenset({0}), 40_000)
    assert rotation.copies == 4 and rotation.affordable(100) == 1
    assert Rotation(arenas(2, 1000), frozenset({0}), 1).affordable(100) == 1
