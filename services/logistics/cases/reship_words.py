"""States, messages and facts of the reship case."""

from datetime import datetime

from kernel.decider import DeadlinePassed
from kernel.value import Value
from services.logistics.cases.values import Attention, AttentionDrawn, ParcelNews, Share, TaskDone, TaskOpened


class Order(Value):
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


class Absent(Value):
    """Nothing is to be sent."""


class Reserving(Value):
    """The warehouse was asked to keep the variant."""

    order: Order
    answer_by: datetime
    noted_sku_id: str | None = None


class Reserved(Value):
    """Kept until it is wanted."""

    order: Order
    until_at: datetime | None
    attention: Attention
    noted_sku_id: str | None = None


class Checking(Value):
    """The note in the parcel asks for another variant: a person decides before anything is sent (RF-122)."""

    order: Order
    task_id: str
    attention: Attention
    noted_sku_id: str | None = None


class Requested(Value):
    """The warehouse was asked to send."""

    order: Order
    parcel_id: str | None
    is_late: bool
    attention: Attention


class Sent(Value):
    """On its way."""

    order: Order
    parcel_id: str
    attention: Attention


class Delivered(Value):
    """The buyer has it."""

    order: Order
    parcel_id: str


class Failed(Value):
    """It did not reach the buyer."""

    order: Order
    parcel_id: str | None


class Unavailable(Value):
    """There is no stock for it."""

    order: Order


class Cancelled(Value):
    """It is not wanted any more."""

    order: Order


Open = Reserving | Reserved | Checking | Requested | Sent
Known = Open | Delivered | Failed | Unavailable | Cancelled
State = Absent | Known


# Messages.


class ReserveWanted(Value):
    """Keep the variant until the exchange needs it."""

    order: Order


class SendWanted(Value):
    """Send it."""

    order: Order


class Answered(Value):
    """What the warehouse says."""

    request_id: str
    outcome: str
    until_at: datetime | None


class ParcelKnown(Value):
    """The parcel that carries it."""

    parcel_id: str


class ParcelLeft(Value):
    """It left the warehouse."""

    parcel_id: str


class NoteSeen(Value):
    """The note in the returned parcel asks for this variant."""

    sku_id: str


class Unwanted(Value):
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


class ReserveAsked(Value):
    """The warehouse is to keep it (reship.requested)."""

    order: Order
    answer_by: datetime


class StockKept(Value):
    """It is kept (reship.status-changed)."""

    until_at: datetime | None
    attention: Attention


class StockMissing(Value):
    """There is none (reship.status-changed)."""

    reason_code: str


class NoteNoted(Value):
    """What the note asks for."""

    sku_id: str


class NoteDiffers(Value):
    """The note asks for another variant than agreed (task.requested)."""

    order: Order
    task_id: str
    due_at: datetime
    attention: Attention


class SendAsked(Value):
    """The warehouse is to send it (reship.requested)."""

    order: Order
    attention: Attention


class SendLate(Value):
    """It was not sent in time: the promise is broken, a person looks (task.requested)."""

    task_id: str
    due_at: datetime


class CarriedBy(Value):
    """The parcel is known."""

    parcel_id: str


class SentOut(Value):
    """On its way (reship.status-changed)."""

    parcel_id: str
    attention: Attention


class Arrived(Value):
    """The buyer has it (reship.status-changed)."""


class NotArrived(Value):
    """It came back, got lost or was never sent (reship.status-changed)."""

    reason_code: str


class CancelAsked(Value):
    """The warehouse is to let go of it (reship.requested)."""

    request_id: str


class CalledOff(Value):
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
