"""A case recorded, mended, found and opened with the keyboard alone, at full size and at 400% zoom."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

# What can be seen of the element that has the focus. The design system draws the focus as a shadow; a radio button is
# itself invisible, and the circle before its label is drawn.
FOCUS = """(wanted) => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const box = one.getBoundingClientRect();
  const style = ["radio", "checkbox"].includes(one.type)
    ? getComputedStyle(one.labels[0], "::before") : getComputedStyle(one);
  const hasOutline = style.outlineStyle !== "none" && !/^rgba\\(.*, 0\\)$/.test(style.outlineColor);
  return {
    isWanted: one === wanted,
    what: one.outerHTML.slice(0, 120),
    isDrawn: style.boxShadow !== "none" || hasOutline,
    isOnScreen: box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth,
    sideways: document.documentElement.scrollWidth > innerWidth,
  };
}"""


class Keyboard:
    """Somebody who has no mouse. Wherever the focus goes, it must be seen."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def tab_to(self, target: Locator) -> None:
        """Presses Tab until the target has the focus."""
        wanted = target.element_handle()
        for _ in range(150):
            self.page.keyboard.press("Tab")
            seen = self.page.evaluate(FOCUS, wanted)
            if seen is None:
                continue
            assert seen["isDrawn"], f"no focus is drawn on {seen['what']}"
            assert seen["isOnScreen"], f"the focus is off the screen: {seen['what']}"
            assert not seen["sideways"], "the page scrolls sideways"
            if seen["isWanted"]:
                return
        raise AssertionError(f"150 times Tab do not lead to {target}")

    def press(self, target: Locator, key: str = "Enter") -> None:
        self.tab_to(target)
        self.page.keyboard.press(key)

    def follow(self, target: Locator) -> None:
        """Follows a link or presses a button that leads to another page."""
        self.tab_to(target)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def type(self, target: Locator, words: str) -> None:
        self.tab_to(target)
        self.page.keyboard.type(words)


def field(page: Page, name: str) -> Locator:
    return page.locator(f"[name='{name}']")


def when_signed_in(page: Page, hands: Keyboard) -> None:
    page.goto("/sign-in/")
    skip = page.get_by_role("link", name="Skip to main content")
    hands.press(skip)
    page.keyboard.press("Tab")
    inside = "document.querySelector('main').contains(document.activeElement)"
    assert page.evaluate(inside), "the skip link does not lead past the header"
    page.goto("/sign-in/")
    hands.follow(page.locator("form:has(input[value='ccg-16C']) button"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")


def when_a_case_is_recorded_without_its_date(page: Page, hands: Keyboard) -> None:
    hands.follow(page.get_by_role("main").get_by_role("link", name="Record a case"))
    hands.type(page.get_by_label("Name of the partnership, board or CSP"), "London SAB")
    # Tab goes to the first of several radio buttons, Space chooses it, arrows move on.
    hands.press(field(page, "partnership_kind").first, "Space")
    page.keyboard.press("ArrowDown")
    expect(field(page, "partnership_kind").nth(1)).to_be_checked()
    hands.type(page.get_by_label("Local identifier (if there is one)"), f"K{page.viewport_size}"[:20])
    hands.type(page.get_by_label("Type of review"), "Safeguarding Adult Review, m")
    hands.type(page.get_by_label("Brief overview"), "A fall.")
    hands.type(page.get_by_label("Main abuse or vulnerability theme"), "Self-neg")
    hands.follow(page.get_by_role("button", name="Save"))


def when_the_mistake_is_mended(page: Page, hands: Keyboard) -> None:
    expect(page.locator(".nhsuk-error-summary")).to_be_focused()
    hands.press(page.locator(".nhsuk-error-summary a[href^='#incident_date']"))
    expect(field(page, "incident_date-day")).to_be_focused()
    page.keyboard.type("28")
    hands.type(field(page, "incident_date-month"), "2")
    hands.type(field(page, "incident_date-year"), "2021")
    hands.follow(page.get_by_role("button", name="Save"))


def then_it_is_found_by_a_filter(page: Page, hands: Keyboard, reference: str) -> None:
    hands.follow(page.locator(".nhsuk-header__service-logo"))
    hands.follow(page.get_by_role("link", name="See all cases"))
    hands.press(page.locator("summary", has_text="Filter"))
    hands.type(field(page, "flt_theme_1_is"), "Self-neg")
    hands.follow(page.get_by_role("button", name="Apply filters"))
    hands.follow(page.get_by_role("link", name=reference, exact=True))
    expect(page.get_by_role("heading", level=1)).to_contain_text(reference)


@pytest.mark.parametrize(("width", "height"), [(1280, 1024), (320, 256)], ids=["full size", "400% zoom"])
def test_the_keyboard_is_enough(browser_of: Callable[..., Page], width: int, height: int) -> None:
    page = browser_of(width=width, height=height)
    hands = Keyboard(page)
    when_signed_in(page, hands)
    when_a_case_is_recorded_without_its_date(page, hands)
    when_the_mistake_is_mended(page, hands)
    found = re.search(r"SCR-\w{8}", page.get_by_role("heading", level=1).inner_text())
    assert found, page.get_by_role("main").inner_text()
    then_it_is_found_by_a_filter(page, hands, found.group())
    hands.follow(page.get_by_role("button", name="Sign out"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
