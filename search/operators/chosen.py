"""The operators by name, as the setting `operators` chooses them. Language models come beside them, one a profile."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...kernels.signature import Signature
from . import Operator


@dataclass(frozen=True)
class Place:
    """What operators need to know of a run. seed: of their draws. signature: of the reference. max_threads: the run's.

    finite: whether flags that assume finite numbers are open.
    """

    seed: int
    signature: Signature
    max_threads: int
    finite: bool


# What an operator is built on, such as Optuna, takes a while to load: each is imported only where it is wanted.
def _rewrite(place: Place) -> Operator:
    from .rewrite import RewriteOperator

    return RewriteOperator(place.signature, place.max_threads, place.finite)


def _tune(place: Place) -> Operator:
    from ..tuner import Tuner
    from .tune import TuneOperator

    return TuneOperator(Tuner(place.seed, place.signature, place.max_threads, place.finite))


OPERATORS: Mapping[str, Callable[[Place], Operator]] = {"rewrite": _rewrite, "tune": _tune}


def chosen_operators(names: Sequence[str], place: Place) -> list[Operator]:
    """The operators of these names, each once. Raises KeyError for an unknown one."""
    return [OPERATORS[name](place) for name in dict.fromkeys(names)]
