"""Defects on the way in: repeats, offsets, waiting messages, deadlines, money."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import import_module
from typing import Any

from chassis import clock
from chassis.engine.engine import Engine
from chassis.ingest.decoder import Rejected
from chassis.ingest.feed import Feed
from chassis.ingest.reader import KafkaReader
from chassis.runtime.batches import BatchProcessor
from chassis.store import store
from chassis.store.lease import PostgresLease
from chassis.store.store import PostgresStore
from tests.faults.proof.pools import pool_of_process, remember_pool
from tests.faults.proof.seams import replace, replace_text, seam

Entries = Sequence[tuple[date, bytes, int]]
Seen = tuple[set[bytes], dict[bytes, int]]
DELAY_SECONDS = 0.2
"""Between two steps that belong together: the moment for which a defect waits comes sooner."""


def repeats_not_dropped() -> None:
    """Every event is new."""
    original = seam(PostgresStore, "first_seen")

    async def first_seen(self: PostgresStore, connection: Any, entries: Entries) -> Seen:
        await original(self, connection, entries)
        return {key for _, key, _ in entries}, {}

    replace(PostgresStore, "first_seen", first_seen)


def other_body_accepted() -> None:
    """Only what is the same to the byte is a repeat."""
    original = seam(PostgresStore, "first_seen")

    async def first_seen(self: PostgresStore, connection: Any, entries: Entries) -> Seen:
        new, hashes = await original(self, connection, entries)
        other = {key for _, key, body in entries if key in hashes and hashes[key] != body}
        return new | other, {key: body for key, body in hashes.items() if key not in other}

    replace(PostgresStore, "first_seen", first_seen)


def offsets_before_commit() -> None:
    """A release counts as done once it is handed out, and the group is not compared with the database."""
    original = seam(Feed, "next")
    seam(KafkaReader, "beyond")

    async def handed_out(self: Feed, timeout_seconds: float) -> Any:
        release = await original(self, timeout_seconds)
        if release is not None and release.positions:
            await self.commit(release)
            await asyncio.sleep(DELAY_SECONDS)  # offsets move in the background
        return release

    async def beyond(_: KafkaReader, __: object) -> dict[object, int]:
        return {}

    replace(Feed, "next", handed_out)
    replace(KafkaReader, "beyond", beyond)


def inbox_beside_the_transaction() -> None:
    """The inbox is written over another connection, at once."""
    remember_pool()
    original = seam(PostgresStore, "first_seen")

    async def first_seen(self: PostgresStore, connection: Any, entries: Entries) -> Seen:
        async with pool_of_process().acquire() as other:
            seen: Seen = await original(self, other, entries)
        await asyncio.sleep(DELAY_SECONDS)
        return seen

    replace(PostgresStore, "first_seen", first_seen)


def waiting_dropped() -> None:
    """Forgets an early message."""
    original = seam(Engine, "_set_aside")

    def set_aside(self: Engine, subject: Any, delivery: Any, reason: str) -> None:
        if reason != "early":
            original(self, subject, delivery, reason)
        elif delivery.waiting_id is not None:
            self.gone.append(delivery.waiting_id)
            delivery.waiting_id = None

    replace(Engine, "_set_aside", set_aside)


def lost_behind_poison() -> None:
    """A refused record ends its batch."""
    original = seam(BatchProcessor, "process")

    async def process(self: BatchProcessor, arrivals: Sequence[Any], progress: Any, read_to: Any) -> None:
        refused = (number for number, each in enumerate(arrivals, 1) if isinstance(each.verdict, Rejected))
        await original(self, arrivals[: next(refused, len(arrivals))], progress, read_to)

    replace(BatchProcessor, "process", process)


def version_fence_off() -> None:
    """No row is locked, no version compared; and both replicas wake, as when a lease ends too soon.

    The last alone does no harm: that is what the fence is for.
    """
    replace_text(store, "LOAD_CASES", "FOR UPDATE", "")
    replace_text(store, "UPDATE_CASES", "AND c.version = given.stored_version", "")
    load, take = seam(PostgresStore, "load"), seam(PostgresLease, "take")

    async def loaded(self: PostgresStore, connection: Any, subjects: Any) -> Any:
        subjects = await load(self, connection, subjects)
        await asyncio.sleep(DELAY_SECONDS)
        return subjects

    async def taken(self: PostgresLease) -> bool:
        return bool(await take(self)) or seam(self, "_name") == "waker"

    replace(PostgresStore, "load", loaded)
    replace(PostgresLease, "take", taken)


def deadlines_past_the_horizon() -> None:
    """Time is up when the clock on the wall says so, whatever the database says of what was read."""
    original = seam(BatchProcessor, "fire_due")

    async def fire_due(self: BatchProcessor, limit: int) -> int:
        self.watermark = clock.now()
        self.stored_watermark = None
        return int(await original(self, limit))

    replace(BatchProcessor, "fire_due", fire_due)


def money_check_off() -> None:
    """Every amount asked for fits the account."""
    account = import_module("services.refunds.cases.order.account")

    def fits(*_: object, **__: Mapping[str, object]) -> bool:
        return True

    replace(account, "fits", fits)


def money_before_grant_dropped() -> None:
    """Nothing is known of money that moved before its grant was read."""
    elsewhere = import_module("services.refunds.cases.refund_intent.rules_elsewhere")

    def moved_before(*_: object) -> list[object]:
        return []

    replace(elsewhere, "moved_before", moved_before)
