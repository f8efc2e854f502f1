"""Recording, changing, closing and the rest, as a CCG does them: each page is opened, filled in and sent."""

from __future__ import annotations

import csv
import io
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID

import pytest
from flask import Flask

from app.extracts.download import taken_off
from models import CaseReview, Organisation, db
from tests.conftest import add_case
from tests.databases import unguarded
from tests.visitor import Form, Visitor

NEW = {
    "partnership_name": "County Durham Safeguarding Adults Partnership",
    "partnership_kind": "safeguarding_adults_board",
    "steis_number": "2021/12345",
    "incident_date-day": "1",
    "incident_date-month": "8",
    "incident_date-year": "2021",
    "overview": "=A fall at home.\r\n\r\nShe couldn't be woken; “carers” rang 999 – too late.",
    "latest_update": "-The panel has met.",
    "lessons": "@Ask again.",
    "comments": "'=kept as it is",
}


@pytest.fixture
def durham(either_app: Flask) -> Visitor:
    return Visitor(either_app).sign_in("ccg-84H")


def choices(visitor: Visitor, address: str = "/cases/new/") -> dict[str, str]:
    """The first entry of each code list that the form must have."""
    form = visitor.form_on(address)
    return {name: next(one for one in form.options[name] if one) for name in ("review_type", "theme_1")}


def record(visitor: Visitor, **changes: str) -> CaseReview:
    answer = visitor.post_form("/cases/new/", NEW | choices(visitor) | changes)
    assert answer.status_code == 302, errors_on(answer.text)
    return saved(visitor.app, answer.headers["Location"].partition("id=")[2])


def saved(app: Flask, case_id: str) -> CaseReview:
    with unguarded(app) as session:
        case = session.get(CaseReview, UUID(case_id))
        assert case is not None
        session.expunge(case)
        return case


def number_of_cases(app: Flask) -> int:
    with unguarded(app) as session:
        return session.query(CaseReview).count()


def errors_on(html: str) -> list[str]:
    """The sentences of the error summary."""
    summary = html.partition('nhsuk-error-summary__list">')[2].partition("</ul>")[0]
    parts = summary.replace("</a>", "<li>").replace("</li>", "<li>").split("<li>")
    texts = [part.rpartition(">")[2].strip() if part.strip().startswith("<a") else part.strip() for part in parts]
    return [text.replace("&#39;", "'") for text in texts if text]


def test_a_case_is_recorded_as_it_was_typed(durham: Visitor) -> None:
    case = record(durham)
    assert case.overview == "=A fall at home.\n\nShe couldn't be woken; “carers” rang 999 – too late."
    assert case.status == "open"
    assert case.date_added.isoformat() == "2022-02-14"
    assert case.latest_update_on.isoformat() == "2022-02-14"
    assert (case.version, case.local_identifier, case.report_link) == (1, None, None)
    assert case.reference.startswith("SCR-") and len(case.reference) == 12


def test_mistakes_come_back_on_their_fields_and_what_was_typed_stays(durham: Visitor) -> None:
    typed = {"incident_date-day": "31", "incident_date-month": "2", "overview": "", "lessons": "Keep this."}
    answer = durham.post_form("/cases/new/", NEW | choices(durham) | typed)
    assert answer.status_code == 200
    assert errors_on(answer.text) == ["Incident date must be a real date", "Enter a brief overview"]
    form = Form(answer.text)
    assert (form.fields["incident_date-day"], form.fields["lessons"]) == ("31", "Keep this.")
    mended = form.fields | {"incident_date-month": "1", "overview": "Mended."}
    assert durham.post("/cases/new/", mended).status_code == 302


def test_a_double_click_makes_one_case(durham: Visitor) -> None:
    fields = durham.form_on("/cases/new/").fields | NEW | choices(durham)
    assert durham.post("/cases/new/", fields).status_code == 302
    again = durham.post("/cases/new/", fields)
    assert again.status_code == 200
    assert errors_on(again.text)[0].startswith("You have already saved this form, as case SCR-")
    assert Form(again.text).fields["lessons"] == "@Ask again."
    assert number_of_cases(durham.app) == 1


def test_a_form_of_another_session_keeps_what_was_typed(durham: Visitor) -> None:
    fields = durham.form_on("/cases/new/").fields | NEW | choices(durham)
    durham.post_form("/", action="/sign-out")
    durham.sign_in("ccg-84H")
    answer = durham.post("/cases/new/", fields)
    assert errors_on(answer.text) == ["Your page was out of date. Check what you typed and save again"]
    assert Form(answer.text).fields["overview"].startswith("=A fall")
    assert durham.post("/cases/new/", Form(answer.text).fields).status_code == 302


