"""Two people change one case at the same time: the second to save chooses, and nothing of either is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from models import CaseReview
from tests.browser.people import given_signed_in
from tests.browser.test_keyboard import Keyboard, field
from tests.conftest import add_case

pytestmark = pytest.mark.browser
TITLE = "This case was changed while you had it open"


def given_both_have_it_open(browser_of: Callable[..., Page], case: CaseReview, **look: int | bool) -> tuple[Page, Page]:
    mine, theirs = browser_of(**look), browser_of(javascript=False)
    for page, account in ((mine, "ccg-84H"), (theirs, "two-ccgs")):
        given_signed_in(page, account)
        page.goto(f"/cases/edit/?id={case.id}")
    return mine, theirs


def when_the_other_saves(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        field(page, name).fill(value)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("saved", exact=False).first).to_be_visible()


def then_the_case_says(page: Page, *texts: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text("SCR-")
    for text in texts:
        expect(page.get_by_role("main").get_by_text(text, exact=True)).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_second_to_save_merges(browser_of: Callable[..., Page], service: Flask, javascript: bool) -> None:
    case = add_case(service, "84H")
    page, other = given_both_have_it_open(browser_of, case, javascript=javascript)
    when_the_other_saves(other, lessons="Theirs: ask.", latest_update="Theirs: met.", comments="Theirs alone.")
    for name, value in {"lessons": "Mine: ask.", "latest_update": "Mine: met.", "overview": "Mine alone."}.items():
        field(page, name).fill(value)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(TITLE)
    page.get_by_role("group", name="Lessons learned").get_by_role("radio", name="Use mine").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Select which latest update to keep").click()
    expect(page.get_by_role("group", name="Lessons learned").get_by_role("radio", name="Use mine")).to_be_checked()
    page.get_by_role("group", name="Latest update").get_by_role("radio", name="Keep theirs").check()
    page.get_by_role("button", name="Save").click()
    then_the_case_says(page, "Mine: ask.", "Theirs: met.", "Theirs alone.", "Mine alone.")

    # Back to the form (a browser keeps none of the pages in between), and once more. Without JavaScript the link of
    # the summary is a step of its own.
    with page.expect_navigation():
        page.evaluate(f"history.go({-3 if javascript else -4})")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nothing was changed in case")).to_be_visible()
    page.goto(f"/cases/history/?id={case.id}")
    expect(page.get_by_role("heading", name="Version 3")).to_be_visible()
    expect(page.get_by_role("heading", name="Version 4")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(1280, 1024), (320, 256)], ids=["full size", "400% zoom"])
def test_the_keyboard_is_enough_to_choose(
    browser_of: Callable[..., Page], service: Flask, width: int, height: int
) -> None:
    page, other = given_both_have_it_open(browser_of, add_case(service, "84H"), width=width, height=height)
    hands = Keyboard(page)
    when_the_other_saves(other, lessons="Theirs: ask.", latest_update="Theirs: met.")
    hands.type(field(page, "latest_update"), "Mine: ")
    hands.type(field(page, "lessons"), "Mine: ask.")
    hands.follow(page.get_by_role("button", name="Save"))
    hands.follow(page.get_by_role("button", name="Save"))
    expect(page.locator(".nhsuk-error-summary")).to_be_focused()
    hands.press(page.locator(".nhsuk-error-summary a").first)
    expect(field(page, "choose-latest_update").first).to_be_focused()
    page.keyboard.press("Space")
    hands.press(field(page, "choose-lessons").first, "Space")
    page.keyboard.press("ArrowDown")
    expect(field(page, "choose-lessons").nth(1)).to_be_checked()
    hands.follow(page.get_by_role("button", name="Save"))
    then_the_case_says(page, "Theirs: met.", "Mine: ask.")
