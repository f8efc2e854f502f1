"""How long a file of cases takes, checking and saving, and how much memory: 50,000 new rows, on either database.

`make bench`, or this module alone, with ROWS=50000 unless told otherwise. The work is done in a process of its own, as
a worker of the service does it; CPU is that of the process, and of PostgreSQL's for it. Meanwhile another asks SQLite
again and again for the right to write: what it has to wait for, everybody else who saves waits for. The embedded
PostgreSQL does not wait for the disk.
"""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from itertools import islice
from pathlib import Path

from flask import Flask
from sqlalchemy import make_url

from app.access.clock import today
from app.access.lookups import Codes, read_codes
from app.case_imports.headings import ITEMS, heading_of
from app.database import new_session
from models.declarations import Item, Kind
from seeds.generated_cases import GeneratedCase, generated_cases
from tests.databases import Database, PostgreSQLDatabases, SQLiteDatabases, new_app

# So many words of the lessons that 50,000 rows are just a file that is taken: 50 MB.
LESSONS = 15
MERGED_ON = date(2020, 4, 1)
WORK = """
import json, os, resource, sys, time
from collections import Counter
from wsgi import app
from sqlalchemy import event
from app.case_imports import working
from app.access import clock
from models import db
from models.enumerations import ImportState
from tests.case_imports.files import Importer

sent = Counter()
with app.app_context():
    event.listen(db.engine, "before_cursor_execute", lambda *told: sent.update([told[2].split()[0]]))

def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

def note(what, begun, used):
    print(json.dumps([what, time.perf_counter() - begun, time.process_time() - used, megabytes(), dict(sent)]),
          flush=True)
    sent.clear()

def now():
    return time.perf_counter(), time.process_time()

importer = Importer(app)
note("beginning", *now())
began = now()
with open(sys.argv[1], "rb") as file:
    one = importer.check(file.read())
note("checking", *began)
began = now()
one = importer.apply(one)
note("saving", *began)
print(json.dumps([one.state, one.added, one.why]), flush=True)
"""


def main() -> None:
    number = int(os.environ.get("ROWS", "50000"))
    print("database   step            rows   seconds   of CPU    rows a second     peak   statements")
    for name, databases in (("SQLite", SQLiteDatabases), ("PostgreSQL", PostgreSQLDatabases)):
        with tempfile.TemporaryDirectory() as folder, databases(Path(folder)).fresh() as database:
            path = Path(folder) / "cases.csv"
            write_file(new_app(database), path, number)
            measure(name, database, path, number)


def measure(name: str, database: Database, path: Path, number: int) -> None:
    """Prints the table of one database."""
    work = subprocess.Popen(
        [sys.executable, "-c", WORK, str(path)], env=os.environ | database.settings, stdout=subprocess.PIPE, text=True
    )
    assert work.stdout is not None
    with waiting_to_write(database) as longest:
        before = of_the_server(database)
        for line in work.stdout:
            what, *found = json.loads(line)
            if len(found) < 4:
                assert found[0] == number, f"Of {number:,} rows {line} were saved."
                continue
            seconds, used, peak, statements = found
            waited, now = longest(), of_the_server(database)
            used, before = used + now - before, now
            if what != "beginning":
                said = ", ".join(f"{verb} {times:,}" for verb, times in sorted(statements.items()))
                print(
                    f"{name:10} {what:10} {number:9,} {seconds:9.1f} {used:8.1f} {number / seconds:16,.0f}"
                    f" {peak:5,} MB   {said}"
                    + (f"; others waited {waited:.2f} s at a time" if waited is not None else ""),
                    flush=True,
                )
    assert work.wait() == 0


def of_the_server(database: Database) -> float:
    """Seconds of CPU that PostgreSQL's processes for a database have used so far; 0 of SQLite, which has none."""
    name, ticks = str(make_url(database.url).database), 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cmdline").read_text().startswith("postgres:") and name in (process / "cmdline").read_text():
                ticks += sum(map(int, (process / "stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def waiting_to_write(database: Database) -> Iterator[Callable[[], float | None]]:
    """Asks SQLite every 10 ms for the right to write. Gives what says the longest wait since it was last asked."""
    url = make_url(database.url)
    if url.get_backend_name() != "sqlite":
        yield lambda: None
        return
    waits, stop = [0.0], threading.Event()

    def ask() -> None:
        connection = sqlite3.connect(str(url.database), timeout=0, isolation_level=None)
        since: float | None = None
        while not stop.wait(0.01):
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
                since = None
            except sqlite3.OperationalError:
                since = since or time.perf_counter()
                waits.append(time.perf_counter() - since)
        connection.close()

    def longest() -> float:
        found = max(waits)
        waits[:] = [0.0]
        return found

    asking = threading.Thread(target=ask)
    asking.start()
    yield longest
    stop.set()
    asking.join()


def write_file(app: Flask, path: Path, number: int) -> None:
    """A CSV of new cases of one CCG and of one before it, with the texts of generated cases."""
    with app.app_context(), new_session() as session:
        codes = read_codes(session)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([heading_of(item) for item in ITEMS.values()])
        cases = (case for case in generated_cases(2 * number, 1, today()) if case.withdrawn_at is None)
        writer.writerows([_cell(case, item, codes) for item in ITEMS.values()] for case in islice(cases, number))


def _cell(case: GeneratedCase, item: Item, codes: Codes) -> str:
    if item.kind is Kind.CASE:
        return ""  # those that it grew out of are not there
    if item.name == "ccg":
        return "84H" if case.date_added >= MERGED_ON else "00D"
    value = getattr(case, item.name)
    if item.name == "lessons":
        value = " ".join(value.split()[:LESSONS])
    if value is None:
        return ""
    if item.kind is Kind.CODE:
        return next(entry.label for entry in codes[item.code_list].values() if entry.code == value)
    if isinstance(value, date):
        return f"{value.day}/{value.month}/{value.year}"
    return str(getattr(value, "label", value))


if __name__ == "__main__":
    main()
