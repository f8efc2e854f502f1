"""Settings, from the environment. Service mode refuses to start where one is missing or weak, and says which."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.rules.web_addresses import ARN_OF_LOAD_BALANCER, is_safe
from app.waits import Waits

OIDC = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
INSTANCE = Path(__file__).resolve().parent.parent / "instance"
MIGRATIONS = INSTANCE.parent / "models" / "migrations"
SHORTEST_SECRET = 32


class WrongSetting(RuntimeError):
    """A setting is missing or not good enough. The message names it and says what to do."""

    FOR_THE_LOG = True


def settings(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Flask's configuration for an environment.

    TRACKER_MODE is `service` unless it says `demo`. Raises WrongSetting where a setting is missing or weak.
    """
    mode = mode_of(environment)
    demo = mode == "demo"
    if not demo:
        _check_service(environment)
    url = database_url(environment.get("DATABASE_URL", ""))
    wait_to_connect = _number(environment, "DATABASE_CONNECT_SECONDS", 5, least=2)
    return {
        "TRACKER_MODE": mode,
        "SECRET_KEY": environment.get("SECRET_KEY") or _demo_secret(),
        "SQLALCHEMY_DATABASE_URI": url,
        "DATABASE_OWNER_URL": database_url(owner) if (owner := environment.get("DATABASE_OWNER_URL")) else None,
        # Parameters hold the words of cases: they stay out of error messages and logs.
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "hide_parameters": True,
            "pool_pre_ping": True,
            **(_of_postgresql(wait_to_connect) if url.startswith("postgresql+psycopg") else {}),
        },
        "DATABASE_WAITS": Waits(_number(environment, "DATABASE_TIMEOUT_SECONDS", 30), wait_to_connect),
        **{name: environment.get(name, "") for name in OIDC},
        "AWS_LOAD_BALANCER_ARN": environment.get("AWS_LOAD_BALANCER_ARN", ""),
        # What the claims of the identity provider are called that name roles, and organisations apart from them.
        "OIDC_ROLES_CLAIM": environment.get("OIDC_ROLES_CLAIM") or "roles",
        "OIDC_ORGANISATIONS_CLAIM": environment.get("OIDC_ORGANISATIONS_CLAIM") or "organisations",
        "RATELIMIT_STORAGE_URI": environment.get("RATELIMIT_STORAGE_URI") or "memory://",
        "RATELIMIT_ENABLED": not demo or environment.get("RATELIMIT_ENABLED", "yes") != "no",
        "TRUSTED_PROXIES": _number(environment, "TRUSTED_PROXIES", 0, least=0),
        "REQUEST_ID_HEADER": environment.get("REQUEST_ID_HEADER") or "X-Request-ID",
        "METRICS": metrics_address(environment),
        "SERVICE_URL": _service_url(environment),
        "SESSION_COOKIE_NAME": "tracker" if demo else "__Host-tracker",
        "SESSION_COOKIE_SECURE": not demo,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_IDLE": timedelta(minutes=_number(environment, "SESSION_IDLE_MINUTES", 30)),
        "SESSION_ABSOLUTE": timedelta(hours=_number(environment, "SESSION_ABSOLUTE_HOURS", 10)),
        # What one request may hold: bytes (of pages that take files: LARGEST_UPLOAD in admin_views), bytes of a form or
        # of one field of a form that is sent in parts, how many parts, and how many fields of one that is not.
        "MAX_CONTENT_LENGTH": 2 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
        "MAX_FORM_PARTS": 500,
        "MAX_FORM_FIELDS": 10_000,
        # The form token is bound to the signed-in session, and ends with it.
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_CHECK_DEFAULT": False,
    }


def mode_of(environment: Mapping[str, str] = os.environ) -> str:
    """`service`, unless TRACKER_MODE says `demo`. Raises WrongSetting where it says something else."""
    mode = environment.get("TRACKER_MODE", "service")
    if mode not in ("service", "demo"):
        raise WrongSetting(f"TRACKER_MODE is {mode!r}. Set it to service or demo.")
    return mode


