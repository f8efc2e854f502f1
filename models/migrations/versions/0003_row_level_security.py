"""PostgreSQL's own policies on the rows of a CCG, and a reason for audit events."""

import sqlalchemy as sa
from alembic import op

from models import row_security

revision = "0003"
down_revision = "0002"

ACTIONS = "action IN ('not_found', 'refused', 'every_organisation')"


def upgrade() -> None:
    op.add_column("audit_event", sa.Column("reason", sa.String(length=200), server_default="", nullable=False))
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.drop_constraint("audit_action_is_known", type_="check")
        batch_op.create_check_constraint("audit_action_is_known", ACTIONS)
    row_security.protect(op.get_bind(), "case_review")
    row_security.check_links_of_cases(op.get_bind())
    row_security.find_rare_words_in_a_scope(op.get_bind())


def downgrade() -> None:
    """The check stays as wide as it was: events that were written stay."""
    row_security.drop_finding_of_rare_words(op.get_bind())
    row_security.drop_check_of_links(op.get_bind())
    row_security.unprotect(op.get_bind(), "case_review")
    op.drop_column("audit_event", "reason")
