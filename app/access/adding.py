"""Many rows of one table at once, for files of cases: each is checked as a flush checks one that is new.

What the session refuses (`Owned rows are added one by one`) is done here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app.database import insert_rows
from models.base import OwnedByCCG

from .row_scope import EVERYTHING, OutsideScope, RowScope, check_link, scope_of


def add_rows(session: Session, model: type[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds rows, each with the same columns, to the session's transaction; the caller commits.

    Raises OutsideScope, before any of them is written, where one belongs to a CCG that the scope may not write, or
    links to a case that it may not read. Rows that somebody could write only by their allocation after a split are
    refused too: they are added one by one. An expression in place of a value is none to the driver, which refuses it.
    """
    scope = scope_of(session)
    insert_rows(session, model, rows, check=lambda row, connection: _check_new(scope, model, row, connection))


def _check_new(scope: RowScope, model: type[Any], row: Mapping[str, Any], connection: Connection) -> None:
    if scope != EVERYTHING and issubclass(model, OwnedByCCG):
        if not scope.may_write(row.get("ccg_id")):
            raise OutsideScope("The row belongs to a CCG outside the scope.")
        check_link(scope, row.get("converted_from_ccg_id"), row.get("converted_from_id"), connection)
