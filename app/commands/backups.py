"""Backups from the command line: taken while the service runs, restored into an empty database, and proven equal."""

from __future__ import annotations

import os
from pathlib import Path

import click
import psycopg
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import make_url

from app.backups import CannotCopy, checksums, postgresql, sqlite, sums_file
from app.rules.words import count_of

FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command("backup")
@FILE
@with_appcontext
def backup(file: Path) -> None:
    """Copies the whole database to FILE as it is at one moment, while the service runs.

    PostgreSQL's is taken by pg_dump, as the superuser of DATABASE_ADMIN_URL. FILE.checksums has a line for each table.
    """
    try:
        sums = sqlite.back_up(_file(), file) if _is_sqlite() else postgresql.back_up(_administrator(), file)
    except (CannotCopy, psycopg.Error) as problem:
        raise click.ClickException(_said(problem)) from None
    click.echo(f"{file}: {_in_words(sums)}")
    click.echo(f"Checksums: {sums_file(file)}")


@click.command("restore")
@FILE
@with_appcontext
def restore(file: Path) -> None:
    """Fills an empty database from FILE, and compares every table with FILE.checksums.

    SQLite: the file of DATABASE_URL, which must not be there. PostgreSQL: the database of DATABASE_ADMIN_URL, by
    pg_restore, after `flask make-database-roles`.
    """
    try:
        sums = sqlite.restore(file, _file()) if _is_sqlite() else postgresql.restore(file, _administrator())
    except (CannotCopy, psycopg.Error) as problem:
        raise click.ClickException(_said(problem)) from None
    click.echo(f"Restored, and equal to the backup: {_in_words(sums)}")
    click.echo("Check the audit with: flask audit verify")


@click.command("table-checksums")
@with_appcontext
def table_checksums() -> None:
    """A line for each table: the SHA-256 of its rows, how many they are, its name.

    Two databases of the same kind with the same lines hold the same.
    """
    try:
        sums = sqlite.sums_at(_file()) if _is_sqlite() else postgresql.sums_at(_administrator())
    except (CannotCopy, psycopg.Error) as problem:
        raise click.ClickException(_said(problem)) from None
    click.echo(checksums.as_text(sums), nl=False)


def _in_words(sums: list[checksums.TableSum]) -> str:
    return f"{count_of(sum(one.rows for one in sums), 'row')} in {count_of(len(sums), 'table')}"


def _said(problem: Exception) -> str:
    return str(problem) if isinstance(problem, CannotCopy) else str(problem).splitlines()[0]


def _is_sqlite() -> bool:
    return str(current_app.config["SQLALCHEMY_DATABASE_URI"]).startswith("sqlite")


def _file() -> Path:
    return Path(make_url(current_app.config["SQLALCHEMY_DATABASE_URI"]).database or "")


def _administrator() -> str:
    """The administrator's address, as libpq takes it."""
    address = os.environ.get("DATABASE_ADMIN_URL", "")
    if not address.startswith("postgres"):
        raise click.ClickException("Set DATABASE_ADMIN_URL to the address of the PostgreSQL database as a superuser.")
    return postgresql.as_libpq(address)
