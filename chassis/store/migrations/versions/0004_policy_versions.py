"""Keeps the numbers of each policy version, so that cases go on under them when the file is gone.

Rows are written once: the role that works with them cannot change or delete any, as with facts.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE policy_versions (
    name text PRIMARY KEY,
    base text NOT NULL,
    file text NOT NULL,
    digest text NOT NULL,
    numbers json NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
REVOKE = "REVOKE UPDATE, DELETE, TRUNCATE ON policy_versions FROM CURRENT_USER"


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(REVOKE)


def downgrade() -> None:
    op.execute("DROP TABLE policy_versions")
