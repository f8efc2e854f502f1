"""Grants say whether the identity provider named them, and when they were ended; decisions about people are kept."""

import re

import sqlalchemy as sa
from alembic import op

from models import database_rules

revision = "0014"
down_revision = "0013"

GRANTS = ("grant_of_role", "grant_of_role_version")
# What can be written down from now on, beside what could be.
WIDENED = {
    ("audit_event", "action", "audit_action_is_known"): (
        "claims_ignored", "person_added", "person_deactivated", "person_reactivated", "access_confirmed",
    ),
    ("sign_in_session", "ended_because", "session_end_is_known"): ("ended",),
}  # fmt: skip
TURN = "turn_to_change_people"


def upgrade() -> None:
    database_rules.drop_triggers(op.get_bind())  # SQLite makes tables anew
    for table in GRANTS:
        is_version = table.endswith("_version")
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("ended_at", sa.DateTime(timezone=True)))
            batch.add_column(
                sa.Column(
                    "from_claims", sa.Boolean(), nullable=is_version, server_default=None if is_version else sa.false()
                )
            )
    for (table, column, check), words in WIDENED.items():
        widen(table, column, check, words)
    op.create_table(
        "access_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(1000), server_default="", nullable=False),
        sa.Column("quarter", sa.String(10)),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "decision IN ('added', 'deactivated', 'reactivated', 'confirmed')", name="access_decided_is_known"
        ),
        sa.CheckConstraint("(decision = 'confirmed') = (quarter IS NOT NULL)", name="a_quarter_is_what_is_confirmed"),
        sa.CheckConstraint(
            "(decision IN ('deactivated', 'reactivated')) = (reason <> '')",
            name="who_is_shut_out_or_let_in_is_told_why",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_access_decision_person_id"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name="fk_access_decision_decided_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_access_decision"),
        sa.UniqueConstraint("person_id", "quarter", name="a_quarter_is_confirmed_once_for_each_person"),
    )
    op.execute(f"INSERT INTO setting (name, value) VALUES ('{TURN}', '')")
    database_rules.create_triggers(op.get_bind())


def widen(table: str, column: str, check: str, words: tuple[str, ...]) -> None:
    """Adds words to those that a check knows, whichever it knows so far."""
    checks = sa.inspect(op.get_bind()).get_check_constraints(table)
    so_far = next(str(one["sqltext"]) for one in checks if one["name"] == check)
    known = tuple(dict.fromkeys((*re.findall(r"'([a-z_]+)'", so_far), *words)))
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(check, type_="check")
        batch.create_check_constraint(check, f"{column} IN {known}")


def downgrade() -> None:
    """The checks stay as wide as they were: what was written down stays."""
    database_rules.drop_triggers(op.get_bind())
    op.execute(f"DELETE FROM setting WHERE name = '{TURN}'")
    op.drop_table("access_decision")
    for table in GRANTS:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("from_claims")
            batch.drop_column("ended_at")
    database_rules.create_triggers(op.get_bind())
