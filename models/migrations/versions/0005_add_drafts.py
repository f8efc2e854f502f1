"""Drafts: forms that somebody typed and has not saved yet."""

import sqlalchemy as sa
from alembic import op

from models import row_security

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "form",
            sa.Enum(
                "new",
                "edit",
                "close",
                "reopen",
                "withdraw",
                "bring_back",
                name="a_draft_is_of_a_known_form",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("form_token", sa.String(length=100), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ccg_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(form = 'new') = (case_id IS NULL)", name="only_a_draft_of_a_new_case_has_none"),
        sa.ForeignKeyConstraint(["ccg_id"], ["organisation.id"], name="fk_draft_ccg_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_draft_person_id"),
        sa.ForeignKeyConstraint(
            ["ccg_id", "case_id"], ["case_review.ccg_id", "case_review.id"], name="a_draft_is_of_a_case_of_its_ccg"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
        sa.UniqueConstraint("person_id", "form_token", name="a_form_is_kept_once"),
    )
    op.create_index("ix_draft_saved_at", "draft", ["saved_at"])
    row_security.protect(op.get_bind(), "draft", may_be_deleted=True)


def downgrade() -> None:
    row_security.unprotect(op.get_bind(), "draft")
    op.drop_table("draft")
