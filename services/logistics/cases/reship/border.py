"""Declares the reship: its events, its outcomes, and its words to the search for a lost parcel."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from aftersales_contracts.aftersales import common, logistics, refunds
from aftersales_contracts.aftersales import logistics_enums as lw
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ReshipPurpose
from aftersales_contracts.shop import desk
from chassis.engine import outcomes
from chassis.service import Announce, Kind, Reaction, Read
from kernel.decider import Addressed, CaseView
from kernel.people import Task, TaskWithdrawn
from kernel.picture import Picture, Pictures, ended
from services.logistics.attention import AttentionDrawn
from services.logistics.cases.lost_parcel import messages as lost_parcel
from services.logistics.cases.reship import messages as m
from services.logistics.cases.reship import state as s
from services.logistics.cases.reship.messages import NAME, Message, ReshipOrder
from services.logistics.cases.reship.rules import decide
from services.logistics.cases.reship.state import Ended, Fact, State, deadlines, evolve
from services.logistics.news import TaskDone
from services.logistics.policy import Policy
from services.logistics.shares import Share, merged, named


def _exchange_opened(data: refunds.ExchangeOpenedV1) -> Sequence[Addressed]:
    """Reads an exchange: the wanted variant of every line is kept."""
    skus = {wanted.line_id: wanted.sku_id for wanted in data.wanted}
    lines = tuple(share for share in merged(data.lines) if share.line_id in skus)
    if not lines:
        return []
    order = ReshipOrder(
        reship_id=data.reship_id,
        order_id=data.order_id,
        purpose=ReshipPurpose.EXCHANGE.value,
        lines=lines,
        sku_ids=tuple(skus[share.line_id] for share in lines),
    )
    return [m.to(data.order_id, data.reship_id, m.ReserveWanted(order))]


def _reship_due(data: refunds.ReshipDueV1) -> Sequence[Addressed]:
    """Reads that goods are to be sent."""
    order = ReshipOrder(
        reship_id=data.reship_id,
        order_id=data.order_id,
        purpose=data.purpose.value,
        lines=tuple(Share(line.line_id, line.quantity_count) for line in data.lines),
        sku_ids=tuple(data.sku_ids),
        ship_by=data.ship_by_at,
    )
    return [m.to(data.order_id, data.reship_id, m.SendWanted(order))]


def _task_completed(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    """Reads a person's answer."""
    return [m.to(data.about_subject, data.case_id, TaskDone(data.task_id, data.outcome_code))]


READS: Mapping[type[Event], Read] = {
    refunds.ExchangeOpenedV1: _exchange_opened,
    refunds.ReshipDueV1: _reship_due,
    desk.TaskCompletedV1: outcomes.mine(NAME, _task_completed),
}


def _order(view: CaseView[State]) -> ReshipOrder:
    if isinstance(view.state, s.Absent):
        raise TypeError("nothing is to be sent")
    return view.state.order


def _requested(
    fact: s.ReserveAsked | s.SendAsked | s.CancelAsked, view: CaseView[State]
) -> logistics.ReshipRequestedV1:
    """Announces a request to the warehouse."""
    order = _order(view)
    match fact:
        case s.ReserveAsked():
            action = lw.ReshipAction.RESERVE
        case s.SendAsked():
            action = lw.ReshipAction.SEND
        case s.CancelAsked():
            action = lw.ReshipAction.CANCEL
        case _:
            assert_never(fact)
    return logistics.ReshipRequestedV1(
        **outcomes.about_order(view),
        request_id=m.request_id(order.reship_id, action.value),
        reship_id=order.reship_id,
        action=action,
        purpose=ReshipPurpose(order.purpose),
        sku_ids=list(order.sku_ids),
        lines=outcomes.pieces(named(order.lines)),
        carrier_code=order.carrier_code,
        ship_by_at=order.ship_by,
        replaces_parcel_id=order.replaces_parcel_id,
    )


Moved = s.StockKept | s.StockMissing | s.SentOut | s.Arrived | s.NotArrived | s.CalledOff
STATUS: Mapping[type[Moved], lw.ReshipStatus] = {
    s.StockKept: lw.ReshipStatus.RESERVED,
    s.StockMissing: lw.ReshipStatus.UNAVAILABLE,
    s.SentOut: lw.ReshipStatus.SENT,
    s.Arrived: lw.ReshipStatus.DELIVERED,
    s.NotArrived: lw.ReshipStatus.FAILED,
    s.CalledOff: lw.ReshipStatus.CANCELLED,
}


def _moved(fact: Moved, view: CaseView[State]) -> logistics.ReshipStatusChangedV1:
    """Announces the progress of the reship."""
    state = view.state
    carried = state if isinstance(state, s.Requested | s.Sent | s.Delivered | s.Failed) else None
    return logistics.ReshipStatusChangedV1(
        **outcomes.about_order(view),
        reship_id=_order(view).reship_id,
        status=STATUS[type(fact)],
        parcel_id=carried.parcel_id if carried else None,
    )


def _task(fact: s.NoteDiffers | s.SendLate | AttentionDrawn, view: CaseView[State]) -> common.TaskRequestedV1:
    """Announces the task of a fact that does more than ask."""
    return outcomes.order_task(fact.task, view)


ANNOUNCES: Mapping[type, Announce] = {
    AttentionDrawn: _task,
    Task: outcomes.order_task,
    TaskWithdrawn: outcomes.order_task_withdrawn,
    s.ReserveAsked: _requested,
    s.SendAsked: _requested,
    s.CancelAsked: _requested,
    s.NoteDiffers: _task,
    s.SendLate: _task,
    **dict.fromkeys(STATUS, _moved),
}


def _failed(fact: s.StockMissing | s.NotArrived, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the search that a resend failed: the refund is left.

    A resend that is lost again is looked for by a search of its own.
    """
    order = _order(view)
    if order.purpose != "lost" or fact.reason_code == "lost" or order.replaces_parcel_id is None:
        return []
    return [lost_parcel.to(view.subject, order.replaces_parcel_id, lost_parcel.ReshipFailed(order.reship_id))]


def _called_off(_fact: s.CalledOff, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the search, which settles the loss by the refund that took the resend's place."""
    order = _order(view)
    if order.replaces_parcel_id is None:
        return []
    return [lost_parcel.to(view.subject, order.replaces_parcel_id, lost_parcel.ResendLetGo(order.reship_id))]


TELLS: Mapping[type, Reaction] = {
    s.CalledOff: _called_off,
    s.StockMissing: _failed,
    s.NotArrived: _failed,
}

PICTURES: Pictures = {
    s.Reserving: Picture("reserving", "warehouse"),
    s.Reserved: Picture("reserved", "system"),
    s.Checking: Picture("checking", "agent"),
    s.Requested: Picture("requested", "warehouse"),
    s.Sent: Picture("sent", "carrier"),
    s.Delivered: ended("delivered"),
    s.Failed: ended("failed"),
    s.Unavailable: ended("unavailable"),
    s.Cancelled: ended("cancelled"),
}

RESHIP: Kind[State, Message, Fact, Policy] = Kind(
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
)
