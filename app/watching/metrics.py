"""What is counted, for Prometheus. Labels are routes, methods and statuses: never an id, a person or an organisation.

Counting is always on and costs microseconds; the numbers are shown only where METRICS_PORT is set (`metrics_page.py`).
Each process counts into files of its own, and whichever of them is asked adds them up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import Engine, event

SUM: Final = "livesum"  # of the processes that live

REQUESTS = Counter("tracker_requests", "Requests that were answered.", ["route", "method", "status"])
SECONDS = Histogram(
    "tracker_request_seconds",
    "From the beginning of a request until all of its answer was handed over.",
    ["route", "method"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30),
)
IN_FLIGHT = Gauge("tracker_requests_in_flight", "Requests that are not answered yet.", multiprocess_mode=SUM)
CONNECTIONS_OPEN = Gauge("tracker_database_connections_open", "Connections to the database.", multiprocess_mode=SUM)
CONNECTIONS_IN_USE = Gauge(
    "tracker_database_connections_in_use", "Connections that somebody works with.", multiprocess_mode=SUM
)
SIGN_INS_REFUSED = Counter("tracker_sign_ins_refused", "Sign-ins that were refused, whatever the reason.")
OUTSIDE_SCOPE = Counter("tracker_outside_scope", "Writes and reads that row scope or a policy of PostgreSQL refused.")
WORK = Gauge("tracker_work_under_way", "Long work that is under way.", ["kind"], multiprocess_mode=SUM)
for kind in ("import", "extract"):
    WORK.labels(kind)  # so that 0 is shown where there was none yet


@contextmanager
def work(kind: str) -> Iterator[None]:
    """Counts long work of a kind ("import", "extract") while it is done."""
    with WORK.labels(kind).track_inprogress():
        yield


def watch(engine: Engine) -> None:
    """Counts the connections of a pool."""

    def listen(name: str, gauge: Gauge, by: int) -> None:
        event.listen(engine, name, lambda connection, record, *more: gauge.inc(by))

    listen("connect", CONNECTIONS_OPEN, 1)
    listen("close", CONNECTIONS_OPEN, -1)
    listen("checkout", CONNECTIONS_IN_USE, 1)
    listen("checkin", CONNECTIONS_IN_USE, -1)
