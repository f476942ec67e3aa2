"""Leases, the relay's view of the log, and the watermarks of partitions over the model of the database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from chassis.engine.records import DeadLetter, FactRecord, PartitionId
from chassis.store.lease import LeaseLost
from chassis.store.progress import Progress
from chassis.store.stored_headers import pack_headers
from chassis.store.watermarks import BEGINNING, END, Reached
from tests.simulation.database import Database, Session
from tests.simulation.store import SimulatedConnection

LEASE_SECONDS = 1.0


class SimulatedLease:
    """`chassis.store.lease.PostgresLease` over the model."""

    def __init__(self, database: Database, session: Session, name: str) -> None:
        self._database = database
        self._session = session
        self._name = name
        self._holds = False
        self.position = 0

    async def _row(self, what: str) -> tuple[int, str | None, float]:
        await self._database.ask(self._session, what)
        row: tuple[int, str | None, float] = self._database.tables["cursors"][self._name]
        return row

    async def take(self) -> bool:
        position, holder, until = await self._row("take lease")
        now = self._database.now()
        is_free = holder is None or holder not in self._database.sessions or until < now
        if not is_free and holder != self._session.name:
            self._holds = False
            return False
        self._write(position, self._session.name, now + LEASE_SECONDS)
        self._holds = True
        await self._database.world.step("take lease", is_done=True)
        self.position = position
        return True

    async def move(self, position: int) -> None:
        _, holder, _ = await self._row("move lease")
        if holder != self._session.name or not self._holds:
            self._holds = False
            raise LeaseLost(self._name)
        self._write(position, holder, self._database.now() + LEASE_SECONDS)
        await self._database.world.step("move lease", is_done=True)
        self.position = position

    async def release(self) -> None:
        if self._holds:
            position, holder, _ = await self._row("release lease")
            if holder == self._session.name:
                self._write(position, None, 0.0)
            self._holds = False

    def _write(self, position: int, holder: str | None, until: float) -> None:
        self._database.tables["cursors"][self._name] = position, holder, until


class SimulatedLogReader:
    """`chassis.publish.log_reader.PostgresLogReader` over the model."""

    def __init__(self, database: Database, session: Session) -> None:
        self._database = database
        self._session = session

    async def head(self) -> int | None:
        await self._database.ask(self._session, "select head")
        position: int = self._database.tables["cursors"]["head"][0]
        return position

    async def fitting(self, start: int, upto: int, limit_bytes: int) -> int:
        await self._database.ask(self._session, "select sizes")
        total = count = 0
        for position in range(start + 1, upto + 1):
            row = self._database.tables["dead"].get(position)
            origin = row[1].origin if row is not None else None
            if row is None:
                continue
            count += 1
            if origin is not None:
                total += len(origin.key or b"") + len(pack_headers(origin.headers)) + len(origin.value or b"")
            if total > limit_bytes and count > 1:
                return position - 1
        return upto

    async def facts(self, start: int, upto: int) -> Sequence[Any]:
        await self._database.ask(self._session, "select facts")
        facts: Mapping[int, FactRecord] = self._database.tables["facts"]
        return [
            (f.event_key, f.kind, f.case_id, f.version, f.at, f.event_type, f.cause.correlation,
             f.cause.id, f.cause.trace, f.event)
            for position in range(start + 1, upto + 1)
            if (f := facts.get(position)) is not None and f.event is not None
        ]  # fmt: skip

    async def dead_letters(self, start: int, upto: int) -> Sequence[Any]:
        await self._database.ask(self._session, "select dead letters")
        return [
            _dead_row(position, self._database.tables["dead"][position][1])
            for position in range(start + 1, upto + 1)
            if position in self._database.tables["dead"]
        ]


def _dead_row(position: int, letter: DeadLetter) -> Mapping[str, Any]:
    origin = letter.origin
    topic, partition, offset, key, headers, value = "", -1, -1, None, "[]", None
    if origin is not None:
        topic, partition, offset = origin.topic, origin.partition, origin.offset
        key, headers, value = origin.key, pack_headers(origin.headers), origin.value
    return {
        "position": position, "reason": letter.reason, "detail": letter.detail, "topic": topic,
        "partition": partition, "place": offset, "key": key, "headers": headers, "value": value,
    }  # fmt: skip


class SimulatedWatermarks:
    """`chassis.store.watermarks.PostgresWatermarks` over the model."""

    def __init__(self, database: Database, partitions: Mapping[str, int], external: Collection[str]) -> None:
        self._database = database
        self._partitions = partitions
        self._external = external

    async def others(self, mine: Collection[PartitionId]) -> datetime:
        count = sum(self._partitions[topic] for topic in self._external)
        own = {partition_id for partition_id in mine if partition_id.topic in self._external}
        if self.is_alone(own):
            return END
        await self._database.world.step("select watermarks")
        if self._database.is_down:
            raise ConnectionRefusedError("simulated: the database is down")
        rows = {
            partition_id: row
            for partition_id, row in self._database.tables["intake"].items()
            if partition_id.topic in self._external and partition_id not in own
        }
        if len(rows) < count - len(own):
            return BEGINNING
        return min(row[1] or BEGINNING for row in rows.values())

    def is_alone(self, mine: Collection[PartitionId]) -> bool:
        count = sum(self._partitions[topic] for topic in self._external)
        return sum(partition_id.topic in self._external for partition_id in mine) >= count

    async def stored(self, connection: SimulatedConnection) -> datetime:
        await self._database.ask(connection.session, "select least watermark")
        rows = self._database.rows(connection.session.transaction, "intake")
        watermarks = [row[1] for partition_id, row in rows.items() if partition_id.topic in self._external]
        if len(watermarks) < sum(self._partitions[topic] for topic in self._external):
            return BEGINNING
        return min(watermark or BEGINNING for watermark in watermarks)

    async def not_ahead(self, moment: datetime) -> datetime:
        return min(moment, self._database.world.now())

    async def reached(self) -> Reached | None:
        await self._database.world.step("select rounds")
        rows = {p: r for p, r in self._database.tables["intake"].items() if p.topic in self._partitions}
        if len(rows) < sum(self._partitions.values()):
            return None
        watermarks = [row[1] for partition_id, row in rows.items() if partition_id.topic in self._external]
        round_number = min(row[2] for row in rows.values())
        if not round_number:
            return None
        return Reached(min(watermark for watermark in watermarks if watermark is not None), round_number)

    async def progress(self, partition_ids: Collection[PartitionId]) -> dict[PartitionId, Progress]:
        await self._database.world.step("select progress")
        rows = {
            partition_id: self._database.tables["intake"].get(partition_id) for partition_id in partition_ids
        }
        return {
            partition_id: Progress() if row is None else Progress(row[2], row[0])
            for partition_id, row in rows.items()
        }
