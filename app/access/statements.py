"""Which statements row scope can hold: those that name owned rows by their model, so that the condition binds.

A table, text or an expression of text beside a model carries no condition, and neither does an alias that is written
to. PostgreSQL's policies would hold such a statement; it is refused on both databases, so that nobody comes to need it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Alias, BindParameter, Column, Select, Table, TextClause
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import ColumnClause, TableClause
from sqlalchemy.sql.operators import custom_op

from app.database import SEARCH_WORDS
from models.base import owned_models

NAME_THE_MODEL = "A table carries no condition: name the model."
# What searching says that no model has a word for.
_OPERATORS = {"@@", "MATCH"}


def why_refused(statement: Any) -> str | None:
    """Why a statement cannot be held to a scope, or None where it can."""
    owned = owned_tables()
    writes = getattr(statement, "is_dml", False)
    if writes and isinstance(statement.table, Alias):
        return "An alias cannot be written to."
    if writes and any(
        not isinstance(value, BindParameter) for value in (getattr(statement, "_values", None) or {}).values()
    ):
        return "A column is set to a value, not to an expression."
    for element in visitors.iterate(statement):
        if isinstance(element, TextClause):
            return "Text carries no condition."
        if isinstance(element, Select) and _names_a_table(element, owned):
            return NAME_THE_MODEL
        if isinstance(element, Alias) and writes and _table_of(element) in owned:
            return "Only the rows themselves are named where rows are written."
        if isinstance(element, ColumnClause) and (said := _of_column(element, owned, writes, statement)):
            return said
        if (
            isinstance(operator := getattr(element, "operator", None), custom_op)
            and operator.opstring not in _OPERATORS
        ):
            return "An operator of one's own is text."
    return None


def owned_tables() -> set[Any]:
    """The tables whose rows belong to a CCG."""
    return {model.__table__ for model in owned_models()}


def _of_column(column: Any, owned: set[Any], writes: bool, statement: Any) -> str | None:
    if not isinstance(column, Column):
        is_known = not column.is_literal or column.name in ("*", SEARCH_WORDS.name)
        names = {table.name for table in owned}
        if not is_known or getattr(column.table, "name", None) in names:
            return "Text carries no condition."
        return None
    table = _table_of(column.table)
    if table not in owned:
        return None
    # The key alone: by it SQLAlchemy itself says which row it gets.
    if "parententity" not in column._annotations and not writes and not column.primary_key:
        return NAME_THE_MODEL
    if writes and (isinstance(column.table, Alias) or table is not _table_of(statement.table)):
        return "Only the rows themselves are named where rows are written."
    return None


def _names_a_table(select: Any, owned: set[Any]) -> bool:
    """Whether a select is from a table and no model, or has what the condition falls short of: full joins, text."""
    if select._prefixes or select._suffixes:
        return True
    joined = [target for target, *_ in select._setup_joins]
    for source in [*select._raw_columns, *select._from_obj, *joined]:
        if isinstance(source, Column) and "parententity" not in source._annotations:
            source = source.table
        is_table = isinstance(source, TableClause | Alias) and "parententity" not in source._annotations
        if is_table and (_table_of(source) in owned or source.name in {table.name for table in owned}):
            return True
    return any(flags.get("full") for *_, flags in select._setup_joins)


def _table_of(thing: Any) -> Any:
    while isinstance(thing, Alias):
        thing = thing.element
    if isinstance(thing, Table) and thing._annotations:
        return thing._deannotate()
    return thing
