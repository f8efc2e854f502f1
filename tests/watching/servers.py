"""The service as gunicorn runs it for real, with `app/serving.py`, and what it writes to its log."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.databases import TEMPLATES_FOLDER

ROOT = Path(__file__).resolve().parents[2]
IN_SERVICE = {
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
    "OIDC_ISSUER": "http://127.0.0.1:9",
    "OIDC_CLIENT_ID": "tracker",
    "OIDC_CLIENT_SECRET": "a secret for tests",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running service."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def stop(self) -> int:
        """Asks it to end, and waits. Gives how it ended."""
        self.process.terminate()
        return self.process.wait(timeout=40)

    def lines(self) -> list[dict[str, Any]]:
        """The log, each line an object."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def serving(folder: Path, settings: Mapping[str, str], *arguments: str) -> Iterator[Server]:
    """A server with its settings and more arguments on the command line. It is killed at the end if it still runs."""
    inherited = "PATH", "HOME", "LANG", TEMPLATES_FOLDER
    environment = {name: os.environ[name] for name in inherited if name in os.environ}
    port, log = free_port(), folder / "server.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "python:app.serving", *arguments],
            cwd=ROOT, stdout=written, stderr=subprocess.STDOUT, env=environment | {"PORT": str(port)} | dict(settings),
        )  # fmt: skip
    server = Server(process, port, log)
    try:
        _wait_for(server)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(server: Server) -> None:
    for _ in range(600):
        assert server.process.poll() is None, server.log.read_text()
        try:
            with urllib.request.urlopen(server.url("/health/live"), timeout=2):  # noqa: S310 - an address made above
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer within a minute")
