"""I1 and I6: what became of each input, by inbox and dead letters of one service."""

from base64 import b64decode
from collections import Counter
from json import loads

import asyncpg

from aftersales_contracts.readers import READS
from tests.faults.proof.fates import READERS
from tests.faults.proof.ledger import Header, Place, digest, place, place_of
from tests.faults.proof.log import Carried, Log
from tests.faults.proof.readers import inputs_of
from tests.faults.proof.reading import Lying
from tests.faults.proof.stories import CANARY
from tests.faults.proof.verdict import Verdict

DEAD = """
SELECT position, reason, detail, topic, partition, "offset" AS place, key, headers, value, kind,
       at < clock_timestamp() - interval '14 days' AS is_old
FROM {0}.dead_letters ORDER BY position
"""
WAITED = "waited_too_long"
"""Something that happened over 14 days ago may have waited long enough when it is read."""
PREFIX = "dead-"
OMITTED = "dead-omitted"


def carried_by(service: str) -> list[Carried]:
    """Topics and types that a service reads."""
    return [(topic, name) for topic in inputs_of(service) for name in READS[service]]


class InboxChecks:
    """The inputs of one service."""

    def __init__(self, service: str, log: Log, verdict: Verdict) -> None:
        self._service = service
        self._log = log
        self._verdict = verdict
        self._reasons: dict[Place, tuple[str, int]] = {}
        """By place: reason and digest of the dead letter in the table, where no case was asked."""
        self._numbers: dict[int, tuple[Place, str, int]] = {}
        """All dead letters of the table, by position."""
        self.expected = log.bodies(carried_by(service))
        """Inbox key -> body of every event that the service has to handle."""
        self.inbox: dict[bytes, int] = {}

    def _blame(self, invariant: str, text: str) -> None:
        self._verdict.blame(invariant, self._service, text)

    async def check(self, connection: asyncpg.Connection) -> None:
        """Compares tables and topic with what was to be expected."""
        rows = await connection.fetch(f"SELECT key, body_hash FROM {self._service}.inbox")
        self.inbox = {row[0]: row[1] for row in rows}
        if len(rows) != len(self.inbox):
            self._blame("I1", f"{len(rows) - len(self.inbox)} ids are in the inbox twice")
        self._check_inbox()
        await self._read_dead(connection)
        self._check_dead()
        self._check_topic(self._log.dead.get(f"aftersales.{self._service}.dead.v1", []))

    def _check_inbox(self) -> None:
        missing = self.expected.keys() - self.inbox.keys()
        for key in list(missing)[:1]:
            where = self._where(key)
            self._verdict.blame("I1", self._service, f"{len(missing)} inputs never handled, first {where}")
        extra = self.inbox.keys() - self.expected.keys()
        if extra:
            self._blame("I1", f"{len(extra)} inputs handled that nobody published")
        other = sum(
            body != self.expected[key] and body not in self._log.reused.get(key, {}).values()
            for key, body in self.inbox.items()
            if key in self.expected
        )
        if other:
            self._blame("I1", f"{other} inputs entered with a body that nobody published")
        self._verdict.counts[f"handled by {self._service}"] += len(self.inbox)

    def _where(self, key: bytes) -> str:
        for (topic, name), known in self._log.accepted.items():
            if key in known:
                _, partition, offset = place_of(known[key][1])
                return f"{name} at {topic}/{partition}/{offset}"
        return "?"

    async def _read_dead(self, connection: asyncpg.Connection) -> None:
        for row in await connection.fetch(DEAD.format(self._service)):
            where = f"{row['topic']}/{row['partition']}/{row['place']}"
            is_waited = row["reason"] == WAITED and row["is_old"]
            if row["kind"] and not is_waited:
                self._blame("I1", f"{row['reason']} in {row['kind']}: {row['detail']} ({where})")
            if not row["topic"]:
                continue
            if CANARY in row["detail"]:
                self._blame("I9", f"the detail of the dead letter of {where} repeats what the record holds")
            at = place(row["topic"], row["partition"], row["place"])
            mark = digest(row["key"], _unpacked(row["headers"]), row["value"])
            self._numbers[row["position"]] = (at, row["reason"], mark)
            if row["kind"]:
                continue
            if at in self._reasons:
                self._blame("I6", f"two dead letters of {where}")
            self._reasons[at] = (row["reason"], mark)

    def _check_dead(self) -> None:
        wanted = self._wanted()
        for at, (reasons, mark) in wanted.items():
            found = self._reasons.get(at)
            if found is None:
                self._blame("I6", f"{'/'.join(sorted(reasons))} at {place_of(at)} is no dead letter")
                continue
            if found[0] not in reasons:
                self._blame("I6", f"{place_of(at)} was refused as {found[0]}, not {sorted(reasons)}")
            if mark is not None and found[1] != mark:
                self._blame("I6", f"the table has other bytes than {place_of(at)}")
        for at in self._reasons.keys() - wanted.keys():
            self._blame("I1", f"a good record was refused as {self._reasons[at][0]}: {place_of(at)}")
        for reason, count in Counter(reason for reason, _ in self._reasons.values()).items():
            self._verdict.counts[f"dead {reason}"] += count

    def _wanted(self) -> dict[Place, tuple[frozenset[str], int | None]]:
        """By place: reasons that fit and the digest of the record."""
        topics, reads = set(inputs_of(self._service)), set(READS[self._service])
        wanted: dict[Place, tuple[frozenset[str], int | None]] = {}
        for at, (fate, mark, claimed) in self._log.rejects.items():
            if place_of(at)[0] in topics and (fate.scope != READERS or claimed in reads):
                wanted[at] = (fate.reasons, mark)
        for key, places in self._log.reused.items():
            if key not in self.expected:
                continue
            for at, body in places.items():
                if body != self.inbox.get(key):
                    wanted[at] = (frozenset({"id_reused"}), None)
        return wanted

    def _check_topic(self, records: list[Lying]) -> None:
        told: Counter[int] = Counter()
        for record in records:
            said = {name: content or b"" for name, content in record.headers if name.startswith(PREFIX)}
            number = int(said["dead-id"])
            told[number] += 1
            known = self._numbers.get(number)
            at = (said["dead-topic"].decode(), int(said["dead-partition"]), int(said["dead-offset"]))
            if known is None or (place(*at), said["dead-reason"].decode()) != known[:2]:
                if at[0]:
                    self._blame("I6", f"the topic tells of a dead letter that is not in the table: {at}")
                continue
            bare = tuple(header for header in record.headers if not header[0].startswith(PREFIX))
            if OMITTED not in said and digest(record.key, bare, record.value) != known[2]:
                self._blame("I6", f"the topic has other bytes than {at}")
            if CANARY.encode() in said["dead-detail"]:
                self._blame("I9", f"the topic's detail of {at} repeats what the record holds")
        for number in self._numbers.keys() - told.keys():
            self._blame("I6", f"nobody was told of the dead letter of {place_of(self._numbers[number][0])}")
        self._verdict.counts["dead letter repeats on the wire"] += sum(told.values()) - len(told)


def _unpacked(text: str) -> tuple[Header, ...]:
    return tuple((name, None if value is None else b64decode(value)) for name, value in loads(text))
