"""gunicorn's configuration: `python -m gunicorn --config python:app.serving`.

Each line can be changed on the command line or by GUNICORN_CMD_ARGS. Two processes at least, so that nothing comes to
depend on the memory of one. No preloading: a connection to the database opened before the fork would be shared.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from typing import Any

from app.config import metrics_address, mode_of

wsgi_app = "wsgi:app"
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
# With threads, and with an end to requests that never come to theirs.
worker_class = "app.slow_clients.Worker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
# Nothing asks for it.
control_socket_disable = True
loglevel = "warning" if mode_of() == "demo" else "info"
logger_class = "app.watching.server_log.ServerLog"
# The service writes a line of its own for each request.
accesslog = None
# SIGTERM: no new connections, and this many seconds for what is under way before it is cut off.
graceful_timeout = 30
# A process is replaced now and then, so that memory that is not given back does not add up.
max_requests, max_requests_jitter = 20_000, 2_000
# Of that time, what is left to the database and the operating system when work beside the requests is handed back.
TO_HAND_BACK = 5
METRICS = metrics_address(os.environ)
_COUNTS = "PROMETHEUS_MULTIPROC_DIR"
if METRICS and _COUNTS not in os.environ:
    # Where each process counts; prometheus_client asks for it when it is imported.
    os.environ[_COUNTS] = tempfile.mkdtemp(prefix="tracker-metrics-")


def on_starting(server: Any) -> None:
    """Opens the port of the numbers, for all processes to come."""
    if METRICS:
        family = socket.AF_INET6 if ":" in METRICS[0] else socket.AF_INET
        server.metrics_socket = socket.create_server(METRICS, family=family)


def post_worker_init(worker: Any) -> None:
    """Shows the numbers, in each process: whichever is asked adds up what all have counted."""
    if METRICS:
        from app.watching import metrics_page

        metrics_page.serve(worker.app.callable, worker.metrics_socket)


def post_fork(server: Any, worker: Any) -> None:
    """Hands the port of the numbers on to a process."""
    worker.metrics_socket = getattr(server, "metrics_socket", None)


def worker_exit(server: Any, worker: Any) -> None:
    """Gives work beside the requests time to finish, and hands back what does not."""
    from app.access import long_work

    if handed_back := long_work.finish(max(worker.cfg.graceful_timeout - TO_HAND_BACK, 0), worker.notify):
        worker.log.warning("Work beside requests was handed back: %s", handed_back)


def child_exit(server: Any, worker: Any) -> None:
    """Forgets what a process that ended had under way; what it counted stays."""
    if METRICS:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    if METRICS:
        server.metrics_socket.close()
        shutil.rmtree(os.environ[_COUNTS], ignore_errors=True)
