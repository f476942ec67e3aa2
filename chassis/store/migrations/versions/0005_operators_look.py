"""Finds dead letters by the event that they name.

Letters of records that the decoder refused named no event before: the names are taken from their headers.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAMES = """
UPDATE dead_letters AS letter SET event_type = named.type, event_source = named.source,
    event_id = named.id, subject = named.subject
FROM (
    SELECT position,
        coalesce(max(plain) FILTER (WHERE name = 'ce_type'), '') AS type,
        coalesce(max(plain) FILTER (WHERE name = 'ce_source'), '') AS source,
        coalesce(max(plain) FILTER (WHERE name = 'ce_id'), '') AS id,
        coalesce(max(plain) FILTER (WHERE name = 'ce_subject'), '') AS subject
    FROM (
        SELECT position, header->>0 AS name,
            left(encode(decode(header->>1, 'base64'), 'escape'), 256) AS plain
        FROM dead_letters, json_array_elements(headers) AS header
        WHERE event_id = '' AND kind = '' AND header->>0 LIKE 'ce\\_%'
    ) AS found GROUP BY position
) AS named WHERE letter.position = named.position
"""
INDEX = "CREATE INDEX dead_letters_of_event ON dead_letters (event_id) WHERE event_id <> ''"


def upgrade() -> None:
    op.execute(NAMES)
    op.execute(INDEX)


def downgrade() -> None:
    """The names stay: the older code shows them too."""
    op.execute("DROP INDEX dead_letters_of_event")
