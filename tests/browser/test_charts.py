"""Charts in Chromium, at every width, on paper, from right to left, and in the reader's own colours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests.browser.test_accessibility import invalid_html, violations
from tests.nhsuk.gallery import CHARTS, make_app

pytestmark = pytest.mark.browser
WIDTHS = 320, 500, 760, 1000, 1280

# Words in drawings that are small, cut off by the window, or that overlap.
LOST_WORDS = """() => [...document.querySelectorAll("figure")].flatMap((figure) => {
  const found = [];
  const texts = [...figure.querySelectorAll("svg text")]
    .filter((one) => one.getClientRects().length && !(one.closest("thead")?.clientWidth <= 1))
    .map((one) => [one.textContent, one.getBoundingClientRect(), parseFloat(getComputedStyle(one).fontSize)]);
  for (const [text, box, size] of texts)
    if (size < 14 || box.left < 0 || box.right > innerWidth) found.push([text, size, box.left, box.right]);
  texts.forEach(([one, a], place) => texts.slice(place + 1).forEach(([other, b]) => {
    if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4) found.push([one, other]);
  }));
  return found.map((one) => [figure.getAttribute("aria-labelledby"), ...one]);
})"""
# Widths of the drawings in the rows of each table.
WIDTHS_OF_BARS = """() => [...document.querySelectorAll(".tracker-rows")].map(
  (table) => [...table.querySelectorAll(".tracker-bar")].map((one) => one.getBoundingClientRect().width))"""
# The colours of what is drawn.
COLOURS = """() => {
  const canvas = getComputedStyle(document.body).backgroundColor;
  const marks = document.querySelectorAll(
    "svg text, .tracker-mark, .tracker-arrow, .tracker-line, .tracker-gridline, .tracker-axis, .tracker-band");
  const seen = [...marks].filter((one) => {
    const style = getComputedStyle(one);
    return [style.fill, style.stroke].some((colour) => colour === getComputedStyle(document.body).color);
  });
  return [canvas, marks.length - seen.length, marks.length];
}"""


# Whether something hides the link that has the focus, of those in a grid.
IS_HIDDEN = """() => {
  const link = document.activeElement;
  if (!link.closest(".tracker-grid td")) return false;
  const box = link.getBoundingClientRect();
  return !link.contains(document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2));
}"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of the gallery, in the place of the service."""
    running = make_server("127.0.0.1", 0, make_app(), threaded=True)
    thread = Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_no_chart_has_a_violation(browser_of: Callable[..., Page], direction: str) -> None:
    page = browser_of()
    page.goto(f"/?dir={direction}")
    found: list[Any] = []
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        found += [(width, one) for one in violations(page)]
    assert not found, found


def test_the_html_of_charts_is_valid(browser_of: Callable[..., Page], tmp_path: Path) -> None:
    answer = browser_of().goto("/")
    assert answer is not None
    (tmp_path / "charts.html").write_text(f"{answer.text()}\n<!-- charts -->\n", encoding="utf-8")
    assert not (wrong := invalid_html(tmp_path)), wrong


def test_charts_are_the_same_without_javascript(browser_of: Callable[..., Page]) -> None:
    page = browser_of(javascript=False)
    page.goto("/")
    assert page.locator("figure").count() == len(CHARTS)
    assert page.get_by_role("img", name="Cases added", exact=True).is_visible()


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("width", WIDTHS)
def test_words_in_drawings_can_be_read(browser_of: Callable[..., Page], width: int, direction: str) -> None:
    page = browser_of(width=width)
    page.goto(f"/?dir={direction}")
    assert page.evaluate(LOST_WORDS) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_bars_of_a_table_have_one_scale(browser_of: Callable[..., Page], width: int) -> None:
    page = browser_of(width=width)
    page.goto("/")
    for widths in page.evaluate(WIDTHS_OF_BARS):
        assert max(widths) - min(widths) < 1, widths
        assert min(widths) > 100


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_what_is_drawn_takes_the_readers_own_colours(chromium: Browser, server: str, scheme: Any) -> None:
    with chromium.new_context(base_url=server, forced_colors="active", color_scheme=scheme) as context:
        page = context.new_page()
        page.goto("/")
        canvas, lost, marks = page.evaluate(COLOURS)
        assert canvas == {"dark": "rgb(0, 0, 0)", "light": "rgb(255, 255, 255)"}[scheme]
        assert (lost, marks > 100) == (0, True)


def test_nothing_is_cut_off_on_paper(chromium: Browser, server: str) -> None:
    # A4 with the margins that browsers leave, and turned for grids of many columns.
    for selector, width in ((".tracker-chart:not(.tracker-chart--wide)", 718), (".tracker-chart--wide", 1047)):
        with chromium.new_context(base_url=server, viewport={"width": width, "height": 900}) as context:
            page = context.new_page()
            page.emulate_media(media="print")
            page.goto("/")
            sides = page.locator(f"{selector} :is(table, svg)").evaluate_all(
                "(all) => all.map((one) => one.getBoundingClientRect().right)"
            )
            assert sides
            assert max(sides) <= width + 2


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_the_names_of_a_grid_do_not_hide_the_link_that_is_reached(
    browser_of: Callable[..., Page], direction: str
) -> None:
    page = browser_of(width=320)
    page.goto(f"/?dir={direction}")
    page.locator(".tracker-grid").first.locator("a").last.focus()
    hidden = []
    for key in ["Shift+Tab"] * 30 + ["Tab"] * 30:
        page.keyboard.press(key)
        if page.evaluate(IS_HIDDEN):
            hidden.append(page.evaluate("document.activeElement.textContent"))
    assert not hidden


def test_a_wide_chart_does_not_leave_the_page_before_it_empty(chromium: Browser, server: str) -> None:
    """Its page would have a name of its own, and begin on a new sheet."""
    with chromium.new_context(base_url=server) as context:
        page = context.new_page()
        page.emulate_media(media="print")
        page.goto("/")
        named = page.evaluate("""() => [".tracker-chart--wide", "body"].map(
            (one) => getComputedStyle(document.querySelector(one)).page)""")
        assert named == ["auto", "wide"]
