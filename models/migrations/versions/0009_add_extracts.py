"""Extracts as they were drawn, and what CCGs say of their data."""

import sqlalchemy as sa
from alembic import op

from models import history_triggers, row_security

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "extract",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("quarter", sa.String(10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cut_off", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opening_cut_off", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opening_id", sa.Uuid(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("schema_version", sa.String(40), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("cases_sha256", sa.String(64), nullable=False),
        sa.Column("drawn_with", sa.String(64), nullable=True),
        sa.CheckConstraint("number >= 1", name="extracts_are_numbered_from_1"),
        sa.CheckConstraint("number = 1 OR reason <> ''", name="an_extract_that_is_drawn_again_says_why"),
        sa.CheckConstraint("opening_cut_off <= cut_off", name="an_extract_opens_before_it_closes"),
        sa.ForeignKeyConstraint(["opening_id"], ["extract.id"], name="fk_extract_opening_id"),
        sa.ForeignKeyConstraint(["drawn_by_id"], ["person.id"], name="fk_extract_drawn_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_extract"),
        sa.UniqueConstraint("quarter", "number", name="an_extract_of_a_quarter_has_a_number_of_its_own"),
        sa.UniqueConstraint("drawn_with", name="a_form_draws_one_extract"),
        sa.UniqueConstraint("id", "drawn_by_id", name="an_extract_is_known_with_who_drew_it"),
    )
    op.create_table(
        "extract_part",
        sa.Column("extract_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["extract_id"], ["extract.id"], name="fk_extract_part_extract_id"),
        sa.PrimaryKeyConstraint("extract_id", "position", name="pk_extract_part"),
    )
    op.create_table(
        "extract_sign_off",
        sa.Column("extract_id", sa.Uuid(), nullable=False),
        sa.Column("drawn_by_id", sa.Uuid(), nullable=False),
        sa.Column("signed_off_by_id", sa.Uuid(), nullable=False),
        sa.Column("signed_off_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("signed_off_by_id <> drawn_by_id", name="nobody_signs_off_what_they_drew"),
        sa.ForeignKeyConstraint(
            ["extract_id", "drawn_by_id"], ["extract.id", "extract.drawn_by_id"], name="signed_off_as_it_was_drawn"
        ),
        sa.ForeignKeyConstraint(["signed_off_by_id"], ["person.id"], name="fk_extract_sign_off_signed_off_by_id"),
        sa.PrimaryKeyConstraint("extract_id", name="pk_extract_sign_off"),
    )
    op.create_table(
        "extract_receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("extract_id", sa.Uuid(), nullable=False),
        sa.Column("receipt", sa.String(200), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["extract_id"], ["extract.id"], name="fk_extract_receipt_extract_id"),
        sa.ForeignKeyConstraint(["noted_by_id"], ["person.id"], name="fk_extract_receipt_noted_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_extract_receipt"),
    )
    op.create_index("ix_extract_receipt_extract_id", "extract_receipt", ["extract_id"])
    op.create_table(
        "query_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("query", sa.String(40), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by_id", sa.Uuid(), nullable=False),
        sa.Column("ccg_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["ccg_id"], ["organisation.id"], name="fk_query_answer_ccg_id"),
        sa.ForeignKeyConstraint(["answered_by_id"], ["person.id"], name="fk_query_answer_answered_by_id"),
        sa.ForeignKeyConstraint(
            ["ccg_id", "case_id"],
            ["case_review.ccg_id", "case_review.id"],
            name="an_answer_is_about_a_case_of_its_ccg",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_query_answer"),
    )
    op.create_index("ix_query_answer_case_id", "query_answer", ["case_id", "answered_at"])
    op.create_table(
        "quarter_confirmation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("quarter", sa.String(10), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=False),
        sa.Column("ccg_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["ccg_id"], ["organisation.id"], name="fk_quarter_confirmation_ccg_id"),
        sa.ForeignKeyConstraint(["confirmed_by_id"], ["person.id"], name="fk_quarter_confirmation_confirmed_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_quarter_confirmation"),
    )
    op.create_index("ix_quarter_confirmation_quarter", "quarter_confirmation", ["quarter", "ccg_id"])
    for table in ("query_answer", "quarter_confirmation"):
        row_security.protect(op.get_bind(), table)
    row_security.protect_words_of_england(op.get_bind(), "extract_part")
    history_triggers.keep_the_past_of_extracts(op.get_bind())


def downgrade() -> None:
    history_triggers.forget_the_past_of_extracts(op.get_bind())
    for table in ("query_answer", "quarter_confirmation"):
        row_security.unprotect(op.get_bind(), table)
    for table in (
        "quarter_confirmation",
        "query_answer",
        "extract_receipt",
        "extract_sign_off",
        "extract_part",
        "extract",
    ):
        op.drop_table(table)
