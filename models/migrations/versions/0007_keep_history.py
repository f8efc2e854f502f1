"""History: a table of versions beside each table whose changes are kept, and the triggers that fill it."""

import sqlalchemy as sa
from alembic import op

from models import database_rules, history_triggers, row_security

revision = "0007"
down_revision = "0006"

# Tables that say of each row who changed it, why and with which save; cases do already.
SIGNED_FROM_NOW_ON = (
    "organisation",
    "organisation_name",
    "organisation_membership",
    "organisation_succession",
    "review_type",
    "theme",
    "designated_professional",
    "grant_of_role",
)
# What is not a version's: PostgreSQL's index of words.
LEFT_OUT = {"search_words"}
# The first day that the reference lists cover; see seeds/data/README.md.
LISTS_KNOWN_FROM = "'2019-04-01 00:00:00.000000'"
SIGNATURE = "fk_{table}_changed_by_id"


def upgrade() -> None:
    for table in SIGNED_FROM_NOW_ON:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("changed_by_id", sa.Uuid()))
            batch.add_column(sa.Column("change_reason", sa.String(1000)))
            batch.add_column(sa.Column("change_id", sa.Uuid()))
            batch.create_foreign_key(SIGNATURE.format(table=table), "person", ["changed_by_id"], ["id"])
    database_rules.drop_triggers(op.get_bind())  # SQLite rebuilds no table that a view reads
    with op.batch_alter_table("case_review") as batch:
        batch.alter_column("change_id", existing_type=sa.Uuid(), nullable=True)
    for table in (*SIGNED_FROM_NOW_ON, "case_review"):
        make_versions_of(table)
    row_security.protect(op.get_bind(), "case_review_version")
    for table in SIGNED_FROM_NOW_ON:
        moment = "granted_at" if table == "grant_of_role" else LISTS_KNOWN_FROM
        zone = (
            "" if op.get_bind().dialect.name == "sqlite" or moment == "granted_at" else "::timestamp AT TIME ZONE 'UTC'"
        )
        history_triggers.keep_versions(op.get_bind(), table, known_from=moment + zone)
    history_triggers.keep_versions(op.get_bind(), "case_review", known_from="changed_at")


def make_versions_of(table: str) -> None:
    """The columns of a table as they are, all but the key empty where an item was not there yet."""
    version = f"{table}_version"
    columns = [
        sa.Column(one["name"], one["type"], nullable=one["name"] not in ("id", "ccg_id"))
        for one in sa.inspect(op.get_bind()).get_columns(table)
        if one["name"] not in LEFT_OUT
    ]
    keys = [sa.ForeignKeyConstraint(["ccg_id"], ["organisation.id"], name=f"fk_{version}_ccg_id")]
    op.create_table(
        version,
        *columns,
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change", sa.String(40), nullable=False),
        sa.Column("by_service", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", "number", name=f"pk_{version}"),
        *(keys if table == "case_review" else []),
    )
    op.create_index(f"ix_{version}_known_from", version, ["known_from"])


def downgrade() -> None:
    """History goes with its tables."""
    tables = [*SIGNED_FROM_NOW_ON, "case_review"]
    row_security.unprotect(op.get_bind(), "case_review_version")
    for table in tables:
        op.drop_table(f"{table}_version")
    history_triggers.stop_keeping_versions(op.get_bind(), tables)
    for table in SIGNED_FROM_NOW_ON:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(SIGNATURE.format(table=table), type_="foreignkey")
            for column in ("changed_by_id", "change_reason", "change_id"):
                batch.drop_column(column)