def _of_postgresql(wait_to_connect: int) -> dict[str, Any]:
    return {
        # For a connection that another request has: there are more of them than threads.
        "pool_timeout": wait_to_connect,
        # Statements prepared on a connection would be left behind on it, in the hands of PgBouncer's next client.
        "connect_args": {"prepare_threshold": None, "connect_timeout": wait_to_connect},
    }


def _check_service(environment: Mapping[str, str]) -> None:
    secret = environment.get("SECRET_KEY", "")
    if len(secret) < SHORTEST_SECRET or len(set(secret)) < 10:
        raise WrongSetting(
            f"SECRET_KEY is missing or weak. Set it to at least {SHORTEST_SECRET} random characters, for example from"
            " `openssl rand -hex 32`."
        )
    needed = {
        "DATABASE_URL": "the address of the PostgreSQL database",
        "OIDC_ISSUER": "the address of the identity provider",
        "OIDC_CLIENT_ID": "this service's name at the identity provider",
    }
    load_balancer = environment.get("AWS_LOAD_BALANCER_ARN", "")
    if not load_balancer:
        needed["OIDC_CLIENT_SECRET"] = "this service's secret at the identity provider"  # noqa: S105 - its name
    elif not ARN_OF_LOAD_BALANCER.fullmatch(load_balancer):
        raise WrongSetting("AWS_LOAD_BALANCER_ARN is not that of an Application Load Balancer.")
    elif environment.get("OIDC_CLIENT_SECRET"):
        raise WrongSetting(
            "AWS_LOAD_BALANCER_ARN and OIDC_CLIENT_SECRET are both set. People are signed in by the one or by the"
            " other: leave one of them out."
        )
    for name, remedy in needed.items():
        if not environment.get(name):
            raise WrongSetting(f"{name} is missing. Set it to {remedy}.")
    issuer = environment["OIDC_ISSUER"]
    if not is_safe(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:
        raise WrongSetting(f"OIDC_ISSUER is {issuer!r}. Set it to an address that begins with https://.")


def _service_url(environment: Mapping[str, str]) -> str:
    url = environment.get("SERVICE_URL", "").rstrip("/")
    parts = urlsplit(url)
    if url and (not is_safe(url) or parts.path or parts.query or parts.fragment or not parts.netloc):
        raise WrongSetting(f"SERVICE_URL is {url!r}. Set it to https:// and the name of this service's host.")
    return url


def metrics_address(environment: Mapping[str, str]) -> tuple[str, int] | None:
    """The address and port on which numbers are shown, apart from the service; None where METRICS_PORT is not set.

    Raises WrongSetting where the address is not one but all that the machine has: the public one would be among them.
    """
    if not environment.get("METRICS_PORT"):
        return None
    host = environment.get("METRICS_HOST") or "127.0.0.1"
    try:
        named = not ip_address(host).is_unspecified
    except ValueError:
        named = host == "localhost"
    if not named:
        raise WrongSetting(f"METRICS_HOST is {host!r}. Set it to one IP address of this machine, not a public one.")
    return host, _number(environment, "METRICS_PORT", 0)


def database_url(url: str) -> str:
    """An address of a database as SQLAlchemy takes it, with the driver; SQLite in `instance/` where there is none."""
    if not url:
        INSTANCE.mkdir(exist_ok=True)
        return f"sqlite:///{INSTANCE / 'tracker.db'}"
    for plain in ("postgres://", "postgresql://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def _demo_secret() -> str:
    """A secret that outlives a restart and is the same for every worker; demo mode only."""
    INSTANCE.mkdir(exist_ok=True)
    kept = INSTANCE / "demo-secret"
    try:
        handle = os.open(kept, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return kept.read_text()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32))
    return kept.read_text()


def _number(environment: Mapping[str, str], name: str, default: int, *, least: int = 1) -> int:
    value = environment.get(name, str(default))
    if not (value.isascii() and value.isdecimal()) or int(value) < least:
        raise WrongSetting(f"{name} is {value!r}. Set it to a whole number above {least - 1}.")
    return int(value)
