"""Extracts are drawn beside the request; what they ask of every case as at a moment is answered from an index."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

TABLE, INDEX = "case_review_version", "ix_case_review_version_at_a_moment"
COLUMNS = [
    *("id", "number", "known_from", "change", "withdrawn_at", "status", "ccg_id", "allocated_to_id", "reference"),
    *("incident_date", "review_type_id", "steis_number", "converted_from_id"),
]


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(INDEX, TABLE, COLUMNS)
    else:
        # Whoever saves meanwhile does not wait for it. One that was given up stands in the way, and answers nothing. It
        # comes first, so that what breaks here can be begun again.
        with op.get_context().autocommit_block():
            op.drop_index(INDEX, TABLE, postgresql_concurrently=True, if_exists=True)
            op.create_index(INDEX, TABLE, COLUMNS, postgresql_concurrently=True)
    op.create_table(
        "extract_drawing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("quarter", sa.String(10), nullable=False),
        sa.Column("cut_off", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("form_token", sa.String(100), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("why", sa.String(1000), nullable=False),
        sa.Column("cases_in_all", sa.Integer(), nullable=False),
        sa.Column("cases_done", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("extract_id", sa.Uuid()),
        sa.Column("claim", sa.String(40), nullable=False),
        sa.Column("alive_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'drawn') = (extract_id IS NOT NULL)", name="what_was_drawn_is_an_extract"),
        sa.CheckConstraint("state IN ('asked', 'drawing', 'drawn', 'refused')", name="drawing_state_is_known"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_extract_drawing_person_id"),
        sa.ForeignKeyConstraint(["extract_id"], ["extract.id"], name="fk_extract_drawing_extract_id"),
        sa.PrimaryKeyConstraint("id", name="pk_extract_drawing"),
    )
    op.create_index("ix_extract_drawing_person_id", "extract_drawing", ["person_id"])


def downgrade() -> None:
    op.drop_index(INDEX, TABLE)
    op.drop_table("extract_drawing")
