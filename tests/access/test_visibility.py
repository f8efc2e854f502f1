"""Who can see a case, in words; and that the words agree with row scope."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from app.access.organisations import read_organisations
from app.access.people import access_of
from app.access.visibility import who_can_see
from models import Grant, Organisation, Person, db

TODAY = date(2022, 2, 14)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "00J",
            [
                ("ccg_editor", "NHS North Durham CCG", "The case was recorded under it"),
                ("ccg_editor", "NHS County Durham CCG", "It took over from NHS North Durham CCG on 1 April 2020"),
                ("oversight", "Cumbria and North East", "NHS County Durham CCG is part of it"),
                ("oversight", "North East and Yorkshire", "Cumbria and North East is part of it"),
                ("oversight", "England", "North East and Yorkshire is part of it"),
                ("analyst", "England", "Analysts see the whole of it"),
            ],
        ),
    ],
)
def test_it_is_told_in_words(app: Flask, code: str, told: list[tuple[str, str, str]]) -> None:
    with app.app_context():
        known = read_organisations(db.session(), TODAY)
        place = next(one for one in known.case_holders() if one.code == code)
        found = [(one.role.value, one.place.name, one.because) for one in who_can_see(place.id, known, TODAY)]
    assert found == told


@pytest.mark.parametrize("code", ["00J", "84H", "03D", "15D", "D4U1Y", "93C"])
def test_the_words_agree_with_row_scope(app: Flask, code: str) -> None:
    """Somebody is granted each organisation in turn: those who see the case are those who are named, and no other."""
    with app.app_context():
        known = read_organisations(db.session(), TODAY)
        place = next(one for one in known.case_holders() if one.code == code)
        named = {(one.role.value, one.place.id) for one in who_can_see(place.id, known, TODAY)}
        seeing = set()
        for organisation in db.session.query(Organisation):
            for role in ("ccg_editor", "oversight", "analyst"):
                grant = Grant(role=role, organisation_id=organisation.id)
                access = access_of(Person(is_active=True, grants=[grant]), known, TODAY)
                if access.scope.may_read(place.id):
                    seeing.add((role, organisation.id))
        db.session.rollback()
    assert seeing == named
