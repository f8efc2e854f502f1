"""Which day it is: the form offers today in England, and takes nothing that lies ahead of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from app.access import clock
from tests.admin_views.test_cases import NEW, choices, errors_on, saved
from tests.visitor import Visitor

DAYS = [
    pytest.param(datetime(2022, 3, 26, 23, 59, 59, tzinfo=UTC), date(2022, 3, 26), id="before the clocks go forward"),
    pytest.param(datetime(2022, 3, 27, 1, 0, tzinfo=UTC), date(2022, 3, 27), id="clocks have gone forward"),
    pytest.param(datetime(2022, 3, 27, 22, 59, 59, tzinfo=UTC), date(2022, 3, 27), id="end of the day of 23 hours"),
    pytest.param(datetime(2022, 3, 27, 23, 0, tzinfo=UTC), date(2022, 3, 28), id="first midnight of summer time"),
    pytest.param(datetime(2021, 10, 30, 23, 0, tzinfo=UTC), date(2021, 10, 31), id="last midnight of summer time"),
    pytest.param(datetime(2021, 10, 31, 1, 30, tzinfo=UTC), date(2021, 10, 31), id="half past one for the second time"),
    pytest.param(datetime(2021, 10, 31, 23, 59, 59, tzinfo=UTC), date(2021, 10, 31), id="end of the day of 25 hours"),
    pytest.param(datetime(2024, 2, 28, 23, 59, 59, tzinfo=UTC), date(2024, 2, 28), id="28 February"),
    pytest.param(datetime(2024, 2, 29, 0, 0, tzinfo=UTC), date(2024, 2, 29), id="29 February"),
    pytest.param(datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), date(2024, 2, 29), id="end of 29 February"),
    pytest.param(datetime(2023, 2, 28, 23, 59, 59, tzinfo=UTC), date(2023, 2, 28), id="no leap year"),
    pytest.param(datetime(2021, 12, 31, 23, 59, 59, tzinfo=UTC), date(2021, 12, 31), id="end of the year"),
    pytest.param(datetime(2022, 1, 1, 0, 0, tzinfo=UTC), date(2022, 1, 1), id="beginning of the year"),
    pytest.param(datetime(2022, 3, 31, 22, 59, 59, tzinfo=UTC), date(2022, 3, 31), id="end of the financial year"),
    pytest.param(datetime(2022, 3, 31, 23, 0, tzinfo=UTC), date(2022, 4, 1), id="beginning of the financial year"),
    pytest.param(datetime(2021, 6, 30, 23, 0, tzinfo=UTC), date(2021, 7, 1), id="beginning of a quarter in summer"),
]


@pytest.fixture
def lead(app: Flask, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visitor]:
    """Somebody who records cases at the moment of the test."""
    moment = request.node.callspec.params["moment"]
    monkeypatch.setattr(clock, "utc_now", lambda: moment)
    yield Visitor(app).sign_in("ccg-84H")


def on(day: date, name: str) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


@pytest.mark.parametrize(("moment", "today"), DAYS)
def test_today_is_the_day_in_england(lead: Visitor, moment: datetime, today: date) -> None:
    form = lead.form_on("/cases/new/")
    assert form.fields.items() >= on(today, "date_added").items()
    fields = form.fields | NEW | choices(lead)
    tomorrow = today + timedelta(days=1)
    refused = lead.post("/cases/new/", fields | on(tomorrow, "incident_date") | on(tomorrow, "date_added"))
    assert refused.status_code == 200
    assert [said for said in errors_on(refused.text) if "today or in the past" in said] == [
        "Date added must be today or in the past",
        "Incident date must be today or in the past",
    ]
    taken = lead.post("/cases/new/", fields | on(today, "incident_date"))
    assert taken.status_code == 302, errors_on(taken.text)
    case = saved(lead.app, taken.headers["Location"].partition("id=")[2])
    assert (case.date_added, case.incident_date, case.latest_update_on) == (today, today, today)
