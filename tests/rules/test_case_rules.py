"""Every rule of a case, on both sides of its edge."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from app.rules.case_rules import Code, RapidReview, not_said_yet, problems_with, warnings_about
from app.rules.succession import Place
from models import CaseReview
from models.declarations import items_of
from models.enumerations import MediaInterest, PartnershipKind, Publication, Status

TODAY = date(2022, 2, 14)
ITEMS = items_of(CaseReview)
DURHAM = Place(uuid4(), "ccg", "84H", "NHS County Durham CCG", date(2020, 4, 1))
NORTH_DURHAM = Place(uuid4(), "ccg", "00J", "NHS North Durham CCG", date(2013, 4, 1), date(2020, 3, 31))
FIVE_CHARACTERS = Place(uuid4(), "ccg", "D4U1Y", "NHS Frimley CCG", date(2021, 4, 1))
NEGLECT, ABUSE, SELF_NEGLECT = (Code(name, name) for name in ("Neglect", "Abuse", "Self-neglect"))
MANDATORY = Code("sar", "Safeguarding Adult Review")
HISTORIC = Code("scr", "Serious Case Review", active_to=date(2019, 9, 29))
COMING = Code("dardr", "Domestic Abuse Related Death Review", active_from=date(2025, 1, 1))

GOOD: dict[str, Any] = {
    "status": Status.OPEN,
    "ccg": DURHAM,
    "partnership_name": "County Durham Safeguarding Adults Partnership",
    "partnership_kind": PartnershipKind.SAFEGUARDING_ADULTS_BOARD,
    "steis_number": "2021/12345",
    "review_type": MANDATORY,
    "incident_date": date(2021, 8, 1),
    "date_added": date(2021, 9, 1),
    "overview": "An invented case.",
    "theme_1": NEGLECT,
    "media_interest": MediaInterest.NONE_KNOWN,
    "publication": Publication.NOT_DECIDED,
}
SIGNED_OFF = {"report_signed_off_on": date(2021, 12, 1)}
PUBLISHED = SIGNED_OFF | {"publication": Publication.PUBLIC, "publication_date": date(2022, 1, 10)}
EMBARGOED = SIGNED_OFF | {"publication": Publication.EMBARGOED}
CLOSED = {"status": Status.CLOSED, "date_closed": date(2022, 2, 1)}


def problems(**changes: Any) -> dict[str, list[str]]:
    return problems_with(GOOD | changes, TODAY, items=ITEMS)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="an open case"),
        pytest.param({"date_added": TODAY}, id="added today"),
        pytest.param({"incident_date": TODAY, "date_added": TODAY}, id="incident and adding today"),
        pytest.param({"incident_date": date(2021, 9, 1)}, id="added on the day of the incident"),
        pytest.param({"incident_date": date(2020, 2, 29), "date_added": date(2020, 4, 1)}, id="29 February"),
        pytest.param({"date_added": date(2020, 4, 1), "incident_date": date(2020, 3, 1)}, id="the CCG's first day"),
        pytest.param(
            {"ccg": NORTH_DURHAM, "date_added": date(2020, 3, 31), "incident_date": date(2020, 2, 29)},
            id="a merged CCG's last day",
        ),
        pytest.param({"ccg": FIVE_CHARACTERS}, id="a five-character code"),
        pytest.param({"steis_number": None, "local_identifier": "A1"}, id="a local identifier alone"),
        pytest.param({"local_identifier": "A1"}, id="both numbers"),
        pytest.param({"theme_2": ABUSE}, id="two themes"),
        pytest.param({"theme_2": ABUSE, "theme_3": SELF_NEGLECT}, id="three themes"),
        pytest.param({"report_signed_off_on": date(2021, 8, 1)}, id="signed off on the day of the incident"),
        pytest.param({"report_signed_off_on": TODAY}, id="signed off today"),
        pytest.param(SIGNED_OFF | {"publication_date": date(2021, 12, 1)}, id="published on the day of sign-off"),
        pytest.param(SIGNED_OFF | {"publication_date": date(2023, 1, 1)}, id="publication planned"),
        pytest.param(PUBLISHED | {"report_link": "https://www.example.org/report"}, id="a link to a public report"),
        pytest.param(PUBLISHED | {"report_link": "HTTP://example.org"}, id="http, in capitals"),
        pytest.param(CLOSED | PUBLISHED, id="closed and public"),
        pytest.param(CLOSED | EMBARGOED, id="closed and embargoed"),
        pytest.param(CLOSED | PUBLISHED | {"publication_date": TODAY}, id="closed and published today"),
        pytest.param(CLOSED | EMBARGOED | {"date_closed": TODAY}, id="closed today"),
        pytest.param(CLOSED | EMBARGOED | {"incident_date": date(2021, 1, 31), "date_closed": date(2021, 2, 1),
                     "date_added": date(2021, 1, 31)}, id="closed the day after the incident"),
        pytest.param({"converted_from": RapidReview(True, True, True)}, id="grown out of a rapid review"),
        pytest.param({"review_type": HISTORIC, "date_added": date(2019, 9, 29), "ccg": NORTH_DURHAM,
                      "incident_date": date(2019, 1, 1)}, id="an ended type on its last day"),
        pytest.param({"overview": "x" * 4000}, id="an overview of 4,000 characters"),
        pytest.param({"lessons": "x" * 10000}, id="lessons of 10,000 characters"),
    ],
)  # fmt: skip
def test_these_cases_keep_every_rule(changes: dict[str, Any]) -> None:
    assert problems(**changes) == {}


@pytest.mark.parametrize(
    ("changes", "name", "sentence"),
    [
        ({"status": None}, "status", "Select whether the case is open or closed"),
        ({"ccg": None}, "ccg", "Select the CCG"),
        ({"partnership_name": ""}, "partnership_name", "Enter the name of the partnership, board or CSP"),
        ({"partnership_kind": None}, "partnership_kind", "Select the kind of partnership"),
        ({"review_type": None}, "review_type", "Select the type of review"),
        ({"incident_date": None}, "incident_date", "Enter the incident date"),
        ({"date_added": None}, "date_added", "Enter the date the case was added"),
        ({"overview": ""}, "overview", "Enter a brief overview"),
        ({"theme_1": None}, "theme_1", "Select the main theme"),
        ({"media_interest": None}, "media_interest", "Select the media interest"),
        ({"publication": None}, "publication", "Select whether the review is public or embargoed"),
        (
            {"converted_from": RapidReview(True, True, True, is_of_rapid_review=True)},
            "converted_from",
            "A rapid review does not grow out of another. Change the type, or take this out",
        ),
        ({"overview": "x" * 4001}, "overview", "Brief overview must be 4,000 characters or fewer"),
        ({"lessons": "x" * 10001}, "lessons", "Lessons learned and recommendations must be 10,000 characters or fewer"),
        ({"incident_date": date(2022, 2, 15)}, "incident_date", "Incident date must be today or in the past"),
        ({"date_added": date(2022, 2, 15)}, "date_added", "Date added must be today or in the past"),
        (
            {"date_added": date(2021, 7, 31)},
            "date_added",
            "Date added must be the same as or after the incident date, 1 August 2021",
        ),
        ({"steis_number": None}, "steis_number", "Enter a StEIS number or a local identifier"),
        ({"steis_number": "", "local_identifier": ""}, "steis_number", "Enter a StEIS number or a local identifier"),
        ({"theme_3": ABUSE}, "theme_2", "Select the second theme, or move the third theme up"),
        ({"theme_2": NEGLECT}, "theme_2", "Second theme must be different from the main theme"),
        (
            {"theme_2": ABUSE, "theme_3": ABUSE},
            "theme_3",
            "Third theme must be different from the other themes",
        ),
        (
            {"theme_2": ABUSE, "theme_3": NEGLECT},
            "theme_3",
            "Third theme must be different from the other themes",
        ),
        (
            {"report_signed_off_on": date(2022, 2, 15)},
            "report_signed_off_on",
            "Date report is signed off must be today or in the past",
        ),
        (
            {"report_signed_off_on": date(2021, 7, 31)},
            "report_signed_off_on",
            "Date report is signed off must be the same as or after the incident date, 1 August 2021",
        ),
        (
            {"publication_date": date(2022, 1, 1)},
            "report_signed_off_on",
            "Enter the date the report was signed off, or take out the publication date",
        ),
        (
            SIGNED_OFF | {"publication_date": date(2021, 11, 30)},
            "publication_date",
            "Publication date must be the same as or after the date the report was signed off, 1 December 2021",
        ),
        (
            {"report_link": "https://example.org"},
            "report_link",
            "Take out the link, or change the review to public",
        ),
        (
            EMBARGOED | {"report_link": "https://example.org"},
            "report_link",
            "Take out the link, or change the review to public",
        ),
        *(
            (
                PUBLISHED | {"report_link": link},
                "report_link",
                "Link to report must be a web address beginning with https:// or http://",
            )
            for link in (
                "javascript:alert(1)",
                "ftp://example.org",
                "https://",
                "http\u017f://example.org",
                "example.org",
                "https:// example.org",
            )
        ),
        ({"date_closed": date(2022, 1, 1)}, "date_closed", "Take out the closing date, or change the case to closed"),
        (EMBARGOED | {"status": Status.CLOSED}, "date_closed", "Enter the date the case was closed"),
        (
            CLOSED | EMBARGOED | {"date_closed": date(2022, 2, 15)},
            "date_closed",
            "Date closed must be today or in the past",
        ),
        (
            CLOSED | EMBARGOED | {"date_closed": date(2021, 8, 1)},
            "date_closed",
            "Date closed must be after the incident date, 1 August 2021",
        ),
        (
            CLOSED | SIGNED_OFF,
            "publication",
            "Select whether the review is public or embargoed before the case can be closed",
        ),
        (
            CLOSED | {"publication": Publication.PUBLIC},
            "publication_date",
            "Enter the date the report was published",
        ),
        (
            CLOSED | PUBLISHED | {"publication_date": date(2022, 2, 15)},
            "publication_date",
            "Publication date must be today or in the past before the case can be closed",
        ),
        (
            CLOSED | EMBARGOED | {"publication_date": date(2022, 2, 15)},
            "publication_date",
            "Publication date must be today or in the past before the case can be closed",
        ),
        (
            CLOSED | {"publication": Publication.EMBARGOED},
            "report_signed_off_on",
            "Enter the date the report was signed off",
        ),
        (
            {"date_added": date(2020, 3, 31), "incident_date": date(2020, 3, 1)},
            "ccg",
            "NHS County Durham CCG opened on 1 April 2020. Select the CCG that was open on 31 March 2020",
        ),
        (
            {"ccg": NORTH_DURHAM, "date_added": date(2020, 4, 1), "incident_date": date(2020, 3, 1)},
            "ccg",
            "NHS North Durham CCG closed on 31 March 2020. Select the CCG that was open on 1 April 2020",
        ),
        (
            {"review_type": HISTORIC},
            "review_type",
            "Serious Case Review could not be chosen on 1 September 2021. Select another type of review",
        ),
        (
            {"review_type": COMING},
            "review_type",
            "Domestic Abuse Related Death Review could not be chosen on 1 September 2021."
            " Select another type of review",
        ),
        (
            {"converted_from": RapidReview(False)},
            "converted_from",
            "Enter the reference of a rapid review that you can see",
        ),
        (
            {"converted_from": RapidReview(True, False, True)},
            "converted_from",
            "Enter the reference of a rapid review. That case is another type of review",
        ),
        (
            {"converted_from": RapidReview(True, True, False)},
            "converted_from",
            "Enter a rapid review of the same CCG, or of a CCG that it took over from",
        ),
        (
            {"converted_from": RapidReview(True, True, True, is_itself=True)},
            "converted_from",
            "A review cannot grow out of itself",
        ),
    ],
)
def test_a_broken_rule_is_a_sentence_on_its_item(changes: dict[str, Any], name: str, sentence: str) -> None:
    assert problems(**changes) == {name: [sentence]}


def test_every_problem_is_told_at_once() -> None:
    found = problems(overview="", date_added=date(2021, 7, 31), theme_2=NEGLECT)
    assert set(found) == {"overview", "date_added", "theme_2"}


def test_an_ended_entry_stays_on_a_case_that_has_it() -> None:
    kept = problems_with(GOOD | {"review_type": HISTORIC}, TODAY, items=ITEMS, before={"review_type": HISTORIC})
    assert kept == {}


@pytest.mark.parametrize(
    ("unread", "left"),
    [
        ((), {"steis_number", "theme_1"}),
        (("local_identifier",), {"theme_1"}),
        (("steis_number",), {"theme_1"}),
        (("theme_1", "overview"), {"steis_number"}),
    ],
)
def test_what_could_not_be_read_is_not_asked_for_as_well(unread: tuple[str, ...], left: set[str]) -> None:
    found = problems_with(GOOD | {"steis_number": "", "theme_1": None}, TODAY, items=ITEMS)
    assert set(not_said_yet(found, unread)) == left


def test_a_number_that_is_used_already_is_said_although_the_other_could_not_be_read() -> None:
    found = {"steis_number": ["StEIS number 1 is already used"]}
    assert not_said_yet(found, ["local_identifier"]) == found


def test_text_with_an_nhs_number_warns_on_its_item() -> None:
    found = warnings_about({"overview": "Her number is 999 000 0018.", "lessons": "None."}, items=ITEMS)
    assert found == {"overview": ["Brief overview looks as if it contains an NHS number"]}
