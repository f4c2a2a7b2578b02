"""Journal: the sole truth about a run. What a method has returned from writing survives any death of the process."""
from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError

from ..kernels.candidate import Candidate
from ..kernels.spec import KernelSpec
from ..workers.evaluation import Evaluation
from . import schema
from .driver_lock import DriverLock
from .llm.call import LlmCall
from .schema import RunError

DATABASE, LOCK = "run.db", "run.lock"
SEARCH, SEED_VS_REFERENCE, FINAL = "search", "seed_vs_reference", "final"  # purposes of evaluations
T = TypeVar("T")


@dataclass(frozen=True)
class RunRecord:
    """What a run is: fixed when it is created. created: Unix time. versions: distribution to version."""

    id: str
    kernel: str
    spec: KernelSpec
    settings: Mapping[str, Any]
    machine: str
    versions: Mapping[str, str]
    created: float


@dataclass(frozen=True)
class Judged:
    """An evaluation as it was journaled. ordinal: 0 for the first. elapsed: seconds of the run's own clock."""

    ordinal: int
    candidate: Candidate
    evaluation: Evaluation
    purpose: str
    elapsed: float


def journal_url(directory: Path) -> str:
    """Where the journal of the run in `directory` is."""
    return schema.database_url(directory / DATABASE)


