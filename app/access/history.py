"""The past: rows as they were known at a moment, and who is written down as having made them so.

The database keeps the versions by itself (`models/history_triggers.py`). Here the session tells it who and why, and
asks it what was known when.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from flask import current_app
from sqlalchemy import Select, and_, event, func, inspect, select
from sqlalchemy.orm import Session, UOWTransaction

from models import Extract, Setting, Versioned, version_of
from models.base import TrackerSession
from models.enumerations import Change
from models.history_triggers import KNOWN_FROM

from . import clock

_SIGNATURE = "signature"
# The seeds of reference lists count as known since then, in every mode.
LISTS_KNOWN_SINCE = datetime(2019, 4, 1, tzinfo=UTC)

# What reads some columns of a model's rows: as they are, or as they were known at a moment.
Reader = Callable[..., Select[*tuple[Any, ...]]]


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


def as_at(
    model: type[Any], moment: datetime, row_id: UUID | None = None, *, among: Collection[UUID] | None = None
) -> Select[Any]:
    """The versions of a model's rows that were known at a moment (aware of its zone), one for each row there was.

    As it was known: what was entered later does not change the answer, whatever day it speaks of. With `row_id` of that
    row alone, with `among` of those rows.
    """
    versions = version_of(model)
    known = (
        select(versions.id, func.max(versions.number).label("number"))
        .where(versions.known_from <= moment)
        .group_by(versions.id)
    )
    if row_id is not None:
        known = known.where(versions.id == row_id)
    if among is not None:
        known = known.where(versions.id.in_(among))
    newest = known.subquery()
    return (
        select(versions)
        .join(newest, and_(versions.id == newest.c.id, versions.number == newest.c.number))
        .where(versions.change != Change.DELETED)
    )


def as_now(model: type[Any], *names: str) -> Select[*tuple[Any, ...]]:
    """Some columns of a model's rows as they are."""
    return select(*(getattr(model, name).label(name) for name in names))


def as_known_at(moment: datetime) -> Reader:
    """What reads some columns of a model's rows as they were known at a moment: a `Reader` like `as_now`."""

    def read(model: type[Any], *names: str) -> Select[*tuple[Any, ...]]:
        versions = version_of(model)
        columns = [getattr(versions, name).label(name) for name in names]
        return as_at(model, moment).with_only_columns(*columns, maintain_column_froms=True)

    return read


def versions_of(row: Versioned) -> Select[Any]:
    """Every version of a row, the first first."""
    versions = version_of(type(row))
    return select(versions).where(versions.id == inspect(row).identity[0]).order_by(versions.number)


@contextmanager
def dating_back(session: Session) -> Iterator[Callable[[datetime], None]]:
    """Gives a function that says since which moment of the past counts as known what the session writes next.

    For seeds alone. Nobody else sees it: it stands in the same transaction, and is gone again at its end. A moment
    before the newest version of a row counts as that version's, and one that lies ahead as now. Once an extract has
    been drawn nothing is dated back, or it would change what the extract goes by. Raises PermissionError for an
    invented past outside demo mode.
    """
    setting = session.get(Setting, KNOWN_FROM)
    if setting is None:
        setting = Setting(name=KNOWN_FROM, value="")
        session.add(setting)
    stands = session.scalar(select(Extract.id).limit(1)) is not None

    def known_since(moment: datetime) -> None:
        if moment != LISTS_KNOWN_SINCE and current_app.config["TRACKER_MODE"] != "demo":
            raise PermissionError("Only demo mode invents a past.")
        session.flush()
        lies_ahead = moment >= clock.now()
        setting.value = "" if stands or lies_ahead else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        session.flush()

    yield known_since
    session.flush()
    setting.value = ""
    session.flush()
