"""What single sign-on keeps: attempts under way, logout tokens that came, and of a session when its person signed in."""

import sqlalchemy as sa
from alembic import op

from models.base import Moment

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "sign_in_attempt",
        sa.Column("state_hash", sa.String(64), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("code_verifier", sa.String(128), nullable=False),
        sa.Column("next_address", sa.String(2000), nullable=False),
        sa.Column("is_anew", sa.Boolean(), nullable=False),
        sa.Column("begun_at", Moment(), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("state_hash", name="pk_sign_in_attempt"),
    )
    op.create_index("ix_sign_in_attempt_begun_at", "sign_in_attempt", ["begun_at"])
    op.create_table(
        "used_logout_token",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("used_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_used_logout_token"),
    )
    op.create_index("ix_used_logout_token_used_at", "used_logout_token", ["used_at"])
    op.add_column("sign_in_session", sa.Column("authenticated_at", Moment(), nullable=True))
    op.add_column("sign_in_session", sa.Column("provider_session_hash", sa.String(64), nullable=True))
    op.create_index("ix_sign_in_session_provider_session_hash", "sign_in_session", ["provider_session_hash"])


def downgrade() -> None:
    op.drop_index("ix_sign_in_session_provider_session_hash", "sign_in_session")
    with op.batch_alter_table("sign_in_session") as batch_op:
        batch_op.drop_column("provider_session_hash")
        batch_op.drop_column("authenticated_at")
    op.drop_table("used_logout_token")
    op.drop_table("sign_in_attempt")
