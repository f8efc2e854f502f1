"""Typing that is not saved: kept in the background, asked about before leaving, back after signing in again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.people import given_signed_in
from tests.browser.test_accessibility import violations

pytestmark = pytest.mark.browser
WORDS = "A fall at home, and nobody asked."


def given_words_that_are_kept(page: Page) -> None:
    page.clock.install()
    page.goto("/cases/new/")
    page.get_by_label("Brief overview").fill(WORDS)
    page.clock.run_for(21_000)
    expect(page.get_by_text(re.compile(r"^Kept at .*m\. Not saved yet\.$"))).to_be_visible()


@pytest.mark.parametrize("width", [1280, 320])
def test_a_session_that_ends_leaves_nothing_on_the_screen_and_loses_nothing(
    browser_of: Callable[..., Page], width: int
) -> None:
    page = browser_of(width=width)
    given_signed_in(page, "ccg-84H")
    given_words_that_are_kept(page)
    other = page.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Sign out").click()
    page.clock.run_for(26 * 60_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("You have been signed out")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert WORDS not in page.content()
    found = violations(page)
    page.get_by_role("link", name="Sign in again").click()
    page.locator('form:has(input[value="ccg-84H"]) button').click()
    expect(page.get_by_label("Brief overview")).to_have_value(WORDS)
    expect(page.get_by_text("is back. It is not saved yet.")).to_be_visible()
    found += violations(page)
    page.goto("/cases/new/")
    expect(page.get_by_label("Brief overview")).to_have_value("")
    found += violations(page)
    page.get_by_role("link", name="Go on with it").first.click()
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_text("What you typed was discarded")).to_be_visible()
    assert not found, found


def test_a_session_about_to_end_says_so_and_goes_on(browser_of: Callable[..., Page]) -> None:
    page = browser_of()
    given_signed_in(page, "ccg-84H")
    page.clock.install()
    page.goto("/cases/new/")
    page.get_by_label("Brief overview").fill(WORDS)

    def almost_over(route: Route) -> None:
        route.fulfill(json={"seconds": 200, "at": "10:45am", "final": False})

    page.route("**/sign-in/remaining", almost_over)
    page.clock.run_for(26 * 60_000)
    expect(page.get_by_role("alert")).to_contain_text("You will be signed out at 10:45am.")
    found = violations(page)
    page.get_by_role("button", name="Stay signed in").press("Enter")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_label("Brief overview")).to_have_value(WORDS)
    assert not found, found


def test_leaving_with_unsaved_words_asks_first(browser_of: Callable[..., Page]) -> None:
    page, asked = browser_of(), []
    given_signed_in(page, "ccg-84H")
    page.goto("/cases/new/")

    def answer(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        dialog.accept() if len(asked) > 1 else dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", answer)
    page.get_by_role("link", name="Home", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    assert asked == []  # nothing was typed
    page.goto("/cases/new/")
    page.get_by_label("Brief overview").press_sequentially("Words")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Record a case")
    expect(page.get_by_label("Brief overview")).to_have_value("Words")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cases")
    page.goto("/cases/new/")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".nhsuk-error-summary")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cases")
    assert asked == ["beforeunload"] * 3
