"""The triggers that keep history: a version of a row with each insert, change and deletion, whatever path wrote it.

Who and why stand in the row, with a `change_id` that each save of the service makes anew. Where it is as it was, or was
used before for that row, something else wrote, and the version names nobody.

A version is known from the moment at which it was written, and never from an earlier one than the version before. In
PostgreSQL its writer holds a lock, shared with other writers, from before that moment until the transaction ends: so
whoever has held that lock alone for a moment (`WRITERS_LOCK`) knows that every version of an earlier moment is there
for all to see, or never will be. In SQLite one transaction writes at a time.
"""

from __future__ import annotations

from sqlalchemy import Connection, inspect

from .append_only import unless_under_way
from .history import SUFFIX

# The key of PostgreSQL's advisory lock that those who write versions share.
WRITERS_LOCK = 0x5CB7
# The setting that dates versions back: reference seeds and demo cases are known since a day of the past.
KNOWN_FROM = "history_known_from"
PAST_STANDS = "nothing is dated back once an extract has been drawn"
NEVER_CHANGES = "versions are added by triggers and never changed"
# Under another key a row would count twice in the past: as it was, and as it is.
KEEPS_ITS_KEY = "a row whose history is kept keeps its key"
_OPERATIONS = {"insert": "added", "update": "changed", "delete": "deleted"}
# Nobody's, where the service did not write.
_OF_A_PERSON = ("changed_by_id", "change_reason")


def keep_versions(connection: Connection, table: str, *, known_from: str) -> None:
    """Begins the history of a table: its rows as they are become their first versions. Called by a migration.

    `known_from` is the SQL of the moment from which those rows count as known: a column, or a literal in UTC.
    """
    listed, version = ", ".join(_columns_of(connection, table)), f"{table}{SUFFIX}"
    first = (
        f"INSERT INTO {version} ({listed}, number, known_from, change, by_service)"
        f" SELECT {listed}, 1, {known_from}, 'added', {'1' if connection.dialect.name == 'sqlite' else 'true'}"
        f" FROM {table}"
    )
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(first)
        return
    # Policies hold the owner too, who is to read every row, and to write its first version, this once.
    forced = [one for one in (table, version) if connection.exec_driver_sql(_IS_FORCED.format(table=one)).scalar()]
    for one in forced:
        connection.exec_driver_sql(f"ALTER TABLE {one} NO FORCE ROW LEVEL SECURITY")
    connection.exec_driver_sql(first)
    for one in forced:
        connection.exec_driver_sql(f"ALTER TABLE {one} FORCE ROW LEVEL SECURITY")
    if not connection.exec_driver_sql("SELECT to_regproc('keep_version')").scalar():
        _run(connection, _POSTGRESQL_FUNCTIONS)
    _run(connection, _POSTGRESQL_TRIGGERS.format(table=table, version=version))


_IS_FORCED = "SELECT relforcerowsecurity FROM pg_class WHERE oid = to_regclass('{table}')"


