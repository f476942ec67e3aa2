"""Measures processor time per live event and per deadline, of service, PostgreSQL and broker.

It hardly depends on what else the machine does. A round has a database, a consumer group and a process
of its own, and empty topics. Nothing of the service is used but its commands, its settings and the
contracts: the deadlines come about by events that are five days old.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from aftersales_contracts.enums import RefundKind
from benchmarks import baseline, cpu
from benchmarks.checkout import Checkout
from benchmarks.costs import KINDS, Round, Spent, idle_lines, lines
from benchmarks.lab import SCHEMA, BenchmarkError, Lab, frozen, ready, utc_now
from benchmarks.pending import ANSWER_WITHIN, GRACE
from benchmarks.scale import Scale
from benchmarks.stream import Record, Stream, announced, applied, order_id
from benchmarks.throughput import Tell
from benchmarks.watch import Watch, total
from devstack import ports
from devstack.database import create, drop, provision_async
from devstack.part import Part

IDLE_SECONDS = 10.0
TAIL_SECONDS = 1.0
"""After the last outcome: the offsets and the relay's cursor are written down."""
FREEZE_SECONDS = 0.5
"""Between the moment at which the process stands still and the one at which the deadlines are due."""
LEAD_FACTOR = 2.0
"""The applications may take so many times as long as the orders before them did."""
LIVE_OUTCOMES = sum(baseline.OUTCOMES.values())
"""Outcomes of one live case."""
DEADLINE_OUTCOMES = 4
"""Of one deadline: the silence is an answer, the payment is requested, and both cases look otherwise (a test
asks the rules).
"""


@dataclass
class Processor:
    """The rounds of one checkout."""

    rounds: list[Round]

    def document(self) -> dict[str, Any]:
        """Says it for tools, in microseconds; idle costs are those of a second."""
        return {
            "microseconds": [asdict(line) for line in lines(self.rounds)],
            "idle_microseconds_per_second": [asdict(line) for line in idle_lines(self.rounds)],
            "rounds": [
                {
                    **asdict(each),
                    "net": {kind: asdict(each.cost(kind)) for kind in KINDS},
                    "gross": {kind: asdict(each.gross(kind)) for kind in KINDS},
                }
                for each in self.rounds
            ],
        }


async def run(lab: Lab, scale: Scale, tell: Tell) -> Processor | None:
    """Measures this checkout; None where the machine does not tell, which is said."""
    if not cpu.IS_MEASURABLE:
        tell("not measured here: it needs Linux's /proc")
        return None
    bench = Bench(lab, scale, tell)
    own = Checkout.own("own")
    await bench.warm_up(own)
    return Processor([await bench.round(own) for _ in range(scale.processor_rounds_count)])


