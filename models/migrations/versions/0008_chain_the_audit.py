"""What audit events are about, and the chain in which they are sealed."""

import sqlalchemy as sa
from alembic import op

from models import append_only

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.batch_alter_table("audit_event") as batch:
        batch.drop_constraint("audit_action_is_known", type_="check")
        batch.add_column(sa.Column("about", sa.String(40), server_default="", nullable=False))
        batch.add_column(sa.Column("about_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("details", sa.String(500), server_default="", nullable=False))
    op.create_index("ix_audit_event_about_id", "audit_event", ["about_id", "at"])
    op.create_table(
        "audit_seal",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_audit_seal"),
        sa.UniqueConstraint("event_id", name="an_event_is_sealed_once"),
    )


def downgrade() -> None:
    """The chain goes; events of later kinds stay, which the older service does not know."""
    op.drop_table("audit_seal")
    append_only.drop_function(op.get_bind())
    op.drop_index("ix_audit_event_about_id", "audit_event")
    with op.batch_alter_table("audit_event") as batch:
        batch.drop_column("details")
        batch.drop_column("about_id")
        batch.drop_column("about")
