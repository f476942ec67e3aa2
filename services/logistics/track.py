"""Folds scans of one parcel, in any order, into one picture, and computes its status, stage and outcome."""

from datetime import datetime, timedelta
from enum import StrEnum

from kernel.rules import rules_of
from kernel.value import Value, replace
from services.logistics.attention import Attention
from services.logistics.parcels import Basis, Direction, Outcome, ParcelStatus, Stage, Tracking
from services.logistics.shares import Share
from services.logistics.way import Step, is_going_back, with_step

FINAL = frozenset({ParcelStatus.DELIVERED, ParcelStatus.RETURNED, ParcelStatus.LOST})
IN_DELIVERY = frozenset(
    {
        ParcelStatus.OUT_FOR_DELIVERY,
        ParcelStatus.AVAILABLE_FOR_PICKUP,
        ParcelStatus.ATTEMPT_FAILED,
        ParcelStatus.NOT_COLLECTED,
        ParcelStatus.REFUSED,
    }
)
TURNED = frozenset(
    {
        ParcelStatus.REFUSED,
        ParcelStatus.NOT_COLLECTED,
        ParcelStatus.INTERCEPTED,
        ParcelStatus.RETURNING,
    }
)
BEFORE_CARRIER = frozenset({ParcelStatus.UNKNOWN, ParcelStatus.REGISTERED, ParcelStatus.CANCELLED})
NO_PICKUP = BEFORE_CARRIER | {ParcelStatus.LOST, ParcelStatus.PROBLEM}
"""Statuses that a carrier can also give to a parcel that it never had."""
SENDER = "sender"
"""The signer of a parcel that is back."""
_RANK = {status: rank for rank, status in enumerate(ParcelStatus)} | {ParcelStatus.LOST: -1}


class Collect(StrEnum):
    """The progress of the refusal of a freight-collect return (RF-069)."""

    NONE = "none"
    ASKED = "asked"
    REFUSED = "refused"
    """The shop does not take the parcel in: the goods go back to the buyer."""
    TAKEN = "taken"


class Scan(Value):
    """One word of a carrier about the parcel. `at` orders scans, never the order of arrival."""

    at: datetime
    status: ParcelStatus
    raw_status_code: str
    place_name: str | None = None
    signed_by: str | None = None
    region_code: str | None = None
    reason_code: str | None = None
    told_at: datetime | None = None
    """The moment that the carrier gave, where it lies after the telling; `at` is then that of the telling."""
    told_status: str | None = None
    """The status as it was told, where this version does not know it."""
    expected_at: datetime | None = None
    """By when the carrier means to deliver."""

    @property
    def moment(self) -> tuple[datetime, datetime]:
        """The moment that counts; among scans told too early, in the order of their own moments."""
        return (self.at, self.told_at or self.at)

    @property
    def key(self) -> tuple[tuple[datetime, datetime], int, str, str, str]:
        """A total order of scans: by time; within one moment the status further on counts, a loss least."""
        place, signed_by = self.place_name or "", self.signed_by or ""
        return (self.moment, _RANK[self.status], self.raw_status_code, place, signed_by)


class Identity(Value):
    """The order and the goods that the waybill stands for, once it is registered."""

    shop_id: str
    order_id: str
    parcel_id: str
    direction: Direction
    lines: tuple[Share, ...]
    customer_id: str | None = None


class Sharer(Value):
    """Another order with goods in the parcel: it has a case of its own beside that of the waybill."""

    case_id: str
    order_id: str
    parcel_id: str
    registered_with: str | None = None
    """The parcel with whose registration it was named."""


class Decision(Value):
    """The outcome that was announced, and on whose word."""

    outcome: Outcome
    basis: Basis
    at: datetime
    is_over_signature: bool = False
    """A loss that was stated although the parcel had been signed for: only later scans refute it."""


