"""Checks every run: at each commit, at each record published, and once all is at rest."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aftersales_contracts.envelope import read
from chassis.engine.records import DeadLetter, FactRecord, PartitionId, StoredOrigin
from chassis.ingest.inbox_keys import inbox_key
from tests.chassis import toy
from tests.simulation import service
from tests.simulation.broker import Broker
from tests.simulation.database import Database, Transaction
from tests.simulation.story import ADD, OPEN, PAY, Order, Story, Told
from tests.simulation.world import World


class Wrong(AssertionError):
    """A promise that does not hold."""


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise Wrong(what)


class Judge:
    """Watches the models from outside; its reducer knows the toy's rules and no code of the chassis."""

    def __init__(self, world: World, database: Database, broker: Broker, story: Story) -> None:
        self.republished = 0
        self._world = world
        self._database = database
        self._broker = broker
        self._story = story
        self._written: dict[tuple[str, int, int], tuple[Told, datetime]] = {}
        self._versions: dict[tuple[str, str, str], int] = {}
        self._opened: dict[str, datetime] = {}
        self._published: dict[str, tuple[bytes | None, bytes | None]] = {}
        self._published_upto: dict[PartitionId, int] = {}
        self._position_of: dict[str, int] = {}
        self._of_the_past: set[str] = set()
        """Ids that commits gave, of which a failover may have cost some: they may come with another body."""
        self._committed_ids: set[str] = set()
        self.broken: list[str] = []
        database.on_commit = self._committed
        broker.on_write = self._appended

    def told(self, told: Told, written: StoredOrigin, wall_now: datetime) -> None:
        """Notes what a source has published."""
        self._written[written.topic, written.partition, written.offset] = told, wall_now

    def _wrong(self, what: str) -> None:
        """Kept for the end of the run: the process under test must not see it as an error of its own."""
        self.broken.append(what)
        self._world.note("WRONG", what)

    def _committed(self, transaction: Transaction) -> None:
        facts: Mapping[int, FactRecord] = transaction.writes["facts"]
        head = self._database.tables["cursors"]["head"][0]
        new_head = transaction.writes["cursors"].get("head", (head,))[0]
        positions = sorted((*facts, *transaction.writes["dead"]))
        if positions and (positions[0] <= head or positions[-1] > new_head or new_head < head):
            self._wrong(f"positions {positions} are not behind {head}")
        self._committed_ids.update(f"dead/{position}" for position in transaction.writes["dead"])
        for position, fact in sorted(facts.items()):
            key = fact.subject, fact.kind, fact.case_id
            if fact.version != self._versions.get(key, 0) + 1:
                self._wrong(f"{key} goes from version {self._versions.get(key, 0)} to {fact.version}")
            self._versions[key] = fact.version
            if fact.event is not None:
                self._position_of[_id(fact)] = position
                self._committed_ids.add(_id(fact))
            if fact.name == "TabOpened" and fact.kind == "tab":
                self._opened[fact.case_id] = fact.at
            if fact.cause.type == "deadline":
                self._check_watermark(transaction, fact)

    def set_back(self) -> None:
        """The database has lost commits: what they led to is decided again, and may come out otherwise."""
        self._versions = {}
        for fact in self._database.tables["facts"].values():
            key = fact.subject, fact.kind, fact.case_id
            self._versions[key] = max(fact.version, self._versions.get(key, 0))
        self._of_the_past |= self._committed_ids
        cursor = self._database.tables["cursors"]["relay"][0]
        sent = {id_ for position, id_ in self._log().items() if position <= cursor}
        self._published = {id_: body for id_, body in self._published.items() if id_ in sent}
        self._published_upto = {}

    def _log(self) -> dict[int, str]:
        """Returns the ids that are to be published, by position."""
        tables = self._database.tables
        announced = {
            position: _id(fact) for position, fact in tables["facts"].items() if fact.event is not None
        }
        return announced | {position: f"dead/{position}" for position in tables["dead"]}

    def _check_watermark(self, transaction: Transaction, fact: FactRecord) -> None:
        """A deadline is decided after everything that happened before it and was told in time."""
        fires_at = fact.at + toy.GRACE
        if self._world.now() < fires_at:
            self._wrong(f"the deadline of {fact.case_id} came before its time")
        handled = {key for _, key in (*self._database.tables["inbox"], *transaction.writes["inbox"])}
        for told, written_at in self._written.values():
            if told.order_id != fact.subject or told.fate != "good" or told.at >= fact.at:
                continue
            if written_at <= fires_at and inbox_key(service.SOURCE, told.event_id) not in handled:
                self._wrong(f"the deadline of {fact.case_id} overtook {told.event_id}")

    def _appended(self, record: StoredOrigin) -> None:
        if record.topic == service.OUTCOMES:
            self._outcome(record)
        elif record.topic == service.DEAD:
            headers = dict(record.headers)
            position = int(headers["dead-id"] or b"")
            self._in_order(record, f"dead/{position}", position)

    def _outcome(self, record: StoredOrigin) -> None:
        envelope, _ = read(record.key, record.headers, record.value)
        position = self._position_of.get(envelope.id)
        if position is None:
            self._wrong(f"{envelope.id} was published and is not in the log")
            return
        self._in_order(record, envelope.id, position)

    def _in_order(self, record: StoredOrigin, event_id: str, position: int) -> None:
        before = self._published.get(event_id)
        if event_id in self._of_the_past:
            self._published[event_id] = record.key, record.value
            return
        if before is not None:
            self.republished += 1
            if before != (record.key, record.value):
                self._wrong(f"{event_id} was published with two bodies")
            return
        self._published[event_id] = record.key, record.value
        place = PartitionId(record.topic, record.partition)
        if position <= self._published_upto.get(place, 0):
            self._wrong(f"{event_id} was published behind a later one")
        self._published_upto[place] = position
        if position > self._database.tables["cursors"]["head"][0]:
            self._wrong(f"{event_id} was published before it was committed")

    def unrest(self) -> list[str]:
        """Lists what is still to be done."""
        tables = self._database.tables
        found: list[str] = []
        for place, log in self._broker.logs.items():
            if place.topic in {service.ORDERS, service.PAYMENTS}:
                handled = tables["intake"].get(place, (0, None, 0))[0]
                if handled < len(log):
                    found.append(f"{place.topic}/{place.partition} at {handled} of {len(log)}")
        if tables["cursors"]["relay"][0] < tables["cursors"]["head"][0]:
            found.append("unpublished positions")
        now = self._world.now()
        found += [
            f"{key} is due" for key, row in tables["cases"].items() if row["wake_at"] and row["wake_at"] < now
        ]
        found += [
            f"{row['reason']} {row['name']} of {row['subject']} waits"
            for row in tables["waiting"].values()
            if not self._may_stay(row)
        ]
        return found

    def _may_stay(self, row: Mapping[str, Any]) -> bool:
        """A deadline whose rule failed for good is parked, and its case with it: people decide."""
        waiting = self._database.tables["waiting"].values()
        return row["reason"] == "parked" or (
            row["reason"] == "behind"
            and any(w["reason"] == "parked" and w["case_id"] == row["case_id"] for w in waiting)
        )

    def is_quiet(self) -> bool:
        """Whether nothing is left to be done."""
        return not self.unrest()

    def at_rest(self) -> None:
        """All that must hold in the end. Raises Wrong."""
        _must(not self.broken, "; ".join(self.broken[:5]))
        facts: Mapping[int, FactRecord] = self._database.tables["facts"]
        dead: Mapping[int, tuple[Any, DeadLetter]] = self._database.tables["dead"]
        self._check_states(facts)
        self._check_published()
        self._check_dead_letters(dead)
        self._check_effects(facts)
        for order in self._story.orders:
            if order.is_orderly:
                self._check_order(order, facts, dead)
        self._check_ledgers(facts, dead)

    def _check_states(self, facts: Mapping[int, FactRecord]) -> None:
        """The history replayed gives the stored states."""
        states: dict[tuple[str, str, str], Any] = {}
        for _, fact in sorted(facts.items()):
            key = fact.subject, fact.kind, fact.case_id
            codec = service.REGISTRY.codecs[fact.kind]
            states[key] = toy.evolve(states.get(key, toy.Absent()), codec.decode(fact.name, fact.data))
        for key, row in self._database.tables["cases"].items():
            stored = service.REGISTRY.codecs[key[1]].decode(row["state_name"], row["state"])
            _must(
                states.get(key, toy.Absent()) == stored, f"{key} is {stored}, its facts say {states.get(key)}"
            )
            _must(row["version"] == self._versions.get(key, 0), f"{key} has another version than its facts")

    def _check_published(self) -> None:
        expected = set(self._log().values())
        missing = expected - self._published.keys()
        more = self._published.keys() - expected - self._of_the_past
        _must(not missing and not more, f"never published {sorted(missing)}, not in the log {sorted(more)}")

    def _check_dead_letters(self, dead: Mapping[int, tuple[Any, DeadLetter]]) -> None:
        """Every record that must become one did, once, and no good one without a rule that failed."""
        found: Counter[tuple[str, int, int]] = Counter()
        for _, letter in dead.values():
            origin = letter.origin
            if origin is None:
                continue
            place = origin.topic, origin.partition, origin.offset
            found[place] += 1
            told = self._written[place][0]
            expected = {"rule_failed", "waited_too_long"} if told.fate in {"good", "repeat"} else {told.fate}
            _must(letter.reason in expected, f"{told.event_id} ({told.fate}) became {letter.reason}")
            _must(origin.value == told.record[3], f"the dead letter of {told.event_id} holds other bytes")
        for place, (told, _) in self._written.items():
            if told.fate not in {"good", "repeat"}:
                _must(found[place] == 1, f"{told.event_id} ({told.fate}) has {found[place]} dead letters")

    def _check_effects(self, facts: Mapping[int, FactRecord]) -> None:
        """No event moved its tab twice, and none did that was never told."""
        effects = Counter(
            (fact.cause.id, fact.name)
            for fact in facts.values()
            if fact.kind == "tab" and fact.name != "TabClosed"
        )
        closings = Counter(fact.case_id for fact in facts.values() if fact.name == "TabClosed")
        _must(max(effects.values(), default=1) == 1, f"handled twice: {effects.most_common(1)}")
        _must(max(closings.values(), default=1) == 1, f"closed twice: {closings.most_common(1)}")
        known = {told.event_id for told, _ in self._written.values()}
        _must({event_id for event_id, _ in effects} <= known, "an effect without a cause")

    def _check_order(
        self, order: Order, facts: Mapping[int, FactRecord], dead: Mapping[int, tuple[Any, DeadLetter]]
    ) -> None:
        """The tab as it must be: its events by their time, without those that became dead letters."""
        gone = {letter.event_id for _, letter in dead.values() if letter.kind == "tab"}
        parked = {
            row["case_id"] for row in self._database.tables["waiting"].values() if row["reason"] == "parked"
        }
        if order.order_id in parked:
            return
        expected = _reduced([t for t in order.tells if t.fate == "good" and t.event_id not in gone])
        row = self._database.tables["cases"].get((order.order_id, "tab", order.order_id))
        codec = service.REGISTRY.codecs["tab"]
        stored = codec.decode(row["state_name"], row["state"]) if row is not None else toy.Absent()
        closed_at = [
            f.at
            for f in facts.values()
            if f.name == "TabClosed" and f.case_id == order.order_id and f.kind == "tab"
        ]
        if isinstance(stored, toy.Closed):
            _must(
                (stored.total, stored.why, closed_at[0]) == expected,
                f"{order.order_id} ended as {stored} at {closed_at[0]}, not as {expected}",
            )
        else:
            _must(expected is None, f"{order.order_id} is {stored}, and should have ended as {expected}")

    def _check_ledgers(
        self, facts: Mapping[int, FactRecord], dead: Mapping[int, tuple[Any, DeadLetter]]
    ) -> None:
        """Each closed tab was handed on once, to its shop's ledger and its order's, or is a dead letter."""
        closed = [f for f in facts.values() if f.kind == "tab" and f.name == "TabClosed"]
        codec = service.REGISTRY.codecs["ledger"]
        buried = Counter((d.case_id, d.name) for _, d in dead.values() if d.kind == "ledger")
        for shop in service.SHOPS:
            orders = {o.order_id for o in self._story.orders if o.shop_id == shop}
            count = sum(fact.case_id in orders for fact in closed)
            row = self._database.tables["cases"].get((f"ledger-{shop}", "ledger", shop))
            state = codec.decode(row["state_name"], row["state"]) if row is not None else toy.Absent()
            total = state.total if isinstance(state, toy.Open) else 0
            _must(
                total + buried[shop, "Added"] == count, f"the ledger of {shop} counts {total} of {count} tabs"
            )
        for fact in closed:
            has_ledger = (fact.subject, "ledger", fact.subject) in self._versions
            _must(has_ledger or bool(buried[fact.subject, "Opened"]), f"{fact.case_id} has no ledger")


def _id(fact: FactRecord) -> str:
    return f"{fact.kind}/{fact.case_id}/{fact.version}"


def _reduced(tells: list[Told]) -> tuple[int, str, datetime] | None:
    """Total, cause and moment of the end of a tab; None while it is open or was never opened."""
    opened = next((told for told in tells if told.what == OPEN), None)
    if opened is None:
        return None
    pay_by = opened.at + toy.HOUR
    early = sorted((t for t in tells if t.at < opened.at), key=lambda t: t.at)
    later = sorted((t for t in tells if t.at > opened.at), key=lambda t: t.at)
    total = 0
    for told in (*early, *later):
        if told.at > pay_by:
            break
        if told.what == ADD:
            total += told.minor
        elif told.what == PAY:
            return total, "paid", told.at
    return total, "lapsed", pay_by
