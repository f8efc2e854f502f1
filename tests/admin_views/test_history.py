"""The page of a row's history: what changed, by whom, when and why; and the row as it was on a day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.access import clock
from app.access.history import dating_back
from app.access.row_scope import every_organisation
from models import CaseReview, Theme
from tests.conftest import add_case
from tests.databases import unguarded
from tests.visitor import Visitor


@pytest.fixture(autouse=True)
def real_clock(frozen_clock: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database dates versions by its own clock, so the service has the real one too."""
    monkeypatch.setattr(clock, "utc_now", lambda: datetime.now(UTC))


@pytest.fixture
def durham(either_app: Flask) -> Visitor:
    return Visitor(either_app).sign_in("ccg-84H")


@contextmanager
def written_on(app: Flask, moment: datetime) -> Iterator[None]:
    """What is written within counts as known since a moment of the past."""
    with app.app_context(), every_organisation("test") as session:
        with dating_back(session) as known_since:
            known_since(moment)
            session.commit()
            yield
        session.commit()


def history_of(visitor: Visitor, case: CaseReview, on: str = "") -> str:
    answer = visitor.get("/cases/history/", query_string={"id": str(case.id), "on": on})
    assert answer.status_code == 200
    return answer.text


def versions_on(html: str) -> list[tuple[str, list[list[str]]]]:
    """Each version of a page: the line below its heading, and the cells of its table row by row."""
    found = []
    for section in html.split('aria-labelledby="version-')[1:]:
        line = words(section.partition("<p")[2].partition(">")[2].partition("</p>")[0])
        body = section.partition("<tbody")[2].partition("</tbody>")[0]
        rows = [re.split(r"</t[hd]>", row)[:-1] for row in body.split("</tr>")[:-1]]
        found.append(
            (line, [[words(re.sub(r"<span[^>]*aria-hidden.*?</span>", "", one)) for one in row] for row in rows])
        )
    return found


def words(html: str) -> str:
    return " ".join(
        unescape(re.sub(r"<[^>]*>", " ", "<" + html.rpartition("<tr")[2] if "<tr" in html else html)).split()
    )


def day_of(moment: datetime) -> str:
    return f"{moment.day}/{moment.month}/{moment.year}"


def test_each_version_says_what_changed_by_whom_when_and_why(durham: Visitor) -> None:
    case = add_case(durham.app, "84H", lessons="Ask.")
    codes = durham.form_on(f"/cases/edit/?id={case.id}").options
    with unguarded(durham.app) as session:
        other = session.scalars(select(Theme).where(Theme.code == "self_neglect")).one()
        key, label = str(other.id), other.label
    assert key in codes["theme_1"]
    durham.post_form(f"/cases/edit/?id={case.id}", {"lessons": "Ask <b>again</b>.", "theme_1": key})
    durham.post_form(f"/cases/withdraw/?id={case.id}", {"reason": "Entered twice."})
    withdrawn, changed, added = versions_on(history_of(durham, case))
    when = r"on \d+ \w+ \d{4} at \S+"
    assert re.fullmatch(f"Withdrawn by Margaret Thirlwell {when} Reason: Entered twice\\.", withdrawn[0]), withdrawn[0]
    assert [row[0] for row in withdrawn[1]] == ["Withdrawn", "Reason for withdrawal"]
    assert withdrawn[1][1][1:] == ["Empty", "Entered twice."]
    assert re.fullmatch(f"Changed by Margaret Thirlwell {when}", changed[0]), changed[0]
    assert changed[1] == [
        ["Theme 1", "Neglect and acts of omission", label],
        ["Lessons learned and recommendations", "Ask.", "Ask <b>again</b>."],
    ]
    assert re.fullmatch(f"Added {when}", added[0]), added[0]
    values = dict(added[1])
    assert (values["Reference"], values["Status"], values["Incident date"]) == (case.reference, "Open", "1 August 2021")
    assert values["CCG"] == "NHS County Durham CCG (84H)"
    assert "Theme 2" not in values, "what is empty at first is no change"