class Track(Value):
    """One parcel. `motion` and `end` are the last scans under way and at an end.

    The order in which scans arrive does not matter, nor do repeats.
    """

    tracking: Tracking
    attention: Attention
    generation: int = 1
    starts_after: datetime | None = None
    """Scans up to then belong to the parcel that had the waybill before."""
    identity: Identity | None = None
    registered_at: datetime | None = None
    left_at: datetime | None = None
    motion: Scan | None = None
    end: Scan | None = None
    pickup_at: datetime | None = None
    last_at: datetime | None = None
    declared: Decision | None = None
    """An end that somebody stated without a scan: inspection, courier, person."""
    decided: Decision | None = None
    silence_at: datetime | None = None
    """The moment at which the silence since the last news is too long; None while no news is due."""
    stalled_stage: Stage | None = None
    stalled_since_at: datetime | None = None
    is_void: bool = False
    collect: Collect = Collect.NONE
    collect_answer_by: datetime | None = None
    arrived_at: datetime | None = None
    """The moment at which the parcel came to the shop's gate."""
    is_arrived_collect: bool = False
    is_turned: bool = False
    """The buyer refused the parcel, or the carrier brings it back: carriage is then its way to the shop."""
    is_hidden: bool = False
    """The order is not marked as shipped yet: the buyer sees nothing of the parcel (OR-009)."""
    shipped_at: datetime | None = None
    """The ship mark."""
    region_code: str | None = None
    """The destination, as the order names it."""
    way: tuple[Step, ...] = ()
    """The scans that say which way the parcel goes."""
    is_back: bool = False
    """The parcel was signed for on its way back."""
    expected_at: datetime | None = None
    """By when the carrier means to deliver, as it said last."""
    expected_said_at: datetime | None = None
    corrected_at: datetime | None = None
    """The moment at which this number took the place of a wrong one."""
    share_id: str = ""
    """The id of the case of another order in the parcel; empty for that of the waybill."""
    sharers: tuple[Sharer, ...] = ()
    """The other orders in the parcel, in the case of the waybill."""
    wrong_ids: tuple[str, ...] = ()
    """Parcels that were registered under this number by mistake."""


@rules_of("OR-009", "LG-016")
def picture(track: Track) -> Scan | None:
    """Finds the scan that says where the parcel is: the last by its own time.

    After an end, stray scans of carriage say nothing, except after a loss: then it turned up. Whoever signed
    for a parcel on its way back is its sender.
    """
    end, motion = track.end, track.motion
    if end is not None and track.is_back:
        end = replace(end, status=ParcelStatus.RETURNED)
    if end is None or motion is None:
        return end or motion
    is_found = end.status is ParcelStatus.LOST and motion.at > end.at
    return motion if is_found else end


def status_of(track: Track) -> ParcelStatus:
    """Finds the status now."""
    if track.is_void:
        return ParcelStatus.CANCELLED
    seen = picture(track)
    if seen is not None:
        return seen.status
    return ParcelStatus.REGISTERED if track.identity is not None else ParcelStatus.UNKNOWN


def with_scan(track: Track, scan: Scan) -> Track:
    """Adds a scan to the track; the result is the same for any order of scans and any repetition."""
    motion, end, pickup_at = track.motion, track.end, track.pickup_at
    if scan.status in FINAL:
        end = scan if end is None or scan.key > end.key else end
    else:
        motion = scan if motion is None or scan.key > motion.key else motion
    if scan.status not in NO_PICKUP:
        pickup_at = scan.at if pickup_at is None else min(pickup_at, scan.at)
    last_at = scan.at if track.last_at is None else max(track.last_at, scan.at)
    turned = TURNED & {each.status for each in (scan, track.motion) if each is not None}
    is_turned = track.is_turned or bool(turned)
    moved = replace(track, motion=motion, end=end, pickup_at=pickup_at, last_at=last_at, is_turned=is_turned)
    return _with_way(moved, track, scan)


