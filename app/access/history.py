"""The past: rows as they were known at a moment, and who is written down as having made them so.

The database keeps the versions by itself (`models/history_triggers.py`). Here the session tells it who and why, and
asks it what was known when.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, and_, event, func, inspect, select
from sqlalchemy.orm import Session, UOWTransaction

from models import Setting, Versioned, version_of
from models.base import TrackerSession
from models.enumerations import Change
from models.history_triggers import KNOWN_FROM

_SIGNATURE = "signature"


def sign(session: Session, by: UUID | None, reason: str | None = None) -> None:
    """Says who makes the changes of a session from now on, and why where they do not say so themselves."""
    session.info[_SIGNATURE] = (by, reason)


def signature_of(session: Session) -> tuple[UUID | None, str | None] | None:
    """Who makes the changes of a session, and why; None where nobody has said."""
    found: tuple[UUID | None, str | None] | None = session.info.get(_SIGNATURE)
    return found


@event.listens_for(TrackerSession, "before_flush")
def _sign_changes(session: Session, flush: UOWTransaction, rows: object) -> None:
    """Gives every changed row of a versioned table a new change id, and whoever signs unless the change says who."""
    by, reason = signature_of(session) or (None, None)
    for row in [*session.new, *session.dirty]:
        if isinstance(row, Versioned) and session.is_modified(row):
            attributes = inspect(row).attrs
            if not attributes.change_id.history.has_changes():
                row.change_id = uuid4()
                if not attributes.changed_by_id.history.has_changes():
                    row.changed_by_id = by
                if not attributes.change_reason.history.has_changes():
                    row.change_reason = reason


def as_at(model: type[Any], moment: datetime, row_id: UUID | None = None) -> Select[Any]:
    """The versions of a model's rows that were known at a moment (aware of its zone), one for each row there was.

    As it was known: what was entered later does not change the answer, whatever day it speaks of. With `row_id` of that
    row alone.
    """
    versions = version_of(model)
    known = (
        select(versions.id, func.max(versions.number).label("number"))
        .where(versions.known_from <= moment)
        .group_by(versions.id)
    )
    newest = (known if row_id is None else known.where(versions.id == row_id)).subquery()
    return (
        select(versions)
        .join(newest, and_(versions.id == newest.c.id, versions.number == newest.c.number))
        .where(versions.change != Change.DELETED)
    )


def versions_of(row: Versioned) -> Select[Any]:
    """Every version of a row, the first first."""
    versions = version_of(type(row))
    return select(versions).where(versions.id == inspect(row).identity[0]).order_by(versions.number)


@contextmanager
def known_since(session: Session, moment: datetime) -> Iterator[None]:
    """What the session writes within counts as known since a moment of the past. For seeds alone.

    Nobody else sees it: it stands in the same transaction, and is gone again at its end. A moment before the newest
    version of a row counts as that version's.
    """
    setting = session.get(Setting, KNOWN_FROM)
    if setting is None:
        setting = Setting(name=KNOWN_FROM, value="")
        session.add(setting)
    setting.value = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    session.flush()
    yield
    session.flush()
    setting.value = ""
    session.flush()
