"""The command line: one contract for people, scripts and the Ray job.

Exit status: 0 a verified champion that is not slower than the best seed, 2 bad input (one line), 3 nothing verified (or, of
`verify`, not everything confirmed), 130 interrupted (what was found is kept).
"""
from __future__ import annotations

import errno
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from kernwright import __version__

from ..kernels.spec import SpecError
from .bench.commands import bench
from .options import FORMS, AsJson, Directory, Kernel, Preset, print_json
from .schema import RunError

app = typer.Typer(
    name="kernwright", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Evolves verified, measured, faster Numba kernels from slow NumPy functions.",
)
app.add_typer(bench, name="bench")
BAD_INPUT, NOT_CONFIRMED, INTERRUPTED = 2, 3, 130
LONGEST_PATH = 120
_PATH_ERRORS = frozenset({errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EROFS,
                          errno.ENOSPC, errno.EDQUOT})
"""Of the errors of files those that another path avoids; a file of ours that is missing is our mistake."""


@app.command()
def run(
    kernel: Kernel,
    preset: Preset = None,
    config: Annotated[str | None, typer.Option(help="a TOML file, or the name of a preset: quick, default, overnight, cluster")] = None,
    evaluations: Annotated[int | None, typer.Option(help="end after so many evaluations")] = None,
    minutes: Annotated[float | None, typer.Option(help="end after so many minutes")] = None,
    seed: Annotated[int | None, typer.Option(help="fixes inputs and proposal draws")] = None,
    threads: Annotated[int | None, typer.Option(help="threads of every kernel (default: the physical cores)")] = None,
    out: Annotated[Path | None, typer.Option(help="the run's directory (default: runs/KERNEL-TIME)")] = None,
    address: Annotated[str | None, typer.Option(help="a Ray cluster (default: RAY_ADDRESS, else one of our own)")] = None,
    llm: Annotated[list[str] | None, typer.Option(help="a language-model profile; sends the kernel there; may be repeated")] = None,
    given: Annotated[list[Path] | None, typer.Option("--from", metavar="CHAMPION.py", help=
        "begin with this champion, a kernel of your own or a run's directory too; verified and timed anew; may be repeated")] = None,
    warm_start: Annotated[bool | None, typer.Option("--warm-start/--no-warm-start", help=
        "begin with the best of earlier runs of KERNEL too, found beside --out (default: yes)")] = None,
) -> None:
    """Search for the fastest kernel that is proven equivalent to KERNEL."""
    from .launch import start
    from .settings import load_settings
    from .target import resolve

    told = {"evaluations": evaluations, "minutes": minutes, "seed": seed, "threads": threads, "out": out,
            "address": address, "llm": tuple(llm) if llm else None, "warm_start": warm_start}
    settings = load_settings(config, {name: value for name, value in told.items() if value is not None})
    raise typer.Exit(start(resolve(kernel, preset), settings, given or ()))


@app.command()
def resume(
    directory: Directory,
    address: Annotated[str | None, typer.Option(help="a Ray cluster (default: as before)")] = None,
) -> None:
    """Go on with a run that was interrupted or killed; nothing that was finished is repeated."""
    from .launch import resume as go_on

    raise typer.Exit(go_on(directory, address))


@app.command()
def status(directory: Directory, as_json: AsJson = False) -> None:
    """Say how far a run is and what it has found."""
    from .result import result_of

    with _journal(directory) as journal:
        result = result_of(journal)
        state = journal.state("status") or "starting"
    if as_json:
        return print_json({"status": state, **result})
    print(f"{result['kernel']}: {state}, {result['evaluations']} evaluations, {result['distinct_kernels']} distinct kernels")
    print(result["sentence"])


