"""I2 to I5 and I7: facts of one service in order of position, its cases, and the outcomes on its topic."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from json import loads
from typing import Any

import asyncpg

from aftersales_contracts.envelope import Envelope, write
from aftersales_contracts.topics import outcome_topic
from tests.faults.proof.ledger import digest
from tests.faults.proof.log import Log, inbox_key, moment_ms
from tests.faults.proof.verdict import Verdict

FACTS = """
SELECT position, kind, case_id, subject, version, name, at, recorded_at, cause_type, cause_source, cause_id,
       correlation, trace, event_type, event_key, event, hashtextextended(data::text, 0) AS body
FROM {0}.facts ORDER BY position
"""
CASES = "SELECT subject, kind, case_id, version, state_name, is_ended FROM {0}.cases"
CURSORS = "SELECT name, position FROM {0}.cursors"
DEAD_COUNT = "SELECT count(*) FROM {0}.dead_letters"
CLOCK_TOLERANCE_MS = 50
"""Two clocks of one machine, rounded to milliseconds."""

Case = tuple[str, str, str]
"""Subject, kind, case id."""


STANDINGS = frozenset({"DoubtsChanged", "PictureChanged"})
"""Facts that tell how a case stands, each time that it stands otherwise than they told last."""


@dataclass(slots=True)
class End:
    """A case as it ended: what happened by name, and the stored state."""

    version: int = 0
    names: Counter[str] = field(default_factory=Counter[str])
    by_deadline: Counter[str] = field(default_factory=Counter[str])
    """Facts that a deadline led to."""
    recorded_ms: dict[str, int] = field(default_factory=dict[str, int])
    """Name of a fact of a deadline -> when it was recorded."""
    state: str = ""
    news_at: datetime | None = None
    """Moment of the latest fact that an input led to."""
    news_version: int = 0
    """Version with the last such fact."""
    told: dict[str, str] = field(default_factory=dict[str, str])
    """Name of a fact that tells how the case stands -> its last body."""


@dataclass(slots=True)
class _Expected:
    digest: int
    position: int
    at_ms: int
    is_deadline: bool


class FactChecks:
    """The log of one service. `known`: inbox keys of all that it had to handle.

    `clock_step_seconds`: how far its own dates may err; the broker's are exact.
    """

    def __init__(
        self,
        service: str,
        log: Log,
        known: Mapping[bytes, int],
        verdict: Verdict,
        clock_step_seconds: float = 0.0,
    ) -> None:
        self._clock_step_seconds = clock_step_seconds
        self._service = service
        self._log = log
        self._known = known
        self._verdict = verdict
        self._source = f"aftersales/{service}"
        self._seen: dict[int, int] = {}
        """Effect -> version of its case with it."""
        self._outcomes: dict[str, _Expected] = {}
        self._money = Money(log.paid, self._blame)
        self.ends: dict[Case, End] = {}
        self._position = 0
        self._count = 0

    def _blame(self, invariant: str, text: str, about: object = "") -> None:
        self._verdict.blame(invariant, self._service, text, about)

    async def check(self, connection: asyncpg.Connection) -> None:
        """Reads facts, cases and cursors, and compares."""
        async with connection.transaction():
            async for row in connection.cursor(FACTS.format(self._service), prefetch=5_000):
                self.take(row)
        for row in await connection.fetch(CASES.format(self._service)):
            self._case(row)
        cursors = {row[0]: row[1] for row in await connection.fetch(CURSORS.format(self._service))}
        if cursors["relay"] != cursors["head"]:
            self._blame("I10", f"published up to {cursors['relay']} of {cursors['head']}")
        dead_count: int = await connection.fetchval(DEAD_COUNT.format(self._service)) or 0
        if self._count + dead_count > cursors["head"] or self._position > cursors["head"]:
            self._blame("I4", f"{self._count} facts and {dead_count} dead letters, head {cursors['head']}")
        self._check_outcomes()
        self._verdict.counts[f"facts of {self._service}"] += self._count

    def take(self, row: asyncpg.Record) -> None:
        """Checks one fact; they come in the order of their positions."""
        self._count += 1
        case: Case = (row["subject"], row["kind"], row["case_id"])
        end = self.ends.get(case)
        if end is None:
            end = self.ends[case] = End()
        where = f"{row['kind']}/{row['case_id']} version {row['version']} ({row['name']})"
        if row["version"] != end.version + 1:
            self._blame("I4", f"{where} follows version {end.version}", row["subject"])
        end.version = row["version"]
        end.names[row["name"]] += 1
        if row["position"] <= self._position:
            self._blame("I4", f"{where} has a position twice", row["subject"])
        self._position = row["position"]
        is_deadline = row["cause_type"] == "deadline" and row["cause_source"] == self._source
        self._cause(row, is_deadline, where)
        if is_deadline:
            end.by_deadline[row["name"]] += 1
            end.recorded_ms[row["name"]] = moment_ms(row["recorded_at"])
        if row["event"] is not None:
            self._announce(row, is_deadline)
        if self._service == "refunds":
            self._money.take(row)

    def _cause(self, row: asyncpg.Record, is_deadline: bool, where: str) -> None:
        """Each fact has a cause, and the same cause leads to the same fact of a case once."""
        if is_deadline:
            early = (row["at"] - row["recorded_at"]).total_seconds()
            if early > self._clock_step_seconds:
                self._blame("I5", f"{where} was recorded {early:.3f} s early", row["subject"])
        elif inbox_key(row["cause_source"], row["cause_id"]) not in self._known:
            self._blame("I1", f"{where} has a cause that is no input: {row['cause_id']}", row["subject"])
        moment = row["at"] if is_deadline else None
        cause = (row["cause_source"], row["cause_id"], moment)
        mark = hash((row["kind"], row["case_id"], row["name"], cause, row["body"]))
        end = self.ends[row["subject"], row["kind"], row["case_id"]]
        # A deadline that older news sets anew before the latest news is dated as of that one once more.
        is_set_anew = is_deadline and row["at"] == end.news_at and end.news_version > self._seen.get(mark, 0)
        # News that reaches a case by two ways may find it as it was before, where other news came in between.
        is_told_anew = row["name"] in STANDINGS and end.told.get(row["name"]) != row["body"]
        if row["name"] in STANDINGS:
            end.told[row["name"]] = row["body"]
        if mark in self._seen and not (is_set_anew or is_told_anew):
            self._blame("I5" if is_deadline else "I1", f"{where}: the same effect twice", row["subject"])
        self._seen[mark] = row["version"]
        if not is_deadline:
            end.news_version = row["version"]
            end.news_at = row["at"] if end.news_at is None else max(end.news_at, row["at"])

    def _announce(self, row: asyncpg.Record, is_deadline: bool) -> None:
        """Expects an outcome on the topic, built by the contracts from the columns of the fact."""
        event_id = f"{row['kind']}/{row['case_id']}/{row['version']}"
        envelope = Envelope(
            event_id, self._source, row["event_type"], row["at"], row["event_key"],
            correlationid=row["correlation"] or None, causationid=row["cause_id"] or None,
            traceparent=row["trace"],
        )  # fmt: skip
        mark = digest(*write(envelope, row["event"].encode()))
        expected = _Expected(mark, row["position"], moment_ms(row["at"]), is_deadline)
        self._outcomes[event_id] = expected

    def _case(self, row: asyncpg.Record) -> None:
        case: Case = (row["subject"], row["kind"], row["case_id"])
        end = self.ends.setdefault(case, End())
        end.state = row["state_name"]
        if row["version"] != end.version:
            name = f"{row['kind']}/{row['case_id']}"
            text = f"{name} is at version {row['version']}, its facts at {end.version}"
            self._blame("I7", text, row["subject"])

    def _check_outcomes(self) -> None:
        for case, end in self.ends.items():
            if not end.state:
                self._blame("I7", f"{case[1]}/{case[2]} has facts and no row", case[0])
        topic = outcome_topic(self._service)
        told = self._log.outcomes.get(topic, {})
        missing = self._outcomes.keys() - told.keys()
        for event_id in sorted(missing)[:1]:
            self._blame("I3", f"{len(missing)} outcomes were never published, first {event_id}")
        extra = told.keys() - self._outcomes.keys()
        for event_id in sorted(extra)[:1]:
            self._blame("I3", f"{len(extra)} outcomes published without a fact, first {event_id}")
        newest: dict[int, int] = {}
        for event_id, announced in told.items():  # in order of offset within each partition
            expected = self._outcomes.get(event_id)
            if expected is None:
                continue
            if expected.digest != announced.digest:
                self._blame("I3", f"{event_id} was published with other bytes than the fact has")
            if newest.get(announced.partition, 0) > expected.position:
                self._blame("I4", f"{event_id} first occurs after one that was decided later", event_id)
            newest[announced.partition] = expected.position
            if expected.is_deadline and announced.written_ms + CLOCK_TOLERANCE_MS < expected.at_ms:
                early = (expected.at_ms - announced.written_ms) / 1_000
                self._blame("I5", f"{event_id} was published {early:.3f} s before its moment", event_id)
        self._verdict.counts["outcomes"] += len(told)


class Money:
    """I2 over the facts of refunds, as they come."""

    def __init__(self, paid: Mapping[tuple[str, str], Mapping[str, int]], blame: Any) -> None:
        self._paid = paid
        self._blame = blame
        self._granted: dict[tuple[str, str], dict[str, int]] = {}
        """By order and currency: intent -> minor units, requested or settled."""
        self._settled: Counter[str] = Counter()
        self._reversed: Counter[str] = Counter()
        self._decisions: dict[tuple[str, str], str] = {}

    def take(self, row: asyncpg.Record) -> None:
        """The next fact."""
        if row["name"] == "RefundReversed":
            self._reversed[row["case_id"]] += 1
        if row["event_type"] == "aftersales.refund.payment-requested.v1":
            self._requested(loads(row["event"]))
        elif row["event_type"] == "aftersales.refund.paid.v1":
            self._paid_out(loads(row["event"]))

    def _requested(self, told: dict[str, Any]) -> None:
        if told.get("refund_id"):
            decision = (told["refund_id"], told["purpose"])
            if self._decisions.setdefault(decision, told["intent_id"]) != told["intent_id"]:
                self._blame("I2", f"two intents for one decision: {told['intent_id']}", told["order_id"])
        self._grant(told)

    def _grant(self, told: dict[str, Any]) -> None:
        if told["purpose"] != "refund":
            return
        amount = told["amount"]
        account = (told["order_id"], amount["currency"])
        granted = self._granted.setdefault(account, {})
        if granted.get(told["intent_id"]) == amount["minor"]:
            return
        granted[told["intent_id"]] = amount["minor"]
        out, paid = sum(granted.values()), sum(self._paid.get(account, {}).values())
        if out > paid:
            self._blame("I2", f"{out} {account[1]} granted, {paid} paid, order {account[0]}", account[0])

    def _paid_out(self, told: dict[str, Any]) -> None:
        intent = told["intent_id"]
        self._settled[intent] += 1
        if self._settled[intent] > 1 + self._reversed[intent]:
            self._blame("I2", f"intent {intent} settled {self._settled[intent]} times", told["order_id"])
        self._grant(told)


def is_before(ms: int, moment: datetime | None) -> bool:
    """Whether something was written a second or more before a moment."""
    return moment is not None and ms + 1_000 < moment_ms(moment)
