"""How long a request waits for PostgreSQL. Without a bound, a server that takes connections and answers nothing holds
every thread of the service, and not even a style sheet is sent.

SQLite waits for whoever is writing, for the time that its busy_timeout says (`database.py`).
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from flask import has_request_context
from psycopg.errors import ConnectionTimeout, _WaitTimeout
from sqlalchemy import Engine, event


@dataclass
class Waits:
    """Seconds that a request waits for an answer, and that anybody waits for a connection.

    `is_silent` while PostgreSQL did not even let somebody in: then one thread at a time tries, and the others are told
    at once, so that they have time for those who need no database.
    """

    answer: float
    to_connect: float
    is_silent: bool = False
    _trying: threading.Lock = field(default_factory=threading.Lock)

    def connect(self, *arguments: Any, **named: Any) -> ImpatientConnection:
        """Raises psycopg's OperationalError, as psycopg does, where there is no connection within the time."""
        if not self.is_silent:
            return self._connect(*arguments, **named)
        if not self._trying.acquire(blocking=False):
            raise psycopg.OperationalError("PostgreSQL did not answer a moment ago.")
        try:
            return self._connect(*arguments, **named)
        finally:
            self._trying.release()

    def _connect(self, *arguments: Any, **named: Any) -> ImpatientConnection:
        try:
            made = ImpatientConnection.connect(*arguments, **named)
        except ConnectionTimeout:
            self.is_silent = True
            raise
        except psycopg.OperationalError:
            self.is_silent = False
            raise
        self.is_silent = False
        made.seconds = self.to_connect
        return made


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection that gives up in the middle of a request, and is closed then: nobody knows in which state it is.

    Work outside a request, such as a migration, takes the time that it takes.
    """

    seconds: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        at_most = self.seconds if timeout is None and has_request_context() else timeout
        try:
            return super().wait(gen, interval, at_most)
        except _WaitTimeout:
            if timeout is not None:
                raise
            with suppress(psycopg.Error):  # it may be busy rather than silent: then it can stop
                self.cancel_safe(timeout=1)
            self.pgconn.finish()
            raise psycopg.OperationalError("PostgreSQL did not answer in time.") from None


def bound(engine: Engine, waits: Waits) -> None:
    """Has every connection of an engine wait no longer than it should."""

    @event.listens_for(engine, "do_connect")
    def connect(dialect: object, record: object, arguments: list[Any], named: dict[str, Any]) -> ImpatientConnection:
        return waits.connect(*arguments, **named)

    # Whether a connection from the pool is still there is answered as fast as whether there is one at all.
    @event.listens_for(engine, "checkout")
    def be_patient(connection: ImpatientConnection, record: object, proxy: object) -> None:
        connection.seconds = waits.answer

    @event.listens_for(engine, "checkin")
    def be_quick(connection: ImpatientConnection | None, record: object) -> None:
        if connection is not None:
            connection.seconds = waits.to_connect
