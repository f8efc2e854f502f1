"""Columns, saved views and one update for several cases, in a browser, with JavaScript and without."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import given_signed_in
from tests.browser.test_accessibility import violations
from tests.browser.test_journeys import (
    then_the_case_shows,
    when_a_case_is_recorded_with_mistakes,
    when_the_mistakes_are_mended,
)

pytestmark = pytest.mark.browser


def recorded(page: Page, identifier: str) -> str:
    when_a_case_is_recorded_with_mistakes(page)
    when_the_mistakes_are_mended(page, identifier)
    return then_the_case_shows(page)


def looked_at(page: Page, javascript: bool) -> list[object]:
    """What axe finds, where it can run."""
    return violations(page) if javascript else []


@pytest.mark.parametrize(("javascript", "width"), [(True, 1280), (True, 320), (False, 1280)])
def test_a_list_is_made_ones_own(browser_of: Callable[..., Page], javascript: bool, width: int) -> None:
    page, own = browser_of(javascript=javascript, width=width), f"{javascript}-{width}"
    given_signed_in(page, "ccg-84H")
    references = [recorded(page, f"{own}-{number}") for number in range(2)]
    page.goto("/cases/?flt_status_is=open")
    page.locator("summary", has_text="Columns").click()
    found = looked_at(page, javascript)
    page.get_by_label("Lessons learned and recommendations").check()
    page.get_by_label("Media interest").last.check()
    page.get_by_role("button", name="Show these columns").click()
    expect(page.get_by_text("- Ask again. - Write it down.").first).to_be_visible()
    page.get_by_role("link", name="Save this view").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Enter a name for the view")
    found += looked_at(page, javascript)
    page.get_by_label("What should this view be called?").fill(own)
    page.get_by_role("button", name="Save").click()
    page.goto("/cases/")
    page.get_by_role("link", name=own, exact=True).click()
    expect(page.get_by_text("- Ask again. - Write it down.").first).to_be_visible()
    expect(page).to_have_url(re.compile("flt_status_is=open.*columns="))
    for reference in references:
        page.get_by_label(f"Select {reference}").check(force=True)
    page.get_by_role("button", name="Update the selected cases").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Update 2 cases")
    page.get_by_role("button", name="Update 2 cases").click()
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Enter the latest update")
    found += looked_at(page, javascript)
    page.get_by_label("Latest update").fill(f"The panel met: {own}.")
    page.get_by_role("button", name="Update 2 cases").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 cases updated")
    found += looked_at(page, javascript)
    page.get_by_role("link", name=references[0]).click()
    expect(page.get_by_text(f"The panel met: {own}.")).to_be_visible()
    if javascript:
        page.goto("/cases/")
        page.get_by_label("Select all on this page").check(force=True)
        selected = page.locator("tbody input[type=checkbox]:checked").count()
        assert selected == page.locator("tbody tr").count() >= 2
    page.goto("/cases/")
    page.get_by_role("link", name=own, exact=True).click()
    page.get_by_role("link", name="delete the view").click()
    found += looked_at(page, javascript)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"View “{own}” deleted")).to_be_visible()
    assert not found, found
