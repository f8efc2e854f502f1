"""A database of PostgreSQL, by its own pg_dump and pg_restore.

As a superuser: policies hide every case from everybody else, the owner of the tables among them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import make_url

from models.row_security import APPLICATION, ENGLAND, OWNER

from . import CannotCopy, checksums, sums_file, written_whole
from .checksums import TableSum


def as_libpq(address: str) -> str:
    """An address of SQLAlchemy as libpq takes it: the two do not write spaces and signs of a password the same way."""
    url = make_url(address)
    parts: dict[str, Any] = {"host": url.host, "port": url.port, "user": url.username, "password": url.password}
    parts |= {"dbname": url.database, **url.query}
    return make_conninfo("", **{name: value for name, value in parts.items() if value is not None})


def back_up(address: str, file: Path) -> list[TableSum]:
    """Copies a database as it is at one moment, with its checksums beside it. Nobody who saves waits. Gives the sums.

    `address` is a superuser's, as libpq takes it. Raises CannotCopy.
    """
    with psycopg.connect(address) as connection, written_whole(file) as partial:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        _check_login(connection)
        # What pg_dump copies and what is summed up here is the same moment.
        (snapshot,) = connection.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        _run("pg_dump", address, "--format=custom", f"--snapshot={snapshot}", f"--file={partial}")
        sums = checksums.of_postgresql(connection)
        sums_file(file).write_text(checksums.as_text(sums), encoding="utf-8")
    return sums


def restore(file: Path, address: str) -> list[TableSum]:
    """Fills an empty database from a backup, and proves it equal. Gives the sums. Raises CannotCopy.

    All or nothing: where something fails, the database is as empty as before.
    """
    if not file.is_file() or not sums_file(file).is_file():
        raise CannotCopy(f"{file} or {sums_file(file)} is not there.")
    with psycopg.connect(address) as connection:
        _check_login(connection)
        if connection.execute("SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace").fetchone():
            raise CannotCopy("The database is not empty. Make a new one, and its roles, and try again.")
        roles = [OWNER, APPLICATION, ENGLAND]
        found = connection.execute("SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", (roles,)).fetchone()
        if found != (len(roles),):
            raise CannotCopy("The roles are missing. Make them first: flask make-database-roles.")
    _run("pg_restore", address, "--exit-on-error", "--single-transaction", str(file))
    with psycopg.connect(address) as connection:
        sums = checksums.of_postgresql(connection)
    if wrong := checksums.differences(sums_file(file).read_text(encoding="utf-8"), sums):
        raise CannotCopy(f"Not equal to the backup: {', '.join(wrong)}.")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("ANALYZE")  # what the planner knows is not in a backup
    return sums


def sums_at(address: str) -> list[TableSum]:
    """The sums of a database as it is at one moment. Raises CannotCopy."""
    with psycopg.connect(address) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        _check_login(connection)
        return checksums.of_postgresql(connection)


def _check_login(connection: psycopg.Connection) -> None:
    asked = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    if connection.execute(asked).fetchone() != (True,):
        raise CannotCopy("Sign in as a superuser: policies hide the cases from everybody else.")


def _run(program: str, address: str, *arguments: str) -> None:
    """Runs a program of PostgreSQL. The password is not on its command line, which every login reads."""
    if (found := shutil.which(program)) is None:
        raise CannotCopy(f"{program} is not here. Install PostgreSQL's client, or put its folder into PATH.")
    parts = conninfo_to_dict(address)
    environment = os.environ | {"PGPASSWORD": str(parts.pop("password", "") or os.environ.get("PGPASSWORD", ""))}
    command = [found, *arguments, "--no-password", f"--dbname={make_conninfo('', **parts)}"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        # Its first line says what; those after it may quote a row.
        raise CannotCopy(f"{program}: {(ended.stderr.strip() or 'it failed').splitlines()[0]}")
