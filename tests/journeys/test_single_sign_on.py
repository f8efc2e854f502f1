"""Signing in and out at a real OpenID provider, in a real browser, of the service as it runs for real."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select, update

from models import AuditEvent, Person, SignInAttempt, SignInSession
from models.base import utc_now
from models.enumerations import AuditAction
from tests.databases import unguarded
from tests.journeys.conftest import OpenIDProvider

pytestmark = [pytest.mark.browser, pytest.mark.postgresql]

Open = Callable[[], Page]


@pytest.fixture
def open_browser(chromium: Browser, server: str) -> Iterator[Open]:
    """A new person's browser."""
    contexts: list[BrowserContext] = []

    def open_one() -> Page:
        context = chromium.new_context(base_url=server)
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


def sign_in(page: Page, name: str = "lead", password: str = "right", address: str = "/sign-in/") -> None:
    page.goto(address)
    page.get_by_role("button", name="Sign in", exact=True).click()
    fill_in(page, name, password)


def fill_in(page: Page, name: str, password: str = "right") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Continue").click()


def is_signed_in(page: Page) -> bool:
    page.goto("/")
    return page.get_by_role("button", name="Sign out").count() == 1


def cookies_of(page: Page) -> list[Any]:
    """The cookies of the service. A host's cookies are those of all its ports."""
    return [one for one in page.context.cookies() if one["name"].startswith("__Host-")]


def refusals(app: Flask) -> list[str]:
    with unguarded(app) as session:
        found = select(AuditEvent.details).where(AuditEvent.action == AuditAction.SIGN_IN_REFUSED)
        return list(session.scalars(found.order_by(AuditEvent.at)))


def must_be_refused(page: Page, app: Flask, reason: str) -> None:
    """The page names a reference, and the audit the reason under it."""
    reference = re.search(r"[0-9A-F]{8}", page.locator("main").inner_text())
    assert reference, page.locator("main").inner_text()
    assert refusals(app)[-1] == f"{reason}, reference {reference[0]}"


def test_one_signs_in_with_the_right_password_and_out_everywhere(open_browser: Open, server: str) -> None:
    page = open_browser()
    page.goto("/cases/?flt_status_is=open")
    assert urlsplit(page.url).path == "/sign-in/"
    page.get_by_role("button", name="Sign in", exact=True).click()
    fill_in(page, "lead", "wrong")
    expect(page.get_by_text("Wrong name or password")).to_be_visible()
    fill_in(page, "lead")
    assert page.url == f"{server}/cases/?flt_status_is=open"
    expect(page.get_by_text("Lena Lead").first).to_be_visible()
    stolen = cookies_of(page)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Yes, out everywhere").click()
    assert urlsplit(page.url).path == "/sign-in/"
    thief = open_browser()
    thief.context.add_cookies(stolen)
    assert not is_signed_in(thief)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Password")).to_be_visible()  # the provider knows them no more


def test_whoever_cancels_comes_back_and_is_not_signed_in(open_browser: Open) -> None:
    page = open_browser()
    page.goto("/sign-in/?next=/cases/")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("You did not sign in")).to_be_visible()
    assert parse_qs(urlsplit(page.url).query) == {"next": ["/cases/"]}
    assert not is_signed_in(page)


def test_an_answer_works_once_and_in_the_browser_that_asked(open_browser: Open, service: Flask, server: str) -> None:
    page, answers = open_browser(), []
    page.on("request", lambda asked: answers.append(asked.url) if "/sign-in/callback" in asked.url else None)
    sign_in(page)
    assert is_signed_in(page)
    page.goto(answers[0])
    must_be_refused(page, service, "state_used")
    other = open_browser()
    other.goto(answers[0])
    must_be_refused(other, service, "other_browser")
    for query, reason in {
        "": "unknown_state",
        "?state=x&code=y": "unknown_state",
        "?state=%00&code=%F0%9F&iss=http://127.0.0.1": "unknown_state",
    }.items():
        other.goto(f"/sign-in/callback{query}")
        must_be_refused(other, service, reason)


def test_an_answer_of_another_provider_or_with_a_code_that_expired_is_refused(
    open_browser: Open, service: Flask, provider: OpenIDProvider
) -> None:
    def state_of(page: Page) -> str:
        page.goto("/sign-in/")
        with page.expect_request("**/auth?**") as asked:
            page.get_by_role("button", name="Sign in", exact=True).click()
        return parse_qs(urlsplit(asked.value.url).query)["state"][0]

    for query, reason in {
        "code=x&iss=http://127.0.0.1:9": "wrong_iss_parameter",
        "code=x": "missing_iss_parameter",
        f"code=x&iss={provider.issuer}": "code_refused",
        f"iss={provider.issuer}": "missing_code",
        f"error=server_error&iss={provider.issuer}": "provider_refuses",
    }.items():
        page = open_browser()
        page.goto(f"/sign-in/callback?state={state_of(page)}&{query}")
        must_be_refused(page, service, reason)
        assert not is_signed_in(page)


