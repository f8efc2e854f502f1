"""Migrations go up and down on populated tables, and give what the models say."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select, text

from app.access.row_scope import every_organisation
from app.cases.searching import cases_with
from models import (
    CaseReview,
    append_only,
    count_triggers,
    database_rules,
    db,
    history_triggers,
    striking_out,
    versioned_models,
)
from seeds.reference import seed_reference
from tests.conftest import add_case
from tests.databases import unguarded


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index ix_case_review_search")
def test_models_and_migrations_agree(either_app: Flask) -> None:
    with either_app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": database_rules.belongs_to_models}
        )
        assert compare_metadata(context, db.metadata) == []


def test_migrations_make_every_named_constraint(either_app: Flask) -> None:
    """Autogeneration does not compare checks, so they are compared here."""
    with either_app.app_context(), db.engine.connect() as connection:
        inspector = inspect(connection)
        for table in db.metadata.tables.values():
            made = {one["name"] for one in inspector.get_check_constraints(table.name)}
            said = {str(one.name) for one in table.constraints if type(one).__name__ == "CheckConstraint" and one.name}
            assert said <= made, f"Migrations lack {said - made}"


def test_down_and_up_again_on_populated_tables(fresh_either_app: Flask) -> None:
    add_case(fresh_either_app, "84H")
    with fresh_either_app.app_context():
        db.session.remove()
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade()
        seed_reference(db.session())
        db.session.commit()
    add_case(fresh_either_app, "84H", overview="Found again.")
    with fresh_either_app.app_context(), every_organisation("test") as session:
        found = session.scalars(select(CaseReview).where(cases_with("found", session))).all()
        assert len(found) == 1


def test_a_migration_can_rebuild_the_table_of_cases(fresh_app: Flask) -> None:
    """SQLite adds a constraint by making the table anew; triggers, the index and its view must come back."""
    add_case(fresh_app, "84H", overview="Before it was rebuilt.")
    with fresh_app.app_context():
        with db.engine.begin() as connection:
            database_rules.drop_triggers(connection)
            operations = Operations(MigrationContext.configure(connection))
            with operations.batch_alter_table("case_review") as table:
                table.create_check_constraint("a_new_rule", "length(partnership_name) < 300")
            database_rules.create_triggers(connection)
        with unguarded(fresh_app) as session:
            session.execute(text("UPDATE case_review SET overview = 'Afterwards.'"))
            session.commit()
        with unguarded(fresh_app) as session:
            assert len(session.scalars(select(CaseReview).where(cases_with("afterw", session))).all()) == 1


def test_the_words_of_every_searched_text_are_indexed(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        indexed = [row[1] for row in connection.exec_driver_sql("PRAGMA table_info(case_search)")]
    assert indexed == database_rules.indexed_columns(), "A migration must drop and create the index anew."


def test_the_triggers_are_those_of_today(app: Flask) -> None:
    """A migration that rebuilds a table on SQLite drops its triggers without a word."""

    def triggers() -> list[Any]:
        with db.engine.connect() as connection:
            return list(connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")))

    with app.app_context():
        before = triggers()
        with db.engine.begin() as connection:
            history_triggers.make_ready_for_migrations(connection)
            database_rules.create_triggers(connection)
            history_triggers.create_triggers(connection)
            append_only.create_triggers(connection)
            striking_out.create_triggers(connection)
            count_triggers.create_triggers(connection)
        assert sorted(triggers()) == sorted(before)
        assert len(before) == 13 + 3 * 8 + 6 * len(versioned_models()) + 3 * len(append_only.TABLES) + 3 + 3 + 3


@pytest.mark.parametrize("word", ["ccg_id", "id"])
def test_primary_keys_cannot_be_counted(app: Flask, word: str) -> None:
    first, second = add_case(app, "84H"), add_case(app, "84H")
    assert getattr(first, word).version == 4
    assert first.id != second.id
