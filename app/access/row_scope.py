"""Row scope: the CCGs whose rows a session may read and write. The one place that decides which rows exist.

A session begins with no scope, and then sees no owned row and writes none. `enter` gives it one. From then on every
ORM statement carries the condition, every flush is checked, `get` re-checks rows that are already in memory, and
PostgreSQL is told, whose policies hold to the same scope by themselves. No screen filters by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ClauseElement, Connection, and_, event, false, inspect, or_, select
from sqlalchemy.orm import (
    FromStatement,
    Mapper,
    ORMExecuteState,
    Session,
    SessionTransaction,
    aliased,
    object_session,
    with_loader_criteria,
)

from app.database import allocation_of, new_session, tell_scope
from models import CaseReview
from models.base import OwnedByCCG, TrackerSession, owned_models
from models.enumerations import AuditAction

from . import audit, clock
from .history import sign
from .statements import why_refused

_KEY = "row_scope"
NEVER_DELETED = "Owned rows are withdrawn, never deleted."

# Columns of owned rows whose new value must itself lie in the scope.
LINKS = {"converted_from_id", "converted_from_ccg_id"}
CHECKED_AT_FLUSH = {"ccg_id", "allocated_to_id", *LINKS}


class OutsideScope(PermissionError):
    """A write to a row that is outside the scope of its session. Nothing of it reaches the database."""

    FOR_THE_LOG = True  # what it says are sentences of this module


@dataclass(frozen=True)
class RowScope:
    """Which CCGs' rows may be read and written. `reads_everything` is for England, and work that says its reason.

    Where a CCG was split, a case goes where it is allocated, and what is about it goes along: `waiting` are CCGs whose
    cases are read until then, `allocated` those by whose allocation cases of another CCG are read,
    `writable_allocated` those by which they are written, and `split` the CCGs from which such cases may come. All are
    empty where no split concerns a person.
    """

    readable: frozenset[UUID] = frozenset()
    writable: frozenset[UUID] = frozenset()
    reads_everything: bool = False
    writes_everything: bool = False
    waiting: frozenset[UUID] = frozenset()
    allocated: frozenset[UUID] = frozenset()
    writable_allocated: frozenset[UUID] = frozenset()
    split: frozenset[UUID] = frozenset()

    def may_read(self, ccg_id: UUID | None, allocated_to: UUID | None = None) -> bool:
        """Whether rows of a CCG may be read that are about no case, or about one that was allocated so."""
        return (
            self.reads_everything
            or ccg_id in self.readable
            or (ccg_id in self.waiting if allocated_to is None else allocated_to in self.allocated)
        )

    def may_write(self, ccg_id: UUID | None, allocated_to: UUID | None = None) -> bool:
        """Whether rows of a CCG may be written that are about no case, or about one that was allocated so."""
        return self.writes_everything or ccg_id in self.writable or allocated_to in self.writable_allocated

    def may_change(self, case: CaseReview) -> bool:
        """Whether a case may be written."""
        return self.may_write(case.ccg_id, case.allocated_to_id)


NOTHING = RowScope()
EVERYTHING = RowScope(reads_everything=True, writes_everything=True)


def scope_of(session: Session) -> RowScope:
    """The scope in which a session works: nothing, until it has entered one."""
    scope: RowScope = session.info.get(_KEY, NOTHING)
    return scope


def enter(session: Session, scope: RowScope) -> None:
    """Puts a session to work in a scope. What it had in memory in the scope before is forgotten.

    Raises RuntimeError where something is unsaved, and inside a savepoint: PostgreSQL would go back to the scope
    before it, and the session would not.
    """
    if any(isinstance(row, OwnedByCCG) and session.is_modified(row) for row in [*session.new, *session.dirty]):
        raise RuntimeError("Save or roll back before the scope changes: the changes belong to the scope before.")
    if session.in_nested_transaction():
        raise RuntimeError("The scope does not change inside a savepoint.")
    if scope_of(session) != NOTHING:
        session.expunge_all()
    session.info[_KEY] = scope
    if session.in_transaction():
        _tell_database(session, None, None)


@event.listens_for(TrackerSession, "after_begin")
def _tell_database(session: Session, transaction: SessionTransaction | None, connection: Connection | None) -> None:
    """PostgreSQL is told the scope in each transaction anew, and holds to it by itself. Nothing told, nothing seen."""
    scope = scope_of(session)
    if transaction is not None and (scope == NOTHING or transaction.nested):
        return
    tell_scope(
        session,
        connection,
        readable=scope.readable,
        writable=scope.writable,
        waiting=scope.waiting,
        allocated=scope.allocated,
        writable_allocated=scope.writable_allocated,
        reads_everything=scope.reads_everything,
        writes_everything=scope.writes_everything,
    )


@contextmanager
def every_organisation(reason: str, by: UUID | None = None) -> Iterator[TrackerSession]:
    """A session of its own that reads and writes the rows of every CCG. The caller commits.

    For work outside anybody's request. That it was opened, by whom and why is in the audit before the first row is
    read, and stays there whatever becomes of the work.
    """
    with new_session() as session:
        audit.write(session, AuditAction.EVERY_ORGANISATION, by=by, at=clock.now(), reason=reason, details=reason)
        session.commit()
        enter(session, EVERYTHING)
        sign(session, by, reason)
        yield session


@contextmanager
def beside_the_request(scope: RowScope, by: UUID, reason: str) -> Iterator[TrackerSession]:
    """A session of its own in the scope of a person, for work that goes on beside their request. The caller commits."""
    with new_session() as session:
        enter(session, scope)
        sign(session, by, reason)
        yield session


@event.listens_for(TrackerSession, "do_orm_execute")
def _restrict(state: ORMExecuteState) -> None:
    """Adds the condition to every select, and to every update of many rows. Refuses what it would not bind."""
    scope = scope_of(state.session)
    if scope == EVERYTHING:
        return
    if not (state.is_relationship_load or state.is_column_load):
        reason = why_refused(state.statement) if state.is_orm_statement else "Statements name models."
        if reason:
            raise OutsideScope(reason)
    if state.is_insert or state.is_update or state.is_delete:
        _restrict_write(state, scope)
    elif not scope.reads_everything:
        if isinstance(state.statement, FromStatement):
            raise OutsideScope("A statement that carries no condition reads only in the scope of everything.")
        if state.is_select:
            state.statement = state.statement.options(*_only(scope.readable, scope.waiting, scope.allocated))


def _restrict_write(state: ORMExecuteState, scope: RowScope) -> None:
    """Refuses deletions, and what no condition can hold: inserts, updates by key, values that move a row or link it."""
    statement: Any = state.statement
    if "dml_strategy" in state.execution_options:
        raise OutsideScope("A strategy of one's own goes past the condition.")
    if state.is_insert:
        if _is_owned(state) or statement.select is not None:
            raise OutsideScope("Owned rows are added one by one, so that each is checked.")
        return
    if state.is_delete and _is_owned(state):
        if not state.bind_mapper.class_.may_be_deleted:  # type: ignore[union-attr]
            raise OutsideScope(NEVER_DELETED)
    elif _is_owned(state):
        named = {getattr(column, "key", column) for column in (statement._values or {})}
        if state.parameters or named & CHECKED_AT_FLUSH:
            raise OutsideScope("Owned rows are moved and linked one by one, so that each is checked.")
    if scope.writable_allocated:
        # That condition asks another table. Whether objects in memory meet it would be asked by a statement of its own.
        state.update_execution_options(synchronize_session=False)
    state.statement = statement.options(*_only(scope.writable, frozenset(), scope.writable_allocated))


def _is_owned(state: ORMExecuteState) -> bool:
    mapper = state.bind_mapper
    return mapper is not None and issubclass(mapper.class_, OwnedByCCG)


def _only(ccgs: frozenset[UUID], waiting: frozenset[UUID], allocated: frozenset[UUID]) -> list[Any]:
    """The conditions. A lazy load gets its own, of its own moment: these are not handed on to it."""
    if waiting or allocated:
        return [_after_a_split(model, sorted(ccgs), sorted(waiting), sorted(allocated)) for model in owned_models()]
    if not ccgs:
        return [with_loader_criteria(OwnedByCCG, lambda cls: false(), include_aliases=True, propagate_to_loaders=False)]
    chosen = sorted(ccgs)
    return [
        with_loader_criteria(
            OwnedByCCG, lambda cls: cls.ccg_id.in_(chosen), include_aliases=True, propagate_to_loaders=False
        )
    ]


def _after_a_split(model: Any, ccgs: list[UUID], waiting: list[UUID], allocated: list[UUID]) -> Any:
    """The condition of one model for somebody whom a split concerns. In the words of `cls`, so that aliases have it."""
    if model is CaseReview:
        condition: Any = lambda cls: or_(  # noqa: E731
            cls.ccg_id.in_(ccgs),
            and_(cls.ccg_id.in_(waiting), cls.allocated_to_id.is_(None)),
            cls.allocated_to_id.in_(allocated),
        )
    elif model.case_key:
        # What is about a case asks the case as it is now: a version says where it was.
        case: Any = aliased(CaseReview)
        waits = and_(case.ccg_id.in_(waiting), case.allocated_to_id.is_(None))
        seen = select(case.id).where(or_(waits, case.allocated_to_id.in_(allocated)))
        condition = (
            (lambda cls: or_(cls.ccg_id.in_(ccgs), cls.id.in_(seen)))
            if model.case_key == "id"
            else (lambda cls: or_(cls.ccg_id.in_(ccgs), cls.case_id.in_(seen)))
        )
    else:
        either = [*ccgs, *waiting]
        condition = lambda cls: cls.ccg_id.in_(either)  # noqa: E731
    return with_loader_criteria(model, condition, include_aliases=True, propagate_to_loaders=False)


@event.listens_for(Mapper, "before_insert")
@event.listens_for(Mapper, "before_update")
def _check_write(mapper: object, connection: Connection, row: Any) -> None:
    """Refuses a row that is added to, changed in or moved out of a CCG outside the scope, just before it is written.

    A value of any row, owned or not, is a value: an expression could bring along the words of a foreign row.
    """
    session = object_session(row)
    scope = scope_of(session) if session else NOTHING
    if scope == EVERYTHING or (inspect(row).persistent and session and not session.is_modified(row)):
        return
    _check_values(row)
    if isinstance(row, OwnedByCCG):
        _check_ccg(scope, row, connection)
        _check_link(scope, row, connection)


@event.listens_for(OwnedByCCG, "before_delete", propagate=True)
def _check_deletion(mapper: object, connection: Connection, row: OwnedByCCG) -> None:
    session = object_session(row)
    if session is None or not row.may_be_deleted:
        raise OutsideScope(NEVER_DELETED)
    scope = scope_of(session)
    if not (scope.may_write(row.ccg_id) or scope.may_write(row.ccg_id, _allocation_of(row, connection))):
        raise OutsideScope(NEVER_DELETED)


def _check_ccg(scope: RowScope, row: OwnedByCCG, connection: Connection) -> None:
    history = inspect(row).attrs.ccg_id.history
    if history.added and not history.deleted and inspect(row).persistent:
        raise OutsideScope("Whose the row was is not known: read it before it is moved.")
    if all(scope.may_write(ccg_id) for ccg_id in {row.ccg_id, *history.deleted}):
        return
    # Whoever has a case by its allocation changes what is in it, and neither its CCG nor where it is allocated.
    is_moved = history.deleted or (isinstance(row, CaseReview) and _has_changes(row, "allocated_to_id"))
    if is_moved or not scope.may_write(row.ccg_id, _allocation_of(row, connection)):
        raise OutsideScope("The row belongs to a CCG outside the scope.")


def _has_changes(row: Any, name: str) -> bool:
    return bool(inspect(row).attrs[name].history.has_changes())


def _allocation_of(row: Any, connection: Connection) -> UUID | None:
    """To whom the case was allocated that a row is, or is about. As it stands, not as the row says."""
    case_id = getattr(row, row.case_key) if row.case_key else None
    return None if case_id is None else allocation_of(connection, case_id)


def _check_values(row: object) -> None:
    state = inspect(row)
    columns = set(state.mapper.column_attrs.keys())
    if any(isinstance(value, ClauseElement) for key, value in state.dict.items() if key in columns):
        raise OutsideScope("A column is set to a value, not to an expression.")


def _check_link(scope: RowScope, row: OwnedByCCG, connection: Connection) -> None:
    """A new link may lead only to a row that the scope may read."""
    state = inspect(row)
    if any(state.attrs[key].history.has_changes() for key in LINKS if key in state.attrs):
        check_link(
            scope, getattr(row, "converted_from_ccg_id", None), getattr(row, "converted_from_id", None), connection
        )


def check_link(scope: RowScope, linked: UUID | None, source: UUID | None, connection: Connection) -> None:
    """Refuses a link to a case (`source`, of the CCG `linked`) that the scope may not read."""
    if linked is None or scope.reads_everything or linked in scope.readable:
        return
    if source is None or not scope.may_read(linked, allocation_of(connection, source)):
        raise OutsideScope("The row links to a CCG outside the scope.")


@event.listens_for(OwnedByCCG, "load", propagate=True)
@event.listens_for(OwnedByCCG, "refresh", propagate=True)
def _check_loaded(row: OwnedByCCG, context: object, attrs: object = None) -> None:
    """Refuses a row that no condition kept out, whatever brought it: a hole in the first wall shows nothing."""
    session = object_session(row)
    if session is None or not _is_in(scope_of(session), row, inspect(row).dict):
        raise OutsideScope("A row outside the scope, or without its CCG, was read.")


def _is_in(scope: RowScope, row: OwnedByCCG, known: Mapping[str, Any]) -> bool:
    """Whether a row that was read may be. What is about a case does not say where that is allocated: it may be of any
    CCG from which cases may have come."""
    ccg_id = known.get("ccg_id")
    if ccg_id is None:
        return False
    if isinstance(row, CaseReview):
        return scope.may_read(ccg_id, known.get("allocated_to_id"))
    return scope.may_read(ccg_id) or (bool(row.case_key) and ccg_id in scope.split)


def _may_return(session: Session, row: object) -> bool:
    # A row that is not all in memory is read again, and checked then.
    return not isinstance(row, OwnedByCCG) or _is_in(
        scope_of(session), row, {"ccg_id": row.ccg_id, **inspect(row).dict}
    )


TrackerSession.may_return = staticmethod(_may_return)
