"""Code lists: reworded by administrators, two of whom never overwrite each other."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.access import turns
from models import Person, SavedView, Theme, version_of
from tests.conftest import add_case
from tests.databases import unguarded
from tests.histories import IN_Q1, draw, history
from tests.visitor import Form, Visitor


def address_of(visitor: Visitor, label: str) -> str:
    page = visitor.get(f"/theme-list/?search={label}").text
    return html.unescape(re.findall(r'href="(/theme-list/edit/[^"]+)"', page)[0])


def test_an_entry_is_reworded(fresh_either_app: Flask) -> None:
    visitor = Visitor(fresh_either_app).sign_in("administrator")
    address = address_of(visitor, "radicalisation")
    assert visitor.post_form(address, {"label": "Being radicalised"}).status_code == 302
    assert "Being radicalised" in visitor.get("/theme-list/?search=being").text


def test_the_second_of_two_administrators_keeps_what_they_typed(fresh_either_app: Flask) -> None:
    one, other = (Visitor(fresh_either_app).sign_in(who) for who in ("administrator", "second-administrator"))
    address = address_of(one, "radicalisation")
    ones, others = one.form_on(address).fields, other.form_on(address).fields
    assert one.post(address, ones | {"definition": "The first."}).status_code == 302
    refused = other.post(address, others | {"position": "7"})
    assert "Somebody else has changed this entry" in refused.text
    assert Form(refused.text).fields["position"] == "7"
    assert one.form_on(address).fields["definition"] == "The first."


def test_an_end_before_the_start_is_refused(fresh_app: Flask) -> None:
    visitor = Visitor(fresh_app).sign_in("administrator")
    address = address_of(visitor, "radicalisation")
    dates = {"active_from-day": "2", "active_from-month": "1", "active_from-year": "2022", "active_to-day": "1",
             "active_to-month": "1", "active_to-year": "2022", "label": ""}  # fmt: skip
    answer = visitor.post_form(address, dates)
    assert "Active to must be the same as or after active from, 2 January 2022" in answer.text
    assert "Enter label" in answer.text


def test_nobody_else_changes_a_list(fresh_app: Flask) -> None:
    address = address_of(Visitor(fresh_app).sign_in("administrator"), "radicalisation")
    for account in ("ccg-84H", "england", "analyst"):
        visitor = Visitor(fresh_app).sign_in(account)
        assert visitor.get(address).status_code == 403
        assert visitor.get("/theme-list/").status_code == 200


def theme(app: Flask, code: str) -> Theme:
    with unguarded(app) as session:
        found = session.scalars(select(Theme).where(Theme.code == code)).one()
        session.expunge(found)
        return found


LAST = {"last_day-day": "31", "last_day-month": "1", "last_day-year": "2022"}


def retired(visitor: Visitor, code: str, **more: str) -> str:
    address = f"/theme-list/retire/?id={theme(visitor.app, code).id}"
    return visitor.post_form(address, LAST | more, follow_redirects=True).text


def test_an_entry_is_added_after_another(fresh_either_app: Flask) -> None:
    visitor = Visitor(fresh_either_app).sign_in("administrator")
    after = theme(fresh_either_app, "neglect")
    new = {"label": "Hoarding", "code": "hoarding", "definition": "Things.", "after": str(after.id)}
    assert visitor.post_form("/theme-list/new/", new).status_code == 302
    with unguarded(fresh_either_app) as session:
        in_order = session.scalars(select(Theme.code).order_by(Theme.position)).all()
        positions = session.scalars(select(Theme.position).order_by(Theme.position)).all()
    assert in_order[in_order.index("neglect") + 1] == "hoarding"
    assert len(set(positions)) == len(positions)
    assert "Hoarding" in Visitor(fresh_either_app).sign_in("ccg-84H").get("/cases/new/").text
    for wrong, sentence in (
        ({"code": "hoarding", "label": "Other"}, "Code hoarding is used already. An ended entry keeps its code"),
        ({"code": "other_one", "label": "HOARDING"}, "There is an entry called Hoarding already"),
        ({"code": "Not a code!", "label": "Other"}, "Code must be small letters, digits and _"),
        ({"code": "", "label": ""}, "Enter label"),
    ):
        assert sentence in visitor.post_form("/theme-list/new/", new | wrong).text


def test_where_an_entry_is_used_is_counted_before_it_is_retired(fresh_either_app: Flask) -> None:
    app = fresh_either_app
    with history(app) as past:
        past.add("84H", IN_Q1, overview="Quillarby")
    draw(app)
    add_case(app, "16C", theme_1="self_neglect", theme_2="neglect")
    with unguarded(app) as session:
        person = session.scalars(select(Person.id).where(Person.subject == "ccg-84H")).one()
        for name, query in (("A", "flt_theme_1_is=neglect&desc=1"), ("B", "flt_review_type_is=neglect"), ("C", "")):
            session.add(SavedView(person_id=person, screen="cases", name=name, query=query))
        session.commit()
    visitor = Visitor(app).sign_in("administrator")
    page = visitor.get(f"/theme-list/retire/?id={theme(app, 'neglect').id}").text
    cells = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Where Open cases How many 2 Where Closed cases How many 0" in cells
    assert "Where Saved views How many 1" in cells
    assert "Extracts drawn since it was first used How many 1" in cells
    assert "Quillarby" not in page


def test_an_entry_in_use_is_retired_and_its_cases_keep_it(fresh_either_app: Flask) -> None:
    app = fresh_either_app
    case = add_case(app, "84H")
    administrator, ccg = Visitor(app).sign_in("administrator"), Visitor(app).sign_in("ccg-84H")
    page = retired(administrator, "neglect", replaced_by=str(theme(app, "self_neglect").id))
    assert "Neglect and acts of omission cannot be chosen after 31 January 2022" in page
    assert "Replaced by" in page and "Self-neglect" in page
    assert "Neglect and acts of omission" in ccg.get(f"/cases/details/?id={case.id}").text
    assert str(theme(app, "neglect").id) in ccg.form_on(f"/cases/edit/?id={case.id}").options["theme_1"]
    assert str(theme(app, "neglect").id) not in ccg.form_on("/cases/new/").options["theme_1"]
    assert case.reference in ccg.get("/cases/?flt_theme_1_is=neglect").text
    assert "Replaces" in administrator.get(f"/theme-list/details/?id={theme(app, 'self_neglect').id}").text
    with unguarded(app) as session:
        newest = session.scalars(
            select(version_of(Theme))
            .where(version_of(Theme).code == "neglect")
            .order_by(version_of(Theme).number.desc())
        ).first()
        assert newest is not None and newest.replaced_by_id == theme(app, "self_neglect").id and newest.by_service
    again = administrator.post_form(f"/theme-list/retire/?id={theme(app, 'neglect').id}", {}, follow_redirects=True)
    assert "can be chosen again" in again.text
    assert str(theme(app, "neglect").id) in ccg.form_on("/cases/new/").options["theme_1"]


@pytest.mark.parametrize("begin_retired", [False, True])
def test_a_form_that_is_sent_twice_does_not_take_back_what_it_did(fresh_app: Flask, begin_retired: bool) -> None:
    visitor = Visitor(fresh_app).sign_in("administrator")
    if begin_retired:
        retired(visitor, "neglect")
    address = f"/theme-list/retire/?id={theme(fresh_app, 'neglect').id}"
    fields = visitor.form_on(address).fields | ({} if begin_retired else LAST)
    assert visitor.post(address, fields).status_code == 302
    second = visitor.post(address, fields, follow_redirects=True)
    assert "Neglect and acts of omission was changed after you opened that page" in second.text
    assert (theme(fresh_app, "neglect").active_to is None) is begin_retired


def test_what_cannot_replace_is_refused(fresh_app: Flask) -> None:
    visitor = Visitor(fresh_app).sign_in("administrator")
    own = str(theme(fresh_app, "neglect").id)
    assert "Enter the last day" in retired(visitor, "neglect", **dict.fromkeys(LAST, ""))
    assert "There is a problem" in retired(visitor, "neglect", replaced_by=own)
    retired(visitor, "self_neglect", replaced_by=own)
    refused = retired(visitor, "neglect", replaced_by=str(theme(fresh_app, "self_neglect").id))
    assert "There is a problem" in refused  # it has ended, so it is not offered
    assert theme(fresh_app, "neglect").active_to is None


def test_two_entries_that_are_retired_at_the_same_moment_do_not_replace_each_other(
    fresh_either_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    neglect, self_neglect = (str(theme(fresh_either_app, code).id) for code in ("neglect", "self_neglect"))
    take, name = turns.take_turn, "app.code_lists.take_turn"

    def other() -> str:
        return retired(Visitor(fresh_either_app).sign_in("second-administrator"), "self_neglect", replaced_by=neglect)

    def take_a_moment_too_late(*asked: Any) -> None:
        monkeypatch.setattr(name, take)
        with ThreadPoolExecutor(1) as meanwhile:
            meanwhile.submit(other).result()
        take(*asked)

    monkeypatch.setattr(name, take_a_moment_too_late)
    page = retired(Visitor(fresh_either_app).sign_in("administrator"), "neglect", replaced_by=self_neglect)
    assert "There is a problem" in page
    assert theme(fresh_either_app, "self_neglect").active_to and theme(fresh_either_app, "neglect").active_to is None
