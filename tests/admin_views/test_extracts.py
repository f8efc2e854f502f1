"""The screens of extracts and of data quality: who may, what is asked, what nonsense does."""

from __future__ import annotations

import io
from datetime import date, timedelta
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import select, text

from admin_views import data_quality
from models import AuditEvent, Extract, QuarterConfirmation, QueryAnswer, Receipt
from tests.conftest import add_case
from tests.databases import unguarded
from tests.histories import IN_Q1, Q1, history, sign_off
from tests.visitor import Visitor

EVERY_PAGE = (
    "",
    "draw/",
    "drawing/",
    "details/",
    "differences/",
    "sign-off/",
    "receipt/",
    "download/",
    "download-for-spreadsheets/",
)


def drawn_by_form(app: Flask, **fields: str) -> Visitor:
    visitor = Visitor(app).sign_in("analyst")
    answer = visitor.post_form("/extracts/draw/", {"quarter": "2021-22-Q1", **fields})
    assert answer.status_code == 302, answer.text
    return visitor


def the_extract(app: Flask) -> Extract:
    with unguarded(app) as session:
        found = session.scalars(select(Extract).order_by(Extract.number.desc())).first()
        assert found is not None
        session.expunge(found)
        return found


@pytest.mark.parametrize("account", ["ccg-84H", "region-Y63", "england", "administrator", "no-access"])
@pytest.mark.parametrize("page", EVERY_PAGE)
def test_extracts_are_for_analysts(app: Flask, account: str, page: str) -> None:
    assert Visitor(app).sign_in(account).get(f"/extracts/{page}").status_code == 403


def test_an_analyst_draws_and_another_signs_off(fresh_either_app: Flask) -> None:
    app = fresh_either_app
    with history(app) as past:
        past.add("84H", IN_Q1, overview="=1+1")
    visitor = drawn_by_form(app)
    extract = the_extract(app)
    page = visitor.get(f"/extracts/details/?id={extract.id}").text
    assert "S-CRT_2021-22-Q1_v1_UNSIGNED.zip" in page
    assert "Another analyst signs it off" in page
    assert "End of 30 June 2021" in page and "+1" in page
    assert "April to June 2021" in page
    refused = visitor.post_form(f"/extracts/sign-off/?id={extract.id}")
    assert "You drew this extract" in refused.text
    second = Visitor(app).sign_in("second-analyst")
    assert second.post_form(f"/extracts/sign-off/?id={extract.id}").status_code == 302
    package = second.get(f"/extracts/download/?id={extract.id}")
    assert "S-CRT_2021-22-Q1_v1.zip" in package.headers["Content-Disposition"]
    assert b"\r\nSCR-" in ZipFile(io.BytesIO(package.data)).read("cases.csv")
    assert ",=1+1," in ZipFile(io.BytesIO(package.data)).read("cases.csv").decode()
    safe = second.get(f"/extracts/download-for-spreadsheets/?id={extract.id}")
    assert "for-spreadsheets.csv" in safe.headers["Content-Disposition"]
    assert ",'=1+1," in safe.text
    assert second.post_form(f"/extracts/receipt/?id={extract.id}", {"receipt": "SEFT-1"}).status_code == 302
    assert "SEFT-1" in second.get(f"/extracts/details/?id={extract.id}").text
    assert "Yes</span>" in second.get("/extracts/").text.partition("<tbody")[2]
    with unguarded(app) as session:
        done = {one.action for one in session.scalars(select(AuditEvent).where(AuditEvent.about_id == extract.id))}
    assert done == {"extract_drawn", "extract_signed_off", "extract_downloaded", "extract_receipt"}


def test_again_asks_why_and_shows_what_differs(fresh_app: Flask) -> None:
    with history(fresh_app) as past:
        past.add("84H", IN_Q1)
    visitor = drawn_by_form(fresh_app)
    again = visitor.post_form("/extracts/draw/", {"quarter": "2021-22-Q1"})
    assert "Enter why it is drawn again" in again.text
    drawn_by_form(fresh_app, reason="Late cases", cut_off="9/7/2021 17:00")
    extract = the_extract(fresh_app)
    page = visitor.get(f"/extracts/differences/?id={extract.id}").text
    assert "Nothing. The cases are the same" in page
    assert "Late cases" in page
    # The page shows words of cases: that somebody read them is on record.
    with unguarded(fresh_app) as session:
        read = session.scalars(select(AuditEvent).filter_by(about_id=extract.id, action="extract_downloaded")).one()
    assert read.details == "2021-22-Q1, number 2, what differs from number 1 on screen"


def test_the_form_of_before_draws_another_quarter_when_another_is_chosen(fresh_app: Flask) -> None:
    visitor = Visitor(fresh_app).sign_in("analyst")
    fields = visitor.form_on("/extracts/draw/").fields
    for quarter in ("2021-22-Q1", "2021-22-Q1", "2021-22-Q2"):
        page = visitor.post("/extracts/draw/", fields | {"quarter": quarter}, follow_redirects=True).text
        assert f"<title>{quarter}, number 1" in page
    with unguarded(fresh_app) as session:
        assert sorted(session.scalars(select(Extract.quarter))) == ["2021-22-Q1", "2021-22-Q2"]


