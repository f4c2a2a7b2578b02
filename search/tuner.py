"""Tuner: tunables and jit options of a candidate by Optuna, one study in memory for each skeleton and machine type."""
from __future__ import annotations

import ast
import hashlib
import math
import random
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from ..kernels.candidate import FASTMATH_FLAGS, Candidate, JitOptions, Lineage, Number
from ..workers.evaluation import Evaluation, Verdict

optuna.logging.set_verbosity(optuna.logging.ERROR)

MODELLED_ASKS = 6
RANDOM_ASKS = 24
STARTUP_TRIALS = 6
FASTMATH_SETS: tuple[tuple[str, ...], ...] = (
    (), ("contract",), ("contract", "nsz", "reassoc"), ("afn", "arcp", "contract", "nsz", "reassoc"))
# These say something about the node or the run, nothing about the point.
_UNINFORMATIVE = frozenset({Verdict.LOST})
Point = Mapping[str, Any]


@dataclass(frozen=True)
class Space:
    """The parameters of one study. Their domain never changes: Optuna refuses a study whose domains do.

    tunables: for each tunable in the order of the text, its parameter's name and its choices, sorted.
    """

    tunables: tuple[tuple[str, tuple[Number, ...]], ...]
    fastmath: tuple[str, ...]
    parallel: bool
    threads: int

    @classmethod
    def of(cls, candidate: Candidate, max_threads: int, finite: bool) -> Space:
        """The space around `candidate`, its own tunable values and flags included."""
        sets = [*FASTMATH_SETS, *([tuple(sorted(FASTMATH_FLAGS))] if finite else []), candidate.options.fastmath]
        return cls(tuple((f"{place} {t.name}", tuple(sorted(t.choices))) for place, t in enumerate(candidate.tunables)),
                   tuple(dict.fromkeys(",".join(flags) for flags in sets)),
                   any(isinstance(n, ast.Name) and n.id == "prange" for n in ast.walk(candidate.tree)), max_threads)

    @property
    def size(self) -> int:
        """How many points there are."""
        ways = (1 + self.threads) if self.parallel else 1
        return math.prod(len(choices) for _, choices in self.tunables) * len(self.fastmath) * 2 * ways

    def distributions(self, parallel: bool) -> dict[str, BaseDistribution]:
        """The parameters' distributions. Three or more choices are ranks, so that the sampler knows what lies near."""
        found: dict[str, BaseDistribution] = {}
        for name, choices in self.tunables:
            found[name] = CategoricalDistribution(choices) if len(choices) < 3 else IntDistribution(0, len(choices) - 1)
        found["fastmath"] = CategoricalDistribution(self.fastmath)
        found["error_model"] = CategoricalDistribution(("python", "numpy"))
        if self.parallel:
            found["parallel"] = CategoricalDistribution((False, True))
            if parallel and self.threads > 1:
                found["threads"] = IntDistribution(1, self.threads)
        return found

    def ask(self, study: optuna.Study) -> tuple[Trial, Point]:
        """A trial and its point, as the study's sampler suggests."""
        trial = study.ask(self.distributions(parallel=False))
        if trial.params.get("parallel") and self.threads > 1:
            trial.suggest_int("threads", 1, self.threads)
        return trial, trial.params

    def draw(self, rng: random.Random) -> Point:
        """A point at random."""
        point = {name: rng.choice(values) for name, values in self._values().items()}
        if not point.get("parallel"):
            point.pop("threads", None)
        return point

    def _values(self) -> dict[str, Sequence[Any]]:
        return {name: d.choices if isinstance(d, CategoricalDistribution) else range(d.low, d.high + 1)
                for name, d in self.distributions(parallel=True).items()}

    def candidate(self, point: Point, base: Candidate) -> Candidate:
        """`base` moved to `point`."""
        values = {}
        for tunable, (name, choices) in zip(base.tunables, self.tunables):
            values[tunable.name] = point[name] if len(choices) < 3 else choices[point[name]]
        parallel = bool(point.get("parallel", False))
        threads = point.get("threads", self.threads)
        options = JitOptions(parallel, tuple(flag for flag in point["fastmath"].split(",") if flag), point["error_model"],
                             threads if parallel and threads < self.threads else None)
        return replace(base.with_tunables(values), options=options)

    def point(self, candidate: Candidate) -> Point | None:
        """Where `candidate` lies, None if outside this space."""
        options, found = candidate.options, {}
        if len(candidate.tunables) != len(self.tunables):
            return None
        for tunable, (name, choices) in zip(candidate.tunables, self.tunables):
            if tunable.value not in choices:
                return None
            found[name] = tunable.value if len(choices) < 3 else choices.index(tunable.value)
        found["fastmath"], found["error_model"] = ",".join(options.fastmath), options.error_model
        if self.parallel:
            found["parallel"] = options.parallel
            if options.parallel and self.threads > 1:
                found["threads"] = min(options.threads or self.threads, self.threads)
        elif options.parallel:
            return None
        return found if found["fastmath"] in self.fastmath else None


