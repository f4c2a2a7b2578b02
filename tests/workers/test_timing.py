"""Paired timing: right in the middle, honest about its width, and conservative when it stops early."""
import math
from contextlib import contextmanager

import numpy as np
import pytest
from kernwright.workers import timing
from kernwright.workers.intervals import signed_rank
from kernwright.workers.timing import TimingError, measure, reported, screen

NAMES = {"candidate": "a", "rival": "b", "rival_name": "reference"}


class World:
    """A simulated machine: time passes only where the session says so. Times wander (AR(1)), and are hit by spikes.

    cost: nanoseconds of one call by slot. bias: spread of each process's lasting preference for a slot.
    """

    def __init__(self, cost, seed=0, noise=0.0, drift=0.0, spikes=0.0, bias=0.0, trip=40_000, lag=0.9, own_clock=1.0):
        self.now, self.cost, self.trip, self.own_clock = 0.0, cost, trip, own_clock
        self.noise, self.drift, self.spikes, self.bias, self.lag = noise, drift, spikes, bias, lag
        self.rng = np.random.default_rng(seed)
        self.wander = 0.0
        self.batches = []
        self.most_calls = 10**9
        self.crowded_until = 0.0
        self.opened = []

    def session(self):
        return Session(self)

    @contextmanager
    def open(self, number, rival_first):
        self.opened.append((number, rival_first))
        yield self.session()

    def clock_ns(self):
        return int(self.now)

    def clock(self):
        return self.now / 1e9


class Session:
    def __init__(self, world):
        self.world = world
        self.waited = 0
        self.favour = {slot: math.exp(world.rng.normal(0, world.bias) / 2) for slot in ("a", "b")}
        self.prepared = None

    def prepare(self, slot, calls):
        self.prepared = (slot, min(calls, self.world.most_calls))
        self.world.now += 20_000
        return self.prepared[1]

    def go(self):
        world, (slot, calls) = self.world, self.prepared
        world.batches.append((slot, calls))
        world.wander = world.lag * world.wander + math.sqrt(1 - world.lag**2) * world.rng.normal(0, world.drift)
        stretch = math.exp(world.wander + world.rng.normal(0, world.noise))
        if world.rng.random() < world.spikes:
            stretch *= 1 + world.rng.exponential(0.3)
        spent = calls * world.cost[slot] * stretch * self.favour[slot]
        if world.now < world.crowded_until:  # kernel "b" has more threads than one to wait for
            self.waited += spent
            spent *= 2 if slot == "b" else 1
        world.now += spent + world.trip * (1 + 0.1 * world.rng.random())
        return int(spent * world.own_clock)

    def waited_ns(self):
        return int(self.waited)


@pytest.fixture
def make(monkeypatch):
    def build(*arguments, **keywords):
        world = World(*arguments, **keywords)
        monkeypatch.setattr(timing, "perf_counter_ns", world.clock_ns)
        monkeypatch.setattr(timing, "perf_counter", world.clock)
        return world

    return build


def test_the_ratio_is_the_speedup_of_the_candidate_over_its_rival(make):
    world = make({"a": 2_000, "b": 6_000}, noise=0.01)
    ratio = measure(world.session(), **NAMES)
    assert ratio.speedup == pytest.approx(3.0, rel=0.02)
    assert ratio.low <= 3.0 <= ratio.high
    assert ratio.rounds == len(ratio.samples) == 15
    assert ratio.candidate_ns == pytest.approx(2_000, rel=0.05)
    assert ratio.rival_ns == pytest.approx(6_000, rel=0.05)
    assert ratio.rival == "reference"


def test_slots_alternate_ABBA_then_BAAB_in_batches_of_the_target_length(make):
    world = make({"a": 1_000, "b": 1_000_000})
    measure(world.session(), **NAMES, rounds=6)
    timed = world.batches[-24:]
    assert "".join(slot for slot, _ in timed) == "abbabaab" * 3
    calls = dict(timed)
    assert calls["a"] == pytest.approx(timing.BATCH_NS / 1_000, rel=0.1)
    assert calls["b"] == pytest.approx(timing.BATCH_NS / 1_000_000, abs=1)


def test_a_slow_kernel_is_called_once_a_batch_and_warmed_up_once(make):
    world = make({"a": 900e6, "b": 900e6})
    measure(world.session(), **NAMES, rounds=6, seconds=0)
    assert [calls for _, calls in world.batches].count(1) == 2 + 4 * 6


