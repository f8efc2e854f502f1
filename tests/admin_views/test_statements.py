"""No page asks the database more than twelve times, and none asks more often when there are more rows."""

from __future__ import annotations

import pytest
from flask import Flask

from models import CaseReview
from tests.conftest import add_case
from tests.databases import statements_of
from tests.visitor import Form, Visitor

MOST = 12
EVERYBODY = (
    "/",
    "/cases/?page_size=100",
    "/cases/?page_size=100&page=1",
    "/cases/?page_size=100&sort=6&flt_status_is=open",
    "/cases/?page_size=100&search=invented",
    "/cases/?page_size=100&columns=reference,overview,converted_from,theme_2,stp,current_ccg",
    "/cases/details/?id={case}",
    "/cases/history/?id={case}",
    *(f"/themes/?show={show}" for show in ("overview", "quarters", "areas", "together", "types", "times")),
    "/themes/learning/?search=invented",
    "/data-quality/",
)
PAGES = {
    "ccg-84H": (*EVERYBODY, "/cases/edit/?id={case}", "/cases/new/", "/cases/close/?id={case}"),
    "region-Y63": (*EVERYBODY, "/themes/sharing/"),
    "england": EVERYBODY,
}


def add_cases(app: Flask, number: int) -> str:
    """Adds cases, every third of them grown out of the one before; the id of the last."""
    before: CaseReview | None = None
    for count in range(number):
        kind = {"review_type": "rapid_review"} if count % 3 == 0 else {}
        grown = {"converted_from_id": before.id, "converted_from_ccg_id": before.ccg_id} if before is not None else {}
        case = add_case(app, "84H", theme_2="self_neglect", **kind, **(grown if count % 3 == 1 else {}))
        before = case
    return str(case.id)


def counts(app: Flask, account: str, case: str) -> dict[str, int]:
    """How many statements each page of an account sends, once it is warm."""
    visitor, found = Visitor(app).sign_in(account), {}
    for page in PAGES[account]:
        address = page.format(case=case)
        if visitor.get(address).status_code != 200:
            continue
        with statements_of(app) as sent:
            visitor.get(address)
        found[page] = len(sent)
    return found


@pytest.fixture(autouse=True)
def no_sealing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a minute whoever opens a case seals the audit as well: two statements more, whatever page it is."""
    monkeypatch.setattr("app.access.audit_chain.seal_when_due", lambda app: None)


@pytest.mark.parametrize("account", PAGES)
def test_pages_send_as_many_statements_for_200_rows_as_for_10_and_at_most_twelve(
    either_app: Flask, account: str
) -> None:
    few = counts(either_app, account, add_cases(either_app, 10))
    many = counts(either_app, account, add_cases(either_app, 190))
    assert len(few) > 8
    assert many == few
    assert {page: number for page, number in many.items() if number > MOST} == {}


def test_a_save_sends_as_many_statements_whatever_there_is_and_at_most_twelve(either_app: Flask) -> None:
    def of_a_save(case: str) -> int:
        fields = Form(lead.get(f"/cases/edit/?id={case}").text).fields | {"latest_update": f"The panel met on {case}."}
        with statements_of(either_app) as sent:
            assert lead.post(f"/cases/edit/?id={case}", fields).status_code == 302
        return len(sent)

    first = add_cases(either_app, 10)
    lead = Visitor(either_app).sign_in("ccg-84H")
    of_a_save(first)
    few = of_a_save(add_cases(either_app, 1))
    assert few == of_a_save(add_cases(either_app, 190)) <= MOST
