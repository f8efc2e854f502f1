"""What the themes view counts by stands in one index, so that counting reads no case, whose texts are long."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

COUNTED = [
    "ccg_id",
    "date_added",
    "withdrawn_at",
    "status",
    "review_type_id",
    "partnership_kind",
    "theme_1_id",
    "theme_2_id",
    "theme_3_id",
    "incident_date",
    "date_closed",
    "report_signed_off_on",
    "publication_date",
    "id",
]


def upgrade() -> None:
    op.create_index("ix_case_review_counted", "case_review", COUNTED)
    there = sa.text("converted_from_id IS NOT NULL")
    op.create_index(
        "ix_case_review_converted_from",
        "case_review",
        ["converted_from_id", "date_added", "withdrawn_at", "ccg_id"],
        sqlite_where=there,
        postgresql_where=there,
    )


def downgrade() -> None:
    op.drop_index("ix_case_review_converted_from", "case_review")
    op.drop_index("ix_case_review_counted", "case_review")
