"""Files of cases beside other people: a form of somebody else, and a case that went elsewhere since."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app.imports.texts import NotUsable
from models import Grant, Person
from models.enumerations import LineOutcome, Role
from tests.case_imports.files import Importer, csv_of
from tests.conftest import add_case
from tests.databases import unguarded
from tests.splits import NEW, place, split
from tests.visitor import Visitor

# 84H was open then.
BEFORE = {"date_added": "1/9/2021", "incident_date": "1/8/2021", "overview": "Another text."}


def test_a_form_that_somebody_else_has_sent_is_refused_in_words(either_app: Flask) -> None:
    durham, tees = Importer(either_app), Importer(either_app, "ccg-16C")
    own = durham.check(csv_of([{}]), form_token="the-same")
    with pytest.raises(NotUsable, match="This form was used before"):
        tees.check(csv_of([{"ccg": "16C"}]), form_token="the-same")
    assert durham.check(csv_of([{}]), form_token="the-same").id == own.id


def test_old_words_of_a_case_that_went_elsewhere_are_not_told_any_more(fresh_either_app: Flask) -> None:
    app = fresh_either_app
    split(app, part_of="QOQ")
    case = add_case(app, "84H", allocated_to_id=place(app, "16C"), local_identifier="L-1", overview="Quillarby")
    tees = Importer(app, "ccg-16C")
    one = tees.check(csv_of([{"ccg": "16C", **BEFORE}]))
    assert tees.outcomes(one) == [LineOutcome.CHANGED]
    visitor, address = Visitor(app).sign_in("ccg-16C"), f"/imports/cases/details/?id={one.id}"
    assert "Quillarby" in visitor.get(address).text
    with unguarded(app) as session:
        session.get_one(type(case), case.id).allocated_to_id = place(app, NEW)
        session.commit()
    page = visitor.get(address).text
    assert "Another text." not in page and "Quillarby" not in page and case.reference not in page
    assert tees.apply(one).changed == 0
    with unguarded(app) as session:
        assert session.get_one(type(case), case.id).overview == "Quillarby"


def test_a_line_is_about_the_case_that_came_to_its_own_ccg(fresh_app: Flask) -> None:
    """Somebody of both parts sees two cases with one number: one came to 16C, the other to the new CCG."""
    app = fresh_app
    split(app, part_of="QOQ")
    for to in ("16C", NEW):
        add_case(app, "84H", allocated_to_id=place(app, to), local_identifier="L-1", overview=f"With {to}.")
    with unguarded(app) as session:
        person = session.scalars(select(Person).where(Person.subject == "ccg-16C")).one()
        session.add(Grant(person_id=person.id, role=Role.CCG_EDITOR, organisation_id=place(app, NEW)))
        session.commit()
    both = Importer(app, "ccg-16C")
    for code in ("16C", NEW):
        line = both.lines(both.check(csv_of([{"ccg": code, **BEFORE}])))[0]
        assert ["Brief overview", f"With {code}.", "Another text."] in [list(each) for each in line.differences]
