"""Each mutation operator makes the damage that its name says, and nothing else."""
import ast

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.dialect.gate import complaint
from kernwright.kernels.mutants import OPERATORS
from kernwright.kernels.mutants.text import Text
from kernwright.kernels.signature import Argument, Output, Signature

SIGNATURE = Signature(
    (Argument("a", "array", "float64", 2), Argument("b", "array", "float64", 2), Argument("n", "int", "int64")),
    (Output("array", "float64", 1, ("a.shape[0]",)),),
)
SUMS = """
TILE = 8  # tune: 4 8
SCALE = 0.5

def kernel(a, b, n, out):
    low = np.zeros(n, dtype=np.float64)
    for i in range(1, a.shape[0]):
        total = 0.0
        largest = -np.inf
        for j in range(0, n, TILE):
            for k in range(j, min(j + TILE, n)):
                if a[i, k] < 2.0 and b[i, k] != 0.0:
                    total += np.exp(a[i, k] - b[i - 1, k] * SCALE) / abs(b[k, i])
                    largest = max(largest, a[i, k])
                else:
                    continue
        out[i] = total + largest * (n // 2)
    out[0] = low.sum()
"""
BLOCKS = """
def kernel(a, b, n, out):
    for i in prange(a.shape[0]):
        t = np.empty(8, dtype=np.float64)
        for j in range(8):
            t[j] = a[i, j]
        for j in range(1, 8):
            t[j] += t[j - 1]
        out[i] = t[7]
"""
# operator -> the text it damages, then for some of its mutants: (a line of the original, what becomes of it)
EXPECTED = {
    "loop bound off by one": (SUMS, [("for i in range(1, a.shape[0]):", "for i in range(2, a.shape[0]):"),
                                     ("for i in range(1, a.shape[0]):", "for i in range(1, a.shape[0] - 1):")]),
    "loop step changed": (SUMS, [("for i in range(1, a.shape[0]):", "for i in range(1, a.shape[0], 2):"),
                                 ("for j in range(0, n, TILE):", "for j in range(0, n, TILE + 1):")]),
    "end of a block dropped": (SUMS, [("for k in range(j, min(j + TILE, n)):", "for k in range(j, j + TILE):")]),
    "edge left out": (SUMS, [(None, "if i != 1:"), (None, "if i != a.shape[0] - 1:")]),
    "index off by one": (SUMS, [("largest = max(largest, a[i, k])", "largest = max(largest, a[i, k + 1])")]),
    "indices swapped": (SUMS, [("largest = max(largest, a[i, k])", "largest = max(largest, a[k, i])")]),
    "wrong array": (SUMS, [("largest = max(largest, a[i, k])", "largest = max(largest, b[i, k])")]),
    "wrong axis": (SUMS, [("for i in range(1, a.shape[0]):", "for i in range(1, a.shape[1]):")]),
    "comparison changed": (SUMS, [("if a[i, k] < 2.0 and b[i, k] != 0.0:", "if a[i, k] <= 2.0 and b[i, k] != 0.0:")]),
    "condition negated": (SUMS, [("if a[i, k] < 2.0 and b[i, k] != 0.0:", "if not (a[i, k] < 2.0 and b[i, k] != 0.0):")]),
    "and for or": (SUMS, [("if a[i, k] < 2.0 and b[i, k] != 0.0:", "if a[i, k] < 2.0 or b[i, k] != 0.0:")]),
    "term dropped": (SUMS, [("out[i] = total + largest * (n // 2)", "out[i] = total"),
                            ("out[i] = total + largest * (n // 2)", "out[i] = total + n // 2")]),
    "operands swapped": (SUMS, [("total += np.exp(a[i, k] - b[i - 1, k] * SCALE) / abs(b[k, i])",
                                 "total += np.exp(b[i - 1, k] * SCALE - a[i, k]) / abs(b[k, i])")]),
    "operator exchanged": (SUMS, [("out[i] = total + largest * (n // 2)", "out[i] = total - largest * (n // 2)"),
                                  ("out[i] = total + largest * (n // 2)", "out[i] = total + (largest + n // 2)")]),
    "min or max dropped": (SUMS, [("largest = max(largest, a[i, k])", "largest = a[i, k]"),
                                  ("largest = max(largest, a[i, k])", "largest = min(largest, a[i, k])")]),
    "function dropped": (SUMS, [("total += np.exp(a[i, k] - b[i - 1, k] * SCALE) / abs(b[k, i])",
                                 "total += (a[i, k] - b[i - 1, k] * SCALE) / abs(b[k, i])")]),
    "abs dropped": (SUMS, [("total += np.exp(a[i, k] - b[i - 1, k] * SCALE) / abs(b[k, i])",
                            "total += np.exp(a[i, k] - b[i - 1, k] * SCALE) / b[k, i]")]),
    "rounding changed": (SUMS, [("out[i] = total + largest * (n // 2)", "out[i] = total + largest * -(-n // 2)")]),
    "integer off by one": (SUMS, [("out[i] = total + largest * (n // 2)", "out[i] = total + largest * (n // 3)")]),
    "constant nudged": (SUMS, [("SCALE = 0.5", "SCALE = 0.5000001")]),
    "sign changed": (SUMS, [("SCALE = 0.5", "SCALE = -0.5")]),
    "wrong start": (SUMS, [("total = 0.0", "total = 1.0"), ("largest = -np.inf", "largest = 0.0")]),
    "rounded to single": (SUMS, [("out[i] = total + largest * (n // 2)", "out[i] = np.float32(total + largest * (n // 2))")]),
    "accumulator narrowed": (SUMS, [("total += np.exp(a[i, k] - b[i - 1, k] * SCALE) / abs(b[k, i])",
                                     "total = np.float32(total + np.exp(a[i, k] - b[i - 1, k] * SCALE) / abs(b[k, i]))")]),
    "array narrowed": (SUMS, [("low = np.zeros(n, dtype=np.float64)", "low = np.zeros(n, dtype=np.float32)")]),
    "statement deleted": (SUMS, [("out[i] = total + largest * (n // 2)", None)]),
    "initialisation deleted": (SUMS, [("total = 0.0", None)]),
    "memory not cleared": (SUMS, [("low = np.zeros(n, dtype=np.float64)", "low = np.empty(n, dtype=np.float64)")]),
    "statement repeated": (SUMS, [(None, "total += np.exp(a[i, k] - b[i - 1, k] * SCALE) / abs(b[k, i])")]),
    "statements swapped": (BLOCKS, [("t = np.empty(8, dtype=np.float64)", "t = np.empty(8, dtype=np.float64)")]),
    "reset moved out": (SUMS, [("total = 0.0", "total = 0.0")]),
    "reset moved in": (SUMS, [("largest = -np.inf", "largest = -np.inf")]),
    "break added": (SUMS, [(None, "break")]),
    "jump dropped": (SUMS, [("continue", "pass"), ("continue", "break")]),
    "memory shared": (SUMS, [("low = np.zeros(n, dtype=np.float64)", "low = out")]),
    "dependent iterations parallel": (BLOCKS.replace("prange", "range"), [("for j in range(1, 8):", "for j in prange(1, 8):")]),
    "scratch shared": (BLOCKS, [("t = np.empty(8, dtype=np.float64)", "t = np.empty(8, dtype=np.float64)")]),
    "scalar shared": (SUMS.replace("for i in range", "for i in prange"), [(None, "total_shared[0] = 0.0")]),
    "nan ignored": (SUMS, []),
}
MOVES = {"statements swapped", "reset moved out", "reset moved in", "scratch shared"}


