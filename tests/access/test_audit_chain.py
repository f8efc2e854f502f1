"""The chain of audit events: sealed beside savers, and every way to be at it is found and named."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.access import audit, audit_chain, clock
from app.access.audit_chain import FIELDS, canonical, digest_of, seal, seal_all
from app.access.audit_check import Outcome, check
from app.database import lock_sealing
from models import AuditEvent, AuditSeal, SealedEvent, database_rules, db
from models.enumerations import AuditAction
from tests.conftest import NOW, add_case
from tests.databases import PostgreSQLDatabases, new_app, unguarded
from tests.visitor import Visitor

TABLES = ("audit_event", "audit_seal", "audit_sealed")


def add_events(app: Flask, number: int, *, at: datetime = NOW) -> list[UUID]:
    """Adds events, one a second, and gives their ids in that order."""
    with app.app_context():
        session = db.session()
        for second in range(number):
            moment = at + timedelta(seconds=second)
            audit.write(session, AuditAction.SEARCHED, by=None, at=moment, details=f"Ünïcode {second}")
        ids = [event.id for event in session.new if isinstance(event, AuditEvent)]
        by_id = {event.id: event.at for event in session.new if isinstance(event, AuditEvent)}
        session.commit()
        return sorted(ids, key=lambda one: by_id[one])


def sealed(app: Flask, *, at: datetime = NOW) -> int:
    with app.app_context():
        return seal_all(db.session(), at=at)


def checked(app: Flask, expected: str = "") -> Outcome:
    with app.app_context():
        found = check(db.session(), expected)
        db.session.rollback()
        return found


@pytest.fixture
def chain(fresh_either_app: Flask, monkeypatch: pytest.MonkeyPatch) -> tuple[Flask, list[UUID]]:
    """A service with three seals of five events each, after whatever stood there before."""
    # What the tables began with says that it is of the present day.
    with unguarded(fresh_either_app) as session, tampering(session):
        session.execute(text("DELETE FROM audit_event"))
    ids = []
    monkeypatch.setattr(audit_chain, "MOST_AT_ONCE", 5)
    for batch in range(3):
        ids += add_events(fresh_either_app, 5, at=NOW + timedelta(minutes=batch))
    assert sealed(fresh_either_app, at=NOW + timedelta(minutes=5)) == 15
    return fresh_either_app, ids


@contextmanager
def tampering(session: Session) -> Iterator[None]:
    """What the owner of the database can do: switch the triggers off."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
    else:
        for table in TABLES:
            for never in ("never_changes", "never_goes", "stands_once"):
                session.execute(text(f"DROP TRIGGER IF EXISTS {table}_{never}"))
    yield
    session.commit()
    database_rules.create_triggers(session.connection())
    session.commit()


def test_the_chain_holds(chain: tuple[Flask, list[UUID]]) -> None:
    app, _ = chain
    found = checked(app)
    assert (found.problems, found.seals, found.events, found.waiting) == ([], 3, 15, 0)
    add_events(app, 2)
    assert checked(app).waiting == 2
    assert sealed(app) == 2
    assert (checked(app).seals, checked(app).problems) == (4, [])


def change(session: Session, ids: list[UUID]) -> None:
    session.query(AuditEvent).filter_by(id=ids[6]).update({"details": "Something else"})


def change_the_moment(session: Session, ids: list[UUID]) -> None:
    session.query(AuditEvent).filter_by(id=ids[6]).update({"at": NOW + timedelta(minutes=1, seconds=2)})


def delete(session: Session, ids: list[UUID]) -> None:
    session.query(AuditEvent).filter_by(id=ids[6]).delete()


def delete_with_its_place(session: Session, ids: list[UUID]) -> None:
    delete(session, ids)
    session.query(SealedEvent).filter_by(position=7).delete()


def swap(session: Session, ids: list[UUID]) -> None:
    """Two places, with what was sealed there."""
    for before, after in ((7, 99), (9, 7), (99, 9)):
        session.query(SealedEvent).filter_by(position=before).update({"position": after})


def swap_the_events(session: Session, ids: list[UUID]) -> None:
    """Two events, each at the other's place."""
    for position, event_id in ((7, uuid4()), (9, ids[6]), (7, ids[8])):
        session.query(SealedEvent).filter_by(position=position).update({"event_id": event_id})


def insert_at_the_end(session: Session, ids: list[UUID]) -> None:
    """An event with a place behind the newest seal."""
    event = AuditEvent(id=UUID(int=7), at=NOW, action=AuditAction.SIGNED_IN)
    session.add(event)
    session.flush()
    session.refresh(event)
    digest = digest_of(16, {name: getattr(event, name) for name in FIELDS})
    session.add(SealedEvent(position=16, event_id=event.id, digest=digest))


def insert_of_long_ago(session: Session, ids: list[UUID]) -> None:
    """An event that says that it is of yesterday. It is sealed like any other."""
    session.add(AuditEvent(id=UUID(int=7), at=NOW - timedelta(days=1), action=AuditAction.SIGNED_IN))


def change_and_reckon_again(session: Session, ids: list[UUID]) -> None:
    """A changed event whose digest was put right: only the seal knows."""
    change(session, ids)
    event = session.get(AuditEvent, ids[6])
    session.refresh(event)
    digest = digest_of(7, {name: getattr(event, name) for name in FIELDS})
    session.query(SealedEvent).filter_by(position=7).update({"digest": digest})


def change_a_seal(session: Session, ids: list[UUID]) -> None:
    session.query(AuditSeal).filter_by(number=2).update({"hash": "0" * 64})


def delete_a_seal(session: Session, ids: list[UUID]) -> None:
    session.query(AuditSeal).filter_by(number=2).delete()


def delete_the_newest_seal(session: Session, ids: list[UUID]) -> None:
    session.query(AuditSeal).filter_by(number=3).delete()


MOMENT = "2022-02-14 10:31:01 UTC, searched"
MANIPULATIONS: dict[Callable[[Session, list[UUID]], None], list[str]] = {
    change: [f"Event {{6}}, {MOMENT}: was changed after it was sealed."],
    change_the_moment: ["Event {6}, 2022-02-14 10:31:02 UTC, searched: was changed after it was sealed."],
    delete: ["Event {6}: is missing. It was sealed at position 7."],
    delete_with_its_place: ["Position 7 of seal 2 is empty: its event was taken out."],
    swap: [
        "Event {8}, 2022-02-14 10:31:03 UTC, searched: was moved. It stands at position 7 and was sealed at 9.",
        f"Event {{6}}, {MOMENT}: was moved. It stands at position 9 and was sealed at 7.",
    ],
    swap_the_events: [
        "Event {8}, 2022-02-14 10:31:03 UTC, searched: was moved. It stands at position 7 and was sealed at 9.",
        f"Event {{6}}, {MOMENT}: was moved. It stands at position 9 and was sealed at 7.",
    ],
    insert_at_the_end: [
        f"Event {UUID(int=7)}, 2022-02-14 10:30:00 UTC, signed_in: is under no seal. Its seal was taken away, or it was"
        " added past it."
    ],
    change_and_reckon_again: ["Seal 2 does not fit its events: it was changed, or they or their order were."],
    change_a_seal: [
        "Seal 2 does not fit its events: it was changed, or they or their order were.",
        "Seal 3 does not follow the one before it: one of them was changed.",
    ],
    delete_a_seal: ["Seal 2 is missing."],
}


@pytest.mark.parametrize("manipulate", MANIPULATIONS)
def test_every_manipulation_is_found_and_says_which(
    chain: tuple[Flask, list[UUID]], manipulate: Callable[[Session, list[UUID]], None]
) -> None:
    app, ids = chain
    with unguarded(app) as session, tampering(session):
        manipulate(session, ids)
    assert checked(app).problems == [one.format(*ids) for one in MANIPULATIONS[manipulate]]


def test_an_event_that_was_written_in_afterwards_is_found_once_it_is_sealed(chain: tuple[Flask, list[UUID]]) -> None:
    app, ids = chain
    with unguarded(app) as session:
        insert_of_long_ago(session, ids)
        session.commit()
    sealed(app)
    (problem,) = checked(app).problems
    assert problem.startswith(f"Event {UUID(int=7)}, 2022-02-13 10:30:00 UTC, signed_in: was added later than it says.")


def test_a_seal_that_covers_less_makes_no_room_for_an_event_of_long_ago(chain: tuple[Flask, list[UUID]]) -> None:
    """Whoever may add rows can add a seal whose hash is right, no trigger being in the way."""
    app, ids = chain
    with unguarded(app) as session:
        before = audit_chain.newest_seal(session)
        assert before is not None
        event = AuditEvent(id=UUID(int=8), at=NOW, action=AuditAction.SIGNED_IN)
        session.add(event)
        session.flush()
        session.refresh(event)
        digest = digest_of(16, {name: getattr(event, name) for name in FIELDS})
        seal = AuditSeal(number=4, sealed_at=NOW, covers_to=NOW - timedelta(days=30), first_position=16)
        seal.last_position, seal.previous_hash = 16, before.hash
        seal.hash = audit_chain.hash_of(seal, [digest])
        session.add_all([seal, SealedEvent(position=16, event_id=event.id, digest=digest)])
        insert_of_long_ago(session, ids)
        session.commit()
    sealed(app, at=NOW + timedelta(minutes=9))
    less, late = checked(app).problems
    assert less == "Seal 4 covers less than the one before it: the service makes no such seal."
    assert late.startswith(f"Event {UUID(int=7)}, 2022-02-13 10:30:00 UTC, signed_in: was added later than it says.")


def test_an_event_without_a_moment_holds_nothing_up_and_is_found(chain: tuple[Flask, list[UUID]]) -> None:
    """PostgreSQL stores infinity and SQLite any word; whoever may add events may add one such."""
    app, _ = chain
    with unguarded(app) as session:
        session.execute(
            text(
                "INSERT INTO audit_event (id, at, action, address, from_address, reference)"
                f" VALUES ('{UUID(int=9).hex}', 'infinity', 'signed_in', '', '', '')"
            )
        )
        session.commit()
    add_events(app, 2, at=NOW + timedelta(minutes=6))
    assert sealed(app, at=NOW + timedelta(minutes=9)) == 2
    assert checked(app).problems == [f"Event {UUID(int=9)}: has no moment that can be read, and is never sealed."]
    assert Visitor(app).sign_in("administrator").get("/audit/").status_code == 200


def test_a_chain_that_lost_its_newest_seal_is_found(chain: tuple[Flask, list[UUID]]) -> None:
    app, ids = chain
    newest = checked(app).newest
    assert newest is not None
    with unguarded(app) as session, tampering(session):
        delete_the_newest_seal(session, ids)
    problems = checked(app).problems
    assert len(problems) == 5
    assert all("is under no seal" in one for one in problems)
    with unguarded(app) as session, tampering(session):
        session.query(SealedEvent).filter(SealedEvent.position > 10).delete()
    # Whoever takes the places away as well leaves no trace, but for whoever has noted the hash.
    assert checked(app).problems == []
    assert len(checked(app, expected=newest.hash).problems) == 1


def test_a_hash_that_was_noted_is_looked_for(chain: tuple[Flask, list[UUID]]) -> None:
    app, _ = chain
    newest = checked(app).newest
    assert newest is not None
    add_events(app, 3)
    sealed(app)
    assert checked(app, expected=newest.hash.upper()).problems == []
    assert checked(app, expected="0" * 64).problems != []


@pytest.mark.parametrize("column", ["at", "action"])
def test_what_cannot_be_read_was_changed(fresh_app: Flask, column: str) -> None:
    add_events(fresh_app, 3)
    sealed(fresh_app)
    with unguarded(fresh_app) as session, tampering(session):
        session.execute(text("PRAGMA ignore_check_constraints = ON"))
        session.execute(text(f"UPDATE audit_event SET {column} = 'nonsense' WHERE details = 'Ünïcode 1'"))
    (problem,) = checked(fresh_app).problems
    assert "was changed after it was sealed" in problem


def test_the_command_says_which_and_how_it_ends(chain: tuple[Flask, list[UUID]]) -> None:
    app, ids = chain
    runner = app.test_cli_runner()
    add_events(app, 2)
    holds = runner.invoke(args=["audit", "verify"])
    assert (holds.exit_code, holds.output.splitlines()[-1]) == (0, "The audit holds: 17 events in 4 seals.")
    number, hash_ = holds.output.splitlines()[0].removeprefix("Newest seal: ").split(", ")
    assert (number, len(hash_)) == ("4", 64)
    assert runner.invoke(args=["audit", "verify", "--expect", hash_]).exit_code == 0
    assert runner.invoke(args=["audit", "seal"]).output == "Events sealed: 0\n"
    with unguarded(app) as session, tampering(session):
        change(session, ids)
    fails = runner.invoke(args=["audit", "verify"])
    assert fails.exit_code == 1
    assert fails.output.splitlines()[0] == MANIPULATIONS[change][0].format(*ids)
    assert fails.output.splitlines()[-1] == "The audit does not hold: 1 problem in 17 events in 4 seals."


# What the chain covers


def test_the_chain_covers_every_column_of_an_event() -> None:
    stored = {column.key for column in inspect(AuditEvent).column_attrs} - {"person_name"}
    assert set(FIELDS) == stored


def test_both_databases_give_the_same_bytes(fresh_either_app: Flask) -> None:
    known = UUID("6f9619ff-8b86-4d11-b42d-00c04fc964ff")
    moment = datetime(2022, 7, 1, 12, 30, 0, 1200, tzinfo=UTC)
    with fresh_either_app.app_context():
        db.session.add(
            AuditEvent(id=known, at=moment, action=AuditAction.SEARCHED, details="Größe “x”", about_id=known)
        )
        db.session.commit()
        row = db.session.execute(select(*audit_chain.columns_of_event()).where(AuditEvent.id == known)).mappings()
        assert canonical(dict(row.one())) == (
            b'{"about_id":"6f9619ff-8b86-4d11-b42d-00c04fc964ff","action":"searched",'
            b'"at":"2022-07-01T12:30:00.001200Z","details":"Gr\\u00f6\\u00dfe \\u201cx\\u201d",'
            b'"id":"6f9619ff-8b86-4d11-b42d-00c04fc964ff"}'
        )


@pytest.mark.parametrize("table", ["audit_seal", "audit_sealed"])
def test_nobody_changes_the_chain(chain: tuple[Flask, list[UUID]], table: str) -> None:
    app, _ = chain
    with unguarded(app) as session:
        key = "number" if table == "audit_seal" else "position"
        own = (
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
            if session.get_bind().dialect.name == "sqlite"
            else f"TRUNCATE {table}"
        )
        for statement in (f"UPDATE {table} SET {key} = {key} + 100", f"DELETE FROM {table}", own):
            with pytest.raises(Exception, match="audit events are added and never changed"):
                session.execute(text(statement))
            session.rollback()


# Beside those who save


@pytest.fixture
def on_postgresql(postgresql_databases: PostgreSQLDatabases) -> Iterator[Flask]:
    """A fresh service on PostgreSQL, where transactions are open side by side."""
    with postgresql_databases.fresh() as database:
        app = new_app(database)
        yield app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.mark.postgresql
def test_an_event_of_an_open_transaction_is_sealed_with_a_later_batch(on_postgresql: Flask) -> None:
    app = on_postgresql
    sealed(app)
    with unguarded(app) as late:
        late.add(AuditEvent(id=UUID(int=7), at=NOW, action=AuditAction.SIGNED_IN))
        late.flush()
        add_events(app, 5, at=NOW + timedelta(seconds=1))
        assert sealed(app, at=NOW + timedelta(minutes=10)) == 5
        late.commit()
    with app.app_context():
        assert seal(db.session(), at=NOW + timedelta(minutes=11)) == 1
    assert checked(app).problems == []


