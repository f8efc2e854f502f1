"""Tables whose rows are added and never changed: triggers refuse, whatever path tries it.

The one exception is redaction (`striking_out.py`): while one is under way, words go out of an answer about its case,
and the bytes of an extract that it names go, for others to take their place.
"""

from __future__ import annotations

from sqlalchemy import Connection, inspect

ADDED_AND_NEVER_CHANGED = "rows of this table are added and never changed"
# Audit events and versions have triggers of their own, made before these.
TABLES = (
    "access_decision",
    "extract",
    "extract_part",
    "extract_sign_off",
    "extract_receipt",
    "extract_redaction",
    "query_answer",
    "quarter_confirmation",
)

# What a redaction that is under way lets be done to rows of these: to which.
WHERE_UNDER_WAY = {
    ("case_review_version", "UPDATE"): "case_id = old.id",
    ("query_answer", "UPDATE"): "case_id = old.case_id",
    ("extract_part", "DELETE"): "id IN (SELECT redaction_id FROM extract_redaction WHERE extract_id = old.extract_id)",
}


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


def knows_redactions(connection: Connection) -> bool:
    """Whether redactions are known yet: the migration that makes them may have been taken back."""
    return inspect(connection).has_table("redaction")


def unless_under_way(connection: Connection, table: str, operation: str) -> str:
    """The condition of a SQLite trigger that refuses: not while words are struck out of this very row."""
    which = WHERE_UNDER_WAY.get((table, operation))
    if which is None or not knows_redactions(connection):
        return ""
    return f"WHEN NOT EXISTS (SELECT 1 FROM redaction WHERE state = 'striking' AND {which})"


def forget_triggers(connection: Connection) -> None:
    """Takes SQLite's triggers away whose condition speaks of redactions. The next `create_triggers` makes them anew."""
    for table, _ in WHERE_UNDER_WAY:
        for trigger in ("never_changes", "never_goes"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_{trigger}")


def _create(connection: Connection, table: str) -> None:
    if connection.dialect.name == "postgresql":
        permitted = _POSTGRESQL_PERMITTED if knows_redactions(connection) else ""
        connection.exec_driver_sql(_POSTGRESQL_FUNCTION.format(permitted=permitted))
        connection.exec_driver_sql(_POSTGRESQL_ROWS.format(table=table))
        connection.exec_driver_sql(_POSTGRESQL_TABLE.format(table=table))
        return
    keys = inspect(connection).get_pk_constraint(table)["constrained_columns"]
    stands = " AND ".join(f"{key} = new.{key}" for key in keys)
    for operation, trigger in (("UPDATE", _SQLITE_CHANGES), ("DELETE", _SQLITE_GOES), ("INSERT", _SQLITE_STANDS_ONCE)):
        unless = unless_under_way(connection, table, operation)
        connection.exec_driver_sql(
            trigger.format(table=table, stands=stands, message=ADDED_AND_NEVER_CHANGED, unless=unless)
        )


_SQLITE_CHANGES = """
CREATE TRIGGER IF NOT EXISTS {table}_never_changes BEFORE UPDATE ON {table} {unless}
BEGIN SELECT raise(ABORT, '{message}'); END
"""
_SQLITE_GOES = """
CREATE TRIGGER IF NOT EXISTS {table}_never_goes BEFORE DELETE ON {table} {unless}
BEGIN SELECT raise(ABORT, '{message}'); END
"""
# INSERT OR REPLACE would take an old row away and put another in its place.
_SQLITE_STANDS_ONCE = """
CREATE TRIGGER IF NOT EXISTS {table}_stands_once BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE {stands}) BEGIN SELECT raise(ABORT, '{message}'); END
"""
_POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION rows_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN{{permitted}}
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
_POSTGRESQL_PERMITTED = f"""
    IF TG_TABLE_NAME = 'query_answer' AND TG_OP = 'UPDATE' THEN
        IF EXISTS (SELECT FROM redaction WHERE state = 'striking' AND {WHERE_UNDER_WAY["query_answer", "UPDATE"]}) THEN
            RETURN new;
        END IF;
    ELSIF TG_TABLE_NAME = 'extract_part' AND TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM redaction WHERE state = 'striking' AND {WHERE_UNDER_WAY["extract_part", "DELETE"]}) THEN
            RETURN old;
        END IF;
    END IF;"""