@dataclass
class _Study:
    """What is known of a skeleton on a machine type; `optuna` is created when a point is first asked for."""

    skeleton: str
    machine: str
    space: Space
    rng: random.Random
    trials: list[FrozenTrial] = field(default_factory=list)
    optuna: optuna.Study | None = None
    exhausted: bool = False


class Tuner:
    """Proposes other tunables and options for a candidate, and learns from every evaluation, whoever proposed it.

    seed: of the samplers. max_threads: the run's threads. finite: whether flags that assume finite numbers are open.
    """

    def __init__(self, seed: int, max_threads: int, finite: bool) -> None:
        self._seed = seed
        self._max_threads = max(1, max_threads)
        self._finite = finite
        self._spaces: dict[str, Space] = {}
        self._studies: dict[tuple[str, str], _Study] = {}
        self._asked: dict[str, tuple[_Study, Trial]] = {}
        self._seen: set[str] = set()
        self._machine = ""

    def propose(self, candidate: Candidate, machine: str | None = None) -> Candidate | None:
        """A variant of `candidate` that was neither proposed nor evaluated before; None when none was found.

        machine: the machine type whose measurements guide the choice; None: the type that reported last. None is the
        answer once MODELLED_ASKS points of the sampler and RANDOM_ASKS at random were all known already.
        """
        study = self._study(candidate, self._machine if machine is None else machine)
        self._seen.add(candidate.identity)
        if study.exhausted:
            return None
        if study.optuna is None:
            study.optuna = self._create(study)
        for attempt in range(MODELLED_ASKS + RANDOM_ASKS):
            if attempt >= MODELLED_ASKS:
                # The sampler keeps to the good region; what is left unseen elsewhere is found by chance.
                point = study.space.draw(study.rng)
                if study.space.candidate(point, candidate).identity in self._seen:
                    continue
                study.optuna.enqueue_trial(point)
            trial, point = study.space.ask(study.optuna)
            variant = study.space.candidate(point, candidate)
            if variant.identity not in self._seen:
                self._seen.add(variant.identity)
                self._asked[variant.identity] = (study, trial)
                return replace(variant, lineage=Lineage("tune", _difference(candidate, variant), (candidate.identity,)))
            study.optuna.tell(trial, state=TrialState.FAIL)
        study.exhausted = True
        return None

    def learn(self, candidate: Candidate, evaluation: Evaluation) -> None:
        """Tell the study of the candidate's skeleton and the evaluation's machine type how the candidate did."""
        self._seen.add(candidate.identity)
        self._machine = evaluation.machine or self._machine
        study, trial = self._asked.pop(candidate.identity, (None, None))
        if study is not None:
            if evaluation.machine == study.machine:
                return _tell(study.optuna, trial, evaluation)
            study.optuna.tell(trial, state=TrialState.FAIL)
        if evaluation.verdict in _UNINFORMATIVE:
            return
        study = self._study(candidate, evaluation.machine)
        point = study.space.point(candidate)
        if point is not None:
            frozen = _frozen(study.space, point, evaluation)
            study.trials.append(frozen)
            if study.optuna is not None:
                study.optuna.add_trial(frozen)

    def forget(self, candidate: Candidate) -> None:
        """A proposed candidate will not be evaluated: free its place in the study."""
        study, trial = self._asked.pop(candidate.identity, (None, None))
        if study is not None:
            study.optuna.tell(trial, state=TrialState.FAIL)

    def rebuild(self, rows: Iterable[tuple[Candidate, Evaluation]]) -> None:
        """Learn all that a journal holds, in its order; what was in flight when it ended is open again."""
        for candidate, evaluation in rows:
            self.learn(candidate, evaluation)

    def studies(self) -> dict[tuple[str, str], optuna.Study]:
        """The studies that were asked so far, by skeleton and machine type."""
        return {key: study.optuna for key, study in self._studies.items() if study.optuna is not None}

    def _study(self, candidate: Candidate, machine: str) -> _Study:
        skeleton = candidate.skeleton
        if (skeleton, machine) not in self._studies:
            if skeleton not in self._spaces:
                self._spaces[skeleton] = Space.of(candidate, self._max_threads, self._finite)
            digest = hashlib.sha256(f"{self._seed}\0{skeleton}\0{machine}".encode()).digest()
            self._studies[skeleton, machine] = _Study(skeleton, machine, self._spaces[skeleton],
                                                      random.Random(int.from_bytes(digest[:8], "big")))
        return self._studies[skeleton, machine]

    @staticmethod
    def _create(study: _Study) -> optuna.Study:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(seed=study.rng.getrandbits(32), group=True, n_startup_trials=STARTUP_TRIALS)
        created = optuna.create_study(direction="maximize", sampler=sampler,
                                      study_name=f"{study.skeleton} on {study.machine or 'any machine'}")
        for trial in study.trials:
            created.add_trial(trial)
        return created


