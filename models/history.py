"""History: a model for the versions of each versioned one.

A model with the mixin `Versioned` has a table beside its own, named `..._version`, with the same columns: a trigger
adds a row there with each insert, change and deletion (`history_triggers.py`). A version is added and never changed.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Enum, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapper, mapped_column

from .base import Base, HeldByCCG, Moment, Versioned, db, stored
from .declarations import derived
from .enumerations import Change

SUFFIX = "_version"
OWNER = "ccg_id"
# What an extract asks of every case as at a moment, beside its words: answered from an index, in the order of cases.
ASKED_AT_A_MOMENT = {
    f"case_review{SUFFIX}": (
        *("id", "number", "known_from", "change", "withdrawn_at", "status", "ccg_id", "allocated_to_id", "reference"),
        *("incident_date", "review_type_id", "steis_number", "converted_from_id"),
    )
}
_VERSIONS: dict[type, type[Any]] = {}


def version_of(model: type[Any]) -> type[Any]:
    """The model of a model's versions: its columns as they were, with `number`, `known_from`, `change`, `by_service`.

    `number` counts the versions of one row from 1; `known_from` is the moment, in UTC, from which the row was known to
    be so. A version that the service did not write (`by_service` is False) names nobody and no reason.
    """
    return _VERSIONS[model]


def versioned_models() -> list[type[Any]]:
    """The models whose history is kept."""
    return list(_VERSIONS)


def make_version_models() -> None:
    """Makes the model of the versions of every versioned model. Called once, when all models are there."""
    mappers = sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__name__)
    for mapper in mappers:
        if issubclass(mapper.class_, Versioned):
            _VERSIONS[mapper.class_] = _version_model(mapper)


def _version_model(mapper: Mapper[Any]) -> type[Any]:
    model: Any = mapper.class_
    table = f"{model.__tablename__}{SUFFIX}"
    stored_columns = {
        attribute.key: attribute.columns[0]
        for attribute in mapper.column_attrs
        if isinstance(attribute.columns[0], Column)
    }
    copied = {key: _copy(column) for key, column in stored_columns.items()}
    own = {
        "__tablename__": table,
        "__doc__": f"A version of a row of `{model.__tablename__}`.",
        "number": mapped_column(Integer, primary_key=True, sort_order=-9),
        "known_from": mapped_column(Moment, nullable=False, sort_order=-8),
        "change": mapped_column(stored(Change, f"change_in_{table}", checked=False), nullable=False, sort_order=-7),
        "by_service": mapped_column(Boolean, nullable=False, sort_order=-6),
        "__table_args__": (
            Index(f"ix_{table}_known_from", "known_from"),
            *([Index(f"ix_{table}_at_a_moment", *ASKED_AT_A_MOMENT[table])] if table in ASKED_AT_A_MOMENT else []),
        ),
    }
    worked_out = {
        name: value for cls in model.__mro__ for name, value in vars(cls).items() if isinstance(value, derived)
    }
    # So far the one table of rows of a CCG whose history is kept is that of cases.
    bases = (HeldByCCG, db.Model) if issubclass(model, HeldByCCG) else (db.Model,)
    return type(f"{model.__name__}Version", bases, copied | worked_out | own)


def _copy(column: Column[Any]) -> Any:
    """A column of the same name, type and declaration, and no more: what a version holds was checked when written.

    An item that came later is empty in the versions before it.
    """
    type_ = column.type
    if isinstance(type_, Enum):
        type_ = stored(type_.enum_class, str(type_.name), checked=False)  # type: ignore[arg-type]
    is_key, is_owner = column.primary_key, column.name == OWNER
    owner = [ForeignKey("organisation.id")] if is_owner else []
    return mapped_column(
        column.name,
        type_,
        *owner,
        primary_key=is_key,
        nullable=not (is_key or is_owner),
        sort_order=-10 if is_key else 0,
        info=column.info,
    )
