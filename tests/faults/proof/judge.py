"""The judge: tables, outcomes, dead letters and ledger of a run against the invariants.

It imports nothing of the product but the contracts. What it knows of hashes, columns and types it knows
from docs/architecture/ and the READMEs.
"""

from collections.abc import Sequence
from pathlib import Path

import asyncpg

from aftersales_contracts.topics import outcome_topic
from tests.faults.proof import secrets
from tests.faults.proof.fact_checks import FactChecks
from tests.faults.proof.inbox_checks import InboxChecks
from tests.faults.proof.ledger import Ledger
from tests.faults.proof.log import Reader
from tests.faults.proof.readers import inputs_of
from tests.faults.proof.reducer import Reducer
from tests.faults.proof.stories import STORIES
from tests.faults.proof.verdict import Verdict

STEPS = {name: len(story.steps) for name, story in STORIES.items()}


async def judge(
    bootstrap_servers: str,
    database_url: str,
    services: Sequence[str],
    ledger: Ledger,
    verdict: Verdict,
    *,
    logs: Path,
    clock_step_seconds: float = 0.0,
) -> None:
    """Completes the verdict about services at rest, of which none may move meanwhile.

    `clock_step_seconds`: how far a service's clock was set off, by which its own dates may err.
    """
    topics = {topic for name in services for topic in inputs_of(name)}
    topics |= {topic for name in services for topic in (outcome_topic(name), f"aftersales.{name}.dead.v1")}
    topics |= ledger.topics()
    log = await Reader(ledger, verdict).read(bootstrap_servers, sorted(topics))
    connection = await asyncpg.connect(database_url)
    try:
        for name in services:
            inbox = InboxChecks(name, log, verdict)
            await inbox.check(connection)
            facts = FactChecks(name, log, inbox.expected, verdict, clock_step_seconds)
            await facts.check(connection)
            reducer = Reducer(name, log, facts.ends, STEPS, verdict)
            for told in ledger.told:
                reducer.check(told)
    finally:
        await connection.close()
    await secrets.check_logs(logs, services, verdict)
    verdict.counts["inputs acknowledged"] += len(ledger)
    verdict.counts["inputs never acknowledged"] += len(ledger.unknown)
