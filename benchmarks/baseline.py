"""Holds the parts of both baselines: tables, the trivial decision, the start of their processes.

They read what our service reads and publish as many outcomes, and know no rules: a case is whatever
the last event said. Nothing is validated, nothing measured, no message can fail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

INPUTS = ("shop.aftersales.v1", "shop.payments.v1")
"""Topics that carry the measured events."""

TABLES = """
DROP SCHEMA IF EXISTS {schema} CASCADE;
CREATE SCHEMA {schema};
SET search_path TO {schema};
CREATE TABLE inbox (source text, id text, PRIMARY KEY (source, id));
CREATE TABLE cases (
    case_id text PRIMARY KEY, version bigint NOT NULL, state jsonb NOT NULL
) WITH (fillfactor = 70);
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL, type text NOT NULL,
    event_id text NOT NULL, at timestamptz NOT NULL, cause text NOT NULL, data text NOT NULL
);
CREATE TABLE timers (case_id text PRIMARY KEY, due_at timestamptz NOT NULL) WITH (fillfactor = 70);
CREATE INDEX timers_due ON timers (due_at);
"""

OUTCOMES = {
    "shop.refund.applied.v1": 3,
    "shop.refund.agreed.v1": 3,
    "shop.return.sent.v1": 1,
    "shop.return.accepted.v1": 3,
    "shop.refund.payment-accepted.v1": 1,
    "shop.refund.settled.v1": 3,
}
"""Outcomes by event type: as many as the rules of our service announce (a test compares them)."""

ANSWER_WITHIN = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Message:
    """One event as the baselines read it."""

    id: str
    source: str
    type: str
    at: datetime
    case_id: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One outcome on its way to Kafka."""

    key: str
    type: str
    event_id: str
    at: datetime
    cause: str
    data: str


def read(record: Any) -> Message:
    """Headers and JSON of one Kafka record."""
    headers: Mapping[str, bytes] = dict(record.headers)
    return Message(
        headers["ce_id"].decode(),
        headers["ce_source"].decode(),
        headers["ce_type"].decode(),
        datetime.fromisoformat(headers["ce_time"].decode()),
        record.key.decode(),
        orjson.loads(record.value),
    )


def decide(message: Message, version: int, state: dict[str, Any]) -> tuple[dict[str, Any], list[Outgoing]]:
    """The next state, and the outcomes: the trivial decision."""
    new_state = {**state, "status": message.type, "at": message.at.isoformat(), "last": message.data}
    outcomes = [
        Outgoing(
            message.case_id,
            f"aftersales.bench.{number}.v1",
            f"{message.case_id}/{version}/{number}",
            message.at,
            message.id,
            orjson.dumps({"case_id": message.case_id, "case_version": version, **message.data}).decode(),
        )
        for number in range(OUTCOMES[message.type])
    ]
    return new_state, outcomes


def headers_of(outcome: Outgoing) -> list[tuple[str, bytes]]:
    """CloudEvents headers in binary mode."""
    return [
        ("ce_specversion", b"1.0"),
        ("content-type", b"application/json"),
        ("ce_id", outcome.event_id.encode()),
        ("ce_source", b"bench"),
        ("ce_type", outcome.type.encode()),
        ("ce_time", outcome.at.isoformat().encode()),
        ("ce_subject", outcome.key.encode()),
        ("ce_causationid", outcome.cause.encode()),
    ]


@dataclass(frozen=True, slots=True)
class Orders:
    """The instructions to a baseline, its only argument (JSON)."""

    bootstrap_servers: str
    database_url: str
    schema: str
    topic: str
    """The topic to publish on."""
    group_id: str
    start: dict[str, dict[str, int]]
    """Topic -> partition -> offset to start from."""
    count: int
    """Events to handle before it ends."""
