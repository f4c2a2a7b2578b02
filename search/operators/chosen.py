"""The operators by name, as the setting `operators` chooses them. Language models come beside them, one a profile."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...kernels.candidate import Candidate
from ...kernels.signature import Signature
from . import Operator


@dataclass(frozen=True)
class Place:
    """What operators need to know of a run. seed: of their draws. signature: of the reference. max_threads: the run's.

    finite: whether flags that assume finite numbers are open. look_up: gives a candidate of the run by its
    identity, None for one that it does not know. exact: results are compared bit by bit, so that no other rounding passes.
    """

    seed: int
    signature: Signature
    max_threads: int
    finite: bool
    look_up: Callable[[str], Candidate | None] = lambda identity: None
    exact: bool = False


# What an operator is built on, such as Optuna, takes a while to load: each is imported only where it is wanted.
def _rewrite(place: Place) -> Operator:
    from ...kernels.transforms import ROUNDING, TRANSFORMS
    from .rewrite import RewriteOperator

    names = [name for name in TRANSFORMS if not place.exact or name not in ROUNDING]
    return RewriteOperator(place.signature, place.max_threads, place.finite, names)


def _tune(place: Place) -> Operator:
    from ..tuner import Tuner
    from .tune import TuneOperator

    return TuneOperator(Tuner(place.seed, place.signature, place.max_threads, place.finite))


def _random_search(place: Place) -> Operator:
    from .random_search import RandomSearch
    from .random_steps import RandomSteps

    return RandomSearch(RandomSteps(place.signature, place.max_threads, place.finite))


def _best_of_n(place: Place) -> Operator:
    from .best_of_n import BestOfN
    from .random_steps import RandomSteps

    return BestOfN(RandomSteps(place.signature, place.max_threads, place.finite))


def _crossover(place: Place) -> Operator:
    from .crossover import CrossoverOperator

    return CrossoverOperator(place.signature, place.look_up)


OPERATORS: Mapping[str, Callable[[Place], Operator]] = {"rewrite": _rewrite, "tune": _tune, "crossover": _crossover}
BASELINES: Mapping[str, Callable[[Place], Operator]] = {"random": _random_search, "best_of_n": _best_of_n}
"""What `bench search` compares the search with; a run has them only where the setting names them."""
KNOWN = {**OPERATORS, **BASELINES}


def chosen_operators(names: Sequence[str], place: Place) -> list[Operator]:
    """The operators of these names, each once. Raises KeyError for an unknown one."""
    return [KNOWN[name](place) for name in dict.fromkeys(names)]
