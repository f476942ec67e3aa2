"""The whole system for journeys and fault tests: real stack, services as processes, time by clock marks."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import asyncpg

import devstack
from aftersales_contracts.base import Event
from aftersales_contracts.registry import EVENTS, read_data
from chassis.service import Service
from cli.access import connected, load_services
from cli.history import CaseStory, Explanation, cases, explain
from cli.played import POOL_SIZE
from cli.stack import LocalStack
from devstack.errors import PartFailed
from simulator.driver import Driver
from simulator.gauge import Gauge
from simulator.outcomes import Announced
from simulator.outside import Reply
from simulator.records import Record, announce

E = TypeVar("E", bound=Event)
Answer = Callable[[Any], Sequence[tuple[timedelta, Event]]]
"""From an outcome's data to what is said to it: (delay after it, event)."""
SOURCES = {
    "shop.orders.v1": "shop/orders",
    "shop.shipments.v1": "shop/warehouse",
    "shop.scans.v1": "yto/tracking",
    "shop.aftersales.v1": "shop/aftersales",
    "shop.payments.v1": "alipay/refunds",
}
STEP = timedelta(hours=1)


class RunningPart(Protocol):
    """The program of a service, wherever it runs."""

    @property
    def running(self) -> bool:
        """Whether it runs."""
        ...

    def stop(self) -> None:
        """Ends it in order."""
        ...

    def kill(self) -> None:
        """Ends it as a crash would."""
        ...

    def tail(self) -> str:
        """The end of its log."""
        ...


class RunningService(Protocol):
    """One service, wherever it runs."""

    @property
    def part(self) -> RunningPart:
        """Its program."""
        ...

    def launch(self) -> None:
        """Starts it; it is not ready yet."""
        ...


class RunningStack(Protocol):
    """Kafka, PostgreSQL and the services: processes (cli.stack) or containers (tests.containers)."""

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address."""
        ...

    @property
    def database_url(self) -> str:
        """The superuser's connection string."""
        ...

    @property
    def services(self) -> Mapping[str, RunningService]:
        """The services by name."""
        ...

    async def wait_ready(self) -> None:
        """Returns once every service is ready."""
        ...


class PresentGauge(Gauge):
    """Waits for those services only that are there; those that are `away` catch up when they are back."""

    def __init__(self, pool: asyncpg.Pool, services: Sequence[Service]) -> None:
        super().__init__(pool, services)
        self.away: set[str] = set()

    async def _has_passed(self, service: Service, mark: int) -> bool:
        return service.name in self.away or await super()._has_passed(service, mark)

    async def _each(self, query: str) -> list[Any]:
        found = zip(self._services, await super()._each(query), strict=True)
        return [value for service, value in found if service.name not in self.away]


