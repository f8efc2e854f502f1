"""A long list that is walked part by part shows the rows that sorting all of it would show."""

from __future__ import annotations

import random
import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select

from admin_views.lists import ordering
from models import CaseReview
from models.declarations import items_of
from tests.conftest import add_case
from tests.visitor import Visitor

ITEMS = [item for item in items_of(CaseReview) if item.in_list] + [
    item for item in items_of(CaseReview) if not item.in_list
]
SORTED = [number for number, item in enumerate(ITEMS) if item.sortable]


def references(visitor: Visitor, address: str) -> list[str]:
    body = visitor.get(address).text.partition("<tbody")[2].partition("</tbody>")[0]
    return re.findall(r">(SCR-[0-9A-Z]{8})</a>", body)


def test_each_order_is_that_of_a_short_list(either_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(9)
    for _ in range(45):
        signed = date(2021, 10, 1) + timedelta(rng.randrange(4)) if rng.random() < 0.6 else None
        add_case(
            either_app,
            rng.choice(["84H", "16C"]),
            date_added=date(2021, 9, rng.randrange(1, 4)),
            review_type=rng.choice(["sar_mandatory", "rapid_review"]),
            theme_1=rng.choice(["neglect", "self_neglect", "domestic_abuse"]),
            report_signed_off_on=signed,
            steis_number=f"2021/{rng.randrange(10_000)}" if rng.random() < 0.5 else None,
            latest_update_on=date(2022, 1, rng.randrange(1, 5)),
        )
    leads = Visitor(either_app).sign_in("two-ccgs")
    addresses = [f"/cases/?sort={n}&desc={desc}&page={page}" for n in SORTED for desc in (0, 1) for page in (0, 1, 2)]
    sorted_whole = {address: references(leads, address) for address in addresses}
    walked: list[int] = []
    walk = ordering.walk

    def noted(*arguments: object) -> object:
        found = walk(*arguments)  # type: ignore[arg-type]
        walked.append(found is not None)
        return found

    monkeypatch.setattr(ordering, "MANY", 0)
    monkeypatch.setattr(ordering, "walk", noted)
    assert {address: references(leads, address) for address in addresses} == sorted_whole
    assert sum(walked) > 20
    assert all(len(found) == (20, 20, 5)[int(address[-1])] for address, found in sorted_whole.items())


def test_what_lies_too_far_is_sorted_whole(either_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(25):
        add_case(either_app, "84H", theme_1="neglect", latest_update_on=date(2022, 1, 1 + number))
    lead = Visitor(either_app).sign_in("ccg-84H")
    number = next(n for n in SORTED if ITEMS[n].name == "theme_1")
    whole = references(lead, f"/cases/?sort={number}&page=1")
    monkeypatch.setattr(ordering, "MANY", 0)
    monkeypatch.setattr(ordering, "FURTHEST", 10)
    assert references(lead, f"/cases/?sort={number}&page=1") == whole and len(whole) == 5


@pytest.mark.parametrize("chosen", ["flt_status_is=open", "flt_incident_date_to=1/3/2022", "search=invented"])
def test_what_was_chosen_is_in_the_same_order_however_many_there_are(
    either_app: Flask, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(25):
        signed = date(2021, 10, 1) + timedelta(number % 3) if number % 2 else None
        add_case(either_app, "84H", report_signed_off_on=signed, date_added=date(2021, 9, 1 + number % 4))
    lead = Visitor(either_app).sign_in("ccg-84H")
    addresses = [
        f"/cases/?{chosen}&sort={n}&desc={desc}&page={page}" for n in SORTED for desc in (0, 1) for page in (0, 1)
    ]
    addresses += [f"/cases/?{chosen}&page={page}" for page in (0, 1)]
    sorted_first: list[int] = []
    of_few = ordering.of_few

    def noted(rows: Select[Any], *, descending: bool) -> Select[Any]:
        sorted_first.append(1)
        return of_few(rows, descending=descending)

    monkeypatch.setattr(ordering, "of_few", noted)
    found = {address: references(lead, address) for address in addresses}
    assert len(sorted_first) == len(addresses)
    assert all(len(rows) == (20, 5)[int(address[-1])] for address, rows in found.items())
    monkeypatch.setattr(ordering, "MANY", 0)
    monkeypatch.setattr(ordering, "MANY_OF_LONG_AGO", 0)
    assert {address: references(lead, address) for address in addresses} == found
    assert len(sorted_first) == len(addresses)
