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
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.databases import SQLiteDatabases

ROOT = Path(__file__).resolve().parents[2]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium, or a skip that says what to install. On CI there is no skip."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        sentence = "Chromium is not here. Install it (apt-get install chromium), or set CHROMIUM to its path."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(sqlite_databases: SQLiteDatabases, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a service that was started for one module, with two workers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with sqlite_databases.fresh() as database:
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment |= database.settings
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--workers", "2",
             "--threads", "2", "--no-control-socket", "--log-level", "error"],
            cwd=ROOT, env=environment,
        )  # fmt: skip
        try:
            _wait_for(f"http://127.0.0.1:{port}/health/ready", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        assert process.poll() is None, "the server ended before it answered"
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - an address made above
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server did not answer within 10 seconds")


@pytest.fixture
def browser_of(chromium: Browser, server: str) -> Iterator[Callable[..., Page]]:
    """A new person's browser: `browser_of(javascript=False, width=320)`. Console errors fail the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(*, javascript: bool = True, width: int = 1280) -> Page:
        context = chromium.new_context(
            base_url=server,
            java_script_enabled=javascript,
            viewport={"width": width, "height": 900},
            accept_downloads=True,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
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
