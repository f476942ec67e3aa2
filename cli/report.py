"""Builds the report of a replay: everything that two runs of one input must agree on, and nothing else."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from simulator.driver import Driver
from simulator.outcomes import Outcomes

CASES = "SELECT kind, state_name, count(*) AS count FROM {schema}.cases GROUP BY 1, 2 ORDER BY 1, 2"
DEAD = "SELECT reason, count(*) AS count FROM {schema}.dead_letters GROUP BY 1 ORDER BY 1"
WAITING = "SELECT reason, count(*) AS count FROM {schema}.waiting GROUP BY 1 ORDER BY 1"
FIRED = """
SELECT split_part(cause_id, '/', 1) AS kind, regexp_replace(cause_id, '^.*/', '') AS name,
       count(DISTINCT (cause_id, at)) AS count
FROM {schema}.facts WHERE cause_type = 'deadline' GROUP BY 1, 2 ORDER BY 1, 2
"""


async def _by_service(
    connection: asyncpg.Connection, services: Sequence[str], query: str, key: str
) -> dict[str, Any]:
    return {
        name: {row[key]: row["count"] for row in await connection.fetch(query.format(schema=name))}
        for name in services
    }


async def cases(connection: asyncpg.Connection, services: Sequence[str]) -> dict[str, dict[str, int]]:
    """Number of cases: kind -> state -> count."""
    counted: dict[str, dict[str, int]] = {}
    for name in services:
        for row in await connection.fetch(CASES.format(schema=name)):
            states = counted.setdefault(f"{name}/{row['kind']}", {})
            states[row["state_name"]] = row["count"]
    return dict(sorted(counted.items()))


async def deadlines(connection: asyncpg.Connection, services: Sequence[str]) -> dict[str, int]:
    """Number of deadlines that fired and decided something: kind and name -> count."""
    fired: dict[str, int] = {}
    for name in services:
        for row in await connection.fetch(FIRED.format(schema=name)):
            fired[f"{row['kind']}.{row['name']}"] = row["count"]
    return dict(sorted(fired.items()))


async def dead_letters(connection: asyncpg.Connection, services: Sequence[str]) -> dict[str, dict[str, int]]:
    """Number of dead letters: service -> reason -> count."""
    return await _by_service(connection, services, DEAD, "reason")


async def build(
    connection: asyncpg.Connection,
    services: Sequence[str],
    driver: Driver,
    outcomes: Outcomes,
    extra: dict[str, Any],
) -> dict[str, Any]:
    """The whole report, as plain values in a fixed order."""
    return {
        **extra,
        "inputs": {
            "count": sum(driver.published_by_type.values()),
            "answers_count": driver.answered_count,
            "by_type": driver.published_by_type,
        },
        "outcomes": {
            "count": outcomes.count,
            "conflicting_ids_count": outcomes.conflict_count,
            "by_type": outcomes.by_type(),
        },
        "cases": await cases(connection, services),
        "deadlines_fired": await deadlines(connection, services),
        "money_minor_units": outcomes.money(),
        "dead_letters": await dead_letters(connection, services),
        "waiting": await _by_service(connection, services, WAITING, "reason"),
        "digest": {"algorithm": "sha256", "outcomes": outcomes.digest()},
    }
