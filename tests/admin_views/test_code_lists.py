"""Code lists: reworded by administrators, two of whom never overwrite each other."""

from __future__ import annotations

import html
import re

from flask import Flask

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
