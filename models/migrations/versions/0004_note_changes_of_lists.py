"""A version of the reference lists, so that they are read again only when one has changed."""

from alembic import op

from models import database_rules

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    database_rules.note_changes_of_lists(op.get_bind())


def downgrade() -> None:
    database_rules.forget_changes_of_lists(op.get_bind())
