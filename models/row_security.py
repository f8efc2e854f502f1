"""The second wall, in PostgreSQL itself: row-level security, and the three roles that it needs.

Every table of rows that belong to a CCG has policies and FORCE, so that its owner is held to them as well. A
transaction says which CCGs it works for in its settings (`app.database.tell_scope`); where they are empty no row is
seen or written. The three roles:

- the owner makes and changes tables: migrations alone connect as this role;
- the application owns nothing: the service connects as this role, or as a login that is a member of it;
- the England-wide role, which nobody can log in as: a transaction takes it on to read every row. It exists because
  full-text operators are not leakproof, so that an index on words serves only a policy without a condition. The
  application may take it on and does not inherit from it, for a role's policies apply to all who inherit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from . import append_only
from .history import SUFFIX

OWNER = "tracker_owner"
APPLICATION = "tracker_application"
ENGLAND = "tracker_england"

# Settings of a transaction: ids of CCGs as a PostgreSQL array, and `yes` where work for every organisation writes.
READABLE = "tracker.readable"
WRITABLE = "tracker.writable"
WRITES_EVERYTHING = "tracker.writes_everything"
# After a split: CCGs whose cases are read until they are allocated; those by whose allocation they are read; written.
WAITING = "tracker.waiting"
ALLOCATED = "tracker.allocated"
WRITABLE_ALLOCATED = "tracker.writable_allocated"

# How many cases at most may have words that are looked up in the index whatever the scope; and how many a single word
# that makes cases alike.
RARE = 2000
VERY_RARE = 20

# Rows of these, and of the versions of others, are added and never changed, by nobody.
APPEND_ONLY_TABLES = ("audit_event", "audit_seal", "audit_sealed", *append_only.TABLES)
# Rows of these are erased when they can no longer matter, or when their person says so. Everything else stays.
ERASED_TABLES = ("saved_view", "sign_in_attempt", "sign_in_session", "used_form_token", "used_logout_token")
# Rows of these are written by triggers alone.
KEPT_BY_TRIGGERS = ("case_count",)
# Rows of these go when the reorganisation that made them is undone. Their versions stay.
UNDONE_TABLES = (
    "organisation",
    "organisation_kind",
    "organisation_membership",
    "organisation_name",
    "organisation_succession",
)

_TOO_MUCH = {"SUPERUSER": "rolsuper", "BYPASSRLS": "rolbypassrls", "REPLICATION": "rolreplication"}
_ROLES = {OWNER: "LOGIN", APPLICATION: "LOGIN NOINHERIT", ENGLAND: "NOLOGIN"}

OLDEST = 160000
HOW_TO_MAKE_THE_ROLES = "Make the roles first: flask make-database-roles (README, Running it for real)."


class RolesMissing(RuntimeError):
    """The roles that policies name are not there, and this login may not make them."""


def protect(connection: Connection, table: str, *, may_be_deleted: bool = False) -> None:
    """Puts policies on a table of rows that belong to a CCG (column `ccg_id`). Called by the table's migration.

    Rows are read in the readable scope, added and changed in the writable one, and deleted by nobody, unless the table
    holds what is kept for a while only. The sub-selects make PostgreSQL read a setting once for each statement, not
    once for each row.
    """
    if connection.dialect.name == "postgresql":
        require_roles(connection)
        _run(connection, _POLICIES.format(table=table))
        if may_be_deleted:
            _run(connection, _MAY_BE_DELETED.format(table=table))


def unprotect(connection: Connection, table: str) -> None:
    """Takes away what `protect` made."""
    if connection.dialect.name == "postgresql":
        _run(connection, _NO_POLICIES.format(table=table))


def follow_the_case(connection: Connection, table: str, case_key: str) -> None:
    """Lets rows of a table with policies go with their case after a split. Called by a migration, after `protect`.

    `case_key` is the column with the id of the case that a row is about; of the cases themselves it is `id`. What is
    about a case is read by whoever reads the case, and written by whoever writes it.
    """
    if connection.dialect.name == "postgresql":
        is_case = table == "case_review"
        read = _CASE_SEEN if is_case else _ABOUT_A_CASE_SEEN.format(table=table, key=case_key)
        # A version has the columns of its case; what else is about a case asks the case.
        of_a_case = case_key == "id"
        written = _CASE_WRITABLE if of_a_case else _ABOUT_A_CASE_WRITABLE.format(table=table, key=case_key)
        _run(connection, _CHANGED_POLICIES.format(table=table, read=read, written=written))
        if connection.exec_driver_sql(_MAY_DELETE.format(table=table)).scalar():
            connection.exec_driver_sql(f"ALTER POLICY deleted_in_scope ON {table} USING ({written})")


def add_to_a_ccg_that_is_held(connection: Connection, *, held: bool = True) -> None:
    """Lets cases be added only where their CCG is written: whoever got some after a split adds none to them.

    Called by a migration, after `follow_the_case`; with `held` false it takes that back.
    """
    if connection.dialect.name == "postgresql":
        condition = _WRITABLE if held else _CASE_WRITABLE
        connection.exec_driver_sql(f"ALTER POLICY added_in_scope ON case_review WITH CHECK ({condition})")


def stay_with_the_ccg(connection: Connection, table: str) -> None:
    """Takes back what `follow_the_case` changed."""
    if connection.dialect.name == "postgresql":
        _run(connection, _CHANGED_POLICIES.format(table=table, read=_SEEN, written=_WRITABLE))
        if connection.exec_driver_sql(_MAY_DELETE.format(table=table)).scalar():
            connection.exec_driver_sql(f"ALTER POLICY deleted_in_scope ON {table} USING ({_WRITABLE})")


def find_words_of_allocated_cases(connection: Connection, *, allocated: bool = True) -> None:
    """Makes the functions that look up words anew, so that they find what was allocated to a scope; or that they no
    longer do. Called by a migration."""
    if connection.dialect.name == "postgresql":
        seen, more = (_CASE_SEEN_EXACTLY, ", allocated_to_id") if allocated else (_READABLE, "")
        for name in ("rare_case_ids(text[], text, text)", "ids_with_very_rare_words(text[])"):
            _run(connection, f"SET LOCAL ROLE {ENGLAND}\n--\nDROP FUNCTION {name}\n--\nRESET ROLE")
        _run(connection, _rare_words(seen, more))
        _run(connection, _very_rare_words(seen, more))


def protect_reading(connection: Connection, table: str) -> None:
    """Puts policies on a table of rows of CCGs that is read in the readable scope, and written by triggers alone."""
    if connection.dialect.name == "postgresql":
        _run(connection, _POLICIES_OF_READING.format(table=table))


def protect_words_of_england(connection: Connection, table: str) -> None:
    """Puts policies on a table that holds the words of every CCG at once, such as the bytes of an extract.

    Only a transaction that reads all of England reads it, and only one that writes for all of England adds to it.
    """
    if connection.dialect.name == "postgresql":
        _run(connection, _POLICIES_OF_ENGLAND.format(table=table))


def check_links_of_cases(connection: Connection) -> None:
    """Refuses a link to a case that the writer cannot see, in the words of the foreign key, which sees past policies.

    Called by a migration.
    """
    if connection.dialect.name == "postgresql":
        _run(connection, _LINKS)


def drop_check_of_links(connection: Connection) -> None:
    """Takes away what `check_links_of_cases` made."""
    if connection.dialect.name == "postgresql":
        _run(connection, _NO_LINKS)


def find_rare_words_in_a_scope(connection: Connection) -> None:
    """Lets every scope use the index on words, which a policy with a condition keeps from it. Called by a migration.

    `rare_case_ids` looks up cases with words or numbers that begin so, as the England-wide role, and gives the ids of
    those alone that the present scope may read, or NULL where more than RARE of England's have them: then it is faster
    to look through the scope, in its order. Whoever uses the ids still meets the policies.
    """
    if connection.dialect.name == "postgresql":
        _run(connection, _INDEXES_OF_BEGINNINGS)
        _run(connection, _rare_words(_READABLE))


def drop_finding_of_rare_words(connection: Connection) -> None:
    """Takes away what `find_rare_words_in_a_scope` made."""
    if connection.dialect.name == "postgresql":
        _run(connection, _NO_RARE_WORDS)


def find_very_rare_words_in_a_scope(connection: Connection) -> None:
    """Lets every scope ask which of its cases hold one of some words that hardly any case has. Called by a migration.

    As `rare_case_ids`, one whole word at a time: those that more than VERY_RARE of England's cases have count for
    nothing, and cost next to nothing.
    """
    if connection.dialect.name == "postgresql":
        _run(connection, _very_rare_words(_READABLE))


def drop_finding_of_very_rare_words(connection: Connection) -> None:
    """Takes away what `find_very_rare_words_in_a_scope` made."""
    if connection.dialect.name == "postgresql":
        _run(connection, _NO_VERY_RARE_WORDS)


def require_roles(connection: Connection) -> None:
    """Makes the roles that are missing, without a login. Raises RolesMissing where this login may not."""
    may_make = connection.scalar(text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"))
    missing = [role for role in (APPLICATION, ENGLAND) if not _exists(connection, role)]
    if missing and not may_make:
        raise RolesMissing(f"PostgreSQL has no role {' and no role '.join(missing)}. {HOW_TO_MAKE_THE_ROLES}")
    for role in missing:
        connection.execute(text(f"CREATE ROLE {role} NOLOGIN{' NOINHERIT' if role == APPLICATION else ''}"))
    if missing:
        grant_england(connection, APPLICATION, "CURRENT_USER")
    if not connection.scalar(text("SELECT pg_has_role(:role, 'MEMBER')"), {"role": ENGLAND}):
        raise RolesMissing(f"This login is no member of {ENGLAND}. {HOW_TO_MAKE_THE_ROLES}")


def grant_england(connection: Connection, *roles: str) -> None:
    """Lets roles take on the England-wide role, and not inherit from it."""
    for role in roles:
        connection.execute(text(f"GRANT {ENGLAND} TO {role} WITH INHERIT FALSE, SET TRUE"))


def make_roles(connection: Connection, passwords: Mapping[str, str]) -> None:
    """Makes the three roles, or brings them in order. For an administrator of the server, in the service's database.

    `passwords` are those of the roles that log in; a role that is not named keeps what it has. The database is closed
    to every other login, and only the owner makes tables in it.
    """
    if (connection.scalar(text("SELECT current_setting('server_version_num')::int")) or 0) < OLDEST:
        raise RolesMissing(
            "PostgreSQL 16 or later is needed: before, a role that may take on another inherits from it."
        )
    for role, attributes in _ROLES.items():
        if not _exists(connection, role):
            connection.execute(text(f"CREATE ROLE {role}"))
        connection.execute(text(f"ALTER ROLE {role} {attributes} NOCREATEDB NOCREATEROLE"))
        # Only who has these may speak of them, so they are named only where they must go.
        for attribute, column in _TOO_MUCH.items():
            if connection.scalar(text(f"SELECT {column} FROM pg_roles WHERE rolname = '{role}'")):
                connection.execute(text(f"ALTER ROLE {role} NO{attribute}"))
    connection.execute(text(f"REVOKE {OWNER} FROM {APPLICATION}, {ENGLAND}"))
    for role, password in passwords.items():
        if "\0" in password:
            raise ValueError("A password of PostgreSQL holds no NUL.")
        driver: Any = connection.connection.driver_connection
        # Only the hash goes to the server, so that no log of it holds the password.
        hashed = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        connection.exec_driver_sql(f"ALTER ROLE {role} PASSWORD '{hashed}'")
    grant_england(connection, APPLICATION, OWNER)
    if not connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
        # An administrator of a managed server hands the database over to a role that they must be a member of.
        connection.execute(text(f"GRANT {OWNER} TO CURRENT_USER"))
    database = str(connection.scalar(text("SELECT quote_ident(current_database())")))
    for statement in (
        f"ALTER DATABASE {database} OWNER TO {OWNER}",
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {database} TO {OWNER}, {APPLICATION}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}",
        f"GRANT USAGE ON SCHEMA public TO {APPLICATION}, {ENGLAND}",
    ):
        connection.exec_driver_sql(statement)


def share_out(connection: Connection) -> None:
    """Gives the application what it needs of each table, and no more. Runs after all migrations, every time.

    Of a table with policies: reading, adding, changing, and deleting where a policy speaks of it. Of one that is only
    added to: reading and adding. Nobody but the owner empties or alters anything.
    """
    if connection.dialect.name != "postgresql" or not _exists(connection, APPLICATION):
        return
    both = f"{APPLICATION}, {ENGLAND}"
    for table, is_protected, has_deletion in connection.execute(text(_TABLES)).all():
        if table == "alembic_version" or table in KEPT_BY_TRIGGERS:
            rights: Sequence[str] = ("SELECT",)
        elif table in APPEND_ONLY_TABLES or table.endswith(SUFFIX):
            rights = ("SELECT", "INSERT")
        elif is_protected and not has_deletion:
            rights = ("SELECT", "INSERT", "UPDATE")
        elif is_protected or table in (*ERASED_TABLES, *UNDONE_TABLES):
            rights = ("SELECT", "INSERT", "UPDATE", "DELETE")
        else:
            rights = ("SELECT", "INSERT", "UPDATE")
        connection.execute(text(f'REVOKE ALL ON TABLE "{table}" FROM {both}'))
        connection.execute(text(f'GRANT {", ".join(rights)} ON TABLE "{table}" TO {both}'))


def _exists(connection: Connection, role: str) -> bool:
    return bool(connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}))


def _run(connection: Connection, statements: str) -> None:
    for statement in statements.split("\n--\n"):
        connection.exec_driver_sql(statement)


_TABLES = """
SELECT relname, relrowsecurity, EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid AND polcmd = 'd')
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND pg_has_role(relowner, 'USAGE')
"""
_READABLE = f"ccg_id = ANY ((SELECT nullif(current_setting('{READABLE}', true), '')::uuid[])::uuid[])"
# The same in other words: the planner takes it to leave nearly every row. The session has said already which CCGs it
# wants, and a second guess at how many rows that leaves would make it sort a region to show a page.
_SEEN = f"array_position((SELECT nullif(current_setting('{READABLE}', true), '')::uuid[]), ccg_id) IS NOT NULL"
_WRITABLE = f"ccg_id = ANY ((SELECT nullif(current_setting('{WRITABLE}', true), '')::uuid[])::uuid[])"
# The same of a case, which may wait or have been allocated after a split.
_WAITS = f"""allocated_to_id IS NULL
    AND array_position((SELECT nullif(current_setting('{WAITING}', true), '')::uuid[]), ccg_id) IS NOT NULL"""
_CAME = (
    f"array_position((SELECT nullif(current_setting('{ALLOCATED}', true), '')::uuid[]), allocated_to_id) IS NOT NULL"
)
_CASE_SEEN = f"{_SEEN} OR ({_WAITS}) OR {_CAME}"
_CASE_SEEN_EXACTLY = f"{_READABLE} OR ({_WAITS}) OR {_CAME}"
_MAY_HAVE_COME = f"(SELECT nullif(current_setting('{WRITABLE_ALLOCATED}', true), '')::uuid[])"
_CASE_WRITABLE = f"{_WRITABLE} OR array_position({_MAY_HAVE_COME}, allocated_to_id) IS NOT NULL"
# What is about a case is read where the policies of the case show it.
_ABOUT_A_CASE_SEEN = f"{_SEEN} OR EXISTS (SELECT FROM case_review AS of WHERE of.id = {{table}}.{{key}})"
_ABOUT_A_CASE_WRITABLE = f"""{_WRITABLE} OR EXISTS (
    SELECT FROM case_review AS of
    WHERE of.id = {{table}}.{{key}} AND array_position({_MAY_HAVE_COME}, of.allocated_to_id) IS NOT NULL)"""
_CHANGED_POLICIES = """
ALTER POLICY read_in_scope ON {table} USING ({read})
--
ALTER POLICY added_in_scope ON {table} WITH CHECK ({written})
--
ALTER POLICY changed_in_scope ON {table} USING ({written}) WITH CHECK ({written})
"""
_MAY_DELETE = """
SELECT EXISTS (SELECT FROM pg_policy WHERE polrelid = '{table}'::regclass AND polname = 'deleted_in_scope')
"""
_ANYWHERE = f"(SELECT current_setting('{WRITES_EVERYTHING}', true)) = 'yes'"
# Who has taken on the England-wide role, seen from within a function that runs as that role for everybody.
_AS_ENGLAND = f"(SELECT current_setting('role')) = '{ENGLAND}'"
_POLICIES = f"""
ALTER TABLE {{table}} ENABLE ROW LEVEL SECURITY
--
ALTER TABLE {{table}} FORCE ROW LEVEL SECURITY
--
CREATE POLICY read_in_scope ON {{table}} FOR SELECT USING ({_SEEN})
--
CREATE POLICY added_in_scope ON {{table}} FOR INSERT WITH CHECK ({_WRITABLE})
--
CREATE POLICY changed_in_scope ON {{table}} FOR UPDATE USING ({_WRITABLE}) WITH CHECK ({_WRITABLE})
--
CREATE POLICY read_england ON {{table}} FOR SELECT TO {ENGLAND} USING (true)
--
CREATE POLICY added_england ON {{table}} FOR INSERT TO {ENGLAND} WITH CHECK ({_ANYWHERE})
--
CREATE POLICY changed_england ON {{table}} FOR UPDATE TO {ENGLAND} USING ({_ANYWHERE}) WITH CHECK ({_ANYWHERE})
"""
_POLICIES_OF_READING = f"""
ALTER TABLE {{table}} ENABLE ROW LEVEL SECURITY
--
ALTER TABLE {{table}} FORCE ROW LEVEL SECURITY
--
CREATE POLICY read_in_scope ON {{table}} FOR SELECT USING ({_SEEN})
--
CREATE POLICY read_england ON {{table}} FOR SELECT TO {ENGLAND} USING (true)
"""
_POLICIES_OF_ENGLAND = f"""
ALTER TABLE {{table}} ENABLE ROW LEVEL SECURITY
--
ALTER TABLE {{table}} FORCE ROW LEVEL SECURITY
--
CREATE POLICY read_england ON {{table}} FOR SELECT TO {ENGLAND} USING (true)
--
CREATE POLICY added_england ON {{table}} FOR INSERT TO {ENGLAND} WITH CHECK ({_ANYWHERE})
"""
_MAY_BE_DELETED = f"""
CREATE POLICY deleted_in_scope ON {{table}} FOR DELETE USING ({_WRITABLE})
--
CREATE POLICY deleted_england ON {{table}} FOR DELETE TO {ENGLAND} USING ({_ANYWHERE})
"""
_NO_POLICIES = """
DROP POLICY IF EXISTS deleted_in_scope ON {table}
--
DROP POLICY IF EXISTS deleted_england ON {table}
--
DROP POLICY read_in_scope ON {table}
--
DROP POLICY added_in_scope ON {table}
--
DROP POLICY changed_in_scope ON {table}
--
DROP POLICY read_england ON {table}
--
DROP POLICY added_england ON {table}
--
DROP POLICY changed_england ON {table}
--
ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY
--
ALTER TABLE {table} DISABLE ROW LEVEL SECURITY
"""
# Only a link that is new is looked at: an older one may lead to a case that this writer does not see, and stays.
_LINKS = """
CREATE FUNCTION case_links_to_what_is_seen() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND new.converted_from_id IS NOT DISTINCT FROM old.converted_from_id THEN
        RETURN new;
    END IF;
    IF NOT EXISTS (SELECT FROM case_review WHERE id = new.converted_from_id) THEN
        RAISE EXCEPTION 'converted_from_a_case_of_that_ccg: there is no such case'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'converted_from_a_case_of_that_ccg';
    END IF;
    RETURN new;
