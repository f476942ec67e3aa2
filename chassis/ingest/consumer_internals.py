"""Reaches into aiokafka's consumer, in one class, with the reason of each reach.

`tests/chassis/test_client_version.py` fails where another version of the client has changed such a part.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chassis.engine.records import PartitionId
from chassis.ingest.partition import Position

Poll = Callable[[], Awaitable[Any]]


class FetchWaits(NamedTuple):
    """Longest hold of a fetch by the broker, in milliseconds."""

    partial_ms: int
    """Of a fetch that leaves partitions out."""
    full_ms: int
    """Of a fetch that covers all partitions."""


class ConsumerInternals:
    """Watches one consumer from inside. Each method has no counterpart among the client's public methods."""

    def __init__(self, consumer: Any) -> None:
        self.consumer = consumer

    def positions(
        self, partition_ids: Iterable[PartitionId], *, is_committed_only: bool
    ) -> Iterator[Position]:
        """Tells the positions that are known now.

        The public `position` waits for an unknown position. Readiness and release must not wait.
        """
        consumer = self.consumer
        assigned = consumer.assignment()
        if not assigned:
            return
        state_value = consumer._subscription.subscription.assignment.state_value
        moments: dict[int | None, datetime | None] = {None: None}  # one answer tells of many partitions
        for partition_id in partition_ids:
            if partition_id not in assigned:  # given up between two looks
                continue
            state = state_value(partition_id)
            if not state.has_valid_position:
                continue
            high: int | None = consumer.highwater(partition_id)
            stable: int | None = consumer.last_stable_offset(partition_id) if is_committed_only else None
            if stable is not None and stable < 0:
                stable = None
            seen_ms: int | None = consumer.last_poll_timestamp(partition_id)
            if seen_ms is not None and seen_ms not in moments:
                moments[seen_ms] = datetime.fromtimestamp(seen_ms / 1000, UTC)
            yield Position(partition_id, state.position, high, moments[seen_ms], stable)

    def watch_polls(self, polled: Callable[[Poll], Awaitable[Any]], poll_ms: int) -> None:
        """Leads every poll of the framework through `polled`, together with the client's own poll.

        The framework announces no poll, and a position is true only while no records are in transit. The
        framework also sleeps after an empty poll. A poll that waits inside the client ends with the first
        record.
        """
        poll = self.consumer.getmany

        async def getmany(*partition_ids: Any, max_records: int | None = None, **_: Any) -> Any:
            return await polled(lambda: poll(*partition_ids, timeout_ms=poll_ms, max_records=max_records))

        self.consumer.getmany = getmany

    def watch_starts(self, started: Callable[[PartitionId, int], None]) -> None:
        """Announces the offset where reading of a partition begins, or begins again.

        The client begins at the offset of the group. It moves on in silence where the topic no longer holds
        that offset.
        """
        fetcher = self.consumer._fetcher
        update = fetcher._update_fetch_positions

        def tell(assignment: Any, partition_ids: Iterable[Any]) -> None:
            for partition_id in partition_ids:
                state = assignment.state_value(partition_id)
                if state.has_valid_position:
                    started(PartitionId(*partition_id), state.position)

        async def updated(assignment: Any, node_id: Any, partition_ids: Any) -> Any:
            result = await update(assignment, node_id, partition_ids)
            tell(assignment, partition_ids)
            return result

        current = self.consumer._subscription.subscription.assignment
        tell(current, current.tps)  # those that began before the watch

        fetcher._update_fetch_positions = updated

    def watch_fetches(self, answered: Callable[[], None], waits: FetchWaits) -> None:
        """Announces every answer, and sets how long the broker may hold each fetch.

        The client announces no answer without records, though such an answer moves a watermark. The client
        has one wait for all fetches and one fetch per broker under way. A fetch skips paused partitions and
        partitions whose records still lie in the client. Such a fetch must come back soon. A fetch of all
        partitions may wait long, because the first record ends the wait.
        """
        fetcher = self.consumer._fetcher
        answer, plan = fetcher._proc_fetch_request, fetcher._get_actions_per_node

        async def watched(*request: Any) -> Any:
            try:
                return await answer(*request)
            finally:
                answered()

        def planned(assignment: Any) -> Any:
            is_partial = fetcher._records or any(assignment.state_value(tp).paused for tp in assignment.tps)
            fetcher._fetch_max_wait_ms = waits.partial_ms if is_partial else waits.full_ms
            return plan(assignment)

        fetcher._proc_fetch_request = watched
        fetcher._get_actions_per_node = planned
