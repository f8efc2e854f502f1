"""Home: each figure counts what the list behind it shows, and nothing of another organisation."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask

from tests.conftest import add_case
from tests.visitor import Form, Visitor

CLOSED = {"status": "closed", "date_closed": date(2022, 1, 1), "publication": "embargoed",
          "report_signed_off_on": date(2021, 12, 1)}  # fmt: skip


@pytest.fixture
def england(either_app: Flask) -> Flask:
    """Cases in every state, of Durham (its predecessor included), Tees Valley and a CCG of London."""
    alike: dict[str, Any] = {"incident_date": date(2021, 5, 5)}
    add_case(either_app, "84H", latest_update_on=date(2021, 6, 1), **alike)
    add_case(either_app, "84H", report_signed_off_on=date(2022, 1, 1), **alike)
    add_case(either_app, "84H", **CLOSED)
    add_case(either_app, "00J", date_added=date(2020, 3, 1), incident_date=date(2020, 2, 1))
    add_case(either_app, "16C", latest_update_on=date(2021, 6, 1))
    add_case(either_app, "93C")
    return either_app


def figures(visitor: Visitor) -> dict[str, tuple[int, str]]:
    """Each figure's count and the address behind it."""
    page = visitor.get("/").text
    cards = re.findall(r'<a class="nhsuk-card__link" href="([^"]+)"><span[^>]*>([\d,]+)</span> ([^<]+)</a>', page)
    return {label: (int(count), html.unescape(url)) for url, count, label in cards}


@pytest.mark.parametrize(
    ("account", "counts"),
    [
        ("ccg-84H", (3, 1, 1, 2)),
        ("ccg-16C", (1, 1, 0, 0)),
        ("two-ccgs", (4, 2, 1, 2)),
        ("stp-QHM", (4, 2, 1, 2)),
        ("england", (5, 2, 1, 2)),
        ("analyst", (5, 2, 1, 2)),
    ],
)
def test_each_figure_counts_what_its_list_shows(england: Flask, account: str, counts: tuple[int, ...]) -> None:
    visitor = Visitor(england).sign_in(account)
    found = figures(visitor)
    assert tuple(count for count, _ in found.values()) == counts
    for label, (count, url) in found.items():
        page = visitor.get(url).text
        shown = re.search(r"([\d,]+) cases?</h2>", page)
        assert shown and int(shown.group(1)) == count, label


def test_the_tables_add_up_and_lead_to_their_lists(england: Flask) -> None:
    visitor = Visitor(england).sign_in("england")
    page = visitor.get("/").text
    assert [caption for caption in ("By region", "By STP", "By CCG") if caption in page] == [
        "By region", "By STP", "By CCG",
    ]  # fmt: skip
    for code, count in {"region_is=Y63": 5, "stp_is=QHM": 5, "ccg_is=84H": 3, "ccg_is=00J": 1}.items():
        assert f"/cases/?flt_{code}" in html.unescape(page)
        assert f"{count} case" in visitor.get(f"/cases/?flt_{code}").text


def test_an_administrator_sees_lists_and_no_case(sign_in_as: Callable[[str], Visitor], app: Flask) -> None:
    case = add_case(app, "84H")
    visitor = sign_in_as("administrator")
    page = visitor.get("/").text
    assert "106 current" in page and "42 current" in page and "7 current" in page
    assert case.reference not in page
    assert visitor.get("/cases/").status_code == 403


def test_somebody_without_a_role_is_told_whom_to_ask(sign_in_as: Callable[[str], Visitor]) -> None:
    visitor = sign_in_as("no-access")
    for address in ("/", "/cases/", "/ccgs/", "/data-dictionary/"):
        answer = visitor.get(address)
        assert answer.status_code == 403
        assert "Ask the safeguarding lead of your CCG" in answer.text
    assert visitor.post("/sign-out", Form(visitor.get("/").text, "/sign-out").fields).status_code == 302
