"""The order in which a process takes what it reads: by event time across all its partitions.

Pure: no Kafka, no clock, no waiting. Two modes. By the wall clock the heads of the partitions are
merged, and a partition with nothing left to read holds nobody up. By clock marks nothing is released
before every partition has shown the mark behind it; then all of it is, in one sorted order.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush, heapreplace

from chassis.engine.records import Place
from chassis.ingest.decoder import Accepted, Ignored, Mark
from chassis.ingest.partition import EARLIEST, Item, Partition
from chassis.settings import Limits

__all__ = ["Intake", "Item", "Place", "Release"]

_TICK = timedelta(microseconds=1)
_BACKLOG_SHARE = 20
_SHARE_LEAST = 10
_FLOW_KEPT = 0.9


@dataclass(slots=True)
class Release:
    """What may be handled now, and where the partitions stand once it has been."""

    items: list[Item] = field(default_factory=list[Item])
    """Accepted and rejected records, in order of event time across partitions."""
    positions: dict[Place, int] = field(default_factory=dict[Place, int])
    """Next offset to commit of every partition that moved: its lowest record not yet released."""
    stands_at: dict[Place, datetime] = field(default_factory=dict[Place, datetime])
    """External partitions: the moment up to which each has been read, where that changed."""
    frontier: datetime | None = None
    """The least of all external stands of this process; None while one is unknown, or there is none."""
    mark: int | None = None
    """By clock marks: the mark that is wholly handled once this release is."""
    barrier: int | None = None
    """By clock marks: the mark that these records lie before."""
    passed: dict[Place, int] = field(default_factory=dict[Place, int])
    """By clock marks: for each position the last mark that lies wholly before it."""
    ignored: dict[str, int] = field(default_factory=dict[str, int])
    """Records that this service does not read, counted by event type."""
    has_more: bool = False
    """More could be released at once."""


@dataclass(slots=True)
class _Barrier:
    """All that lies before one clock mark, sorted, and how much of it has been released."""

    sequence: int
    moment: datetime
    items: list[Item]
    ends: dict[Place, int]
    """Per partition the offset behind its mark."""
    places: frozenset[Place]
    """Partitions of the process when the barrier was complete: they pass it together."""
    given: int = 0
    open_offsets: dict[Place, list[int]] = field(default_factory=dict[Place, list[int]])
    """Per partition the offsets not yet released, the lowest last."""
    done: dict[Place, set[int]] = field(default_factory=dict[Place, set[int]])
    """Per partition the released offsets that lie behind one that is still open."""


class Intake:
    """Buffers of all partitions that this process reads, and the merge over them.

    `is_own` tells the topics that our own services write: they take part in the merge, but no
    horizon waits for them, because they form cycles.
    """

    def __init__(self, *, by_marks: bool, limits: Limits, is_own: Callable[[str], bool]) -> None:
        self._by_marks = by_marks
        self._limits = limits
        self._is_own = is_own
        self._partitions: dict[Place, Partition] = {}
        self._barrier: _Barrier | None = None

    @property
    def places(self) -> Collection[Place]:
        """The partitions of this process."""
        return self._partitions.keys()

    @property
    def buffered_count(self) -> int:
        """Records in memory that have not been released."""
        behind = 0 if self._barrier is None else len(self._barrier.items) - self._barrier.given
        return behind + sum(len(part.items) for part in self._partitions.values())

    def assign(self, places: Iterable[Place]) -> None:
        """Takes partitions over."""
        for place in places:
            if place not in self._partitions:
                self._partitions[place] = Partition(place, self._is_own(place.topic))

    def note_passed(self, passed: Mapping[Place, int]) -> None:
        """The last clock mark that whoever read a partition before has wholly handled.

        Without it a process that takes over could wait for ever for a mark that lies behind.
        """
        for place, sequence in passed.items():
            part = self._partitions.get(place)
            if part is not None and sequence > part.passed:
                part.passed = sequence
                part.forget_passed_marks()

    def revoke(self, places: Iterable[Place]) -> None:
        """Gives partitions up; what is in memory of them belongs to whoever reads them next."""
        gone = set(places)
        for place in gone:
            self._partitions.pop(place, None)
        barrier = self._barrier
        if barrier is not None and gone & barrier.places:
            rest = [item for item in barrier.items[barrier.given :] if item.place not in gone]
            barrier.items, barrier.given = rest, 0
            barrier.places -= gone
            for kept in (barrier.ends, barrier.open_offsets, barrier.done):
                for place in gone:
                    kept.pop(place, None)
            if not barrier.places:
                self._barrier = None

    def push(self, place: Place, items: Iterable[Item]) -> None:
        """Records of one partition, in order of offset. Those of a partition given up are dropped."""
        part = self._partitions.get(place)
        if part is not None:
            for item in items:
                part.push(item)

    def note_position(self, place: Place, position: int, high: int | None, seen_at: datetime | None) -> None:
        """Where reading stands, where the partition ended when last asked, and when that was."""
        part = self._partitions.get(place)
        if part is not None:
            part.position, part.high, part.seen_at = position, high, seen_at

    def is_caught_up(self) -> bool:
        """Whether nothing is left to read or to release, as far as is known."""
        return self._barrier is None and all(
            not part.items and not part.has_more for part in self._partitions.values()
        )

    def seen_at(self) -> datetime | None:
        """When the broker last said where a partition ends."""
        return max((part.seen_at for part in self._partitions.values() if part.seen_at), default=None)

    def lag(self) -> dict[str, int]:
        """Records per topic that were written and not yet released, as far as is known."""
        behind: dict[str, int] = {}
        for place, part in self._partitions.items():
            unread = 0 if part.high is None or part.position is None else part.high - part.position
            behind[place.topic] = behind.get(place.topic, 0) + len(part.items) + max(0, unread)
        return behind

    def frontier(self) -> datetime | None:
        """The least stand of the external partitions, or None while one is unknown."""
        stands = [part.stand for part in self._partitions.values() if not part.is_own]
        known = [stand for stand in stands if stand is not None]
        return min(known) if known and len(known) == len(stands) else None

    def pauses(self) -> tuple[list[Place], list[Place]]:
        """Partitions that should not be read for now, and those that should be again.

        Half of what may be in memory is shared out equally, half by how much each has given of late: the
        merge goes as far as the one that runs out first.
        """
        held = [part for part in self._partitions.values() if part.items]
        count = max(1, len(held))
        limits = self._limits
        size = max(limits.value_bytes, limits.buffered_bytes // count)
        flow = sum(part.flow for part in held)
        equal = limits.buffered_records / count / (2 if flow else 1)
        by_flow = limits.buffered_records / flow / 2 if flow else 0.0
        pause: list[Place] = []
        resume: list[Place] = []
        for part in self._partitions.values():
            records = max(_SHARE_LEAST, min(limits.partition_records, equal + by_flow * part.flow))
            if part.is_paused:
                if len(part.items) * 2 <= records and part.bytes * 2 <= size:
                    part.is_paused = False
                    resume.append(part.place)
            elif (len(part.items) > records or part.bytes > size) and (not self._by_marks or part.marks):
                part.is_paused = True
                pause.append(part.place)
        return pause, resume

    def release(self, now_monotonic: float, now: datetime, *, with_stands: bool = True) -> Release | None:
        """What may be handled now, or None.

        `now_monotonic`, in seconds, should run only while the reader could have read: patience is
        counted in it. Without `with_stands` a mere move of idle partitions' stands is no release.
        """
        release = Release()
        if self._by_marks:
            self._release_barrier(release)
        else:
            self._merge(release, now_monotonic, now)
        moved = bool(release.items or release.positions or release.mark is not None)
        if not moved and not with_stands:
            return None
        for place, part in self._partitions.items():
            if part.is_own or part.stand is None or part.stand == part.stand_given:
                continue
            part.stand_given = part.stand
            release.stands_at[place] = part.stand
        return release if moved or release.stands_at else None

    def _merge(self, release: Release, now_monotonic: float, now: datetime) -> None:
        heap: list[tuple[datetime, Place]] = []
        for place, part in self._partitions.items():
            if part.items:
                heappush(heap, (part.items[0].at, place))
        moved: set[Place] = set()
        if heap and not self._waits_for_one(heap[0][0], now_monotonic, now):
            self._take(heap, release, moved)
        for place in moved:
            release.positions[place] = self._partitions[place].next_offset
        for part in self._partitions.values():
            if moved:
                part.flow *= _FLOW_KEPT
            self._stand(part)
        release.frontier = self.frontier()

    def _take(self, heap: list[tuple[datetime, Place]], release: Release, moved: set[Place]) -> None:
        items, limits = release.items, self._limits
        size = 0
        while heap:
            at, place = heap[0]
            part = self._partitions[place]
            item = part.items[0]
            entry = item.entry
            if isinstance(entry, Ignored | Mark):
                _count_ignored(release, entry)
            elif len(items) >= limits.batch_records or (items and size + item.bytes > limits.batch_bytes):
                release.has_more = True
                return
            else:
                items.append(item)
                size += item.bytes
            part.pop()
            part.flow += 1
            if at > EARLIEST:
                part.released_to = at
            moved.add(place)
            if part.items:
                heapreplace(heap, (part.items[0].at, place))
                continue
            heappop(heap)
            if part.has_more and limits.patience_ms > 0:
                return

    def _waits_for_one(self, head_at: datetime, now_monotonic: float, now: datetime) -> bool:
        """Whether a partition that has more to read, and nothing in memory, holds the others up.

        Patience grows with the age of what is held: while catching up, order is worth more than haste.
        """
        limits = self._limits
        patience = limits.patience_ms / 1000
        if patience <= 0:
            return False
        age = (now - head_at).total_seconds() / _BACKLOG_SHARE
        patience = max(patience, min(limits.backlog_patience_ms / 1000, age))
        waits = False
        for part in self._partitions.values():
            if part.items or not part.has_more:
                part.hungry_since = None
            elif part.hungry_since is None:
                part.hungry_since = now_monotonic
                waits = True
            elif now_monotonic - part.hungry_since < patience:
                waits = True
        return waits

    @staticmethod
    def _stand(part: Partition) -> None:
        """Moves the stand of a partition to what is known now; it never goes back."""
        if part.items:
            at = part.items[0].at
            reached = at - _TICK if at > EARLIEST else part.released_to
        elif part.has_more or part.seen_at is None:
            reached = part.released_to
        else:
            reached = part.seen_at
        if reached is not None and (part.stand is None or reached > part.stand):
            part.stand = reached

    def _release_barrier(self, release: Release) -> None:
        if self._barrier is None:
            self._barrier = self._complete()
        barrier = self._barrier
        release.frontier = self.frontier()
        if barrier is None:
            return
        release.frontier = barrier.moment
        release.barrier = barrier.sequence
        self._give(barrier, release)
        if barrier.given < len(barrier.items):
            release.has_more = True
            return
        self._barrier = None
        release.mark = barrier.sequence
        for place in barrier.places:
            part = self._partitions[place]
            part.passed = max(part.passed, barrier.sequence)
            part.forget_passed_marks()
            if part.stand is None or barrier.moment > part.stand:
                part.stand = barrier.moment
        for place, end in barrier.ends.items():
            release.positions[place] = end
            release.passed[place] = self._partitions[place].passed
        release.has_more = any(part.marks for part in self._partitions.values())

    def _complete(self) -> _Barrier | None:
        """The next barrier, if every partition has shown its mark or has passed it before."""
        partitions = self._partitions.values()
        shown = [part.marks[0] for part in partitions if part.marks]
        if not shown:
            return None
        sequence, moment = min(shown)
        for part in partitions:
            if part.passed < sequence and not part.marks:
                return None
        items: list[Item] = []
        barrier = _Barrier(sequence, moment, items, {}, frozenset(self._partitions))
        for part in partitions:
            if part.marks and part.marks[0][0] == sequence:
                taken, end = part.take_to_mark(sequence)
                items.extend(taken)
                barrier.ends[part.place] = end
                if taken:
                    barrier.open_offsets[part.place] = [item.offset for item in reversed(taken)]
                    barrier.done[part.place] = set()
        items.sort(key=_sort_key)
        return barrier

    def _give(self, barrier: _Barrier, release: Release) -> None:
        limits, size, moved = self._limits, 0, set[Place]()
        while barrier.given < len(barrier.items):
            item = barrier.items[barrier.given]
            if isinstance(item.entry, Ignored | Mark):
                _count_ignored(release, item.entry)
            elif len(release.items) >= limits.batch_records or (
                release.items and size + item.bytes > limits.batch_bytes
            ):
                break
            else:
                release.items.append(item)
                size += item.bytes
            barrier.given += 1
            barrier.done[item.place].add(item.offset)
            moved.add(item.place)
        for place in moved:
            opened, done = barrier.open_offsets[place], barrier.done[place]
            before = len(opened)
            while opened and opened[-1] in done:
                done.discard(opened.pop())
            if opened and len(opened) < before:
                release.positions[place] = opened[-1]
                release.passed[place] = self._partitions[place].passed


def _count_ignored(release: Release, entry: Ignored | Mark) -> None:
    if isinstance(entry, Ignored):
        release.ignored[entry.type] = release.ignored.get(entry.type, 0) + 1


def _sort_key(item: Item) -> tuple[datetime, str, str, str, int, int]:
    """The same for the same record in every run; rejected ones, which have no time of their own, first."""
    entry = item.entry
    if isinstance(entry, Accepted):
        envelope = entry.received.envelope
        return (
            entry.received.at,
            envelope.source,
            envelope.id,
            item.place.topic,
            item.place.partition,
            item.offset,
        )
    return EARLIEST, "", "", item.place.topic, item.place.partition, item.offset
