"""How long the list of all cases takes as a file, beside stock Flask-Admin and the database's own tool, in one run.

`make bench`, or this module alone, with CASES=100000 unless told otherwise, on either database. Each is measured in a
process of its own, by turns: seconds until the first byte and the last, seconds of processor time in that process, and
the memory that it took at most beside what it took before. Stock Flask-Admin writes STOCK_CASES of the rows (20,000
unless told otherwise), for it holds all of them in memory at once; what it takes grows with rows at least.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.extracts import fill, tidy
from tests.databases import Database, PostgreSQLDatabases, SQLiteDatabases, new_app

ROUNDS = 3
MEASURED = """
import json, os, resource, sys, time

def measure(pieces):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun, worked, first, size = time.perf_counter(), time.process_time(), None, 0
    for piece in pieces():
        first = first or time.perf_counter() - begun
        size += len(piece)
    took = time.perf_counter() - begun, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([size, first, *took, (peak - before) / 1024]))
"""
SERVICE = """
from wsgi import app
from tests.visitor import Visitor

england = Visitor(app).sign_in("england")
england.get("/cases/")  # what every process does once
measure(lambda: england.client.get("/cases/export/csv/", buffered=False).iter_encoded())
"""
STOCK = """
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from sqlalchemy import MetaData, Table, create_engine
from sqlalchemy.orm import DeclarativeBase, scoped_session, sessionmaker
from models import CaseReview

class Base(DeclarativeBase):
    metadata = MetaData()

class Case(Base):
    __table__ = Table("case_review", Base.metadata, *(
        type(one)(one.name, one.type, primary_key=one.primary_key, nullable=one.nullable)
        for one in CaseReview.__table__.columns
    ))

class View(ModelView):
    column_list = [one.name for one in Case.__table__.columns][:27]
    can_export = True
    export_max_rows = int(os.environ["STOCK_CASES"])

app = Flask("stock")
app.secret_key = "a key for measurements"
session = scoped_session(sessionmaker(create_engine(os.environ["UNGUARDED_URL"])))
Admin(app).add_view(View(Case, session, url="/cases"))
measure(lambda: app.test_client().get("/cases/export/csv/", buffered=False).iter_encoded())
"""
EVERYTHING = "SELECT * FROM case_review WHERE withdrawn_at IS NULL ORDER BY date_added DESC, id DESC"
COPY = """
import psycopg
from models import CaseReview

# What the service reads, too: not the words that an index is made of.
columns = ", ".join(column.name for column in CaseReview.__table__.columns)
rows = f"SELECT {columns} FROM case_review WHERE withdrawn_at IS NULL ORDER BY date_added DESC, id DESC"

def pieces():
    with psycopg.connect(os.environ["UNGUARDED_URL"].replace("+psycopg", "")) as connection:
        with connection.cursor().copy(f"COPY ({rows}) TO STDOUT (FORMAT csv)") as copied:
            yield from copied

measure(pieces)
"""
SHELL = f"""
import subprocess

def pieces():
    database = os.environ["UNGUARDED_URL"].removeprefix("sqlite:///")
    shell = subprocess.Popen(["sqlite3", "-csv", database, {EVERYTHING!r}], stdout=subprocess.PIPE)
    yield from iter(lambda: shell.stdout.read(65536), b"")
    assert shell.wait() == 0

measure(pieces)
"""
WITHOUT_A_SHELL = f"""
import csv, io, sqlite3

def pieces():
    cursor = sqlite3.connect(os.environ["UNGUARDED_URL"].removeprefix("sqlite:///")).execute({EVERYTHING!r})
    while rows := cursor.fetchmany(500):
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        yield text.getvalue().encode()

measure(pieces)
"""


def main() -> None:
    number = int(os.environ.get("CASES", "100000"))
    for databases in (SQLiteDatabases, PostgreSQLDatabases):
        with tempfile.TemporaryDirectory() as folder, databases(Path(folder)).fresh() as database:
            app = new_app(database)
            fill(app, number)
            tidy(app)
            measure(database, number)


def measure(database: Database, number: int) -> None:
    """Prints the table of one database with a number of cases."""
    rows_of_stock = min(number, int(os.environ.get("STOCK_CASES", "20000")))
    is_sqlite = database.url.startswith("sqlite")
    floor = (SHELL if shutil.which("sqlite3") else WITHOUT_A_SHELL) if is_sqlite else COPY
    print(f"{'SQLite' if is_sqlite else 'PostgreSQL'}, {number:,} cases; the best of {ROUNDS} rounds")
    print("                 rows        MB  first byte    seconds  of processor    memory    µs a row")
    scripts = {"the service": (SERVICE, number), "stock": (STOCK, rows_of_stock), "the database": (floor, number)}
    more = {"UNGUARDED_URL": database.unguarded_url, "STOCK_CASES": str(rows_of_stock)}
    found: dict[str, list[list[float]]] = {name: [] for name in scripts}
    for _ in range(ROUNDS):
        for name, (script, _) in scripts.items():
            done = subprocess.run(
                [sys.executable, "-c", MEASURED + script],
                env=os.environ | database.settings | more,
                capture_output=True,
                text=True,
                check=True,
            )
            found[name].append(json.loads(done.stdout.splitlines()[-1]))
    each: dict[str, float] = {}
    for name, (_, rows) in scripts.items():
        size, first, seconds, processor, memory = min(found[name], key=lambda one: one[2])
        each[name] = seconds / rows
        print(
            f"{name:12} {rows:10,} {size / 1e6:7.1f} MB {first:8.2f} s {seconds:8.2f} s {processor:11.2f} s"
            f" {memory:6.0f} MB {each[name] * 1e6:11.1f}",
            flush=True,
        )
    print(
        f"Of stock Flask-Admin's time for a row: 1/{each['stock'] / each['the service']:.1f}."
        f" Of the database's own tool: {each['the service'] / each['the database']:.2f} times.",
        flush=True,
    )


if __name__ == "__main__":
    main()
