"""A system of its own for the harness: real broker and database, every service as several real processes.

Each process reaches broker and database through proxies of the test; the test itself goes past them.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from aiokafka.admin import AIOKafkaAdminClient

import devstack
from aftersales_contracts.topics import SERVICES, TOPICS
from chassis.clock import monotonic
from chassis.store.migrate import migrate
from cli import topics
from devstack import database, ports
from devstack.database import provision_async
from devstack.postgres import DATABASE
from tests.faults.proof import replica as replicas_of
from tests.faults.proof.mutants import MUTANTS
from tests.faults.proof.replica import Ports, Replica

READY_LIMIT_SECONDS = 120.0
LOOK_AGAIN_SECONDS = 0.1


class NotReady(Exception):
    """A replica did not become ready in time; says which, with the end of its log."""


class World:
    """The running system. `stack` is the broker and the database, `replicas` the processes by their names."""

    def __init__(
        self, stack: devstack.Stack, replicas: Mapping[str, Replica], settings: Mapping[str, str]
    ) -> None:
        self.stack = stack
        self._settings = settings
        self.replicas = replicas
        self.services = tuple(dict.fromkeys(replica.service for replica in replicas.values()))
        self._number = 0

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address, past all proxies."""
        return self.stack.bootstrap_servers

    @property
    def database_url(self) -> str:
        """The superuser's connection string, past all proxies."""
        return self.stack.postgres.url(self._database)

    @property
    def logs(self) -> Path:
        """A folder with a log file per process; one that starts again goes on in its file."""
        return self.stack.logs

    @property
    def _database(self) -> str:
        return DATABASE if self._number == 1 else f"proof_{self._number}"

    def group_of(self, service: str) -> str:
        """The consumer group of a service."""
        return f"proof{self._number}-{service}"

    def of(self, service: str) -> list[Replica]:
        """The replicas of a service."""
        return [replica for replica in self.replicas.values() if replica.service == service]

    async def wait_ready(self, limit_seconds: float = READY_LIMIT_SECONDS) -> None:
        """Returns once every replica is ready. Raises NotReady after the limit or for one that has ended."""
        end = monotonic() + limit_seconds
        waiting = list(self.replicas.values())
        while waiting:
            ready = await asyncio.gather(*(asyncio.to_thread(each.is_ready) for each in waiting))
            waiting = [each for each, is_ready in zip(waiting, ready, strict=True) if not is_ready]
            ended = [each for each in waiting if not each.part.running]
            if ended or (waiting and monotonic() > end):
                culprit = (ended or waiting)[0]
                why = "has ended" if ended else f"was not ready in {limit_seconds:.0f} s"
                raise NotReady(f"{culprit.name} {why}\n{culprit.part.tail()}")
            await asyncio.sleep(LOOK_AGAIN_SECONDS if waiting else 0)

    def pause(self) -> None:
        """All replicas stand still."""
        for replica in self.replicas.values():
            if replica.part.running:
                replica.part.pause()

    def resume(self) -> None:
        """They go on."""
        for replica in self.replicas.values():
            if replica.part.running:
                replica.part.resume()

    async def revive(self) -> None:
        """Broker and database run and go on, however they were left."""
        for part in (self.stack.postgres, self.stack.kafka):
            if part.part.running:
                part.part.resume()
            else:
                await asyncio.to_thread(part.start)

    async def renew(self, patch: str | None = None) -> None:
        """Topics, groups and database are new, and all replicas run, with that patch or as they are."""
        await asyncio.gather(*(asyncio.to_thread(_end, each) for each in self.replicas.values()))
        for each in self.replicas.values():
            each.heal()
        await self.revive()
        if self._number:
            await self._delete_topics()
        old, self._number = self._database, self._number + 1
        if self._number > 1:
            await asyncio.to_thread(database.create, self.stack.database_url, self._database)
            if old != DATABASE:
                await asyncio.to_thread(database.drop, self.stack.database_url, old)
        _, urls = await asyncio.gather(topics.create(self.bootstrap_servers), self._prepare_database())
        for each in self.replicas.values():
            parts = urlsplit(urls[each.service])
            user = parts.netloc.rpartition("@")[0]
            url = parts._replace(netloc=f"{user}@127.0.0.1:{each.database.port}").geturl()
            each.secret_file.write_text(url, "utf-8")
            more = {} if patch is None else MUTANTS[patch].settings
            prefix = {"AFTERSALES_KAFKA__GROUP_PREFIX": f"proof{self._number}"}
            each.equip(patch, {**prefix, **self._settings, **more})
        await asyncio.gather(*(asyncio.to_thread(each.launch) for each in self.replicas.values()))
        await self.wait_ready()

    async def _prepare_database(self) -> dict[str, str]:
        urls = await provision_async(self.database_url, self.services)
        for service in self.services:  # Alembic keeps its context in module globals: one at a time
            await migrate(urls[service], service)
        return urls

    async def _delete_topics(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        await admin.start()
        try:
            await admin.delete_topics(list(TOPICS))
            while set(TOPICS) & set(await admin.list_topics()):
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
        finally:
            await admin.close()


def _end(each: Replica) -> None:
    """Ends a replica as a crash would: nobody needs what it still had in hand."""
    with suppress(devstack.StackError):
        each.part.kill()
    each.part.stop()


@asynccontextmanager
async def world(
    *,
    seed: int,
    services: Sequence[str] = SERVICES,
    replicas: int = 2,
    patch: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> AsyncGenerator[World]:
    """The system, ready; all of it is gone when the block ends. Raises NotReady and devstack's StackError."""
    names = [(service, number) for service in services for number in range(1, replicas + 1)]
    numbers = iter(await asyncio.to_thread(ports.free, 4 * len(names)))
    places = {name: Ports(*(next(numbers) for _ in range(4))) for name in names}
    by_way_of = {place.kafka: place.kafka_proxy for place in places.values()}
    folder = Path(tempfile.mkdtemp(prefix="aftersales-proof-"))
    stack = await asyncio.to_thread(devstack.start, kafka_by_way_of=by_way_of)
    dice = Random(seed)
    made = [
        replicas_of.make(folder, stack.logs, *name, place, stack.postgres.port, Random(dice.random()))
        for name, place in places.items()
    ]
    try:
        for each in made:
            await each.start_proxies()
        running = World(stack, {each.name: each for each in made}, settings or {})
        await running.renew(patch)
        yield running
    finally:
        for each in made:
            each.heal()
        await asyncio.gather(*(asyncio.to_thread(_end, each) for each in made))
        await asyncio.gather(*(each.stop_proxies() for each in made))
        await asyncio.to_thread(stack.stop)
        shutil.rmtree(folder, ignore_errors=True)
