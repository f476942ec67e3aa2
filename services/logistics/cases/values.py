"""Values that several kinds of logistics case share, and pure functions over them."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

from kernel.decider import Deadline
from kernel.value import Value, replace

ID_LENGTH_MAX = 64
_ID = re.compile(r"[\x21-\x7e]+")


def derived_id(*parts: str) -> str:
    """An id that stands for these parts: readable where it fits into an id, else a digest of them."""
    text = ".".join(parts)
    if len(text) <= ID_LENGTH_MAX and _ID.fullmatch(text):
        return text
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


class Share(Value):
    """Some pieces of one order line."""

    line_id: str
    quantity_count: int


class Tracking(Value):
    """How a carrier knows a parcel."""

    carrier_code: str
    tracking_code: str

    @property
    def subject(self) -> str:
        """The subject of the parcel's case."""
        return f"{self.carrier_code}/{self.tracking_code}"


def parcel_case_id(tracking: Tracking) -> str:
    """The id of the parcel's case: `carrier/tracking`, or a digest of it where that is no id."""
    if len(tracking.subject) <= ID_LENGTH_MAX and _ID.fullmatch(tracking.subject):
        return tracking.subject
    return derived_id(tracking.carrier_code, tracking.tracking_code)


class Direction(StrEnum):
    """Which way a parcel travels, and why."""

    OUTBOUND = "outbound"
    RETURN = "return"
    REPLACEMENT = "replacement"
    RESHIP = "reship"
    TO_BUYER = "to_buyer"

    @property
    def is_to_buyer(self) -> bool:
        """Whether the buyer is to receive it."""
        return self is not Direction.RETURN

    @property
    def is_resend(self) -> bool:
        """Whether goods go to the buyer once more."""
        return self in {Direction.REPLACEMENT, Direction.RESHIP, Direction.TO_BUYER}


class ParcelStatus(StrEnum):
    """Canonical status of a parcel."""

    UNKNOWN = "unknown"
    REGISTERED = "registered"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    CUSTOMS = "customs"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    ATTEMPT_FAILED = "attempt_failed"
    OUT_OF_RANGE = "out_of_range"
    ADDRESS_PROBLEM = "address_problem"
    HELD = "held"
    TRANSFERRED = "transferred"
    DELIVERED = "delivered"
    REFUSED = "refused"
    RETURNING = "returning"
    RETURNED = "returned"
    DAMAGED = "damaged"
    LOST = "lost"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """Where a silent parcel was heard of last; each stage has its own patience."""

    NOT_PICKED_UP = "not_picked_up"
    AFTER_PICKUP = "after_pickup"
    IN_TRANSIT = "in_transit"
    IN_DELIVERY = "in_delivery"


class Outcome(StrEnum):
    """Where the goods of a parcel ended: with the buyer, with the shop, or nowhere."""

    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"
    DESTROYED = "destroyed"


class Basis(StrEnum):
    """On whose word an outcome rests."""

    SCAN = "scan"
    COURIER = "courier"
    INSPECTION = "inspection"
    PERSON = "person"


class Fault(StrEnum):
    """Who answers for it."""

    SHOP = "shop"
    COURIER = "courier"
    BUYER = "buyer"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why the buyer is to be paid."""

    LOST = "lost"
    REFUSED = "refused"
    OUT_OF_RANGE = "out_of_range"
    UNWANTED = "unwanted"
    NO_STOCK = "no_stock"


class Attention(Value):
    """When a case without a deadline of its own is looked at by a person, and how often still."""

    due_at: datetime
    left: int
    every_hours: int

    def deadlines(self) -> list[Deadline]:
        """Its deadline, while any look is left."""
        return [Deadline("attention", self.due_at)] if self.left else []

    def next(self) -> "Attention":
        """After one look."""
        return replace(self, due_at=self.due_at + timedelta(hours=self.every_hours), left=self.left - 1)

    @property
    def nth(self) -> str:
        """A word that tells the looks of one case apart."""
        return self.due_at.strftime("%Y%m%d%H%M%S")


class AttentionDrawn(Value):
    """Nobody moved the case for long: a person is asked to look; no money moves (task.requested)."""

    task_id: str
    question_code: str
    due_at: datetime
    attention: Attention


def draw(case: str, question_code: str, attention: Attention) -> AttentionDrawn:
    """One look at a case; `case` names kind and case."""
    task_id = derived_id(case, "attention", attention.nth)
    after = attention.next()
    return AttentionDrawn(task_id, question_code, after.due_at, after)


class TaskOpened(Value):
    """A person must decide or act (task.requested)."""

    task_id: str
    kind_code: str
    question_code: str
    due_at: datetime


class TaskWithdrawn(Value):
    """The question to a person is void (task.withdrawn)."""

    task_id: str
    reason_code: str


class NoticeAsked(Value):
    """The buyer or the seller must be told (notice.requested)."""

    notice_id: str
    to: str
    template_code: str
    expires_at: datetime
    values: dict[str, str]


class TaskDone(Value):
    """A person decided a task; offered to every case of the order that may have asked."""

    task_id: str
    outcome_code: str


class MemoStored(Value):
    """A memo is on the order."""

    purpose: str
    request_id: str | None


class RequestDeclined(Value):
    """The order system did not carry out one of our requests."""

    request_id: str
    reason_code: str


class RefundNews(Value):
    """A refund that touches the case was opened, or ended with or without payment."""

    refund_id: str
    is_open: bool
    is_paid: bool


class ParcelNews(Value):
    """A parcel of the order moved: its status now, since when, and the outcome if it has one."""

    parcel_id: str
    status: ParcelStatus
    at: datetime | None
    outcome: Outcome | None
    is_stalled: bool


def overlaps(lines: Iterable[Share], others: Iterable[Share]) -> bool:
    """Whether two sets of lines have a line in common; an empty set means the whole order."""
    mine, theirs = {share.line_id for share in lines}, {share.line_id for share in others}
    return not mine or not theirs or bool(mine & theirs)


def merged(lines: Iterable[Share]) -> tuple[Share, ...]:
    """One share per line, in order of line id."""
    counts: dict[str, int] = {}
    for share in lines:
        counts[share.line_id] = counts.get(share.line_id, 0) + share.quantity_count
    return tuple(Share(line_id, count) for line_id, count in sorted(counts.items()) if count > 0)


def without(lines: Sequence[Share], taken: Iterable[Share]) -> tuple[Share, ...]:
    """What is left of the lines when others are taken away; never below zero."""
    counts = {share.line_id: share.quantity_count for share in merged(lines)}
    for share in taken:
        if share.line_id in counts:
            counts[share.line_id] = max(counts[share.line_id] - share.quantity_count, 0)
    return tuple(Share(line_id, count) for line_id, count in sorted(counts.items()) if count > 0)
