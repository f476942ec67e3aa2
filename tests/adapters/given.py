"""Reads the payloads of these tests, and judges events as the border of the services does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aftersales_adapters.catalogue import adapt
from aftersales_adapters.result import Adapted, Context, Told
from aftersales_contracts.topics import SERVICES
from chassis.ingest.decoder import Decoder, Rejected
from chassis.settings import Limits
from cli.access import load_services

PAYLOADS = Path(__file__).parent / "payloads"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
CONTEXT = Context(shop_id="shop-1", received_at=NOW)
DECODERS = [
    Decoder(service, Limits(), by_marks=False, now=lambda: NOW)
    for service in load_services(SERVICES).values()
]


@dataclass(frozen=True)
class Record:
    """A record as the services would read it."""

    topic: str
    key: bytes
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes
    partition: int = 0
    offset: int = 0


def payload(name: str) -> Any:
    """A payload by the name of its file."""
    return json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))


def adapted(kind: str, value: object, context: Context = CONTEXT) -> Adapted:
    """The adapter's result for a payload; each event is taken by every service's border."""
    found = adapt(kind, json.dumps(value, ensure_ascii=False), context)
    for told in found.events:
        assert refusals(told) == [], told.as_json()
    return found


def refusals(told: Told) -> list[str]:
    """The reasons of the services that would set the event aside."""
    key, headers, value = told.record()
    record = Record(told.topic, key, headers, value)
    verdicts = [decoder.read(record) for decoder in DECODERS]
    return [f"{verdict.reason}: {verdict.detail}" for verdict in verdicts if isinstance(verdict, Rejected)]


def data(told: Told) -> Mapping[str, Any]:
    """The event's data as JSON."""
    found: Mapping[str, Any] = told.as_json()["data"]
    return found


def codes(found: Adapted) -> list[str]:
    """The words of the remarks."""
    return [remark.code for remark in found.remarks]
