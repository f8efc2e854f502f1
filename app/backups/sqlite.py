"""A file of SQLite, copied while the service writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from . import CannotCopy, checksums, sums_file, written_whole
from .checksums import TableSum


def back_up(database: Path, file: Path) -> list[TableSum]:
    """Copies a database as it is at one moment, with its checksums beside it. Nobody who saves waits. Gives the sums.

    Raises CannotCopy.
    """
    if not database.is_file():
        raise CannotCopy(f"There is no database at {database}.")
    with closing(_opened(database)) as source, written_whole(file) as partial:
        # The transaction holds on to that moment, for the sums and for the copy.
        source.execute("BEGIN")
        sums = checksums.of_sqlite(source)
        with closing(_opened(partial)) as target:
            source.backup(target)
            _check(target, sums)
        sums_file(file).write_text(checksums.as_text(sums), encoding="utf-8")
    return sums


def restore(file: Path, database: Path) -> list[TableSum]:
    """Makes a database of a backup where there is none, and proves it equal. Gives the sums. Raises CannotCopy."""
    if database.exists() and database.stat().st_size:
        raise CannotCopy(f"There is a database at {database}. Stop the service, move it away, and try again.")
    if not file.is_file() or not sums_file(file).is_file():
        raise CannotCopy(f"{file} or {sums_file(file)} is not there.")
    database.unlink(missing_ok=True)
    for beside in ("-wal", "-shm"):  # of the one before: they would be read into this one
        database.with_name(database.name + beside).unlink(missing_ok=True)
    with closing(_opened(file)) as source, written_whole(database) as partial, closing(_opened(partial)) as target:
        try:
            source.backup(target)
            sums = checksums.of_sqlite(target)
        except sqlite3.DatabaseError:
            raise CannotCopy(f"{file} is damaged.") from None
        if wrong := checksums.differences(sums_file(file).read_text(encoding="utf-8"), sums):
            raise CannotCopy(f"Not equal to the backup: {', '.join(wrong)}.")
        _check(target, sums)
    return sums


def sums_at(database: Path) -> list[TableSum]:
    """The sums of a database as it is at one moment. Raises CannotCopy."""
    if not database.is_file():
        raise CannotCopy(f"There is no database at {database}.")
    with closing(_opened(database)) as source:
        source.execute("BEGIN")
        return checksums.of_sqlite(source)


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=30)


def _check(copy: sqlite3.Connection, expected: list[TableSum]) -> None:
    said = [row[0] for row in copy.execute("PRAGMA integrity_check")]
    if said != ["ok"] or checksums.of_sqlite(copy) != expected:
        raise CannotCopy(f"The copy is not whole: {said[0]}.")
