"""The timeline of a case: its days in order, on England's calendar, with the reviews that the reader sees."""

from __future__ import annotations

from datetime import UTC, date, datetime

from flask import Flask

from app.cases.timeline import timeline_of
from models import CaseReview
from tests.conftest import add_case
from tests.visitor import Visitor

TODAY = date(2022, 1, 10)


def days_of(case: CaseReview) -> list[tuple[str, str]]:
    return [(event.day.isoformat(), event.what) for event in timeline_of(case, TODAY)]


def a_case(**values: object) -> CaseReview:
    usual = {
        "date_added": date(2021, 9, 1),
        "incident_date": date(2021, 8, 1),
        "created_at": datetime(2021, 9, 1, 9, tzinfo=UTC),
        "latest_update": "",
        "status": "open",
    }
    return CaseReview(**(usual | values))


def test_the_days_of_a_case_stand_in_their_order() -> None:
    case = a_case(
        status="closed",
        latest_update="The panel has met.",
        latest_update_on=date(2021, 9, 1),
        report_signed_off_on=date(2021, 12, 1),
        publication_date=date(2022, 1, 10),
        date_closed=date(2022, 1, 10),
    )
    assert days_of(case) == [
        ("2021-08-01", "Incident"),
        ("2021-09-01", "Case added"),
        ("2021-09-01", "Latest update"),
        ("2021-12-01", "Report signed off"),
        ("2022-01-10", "Report published"),
        ("2022-01-10", "Case closed"),
    ]


def test_what_is_to_come_is_called_planned_and_comes_last() -> None:
    last = timeline_of(a_case(report_signed_off_on=TODAY, publication_date=date(2022, 2, 1)), TODAY)[-1]
    assert (last.what, last.is_ahead) == ("Publication planned", True)


def test_moments_fall_on_the_day_that_it_was_in_england() -> None:
    """23:30 in universal time on 30 June is 1 July."""
    case = a_case(
        date_added=date(2021, 6, 30),
        created_at=datetime(2021, 6, 30, 23, 30, tzinfo=UTC),
        withdrawn_at=datetime(2021, 7, 4, 23, 30, tzinfo=UTC),
        withdrawn_reason="Recorded twice.",
        incident_date=date(2021, 6, 30),
    )
    assert days_of(case)[1:] == [
        ("2021-06-30", "Case added"),
        ("2021-07-01", "Entered in the tracker"),
        ("2021-07-05", "Case withdrawn"),
    ]


def test_the_timeline_links_reviews_within_scope_and_no_other(app: Flask) -> None:
    rapid = add_case(app, "84H", review_type="rapid_review", date_added=date(2021, 8, 20))
    case = add_case(app, "84H", converted_from_id=rapid.id, converted_from_ccg_id=rapid.ccg_id)
    foreign = add_case(app, "16C", review_type="rapid_review")
    theirs = add_case(app, "84H", converted_from_id=foreign.id, converted_from_ccg_id=foreign.ccg_id)
    durham = Visitor(app).sign_in("ccg-84H")
    page = durham.get(f"/cases/details/?id={case.id}").text
    assert f'href="/cases/details/?id={rapid.id}">{rapid.reference}' in page[page.index("tracker-timeline") :]
    assert foreign.reference not in durham.get(f"/cases/details/?id={theirs.id}").text
