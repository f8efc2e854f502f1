"""Every migration down and up again on many cases: nothing is lost, and how long it keeps readers and writers out.

CASES=100000 unless told otherwise. Prints a line for each migration.
"""

from __future__ import annotations

import os
import time
from itertools import pairwise

import psycopg
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, select, text

from app.access.clock import today
from app.access.row_scope import every_organisation
from app.config import MIGRATIONS
from models import CaseReview, db, version_of
from models.row_security import OWNER
from seeds.generated_cases import first_seeded_day, generated_cases, store_cases
from tests.databases import PostgreSQLDatabases, new_app, unguarded
from tests.faults.locks import READERS, WRITERS, watching

CASES = int(os.environ.get("CASES", "100000"))
LONGEST = 1.0  # seconds, at 100,000 cases
# Published, and held longer than that at 100,000 cases: they are run while nobody works (README, "Upgrades").
LONG_AND_PUBLISHED: set[str] = set()


def fill(app: Flask) -> None:
    """Adds the cases, with their versions."""
    with app.app_context(), every_organisation("faults") as session:
        for _ in store_cases(session, generated_cases(CASES, 1, first_seeded_day(session, today()))):
            pass


def sum_of_cases(app: Flask, columns: list[str]) -> str:
    """A checksum of some columns of all cases."""
    row = f"({', '.join(f'c.{column}' for column in columns)})::text"
    asked = f"SELECT md5(string_agg(md5({row}), '' ORDER BY c.id)) || ' ' || count(*) FROM case_review AS c"
    with unguarded(app) as session:
        return str(session.scalar(text(asked)))


def columns_of_cases(app: Flask) -> list[str]:
    asked = text("SELECT attname FROM pg_attribute WHERE attrelid = 'case_review'::regclass AND attnum > 0"
                 " AND NOT attisdropped AND attname <> 'search_words' ORDER BY attname")  # fmt: skip
    with unguarded(app) as session:
        return list(session.scalars(asked))


@pytest.mark.faults
@pytest.mark.postgresql
def test_migrations_lose_nothing_and_keep_nobody_waiting(
    postgresql_databases: PostgreSQLDatabases, capsys: pytest.CaptureFixture[str]
) -> None:
    revisions = [one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
    with postgresql_databases.fresh() as database:
        server = database.unguarded_url.replace("+psycopg", "")
        app = new_app(database)
        fill(app)
        at_head = sum_of_cases(app, columns_of_cases(app))
        steps = [("down", earlier, later) for earlier, later in list(pairwise(revisions))[::-1]]
        steps += [("up", later, later) for later in revisions[1:]]
        too_long, down_to_first = [], ""
        with capsys.disabled():
            print(f"\n{CASES:,} cases; seconds\n{'':10}{'takes':>8}{'no readers':>12}  {'':24}{'no writers':>12}")
        for direction, to, which in steps:
            if (direction, to) == ("up", revisions[1]):
                down_to_first = sum_of_cases(app, columns := columns_of_cases(app))
            with app.app_context(), watching(server, OWNER) as held:
                db.session.remove()
                db.engine.dispose()
                begun = time.perf_counter()
                (upgrade if direction == "up" else downgrade)(revision=to)
                took = time.perf_counter() - begun
            (readers, table), (writers, other) = held.worst(READERS), held.worst(WRITERS)
            with capsys.disabled():
                print(f"{which} {direction:5}{took:8.2f}{readers:12.2f}  {table:24}{writers:12.2f}  {other}")
            if direction == "up" and max(readers, writers) > LONGEST and which not in LONG_AND_PUBLISHED:
                too_long.append(which)
        assert sum_of_cases(app, columns) == down_to_first, "Cases are not what they were at the first migration."
        with psycopg.connect(server) as connection:
            assert connection.execute("SELECT count(*) FROM case_review").fetchone() == (CASES,)
        assert at_head.endswith(f" {CASES}") and down_to_first.endswith(f" {CASES}")
        with unguarded(app) as session:
            versions = select(func.count()).select_from(version_of(CaseReview))
            assert session.scalar(versions) == session.scalar(select(func.count()).select_from(CaseReview)) == CASES
        assert not too_long, f"These held a lock for more than {LONGEST} s: {too_long}"
