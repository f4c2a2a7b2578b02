"""The journal's tables, and how its database is opened so that what was written stays written."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Engine,
    Float,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
)

SCHEMA_VERSION = 1
BUSY_SECONDS = 30.0
_PREFIX = "sqlite:///"


class RunError(ValueError):
    """A run cannot be opened, created or driven; the message says why in one line."""


metadata = MetaData()

schema_versions = Table("kernwright_schema", metadata, Column("version", Integer, primary_key=True, autoincrement=False))

runs = Table(
    "runs", metadata,
    Column("id", String(32), primary_key=True),
    Column("created", Float, nullable=False),           # Unix time
    Column("kernel", Text, nullable=False),
    Column("spec", Text, nullable=False),               # JSON: name, text, function
    Column("settings", Text, nullable=False),           # JSON
    Column("machine", Text, nullable=False),
    Column("versions", Text, nullable=False),           # JSON: distribution -> version
)

run_state = Table(
    "run_state", metadata,
    Column("run", String(32), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("value", Text, nullable=False),              # JSON
    ForeignKeyConstraint(["run"], ["runs.id"]),
)

candidates = Table(
    "candidates", metadata,
    Column("run", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("identity", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("options", Text, nullable=False),            # JSON
    Column("convention", String(16), nullable=False),
    Column("lineage", Text, nullable=False),            # JSON: operator, note, parents
    Column("elapsed", Float, nullable=False),           # seconds of the run's own clock
    Column("repeats", Integer, nullable=False),         # how often it was proposed again
    UniqueConstraint("run", "identity"),
    ForeignKeyConstraint(["run"], ["runs.id"]),
)

evaluations = Table(
    "evaluations", metadata,
    Column("run", String(32), primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("candidate", String(64), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("machine", String(200), nullable=False),
    Column("verdict", String(32), nullable=False),
    Column("speedup", Float),
    Column("elapsed", Float, nullable=False),
    Column("recorded", Float, nullable=False),          # Unix time
    Column("data", Text, nullable=False),               # JSON: the whole Evaluation
    UniqueConstraint("run", "candidate", "purpose", "machine"),
    ForeignKeyConstraint(["run", "candidate"], ["candidates.run", "candidates.identity"]),
)

llm_calls = Table(
    "llm_calls", metadata,
    Column("run", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False),
    Column("profile", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("status", String(32), nullable=False),
    Column("tokens", Integer, nullable=False),          # what the budget counts
    Column("elapsed", Float, nullable=False),
    Column("data", Text, nullable=False),               # JSON: the whole LlmCall
    UniqueConstraint("run", "id"),
    ForeignKeyConstraint(["run"], ["runs.id"]),
)

events = Table(
    "events", metadata,
    Column("run", String(32), primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(64), nullable=False),
    Column("elapsed", Float, nullable=False),
    Column("recorded", Float, nullable=False),          # Unix time
    Column("data", Text, nullable=False),               # JSON
    ForeignKeyConstraint(["run"], ["runs.id"]),
)


def database_path(url: str) -> Path:
    """The file of a `sqlite:///FILE` address. Raises RunError for any other."""
    path = url.removeprefix(_PREFIX)
    if path == url or not path or path == ":memory:":
        raise RunError(f"a journal cannot live in {url!r}; write {_PREFIX}FILE")
    return Path(path)


def database_url(path: Path) -> str:
    """The address of a database file; it stays good when the working directory changes."""
    return f"{_PREFIX}{path.absolute()}"


def connect(path: Path, *, new: bool = False) -> Engine:
    """An engine whose transactions are durable once they have ended, and never see half of another.

    new: the file is ours to set up. A file that is not may be anything, and stays as it is.
    """
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": BUSY_SECONDS})

    def prepare(connection: Any, _record: Any) -> None:
        # Python's driver begins transactions by rules of its own, which leave table definitions outside of them.
        connection.isolation_level = None
        if new:
            # A write-ahead log never makes readers wait for the writer; the file remembers that it has one. Where the
            # file system cannot hold one, SQLite keeps its rollback journal.
            connection.execute("PRAGMA journal_mode=WAL")
        # A log is then synced at each commit (sqlite.org/wal.html, "Performance Considerations").
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine
