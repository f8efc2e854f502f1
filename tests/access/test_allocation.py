"""Scope after a split: nobody who took over sees a case until it is allocated to them; what is about it comes along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.organisations import read_organisations
from app.access.people import access_of
from app.access.row_scope import RowScope, enter
from app.database import new_session
from models import CaseReview, Draft, Person, QueryAnswer, Redaction, Succession, db, version_of
from models.enumerations import CaseForm, Query
from tests.access.doors import ACCOUNTS, Account, open_doors
from tests.access.guards import SESSION_GUARDS, without
from tests.access.test_scope_over_time import grant
from tests.conftest import NOW, TODAY, add_case
from tests.databases import new_app, unguarded
from tests.splits import NEW, place, split
from tests.visitor import Visitor

# Each holds one role on one place, and nothing else.
WHO = {
    "the CCG that was split": ("ccg_editor", "ccg", "84H"),
    "one that took over": ("ccg_editor", "ccg", "16C"),
    "the other that took over": ("ccg_editor", "ccg", NEW),
    "the STP of the one that was split": ("oversight", "stp", "QHM"),
    "the STP of the other": ("oversight", "stp", "QOQ"),
    "another CCG": ("ccg_editor", "ccg", "93C"),
    "England": ("oversight", "country", "ENGLAND"),
}
ALWAYS = {"the CCG that was split", "England"}


@pytest.fixture
def app(fresh_either_app: Flask) -> Flask:
    """84H was split between 16C, of the same STP, and 9Z9, of another."""
    split(fresh_either_app, part_of="QOQ")
    return fresh_either_app


def who_see(app: Flask, case: CaseReview) -> set[str]:
    """Who finds a case in the list, by its key and in its history alike."""
    found = set()
    for name, granted in WHO.items():
        grant(app, "ccg-16C", *granted)
        visitor = Visitor(app).sign_in("ccg-16C")
        pages = {
            visitor.get(f"/cases/details/?id={case.id}").status_code == 200,
            visitor.get(f"/cases/history/?id={case.id}").status_code == 200,
            case.reference in visitor.get("/cases/").text,
            case.reference in visitor.get("/cases/export/csv/").text,
        }
        assert len(pages) == 1, (name, "sees a case in one place and not in another")
        found |= {name} if pages.pop() else set()
    return found


def test_who_sees_a_case_follows_its_allocation(app: Flask) -> None:
    waiting = add_case(app, "84H")
    here = add_case(app, "84H", allocated_to_id=place(app, "16C"))
    there = add_case(app, "84H", allocated_to_id=place(app, NEW))
    earlier = {"date_added": date(2020, 3, 1), "incident_date": date(2020, 2, 1)}
    older = add_case(app, "00J", allocated_to_id=place(app, "16C"), **earlier)
    assert who_see(app, waiting) == ALWAYS | {"the STP of the one that was split"}
    of_16c = ALWAYS | {"one that took over", "the STP of the one that was split"}
    assert who_see(app, here) == who_see(app, older) == of_16c
    assert who_see(app, there) == ALWAYS | {"the other that took over", "the STP of the other"}


def test_a_merger_of_the_one_that_got_a_case_takes_it_along(app: Flask) -> None:
    case = add_case(app, "84H", allocated_to_id=place(app, "16C"))
    with unguarded(app) as session:
        into = {"predecessor_id": place(app, "16C"), "successor_id": place(app, "93C")}
        session.add(Succession(**into, effective_on=date(2022, 2, 10)))
        session.commit()
    assert {"another CCG", "one that took over"} <= who_see(app, case)
    assert "the other that took over" not in who_see(app, case)


def about_a_case(app: Flask, case: CaseReview) -> None:
    """A draft, an answer to a query and a request for redaction."""
    with unguarded(app) as session:
        by = session.scalars(select(Person.id).where(Person.subject == "two-ccgs")).one()
        of_case = {"ccg_id": case.ccg_id, "case_id": case.id}
        session.add_all(
            [
                Draft(**of_case, person_id=by, form=CaseForm.EDIT, form_token=uuid4().hex, fields={}, saved_at=NOW),
                QueryAnswer(**of_case, query=Query.NOT_PUBLISHED, note="A note.", answered_by_id=by),
                Redaction(**of_case, asked_by_id=by, words="Words", reason="A reason."),
            ]
        )
        session.commit()


@pytest.fixture
def successor(app: Flask) -> Iterator[Session]:
    """A session in the scope of the people of 16C."""
    with app.app_context():
        person = db.session.scalars(select(Person).where(Person.subject == "ccg-16C")).one()
        scope = access_of(person, read_organisations(db.session(), TODAY), TODAY).scope
    with app.app_context(), new_session() as session:
        enter(session, scope)
        yield session


ABOUT = (Draft, QueryAnswer, Redaction, version_of(CaseReview))


@pytest.mark.parametrize("guards", [(), SESSION_GUARDS], ids=["all guards", "PostgreSQL alone"])
def test_what_is_about_a_case_goes_with_it(app: Flask, successor: Session, guards: tuple[str, ...]) -> None:
    if guards and db_of(app) == "sqlite":
        pytest.skip("SQLite has one wall")
    cases = [add_case(app, "84H", allocated_to_id=to) for to in (place(app, "16C"), None, place(app, NEW))]
    for case in cases:
        about_a_case(app, case)
    with without(app, *guards):
        assert {row.id for row in successor.scalars(select(CaseReview))} == {cases[0].id}
        for model in ABOUT:
            key = model.id if model is version_of(CaseReview) else model.case_id
            assert set(successor.scalars(select(key))) == {cases[0].id}, model.__name__
            found = successor.scalars(select(model)).all()
            assert {getattr(row, "case_id", row.id) for row in found} == {cases[0].id}, model.__name__


def db_of(app: Flask) -> str:
    with app.app_context():
        return db.engine.dialect.name


def test_whoever_got_a_case_changes_it_and_does_not_hand_it_on(app: Flask, successor: Session) -> None:
    case = add_case(app, "84H", allocated_to_id=place(app, "16C"))
    visitor = Visitor(app).sign_in("ccg-16C")
    answer = visitor.post_form(f"/cases/edit/?id={case.id}", {"latest_update": "Seen by the panel."})
    assert answer.status_code == 302
    assert "Seen by the panel." in visitor.get(f"/cases/details/?id={case.id}").text
    assert visitor.get("/cases/allocate/?ccg=84H").status_code == 404
    row = successor.get_one(CaseReview, case.id)
    row.allocated_to_id = place(app, NEW)
    with pytest.raises(PermissionError):
        successor.flush()


# The cases of 84H wait, or were given to the other that took over.
ONE_THAT_TOOK_OVER = Account(foreign=("84H", f"84H>{NEW}"), sees="16C", writes="cases")


def test_every_door_stays_shut_for_one_that_took_over(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ACCOUNTS, "ccg-16C", ONE_THAT_TOOK_OVER)
    assert open_doors(app, "ccg-16C") == []


@pytest.mark.postgresql
def test_every_door_is_shut_after_a_split_by_postgresql_alone(
    postgresql_databases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgresql_databases.fresh() as database:
        app = new_app(database)
        split(app, part_of="QOQ")
        monkeypatch.setitem(ACCOUNTS, "ccg-16C", ONE_THAT_TOOK_OVER)
        with without(app, *SESSION_GUARDS):
            assert open_doors(app, "ccg-16C") == []


def test_a_split_all_of_whose_parts_are_seen_is_none(fresh_app: Flask) -> None:
    """One who oversees both successors needs no further condition, and keeps the plain scope that indexes answer."""
    split(fresh_app, part_of="QHM")
    with fresh_app.app_context():
        person = db.session.scalars(select(Person).where(Person.subject == "stp-QHM")).one()
        scope = access_of(person, read_organisations(db.session(), TODAY), TODAY).scope
    assert place(fresh_app, "84H") in scope.readable
    assert scope == RowScope(scope.readable)
