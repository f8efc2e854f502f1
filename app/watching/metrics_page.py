"""The numbers as Prometheus reads them, on a port of their own that the public does not reach."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from flask import Flask
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from app.access import audit_chain
from app.health import schema_is_current
from models import db

log = logging.getLogger(__name__)


class OfTheDatabase(Collector):
    """What is asked of the database when somebody asks for the numbers."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def collect(self) -> Iterator[Metric]:
        with self.app.app_context():
            try:
                newest, waiting = audit_chain.state_of(db.session())
                current = schema_is_current()
            except SQLAlchemyError as problem:
                log.warning("The numbers of the database were not read: %s", type(problem).__qualname__)
                yield _gauge("tracker_database_up", "Whether the database answers.", 0)
                return
        yield _gauge("tracker_database_up", "Whether the database answers.", 1)
        yield _gauge("tracker_schema_current", "Whether the migrations of this code were run.", int(current))
        yield _gauge("tracker_audit_events_waiting", "Events of the audit that no seal covers yet.", waiting)
        if newest is not None:
            sealed_at = newest.timestamp()
            yield _gauge("tracker_audit_newest_seal_timestamp_seconds", "When the newest seal was made.", sealed_at)


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=value)


def serve(app: Flask, listening: socket.socket) -> None:
    """Answers on a socket that several processes share, in a thread of its own that ends with this process."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(OfTheDatabase(app))
    # Whoever comes second to a connection goes on waiting for the next one.
    listening.setblocking(False)
    server = _Server(listening.getsockname()[:2], _Quietly, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.server_name, server.server_port = listening.getsockname()[:2]
    server.setup_environ()
    server.set_app(make_wsgi_app(registry))
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Somebody hung up: they ask again soon."""
        log.warning("Whoever asked for the numbers did not wait for them")


class _Quietly(WSGIRequestHandler):
    timeout = 10  # whoever says nothing is sent away

    def log_message(self, *of_what: Any) -> None:
        """Nothing: who asked for the numbers is of no interest."""
