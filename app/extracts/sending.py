"""Bytes that are sent while they are made: the first at once, the rest as fast as whoever asked takes them.

They are made in a thread of its own and wait in a file without a name. So the database is done with it soon, however
slow the line is, and memory does not grow.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections.abc import Callable, Iterator

from flask import Flask

log = logging.getLogger(__name__)
PIECE = 256 * 1024


class CutShort(Exception):
    """What was sent is not all. Raised in the middle of an answer, so that the server breaks the connection off."""


class SentWhileMade(Iterator[bytes]):
    """What `pieces` give, for an answer without a length. `done` is called once when nothing more is made.

    Over HTTP/1.1 such an answer comes in chunks with a last one, so that its reader knows when it was cut short.
    """

    def __init__(self, app: Flask, pieces: Iterator[bytes], done: Callable[[], object]) -> None:
        self._app, self._pieces, self._done = app, pieces, done
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by `close`
        self._changed = threading.Condition()
        self._made = self._sent = 0
        self._thread: threading.Thread | None = None
        self._is_made = self._is_closed = False
        self._problem: Exception | None = None

    def begin(self) -> None:
        """Begins to make them, and waits for the first. Raises what broke before there was one, so that it can still be
        answered with a page."""
        self._thread = threading.Thread(target=self._make, name="sent while made", daemon=True)
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._made or self._is_made)
            problem = None if self._made else self._problem
        if problem is not None:
            self.close()
            raise problem

    def __next__(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._made > self._sent or self._is_made or self._is_closed)
            size = min(self._made - self._sent, PIECE)
            if self._is_closed or not size:
                if self._problem is not None:
                    raise CutShort
                raise StopIteration
        piece = os.pread(self._file.fileno(), size, self._sent)
        self._sent += len(piece)
        return piece

    def _make(self) -> None:
        try:
            with self._app.app_context():
                for piece in self._pieces:
                    self._keep(piece)
                    if self._is_closed:
                        break
        except Exception as problem:
            # Without what it says: an error of a database quotes the whole row.
            log.error("A download was cut short: %s", type(problem).__qualname__)
            self._problem = problem
        finally:
            self._end()

    def _keep(self, piece: bytes) -> None:
        at = 0
        while at < len(piece):
            at += os.write(self._file.fileno(), piece[at:])
        with self._changed:
            self._made += len(piece)
            self._changed.notify_all()

    def _end(self) -> None:
        """When nothing more is made, by whichever of the two threads came to its end last."""
        try:
            with self._app.app_context():
                self._done()
        finally:
            with self._changed:
                self._is_made = True
                if self._is_closed:
                    self._file.close()
                self._changed.notify_all()

    def close(self) -> None:
        """Nobody reads on. Called by the server at the end, whatever has happened."""
        with self._changed:
            if self._is_closed:
                return
            self._is_closed = True
            if self._is_made:
                self._file.close()
            self._changed.notify_all()
        if self._thread is None:
            self._end()
