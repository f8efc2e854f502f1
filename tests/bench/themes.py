"""How long the themes view takes: each of its pages for a CCG, a region and England, on either database.

`make bench`, or this module alone, with CASES=1000000 on PostgreSQL and a tenth on SQLite. Of each page: the median of
some rounds in milliseconds as the service answers it, without a network, and how many statements it sends.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from flask import Flask
from sqlalchemy import event

from models import db
from tests.bench.__main__ import fill
from tests.databases import PostgreSQLDatabases, SQLiteDatabases, new_app
from tests.visitor import Visitor

ROUNDS = 5
ACCOUNTS = {"a CCG": "ccg-84H", "a region": "region-Y63", "England": "england"}
PAGES = [
    *(f"/themes/?show={show}" for show in ("overview", "quarters", "areas", "together", "types", "times")),
    "/themes/?show=overview&theme=neglect&status=open",
    "/themes/sharing/",
    "/themes/sharing/?period=2020-21",
]


def main() -> None:
    number = int(os.environ.get("CASES", "1000000"))
    for databases, cases in ((SQLiteDatabases, number // 10), (PostgreSQLDatabases, number)):
        with tempfile.TemporaryDirectory() as folder, databases(Path(folder)).fresh() as database:
            app = new_app(database)
            fill(app, cases)
            print(f"{databases.__name__}, {cases:,} cases: milliseconds, statements")
            measure(app)


def measure(app: Flask) -> None:
    """Prints the table of one database."""
    for name, account in ACCOUNTS.items():
        visitor = Visitor(app).sign_in(account)
        for page in PAGES:
            if visitor.get(page).status_code == 403:
                continue
            times = []
            with app.app_context(), Statements() as statements:
                for _ in range(ROUNDS):
                    begun = time.perf_counter()
                    visitor.get(page)
                    times.append((time.perf_counter() - begun) * 1000)
            print(f"{name:10} {page:50} {statistics.median(times):8.0f} {statements.number / ROUNDS:6.0f}", flush=True)


class Statements:
    """Counts what is sent to the database meanwhile."""

    def __init__(self) -> None:
        self.number, self.engine = 0, db.engine

    def _count(self, *_: object) -> None:
        self.number += 1

    def __enter__(self) -> Statements:
        event.listen(self.engine, "before_cursor_execute", self._count)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._count)


if __name__ == "__main__":
    main()
