"""Tuner: tunables and jit options of a candidate by Optuna, one study in memory for each skeleton and machine type."""
from __future__ import annotations

import hashlib
import math
import random
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import itemgetter
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from ..kernels.candidate import Candidate, JitOptions, Lineage, Number
from ..kernels.idle_flags import awake, without_idle
from ..kernels.signature import Signature
from ..kernels.transforms import options as options_rewrite
from ..workers.evaluation import Evaluation, Verdict

optuna.logging.set_verbosity(optuna.logging.ERROR)

MODELLED_ASKS = 6
RANDOM_ASKS = 24
STARTUP_TRIALS = 6
# These say something about the node or the run, nothing about the point.
_UNINFORMATIVE = frozenset({Verdict.LOST})
_INFORMATIVE = (TrialState.COMPLETE, TrialState.PRUNED)
Point = Mapping[str, Any]


@dataclass(frozen=True)
class Space:
    """The parameters of one study. Their domain never changes: Optuna refuses a study whose domains do.

    tunables: for each tunable in the order of the text, its parameter's name and its choices, sorted. fastmath,
    error_models, parallel: the options' choices, of which a single one is no parameter.
    """

    tunables: tuple[tuple[str, tuple[Number, ...]], ...]
    fastmath: tuple[str, ...]
    error_models: tuple[str, ...]
    parallel: tuple[bool, ...]
    threads: int

    @classmethod
    def of(cls, candidate: Candidate, signature: Signature, max_threads: int, finite: bool) -> Space:
        """The space around `candidate`: its tunables, and whatever the options rewrite can change of its options."""
        reached = [without_idle(candidate), *(rewrite.candidate.options for rewrite in options_rewrite.propose(
            candidate, signature, max_threads=max_threads, finite=finite))]
        return cls(tuple((f"{place} {t.name}", tuple(sorted(t.choices))) for place, t in enumerate(candidate.tunables)),
                   tuple(sorted({",".join(options.fastmath) for options in reached})),
                   tuple(sorted({options.error_model for options in reached})),
                   tuple(sorted({options.parallel for options in reached})), max_threads)

    def distributions(self, parallel: bool) -> dict[str, BaseDistribution]:
        """The parameters' distributions. Three or more numbers are ranks, so that the sampler knows what lies near.

        parallel: whether those are wanted too that only a parallel candidate has.
        """
        found: dict[str, BaseDistribution] = {}
        for name, choices in self.tunables:
            found[name] = CategoricalDistribution(choices) if len(choices) < 3 else IntDistribution(0, len(choices) - 1)
        for name, choices in (("fastmath", self.fastmath), ("error_model", self.error_models), ("parallel", self.parallel)):
            if len(choices) > 1:
                found[name] = CategoricalDistribution(choices)
        if parallel and self.threads > 1:
            found["threads"] = IntDistribution(1, self.threads)
        return found

    def ask(self, study: optuna.Study) -> tuple[Trial, Point]:
        """A trial and its point, as the study's sampler suggests."""
        trial = study.ask(self.distributions(parallel=False))
        if self._parallel(trial.params) and self.threads > 1:
            trial.suggest_int("threads", 1, self.threads)
        return trial, trial.params

    def draw(self, rng: random.Random) -> Point:
        """A point at random."""
        point = {name: rng.choice(_values(d)) for name, d in self.distributions(parallel=True).items()}
        if not self._parallel(point):
            point.pop("threads", None)
        return point

    def steps(self, point: Point, rng: random.Random) -> Iterator[Point]:
        """Every point that differs from `point` in one parameter, in an order drawn at random: tunables before options."""
        tunables = {name for name, _ in self.tunables}
        found = [(name not in tunables, rng.random(), {**point, name: value}) for name, d in self.distributions(parallel=True).items()
                 for value in _values(d) if name in point and value != point[name]]
        for _, _, step in sorted(found, key=itemgetter(0, 1)):
            if not self._parallel(step):
                step.pop("threads", None)
            elif self.threads > 1:
                step.setdefault("threads", self.threads)
            yield step

    def candidate(self, point: Point, base: Candidate) -> Candidate:
        """`base` moved to `point`."""
        values = {}
        for tunable, (name, choices) in zip(base.tunables, self.tunables):
            values[tunable.name] = point[name] if len(choices) < 3 else choices[point[name]]
        threads = point.get("threads", self.threads)
        options = JitOptions(
            self._parallel(point), tuple(flag for flag in point.get("fastmath", self.fastmath[0]).split(",") if flag),
            point.get("error_model", self.error_models[0]), threads if self._parallel(point) and threads < self.threads else None)
        return replace(base.with_tunables(values), options=options)

    def point(self, candidate: Candidate) -> Point | None:
        """Where `candidate` lies, None if outside this space."""
        options, found = without_idle(candidate), {}
        if len(candidate.tunables) != len(self.tunables):
            return None
        for tunable, (name, choices) in zip(candidate.tunables, self.tunables):
            if tunable.value not in choices:
                return None
            found[name] = tunable.value if len(choices) < 3 else choices.index(tunable.value)
        for name, value, choices in (("fastmath", ",".join(options.fastmath), self.fastmath),
                                     ("error_model", options.error_model, self.error_models),
                                     ("parallel", options.parallel, self.parallel)):
            if value not in choices:
                return None
            if len(choices) > 1:
                found[name] = value
        if options.parallel and self.threads > 1:
            found["threads"] = min(options.threads or self.threads, self.threads)
        return found

    def _parallel(self, point: Point) -> bool:
        return bool(point.get("parallel", self.parallel[0]))


