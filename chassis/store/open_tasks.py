"""Writes the table of open tasks, set-based. Only batches that ask or end something touch it."""

from chassis.engine.records import TaskChanges
from chassis.store.database import Connection

ASK = """
INSERT INTO tasks (kind, case_id, task_id, subject, shop_id, kind_code, question_code, asked_at, due_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::timestamptz[], $9::timestamptz[])
ON CONFLICT (kind, case_id, task_id) DO UPDATE SET shop_id = EXCLUDED.shop_id, kind_code = EXCLUDED.kind_code,
    question_code = EXCLUDED.question_code, asked_at = EXCLUDED.asked_at, due_at = EXCLUDED.due_at
"""
END = """
DELETE FROM tasks USING unnest($1::text[], $2::text[], $3::text[]) AS ended (kind, case_id, task_id)
WHERE tasks.kind = ended.kind AND tasks.case_id = ended.case_id AND tasks.task_id = ended.task_id
"""


async def note_tasks(connection: Connection, changes: TaskChanges) -> None:
    """Writes what a batch asked and what it ended. A task that is asked again counts from then."""
    if changes.asked:
        await connection.execute(ASK, *(list(column) for column in zip(*changes.asked, strict=True)))
    if changes.ended:
        await connection.execute(END, *(list(column) for column in zip(*changes.ended, strict=True)))