END $$
--
CREATE TRIGGER case_links_to_what_is_seen BEFORE INSERT OR UPDATE OF converted_from_id ON case_review
FOR EACH ROW WHEN (new.converted_from_id IS NOT NULL) EXECUTE FUNCTION case_links_to_what_is_seen()
"""
_NO_LINKS = """
DROP TRIGGER case_links_to_what_is_seen ON case_review
--
DROP FUNCTION case_links_to_what_is_seen()
"""
_INDEXES_OF_BEGINNINGS = """
CREATE INDEX ix_case_review_search_reference ON case_review (lower(reference) text_pattern_ops)
--
CREATE INDEX ix_case_review_search_steis ON case_review (lower(steis_number) text_pattern_ops)
--
CREATE INDEX ix_case_review_search_local ON case_review (lower(local_identifier) text_pattern_ops)
"""


# Only plain words and beginnings are taken, and the limit is fixed: whoever could choose more could ask what foreign
# cases say. Nothing but indexes may answer, or the planner would walk the table in hope of an early end; EXECUTE lets
# it see what is asked. The owner of a function that runs with its owner's rights must be able to make one, if only for
# this moment.
def _rare_words(seen: str, more: str = "") -> str:
    return f"""
CREATE FUNCTION rare_case_ids(words text[], beginning text, of_reference text) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off AS $$
DECLARE
    asked tsquery := to_tsquery('simple', (
        SELECT string_agg(quote_literal(word) || ':*', ' & ')
        FROM unnest(words) AS word WHERE word !~ '[[:space:][:punct:][:cntrl:]]'));
    found uuid[];
    number integer;
