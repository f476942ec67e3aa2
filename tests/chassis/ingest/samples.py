"""Records without a broker, for tests of their order."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from aftersales_contracts.base import Event
from aftersales_contracts.envelope import Envelope
from chassis.engine.records import PartitionId, StoredOrigin
from chassis.ingest.buffer import Buffer, Release
from chassis.ingest.decoder import Accepted, Entry
from chassis.ingest.merge import Merge
from chassis.ingest.partition import BufferedRecord
from chassis.ingest.replay_barrier import ReplayBarrier
from chassis.service import Received
from chassis.settings import Limits

B = TypeVar("B", bound=Buffer[Any])
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOP_0, SHOP_1, OWN = PartitionId("shop", 0), PartitionId("shop", 1), PartitionId("own", 0)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def event(seconds: float, name: str = "e") -> Accepted:
    envelope = Envelope(name, "test", "shop.test.v1", at(seconds), "s")
    return Accepted(Received(envelope, Event(), at(seconds)), name.encode(), 0, NOON.date(), at(seconds))


def buffered(partition_id: PartitionId, offset: int, entry: Entry, size: int = 100) -> BufferedRecord:
    record = StoredOrigin(partition_id.topic, partition_id.partition, offset, b"k", (), b"{}")
    return BufferedRecord(partition_id, record, entry, offset, size)


def merge(**limits: int) -> Merge:
    return _assigned(Merge(limits=Limits(**limits), is_own=_is_own))


def barrier(**limits: int) -> ReplayBarrier:
    return _assigned(ReplayBarrier(limits=Limits(**limits), is_own=_is_own))


def _is_own(topic: str) -> bool:
    return topic == "own"


def _assigned(made: B) -> B:
    made.assign([SHOP_0, SHOP_1, OWN])
    return made


def read_to_end(made: Buffer[Any], partition_id: PartitionId, position: int, seconds: float = 10_000) -> None:
    made.note_position(partition_id, position, position, at(seconds))


def names(release: Release | None) -> list[str]:
    return (
        []
        if release is None
        else [
            f"{each.partition_id.topic}{each.partition_id.partition}/{each.offset}"
            for each in release.records
        ]
    )
