"""Run directory: what a run found, read from its journal without a trace: no lock, no file, no wait for its driver."""
from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, NullPool, Select, create_engine, func, select
from sqlalchemy.exc import DatabaseError

from ...kernels.candidate import Candidate, CandidateError, JitOptions
from ...kernels.spec import KernelSpec
from ...workers.evaluation import Verdict
from .. import schema
from ..journal import DATABASE, LOCK, SEARCH
from ..schema import RunError

MOST_ELITES = 24
_STEPS = 10_000
"""Of SQLite's virtual machine, between two looks at the clock: a fraction of a millisecond."""


@dataclass(frozen=True)
class Elite:
    """A candidate that its run verified. speedup: over that run's best seed, on `machine`. champion: of its run."""

    candidate: Candidate
    machine: str
    speedup: float
    champion: bool


@dataclass(frozen=True)
class EarlierRun:
    """elites: the champion first, then by speedup. driven: whether a process of this machine is at work on it."""

    directory: Path
    spec: KernelSpec
    driven: bool
    elites: tuple[Elite, ...]


def read_run(directory: Path, spec_hash: str | None = None, seconds: float = 10.0) -> EarlierRun | None:
    """What the run in `directory` found; None where its spec does not have the hash that is asked for.

    seconds: reading ends then. Raises RunError, in one line, for what is no run, is damaged, locked by another programme,
    was written by a newer version, or takes too long.
    """
    path = directory / DATABASE
    if not path.is_file():
        raise RunError(f"{directory} is no run: it holds no {DATABASE}")
    end = time.monotonic() + seconds
    engine = create_engine("sqlite://", creator=lambda: _connected(path, end), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            _check_version(connection, path)
            spec = KernelSpec(**json.loads(connection.execute(select(schema.runs.c.spec)).scalar_one()))
            if spec_hash is not None and spec.content_hash != spec_hash:
                return None
            state = _state(connection)
            return EarlierRun(directory, spec, state.get("status") == "running" and _driven(directory), _elites(connection, state))
    except DatabaseError as error:
        raise RunError(f"{path} cannot be read: {' '.join(str(error.orig).split())}") from None
    except Exception as error:  # noqa: BLE001 - a database from outside may hold anything at all in these tables
        if isinstance(error, RunError):
            raise
        raise RunError(f"{path} is damaged ({type(error).__name__})") from None
    finally:
        engine.dispose()


def _connected(path: Path, end: float) -> sqlite3.Connection:
    """A connection that only reads, and fails once the clock shows `end`.

    A database with a log or journal beside it is in use, or was left by a run that was killed: part of it stands there. One
    without is opened as a file that nobody changes, as SQLite would put a log beside it otherwise, and leave it there.
    """
    idle = not any(path.with_name(path.name + suffix).exists() for suffix in ("-wal", "-journal"))
    address = f"file:{quote(str(path.absolute()))}?mode=ro" + ("&immutable=1" if idle else "")
    connection = sqlite3.connect(address, uri=True, timeout=max(0.01, min(0.2, end - time.monotonic())))
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    return connection


def _check_version(connection: Connection, path: Path) -> None:
    version = connection.execute(select(func.max(schema.schema_versions.c.version))).scalar_one()
    if not isinstance(version, int) or version > schema.SCHEMA_VERSION:
        raise RunError(f"{path} was written by a newer Kernwright (journal version {version}; this one reads "
                       f"{schema.SCHEMA_VERSION}); update kernwright")


def _state(connection: Connection) -> Mapping[str, Any]:
    table = schema.run_state
    rows = connection.execute(select(table.c.key, table.c.value).where(table.c.key.in_(("status", "champion"))))
    return {row.key: json.loads(row.value) for row in rows}


def _elites(connection: Connection, state: Mapping[str, Any]) -> tuple[Elite, ...]:
    champion = state.get("champion")
    judged, known = schema.evaluations, schema.candidates
    query = (select(known, judged.c.machine, judged.c.speedup)
             .join(judged, (known.c.run == judged.c.run) & (known.c.identity == judged.c.candidate))
             .where(judged.c.purpose == SEARCH, judged.c.verdict == str(Verdict.VERIFIED), judged.c.speedup.is_not(None)))
    best = _read(connection, query.order_by(judged.c.speedup.desc()).limit(MOST_ELITES), champion)
    if not isinstance(champion, str):
        return best
    first = _read(connection, query.where(known.c.identity == champion), champion)
    return (*first, *(elite for elite in best if not elite.champion))


def _read(connection: Connection, query: Select[Any], champion: Any) -> tuple[Elite, ...]:
    found = []
    for row in connection.execute(query):
        try:
            candidate = Candidate.from_json({"text": row.text, "options": json.loads(row.options), "convention": row.convention,
                                             "lineage": json.loads(row.lineage)})
        except CandidateError:
            continue  # options that this version does not know
        if not _is_plain(candidate.options):
            continue
        found.append(Elite(candidate, row.machine, float(row.speedup), row.identity == champion))
    return tuple(found)


def _is_plain(options: JitOptions) -> bool:
    """Whether the options are such as a champion may be written with: the database may hold any text in their place."""
    return options.error_model in ("python", "numpy") and (options.threads is None or type(options.threads) is int and options.threads > 0)


def _driven(directory: Path) -> bool:
    """Whether the process that last locked the run is alive. The lock itself is not touched: `resume` would then fail."""
    try:
        os.kill(int((directory / LOCK).read_text()), 0)
    except PermissionError:
        return True  # another user's
    except (OSError, ValueError, OverflowError):
        return False
    return True
