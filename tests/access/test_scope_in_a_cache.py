"""SQLAlchemy keeps statements and conditions: each is sent with the scope of whoever asks, and of nobody before."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Select, event, func, select
from sqlalchemy.orm import aliased

from app.access.row_scope import RowScope, enter
from app.database import new_session
from models import CaseReview, db
from models.base import owned_models


def somebody(*, of_a_split: bool) -> tuple[RowScope, set[UUID]]:
    """The scope of nobody else, and the ids that stand in it."""
    ccg, waiting, to = uuid4(), uuid4(), uuid4()
    if not of_a_split:
        return RowScope(readable=frozenset({ccg})), {ccg}
    scope = RowScope(frozenset({ccg}), waiting=frozenset({waiting}), allocated=frozenset({to}), split=frozenset({ccg}))
    return scope, {ccg, waiting, to}


def statements(model: Any) -> list[Callable[[], Select[Any]]]:
    """Ways to ask for rows of a model: plainly, counted, by an alias, beside another alias, and in a subquery."""
    key = model.__mapper__.primary_key[0].key
    alias, other = aliased(model), aliased(model)
    return [
        lambda: select(model),
        lambda: select(func.count()).select_from(model),
        lambda: select(getattr(alias, key)),
        lambda: select(alias, other).join(other, getattr(other, key) == getattr(alias, key)),
        lambda: select(getattr(model, key)).where(getattr(model, key).in_(select(getattr(other, key)))),
    ]


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("of_a_split", [True, False])
def test_nobody_is_given_the_scope_of_another(app: Flask, of_a_split: bool, cached: bool) -> None:
    sent: list[str] = []
    options: dict[str, Any] = {} if cached else {"compiled_cache": None}
    with app.app_context():
        note = lambda connection, cursor, statement, values, context, many: sent.append(str(values))  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            for model in owned_models():
                for make in statements(model):
                    for _ in range(3):
                        scope, ids = somebody(of_a_split=of_a_split)
                        expected = ids if model.case_key else ids & {*scope.readable, *scope.waiting}
                        sent.clear()
                        with new_session() as session:
                            enter(session, scope)
                            session.execute(make(), execution_options=options).all()
                        found = set(re.findall(r"[0-9a-f]{32}", sent[-1].replace("-", "")))
                        assert found == {one.hex for one in expected}, (model, sent[-1])
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
    assert CaseReview in owned_models()
