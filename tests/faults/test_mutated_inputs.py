"""Ten thousand mutated inputs: nothing dies, each is handled or a dead letter, and nothing else changes."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import islice
from random import Random
from typing import Any, Self

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

import devstack
from aftersales_contracts.reasons import Reason
from aftersales_contracts.registry import EVENTS, topics_of
from aftersales_contracts.topics import TOPICS
from chassis import clock
from chassis.engine.records import StoredOrigin
from chassis.ingest.decoder import Decoder, Rejected
from chassis.service import Service, inputs
from chassis.settings import Limits
from cli.access import load_services
from cli.stack import LocalStack
from simulator.records import Record
from simulator.rubbish import SPOILERS, spoil
from tests.faults import mutations_of_headers, mutations_of_values
from tests.faults.accounts import Books, Place, all_records, told_of
from tests.faults.controls import STEP, STEP_COUNT, controls, ends_of
from tests.faults.mutants import HANDLED, Breeder, Mutant, fate
from tests.faults.standing import Rest

SEED = 20_260_301
MUTANT_COUNT = 10_000
CONTROL_COUNT = 24
IN_FLIGHT_LIMIT = 500
REST_SECONDS = 240.0
MUTATIONS = {**mutations_of_values.MUTATIONS, **mutations_of_headers.MUTATIONS}
BEHIND_THE_DECODER = {Reason.RULE_FAILED, Reason.WAITED_TOO_LONG, Reason.RECORDS_LOST}
"""Reasons that a case gives, not a record."""
SETTINGS = {"AFTERSALES_LIMITS__RETRY_FIRST_MS": "50", "AFTERSALES_LIMITS__RULE_ATTEMPTS": "3"}


def reads(services: Collection[Service]) -> dict[str, set[str]]:
    """Topic -> types that some service reads there."""
    found: dict[str, set[str]] = {}
    for service in services:
        for event_class in service.reads:
            for topic in topics_of(event_class) & set(inputs(service)):
                found.setdefault(topic, set()).add(event_class.TYPE)
    return found


def bred(services: Collection[Service], count: int) -> Iterator[Mutant]:
    return islice(Breeder(Random(SEED), clock.now(), reads(services), MUTATIONS), count)


def test_the_decoder_alone_judges_every_mutant_as_the_contract_says() -> None:
    services = list(load_services().values())
    decoders = {s.name: Decoder(s, Limits(), by_marks=False, now=clock.now) for s in services}
    surprises: set[tuple[str, str, str]] = set()
    met: set[str] = set()
    for number, mutant in enumerate(bred(services, MUTANT_COUNT // 2)):
        origin = StoredOrigin(mutant.topic, 0, number, mutant.key, mutant.headers, mutant.value)
        for service in services:
            if mutant.topic not in inputs(service) or EVENTS[mutant.event_type] not in service.reads:
                continue
            entry = decoders[service.name].read(origin)
            verdict = str(entry.reason) if isinstance(entry, Rejected) else HANDLED
            met.add(verdict)
            if mutant.fate and verdict not in mutant.fate:
                surprises.add((mutant.kind, mutant.event_type, verdict))
    assert not surprises
    assert met == {HANDLED, *Reason} - BEHIND_THE_DECODER - {Reason.ID_REUSED}


class Press:
    """Publishes mutants and good records, and knows where each went."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._producers: dict[str | None, AIOKafkaProducer] = {
            compression: AIOKafkaProducer(
                bootstrap_servers=bootstrap_servers,
                compression_type=compression,
                max_request_size=16 * 1024 * 1024,
                linger_ms=2,
            )
            for compression in (None, "gzip")
        }
        self._sent: list[tuple[asyncio.Future[Any], Mutant | None]] = []
        self.mutants: list[tuple[Place, Mutant]] = []

    async def __aenter__(self) -> Self:
        await asyncio.gather(*(producer.start() for producer in self._producers.values()))
        return self

    async def __aexit__(self, *error: object) -> None:
        await asyncio.gather(*(producer.stop() for producer in self._producers.values()))

    async def publish(self, mutant: Mutant) -> None:
        headers = list(mutant.headers)
        producer = self._producers[mutant.compression]
        sent = await producer.send(mutant.topic, mutant.value, key=mutant.key, headers=headers)
        self._sent.append((sent, mutant))
        if len(self._sent) >= IN_FLIGHT_LIMIT:
            await self.flush()

    async def tell(self, record: Record) -> None:
        producer = self._producers[None]
        headers = list(record.headers)
        sent = await producer.send(record.topic, record.value, key=record.key, headers=headers)
        self._sent.append((sent, None))

    async def flush(self) -> None:
        for sent, mutant in self._sent:
            metadata = await sent
            if mutant is not None:
                place = (metadata.topic, metadata.partition, metadata.offset)
                self.mutants.append((place, mutant))
        self._sent.clear()