def test_closed_reopened_withdrawn_and_brought_back_are_called_so(durham: Visitor) -> None:
    case = add_case(durham.app, "84H")
    days = {f"{name}-{part}": value for name in ("report_signed_off_on", "date_closed")
            for part, value in (("day", "1"), ("month", "2"), ("year", "2022"))}  # fmt: skip
    for page, fields in (
        ("close", {"publication": "embargoed"} | days),
        ("reopen", {"reason": "New facts."}),
        ("withdraw", {"reason": "Twice."}),
        ("bring-back", {"reason": "It was not."}),
    ):
        assert durham.post_form(f"/cases/{page}/?id={case.id}", fields).status_code == 302
    titles = [title.partition(" ")[0] for title, _ in versions_on(history_of(durham, case))]
    assert titles == ["Brought", "Withdrawn", "Reopened", "Closed", "Added"]


def test_what_was_written_past_the_service_blames_nobody(durham: Visitor) -> None:
    case = add_case(durham.app, "84H")
    durham.post_form(f"/cases/edit/?id={case.id}", {"lessons": "Mine."})
    with unguarded(durham.app) as session:
        key = case.id.hex if session.get_bind().dialect.name == "sqlite" else case.id
        for value in ("'Past the service.'", "lessons"):
            session.execute(text(f"UPDATE case_review SET lessons = {value} WHERE id = :id"), {"id": key})
            session.commit()
    nothing, raw, mine, _ = versions_on(history_of(durham, case))
    assert raw[0].startswith("Changed outside the service on ") and "Thirlwell" not in raw[0]
    assert raw[1] == [["Lessons learned and recommendations", "Mine.", "Past the service."]]
    assert mine[0].startswith("Changed by Margaret Thirlwell on ")
    assert nothing[0].startswith("Changed outside the service on ") and nothing[1] == []
    assert "Nothing that people enter changed." in history_of(durham, case)


def test_a_save_that_changes_nothing_is_no_version(durham: Visitor) -> None:
    case = add_case(durham.app, "84H")
    durham.post_form(f"/cases/edit/?id={case.id}")
    assert len(versions_on(history_of(durham, case))) == 1


def test_a_case_is_shown_as_it_was_known_at_the_end_of_a_day(durham: Visitor) -> None:
    now = datetime.now(UTC)
    first, second = now - timedelta(days=20), now - timedelta(days=10)
    with written_on(durham.app, first):
        case = add_case(durham.app, "84H", lessons="As it was at first.")
    with written_on(durham.app, second), unguarded(durham.app) as session:
        saved: Any = session.get(CaseReview, case.id)
        saved.lessons, saved.change_id = "As it is now.", uuid4()
        session.commit()

    def then(moment: datetime) -> str:
        page = history_of(durham, case, day_of(moment))
        return page.partition('aria-labelledby="then"')[2].partition("</section>")[0]

    for moment in (first, second - timedelta(days=1)):
        assert "As it was at first." in then(moment) and "As it is now." not in then(moment)
    for moment in (second, now):
        assert "As it is now." in then(moment) and "As it was at first." not in then(moment)
    assert "Neglect and acts of omission" in then(first)
    assert then(first - timedelta(days=1)) == ""
    before = history_of(durham, case, day_of(first - timedelta(days=1)))
    assert "Nothing of this record was known here at the end of" in before
    assert "There is a problem" not in before


