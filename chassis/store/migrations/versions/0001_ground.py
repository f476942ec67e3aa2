"""The first tables of a service, and their first partitions."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE cases (
    subject text NOT NULL, kind text NOT NULL, case_id text NOT NULL,
    version bigint NOT NULL, state_name text NOT NULL, state json NOT NULL,
    shop_id text NOT NULL, policy text NOT NULL, wake_at timestamptz,
    is_ended boolean NOT NULL, opened_at timestamptz NOT NULL, moved_at timestamptz NOT NULL,
    mark bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (subject, kind, case_id)
) WITH (fillfactor = 70);
CREATE INDEX cases_due ON cases (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE facts (
    position bigint NOT NULL, recorded_at timestamptz NOT NULL,
    subject text NOT NULL, kind text NOT NULL, case_id text NOT NULL, version bigint NOT NULL,
    name text NOT NULL, at timestamptz NOT NULL, data json NOT NULL, rules text NOT NULL,
    policy text NOT NULL, cause_type text NOT NULL, cause_source text NOT NULL, cause_id text NOT NULL,
    correlation text NOT NULL, trace text, event_type text, event_key text, event text,
    PRIMARY KEY (position, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX facts_of_case ON facts (case_id);

CREATE TABLE inbox (
    month date NOT NULL, key bytea NOT NULL, body_hash bigint NOT NULL,
    PRIMARY KEY (month, key)
) PARTITION BY RANGE (month);

CREATE TABLE waiting (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL, kind text NOT NULL, case_id text NOT NULL, at timestamptz NOT NULL,
    name text NOT NULL, message json NOT NULL, shop_id text NOT NULL, reason text NOT NULL,
    attempts integer NOT NULL, due_at timestamptz, retry_at timestamptz, expires_at timestamptz,
    error text, since timestamptz NOT NULL DEFAULT clock_timestamp(),
    cause_type text NOT NULL, cause_source text NOT NULL, cause_id text NOT NULL,
    correlation text NOT NULL, trace text, topic text, partition integer, "offset" bigint,
    key bytea, headers json, value bytea
);
CREATE INDEX waiting_of_subject ON waiting (subject);
CREATE INDEX waiting_due ON waiting (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX waiting_retry ON waiting (retry_at) WHERE retry_at IS NOT NULL;
CREATE INDEX waiting_expires ON waiting (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE dead_letters (
    position bigint PRIMARY KEY, at timestamptz NOT NULL, reason text NOT NULL, detail text NOT NULL,
    topic text NOT NULL, partition integer NOT NULL, "offset" bigint NOT NULL,
    key bytea, headers json NOT NULL, value bytea,
    event_type text NOT NULL, event_source text NOT NULL, event_id text NOT NULL,
    subject text NOT NULL, kind text NOT NULL, case_id text NOT NULL, name text NOT NULL,
    message json, shop_id text NOT NULL,
    resent_at timestamptz, resent_by text, resent_why text
);
CREATE UNIQUE INDEX dead_letters_once ON dead_letters (topic, partition, "offset", kind, case_id, name)
    WHERE topic <> '';

CREATE TABLE intake (
    topic text NOT NULL, partition integer NOT NULL, next_offset bigint NOT NULL,
    stands_at timestamptz, mark bigint NOT NULL,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

CREATE TABLE cursors (
    name text PRIMARY KEY, position bigint NOT NULL, holder text, lease_until timestamptz
) WITH (fillfactor = 50);
INSERT INTO cursors (name, position) VALUES ('head', 0), ('relay', 0), ('waker', 0);
"""


PARTITIONS = """
CREATE FUNCTION ensure_partition(parent text, month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF parent NOT IN ('facts', 'inbox') OR month <> date_trunc('month', month)::date THEN
        RAISE EXCEPTION 'no partition of % for %', parent, month;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext(current_schema() || parent));
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
        parent || to_char(month, '_YYYYMM'), parent, month, (month + interval '1 month')::date
    );
END $$
"""


def upgrade() -> None:
    for statement in SQL.split(";\n"):
        if statement.strip():
            op.execute(statement)
    op.execute(PARTITIONS)


def downgrade() -> None:
    op.execute("DROP FUNCTION ensure_partition")
    for table in ("cursors", "intake", "dead_letters", "waiting", "inbox", "facts", "cases"):
        op.execute(f"DROP TABLE {table}")
