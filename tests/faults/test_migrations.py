"""Every migration down and up again on many cases: nothing is lost, and how long it keeps readers and writers out.

CASES=100000 unless told otherwise. Prints a line for each migration.
"""

from __future__ import annotations

import os
import time
from itertools import pairwise
from typing import Any

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
from tests.databases import Database, PostgreSQLDatabases, new_app, unguarded
from tests.faults.locks import READERS, WRITERS, watching

CASES = int(os.environ.get("CASES", "100000"))
LONGEST = 1.0  # seconds, at 100,000 cases
# Published, and held longer than that at 100,000 cases: they are run while nobody works (README, "Upgrades").
LONG_AND_PUBLISHED = {"0003", "0007", "0012"}


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
    with postgresql_databases.fresh() as database, capsys.disabled():
        fill(new_app(database))
        too_long = go_down_and_up(database)
    assert not too_long, f"These held a lock for more than {LONGEST} s: {too_long}"


def go_down_and_up(database: Database) -> list[str]:
    """Takes every migration back and runs it again, with a line for each. Gives those that kept people waiting."""
    app = new_app(database)
    revisions = [one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
    steps = [("down", earlier, later) for earlier, later in list(pairwise(revisions))[::-1]]
    steps += [("up", later, later) for later in revisions[1:]]
    cases, too_long = number_of(app, CaseReview), []
    print(f"\n{cases:,} cases; seconds\n{'':10}{'takes':>8}{'no readers':>12}  {'':24}{'no writers':>12}")
    for direction, to, which in steps:
        if (direction, to) == ("up", revisions[1]):
            columns = columns_of_cases(app)  # all that the first migration knew
            before = sum_of_cases(app, columns)
        with app.app_context(), watching(database.unguarded_url.replace("+psycopg", ""), OWNER) as held:
            db.session.remove()
            db.engine.dispose()
            begun = time.perf_counter()
            (upgrade if direction == "up" else downgrade)(revision=to)
            took = time.perf_counter() - begun
        (readers, table), (writers, other) = held.worst(READERS), held.worst(WRITERS)
        print(f"{which} {direction:5}{took:8.2f}{readers:12.2f}  {table:24}{writers:12.2f}  {other}", flush=True)
        if direction == "up" and max(readers, writers) > LONGEST and which not in LONG_AND_PUBLISHED:
            too_long.append(which)
    assert before.endswith(f" {cases}") and sum_of_cases(app, columns) == before, "Cases are not what they were."
    assert number_of(app, version_of(CaseReview)) == cases
    return too_long


def number_of(app: Flask, model: Any) -> int:
    with unguarded(app) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0
