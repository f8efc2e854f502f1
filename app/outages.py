"""Which errors mean that the database, or the disk, cannot do its work just now. To try again later helps."""

from __future__ import annotations

import errno
import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

# No room on the disk, none left for this person, and a file as large as it may be.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# What PostgreSQL says of a server that only reads: one that stands by, before it takes over.
READ_ONLY = "25006"
OUTAGES = (
    OperationalError,
    InterfaceError,
    NoConnectionLeft,
    PendingRollbackError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    sqlite3.OperationalError,
)


def is_outage(error: BaseException) -> bool:
    """Whether an error is one of these."""
    if isinstance(error, OSError):
        return error.errno in FULL
    if isinstance(error, DBAPIError) and _state_of(error) == READ_ONLY:
        return True
    return isinstance(error, OUTAGES) or is_lost(error)


def is_lost(error: BaseException) -> bool:
    """Whether a connection broke, so that nobody can say whether what was being saved was."""
    return isinstance(error, PendingRollbackError) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def _state_of(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", "") or "")
