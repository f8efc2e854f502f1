"""The triggers that count cases: by CCG, and by the month in which they were added (`case_counts.py`).

Whatever adds, withdraws, brings back or dates a case changes its count in the same transaction; any other change of a
case does not touch it. In PostgreSQL two transactions that add cases of one CCG and month at the same time take turns.
"""

from __future__ import annotations

from sqlalchemy import Connection, inspect

from . import row_security
from .row_security import READABLE

TABLE = "case_count"
# The setting with which the triggers' function, which runs as the tables' owner, says what it is doing.
COUNTING = "tracker.counting"


def begin(connection: Connection) -> None:
    """Protects the table, makes the triggers, and counts what is there. Called by the table's migration."""
    if connection.dialect.name == "postgresql":
        row_security.protect_reading(connection, TABLE)
        _run(connection, _POSTGRESQL)
        # The owner is held to the policies of cases too: for this transaction it reads those of all CCGs.
        everybody = "(SELECT coalesce(array_agg(id)::text, '{}') FROM organisation)"
        connection.exec_driver_sql(f"SELECT set_config('{READABLE}', {everybody}, true)")
        count_anew(connection)
        connection.exec_driver_sql(f"SELECT set_config('{READABLE}', '', true)")
    else:
        create_triggers(connection)
        count_anew(connection)


def end(connection: Connection) -> None:
    """Takes away what `begin` made. Called before the table goes."""
    if connection.dialect.name == "postgresql":
        _run(connection, _POSTGRESQL_NO_MORE)
    else:
        drop_triggers(connection)


def count_anew(connection: Connection) -> None:
    """Counts all cases that the connection sees. Where triggers did not see how they came in."""
    postgresql = connection.dialect.name == "postgresql"
    if postgresql:
        connection.exec_driver_sql(f"SELECT set_config('{COUNTING}', 'yes', true)")
    connection.exec_driver_sql(f"DELETE FROM {TABLE}")
    month = "date_trunc('month', date_added)::date" if postgresql else "date(date_added, 'start of month')"
    connection.exec_driver_sql(
        f"INSERT INTO {TABLE} (ccg_id, month, number)"
        f" SELECT ccg_id, {month}, count(*) FROM case_review WHERE withdrawn_at IS NULL GROUP BY 1, 2"
    )
    if postgresql:
        connection.exec_driver_sql(f"SELECT set_config('{COUNTING}', '', true)")


def create_triggers(connection: Connection) -> None:
    """Creates SQLite's triggers anew: a migration that rebuilds the table of cases drops them."""
    if connection.dialect.name == "sqlite" and inspect(connection).has_table(TABLE):
        drop_triggers(connection)
        _run(connection, _SQLITE)


def drop_triggers(connection: Connection) -> None:
    """Takes SQLite's triggers away, as they must be while a migration rebuilds the table of cases."""
    if connection.dialect.name == "sqlite":
        for change in ("added", "changed", "deleted"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS case_count_{change}")


def _run(connection: Connection, statements: str) -> None:
    for statement in statements.split("\n--\n"):
        connection.exec_driver_sql(statement)


def _sqlite_change(row: str, by: str) -> str:
    return f"""
    INSERT INTO {TABLE} (ccg_id, month, number)
    SELECT {row}.ccg_id, date({row}.date_added, 'start of month'), {by} WHERE {row}.withdrawn_at IS NULL
    ON CONFLICT (ccg_id, month) DO UPDATE SET number = number + excluded.number;"""


_SQLITE = f"""
CREATE TRIGGER case_count_added AFTER INSERT ON case_review BEGIN{_sqlite_change("new", "1")}
END
--
CREATE TRIGGER case_count_changed AFTER UPDATE OF withdrawn_at, date_added ON case_review
WHEN (new.withdrawn_at IS NULL) <> (old.withdrawn_at IS NULL) OR new.date_added <> old.date_added BEGIN
    {_sqlite_change("old", "-1")}{_sqlite_change("new", "1")}
END
--
CREATE TRIGGER case_count_deleted AFTER DELETE ON case_review BEGIN{_sqlite_change("old", "-1")}
END
"""
_ADDED = "SELECT ccg_id, date_added, 1 AS by FROM added WHERE withdrawn_at IS NULL"
_GONE = "SELECT ccg_id, date_added, -1 AS by FROM gone WHERE withdrawn_at IS NULL"
_POSTGRESQL = f"""
CREATE POLICY counted ON {TABLE} FOR ALL TO CURRENT_USER
USING ((SELECT current_setting('{COUNTING}', true)) = 'yes')
--
CREATE FUNCTION count_cases() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    changes text := CASE TG_OP
        WHEN 'INSERT' THEN '{_ADDED}' WHEN 'DELETE' THEN '{_GONE}' ELSE '{_ADDED} UNION ALL {_GONE}' END;
BEGIN
    PERFORM set_config('{COUNTING}', 'yes', true);
    EXECUTE format($count$
        INSERT INTO {TABLE} (ccg_id, month, number)
        SELECT ccg_id, date_trunc('month', date_added)::date, sum(by) FROM (%%s) AS changes
        GROUP BY 1, 2 HAVING sum(by) <> 0 ORDER BY 1, 2
        ON CONFLICT (ccg_id, month) DO UPDATE SET number = {TABLE}.number + excluded.number
    $count$, changes);
    PERFORM set_config('{COUNTING}', '', true);
    RETURN NULL;
END $$
--
REVOKE EXECUTE ON FUNCTION count_cases() FROM PUBLIC
--
CREATE TRIGGER case_count_added AFTER INSERT ON case_review
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_cases()
--
CREATE TRIGGER case_count_changed AFTER UPDATE ON case_review
REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_cases()
--
CREATE TRIGGER case_count_deleted AFTER DELETE ON case_review
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_cases()
"""
_POSTGRESQL_NO_MORE = """
DROP TRIGGER case_count_deleted ON case_review
--
DROP TRIGGER case_count_changed ON case_review
--
DROP TRIGGER case_count_added ON case_review
--
DROP FUNCTION count_cases()
"""
