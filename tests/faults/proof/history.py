"""All that is known of one order or subject, for the first violation of a run."""

from collections.abc import Sequence

import asyncpg

from tests.faults.proof.readers import inputs_of
from tests.faults.proof.reading import lying

LINES_COUNT = 200
FACTS = """
SELECT position, recorded_at, at, kind, case_id, version, name, cause_type, cause_id
FROM {0}.facts WHERE subject LIKE $1 || '%' OR case_id LIKE '%' || $1 || '%' ORDER BY position LIMIT 100
"""
CASES = """
SELECT kind, case_id, version, state_name, wake_at FROM {0}.cases
WHERE subject LIKE $1 || '%' OR case_id LIKE '%' || $1 || '%' LIMIT 50
"""
WAITING = """
SELECT kind, case_id, name, reason, attempts, due_at, since FROM {0}.waiting
WHERE subject LIKE $1 || '%' OR case_id LIKE '%' || $1 || '%' LIMIT 50
"""
DEAD = """
SELECT position, reason, detail, topic, partition, "offset" AS place, event_id FROM {0}.dead_letters
WHERE convert_from(coalesce(key, ''), 'LATIN1') LIKE $1 || '%' OR subject LIKE $1 || '%' LIMIT 50
"""


async def of(about: str, services: Sequence[str], bootstrap_servers: str, database_url: str) -> list[str]:
    """Inputs and outcomes about it as they lie in Kafka, then what each service made of it."""
    lines: list[str] = []
    wanted = about.encode()
    topics = sorted({topic for name in services for topic in inputs_of(name)})
    async for batch in lying(bootstrap_servers, topics):
        for one in batch:
            if wanted not in (one.key or b""):
                continue
            said = {name: (content or b"").decode("utf-8", "replace") for name, content in one.headers}
            place = f"{one.topic}/{one.partition}/{one.offset}"
            lines.append(
                f"{one.written_ms} {place} {said.get('ce_type')} {said.get('ce_id')} {said.get('ce_time')}"
            )
    lines.sort()
    connection = await asyncpg.connect(database_url)
    try:
        for name in services:
            for title, query in (("fact", FACTS), ("case", CASES), ("waits", WAITING), ("dead", DEAD)):
                rows = await connection.fetch(query.format(name), about)
                lines += [f"{name} {title} " + " ".join(map(str, row)) for row in rows]
    finally:
        await connection.close()
    return lines[:LINES_COUNT]
