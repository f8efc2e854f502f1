"""A real browser against the real server: headless Chromium, gunicorn, a database file of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from models import db
from tests.databases import TEMPLATES_FOLDER, SQLiteDatabases, new_app

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Whatever Chromium does beside showing pages. Neither a process for each page nor a graphics card made in software.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--renderer-process-limit=1",
         "--disable-software-rasterizer"]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium, or a skip that says what to install. On CI there is no skip."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        sentence = "Chromium is not here. Install it (apt-get install chromium), or set CHROMIUM to its path."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    with one_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


_playwrights: list[Playwright] = []


@contextmanager
def one_playwright() -> Iterator[Playwright]:
    """The one of this process. Journeys have a fixture of this name of their own, and whichever tests a worker takes
    over, a second Playwright beside the first is refused."""
    if _playwrights:
        yield _playwrights[0]
        return
    with sync_playwright() as playwright:
        _playwrights.append(playwright)
        yield playwright
        _playwrights.clear()


@pytest.fixture(scope="session")
def service(sqlite_databases: SQLiteDatabases) -> Iterator[Flask]:
    """The service of all browser tests of a worker, to prepare what they look at: `add_case(service, "84H")`."""
    with sqlite_databases.fresh() as database:
        app = new_app(database)
        app.config["SETTINGS"] = database.settings
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def server(service: Flask) -> Iterator[str]:
    """The address of that service, with two processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    inherited = "PATH", "HOME", "LANG", TEMPLATES_FOLDER
    environment = {name: os.environ[name] for name in inherited if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--workers", "2",
         "--threads", "2", "--no-control-socket", "--log-level", "error", "--config", HERE / "serving.py"],
        cwd=ROOT, env=environment | service.config["SETTINGS"],
    )  # fmt: skip
    try:
        _wait_for(f"http://127.0.0.1:{port}/health/ready", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the server ended before it answered"
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - an address made above
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server did not answer within a minute")


# The console says it too, but not in the words that a test can rely on.
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`Against the policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@pytest.fixture
def complaints() -> list[str]:
    """What the browsers of a test complained about: errors, whatever the policy forbids, and requests to elsewhere."""
    return []


@pytest.fixture
def browser_of(chromium: Browser, server: str, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """A new person's browser: `browser_of(javascript=False, width=320)`. A complaint of the browser fails the test."""
    contexts: list[BrowserContext] = []

    def open_one(*, javascript: bool = True, width: int = 1280, height: int = 900) -> Page:
        context = chromium.new_context(
            base_url=server,
            java_script_enabled=javascript,
            viewport={"width": width, "height": height},
            accept_downloads=True,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        context.add_init_script(REPORT_VIOLATIONS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if is_a_complaint(said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((server, "data:", "blob:")) else complaints.append(asked.url),
        )
        return page

    def is_a_complaint(said: ConsoleMessage) -> bool:
        # Chromium says so of every page that answers 403 or 404, which some tests ask for.
        return said.type == "error" and not said.text.startswith("Failed to load resource: the server responded")

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints, f"The browser complained: {complaints}"
