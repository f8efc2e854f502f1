"""Cases come in from spreadsheets: a file, its lines while they are looked at, and nothing of either after a day."""

import re

import sqlalchemy as sa
from alembic import op

from models import database_rules, row_security

revision = "0017"
down_revision = "0015"

CHECK = "audit_action_is_known"
TABLES = ("case_import", "case_import_part", "staged_case")


def upgrade() -> None:
    database_rules.drop_triggers(op.get_bind())  # SQLite makes a table anew
    checks = sa.inspect(op.get_bind()).get_check_constraints("audit_event")
    so_far = next(str(one["sqltext"]) for one in checks if one["name"] == CHECK)
    words = tuple(dict.fromkeys((*re.findall(r"'([a-z_]+)'", so_far), "cases_imported")))
    with op.batch_alter_table("audit_event") as batch:
        batch.drop_constraint(CHECK, type_="check")
        batch.create_check_constraint(CHECK, f"action IN {words}")
    op.create_table(
        "case_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(100), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("form_token", sa.String(100), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("why", sa.String(1000), nullable=False),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("positions", sa.JSON(), nullable=False),
        sa.Column("lines_in_all", sa.Integer(), nullable=False),
        sa.Column("lines_done", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True)),
        sa.Column("claim", sa.String(40), nullable=False),
        sa.Column("alive_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ccg_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("lines_done <= lines_in_all", name="no_more_lines_are_done_than_there_are"),
        sa.CheckConstraint("(state = 'applied') = (applied_at IS NOT NULL)", name="an_import_was_applied_at_a_moment"),
        sa.CheckConstraint(
            "state IN ('given', 'checking', 'checked', 'applying', 'applied', 'refused')",
            name="import_state_is_known",
        ),
        sa.ForeignKeyConstraint(["ccg_id"], ["organisation.id"], name="fk_case_import_ccg_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_case_import_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_case_import"),
        sa.UniqueConstraint("form_token", name="uq_case_import_form_token"),
    )
    op.create_index("ix_case_import_given_at", "case_import", ["given_at"])
    op.create_table(
        "case_import_part",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("ccg_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["ccg_id"], ["organisation.id"], name="fk_case_import_part_ccg_id"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["case_import.id"], name="fk_case_import_part_import_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name="pk_case_import_part"),
    )
    op.create_table(
        "staged_case",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("has_warnings", sa.Boolean(), nullable=False),
        sa.Column("case_id", sa.Uuid()),
        sa.Column("case_version", sa.Integer()),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("ccg_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("outcome IN ('new', 'changed', 'there', 'wrong')", name="line_outcome_is_known"),
        sa.ForeignKeyConstraint(["ccg_id"], ["organisation.id"], name="fk_staged_case_ccg_id"),
        sa.ForeignKeyConstraint(["import_id"], ["case_import.id"], name="fk_staged_case_import_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("import_id", "number", name="pk_staged_case"),
    )
    op.create_index("ix_staged_case_outcome", "staged_case", ["import_id", "outcome", "number"])
    for table in TABLES:
        row_security.protect(op.get_bind(), table, may_be_deleted=True)
    database_rules.create_triggers(op.get_bind())


def downgrade() -> None:
    for table in reversed(TABLES):
        row_security.unprotect(op.get_bind(), table)
        op.drop_table(table)
