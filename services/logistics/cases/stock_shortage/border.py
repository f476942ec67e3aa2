"""Declares the shortage of an order: its events, its outcomes, and its words to dispatch."""

from collections.abc import Mapping, Sequence

from aftersales_contracts import components
from aftersales_contracts.aftersales import common, logistics, refunds
from aftersales_contracts.aftersales import logistics_enums as lw
from aftersales_contracts.base import Event
from aftersales_contracts.enums import OptionKind
from aftersales_contracts.shop import aftersales, desk, orders
from chassis.engine import outcomes
from chassis.service import Announce, Kind, Reaction, Read
from kernel.decider import Addressed, CaseView
from kernel.people import TaskWithdrawn
from kernel.picture import Picture, Pictures, ended
from services.logistics.attention import AttentionDrawn
from services.logistics.cases.dispatch import messages as dispatch
from services.logistics.cases.stock_shortage import messages as m
from services.logistics.cases.stock_shortage import state as s
from services.logistics.cases.stock_shortage.messages import NAME, Message
from services.logistics.cases.stock_shortage.rules import decide
from services.logistics.cases.stock_shortage.state import Ended, Fact, State, deadlines, evolve
from services.logistics.news import TaskDone
from services.logistics.policy import Policy
from services.logistics.shares import merged, named


def _closed(data: orders.OrderClosedV1) -> Sequence[Addressed]:
    """Reads that the order, or some of its lines, is closed."""
    return [m.to(data.order_id, m.RefundTakesOver(merged(data.lines or ())))]


def _refund_opened(data: refunds.RefundOpenedV1) -> Sequence[Addressed]:
    """Reads that a refund is open."""
    return [m.to(data.order_id, m.RefundTakesOver(merged(data.lines)))]


def _offer_answered(data: aftersales.OfferAnsweredV1) -> Sequence[Addressed]:
    """Reads the buyer's choice."""
    return [m.to(data.order_id, m.OfferAnswered(data.offer_id, data.option_id))]


def _task_completed(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    """Reads a person's answer."""
    return [m.to(data.about_subject, TaskDone(data.task_id, data.outcome_code))]


READS: Mapping[type[Event], Read] = {
    orders.OrderClosedV1: _closed,
    refunds.RefundOpenedV1: _refund_opened,
    aftersales.OfferAnsweredV1: outcomes.mine(NAME, _offer_answered),
    desk.TaskCompletedV1: outcomes.mine(NAME, _task_completed),
}


def _told(fact: s.BuyerTold, view: CaseView[State]) -> common.OfferMadeV1:
    """Announces the offer of a later date or the money; without an answer nothing happens by default."""
    if isinstance(view.state, s.Absent):
        raise TypeError("nothing is missing")
    lines = outcomes.pieces(named(view.state.shortage.lines)) or None
    return common.OfferMadeV1(
        **outcomes.about_order(view),
        offer_id=fact.offer_id,
        options=[
            components.Option(
                option_id="wait", kind=OptionKind.WAIT, lines=lines, until_at=fact.wait_until_at
            ),
            components.Option(option_id="refund", kind=OptionKind.REFUND, lines=lines),
        ],
        choose_by_at=fact.choose_by,
    )


def _off_sale(fact: s.SaleStopped, view: CaseView[State]) -> common.ListingActionRequestedV1:
    """Announces that the product is to go off sale."""
    return common.ListingActionRequestedV1(
        **view.common(),
        request_id=fact.request_id,
        product_id=fact.product_id,
        order_id=view.subject,
        action_code="withdraw",
        reason_code="stock_shortage",
    )


def _task(fact: s.ChoiceMissed | AttentionDrawn, view: CaseView[State]) -> common.TaskRequestedV1:
    """Announces the task of a fact that does more than ask."""
    return outcomes.order_task(fact.task, view)


def _refund_taken(fact: s.RefundTaken, view: CaseView[State]) -> logistics.RemedyRefundDueV1:
    """Announces that the buyer is to be paid."""
    return logistics.RemedyRefundDueV1(
        **outcomes.about_order(view),
        remedy_id=fact.remedy_id,
        lines=outcomes.pieces(named(fact.lines)),
        reason_code=lw.RemedyReason.NO_STOCK,
        fault=lw.Fault.SHOP,
    )


ANNOUNCES: Mapping[type, Announce] = {
    AttentionDrawn: _task,
    TaskWithdrawn: outcomes.order_task_withdrawn,
    s.BuyerTold: _told,
    s.SaleStopped: _off_sale,
    s.ChoiceMissed: _task,
    s.RefundTaken: _refund_taken,
}


def _later_date(fact: s.LaterDateTaken, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells dispatch the date that is agreed now."""
    return [dispatch.to(view.subject, dispatch.LaterDateAgreed(fact.until_at))]


TELLS: Mapping[type, Reaction] = {s.LaterDateTaken: _later_date}

PICTURES: Pictures = {
    s.Told: Picture("told", "buyer", ("choose_remedy",)),
    s.Waiting: Picture("waiting", "seller", ("hand_over_parcel",)),
    s.Released: ended("released"),
    s.RefundDue: ended("refund_due"),
}

STOCK_SHORTAGE: Kind[State, Message, Fact, Policy] = Kind(
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
