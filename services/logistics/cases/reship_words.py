"""States, messages and facts of the reship case."""

from dataclasses import dataclass
from datetime import datetime

from chassis.vocabulary import DeadlinePassed
from services.logistics.cases.values import Attention, AttentionDrawn, ParcelNews, Share, TaskDone, TaskOpened


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sent."""

    reship_id: str
    order_id: str
    purpose: str
    lines: tuple[Share, ...]
    sku_ids: tuple[str, ...]
    """One per line."""
    ship_by: datetime | None = None
    carrier_code: str | None = None
    replaces_parcel_id: str | None = None


# States.


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing is to be sent."""


@dataclass(frozen=True, slots=True)
class Reserving:
    """The warehouse was asked to keep the variant."""

    order: Order
    answer_by: datetime
    noted_sku_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reserved:
    """Kept until it is wanted."""

    order: Order
    until_at: datetime | None
    attention: Attention
    noted_sku_id: str | None = None


@dataclass(frozen=True, slots=True)
class Checking:
    """The note in the parcel asks for another variant: a person decides before anything is sent (RF-122)."""

    order: Order
    task_id: str
    attention: Attention
    noted_sku_id: str | None = None


@dataclass(frozen=True, slots=True)
class Requested:
    """The warehouse was asked to send."""

    order: Order
    parcel_id: str | None
    is_late: bool
    attention: Attention


@dataclass(frozen=True, slots=True)
class Sent:
    """On its way."""

    order: Order
    parcel_id: str
    attention: Attention


@dataclass(frozen=True, slots=True)
class Delivered:
    """The buyer has it."""

    order: Order
    parcel_id: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not reach the buyer."""

    order: Order
    parcel_id: str | None


@dataclass(frozen=True, slots=True)
class Unavailable:
    """There is no stock for it."""

    order: Order


@dataclass(frozen=True, slots=True)
class Cancelled:
    """It is not wanted any more."""

    order: Order


Open = Reserving | Reserved | Checking | Requested | Sent
Known = Open | Delivered | Failed | Unavailable | Cancelled
State = Absent | Known


# Messages.


@dataclass(frozen=True, slots=True)
class ReserveWanted:
    """Keep the variant until the exchange needs it."""

    order: Order


@dataclass(frozen=True, slots=True)
class SendWanted:
    """Send it."""

    order: Order


@dataclass(frozen=True, slots=True)
class Answered:
    """What the warehouse says."""

    request_id: str
    outcome: str
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class ParcelKnown:
    """The parcel that carries it."""

    parcel_id: str


@dataclass(frozen=True, slots=True)
class ParcelLeft:
    """It left the warehouse."""

    parcel_id: str


@dataclass(frozen=True, slots=True)
class NoteSeen:
    """The note in the returned parcel asks for this variant."""

    sku_id: str


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Nobody wants it any more."""


Message = (
    ReserveWanted
    | SendWanted
    | Answered
    | ParcelKnown
    | ParcelLeft
    | ParcelNews
    | NoteSeen
    | Unwanted
    | TaskDone
    | DeadlinePassed
)


# Facts.


@dataclass(frozen=True, slots=True)
class ReserveAsked:
    """The warehouse is to keep it (reship.requested)."""

    order: Order
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class StockKept:
    """It is kept (reship.status-changed)."""

    until_at: datetime | None
    attention: Attention


@dataclass(frozen=True, slots=True)
class StockMissing:
    """There is none (reship.status-changed)."""

    reason_code: str


@dataclass(frozen=True, slots=True)
class NoteNoted:
    """What the note asks for."""

    sku_id: str


@dataclass(frozen=True, slots=True)
class NoteDiffers:
    """The note asks for another variant than agreed (task.requested)."""

    order: Order
    task_id: str
    due_at: datetime
    attention: Attention


@dataclass(frozen=True, slots=True)
class SendAsked:
    """The warehouse is to send it (reship.requested)."""

    order: Order
    attention: Attention


@dataclass(frozen=True, slots=True)
class SendLate:
    """It was not sent in time: the promise is broken, a person looks (task.requested)."""

    task_id: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class CarriedBy:
    """The parcel is known."""

    parcel_id: str


@dataclass(frozen=True, slots=True)
class SentOut:
    """On its way (reship.status-changed)."""

    parcel_id: str
    attention: Attention


@dataclass(frozen=True, slots=True)
class Arrived:
    """The buyer has it (reship.status-changed)."""


@dataclass(frozen=True, slots=True)
class NotArrived:
    """It came back, got lost or was never sent (reship.status-changed)."""

    reason_code: str


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """The warehouse is to let go of it (reship.requested)."""

    request_id: str


@dataclass(frozen=True, slots=True)
class CalledOff:
    """It is off (reship.status-changed)."""


Fact = (
    ReserveAsked
    | StockKept
    | StockMissing
    | NoteNoted
    | NoteDiffers
    | SendAsked
    | SendLate
    | CarriedBy
    | SentOut
    | Arrived
    | NotArrived
    | CancelAsked
    | CalledOff
    | AttentionDrawn
    | TaskOpened
)