def made(operator, text, finite=False):
    candidate = Candidate(text, JitOptions(parallel="prange" in text), "writes")
    source = Text(candidate, SIGNATURE, finite)
    mutants = [source.apply(edit, operator) for edit in OPERATORS[operator](source)]
    return candidate, [mutant for mutant in mutants if not complaint(mutant)]


def lines(text):
    return [line.strip() for line in text.strip().splitlines() if line.strip()]


def test_every_operator_is_tested():
    assert set(EXPECTED) == set(OPERATORS)


@pytest.mark.parametrize("operator", EXPECTED)
def test_an_operator_makes_distinct_candidates_of_the_dialect_and_names_itself(operator):
    original, mutants = made(operator, EXPECTED[operator][0])
    assert mutants
    identities = [m.identity for m in mutants]
    assert original.identity not in identities and len(set(identities)) == len(identities)
    assert all(m.lineage.operator == f"mutant:{operator}" and m.lineage.parents == (original.identity,) for m in mutants)


@pytest.mark.parametrize("operator", EXPECTED)
def test_an_operator_makes_the_damage_that_its_name_says(operator):
    text, changes = EXPECTED[operator]
    _, mutants = made(operator, text)
    before = lines(text)
    for old, new in changes:
        def shows_change(mutant, old=old, new=new):
            after = lines(mutant.text)
            if operator in MOVES:
                return sorted(after) == sorted(before) and after.index(new) != before.index(old)
            dropped = old is None or after.count(old) < before.count(old)
            return dropped and (new is None or after.count(new) > before.count(new))
        assert any(map(shows_change, mutants)), "\n".join(m.text for m in mutants)


