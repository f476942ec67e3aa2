"""Reads records from Kafka: one batch subscriber over all topics of a service.

No other module knows FastStream. `feed` decides what happens with the records.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import ConsumerStoppedError, IllegalStateError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka import Topic as SubscribedTopic
from faststream.kafka.message import KafkaMessage
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from chassis import clock
from chassis.engine.records import Origin, PartitionId
from chassis.ingest import lenient_records
from chassis.ingest.consumer_internals import ConsumerInternals, FetchWaits, Poll
from chassis.ingest.partition import Position
from chassis.kafka_client import RETRY_PAUSE_MS, close, tls_context
from chassis.settings import Kafka, Settings

log = logging.getLogger(__name__)

CLOSE_SECONDS = 10.0
FRAMEWORK_PAUSE_MS = 1
FRAMEWORK_LOGGER = "faststream.reader"
LENIENT_SECONDS = 60.0

OnRecords = Callable[[Sequence[Origin], Callable[[], bool]], Awaitable[None]]
"""Takes over a batch while the given function returns True. False means that the partitions were dealt out
anew, and the records are read again from the group's offsets. Must raise nothing: the framework would drop
the batch.
"""
OnPartitions = Callable[[Collection[PartitionId]], Awaitable[None]]


class KafkaReader:
    """Reads over one connection, and hands the records on.

    Acknowledgement is explicit and exact: `commit` names offsets, nothing else moves offsets.
    """

    def __init__(
        self,
        settings: Settings,
        service: str,
        topics: Sequence[str],
        *,
        on_records: OnRecords,
        on_assigned: OnPartitions,
        on_revoked: OnPartitions,
    ) -> None:
        self._is_committed_only = settings.kafka.isolation == "read_committed"
        self._poll_ms = settings.kafka.poll_ms
        self._on_records = on_records
        self._on_assigned = on_assigned
        self._broker = make_broker(settings.kafka, service)
        self._subscriber = self._broker.subscriber(
            *(SubscribedTopic(name, declare=False) for name in topics),
            batch=True,
            listener=_Listener(self._assigned, on_revoked),
            **_reading(settings, service),
        )

        async def handle(records: Any) -> None:
            await self._on_records(records, self._is_current)
            self.is_in_transit = False

        self._subscriber(handle)
        self._is_broken = False
        self._polled_in: object = None
        """Partitions assigned at the last poll."""
        self._lenient_until = clock.monotonic() + LENIENT_SECONDS if lenient_records.is_tolerated() else None
        self._waits = FetchWaits(settings.kafka.fetch_max_wait_ms, settings.kafka.fetch_idle_wait_ms)
        self._internals: ConsumerInternals | None = None
        self.started: dict[PartitionId, int] = {}
        """Offsets where reading began or began again. The owner takes them out."""
        self.is_in_transit = False
        """Whether records have left the consumer and not reached `on_records` yet."""
        self.move_count = 0
        """Grows whenever the result of `positions` may have changed."""
        self.polled_at: float | None = None
        """Moment of the last poll, in seconds of the monotonic clock."""

    @property
    def is_reading(self) -> bool:
        """Tells whether the reading task is alive and reading works."""
        return not self._is_broken and any(not task.done() for task in self._subscriber.tasks)

    async def start(self) -> None:
        """Connects and joins the group; returns once partitions are assigned.

        Raises KafkaError, OSError or TimeoutError while the broker or a topic is missing.
        """
        await self._broker.start()

    async def stop(self) -> None:
        """Leaves the group and closes the connection, within ten seconds."""
        consumer: Any = self._subscriber.consumer
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._broker.stop()
                if consumer is not None:
                    await close(consumer)
        except Exception as error:  # noqa: BLE001  the framework groups them; whatever it is, nothing is left to do
            log.warning("the connection did not close", extra={"error": type(error).__name__})

    async def commit(self, offsets: Mapping[PartitionId, int]) -> None:
        """Commits offsets of the group. Raises the errors of aiokafka's `commit`."""
        consumer: Any = self._subscriber.consumer
        if consumer is None:
            raise IllegalStateError("not connected")
        await consumer.commit(
            {TopicPartition(*partition_id): offset for partition_id, offset in offsets.items()}
        )

    async def beyond(self, offsets: Mapping[PartitionId, int]) -> Mapping[PartitionId, int]:
        """Finds the partitions in which the group is ahead of these offsets, with the offset to resume from.

        Offsets that the topic no longer holds are no reason to go back. Raises the errors of aiokafka.
        """
        consumer: Any = self._subscriber.consumer
        if consumer is None:
            raise IllegalStateError("not connected")
        committed = await asyncio.gather(
            *(consumer.committed(TopicPartition(*each)) for each in offsets), return_exceptions=True
        )
        ahead: dict[PartitionId, int] = {}
        for partition_id, found in zip(offsets, committed, strict=True):
            if isinstance(found, BaseException):
                raise found
            if found is not None and found > offsets[partition_id]:
                ahead[partition_id] = found
        if not ahead:
            return {}
        begins = await consumer.beginning_offsets([TopicPartition(*partition_id) for partition_id in ahead])
        first = {
            partition_id: max(offsets[partition_id], begins[TopicPartition(*partition_id)])
            for partition_id in ahead
        }
        return {
            partition_id: offset for partition_id, offset in first.items() if offset < ahead[partition_id]
        }

    def abandon(self) -> None:
        """Stops reading for good. The owner makes another reader."""
        self._is_broken = True

    def positions(self, partition_ids: Iterable[PartitionId]) -> Iterable[Position]:
        """Tells the known positions of those partitions. Never waits for the broker.

        A broken connection tells none: its client may stand behind records that it never handed out.
        """
        if self._internals is None or self._is_broken:
            return []
        return self._internals.positions(partition_ids, is_committed_only=self._is_committed_only)

    def _assignment(self) -> Any:
        """Returns the set of assigned partitions. Every deal makes a new set, which tells deals apart."""
        consumer: Any = self._subscriber.consumer
        return None if consumer is None else consumer.assignment()

    def _is_current(self) -> bool:
        return self._polled_in is self._assignment()

    def hold(self, pause: Collection[PartitionId], resume: Collection[PartitionId]) -> None:
        """Pauses and resumes single partitions."""
        consumer: Any = self._subscriber.consumer
        if consumer is None:
            return
        try:
            if pause:
                consumer.pause(*(TopicPartition(*partition_id) for partition_id in pause))
            if resume:
                consumer.resume(*(TopicPartition(*partition_id) for partition_id in resume))
        except IllegalStateError:
            log.debug("partitions left while they were paused")

    async def _assigned(self, partition_ids: Collection[PartitionId]) -> None:
        self._watch()
        await self._on_assigned(partition_ids)

    def _watch(self) -> None:
        consumer: Any = self._subscriber.consumer
        if consumer is None or (self._internals is not None and self._internals.consumer is consumer):
            return
        self._internals = ConsumerInternals(consumer)
        self._internals.watch_polls(self._polled, self._poll_ms)
        self._internals.watch_fetches(self._answered, self._waits)
        self._internals.watch_starts(self._begun)

    def _answered(self) -> None:
        self.move_count += 1

    def _begun(self, partition_id: PartitionId, offset: int) -> None:
        self.started[partition_id] = offset
        self.move_count += 1

    async def _polled(self, poll: Poll) -> Any:
        """Polls, and notes the moment and the deal of partitions."""
        if self._is_broken:
            await asyncio.sleep(1.0)
            return {}
        try:
            found = await poll()
        except (ConsumerStoppedError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001  any of them may have cost records
            self._break(error)
            return {}
        self.is_in_transit = bool(found)
        self._polled_in = self._assignment()
        self.move_count += bool(found)
        self.polled_at = clock.monotonic()
        if self._lenient_until is not None and self.polled_at > self._lenient_until:
            self._lenient_until = None
            lenient_records.tolerate(False)
        return found

    def _break(self, error: Exception) -> None:
        """Gives this connection up as broken.

        The client may have lost records that it had taken from other partitions. Only a new connection reads
        those records again.
        """
        self._is_broken = True
        log.error("records cannot be read", exc_info=error)
        if isinstance(error, UnicodeDecodeError):
            lenient_records.tolerate(True)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Passes the group's decisions on."""

    def __init__(self, on_assigned: OnPartitions, on_revoked: OnPartitions) -> None:
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked

    async def on_partitions_revoked(self, revoked: Collection[Any]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        await self._on_revoked([PartitionId(*each) for each in revoked])

    async def on_partitions_assigned(self, assigned: Collection[Any]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        await self._on_assigned([PartitionId(*each) for each in assigned])


def make_broker(kafka: Kafka, service: str) -> KafkaBroker:
    """Makes the framework's broker, for reading only. Provisioning makes topics; this process makes none."""
    return KafkaBroker(
        kafka.bootstrap_servers.split(","),
        client_id=kafka.client_of(service),
        request_timeout_ms=kafka.request_timeout_ms,
        retry_backoff_ms=RETRY_PAUSE_MS,
        consumer_only=True,
        allow_auto_create_topics=False,
        security=_security(kafka),
        logger=logging.getLogger(FRAMEWORK_LOGGER),
        log_level=logging.DEBUG,
    )


def _reading(settings: Settings, service: str) -> dict[str, Any]:
    """Builds the subscriber's options. Range assignment keeps equal partition numbers of different topics,
    and so equal keys, in one process.
    """
    kafka = settings.kafka
    return {
        "group_id": kafka.group_of(service),
        "group_instance_id": kafka.group_instance_id,
        "max_records": settings.limits.batch_records,
        "batch_timeout_ms": FRAMEWORK_PAUSE_MS,
        "fetch_max_wait_ms": kafka.fetch_idle_wait_ms,
        "max_partition_fetch_bytes": kafka.fetch_partition_bytes,
        "session_timeout_ms": kafka.session_timeout_ms,
        "heartbeat_interval_ms": kafka.heartbeat_interval_ms,
        "max_poll_interval_ms": kafka.max_poll_interval_ms,
        "isolation_level": kafka.isolation,
        "auto_offset_reset": "earliest",
        "partition_assignment_strategy": (RangePartitionAssignor,),
        "ack_policy": AckPolicy.MANUAL,
        "no_reply": True,
        "parser": _parse,
        "decoder": _decode,
    }


def _security(kafka: Kafka) -> BaseSecurity:
    context = tls_context(kafka)
    if not kafka.uses_sasl:
        return BaseSecurity(ssl_context=context, use_ssl=kafka.uses_tls)
    kinds: dict[str, type[SASLPlaintext | SASLScram256 | SASLScram512]] = {
        "PLAIN": SASLPlaintext,
        "SCRAM-SHA-256": SASLScram256,
        "SCRAM-SHA-512": SASLScram512,
    }
    return kinds[kafka.sasl_mechanism](
        username=kafka.sasl_username,
        password=kafka.sasl_password.get_secret_value(),
        ssl_context=context,
        use_ssl=kafka.uses_tls,
    )


async def _parse(message: Any) -> KafkaMessage:
    """Replaces the framework's parser, which loses a whole batch over one header that is not UTF-8."""
    return KafkaMessage(body=b"", raw_message=message, consumer=_NoConsumer())


async def _decode(message: Any) -> Any:
    """Returns the records unchanged."""
    return message.raw_message


class _NoConsumer:
    """Replaces the consumer in messages: acknowledgement goes by exact offsets, never through a message."""

    async def commit(self) -> None:
        """Nothing."""

    def seek(self, partition: Any, offset: int) -> None:
        """Nothing."""
