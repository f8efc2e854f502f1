"""axe finds no violation of WCAG 2.0 to 2.2, A and AA, and no page scrolls sideways, at 1280 and at 320 pixels."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_journeys import (
    given_signed_in,
    then_the_case_shows,
    when_a_case_is_recorded_with_mistakes,
    when_the_mistakes_are_mended,
)

pytestmark = pytest.mark.browser
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def case_id(chromium: Browser, server: str) -> str:
    page = chromium.new_page(base_url=server)
    given_signed_in(page, "ccg-84H")
    when_a_case_is_recorded_with_mistakes(page)
    when_the_mistakes_are_mended(page, "for axe")
    then_the_case_shows(page)
    found = re.search(r"id=([0-9a-f-]{36})", page.url)
    page.close()
    assert found
    return found.group(1)


PAGES = {
    "ccg-84H": [
        "/", "/cases/", "/cases/?search=nothinglikethis", "/cases/?flt_status_is=open&sort=2&desc=1", "/cases/new/",
        "/cases/details/?id={id}", "/cases/edit/?id={id}", "/cases/close/?id={id}", "/cases/withdraw/?id={id}",
        "/nowhere/", "/data-dictionary/",
    ],
    "two-ccgs": ["/cases/new/"],
    "england": ["/", "/cases/"],
    "administrator": ["/", "/ccgs/", "/theme-list/", "/cases/"],
}  # fmt: skip


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("account", PAGES)
def test_no_page_has_a_violation(browser_of: Callable[..., Page], case_id: str, account: str, width: int) -> None:
    page = browser_of(width=width)
    page.goto("/sign-in/")
    found = violations(page)
    given_signed_in(page, account)
    for address in PAGES[account]:
        page.goto(address.format(id=case_id))
        found += violations(page)
    if account == "ccg-84H":
        page.goto("/cases/new/")
        page.locator("textarea[name=lessons]").fill("999 000 0018")
        page.get_by_role("button", name="Save").click()
        found += violations(page)
    assert not found, found


def violations(page: Page) -> list[Any]:
    """What axe finds on a page, by rule, with the places; and whether the page scrolls sideways."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", TAGS)
    assert len(result["passes"]) > 5, "axe did not look at the page"
    found: list[Any] = [
        (page.url, one["id"], [node["target"] for node in one["nodes"]][:5]) for one in result["violations"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append((page.url, "the page scrolls sideways"))
    return found
