"""Declares the parcel of a waybill: its events, its outcomes, and its words to the order."""

from collections.abc import Mapping, Sequence
from typing import Any

from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.aftersales import logistics_enums as lw
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ParcelDirection, SignedBy
from aftersales_contracts.enums import ParcelStatus as StatusWord
from aftersales_contracts.shop import aftersales, scans, shipments
from chassis.engine import outcomes
from chassis.service import Announce, Kind, Reaction, Read
from kernel.decider import Addressed, CaseView
from kernel.people import Task
from kernel.picture import Picture, Pictures, ended
from kernel.value import replace
from services.logistics.attention import AttentionDrawn
from services.logistics.cases.dispatch import messages as dispatch
from services.logistics.cases.parcel import facts as f
from services.logistics.cases.parcel import messages as m
from services.logistics.cases.parcel import state as s
from services.logistics.cases.parcel.facts import Fact
from services.logistics.cases.parcel.messages import NAME, Message
from services.logistics.cases.parcel.rules import decide
from services.logistics.cases.parcel.state import Ended, State, deadlines, evolve
from services.logistics.parcels import Direction, ParcelStatus, direction_of, tracking_of
from services.logistics.policy import Policy
from services.logistics.shares import merged, named
from services.logistics.track import Identity, Scan, Track, outcome_of, status_of

KNOWN_STATUS = {status.value: status for status in ParcelStatus}


def _registered(data: shipments.ParcelRegisteredV1) -> Sequence[Addressed]:
    """Reads that a waybill was made for some goods of an order."""
    tracking, direction = tracking_of(data.tracking), direction_of(data.direction.value)
    identity = Identity(data.shop_id, data.order_id, data.parcel_id, direction, merged(data.lines or ()))
    is_collect = data.freight_payer is shipments.FreightPayer.RECIPIENT
    is_corrected = data.replaces_parcel_id is not None
    others = [
        m.RegisteredAs(
            tracking,
            Identity(data.shop_id, each.order_id, each.parcel_id, direction, merged(each.lines)),
            is_collect,
            is_corrected,
            registered_with=data.parcel_id,
        )
        for each in data.other_orders or ()
    ]
    first = m.RegisteredAs(tracking, identity, is_collect, is_corrected)
    return [m.to(tracking, each) for each in (first, *others)]


def _return_sent(data: aftersales.ReturnSentV1) -> Sequence[Addressed]:
    """Reads that the buyer sends goods back under this waybill."""
    tracking, lines = tracking_of(data.tracking), merged(data.lines or ())
    identity = Identity(data.shop_id, data.order_id, data.return_id, Direction.RETURN, lines)
    return [m.to(tracking, m.RegisteredAs(tracking, identity, data.is_freight_collect))]


def _scanned(data: scans.ParcelScannedV1) -> Sequence[Addressed]:
    """Reads a scan; a status that this version does not know is a sign of life like any other, and kept."""
    status = KNOWN_STATUS.get(data.status.value, ParcelStatus.IN_TRANSIT)
    signed_by = data.signed_by.value if data.signed_by else None
    scan = Scan(
        at=data.occurred_at,
        status=status,
        raw_status_code=data.raw_status_code,
        place_name=data.place_name,
        signed_by=signed_by,
        region_code=data.region_code,
        reason_code=data.reason_code,
        told_status=None if data.status.value in KNOWN_STATUS else data.status.value,
        expected_at=data.expected_delivery_at,
    )
    tracking = tracking_of(data)
    return [m.to(tracking, m.Scanned(tracking, scan))]


def _arrived(data: scans.ParcelArrivedV1) -> Sequence[Addressed]:
    """Reads that the parcel is at the shop's gate."""
    tracking = tracking_of(data)
    return [m.to(tracking, m.Arrived(tracking, data.is_freight_collect, data.order_id))]


READS: Mapping[type[Event], Read] = {
    shipments.ParcelRegisteredV1: _registered,
    aftersales.ReturnSentV1: _return_sent,
    scans.ParcelScannedV1: _scanned,
    scans.ParcelArrivedV1: _arrived,
}


