"""The one module that speaks to the database past the session: settings of connections, and the scope in PostgreSQL's
own terms. No other module of the service uses a connection, text or a session of its own; a test counts.

(Migrations and what they call in `models/` make tables and policies. They run as the owner, never in the service.)
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    Date,
    Engine,
    Enum,
    Integer,
    Select,
    Subquery,
    Table,
    Text,
    Uuid,
    bindparam,
    column,
    create_engine,
    delete,
    event,
    func,
    insert,
    literal_column,
    select,
    table,
    text,
    type_coerce,
    union,
    update,
)
from sqlalchemy import case as case_in_sql
from sqlalchemy import cast as cast_in_sql
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, aliased

from app.config import WrongSetting
from app.waits import Waits, bound
from models import CaseReview, ExtractPart, QueryAnswer, Redaction, db, version_of
from models.base import Moment, TrackerSession
from models.history_triggers import WRITERS_LOCK
from models.row_security import (
    ALLOCATED,
    APPLICATION,
    ENGLAND,
    RARE,
    READABLE,
    VERY_RARE,
    WAITING,
    WRITABLE,
    WRITABLE_ALLOCATED,
    WRITES_EVERYTHING,
    make_roles,
)

log = logging.getLogger(__name__)


def prepare(engine: Engine, waits: Waits | None = None, *, in_service: bool = False) -> None:
    """Applies the settings of SQLite to each new connection. In service mode, has PostgreSQL's role checked on each.

    `waits` is how long PostgreSQL is waited for; without it, as long as it takes.

    Raises WrongSetting where the role of PostgreSQL goes past row-level security. A database that does not answer yet
    is checked when it does.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _settings_of_sqlite)
        event.listen(engine, "checkin", _take_little_memory)
        if in_service:
            log.warning("SQLite has no row-level security of its own: only the service keeps CCGs apart.")
        return
    if waits is not None:
        bound(engine, waits)
    if in_service:
        event.listen(engine, "connect", _check_role)
        try:
            engine.connect().close()
            engine.dispose()  # a connection that was open before a fork would be shared
        except OperationalError as error:
            log.warning("The database does not answer yet. Its role is checked as soon as it does. %s", error.orig)