@asynccontextmanager
async def calm_and_amid(local: LocalStack, services: Sequence[Service]) -> AsyncGenerator[tuple[Press, Any]]:
    """Control orders in peace, then the same amid the mutants; yields when all is at rest again."""
    start = clock.now() - (STEP_COUNT + 1) * STEP
    mutants = bred(services, MUTANT_COUNT)
    async with (
        asyncpg.create_pool(local.database_url, min_size=1, max_size=3) as pool,
        Press(local.bootstrap_servers) as press,
        Rest(local.bootstrap_servers, pool, services) as rest,
    ):
        for run in ("calm", "amid"):
            for number in range(STEP_COUNT):
                records = [r for one in controls(run, CONTROL_COUNT, start) for r in one.step(number)]
                if run == "amid":
                    for mutant in islice(mutants, MUTANT_COUNT // STEP_COUNT // 2):
                        await press.publish(mutant)
                for record in records:
                    await press.tell(record)
                    if run == "amid":
                        for copy in spoiled(record):
                            await press.publish(copy)
                if run == "amid":
                    rest_count = MUTANT_COUNT if number == STEP_COUNT - 1 else MUTANT_COUNT // STEP_COUNT // 2
                    for mutant in islice(mutants, rest_count):
                        await press.publish(mutant)
                await press.flush()
                await rest.wait(REST_SECONDS)
        yield press, pool


def spoiled(record: Record) -> Iterator[Mutant]:
    """The good record of a control order again, and spoiled in ways that still name the order."""
    good = Mutant(
        record.topic, record.key, record.headers, record.value, record.type, fate(HANDLED), "control"
    )
    yield good
    for reason in Random(record.id).sample(list(SPOILERS), 2):
        bad = spoil(record, reason)
        if (bad.key, bad.headers, bad.value) == (good.key, good.headers, good.value):
            continue
        is_spoiled = reason is not Reason.FAILED_SCHEMA or bad.value != record.value
        verdict = fate(reason if is_spoiled else HANDLED)
        yield replace(good, topic=bad.topic, key=bad.key, headers=bad.headers, value=bad.value, fate=verdict)


@pytest.mark.stack
@pytest.mark.faults
@pytest.mark.timeout(900)
async def test_ten_thousand_mutated_inputs_are_all_accounted_for() -> None:
    services = list(load_services().values())
    with devstack.start() as stack:
        async with (
            LocalStack(clock="wall", stack=stack, environment=SETTINGS) as local,
            calm_and_amid(local, services) as (press, pool),
        ):
            await local.check_alive()
            await local.wait_ready(limit_seconds=30)
            assert len(press.mutants) >= MUTANT_COUNT
            met: set[str] = set()
            faults: dict[str, list[str]] = {}
            async with pool.acquire() as connection:
                for service in services:
                    books = await kept(local, service, connection, press)
                    met |= set(books.by_reason())
                    faults[service.name] = books.faults[:20] + books.failed[:20]
                calm, amid = await ends_of(connection, "calm"), await ends_of(connection, "amid")
            assert not any(faults.values()), faults
            assert met == set(Reason) - BEHIND_THE_DECODER
            assert len(calm) > CONTROL_COUNT * 20
            assert [one for one in amid if one not in calm] == []
            assert amid == calm


async def kept(local: LocalStack, service: Service, connection: Any, press: Press) -> Books:
    """The books of one service over all that is in Kafka."""
    dead = f"aftersales.{service.name}.dead.v1"
    assert dead in TOPICS
    books = Books(service, await all_records(local.bootstrap_servers, inputs(service)))
    await books.keep(connection, told_of(await all_records(local.bootstrap_servers, [dead])))
    books.check_fates(press.mutants)
    return books
