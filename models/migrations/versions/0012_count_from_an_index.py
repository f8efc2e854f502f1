"""What the themes view and Home count stands in indexes, so that counting reads no case, whose texts are long."""

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
# Among cases that are not withdrawn.
OF_ENGLAND = {
    "ix_case_review_date_closed": ["date_closed", "id", "ccg_id"],
    "ix_case_review_signed_off": ["report_signed_off_on", "id", "ccg_id"],
    "ix_case_review_publication": ["publication_date", "id", "ccg_id"],
    "ix_case_review_status": ["status", "date_added", "id", "ccg_id"],
}


def upgrade() -> None:
    op.create_index("ix_case_review_counted", "case_review", COUNTED)
    op.create_index("ix_case_review_same_day_and_type", "case_review", ["incident_date", "review_type_id", "ccg_id"])
    recorded = sa.text("withdrawn_at IS NULL")
    for name, columns in OF_ENGLAND.items():
        op.create_index(name, "case_review", columns, sqlite_where=recorded, postgresql_where=recorded)
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
    op.drop_index("ix_case_review_same_day_and_type", "case_review")
    for name in OF_ENGLAND:
        op.drop_index(name, "case_review")
    op.drop_index("ix_case_review_counted", "case_review")