def test_damage_leaves_the_rest_of_the_text_alone():
    _, mutants = made("constant nudged", SUMS)
    before = lines(SUMS)
    assert [sum(a != b for a, b in zip(before, lines(m.text))) for m in mutants] == [1] * len(mutants)


def test_tunables_are_no_constants_to_damage_and_keep_their_domain():
    for operator in ("integer off by one", "sign changed", "constant nudged"):
        assert all("TILE = 8  # tune: 4 8" in m.text for m in made(operator, SUMS)[1])


def test_independent_iterations_are_not_called_a_race():
    text = "def kernel(a, b, n, out):\n    for i in range(a.shape[0]):\n        out[i] = a[i, 0] + n\n"
    assert made("dependent iterations parallel", text)[1] == []


def test_a_loop_that_carries_a_scalar_becomes_a_race():
    text = ("def kernel(a, b, n, out):\n    last = 0.0\n    for i in range(a.shape[0]):\n        out[i] = last\n"
            "        last = a[i, 0] * 0.5 + last * last\n")
    (mutant,) = made("dependent iterations parallel", text)[1]
    assert mutant.options.parallel and "prange(a.shape[0])" in mutant.text


def test_ignoring_nan_is_no_damage_where_the_spec_excludes_it():
    assert made("nan ignored", SUMS, finite=True)[1] == []
    assert {m.options.fastmath for m in made("nan ignored", SUMS)[1]} == {("nnan",), ("ninf",)}


def test_a_sum_over_an_axis_is_taken_over_another():
    text = "def kernel(a, b, n, out):\n    out[:] = np.sum(a, axis=1)\n"
    assert [lines(m.text)[-1] for m in made("wrong axis", text)[1]] == ["out[:] = np.sum(a, axis=0)"]


def test_slices_are_shifted_at_either_end():
    text = "def kernel(a, b, n, out):\n    out[1:n] = a[0, 1:n]\n"
    found = {lines(m.text)[-1] for m in made("index off by one", text)[1]}
    assert {"out[2:n] = a[0, 1:n]", "out[1:n - 1] = a[0, 1:n]", "out[1:n] = a[1, 1:n]", "out[1:n] = a[0, 0:n]"} <= found


def test_the_original_is_never_changed():
    candidate = Candidate(SUMS, JitOptions(), "writes")
    before = ast.dump(candidate.tree)
    source = Text(candidate, SIGNATURE)
    for name, operator in OPERATORS.items():
        for edit in operator(source):
            source.apply(edit, name)
    assert ast.dump(candidate.tree) == before
