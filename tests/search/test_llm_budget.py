"""A budget is never exceeded, whatever is in flight; an endpoint that fails is asked ever more rarely."""
import random
import threading

from kernwright.search.llm.breaker import Breaker
from kernwright.search.llm.budget import SMALLEST_ANSWER, Budget
from kernwright.search.llm.call import CallStatus, LlmCall


def call(status, charged, reserved=5000):
    return LlmCall("id", "p", "m", 0.0, 0.0, "", "", "", status, 0, 0, 1, "", "", reserved_tokens=reserved, charged_tokens=charged)


def test_a_call_is_counted_when_it_is_reserved():
    budget = Budget(calls=2)
    assert budget.reserve(10, 10) and budget.reserve(10, 10)
    assert budget.reserve(10, 10) is None and budget.spent_out(10, 10)
    assert budget.calls == 2


def test_what_a_call_did_not_use_is_free_again():
    budget = Budget(tokens=10_000)
    first = budget.reserve(2_000, 6_000)
    assert budget.reserve(2_000, 6_000) is None and not budget.spent_out(2_000, 6_000)
    budget.settle(first, 3_000)
    assert budget.reserve(1_000, 6_000).max_tokens == 6_000


def test_the_last_answer_is_cut_to_what_is_left_once_nothing_is_in_flight():
    budget = Budget(tokens=10_000)
    first = budget.reserve(1_000, 5_000)
    assert budget.reserve(1_000, 5_000) is None, "the first may still return what it does not need"
    budget.settle(first, 6_000)
    assert budget.reserve(1_000, 5_000).max_tokens == 3_000


def test_an_answer_too_short_to_be_one_is_not_asked_for():
    budget = Budget(tokens=1_000 + SMALLEST_ANSWER - 1)
    assert budget.reserve(1_000, 5_000) is None and budget.spent_out(1_000, 5_000)
    assert Budget(tokens=1_000 + SMALLEST_ANSWER).reserve(1_000, 5_000).max_tokens == SMALLEST_ANSWER


def test_reasoning_beside_the_answer_is_set_aside_too():
    budget = Budget(tokens=20_000)
    assert budget.reserve(1_000, 4_000, fixed=10_000).tokens == 15_000
    assert budget.reserve(1_000, 4_000, fixed=10_000) is None


def test_limits_hold_under_many_threads():
    budget, spent, lock = Budget(calls=300, tokens=400_000), [], threading.Lock()

    def work(seed):
        rng = random.Random(seed)
        while (reservation := budget.reserve(rng.randint(1, 900), 2_000)) is not None:
            used = rng.randint(0, reservation.tokens)
            budget.settle(reservation, used)
            with lock:
                spent.append(used)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(spent) == budget.calls <= 300
    assert sum(spent) == budget.tokens <= 400_000 and budget.overrun == 0


def test_a_resumed_budget_counts_what_was_journaled_and_the_unfinished_in_full():
    budget = Budget(calls=3, tokens=10_000)
    budget.restore([call(CallStatus.OK, 1_200), call(CallStatus.SENT, 5_000)])
    assert (budget.calls, budget.tokens) == (2, 6_200)
    assert budget.reserve(100, 1_000) and budget.reserve(100, 1_000) is None


def test_a_server_beyond_its_limit_is_noted_and_ends_the_budget():
    budget = Budget(tokens=5_000)
    budget.settle(budget.reserve(100, 2_000), 9_000)
    assert budget.overrun == 6_900 and budget.spent_out(1, 1)


def test_pauses_double_up_to_a_limit_and_end_with_a_success():
    breaker, now, pauses = Breaker(first_pause=1, longest_pause=8), 100.0, []
    for _ in range(6):
        breaker.failed(now)
        pauses.append(breaker.closed_until - now)
        assert breaker.allowed(breaker.closed_until - 0.1, 0, 4) == 0
        now = breaker.closed_until
        assert breaker.allowed(now, 0, 4) == 1 and breaker.allowed(now, 1, 4) == 0
    assert pauses == [1, 2, 4, 8, 8, 8]
    breaker.succeeded(now)
    assert breaker.allowed(now, 0, 4) == 2
    breaker.succeeded(now)
    assert breaker.allowed(now, 0, 4) == 4
    breaker.failed(now)
    assert breaker.closed_until == now + 1


def test_requests_that_fail_together_pause_once():
    breaker = Breaker(first_pause=1)
    for _ in range(8):
        breaker.failed(50.0)
    assert breaker.closed_until == 51.0
    breaker.succeeded(50.5)
    assert breaker.allowed(50.6, 0, 8) == 0, "an answer to an earlier request does not end the pause"


def test_retry_after_is_kept_within_reason():
    breaker = Breaker()
    breaker.failed(0.0, retry_after=20.0)
    assert breaker.closed_until == 20.0
    breaker.failed(30.0, retry_after=1e9)
    assert breaker.closed_until == 330.0
