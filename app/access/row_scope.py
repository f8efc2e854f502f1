"""Row scope: the CCGs whose rows a session may read and write. The one place that decides which rows exist.

A session begins with no scope, and then sees no owned row and writes none. `enter` gives it one. From then on every
ORM statement carries the condition, every flush is checked, and `get` re-checks rows that are already in memory.
No screen filters by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ClauseElement, event, false, inspect
from sqlalchemy.orm import FromStatement, ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from models.base import OwnedByCCG, TrackerSession, db

log = logging.getLogger(__name__)
_KEY = "row_scope"


# Columns of owned rows whose new value must itself lie in the scope.
CHECKED_AT_FLUSH = {"ccg_id", "converted_from_id", "converted_from_ccg_id"}


class OutsideScope(PermissionError):
    """A write to a row that is outside the scope of its session. Nothing of it reaches the database."""


@dataclass(frozen=True)
class RowScope:
    """Which CCGs' rows may be read and written. `is_everything` is for work that says its reason."""

    readable: frozenset[UUID] = frozenset()
    writable: frozenset[UUID] = frozenset()
    reads_everything: bool = False
    writes_everything: bool = False

    def may_read(self, ccg_id: UUID | None) -> bool:
        return self.reads_everything or ccg_id in self.readable

    def may_write(self, ccg_id: UUID | None) -> bool:
        return self.writes_everything or ccg_id in self.writable


NOTHING = RowScope()
EVERYTHING = RowScope(reads_everything=True, writes_everything=True)


def scope_of(session: Session) -> RowScope:
    """The scope in which a session works: nothing, until it has entered one."""
    scope: RowScope = session.info.get(_KEY, NOTHING)
    return scope


def enter(session: Session, scope: RowScope) -> None:
    """Puts a session to work in a scope. Owned rows that it had in memory are forgotten: nothing is carried over."""
    if _has_unsaved_rows(session):
        raise RuntimeError("Save or roll back before the scope changes: the changes belong to the scope before.")
    for row in list(session):
        if isinstance(row, OwnedByCCG):
            session.expunge(row)
    session.info[_KEY] = scope


def _has_unsaved_rows(session: Session) -> bool:
    return any(isinstance(row, OwnedByCCG) and session.is_modified(row) for row in [*session.new, *session.dirty])


@contextmanager
def every_organisation(reason: str, session: Session | None = None) -> Iterator[Session]:
    """Work on the rows of every CCG, outside anybody's request, for a reason that is written to the log."""
    working = session or db.session()
    before = scope_of(working)
    enter(working, EVERYTHING)
    log.info("The rows of every organisation were opened: %s", reason)
    try:
        yield working
    finally:
        if _has_unsaved_rows(working):
            working.rollback()
        working.info[_KEY] = before
        enter(working, before)


@event.listens_for(TrackerSession, "do_orm_execute")
def _restrict(state: ORMExecuteState) -> None:
    """Adds the condition to every select, and to every update and delete of many rows."""
    if state.is_column_load:
        return  # a refresh of a row that this session has already been allowed to load
    scope = scope_of(state.session)
    if state.is_insert or state.is_update or state.is_delete:
        if not scope.writes_everything:
            _restrict_write(state, scope)
    elif not scope.reads_everything:
        if isinstance(state.statement, FromStatement):
            raise OutsideScope("A statement that carries no condition reads only in the scope of everything.")
        if state.is_select:
            readable = scope.readable
            state.statement = state.statement.options(_only(readable))


def _restrict_write(state: ORMExecuteState, scope: RowScope) -> None:
    """Refuses what a condition cannot hold: inserts, updates by key, and values that move a row or link it."""
    statement: Any = state.statement
    if state.is_insert:
        if _is_owned(state) or statement.select is not None:
            raise OutsideScope("Owned rows are added one by one, so that each is checked.")
        return
    if _is_owned(state) and state.is_update:
        named = {getattr(column, "key", column) for column in (statement._values or {})}
        if isinstance(state.parameters, list) or named & CHECKED_AT_FLUSH:
            raise OutsideScope("Owned rows are moved and linked one by one, so that each is checked.")
    writable = scope.writable
    state.statement = statement.options(_only(writable))


def _is_owned(state: ORMExecuteState) -> bool:
    mapper = state.bind_mapper
    return mapper is not None and issubclass(mapper.class_, OwnedByCCG)


def _only(ccgs: frozenset[UUID]) -> Any:
    if not ccgs:
        return with_loader_criteria(OwnedByCCG, lambda cls: false(), include_aliases=True)
    chosen = sorted(ccgs)
    return with_loader_criteria(OwnedByCCG, lambda cls: cls.ccg_id.in_(chosen), include_aliases=True)


@event.listens_for(TrackerSession, "before_flush")
def _check_writes(session: Session, context: UOWTransaction, instances: Any) -> None:
    """Refuses rows that are added to, changed in or moved out of a CCG outside the scope, and every deletion."""
    scope = scope_of(session)
    for row in session.deleted:
        if isinstance(row, OwnedByCCG):
            raise OutsideScope("Owned rows are withdrawn, never deleted.")
    for row in [*session.new, *session.dirty]:
        if not isinstance(row, OwnedByCCG):
            continue
        if row in session.dirty and not session.is_modified(row):
            continue
        history = inspect(row).attrs.ccg_id.history
        for ccg_id in {row.ccg_id, *history.deleted}:
            if not scope.may_write(ccg_id):
                raise OutsideScope("The row belongs to a CCG outside the scope.")
        _check_values(scope, row)


def _check_values(scope: RowScope, row: OwnedByCCG) -> None:
    """A new link may lead only to a row that the scope may read; a value is a value, not a question to the database."""
    state = inspect(row)
    changed = {one.key for one in state.attrs if one.history.has_changes()}
    if any(isinstance(getattr(row, key), ClauseElement) for key in changed & set(state.mapper.column_attrs.keys())):
        raise OutsideScope("A column of an owned row is set to a value, not to an expression.")
    if not changed & {"converted_from_id", "converted_from_ccg_id"}:
        return
    linked = getattr(row, "converted_from_ccg_id", None)
    if linked is not None and not scope.may_read(linked):
        raise OutsideScope("The row links to a CCG outside the scope.")


def _may_return(session: Session, row: object) -> bool:
    return not isinstance(row, OwnedByCCG) or scope_of(session).may_read(row.ccg_id)


TrackerSession.may_return = staticmethod(_may_return)