def stop_keeping_versions(connection: Connection, tables: list[str]) -> None:
    """Takes away what `keep_versions` made for all these tables, after their tables of versions have gone."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        connection.exec_driver_sql(f"DROP TRIGGER {table}_keeps_versions ON {table}")
    _run(connection, "DROP FUNCTION keep_version()\n--\nDROP FUNCTION versions_never_change()")


def create_triggers(connection: Connection) -> None:
    """Creates the triggers anew. Called after every migration.

    From the tables as they are. A migration that rebuilds one drops SQLite's; on PostgreSQL it is the functions that
    they call, where they are.
    """
    if connection.dialect.name != "sqlite":
        _replace_functions(connection)
        if connection.exec_driver_sql("SELECT to_regproc('keep_version')").scalar():
            connection.exec_driver_sql(_of_these_columns(connection))
        return
    extracts = inspect(connection).has_table("extract")
    for table in _versioned_tables(connection):
        version, columns = f"{table}{SUFFIX}", _columns_of(connection, table)
        for operation, change in _OPERATIONS.items():
            _run(connection, _sqlite_trigger(table, version, columns, operation, change, extracts=extracts))
        unless = unless_under_way(connection, version, "UPDATE")
        _run(connection, _SQLITE_NEVER_CHANGES.format(version=version, message=NEVER_CHANGES, unless=unless))


def make_ready_for_migrations(connection: Connection) -> None:
    """Takes SQLite's triggers away, as they must be while a migration rebuilds a table. On PostgreSQL versions are kept
    by a function that knows no columns, for these may change: it takes six times as long as the one that does.
    """
    if connection.dialect.name != "sqlite":
        _replace_functions(connection)
    else:
        for table in _versioned_tables(connection):
            names = [f"{table}_{change}_version" for change in _OPERATIONS.values()]
            for name in [*names, *(f"{table}{SUFFIX}_{never}" for never in ("changes", "goes", "stands_once"))]:
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")


def keep_the_past_of_extracts(connection: Connection) -> None:
    """Refuses to date versions and answers back once an extract was drawn: it would change what that extract goes by.

    Called by the migration that makes the tables of extracts and of answers.
    """
    if connection.dialect.name == "postgresql":
        _run(connection, _POSTGRESQL_PAST_STANDS)
    else:
        for operation in ("INSERT", "UPDATE"):
            connection.exec_driver_sql(_SQLITE_PAST_STANDS.format(operation=operation))
        connection.exec_driver_sql(_SQLITE_ANSWERS_ARE_NEW)


def forget_the_past_of_extracts(connection: Connection) -> None:
    """Takes away what `keep_the_past_of_extracts` made."""
    if connection.dialect.name == "postgresql":
        _run(connection, _POSTGRESQL_FORGET)
    else:
        for operation in ("INSERT", "UPDATE"):
            connection.exec_driver_sql(f"DROP TRIGGER past_stands_at_{operation}")
        connection.exec_driver_sql("DROP TRIGGER answers_are_new")


def _versioned_tables(connection: Connection) -> list[str]:
    tables = set(inspect(connection).get_table_names())
    return sorted(table for table in tables if f"{table}{SUFFIX}" in tables)


def _columns_of(connection: Connection, table: str) -> list[str]:
    """The columns that a table and that of its versions have in common."""
    both = [{str(one["name"]) for one in inspect(connection).get_columns(name)} for name in (table, f"{table}{SUFFIX}")]
    return sorted(both[0] & both[1])


def _replace_functions(connection: Connection) -> None:
    """Puts PostgreSQL's functions as they are here in place of older ones, where there are any."""
    for name, functions in (("keep_version", _POSTGRESQL_FUNCTIONS), ("past_stands", _POSTGRESQL_PAST_STANDS)):
        if connection.exec_driver_sql(f"SELECT to_regproc('{name}')").scalar():
            for statement in functions.split("\n--\n"):
                if "CREATE OR REPLACE FUNCTION" in statement:
                    connection.exec_driver_sql(statement)


def _of_these_columns(connection: Connection) -> str:
    """PostgreSQL's function that keeps versions, with a branch for each table: it plans its statements once."""
    past, keep = [], []
    for table in _versioned_tables(connection):
        version, columns = f"{table}{SUFFIX}", _columns_of(connection, table)
        values = [
            f"CASE WHEN by_service THEN kept.{one} END" if one in _OF_A_PERSON else f"kept.{one}" for one in columns
        ]
        asked = _POSTGRESQL_PAST.format(version=version).replace("$1", "kept.id").replace("$2", "kept.change_id")
        past.append(f"WHEN '{table}' THEN {asked.replace(' FROM', ' INTO last_number, last_known, is_used FROM')};")
        keep.append(
            f"WHEN '{table}' THEN INSERT INTO {version} ({', '.join(columns)}, number, known_from, change, by_service)"
            f" VALUES ({', '.join(values)}, coalesce(last_number, 0) + 1, known, what, by_service);"
        )
    between = "\n        "
    return _POSTGRESQL_KEEP_VERSION.format(
        **{
            name: f"CASE TG_TABLE_NAME{between}{between.join(branches)}{between}END CASE;"
            for name, branches in (("past", past), ("keep", keep))
        }
    )


