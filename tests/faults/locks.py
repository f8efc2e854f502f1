"""Which locks a login holds on the tables of PostgreSQL, and for how long: looked at every few milliseconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

# What keeps out whoever reads, and whoever writes.
READERS = frozenset({"AccessExclusiveLock"})
WRITERS = READERS | {"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock"}
_HELD = """
SELECT c.relname, l.mode, l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND a.usename = %s AND c.relkind IN ('r', 'p') AND c.relname = ANY(%s) AND l.mode = ANY(%s)
"""
EVERY = 0.004


@dataclass
class Held:
    """For each table and kind of lock the longest that it was held without a break, in seconds."""

    longest: dict[tuple[str, str], float] = field(default_factory=dict)

    def worst(self, modes: frozenset[str]) -> tuple[float, str]:
        """The longest of some kinds, and the table; 0 and "" where there was none."""
        found = [(seconds, table) for (table, mode), seconds in self.longest.items() if mode in modes]
        return max(found, default=(0.0, ""))


@contextmanager
def watching(server: str, login: str) -> Iterator[Held]:
    """Looks at the locks that a login holds on the tables that are there at the beginning."""
    held, stop = Held(), threading.Event()
    with psycopg.connect(server, autocommit=True) as connection:
        tables = [row[0] for row in connection.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
                  " AND relnamespace = 'public'::regnamespace")]  # fmt: skip
        thread = threading.Thread(target=_look, args=(connection, login, tables, held, stop))
        thread.start()
        try:
            yield held
        finally:
            stop.set()
            thread.join()


def _look(connection: psycopg.Connection, login: str, tables: list[str], held: Held, stop: threading.Event) -> None:
    since: dict[tuple[str, str, int], float] = {}
    while not stop.is_set():
        before = time.perf_counter()
        rows = set(connection.execute(_HELD, (login, tables, sorted(WRITERS))).fetchall())
        now = time.perf_counter()
        # As long as it may have been: from the look before the first that saw it to the one that saw it last.
        since = {row: since.get(row, before - EVERY) for row in rows}
        for (table, mode, _), begun in since.items():
            held.longest[table, mode] = max(held.longest.get((table, mode), 0), now - begun)
        stop.wait(EVERY)
