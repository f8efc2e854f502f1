"""How long an extract takes, and how much memory: cases with five versions each, on either database.

`make bench`, or this module alone, with CASES=100000 unless told otherwise. It draws at a fifth of the cases and at
all of them, each in a process of its own, so that it shows whether memory grows with rows. Each is drawn twice: at the
end of a quarter before most of the dates in the cases, so that nearly every case has errors to be found, and as of now,
when hardly any has.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from app.access.clock import today
from app.access.row_scope import every_organisation
from seeds.generated_cases import first_seeded_day, generated_cases, store_cases
from tests.databases import Database, PostgreSQLDatabases, SQLiteDatabases, new_app, unguarded

VERSIONS = 5
FIRST_KNOWN = "2021-05-0{}T09:00:00"
DRAW = """
import json, os, resource, time
from datetime import timedelta
from sqlalchemy import select
from wsgi import app
from app.access.clock import now, today
from app.extracts import quarterly_extract
from app.rules.quarters import quarter_named, quarter_of
from models import Person, db

asked = {"quarter": quarter_named("2021-22-Q1")}
if os.environ["DRAWN"] == "now":
    asked = {"quarter": quarter_of(today()), "cut_off": now() - timedelta(minutes=6)}

with app.app_context():
    by = db.session.scalars(select(Person).where(Person.subject == "analyst")).one()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun, worked = time.perf_counter(), time.process_time()
    drawn = quarterly_extract.draw(by=by, reason="benchmark", **asked)
    seconds, processor = time.perf_counter() - begun, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([drawn.rows, drawn.size, seconds, processor, before // 1024, peak // 1024]))
"""


def main() -> None:
    number = int(os.environ.get("CASES", "100000"))
    print("database    drawn          cases   package    seconds   of processor   memory before   peak")
    for name, databases in (("SQLite", SQLiteDatabases), ("PostgreSQL", PostgreSQLDatabases)):
        with tempfile.TemporaryDirectory() as folder, databases(Path(folder)).fresh() as database:
            app = new_app(database)
            for part in (number // 5, number):
                fill(app, part)
                tidy(app)
                for when in ("now", "in 2021"):
                    rows, size, seconds, processor, before, peak = drawn(database, when)
                    print(
                        f"{name:10} {when:8} {rows:10,} {size / 1e6:7.1f} MB {seconds:8.1f} s {processor:10.1f} s"
                        f" {before:12,} MB {peak:8,} MB",
                        flush=True,
                    )


def fill(app: Flask, number: int) -> None:
    """Cases up to a number, each with VERSIONS versions of the past."""
    with known_from(app, FIRST_KNOWN.format(1)), app.app_context(), every_organisation("benchmark") as session:
        for progress in store_cases(session, generated_cases(number, 1, first_seeded_day(session, today()))):
            print(f"\r{progress.done:,} of {number:,} cases", end="", file=sys.stderr)
    for version in range(2, VERSIONS + 1):
        with known_from(app, FIRST_KNOWN.format(version)), unguarded(app) as session:
            session.execute(text("UPDATE case_review SET comments = :words"), {"words": f"Version {version}"})
            session.commit()


def tidy(app: Flask) -> None:
    """What PostgreSQL does by itself after a while: without it no index answers alone."""
    engine = app.extensions["unguarded"]
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


@contextmanager
def known_from(app: Flask, moment: str) -> Iterator[None]:
    """Dates versions back, also after a first drawing."""
    drop = "UPDATE setting SET value = '' WHERE name = 'history_known_from'"
    with unguarded(app) as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("ALTER TABLE setting DISABLE TRIGGER past_stands"))
        else:
            session.execute(text("DROP TRIGGER IF EXISTS past_stands_at_UPDATE"))
        value = f"UPDATE setting SET value = '{moment.replace('T', ' ')}.000000' WHERE name = 'history_known_from'"
        session.execute(text(value))
        session.commit()
    yield
    with unguarded(app) as session:
        session.execute(text(drop))
        session.commit()


def drawn(database: Database, when: str) -> list[float]:
    """Rows, bytes, seconds, those of processor time, and megabytes before and at most, of a draw in its own process."""
    environment = os.environ | database.settings | {"DRAWN": when}
    done = subprocess.run([sys.executable, "-c", DRAW], env=environment, capture_output=True, text=True, check=True)
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
