"""Gather: the candidates that a run begins with beside its seeds, each of them to be verified and timed anew."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...kernels.candidate import FINITE_ONLY, Candidate, Lineage
from ...kernels.dialect import check
from ...kernels.signature import Signature
from ..schema import RunError
from .lineage import lineage
from .python_file import Draft, read_python_file
from .run_directory import EarlierRun, Elite, read_run

MOST_ELITES = 6
"""Of all earlier runs together, and of each run that is named: the champions, and kernels of other kinds than theirs."""
MOST_CONSIDERED = 100
"""To find those kinds among: each costs milliseconds, and a run waits."""
EARLIER_SHARE = 4
"""One evaluation in so many, at most, is spent on what nobody asked for by name."""

_SHOWN = 4

Given = Draft | EarlierRun


@dataclass(frozen=True)
class Place:
    """What candidates must fit: the reference's signature, whether its inputs are finite, and where they will run.

    machine: the driver's type, whose elites come first. threads: the run's.
    """

    signature: Signature
    finite: bool
    machine: str
    threads: int


def read_given(paths: Iterable[Path], function: str) -> list[Given]:
    """What `--from` names: champions, kernels written by hand, and runs' directories. Raises RunError where one of them
    cannot be used. function: the reference's name."""
    return [_read_given(path, function) for path in paths]


def _read_given(path: Path, function: str) -> Given:
    try:
        return _read_directory(path) if path.is_dir() else read_python_file(path, function)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from None


def _read_directory(path: Path) -> EarlierRun:
    run = read_run(path)
    if run is None or not run.elites:
        raise RunError(f"{path} has found no verified kernel yet, so there is none to begin with")
    return run


def gather(given: Sequence[Given], earlier: Sequence[EarlierRun], place: Place, seeds: Sequence[Candidate],
           evaluations: int | None) -> list[Candidate]:
    """The candidates, in the order in which they are to be judged: those given by name, then those of earlier runs. None of
    them is a seed, or stands twice. evaluations: the run's limit, of which earlier runs take a part at most.

    Raises RunError where something given does not fit the reference.
    """
    known = {seed.identity for seed in seeds}
    found: list[Candidate] = []
    for one in given:
        found += _new(_of_given(one, place), known)
    most = MOST_ELITES if evaluations is None else min(MOST_ELITES, max(1, evaluations // EARLIER_SHARE))
    return found + _best(earlier, place, known, most)


def _of_given(one: Given, place: Place) -> list[Candidate]:
    if isinstance(one, Draft):
        return [_adapted(one.fitted(place.signature), place)]
    found = _best([one], place, set(), MOST_ELITES)
    if not found:
        reason = _misfit(one.elites[0].candidate, place.signature)
        raise RunError(f"{one.directory}: none of its kernels fits this reference: {reason}")
    return found


def _best(runs: Sequence[EarlierRun], place: Place, known: set[str], most: int) -> list[Candidate]:
    """The best elites of all `runs`, no two of one skeleton: those of this machine type first, champions before others, then the
    best of each run, the second of each, and so on: each run's speedups are over a seed of its own."""
    ranked: list[tuple[tuple[bool, bool, int, int], EarlierRun, Elite]] = []
    for age, run in enumerate(runs):
        for place_in_run, elite in enumerate(run.elites):
            if elite.champion or elite.speedup > 1.0:
                rank = (elite.machine != place.machine, not elite.champion, 0 if elite.champion else place_in_run, age)
                ranked.append((rank, run, elite))
    found: list[Candidate] = []
    skeletons: set[str] = set()
    for _, run, elite in sorted(ranked, key=lambda entry: entry[0])[:MOST_CONSIDERED]:
        if len(found) >= most:
            break
        if _misfit(elite.candidate, place.signature) or elite.candidate.skeleton in skeletons:
            continue
        new = _new([_adapted(replace(elite.candidate, lineage=_lineage(run, elite)), place)], known)
        skeletons |= {candidate.skeleton for candidate in new}
        found += new
    return found


def _misfit(candidate: Candidate, signature: Signature) -> str:
    """Why it cannot be judged for a reference of this signature; "" where it can."""
    if candidate.convention not in ("returns", "writes") or candidate.convention == "writes" and not signature.writes_open:
        return "its outputs have no shape that is known beforehand"
    return next((refusal.reason for refusal in check(candidate, signature)), "")


def _lineage(run: EarlierRun, elite: Elite) -> Lineage:
    what = "champion" if elite.champion else f"elite, {elite.speedup:.2f} times as fast as the best first seed there"
    return lineage(run.directory, f"{what}, by {elite.candidate.lineage.operator}")


def _adapted(candidate: Candidate, place: Place) -> Candidate:
    """The candidate with options that this run allows."""
    options = candidate.options
    flags = options.fastmath if place.finite else tuple(flag for flag in options.fastmath if flag not in FINITE_ONLY)
    fewer = options.threads is not None and options.threads < place.threads and options.parallel
    return replace(candidate, options=replace(options, fastmath=flags, threads=options.threads if fewer else None))


def _new(candidates: Iterable[Candidate], known: set[str]) -> list[Candidate]:
    """Those that are not `known`, which are then."""
    found = []
    for candidate in candidates:
        if candidate.identity not in known:
            known.add(candidate.identity)
            found.append(candidate)
    return found


def announcement(candidates: Sequence[Candidate]) -> str:
    """One line that says what a run begins with beside its seeds."""
    sources = dict.fromkeys(candidate.lineage.operator.partition(":")[2] for candidate in candidates)
    shown = ", ".join(list(sources)[:_SHOWN]) + (", …" if len(sources) > _SHOWN else "")
    return (f"{len(candidates)} kernel{'' if len(candidates) == 1 else 's'} of earlier work (from {shown}) will be judged anew after "
            "the seeds")


def as_state(candidates: Sequence[Candidate]) -> list[Mapping[str, Any]]:
    """The candidates as the journal keeps them, so that a run that was killed begins with the same."""
    return [candidate.as_json() for candidate in candidates]


def from_state(state: Sequence[Mapping[str, Any]] | None) -> list[Candidate]:
    """The candidates that `as_state` was given; none where an older version began the run."""
    return [Candidate.from_json(data) for data in state or ()]