def test_a_batch_is_shorter_where_inputs_for_more_calls_do_not_fit(make):
    world = make({"a": 10_000, "b": 10_000})
    world.most_calls = 37
    ratio = measure(world.session(), **NAMES)
    assert ratio.speedup == pytest.approx(1.0, rel=0.05)
    assert {calls for _, calls in world.batches[-40:]} == {37}


def test_the_round_trip_is_taken_off(make):
    world = make({"a": 4_000_000, "b": 12_000_000}, trip=3_000_000)
    assert measure(world.session(), **NAMES).speedup == pytest.approx(3.0, rel=0.03)


def test_slow_drift_falls_on_both(make):
    world = make({"a": 10_000, "b": 10_000}, drift=0.3, lag=0.999)
    assert measure(world.session(), **NAMES).speedup == pytest.approx(1.0, rel=0.02)


def test_a_time_budget_ends_a_measurement_but_not_below_six_rounds(make):
    world = make({"a": 50e6, "b": 50e6})
    assert 6 < measure(world.session(), **NAMES, rounds=50, seconds=2).rounds < 20
    assert measure(world.session(), **NAMES, rounds=50, seconds=0).rounds == 6


def test_a_child_whose_clock_contradicts_ours_is_not_believed(make):
    for own_clock in (0.3, 3.0):
        world = make({"a": 1e6, "b": 1e6}, own_clock=own_clock)
        with pytest.raises(TimingError, match="times the time"):
            measure(world.session(), **NAMES)