BEGIN
    EXECUTE $question$
        SELECT array_agg(id) FILTER (WHERE {_AS_ENGLAND} OR {seen}), count(*) FROM (
            SELECT id, ccg_id{more} FROM case_review
            WHERE search_words @@ $1 OR lower(reference) ^@ $2 OR lower(reference) ^@ $3
                OR lower(steis_number) ^@ $2 OR lower(local_identifier) ^@ $2
            LIMIT {RARE} + 1
        ) AS few
    $question$ INTO found, number USING asked, lower(beginning), lower(of_reference);
    RETURN CASE WHEN number <= {RARE} THEN coalesce(found, '{{}}') END;
END $$
--
REVOKE EXECUTE ON FUNCTION rare_case_ids(text[], text, text) FROM PUBLIC
--
GRANT EXECUTE ON FUNCTION rare_case_ids(text[], text, text) TO {APPLICATION}
--
GRANT CREATE ON SCHEMA public TO {ENGLAND}
--
ALTER FUNCTION rare_case_ids(text[], text, text) OWNER TO {ENGLAND}
--
REVOKE CREATE ON SCHEMA public FROM {ENGLAND}
"""


_NO_RARE_WORDS = f"""
SET LOCAL ROLE {ENGLAND}
--
DROP FUNCTION rare_case_ids(text[], text, text)
--
RESET ROLE
--
DROP INDEX ix_case_review_search_reference
--
DROP INDEX ix_case_review_search_steis
--
DROP INDEX ix_case_review_search_local
"""


def _very_rare_words(seen: str, more: str = "") -> str:
    return f"""