@dataclass(frozen=True)
class _Told:
    """An evaluation, as far as it says something to a study. value: its fitness, None where it was not measured in full."""

    point: Point
    value: float | None
    constraints: Mapping[str, float]

    def trial(self, space: Space) -> FrozenTrial:
        distributions = space.distributions("threads" in self.point)
        if self.value is not None:
            return create_trial(state=TrialState.COMPLETE, value=self.value, params=dict(self.point), distributions=distributions)
        return create_trial(state=TrialState.PRUNED, params=dict(self.point), distributions=distributions,
                            constraints=dict(self.constraints))


@dataclass
class _Study:
    """What is known of a skeleton on a machine type. `optuna` is created when a point is first asked for, as most are never
    asked; `told` is what it begins with."""

    skeleton: str
    machine: str
    space: Space
    seed: int
    told: list[_Told] = field(default_factory=list)
    optuna: optuna.Study | None = None
    exhausted: bool = False

    @cached_property
    def rng(self) -> random.Random:
        return random.Random(self.seed)


class Tuner:
    """Proposes other tunables and options for a candidate, and learns from every evaluation, whoever proposed it.

    seed: of the samplers. signature: of the reference. max_threads: the run's. finite: whether flags that assume
    finite numbers are open.
    """

    def __init__(self, seed: int, signature: Signature, max_threads: int, finite: bool) -> None:
        self._seed = seed
        self._signature = signature
        self._max_threads = max(1, max_threads)
        self._finite = finite
        self._spaces: dict[str, Space] = {}
        self._distinct: dict[Space, Space] = {}
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
        self._seen |= {candidate.identity, awake(candidate).identity}
        if study.exhausted:
            return None
        if study.optuna is None:
            study.optuna = self._create(study)
        beside = self._untried_step(study, candidate)
        for attempt in range(MODELLED_ASKS + RANDOM_ASKS):
            if beside is not None:
                study.optuna.enqueue_trial(beside)
            elif attempt >= MODELLED_ASKS:
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

    def _untried_step(self, study: _Study, candidate: Candidate) -> Point | None:
        """A point beside the candidate's own, while the sampler knows too little to suggest anything better than chance does."""
        assert study.optuna is not None
        own = study.space.point(candidate)
        if own is None or len(study.optuna.get_trials(deepcopy=False, states=_INFORMATIVE)) >= STARTUP_TRIALS:
            return None
        return next((step for step in study.space.steps(own, study.rng)
                     if study.space.candidate(step, candidate).identity not in self._seen), None)

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
            told = _Told(point, _value(evaluation), _constraints(evaluation))
            if study.optuna is None:
                study.told.append(told)
            else:
                study.optuna.add_trial(told.trial(study.space))

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
                space = Space.of(candidate, self._signature, self._max_threads, self._finite)
                self._spaces[skeleton] = self._distinct.setdefault(space, space)
            digest = hashlib.sha256(f"{self._seed}\0{skeleton}\0{machine}".encode()).digest()
            self._studies[skeleton, machine] = _Study(skeleton, machine, self._spaces[skeleton],
                                                      int.from_bytes(digest[:8], "big"))
        return self._studies[skeleton, machine]

    @staticmethod
    def _create(study: _Study) -> optuna.Study:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(seed=study.rng.getrandbits(32), group=True, n_startup_trials=STARTUP_TRIALS)
        created = optuna.create_study(direction="maximize", sampler=sampler,
                                      study_name=f"{study.skeleton} on {study.machine or 'any machine'}")
        for told in study.told:
            created.add_trial(told.trial(study.space))
        study.told.clear()
        return created


def _values(distribution: BaseDistribution) -> Sequence[Any]:
    """All that a parameter may be."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices
    assert isinstance(distribution, IntDistribution)
    return range(distribution.low, distribution.high + 1)


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
