"""Asks an application in a process of its own, so that its time and its memory are its own.

The process holds the WSGI application and somebody signed in. It answers with the time in the application, what was
sent to the database meanwhile, the bytes that a browser gets, and the process's peak of memory since the question.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from tests.visitor import Form

AS_A_BROWSER = {"Accept-Encoding": "gzip, deflate, br"}
# What a form's save changes: a text with a number that is new each time.
CHANGED = "latest_update"

Make = Callable[..., tuple[Flask, FlaskClient]]


@dataclass(frozen=True)
class Answer:
    """Milliseconds, statements, bytes, and the peak of memory in megabytes. The text only where it was asked for."""

    ms: float
    statements: int
    size: int
    peak: float
    text: str = ""


class Asked:
    """An application in a process of its own. `make` is called there, and gives it with a client."""

    def __init__(self, make: Make, *args: Any) -> None:
        spawn = get_context("spawn")
        self._here, there = spawn.Pipe()
        self._process = spawn.Process(target=_answer, args=(there, make, args), daemon=True)
        self._process.start()

    def get(self, address: str) -> Answer:
        """A page. Raises RuntimeError where it does not answer 200."""
        return self._ask("get", address)

    def save(self, address: str) -> Answer:
        """The form at an address, sent with a change; only the sending is timed."""
        return self._ask("save", address)

    def _ask(self, how: str, address: str) -> Answer:
        self._here.send((how, address))
        found = self._here.recv()
        if isinstance(found, str):
            raise RuntimeError(f"{address} answered {found}")
        return Answer(*found)

    def __enter__(self) -> Asked:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._here.close()
        self._process.join(10)
        self._process.terminate()


def _answer(pipe: Connection, make: Make, args: tuple[Any, ...]) -> None:
    _, client = make(*args)
    sent = [0]
    event.listen(Engine, "before_cursor_execute", lambda *_: sent.__setitem__(0, sent[0] + 1))
    gc.collect()
    gc.freeze()
    number = 0
    while True:
        try:
            how, address = pipe.recv()
        except EOFError:
            return
        fields: dict[str, str] = {}
        if how == "save":
            number += 1
            fields = Form(client.get(address).text).fields
            fields[CHANGED] = f"The panel has met. Measured {number} at {time.time()}."
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        sent[0] = 0
        begun = time.perf_counter()
        answer = client.post(address, data=fields) if fields else client.get(address, headers=AS_A_BROWSER)
        body = answer.get_data()
        taken = (time.perf_counter() - begun) * 1000
        if answer.status_code != (302 if fields else 200):
            pipe.send(f"{answer.status_code}: {answer.text[:2000]}")
            continue
        pipe.send((taken, sent[0], len(body), _peak()))


def _peak() -> float:
    """The most memory that the process had since it was last asked, in megabytes (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
