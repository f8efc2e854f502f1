"""The database handle, the session, and the columns that many tables share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID, uuid4

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.query import Query
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import ColumnElement, DateTime, Dialect, Enum, ForeignKey, MetaData, String, Uuid, func
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from .enumerations import Labelled

NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "%(constraint_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


class OwnedByCCG:
    """A row that belongs to a CCG. Row scope applies to every model that has this mixin.

    `may_be_deleted` is for rows that hold something for a while, such as drafts; their table's policies say so too.
    `case_key` is the column with the id of the case that a row is, or is about: after a split it goes with that case
    (`row_security.follow_the_case`). Rows that are about no case stay with their CCG.
    """

    may_be_deleted: ClassVar[bool] = False
    case_key: ClassVar[str] = ""

    @declared_attr
    def ccg_id(cls) -> Mapped[UUID]:
        return mapped_column(ForeignKey("organisation.id"))


class HeldByCCG(OwnedByCCG):
    """A row that is a case, or a version of one: it may be allocated after a split."""

    __abstract__ = True
    case_key = "id"

    if TYPE_CHECKING:
        allocated_to_id: Mapped[UUID | None]

    @hybrid_property
    def held_by_id(self) -> UUID:
        """The CCG that the case is with: the one to which it was allocated, or under which it was recorded."""
        return self.allocated_to_id or self.ccg_id

    @held_by_id.inplace.expression
    @classmethod
    def _held_by_id(cls) -> ColumnElement[UUID]:
        return func.coalesce(cls.allocated_to_id, cls.ccg_id)


def owned_models() -> list[Any]:
    """Every model whose rows belong to a CCG."""
    found = [*OwnedByCCG.__subclasses__(), *HeldByCCG.__subclasses__()]
    return [model for model in found if hasattr(model, "__table__")]


ONE_BY_ONE = "Rows are added and changed one by one, or by a statement with a condition, so that each is checked."


class TrackerQuery(Query):
    """The older way to ask. Its `get` goes by way of the session's, which checks."""

    def get(self, ident: Any) -> Any:
        entity: Any = self.column_descriptions[0]["entity"]
        return self.session.get(entity, ident)


class TrackerSession(FlaskSession):
    """A session whose `get` re-checks rows that are already in memory.

    `get` answers from the identity map without asking the database, so no event sees it. `may_return` is the hook
    on which `app.access` hangs the row scope; until it does, an owned row is never returned.
    """

    may_return: Callable[[TrackerSession, object], bool] = staticmethod(
        lambda session, row: not isinstance(row, OwnedByCCG)
    )

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        """One row by its primary key, or None where there is none or the scope hides it."""
        row = super().get(entity, ident, **options)
        return row if row is None or self.may_return(self, row) else None

    def rollback(self) -> None:
        """Rolls back. Where the connection broke meanwhile, its database has rolled back by itself."""
        try:
            super().rollback()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            super().rollback()

    def close(self) -> None:
        """Ends the session, as at the end of every request: an answer that was made is not lost to a connection."""
        try:
            super().close()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            super().close()

    def connection(self, *args: Any, **options: Any) -> Any:
        """Refused: what is said to a connection carries no condition. `app.database` is the one place for that."""
        raise PermissionError("Statements go through the session, so that each carries the condition of its scope.")

    def bulk_save_objects(self, *args: Any, **options: Any) -> None:
        raise PermissionError(ONE_BY_ONE)

    def bulk_insert_mappings(self, *args: Any, **options: Any) -> None:
        raise PermissionError(ONE_BY_ONE)

    def bulk_update_mappings(self, *args: Any, **options: Any) -> None:
        raise PermissionError(ONE_BY_ONE)


db = SQLAlchemy(model_class=Base, session_options={"class_": TrackerSession, "query_cls": TrackerQuery})


def utc_now() -> datetime:
    """The present moment, in UTC, aware of its zone."""
    return datetime.now(UTC)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. Takes and gives aware datetimes; SQLite, which knows no zones, stores them as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment needs a time zone.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def stored(words: type[Labelled], name: str, *, checked: bool = True) -> Enum:
    """The column type of an enumeration: its values as text; `checked` by a named constraint."""
    return Enum(
        words,
        name=name,
        native_enum=False,
        create_constraint=checked,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


class HasId:
    """A random primary key: it cannot be guessed, and it does not count."""

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4, sort_order=-10)


class Versioned:
    """A row whose every version the database keeps, by triggers, whatever path writes it. See `history.py`.

    A save by the service says who and why, with a new `change_id`. A trigger that finds the `change_id` as it was, or
    used before for the same row, knows that something else wrote: such a version is nobody's.
    """

    @declared_attr
    def changed_by_id(cls) -> Mapped[UUID | None]:
        return mapped_column(ForeignKey("person.id"), sort_order=90)

    change_reason: Mapped[str | None] = mapped_column(String(1000), sort_order=91)
    change_id: Mapped[UUID | None] = mapped_column(Uuid, default=uuid4, sort_order=92)