@pytest.mark.parametrize(
    ("day", "last"),
    [
        ("27/3/2022", datetime(2022, 3, 27, 22, 59, 59, tzinfo=UTC)),  # of 23 hours, and ends in summer time
        ("31/10/2021", datetime(2021, 10, 31, 23, 59, 59, tzinfo=UTC)),  # of 25 hours, and ends in winter
        ("30/10/2021", datetime(2021, 10, 30, 22, 59, 59, tzinfo=UTC)),
        ("29/2/2020", datetime(2020, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("31/12/2021", datetime(2021, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_midnight_in_england(fresh_app: Flask, day: str, last: datetime) -> None:
    durham = Visitor(fresh_app).sign_in("ccg-84H")
    with written_on(fresh_app, last):
        case = add_case(fresh_app, "84H", lessons="Known on that day.")
    with written_on(fresh_app, last + timedelta(seconds=1)), unguarded(fresh_app) as session:
        saved: Any = session.get(CaseReview, case.id)
        saved.lessons, saved.change_id = "Known a second later.", uuid4()
        session.commit()
    then = history_of(durham, case, day).partition('aria-labelledby="then"')[2].partition("</section>")[0]
    assert "Known on that day." in then and "Known a second later." not in then


@pytest.mark.parametrize("on", ["garbage", "31/2/2022", "1/1/2101", "'><b>", "\x00", "9" * 5000])
def test_a_day_that_is_none_is_said_to_be_none(durham: Visitor, on: str) -> None:
    page = history_of(durham, add_case(durham.app, "84H"), on)
    assert "<title>\nError: " in page or "<title>Error: " in page
    assert page.count("Enter a real date, such as 31/3/2022") == 2
    assert "<b>" not in page and len(versions_on(page)) == 1


def test_the_future_is_not_known(durham: Visitor) -> None:
    page = history_of(durham, add_case(durham.app, "84H"), day_of(datetime.now(UTC) + timedelta(days=2)))
    assert page.count("Enter a date that is today or in the past") == 2


@pytest.mark.parametrize("on", ["", "1/1/2022", "garbage"])
def test_the_history_of_another_ccgs_case_is_not_there(durham: Visitor, on: str) -> None:
    theirs = add_case(durham.app, "16C")
    answers = [
        durham.get("/cases/history/", query_string={"id": key, "on": on})
        for key in (str(theirs.id), "6f9619ff-8b86-4d11-b42d-00c04fc964ff", "nonsense", "")
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    # What differs between any two answers: the reference, the seconds left of the session, tokens and nonces.
    by_chance = r'<strong>[0-9A-F]{8}</strong>|"tracker-session" content="\d+"|[\w.-]{20,}'
    bodies = {re.sub(by_chance, "", answer.text) for answer in answers}
    assert len(bodies) == 1


def test_a_link_to_a_case_out_of_sight_is_not_empty_and_names_nothing(durham: Visitor) -> None:
    theirs = add_case(durham.app, "16C", review_type="rapid_review", reference="SCR-44444444")
    case = add_case(durham.app, "84H", converted_from_id=theirs.id, converted_from_ccg_id=theirs.ccg_id)
    page = history_of(durham, case)
    assert dict(versions_on(page)[0][1])["Converted from"] == "A case that you cannot see"
    assert "44444444" not in page


def test_a_list_has_its_history_too(fresh_app: Flask) -> None:
    visitor = Visitor(fresh_app).sign_in("administrator")
    with unguarded(fresh_app) as session:
        key = session.scalars(select(Theme.id).where(Theme.code == "neglect")).one()
    visitor.post_form(f"/theme-list/edit/?id={key}", {"definition": "Reworded."})
    changed, added = versions_on(visitor.get(f"/theme-list/history/?id={key}").text)
    assert changed[0].startswith("Changed by ")
    assert [row[0] for row in changed[1]] == ["Definition"] and changed[1][0][2] == "Reworded."
    assert added[0].startswith("Added on 1 April 2019")
    assert (
        "As it was known at the end of 2 April 2019" in visitor.get(f"/theme-list/history/?id={key}&on=2/4/2019").text
    )


def test_every_page_with_a_history_leads_there(durham: Visitor) -> None:
    case = add_case(durham.app, "84H")
    for address in (f"/cases/details/?id={case.id}", f"/ccgs/details/?id={case.ccg_id}"):
        assert address.replace("details", "history") in durham.get(address).text
        assert durham.get(address.replace("details", "history")).status_code == 200


def test_many_versions_are_read_page_by_page(durham: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("admin_views.history.VERSIONS_ON_A_PAGE", 2)
    case = add_case(durham.app, "84H", lessons="Lesson 1")
    for number in (2, 3, 4):
        with unguarded(durham.app) as session:
            session.get_one(CaseReview, case.id).lessons = f"Lesson {number}"
            session.commit()
    address = f"/cases/history/?id={case.id}"
    newest, oldest = durham.get(address).text, durham.get(f"{address}&page=1").text
    assert re.findall(r"Version (\d)</h2>", newest) == ["4", "3"]
    assert re.findall(r"Version (\d)</h2>", oldest) == ["2", "1"]
    assert versions_on(newest)[1][1] == [["Lessons learned and recommendations", "Lesson 2", "Lesson 3"]]
    assert f"/cases/history/?id={case.id}&amp;page=1" in newest
    for nonsense in ("9999", "-1", "x", "%00"):
        assert durham.get(f"{address}&page={nonsense}").status_code == 200
