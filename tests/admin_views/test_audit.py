"""The pages of the audit: all of it for administrators and analysts, that of one case for whoever sees the case."""

from __future__ import annotations

import csv
import io
import re

import pytest
from flask import Flask

from models import CaseReview
from tests.conftest import add_case
from tests.visitor import Visitor


@pytest.fixture
def case(fresh_app: Flask) -> CaseReview:
    """A case of Durham that its CCG and England have opened."""
    case = add_case(fresh_app, "84H", overview="Words of Durham.")
    for account in ("ccg-84H", "england"):
        Visitor(fresh_app).sign_in(account).get(f"/cases/details/?id={case.id}")
    return case


def count_on(page: str) -> str:
    found = re.search(r"tracker-results__count\">([^<]+)<", page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("account", "status"),
    [
        ("administrator", 200),
        ("analyst", 200),
        ("england", 403),
        ("ccg-84H", 403),
        ("stp-QHM", 403),
        ("no-access", 403),
    ],
)
def test_administrators_and_analysts_read_the_audit(fresh_app: Flask, account: str, status: int) -> None:
    visitor = Visitor(fresh_app).sign_in(account)
    assert visitor.get("/audit/").status_code == status
    assert visitor.get("/audit/export/csv/").status_code == status
    assert ('href="/audit/"' in visitor.get("/").text) is (status == 200)


def test_the_list_is_filtered_by_person_action_and_day(fresh_app: Flask, case: CaseReview) -> None:
    visitor = Visitor(fresh_app).sign_in("administrator")
    assert count_on(visitor.get("/audit/?flt_action_is=case_opened").text) == "2 events"
    name = re.search(r"<strong>([^<]+)</strong>", Visitor(fresh_app).sign_in("ccg-84H").get("/").text)
    assert name is not None
    assert count_on(visitor.get(f"/audit/?flt_action_is=case_opened&flt_person_is={name[1][:6]}").text) == "1 event"
    assert count_on(visitor.get("/audit/?flt_action_is=case_opened&flt_at_to=13/2/2022").text) == "0 events"
    day = "flt_at_from=14/2/2022&flt_at_to=14/2/2022"
    assert count_on(visitor.get(f"/audit/?flt_action_is=case_opened&{day}").text) == "2 events"


def test_a_list_without_a_search_finds_nothing_and_does_not_fail(fresh_app: Flask, case: CaseReview) -> None:
    visitor = Visitor(fresh_app).sign_in("administrator")
    answer = visitor.get("/audit/?search=durham")
    assert (answer.status_code, count_on(answer.text)) == (200, "0 events")
    assert visitor.get("/audit/export/csv/?search=durham").text.count("\n") == 1


def test_an_analyst_asks_about_a_case_and_an_administrator_cannot(fresh_app: Flask, case: CaseReview) -> None:
    analyst, administrator = (Visitor(fresh_app).sign_in(one) for one in ("analyst", "administrator"))
    for asked in (case.reference, case.reference.lower(), str(case.id)):
        assert count_on(analyst.get(f"/audit/?flt_case_is={asked}").text) == "2 events"
        page = administrator.get(f"/audit/?flt_case_is={asked}").text
        assert "Left out, because the value was not understood" in page
        assert administrator.get(f"/audit/export/csv/?flt_case_is={asked}").status_code == 400
    assert 'name="flt_case_is"' in analyst.get("/audit/").text
    assert 'name="flt_case_is"' not in administrator.get("/audit/").text


def test_an_administrator_learns_no_more_of_a_case_than_its_id(fresh_app: Flask, case: CaseReview) -> None:
    visitor = Visitor(fresh_app).sign_in("administrator")
    file = visitor.get("/audit/export/csv/").text
    opened = [row for row in csv.DictReader(io.StringIO(file)) if row["What"] == "Opened a case"]
    assert {row["Record"] for row in opened} == {str(case.id)}
    for page in (file, visitor.get("/audit/").text):
        for word in (case.reference, "Words of Durham", "LOCAL-0"):
            assert word not in page


def test_who_opened_a_case_is_shown_to_whoever_sees_it(fresh_either_app: Flask) -> None:
    case = add_case(fresh_either_app, "84H")
    for account in ("ccg-84H", "england"):
        Visitor(fresh_either_app).sign_in(account).get(f"/cases/details/?id={case.id}")
    for account in ("ccg-84H", "stp-QHM"):
        visitor = Visitor(fresh_either_app).sign_in(account)
        page = visitor.get(f"/cases/opened/?id={case.id}").text
        assert "2 events" in page  # to look here is not to open it
        assert "CCG safeguarding lead, NHS County Durham CCG" in page
        assert "Oversight, England" in page
    assert Visitor(fresh_either_app).sign_in("ccg-16C").get(f"/cases/opened/?id={case.id}").status_code == 404
    assert Visitor(fresh_either_app).sign_in("administrator").get(f"/cases/opened/?id={case.id}").status_code == 403
    link = f'href="/cases/opened/?id={case.id}"'
    assert link in Visitor(fresh_either_app).sign_in("ccg-84H").get(f"/cases/details/?id={case.id}").text


def test_only_the_newest_are_shown_and_it_says_so(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("admin_views.cases.case_openings.MOST_SHOWN", 2)
    case = add_case(fresh_app, "84H")
    visitor = Visitor(fresh_app).sign_in("ccg-84H")
    for _ in range(3):
        visitor.get(f"/cases/details/?id={case.id}")
    page = visitor.get(f"/cases/opened/?id={case.id}").text
    assert "3 events" in page and "These are the newest 2." in page
    assert page.count("Opened a case: Details") == 2
