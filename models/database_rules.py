"""What the database itself keeps true, whatever path writes: a case's CCG never changes, and the words of its free
text are indexed.

The index finds whole words and beginnings of words, case and accents ignored, with the same results on SQLite (FTS5,
kept by triggers) and PostgreSQL (a generated tsvector column). A word is a run of letters and digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, inspect, text

from .case_review import CaseReview
from .declarations import Search, items_of

CCG_NEVER_CHANGES = "a case's CCG never changes: withdraw the case and record it again"


# What stands in the database and not in the models.
_MADE_HERE = ("case_search", "search_words", "ix_case_review_search")


def belongs_to_models(thing: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:
    """Leaves the search index out of the comparison of models and database (Alembic's `include_object`)."""
    return not (reflected and (name or "").startswith(_MADE_HERE))


APPEND_ONLY = "audit events are added and never changed"
# What makes a row of each table of the audit the same row: SQLite's INSERT OR REPLACE would put another in its place.
_SAME_ROW = {
    "audit_event": "id = new.id",
    "audit_seal": "number = new.number",
    "audit_sealed": "position = new.position",
}


_BEGINNINGS = {
    "ix_case_review_search_reference": "reference",
    "ix_case_review_search_steis": "steis_number",
    "ix_case_review_search_local": "local_identifier",
}
LISTS_VERSION = "lists_version"
_LISTS = (
    "organisation",
    "organisation_kind",
    "organisation_membership",
    "organisation_name",
    "organisation_succession",
    "designated_professional",
    "review_type",
    "theme",
)
_CHANGES = ("insert", "update", "delete")


def indexed_columns() -> list[str]:
    """The columns of a case whose words are to be indexed, from their declarations. A test compares."""
    return [item.column for item in items_of(CaseReview) if item.search is Search.WORDS]


def create(connection: Connection, columns: Sequence[str]) -> None:
    """Creates the search index over some columns of a case, and the triggers. Called by migrations.

    A migration names the columns as they are at its time: the declarations go on.
    """
    listed = ", ".join(columns)
    if connection.dialect.name == "postgresql":
        _run(connection, _POSTGRESQL_CREATE.format(columns=listed))
    else:
        _run(connection, _SQLITE_CREATE.format(columns=listed))
        _run(connection, _SQLITE_VIEW.format(columns=listed))
        create_triggers(connection)


def drop(connection: Connection) -> None:
    """Takes away what `create` made."""
    if connection.dialect.name == "postgresql":
        _run(connection, _POSTGRESQL_DROP)
    else:
        drop_triggers(connection)
        _run(connection, _SQLITE_DROP)


def index_beginnings(connection: Connection) -> None:
    """Lets SQLite find beginnings of references and numbers. A migration that rebuilds the table of cases calls it too,
    for Alembic does not see such indexes."""
    if connection.dialect.name == "sqlite":
        for name, column in _BEGINNINGS.items():
            connection.execute(text(f"CREATE INDEX {name} ON case_review (lower({column}))"))


def drop_index_of_beginnings(connection: Connection) -> None:
    """Takes away what `index_beginnings` made."""
    if connection.dialect.name == "sqlite":
        for name in _BEGINNINGS:
            connection.execute(text(f"DROP INDEX {name}"))


def make_append_only(connection: Connection, table: str = "audit_event") -> None:
    """Refuses every change and deletion of a table's rows, whatever path tries it. Called by the table's migration."""
    if connection.dialect.name == "postgresql":
        if not connection.exec_driver_sql("SELECT to_regproc('audit_event_is_append_only')").scalar():
            _run(connection, _POSTGRESQL_APPEND_ONLY_FUNCTION)
        _run(connection, _POSTGRESQL_APPEND_ONLY.format(table=table))
    else:
        create_triggers(connection)


def drop_append_only(connection: Connection) -> None:
    """Takes away what `make_append_only` made, after the table has gone and its triggers with it."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP FUNCTION audit_event_is_append_only()"))


def note_changes_of_lists(connection: Connection) -> None:
    """Gives the reference lists a version, new whenever a row of one changes. Called by a migration.

    A random word and no counter: a change that is rolled back and another can never share one.
    """
    connection.execute(text("INSERT INTO setting (name, value) VALUES (:name, '')"), {"name": LISTS_VERSION})
    if connection.dialect.name == "postgresql":
        _run(connection, _POSTGRESQL_NOTE.format(name=LISTS_VERSION))
        for table in _LISTS:
            _run(connection, _POSTGRESQL_NOTES.format(table=table))
    else:
        create_triggers(connection)


def forget_changes_of_lists(connection: Connection) -> None:
    """Takes away what `note_changes_of_lists` made."""
    if connection.dialect.name == "postgresql":
        for table in _LISTS:
            connection.execute(text(f"DROP TRIGGER {table}_has_changed ON {table}"))
        connection.execute(text("DROP FUNCTION lists_have_changed()"))
    connection.execute(text("DELETE FROM setting WHERE name = :name"), {"name": LISTS_VERSION})


def create_triggers(connection: Connection) -> None:
    """Creates SQLite's triggers anew: a migration that rebuilds the table drops them without a word."""
    if connection.dialect.name != "sqlite":
        return
    drop_triggers(connection)
    columns = _columns_in_index(connection)
    _run(connection, _SQLITE_VIEW.format(columns=", ".join(columns)))
    _run(
        connection,
        _SQLITE_TRIGGERS.format(
            columns=", ".join(columns),
            old=", ".join(f"old.{column}" for column in columns),
            new=", ".join(f"new.{column}" for column in columns),
            message=CCG_NEVER_CHANGES.replace("'", "''"),
        ),
    )
    for table, same_row in _SAME_ROW.items():
        if inspect(connection).has_table(table):
            _run(connection, _SQLITE_APPEND_ONLY.format(table=table, same_row=same_row, message=APPEND_ONLY))
    for table in _LISTS:
        for change in _CHANGES:
            _run(connection, _SQLITE_NOTES.format(table=table, change=change, name=LISTS_VERSION))


def drop_triggers(connection: Connection) -> None:
    """Takes SQLite's triggers and the index's view away, as they must be while a migration rebuilds the table."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("DROP VIEW IF EXISTS case_search_source"))
        for name in (*_SQLITE_TRIGGER_NAMES, *(f"{table}_{change}" for table in _LISTS for change in _CHANGES)):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))


def _columns_in_index(connection: Connection) -> list[str]:
    return [str(row[1]) for row in connection.exec_driver_sql("PRAGMA table_info(case_search)")]


def _run(connection: Connection, statements: str) -> None:
    for statement in statements.split("\n--\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)


# The index is an external-content table: it keeps no second copy of the words. Rows of case_review have no integer
# key that would survive a VACUUM, so case_search_row gives each case one.
_SQLITE_CREATE = """
CREATE TABLE case_search_row (id INTEGER PRIMARY KEY, case_id CHAR(32) NOT NULL UNIQUE)
--
CREATE VIRTUAL TABLE case_search USING fts5(
    {columns}, content='case_search_source', content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='2 3'
)
"""
_SQLITE_VIEW = """
CREATE VIEW IF NOT EXISTS case_search_source AS
SELECT case_search_row.id AS id, {columns} FROM case_search_row JOIN case_review ON case_review.id = case_id
"""
_SQLITE_DROP = """
DROP TABLE IF EXISTS case_search
--
DROP VIEW IF EXISTS case_search_source
--
DROP TABLE IF EXISTS case_search_row
"""
_SQLITE_TRIGGER_NAMES = (
    "case_ccg_never_changes",
    "case_search_added",
    "case_search_changed",
    "case_search_removed",
    *(f"{table}_{never}" for table in _SAME_ROW for never in ("never_changes", "never_goes", "stands_once")),
)
_SQLITE_TRIGGERS = """
CREATE TRIGGER case_ccg_never_changes BEFORE UPDATE OF ccg_id ON case_review WHEN new.ccg_id <> old.ccg_id BEGIN
    SELECT raise(ABORT, '{message}');
END
--
CREATE TRIGGER case_search_added AFTER INSERT ON case_review BEGIN
    INSERT INTO case_search_row (case_id) VALUES (new.id);
    INSERT INTO case_search (rowid, {columns})
    VALUES ((SELECT id FROM case_search_row WHERE case_id = new.id), {new});
END
--
CREATE TRIGGER case_search_changed AFTER UPDATE OF {columns} ON case_review BEGIN
    INSERT INTO case_search (case_search, rowid, {columns})
    VALUES ('delete', (SELECT id FROM case_search_row WHERE case_id = old.id), {old});
    INSERT INTO case_search (rowid, {columns})
    VALUES ((SELECT id FROM case_search_row WHERE case_id = new.id), {new});
END
--
CREATE TRIGGER case_search_removed BEFORE DELETE ON case_review BEGIN
    INSERT INTO case_search (case_search, rowid, {columns})
    VALUES ('delete', (SELECT id FROM case_search_row WHERE case_id = old.id), {old});
    DELETE FROM case_search_row WHERE case_id = old.id;
END
"""

# INSERT OR REPLACE would take an old event away and put another in its place: an id that stands is refused before.
_SQLITE_APPEND_ONLY = """
CREATE TRIGGER {table}_never_changes BEFORE UPDATE ON {table} BEGIN SELECT raise(ABORT, '{message}'); END
--
CREATE TRIGGER {table}_never_goes BEFORE DELETE ON {table} BEGIN SELECT raise(ABORT, '{message}'); END
--
CREATE TRIGGER {table}_stands_once BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE {same_row}) BEGIN SELECT raise(ABORT, '{message}'); END
"""
_SQLITE_NOTES = """
CREATE TRIGGER {table}_{change} AFTER {change} ON {table} BEGIN
    UPDATE setting SET value = lower(hex(randomblob(16))) WHERE name = '{name}';
