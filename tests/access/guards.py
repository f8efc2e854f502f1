"""Each guard of row scope can be switched off here, and doors that lie behind it are tried.

A guard whose absence opens no door would be an ornament, and a door test that nothing can open would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, cast
from uuid import uuid4

from flask import Flask
from sqlalchemy import Connection, CursorResult, Uuid, event, func, insert, select, text, update
from sqlalchemy.orm import Mapper, Session, aliased, make_transient_to_detached

from app.access import adding, row_scope
from app.access.row_scope import RowScope, enter
from app.database import new_session
from models import CaseReview, Organisation, Setting, Theme, database_rules, db
from models.base import OwnedByCCG, TrackerSession
from tests.conftest import add_case
from tests.databases import unguarded

SESSION_GUARDS = ("criteria", "load check", "flush check", "many check", "get check")


# Guards


@contextmanager
def without(app: Flask, *guards: str) -> Iterator[None]:
    """The service with some of its guards switched off."""
    with ExitStack() as off:
        for guard in guards:
            off.enter_context(_OFF[guard](app))
        yield


@contextmanager
def _unheard(target: Any, name: str, listener: Any, **options: Any) -> Iterator[None]:
    event.remove(target, name, listener)
    try:
        yield
    finally:
        event.listen(target, name, listener, **options)


@contextmanager
def _without_load_check(app: Flask) -> Iterator[None]:
    check = row_scope._check_loaded
    with (
        _unheard(OwnedByCCG, "load", check, propagate=True),
        _unheard(OwnedByCCG, "refresh", check, propagate=True),
    ):
        yield


@contextmanager
def _without_flush_check(app: Flask) -> Iterator[None]:
    check = row_scope._check_write
    with (
        _unheard(Mapper, "before_insert", check),
        _unheard(Mapper, "before_update", check),
        _unheard(OwnedByCCG, "before_delete", row_scope._check_deletion, propagate=True),
    ):
        yield


@contextmanager
def _without_many_check(app: Flask) -> Iterator[None]:
    check = adding._check_new
    adding._check_new = lambda *told: None
    try:
        yield
    finally:
        adding._check_new = check


@contextmanager
def _without_get_check(app: Flask) -> Iterator[None]:
    before = TrackerSession.may_return
    TrackerSession.may_return = staticmethod(lambda session, row: True)
    try:
        yield
    finally:
        TrackerSession.may_return = staticmethod(before)


@contextmanager
def _altered(app: Flask, off: list[str], on: list[str]) -> Iterator[None]:
    with unguarded(app) as session:
        for statement in off:
            session.execute(text(statement))
        session.commit()
    try:
        yield
    finally:
        with unguarded(app) as session:
            for statement in on:
                session.execute(text(statement))
            session.commit()


def _without_composite_key(app: Flask) -> Any:
    if _is_sqlite(app):
        return _sqlite_without_foreign_keys(app)
    return _altered(
        app,
        ["ALTER TABLE case_review DROP CONSTRAINT converted_from_a_case_of_that_ccg"],
        [
            "ALTER TABLE case_review ADD CONSTRAINT converted_from_a_case_of_that_ccg"
            " FOREIGN KEY (converted_from_ccg_id, converted_from_id) REFERENCES case_review (ccg_id, id)"
        ],
    )


def _without_link_trigger(app: Flask) -> Any:
    trigger = "TRIGGER case_links_to_what_is_seen"
    return _altered(app, [f"ALTER TABLE case_review DISABLE {trigger}"], [f"ALTER TABLE case_review ENABLE {trigger}"])


@contextmanager
def _sqlite_without_foreign_keys(app: Flask) -> Iterator[None]:
    def off(connection: Any, record: object) -> None:
        connection.execute("PRAGMA foreign_keys=OFF")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "connect", off)
    engine.dispose()
    try:
        yield
    finally:
        event.remove(engine, "connect", off)
        engine.dispose()


def _without_ccg_trigger(app: Flask) -> Any:
    if _is_sqlite(app):
        return _sqlite_without_triggers(app)
    trigger = "TRIGGER case_ccg_never_changes"
    return _altered(app, [f"ALTER TABLE case_review DISABLE {trigger}"], [f"ALTER TABLE case_review ENABLE {trigger}"])


@contextmanager
def _sqlite_without_triggers(app: Flask) -> Iterator[None]:
    with _altered(app, ["DROP TRIGGER case_ccg_never_changes"], []):
        yield
    with unguarded(app) as session:
        database_rules.create_triggers(session.connection())
        session.commit()


def _without_policies(app: Flask) -> Any:
    return _altered(
        app,
        [f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY" for table in ("case_review", "case_review_version")],
        [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in ("case_review", "case_review_version")],
    )


_OFF: dict[str, Callable[[Flask], Any]] = {
    "criteria": lambda app: _unheard(TrackerSession, "do_orm_execute", row_scope._restrict),
    "load check": _without_load_check,
    "flush check": _without_flush_check,
    "many check": _without_many_check,
    "get check": _without_get_check,
    "composite key": _without_composite_key,
    "link trigger": _without_link_trigger,
    "ccg trigger": _without_ccg_trigger,
    "policy": _without_policies,
}


def _is_sqlite(app: Flask) -> bool:
    with app.app_context():
        return db.engine.dialect.name == "sqlite"


# Doors. Each is true, or a number above 0, where somebody in the scope of `mine` saw or wrote `theirs`.

Door = Callable[[TrackerSession, CaseReview, CaseReview], Any]


def _lists(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    return theirs.id in {row.id for row in session.scalars(select(CaseReview))}


def _counts(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    return (session.scalar(select(func.count()).select_from(CaseReview)) or 0) > 1


def _reads_columns(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    return theirs.reference in set(session.scalars(select(CaseReview.reference)))


def _asks_about_another(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    other: Any = aliased(CaseReview)
    twin = select(other.id).where(other.incident_date == CaseReview.incident_date, other.id != CaseReview.id)
    return session.scalars(select(CaseReview.reference).where(twin.exists())).all()


def _gets(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    return session.get(CaseReview, theirs.id)


def _gets_by_query(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    session.add(theirs)
    return session.query(CaseReview).get(theirs.id)


def _gets_from_memory(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    session.add(theirs)
    return session.get(CaseReview, theirs.id)


def _refreshes(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    session.add(theirs)
    session.refresh(theirs)
    return True


def _refreshes_a_stub(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    """An object of which only the key is known."""
    stub = CaseReview(id=theirs.id)
    make_transient_to_detached(stub)
    session.add(stub)
    session.refresh(stub, ["overview"])
    return True


def _changes_an_alias(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    other: Any = aliased(CaseReview)
    statement = update(other).where(other.id == theirs.id).values(comments="Taken.")
    return cast(CursorResult[Any], session.execute(statement)).rowcount


def _copies_words_in_an_update(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    other: Any = aliased(CaseReview)
    twin = other.incident_date == CaseReview.incident_date
    statement = update(CaseReview).where(CaseReview.id == mine.id, other.id == theirs.id, twin)
    unsynchronised = statement.values(comments=other.overview).execution_options(synchronize_session=False)
    return cast(CursorResult[Any], session.execute(unsynchronised)).rowcount


def _names_a_table_beside_a_model(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    table = CaseReview.__table__.c
    beside = select(Theme.code, table.reference).where(Theme.id == table.theme_1_id)
    return theirs.reference in {row[1] for row in session.execute(beside)}


def _says_text(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    return theirs.reference in set(session.scalars(text("SELECT reference FROM case_review")))


def _names_the_table(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    return theirs.reference in set(session.scalars(select(CaseReview.__table__.c.reference)))


def _adds(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    session.add(_copy(theirs))
    session.flush()
    return True


def _changes(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    session.add(theirs)
    theirs.overview = "Taken."
    session.flush()
    return True


def _moves(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    if mine.ccg_id == theirs.ccg_id:
        return False  # after a split: there is nowhere to move it
    session.add(mine)
    mine.ccg_id = theirs.ccg_id
    session.flush()
    return True


def _moves_what_it_does_not_know(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    """Takes a case whose CCG is not in memory, as after a commit."""
    session.add(theirs)
    session.expire(theirs, ["ccg_id"])
    theirs.ccg_id = mine.ccg_id
    session.flush()
    return True


def _puts_their_words_elsewhere(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    words = select(CaseReview.overview).where(CaseReview.id == theirs.id).scalar_subquery()
    theme = session.scalars(select(Theme)).all()[0]
    theme.definition = func.coalesce(words, theme.definition)
    session.flush()
    return session.scalar(select(Theme.definition).where(Theme.id == theme.id)) == theirs.overview


def _inserts_their_words(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    words = select(CaseReview.overview).where(CaseReview.id == theirs.id).scalar_subquery()
    session.execute(insert(Setting).values(name="words", value=func.coalesce(words, "")))
    return session.scalar(select(Setting.value).where(Setting.name == "words")) == theirs.overview


def _changes_many(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    statement = update(CaseReview).where(CaseReview.id == theirs.id).values(comments="Taken.")
    return cast(CursorResult[Any], session.execute(statement)).rowcount


def _changes_by_key(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    session.execute(update(CaseReview), [{"id": theirs.id, "version": theirs.version, "comments": "Taken."}])
    return True


def _adds_many(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    session.execute(insert(CaseReview), [_values(theirs)])
    return True


def _adds_at_once(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    """As a file of cases does, the row of a foreign CCG behind one's own."""
    adding.add_rows(session, CaseReview, [_values(mine), _values(theirs, reference="SCR-YYYYYYYY")])
    return True