class Journal:
    """A context manager. One process writes, the run's driver; others may read meanwhile.

    Every write is one transaction, on the disk before it returns. Methods may be called from any thread; they raise
    RunError where the database fails (a full disk, a damaged file).
    """

    def __init__(self, path: Path, engine: Engine, lock: DriverLock | None) -> None:
        """For `create` and `open`, which take the run's lock first."""
        self._path = path
        self._engine = engine
        self._lock = lock
        self._order = threading.RLock()
        self.run = self._read(_run_record)
        self._elapsed = self._read(_greatest_elapsed) if lock is not None else None

    @classmethod
    def create(cls, url: str, record: RunRecord) -> Journal:
        """A new run's journal. Raises RunError where the database holds a run already, or cannot be created."""
        path = schema.database_path(url)
        if not path.parent.is_dir():
            raise RunError(f"{path.parent} is no directory; create it first")
        lock = DriverLock(path.parent / LOCK)
        engine = schema.connect(path, new=True)
        try:
            _refuse_used(path)
            with _failures(path, "cannot be created"), engine.begin() as connection:
                schema.metadata.create_all(connection)
                connection.execute(insert(schema.schema_versions).values(version=schema.SCHEMA_VERSION))
                connection.execute(insert(schema.runs).values(
                    id=record.id, created=record.created, kernel=record.kernel, spec=_dump(asdict(record.spec)),
                    settings=_dump(record.settings), machine=record.machine, versions=_dump(record.versions),
                ))
            return cls(path, engine, lock)
        except BaseException:
            engine.dispose()
            lock.release()
            raise

    @classmethod
    def open(cls, url: str, write: bool = True) -> Journal:
        """The journal of the database's only run. write=False reads, which needs no lock and disturbs no driver.

        Raises RunError, in one line, for what is no run, for a run that another process drives (if `write`), and for a
        journal that a newer version wrote.
        """
        path = schema.database_path(url)
        if not path.parent.is_dir():
            raise RunError(f"{path.parent} is no run: there is no such directory")
        if not path.is_file():
            raise RunError(f"{path.parent} is no run: it holds no {path.name}")
        engine = schema.connect(path)
        lock = None
        try:
            with _failures(path, "is no run's journal"):
                _check_version(path, engine)
                # Not before: whatever is no run stays without a lock file.
                lock = DriverLock(path.parent / LOCK) if write else None
                return cls(path, engine, lock)
        except BaseException:
            engine.dispose()
            if lock is not None:
                lock.release()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the run free for another driver. A second call does nothing."""
        with self._order:
            self._engine.dispose()
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def add_candidate(self, candidate: Candidate, elapsed: float) -> bool:
        """Whether the candidate is new. One that is known is counted up as a repeat."""
        data = candidate.as_json()
        table = schema.candidates
        with self._writing(elapsed) as connection:
            added = connection.execute(insert(table).values(
                run=self.run.id, number=self._next(connection, table.c.number), identity=candidate.identity,
                text=data["text"], options=_dump(data["options"]), convention=data["convention"],
                lineage=_dump(data["lineage"]), elapsed=elapsed, repeats=0,
            ).on_conflict_do_nothing(index_elements=["run", "identity"])).rowcount == 1
            if not added:
                connection.execute(update(table).where(table.c.run == self.run.id, table.c.identity == candidate.identity)
                                   .values(repeats=table.c.repeats + 1))
        return added

    def candidate(self, identity: str) -> Candidate | None:
        table = schema.candidates
        query = select(table).where(table.c.run == self.run.id, table.c.identity == identity)
        row = self._read(lambda connection: connection.execute(query).first())
        return None if row is None else _candidate(row)

    def candidates(self) -> list[Candidate]:
        """All candidates, in the order in which they arrived."""
        table = schema.candidates
        query = select(table).where(table.c.run == self.run.id).order_by(table.c.number)
        return [_candidate(row) for row in self._read(lambda connection: connection.execute(query).all())]

    def repeats(self) -> int:
        """How often a candidate was proposed that was known already."""
        table = schema.candidates
        query = select(func.coalesce(func.sum(table.c.repeats), 0)).where(table.c.run == self.run.id)
        return self._read(lambda connection: connection.execute(query).scalar_one())

    def add_evaluation(self, evaluation: Evaluation, elapsed: float, purpose: str = "search") -> bool:
        """Whether the evaluation was taken: exactly one stands for a candidate, purpose and machine, the first.

        Raises ValueError where its candidate was not journaled before it.
        """
        table = schema.evaluations
        if not self._knows(evaluation.candidate):
            raise ValueError(f"candidate {evaluation.candidate} is not in the journal; add it before its evaluation")
        with self._writing(elapsed) as connection:
            return connection.execute(insert(table).values(
                run=self.run.id, ordinal=self._next(connection, table.c.ordinal), candidate=evaluation.candidate,
                purpose=purpose, machine=evaluation.machine, verdict=str(evaluation.verdict),
                speedup=evaluation.faster.speedup if evaluation.faster else None, elapsed=elapsed, recorded=time.time(),
                data=_dump(evaluation.as_json()),
            ).on_conflict_do_nothing(index_elements=["run", "candidate", "purpose", "machine"])).rowcount == 1

    def evaluations(self, purpose: str | None = None) -> list[Judged]:
        """All evaluations (of one purpose), in the order in which they were journaled."""
        judged, known = schema.evaluations, schema.candidates
        query = (select(judged.c.ordinal, judged.c.purpose, judged.c.data, judged.c.elapsed.label("judged_at"), known)
                 .join(known, (known.c.run == judged.c.run) & (known.c.identity == judged.c.candidate))
                 .where(judged.c.run == self.run.id).order_by(judged.c.ordinal))
        if purpose is not None:
            query = query.where(judged.c.purpose == purpose)
        return [Judged(row.ordinal, _candidate(row), Evaluation.from_json(json.loads(row.data)), row.purpose, row.judged_at)
                for row in self._read(lambda connection: connection.execute(query).all())]

    def evaluated(self, purpose: str = "search") -> set[str]:
        """Identities of the candidates that have an evaluation of this purpose."""
        table = schema.evaluations
        query = select(table.c.candidate).where(table.c.run == self.run.id, table.c.purpose == purpose)
        return set(self._read(lambda connection: connection.execute(query).scalars().all()))

    def add_call(self, call: LlmCall, elapsed: float) -> None:
        """Journals a call, in place of what stood under its id."""
        table = schema.llm_calls
        values = {"profile": call.profile, "model": call.model, "status": str(call.status), "tokens": call.charged_tokens,
                  "elapsed": elapsed, "data": _dump(call.as_json())}
        with self._writing(elapsed) as connection:
            connection.execute(insert(table).values(
                run=self.run.id, number=self._next(connection, table.c.number), id=call.id, **values,
            ).on_conflict_do_update(index_elements=["run", "id"], set_=values))

    def calls(self) -> list[LlmCall]:
        """All calls, in the order in which they were first journaled."""
        table = schema.llm_calls
        query = select(table.c.data).where(table.c.run == self.run.id).order_by(table.c.number)
        return [LlmCall.from_json(json.loads(data)) for data in self._read(lambda c: c.execute(query).scalars().all())]

    def add_event(self, kind: str, data: Mapping[str, Any], elapsed: float) -> None:
        table = schema.events
        with self._writing(elapsed) as connection:
            connection.execute(insert(table).values(
                run=self.run.id, ordinal=self._next(connection, table.c.ordinal), kind=kind, elapsed=elapsed,
                recorded=time.time(), data=_dump(data),
            ))

    def events(self, kind: str | None = None) -> list[tuple[str, Mapping[str, Any], float]]:
        """(kind, data, elapsed) of all events (of one kind), in order."""
        table = schema.events
        query = select(table).where(table.c.run == self.run.id).order_by(table.c.ordinal)
        if kind is not None:
            query = query.where(table.c.kind == kind)
        rows = self._read(lambda connection: connection.execute(query).all())
        return [(row.kind, json.loads(row.data), row.elapsed) for row in rows]

    def set_state(self, key: str, value: Any) -> None:
        """Keeps one JSON value under `key`, in place of an earlier one."""
        text = _dump(value)
        with self._writing() as connection:
            connection.execute(insert(schema.run_state).values(run=self.run.id, key=key, value=text)
                               .on_conflict_do_update(index_elements=["run", "key"], set_={"value": text}))

    def state(self, key: str) -> Any | None:
        """The value last kept under `key`; None where there is none."""
        table = schema.run_state
        query = select(table.c.value).where(table.c.run == self.run.id, table.c.key == key)
        text = self._read(lambda connection: connection.execute(query).scalar_one_or_none())
        return None if text is None else json.loads(text)

    def elapsed(self) -> float:
        """The greatest elapsed that was recorded anywhere; 0.0 in a new run."""
        return self._read(_greatest_elapsed) if self._elapsed is None else self._elapsed

    def _knows(self, identity: str) -> bool:
        table = schema.candidates
        query = select(table.c.number).where(table.c.run == self.run.id, table.c.identity == identity)
        return self._read(lambda connection: connection.execute(query).first()) is not None

    def _next(self, connection: Connection, column: Any) -> int:
        found = connection.execute(select(func.max(column)).where(column.table.c.run == self.run.id)).scalar_one()
        return 0 if found is None else found + 1

    @contextmanager
    def _writing(self, elapsed: float = 0.0) -> Iterator[Connection]:
        """One transaction of the driver."""
        with self._order:
            if self._lock is None:
                raise RunError(f"{self._path.parent} was opened for reading, or is closed: nothing can be written")
            with _failures(self._path, "cannot be written"), self._engine.begin() as connection:
                yield connection
            self._elapsed = max(self._elapsed or 0.0, elapsed)

    def _read(self, query: Callable[[Connection], T]) -> T:
        with _failures(self._path, "cannot be read"), self._engine.begin() as connection:
            return query(connection)


def _run_record(connection: Connection) -> RunRecord:
    row = connection.execute(select(schema.runs)).one()
    return RunRecord(row.id, row.kernel, KernelSpec(**json.loads(row.spec)), json.loads(row.settings), row.machine,
                     json.loads(row.versions), row.created)


def _greatest_elapsed(connection: Connection) -> float:
    tables = (schema.candidates, schema.evaluations, schema.llm_calls, schema.events)
    return max(connection.execute(select(func.max(table.c.elapsed))).scalar_one() or 0.0 for table in tables)


def _candidate(row: Any) -> Candidate:
    return Candidate.from_json({"text": row.text, "options": json.loads(row.options), "convention": row.convention,
                                "lineage": json.loads(row.lineage)})


def _refuse_used(path: Path) -> None:
    """Raises RunError if there is a database with tables, or a file that is no database. Nothing is written."""
    if not path.exists():
        return
    engine = schema.connect(path)
    try:
        with _failures(path, "cannot become a run's journal"), engine.begin() as connection:
            if _tables(connection):
                raise RunError(f"{path.parent} holds a run already; go on with `kernwright resume {path.parent}`")
    finally:
        engine.dispose()


def _tables(connection: Connection) -> set[str]:
    return set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())


def _check_version(path: Path, engine: Engine) -> None:
    with engine.begin() as connection:
        tables = _tables(connection)
        if schema.schema_versions.name not in tables:
            what = "it was stopped before it began" if not tables else "its tables are not Kernwright's"
            raise RunError(f"{path} is no run's journal: {what}")
        version = connection.execute(select(func.max(schema.schema_versions.c.version))).scalar_one()
    if version != schema.SCHEMA_VERSION:
        raise RunError(f"{path} was written by a newer Kernwright (journal version {version}; this one reads "
                       f"{schema.SCHEMA_VERSION}); update kernwright")


@contextmanager
def _failures(path: Path, what: str) -> Iterator[None]:
    """Turns the database's errors into a RunError of one line."""
    try:
        yield
    except DatabaseError as error:
        raise RunError(f"{path} {what}: {' '.join(str(error.orig).split())}") from error


def _dump(value: Any) -> str:
    """JSON in ASCII: a model's answer may hold halves of surrogate pairs, which no database takes as text."""
    return json.dumps(value)
