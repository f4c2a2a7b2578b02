"""The commands below `kernwright bench`. What each needs is imported when it is called, as all of it takes a second to load."""
from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..options import FORMS, AsJson, Kernel, Preset, print_json
from ..target import SUITE


class _Benches(TyperGroup):
    """The commands, of which `npbench` is also called as `npbench:DIR`: a suite is named as its programs are."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0].startswith(SUITE):
            args = [SUITE.rstrip(":"), args[0].removeprefix(SUITE), *args[1:]]
        return super().resolve_command(ctx, args)


bench = typer.Typer(no_args_is_help=True, cls=_Benches, help="Measure Kernwright itself, on a quiet machine.")


@bench.command("aa")
def bench_aa(
    kernel: Kernel = "jacobi_2d",
    repeats: Annotated[int, typer.Option(min=1, help="timings, each in a process of its own")] = 100,
    threads: Annotated[int | None, typer.Option(help="threads of the kernel (default: the physical cores)")] = None,
    builds: Annotated[bool, typer.Option(help="let builds wait for their turn meanwhile")] = True,
    as_json: AsJson = False,
) -> None:
    """Time a kernel against itself: the ratio must be 1, and the intervals must contain it as often as they say."""
    from ...workers.machine import machine_type
    from ..settings import load_settings
    from ..target import resolve
    from .aa import time_against_itself

    settings = load_settings(None, {} if threads is None else {"threads": threads})

    def show(number: int, ratio: Any) -> None:
        if not as_json:
            print(f"{number + 1:3d}: {ratio.speedup:.4f}  [{ratio.low:.4f}, {ratio.high:.4f}]", flush=True)

    used = settings.threads or len(machine_type().physical_cores)
    found = time_against_itself(resolve(kernel), settings, used, repeats, builds, show)
    if as_json:
        return print_json(asdict(found))
    (low, high), (least, most) = found.median_interval, found.coverage
    print(f"{found.measured}, {found.machine}, {found.threads} thread(s): {found.kernel}: median ratio {found.median_ratio:.4f} "
          f"({low:.4f} to {high:.4f}), {found.contain_one} of {found.repeats} intervals contain 1 "
          f"({100 * least:.0f} to {100 * most:.0f} % of all would), the widest spans {100 * (found.widest - 1):.1f} %")


@bench.command("library")
def bench_library(
    names: Annotated[list[str] | None, typer.Argument(metavar="[KERNEL]...", help=f"{FORMS} (default: all built-ins)")] = None,
    preset: Preset = None,
    evaluations: Annotated[int, typer.Option(min=1, help="of each run")] = 60,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    seconds: Annotated[float, typer.Option(min=1.0, help="about how long each pair is timed")] = 12.0,
    out: Annotated[Path, typer.Option(help="directory of the runs; what is there is not done twice")] = Path("runs/library"),
    as_json: AsJson = False,
) -> None:
    """Run each kernel, then time champion, best seed, Numba's and Pythran's compilation of it beside the reference.

    Prints a Markdown table. Whatever computes something else than the reference is not timed but called wrong.
    """
    from ...kernels import library
    from .library import as_json as json_of
    from .library import bench_library as measure
    from .library_table import describe, geometric_mean, in_a_line

    rows = measure(names or library.names(), evaluations, seed, out, seconds, lambda row: print(in_a_line(row), file=sys.stderr, flush=True), preset)
    if as_json:
        return print_json(json_of(rows, seed, geometric_mean(rows)))
    print("\n".join(describe(rows, seed)))


@bench.command("npbench")
def bench_npbench(
    suite: Annotated[Path, typer.Argument(metavar="DIR", help="the suite's root; `bench npbench:DIR` says the same")],
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="programs of the suite (default: all)")] = None,
    preset: Preset = None,
    evaluations: Annotated[int, typer.Option(min=0, help="of a run of each program; 0: its seeds only, no search")] = 0,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    seconds: Annotated[float, typer.Option(min=1.0, help="about how long each pair is timed")] = 12.0,
    out: Annotated[Path, typer.Option(help="directory of measurements and runs; what is there is not done twice")] = Path("runs/npbench"),
    as_json: AsJson = False,
) -> None:
    """Say how much of each program of a suite lifts, and time its best lifted seed, and other compilers, beside NumPy.

    Prints a Markdown table, with all that did not lift and why.
    """
    from ...kernels.npbench.suite import PRESET
    from .npbench import bench_npbench as measure
    from .npbench_table import describe, in_a_line
    from .programs import as_json as json_of

    programs = measure(suite.expanduser(), names or (), preset, evaluations, seed, out, seconds,
                       lambda program: print(in_a_line(program), file=sys.stderr, flush=True))
    if as_json:
        return print_json(json_of(programs))
    print("\n".join(describe(programs, preset or PRESET)))


@bench.command("search")
def bench_search(
    names: Annotated[list[str], typer.Argument(metavar="KERNEL...", help=FORMS)],
    strategy: Annotated[list[str] | None, typer.Option(metavar="NAME", help="or a TOML file; may be repeated (default: all that ship)")] = None,
    evaluations: Annotated[int, typer.Option(min=2, help="of each run")] = 60,
    seeds: Annotated[int, typer.Option(min=1, help="so many runs of each strategy, with the seeds 0, 1, 2, ...")] = 5,
    confirm_seconds: Annotated[float, typer.Option(min=1.0, help="about how long a run examines its champion")] = 10.0,
    recall: Annotated[bool, typer.Option("--recall", help="judge no candidate twice: later runs take the verdicts of earlier ones")] = False,
    out: Annotated[Path, typer.Option(help="directory of the runs; what is there is not done twice")] = Path("runs/search"),
    as_json: AsJson = False,
) -> None:
    """Compare ways to search, each with as many evaluations: how many does it take to come near the best known kernel?

    The best known and what comes near it are timed anew, as the figures of a search flatter the luckiest. Prints Markdown.
    """
    from .comparison import as_json as json_of
    from .search import bench_search as compare
    from .search_table import describe
    from .strategies import distinct, load_strategies

    strategies, same = distinct(load_strategies(strategy or ()))
    contests = compare(names, strategies, range(seeds), evaluations, out, confirm_seconds,
                       lambda line: print(line, file=sys.stderr, flush=True), recall)
    if as_json:
        return print_json(json_of(contests, same))
    print("\n".join(describe(contests, same)))


@bench.command("mutants")
def bench_mutants(
    names: Annotated[list[str] | None, typer.Argument(metavar="[KERNEL]...", help=f"{FORMS} (default: all built-ins)")] = None,
    mutants: Annotated[int, typer.Option(min=1, help="so many in all")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="fixes which mutants, and the inputs")] = 0,
    threads: Annotated[int | None, typer.Option(help="threads of every kernel (default: the physical cores)")] = None,
    out: Annotated[Path, typer.Option(help="directory of the findings; what is there is not judged twice")] = Path("runs/mutants"),
    again: Annotated[bool, typer.Option("--again", help="judge anew which mutants survived, and which champions were refused")] = False,
    as_json: AsJson = False,
) -> None:
    """Damage correct kernels by small edits, and count how many of these mutants the verification catches."""
    from ...kernels import library
    from ...workers.machine import machine_type
    from ..mutation import bench as mutation
    from ..mutation.table import describe
    from ..settings import load_settings
    from ..target import resolve

    settings = load_settings(None, {"seed": seed, **({} if threads is None else {"threads": threads})})
    used = settings.threads or len(machine_type().physical_cores)

    def show(finding: Any) -> None:
        print(f"{finding.kernel:18} {finding.operator or 'undamaged':30} {finding.outcome:12} {finding.check:32} {finding.seconds:6.1f} s",
              file=sys.stderr, flush=True)

    subjects = mutation.subjects_of([resolve(name) for name in names or library.names()], settings, used)
    found = mutation.bench_mutants(subjects, mutants, seed, out, again, show)
    if as_json:
        return print_json(found.as_json())
    print("\n".join(describe(found)))


@bench.command("overhead")
def bench_overhead(
    kernel: Annotated[str | None, typer.Argument(metavar="[KERNEL]", help=f"{FORMS} (default: a very cheap one)")] = None,
    evaluations: Annotated[int, typer.Option(min=20, help="of the run that is measured")] = 300,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    threads: Annotated[int | None, typer.Option(help="threads of every kernel (default: the physical cores)")] = None,
    forks: Annotated[int, typer.Option(min=2, help="fresh interpreters, and forks of the warm process, to time")] = 15,
    out: Annotated[Path | None, typer.Option(help="where to keep the run (default: nowhere)")] = None,
    as_json: AsJson = False,
) -> None:
    """Say which share of the workers' time orchestration takes, what the warm process saves, and whether the driver grows."""
    from ...workers.machine import machine_type
    from ..settings import load_settings
    from ..target import resolve
    from .overhead import CHEAPEST, describe, measure_overhead
    from .warm_fork import describe_forks, measure_warm_fork

    def show(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    settings = load_settings(None, {} if threads is None else {"threads": threads})
    used = settings.threads or len(machine_type().physical_cores)
    found = measure_overhead(kernel or CHEAPEST, evaluations, seed, used, out, show)
    started = measure_warm_fork(resolve(kernel or CHEAPEST), settings, used, forks)
    if as_json:
        return print_json({**asdict(found), "warm_fork": asdict(started)})
    print("\n".join([*describe(found), *describe_forks(started)]))


@bench.command("vecmath")
def bench_vecmath(
    names: Annotated[list[str] | None, typer.Argument(metavar="[FUNCTION]...", help="such as exp or exp_f64 (default: all)")] = None,
    samples: Annotated[int, typer.Option(min=1000, help="random arguments for each function")] = 1_000_000,
    exhaustive: Annotated[bool, typer.Option("--exhaustive", help="all float32 numbers: about a minute for each function")] = False,
    fused: Annotated[bool, typer.Option(help="let multiplications and additions be fused, where the machine can")] = True,
    timed: Annotated[bool, typer.Option(help="time the functions beside NumPy's and the C library's")] = True,
    seed: Annotated[int, typer.Option(min=0, help="of the random arguments")] = 0,
    as_json: AsJson = False,
) -> None:
    """Measure the errors of the elementary functions that vectorise, in units of the last place, and their speed.

    float32 is compared with float64, float64 with np.longdouble, hard arguments with mpmath. Prints a Markdown table.
    """
    from ...kernels.vecmath import FUNCTIONS
    from .vecmath.table import bench_vecmath as measure
    from .vecmath.table import describe, in_a_line

    known = {name for function in FUNCTIONS.values() for name in (function.name, function.helper)}
    for name in names or ():
        if name not in known:
            raise typer.BadParameter(f"{name} is no function of vecmath; choose from {', '.join(sorted(known))}")
    chosen = [function for function in FUNCTIONS.values() if not names or {function.name, function.helper} & set(names)]
    rows = measure(chosen, samples, exhaustive, fused, timed, seed, lambda row: print(in_a_line(row), file=sys.stderr, flush=True))
    if as_json:
        return print_json([row.as_json() for row in rows])
    print("\n".join(describe(rows, fused, seed)))