def test_a_measurement_that_was_disturbed_is_taken_again(make):
    world = make({"a": 1e6, "b": 2e6}, own_clock=3.0)
    opened = []

    @contextmanager
    def session(number, rival_first):
        opened.append(number)
        world.own_clock = 3.0 if len(opened) == 2 else 1.0
        yield world.session()

    assert reported(session, **NAMES, processes=6, rounds=2).speedup == pytest.approx(2.0, rel=0.03)
    assert opened == [0, 1, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("crowded_until_ms, speedup, takes", [(0, 1.0, 1), (150, 1.0, 2), (1e9, 2.0, 2)])
def test_a_measurement_while_others_had_the_cores_is_taken_once_more(make, crowded_until_ms, speedup, takes):
    world = make({"a": 1e6, "b": 1e6})
    world.crowded_until = crowded_until_ms * 1e6
    found = screen(world.session(), **NAMES, bar=0.0)
    assert found.ratio.speedup == pytest.approx(speedup, rel=0.05) and found.ratio.rounds == 12
    assert (found.crowded > 0.5) == (speedup > 1.5)
    assert world.batches.count(("a", 0)) + world.batches.count(("b", 0)) == takes * timing._NULL_BATCHES


def test_a_report_replaces_few_of_the_processes_whose_cores_others_had(make):
    world = make({"a": 1e6, "b": 1e6})
    world.crowded_until = 1e18
    assert reported(world.open, **NAMES, processes=6, rounds=2).speedup == pytest.approx(2.0, rel=0.05)
    assert [number for number, _ in world.opened] == [0, 0, 1, 1, 2, 3, 4, 5]


def test_screening_stops_early_where_the_answer_is_clear(make):
    for cost, decision, most in ((1e6, "slower", 1), (1.4e5, "slower", 5), (5e4, "faster", 5)):
        world = make({"a": cost, "b": 1e5}, noise=0.01)
        found = screen(world.session(), **NAMES, bar=0.9)
        assert found.decision == decision
        assert found.ratio.rounds <= most


def test_a_hopeless_candidate_that_takes_long_is_called_once(make):
    world = make({"a": 30e9, "b": 1e8})
    found = screen(world.session(), **NAMES, bar=0.9)
    assert found.decision == "slower" and world.batches.count(("a", 1)) == 1
    assert found.ratio.speedup == pytest.approx(1 / 300, rel=0.01)


def test_screening_stays_open_at_the_bar(make):
    wrong = 0
    for seed in range(100):
        world = make({"a": 1e6, "b": 1e6}, seed=seed, noise=0.03, drift=0.05, spikes=0.1)
        wrong += screen(world.session(), **NAMES, bar=1.0).decision != "open"
    assert wrong <= 3


def test_one_disturbed_batch_does_not_give_a_candidate_up(make):
    world = make({"a": 1e6, "b": 1e6})
    session = world.session()
    whole_go, count = session.go, [0]

    def go():
        count[0] += 1
        own = whole_go()
        if count[0] == 20:
            world.now += 200e6
        return own

    session.go = go
    assert screen(session, **NAMES, bar=0.5).decision == "faster"


@pytest.mark.parametrize(
    "trouble",
    [
        dict(noise=0.005, bias=0.002, drift=0.03, lag=0.99),
        dict(noise=0.01, bias=0.01, drift=0.03, spikes=0.03),
        dict(noise=0.03, bias=0.01, drift=0.03, spikes=0.15, lag=0.95),
        dict(noise=0.0, bias=0.02),
    ],
    ids=["quiet", "placement", "noisy", "placement only"],
)
def test_a_kernel_against_itself_comes_out_at_one(make, trouble):
    held, centers = 0, []
    for seed in range(100):
        world = make({"a": 3e6, "b": 3e6}, seed=seed, **trouble)
        ratio = reported(world.open, **NAMES, processes=8, rounds=6)
        held += ratio.low <= 1.0 <= ratio.high
        centers.append(ratio.speedup)
    assert held >= 90
    assert abs(np.median(centers) - 1) < 0.01


def test_the_interval_narrows_with_quiet_and_covers_a_true_speedup(make):
    held = 0
    for seed in range(60):
        world = make({"a": 3e6, "b": 3.3e6}, seed=seed, noise=0.01, bias=0.01)
        ratio = reported(world.open, **NAMES, processes=8, rounds=6)
        held += ratio.low <= 1.1 <= ratio.high
        assert ratio.high / ratio.low < 1.08
    assert held >= 54


def test_fresh_processes_alternate_who_is_built_first_and_have_equal_rounds(make):
    world = make({"a": 3e6, "b": 3e6})
    ratio = reported(world.open, **NAMES, processes=6, rounds=4)
    assert world.opened == [(n, n % 2 == 1) for n in range(6)]
    assert ratio.rounds == 24


def test_the_number_of_rounds_is_fixed_from_the_budget_before_the_first(make):
    world = make({"a": 1e9, "b": 1e9})
    assert reported(world.open, **NAMES, processes=6, rounds=10, seconds=60).rounds == 12
    with pytest.raises(ValueError, match="at least 6"):
        reported(world.open, **NAMES, processes=5)


def test_the_interval_is_symmetric_exact_and_deterministic():
    logs = np.random.default_rng(3).normal(0, 0.01, 12)
    speedup, low, high = signed_rank(logs)
    assert (speedup, low, high) == signed_rank(list(logs))
    inverse, inverse_low, inverse_high = signed_rank(-logs)
    assert inverse == pytest.approx(1 / speedup) and inverse_low == pytest.approx(1 / high) and inverse_high == pytest.approx(1 / low)
    assert low < speedup < high


@pytest.mark.parametrize("count", [2, 3, 6, 8, 15, 30, 60])
def test_the_interval_covers_the_truth_as_often_as_it_says(count):
    rng = np.random.default_rng(count)
    held = sum(low <= 1.0 <= high for _, low, high in (signed_rank(rng.standard_t(3, count) * 0.02) for _ in range(400)))
    assert held / 400 >= 0.93


def test_one_ratio_alone_promises_little_and_none_is_an_error():
    speedup, low, high = signed_rank([0.0])
    assert (speedup, low, high) == (1.0, 0.5, 2.0)
    with pytest.raises(ValueError):
        signed_rank([])


def test_real_kernels_in_this_process_are_told_apart():
    """Half the work takes about half the time: loose bounds, as the machine may be busy."""
    data = np.random.default_rng(0).standard_normal(200_000)
    kernels = {"a": lambda: np.sqrt(data[:100_000] ** 2), "b": lambda: np.sqrt(data**2)}

    class InProcess:
        def prepare(self, slot, calls):
            self.kernel, self.calls = kernels[slot], calls
            return calls

        def go(self):
            start = timing.perf_counter_ns()
            for _ in range(self.calls):
                self.kernel()
            return timing.perf_counter_ns() - start

        def waited_ns(self):
            return 0

    ratio = measure(InProcess(), **NAMES, rounds=7)
    assert ratio.speedup > 1.2