def test_a_save_without_a_change_makes_no_version(durham: Visitor) -> None:
    case = record(durham)
    answer = durham.post_form(f"/cases/edit/?id={case.id}", {})
    assert answer.status_code == 302
    assert "Nothing was changed" in durham.get(answer.headers["Location"]).text
    assert saved(durham.app, str(case.id)).version == 1


def test_only_a_changed_update_moves_its_date(durham: Visitor) -> None:
    case = add_case(durham.app, "84H")
    address = f"/cases/edit/?id={case.id}"
    durham.post_form(address, {"lessons": "New."})
    assert saved(durham.app, str(case.id)).latest_update_on.isoformat() == "2022-01-10"
    durham.post_form(address, {"latest_update": "New."})
    assert saved(durham.app, str(case.id)).latest_update_on.isoformat() == "2022-02-14"
    assert saved(durham.app, str(case.id)).version == 3


def test_close_reopen_withdraw_and_bring_back_each_say_why(durham: Visitor) -> None:
    case = add_case(durham.app, "84H")
    address = f"?id={case.id}"
    refused = durham.post_form(f"/cases/close/{address}", {"publication": "public"})
    assert errors_on(refused.text) == ["Enter the date the case was closed", "Enter the date the report was published"]
    closing = {"publication": "embargoed"} | day("report_signed_off_on", "1", "2", "2022")
    closing |= day("date_closed", "10", "2", "2022")
    assert durham.post_form(f"/cases/close/{address}", closing).status_code == 302
    assert saved(durham.app, str(case.id)).status == "closed"

    assert errors_on(durham.post_form(f"/cases/reopen/{address}").text) == ["Enter the reason"]
    assert durham.post_form(f"/cases/reopen/{address}", {"reason": "New facts."}).status_code == 302
    reopened = saved(durham.app, str(case.id))
    assert (reopened.status, reopened.date_closed, reopened.change_reason) == ("open", None, "New facts.")

    assert durham.post_form(f"/cases/withdraw/{address}", {"reason": "Entered twice."}).status_code == 302
    assert saved(durham.app, str(case.id)).withdrawn_reason == "Entered twice."
    assert "This case was withdrawn" in durham.get(f"/cases/details/{address}").text
    assert case.reference not in durham.get("/cases/").text
    assert case.reference in durham.get("/cases/?flt_withdrawn_is=yes").text
    assert durham.get(f"/cases/edit/{address}").headers["Location"].startswith("/cases/details/")
    assert "Bring it back before you change it" in durham.get(f"/cases/details/{address}").text

    assert durham.post_form(f"/cases/bring-back/{address}", {"reason": "It was not."}).status_code == 302
    assert saved(durham.app, str(case.id)).withdrawn_at is None
    assert case.reference in durham.get("/cases/").text


def day(name: str, *parts: str) -> dict[str, str]:
    return dict(zip((f"{name}-day", f"{name}-month", f"{name}-year"), parts, strict=True))


def test_the_same_number_is_refused_in_one_ccg_and_free_in_another(durham: Visitor) -> None:
    add_case(durham.app, "84H", reference="SCR-33333333", local_identifier="A1", steis_number="2021/1")
    add_case(durham.app, "16C", reference="SCR-44444444", local_identifier="B1", steis_number="2021/2")
    answer = durham.post_form("/cases/new/", NEW | choices(durham) | {"local_identifier": "A1"})
    assert errors_on(answer.text) == ["Local identifier A1 is already used for case SCR-33333333"]
    assert record(durham, local_identifier="B1", steis_number="2021/2").local_identifier == "B1"


def test_a_review_grows_out_of_a_rapid_review_that_the_person_sees(durham: Visitor) -> None:
    mine = add_case(durham.app, "84H", reference="SCR-33333333", review_type="rapid_review", theme_1="nai_under_1")
    earlier = add_case(durham.app, "00J", reference="SCR-66666666", review_type="rapid_review", theme_1="nai_under_1",
                       date_added=date(2020, 3, 1),
                       incident_date=date(2020, 2, 1))  # fmt: skip
    theirs = add_case(durham.app, "16C", reference="SCR-44444444", review_type="rapid_review", theme_1="nai_under_1")
    add_case(durham.app, "84H", reference="SCR-77777777")
    assert record(durham, converted_from="scr 3333 3333").converted_from_id == mine.id
    assert record(durham, converted_from="SCR-66666666", steis_number="2").converted_from_id == earlier.id
    told = {
        reference: errors_on(
            durham.post_form("/cases/new/", NEW | choices(durham) | {"converted_from": reference}).text
        )
        for reference in (theirs.reference, "SCR-88888888", "SCR-77777777")
    }
    not_seen = ["Enter the reference of a rapid review that you can see"]
    assert told["SCR-44444444"][-1:] == told["SCR-88888888"][-1:] == not_seen
    assert told["SCR-77777777"][-1].startswith("Enter the reference of a rapid review. That case is")


