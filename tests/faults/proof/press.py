"""Publishes the inputs of a run, past the proxies, in bursts, and enters every acknowledgement."""

import asyncio
import time
from collections.abc import Iterable
from itertools import islice
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tests.faults.proof.generator import Input
from tests.faults.proof.ledger import Entry, Ledger, digest_of, place

ROUND_COUNT = 400
"""Inputs that are sent at once: a burst, then a pause that keeps the pace."""
ACKNOWLEDGE_MS = 180_000
"""Longer than any fault of the broker lasts."""


class Press:
    """A producer with a ledger; an async context manager."""

    def __init__(self, bootstrap_servers: str, ledger: Ledger) -> None:
        self._ledger = ledger
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            enable_idempotence=True,
            linger_ms=5,
            max_batch_size=256 * 1024,
            request_timeout_ms=ACKNOWLEDGE_MS,
        )

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._producer.stop()

    async def publish(self, inputs: Iterable[Input], per_second: float, stop: asyncio.Event) -> None:
        """Sends all, or until `stop`; returns when each is acknowledged, or known not to be."""
        start = time.monotonic()
        source = iter(inputs)
        sent_count = 0
        while not stop.is_set():
            batch = list(islice(source, ROUND_COUNT))
            if not batch:
                return
            await self._send(batch)
            sent_count += len(batch)
            ahead = sent_count / per_second - (time.monotonic() - start)
            if ahead > 0:
                await asyncio.sleep(ahead)

    async def _send(self, batch: list[Input]) -> None:
        waiting: list[tuple[Input, asyncio.Future[Any]]] = []
        for each in batch:
            draft = each.draft
            sent = await self._producer.send(
                draft.topic, draft.value, key=draft.key, headers=list(draft.headers)
            )
            waiting.append((each, sent))
        for each, sent in waiting:
            mark = digest_of(each.draft)
            try:
                at = await sent
            except KafkaError:
                self._ledger.unknown[mark] = each.fate
                continue
            entry = Entry(mark, each.fate)
            self._ledger.acknowledged[place(at.topic, at.partition, at.offset)] = entry
