"""What gunicorn logs, in the lines of the service and without what a request brought along."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from app.config import mode_of

from .logs import Lines, PlainLines

# Written by gunicorn with what could not be read in it: a line of a request, or a header.
_NOT_READ = "Invalid request"


class ServerLog(Logger):
    """gunicorn's logger. Of a request it never writes a query or a header, and of an error not what that says."""

    def setup(self, cfg: Any) -> None:
        # Whatever the command line asks for: gunicorn's own form has queries, referrers and addresses.
        cfg.set("access_log_format", "%(m)s %(U)s answered %(s)s in %(M)s ms")
        super().setup(cfg)
        lines = Lines() if mode_of() == "service" else PlainLines()
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(lines)

    def warning(self, msg: str, *args: Any, **options: Any) -> None:
        if msg.startswith(_NOT_READ):
            msg, args = "A request could not be read", ()
        super().warning(msg, *args, **options)

    def exception(self, msg: str, *args: Any, **options: Any) -> None:
        """What failed and where; the arguments are the address that was asked for."""
        self.error_log.error(msg.partition(" %s")[0], exc_info=True)