def _known(view: CaseView[State]) -> tuple[Track, Identity]:
    """Finds the parcel and its order. Raises TypeError for a parcel without an order, which says nothing."""
    if isinstance(view.state, s.Absent) or view.state.track.identity is None:
        raise TypeError("a parcel without an order says nothing")
    return view.state.track, view.state.track.identity


def _of_shop(view: CaseView[State]) -> CaseView[State]:
    """Puts in the shop of the parcel's own registration: a scan knows no shop."""
    _, identity = _known(view)
    return replace(view, shop_id=identity.shop_id)


def _about(view: CaseView[State]) -> dict[str, Any]:
    _, identity = _known(view)
    return {**_of_shop(view).common(), "order_id": identity.order_id}


def _status(fact: f.StatusChanged | f.StatusShown, view: CaseView[State]) -> logistics.ParcelStatusChangedV1:
    """Announces the status."""
    track, identity = _known(view)
    scan, signer = fact.scan, SignedBy(fact.scan.signed_by) if fact.scan.signed_by else None
    return logistics.ParcelStatusChangedV1(
        **_about(view),
        parcel_id=identity.parcel_id,
        tracking=outcomes.tracking(track.tracking),
        direction=ParcelDirection(identity.direction.value),
        status=StatusWord(scan.status.value),
        raw_status_code=scan.raw_status_code,
        place_name=scan.place_name,
        is_late_news=isinstance(fact, f.StatusChanged) and fact.is_late_news,
        signed_by=signer if signer and signer.is_known else None,
        is_visible=not track.is_hidden,
        shipped_at=track.shipped_at,
        told_status_code=scan.told_status,
        told_signer_code=None if signer is None or signer.is_known else signer.value,
        told_occurred_at=scan.told_at,
        expected_delivery_at=track.expected_at,
    )


def _stall(fact: f.StallOpened | f.StallCleared, view: CaseView[State]) -> logistics.ParcelStallChangedV1:
    """Announces the beginning or the end of a silence."""
    track, identity = _known(view)
    is_open = isinstance(fact, f.StallOpened)
    return logistics.ParcelStallChangedV1(
        **_about(view),
        parcel_id=identity.parcel_id,
        tracking=outcomes.tracking(track.tracking),
        stage=lw.StallStage(fact.stage.value),
        state=lw.StallState.OPENED if is_open else lw.StallState.CLEARED,
        silent_since_at=fact.since_at,
    )


def _outcome(fact: f.OutcomeDecided, view: CaseView[State]) -> logistics.ParcelOutcomeDecidedV1:
    """Announces where the goods are."""
    _, identity = _known(view)
    return logistics.ParcelOutcomeDecidedV1(
        **_about(view),
        parcel_id=identity.parcel_id,
        direction=ParcelDirection(identity.direction.value),
        lines=outcomes.pieces(named(identity.lines)),
        outcome=lw.ParcelOutcome(fact.decision.outcome.value),
        revises_outcome=lw.ParcelOutcome(fact.revises.value) if fact.revises else None,
        basis=lw.OutcomeBasis(fact.decision.basis.value),
        fault=lw.Fault(fact.fault.value),
    )


def _outcome_unknown(fact: f.OutcomeUnknown, view: CaseView[State]) -> logistics.ParcelOutcomeDecidedV1:
    """Announces that nobody knows where the goods are: the end that was told was of a wrong number."""
    _, identity = _known(view)
    return logistics.ParcelOutcomeDecidedV1(
        **_about(view),
        parcel_id=identity.parcel_id,
        direction=ParcelDirection(identity.direction.value),
        lines=outcomes.pieces(named(identity.lines)),
        outcome=lw.ParcelOutcome.UNKNOWN,
        revises_outcome=lw.ParcelOutcome(fact.revises.value),
        basis=lw.OutcomeBasis.PERSON,
        fault=lw.Fault.UNKNOWN,
    )


def _refuse_collect(
    fact: f.CollectRefusalAsked, view: CaseView[State]
) -> logistics.WarehouseInstructionRequestedV1:
    """Announces that the warehouse is not to take the parcel in."""
    _, identity = _known(view)
    return logistics.WarehouseInstructionRequestedV1(
        **_about(view),
        request_id=fact.request_id,
        instruction=lw.Instruction.REFUSE_COLLECT,
        parcel_id=identity.parcel_id,
    )


