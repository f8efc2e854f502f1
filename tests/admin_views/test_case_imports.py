"""The page of a file of cases: what it says before and after it is saved, and which part of it is not read."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.case_imports.files import Importer, csv_of
from tests.visitor import Visitor

LOOKS_LIKE_A_PERSON = {"overview": "Born on 3/4/1950."}


@pytest.fixture
def durham(fresh_app: Flask) -> Importer:
    return Importer(fresh_app)


def page_of(importer: Importer, address: str) -> str:
    return Visitor(importer.app).sign_in("ccg-84H").get(address).text


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main>")[0]).split())


def test_columns_that_are_not_read_are_named(durham: Importer) -> None:
    file = csv_of([{"local_identifier": "N-1"}]).replace(b"Comments", b"Remarks <b>")
    one = durham.check(file)
    page = page_of(durham, f"/imports/cases/details/?id={one.id}")
    assert "This column is not read, because the template has none of that name: Remarks &lt;b&gt;." in text_of(page)
    as_made = durham.check(csv_of([{"local_identifier": "N-2"}]))
    assert "not read" not in page_of(durham, f"/imports/cases/details/?id={as_made.id}")


def test_lines_that_may_identify_somebody_are_named_and_the_error_leads_to_the_question(durham: Importer) -> None:
    rows = [{"local_identifier": f"N-{number}", **(LOOKS_LIKE_A_PERSON if number else {})} for number in range(3)]
    address = f"/imports/cases/details/?id={durham.check(csv_of(rows)).id}"
    assert "Text in lines 3 and 4 looks like an NHS number or a date of birth" in text_of(page_of(durham, address))
    visitor = Visitor(durham.app).sign_in("ccg-84H")
    page = visitor.client.post(address, data=visitor.form_on(address).fields).text
    assert 'href="#confirm_identifiers"' in page and 'aria-describedby="confirm_identifiers-error"' in page


def test_what_the_file_holds_is_said_before_the_button(durham: Importer) -> None:
    rows = [{"local_identifier": "N-1"}, {"local_identifier": "N-2"}, {"local_identifier": ""}]
    said = text_of(page_of(durham, f"/imports/cases/details/?id={durham.check(csv_of(rows)).id}"))
    assert "3 lines: 1 to mend, 2 new. Nothing is saved yet." in said
    assert said.index("Nothing is saved yet") < said.index("Add 2 cases")
    empty = text_of(page_of(durham, f"/imports/cases/details/?id={durham.check(csv_of([])).id}"))
    assert "The file has headings and no lines." in empty and "There is no such line" not in empty


def test_many_lines_that_may_identify_somebody_are_counted(durham: Importer) -> None:
    rows = [{"local_identifier": f"N-{number}", **LOOKS_LIKE_A_PERSON} for number in range(14)]
    address = f"/imports/cases/details/?id={durham.check(csv_of(rows)).id}"
    assert "Text in lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 4 others looks" in text_of(page_of(durham, address))


def test_once_it_is_saved_the_page_says_so_once_and_leads_to_the_cases(durham: Importer) -> None:
    one = durham.apply(durham.check(csv_of([{"local_identifier": "N-1"}, {"local_identifier": ""}])))
    address = f"/imports/cases/details/?id={one.id}"
    page = page_of(durham, address)
    assert "<title>Saved: cases.csv" in " ".join(page.split())
    assert 'class="nhsuk-notification-banner nhsuk-notification-banner--success"' in page
    assert "Saved: 1 case added " in text_of(page) and "Added (1)" in text_of(page)
    assert 'href="/cases/">See your cases' in page
    assert "nhsuk-notification-banner" not in page_of(durham, f"{address}&show=new")
