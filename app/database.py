"""How the database is opened: SQLite's settings for safety, and foreign keys that hold."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event


def prepare(engine: Engine) -> None:
    """Applies the settings of SQLite to each new connection; PostgreSQL needs none."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def settings(connection: Any, record: object) -> None:
        cursor = connection.cursor()
        # FULL: with NORMAL, WAL may lose the last commits when the power fails. recursive_triggers: without it
        # INSERT OR REPLACE deletes the old row behind the triggers' backs.
        for setting in (
            "foreign_keys=ON",
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=5000",
            "recursive_triggers=ON",
        ):
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()
