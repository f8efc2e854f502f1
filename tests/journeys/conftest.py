"""The service as it runs for real: service mode, PostgreSQL, and a certified OpenID provider on loopback."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from jose import jwk

from models import db
from tests.browser.conftest import ROOT, _wait_for, chromium  # noqa: F401 - a fixture
from tests.databases import TEMPLATES_FOLDER, PostgreSQLDatabases, new_app

HERE = Path(__file__).resolve().parent
SECRET = "a secret of the service at the provider"
PEOPLE: dict[str, dict[str, Any]] = {
    "lead": {"roles": ["ccg_editor:84H"], "email": "lead@example.nhs.uk", "name": "Lena Lead"},
    "analyst": {"roles": ["analyst:ENGLAND"]},
    "administrator": {"roles": ["administrator:ENGLAND"]},
    "leaver": {"roles": ["ccg_editor:16C"]},
    "nobody": {},
}


@cache
def a_key(kid: str) -> dict[str, Any]:
    """A private key for signatures, as a JWK."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    letters = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return dict(jwk.construct(letters.decode(), "RS256").to_dict()) | {"kid": kid, "use": "sig", "alg": "RS256"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class OpenIDProvider:
    """The provider as a process that can be slow or down, and started again with other keys."""

    def __init__(self, service: str) -> None:
        self.port, self.service = free_port(), service
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, kid: str = "first") -> None:
        node = shutil.which("node") or str(ROOT / ".venv" / "bin" / "node")
        settings = {"issuer": self.issuer, "port": self.port, "service": self.service, "secret": SECRET}
        settings |= {"keys": [a_key(kid)], "people": PEOPLE}
        self.process = subprocess.Popen([node, HERE / "provider.mjs", json.dumps(settings)], cwd=ROOT)
        _wait_for(f"{self.issuer}/.well-known/openid-configuration", self.process)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=10)
            self.process = None

    def be(self, mood: str) -> None:
        """It takes codes and does not answer (slow), or hangs up (down), until it is started again."""
        assert self.process is not None
        self.process.send_signal({"slow": signal.SIGUSR2, "down": signal.SIGHUP}[mood])


@pytest.fixture(scope="module")
def service_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def provider(service_port: int) -> Iterator[OpenIDProvider]:
    started = OpenIDProvider(f"http://127.0.0.1:{service_port}")
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def service(postgresql_databases: PostgreSQLDatabases, provider: OpenIDProvider) -> Iterator[Flask]:
    """The service that the server runs, to look at what it keeps."""
    with postgresql_databases.fresh() as database:
        app = new_app(database)
        app.config["SETTINGS"] = {
            "SECRET_KEY": secrets.token_hex(32),
            "DATABASE_URL": database.url,
            "OIDC_ISSUER": provider.issuer,
            "OIDC_CLIENT_ID": "tracker",
            "OIDC_CLIENT_SECRET": SECRET,
        }
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="module")
def server(service: Flask, service_port: int) -> Iterator[str]:
    """The address of the service, in service mode: nothing is set that a real one would not set."""
    inherited = "PATH", "HOME", "LANG", TEMPLATES_FOLDER
    environment = {name: os.environ[name] for name in inherited if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{service_port}", "--workers", "2",
         "--threads", "2", "--no-control-socket", "--log-level", "error"],
        cwd=ROOT, env=environment | service.config["SETTINGS"],
    )  # fmt: skip
    try:
        _wait_for(f"http://127.0.0.1:{service_port}/health/ready", process)
        yield f"http://127.0.0.1:{service_port}"
    finally:
        process.terminate()
        process.wait(timeout=10)