CREATE FUNCTION ids_with_very_rare_words(words text[]) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off AS $$
DECLARE
    found uuid[] := '{{}}';
    these uuid[];
    number integer;
    word text;
BEGIN
    FOREACH word IN ARRAY words LOOP
        CONTINUE WHEN word ~ '[[:space:][:punct:][:cntrl:]]';
        EXECUTE $question$
            SELECT array_agg(id) FILTER (WHERE {_AS_ENGLAND} OR {seen}), count(*) FROM (
                SELECT id, ccg_id{more} FROM case_review WHERE search_words @@ $1 LIMIT {VERY_RARE} + 1
            ) AS few
        $question$ INTO these, number USING to_tsquery('simple', quote_literal(word));
        IF number <= {VERY_RARE} THEN
            found := found || coalesce(these, '{{}}');
        END IF;
    END LOOP;
    RETURN found;
END $$
--
REVOKE EXECUTE ON FUNCTION ids_with_very_rare_words(text[]) FROM PUBLIC
--
GRANT EXECUTE ON FUNCTION ids_with_very_rare_words(text[]) TO {APPLICATION}
--
GRANT CREATE ON SCHEMA public TO {ENGLAND}
--
ALTER FUNCTION ids_with_very_rare_words(text[]) OWNER TO {ENGLAND}
--
REVOKE CREATE ON SCHEMA public FROM {ENGLAND}
"""


_NO_VERY_RARE_WORDS = f"""
SET LOCAL ROLE {ENGLAND}
--
DROP FUNCTION ids_with_very_rare_words(text[])
--
RESET ROLE
"""
