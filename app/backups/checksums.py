"""A checksum of every table: two databases of the same kind with the same lines hold the same rows."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql


@dataclass(frozen=True)
class TableSum:
    """How many rows a table has, and the SHA-256 of all that stands in them, in the order of their keys."""

    table: str
    rows: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.sha256}  {self.rows:>10}  {self.table}"


def as_text(sums: Iterable[TableSum]) -> str:
    """A line for each table."""
    return "".join(f"{one}\n" for one in sums)


def differences(expected: str, found: Iterable[TableSum]) -> list[str]:
    """The tables of which a text of checksums says something else, or that are in one of the two alone."""
    before, after = set(expected.splitlines()), set(as_text(found).splitlines())
    return sorted({line.split()[-1] for line in before ^ after})


def of_postgresql(connection: psycopg.Connection) -> list[TableSum]:
    """The sums of all tables, in the connection's transaction. Raises psycopg.Error where a policy would hide rows."""
    # Whatever the server or the login has set, the same row is the same text.
    for setting in _PLAINLY:
        connection.execute(setting)
    return [_of_table(connection, table) for (table,) in connection.execute(_TABLES).fetchall()]


def _of_table(connection: psycopg.Connection, table: str) -> TableSum:
    keys = [
        sql.SQL('{} COLLATE "C"' if is_text else "{}").format(sql.Identifier(column))
        for column, is_text in connection.execute(_KEYS, (table,)).fetchall()
    ]
    order = sql.SQL(", ").join(keys) if keys else sql.SQL('{}::text COLLATE "C"').format(sql.Identifier(table))
    digest, rows = hashlib.sha256(), 0
    copied = sql.SQL("COPY (SELECT * FROM public.{} ORDER BY {}) TO STDOUT").format(sql.Identifier(table), order)
    with connection.cursor().copy(copied) as copy:
        for piece in copy:
            digest.update(piece)
            rows += bytes(piece).count(b"\n")  # each row is a line: what breaks a line in a text is written otherwise
    return TableSum(table, rows, digest.hexdigest())


def of_sqlite(connection: sqlite3.Connection) -> list[TableSum]:
    """The sums of all tables but those of the index on words, which are made of the others."""
    tables = [name for _, name, kind, *_ in connection.execute("PRAGMA main.table_list") if kind == "table"]
    sums = []
    for table in sorted(name for name in tables if not name.startswith("sqlite_")):
        keys = sorted(
            (key, name) for _, name, _, _, _, key in connection.execute(f'PRAGMA table_info("{table}")') if key
        )
        order = ", ".join(f'"{name}" COLLATE BINARY' for _, name in keys) or "rowid"
        digest, rows = hashlib.sha256(), 0
        for row in connection.execute(f'SELECT * FROM "{table}" ORDER BY {order}'):  # noqa: S608 - its own names
            digest.update(repr(row).encode() + b"\n")
            rows += 1
        sums.append(TableSum(table, rows, digest.hexdigest()))
    return sums


_PLAINLY = (
    "SET LOCAL row_security = off",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL intervalstyle = 'postgres'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 3",
)
_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname COLLATE "C"
"""
_KEYS = """
SELECT a.attname, a.attcollation <> 0 FROM pg_index AS i
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
WHERE i.indrelid = ('public.' || quote_ident(%s))::regclass AND i.indisprimary ORDER BY k.place
"""