def _task(fact: Task, view: CaseView[State]) -> common.TaskRequestedV1:
    """Announces a question to a person, about the waybill."""
    _, identity = _known(view)
    return outcomes.task(fact, _of_shop(view), order_id=identity.order_id)


def _attention(fact: AttentionDrawn, view: CaseView[State]) -> common.TaskRequestedV1:
    """Announces that a person is to look at the parcel."""
    return _task(fact.task, view)


ANNOUNCES: Mapping[type, Announce] = {
    AttentionDrawn: _attention,
    Task: _task,
    f.StatusChanged: _status,
    f.StatusShown: _status,
    f.StallOpened: _stall,
    f.StallCleared: _stall,
    f.OutcomeDecided: _outcome,
    f.OutcomeUnknown: _outcome_unknown,
    f.CollectRefusalAsked: _refuse_collect,
}


def _moved(_fact: f.OutcomeDecided | f.StatusChanged, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the order the new picture."""
    if isinstance(view.state, s.Absent) or view.state.track.identity is None:
        return []
    track, identity = view.state.track, view.state.track.identity
    end, seen = outcome_of(track), track.end or track.motion
    moved = dispatch.ParcelMoved(
        parcel_id=identity.parcel_id,
        status=status_of(track),
        at=max((scan.at for scan in (track.motion, track.end) if scan), default=view.at),
        signed_by=seen.signed_by if seen else None,
        outcome=end.outcome if end else None,
    )
    return [dispatch.to(identity.order_id, moved)]


def _status_changed(fact: f.StatusChanged, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the order the status, but not that of an end, which the outcome tells at once."""
    if isinstance(view.state, s.Absent):
        return []
    track = view.state.track
    end, told = outcome_of(track), track.decided.outcome if track.decided else None
    return [] if end is not None and end.outcome is not told else _moved(fact, view)


def _stalled(fact: f.StallOpened | f.StallCleared, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the order that the parcel is silent, or heard of again."""
    if isinstance(view.state, s.Absent) or view.state.track.identity is None:
        return []
    identity = view.state.track.identity
    stalled = dispatch.ParcelStalled(identity.parcel_id, isinstance(fact, f.StallOpened))
    return [dispatch.to(identity.order_id, stalled)]


TELLS: Mapping[type, Reaction] = {
    f.StatusChanged: _status_changed,
    f.OutcomeDecided: _moved,
    f.StallOpened: _stalled,
    f.StallCleared: _stalled,
}

PICTURES: Pictures = {
    s.Unknown: Picture("unnamed"),
    s.Registered: Picture("registered", "seller", ("hand_over_parcel",)),
    s.Moving: Picture("moving", "carrier"),
    s.OutForDelivery: Picture("out_for_delivery", "buyer", ("accept_parcel", "refuse_parcel")),
    s.Problem: Picture("problem", "carrier"),
    s.Refused: Picture("refused", "carrier"),
    s.Returning: Picture("returning", "carrier"),
    s.Delivered: ended("delivered"),
    s.Returned: ended("returned"),
    s.Lost: ended("lost"),
    s.Cancelled: ended("cancelled"),
}


def _detail(state: State, picture: Picture) -> Picture | None:
    """Shows a parcel once an order named it, and goes on where its number turned out wrong."""
    if isinstance(state, s.Absent) or (state.track.identity is None and not state.track.wrong_ids):
        return None
    return picture


def _names(view: CaseView[State]) -> Mapping[str, Any]:
    """Names the order and the shop of the parcel's own registration."""
    identity = None if isinstance(view.state, s.Absent) else view.state.track.identity
    return {} if identity is None else {"order_id": identity.order_id, "shop_id": identity.shop_id}


PARCEL: Kind[State, Message, Fact, Policy] = Kind(
    name=NAME,
    initial=s.Absent(),
    state=State,
    message=Message,
    fact=Fact,
    ended=Ended,
    decide=decide,
    evolve=evolve,
    deadlines=deadlines,
    reads=READS,
    announces=ANNOUNCES,
    tells=TELLS,
    pictures=PICTURES,
    detail=_detail,
    about=_names,
)
