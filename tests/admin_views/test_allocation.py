"""After a split: the page on which people of the CCG that was split give its cases to those that took over."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from admin_views.cases import case_allocation
from app.cases import allocating
from app.organisations import reorganising
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


def meanwhile(asked: Callable[[], Any]) -> Any:
    """The answer to what somebody asks while a request is under way, in a thread as a worker has them."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(asked).result()


def test_home_leads_to_what_waits(durham: Visitor) -> None:
    assert "After a split" not in durham.get("/").text
    add_case(durham.app, "84H"), add_case(durham.app, "84H"), add_case(durham.app, "84H", **CLOSED)
    home = durham.get("/").text
    assert "Allocate cases of NHS County Durham CCG 2 open cases, 1 closed case" in text_of(home)
    assert 'href="/cases/allocate/?ccg=84H&amp;show=open"' in home
    analyst = Visitor(durham.app).sign_in("analyst")
    assert "NHS County Durham CCG (84H) 2 open cases" in text_of(analyst.get("/").text)
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
        "2 cases allocated to NHS Tees Valley CCG. 1 open case still waits" in page
        and "Allocated (2)" in page
        and "Open, waiting (1)" in page
    )
    assert [allocated_to(app, one) for one in (first, second, third)] == ["16C", "16C", ""]
    seen = tees.get("/cases/").text
    assert [one.reference in seen for one in (first, second, third)] == [True, True, False]
    details = text_of(tees.get(f"/cases/details/?id={first.id}").text)
    assert "NHS Tees Valley CCG" in details and "Quillarby 0" in details
    assert durham.get(f"/cases/details/?id={first.id}").status_code == 200


def test_home_tells_whoever_got_cases_until_they_are_changed(durham: Visitor) -> None:
    app = durham.app
    case, tees = add_case(app, "84H"), Visitor(app).sign_in("ccg-16C")
    add_case(app, "16C")
    assert "Allocated to you" not in tees.get("/").text
    send(durham, "16C", case)
    assert "Cases for NHS Tees Valley CCG 1 case" in text_of(tees.get("/").text)
    found = tees.get("/cases/?flt_newly_allocated_is=yes").text
    assert case.reference in found and "1 case<" in found
    assert "Allocated to you" not in durham.get("/").text
    assert tees.post_form(f"/cases/edit/?id={case.id}", {"latest_update": "The panel met."}).status_code == 302
    assert "Allocated to you" not in tees.get("/").text


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
    assert "No open case waits. Allocate the 1 closed case ." in text_of(durham.get(PAGE).text)
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
    page = send(durham, "16C", changed, other)
    said = f"Case {changed.reference} has been changed since you opened this page, so nothing was allocated"
    assert said in text_of(page.text) and "<title>Error: " in " ".join(page.text.split())
    # What was selected, and for whom, still is.
    assert page.text.count(" checked") == 3
    assert allocated_to(durham.app, changed) == allocated_to(durham.app, other) == ""


def test_closed_cases_that_wait_are_on_home_after_the_open_ones_are_done(durham: Visitor) -> None:
    case, closed = add_case(durham.app, "84H"), add_case(durham.app, "84H", **CLOSED)
    send(durham, "16C", case)
    home = durham.get("/").text
    assert "Allocate cases of NHS County Durham CCG 1 closed case" in text_of(home)
    assert 'href="/cases/allocate/?ccg=84H&amp;show=closed"' in home
    send(durham, "16C", closed, show="closed")
    assert "After a split" not in durham.get("/").text


def test_every_case_can_be_reached_page_by_page(durham: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_allocation, "AT_ONCE", 2)
    cases = [add_case(durham.app, "84H", date_added=date(2022, 1, 1 + number)) for number in range(5)]
    for show in ("open", "allocated"):
        address = f"{PAGE}&show={show}"
        pages = [durham.get(f"{address}&page={number}").text for number in range(3)]
        assert [[one.reference in page for one in cases].count(True) for page in pages] == [2, 2, 1]
        assert "page=2" in pages[0] and "Page 3 of 3" in pages[2]
        for number in range(3):
            send(durham, "16C", *cases[2 * number : 2 * number + 2])


