"""After a split a number is used once among the cases that were allocated to the same CCG, and each wall lets only those
add a case to a CCG who hold it."""

from alembic import op

from models import row_security

revision = "0020"
down_revision = "0019"

OF_NONE = "withdrawn_at IS NULL AND allocated_to_id IS NULL"
OF_ONE = "withdrawn_at IS NULL AND allocated_to_id IS NOT NULL"
LOCAL, STEIS = "a_local_identifier_is_used_once", "a_steis_number_is_used_once"
CHANGED = {
    f"{LOCAL}_in_its_ccg": "ccg_id, local_identifier",
    f"{STEIS}_in_its_ccg_and_type": "ccg_id, steis_number, review_type_id",
}
ADDED = {
    f"{LOCAL}_where_it_was_allocated": "ccg_id, allocated_to_id, local_identifier",
    f"{STEIS}_where_it_was_allocated": "ccg_id, allocated_to_id, steis_number, review_type_id",
}


def upgrade() -> None:
    row_security.add_to_a_ccg_that_is_held(op.get_bind())
    change_indexes({name: (columns, OF_ONE) for name, columns in ADDED.items()})
    change_indexes({name: (columns, OF_NONE) for name, columns in CHANGED.items()})


def downgrade() -> None:
    """Raises IntegrityError where cases that were allocated apart share a number: one of the two changes first."""
    row_security.add_to_a_ccg_that_is_held(op.get_bind(), held=False)
    change_indexes({name: (columns, "withdrawn_at IS NULL") for name, columns in CHANGED.items()})
    change_indexes(dict.fromkeys(ADDED))


def change_indexes(wanted: dict[str, tuple[str, str] | None]) -> None:
    """Makes unique indexes in the place of those before, if any, or takes them away. On PostgreSQL beside everybody."""
    if op.get_bind().dialect.name == "sqlite":
        for name, index in wanted.items():
            op.execute(f"DROP INDEX IF EXISTS {name}")
            if index:
                op.execute(f"CREATE UNIQUE INDEX {name} ON case_review ({index[0]}) WHERE {index[1]}")
        return
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        before = connection.exec_driver_sql("SHOW lock_timeout").scalar()
        op.execute("SET lock_timeout = '1min'")
        for name, index in wanted.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}_anew")
            if index:
                op.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name}_anew ON case_review ({index[0]}) WHERE {index[1]}")
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            if index:
                op.execute(f"ALTER INDEX {name}_anew RENAME TO {name}")
        op.execute(f"SET lock_timeout = '{before}'")
