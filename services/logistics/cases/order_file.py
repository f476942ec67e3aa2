"""What logistics knows of one order: lines, parcels, ship marks, refunds, holds; and what follows from it."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from kernel.money import Money, allocate
from kernel.rules import rules_of
from kernel.value import Value, replace
from services.logistics.cases.values import (
    Direction,
    Outcome,
    ParcelStatus,
    Share,
    Tracking,
    merged,
    overlaps,
    without,
)
from services.logistics.policy import Dispatch

NO_PICKUP = frozenset({"auto_delivered", "virtual", "none"})
"""Ways of delivery that no carrier has a part in."""


class Source(StrEnum):
    """Where a dispatch target comes from."""

    PRODUCT = "product"
    SHOP = "shop"


class Trigger(StrEnum):
    """What establishes late shipping (LG-062..065)."""

    AGREED_TIME = "agreed_time"
    UNSHIPPED_72H = "unshipped_72h"
    STOCKOUT_STATED = "stockout_stated"
    FALSE_SHIPMENT = "false_shipment"


class HoldPhase(StrEnum):
    """How a hold stands."""

    ASKED = "asked"
    STOPPED = "stopped"
    TOO_LATE = "too_late"
    UNKNOWN = "unknown"
    RELEASING = "releasing"
    OVER = "over"


class OrderLine(Value):
    """A line of the order; `net` is its price without freight, after discount."""

    line_id: str
    product_id: str
    sku_id: str
    quantity_count: int
    net: Money
    is_presale: bool
    dispatch_by_at: datetime | None
    dispatch_within_hours: int | None


class Clock(Value):
    """The dispatch clock, from payment (or placing, if paid on delivery)."""

    start_at: datetime
    target_at: datetime
    target_source: Source
    limit_at: datetime
    grace_minutes: int

    def shifted(self, by: timedelta) -> "Clock":
        """The same after it stood still for some time."""
        return replace(self, target_at=self.target_at + by, limit_at=self.limit_at + by)


class Link(Value):
    """A parcel of the order."""

    parcel_id: str
    tracking: Tracking
    direction: Direction
    lines: tuple[Share, ...]
    value: Money | None = None
    """What the carrier answers for: the declared amount, else the price of the goods."""
    left_at: datetime | None = None
    """When the warehouse says that it left."""
    pickup_at: datetime | None = None
    """The earliest scan that proves the carrier has it."""
    status: ParcelStatus = ParcelStatus.REGISTERED
    status_at: datetime | None = None
    signed_by: str | None = None
    is_stalled: bool = False
    outcome: Outcome | None = None
    is_void: bool = False
    is_called_back: bool = False
    was_out_of_range: bool = False
    is_sought: bool = False
    """A lost-parcel case is looking for it or has it to settle."""
    was_sought: bool = False
    """It was missed at least once."""
    remedy: str | None = None
    """What the buyer got for it: reship or refund."""
    reship_id: str | None = None

    @property
    def sent_at(self) -> datetime | None:
        """The earliest proof that it is under way."""
        moments = [moment for moment in (self.left_at, self.pickup_at) if moment is not None]
        return min(moments) if moments else None

    @property
    def is_under_way(self) -> bool:
        """Whether it is with the carrier and not known to have ended."""
        return self.sent_at is not None and self.outcome is None and not self.is_void


class Mark(Value):
    """A ship mark of the seller; it is true if the carrier has the goods by `pickup_by` (LG-064)."""

    at: datetime
    delivery_kind: str
    parcel_ids: tuple[str, ...]
    lines: tuple[Share, ...]
    pickup_by: datetime


class Breach(Value):
    """Late shipping as it was established; `moment` tells one false mark from another."""

    trigger: Trigger
    moment: datetime
    owed: tuple[Share, ...]
    """What had to be sent by then; refunds that come later do not make it less."""


class Hold(Value):
    """Goods that must not leave while a refund is open."""

    refund_id: str
    request_id: str
    lines: tuple[Share, ...]
    asked_at: datetime
    ask_again_at: datetime | None
    give_up_at: datetime
    phase: HoldPhase

    @property
    def stops(self) -> bool:
        """Whether the goods stand still because of it."""
        return self.phase in {HoldPhase.ASKED, HoldPhase.STOPPED}


class OpenRefund(Value):
    """A refund that is open for these lines (none: the whole order)."""

    refund_id: str
    kind: str
    lines: tuple[Share, ...]


class Resend(Value):
    """A reship case of the order; `lines` are those of the order that it stands for."""

    reship_id: str
    lines: tuple[Share, ...]
    exchange_id: str | None = None
    unwanted_for: str | None = None
    """The lost parcel whose refund took its place."""


class OrderFile(Value):
    """All that is known of one order."""

    order_id: str
    customer_id: str | None
    region_code: str | None
    is_cash_on_delivery: bool
    lines: tuple[OrderLine, ...]
    placed_at: datetime
    clock: Clock | None = None
    agreed_at: datetime | None = None
    paused_at: datetime | None = None
    marks: tuple[Mark, ...] = ()
    links: tuple[Link, ...] = ()
    breaches: tuple[Breach, ...] = ()
    holds: tuple[Hold, ...] = ()
    refunds: tuple[OpenRefund, ...] = ()
    repaid: tuple[Share, ...] = ()
    """Pieces that were refunded or closed and need not be sent any more."""
    resends: tuple[Resend, ...] = ()
    is_overdue: bool = False
    has_shortage: bool = False
    is_refund_forbidden: bool = False
    """Staff promised not to execute a refund (RF-009)."""
    agreed_carrier_code: str | None = None
    instruction_due_at: datetime | None = None
    instruction_id: str | None = None
    closed_at: datetime | None = None
    succeeded_at: datetime | None = None

    def link(self, parcel_id: str | None) -> Link | None:
        """The parcel of that id."""
        return next((link for link in self.links if link.parcel_id == parcel_id), None)

    def with_link(self, link: Link) -> "OrderFile":
        """The file with this parcel added or replaced."""
        others = tuple(other for other in self.links if other.parcel_id != link.parcel_id)
        return replace(self, links=(*others, link))

    def hold(self, refund_id: str) -> Hold | None:
        """The hold for that refund."""
        return next((hold for hold in self.holds if hold.refund_id == refund_id), None)

    @property
    def is_held(self) -> bool:
        """Whether goods stand still for a refund."""
        return any(hold.stops for hold in self.holds)

    def outbound(self) -> Iterator[Link]:
        """The parcels that carry the order's goods the first time."""
        return (link for link in self.links if link.direction is Direction.OUTBOUND and not link.is_void)


