"""Lists that are kept and files that come in, in Chromium: a merger, a file with mistakes, a theme that is retired."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from sqlalchemy import update

from app.case_imports.headings import ITEMS, heading_of
from app.case_imports.template import NEEDED
from models import CaseImport
from models.base import utc_now
from models.enumerations import ImportState
from tests.browser.people import given_signed_in
from tests.case_imports.files import ROW, Importer, csv_of
from tests.conftest import add_case
from tests.databases import unguarded

pytestmark = pytest.mark.browser


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_an_administrator_merges_two_ccgs(browser_of: Callable[..., Page], javascript: bool) -> None:
    page, code = browser_of(javascript=javascript), f"9Z{int(javascript)}"
    given_signed_in(page, "administrator")
    page.goto("/ccgs/?flt_current_is=yes")
    page.get_by_role("link", name="Merge CCGs").click()
    page.get_by_label("ODS codes of those that merge").fill("84H 16C 7X7")
    page.get_by_label("ODS code of the one that takes over").fill(code)
    page.get_by_role("textbox", name="Name", exact=True).fill("NHS Durham and Tees Valley CCG")
    page.get_by_label("What is it part of?").select_option(label="Cumbria and North East (QHM)")
    for part, typed in (("day", "1"), ("month", "4"), ("year", "2090")):
        page.locator(f"[name=first_day-{part}]").fill(typed)
    page.get_by_role("button", name="See what would happen").click()
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("No CCG has the code 7X7")
    page.get_by_label("ODS codes of those that merge").fill("84H 16C")
    page.get_by_role("button", name="See what would happen").click()
    heading(page, f"Merge 84H 16C into {code}")
    expect(page.get_by_role("main")).to_contain_text(
        "NHS County Durham CCG (84H) closes. Its last day is 31 March 2090"
    )
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("main")).to_contain_text("Applied: 5 changes")
    page.goto("/ccgs/?search=84H")
    page.get_by_role("link", name="84H").click()
    expect(page.get_by_role("main")).to_contain_text(f"Taken over by NHS Durham and Tees Valley CCG ({code})")
    page.goto("/reorganisations/")
    page.get_by_role("link", name=f"Merge 84H 16C into {code}").click()
    page.get_by_role("link", name="Undo this").click()
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.get_by_role("main")).to_contain_text("Everything is as it was before")
    page.goto(f"/ccgs/?search={code}")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("0 CCGs")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_ccg_imports_a_file_with_mistakes_mends_it_and_imports_again(
    browser_of: Callable[..., Page], tmp_path: Path, javascript: bool
) -> None:
    page, called = browser_of(javascript=javascript), f"FILE-{int(javascript)}"
    given_signed_in(page, "ccg-84H")
    page.goto("/imports/")
    page.get_by_role("link", name="Cases from a spreadsheet").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="Template for a spreadsheet (XLSX)").click()
    file = tmp_path / "cases.xlsx"
    started.value.save_as(file)
    book = load_workbook(file)
    sheet = book["Cases"]
    at = {str(cell.value).removesuffix(NEEDED): cell.column for cell in sheet[1]}
    for number in range(3):
        row = ROW | {"local_identifier": f"{called}-{number}", "incident_date": "31/2/2021" if number else "1/3/2021"}
        for name, typed in row.items():
            sheet.cell(number + 2, at[heading_of(ITEMS[name])], typed)
    book.save(file)
    when_given(page, file)
    heading(page, "cases.xlsx")
    expect(page.get_by_role("main")).to_contain_text("Incident date must be a real date (Incident date: 31/2/2021)")
    page.get_by_role("button", name="Add 1 case").click()
    expect(page.get_by_role("main")).to_contain_text("Saved: 1 case added")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download the 2 lines to mend as CSV").click()
    mended = tmp_path / "mended.csv"
    started.value.save_as(mended)
    mended.write_text(mended.read_text(encoding="utf-8").replace("31/2/2021", "28/2/2021"), encoding="utf-8")
    page.goto("/imports/cases/")
    when_given(page, mended)
    page.get_by_role("button", name="Add 2 cases").click()
    expect(page.get_by_role("main")).to_contain_text("Saved: 2 cases added")
    page.goto("/imports/cases/")
    when_given(page, file)
    expect(page.get_by_role("main")).to_contain_text("Already there (1)")
    page.goto(f"/cases/?search={called}-1")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("1 case")


def when_given(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()


def test_an_administrator_retires_a_theme_that_is_in_use(browser_of: Callable[..., Page], service: Flask) -> None:
    case = add_case(service, "84H", theme_1="forced_marriage")
    page = browser_of()
    given_signed_in(page, "administrator")
    page.goto("/theme-list/?search=forced")
    page.get_by_role("link", name="Forced marriage").first.click()
    page.get_by_role("link", name="Retire").click()
    expect(page.get_by_role("main")).to_contain_text(re.compile(r"Open cases\s+(How many\s+)?1"))
    page.get_by_role("button", name="Retire").click()
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Enter the last day")
    for part, typed in (("day", "1"), ("month", "1"), ("year", "2021")):
        page.locator(f"[name=last_day-{part}]").fill(typed)
    page.get_by_label("Which entry is chosen instead?").select_option(label="Domestic abuse")
    page.get_by_role("button", name="Retire").click()
    expect(page.get_by_role("main")).to_contain_text("Forced marriage cannot be chosen after 1 January 2021")
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("main")).to_contain_text("Active to")
    ccg = browser_of()
    given_signed_in(ccg, "ccg-84H")
    ccg.goto(f"/cases/details/?id={case.id}")
    expect(ccg.get_by_role("main")).to_contain_text("Forced marriage")
    ccg.goto("/cases/new/")
    options = ccg.get_by_label("Main abuse or vulnerability theme").locator("option").all_inner_texts()
    assert "Forced marriage" not in options and "Domestic abuse" in options
    page.goto("/theme-list/?search=forced")
    page.get_by_role("link", name="Forced marriage").first.click()
    page.get_by_role("link", name="Use it again").click()
    page.get_by_role("button", name="Use it again").click()
    expect(page.get_by_role("main")).to_contain_text("Forced marriage can be chosen again")


def test_a_page_that_waits_for_a_file_shows_by_itself_when_it_is_done(
    browser_of: Callable[..., Page], service: Flask
) -> None:
    importer = Importer(service)
    one = importer.check(csv_of([{"local_identifier": "WAITS-1"}]))

    def is_now(state: ImportState) -> None:
        with unguarded(service) as session:
            changes = {"state": state, "lines_done": 1, "alive_at": utc_now(), "given_at": utc_now()}
            session.execute(update(CaseImport).where(CaseImport.id == one.id).values(changes))
            session.commit()

    is_now(ImportState.CHECKING)
    page = browser_of()
    given_signed_in(page, "ccg-84H")
    page.goto(f"/imports/cases/details/?id={one.id}")
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("Being checked: 1 line so far.")
    assert page.locator("meta[http-equiv=refresh]").count() == 0, "a page that reloads interrupts a screen reader"
    is_now(ImportState.CHECKED)
    expect(page.get_by_role("button", name="Add 1 case")).to_be_visible()