def test_a_receipt_is_noted_of_what_was_signed_off(fresh_app: Flask) -> None:
    visitor = drawn_by_form(fresh_app)
    extract = the_extract(fresh_app)
    answer = visitor.post_form(f"/extracts/receipt/?id={extract.id}", {"receipt": "SEFT-1"})
    assert "This extract has not been signed off" in answer.text
    assert "Note the receipt" not in visitor.get(f"/extracts/details/?id={extract.id}").text
    with unguarded(fresh_app) as session:
        assert session.scalars(select(Receipt)).all() == []


def test_what_differs_is_told_in_short_before_it_is_told_in_full(fresh_app: Flask) -> None:
    with history(fresh_app) as past:
        case = past.add("84H", IN_Q1)
        changed = {"overview": "New.", "lessons": "New.", "comments": "New.", "local_identifier": "NEW-1"}
        past.change(case, Q1.ends + timedelta(hours=1), **changed)
        past.add("84H", Q1.ends + timedelta(hours=1), reference="SCR-XXXXXXXX", local_identifier="NEW-2")
    drawn_by_form(fresh_app)
    visitor = drawn_by_form(fresh_app, reason="Late cases", cut_off="9/7/2021 17:00")
    page = visitor.get(f"/extracts/differences/?id={the_extract(fresh_app).id}").text
    assert "Added (1)</h2>" in page and "Changed (1)</h2>" in page and "No longer" not in page
    assert "Local identifier, Brief overview and 1 more</span>" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"quarter": ""}, "Select the quarter"),
        ({"quarter": "2090-91-Q1"}, "Select the quarter"),
        ({"quarter": "2021-22-Q4"}, "2021-22-Q4 has not ended yet"),
        ({"cut_off": "soon"}, "Cut-off must be a date and a time"),
        ({"cut_off": "1/1/2020"}, "The cut-off is before 2021-22-Q1 begins"),
        ({"cut_off": "1/7/2021 25:00"}, "Cut-off must be a date and a time"),
        ({"cut_off": "1/1/2099"}, "five minutes past"),
        # 1:30am came twice on the last Sunday of October, and not at all on that of March.
        ({"cut_off": "31/10/2021 1:30"}, "The clocks changed in that hour. Enter a time before or after it"),
        ({"cut_off": "28/3/2021 1:00"}, "The clocks changed in that hour. Enter a time before or after it"),
        ({"reason": "\0" + "x" * 2000}, "There is a problem"),
    ],
)
def test_what_cannot_be_drawn_is_said_beside_its_field(app: Flask, fields: dict[str, str], said: str) -> None:
    visitor = Visitor(app).sign_in("analyst")
    answer = visitor.post_form("/extracts/draw/", {"quarter": "2021-22-Q1", **fields})
    assert answer.status_code == 200
    assert said in answer.text


@pytest.mark.parametrize("id_", ["", "x", "6f9619ff-8b86-4d11-b42d-00c04fc964ff", "%00", "1" * 4000])
@pytest.mark.parametrize("page", EVERY_PAGE[2:])
def test_an_extract_that_is_not_there_is_not_found(app: Flask, page: str, id_: str) -> None:
    assert Visitor(app).sign_in("analyst").get(f"/extracts/{page}?id={id_}").status_code == 404


def test_a_ccg_answers_a_query_and_confirms_a_quarter(fresh_either_app: Flask) -> None:
    app = fresh_either_app
    case = add_case(app, "84H", latest_update_on=date(2021, 9, 1), steis_number="S1", local_identifier=None)
    visitor = Visitor(app).sign_in("ccg-84H")
    assert "No update since 1 September 2021" in visitor.get("/data-quality/").text
    assert "Answer 1 query" in visitor.get("/").text
    address = f"/data-quality/answer/?id={case.id}&query=no_update"
    assert "Enter an answer" in visitor.post_form(address, {"note": " "}).text
    assert "an NHS number" in visitor.post_form(address, {"note": "999 000 0018"}).text
    assert visitor.post_form(address, {"note": "The panel meets in March"}).status_code == 302
    page = visitor.get("/data-quality/").text
    assert "The panel meets in March" in page
    assert "No queries to answer" in page
    confirm = "/data-quality/confirm/?quarter=2021-22-Q3&ccg=84H"
    asked = visitor.get(confirm).text
    assert "Confirm October to December 2021" in asked and "1 case is recorded." in asked
    assert visitor.post_form(confirm).status_code == 302
    assert "Confirmed on" in visitor.get("/data-quality/").text
    with unguarded(app) as session:
        one = session.scalars(select(QuarterConfirmation)).one()
        assert (one.quarter, one.cases, one.unanswered) == ("2021-22-Q3", 1, 0)
        assert session.scalars(select(QueryAnswer)).one().query == "no_update"
    analyst = Visitor(app).sign_in("analyst")
    chased = analyst.get("/data-quality/").text
    assert "Not confirmed by 105 CCGs" in chased and "Confirmed by 1 CCG" in chased
    assert "1 of 106 CCGs confirmed October to December 2021" in analyst.get("/").text
    assert visitor.get("/data-quality/?ccg=93C").status_code == 404


