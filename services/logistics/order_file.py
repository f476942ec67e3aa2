"""Defines the file of one order: lines, parcels, ship marks, refunds, holds, resends."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.money import Money
from kernel.value import Value, replace
from services.logistics.parcels import Direction, Outcome, ParcelStatus, Tracking
from services.logistics.shares import Share


class Source(StrEnum):
    """The origin of a dispatch target."""

    PRODUCT = "product"
    SHOP = "shop"


class Trigger(StrEnum):
    """The events that establish late shipping (LG-062..065)."""

    AGREED_TIME = "agreed_time"
    UNSHIPPED_72H = "unshipped_72h"
    STOCKOUT_STATED = "stockout_stated"
    FALSE_SHIPMENT = "false_shipment"


class HoldPhase(StrEnum):
    """The progress of a hold."""

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
        """Moves target and limit by the time for which the clock stood still."""
        return replace(self, target_at=self.target_at + by, limit_at=self.limit_at + by)


class Link(Value):
    """A parcel of the order."""

    parcel_id: str
    tracking: Tracking
    direction: Direction
    lines: tuple[Share, ...]
    value: Money | None = None
    """The amount that the carrier answers for: the declared one, else the price of the goods."""
    left_at: datetime | None = None
    """The moment at which the parcel left, as the warehouse says."""
    pickup_at: datetime | None = None
    """The earliest scan that proves that the carrier has the parcel."""
    status: ParcelStatus = ParcelStatus.REGISTERED
    status_at: datetime | None = None
    signed_by: str | None = None
    is_stalled: bool = False
    outcome: Outcome | None = None
    is_void: bool = False
    is_called_back: bool = False
    is_turned: bool = False
    """The parcel was refused, or the carrier brings it back."""
    was_out_of_range: bool = False
    is_sought: bool = False
    """A lost-parcel case looks for the parcel, or has the loss to settle."""
    was_sought: bool = False
    """The parcel was missed at least once."""
    remedy: str | None = None
    """The remedy that the buyer got for the parcel: reship or refund."""
    reship_id: str | None = None
    problem_ids: tuple[str, ...] = ()
    """The reports of the buyer that were looked into."""
    replaces_parcel_id: str | None = None
    """The parcel with a wrong number that this one was registered for."""
    replaced_by: str | None = None
    """The parcel that was registered in its place, because its number was wrong."""
    registered_with: str | None = None
    """The parcel of another order with whose registration it was named."""
    is_numberless: bool = False
    """The number was wrong, and nobody knows the right one yet."""
    number_count: int = 1
    """The number of its waybills, from 1."""
    renumbered_at: datetime | None = None
    """The moment at which it was given the last of them."""
    wrong_numbers: tuple[Tracking, ...] = ()
    """The numbers under which it was registered and that are not its own."""
    search_id: str | None = None
    """The search that began under an id before, where there is one."""
    is_paid_as_returned: bool = False
    """The buyer was to be paid because the parcel came back: no search takes that remedy away."""
    was_lost: bool = False
    """The parcel was said to be lost at least once."""

    @property
    def searched_as(self) -> str:
        """The id of the case that searches the parcel."""
        return self.search_id or self.parcel_id

    @property
    def sent_at(self) -> datetime | None:
        """The earliest proof that the parcel is under way."""
        moments = [moment for moment in (self.left_at, self.pickup_at) if moment is not None]
        return min(moments) if moments else None

    @property
    def is_under_way(self) -> bool:
        """Whether the parcel is with the carrier and not known to have ended."""
        return self.sent_at is not None and self.outcome is None and not self.is_void


class Mark(Value):
    """A ship mark of the seller; it is true if the carrier has the goods by `pickup_by` (LG-064)."""

    at: datetime
    delivery_kind: str
    parcel_ids: tuple[str, ...]
    lines: tuple[Share, ...]
    pickup_by: datetime
    is_asked: bool = False
    """A person is asked where the goods are."""


class AddressCheck(Value):
    """The check of recipient, address and postcode before anything leaves (OR-006)."""

    request_id: str
    due_at: datetime | None
    """The moment by which the warehouse is to answer; absent once it did."""
    task_id: str | None = None
    """The question to a person that is open."""


class Breach(Value):
    """Late shipping as it was established; `moment` tells one false mark from another."""

    trigger: Trigger
    moment: datetime
    owed: tuple[Share, ...]
    """The pieces that had to be sent by then; refunds that come later do not make them fewer."""


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
        """Whether the goods stand still because of the hold."""
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
    replaces_parcel_id: str | None = None
    """The lost parcel whose goods it sends again."""
    is_over: bool = False
    """The exchange that asked for it ended."""
    is_settled: bool = False
    """The exchange gave the buyer goods for the goods that came back."""
    is_sent_back: bool = False
    """These were the buyer's own goods."""


class OrderFile(Value):
    """Everything that is known of one order."""

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
    paid_ids: tuple[str, ...] = ()
    """Refunds whose pieces are counted as repaid."""
    repaid_here: tuple[Share, ...] = ()
    """Those of them that were refunded because they were back at the shop."""
    closed: tuple[Share, ...] = ()
    """Pieces that the order system closed while others went on."""
    closed_beyond: tuple[Share, ...] = ()
    """Those of them that we did not refund."""
    given_back: tuple[Share, ...] = ()
    """Pieces that were refunded against the goods: the buyer gave them back."""
    resends: tuple[Resend, ...] = ()
    is_overdue: bool = False
    has_shortage: bool = False
    is_refund_forbidden: bool = False
    """Staff promised not to execute a refund (RF-009)."""
    agreed_carrier_code: str | None = None
    instruction_due_at: datetime | None = None
    instruction_id: str | None = None
    address_check: AddressCheck | None = None
    closed_at: datetime | None = None
    succeeded_at: datetime | None = None

    def link(self, parcel_id: str | None) -> Link | None:
        """Finds the parcel of that id."""
        return next((link for link in self.links if link.parcel_id == parcel_id), None)

    def current(self, parcel_id: str | None) -> Link | None:
        """Finds the parcel of that id, or the one that was registered in its place."""
        link = self.link(parcel_id)
        while link is not None and link.replaced_by is not None:
            link = self.link(link.replaced_by)
        return link

    def current_id(self, parcel_id: str) -> str:
        """Finds the id under which the parcel of that id is registered now."""
        link = self.current(parcel_id)
        return link.parcel_id if link is not None else parcel_id

    def with_link(self, link: Link) -> "OrderFile":
        """Adds or replaces this parcel."""
        others = tuple(other for other in self.links if other.parcel_id != link.parcel_id)
        return replace(self, links=(*others, link))

    def hold(self, refund_id: str) -> Hold | None:
        """Finds the hold for that refund."""
        return next((hold for hold in self.holds if hold.refund_id == refund_id), None)

    @property
    def is_held(self) -> bool:
        """Whether goods stand still for a refund."""
        return any(hold.stops for hold in self.holds)

    def outbound(self) -> Iterator[Link]:
        """Lists the parcels that carry the order's goods the first time."""
        return (link for link in self.links if link.direction is Direction.OUTBOUND and not link.is_void)