def _sqlite_trigger(
    table: str, version: str, columns: list[str], operation: str, change: str, *, extracts: bool
) -> str:
    row = "old" if operation == "delete" else "new"
    unused = f"NOT EXISTS (SELECT 1 FROM {version} WHERE id = new.id AND change_id = new.change_id)"
    by_service = {
        "insert": f"new.change_id IS NOT NULL AND {unused}",
        "update": f"new.change_id IS NOT NULL AND new.change_id IS NOT old.change_id AND {unused}",
        "delete": "0",
    }[operation]
    values = [f"iif({by_service}, {row}.{one}, NULL)" if one in _OF_A_PERSON else f"{row}.{one}" for one in columns]
    keeps = f"\n    SELECT raise(ABORT, '{KEEPS_ITS_KEY}') WHERE new.id IS NOT old.id;" if operation == "update" else ""
    stands = " AND NOT EXISTS (SELECT 1 FROM extract)" if extracts else ""
    return f"""
CREATE TRIGGER {table}_{change}_version AFTER {operation.upper()} ON {table} BEGIN{keeps}
    INSERT INTO {version} ({", ".join(columns)}, by_service, change, number, known_from)
    SELECT {", ".join(values)}, {by_service}, '{change}', coalesce(max(number), 0) + 1, max(
        coalesce(
            (SELECT nullif(value, '') FROM setting WHERE name = '{KNOWN_FROM}'{stands}),
            strftime('%Y-%m-%d %H:%M:%f000', 'now')
        ),
        coalesce(max(known_from), '')
    )
    FROM {version} WHERE id = {row}.id;
END
"""


def _run(connection: Connection, statements: str) -> None:
    for statement in statements.split("\n--\n"):
        connection.exec_driver_sql(statement)


