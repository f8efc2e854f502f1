"""Each request has an id, which its answer and every line of the log about it carry, and ends with a line."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wsgi import ClosingIterator

from . import metrics

log = logging.getLogger(__name__)
HEADER = "X-Request-ID"
# What comes from a proxy and goes into the log and an answer: nothing that could be more than an id.
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9=;:._-]{7,99}", re.ASCII)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
NO_ROUTE = "none"
# What is asked for again and again, and says nothing while it goes well.
QUIET = frozenset({"health.live", "health.ready", "nhsuk.static"})


@dataclass
class Underway:
    """A request, or work that it began."""

    id: str
    environ: WSGIEnvironment = field(default_factory=dict)
    status: int = 500
    rule: Any = None

    def learn_route(self) -> None:
        """Keeps the route for later: Flask forgets the request before the last byte of its answer is sent."""
        self.rule = getattr(self.environ.get("werkzeug.request"), "url_rule", None) or self.rule

    @property
    def method(self) -> str:
        method = str(self.environ.get("REQUEST_METHOD", ""))
        return method if method in METHODS else "other"

    @property
    def route(self) -> str:
        """The address as it stands in the code, without an id or a query."""
        self.learn_route()
        return str(self.rule.rule) if self.rule is not None else NO_ROUTE

    @property
    def place(self) -> str:
        """The route, or the path without its query where there is none."""
        return self.route if self.route != NO_ROUTE else quote(str(self.environ.get("PATH_INFO", ""))[:200])

    def fields(self) -> dict[str, str]:
        """What each line of the log says about it."""
        if not self.environ:
            return {"request": self.id}
        name = "path" if self.route == NO_ROUTE else "route"
        return {"request": self.id, "method": self.method, name: self.place}


_UNDER_WAY: ContextVar[Underway | None] = ContextVar("under_way", default=None)


def under_way() -> Underway | None:
    """The request of this thread."""
    return _UNDER_WAY.get()


@contextmanager
def begun_by(request_id: str) -> Iterator[None]:
    """Work in a thread of its own, whose lines carry the id of the request that began it."""
    _UNDER_WAY.set(Underway(request_id) if request_id else None)
    yield
    _UNDER_WAY.set(None)


class Requests:
    """The WSGI application, with an id for each request, a line of the log when it was sent, and its numbers.

    `trusted_header` names the header in which a trusted proxy gives the id; "" where there is no such proxy.
    """

    def __init__(self, application: WSGIApplication, trusted_header: str) -> None:
        self.application = application
        self.key = f"HTTP_{trusted_header.upper().replace('-', '_')}" if trusted_header else ""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request, began = Underway(self._id_of(environ), environ), time.perf_counter()
        _UNDER_WAY.set(request)
        metrics.IN_FLIGHT.inc()

        def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
            request.status = int(status[:3])
            request.learn_route()
            return start_response(status, [*headers, (HEADER, request.id)], *more)

        def ended() -> None:
            _end(request, time.perf_counter() - began)

        try:
            return ClosingIterator(self.application(environ, started), ended)
        except BaseException:
            ended()
            raise

    def _id_of(self, environ: WSGIEnvironment) -> str:
        given = str(environ.get(self.key, "")) if self.key else ""
        return given if _SAFE.fullmatch(given) else secrets.token_hex(8)


def _end(request: Underway, seconds: float) -> None:
    metrics.IN_FLIGHT.dec()
    status = request.status if request.status in HTTP_STATUS_CODES else 500
    metrics.REQUESTS.labels(request.route, request.method, str(status)).inc()
    metrics.SECONDS.labels(request.route, request.method).observe(seconds)
    endpoint = request.rule.endpoint if request.rule is not None else ""
    milliseconds = round(seconds * 1000)
    log.log(
        logging.DEBUG if endpoint in QUIET and status < 400 else logging.INFO,
        "%s %s answered %s in %s ms",
        request.method, request.place, status, milliseconds,
        extra={"status": status, "ms": milliseconds},
    )  # fmt: skip
    _UNDER_WAY.set(None)
