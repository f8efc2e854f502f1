"""SQLite finds beginnings of references and numbers in indexes of their own, as PostgreSQL does since 0003."""

from alembic import op

from models import database_rules

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    database_rules.index_beginnings(op.get_bind())


def downgrade() -> None:
    database_rules.drop_index_of_beginnings(op.get_bind())