class Bench:
    """Runs rounds on one stack, whichever checkout they are of."""

    def __init__(self, lab: Lab, scale: Scale, tell: Tell) -> None:
        self._lab = lab
        self._scale = scale
        self._tell = tell
        self._count = 0

    async def warm_up(self, checkout: Checkout) -> None:
        """One round that does not count: the broker compiles its code in it."""
        self._tell("the first round does not count")
        await self.round(checkout)

    async def round(self, checkout: Checkout) -> Round:
        """One process of this checkout, on a database of its own migrations."""
        self._count += 1
        name = f"processor_{self._count}"
        superuser_url = create(self._lab.stack.database_url, name)
        try:
            url = (await provision_async(superuser_url, (SCHEMA,)))[SCHEMA]
            await checkout.migrate(superuser_url)
            async with Watch(self._lab.bootstrap_servers, f"{name}-{SCHEMA}") as watch:
                await watch.clear()
                async with self._serving(checkout, name, url) as part:
                    done = await self._measure(watch, part, superuser_url)
        finally:
            await asyncio.to_thread(drop, self._lab.stack.database_url, name)
        costs = ", ".join(f"{done.cost(kind).total:,.0f} µs a {kind}" for kind in KINDS)
        self._tell(f"round {self._count} ({checkout.name}): {costs}")
        return done

    @asynccontextmanager
    async def _serving(self, checkout: Checkout, name: str, url: str) -> AsyncGenerator[Part]:
        part = Part(name, self._lab.stack.logs / f"{name}.log", patience_s=30.0)
        port = ports.free(1)[0]
        settings = {
            "AFTERSALES_CLOCK": "wall",
            "AFTERSALES_KAFKA__BOOTSTRAP_SERVERS": self._lab.bootstrap_servers,
            "AFTERSALES_KAFKA__GROUP_PREFIX": name,
            "AFTERSALES_DATABASE__URL": url,
            "AFTERSALES_HTTP__PORT": str(port),
            "AFTERSALES_LOG__LEVEL": "WARNING",
        }
        try:
            part.launch(checkout.serve(), checkout.environment(settings))
            await ready(part, port)
            yield part
        finally:
            await asyncio.to_thread(part.stop)

    async def _measure(self, watch: Watch, part: Part, database_url: str) -> Round:
        """An idle time, the deadlines, the live events; the orders before them are the warm-up."""
        waiting = Stream(f"d{self._count}", self._scale.processor_deadlines_count)
        live = Stream(f"l{self._count}", self._scale.processor_cases_count)
        before = utc_now() - ANSWER_WITHIN - timedelta(hours=3)
        began = time.monotonic()
        await self._lab.publish(waiting.set_up(before))
        await watch.handled(part)
        lead = LEAD_FACTOR * (time.monotonic() - began) + IDLE_SECONDS
        await self._lab.publish(live.set_up(before + timedelta(hours=1)))
        await watch.handled(part)
        due_at = utc_now() + timedelta(seconds=lead)
        await self._lab.publish(applications(waiting, due_at))
        await watch.handled(part)
        await _tidy(database_url)
        idle = await self._idle(watch, part, due_at)
        deadlines = await self._deadlines(watch, part, waiting, due_at)
        await _tidy(database_url)
        spent = await self._live(watch, part, live)
        return Round(idle, deadlines, waiting.cases_count, spent, live.count)

    async def _idle(self, watch: Watch, part: Part, due_at: datetime) -> Spent:
        left = (due_at - utc_now()).total_seconds() - FREEZE_SECONDS
        if left < IDLE_SECONDS / 2:
            raise BenchmarkError("the deadlines came before all was ready: the machine is too busy")
        start = await self._spent(part)
        await watch.idle(part, min(left, IDLE_SECONDS))
        return await self._spent(part) - start

    async def _deadlines(self, watch: Watch, part: Part, waiting: Stream, due_at: datetime) -> Spent:
        await asyncio.sleep(max(0.0, (due_at - utc_now()).total_seconds() - FREEZE_SECONDS))
        before = await watch.published()
        async with frozen([part]):
            await asyncio.sleep(max(0.0, (due_at - utc_now()).total_seconds()) + FREEZE_SECONDS)
            start = await self._spent(part)
        return await self._until(watch, part, before, waiting.cases_count * DEADLINE_OUTCOMES, start)

    async def _live(self, watch: Watch, part: Part, live: Stream) -> Spent:
        before = await watch.published()
        async with frozen([part]):
            await self._lab.publish(live.measured(utc_now()))
            start = await self._spent(part)
        return await self._until(watch, part, before, live.cases_count * LIVE_OUTCOMES, start)

    async def _until(
        self, watch: Watch, part: Part, before: dict[tuple[str, int], int], count: int, start: Spent
    ) -> Spent:
        """Says what was spent until so many outcomes were published. Raises where they were not as many."""
        await watch.has_published(part, before, count)
        await watch.idle(part, TAIL_SECONDS)
        spent = await self._spent(part) - start
        done = total(await watch.published(), before)
        if done != count:
            raise BenchmarkError(f"{done} outcomes were published, not {count}\n{part.tail()}")
        return spent

    async def _spent(self, part: Part) -> Spent:
        stack = self._lab.stack
        pids = part.pid, stack.postgres.pid, stack.kafka.pid
        wall_seconds = time.monotonic()
        return Spent(wall_seconds, *[await asyncio.to_thread(cpu.seconds, pid) for pid in pids])


def applications(waiting: Stream, due_at: datetime) -> Iterator[Record]:
    """One on each order of a stream: its seller has been silent until ten minutes before `due_at`."""
    at = due_at - GRACE - ANSWER_WITHIN
    for number in range(waiting.cases_count):
        order = order_id(waiting.prefix, number)
        yield announced(applied(order, RefundKind.NOT_RECEIVED), f"{order}.applied", at)


async def _tidy(database_url: str) -> None:
    """Vacuum and checkpoint: no window pays for what was written before it."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
