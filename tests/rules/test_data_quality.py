"""Errors and queries about a case: each just before its day, and on it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from app.rules.case_rules import Code
from app.rules.data_quality import findings_about
from models import CaseReview
from models.declarations import items_of

TODAY = date(2022, 2, 14)
ITEMS = [item for item in items_of(CaseReview) if item.in_form]
GOOD: dict[str, Any] = {
    "status": "open",
    "date_added": date(2021, 9, 1),
    "incident_date": date(2021, 8, 1),
    "ccg": "a CCG",
    "partnership_name": "A partnership",
    "partnership_kind": "joint",
    "local_identifier": "A1",
    "review_type": Code(1, "A review"),
    "theme_1": Code(2, "A theme"),
    "overview": "What happened.",
    "media_interest": "none_known",
    "publication": "not_decided",
}


def found(values: dict[str, Any] | None = None, **more: Any) -> list[tuple[str | None, str]]:
    told = {"updated_on": TODAY, "codes": ["neglect"], "twins": []} | more
    findings = findings_about(GOOD | (values or {}), TODAY, items=ITEMS, **told)  # type: ignore[arg-type]
    return [(one.query, one.sentence) for one in findings]


def test_a_good_case_has_nothing_to_say():
    assert found() == []


@pytest.mark.parametrize(("days", "asked"), [(89, False), (90, True)])
def test_no_update_for_90_days_is_asked_about_on_the_90th(days, asked):
    day = TODAY - timedelta(days=days)
    assert bool(found(updated_on=day)) is asked
    assert found({"status": "closed", "date_closed": TODAY, "publication": "embargoed",
                  "report_signed_off_on": TODAY}, updated_on=day) == []  # fmt: skip


@pytest.mark.parametrize(
    ("days", "more", "asked"),
    [
        (59, {}, False),
        (60, {}, True),
        (60, {"publication": "embargoed"}, False),
        (60, {"publication": "public"}, True),
        (60, {"publication": "public", "publication_date": TODAY}, False),
        (60, {"publication": "public", "publication_date": TODAY + timedelta(days=1)}, True),
    ],
)
def test_a_report_that_was_signed_off_60_days_ago_is_published_or_embargoed(days, more, asked):
    day = TODAY - timedelta(days=days)
    assert [query for query, _ in found({"report_signed_off_on": day, **more})] == (["not_published"] if asked else [])


def test_what_may_be_the_same_and_what_is_no_theme_is_asked_about():
    assert found(codes=["neglect", "other"]) == [("theme_other", "A theme is “other”")]
    assert found(twins=["SCR-1"]) == [("duplicate", "Looks like the same review as SCR-1")]
    assert found(twins=["SCR-1", "SCR-2"])[0][1] == "Looks like the same review as SCR-1 and SCR-2"
    assert found(twins=list("ABCDE"))[0][1] == "Looks like the same review as A, B and 3 others"


def test_text_that_looks_as_if_it_said_who_somebody_is_is_asked_about():
    assert [query for query, _ in found({"lessons": "999 000 0018"})] == ["identifiers"]


def test_a_list_that_changed_makes_an_error():
    ended = Code(2, "A theme", active_to=date(2021, 8, 31))
    assert found({"theme_1": ended}) == [
        (None, "A theme could not be chosen on 1 September 2021. Select another theme 1")
    ]
