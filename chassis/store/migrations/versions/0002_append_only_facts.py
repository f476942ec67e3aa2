"""Facts are append-only for the role that works with them, in every partition there is and will be.

The owner can grant itself the right again: erasing a person does, for its own transaction.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REVOKE = """
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT 'facts'::regclass UNION ALL
        SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'facts'::regclass
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM CURRENT_USER', part);
    END LOOP;
END $$
"""
PARTITIONS = """
CREATE OR REPLACE FUNCTION ensure_partition(parent text, month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    part text := parent || to_char(month, '_YYYYMM');
BEGIN
    IF parent NOT IN ('facts', 'inbox') OR month <> date_trunc('month', month)::date THEN
        RAISE EXCEPTION 'no partition of % for %', parent, month;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext(current_schema() || parent));
    IF to_regclass(quote_ident(part)) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format(
        'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
        part, parent, month, (month + interval '1 month')::date
    );
    IF parent = 'facts' THEN
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM CURRENT_USER', part);
    END IF;
END $$
"""


def upgrade() -> None:
    op.execute(REVOKE)
    op.execute(PARTITIONS)


def downgrade() -> None:
    op.execute(REVOKE.replace("REVOKE", "GRANT").replace("FROM CURRENT_USER", "TO CURRENT_USER"))