def _settings_of_sqlite(connection: Any, record: object) -> None:
    cursor = connection.cursor()
    # FULL: with NORMAL, WAL may lose the last commits when the power fails. recursive_triggers: without it INSERT OR
    # REPLACE deletes the old row behind the triggers' backs. secure_delete: what goes is overwritten.
    for setting in (
        "foreign_keys=ON",
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=5000",
        "recursive_triggers=ON",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _check_role(connection: Any, record: object) -> None:
    with connection.cursor() as cursor:
        (role, because) = cursor.execute(_WHY_A_ROLE_GOES_PAST_POLICIES, [ENGLAND]).fetchone()
    connection.rollback()
    if because:
        raise WrongSetting(
            f"DATABASE_URL signs in to PostgreSQL as {role}, which {because} and so goes past row-level security."
            f" Sign in as {APPLICATION}, and give the owner's address as DATABASE_OWNER_URL."
        )


_WHY_A_ROLE_GOES_PAST_POLICIES = """
SELECT current_user, CASE
    WHEN rolsuper THEN 'is a superuser'
    WHEN rolbypassrls THEN 'has BYPASSRLS'
    WHEN rolcreaterole THEN 'can make roles'
    WHEN rolreplication THEN 'can copy the whole server'
    WHEN pg_has_role('pg_read_server_files', 'MEMBER') OR pg_has_role('pg_execute_server_program', 'MEMBER')
        THEN 'can read the files of the server'
    WHEN EXISTS (SELECT FROM pg_roles WHERE (rolsuper OR rolbypassrls) AND pg_has_role(oid, 'MEMBER'))
        THEN 'can become a role that has BYPASSRLS'
    WHEN EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
                 AND pg_has_role(relowner, 'MEMBER')) THEN 'is, or can become, the owner of tables'
    WHEN pg_has_role(to_regrole(%s), 'USAGE') THEN 'inherits from the England-wide role'
    END
FROM pg_roles WHERE rolname = current_user
"""


def tell_scope(
    session: Session,
    connection: Connection | None,
    *,
    readable: Iterable[UUID],
    writable: Iterable[UUID],
    waiting: Iterable[UUID],
    allocated: Iterable[UUID],
    writable_allocated: Iterable[UUID],
    reads_everything: bool,
    writes_everything: bool,
) -> None:
    """Tells PostgreSQL for which CCGs the present transaction works; SQLite has no second wall.

    The settings, and the England-wide role, end with the transaction: nothing is left on a connection that goes back
    to a pool, of this process or of PgBouncer.
    """
    if not is_postgresql(session):
        return
    # The session's own `connection` refuses everybody.
    connection = connection or Session.connection(session)
    connection.execute(
        _TELL,
        {
            "readable": _as_array(readable),
            "writable": _as_array(writable),
            "waiting": _as_array(waiting),
            "allocated": _as_array(allocated),
            "writable_allocated": _as_array(writable_allocated),
            "writes_everything": "yes" if writes_everything else "",
            "role": ENGLAND if reads_everything else "none",
        },
    )


_TELL = text(f"""
SELECT set_config('{READABLE}', :readable, true), set_config('{WRITABLE}', :writable, true),
       set_config('{WAITING}', :waiting, true), set_config('{ALLOCATED}', :allocated, true),
       set_config('{WRITABLE_ALLOCATED}', :writable_allocated, true),
       set_config('{WRITES_EVERYTHING}', :writes_everything, true), set_config('role', :role, true)
""")


def _as_array(ids: Iterable[UUID]) -> str:
    return "{" + ",".join(sorted(map(str, ids))) + "}"


def allocation_of(connection: Connection, case_id: UUID) -> UUID | None:
    """To whom a case was allocated after a split, whoever sees it: asked while a row about it is being written."""
    cases = CaseReview.__table__
    return connection.scalar(select(cases.c.allocated_to_id).where(cases.c.id == case_id))


def insert_rows(
    session: Session,
    model: type[Any],
    rows: Sequence[Mapping[str, Any]],
    *,
    check: Callable[[Mapping[str, Any], Connection], None],
) -> None:
    """Adds rows with one statement, past the unit of work and its events, after each of them was checked.

    Called by `app.access.adding` alone, which checks what a flush checks. PostgreSQL's policies hold all the same.
    """
    if not rows:
        return
    connection = Session.connection(session)
    for row in rows:
        check(row, connection)
    adding = insert(model.__table__)
    if is_postgresql(session):
        given = _as_one_value(connection, model.__table__, rows)
        connection.execute(adding.from_select(list(rows[0]), given, include_defaults=False))
    else:
        connection.execute(adding, list(rows))


def _as_one_value(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> Select[Any]:
    """Rows of a table as JSON that PostgreSQL takes apart: sent one by one, each would be a statement to its triggers.

    Raises TypeError where a value is an expression.
    """
    columns = [table.c[name] for name in rows[0]]
    to_driver = {one.name: None if isinstance(one.type, JSON) else _to_driver(one, connection) for one in columns}
    told = json.dumps(
        [{name: _told(row[name], to_driver[name]) for name in to_driver} for row in rows], default=_as_text
    )
    given = (
        func.json_to_recordset(bindparam("rows", told, Text).cast(JSON))
        .table_valued(*(column(one.name, one.type) for one in columns))
        .render_derived(with_types=True)
    )
    return select(*given.c)


def _to_driver(column: Column[Any], connection: Connection) -> Callable[[Any], Any] | None:
    return column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)


def _told(value: Any, to_driver: Callable[[Any], Any] | None) -> Any:
    return value if to_driver is None or value is None else to_driver(value)


def _as_text(value: Any) -> str:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no value of a column.")


def is_postgresql(session: Session) -> bool:
    """Which of the two databases a session speaks to."""
    return session.get_bind().dialect.name == "postgresql"


def rare_case_ids(session: Session, words: list[str], beginning: str, of_reference: str) -> list[UUID] | None:
    """The cases that have all words, a number or a reference beginning so, for a condition beside that of the scope.

    On SQLite those of every CCG are among them: whoever uses the ids still meets the scope's condition. None where many
    of England's do: then it is faster to look through the scope.
    """
    if not is_postgresql(session):
        few = _with_beginnings(words, beginning, of_reference).limit(RARE + 1)
        found = list(Session.connection(session).scalars(few))
        return found if len(found) <= RARE else None
    asked = func.rare_case_ids(bindparam("words", words, ARRAY(Text)), beginning, of_reference, type_=ARRAY(Uuid))
    ids: list[UUID] | None = Session.connection(session).scalar(select(asked))
    return ids


# No reference or number begins so: none can hold a control character.
NO_NUMBER = "\x01"

# The generated column of cases that PostgreSQL's index on words is on; the models do not have it.
SEARCH_WORDS: ColumnElement[Any] = literal_column("case_review.search_words")


# What SQLite's index calls each case.
_CALLED = table("case_search_row", column("id", Integer), column("case_id", Uuid))


def _matching_in_sqlite(query: str) -> Select[Any]:
    """What its index calls the cases of every CCG that fit an FTS5 query."""
    index = table("case_search", column("rowid", Integer))
    return select(index.c.rowid).where(column("case_search").op("MATCH")(query))


def ids_in_index_of_sqlite(query: str) -> Select[Any]:
    """The ids of cases of every CCG that fit an FTS5 query: for a condition beside that of the scope."""
    return select(_CALLED.c.case_id).where(_CALLED.c.id.in_(_matching_in_sqlite(query)))


def _with_beginnings(words: list[str], beginning: str, of_reference: str) -> CompoundSelect[Any]:
    """What `rare_case_ids` of PostgreSQL looks up, each in an index of its own."""
    cases, last = CaseReview.__table__, "\U0010ffff"

    def begins(name: str, typed: str) -> Select[Any]:
        lower, low = func.lower(cases.c[name]), typed.lower()
        return select(cases.c.id).where(lower >= low, lower < low + last).limit(RARE + 1)

    asked = [
        ids_in_index_of_sqlite(" AND ".join(f'"{word}" *' for word in words)).limit(RARE + 1),
        *(begins(name, beginning) for name in ("reference", "steis_number", "local_identifier")),
        begins("reference", of_reference),
    ]
    return union(*(select(each.subquery().c[0]) for each in asked))


def has_words(words: list[str], session: Session) -> ColumnElement[bool]:
    """A condition, beside that of the scope: each word begins a word of the case's overview, update or lessons."""
    if is_postgresql(session):
        return SEARCH_WORDS.op("@@")(func.to_tsquery("simple", " & ".join(f"'{word}':*" for word in words)))
    # Case by case: where many fit, those of the scope are fewer than those of which the index would be asked the ids.
    called = select(_CALLED.c.id).where(_CALLED.c.case_id == CaseReview.id).scalar_subquery()
    return called.in_(_matching_in_sqlite(" AND ".join(f'"{word}" *' for word in words)))


def ids_with_words(words: list[str], session: Session) -> list[UUID] | None:
    """The cases that hold all words, for a condition beside that of the scope; None where many of England's do.

    On SQLite those of every CCG are among them: whoever uses the ids still meets the scope's condition.
    """
    if is_postgresql(session):
        return rare_case_ids(session, words, NO_NUMBER, NO_NUMBER)
    few = ids_in_index_of_sqlite(" AND ".join(f'"{word}" *' for word in words)).limit(RARE + 1)
    ids = list(Session.connection(session).scalars(few))
    return ids if len(ids) <= RARE else None


def ids_with_very_rare_words(words: list[str], session: Session) -> list[UUID]:
    """The cases that hold one of some whole words, for a condition beside that of the scope.

    Words that more than VERY_RARE of England's cases hold count for nothing. On SQLite cases of every CCG are among
    them: whoever uses the ids still meets the scope's condition. One statement asks for all words.
    """
    if not words:
        return []
    connection = Session.connection(session)
    if is_postgresql(session):
        return list(connection.exec_driver_sql("SELECT ids_with_very_rare_words(%s::text[])", (words,)).scalar() or [])
    each = " UNION ALL ".join(_WITH_A_WORD.format(number=number) for number in range(len(words)))
    by_word: dict[int, list[UUID]] = {}
    asked = tuple(part for word in words for part in (f'"{word}"', VERY_RARE + 1))
    for number, case_id in connection.exec_driver_sql(each, asked):
        by_word.setdefault(number, []).append(UUID(case_id))
    return list({one for ids in by_word.values() if len(ids) <= VERY_RARE for one in ids})


_WITH_A_WORD = """
SELECT {number}, case_id FROM (SELECT case_id FROM case_search_row
WHERE id IN (SELECT rowid FROM case_search WHERE case_search MATCH ?) LIMIT ?)
"""


# How long an extract waits for whoever is saving; those who begin to save meanwhile wait with it.
WAITS_FOR_WRITERS = "10s"


class WritersBusy(Exception):
    """Somebody's save has not ended for a while, so nobody can say yet what was known at a moment."""


def wait_for_writers(session: Session) -> datetime:
    """Waits until every transaction that has written a version until now has ended; the database's own clock then.

    Ends the session's transaction. After it every version of an earlier moment is there for all to see, or never will
    be: on PostgreSQL writers share a lock that this takes alone for a moment (`models/history_triggers.py`), on SQLite
    only one transaction writes at a time. Raises WritersBusy after ten seconds, so that savers are held up no longer.
    """
    connection = Session.connection(session)
    try:
        if is_postgresql(session):
            connection.execute(select(func.set_config("lock_timeout", WAITS_FOR_WRITERS, True)))
            connection.execute(select(func.pg_advisory_xact_lock(WRITERS_LOCK)))
            moment: datetime = connection.scalar(text("SELECT clock_timestamp()"))
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            typed = connection.exec_driver_sql("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')").scalar()
            moment = datetime.fromisoformat(str(typed)).replace(tzinfo=UTC)
    except OperationalError as error:
        session.rollback()
        if error.connection_invalidated:  # the database went away, and nobody was waited for
            raise
        raise WritersBusy from None
    session.commit()
    return moment.astimezone(UTC)


# How much of a transaction that writes much SQLite keeps in memory, in KiB: with its usual 2 MB it writes and reads the
# same pages of indexes again and again.
MUCH, USUAL = 32 * 1024, 2 * 1024


def begin_to_write_much(session: Session) -> None:
    """Begins a transaction that writes many rows. On SQLite nobody else writes from now on until it ends."""
    connection = Session.connection(session)
    if not is_postgresql(session):
        connection.exec_driver_sql(f"PRAGMA cache_size=-{MUCH}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _take_little_memory(connection: Any, record: object) -> None:
    """For whoever gets a connection of SQLite from the pool next."""
    if connection is not None:
        connection.execute(f"PRAGMA cache_size=-{USUAL}")


def begin_consistent_read(session: Session) -> None:
    """Begins a transaction in which every statement sees the database as it is now. Nobody who saves waits for it."""
    if is_postgresql(session):
        Session.connection(session, execution_options={"isolation_level": "REPEATABLE READ"})
    else:
        Session.connection(session).exec_driver_sql("BEGIN")


def in_byte_order(session: Session, column: Any) -> Any:
    """A text column to order by, in the order of its bytes, whatever the database's collation."""
    return column.collate("C") if is_postgresql(session) else column


def days_between(session: Session, later: Any, earlier: Any) -> Any:
    """The days from one date column to another, as a whole number."""
    if is_postgresql(session):
        return type_coerce(later - earlier, Integer)
    return cast_in_sql(func.julianday(later) - func.julianday(earlier), Integer)


def lock_sealing(session: Session, *, wait: bool) -> bool:
    """Lets one transaction at a time seal the audit, until its end; nobody who saves waits for it.

    Whether this one may. In SQLite one transaction writes at a time, and of two that make the same seal the second is
    refused.
    """
    if not is_postgresql(session):
        return True
    if wait:
        Session.connection(session).execute(select(func.pg_advisory_xact_lock(SEALERS_LOCK)))
        return True
    return bool(Session.connection(session).scalar(select(func.pg_try_advisory_xact_lock(SEALERS_LOCK))))


# The key of PostgreSQL's advisory lock that whoever seals the audit holds alone.
SEALERS_LOCK = 0x5CB8


# The key of PostgreSQL's advisory lock of whoever keeps an extract, or strikes words out of those that are kept.
EXTRACTS_LOCK = 0x5CB9


def lock_extracts(session: Session) -> None:
    """Lets one transaction at a time change which bytes of extracts are kept, until its end.

    In SQLite a transaction that has written something is alone by itself.
    """
    if is_postgresql(session):
        Session.connection(session).execute(select(func.pg_advisory_xact_lock(EXTRACTS_LOCK)))


def strike_out(
    session: Session, redaction: Redaction, what: str, key: UUID | int, item: str = "", struck: str = "", mark: str = ""
) -> None:
    """Puts a text with words struck out in place of the one before; of an extract, takes its bytes away.

    `what` is "version" (`key` its number, `item` the column), "answer" or "extract" (`key` its id). For a redaction
    that is under way: PostgreSQL's function, and SQLite's triggers, refuse every other (`models/striking_out.py`).
    """
    connection = Session.connection(session)
    if is_postgresql(session):
        call = func.strike_out(redaction.id, redaction.ccg_id, what, str(key), item, struck, mark)
        connection.execute(select(call))
    elif what == "extract":
        connection.execute(delete(ExtractPart).where(ExtractPart.extract_id == key))
    elif what == "answer":
        connection.execute(update(QueryAnswer).where(QueryAnswer.id == key).values(note=struck))
    else:
        versions = version_of(CaseReview)
        of_it = (versions.id == redaction.case_id) & (versions.number == key)
        connection.execute(update(versions).where(of_it).values({item: struck}))


def forget_old_words(session: Session) -> None:
    """Rids SQLite's index on words of what it keeps of rows as they were. PostgreSQL's vacuum does so by itself."""
    if not is_postgresql(session):
        Session.connection(session).exec_driver_sql("INSERT INTO case_search (case_search) VALUES ('optimize')")


def forget_the_log(session: Session) -> None:
    """Empties SQLite's write-ahead log, which keeps pages as they were, if nobody is reading just now."""
    if not is_postgresql(session):
        Session.connection(session).exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        session.rollback()


def files_of_sqlite(session: Session) -> list[Path]:
    """The files in which SQLite keeps the database; of PostgreSQL, and of one in memory, none."""
    database = None if is_postgresql(session) else db.engine.url.database
    return [path for path in map(Path, (f"{database}", f"{database}-wal")) if path.is_file()] if database else []


def read_one_state(session: Session) -> None:
    """Begins a transaction in which every statement reads the database as it is now, whatever is written meanwhile."""
    session.rollback()
    begin = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY" if is_postgresql(session) else "BEGIN"
    Session.connection(session).exec_driver_sql(begin)


def schema_version() -> str | None:
    """The newest migration that was run on the database; None where there was none. Raises SQLAlchemyError."""
    with db.engine.connect() as connection:
        if not connection.dialect.has_table(connection, "alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version


def newest_known(session: Session, moment: datetime, *names: str) -> Subquery:
    """Some columns of the version of every case that was the newest at a moment, one that says it was deleted too.

    Answered from the index of what is asked at a moment, where it has these columns: rows are not read, nor sorted.
    """
    versions = version_of(CaseReview)
    wanted = [versions.id, *(getattr(versions, name) for name in names)]
    known = select(*wanted).where(versions.known_from <= moment)
    if is_postgresql(session):
        newest_first = known.order_by(versions.id.desc(), versions.number.desc())
        return newest_first.ext(distinct_on(versions.id)).subquery()
    # Of a group, SQLite gives the columns of the row that has the highest number.
    return known.add_columns(func.max(versions.number).label("newest")).group_by(versions.id).subquery()


def newest_known_twice(session: Session, opening: datetime, closing: datetime, *names: str) -> Subquery:
    """As `newest_known` at the later of two moments, with the same of the earlier as `was_...` (None: not known)."""
    versions = version_of(CaseReview)
    if is_postgresql(session):
        now, before = newest_known(session, closing, *names), newest_known(session, opening, *names)
        both = select(now.c.id, *(now.c[name] for name in names)).outerjoin(before, before.c.id == now.c.id)
        return both.add_columns(*(before.c[name].label(f"was_{name}") for name in names)).subquery()
    # The number of a version is how many there were: so it is told by counting, in the same walk through the index.
    known = cast(Select[Any], newest_known(session, closing, *names).element)
    counted = func.sum(case_in_sql((versions.known_from <= opening, 1), else_=0)).label("number_then")
    now, then = known.add_columns(counted).subquery(), aliased(versions)
    of_then = (then.id == now.c.id) & (then.number == now.c.number_then)
    both = select(now.c.id, *(now.c[name] for name in names)).outerjoin(then, of_then)
    return both.add_columns(*(getattr(then, name).label(f"was_{name}") for name in names)).subquery()


def versions_called(session: Session, called: Sequence[tuple[str, int]]) -> Select[Any]:
    """The versions of cases that are called by these ids, in hexadecimal, and numbers; in no order."""
    versions = version_of(CaseReview)
    if is_postgresql(session):
        ids, numbers = zip(*called, strict=True)
        keys = (
            func.unnest(
                cast_in_sql(list(ids), ARRAY(Text)).cast(ARRAY(Uuid)), cast_in_sql(list(numbers), ARRAY(Integer))
            )
            .table_valued(column("id", Uuid), column("number", Integer), name="called")
            .render_derived()
        )
        of_keys = (versions.id == keys.c.id) & (versions.number == keys.c.number)
    else:
        keys = func.json_each(json.dumps(called)).table_valued(column("value"), name="called")
        of_keys = (type_coerce(versions.id, Text) == func.json_extract(keys.c.value, "$[0]")) & (
            versions.number == func.json_extract(keys.c.value, "$[1]")
        )
    return select(versions).join(keys, of_keys)


def plainly(session: Session, column: Any) -> Any:
    """A column as `plain_rows` gives it without work on each row: ids, days and words of a list as text.

    Of a moment it is what SQLite stores, and on PostgreSQL the moment.
    """
    if isinstance(column.type, Uuid | Date) and is_postgresql(session):
        return cast_in_sql(column, Text)
    if isinstance(column.type, Uuid | Date | Enum) or (isinstance(column.type, Moment) and not is_postgresql(session)):
        return type_coerce(column, Text)
    return column


def value_of_plain(session: Session, column: Any) -> Callable[[Any], Any]:
    """What makes the value, as the session would give it, of what `plainly` gives of a column (which is not None)."""
    if is_postgresql(session):
        if isinstance(column.type, Uuid):
            return UUID
        if isinstance(column.type, Date):
            return date.fromisoformat
    if isinstance(column.type, Uuid | Date | Enum | Moment):
        dialect = session.get_bind().dialect
        made = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if made is not None:
            return cast(Callable[[Any], Any], made)
    return lambda value: value


def plain_rows(session: Session, chosen: Select[Any], at_once: int) -> Iterator[Sequence[Any]]:
    """The rows of a statement that selects columns, some at a time, as the driver gives them.

    The session sends it, so that it carries the condition of its scope; it makes no objects of what comes back.
    """
    result: Any = session.execute(chosen, execution_options={"yield_per": at_once, "max_row_buffer": at_once})
    with result:
        while rows := result.raw.fetchmany(at_once):
            yield rows


def new_session() -> TrackerSession:
    """A session of its own, apart from that of the request. It begins, as every session, without a scope."""
    return cast(TrackerSession, db.session.session_factory())


def make_roles_at(address: str, passwords: dict[str, str]) -> None:
    """Makes the three roles of PostgreSQL, signed in at an administrator's address."""
    engine = create_engine(address, hide_parameters=True)
    with engine.begin() as connection:
        make_roles(connection, passwords)
    engine.dispose()
