"""The guess at how hot a text's lines are."""
import random

import pytest
from kernwright.kernels.analysis.heat import Heat
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.search.operators.records import Records
from kernwright.search.operators.rewrite import RewriteOperator

TEXT = """
def half(x):
    for n in range(3):
        x = x / 2.0
    return x

def kernel(a, out0):
    for i in range(a.shape[0]):
        out0[i, 0] = 0.0
    for i in range(a.shape[0]):
        for j in range(1, a.shape[1]):
            out0[i, j] = half(a[i, j]) + out0[i, j - 1]
"""


@pytest.mark.parametrize("old, new, low, high", [
    ("out0[i, 0] = 0.0", "out0[i, 0] = -1.0", 0.0, 0.05),
    ("for i in range(a.shape[0]):\n        for", "for i in prange(a.shape[0]):\n        for", 0.5, 1.0),
    ("+ out0[i, j - 1]", "+ out0[i, j - 2]", 0.5, 1.0),
    ("x / 2.0", "x * 0.5", 0.2, 1.0),
    ("            out0[i, j]", "            b = 1\n            out0[i, j]", 0.5, 1.0),
])
def test_a_change_is_as_hot_as_the_work_in_the_lines_it_touches(old, new, low, high):
    assert TEXT.count(old) == 1
    text = TEXT.replace(old, new).replace("\n\n", "\n").strip().replace("\ndef kernel", "\n\ndef kernel")
    assert low <= Heat(TEXT).of_change(text) <= high


def test_a_change_of_options_alone_is_hot():
    assert Heat(TEXT).of_change(TEXT) == 1.0


def test_a_tiled_nest_is_as_hot_as_the_nest_that_it_was():
    plain = "def kernel(a):\n    for i in range(a.shape[0]):\n        a[i] = 1.0\n"
    tiled = ("def kernel(a):\n    for i_tile in range(0, a.shape[0], 16):\n"
             "        for i in range(i_tile, min(i_tile + 16, a.shape[0])):\n            a[i] = 1.0\n")
    both = tiled + "    for i in range(a.shape[0]):\n        a[i] = 2.0\n"
    assert 0.5 < Heat(both).of_change(both.replace("2.0", "3.0")) <= 1.0
    assert Heat(plain).of_change(plain.replace("1.0", "3.0")) > 0.5


class Population:
    def __init__(self, elite):
        self.elite = elite

    def elites(self):
        return [self.elite]

    def parent(self, rng):
        return None


class Elite:
    evaluation = type("Evaluation", (), {"faster": None})()
    candidate = Candidate(TEXT, convention="writes")


def test_rewrites_of_the_loop_that_takes_the_time_come_before_those_of_a_border():
    signature = Signature((Argument("a", "array", "float64", 2),), (Output("array", "float64", 2, ("a.shape[0]", "a.shape[1]")),))
    firsts = []
    for seed in range(20):
        operator = RewriteOperator(signature, 2, finite=True, names=("parallel",))
        firsts.append(operator.propose(Population(Elite), random.Random(seed)).lineage.note)
    assert sum("line 10" in note for note in firsts) >= 17, firsts


def test_a_change_that_was_tried_in_vain_is_worth_less_wherever_it_stands():
    records = Records()
    assert records.worth("loop j tiled in the nest at line 9") == 1.0
    records.try_change("loop j tiled in the nest at line 9")
    assert records.worth("loop j tiled in the nest at line 12") == 0.25
    records.change_won("loop j tiled in the nest at line 9")
    assert records.worth("loop j tiled in the nest at line 12") == 1.0
    assert records.worth("loop i tiled in the nest at line 9") == 1.0