@pytest.mark.postgresql
def test_savers_do_not_wait_for_whoever_seals(on_postgresql: Flask) -> None:
    app = on_postgresql
    add_events(app, 3)
    with app.app_context(), Session(db.engine) as sealer:
        assert lock_sealing(sealer, wait=True)
        sealer.execute(text("INSERT INTO audit_sealed SELECT 1, id, 'x' FROM audit_event LIMIT 1"))
        began = time.monotonic()
        add_events(app, 20)
        assert time.monotonic() - began < 1
        # And a second sealer goes its way.
        assert seal(db.session(), at=NOW) == 0
        sealer.rollback()
        assert seal_all(db.session(), at=NOW) > 20


THREADS, EACH = 8, 25


def test_savers_and_sealers_at_the_same_time_lose_nothing(
    fresh_either_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight threads save while two others seal: every event has one place, and nobody waited long."""
    app = fresh_either_app
    monkeypatch.setattr(audit_chain, "MOST_AT_ONCE", 7)
    slowest: list[float] = []
    failures: list[BaseException] = []
    is_over = threading.Event()

    def save() -> None:
        try:
            for _ in range(EACH):
                began = time.monotonic()
                add_events(app, 1)
                slowest.append(time.monotonic() - began)
        except BaseException as failure:
            failures.append(failure)

    def seal_on() -> None:
        while not is_over.is_set():
            try:
                with app.app_context():
                    seal(db.session(), at=clock.now())
            except SQLAlchemyError:
                pass  # the database was busy: the next request seals
            time.sleep(0.01)

    savers = [threading.Thread(target=save) for _ in range(THREADS)]
    sealers = [threading.Thread(target=seal_on) for _ in range(2)]
    for thread in [*savers, *sealers]:
        thread.start()
    for thread in savers:
        thread.join()
    is_over.set()
    for thread in sealers:
        thread.join()
    assert failures == []
    sealed(app)
    found = checked(app)
    assert (found.problems, found.waiting) == ([], 0)
    with unguarded(app) as session:
        assert session.query(AuditEvent).filter_by(action="searched").count() == THREADS * EACH
        assert session.query(AuditEvent).count() == session.query(SealedEvent).count() == found.events
    print(f"slowest save {max(slowest):.3f} s, usual {sorted(slowest)[len(slowest) // 2]:.3f} s, {found.seals} seals")


def test_requests_seal_when_it_is_due(fresh_either_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    app = fresh_either_app
    case = add_case(app, "84H")
    visitor = Visitor(app).sign_in("ccg-84H")
    assert checked(app).seals == 0
    app.extensions[audit_chain._DUE] = 0
    visitor.get(f"/cases/details/?id={case.id}")
    assert (checked(app).seals, checked(app).waiting) == (1, 0)
    visitor.get(f"/cases/details/?id={case.id}")
    assert (checked(app).seals, checked(app).waiting) == (1, 1)

    def fail(session: Session) -> None:
        raise OperationalError("busy", None, Exception())

    monkeypatch.setattr(audit_chain, "newest_seal", fail)
    app.extensions[audit_chain._DUE] = 0
    assert visitor.get(f"/cases/details/?id={case.id}").status_code == 200


def test_a_full_batch_goes_on_where_it_stopped(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours of events that waited: the short look back must not leave the older ones behind."""
    monkeypatch.setattr(audit_chain, "MOST_AT_ONCE", 4)
    with unguarded(fresh_app) as session, tampering(session):
        session.execute(text("DELETE FROM audit_event"))
    for hour in range(5):
        add_events(fresh_app, 3, at=NOW - timedelta(hours=hour))
    with fresh_app.app_context():
        while seal(db.session(), at=NOW):
            pass
    assert (checked(fresh_app).events, checked(fresh_app).problems) == (15, [])
