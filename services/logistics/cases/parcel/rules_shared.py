"""Decides on a parcel with goods of several orders: the case of the waybill tells the others what happens.

Each further order has a case of its own, which takes every scan and decides for itself. What an order says of
its parcel is passed on to its case.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Addressed, DeadlinePassed, Decided, tell
from kernel.ids import derived_id
from kernel.rules import rule, rules_of
from kernel.value import replace
from services.logistics.cases.dispatch import messages as dispatch
from services.logistics.cases.parcel import facts as f
from services.logistics.cases.parcel import messages as m
from services.logistics.cases.parcel.facts import Fact
from services.logistics.cases.parcel.messages import Message
from services.logistics.parcels import parcel_case_id
from services.logistics.policy import Policy
from services.logistics.shares import overlaps
from services.logistics.track import Identity, Sharer, Track, outcome_of

Decisions = list[Decided[Fact]]
Named = m.Left | m.ShipMarked | m.Voided | m.Misnumbered | m.Inspected | m.DeclaredLost | m.CollectAnswered


def case_name(track: Track) -> str:
    """Finds the id of the case that keeps this track."""
    return track.share_id or parcel_case_id(track.tracking)


@rules_of("OR-009", "LG-064")
def can_share(track: Track, identity: Identity, policy: Policy, now: datetime) -> bool:
    """Says whether goods of another registration can be in the parcel: soon after the first, the same way.

    One order may divide a parcel by lines; the same lines again are no other goods.
    """
    known, registered_at, end = track.identity, track.registered_at, outcome_of(track)
    if known is None or registered_at is None or known.shop_id != identity.shop_id:
        return False
    if known.direction is not identity.direction or now > registered_at + policy.parcel.shared_days:
        return False
    if known.order_id == identity.order_id and overlaps(known.lines, identity.lines):
        return False
    return end is None or now <= end.at + policy.parcel.shared_after_end_hours


@rule("OR-009", "LG-064")
def joined(track: Track, message: m.RegisteredAs) -> Sequence[Fact]:
    """Opens the case of another order in the parcel, with all that is known of the waybill."""
    identity = message.identity
    case_id = derived_id(parcel_case_id(track.tracking), identity.order_id, identity.parcel_id)
    sharer = Sharer(case_id, identity.order_id, identity.parcel_id, message.registered_with)
    known = replace(track, share_id=case_id, sharers=())
    told = m.to(track.tracking, m.Joined(known, identity), case_id)
    return [f.SharerKnown(sharer), tell(told)]


def sharer_of(track: Track, order_id: str, parcel_id: str) -> Sharer | None:
    """Finds the other order that was registered so."""
    return next((x for x in track.sharers if (x.order_id, x.parcel_id) == (order_id, parcel_id)), None)


def is_for(named: Identity | Sharer | None, message: Named) -> bool:
    """Says whether a message that names a parcel is for this one."""
    if named is None or named.parcel_id != message.parcel_id:
        return False
    if isinstance(message, m.Left | m.ShipMarked | m.Voided | m.Misnumbered):
        return message.order_id in {None, named.order_id}
    return True


def passed_on(track: Track | None, message: Message) -> Decisions:
    """Tells the other orders in the parcel what concerns them."""
    if track is None or not track.sharers:
        return []
    told = [each for sharer in track.sharers for each in _told(track, sharer, message)]
    return _passed(told) if told else []


@rule("OR-009", "LG-064")
def _passed(told: Sequence[Addressed]) -> Sequence[Fact]:
    """Passes news of the waybill on to the other orders in the parcel."""
    return [tell(*told)]


def _told(track: Track, sharer: Sharer, message: Message) -> Sequence[Addressed]:
    theirs: Message | None
    match message:
        case m.Scanned() | m.Arrived():
            theirs = message
        case m.Left(at=at):
            theirs = message if is_for(sharer, message) else m.LeftTogether(at)
        case m.LeftTogether():
            theirs = message
        case m.Inspected() | m.DeclaredLost():
            theirs = replace(message, parcel_id=sharer.parcel_id)
        case m.ShipMarked() | m.CollectAnswered():
            theirs = message if is_for(sharer, message) else None
        case m.Voided() | m.Misnumbered():
            if message.parcel_id == sharer.registered_with:
                return _order_told(track, sharer, message)
            theirs = message if is_for(sharer, message) else None
        case m.RegisteredAs() | m.Joined() | DeadlinePassed():
            theirs = None
        case _:
            assert_never(message)
    return [] if theirs is None else [m.to(track.tracking, theirs, sharer.case_id)]


def _order_told(track: Track, sharer: Sharer, message: m.Voided | m.Misnumbered) -> Sequence[Addressed]:
    """Tells an order what was said of the registration in which it was named; the order tells its parcel."""
    if isinstance(message, m.Voided):
        return [dispatch.to(sharer.order_id, dispatch.WaybillVoided(sharer.parcel_id))]
    corrected = dispatch.NumberCorrected(sharer.parcel_id, track.tracking, message.right)
    return [dispatch.to(sharer.order_id, corrected)]


def left_together(track: Track, at: datetime) -> Sequence[Addressed]:
    """Tells the order of a parcel that it left, where that was told of another order in it."""
    identity = track.identity
    if identity is None:
        return []
    left = dispatch.ParcelLeft(identity.parcel_id, track.tracking.carrier_code, at)
    return [dispatch.to(identity.order_id, left)]
