"""The screens of redactions: asking, deciding, and who may."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from models import CaseReview, Grant, Organisation, Person
from models.enumerations import Role
from tests.conftest import add_case
from tests.databases import unguarded
from tests.visitor import Visitor

NAME = "Zebedee Quillfeather"
ASK = {"words": NAME, "reason": "It is somebody's name."}


@pytest.fixture
def case(app: Flask) -> CaseReview:
    return add_case(app, "84H", overview=f"Found by {NAME} on the ward.")


@pytest.fixture
def asked(app: Flask, case: CaseReview) -> str:
    """The address of a request by the lead of 84H."""
    address = f"/redactions/ask/?id={case.id}"
    answer = Visitor(app).sign_in("ccg-84H").post_form(address, ASK)
    assert answer.status_code == 302
    return str(answer.location)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"words": ""}, "Enter the words to strike out"),
        ({"reason": ""}, "Enter the reason"),
        ({"words": "ab"}, "must be 3 characters or more"),
        ({"words": "x" * 300}, "200 characters"),
        ({"words": "Nobody Atall"}, "These words are not in the case"),
        ({"reason": f"{NAME.lower()} is named"}, "Reason must not repeat the words"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_and_what_was_typed_stays(
    sign_in_as: Callable[[str], Visitor], case: CaseReview, changes: dict[str, str], said: str
) -> None:
    answer = sign_in_as("ccg-84H").post_form(f"/redactions/ask/?id={case.id}", ASK | changes)
    assert answer.status_code == 200
    assert said in answer.text
    assert "<title>Error: " in answer.text
    for name, typed in (ASK | changes).items():
        assert not typed or typed[:20].replace("'", "&#39;") in answer.text, name


def test_one_asks_and_another_decides(app: Flask, case: CaseReview, asked: str) -> None:
    own, other = Visitor(app).sign_in("ccg-84H"), Visitor(app).sign_in("two-ccgs")
    page = own.get(asked).text
    assert "Take back" in page and "Strike the words out" not in page
    assert "Strike words out of" not in own.get("/").text
    assert f"Strike words out of {case.reference}" in other.get("/").text
    page = other.get(asked).text
    assert re.search(r"Found by <mark>Zebedee Quillfeather</mark> on the ward", page)
    assert "This cannot be undone" in page
    refused = own.post_form(asked, {"decision": "approve"})
    assert "You asked for this. Somebody else decides" in refused.text
    answer = other.post_form(asked, {"decision": "approve"}, follow_redirects=True)
    assert "Struck out: 1 earlier version, Brief overview" in answer.text
    assert NAME not in answer.text
    details = own.get(f"/cases/details/?id={case.id}").text
    assert "Found by [redacted 14 February 2022] on the ward." in details
    assert NAME not in own.get(f"/cases/history/?id={case.id}").text
    again = other.post(asked, {"decision": "refuse", "csrf_token": token_of(other)})
    assert "has been decided already" in again.text


def test_a_request_is_refused_or_taken_back(app: Flask, case: CaseReview, asked: str) -> None:
    own = Visitor(app).sign_in("ccg-84H")
    assert "Taken back" in own.post_form(asked, {"decision": "refuse"}, follow_redirects=True).text
    assert NAME not in own.get(asked).text
    second = own.post_form(f"/redactions/ask/?id={case.id}", ASK).location
    assert second != asked
    analyst = Visitor(app).sign_in("analyst")
    assert "Refused" in analyst.post_form(second, {"decision": "refuse"}, follow_redirects=True).text
    assert NAME in own.get(f"/cases/details/?id={case.id}").text


def test_a_second_press_asks_once(app: Flask, case: CaseReview, asked: str) -> None:
    answer = Visitor(app).sign_in("ccg-84H").post_form(f"/redactions/ask/?id={case.id}", ASK)
    assert answer.location == asked


def test_nonsense_is_refused_plainly(app: Flask, asked: str) -> None:
    other = Visitor(app).sign_in("two-ccgs")
    assert other.post(asked, {"decision": "burn", "csrf_token": token_of(other)}).status_code == 400
    for address in ("/redactions/ask/?id=x", "/redactions/details/", "/redactions/details/?id=x"):
        assert other.get(address).status_code == 404


@pytest.mark.parametrize("account", ["england", "stp-QHM", "administrator", "no-access"])
def test_who_manages_no_case_neither_asks_nor_decides(app: Flask, case: CaseReview, asked: str, account: str) -> None:
    visitor = Visitor(app).sign_in(account)
    for address in ("/redactions/", f"/redactions/ask/?id={case.id}", asked):
        assert visitor.get(address).status_code == 403
    assert visitor.post(asked, {"decision": "approve", "csrf_token": token_of(visitor)}).status_code == 403


def test_who_only_reads_a_case_under_another_role_decides_nothing(
    fresh_app: Flask,
) -> None:
    """A lead of one CCG who also oversees the region of another."""
    case = add_case(fresh_app, "16C", overview=f"Found by {NAME} on the ward.")
    asked = Visitor(fresh_app).sign_in("ccg-16C").post_form(f"/redactions/ask/?id={case.id}", ASK).location
    with unguarded(fresh_app) as session:
        lead = session.query(Person).filter_by(subject="ccg-84H").one()
        region = session.query(Organisation).filter_by(code="Y63", kind="region").one()
        session.add(Grant(person_id=lead.id, role=Role.OVERSIGHT, organisation_id=region.id))
        session.commit()
    visitor = Visitor(fresh_app).sign_in("ccg-84H")
    assert visitor.get(f"/cases/details/?id={case.id}").status_code == 200
    assert case.reference not in visitor.get("/redactions/").text
    assert "Strike words out of" not in visitor.get("/").text
    assert visitor.get(asked).status_code == 403
    assert visitor.post(asked, {"decision": "approve", "csrf_token": token_of(visitor)}).status_code == 403


def test_an_analyst_decides_and_does_not_ask(app: Flask, case: CaseReview, asked: str) -> None:
    analyst = Visitor(app).sign_in("analyst")
    assert "Strike words out</a>" not in analyst.get(f"/cases/details/?id={case.id}").text
    assert analyst.get(f"/redactions/ask/?id={case.id}").status_code == 403
    assert "Struck out:" in analyst.post_form(asked, {"decision": "approve"}, follow_redirects=True).text


def token_of(visitor: Visitor) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get("/").text)
    assert found is not None
    return found[1]
