"""The audit speaks of reading and doing, and seals chain its events."""

import sqlalchemy as sa
from alembic import op

from models import database_rules

revision = "0008"
down_revision = "0007"

ACTIONS = (
    "signed_in", "sign_in_refused", "signed_out", "session_ended", "not_found", "refused", "every_organisation",
    "case_opened", "case_added", "case_changed", "case_closed", "case_reopened", "case_withdrawn", "case_brought_back",
    "searched", "downloaded", "list_changed", "grant_changed",
    "extract_drawn", "extract_signed_off", "extract_downloaded", "extract_receipt", "quarter_confirmed",
    "query_answered", "redaction_asked", "redaction_approved", "redaction_refused",
)  # fmt: skip


def upgrade() -> None:
    connection = op.get_bind()
    database_rules.drop_triggers(connection)  # SQLite makes the table anew
    with op.batch_alter_table("audit_event") as batch:
        batch.add_column(sa.Column("about", sa.String(40), server_default="", nullable=False))
        batch.add_column(sa.Column("about_id", sa.Uuid()))
        batch.add_column(sa.Column("details", sa.String(500), server_default="", nullable=False))
        batch.drop_constraint("audit_action_is_known", type_="check")
        batch.create_check_constraint("audit_action_is_known", f"action IN {ACTIONS}")
        batch.create_index("ix_audit_event_about_id", ["about_id", "at"])
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("covers_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_position", sa.BigInteger(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("first_position <= last_position", name="a_seal_closes_some_events"),
        sa.PrimaryKeyConstraint("number", name="pk_audit_seal"),
        sa.UniqueConstraint("hash", name="uq_audit_seal_hash"),
    )
    op.create_table(
        "audit_sealed",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_audit_sealed"),
        sa.UniqueConstraint("event_id", name="uq_audit_sealed_event_id"),
    )
    if connection.dialect.name == "postgresql":
        for table in ("audit_seal", "audit_sealed"):
            database_rules.make_append_only(connection, table)
    else:
        database_rules.create_triggers(connection)


def downgrade() -> None:
    """The check stays as wide as it was: events that were written stay. Their chain goes with its tables."""
    database_rules.drop_triggers(op.get_bind())
    op.drop_table("audit_sealed")
    op.drop_table("audit_seal")
    with op.batch_alter_table("audit_event") as batch:
        batch.drop_index("ix_audit_event_about_id")
        for column in ("about", "about_id", "details"):
            batch.drop_column(column)
    database_rules.create_triggers(op.get_bind())
