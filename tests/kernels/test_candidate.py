"""Candidate: what is told apart, and what a hostile text may cost to read."""
import gc
import time
import weakref

import pytest
from kernwright.kernels.candidate import Candidate, parse_tunables

HELPER = "def difference(p, q):\n    return p - q\n\n\ndef kernel(x, y):\n    return difference(p=x, q=y)\n"


def test_a_helper_s_keywords_follow_its_parameters():
    swapped = HELPER.replace("(p, q)", "(q, p)").replace("p - q", "q - p")
    renamed = HELPER.replace("p, q", "a, b").replace("p - q", "a - b").replace("p=x, q=y", "a=x, b=y")
    assert Candidate(HELPER).identity == Candidate(renamed).identity
    assert Candidate(HELPER).identity != Candidate(swapped).identity


@pytest.mark.parametrize("line", ["A = " + " " * 60_000, "A = 1" + " " * 60_000, "A = 1  # tune: " + " " * 60_000,
                                  "A" + " " * 60_000 + "= 1", "A = 1 " + "# tune:" * 9_000])
def test_blanks_without_end_cost_no_time(line):
    started = time.perf_counter()
    try:
        parse_tunables(line + "\n")
    except ValueError:
        pass
    assert time.perf_counter() - started < 0.5


def test_tunables_are_read_whatever_the_blanks():
    for line in ("TILE=8#tune:8,16", "TILE = 8   #  tune:  8  16  "):
        (tunable,) = parse_tunables(line)
        assert (tunable.name, tunable.value, tunable.choices) == ("TILE", 8, (8, 16))


def test_many_candidates_keep_few_syntax_trees():
    candidates = [Candidate(f"def kernel(a):\n    return a + {number}\n") for number in range(100)]
    held = [weakref.ref(candidate.tree) for candidate in candidates if candidate.identity]
    gc.collect()
    assert sum(tree() is not None for tree in held) < 20
    assert candidates[0].identity == Candidate(candidates[0].text + "# the same\n").identity


def test_a_tree_that_is_held_is_the_same_each_time():
    candidate = Candidate("def kernel(a):\n    return a\n")
    tree = candidate.tree
    for number in range(50):
        assert Candidate(f"def kernel(a):\n    return {number}\n").tree is not tree
    assert candidate.tree is tree
