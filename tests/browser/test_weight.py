"""What a visit costs: the bytes that go over the line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page

from tests.browser.people import given_signed_in
from tests.conftest import add_case

pytestmark = pytest.mark.browser
FIRST_VISIT, NEXT_VISIT = 120_000, 25_000


def test_a_list_costs_little_at_first_and_less_afterwards(
    browser_of: Callable[..., Page], server: str, service: Flask
) -> None:
    for _ in range(20):
        add_case(service, "16C")
    signed_in, page = browser_of(), browser_of()
    given_signed_in(signed_in, "ccg-16C")
    for cookie in signed_in.context.cookies():
        page.context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": server}])
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    sizes: list[int] = []
    line.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))

    page.goto("/cases/", wait_until="networkidle")
    assert page.locator(".tracker-table tbody tr").count() == 20
    first = sum(sizes)
    sizes.clear()
    page.goto("/cases/", wait_until="networkidle")
    following = sum(sizes)
    assert 5_000 < following < NEXT_VISIT, following
    assert following < first < FIRST_VISIT, first
