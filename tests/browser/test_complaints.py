"""The tests in the browser notice what must fail them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_what_the_policy_forbids_and_what_scripts_throw_is_noticed(
    browser_of: Callable[..., Page], complaints: list[str]
) -> None:
    page = browser_of()
    page.goto("/sign-in/")
    assert complaints == []
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://elsewhere.example/'}))")
    page.evaluate("setTimeout(() => { throw new Error('thrown') })")
    page.wait_for_timeout(100)
    said = " ".join(complaints)
    assert "Against the policy: style-src-attr inline" in said
    assert "Against the policy: img-src https://elsewhere.example/" in said
    assert "thrown" in said
    complaints.clear()
