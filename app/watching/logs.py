"""The log: one JSON object a line in service mode, plain lines in demo mode.

Only what is named here is written. Of our own modules and of gunicorn it is what they say; of a library the sentence
without what it fills in, for that may be a typed value, a row or a parameter; of an error what failed and where.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from typing import Any

from .failures import what_failed
from .requests import under_way

OURS = frozenset({"admin_views", "app", "gunicorn", "models", "seeds"})
# What a line may say beyond its message, as `extra=`.
MORE = ("status", "ms", "reference")
log = logging.getLogger(__name__)


def set_up(*, as_json: bool) -> None:
    """Sends what is logged to standard error, unless somebody sees to that already (pytest does)."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines() if as_json else PlainLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    if as_json:
        logging.captureWarnings(True)
        sys.excepthook = _log_the_last
        threading.excepthook = lambda given: _log_the_last(given.exc_type, given.exc_value, given.exc_traceback)


def _log_the_last(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:
    """What nobody caught: Python itself would print what the error says."""
    if error is not None and not issubclass(kind, KeyboardInterrupt):
        log.critical("Nobody caught this", exc_info=error)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """All that is written of a record, in the order of a line."""
    ours = record.name.partition(".")[0] in OURS
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    fields: dict[str, Any] = {
        "time": moment.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage() if ours else str(record.msg),
    }
    if (request := under_way()) is not None:
        fields |= request.fields()
    fields |= {name: value for name in MORE if (value := getattr(record, name, None)) is not None}
    if record.exc_info and record.exc_info[1] is not None:
        fields["failed"] = what_failed(record.exc_info[1])
    return fields


class Lines(logging.Formatter):
    """A record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(fields_of(record), ensure_ascii=True, default=str)


class PlainLines(logging.Formatter):
    """A record as a line for people."""

    def format(self, record: logging.LogRecord) -> str:
        fields = fields_of(record)
        of_request = f" [{fields['request']}]" if "request" in fields else ""
        failed = f"\n{fields['failed']}" if "failed" in fields else ""
        level = fields["level"].upper()
        return f"{fields['time']} {level} {fields['logger']}{of_request}: {fields['message']}{failed}"