@app.command()
def report(
    directory: Directory,
    key: Annotated[Path | None, typer.Option(help="a file with a key of your own, to sign the certificate with")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a run's champion, certificate, result.json and report.html again, from its journal."""
    from .certificate.reading import read_key
    from .outcome import write_outcome

    with _journal(directory) as journal:
        outcome = write_outcome(journal, directory, read_key(key))
    if as_json:
        return print_json({**outcome.result, "report": str(outcome.report)})
    print(outcome.result["sentence"])
    print(f"report: {outcome.report}")


@app.command()
def kernels(as_json: AsJson = False) -> None:
    """List the built-in kernels."""
    import inspect

    from ..kernels import library

    rows = []
    for name in library.names():
        opened = library.load(name).open()
        line = (inspect.getdoc(opened.module) or "").strip().splitlines()[0]
        rows.append({"name": name, "description": line, "source": opened.declaration.source, "tolerance": asdict(opened.tolerance),
                     "sizes": {size: dict(values) for size, values in opened.sizes.items()}})
    if as_json:
        return print_json(rows)
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        print(f"{row['name']:{width}}  {row['description']}")


@app.command()
def doctor(
    kernel: Annotated[str | None, typer.Argument(metavar="[KERNEL]", help=FORMS)] = None,
    preset: Preset = None,
    threads: Annotated[int | None, typer.Option(help="threads that a run would use")] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether this machine can be timed on, and what stands in the way of KERNEL."""
    from ..workers.machine import machine_type
    from . import doctor as examination
    from .settings import load_settings
    from .target import resolve

    settings = load_settings(None, {} if threads is None else {"threads": threads})
    used = settings.threads or len(machine_type().physical_cores)
    inspection, lines = examination.examine_kernel(resolve(kernel, preset), settings, used) if kernel else (None, [])
    machine = examination.examine_machine(used)
    if as_json:
        return print_json(examination.as_json(machine, inspection, lines))
    print("\n".join([*examination.describe_machine(machine), *lines]))


@app.command()
def verify(
    champion: Annotated[Path, typer.Argument(metavar="CHAMPION.py", help="the file that a run left")],
    certificate: Annotated[Path | None, typer.Option(help="its certificate (default: certificate.json beside it)")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="of the fresh inputs (default: drawn)")] = None,
    timing: Annotated[bool, typer.Option("--timing/--no-timing", help="measure speed too")] = True,
    key: Annotated[Path | None, typer.Option(help="a file with the key that must have signed the certificate")] = None,
    as_json: AsJson = False,
) -> None:
    """Repeat here all that a champion's certificate claims, and say what could not be confirmed.

    This runs the kernel's own reference and input generator, which the certificate holds: code of whoever wrote it.
    Exit status: 0 all confirmed, 2 bad input, 3 something is not.
    """
    import secrets

    from .certificate.reading import read_certificate, read_key
    from .certificate.table import print_verification
    from .certificate.verification import verify as repeat

    read = read_certificate(champion, certificate, read_key(key))
    fresh = secrets.randbelow(2**62) if seed is None else seed
    done = repeat(read, fresh, timing, lambda line: print(line, file=sys.stderr, flush=True))
    if as_json:
        print_json(done.as_json())
    else:
        print_verification(done)
    raise typer.Exit(0 if done.confirmed else NOT_CONFIRMED)


@app.command()
def selftest(
    only: Annotated[list[str] | None, typer.Option(metavar="NAME", help="this attack only; may be repeated")] = None,
    seed: Annotated[int, typer.Option(min=0, help="fixes the inputs")] = 0,
    as_json: AsJson = False,
) -> None:
    """Make every known attack on the judge and on the sandbox here; exit status 1 if one of them wins."""
    from . import selftest as attacks

    outcomes = list(attacks.selftest(only or (), seed)) if as_json else attacks.show(only or (), seed)
    if as_json:
        print_json(attacks.as_json(outcomes))
    raise typer.Exit(0 if attacks.passed(outcomes) else 1)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="print the version")] = False,
) -> None:
    if version:
        print(f"kernwright {__version__}")
        raise typer.Exit(0)
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit(0)


def main() -> None:
    """The console script's entry point: whatever a person got wrong is one line on stderr, and exit status 2."""
    try:
        status = app(standalone_mode=False)
    except typer.TyperException as error:
        sys.exit(_complain(error.format_message()))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - sorted into the user's mistakes and ours
        if isinstance(error, OSError) and error.filename and error.errno in _PATH_ERRORS:
            sys.exit(_complain(f"{_shortened(str(error.filename))} cannot be used: {error.strerror}; name another path"))
        if not isinstance(error, _mistakes()):
            raise
        sys.exit(_complain(str(error)))
    sys.exit(status or 0)


def _mistakes() -> tuple[type[Exception], ...]:
    """The errors that tell a person what to change; imported late, as they bring Ray."""
    from ..workers.cluster import ClusterError
    from ..workers.leases import LeaseError
    from .certificate.reading import CertificateError
    from .llm.profile import ProfileError
    from .settings import SettingsError

    found: tuple[type[Exception], ...] = (SpecError, RunError, CertificateError, ClusterError, LeaseError, ProfileError, SettingsError)
    if "ray" in sys.modules:
        from ..workers.fleet import FleetError

        found = (*found, FleetError)
    return found


def _shortened(path: str) -> str:
    return path if len(path) <= LONGEST_PATH else f"{path[:LONGEST_PATH]}..."


def _complain(message: str) -> int:
    print(f"kernwright: {' '.join(message.split())}", file=sys.stderr)
    return BAD_INPUT


def _journal(directory: Path) -> Any:
    from .journal import Journal, journal_url

    return Journal.open(journal_url(directory), write=False)


if __name__ == "__main__":
    main()
