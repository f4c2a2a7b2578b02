"""Candidate: what is told apart, and what a hostile text may cost to read."""
import time

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


def test_knowing_who_a_candidate_is_keeps_no_syntax_tree():
    candidate = Candidate("def kernel(a):\n    return a\n")
    assert candidate.identity and "tree" not in vars(candidate)
    assert candidate.identity == Candidate(candidate.text + "# the same\n").identity
