"""States, messages and facts of the parcel case."""

from dataclasses import dataclass
from datetime import datetime

from chassis.vocabulary import DeadlinePassed
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


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing was heard of the waybill."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Scanned, but no order goes with it yet: followed in silence."""

    track: Track


@dataclass(frozen=True, slots=True)
class Registered:
    """A waybill; the carrier has not shown that it has the parcel."""

    track: Track


@dataclass(frozen=True, slots=True)
class Moving:
    """With the carrier, under way."""

    track: Track


@dataclass(frozen=True, slots=True)
class OutForDelivery:
    """About to be delivered, or waiting to be fetched."""

    track: Track


@dataclass(frozen=True, slots=True)
class Problem:
    """Failed attempt, out of range, bad address, held or damaged."""

    track: Track


@dataclass(frozen=True, slots=True)
class Refused:
    """The recipient did not take it."""

    track: Track


@dataclass(frozen=True, slots=True)
class Returning:
    """On its way back to the sender."""

    track: Track


@dataclass(frozen=True, slots=True)
class Delivered:
    """The buyer has the goods."""

    track: Track


@dataclass(frozen=True, slots=True)
class Returned:
    """The shop has the goods."""

    track: Track


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody has the goods, on somebody's word."""

    track: Track


@dataclass(frozen=True, slots=True)
class Cancelled:
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


@dataclass(frozen=True, slots=True)
class Scanned:
    """One scan by the carrier."""

    tracking: Tracking
    scan: Scan


@dataclass(frozen=True, slots=True)
class RegisteredAs:
    """The waybill belongs to this parcel of this order."""

    tracking: Tracking
    identity: Identity
    is_collect: bool
    """Whether the recipient is to pay the carrier."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """The parcel is at the shop's gate."""

    tracking: Tracking
    is_collect: bool


@dataclass(frozen=True, slots=True)
class Left:
    """The parcel left the warehouse."""

    parcel_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Voided:
    """The waybill is void."""

    parcel_id: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """The goods were checked at the shop."""

    parcel_id: str


@dataclass(frozen=True, slots=True)
class DeclaredLost:
    """The search ended: lost, on the word of the courier or of a person."""

    parcel_id: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class CollectAnswered:
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


@dataclass(frozen=True, slots=True)
class TrackOpened:
    """A waybill is followed; a later generation: the code was used again for another parcel."""

    tracking: Tracking
    generation: int
    starts_after: datetime | None
    attention: Attention


@dataclass(frozen=True, slots=True)
class ScanNoted:
    """A scan is in the track."""

    scan: Scan
    silence_at: datetime | None


@dataclass(frozen=True, slots=True)
class IdentityKnown:
    """The order and lines that the waybill stands for."""

    identity: Identity
    at: datetime
    silence_at: datetime | None
    attention: Attention


@dataclass(frozen=True, slots=True)
class DepartureKnown:
    """The warehouse says that it left."""

    at: datetime
    silence_at: datetime | None


@dataclass(frozen=True, slots=True)
class WaybillVoided:
    """The parcel will not travel under this waybill."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """No order ever claimed the waybill."""


@dataclass(frozen=True, slots=True)
class ArrivalNoted:
    """It is at the shop's gate."""

    at: datetime
    is_collect: bool
    silence_at: datetime | None


@dataclass(frozen=True, slots=True)
class EndDeclared:
    """Somebody says how it ended."""

    decision: Decision


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The picture has another status (parcel.status-changed)."""

    scan: Scan
    is_late_news: bool


@dataclass(frozen=True, slots=True)
class PickupKnown:
    """The earliest proof that the carrier has it became earlier."""

    at: datetime


@dataclass(frozen=True, slots=True)
class StallOpened:
    """Silent too long (parcel.stall-changed)."""

    stage: Stage
    since_at: datetime
    attention: Attention


@dataclass(frozen=True, slots=True)
class StallCleared:
    """Heard of again (parcel.stall-changed)."""

    stage: Stage
    since_at: datetime


@dataclass(frozen=True, slots=True)
class OutcomeDecided:
    """How it ended, as far as money may rely on it (parcel.outcome-decided)."""

    decision: Decision
    revises: Outcome | None
    fault: Fault


@dataclass(frozen=True, slots=True)
class CollectRefusalAsked:
    """The warehouse is not to take it in (warehouse.instruction-requested)."""

    request_id: str
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class CollectSettled:
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
