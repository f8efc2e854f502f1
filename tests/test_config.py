"""Service mode starts only with what it needs, and names what is missing."""

from __future__ import annotations

import pytest

from app.config import WrongSetting, settings
from app.factory import create_app

SERVICE = {
    "SECRET_KEY": "0123456789abcdef" * 4,
    "DATABASE_URL": "sqlite://",
    "OIDC_ISSUER": "https://issuer.example.nhs.uk",
    "OIDC_CLIENT_ID": "tracker",
    "OIDC_CLIENT_SECRET": "a secret",
}


def test_the_mode_is_service_unless_it_says_demo() -> None:
    assert settings(SERVICE)["TRACKER_MODE"] == "service"
    assert settings({"TRACKER_MODE": "demo", "DATABASE_URL": "sqlite://", "SECRET_KEY": "x"})["TRACKER_MODE"] == "demo"


@pytest.mark.parametrize("name", SERVICE)
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(WrongSetting, match=f"^{name} is missing"):
        settings({key: value for key, value in SERVICE.items() if key != name})


@pytest.mark.parametrize("weak", ["short", "a" * 64, "0101010101" * 10])
def test_a_weak_secret_is_refused(weak: str) -> None:
    with pytest.raises(WrongSetting, match=r"^SECRET_KEY is missing or weak"):
        settings(SERVICE | {"SECRET_KEY": weak})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRACKER_MODE", "production"),
        ("SESSION_IDLE_MINUTES", "soon"),
        ("SESSION_ABSOLUTE_HOURS", "0"),
        ("DATABASE_TIMEOUT_SECONDS", "0"),
        ("DATABASE_CONNECT_SECONDS", "1"),  # the driver takes no less than two
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(name: str, value: str) -> None:
    with pytest.raises(WrongSetting, match=name):
        settings(SERVICE | {name: value})


def test_cookies_are_bound_to_https_in_service_mode() -> None:
    made = settings(SERVICE)
    assert made["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert made["SESSION_COOKIE_SECURE"] and made["SESSION_COOKIE_HTTPONLY"]
    client = create_app(SERVICE).test_client()
    with client.session_transaction(base_url="https://localhost") as session:
        session["anything"] = "kept"
    cookie = client.get_cookie("__Host-tracker")
    # What browsers ask of a name that begins with __Host-.
    assert cookie is not None and cookie.secure and cookie.path == "/" and cookie.origin_only
    assert cookie.http_only and cookie.same_site == "Lax"


def test_browsers_come_back_by_https_alone_in_service_mode() -> None:
    answer = create_app(SERVICE).test_client().get("/health/live", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    demo = create_app({"TRACKER_MODE": "demo", "DATABASE_URL": "sqlite://", "SECRET_KEY": "x"}).test_client()
    assert "Strict-Transport-Security" not in demo.get("/health/live").headers


def test_demo_sign_in_does_not_exist_in_service_mode() -> None:
    client = create_app(SERVICE | {"DATABASE_URL": "sqlite://"}).test_client()
    page = client.get("/sign-in/", base_url="https://localhost")
    assert page.status_code == 200
    assert "ccg-84H" not in page.text
    answer = client.post("/sign-in/demo", data={"account": "ccg-84H"}, base_url="https://localhost")
    assert answer.status_code == 404


@pytest.mark.parametrize("command", ["seed demo", "demo-accounts"])
def test_demo_commands_refuse_in_service_mode(command: str) -> None:
    result = create_app(SERVICE).test_cli_runner().invoke(args=command.split())
    assert result.exit_code != 0
    assert "only when TRACKER_MODE is demo" in result.output
