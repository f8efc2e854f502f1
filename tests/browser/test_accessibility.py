"""Every page in every state, at 1280 and at 320 pixels: axe finds no violation of WCAG 2.0 to 2.2, A and AA, nothing
scrolls sideways, and its HTML is valid."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page

from tests.browser.looks import LOOKS, Seen, known_cases, walk

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
RULES = Path(__file__).with_name("html-validate.mjs")
HTML_VALIDATE = ROOT / "node_modules/html-validate/bin/html-validate.mjs"
# Only what is asked for comes back: the whole result took three times as long as the checks. The menu is laid out anew
# in the frame after a change of width.
RUN = """async () => {
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
  const result = await axe.run({
    runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    resultTypes: ["violations"],
  });
  return {
    looked: result.passes.length,
    violations: result.violations.map((one) => [one.id, one.nodes.slice(0, 5).map((node) => node.target.join(" "))]),
    sideways: document.documentElement.scrollWidth > window.innerWidth,
  };
}"""


# As the service is: a worker that comes back to this module after another would add them twice.
@pytest.fixture(scope="session")
def ids(service: Flask) -> dict[str, str]:
    return known_cases(service)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Seen], None]]:
    """Keeps pages as they were sent; in the end one html-validate looks at all of them."""
    folder = tmp_path_factory.mktemp("pages")

    def keep(seen: Seen) -> None:
        file = folder / f"{len(list(folder.iterdir())):03}.html"
        file.write_text(f"{seen.html}\n<!-- {seen.name} -->\n", encoding="utf-8")

    yield keep
    assert not (wrong := invalid_html(folder)), wrong


@pytest.mark.parametrize("group", LOOKS)
def test_no_page_has_a_violation(
    browser_of: Callable[..., Page], ids: dict[str, str], kept: Callable[[Seen], None], group: str
) -> None:
    page = browser_of()
    found: list[Any] = []
    for seen in walk(page, group, ids):
        kept(seen)
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 900})
            found += [(seen.name, width, one) for one in violations(page)]
        page.set_viewport_size({"width": 1280, "height": 900})
    assert not found, found


def violations(page: Page) -> list[Any]:
    """What axe finds on a page, by rule, with the places; and whether the page scrolls sideways."""
    if not page.evaluate("window.axe !== undefined"):
        page.evaluate(AXE)
    result = page.evaluate(RUN)
    assert result["looked"] > 5, "axe did not look at the page"
    return [*result["violations"], *(["the page scrolls sideways"] if result["sideways"] else [])]


def invalid_html(folder: Path) -> list[str]:
    """What html-validate finds in the files of a folder: which page, which rule, and what is wrong."""
    node = shutil.which("node") or str(Path(sys.executable).with_name("node"))
    report = folder / "report.json"
    done = subprocess.run(
        [node, HTML_VALIDATE, "--config", RULES, "--formatter", f"json={report}", folder],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert report.is_file(), done.stderr
    return [
        f"{Path(file['filePath']).read_text(encoding='utf-8').splitlines()[-1]} {one['ruleId']}, line {one['line']}:"
        f" {one['message']}"
        for file in json.loads(report.read_text(encoding="utf-8"))
        for one in file["messages"]
    ]