def test_text_like_an_identifier_asks_once_and_can_be_confirmed(durham: Visitor) -> None:
    answer = durham.post_form("/cases/new/", NEW | choices(durham) | {"lessons": "See 999 000 0018."})
    assert "looks as if it contains an NHS number" in answer.text
    assert number_of_cases(durham.app) == 0
    form = Form(answer.text)
    confirmed = form.fields | {"confirm_identifiers": form.options["confirm_identifiers"][0]}
    other = durham.post("/cases/new/", confirmed | {"lessons": "See 999 000 0026."})
    assert "looks as if it contains an NHS number" in other.text
    assert durham.post("/cases/new/", confirmed).status_code == 302


def test_a_reason_is_checked_for_identifiers_too(durham: Visitor) -> None:
    case = add_case(durham.app, "84H")
    answer = durham.post_form(f"/cases/withdraw/?id={case.id}", {"reason": "It was 999 000 0018."})
    assert "looks as if it contains an NHS number" in answer.text
    assert saved(durham.app, str(case.id)).withdrawn_at is None


def test_a_withdrawn_case_is_not_changed_on_its_newest_version_either(durham: Visitor) -> None:
    case = add_case(durham.app, "84H")
    fields = durham.form_on(f"/cases/edit/?id={case.id}").fields
    durham.post_form(f"/cases/withdraw/?id={case.id}", {"reason": "Entered twice."})
    newest = fields | {"version": str(saved(durham.app, str(case.id)).version), "lessons": "Mine."}
    answer = durham.post(f"/cases/edit/?id={case.id}", newest)
    assert errors_on(answer.text)[0].startswith(f"Case {case.reference} is withdrawn. Bring it back before you")
    assert saved(durham.app, str(case.id)).lessons == ""


def test_a_rapid_review_that_others_grew_from_stays_one(durham: Visitor) -> None:
    rapid = add_case(durham.app, "84H", reference="SCR-33333333", review_type="rapid_review", theme_1="nai_under_1")
    add_case(durham.app, "84H", converted_from_id=rapid.id, converted_from_ccg_id=rapid.ccg_id)
    form = durham.form_on(f"/cases/edit/?id={rapid.id}")
    other = next(one for one in form.options["review_type"] if one not in ("", form.fields["review_type"]))
    answer = durham.post(f"/cases/edit/?id={rapid.id}", form.fields | {"review_type": other})
    assert errors_on(answer.text) == ["Other reviews grew out of this rapid review, so its type cannot change"]


@pytest.mark.parametrize("body", ['{"overview": 5}', '{"overview": null}', "[1, 2]", '{"form_token": 5}'])
def test_a_body_that_is_no_form_is_refused_plainly(durham: Visitor, body: str) -> None:
    answer = durham.client.post("/cases/new/", data=body, content_type="application/json")
    assert answer.status_code == 200
    assert errors_on(answer.text)
    upload = {"overview": (io.BytesIO(b"x"), "x.txt"), "date_added-day": (io.BytesIO(b"x"), "x.txt")}
    assert durham.client.post("/cases/new/", data=upload, content_type="multipart/form-data").status_code == 200


@pytest.mark.parametrize(
    "text",
    [{"report_link": "https://" + "a" * 90_000 + " x"}, {"overview": "a" + "\u0301\u0316" * 60_000}],
    ids=["a long link", "a pile of accents"],
)
def test_hostile_text_takes_no_time(durham: Visitor, text: dict[str, str]) -> None:
    fields = durham.form_on("/cases/new/").fields | NEW | choices(durham) | text
    began = time.process_time()
    assert durham.post("/cases/new/", fields).status_code in (200, 302)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("number", [6])
def test_many_presses_at_once_make_one_case(durham: Visitor, number: int) -> None:
    fields = durham.form_on("/cases/new/").fields | NEW | choices(durham)
    with durham.client.session_transaction() as held:
        cookies = dict(held)

    def press(_: int) -> int:
        other = Visitor(durham.app)
        with other.client.session_transaction() as session:
            session.update(cookies)
        return other.post("/cases/new/", fields).status_code

    with ThreadPoolExecutor(number) as pool:
        answers = sorted(pool.map(press, range(number)))
    assert answers == [200] * (number - 1) + [302]
    assert number_of_cases(durham.app) == 1


