"""gunicorn's worker with threads, which no client may hold up by sending slowly.

gunicorn gives a thread to a request from its first byte on, and waits for the others for ever: as many clients as
there are threads, each sending a byte now and then, shut everybody else out. Here a request has to be there in time;
what comes later is not read. What a view still does, and what it sends, takes as long as it takes.

A proxy that hands on whole requests alone does this better, and stands before a real installation.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

# Seconds for the line and headers of a request, and for its body; a second more for each so many bytes of it.
HEADERS, BODY, SLOWEST = 10.0, 20.0, 50_000


class Worker(ThreadWorker):
    """A worker that looks once a second at the requests that are still being read."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._read_until: dict[Any, float] = {}

    def handle(self, conn: Any) -> Any:
        """One request of a connection, in a thread of its own."""
        self._read_until[conn] = time.monotonic() + HEADERS
        try:
            return super().handle(conn)
        finally:
            self._read_until.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """From here on the headers are there."""
        length = next((value for name, value in req.headers if name == "CONTENT-LENGTH"), "0")
        self._read_until[conn] = time.monotonic() + BODY + int(length) / SLOWEST
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Called once a second: ends the reading of requests that are late."""
        super().murder_pending()
        now = time.monotonic()
        for conn, until in list(self._read_until.items()):
            if until < now:
                self._read_until.pop(conn, None)
                with suppress(OSError):  # it may have ended this very moment
                    conn.sock.shutdown(socket.SHUT_RD)