def test_what_goes_to_the_provider_is_bound_by_pkce_nonce_and_state(open_browser: Open, service: Flask) -> None:
    page = open_browser()
    page.goto("/sign-in/")
    with page.expect_request("**/auth?**") as asked:
        page.get_by_role("button", name="Sign in", exact=True).click()
    sent = {name: values[0] for name, values in parse_qs(urlsplit(asked.value.url).query).items()}
    assert sent["response_type"] == "code"
    assert sent["code_challenge_method"] == "S256"
    with unguarded(service) as session:
        attempt = session.scalars(select(SignInAttempt).order_by(SignInAttempt.begun_at.desc())).first()
        assert attempt is not None
        assert sent["nonce"] == attempt.nonce
        assert attempt.code_verifier not in asked.value.url
        assert attempt.state_hash not in asked.value.url


def test_two_tabs_both_sign_in(open_browser: Open) -> None:
    first = open_browser()
    first.goto("/sign-in/?next=/themes/")
    second = first.context.new_page()
    second.goto("/sign-in/?next=/cases/")
    for page in (first, second):
        page.get_by_role("button", name="Sign in", exact=True).click()
    fill_in(first, "lead")
    fill_in(second, "lead")
    assert urlsplit(first.url).path == "/themes/"
    assert urlsplit(second.url).path == "/cases/"
    assert is_signed_in(first) and is_signed_in(second)


def test_the_session_is_another_after_sign_in(open_browser: Open, server: str) -> None:
    page = open_browser()
    page.goto("/sign-in/")
    page.get_by_role("button", name="Sign in", exact=True).click()
    before = cookies_of(page)
    fill_in(page, "lead")
    [after] = cookies_of(page)
    assert (after["secure"], after["httpOnly"], after["sameSite"]) == (True, True, "Lax")
    assert after["value"] != before[0]["value"]
    fixed = open_browser()
    fixed.context.add_cookies(before)
    assert not is_signed_in(fixed)


def test_keys_that_change_are_read_again(open_browser: Open, provider: OpenIDProvider) -> None:
    provider.stop()
    provider.start(kid="second")
    page = open_browser()
    sign_in(page)
    assert is_signed_in(page)


def test_a_provider_that_is_slow_or_down_holds_up_nobody_who_is_signed_in(
    open_browser: Open, provider: OpenIDProvider, service: Flask
) -> None:
    signed_in = open_browser()
    sign_in(signed_in)
    for mood in ("slow", "down"):
        page = open_browser()
        provider.be(mood)
        try:
            sign_in(page)
            expect(page.get_by_role("heading", name="Single sign-on does not answer")).to_be_visible()
            must_be_refused(page, service, "provider_unreachable")
            assert is_signed_in(signed_in)
            assert not is_signed_in(page)
        finally:
            provider.stop()
            provider.start(kid="second")


def test_a_sign_out_at_the_provider_ends_the_session_here(
    open_browser: Open, provider: OpenIDProvider, server: str
) -> None:
    page, other = open_browser(), open_browser()
    sign_in(page)
    sign_in(other, "analyst")
    page.goto(f"{provider.issuer}/session/end")
    page.get_by_role("button", name="Yes, out everywhere").click()
    assert not is_signed_in(page)
    assert is_signed_in(other)


def test_who_changes_access_signs_in_anew_and_comes_back(open_browser: Open, service: Flask, server: str) -> None:
    page = open_browser()
    sign_in(page, "administrator")
    with unguarded(service) as session:
        long_ago = utc_now() - timedelta(minutes=16)
        session.execute(update(SignInSession).values(authenticated_at=long_ago))
        session.commit()
    page.goto("/people/new/")
    expect(page.get_by_text("needs a sign-in of the last 15 minutes")).to_be_visible()
    page.get_by_role("button", name="Sign in", exact=True).click()
    fill_in(page, "administrator")  # although the provider still knows them
    assert page.url == f"{server}/people/new/"
    expect(page.get_by_role("heading", name="Add a person")).to_be_visible()


def test_who_is_deactivated_is_out_at_the_next_click_and_does_not_come_in_again(
    open_browser: Open, service: Flask
) -> None:
    page = open_browser()
    sign_in(page, "leaver")
    assert is_signed_in(page)
    with unguarded(service) as session:
        session.execute(update(Person).where(Person.subject == "leaver").values(is_active=False))
        session.commit()
    assert not is_signed_in(page)
    page.get_by_role("button", name="Sign in", exact=True).click()
    must_be_refused(page, service, "deactivated")


def test_who_has_no_role_is_told_whom_to_ask(open_browser: Open) -> None:
    page = open_browser()
    sign_in(page, "nobody")
    expect(page.get_by_role("heading", name="You do not have access yet")).to_be_visible()


def test_logout_tokens_that_are_none_are_refused(server: str) -> None:
    for form in ({}, {"logout_token": "x"}, {"logout_token": "a.b.c"}, {"logout_token": "x" * 10_000}):
        answer = requests.post(f"{server}/sign-in/back-channel-logout", data=form, timeout=10)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%00",
        "%00",
        "/" + "x" * 3000,
        "javascript:alert(1)",
    ],
)
def test_one_comes_back_to_nowhere_else(server: str, service: Flask, address: str) -> None:
    answer = requests.get(f"{server}/sign-in/begin?next={address}", allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    with unguarded(service) as session:
        newest = select(SignInAttempt.next_address).order_by(SignInAttempt.begun_at.desc()).limit(1)
        assert session.scalar(newest) == ""


def test_there_is_no_demo_sign_in(server: str) -> None:
    answer = requests.post(f"{server}/sign-in/demo", data={"account": "england"}, timeout=10)
    assert answer.status_code == 404
