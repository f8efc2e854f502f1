"""One update for several cases: each is checked and saved by itself, and the report says what became of each."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from models import CaseReview, Person
from tests.conftest import NOW, add_case
from tests.databases import unguarded
from tests.visitor import Form, Visitor

PANEL = "The panel meets on 3 March."


@pytest.fixture
def durham(either_app: Flask) -> Visitor:
    return Visitor(either_app).sign_in("ccg-84H")


def address_of(*cases: CaseReview) -> str:
    return "/cases/update-several/?" + "&".join(f"id={case.id}" for case in cases)


def send(visitor: Visitor, *cases: CaseReview, **changes: Any) -> str:
    """Opens the page, fills it in and sends it."""
    page = visitor.get(address_of(*cases)).text
    fields: dict[str, Any] = Form(page).fields | {"latest_update": PANEL} | changes
    answer = visitor.client.post(address_of(*cases), data=fields)
    assert answer.status_code == 200
    return answer.text


def updates(app: Flask, *cases: CaseReview) -> list[tuple[str, int]]:
    with unguarded(app) as session:
        by_id = {one.id: one for one in session.scalars(select(CaseReview))}
        return [(by_id[case.id].latest_update, by_id[case.id].version) for case in cases]


def why_not(page: str) -> dict[str, str]:
    """The report: each reference that was not updated, with the reason."""
    part = page.partition("Not updated</h2>")[2].partition("</ul>")[0]
    return dict(re.findall(r">(SCR-\w+)</a> <span[^>]*>([^<]+)<", part))


def test_every_selected_case_gets_the_update(durham: Visitor) -> None:
    cases = [add_case(durham.app, "84H") for _ in range(3)]
    other = add_case(durham.app, "84H")
    page = send(durham, *cases)
    assert "3 cases updated</h1>" in re.sub(r"\s+", " ", page).replace(" </h1>", "</h1>") and why_not(page) == {}
    assert updates(durham.app, *cases, other) == [(PANEL, 2)] * 3 + [(other.latest_update, 1)]
    with unguarded(durham.app) as session:
        saved = session.get(CaseReview, cases[0].id)
        by = session.scalars(select(Person).where(Person.subject == "ccg-84H")).one()
        assert saved and (saved.latest_update_on, saved.changed_by_id) == (NOW.date(), by.id)


def test_a_case_that_cannot_be_updated_says_why_and_holds_up_no_other(durham: Visitor) -> None:
    good, changed, same = (add_case(durham.app, "84H") for _ in range(3))
    withdrawn = add_case(durham.app, "84H", withdrawn_at=NOW, withdrawn_reason="Twice.")
    with unguarded(durham.app) as session:
        one = session.get(CaseReview, same.id)
        assert one
        one.latest_update = PANEL
        session.commit()
    cases = (changed, withdrawn, same, good)
    page = durham.get(address_of(*cases)).text
    fields: dict[str, Any] = Form(page).fields | {"latest_update": PANEL}
    durham.post_form(f"/cases/edit/?id={changed.id}", {"lessons": "Meanwhile."})
    report = durham.client.post(address_of(*cases), data=fields).text
    assert why_not(report) == {
        changed.reference: "Changed by somebody else since you opened this page",
        withdrawn.reference: "Withdrawn. Bring it back before you change it",
        same.reference: "Has this update already",
    }
    assert PANEL in report.partition("This is what you typed")[2]
    assert [text == PANEL for text, _ in updates(durham.app, changed, withdrawn, same, good)] == [
        False,
        False,
        True,
        True,
    ]


def test_a_broken_rule_of_one_case_is_said_of_that_case(durham: Visitor) -> None:
    """A code that was taken out of its list since, for example, is for its own form to mend."""
    sound = add_case(durham.app, "84H")
    twins = [add_case(durham.app, "84H", steis_number="2021/1", review_type=one) for one in ("sar_mandatory", "dhr")]
    with unguarded(durham.app) as session:
        one = session.get(CaseReview, twins[1].id)
        assert one
        one.report_signed_off_on = NOW.date().replace(year=2030)
        session.commit()
    report = send(durham, twins[1], sound)
    assert list(why_not(report)) == [twins[1].reference]
    assert [text for text, _ in updates(durham.app, sound)] == [PANEL]


def test_a_second_press_saves_nothing_twice(durham: Visitor) -> None:
    cases = [add_case(durham.app, "84H") for _ in range(2)]
    page = durham.get(address_of(*cases)).text
    fields: dict[str, Any] = Form(page).fields | {"latest_update": PANEL}
    for _ in range(2):
        report = durham.client.post(address_of(*cases), data=fields).text
    assert set(why_not(report).values()) == {"Updated already with this form"}
    assert updates(durham.app, *cases) == [(PANEL, 2)] * 2


def test_one_foreign_case_among_others_stops_all(durham: Visitor) -> None:
    mine, foreign = add_case(durham.app, "84H"), add_case(durham.app, "16C")
    fields = Form(durham.get(address_of(mine)).text).fields
    fields |= {"latest_update": PANEL, "seen": f"{mine.id} 1"}
    assert durham.get(address_of(mine, foreign)).status_code == 404
    assert durham.post(address_of(mine, foreign), fields).status_code == 404
    assert PANEL not in {text for text, _ in updates(durham.app, mine, foreign)}


def test_text_like_an_identifier_is_confirmed_once_for_all(durham: Visitor) -> None:
    case = add_case(durham.app, "84H")
    page = send(durham, case, latest_update="999 000 0018 was seen.")
    assert "Change the text, or confirm that you have checked it" in page
    confirmed = Form(page).fields | {
        "confirm_identifiers": re.findall(r'name="confirm_identifiers"[^>]*value="(\w+)"', page)[0]
    }
    durham.client.post(address_of(case), data=confirmed)
    assert updates(durham.app, case) == [("999 000 0018 was seen.", 2)]


@pytest.mark.parametrize(
    ("query", "says"),
    [("", "Select the cases"), ("&".join(["id={0}"] * 3), ""), ("many", "100 cases or fewer")],
)
def test_none_too_many_and_the_same_twice(durham: Visitor, query: str, says: str) -> None:
    case = add_case(durham.app, "84H")
    if query == "many":
        cases = [add_case(durham.app, "84H") for _ in range(101)]
        query = "&".join(f"id={one.id}" for one in cases)
    answer = durham.get(f"/cases/update-several/?{query.format(case.id)}")
    if says:
        assert answer.status_code == 302 and says in durham.get(answer.headers["Location"]).text
    else:
        assert Form(answer.text).fields["seen"] == f"{case.id} 1"


def test_a_hundred_cases_are_selected_in_the_list_whatever_its_address(durham: Visitor) -> None:
    cases = [add_case(durham.app, "84H", overview="Common.") for _ in range(100)]
    address = "/cases/?page_size=100&search=common"
    form = durham.form_on(address, "/cases/update-several/")
    fields: dict[str, Any] = form.fields | {"id": [str(case.id) for case in cases]}
    page = durham.client.post("/cases/update-several/", data=fields).text
    assert "Update 100 cases" in page and "nhsuk-error-summary" not in page
    shown = Form(page)
    assert shown.fields["url"].startswith("/cases/?") and "search=common" in shown.fields["url"]
    report = durham.client.post("/cases/update-several/", data=shown.fields | {"latest_update": PANEL})
    assert "100 cases updated" in report.text


@pytest.mark.parametrize("back", ["/cases/?\r\nX: y", "https://example.org/", "//example.org/cases/?", "/cases/?\x00"])
def test_nobody_is_led_elsewhere(durham: Visitor, back: str) -> None:
    answer = durham.get("/cases/update-several/", query_string={"url": back})
    assert answer.status_code == 302 and answer.headers["Location"] == "/cases/"


def test_those_who_only_read_are_offered_nothing_to_select(app: Flask) -> None:
    add_case(app, "84H")
    assert "Select SCR-" in Visitor(app).sign_in("ccg-84H").get("/cases/").text
    england = Visitor(app).sign_in("england")
    assert "Select SCR-" not in england.get("/cases/").text
    assert england.get("/cases/update-several/").status_code == 403