def test_an_older_case_goes_to_the_ccg_of_its_day(durham: Visitor) -> None:
    older = day("date_added", "1", "3", "2020") | day("incident_date", "29", "2", "2020")
    answer = durham.post_form("/cases/new/", NEW | choices(durham) | older)
    assert errors_on(answer.text) == [
        "NHS County Durham CCG opened on 1 April 2020. Select the CCG that was open on 1 March 2020"
    ]
    form = Form(answer.text)
    north_durham = next(one for one in form.options["ccg"] if _name_of(durham.app, one) == "NHS North Durham CCG")
    assert {_name_of(durham.app, one) for one in form.options["ccg"] if one} == {
        "NHS North Durham CCG",
        "NHS Durham Dales, Easington and Sedgefield CCG",
    }
    assert "ccg" not in form.fields  # none of them is chosen
    assert durham.post("/cases/new/", form.fields | {"ccg": north_durham}).status_code == 302


def _name_of(app: Flask, organisation_id: str) -> str:
    with app.app_context():
        row = db.session.get(Organisation, UUID(organisation_id)) if organisation_id else None
        return row.name if row else ""


def test_a_ccg_that_is_not_theirs_cannot_be_chosen(durham: Visitor) -> None:
    other = add_case(durham.app, "16C")
    for value in (str(other.ccg_id), "6f9619ff-8b86-4d11-b42d-00c04fc964ff", "nonsense"):
        answer = durham.post_form("/cases/new/", NEW | choices(durham) | {"ccg": value})
        assert answer.status_code == 200, value
        assert errors_on(answer.text) == ["Select the CCG from the list"]
    assert number_of_cases(durham.app) == 1


def test_a_case_never_changes_its_ccg(durham: Visitor) -> None:
    case, other = add_case(durham.app, "84H"), add_case(durham.app, "16C")
    assert durham.post_form(f"/cases/edit/?id={case.id}", {"ccg": str(other.ccg_id)}).status_code == 302
    assert saved(durham.app, str(case.id)).ccg_id == case.ccg_id


def test_the_download_reads_back_as_it_was_entered(durham: Visitor) -> None:
    case = record(durham)
    answer = durham.get("/cases/export/csv/")
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.headers["Content-Disposition"] == "attachment; filename=cases-2022-02-14.csv"
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert len(rows) == 1
    assert rows[0]["Brief overview"].startswith("'=") and rows[0]["Comments"].startswith("''=")
    back = {heading: taken_off(cell) for heading, cell in rows[0].items()}
    assert back["Brief overview"] == case.overview
    assert back["Latest update"] == "-The panel has met."
    assert back["Lessons learned/recommendations"] == "@Ask again."
    assert back["Comments"] == "'=kept as it is"
    assert (back["CCG code"], back["STP code"], back["Region code"]) == ("84H", "QHM", "Y63")
    assert (back["Incident date"], back["Open/closed status"], back["Version"]) == ("2021-08-01", "Open", "1")
    assert back["Last changed at"] == "2022-02-14T10:30:00.000Z"


def test_the_download_has_every_row_of_the_filtered_list(durham: Visitor) -> None:
    for number in range(60):
        add_case(durham.app, "84H", media_interest="local" if number % 2 else "none_known")
    add_case(durham.app, "16C", media_interest="local")
    answer = durham.get("/cases/export/csv/?flt_media_interest_is=local&sort=0&desc=1&page=1&page_size=20")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert len(rows) == 30
    assert {row["CCG code"] for row in rows} == {"84H"}
    references = [row["Reference"] for row in rows]
    assert references == sorted(references, reverse=True)


@pytest.mark.parametrize("account", ["stp-QHM", "region-Y63", "england", "analyst"])
def test_those_who_only_read_have_no_way_to_write(app: Flask, account: str) -> None:
    case = add_case(app, "84H")
    visitor = Visitor(app).sign_in(account)
    assert visitor.get(f"/cases/details/?id={case.id}").status_code == 200
    for page in ("new", "edit", "close", "reopen", "withdraw", "bring-back"):
        assert visitor.get(f"/cases/{page}/?id={case.id}").status_code == 403
        token = visitor.form_on("/", "/sign-out").fields["csrf_token"]
        answer = visitor.post(f"/cases/{page}/?id={case.id}", {"csrf_token": token})
        assert answer.status_code == 403


def test_nothing_typed_is_run_as_markup(durham: Visitor) -> None:
    case = record(durham, overview="<script>alert(1)</script>", local_identifier="<b>")
    for page in (f"/cases/details/?id={case.id}", f"/cases/edit/?id={case.id}", "/cases/", "/"):
        assert "<script>alert(1)" not in durham.get(page).text
        assert "<b>" not in durham.get(page).text
