"""After a split: the page on which people of the CCG that was split give its cases to those that took over."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from models import AuditEvent, CaseReview, Reorganisation, version_of
from models.enumerations import AuditAction
from tests.conftest import add_case
from tests.databases import unguarded
from tests.splits import NEW, allocated_to, place, split
from tests.visitor import Form, Visitor

PAGE = "/cases/allocate/?ccg=84H"
CLOSED = {
    "status": "closed",
    "date_closed": date(2022, 1, 20),
    "report_signed_off_on": date(2021, 12, 1),
    "publication": "embargoed",
}


@pytest.fixture
def durham(fresh_either_app: Flask) -> Visitor:
    split(fresh_either_app)
    return Visitor(fresh_either_app).sign_in("ccg-84H")


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main>")[0]).split())


def send(visitor: Visitor, code: str, *cases: CaseReview, show: str = "open", **changes: Any) -> Any:
    """Opens the page, selects cases and one that takes over, and sends it."""
    address = f"{PAGE}&show={show}"
    chosen = {"to": str(place(visitor.app, code)) if code else "", "case": [f"{one.id} {one.version}" for one in cases]}
    return visitor.client.post(address, data=visitor.form_on(address).fields | chosen | changes)


def test_home_leads_to_what_waits(durham: Visitor) -> None:
    assert "After a split" not in durham.get("/").text
    add_case(durham.app, "84H"), add_case(durham.app, "84H"), add_case(durham.app, "84H", **CLOSED)
    home = durham.get("/").text
    assert "Allocate cases of NHS County Durham CCG 2 cases" in text_of(home)
    assert 'href="/cases/allocate/?ccg=84H"' in home
    analyst = Visitor(durham.app).sign_in("analyst")
    assert "NHS County Durham CCG (84H) 2 cases" in text_of(analyst.get("/").text)
    found = analyst.get("/cases/?flt_waits_for_allocation_is=yes").text
    assert found.count('class="nhsuk-table__row"') >= 2 and "Waits for allocation" in found
    assert "After a split" not in Visitor(durham.app).sign_in("ccg-16C").get("/").text


def test_selected_cases_are_given_to_one_and_seen_there_from_then_on(durham: Visitor) -> None:
    app = durham.app
    first, second, third = (add_case(app, "84H", overview=f"Quillarby {number}") for number in range(3))
    tees = Visitor(app).sign_in("ccg-16C")
    assert tees.get(f"/cases/details/?id={first.id}").status_code == 404
    answer = send(durham, "16C", first, second)
    assert (answer.status_code, answer.location) == (302, f"{PAGE}&show=open")
    page = text_of(durham.get(answer.location).text)
    assert (
        "2 cases allocated to NHS Tees Valley CCG" in page and "Allocated (2)" in page and "Open, waiting (1)" in page
    )
    assert [allocated_to(app, one) for one in (first, second, third)] == ["16C", "16C", ""]
    seen = tees.get("/cases/").text
    assert [one.reference in seen for one in (first, second, third)] == [True, True, False]
    details = text_of(tees.get(f"/cases/details/?id={first.id}").text)
    assert "NHS Tees Valley CCG" in details and "Quillarby 0" in details
    assert durham.get(f"/cases/details/?id={first.id}").status_code == 200


def test_the_history_and_the_audit_say_who_gave_it_to_whom(durham: Visitor) -> None:
    case = add_case(durham.app, "84H")
    send(durham, "16C", case)
    with unguarded(durham.app) as session:
        version = version_of(CaseReview)
        newest: Any = session.scalars(select(version).where(version.id == case.id, version.version == 2)).one()
        assert newest.change_reason == "Allocated to NHS Tees Valley CCG (16C)"
        assert newest.changed_by_id is not None
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.about_id == case.id, AuditEvent.action == AuditAction.CASE_CHANGED)
        ).one()
        assert event.person_id == newest.changed_by_id
    assert (
        "Allocated to NHS Tees Valley CCG (16C)"
        in Visitor(durham.app).sign_in("ccg-16C").get(f"/cases/history/?id={case.id}").text
    )


def test_a_case_that_was_given_to_the_wrong_one_is_given_to_the_other(durham: Visitor) -> None:
    app = durham.app
    case = add_case(app, "84H", **CLOSED)
    assert "There are none." in durham.get(PAGE).text
    send(durham, "16C", case, show="closed")
    assert allocated_to(app, case) == "16C"
    with unguarded(app) as session:
        version = session.get_one(CaseReview, case.id).version
    fields = {"case": f"{case.id} {version}"}
    answer = send(durham, NEW, show="allocated", **fields)
    assert answer.status_code == 302 and allocated_to(app, case) == NEW
    assert Visitor(app).sign_in("ccg-16C").get(f"/cases/details/?id={case.id}").status_code == 404


@pytest.mark.parametrize(("to", "cases", "said"), [("", 1, "Select who takes over"), ("16C", 0, "Select the cases")])
def test_what_is_missing_is_said(durham: Visitor, to: str, cases: int, said: str) -> None:
    found = [add_case(durham.app, "84H") for _ in range(2)]
    page = send(durham, to, *found[:cases])
    assert page.status_code == 200 and "There is a problem" in page.text and said in page.text
    assert {allocated_to(durham.app, one) for one in found} == {""}
    # What was selected still is.
    assert page.text.count(" checked") == 1
    assert Form(page.text).fields.get("to", "") == (str(place(durham.app, "16C")) if to else "")


def test_a_second_press_and_the_back_button_change_nothing_more(durham: Visitor) -> None:
    case, _ = add_case(durham.app, "84H"), add_case(durham.app, "84H")
    assert [send(durham, "16C", case).status_code for _ in range(2)] == [302, 302]
    with unguarded(durham.app) as session:
        assert session.get_one(CaseReview, case.id).version == 2
    assert allocated_to(durham.app, case) == "16C"


def test_a_case_that_somebody_changed_meanwhile_is_looked_at_again(durham: Visitor) -> None:
    changed, other = add_case(durham.app, "84H"), add_case(durham.app, "84H")
    saved = durham.post_form(f"/cases/edit/?id={changed.id}", {"latest_update": "The panel met again."})
    assert saved.status_code == 302
    answer = send(durham, "16C", changed, other)
    assert "Somebody else has changed one of these cases meanwhile" in durham.get(answer.location).text
    assert allocated_to(durham.app, changed) == allocated_to(durham.app, other) == ""


@pytest.mark.parametrize(
    "nonsense",
    [
        {"to": "x", "case": "x"},
        {"to": "\0", "case": ["\0 1", "1"]},
        {"case": "00000000-0000-4000-8000-000000000000 1"},
        {"case": [f"{number} 1" for number in range(400)]},
    ],
)
def test_nonsense_is_refused(durham: Visitor, nonsense: dict[str, Any]) -> None:
    case = add_case(durham.app, "84H")
    answer = send(durham, "16C", **nonsense)
    assert answer.status_code in (200, 404)
    assert allocated_to(durham.app, case) == ""
    for query in ("?ccg=", "?ccg=16C&show=x", "?show=%00", "?ccg=84H&show=closed&page=-1"):
        assert durham.get(f"/cases/allocate/{query}").status_code in (200, 404)


def test_a_case_of_another_ccg_is_not_taken_along(durham: Visitor) -> None:
    foreign, own = add_case(durham.app, "93C"), add_case(durham.app, "84H")
    assert send(durham, "16C", own, foreign).status_code == 404
    assert allocated_to(durham.app, own) == allocated_to(durham.app, foreign) == ""


def test_cases_go_to_no_one_that_did_not_take_over(durham: Visitor) -> None:
    case = add_case(durham.app, "84H")
    page = send(durham, "93C", case)
    assert "Select who takes over" in page.text and allocated_to(durham.app, case) == ""


@pytest.mark.parametrize(
    "account", ["ccg-16C", "ccg-93C", "england", "stp-QHM", "analyst", "administrator", "no-access"]
)
def test_nobody_else_allocates(durham: Visitor, account: str) -> None:
    add_case(durham.app, "84H")
    assert Visitor(durham.app).sign_in(account).get(PAGE).status_code in (403, 404)


def test_without_a_split_there_is_nothing_to_allocate(app: Flask) -> None:
    visitor = Visitor(app).sign_in("ccg-84H")
    assert visitor.get("/cases/allocate/").status_code == 404
    assert "Waits for allocation" not in visitor.get("/cases/").text


def test_a_split_is_not_undone_once_cases_were_allocated(durham: Visitor) -> None:
    app = durham.app
    case = add_case(app, "84H")
    with unguarded(app) as session:
        plan = session.scalars(select(Reorganisation)).one().id
    send(durham, "16C", case)
    administrator = Visitor(app).sign_in("administrator")
    answer = administrator.post_form(f"/reorganisations/undo/?id={plan}", {"reason": "A mistake"})
    page = answer.text if answer.status_code == 200 else administrator.get(answer.location).text
    assert "Cases have been allocated since" in page
    assert Visitor(app).sign_in("ccg-16C").get(f"/cases/details/?id={case.id}").status_code == 200
