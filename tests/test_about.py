"""Cookies and the accessibility statement: open to everybody, linked from every page, and true."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.factory import create_app
from tests.test_config import SERVICE
from tests.visitor import Visitor

PAGES = ["/cookies/", "/accessibility/"]


@pytest.mark.parametrize("address", ["/sign-in/", "/nowhere/", *PAGES])
def test_the_footer_leads_to_both_without_sign_in(app: Flask, address: str) -> None:
    page = Visitor(app).get(address).text
    assert all(f'href="{one}"' in page for one in PAGES)


@pytest.mark.parametrize("account", ["ccg-84H", "administrator"])
@pytest.mark.parametrize("address", PAGES)
def test_who_is_signed_in_keeps_the_menu(sign_in_as: Callable[[str], Visitor], account: str, address: str) -> None:
    page = sign_in_as(account).get(address)
    assert page.status_code == 200
    assert "Sign out" in page.text and 'aria-label="Menu"' in page.text


@pytest.mark.parametrize("address", PAGES)
def test_they_answer_people_without_a_role(sign_in_as: Callable[[str], Visitor], address: str) -> None:
    page = sign_in_as("no-access").get(address)
    assert page.status_code == 200
    assert 'aria-label="Menu"' not in page.text


def test_the_cookie_that_is_named_is_the_one_that_is_set(app: Flask) -> None:
    visitor = Visitor(app)
    made = visitor.get("/sign-in/").headers.getlist("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in made] == ["tracker"]
    page = visitor.get("/cookies/").text
    assert ">tracker<" in page
    in_service = create_app(SERVICE).test_client().get("/cookies/", base_url="https://localhost").text
    assert ">__Host-tracker<" in in_service


def test_the_cookie_page_says_when_a_session_ends(app: Flask) -> None:
    page = Visitor(app).get("/cookies/").text
    assert "after 30 minutes without opening a page or typing" in page
    assert "after 10 hours in any case" in page