def _tell(study: optuna.Study, trial: Trial, evaluation: Evaluation) -> None:
    value = _value(evaluation)
    if value is not None:
        study.tell(trial, value)
    elif evaluation.verdict in _UNINFORMATIVE:
        study.tell(trial, state=TrialState.FAIL)
    else:
        for name, excess in _constraints(evaluation).items():
            trial.set_constraint(name, excess)
        study.tell(trial, state=TrialState.PRUNED)


def _frozen(space: Space, point: Point, evaluation: Evaluation) -> FrozenTrial:
    value = _value(evaluation)
    distributions = space.distributions(bool(point.get("parallel", False)))
    if value is not None:
        return create_trial(state=TrialState.COMPLETE, value=value, params=dict(point), distributions=distributions)
    return create_trial(state=TrialState.PRUNED, params=dict(point), distributions=distributions,
                        constraints=_constraints(evaluation))


def _value(evaluation: Evaluation) -> float | None:
    """The fitness, where the candidate was measured in full."""
    measured = evaluation.verdict is Verdict.VERIFIED and evaluation.faster is not None and evaluation.faster.speedup > 0
    return math.log(evaluation.faster.speedup) if measured else None


def _constraints(evaluation: Evaluation) -> dict[str, float]:
    """Too slow is merely bad; everything else that failed is a point to stay away from."""
    return {} if evaluation.verdict in (Verdict.TOO_SLOW, Verdict.VERIFIED) else {"fails": 1.0}


def _difference(old: Candidate, new: Candidate) -> str:
    """What changed, for the lineage: "TILE 8 -> 32, fastmath contract"."""
    parts = [f"{t.name} {t.value} -> {u.value}" for t, u in zip(old.tunables, new.tunables) if t.value != u.value]
    if old.options.parallel != new.options.parallel:
        parts.append("parallel" if new.options.parallel else "serial")
    if old.options.fastmath != new.options.fastmath:
        parts.append(f"fastmath {','.join(new.options.fastmath) or 'off'}")
    if old.options.error_model != new.options.error_model:
        parts.append(f"error_model {new.options.error_model}")
    if new.options.parallel and old.options.threads != new.options.threads:
        parts.append(f"threads {new.options.threads or 'all'}")
    return ", ".join(parts)
