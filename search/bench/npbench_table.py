"""The table of `bench npbench:DIR`: Markdown that docs/npbench.md takes as it is."""
from __future__ import annotations

from collections.abc import Sequence

from ..result import milliseconds, times
from .markdown import interval, table
from .programs import CONTENDERS, LIFTED, Program, Totals
from .standing import CHAMPION, NJIT, PYTHRAN

_HEADER = ("program", "NumPy", "statements lifted", "verified", "**best lifted seed** (95 % interval)", "`@njit`", "Pythran", "champion")
_NAMES = {LIFTED: "the best lifted seed alone", NJIT: "`@njit` of the reference", PYTHRAN: "Pythran", CHAMPION: "the champion"}


def describe(programs: Sequence[Program], preset: str) -> list[str]:
    """The lines: the totals, the table, what did not lift, and why a contender has no figure."""
    notes = _notes(programs)
    return [*_summary(programs, preset), "", *table(_HEADER, [_cells(program) for program in programs]),
            *(["", *notes] if notes else [])]


def in_a_line(program: Program) -> str:
    """One program while the bench goes on."""
    if program.failure:
        return f"{program.name:24} {program.failure}"
    figures = ", ".join(f"{name} {_figure(program, name)}" for name in CONTENDERS if name in program.standings)
    return f"{program.name:24} {_share(program)} statements lifted, verified: {_verified(program)}; {figures or 'nothing timed'}"


def _summary(programs: Sequence[Program], preset: str) -> list[str]:
    totals = Totals.of(programs)
    where = "; ".join(dict.fromkeys(f"{program.machine}, {program.threads} thread(s)" for program in programs if program.machine))
    days = sorted({program.measured for program in programs if program.measured})
    evaluations = max((program.evaluations for program in programs), default=0)
    means = [f"{_NAMES[name]} {'**' if name == LIFTED else ''}{times(mean)}{'**' if name == LIFTED else ''} "
             f"(timed on {totals.timed[name]})" for name, mean in totals.means.items()]
    return [
        f"{' to '.join(dict.fromkeys((days[0], days[-1]))) if days else 'not measured'}, {where or 'no machine'}; preset {preset}, "
        f"{f'{evaluations} evaluations each' if evaluations else 'seeds only, no search'}.", "",
        f"**{totals.share.lifted} of {totals.share.statements}** array statements lift ({100 * totals.share.value:.0f} %); "
        f"**{totals.verified} of {totals.programs}** programs come out verified"
        f"{f', {totals.as_it_is} of them as they were' if totals.as_it_is else ''}. Geometric means over NumPy, where what was not "
        f"timed on a program counts as 1: {'; '.join(means) or 'nothing was timed'}.",
    ]


def _cells(program: Program) -> list[str]:
    if program.failure:
        return [program.name, *["–"] * (len(_HEADER) - 1)]
    lifted = program.ratio(LIFTED)
    timed = [standing.ratio for standing in program.standings.values() if standing.ratio]
    return [program.name, milliseconds(timed[-1].rival_ns) if timed else "–", _share(program), _verified(program),
            interval(lifted) if lifted else _figure(program, LIFTED), *(_figure(program, name) for name in (NJIT, PYTHRAN, CHAMPION))]


def _verified(program: Program) -> str:
    return "as it is" if program.as_it_is else "yes" if program.verified else "no"


def _share(program: Program) -> str:
    return f"{program.share.lifted} of {program.share.statements}"


def _figure(program: Program, name: str) -> str:
    standing = program.standings.get(name)
    if standing is None:
        return "–"
    return standing.outcome if standing.ratio is None else times(standing.ratio.speedup)


def _notes(programs: Sequence[Program]) -> list[str]:
    lines = [f"- {program.name}: {program.failure}" for program in programs if program.failure]
    for program in programs:
        lines += [f"- {program.name}, line {kept.line} stays as it is: `{_first(kept.text)}` ({kept.reason})" for kept in program.kept]
        lines += [f"- {program.name}, a seed: {reason}" for reason in program.unverified]
        lines += [f"- {program.name}, {standing.name}: {standing.outcome}: {standing.reason}"
                  for standing in program.standings.values() if standing.ratio is None]
    return lines


def _first(text: str) -> str:
    return (text.strip().splitlines() or [""])[0]