UNKNOWN_LINES = (Share("*", 1),)
"""Stands for the goods of an order whose lines nobody ever learnt; never announced."""


def whole(file: OrderFile) -> tuple[Share, ...]:
    """Every piece of the order."""
    return merged(Share(line.line_id, line.quantity_count) for line in file.lines) or UNKNOWN_LINES


def pieces(file: OrderFile, lines: tuple[Share, ...]) -> tuple[Share, ...]:
    """The lines, or the whole order where none are named or none are known."""
    return lines if lines and file.lines else whole(file)


def still_owed(file: OrderFile) -> tuple[Share, ...]:
    """The pieces that must be sent: all but those that were refunded."""
    return without(whole(file), file.repaid)


@rules_of("LG-053", "LG-054", "LG-055", "LG-056", "LG-063", "OR-011")
def clock_for(file: OrderFile, start_at: datetime, policy: Dispatch, zone: ZoneInfo) -> Clock:
    """The dispatch clock: product promise, else the same day before the cut-off, else the shop's hours.

    The limit counts from payment (reading A11), and for presale goods it is their promise if that is later.
    """
    promised = [
        line.dispatch_by_at or start_at + timedelta(hours=line.dispatch_within_hours or 0)
        for line in file.lines
        if line.dispatch_by_at is not None or line.dispatch_within_hours is not None
    ]
    local = start_at.astimezone(zone)
    if promised:
        target_at, source = min(promised), Source.PRODUCT
    elif policy.cut_off_hour is not None and local.hour < policy.cut_off_hour:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        target_at, source = (midnight + timedelta(days=1)).astimezone(start_at.tzinfo), Source.SHOP
    else:
        target_at, source = start_at + policy.target, Source.SHOP
    limit_at = start_at + policy.limit
    presale = [line.dispatch_by_at for line in file.lines if line.is_presale and line.dispatch_by_at]
    if presale and all(line.is_presale for line in file.lines):
        limit_at = max(limit_at, *presale)
    grace_minutes = int(policy.grace / timedelta(minutes=1))
    return Clock(start_at, target_at, source, limit_at, grace_minutes)


