"""Redactions: words struck out of a case and of every place that holds them."""

import sqlalchemy as sa
from alembic import op

from models import row_security, striking_out

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "redaction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("words", sa.String(200), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("found", sa.String(1000), nullable=False),
        sa.Column("ccg_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state IN ('asked', 'striking', 'approved', 'refused', 'taken_back')", name="redaction_state_is_known"
        ),
        sa.CheckConstraint(
            "(words IS NULL) = (state IN ('approved', 'refused', 'taken_back'))",
            name="the_words_are_forgotten_once_it_is_decided",
        ),
        sa.CheckConstraint("(state = 'asked') = (decided_by_id IS NULL)", name="somebody_has_decided_it"),
        sa.CheckConstraint("(decided_by_id IS NULL) = (decided_at IS NULL)", name="it_was_decided_at_a_moment"),
        sa.CheckConstraint(
            "(state = 'taken_back') = (decided_by_id IS NOT NULL AND decided_by_id = asked_by_id)",
            name="nobody_decides_what_they_asked_for",
        ),
        sa.ForeignKeyConstraint(["ccg_id"], ["organisation.id"], name="fk_redaction_ccg_id"),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name="fk_redaction_asked_by_id"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name="fk_redaction_decided_by_id"),
        sa.ForeignKeyConstraint(
            ["ccg_id", "case_id"],
            ["case_review.ccg_id", "case_review.id"],
            name="a_redaction_is_of_a_case_of_its_ccg",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_redaction"),
    )
    op.create_index("ix_redaction_case_id", "redaction", ["case_id", "asked_at"])
    op.create_table(
        "extract_redaction",
        sa.Column("extract_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("redaction_id", sa.Uuid(), nullable=False),
        sa.Column("struck_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("cases_sha256", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["extract_id"], ["extract.id"], name="fk_extract_redaction_extract_id"),
        sa.ForeignKeyConstraint(["redaction_id"], ["redaction.id"], name="fk_extract_redaction_redaction_id"),
        sa.PrimaryKeyConstraint("extract_id", "number", name="pk_extract_redaction"),
    )
    row_security.protect(op.get_bind(), "redaction")
    striking_out.permit(op.get_bind())


def downgrade() -> None:
    """What was struck out stays so."""
    striking_out.forbid(op.get_bind())
    row_security.unprotect(op.get_bind(), "redaction")
    op.drop_table("extract_redaction")
    op.drop_table("redaction")
