"""Organisations are reorganised by plans that are proposed, applied and, while no extract knows them, undone."""

import sqlalchemy as sa
from alembic import op

from models import database_rules

revision = "0015"
down_revision = "0014"

TURN = "turn_to_reorganise"


def upgrade() -> None:
    op.create_table(
        "reorganisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("closes_most", sa.Boolean(), nullable=False),
        sa.Column("effective_on", sa.Date()),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid()),
        sa.Column("applied_at", sa.DateTime(timezone=True)),
        sa.Column("applied_by_id", sa.Uuid()),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.Column("undone_by_id", sa.Uuid()),
        sa.CheckConstraint("source IN ('task', 'ods_files', 'change_file')", name="reorganisation_source_is_known"),
        sa.CheckConstraint("state IN ('proposed', 'applied', 'undone')", name="reorganisation_state_is_known"),
        sa.CheckConstraint("(state = 'proposed') = (applied_at IS NULL)", name="it_was_applied_at_a_moment"),
        sa.CheckConstraint("(applied_at IS NULL) = (applied_by_id IS NULL)", name="somebody_applied_it"),
        sa.CheckConstraint("(state = 'undone') = (undone_at IS NOT NULL)", name="it_was_undone_at_a_moment"),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name="somebody_undid_it"),
        *(
            sa.ForeignKeyConstraint([column], ["person.id"], name=f"fk_reorganisation_{column}")
            for column in ("proposed_by_id", "applied_by_id", "undone_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reorganisation"),
    )
    op.create_index("ix_reorganisation_applied_at", "reorganisation", ["applied_at"])
    op.execute(f"INSERT INTO setting (name, value) VALUES ('{TURN}', '')")
    database_rules.create_triggers(op.get_bind())


def downgrade() -> None:
    op.execute(f"DELETE FROM setting WHERE name = '{TURN}'")
    op.drop_table("reorganisation")
