"""Other orders of iterations: legal kernels give the same bits, and what leaks between iterations shows."""
import pytest
from kernwright.kernels.interpret.orders import compare_orders, orders
from parallel_kernels import LOGGED, PROVEN, RACY

LEGAL = {**PROVEN, **LOGGED}
SHOWN = ("prefix sum", "Gauss-Seidel in place", "wrong stride", "a flag that leaks", "the last value leaks",
         "reversed copy in place", "two iterations an element", "modulo four", "one border element",
         "two names for one array", "a view shifted by one", "a reversed view", "an index that is carried", "swapped names")


@pytest.mark.parametrize("kernel", LEGAL.values(), ids=LEGAL.keys())
def test_a_legal_kernel_gives_the_same_in_every_order(kernel):
    report = compare_orders(kernel.candidate, kernel.inputs(9, 6), kernel.signature, seed=3)
    assert report.difference == "" and report.compared == tuple(orders(3)) and not report.log.races


@pytest.mark.parametrize("name", SHOWN)
def test_what_depends_on_the_order_shows(name):
    kernel = RACY[name]
    report = compare_orders(kernel.candidate, kernel.inputs(9, 6), kernel.signature, seed=3)
    assert "in place of" in report.difference


@pytest.mark.parametrize("name", [name for name in RACY if name not in (
    "a race beyond 64 only", "the unsigned index, negated", "a product that leaves 64 bits", "buffers that are not always swapped")])
def test_the_racy_kernels_are_racy_by_the_log_too(name):
    kernel = RACY[name]
    found = [compare_orders(kernel.candidate, kernel.inputs(n, m), kernel.signature, seed=3).log for n, m in ((9, 6), (9, 1), (8, 12))]
    assert any(log.races or log.out_of_bounds for log in found)


def test_orders_are_fixed_by_the_seed_and_cover_every_iteration():
    first, again, other = (orders(seed)["shuffled"](range(20)) for seed in (1, 1, 2))
    assert list(first) == list(again) != list(other) and sorted(first) == list(range(20))


def test_the_arguments_are_left_as_they_are():
    kernel = RACY["a flag that leaks"]
    inputs = kernel.inputs(9, 6)
    before = [a.copy() for a in inputs]
    compare_orders(kernel.candidate, inputs, kernel.signature, seed=3)
    assert all((a == b).all() for a, b in zip(inputs, before))


def test_a_sum_may_differ_by_its_rounding():
    report = compare_orders(PROVEN["sum"].candidate, PROVEN["sum"].inputs(50, 3), PROVEN["sum"].signature, seed=3)
    assert report.rounding and report.difference == ""
