"""Runs migrations on the service's database: on PostgreSQL in one transaction each, on SQLite as far as it can."""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, create_engine, inspect

from models import append_only, count_triggers, database_rules, db, history_triggers, row_security, striking_out
from models.base import Moment

# A migration that waits for a lock makes everybody wait who comes after it. It gives up, and is run again.
LOCK_TIMEOUT = "1s"


def written_plainly(type_: str, thing: Any, autogen: Any) -> str | bool:
    """Migrations name the database's own types, so that they keep working when the models' change."""
    return "sa.DateTime(timezone=True)" if type_ == "type" and isinstance(thing, Moment) else False


def run(connection: Connection) -> None:
    """Runs the migrations. On SQLite, foreign keys rest while tables are rebuilt, and are checked afterwards."""
    sqlite = connection.dialect.name == "sqlite"
    if not sqlite:
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        connection.commit()
    if sqlite:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        # A trigger or view on a table stops its rebuilding.
        database_rules.drop_triggers(connection)
        count_triggers.drop_triggers(connection)
    history_triggers.make_ready_for_migrations(connection)
    connection.commit()
    options = dict(current_app.extensions["migrate"].configure_args)
    options.update(compare_type=True, render_as_batch=sqlite)
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        include_object=database_rules.belongs_to_models,
        render_item=written_plainly,
        transaction_per_migration=True,
        **options,
    )
    with context.begin_transaction():
        context.run_migrations()
    append_only.create_triggers(connection)
    if not sqlite:
        history_triggers.create_triggers(connection)
    striking_out.create_triggers(connection)
    row_security.share_out(connection)
    if not sqlite:
        connection.exec_driver_sql("RESET lock_timeout")
    connection.commit()
    if sqlite:
        if inspect(connection).has_table("case_search"):
            database_rules.create_triggers(connection)
            history_triggers.create_triggers(connection)
            count_triggers.create_triggers(connection)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"Foreign keys are broken after the migration: {broken[:5]}")
        connection.commit()
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def run_as_owner() -> None:
    """On PostgreSQL the tables belong to a role of their own, which only migrations sign in as."""
    address = current_app.config["DATABASE_OWNER_URL"]
    if not address and current_app.config["TRACKER_MODE"] == "service" and db.engine.dialect.name == "postgresql":
        raise RuntimeError("DATABASE_OWNER_URL is missing. Set it to the address of the PostgreSQL as tracker_owner.")
    engine = create_engine(address, hide_parameters=True) if address else db.engine
    with engine.connect() as connection:
        run(connection)
    if address:
        engine.dispose()


run_as_owner()
