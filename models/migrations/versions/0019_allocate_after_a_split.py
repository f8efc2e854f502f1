"""A case of a CCG that was split is allocated to one of those that took over, and is seen there from then on."""

from collections.abc import Iterator
from contextlib import contextmanager

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


ALLOCATED = "ix_case_review_allocated_to"
OF_ALLOCATED = ["allocated_to_id", "date_added", "id"]


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        database_rules.drop_triggers(connection)
        # Where the table is, cases and all: making it anew takes as long as there are cases.
        op.execute(
            "ALTER TABLE case_review ADD COLUMN allocated_to_id CHAR(32)"
            f" CONSTRAINT {KEY} REFERENCES organisation (id) CONSTRAINT {CHECK} CHECK ({IS_ANOTHER})"
        )
        op.add_column("case_review_version", sa.Column("allocated_to_id", sa.Uuid()))
        op.create_index(ALLOCATED, "case_review", OF_ALLOCATED, sqlite_where=sa.text("allocated_to_id IS NOT NULL"))
        op.drop_index(COUNTED, "case_review")
        op.create_index(COUNTED, "case_review", [*COLUMNS, "allocated_to_id"])
        database_rules.create_triggers(connection)
        return
    # What locks the tables takes no time: nothing here looks at the cases. All of it can be run again.
    op.execute("ALTER TABLE case_review ADD COLUMN IF NOT EXISTS allocated_to_id uuid")
    op.execute(
        f"ALTER TABLE case_review DROP CONSTRAINT IF EXISTS {KEY}, DROP CONSTRAINT IF EXISTS {CHECK},"
        f" ADD CONSTRAINT {KEY} FOREIGN KEY (allocated_to_id) REFERENCES organisation (id) NOT VALID,"
        f" ADD CONSTRAINT {CHECK} CHECK ({IS_ANOTHER}) NOT VALID"
    )
    op.execute("ALTER TABLE case_review_version ADD COLUMN IF NOT EXISTS allocated_to_id uuid")
    for table, case_key in ABOUT_CASES.items():
        row_security.follow_the_case(connection, table, case_key)
    row_security.find_words_of_allocated_cases(connection)
    # What takes as long as there are cases holds up neither readers nor writers.
    with beside_everybody():
        op.execute(f"ALTER TABLE case_review VALIDATE CONSTRAINT {KEY}")
        op.execute(f"ALTER TABLE case_review VALIDATE CONSTRAINT {CHECK}")
        make_index(ALLOCATED, OF_ALLOCATED, " WHERE allocated_to_id IS NOT NULL")
        make_index(COUNTED, [*COLUMNS, "allocated_to_id"])


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        database_rules.drop_triggers(connection)
        op.drop_index(COUNTED, "case_review")
        op.create_index(COUNTED, "case_review", COLUMNS)
        op.drop_index(ALLOCATED, "case_review")
        op.drop_column("case_review_version", "allocated_to_id")
        op.drop_column("case_review", "allocated_to_id")
        database_rules.create_triggers(connection)
        return
    with beside_everybody():
        make_index(COUNTED, COLUMNS)
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {ALLOCATED}")
    row_security.find_words_of_allocated_cases(connection, allocated=False)
    for table in ABOUT_CASES:
        row_security.stay_with_the_ccg(connection, table)
    op.drop_column("case_review_version", "allocated_to_id")
    op.drop_column("case_review", "allocated_to_id")  # and its constraints


@contextmanager
def beside_everybody() -> Iterator[None]:
    """Statements that are each kept by themselves. Waiting for a lock here makes nobody else wait."""
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        before = connection.exec_driver_sql("SHOW lock_timeout").scalar()
        connection.exec_driver_sql("SET lock_timeout = '1min'")
        yield
        connection.exec_driver_sql(f"SET lock_timeout = '{before}'")


def make_index(name: str, columns: list[str], condition: str = "") -> None:
    """Makes an index in the place of the one before, if any: what reads has one or the other all the time."""
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}_anew")
    op.execute(f"CREATE INDEX CONCURRENTLY {name}_anew ON case_review ({', '.join(columns)}){condition}")
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(f"ALTER INDEX {name}_anew RENAME TO {name}")
