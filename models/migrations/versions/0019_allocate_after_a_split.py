"""A case of a CCG that was split is allocated to one of those that took over, and is seen there from then on."""

import sqlalchemy as sa
from alembic import op

from models import database_rules, row_security

revision = "0019"
down_revision = "0018"

# What is about a case goes with it: each with the column that names the case.
ABOUT_CASES = {
    "case_review": "id",
    "case_review_version": "id",
    **dict.fromkeys(("draft", "query_answer", "redaction"), "case_id"),
}
COUNTED = "ix_case_review_counted"
COLUMNS = [
    *("ccg_id", "date_added", "withdrawn_at", "status", "review_type_id", "partnership_kind", "theme_1_id"),
    *("theme_2_id", "theme_3_id", "incident_date", "date_closed", "report_signed_off_on", "publication_date", "id"),
]
KEY, CHECK = "fk_case_review_allocated_to_id", "allocated_to_another_ccg"
IS_ANOTHER = "allocated_to_id IS NULL OR allocated_to_id <> ccg_id"


def upgrade() -> None:
    connection = op.get_bind()
    database_rules.drop_triggers(connection)
    if connection.dialect.name == "sqlite":
        # Where the table is, cases and all: making it anew takes as long as there are cases.
        op.execute(
            "ALTER TABLE case_review ADD COLUMN allocated_to_id CHAR(32)"
            f" CONSTRAINT {KEY} REFERENCES organisation (id) CONSTRAINT {CHECK} CHECK ({IS_ANOTHER})"
        )
    else:
        op.add_column("case_review", sa.Column("allocated_to_id", sa.Uuid()))
        op.create_foreign_key(KEY, "case_review", "organisation", ["allocated_to_id"], ["id"])
        op.create_check_constraint(CHECK, "case_review", IS_ANOTHER)
    op.add_column("case_review_version", sa.Column("allocated_to_id", sa.Uuid()))
    allocated = sa.column("allocated_to_id").is_not(None)
    op.create_index(
        "ix_case_review_allocated_to",
        "case_review",
        ["allocated_to_id", "date_added", "id"],
        sqlite_where=allocated,
        postgresql_where=allocated,
    )
    op.drop_index(COUNTED, "case_review")
    op.create_index(COUNTED, "case_review", [*COLUMNS, "allocated_to_id"])
    for table, case_key in ABOUT_CASES.items():
        row_security.follow_the_case(connection, table, case_key)
    row_security.find_words_of_allocated_cases(connection)
    database_rules.create_triggers(connection)


def downgrade() -> None:
    connection = op.get_bind()
    database_rules.drop_triggers(connection)
    row_security.find_words_of_allocated_cases(connection, allocated=False)
    for table in ABOUT_CASES:
        row_security.stay_with_the_ccg(connection, table)
    op.drop_index(COUNTED, "case_review")
    op.create_index(COUNTED, "case_review", COLUMNS)
    op.drop_index("ix_case_review_allocated_to", "case_review")
    op.drop_column("case_review_version", "allocated_to_id")
    if connection.dialect.name != "sqlite":
        op.drop_constraint(CHECK, "case_review", type_="check")
        op.drop_constraint(KEY, "case_review", type_="foreignkey")
    op.drop_column("case_review", "allocated_to_id")
    database_rules.create_triggers(connection)