class Running:
    """A running system. Time stands still but for `tick`.

    What is published is read in the next tick that reaches its moment. `outcomes` keeps everything
    announced since the start, each id once, in order of round, time, source and id.
    """

    def __init__(self, local: RunningStack, pool: asyncpg.Pool) -> None:
        self.local = local
        self.services = load_services()
        self._answers: dict[type[Event], Answer] = {}
        self._published_count = 0
        self.announced: list[Announced] = []
        self._gauge = PresentGauge(pool, list(self.services.values()))
        self.driver = Driver(local.bootstrap_servers, self._gauge, outside=self, is_alive=self._check_alive)
        self._seen: set[tuple[str, str]] = set()

    @property
    def at(self) -> datetime:
        """Where time stands."""
        return self.driver.at

    def on(self, event_class: type[Event], answer: Answer) -> None:
        """From now on somebody outside answers outcomes of that type."""
        self._answers[event_class] = answer

    def answer(self, outcome: Announced) -> Sequence[Reply]:
        """Returns the answers from outside this journey to an outcome."""
        event_class = EVENTS[outcome.envelope.type]
        answer = self._answers.get(event_class)
        if answer is None:
            return ()
        said = answer(read_data(event_class, outcome.data))
        return [
            Reply(delay, _source(data), f"{outcome.envelope.id}.answer{number}", data)
            for number, (delay, data) in enumerate(said)
        ]

    async def publish(
        self,
        data: Event,
        *,
        at: datetime,
        event_id: str | None = None,
        source: str | None = None,
        published_at: datetime | None = None,
    ) -> str:
        """Announces an event of that moment, told at `published_at` if later; returns its id."""
        self._published_count += 1
        name = event_id or f"e{self._published_count:05d}"
        self.driver.schedule(
            announce(data, at=at, source=source or _source(data), event_id=name, published_at=published_at)
        )
        return name

    async def publish_record(self, record: Record) -> None:
        """Publishes any record, rubbish too, in the tick that reaches its moment."""
        self.driver.schedule(record)

    async def tick(self, to: datetime) -> list[Announced]:
        """Lets time pass until `to`; returns what was announced on the way."""
        announced = [outcome for outcome in await self.driver.tick(to) if self._is_new(outcome)]
        self.announced += announced
        return announced

    async def until(self, to: datetime, step: timedelta = STEP) -> None:
        """Lets time pass, with a stop wherever something is due, at most one per `step`: what one service
        announces at its deadlines is heard by the others before their own later ones.
        """
        while self.at < to:
            due_at = await self.driver._next_moment(None)
            passed = to if due_at is None else max(due_at, self.at + step)
            await self.tick(min(to, passed))

    async def stop(self, name: str, *, by_kill: bool = False) -> None:
        """Ends a service, in order or as a crash would (SIGKILL). Time goes on without it."""
        part = self.local.services[name].part
        await asyncio.to_thread(part.kill if by_kill else part.stop)
        self._gauge.away.add(name)

    async def start(self, name: str) -> None:
        """Starts a service that was ended; it catches up with time in the next tick."""
        await asyncio.to_thread(self.local.services[name].launch)
        await self.local.wait_ready()
        self._gauge.away.discard(name)

    async def _check_alive(self) -> None:
        for name, service in self.local.services.items():
            if name not in self._gauge.away and not service.part.running:
                raise PartFailed(f"the service {name} has ended\n{service.part.tail()}")

    def outcomes(self, event_class: type[E], **fields: object) -> list[E]:
        """Announced outcomes of that type, with these values in their fields."""
        found = [
            read_data(event_class, outcome.data)
            for outcome in self.announced
            if outcome.envelope.type == event_class.TYPE
        ]
        return [data for data in found if all(getattr(data, n) == v for n, v in fields.items())]

    async def cases(self, name: str) -> list[CaseStory]:
        """The cases of that id or about that order, with their histories."""
        async with connected(self.local.database_url) as connection:
            return await cases(connection, self.services, name)

    async def explain(self, event_id: str) -> Explanation:
        """Explains an event."""
        async with connected(self.local.database_url) as connection:
            return await explain(connection, self.services, event_id)

    async def dead_letters(self, service: str) -> dict[str, int]:
        """Number of a service's dead letters, by reason."""
        async with connected(self.local.database_url) as connection:
            rows = await connection.fetch(f"SELECT reason, count(*) FROM {service}.dead_letters GROUP BY 1")
            return {row[0]: row[1] for row in rows}

    def _is_new(self, outcome: Announced) -> bool:
        key = (outcome.envelope.source, outcome.envelope.id)
        is_new = key not in self._seen
        self._seen.add(key)
        return is_new


def _source(data: Event) -> str:
    return SOURCES.get(data.TOPIC, "shop/other")


@asynccontextmanager
async def running(stack: devstack.Stack | None = None) -> AsyncGenerator[Running]:
    """A running system on a stack of its own, or on one that nobody else publishes to."""
    async with LocalStack(clock="marks", stack=stack) as local, running_on(local) as world:
        yield world


@asynccontextmanager
async def running_on(local: RunningStack) -> AsyncGenerator[Running]:
    """The same over services that run already, by clock marks."""
    async with asyncpg.create_pool(local.database_url, min_size=1, max_size=POOL_SIZE) as pool:
        world = Running(local, pool)
        async with world.driver:
            yield world
