"""The journal's tables, and how its database is opened so that what was written stays written."""
from __future__ import annotations

from sqlalchemy import (
    URL,
    Column,
    Engine,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

SCHEMA_VERSION = 1
BUSY_SECONDS = 30.0


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
    Column("spec_hash", String(64), nullable=False),
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
    Column("operator", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("parents", Text, nullable=False),            # JSON
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
    Column("rung", String(16), nullable=False),
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
    Column("id", String(64), primary_key=True),
    Column("profile", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("started", Float, nullable=False),           # Unix time
    Column("seconds", Float),
    Column("prompt", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("reasoning", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("parent", String(64)),
    Column("candidate", String(64)),
    Column("extra", Text, nullable=False),              # JSON: whatever else the caller noted
    Column("elapsed", Float, nullable=False),
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

Index("evaluations_by_verdict", evaluations.c.run, evaluations.c.verdict)


def parse_url(url: str | URL) -> URL:
    """The database URL with the installed driver filled in. Raises RunError for anything but SQLite and PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise RunError(f"{url!r} is no database URL; write sqlite:///FILE or postgresql://USER@HOST/NAME") from None
    backend = parsed.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed
    raise RunError(
        f"a journal cannot live in {parsed.render_as_string()}; write sqlite:///FILE or postgresql://USER@HOST/NAME"
    )


def connect(url: URL) -> Engine:
    """An engine whose commits are durable. Raises RunError if the database's driver is not installed."""
    try:
        if url.get_backend_name() != "sqlite":
            return create_engine(url, pool_pre_ping=True)
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    except (NoSuchModuleError, ModuleNotFoundError):
        raise RunError("PostgreSQL needs its driver: pip install 'kernwright[postgres]'") from None
    event.listen(engine, "connect", _make_durable)
    return engine


def _make_durable(connection, _record) -> None:
    """Every commit reaches the disk before it returns; readers never block the writer.

    A write-ahead log with synchronous=FULL is synced at each commit (sqlite.org/wal.html, "Performance Considerations").
    Where the file system cannot hold one, SQLite keeps its rollback journal, which FULL makes as durable.
    """
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