END
"""
_POSTGRESQL_NOTE = """
CREATE FUNCTION lists_have_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE setting SET value = gen_random_uuid()::text WHERE name = '{name}';
    RETURN NULL;
END $$
"""
_POSTGRESQL_NOTES = """
CREATE TRIGGER {table}_has_changed AFTER INSERT OR UPDATE OR DELETE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION lists_have_changed()
"""
_POSTGRESQL_APPEND_ONLY_FUNCTION = """
CREATE FUNCTION audit_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are added and never changed' USING ERRCODE = 'check_violation';
END $$
"""
_POSTGRESQL_APPEND_ONLY = """
CREATE TRIGGER {table}_never_changes BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION audit_event_is_append_only()
--
CREATE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION audit_event_is_append_only()
"""

# Folding does in SQL what FTS5's unicode61 tokeniser does: lower case, accents taken off, everything that is neither
# letter nor digit made a space.
_POSTGRESQL_CREATE = r"""
CREATE FUNCTION case_words(VARIADIC texts text[]) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('simple', regexp_replace(
        regexp_replace(lower(normalize(array_to_string(texts, ' '), NFD)), '[\u0300-\u036f]', '', 'g'),
        '[^a-z0-9\u00c0-\u1fff\u2c00-\u2dff\u3040-\ud7ff]+', ' ', 'g'))
$$
--
ALTER TABLE case_review ADD COLUMN search_words tsvector GENERATED ALWAYS AS (case_words({columns})) STORED
--
CREATE INDEX ix_case_review_search_words ON case_review USING gin (search_words)
--
CREATE FUNCTION case_ccg_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a case''s CCG never changes: withdraw the case and record it again'
        USING ERRCODE = 'check_violation';
END $$
--
CREATE TRIGGER case_ccg_never_changes BEFORE UPDATE OF ccg_id ON case_review
FOR EACH ROW WHEN (new.ccg_id <> old.ccg_id) EXECUTE FUNCTION case_ccg_never_changes()
"""
_POSTGRESQL_DROP = """
DROP TRIGGER IF EXISTS case_ccg_never_changes ON case_review
--
DROP FUNCTION IF EXISTS case_ccg_never_changes()
--
ALTER TABLE case_review DROP COLUMN IF EXISTS search_words
--
DROP FUNCTION IF EXISTS case_words(text[])
"""
