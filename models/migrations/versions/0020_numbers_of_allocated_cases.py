"""After a split a number is used once among the cases that were allocated to the same CCG, and each wall lets only those
add a case to a CCG who hold it."""

from alembic import op
from sqlalchemy import text

from models import row_security

revision = "0020"
down_revision = "0019"

NUMBERS = {"local_identifier": ("its_ccg", []), "steis_number": ("its_ccg_and_type", ["review_type_id"])}
NOT_WITHDRAWN = "withdrawn_at IS NULL"


def upgrade() -> None:
    for number, (where, more) in NUMBERS.items():
        name = f"a_{number}_is_used_once_in_{where}"
        op.drop_index(name, "case_review")
        _make(name, ["ccg_id", number, *more], f"{NOT_WITHDRAWN} AND allocated_to_id IS NULL")
        _make(
            f"a_{number}_is_used_once_where_it_was_allocated",
            ["ccg_id", "allocated_to_id", number, *more],
            f"{NOT_WITHDRAWN} AND allocated_to_id IS NOT NULL",
        )
    row_security.add_to_a_ccg_that_is_held(op.get_bind())


def downgrade() -> None:
    row_security.add_to_a_ccg_that_is_held(op.get_bind(), held=False)
    for number, (where, more) in NUMBERS.items():
        name = f"a_{number}_is_used_once_in_{where}"
        op.drop_index(f"a_{number}_is_used_once_where_it_was_allocated", "case_review")
        op.drop_index(name, "case_review")
        _make(name, ["ccg_id", number, *more], NOT_WITHDRAWN)


def _make(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "case_review", columns, unique=True, sqlite_where=text(where), postgresql_where=text(where))
