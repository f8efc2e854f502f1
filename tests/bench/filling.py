"""Databases full of generated cases, filled once in bulk: the indexes are made when all rows are there.

They are temporary, or kept in the folder that BENCH_DATA names, and then used again: `1m.sqlite`, `pg1m/` and the like.
The generator's seed is fixed, so that every run has the same cases.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Insert, exists, func, insert, literal, select, text, true
from sqlalchemy.orm import Session

from app.access.clock import today
from app.access.row_scope import EVERYTHING
from models import CaseReview, count_triggers, database_rules, history_triggers
from models.history import version_of
from seeds.generated_cases import first_seeded_day, generated_cases, store_cases
from tests.databases import Database, PostgreSQLDatabases, make_tables, new_app

# Cases of one seed at most; several seeds are loaded side by side where the database takes several writers.
PART = 250_000
CASES = int(os.environ.get("CASES", "1000000"))
INDEX_WORDS = (
    "INSERT INTO case_search_row (case_id) SELECT id FROM case_review"
    " WHERE id NOT IN (SELECT case_id FROM case_search_row) ORDER BY rowid",
    "INSERT INTO case_search (case_search) VALUES ('rebuild')",
)
KINDS = ("SQLite", "PostgreSQL")
FIND_INDEXES = {
    "sqlite": (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'case_review'"
        " AND sql IS NOT NULL AND sql NOT LIKE 'CREATE UNIQUE%'"
    ),
    "postgresql": (
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'case_review'"
        " AND indexdef NOT LIKE 'CREATE UNIQUE%'"
    ),
}


@contextmanager
def filled(kind: str, number: int = CASES) -> Iterator[Database]:
    """A database of a kind with that many cases: one that is kept, or one that goes when it is left."""
    with folder_of_databases() as folder:
        database = _sqlite_at(folder, number) if kind == "SQLite" else _postgresql_at(folder, number)
        fill(database, number)
        yield database


@contextmanager
def folder_of_databases() -> Iterator[Path]:
    kept = os.environ.get("BENCH_DATA")
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)


def _short(number: int) -> str:
    return f"{number // 1_000_000}m" if number % 1_000_000 == 0 else f"{number // 1000}k"


def _sqlite_at(folder: Path, number: int) -> Database:
    address = f"sqlite:///{folder / _short(number)}.sqlite"
    database = Database(address, "", address)
    if not (folder / f"{_short(number)}.sqlite").exists():
        make_tables(database)
    return database


def _postgresql_at(folder: Path, number: int) -> Database:
    """A server of its own for each number, of which its template is the database: it is never copied."""
    home = folder / f"pg{_short(number)}"
    home.mkdir(exist_ok=True)
    databases = PostgreSQLDatabases(home)
    return databases.at(databases.template)


def fill(database: Database, number: int) -> None:
    """Adds what is missing of the generated cases, each with its first version, known since the case was created."""
    app = new_app(database)
    with app.app_context():
        upgrade()  # what was kept may be older than its migrations
    with session_on(app) as session:
        there = session.scalar(select(func.count()).select_from(CaseReview)) or 0
        if there >= number:
            return
        day = first_seeded_day(session, today())
        indexes = session.execute(text(FIND_INDEXES[session.get_bind().dialect.name])).all()
        for name, _ in indexes:
            session.execute(text(f"DROP INDEX {name}"))
        session.commit()
        with without_triggers(session):
            parts = [(database, seed, min(PART, number - seed * PART), day) for seed in range(-(-number // PART))]
            if database.is_sqlite:
                for part in parts:
                    load(*part)
            else:
                with ProcessPoolExecutor(2, get_context("spawn")) as pool:
                    list(pool.map(load, *zip(*parts, strict=True)))
            session.execute(first_versions())
            count_triggers.count_anew(session.connection())
            session.commit()
        for name, statement in indexes:
            print(f"\r{name:60}", end="", file=sys.stderr)
            session.execute(text(statement))
        session.commit()
        session.execute(text("ANALYZE"))
        session.commit()
    with app.extensions["unguarded"].execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        # As they are after a night in use: PostgreSQL knows which pages everybody sees, SQLite's log is in its file.
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)" if database.is_sqlite else "VACUUM (ANALYZE)"))
    print(file=sys.stderr)


def load(database: Database, seed: int, number: int, day: date) -> None:
    """Adds the cases of one seed."""
    with session_on(new_app(database)) as session:
        if not database.is_sqlite:
            session.execute(text("SET session_replication_role = replica"))
        for progress in store_cases(session, generated_cases(number, seed, day)):
            print(f"\r{progress.done:,} of {number:,} cases of seed {seed}", end="", file=sys.stderr)


@contextmanager
def session_on(app: Flask) -> Iterator[Session]:
    """A session past every guard, on one connection."""
    scope = {"row_scope": EVERYTHING}
    with app.app_context(), app.extensions["unguarded"].connect() as connection, Session(connection, info=scope) as one:
        if connection.dialect.name == "sqlite":
            # A gigabyte: what does not fit while indexes are made is written again and again.
            connection.exec_driver_sql("PRAGMA cache_size = -1000000")
            connection.rollback()
        yield one


@contextmanager
def without_triggers(session: Session) -> Iterator[None]:
    """Triggers take most of the time of a row: what they would have done is done at once, afterwards."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET session_replication_role = replica"))
        yield
        session.execute(text("RESET session_replication_role"))
        return
    of_versions = ("case_review_added_version", "case_review_version_stands_once")
    for name in ("case_search_added", "case_count_added", *of_versions):
        session.execute(text(f"DROP TRIGGER {name}"))
    session.commit()
    yield
    for statement in INDEX_WORDS:
        session.execute(text(statement))
    database_rules.create_triggers(session.connection())
    history_triggers.make_ready_for_migrations(session.connection())
    history_triggers.create_triggers(session.connection())
    count_triggers.create_triggers(session.connection())
    session.commit()


def first_versions() -> Insert:
    """Adds the first version of each case that has none."""
    case, version = CaseReview.__table__.columns, version_of(CaseReview).__table__.columns
    shared = [column.name for column in version if column.name in case]
    own = {"number": literal(1), "known_from": case.created_at, "change": literal("added"), "by_service": true()}
    of_new = (
        select(*(case[name] for name in shared), *own.values())
        .where(~exists().where(version.id == case.id))
        .order_by(case.id)
    )
    return insert(version_of(CaseReview)).from_select([*shared, *own], of_new)


if __name__ == "__main__":
    for kind in sys.argv[1:] or KINDS:
        with filled(kind) as database:
            print(f"{kind}, {CASES:,} cases: {database.url}")
