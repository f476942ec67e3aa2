"""Reads Kafka as the judge sees it: each record once, classed by the ledger and the contracts."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from json import loads

from aftersales_contracts.envelope import EnvelopeError, read
from aftersales_contracts.topics import TOPICS
from tests.faults.proof.fates import Fate
from tests.faults.proof.ledger import Ledger, Place, digest, place
from tests.faults.proof.reading import Lying, lying
from tests.faults.proof.verdict import Verdict

OUT_TOPICS = frozenset(name for name, topic in TOPICS.items() if topic.side != "in")
Carried = tuple[str, str]
"""Topic and type."""
PAID = "shop.order.paid.v1"


def inbox_key(source: str, event_id: str) -> bytes:
    """16 bytes for (source, id), as docs/architecture/tables.md describes the inbox."""
    return blake2b(f"{source}\0{event_id}".encode(), digest_size=16).digest()


def body_hash(event_type: str, data: bytes) -> int:
    """Signed 64 bits of type and data."""
    person = blake2b(event_type.encode(), digest_size=16).digest()
    return int.from_bytes(blake2b(data, digest_size=8, person=person).digest(), signed=True)


@dataclass(slots=True)
class Announced:
    """An outcome where it first lies."""

    digest: int
    written_ms: int
    order: int
    """Number of the record among first occurrences of its partition."""
    partition: int


@dataclass
class Log:
    """All that the judge has to know of the topics."""

    accepted: dict[Carried, dict[bytes, tuple[int, Place]]] = field(
        default_factory=lambda: defaultdict[Carried, dict[bytes, tuple[int, Place]]](dict)
    )
    """By topic and type: inbox key -> body and place of the first record."""
    reused: dict[bytes, dict[Place, int]] = field(default_factory=dict[bytes, dict[Place, int]])
    """Ids with several bodies: where they lie and which body."""
    rejects: dict[Place, tuple[Fate, int, str]] = field(default_factory=dict[Place, tuple[Fate, int, str]])
    """Fate, digest and claimed type."""
    outcomes: dict[str, dict[str, Announced]] = field(default_factory=dict[str, dict[str, Announced]])
    """By topic: id -> first occurrence."""
    dead: dict[str, list[Lying]] = field(default_factory=dict[str, list[Lying]])
    """By topic."""
    paid: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict[tuple[str, str], dict[str, int]])
    """By order and currency: payment -> minor units."""
    written_ms: dict[str, int] = field(default_factory=dict[str, int])
    """Order of a story -> when its last record was first written."""
    steps: Counter[str] = field(default_factory=Counter[str])
    """Order of a story -> number of its steps that lie there."""

    def bodies(self, carried: Sequence[Carried]) -> dict[bytes, int]:
        """All accepted ids of these types, with the body that came first."""
        found: dict[bytes, int] = {}
        for one in carried:
            for key, (body, _) in self.accepted.get(one, {}).items():
                found[key] = body
        return found


class Reader:
    """Fills a log from the topics; notes what is not as the ledger says."""

    def __init__(self, ledger: Ledger, verdict: Verdict) -> None:
        self._ledger = ledger
        self._verdict = verdict
        self._missing = dict.fromkeys(ledger.acknowledged)
        self._stories = {told.order for told in ledger.told}
        self.log = Log()

    async def read(self, bootstrap_servers: str, topics: Sequence[str]) -> Log:
        """Everything that lies in these topics."""
        async for batch in lying(bootstrap_servers, topics):
            side = TOPICS[batch[0].topic].side
            take = {"in": self._input, "out": self._outcome, "dead": self._dead}[side]
            for record in batch:
                take(record)
        for lost in list(self._missing)[:1]:
            self._verdict.blame("I1", "kafka", f"{len(self._missing)} acknowledged records are gone: {lost}")
        return self.log

    def _input(self, record: Lying) -> None:
        at = place(record.topic, record.partition, record.offset)
        mark = digest(record.key, record.headers, record.value)
        entry = self._ledger.acknowledged.get(at)
        self._missing.pop(at, None)
        fate = entry.fate if entry is not None else self._ledger.unknown.get(mark)
        if fate is None or (entry is not None and entry.digest != mark):
            self._verdict.blame("I1", "kafka", f"a record that nobody published lies at {at}")
            return
        self._verdict.counts[f"input {fate.kind}"] += 1
        if fate.kind == "reject":
            claimed = dict(record.headers).get("ce_type") or b""
            self.log.rejects[at] = (fate, mark, claimed.decode("utf-8", "replace"))
            return
        self._accept(record, at)

    def _accept(self, record: Lying, at: Place) -> str:
        """Enters an event as one that its readers accept; its source and id."""
        try:
            envelope, data = read(record.key, record.headers, record.value)
        except EnvelopeError as error:
            self._verdict.blame("I3", record.topic, f"no event of the contracts lies at {at}: {error.reason}")
            return ""
        key = inbox_key(envelope.source, envelope.id)
        body = body_hash(envelope.type, data)
        known = self.log.accepted[record.topic, envelope.type].setdefault(key, (body, at))
        if known[1] != at:
            if known[0] != body:
                self.log.reused.setdefault(key, {known[1]: known[0]})[at] = body
            return envelope.id
        if envelope.type == PAID:
            told = loads(data)
            for payment in told["payments"]:
                amount = payment["amount"]
                account = self.log.paid.setdefault((told["order_id"], amount["currency"]), {})
                account[payment["payment_id"]] = max(account.get(payment["payment_id"], 0), amount["minor"])
        order = envelope.id.partition(".")[0]
        if order in self._stories and record.topic not in OUT_TOPICS:
            self.log.steps[order] += 1
            self.log.written_ms[order] = max(self.log.written_ms.get(order, 0), record.written_ms)
        return envelope.id

    def _outcome(self, record: Lying) -> None:
        self._verdict.counts["outcome records"] += 1
        known = self.log.outcomes.setdefault(record.topic, {})
        event_id = self._accept(record, place(record.topic, record.partition, record.offset))
        mark = digest(record.key, record.headers, record.value)
        first = known.get(event_id)
        if first is None:
            known[event_id] = Announced(mark, record.written_ms, len(known), record.partition)
            return
        self._verdict.counts["outcome repeats on the wire"] += 1
        if first.digest != mark:
            self._verdict.blame("I3", record.topic, f"{event_id} came again with other bytes")

    def _dead(self, record: Lying) -> None:
        self.log.dead.setdefault(record.topic, []).append(record)


def moment_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return int(moment.timestamp() * 1_000)
