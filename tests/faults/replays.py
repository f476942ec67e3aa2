"""A replay of the small order set by clock marks, left alone or troubled, and all that it leaves behind."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

from chassis.clock import monotonic
from chassis.service import Service
from cli.access import load_services
from cli.stack import LocalStack
from simulator.driver import Driver, Progress
from simulator.gauge import Gauge
from simulator.marketplace import Marketplace
from simulator.orders import records
from simulator.outcomes import Announced, canonical
from simulator.tables import OrderTables
from tests.support.away import AWAY

SAMPLE = Path(__file__).parents[1] / "orders_sample"
TICK = timedelta(days=7)
REST = timedelta(days=60)
PATIENCE_SECONDS = 240.0
LOOK_AGAIN_SECONDS = 0.2
STATIC = {"AFTERSALES_KAFKA__GROUP_INSTANCE_ID": "one"}
"""A restarted process takes the place of the one before it at once, as operators are told to set it."""
LEFT = {
    "facts": "subject, kind, case_id, version, name, at, data::text, rules, policy, cause_type, cause_source,"
    " cause_id, correlation, trace, event_type, event_key, event",
    "cases": "subject, kind, case_id, version, state_name, state::text, shop_id, policy, wake_at, is_ended,"
    " opened_at, moved_at",
    "waiting": "subject, kind, case_id, at, name, message::text, reason, due_at, expires_at, topic,"
    ' partition, "offset"',
    "dead_letters": 'reason, topic, partition, "offset"',
    "inbox": "month, encode(key, 'hex'), body_hash",
}
"""Columns that must be equal, by table. Moments of the machine's clock and positions in the log differ."""


@dataclass
class Left:
    """The outcomes and rows that a replay leaves behind."""

    outcomes: dict[tuple[str, str], bytes] = field(default_factory=dict[tuple[str, str], bytes])
    """By source and id, once each."""
    repeat_count: int = 0
    conflicts: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Outcomes of one id with different bytes."""
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict[str, list[tuple[Any, ...]]])
    """By service and table."""

    def hear(self, outcome: Announced) -> None:
        """Notes an outcome."""
        name = (outcome.envelope.source, outcome.envelope.id)
        told = canonical(outcome)
        known = self.outcomes.setdefault(name, told)
        self.repeat_count += known is not told
        if known != told:
            self.conflicts.append(name)

    def differences(self, other: "Left") -> dict[str, Any]:
        """The first things that two replays do not share, by where; nothing where they are equal."""
        found: dict[str, Any] = {}
        unlike = [n for n in self.outcomes.keys() | other.outcomes.keys()
                  if self.outcomes.get(n) != other.outcomes.get(n)]  # fmt: skip
        if unlike:
            found["outcomes"] = (len(unlike), sorted(unlike)[:5])
        for table in self.rows.keys() | other.rows.keys():
            mine, theirs = self.rows.get(table, []), other.rows.get(table, [])
            if mine != theirs:
                only_mine = [row for row in mine if row not in theirs][:3]
                found[table] = (only_mine, [row for row in theirs if row not in mine][:3])
        return found


class PatientGauge(Gauge):
    """Looks again where the database is away for a moment."""

    async def _has_passed(self, service: Service, mark: int) -> bool:
        passed: bool = await _patiently(lambda: super(PatientGauge, self)._has_passed(service, mark))
        return passed

    async def _each(self, query: str) -> list[Any]:
        rows: list[Any] = await _patiently(lambda: super(PatientGauge, self)._each(query))
        return rows


async def _patiently(look: Callable[[], Awaitable[Any]]) -> Any:
    end = monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await look()
        except AWAY:
            if monotonic() > end:
                raise
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


class Nemesis:
    """Does harm while a replay runs: in rounds drawn from a seed, at a random moment of the round.

    `kills` names how many services die in each such round, `outages` what else happens, one a round.
    """

    def __init__(
        self, seed: int, *, kills: Sequence[int] = (), outages: Sequence[str] = (), within_rounds: int = 150
    ) -> None:
        self._dice = Random(seed)
        rounds = self._dice.sample(range(3, within_rounds), len(kills) + len(outages))
        self._kills = dict(zip(rounds, kills, strict=False))
        self._outages = dict(zip(rounds[len(kills) :], outages, strict=True))
        self._pending: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._local: LocalStack | None = None
        self._killing: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.done: list[tuple[str, int]] = []
        """Services that were harmed, each with its round."""

    def watch(self, local: LocalStack) -> None:
        """Says whom to harm."""
        self._local = local

    def on_progress(self, progress: Progress) -> None:
        """A round is over; the next one begins."""
        number = progress.round_count
        names = list(self._local.services) if self._local else []
        for name in self._dice.sample(names, self._kills.get(number, 0)):
            delay_seconds = self._dice.uniform(0, 0.3)
            self._tasks.append(asyncio.create_task(self._kill(name, number, delay_seconds)))
        if number in self._outages:
            self._pending.append(self._outages[number])
            self.done.append((self._outages[number], number))

    async def _kill(self, name: str, number: int, delay_seconds: float) -> None:
        assert self._local is not None
        service = self._local.services[name]
        await asyncio.sleep(delay_seconds)  # the moment is the point, nothing is waited for
        async with self._killing[name]:  # it may be killed again in the next round
            await asyncio.to_thread(service.part.kill)
            await asyncio.to_thread(service.launch)
        self.done.append((name, number))

    async def on_look(self) -> None:
        """The driver waits for the services: a good moment to take away what they stand on."""
        assert self._local is not None
        while self._pending:
            part = getattr(self._local.stack, self._pending.pop())
            await asyncio.to_thread(part.kill)
            await asyncio.to_thread(part.start)

    async def finish(self) -> None:
        """Returns when all harm is done; raises what went wrong with it."""
        await asyncio.gather(*self._tasks)


@asynccontextmanager
async def _playing(nemesis: Nemesis | None) -> AsyncGenerator[tuple[LocalStack, asyncpg.Pool]]:
    async with (
        LocalStack(clock="marks", environment=STATIC) as local,
        asyncpg.create_pool(local.database_url, min_size=1, max_size=4) as pool,
    ):
        if nemesis is not None:
            nemesis.watch(local)
        yield local, pool


async def replayed(nemesis: Nemesis | None = None) -> Left:
    """One replay from beginning to end, on a stack of its own."""
    services = list(load_services().values())
    left = Left()
    with OrderTables(SAMPLE) as tables:
        async with _playing(nemesis) as (local, pool):
            driver = Driver(
                local.bootstrap_servers,
                PatientGauge(pool, services),
                outside=Marketplace(tables),
                on_outcome=left.hear,
                on_progress=nemesis.on_progress if nemesis else None,
                is_alive=nemesis.on_look if nemesis else local.check_alive,
                patience_seconds=PATIENCE_SECONDS,
            )
            async with driver:
                await driver.run(records(tables), tick=TICK, rest=REST)
                if nemesis is not None:
                    await nemesis.finish()
            await local.wait_ready()
            for service in services:
                for table, columns in LEFT.items():
                    rows = await pool.fetch(f"SELECT {columns} FROM {service.name}.{table}")
                    left.rows[f"{service.name}.{table}"] = sorted((tuple(row) for row in rows), key=repr)
    return left
