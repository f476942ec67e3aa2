"""Judges recorded events as the services' own border would: taken, repeated, or refused and why."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, cast

from aiokafka.partitioner import DefaultPartitioner
from pydantic import BaseModel

from aftersales_contracts.base import Event, OpenEnum
from aftersales_contracts.readers import READS
from aftersales_contracts.reasons import Reason
from aftersales_contracts.registry import EVENTS, services_of
from chassis.ingest.decoder import REUSED_ID, Accepted, Decoder, Rejected
from chassis.settings import Limits
from cli.recordings import Recorded

TAKEN, REPEATED, REFUSED = "taken", "repeated", "refused"


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on one recorded event."""

    where: str
    verdict: str
    type: str = ""
    source: str = ""
    id: str = ""
    reason: str = ""
    """A reason code of dead letters."""
    detail: str = ""
    """As the dead letter would have it."""
    readers: Sequence[str] = ()
    """The services that read the type."""
    remarks: Sequence[str] = ()
    """Things that nobody refuses and that are probably not meant."""


@dataclass(slots=True)
class Summary:
    """Counts of a recording."""

    verdicts: Counter[str] = field(default_factory=Counter[str])
    reasons: Counter[str] = field(default_factory=Counter[str])
    remarks_count: int = 0
    keyless_count: int = 0
    """Recorded without a key: the subject stood for it."""
    left_out_count: int = 0
    """Of sources that were not asked for."""

    @property
    def events_count(self) -> int:
        """All events of the recording."""
        return self.verdicts.total()

    def is_sound(self, *, is_strict: bool) -> bool:
        """Tells whether nothing is refused and, where that is asked for, nothing is remarked."""
        return not self.verdicts[REFUSED] and not (is_strict and self.remarks_count)

    def as_json(self) -> dict[str, Any]:
        """The counts for tools."""
        names = (TAKEN, REPEATED, REFUSED)
        return (
            {"events": self.events_count}
            | {name: self.verdicts[name] for name in names}
            | {
                "reasons": dict(sorted(self.reasons.items())),
                "remarks": self.remarks_count,
                "without_key": self.keyless_count,
                "left_out": self.left_out_count,
            }
        )


_EVERY_TYPE = frozenset(EVENTS.values())


class _Everything:
    """A reader of every type: data is looked at whoever reads it."""

    @property
    def reads(self) -> frozenset[type[Event]]:
        return _EVERY_TYPE


class Judge:
    """Judges one recording. Ids are remembered, so that repeats and reused ids are told."""

    def __init__(self, limits: Limits, now: datetime) -> None:
        self._decoder = Decoder(_Everything(), limits, by_marks=False, now=lambda: now)
        self._hashes: dict[bytes, int] = {}
        self.summary = Summary()

    def judge(self, recorded: Recorded) -> Judged:
        """The verdict on the next event of the recording."""
        judged = self._judged(recorded)
        self.summary.verdicts[judged.verdict] += 1
        if judged.reason:
            self.summary.reasons[judged.reason] += 1
        self.summary.remarks_count += len(judged.remarks)
        self.summary.keyless_count += recorded.is_keyless
        return judged

    def _judged(self, recorded: Recorded) -> Judged:
        entry = self._decoder.read(recorded)
        if isinstance(entry, Rejected):
            return Judged(
                recorded.where, REFUSED, **names_of(recorded), reason=entry.reason.value, detail=entry.detail
            )
        if not isinstance(entry, Accepted):
            return Judged(recorded.where, TAKEN, **names_of(recorded))  # a clock mark
        envelope, data = entry.received.envelope, entry.received.data
        names = {"type": envelope.type, "source": envelope.source, "id": envelope.id}
        verdict = REPEATED if entry.inbox_key in self._hashes else TAKEN
        if self._hashes.setdefault(entry.inbox_key, entry.body_hash) != entry.body_hash:
            return Judged(recorded.where, REFUSED, **names, reason=Reason.ID_REUSED.value, detail=REUSED_ID)
        remarks = (
            *_about_type(data, envelope.source),
            *_about_data(recorded, data),
            *_about_partition(recorded),
        )
        readers = tuple(service for service, types in READS.items() if envelope.type in types)
        return Judged(recorded.where, verdict, **names, readers=readers, remarks=remarks)


def names_of(recorded: Recorded) -> dict[str, str]:
    """Type, source and id of a record that was refused, as far as they can be read."""
    texts = {name: (value or b"").decode(errors="replace") for name, value in recorded.headers}
    found: Any = {name: texts.get(f"ce_{name}") for name in ("type", "source", "id")}
    if not any(found.values()):
        found = _object(recorded.value)
    return {name: found[name] for name in ("type", "source", "id") if isinstance(found.get(name), str)}


def _object(value: bytes | None) -> dict[str, Any]:
    """The JSON object in these bytes; an empty one for anything else."""
    try:
        found = json.loads(value or b"")
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _about_type(data: Event, source: str) -> Iterator[str]:
    services = services_of(type(data))
    if services and source.removeprefix("aftersales/") not in services:
        yield f"announced by {', '.join(services)} alone, as aftersales/{services[0]}"
    elif not services and not any(data.TYPE in types for types in READS.values()):
        yield "no service reads this type yet"


def _about_data(recorded: Recorded, data: Event) -> Iterator[str]:
    value = _object(recorded.value)
    sent = value.get("data") if "specversion" in value else value
    yield from _about(sent, data, "")


def _about(sent: object, read: object, place: str) -> Iterator[str]:
    """Fields that the contracts do not know, and words that no enumeration names."""
    if isinstance(read, OpenEnum) and not read.is_known:
        yield f"{place}: not among the known values of {type(read).__name__}"
    elif isinstance(read, BaseModel) and isinstance(sent, dict):
        fields = type(read).model_fields
        for name, value in cast("Mapping[str, object]", sent).items():
            inner = f"{place}.{name}" if place else name
            if name in fields:
                yield from _about(value, getattr(read, name), inner)
            else:
                yield f"{inner}: no field of {type(read).__name__}; nobody reads it"
    elif isinstance(read, list) and isinstance(sent, list):
        pairs = zip(cast("list[object]", sent), cast("list[object]", read), strict=False)
        for number, (value, item) in enumerate(pairs):
            yield from _about(value, item, f"{place}.{number}")


def _about_partition(recorded: Recorded) -> Iterator[str]:
    """A key in another partition than everybody else's is taken, and loses its order."""
    count = recorded.partitions_count
    if recorded.key is None or count is None:
        return
    numbers = list(range(count))
    own = DefaultPartitioner()(recorded.key, numbers, numbers)
    if own != recorded.partition:
        yield (
            f"in partition {recorded.partition}, where others put this key into {own} of {count}:"
            " it is not hashed with murmur2"
        )


def as_json(judged: Judged) -> dict[str, Any]:
    """A verdict for tools, without what is empty."""
    return {name: value for name, value in asdict(judged).items() if value or name in ("where", "verdict")}
