"""Counts for Prometheus. Labels are names from the code, never ids."""

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
)

from aftersales_contracts.enums import ParcelStatus
from aftersales_contracts.reasons import Reason
from aftersales_contracts.shop.scans import ParcelScannedV1
from chassis.engine.engine import Engine
from chassis.ingest.decoder import Accepted, Arrival
from chassis.observe.codes import Codes
from chassis.observe.open_work import OpenWork
from chassis.store.store import DatabaseBehind

PARTS = ("feed", "waker", "relay", "gauges")  # labels keep their words: ingest loop, timer loop
SIZE_BUCKETS = (1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500)
DURATION_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LATENESS_BUCKETS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0)
UNKNOWN = "unknown"


class Metrics:
    """Holds the metrics of one process, in a registry of its own."""

    def __init__(self, service: str) -> None:
        registry = CollectorRegistry()
        self.registry = registry
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        self._service = service
        self._topics: set[str] = set()

        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(f"aftersales_{name}", meaning, ("service", *labels), registry=registry)

        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"aftersales_{name}", meaning, ("service", *labels), registry=registry)

        def histogram(name: str, meaning: str, buckets: Sequence[float]) -> Histogram:
            return Histogram(f"aftersales_{name}", meaning, ("service",), registry=registry, buckets=buckets)

        self._events = counter(
            "events", "Records taken, by event type and what became of them", "type", "outcome"
        )
        self._repeats = counter("repeats", "Events that had been handled before")
        self._dead = counter("dead_letters", "Records and messages set aside for good", "reason")
        self._codes = Codes(
            counter("unknown_codes", "Scans whose code has no meaning for us", "source", "code"), service
        )
        self._facts = counter("facts", "Facts decided", "kind", "fact")
        self._deadlines = counter("deadlines", "Deadlines decided", "name")
        self._relayed = counter("relay_published", "Outcomes acknowledged by the broker")
        self._retries = counter("retries", "Transactions tried again", "error")
        self._retries.labels(service, DatabaseBehind.__name__)  # from zero: the first one counts
        self._failures = counter(
            "part_failures", "Parts of the process that ended and were started again", "part"
        )
        self._batch_size = histogram("batch_records", "Records in one transaction", SIZE_BUCKETS)
        self._batch_seconds = histogram("batch_seconds", "Duration of one transaction", DURATION_BUCKETS)
        self._lateness = histogram(
            "deadline_lateness_seconds",
            "From the moment a deadline could fire to its decision",
            LATENESS_BUCKETS,
        )
        self._lag = gauge("lag_records", "Records written and not yet handled", "topic")
        self._held = gauge(
            "held_partitions", "Partitions that an open transaction of a producer holds up", "topic"
        )
        self._watermark_age = gauge(
            "horizon_age_seconds",  # the metric keeps its word: it is the age of the watermark
            "From the moment up to which all input was read to now",
        )
        self._unsent_age = gauge("oldest_unsent_seconds", "Age of the oldest outcome not yet published")
        self._unsent_count = gauge("unsent_facts", "Facts that the relay has not passed")
        self._waiting_age = gauge(
            "oldest_waiting_seconds", "Age of the oldest message that waits for its case"
        )
        self._waiting_count = gauge("waiting_messages", "Messages that wait for their case")
        self._left_alone = gauge(
            "left_alone_subjects", "Subjects that no code can wake, until the process restarts"
        )
        self.open_work = OpenWork(registry, service)
        for metric in (self._repeats, self._relayed, self._batch_size, self._batch_seconds, self._lateness):
            metric.labels(service)
        for reason in Reason:  # from 0 on, because no alert sees a counter that is born with its first event
            self._dead.labels(service, reason.value)
        for part in PARTS:
            self._failures.labels(service, part)

    def handled(self, service: str, arrivals: Sequence[Arrival], repeats: int, seconds: float) -> None:
        """Counts a batch that is in the database."""
        events: Tally[tuple[str, str]] = Tally()
        reasons: Tally[str] = Tally()
        for arrival in arrivals:
            verdict = arrival.verdict
            if isinstance(verdict, Accepted):
                events[verdict.received.envelope.type, "accepted"] += 1
                if isinstance(data := verdict.received.data, ParcelScannedV1):
                    self._scanned(verdict.received.envelope.source, data)
            else:
                events[verdict.event_type or UNKNOWN, "rejected"] += 1
                reasons[verdict.reason.value] += 1
        for (event_type, outcome), count in events.items():
            self._events.labels(service, event_type, outcome).inc(count)
        for reason, count in reasons.items():
            self._dead.labels(service, reason).inc(count)
        if repeats:
            self._repeats.labels(service).inc(repeats)
        if arrivals:
            self._batch_size.labels(service).observe(len(arrivals))
            self._batch_seconds.labels(service).observe(seconds)

    def _scanned(self, source: str, scan: ParcelScannedV1) -> None:
        """Counts a scan that says nothing to us by the carrier's own code."""
        if scan.status is ParcelStatus.UNKNOWN or not scan.status.is_known:
            self._codes.count(source, scan.raw_status_code)

    def decided(self, engine: Engine, wall_now: datetime) -> None:
        """Counts the decisions of a batch."""
        service = self._service
        for (kind, name), count in Tally((fact.kind, fact.name) for fact in engine.facts).items():
            self._facts.labels(service, kind, name).inc(count)
        for reason, count in Tally(str(letter.reason) for letter in engine.dead).items():
            self._dead.labels(service, reason).inc(count)
        for name, count in Tally(name for name, _ in engine.deadlines).items():
            self._deadlines.labels(service, name).inc(count)
        lateness = self._lateness.labels(service)
        for _, fires_at in engine.deadlines:
            lateness.observe(max(0.0, (wall_now - fires_at).total_seconds()))

    def ignored(self, counts: Mapping[str, int]) -> None:
        """Counts events of known types that this service does not read."""
        for event_type, count in counts.items():
            self._events.labels(self._service, event_type, "ignored").inc(count)

    def dead(self, reason: str, count: int = 1) -> None:
        """Counts dead letters that neither the decoder nor the rules made."""
        self._dead.labels(self._service, reason).inc(count)

    def retried(self, error: BaseException) -> None:
        """Counts a transaction that is tried again."""
        self._retries.labels(self._service, type(error).__name__).inc()

    def relayed(self, count: int) -> None:
        """Counts outcomes that the broker acknowledged."""
        self._relayed.labels(self._service).inc(count)

    def part_failed(self, part: str) -> None:
        """Counts a part of the process that ended with an error."""
        self._failures.labels(self._service, part).inc()

    def reading(
        self, lag: Mapping[str, int], held: Mapping[str, int], watermark: datetime | None, now: datetime
    ) -> None:
        """Sets lag, held partitions and watermark age. A topic that is no longer read has neither of both."""
        for topic in self._topics | lag.keys():
            self._lag.labels(self._service, topic).set(lag.get(topic, 0))
            self._held.labels(self._service, topic).set(held.get(topic, 0))
        self._topics |= lag.keys()
        if watermark is not None:
            self._watermark_age.labels(self._service).set(max(0.0, (now - watermark).total_seconds()))

    def backlog(
        self,
        *,
        unsent_seconds: float | None,
        unsent_count: int | None,
        waiting_seconds: float | None,
        waiting_count: int | None,
        left_alone_count: int,
    ) -> None:
        """Sets the backlog. Ages are 0 where nothing is old; absent numbers change nothing."""
        service = self._service
        self._unsent_age.labels(service).set(unsent_seconds or 0.0)
        self._waiting_age.labels(service).set(waiting_seconds or 0.0)
        if unsent_count is not None:
            self._unsent_count.labels(service).set(unsent_count)
        if waiting_count is not None:
            self._waiting_count.labels(service).set(waiting_count)
        self._left_alone.labels(service).set(left_alone_count)
