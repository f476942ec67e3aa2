"""Lists the questions to people that nobody has answered yet, and finds open cases without the ended ones.

Tasks of open cases that were asked before are found in the facts: those that were not withdrawn, and after
which no answer moved the case. Tasks of cases that have ended are left out.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE tasks (
    kind text NOT NULL, case_id text NOT NULL, task_id text NOT NULL, subject text NOT NULL,
    shop_id text NOT NULL, kind_code text NOT NULL, question_code text NOT NULL,
    asked_at timestamptz NOT NULL, due_at timestamptz NOT NULL,
    PRIMARY KEY (kind, case_id, task_id)
)
"""
INDEXES = (
    "CREATE INDEX tasks_due ON tasks (due_at)",
    "CREATE INDEX cases_open ON cases (kind, opened_at) WHERE NOT is_ended",
)
ASKED_BEFORE = """
INSERT INTO tasks
SELECT DISTINCT ON (asked.kind, asked.case_id, told.task_id) asked.kind, asked.case_id, told.task_id,
    asked.subject, told.shop_id, told.kind_code, told.question_code, asked.at, told.due_at
FROM cases
JOIN facts AS asked
    ON asked.case_id = cases.case_id AND asked.kind = cases.kind AND asked.subject = cases.subject
CROSS JOIN LATERAL json_to_record(asked.event::json)
    AS told (task_id text, shop_id text, kind_code text, question_code text, due_at timestamptz)
WHERE NOT cases.is_ended AND asked.event_type = 'aftersales.task.requested.v1'
    AND NOT EXISTS (
        SELECT FROM facts AS later
        WHERE later.case_id = asked.case_id AND later.kind = asked.kind AND later.subject = asked.subject
            AND later.version > asked.version AND (
                later.cause_type = 'shop.task.completed.v1'
                OR (later.event_type = 'aftersales.task.withdrawn.v1'
                    AND later.event::json->>'task_id' = told.task_id)))
ORDER BY asked.kind, asked.case_id, told.task_id, asked.version DESC
"""


def upgrade() -> None:
    for statement in (TABLE, *INDEXES, ASKED_BEFORE):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX cases_open")
    op.execute("DROP TABLE tasks")
