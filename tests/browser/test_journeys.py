"""Each role's main journey in Chromium, with JavaScript and without."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from app.extracts.download import taken_off
from tests.browser.people import given_signed_in
from tests.conftest import add_case

pytestmark = pytest.mark.browser
OVERVIEW = "=An older person fell at home.\n\nCarers' notes — “café” — were incomplete."
LESSONS = "- Ask again.\n- Write it down."


def when_a_case_is_recorded_with_mistakes(page: Page) -> None:
    page.goto("/cases/")
    page.get_by_role("link", name="Record a case").first.click()
    if page.get_by_role("radio", name="NHS County Durham CCG").count():
        page.get_by_role("radio", name="NHS County Durham CCG").check()
    page.get_by_label("Name of the partnership, board or CSP").fill("Durham Safeguarding Adults Partnership")
    page.get_by_label("Safeguarding Adults Board").check()
    page.get_by_label("Type of review").select_option(label="Safeguarding Adult Review, mandatory")
    page.get_by_label("Brief overview").fill(OVERVIEW)
    page.get_by_label("Main abuse or vulnerability theme").select_option(label="Neglect and acts of omission")
    page.get_by_label("Lessons learned and recommendations").fill(LESSONS)
    fill_date(page, "incident_date", "31", "2", "2021")
    page.get_by_role("button", name="Save").click()


def then_the_summary_leads_to_each_mistake(page: Page) -> None:
    summary = page.locator(".nhsuk-error-summary")
    expect(summary).to_contain_text("Enter a StEIS number or a local identifier")
    expect(summary).to_contain_text("Incident date must be a real date")
    expect(page).to_have_title(re.compile("^Error: "))
    for link in summary.get_by_role("link").all():
        target = (link.get_attribute("href") or "").removeprefix("#")
        expect(page.locator(f"[id='{target}']")).to_have_count(1)
    expect(page.get_by_label("Brief overview")).to_have_value(OVERVIEW)


def when_the_mistakes_are_mended(page: Page, identifier: str) -> None:
    page.get_by_label("Local identifier (if there is one)").fill(identifier)
    fill_date(page, "incident_date", "28", "2", "2021")
    page.get_by_role("button", name="Save").click()


def press(page: Page, words: str) -> None:
    """Follows a link of the page's own content, whether it looks like a button or not."""
    named = re.compile(rf"^{words}\b")
    main = page.get_by_role("main")
    main.get_by_role("link", name=named).or_(main.get_by_role("button", name=named)).first.click()


def fill_date(page: Page, name: str, *parts: str) -> None:
    for part, value in zip(("day", "month", "year"), parts, strict=True):
        page.locator(f"[name='{name}-{part}']").fill(value)


def then_the_case_shows(page: Page) -> str:
    heading = page.get_by_role("heading", level=1).inner_text()
    found = re.search(r"SCR-[346789BCDFGHJKMPQRTVWXY]{8}", heading)
    assert found, heading
    expect(page.get_by_text("Carers' notes — “café” — were incomplete.")).to_be_visible()
    return found.group()


def then_it_is_found(page: Page, reference: str) -> None:
    page.goto("/cases/")
    page.get_by_role("searchbox").fill("carers cafe incompl")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name=reference).first).to_be_visible()
    page.goto("/cases/")
    if page.locator("details:not([open]) > summary").count():
        page.locator("details:not([open]) > summary").first.click()
    page.locator("[name='flt_status_is']").select_option("open")
    page.locator("[name='flt_theme_1_is']").select_option("neglect")
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("link", name=reference).first).to_be_visible()
    page.goto("/cases/?flt_status_is=closed")
    expect(page.get_by_role("link", name=reference)).to_have_count(0)


def when_it_is_changed(page: Page, reference: str) -> None:
    page.goto(f"/cases/?search={reference}")
    page.get_by_role("link", name=reference).first.click()
    press(page, "Change")
    page.get_by_label("Latest update").fill("The panel has met.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The panel has met.")).to_be_visible()


def when_it_is_closed(page: Page) -> None:
    press(page, "Close case")
    fill_date(page, "report_signed_off_on", "1", "9", "2022")
    page.get_by_label("Embargoed").check()
    fill_date(page, "date_closed", "1", "10", "2022")
    page.get_by_role("button", name="Close case").click()
    expect(page.locator(".nhsuk-tag").first).to_have_text("Closed")


