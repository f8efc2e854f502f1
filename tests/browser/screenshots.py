"""Pictures of the main pages with the demo cases, at 1280 and at 320 pixels, into screenshots/: `make screenshots`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from models import db
from tests.browser.looks import send, unfold
from tests.browser.people import NOBODY, given_signed_in
from tests.databases import SQLiteDatabases, new_app

FOLDER = Path(__file__).resolve().parents[2] / "screenshots"
OPEN_CASES = "/cases/?flt_status_is=open"


def open_case(page: Page) -> None:
    page.locator(".tracker-table tbody a").first.click()
    page.wait_for_url(re.compile("details"))


def close_case(page: Page) -> None:
    open_case(page)
    page.get_by_role("link", name="Close case").or_(page.get_by_role("button", name="Close case")).first.click()
    page.wait_for_url(re.compile("close"))


PICTURES: list[tuple[str, str, str, Callable[[Page], None] | None]] = [
    ("sign-in", NOBODY, "/sign-in/", None),
    ("home-ccg", "ccg-84H", "/", None),
    ("list", "ccg-84H", "/cases/", None),
    ("list-filtered", "ccg-84H", OPEN_CASES, unfold),
    ("list-empty", "ccg-84H", "/cases/?search=nothinglikethis", None),
    ("details", "ccg-84H", OPEN_CASES, open_case),
    ("form", "ccg-84H", "/cases/new/", None),
    ("form-with-errors", "ccg-84H", "/cases/new/", send),
    ("close", "ccg-84H", OPEN_CASES, close_case),
    ("not-found", "ccg-84H", "/nowhere/", None),
    ("home-england", "england", "/", unfold),
    ("list-england", "england", "/cases/", None),
    ("home-administrator", "administrator", "/", None),
    ("reference-list", "administrator", "/ccgs/", None),
    ("theme-list", "administrator", "/theme-list/", None),
    ("data-dictionary", "ccg-84H", "/data-dictionary/", None),
    ("cookies", NOBODY, "/cookies/", None),
    ("accessibility", NOBODY, "/accessibility/", None),
]


@pytest.fixture(scope="session")
def service(sqlite_databases: SQLiteDatabases) -> Iterator[Flask]:
    """The service with the demo cases."""
    with sqlite_databases.fresh() as database:
        app = new_app(database)
        app.config["SETTINGS"] = database.settings
        seeded = app.test_cli_runner().invoke(args=["seed", "demo"])
        assert seeded.exit_code == 0, seeded.output
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.mark.parametrize("width", [1280, 320])
def test_take_pictures(browser_of: Callable[..., Page], width: int) -> None:
    FOLDER.mkdir(exist_ok=True)
    for account in dict.fromkeys(picture[1] for picture in PICTURES):
        page = browser_of(width=width)
        if account:
            given_signed_in(page, account)
        for name, whose, address, act in PICTURES:
            if whose == account:
                page.goto(address)
                if act is not None:
                    act(page)
                page.screenshot(path=FOLDER / f"{name}-{width}.png", full_page=True)
