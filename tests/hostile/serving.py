"""The service as it is run for real: gunicorn in front, on 127.0.0.1."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.databases import TEMPLATES_FOLDER

ROOT = Path(__file__).resolve().parents[2]
SERVICE = "wsgi:app"
# Templates that are compiled already.
OF_SERVICE = ["--config", str(ROOT / "tests" / "browser" / "serving.py"), "--worker-class", "app.slow_clients.Worker"]


@dataclass(frozen=True)
class Answered:
    """A request as the server's own log has it."""

    status: int
    seconds: float
    method: str
    path: str


@dataclass(frozen=True)
class Server:
    """A server that runs, and its log of requests."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self) -> list[Answered]:
        """Every request that it has answered so far."""
        lines = (line.split(" ", 3) for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines())
        return [Answered(int(one[0]), int(one[1]) / 1e6, one[2], one[3]) for one in lines if len(one) == 4]


@contextmanager
def serve(
    settings: Mapping[str, str],
    folder: Path,
    *,
    application: str = SERVICE,
    ready: str = "/health/ready",
    processes: int = 2,
) -> Iterator[Server]:
    """Starts gunicorn as `make run` does, and ends it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / f"requests-{port}.log"
    inherited = "PATH", "HOME", "LANG", TEMPLATES_FOLDER
    environment = {name: os.environ[name] for name in inherited if name in os.environ}
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--no-control-socket"]
    command += ["--workers", str(processes), "--threads", "4", "--log-level", "critical", "--access-logfile", str(log)]
    command += ["--access-logformat", "%(s)s %(D)s %(m)s %(U)s", *(OF_SERVICE if application == SERVICE else [])]
    process = subprocess.Popen(command, cwd=ROOT, env=environment | dict(settings), stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}{ready}", process)
        yield Server(port, log)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("the server ended before it answered")
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - an address made above
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not answer within a minute")