_SQLITE_PAST_STANDS = f"""
CREATE TRIGGER past_stands_at_{{operation}} BEFORE {{operation}} ON setting
WHEN new.name = '{KNOWN_FROM}' AND new.value <> '' AND EXISTS (SELECT 1 FROM extract) BEGIN
    SELECT raise(ABORT, '{PAST_STANDS}');
END
"""
# Their moment is the service's, taken before the lock: an extract is drawn five minutes after its cut-off at least.
_SQLITE_ANSWERS_ARE_NEW = f"""
CREATE TRIGGER answers_are_new BEFORE INSERT ON query_answer
WHEN new.answered_at < strftime('%Y-%m-%d %H:%M:%f', 'now', '-4 minutes') AND EXISTS (SELECT 1 FROM extract) BEGIN
    SELECT raise(ABORT, '{PAST_STANDS}');
END
"""
_POSTGRESQL_PAST_STANDS = f"""
CREATE OR REPLACE FUNCTION past_stands() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF new.name = '{KNOWN_FROM}' AND new.value <> '' THEN
        PERFORM pg_advisory_xact_lock_shared({WRITERS_LOCK});
        IF EXISTS (SELECT FROM extract) THEN
            RAISE EXCEPTION '{PAST_STANDS}' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN new;
END $$
--
CREATE TRIGGER past_stands BEFORE INSERT OR UPDATE ON setting FOR EACH ROW EXECUTE FUNCTION past_stands()
--
CREATE OR REPLACE FUNCTION answers_are_new() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared({WRITERS_LOCK});
    IF new.answered_at < clock_timestamp() - interval '4 minutes' AND EXISTS (SELECT FROM extract) THEN
        RAISE EXCEPTION '{PAST_STANDS}' USING ERRCODE = 'check_violation';
    END IF;
    RETURN new;
END $$
--
CREATE TRIGGER answers_are_new BEFORE INSERT ON query_answer FOR EACH ROW EXECUTE FUNCTION answers_are_new()
"""
_POSTGRESQL_FORGET = """
DROP TRIGGER answers_are_new ON query_answer
--
DROP FUNCTION answers_are_new()
--
DROP TRIGGER past_stands ON setting
--
DROP FUNCTION past_stands()
"""
_SQLITE_NEVER_CHANGES = """
CREATE TRIGGER {version}_changes BEFORE UPDATE ON {version} {unless}
BEGIN SELECT raise(ABORT, '{message}'); END
--
CREATE TRIGGER {version}_goes BEFORE DELETE ON {version} BEGIN SELECT raise(ABORT, '{message}'); END
--
CREATE TRIGGER {version}_stands_once BEFORE INSERT ON {version}
WHEN EXISTS (SELECT 1 FROM {version} WHERE id = new.id AND number = new.number) BEGIN
    SELECT raise(ABORT, '{message}');
END
"""
# One function for every table. `past` asks about the versions that a row has, `keep` adds the new one.
_POSTGRESQL_KEEP_VERSION = f"""
CREATE OR REPLACE FUNCTION keep_version() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    kept record;
    what text := CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END;
    by_service boolean := false;
    dated_back timestamptz;
    known timestamptz;
    last_number integer;
    last_known timestamptz;
    is_used boolean;
BEGIN
    IF TG_OP = 'DELETE' THEN kept := old; ELSE kept := new; END IF;
    IF TG_OP = 'UPDATE' AND new.id <> old.id THEN
        RAISE EXCEPTION '{KEEPS_ITS_KEY}' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM pg_advisory_xact_lock_shared({WRITERS_LOCK});
    {{past}}
    dated_back := (SELECT nullif(value, '') || '+00' FROM setting WHERE name = '{KNOWN_FROM}')::timestamptz;
    IF dated_back IS NOT NULL AND to_regclass('extract') IS NOT NULL THEN
        IF EXISTS (SELECT FROM extract) THEN
            dated_back := NULL;
        END IF;
    END IF;
    known := greatest(coalesce(dated_back, clock_timestamp()), last_known);
    IF TG_OP <> 'DELETE' AND new.change_id IS NOT NULL
        AND (TG_OP = 'INSERT' OR new.change_id IS DISTINCT FROM old.change_id) THEN
        by_service := NOT coalesce(is_used, false);
    END IF;
    {{keep}}
    RETURN NULL;
END $$
"""
_POSTGRESQL_PAST = "SELECT max(number), max(known_from), bool_or(change_id = $2) FROM {version} WHERE id = $1"
# While migrations run a table's columns may be any: the row as JSON becomes a row of the version's table, and columns
# that this has not are left out.
_POSTGRESQL_ANY_COLUMNS = {
    "past": f"""EXECUTE format('{_POSTGRESQL_PAST.format(version="%%I")}', TG_TABLE_NAME || '{SUFFIX}')
        INTO last_number, last_known, is_used USING kept.id, kept.change_id;""",
    "keep": f"""EXECUTE format('INSERT INTO %%1$I SELECT (jsonb_populate_record(NULL::%%1$I, $1)).*',
        TG_TABLE_NAME || '{SUFFIX}')
        USING to_jsonb(kept) || CASE WHEN by_service THEN '{{}}' ELSE '{{"changed_by_id": null, "change_reason": null}}'
        END::jsonb || jsonb_build_object(
            'number', coalesce(last_number, 0) + 1, 'known_from', known, 'change', what, 'by_service', by_service
        );""",
}
_POSTGRESQL_FUNCTIONS = f"""{_POSTGRESQL_KEEP_VERSION.format(**_POSTGRESQL_ANY_COLUMNS)}
--
CREATE OR REPLACE FUNCTION versions_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND pg_trigger_depth() > 1 THEN
        RETURN new;
    END IF;
    RAISE EXCEPTION '{NEVER_CHANGES}' USING ERRCODE = 'check_violation';
END $$
"""
_POSTGRESQL_TRIGGERS = """
CREATE TRIGGER {table}_keeps_versions AFTER INSERT OR UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION keep_version()
--
CREATE TRIGGER {version}_never_changes BEFORE INSERT OR UPDATE OR DELETE ON {version}
FOR EACH ROW EXECUTE FUNCTION versions_never_change()
--
CREATE TRIGGER {version}_is_never_emptied BEFORE TRUNCATE ON {version}
FOR EACH STATEMENT EXECUTE FUNCTION versions_never_change()
"""