def _links_at_once(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    link = {"converted_from_id": theirs.id, "converted_from_ccg_id": theirs.ccg_id}
    adding.add_rows(session, CaseReview, [_values(mine) | link])
    return True


def _links(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    session.add(mine)
    mine.converted_from_id, mine.converted_from_ccg_id = theirs.id, theirs.ccg_id
    session.flush()
    return True


def _links_by_id_alone(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    """Says that the foreign case belongs to the writer's own CCG."""
    session.add(mine)
    mine.converted_from_id, mine.converted_from_ccg_id = theirs.id, mine.ccg_id
    session.flush()
    return True


def _takes(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    """Says that the foreign case was allocated to the writer."""
    session.add(theirs)
    theirs.allocated_to_id = mine.allocated_to_id or mine.ccg_id
    session.flush()
    return True


def _hands_on(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    """Gives away a case that somebody else allocated to the writer."""
    if mine.allocated_to_id is None:
        return False
    session.add(mine)
    mine.allocated_to_id = theirs.allocated_to_id
    session.flush()
    return True


def _deletes(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    session.add(mine)
    session.delete(mine)
    session.flush()
    return True


# Past the session: its own connection, in the transaction that has been told the scope.


def _raw(statement: str) -> Door:
    def door(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
        connection = _connection(session)
        written: Any = Uuid().dialect_impl(connection.dialect).literal_processor(connection.dialect)
        us = mine.allocated_to_id or mine.ccg_id
        ids = {"mine": mine.id, "theirs": theirs.id, "their_ccg": theirs.ccg_id, "us": us}
        result = connection.execute(text(statement.format(**{name: written(one) for name, one in ids.items()})))
        return result.scalar() if result.returns_rows else result.rowcount

    return door


def _after_commit(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    session.commit()
    return _raw("SELECT count(*) FROM case_review WHERE id = {theirs}")(session, mine, theirs)


def _next_on_the_connection(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    """Whoever gets the connection from the pool next, and says nothing of a scope."""
    session.commit()
    with session.get_bind().connect() as connection:  # type: ignore[union-attr]
        return connection.scalar(text("SELECT count(*) FROM case_review"))


def _copies(session: TrackerSession, mine: CaseReview, theirs: CaseReview) -> Any:
    driver: Any = _connection(session).connection.driver_connection
    if not hasattr(driver, "pgconn"):
        return False
    with driver.cursor().copy("COPY case_review TO STDOUT") as rows:
        return theirs.reference.encode() in b"".join(map(bytes, rows))


DOORS: dict[str, Door] = {
    "list": _lists,
    "count": _counts,
    "columns": _reads_columns,
    "exists": _asks_about_another,
    "get": _gets,
    "get from memory": _gets_from_memory,
    "get by query": _gets_by_query,
    "refresh": _refreshes,
    "refresh a stub": _refreshes_a_stub,
    "text": _says_text,
    "table beside a model": _names_a_table_beside_a_model,
    "table": _names_the_table,
    "add": _adds,
    "change": _changes,
    "move": _moves,
    "move unknown": _moves_what_it_does_not_know,
    "words by flush": _puts_their_words_elsewhere,
    "words by insert": _inserts_their_words,
    "change many": _changes_many,
    "change by key": _changes_by_key,
    "change an alias": _changes_an_alias,
    "words by update": _copies_words_in_an_update,
    "add many": _adds_many,
    "add at once": _adds_at_once,
    "link at once": _links_at_once,
    "link": _links,
    "link by id alone": _links_by_id_alone,
    "take": _takes,
    "hand on": _hands_on,
    "delete": _deletes,
}
PAST_THE_SESSION: dict[str, Door] = {
    "raw select": _raw("SELECT count(*) FROM case_review WHERE id = {theirs}"),
    "raw select after a commit": _after_commit,
    "raw select on the next connection": _next_on_the_connection,
    "raw update": _raw("UPDATE case_review SET overview = 'Taken.' WHERE id = {theirs}"),
    "raw link": _raw(
        "UPDATE case_review SET converted_from_id = {theirs}, converted_from_ccg_id = {their_ccg} WHERE id = {mine}"
    ),
    "raw take": _raw("UPDATE case_review SET allocated_to_id = {us} WHERE id = {theirs}"),
    "raw delete": _raw("DELETE FROM case_review WHERE id = {mine}"),
    "copy": _copies,
}


def open_doors(app: Flask) -> set[str]:
    """The doors through which somebody in the scope of one CCG meets a case of another. Nothing is committed."""
    mine, theirs = add_case(app, "84H", lessons="Mine."), add_case(app, "16C", lessons="Theirs.")
    own = frozenset({mine.ccg_id})
    return _opened(app, RowScope(own, own), mine, theirs)


def open_doors_after_a_split(app: Flask, *, theirs_waits: bool) -> set[str]:
    """The same for somebody of 16C, which took over a part of 84H: their case was allocated to them, the other waits,
    or was allocated to 93C. Both are of 84H for ever."""
    with unguarded(app) as session:
        codes = ("16C", "84H", "93C")
        to_us, split, to_them = (session.scalars(select(Organisation.id).filter_by(code=code)).one() for code in codes)
    mine = add_case(app, "84H", lessons="Mine.", allocated_to_id=to_us)
    theirs = add_case(app, "84H", lessons="Theirs.", allocated_to_id=None if theirs_waits else to_them)
    own = frozenset({to_us})
    scope = RowScope(own, own, allocated=own, writable_allocated=own, split=frozenset({split}))
    return _opened(app, scope, mine, theirs)


def _opened(app: Flask, scope: RowScope, mine: CaseReview, theirs: CaseReview) -> set[str]:
    found = set()
    for name, door in (DOORS | PAST_THE_SESSION).items():
        with app.app_context(), new_session() as session:
            enter(session, scope)
            with suppress(Exception):
                if door(session, _read(app, mine), _read(app, theirs)):
                    found.add(name)
            session.rollback()
    return found


_OTHER_NUMBERS = {"local_identifier": "OTHER", "steis_number": None}


def _read(app: Flask, case: CaseReview) -> CaseReview:
    """The case as an object that a session has let go."""
    with unguarded(app) as session:
        found = session.get_one(CaseReview, case.id)
        session.expunge(found)
        return found


def _copy(case: CaseReview) -> CaseReview:
    return CaseReview(**_values(case))


def _values(case: CaseReview, reference: str = "SCR-XXXXXXXX") -> dict[str, Any]:
    values = {column.key: getattr(case, column.key) for column in CaseReview.__mapper__.column_attrs}
    return values | {"id": uuid4(), "reference": reference} | _OTHER_NUMBERS


def _connection(session: TrackerSession) -> Connection:
    session.scalar(select(func.count()).select_from(CaseReview))  # the transaction begins, and is told its scope
    return Session.connection(session)
