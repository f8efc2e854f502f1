"""Lists of a million cases: how many cases each CCG has, by month, is kept by triggers, and indexes give each order."""

import sqlalchemy as sa
from alembic import op

from models import count_triggers

revision = "0021"
down_revision = "0020"

NEWEST = "ix_case_review_date_added"
ORDER = ["date_added", "id"]
SORTED_BY = ("status", "review_type_id", "theme_1_id", "latest_update_on", "steis_number", "local_identifier")
# Those of one column that the new ones begin with.
NO_LONGER = ("review_type_id", "theme_1_id")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # Nobody waits for these. They come first, so that what breaks here can be begun again.
        with op.get_context().autocommit_block():
            _change_indexes(if_exists=True, postgresql_concurrently=True)
    else:
        _change_indexes()
    op.create_table(
        "case_count",
        sa.Column("ccg_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ccg_id"], ["organisation.id"], name=op.f("fk_case_count_ccg_id")),
        sa.PrimaryKeyConstraint("ccg_id", "month", name="pk_case_count"),
    )
    count_triggers.begin(op.get_bind())


def downgrade() -> None:
    count_triggers.end(op.get_bind())
    op.drop_table("case_count")
    for name in SORTED_BY:
        op.drop_index(f"ix_case_review_by_{name}", "case_review")
    for name in NO_LONGER:
        op.create_index(f"ix_case_review_{name}", "case_review", [name])
    op.drop_index(NEWEST, "case_review")
    op.create_index(NEWEST, "case_review", ORDER)


def _change_indexes(**how: bool) -> None:
    recorded = sa.text("withdrawn_at IS NULL")
    anew = {name: value for name, value in how.items() if name != "if_exists"}
    # With what a page is found by: no case is read that is not on it.
    new = {NEWEST: [*ORDER, "ccg_id"]} | {f"ix_case_review_by_{name}": [name, "id"] for name in SORTED_BY}
    for name, columns in new.items():
        if name == NEWEST or how:
            op.drop_index(name, "case_review", **how)
        op.create_index(name, "case_review", columns, sqlite_where=recorded, postgresql_where=recorded, **anew)
    for name in NO_LONGER:
        op.drop_index(f"ix_case_review_{name}", "case_review", **how)
