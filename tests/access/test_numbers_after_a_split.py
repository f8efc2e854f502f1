"""After a split: numbers of cases that went elsewhere cannot be felt out; links and new cases stay in the scope."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.access.row_scope import OutsideScope, RowScope, enter
from app.cases.writing import new_reference
from app.database import new_session
from models import CaseReview
from tests.access.guards import SESSION_GUARDS, without
from tests.admin_views.test_allocation import PAGE, send
from tests.conftest import add_case
from tests.databases import new_app, unguarded
from tests.splits import NEW, allocated_to, place, split
from tests.visitor import Visitor


@pytest.fixture
def app(fresh_either_app: Flask) -> Flask:
    """84H was split between 16C and 9Z9."""
    split(fresh_either_app, part_of="QOQ")
    return fresh_either_app


@pytest.mark.parametrize("number", ["local_identifier", "steis_number"])
def test_a_number_of_a_case_that_went_elsewhere_cannot_be_felt_out(app: Flask, number: str) -> None:
    case = add_case(app, "84H", allocated_to_id=place(app, "16C"))
    for to in (place(app, NEW), None):
        taken = f"N-{uuid4().hex[:8]}"
        add_case(app, "84H", allocated_to_id=to, **{number: taken})
        answer = Visitor(app).sign_in("ccg-16C").post_form(f"/cases/edit/?id={case.id}", {number: taken})
        assert answer.status_code == 302, "it says that another case has the number"
    twin = add_case(app, "84H", allocated_to_id=place(app, "16C"), **{number: "N-1"})
    answer = Visitor(app).sign_in("ccg-16C").post_form(f"/cases/edit/?id={case.id}", {number: "N-1"})
    assert answer.status_code == 200 and f"is already used for case {twin.reference}" in answer.text


def test_two_cases_with_one_number_are_not_allocated_to_one(app: Flask) -> None:
    add_case(app, "84H", allocated_to_id=place(app, "16C"), local_identifier="N-1")
    case, other = add_case(app, "84H", local_identifier="N-1"), add_case(app, "84H")
    durham = Visitor(app).sign_in("ccg-84H")
    answer = send(durham, "16C", case, other)
    assert answer.status_code == 200 and "One of these cases has the number of another case" in answer.text
    assert allocated_to(app, case) == allocated_to(app, other) == ""
    assert send(durham, NEW, case).status_code == 302 and allocated_to(app, case) == NEW


def test_every_allocated_case_can_be_given_to_another(app: Flask) -> None:
    to = place(app, "16C")
    cases = [add_case(app, "84H", allocated_to_id=to) for _ in range(51)]
    durham = Visitor(app).sign_in("ccg-84H")
    pages = [durham.get(f"{PAGE}&show=allocated&page={number}").text for number in (0, 1, 2, 9999)]
    assert [sum(one.reference in page for one in cases) for page in pages] == [50, 1, 1, 1]
    assert all(any(one.reference in page for page in pages) for one in cases)


def of_16c_that_oversees_84h(app: Flask) -> RowScope:
    tees, durham = frozenset({place(app, "16C")}), frozenset({place(app, "84H")})
    return RowScope(readable=tees, writable=tees, waiting=durham, allocated=tees, writable_allocated=tees, split=durham)


def test_no_link_leads_to_a_case_that_went_elsewhere(app: Flask) -> None:
    """Somebody of 16C who oversees 84H sees the cases of 84H that wait, and those that came to 16C."""
    own = add_case(app, "16C")
    gone, waits = add_case(app, "84H", allocated_to_id=place(app, NEW)), add_case(app, "84H")
    scope = of_16c_that_oversees_84h(app)
    for other, refused in ((gone, True), (waits, False)):
        with app.app_context(), new_session() as session:
            enter(session, scope)
            row = session.get_one(CaseReview, own.id)
            row.converted_from_id, row.converted_from_ccg_id = other.id, other.ccg_id
            if refused:
                with pytest.raises((OutsideScope, IntegrityError)):
                    session.flush()
            else:
                session.flush()


@pytest.mark.postgresql
def test_postgresql_alone_lets_nobody_add_to_a_ccg_some_of_whose_cases_they_got(postgresql_databases: Any) -> None:
    with postgresql_databases.fresh() as database:
        app = new_app(database)
        split(app, part_of="QOQ")
        case = add_case(app, "84H", allocated_to_id=place(app, "16C"))
        with unguarded(app) as session:
            row = session.get_one(CaseReview, case.id)
            values = {column.key: getattr(row, column.key) for column in CaseReview.__mapper__.column_attrs}
        values |= {"id": uuid4(), "reference": new_reference(), "local_identifier": "N-2"}
        with without(app, *SESSION_GUARDS), app.app_context(), new_session() as session:
            enter(session, of_16c_that_oversees_84h(app))
            assert session.scalars(select(CaseReview.id)).all() == [case.id]
            session.add(CaseReview(**values))
            with pytest.raises(DBAPIError, match="row-level security"):
                session.flush()