def then_the_download_reads_back(page: Page, reference: str, folder: Path) -> None:
    page.goto(f"/cases/?search={reference}")
    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile("Download")).click()
    file = folder / "cases.csv"
    started.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = [{name: taken_off(cell) for name, cell in row.items()} for row in csv.DictReader(opened)]
    assert [row["Reference"] for row in rows] == [reference]
    assert rows[0]["Brief overview"] == OVERVIEW
    assert rows[0]["Lessons learned/recommendations"] == LESSONS
    assert rows[0]["Latest update"] == "The panel has met."
    assert rows[0]["Incident date"] == "2021-02-28"
    assert rows[0]["Date incident closed"] == "2022-10-01"
    assert rows[0]["Open/closed status"] == "Closed"
    assert rows[0]["Review: public or embargoed"] == "Embargoed"


def then_signing_out_ends_it(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/cases/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.parametrize(
    ("account", "javascript"),
    [("ccg-84H", True), ("ccg-84H", False), ("two-ccgs", False)],
    ids=["with JavaScript", "without JavaScript", "for two CCGs"],
)
def test_a_ccg_records_finds_changes_closes_and_downloads(
    browser_of: Callable[..., Page], tmp_path: Path, account: str, javascript: bool
) -> None:
    page, identifier = browser_of(javascript=javascript), f"{account}-{javascript}"
    given_signed_in(page, account)
    when_a_case_is_recorded_with_mistakes(page)
    then_the_summary_leads_to_each_mistake(page)
    when_the_mistakes_are_mended(page, identifier)
    reference = then_the_case_shows(page)
    then_it_is_found(page, reference)
    when_it_is_changed(page, reference)
    when_it_is_closed(page)
    then_the_download_reads_back(page, reference, tmp_path)
    then_signing_out_ends_it(page)


@pytest.fixture(scope="module")
def reference_of_durham(service: Flask) -> str:
    """A case that NHS County Durham CCG has recorded."""
    return add_case(service, "84H", overview=OVERVIEW).reference


# What an account sees is made by the server: the scripts are the same for all of them.
@pytest.mark.parametrize(
    ("account", "javascript"),
    [("stp-QHM", False), ("region-Y63", False), ("england", False), ("analyst", False), ("england", True)],
)
def test_those_who_oversee_find_and_download_and_cannot_write(
    browser_of: Callable[..., Page], reference_of_durham: str, account: str, javascript: bool
) -> None:
    page, reference = browser_of(javascript=javascript), reference_of_durham
    given_signed_in(page, account)
    expect(page.get_by_role("link", name="Record a case")).to_have_count(0)
    for long_table in page.locator("details > summary", has_text="By CCG").all():
        long_table.click()
    page.get_by_role("link", name="NHS County Durham CCG (84H)", exact=True).click()
    page.get_by_role("link", name=reference).first.click()
    expect(page.get_by_text("were incomplete.")).to_be_visible()
    expect(page.get_by_role("main").get_by_text(re.compile("^Change"))).to_have_count(0)
    page.goto(f"/cases/?search={reference}")
    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile("Download")).click()
    assert reference in Path(started.value.path()).read_text(encoding="utf-8")
    then_signing_out_ends_it(page)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_an_administrator_keeps_lists_and_sees_no_case(browser_of: Callable[..., Page], javascript: bool) -> None:
    page = browser_of(javascript=javascript)
    given_signed_in(page, "administrator")
    expect(page.get_by_role("link", name="Cases", exact=True)).to_have_count(0)
    page.goto("/theme-list/?search=forced")
    page.get_by_role("link", name="Forced marriage", exact=True).click()
    press(page, "Change")
    page.get_by_label("Definition").fill(f"Reworded {javascript}.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(f"Reworded {javascript}.")).to_be_visible()
    then_signing_out_ends_it(page)


def test_somebody_without_a_role_is_told_whom_to_ask(browser_of: Callable[..., Page]) -> None:
    page = browser_of(javascript=False)
    page.goto("/")
    page.locator('form:has(input[value="no-access"]) button').click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You do not have access yet")
    expect(page.get_by_text("Ask the safeguarding lead of your CCG")).to_be_visible()
