"""What cases like one are found by: themes of the newest cases, and words that hardly any case has."""

from alembic import op

from models import row_security

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_index(
        "ix_case_review_newest_themes",
        "case_review",
        ["ccg_id", "date_added", "id", "withdrawn_at", "theme_1_id", "theme_2_id", "theme_3_id"],
    )
    row_security.find_very_rare_words_in_a_scope(op.get_bind())


def downgrade() -> None:
    row_security.drop_finding_of_very_rare_words(op.get_bind())
    op.drop_index("ix_case_review_newest_themes", "case_review")
