"""An entry of a code list that has ended says which one is chosen instead."""

import sqlalchemy as sa
from alembic import op

from models import database_rules

revision = "0018"
down_revision = "0017"

LISTS = ("review_type", "theme", "designated_professional")


def upgrade() -> None:
    database_rules.drop_triggers(op.get_bind())  # SQLite makes tables anew
    for table in LISTS:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("replaced_by_id", sa.Uuid()))
            batch.create_foreign_key(f"fk_{table}_replaced_by_id", table, ["replaced_by_id"], ["id"])
            batch.create_check_constraint(
                f"another_replaces_a_{table}_that_ended",
                "replaced_by_id IS NULL OR (replaced_by_id <> id AND active_to IS NOT NULL)",
            )
        op.add_column(f"{table}_version", sa.Column("replaced_by_id", sa.Uuid()))
    database_rules.create_triggers(op.get_bind())


def downgrade() -> None:
    database_rules.drop_triggers(op.get_bind())
    for table in LISTS:
        op.drop_column(f"{table}_version", "replaced_by_id")
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"another_replaces_a_{table}_that_ended", type_="check")
            batch.drop_constraint(f"fk_{table}_replaced_by_id", type_="foreignkey")
            batch.drop_column("replaced_by_id")
    database_rules.create_triggers(op.get_bind())
