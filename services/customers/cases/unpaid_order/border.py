"""Connects an order that waits for its payment: news of the order in, the request to close it out."""

from collections.abc import Mapping, Sequence

from aftersales_contracts import components
from aftersales_contracts.aftersales import common
from aftersales_contracts.aftersales import customers as out
from aftersales_contracts.base import Event
from aftersales_contracts.shop import orders
from chassis.engine import outcomes
from chassis.service import Announce, Kind, Reaction, Read
from kernel.decider import Addressed, CaseView
from kernel.people import Task
from kernel.picture import Picture, Pictures
from kernel.value import replace
from services.customers.cases.message import messages as message
from services.customers.cases.unpaid_order import messages as m
from services.customers.cases.unpaid_order import state as s
from services.customers.cases.unpaid_order.rules import decide
from services.customers.policy import Policy

# Reads.


def _placed(data: orders.OrderPlacedV1) -> Sequence[Addressed]:
    """Reads a new order: it is watched until it is paid."""
    placed = m.Placed(
        data.order_id,
        data.customer_id,
        data.payment_mode != orders.PaymentMode.CASH_ON_DELIVERY,
        bool(data.has_consulted),
        data.agent_id,
        data.total.minor,
    )
    gift = components.costs_nothing(data.lines, data.total)
    return [m.to(data.order_id, placed), *([m.to(data.order_id, m.Paid())] if gift else [])]


def _terms_changed(data: orders.OrderTermsChangedV1) -> Sequence[Addressed]:
    """Reads new terms."""
    changed = m.TermsChanged(data.by.role.value, data.total.minor)
    gift = components.costs_nothing(data.lines or [], data.total)
    return [m.to(data.order_id, changed), *([m.to(data.order_id, m.Paid())] if gift else [])]


def _paid(data: orders.OrderPaidV1) -> Sequence[Addressed]:
    """Reads the payment."""
    return [m.to(data.order_id, m.Paid())]


def _closed(data: orders.OrderClosedV1) -> Sequence[Addressed]:
    """Reads the close of the whole order; the close of single lines ends no wait."""
    return [] if data.lines else [m.to(data.order_id, m.Closed(data.cause.value, data.by.role.value))]


def _request_declined(data: orders.OrderRequestDeclinedV1) -> Sequence[Addressed]:
    """Reads that the order system does not close the order."""
    return [m.to(data.order_id, m.Declined(data.request_id, data.reason_code))]


READS: Mapping[type[Event], Read] = {
    orders.OrderPlacedV1: _placed,
    orders.OrderTermsChangedV1: _terms_changed,
    orders.OrderPaidV1: _paid,
    orders.OrderClosedV1: _closed,
    orders.OrderRequestDeclinedV1: _request_declined,
}


# Announces.


def _close_requested(fact: s.CloseRequested, view: CaseView[s.State]) -> out.OrderCloseRequestedV1:
    """Asks the order system to close the order, if it still waits for its payment."""
    return out.OrderCloseRequestedV1(
        **outcomes.about_order(view, fact.customer_id),
        request_id=fact.request_id,
        only_if=[common.StillHolds.AWAITING_PAYMENT],
        pay_by_at=fact.pay_by,
    )


ANNOUNCES: Mapping[type, Announce] = {s.CloseRequested: _close_requested, Task: outcomes.order_task}


# Tells.


def _said(fact: s.ReminderDue | s.HelpOffered, _view: CaseView[s.State]) -> Sequence[Addressed]:
    """Asks for the reminder or the offer of help as for every contact: consent and limits hold for it."""
    contact = fact.contact
    return [message.to(contact.customer_id, contact.notice_id, message.Asked(contact))]


TELLS: Mapping[type, Reaction] = {s.ReminderDue: _said, s.HelpOffered: _said}

PICTURES: Pictures = {
    s.Watched: Picture("watched", "buyer", ("pay", "ask_to_close"), phase="in_sale"),
    s.CloseAsked: Picture("close_asked", "system", ("pay",), phase="in_sale"),
    s.Ended: Picture("ended"),
}


def _detail(state: s.State, picture: Picture) -> Picture | None:
    """Adds the ending. An order that is paid on delivery never waits (OR-013)."""
    if not isinstance(state, s.Ended):
        return picture
    return None if state.ending is s.Ending.EXEMPT else replace(picture, ending=state.ending.value)


UNPAID_ORDER: Kind[s.State, m.Message, s.Fact, Policy] = Kind(
    name=m.NAME,
    initial=s.Absent(),
    state=s.State,
    message=m.Message,
    fact=s.Fact,
    ended=s.Ended,
    decide=decide,
    evolve=s.evolve,
    deadlines=s.deadlines,
    reads=READS,
    announces=ANNOUNCES,
    tells=TELLS,
    pictures=PICTURES,
    detail=_detail,
)