def test_nothing_to_report_is_confirmed_too(app: Flask) -> None:
    visitor, confirm = Visitor(app).sign_in("ccg-16C"), "/data-quality/confirm/?quarter=2021-22-Q3&ccg=16C"
    assert "or that there is nothing to report" in visitor.get(confirm).text
    answer = visitor.post_form(confirm)
    assert answer.status_code == 302
    assert "October to December 2021 is confirmed for NHS Tees Valley CCG" in visitor.get(answer.location).text


def test_a_case_leads_back_to_the_page_that_led_to_it(app: Flask) -> None:
    case = add_case(app, "84H", latest_update_on=date(2021, 9, 1))
    visitor = Visitor(app).sign_in("ccg-84H")
    for url, back in {"/data-quality/": "/data-quality/", "https://elsewhere.example/": "/cases/"}.items():
        assert f'class="nhsuk-back-link" href="{back}"' in visitor.get(f"/cases/details/?id={case.id}&url={url}").text


def test_a_ccg_with_too_many_cases_for_one_page_is_led_to_each_ccg(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_quality, "MOST_CASES", 0)
    case = add_case(app, "84H", latest_update_on=date(2021, 9, 1))
    visitor = Visitor(app).sign_in("ccg-84H")
    page = visitor.get("/data-quality/").text
    assert "Choose a CCG" in page
    assert 'href="/data-quality/?ccg=84H"' in page
    assert f"/data-quality/answer/?id={case.id}" in visitor.get("/data-quality/?ccg=84H").text


@pytest.mark.parametrize(
    "address",
    [
        "/data-quality/?quarter=nonsense&ccg=",
        "/data-quality/?quarter=2021-22-Q1%00",
        "/data-quality/?quarter=2090-91-Q4",
    ],
)
def test_nonsense_in_the_address_shows_the_usual_page(app: Flask, address: str) -> None:
    assert Visitor(app).sign_in("analyst").get(address).status_code == 200


def test_an_answer_to_no_query_holds_up_neither_pages_nor_extracts(fresh_either_app: Flask) -> None:
    """The database takes any word for a query, so that a new one needs no migration."""
    with history(fresh_either_app) as past:
        past.add("84H", IN_Q1)
    with unguarded(fresh_either_app) as session:
        session.execute(
            text(
                "INSERT INTO query_answer (id, case_id, query, note, answered_at, answered_by_id, ccg_id)"
                " SELECT id, id, 'a query of tomorrow', 'Yes', '2021-05-11 09:30:00.000000+00',"
                " (SELECT id FROM person LIMIT 1), ccg_id FROM case_review"
            )
        )
        session.commit()
    drawn_by_form(fresh_either_app)


@pytest.mark.parametrize("page", ["download/", "download-for-spreadsheets/", "differences/"])
def test_bytes_that_are_others_are_not_sent(fresh_app: Flask, page: str) -> None:
    drawn_by_form(fresh_app)
    visitor = drawn_by_form(fresh_app, reason="Once more")
    with unguarded(fresh_app) as session:
        session.execute(text("DROP TRIGGER extract_part_never_changes"))
        session.execute(text("UPDATE extract_part SET content = substr(content, 2)"))
        session.commit()
    extract = the_extract(fresh_app)
    answer = visitor.get(f"/extracts/{page}?id={extract.id}")
    assert answer.status_code == 409
    assert "Do not send this extract" in answer.text
    assert "Do not send this extract" in visitor.get(f"/extracts/details/?id={extract.id}").text


def test_bytes_that_are_others_are_not_signed_and_open_no_walk(fresh_app: Flask) -> None:
    visitor = drawn_by_form(fresh_app)
    sign_off(fresh_app, the_extract(fresh_app))
    drawn_by_form(fresh_app, reason="Once more")
    with unguarded(fresh_app) as session:
        session.execute(text("DROP TRIGGER extract_part_never_changes"))
        session.execute(text("UPDATE extract_part SET content = substr(content, 2)"))
        session.commit()
    extract = the_extract(fresh_app)
    second = Visitor(fresh_app).sign_in("second-analyst")
    answer = second.post_form(f"/extracts/sign-off/?id={extract.id}")
    assert "number 2 are not those that were drawn" in answer.text
    assert "Sign off</a>" not in second.get(f"/extracts/details/?id={extract.id}").text
    answer = visitor.post_form("/extracts/draw/", {"quarter": "2021-22-Q2"})
    assert "It cannot begin where the extract before ended" in answer.text
