"""One organisation at the doors of another: a foreign case answers like one that never was, at every route."""

from __future__ import annotations

import re
from datetime import date
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from models import CaseReview
from tests.conftest import add_case
from tests.databases import unguarded
from tests.visitor import Visitor

ACCOUNTS = ["ccg-16C", "ccg-93C"]
PAGES = ["details", "edit", "close", "reopen", "withdraw", "bring-back"]


def comparable(answer: TestResponse) -> tuple[int, str, list[str]]:
    """Status, body and headers, without what differs at every request."""
    body = re.sub(
        r"Reference[^<]*<[^>]*>[0-9A-F]{8}|[0-9A-F]{8}|nonce=\"[^\"]+\"|value=\"[^\"]{40,}\"", "", answer.text
    )
    headers = [f"{name}: {value}" for name, value in answer.headers if name not in ("Content-Security-Policy",)]
    return answer.status_code, body, [one for one in headers if not one.startswith("Set-Cookie")]


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("page", PAGES)
def test_a_foreign_case_answers_like_one_that_never_was(either_app: Flask, account: str, page: str) -> None:
    case = add_case(either_app, "84H", overview="Words of Durham.")
    visitor = Visitor(either_app).sign_in(account)
    token = visitor.form_on("/", "/sign-out").fields["csrf_token"]
    fields = {"csrf_token": token, "form_token": "x", "version": "1", "overview": "Taken.", "reason": "Mine."}
    for read in (True, False):
        foreign, unknown = (
            visitor.get(f"/cases/{page}/?id={one}") if read else visitor.post(f"/cases/{page}/?id={one}", fields)
            for one in (case.id, uuid4())
        )
        assert foreign.status_code == (405 if page == "details" and not read else 404)
        assert comparable(foreign) == comparable(unknown)
        assert "Words of Durham" not in foreign.text and case.reference not in foreign.text
    with unguarded(either_app) as session:
        assert session.query(CaseReview).one().overview == "Words of Durham."


@pytest.mark.parametrize("account", ACCOUNTS)
def test_no_list_count_search_filter_or_file_shows_a_foreign_case(either_app: Flask, account: str) -> None:
    case = add_case(either_app, "84H", overview="Words of Durham.", steis_number="2021/1", media_interest="national")
    visitor = Visitor(either_app).sign_in(account)
    empty = visitor.get("/cases/").text
    assert "0 cases" in empty
    queries = ["search=durham", f"search={case.reference}", "search=2021", "flt_media_interest_is=national",
               "flt_ccg_is=84H", "flt_stp_is=QHM", "flt_region_is=Y63", "flt_theme_1_is=neglect",
               "flt_possible_duplicate_is=yes", "page=1", "page_size=100"]  # fmt: skip
    for sort in range(8):
        queries += [f"sort={sort}", f"sort={sort}&desc=1"]
    for query in queries:
        assert "0 cases" in visitor.get(f"/cases/?{query}").text, query
        file = visitor.get(f"/cases/export/csv/?{query}")
        # A filter that the person cannot choose is refused, like one that does not exist.
        assert file.status_code == 400 or file.text.count("\n") == 1, query
    assert case.reference not in visitor.get("/").text


def test_people_of_a_ccg_see_what_its_predecessors_recorded(either_app: Flask) -> None:
    earlier = {"date_added": date(2020, 3, 1), "incident_date": date(2020, 2, 1)}
    old = add_case(either_app, "00J", **earlier)
    other = add_case(either_app, "00C", **earlier)
    visitor = Visitor(either_app).sign_in("ccg-84H")
    assert visitor.get(f"/cases/details/?id={old.id}").status_code == 200
    assert visitor.get(f"/cases/edit/?id={old.id}").status_code == 200
    assert visitor.get(f"/cases/details/?id={other.id}").status_code == 404


@pytest.mark.parametrize(
    ("account", "seen"),
    [
        ("ccg-84H", {"84H"}),
        ("two-ccgs", {"84H", "16C"}),
        ("stp-QHM", {"84H", "16C"}),
        ("region-Y63", {"84H", "16C"}),
        ("england", {"84H", "16C", "93C"}),
        ("analyst", {"84H", "16C", "93C"}),
    ],
)
def test_each_role_sees_its_own_area(either_app: Flask, account: str, seen: set[str]) -> None:
    cases = {code: add_case(either_app, code) for code in ("84H", "16C", "93C")}
    visitor = Visitor(either_app).sign_in(account)
    found = {code for code, case in cases.items() if case.reference in visitor.get("/cases/").text}
    opened = {c for c, case in cases.items() if visitor.get(f"/cases/details/?id={case.id}").status_code == 200}
    assert found == opened == seen
