"""Lets a message that is sent again and fails again make another dead letter; each says when, and of what.

Only records that the decoder refuses are known by their place: they come again with their offset. The
messages of a case go with their waiting row, in the same transaction.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

AGAIN = """
ALTER TABLE dead_letters ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN correlation text NOT NULL DEFAULT '', ADD COLUMN trace text;
DROP INDEX dead_letters_once;
CREATE UNIQUE INDEX dead_letters_once ON dead_letters (topic, partition, "offset")
    WHERE topic <> '' AND kind = ''
"""
BACK = """
DROP INDEX dead_letters_once;
CREATE UNIQUE INDEX dead_letters_once ON dead_letters (topic, partition, "offset", kind, case_id, name)
    WHERE topic <> '';
ALTER TABLE dead_letters DROP COLUMN recorded_at, DROP COLUMN correlation, DROP COLUMN trace
"""


def upgrade() -> None:
    for statement in AGAIN.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """Fails where a message failed twice: the older schema cannot hold that."""
    for statement in BACK.split(";"):
        op.execute(statement)
