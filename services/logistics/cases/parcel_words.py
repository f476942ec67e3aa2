"""States, messages and facts of the parcel case."""

from datetime import datetime

from kernel.decider import DeadlinePassed
from kernel.value import Value
from services.logistics.cases.track import Decision, Identity, Scan, Track
from services.logistics.cases.values import (
    Attention,
    AttentionDrawn,
    Basis,
    Fault,
    Outcome,
    Stage,
    TaskOpened,
    Tracking,
)

# States. Each holds the track; the class is where the parcel is.


class Absent(Value):
    """Nothing was heard of the waybill."""


class Unknown(Value):
    """Scanned, but no order goes with it yet: followed in silence."""

    track: Track


class Registered(Value):
    """A waybill; the carrier has not shown that it has the parcel."""

    track: Track


class Moving(Value):
    """With the carrier, under way."""

    track: Track


class OutForDelivery(Value):
    """About to be delivered, or waiting to be fetched."""

    track: Track


class Problem(Value):
    """Failed attempt, out of range, bad address, held or damaged."""

    track: Track


class Refused(Value):
    """The recipient did not take it."""

    track: Track


class Returning(Value):
    """On its way back to the sender."""

    track: Track


class Delivered(Value):
    """The buyer has the goods."""

    track: Track


class Returned(Value):
    """The shop has the goods."""

    track: Track


class Lost(Value):
    """Nobody has the goods, on somebody's word."""

    track: Track


class Cancelled(Value):
    """The waybill is void, or was never claimed by an order."""

    track: Track


Known = (
    Unknown
    | Registered
    | Moving
    | OutForDelivery
    | Problem
    | Refused
    | Returning
    | Delivered
    | Returned
    | Lost
    | Cancelled
)
State = Absent | Known


# Messages.


class Scanned(Value):
    """One scan by the carrier."""

    tracking: Tracking
    scan: Scan


class RegisteredAs(Value):
    """The waybill belongs to this parcel of this order."""

    tracking: Tracking
    identity: Identity
    is_collect: bool
    """Whether the recipient is to pay the carrier."""


class Arrived(Value):
    """The parcel is at the shop's gate."""

    tracking: Tracking
    is_collect: bool


class Left(Value):
    """The parcel left the warehouse."""

    parcel_id: str
    at: datetime


class Voided(Value):
    """The waybill is void."""

    parcel_id: str


class Inspected(Value):
    """The goods were checked at the shop."""

    parcel_id: str


class DeclaredLost(Value):
    """The search ended: lost, on the word of the courier or of a person."""

    parcel_id: str
    basis: Basis


class CollectAnswered(Value):
    """Whether the warehouse refused the freight-collect parcel."""

    parcel_id: str
    is_done: bool


Message = (
    Scanned
    | RegisteredAs
    | Arrived
    | Left
    | Voided
    | Inspected
    | DeclaredLost
    | CollectAnswered
    | DeadlinePassed
)


# Facts.


class TrackOpened(Value):
    """A waybill is followed; a later generation: the code was used again for another parcel."""

    tracking: Tracking
    generation: int
    starts_after: datetime | None
    attention: Attention


class ScanNoted(Value):
    """A scan is in the track."""

    scan: Scan
    silence_at: datetime | None


class IdentityKnown(Value):
    """The order and lines that the waybill stands for."""

    identity: Identity
    at: datetime
    silence_at: datetime | None
    attention: Attention


class DepartureKnown(Value):
    """The warehouse says that it left."""

    at: datetime
    silence_at: datetime | None


class WaybillVoided(Value):
    """The parcel will not travel under this waybill."""


class Forgotten(Value):
    """No order ever claimed the waybill."""


class ArrivalNoted(Value):
    """It is at the shop's gate."""

    at: datetime
    is_collect: bool
    silence_at: datetime | None


class EndDeclared(Value):
    """Somebody says how it ended."""

    decision: Decision


class StatusChanged(Value):
    """The picture has another status (parcel.status-changed)."""

    scan: Scan
    is_late_news: bool


class PickupKnown(Value):
    """The earliest proof that the carrier has it became earlier."""

    at: datetime


class StallOpened(Value):
    """Silent too long (parcel.stall-changed)."""

    stage: Stage
    since_at: datetime
    attention: Attention


class StallCleared(Value):
    """Heard of again (parcel.stall-changed)."""

    stage: Stage
    since_at: datetime


class OutcomeDecided(Value):
    """How it ended, as far as money may rely on it (parcel.outcome-decided)."""

    decision: Decision
    revises: Outcome | None
    fault: Fault


class CollectRefusalAsked(Value):
    """The warehouse is not to take it in (warehouse.instruction-requested)."""

    request_id: str
    answer_by: datetime


class CollectSettled(Value):
    """Whether the freight-collect parcel was refused."""

    is_refused: bool


Fact = (
    TrackOpened
    | ScanNoted
    | IdentityKnown
    | DepartureKnown
    | WaybillVoided
    | Forgotten
    | ArrivalNoted
    | EndDeclared
    | StatusChanged
    | PickupKnown
    | StallOpened
    | StallCleared
    | OutcomeDecided
    | CollectRefusalAsked
    | CollectSettled
    | AttentionDrawn
    | TaskOpened
)