@rules_of("RF-036", "RF-044", "LG-050")
def _with_way(moved: Track, before: Track, scan: Scan) -> Track:
    """Adds the scan to the way, and judges the end by the way before it."""
    way, end = before.way, moved.end
    if not way and before.motion is not None:  # a track of a version that kept no way
        way = with_step(way, before.motion.status, *before.motion.moment)
    if scan.told_status is None:
        way = with_step(way, scan.status, *scan.moment)
    is_back = (
        end is not None
        and end.status is ParcelStatus.DELIVERED
        and (end.signed_by == SENDER or is_going_back(way, end.moment))
    )
    return _with_expected(replace(moved, way=way, is_back=is_back), scan)


def _with_expected(track: Track, scan: Scan) -> Track:
    """Takes over by when the carrier means to deliver, if no later scan said so."""
    if scan.expected_at is None:
        return track
    known, said_at = track.expected_at, track.expected_said_at
    if known is not None and said_at is not None and (said_at, known) > (scan.at, scan.expected_at):
        return track
    return replace(track, expected_at=scan.expected_at, expected_said_at=scan.at)


def is_of_another(track: Track, at: datetime, early: timedelta) -> bool:
    """Says whether a scan of that moment belongs to the parcel that had the waybill before.

    That is one of the generation before, or one from long before the parcel was registered.
    """
    if track.starts_after is not None and at <= track.starts_after:
        return True
    return track.registered_at is not None and at < track.registered_at - early


@rules_of("LG-016", "LG-033")
def stage_of(track: Track) -> Stage | None:
    """Finds the stage at which the parcel was heard of last; None if the carrier owes no news."""
    if track.identity is None or track.is_void or outcome_of(track) is not None:
        return None
    seen = picture(track)
    is_with_carrier = seen is not None and (seen.status not in NO_PICKUP or track.pickup_at is not None)
    if seen is None or seen.status in BEFORE_CARRIER or not is_with_carrier:
        return Stage.NOT_PICKED_UP if track.left_at is not None else None
    if seen.status is ParcelStatus.PICKED_UP:
        return Stage.AFTER_PICKUP
    return Stage.IN_DELIVERY if seen.status in IN_DELIVERY else Stage.IN_TRANSIT


def heard_at(track: Track) -> datetime | None:
    """Finds the last moment at which anything was heard of the parcel under way."""
    moments = [at for at in (track.left_at, track.last_at, track.corrected_at) if at is not None]
    return max(moments) if moments else None


@rules_of("RF-044", "RF-006", "RF-069", "LG-042", "LG-050")
def outcome_of(track: Track) -> Decision | None:
    """Finds the parcel's end, as far as is known: by scan, or by a statement that no later scan refutes.

    Delivered: the buyer has the goods; returned: the shop has them. A signature by household or
    guard counts as the buyer's. A loss is refuted by any later sign of life.
    """
    if track.identity is None or track.is_void:
        return None
    said, seen = track.declared, picture(track)
    by_scan: Decision | None = None
    if seen is not None and seen.status in FINAL:
        by_scan = Decision(_end_of(track, track.identity, seen.status), Basis.SCAN, seen.at)
        if seen.status is ParcelStatus.LOST:
            by_scan = replace(by_scan, basis=Basis.COURIER)
    if said is None:
        return by_scan
    if said.outcome is Outcome.LOST:
        is_alive = track.motion is not None and track.motion.at > said.at
        is_found = by_scan is not None and by_scan.outcome is not Outcome.LOST
        if by_scan is not None and said.is_over_signature:
            is_found = is_found and by_scan.at > said.at
        return by_scan if is_alive or is_found else said
    return by_scan if by_scan is not None and by_scan.at > said.at else said


def _end_of(track: Track, identity: Identity, status: ParcelStatus) -> Outcome:
    if status is ParcelStatus.LOST:
        return Outcome.LOST
    if identity.direction is Direction.RETURN:
        has_buyer = track.collect is Collect.REFUSED or status is ParcelStatus.RETURNED
        return Outcome.DELIVERED if has_buyer else Outcome.RETURNED
    return Outcome.DELIVERED if status is ParcelStatus.DELIVERED else Outcome.RETURNED