def _marks(file: OrderFile, mark: Mark, link: Link) -> bool:
    """Whether the mark speaks of the parcel."""
    if mark.parcel_ids:
        return link.parcel_id in mark.parcel_ids
    return overlaps(pieces(file, mark.lines), link.lines)


def _links_of(file: OrderFile, mark: Mark) -> list[Link]:
    return [link for link in file.outbound() if _marks(file, mark, link)]


@rules_of("LG-064")
def is_true_mark(file: OrderFile, mark: Mark) -> bool:
    """Whether the carrier had all goods of the mark in time; goods that no carrier moves need no proof."""
    if mark.delivery_kind in NO_PICKUP:
        return True
    links = _links_of(file, mark)
    if mark.parcel_ids and len(links) < len(set(mark.parcel_ids)):
        return False
    return bool(links) and all(link.sent_at is not None and link.sent_at <= mark.pickup_by for link in links)


def sent_by(file: OrderFile, by: datetime) -> list[Share]:
    """The pieces that were sent by a moment, as far as is known.

    A parcel counts from its earliest proof, or from a ship mark that is true or was not disproved by then.
    """
    believed = [mark for mark in file.marks if is_true_mark(file, mark) or by < mark.pickup_by]
    sent: list[Share] = []
    for link in file.outbound():
        moments = [mark.at for mark in believed if _marks(file, mark, link)]
        if link.sent_at is not None:
            moments.append(link.sent_at)
        if moments and min(moments) <= by:
            sent.extend(pieces(file, link.lines))
    for mark in believed:
        if mark.at <= by and (mark.delivery_kind in NO_PICKUP or not _links_of(file, mark)):
            sent.extend(pieces(file, mark.lines))
    return sent


def unsent(file: OrderFile, by: datetime) -> tuple[Share, ...]:
    """The pieces that were still owed and not sent by a moment."""
    return without(still_owed(file), sent_by(file, by))


def not_under_way(file: OrderFile) -> tuple[Share, ...]:
    """The pieces that neither a carrier has nor a delivery without carrier covers."""
    sent: list[Share] = []
    for link in file.outbound():
        if link.sent_at is not None:
            sent.extend(pieces(file, link.lines))
    for mark in file.marks:
        if mark.delivery_kind in NO_PICKUP:
            sent.extend(pieces(file, mark.lines))
    return without(still_owed(file), sent)


def false_lines(file: OrderFile, mark: Mark) -> tuple[Share, ...]:
    """The lines of a false mark: those of its parcels that were not picked up in time."""
    late = [
        share
        for link in _links_of(file, mark)
        if link.sent_at is None or link.sent_at > mark.pickup_by
        for share in link.lines
    ]
    return merged(late) or pieces(file, mark.lines)


def value_of(file: OrderFile, lines: Iterable[Share]) -> Money | None:
    """The price of these pieces; None where the order does not have the lines."""
    total: Money | None = None
    counts = {share.line_id: share.quantity_count for share in pieces(file, merged(lines))}
    for line in file.lines:
        count = min(counts.get(line.line_id, 0), line.quantity_count)
        if count:
            minor = allocate(line.net.minor, [count, line.quantity_count - count])[0]
            part = Money(minor, line.net.currency)
            total = part if total is None else total + part
    return total


def open_refunds(file: OrderFile, lines: tuple[Share, ...]) -> list[OpenRefund]:
    """The open refunds that touch these lines."""
    return [refund for refund in file.refunds if overlaps(refund.lines, lines)]
