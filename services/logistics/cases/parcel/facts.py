"""Defines the facts of the parcel of a waybill."""

from datetime import datetime

from kernel.decider import Told
from kernel.people import Task
from kernel.value import Value
from services.logistics.attention import Attention, AttentionDrawn
from services.logistics.parcels import Fault, Outcome, Stage, Tracking
from services.logistics.track import Decision, Identity, Scan, Sharer, Track


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


class ScanOfAnother(Value):
    """A scan is of the parcel that had the waybill before: it is kept, and nothing follows."""

    scan: Scan


class SharerKnown(Value):
    """Goods of another order are in the parcel."""

    sharer: Sharer


class TrackTaken(Value):
    """The case of another order in the parcel begins with what is known of the waybill."""

    track: Track


class IdentityKnown(Value):
    """The order and lines that the waybill stands for."""

    identity: Identity
    at: datetime
    silence_at: datetime | None
    attention: Attention
    is_corrected: bool = False
    """The parcel had a wrong number before: nothing could be heard of it until now."""


class CorrectionKnown(Value):
    """The parcel was known by a wrong number until now."""

    at: datetime
    silence_at: datetime | None


class DepartureKnown(Value):
    """The warehouse says that the parcel left."""

    at: datetime
    silence_at: datetime | None
    region_code: str | None = None


class ShipMarkKnown(Value):
    """The seller marked the goods as shipped: the buyer may see the parcel."""

    at: datetime
    region_code: str | None = None


class WaybillVoided(Value):
    """The parcel will not travel under this waybill."""


class NumberWrong(Value):
    """The waybill is not that of the parcel: nothing is said of it any more."""

    parcel_id: str
    forget_at: datetime


class OutcomeUnknown(Value):
    """The end that was told was that of a wrong number (parcel.outcome-decided)."""

    revises: Outcome


class Forgotten(Value):
    """No order ever claimed the waybill."""


class ArrivalNoted(Value):
    """The parcel is at the shop's gate."""

    at: datetime
    is_collect: bool
    silence_at: datetime | None


class EndDeclared(Value):
    """Somebody says how the parcel ended."""

    decision: Decision


class StatusChanged(Value):
    """The picture has another status (parcel.status-changed)."""

    scan: Scan
    is_late_news: bool


class StatusShown(Value):
    """The status is not new, but the buyer may see it now (parcel.status-changed)."""

    scan: Scan


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
    """The end of the parcel, on which money may rely (parcel.outcome-decided)."""

    decision: Decision
    revises: Outcome | None
    fault: Fault


class CollectRefusalAsked(Value):
    """The warehouse is not to take the parcel in (warehouse.instruction-requested)."""

    request_id: str
    answer_by: datetime


class CollectSettled(Value):
    """The freight-collect parcel was refused, or taken in."""

    is_refused: bool


Fact = (
    TrackOpened
    | ScanNoted
    | ScanOfAnother
    | SharerKnown
    | TrackTaken
    | IdentityKnown
    | CorrectionKnown
    | DepartureKnown
    | ShipMarkKnown
    | WaybillVoided
    | NumberWrong
    | OutcomeUnknown
    | Forgotten
    | ArrivalNoted
    | EndDeclared
    | StatusChanged
    | StatusShown
    | StallOpened
    | StallCleared
    | OutcomeDecided
    | CollectRefusalAsked
    | CollectSettled
    | AttentionDrawn
    | Task
    | Told
)
