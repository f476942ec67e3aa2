"""Records without a broker, for tests of their order."""

from datetime import UTC, datetime, timedelta

from aftersales_contracts.base import Event
from aftersales_contracts.envelope import Envelope
from chassis.engine.records import PartitionId, StoredOrigin
from chassis.ingest.decoder import Accepted, Entry
from chassis.ingest.intake import Intake, Release
from chassis.ingest.partition import BufferedRecord
from chassis.service import Received
from chassis.settings import Limits

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


def intake(by_marks: bool = False, **limits: int) -> Intake:
    made = Intake(by_marks=by_marks, limits=Limits(**limits), is_own=lambda topic: topic == "own")
    made.assign([SHOP_0, SHOP_1, OWN])
    return made


def read_to_end(made: Intake, partition_id: PartitionId, position: int, seconds: float = 10_000) -> None:
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
