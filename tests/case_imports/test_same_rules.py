"""The import's rules are those of the form: the same rows go through both, and the answers are compared."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask

from app.case_imports.headings import ITEMS
from models.declarations import Kind
from tests.case_imports.files import ROW, Importer, csv_of
from tests.conftest import add_case
from tests.visitor import Visitor

LONG = "A long word. "
ENDED = "Domestic Abuse Related Death Review"  # not yet active
ROWS: dict[str, dict[str, str]] = {
    "good": {},
    "good with everything": {
        "steis_number": "2022/123", "theme_2": "Self-neglect", "theme_3": "Homelessness", "media_interest": "Local",
        "latest_update": "An update.", "report_signed_off_on": "1/1/2022", "publication": "Public",
        "publication_date": "1/2/2022", "report_link": "https://example.org/report", "comments": "A comment.",
        "designated_professional": "Named GP",
    },
    "closed": {
        "status": "Closed", "date_closed": "1/2/2022", "publication": "Embargoed", "report_signed_off_on": "1/1/2022",
    },
    **{f"no {name}": {name: ""} for name in (
        "date_added", "partnership_name", "partnership_kind", "review_type", "incident_date", "overview", "theme_1",
    )},
    **{f"{typed} as {name}": {name: typed} for name in ("incident_date", "date_added", "report_signed_off_on") for typed
       in ("31/2/2022", "13/2022", "1/1", "x", "1/1/22", "1/1/1899", "1/1/2101", "99/99/9999", "1/3/2022", "2021-3-1")},
    **{f"nonsense as {name}": {name: "No such thing"} for name in (
        "partnership_kind", "review_type", "theme_1", "theme_2", "theme_3", "media_interest", "publication", "status",
        "designated_professional", "ccg",
    )},
    **{f"too long {name}": {name: LONG * 900} for name in ("overview", "lessons", "latest_update", "comments")},
    **{f"too long {name}": {name: "x" * 250} for name in ("partnership_name", "steis_number", "local_identifier")},
    "a link that is too long": {"publication": "Public", "report_link": "https://example.org/" + "x" * 2000},
    "control characters": {"overview": "A\x07B", "lessons": "A\x1bB", "local_identifier": "A\x01"},
    "no number": {"local_identifier": ""},
    "added before the incident": {"date_added": "1/2/2021"},
    "added tomorrow": {"date_added": "15/2/2022"},
    "the same theme twice": {"theme_2": "Neglect and acts of omission"},
    "the third theme without the second": {"theme_3": "Self-neglect"},
    "signed off before the incident": {"report_signed_off_on": "1/3/2020"},
    "published and not signed off": {"publication": "Public", "publication_date": "1/2/2022"},
    "published before it was signed off": {
        "publication": "Public", "report_signed_off_on": "1/2/2022", "publication_date": "1/1/2022",
    },
    "a link that is none": {"publication": "Public", "report_link": "javascript:alert(1)"},
    "a link while not public": {"report_link": "https://example.org/"},
    "closed without a date": {"status": "Closed"},
    "closed and not decided": {"status": "Closed", "date_closed": "1/2/2022"},
    "closed and public without a date": {"status": "Closed", "date_closed": "1/2/2022", "publication": "Public"},
    "closed and embargoed, not signed off": {
        "status": "Closed", "date_closed": "1/2/2022", "publication": "Embargoed",
    },
    "closed before the incident": {
        "status": "Closed", "date_closed": "1/2/2021", "publication": "Embargoed", "report_signed_off_on": "1/1/2022",
    },
    "closed, to be published": {
        "status": "Closed", "date_closed": "1/2/2022", "publication": "Public", "report_signed_off_on": "1/1/2022",
        "publication_date": "1/12/2022",
    },
    "open with a closing date": {"date_closed": "1/2/2022"},
    "a CCG of somebody else": {"ccg": "93C"},
    "a CCG before it opened": {"date_added": "1/3/2020", "incident_date": "1/1/2020"},
    "a predecessor in its time": {"date_added": "1/3/2020", "incident_date": "1/1/2020", "ccg": "00D"},
    "a case that is not there": {"converted_from": "SCR-33333333"},
    "no reference": {"converted_from": "nonsense"},
    "a case that is no rapid review": {"converted_from": "SCR-44444444"},
    "a rapid review": {"converted_from": "scr 6666 6666"},
    "a rapid review from a rapid review": {"converted_from": "SCR-66666666", "review_type": "Rapid Review (child)"},
    "a rapid review of another CCG": {"converted_from": "SCR-77777777"},
    "several at once": {"overview": "", "incident_date": "1/1/2101", "theme_1": "", "publication": "Odd"},
}  # fmt: skip


@pytest.fixture(scope="module")
def nothing() -> None:
    assert len(ROWS) > 60


def add_others(app: Flask) -> None:
    add_case(app, "84H", local_identifier="TAKEN", reference="SCR-44444444")
    add_case(app, "84H", steis_number="2022/9", local_identifier="OTHER")
    add_case(app, "84H", review_type="rapid_review", local_identifier="RAPID", reference="SCR-66666666")
    add_case(app, "93C", review_type="rapid_review", local_identifier="THEIRS", reference="SCR-77777777")


def of_the_form(visitor: Visitor, typed: dict[str, str], importer: Importer) -> set[tuple[str, str]]:
    """What the form says of a row: each sentence with its item."""
    fields: dict[str, str] = {}
    for name, words in typed.items():
        item = ITEMS[name]
        if item.kind is Kind.DATE:
            fields |= {f"{name}-day": words, f"{name}-month": "", f"{name}-year": ""}
        elif item.kind is Kind.CODE:
            entries = importer.lookups.codes[item.code_list].values()
            fields[name] = next((str(one.id) for one in entries if one.label == words), words)
        elif item.kind is Kind.ORGANISATION:
            places = importer.lookups.organisations.case_holders()
            fields[name] = next((str(one.id) for one in places if one.code == words), words)
        elif item.choices is not None:
            fields[name] = next((one.value for one in item.choices if one.label == words), words)
        else:
            fields[name] = words
    answer = visitor.post_form("/cases/new/", fields)
    if answer.status_code == 302:
        return set()
    summary = answer.text.partition('nhsuk-error-summary__list">')[2].partition("</ul>")[0]
    found = re.findall(r'href="#([a-z_0-9]+)(?:-day|-month|-year)?"[^>]*>\s*([^<]+?)\s*</a>', summary)
    assert found, answer.text[:3000]
    return {(name, unescape(said)) for name, said in found}


# What the form does not offer it calls none of its list; a file offers nothing, so the import says why.
SAID_MORE = {
    "a predecessor after its time": (
        {"ccg": "00D"}, "ccg",
        "NHS Durham Dales, Easington and Sedgefield CCG closed on 31 March 2020. Select the CCG that was open on"
        " 1 February 2022",
    ),
    "a type that is not active": (
        {"review_type": ENDED}, "review_type",
        f"{ENDED} could not be chosen on 1 February 2022. Select another type of review",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", SAID_MORE)
def test_where_the_form_offers_no_such_thing_the_import_says_why(app: Flask, row: str) -> None:
    changes, name, sentence = SAID_MORE[row]
    importer = Importer(app)
    line = importer.lines(importer.check(csv_of([changes])))[0]
    assert line.problems == {name: [sentence]}
    said = of_the_form(Visitor(app).sign_in("ccg-84H"), ROW | changes, importer)
    assert said == {(name, ITEMS[name].not_in_the_list)}


@pytest.mark.parametrize("row", ROWS)
def test_the_form_and_the_import_say_the_same(app: Flask, row: str, nothing: None) -> None:
    add_others(app)
    typed = ROW | ROWS[row]
    importer = Importer(app)
    line = importer.lines(importer.check(csv_of([typed])))[0]
    of_the_import = {(name, said) for name, sentences in line.problems.items() for said in sentences}
    assert of_the_import == of_the_form(Visitor(app).sign_in("ccg-84H"), typed, importer)
    assert (line.outcome == "wrong") == bool(of_the_import)