def test_all_on_a_page_can_be_selected_without_javascript(durham: Visitor) -> None:
    add_case(durham.app, "84H"), add_case(durham.app, "84H")
    assert "select=all" in durham.get(PAGE).text and " checked" not in durham.get(PAGE).text
    assert durham.get(f"{PAGE}&select=all").text.count(" checked") == 2


def test_one_case_is_allocated_from_its_own_page_and_then_to_another(durham: Visitor) -> None:
    app = durham.app
    case, other = add_case(app, "84H"), add_case(app, "84H")
    details, address = f"/cases/details/?id={case.id}", f"/cases/allocate/?id={case.id}"
    page = durham.get(details).text
    waits = "This case waits to be allocated, because NHS County Durham CCG was split."
    assert f"{waits} Until then it is not seen by NHS New 9Z9 CCG or by NHS Tees Valley CCG." in text_of(page)
    assert f'href="{address}"' in page
    form = durham.form_on(address).fields
    assert other.reference not in durham.get(address).text
    assert "Select who takes over" in durham.client.post(address, data=form).text
    answer = durham.client.post(address, data=form | {"to": str(place(app, "16C"))})
    assert (answer.status_code, answer.location) == (302, details)
    assert (allocated_to(app, case), allocated_to(app, other)) == ("16C", "")
    page = text_of(durham.get(details).text)
    assert "This case waits" not in page and "Allocate to another" in page
    assert "Allocated by " in text_of(durham.get(f"/cases/history/?id={case.id}").text)
    assert "It is with NHS Tees Valley CCG now." in text_of(durham.get(address).text)
    assert (
        durham.client.post(address, data=durham.form_on(address).fields | {"to": str(place(app, NEW))}).status_code
        == 302
    )
    assert allocated_to(app, case) == NEW


def test_whoever_did_not_split_is_offered_no_allocation_of_a_case(durham: Visitor) -> None:
    app = durham.app
    case, foreign = add_case(app, "84H"), add_case(app, "93C")
    send(durham, "16C", case)
    tees, analyst = Visitor(app).sign_in("ccg-16C"), Visitor(app).sign_in("analyst")
    for visitor, status in ((tees, 404), (analyst, 403)):
        assert "/cases/allocate/" not in visitor.get(f"/cases/details/?id={case.id}").text
        assert visitor.get(f"/cases/allocate/?id={case.id}").status_code == status
    for typed in (foreign.id, "x", "", "%00"):
        assert durham.get(f"/cases/allocate/?id={typed}").status_code == 404


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


def test_what_is_allocated_while_a_split_is_being_undone_is_not_lost(
    durham: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = add_case(durham.app, "84H")
    with unguarded(durham.app) as session:
        plan = session.scalars(select(Reorganisation)).one().id
    look = reorganising._was_allocated_in

    def look_a_moment_too_early(*asked: Any) -> bool:
        found = look(*asked)
        assert meanwhile(lambda: send(Visitor(durham.app).sign_in("ccg-84H"), "16C", case)).status_code == 302
        return found

    monkeypatch.setattr(reorganising, "_was_allocated_in", look_a_moment_too_early)
    administrator = Visitor(durham.app).sign_in("administrator")
    answer = administrator.post_form(f"/reorganisations/undo/?id={plan}", {"reason": "A mistake"})
    page = answer.text if answer.status_code == 200 else administrator.get(answer.location).text
    assert "Somebody has allocated cases, or changed organisations, at the same moment" in page
    assert allocated_to(durham.app, case) == "16C"
    assert Visitor(durham.app).sign_in("ccg-16C").get(f"/cases/details/?id={case.id}").status_code == 200


def test_nothing_is_allocated_once_a_split_was_undone(durham: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    case = add_case(durham.app, "84H")
    with unguarded(durham.app) as session:
        plan = session.scalars(select(Reorganisation)).one().id
    ask, address = allocating.still_answers, f"/reorganisations/undo/?id={plan}"

    def ask_a_moment_too_late(*asked: Any) -> bool:
        undone = meanwhile(lambda: Visitor(durham.app).sign_in("administrator").post_form(address, {}))
        assert undone.status_code == 302, text_of(undone.text)
        return ask(*asked)

    monkeypatch.setattr(allocating, "still_answers", ask_a_moment_too_late)
    answer = send(durham, "16C", case)
    assert "NHS County Durham CCG has been reorganised since you opened this page" in answer.text
    assert allocated_to(durham.app, case) == ""
