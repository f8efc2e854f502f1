"""Tables whose rows are added and never changed: triggers refuse, whatever path tries it."""

from __future__ import annotations

from sqlalchemy import Connection, inspect

ADDED_AND_NEVER_CHANGED = "rows of this table are added and never changed"
# Audit events and versions have triggers of their own, made before these.
TABLES = (
    "extract",
    "extract_part",
    "extract_sign_off",
    "extract_receipt",
    "query_answer",
    "quarter_confirmation",
)


def create_triggers(connection: Connection) -> None:
    """Creates the triggers of each of TABLES that is there, where they are missing. Called after every migration."""
    there = set(inspect(connection).get_table_names())
    for table in TABLES:
        if table in there:
            _create(connection, table)


def drop_function(connection: Connection) -> None:
    """Takes away what the triggers called, after their tables have gone."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS rows_never_change()")


def _create(connection: Connection, table: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_POSTGRESQL_FUNCTION)
        connection.exec_driver_sql(_POSTGRESQL_ROWS.format(table=table))
        connection.exec_driver_sql(_POSTGRESQL_TABLE.format(table=table))
        return
    keys = inspect(connection).get_pk_constraint(table)["constrained_columns"]
    stands = " AND ".join(f"{key} = new.{key}" for key in keys)
    for trigger in (_SQLITE_CHANGES, _SQLITE_GOES, _SQLITE_STANDS_ONCE):
        connection.exec_driver_sql(trigger.format(table=table, stands=stands, message=ADDED_AND_NEVER_CHANGED))


_SQLITE_CHANGES = """
CREATE TRIGGER IF NOT EXISTS {table}_never_changes BEFORE UPDATE ON {table} BEGIN SELECT raise(ABORT, '{message}'); END
"""
_SQLITE_GOES = """
CREATE TRIGGER IF NOT EXISTS {table}_never_goes BEFORE DELETE ON {table} BEGIN SELECT raise(ABORT, '{message}'); END
"""
# INSERT OR REPLACE would take an old row away and put another in its place.
_SQLITE_STANDS_ONCE = """
CREATE TRIGGER IF NOT EXISTS {table}_stands_once BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE {stands}) BEGIN SELECT raise(ABORT, '{message}'); END
"""
_POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION rows_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{ADDED_AND_NEVER_CHANGED}' USING ERRCODE = 'check_violation';
END $$
"""
_POSTGRESQL_ROWS = """
CREATE OR REPLACE TRIGGER {table}_never_changes BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION rows_never_change()
"""
_POSTGRESQL_TABLE = """
CREATE OR REPLACE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION rows_never_change()
"""
