"""Connects the file of an order: news of the order in, and on to its promises, messages and index."""

from collections.abc import Mapping, Sequence

from aftersales_contracts import components
from aftersales_contracts.aftersales import logistics, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.shop import orders, shipments
from chassis.engine import outcomes
from chassis.service import Kind, Reaction, Read
from kernel.decider import Addressed, CaseView
from services.customers.cases.customer_order import messages as m
from services.customers.cases.customer_order import state as s
from services.customers.cases.customer_order.rules import decide
from services.customers.cases.message import messages as message
from services.customers.cases.order_index import messages as order_index
from services.customers.cases.promise import messages as promise
from services.customers.contact import Contact
from services.customers.policy import Policy

# Reads.


def _placed(data: orders.OrderPlacedV1) -> Sequence[Addressed]:
    """Reads a new order; an order without an account is filed under its customer."""
    account_id = data.buyer_account_id or data.customer_id
    placed = m.Placed(data.customer_id, account_id, outcomes.money_in(data.freight))
    gift = components.costs_nothing(data.lines, data.total)
    paid = [m.to(data.order_id, m.Paid(data.order_id, outcomes.money_in(data.total)))] if gift else []
    return [m.to(data.order_id, placed), *paid]


def _terms_changed(data: orders.OrderTermsChangedV1) -> Sequence[Addressed]:
    """Reads the freight of new terms."""
    return [m.to(data.order_id, m.TermsChanged(outcomes.money_in(data.freight)))]


def _paid(data: orders.OrderPaidV1) -> Sequence[Addressed]:
    """Reads the payment."""
    return [m.to(data.order_id, m.Paid(data.order_id, outcomes.money_in(data.paid_amount)))]


def _shipped(data: orders.OrderShippedV1) -> Sequence[Addressed]:
    """Reads that a part, or all, was shipped."""
    return [m.to(data.order_id, m.Shipped(data.order_id))]


def _succeeded(data: orders.OrderSucceededV1) -> Sequence[Addressed]:
    """Reads the success of the whole order, or of all that was left of it."""
    return [] if data.lines else [m.to(data.order_id, m.Succeeded())]


def _closed(data: orders.OrderClosedV1) -> Sequence[Addressed]:
    """Reads the close of the order, or of some of its lines."""
    is_refunded = data.cause in (orders.CloseCause.REFUNDED, orders.CloseCause.REFUNDED_UNSHIPPED)
    return [m.to(data.order_id, m.Closed(is_refunded, is_whole=not data.lines))]


def _memo_stored(data: orders.OrderMemoStoredV1) -> Sequence[Addressed]:
    """Reads that a memo which a promise asked for is on the order."""
    return [] if data.request_id is None else [m.to(data.order_id, m.MemoStored(data.request_id))]


def _handed_over(data: shipments.ParcelHandedOverV1) -> Sequence[Addressed]:
    """Reads that a parcel left the warehouse."""
    return [m.to(data.order_id, m.HandedOver(data.carrier_code))]


def _dispatch_completed(data: logistics.DispatchCompletedV1) -> Sequence[Addressed]:
    """Reads that the last parcel left."""
    return [m.to(data.order_id, m.DispatchCompleted(data.completed_at))]


def _exchange_ended(data: refunds.ExchangeEndedV1) -> Sequence[Addressed]:
    """Reads the end of an exchange."""
    return [m.to(data.order_id, m.ExchangeOver(data.exchange_id, data.ending.value))]


READS: Mapping[type[Event], Read] = {
    orders.OrderPlacedV1: _placed,
    orders.OrderTermsChangedV1: _terms_changed,
    orders.OrderPaidV1: _paid,
    orders.OrderShippedV1: _shipped,
    orders.OrderSucceededV1: _succeeded,
    orders.OrderClosedV1: _closed,
    orders.OrderMemoStoredV1: _memo_stored,
    shipments.ParcelHandedOverV1: _handed_over,
    logistics.DispatchCompletedV1: _dispatch_completed,
    refunds.ExchangeEndedV1: _exchange_ended,
}


# Tells.


def _filed(fact: s.OrderFiled, view: CaseView[s.State]) -> Sequence[Addressed]:
    """Puts the order on the page of its account."""
    return [order_index.to(fact.account_id, view.at, order_index.OrderPlaced(view.subject))]


def _payment_told(fact: s.PaymentTold, view: CaseView[s.State]) -> Sequence[Addressed]:
    """Asks for the seller's notice and tells the promises about the price."""
    paid = promise.OrderPaid(fact.amount, fact.freight)
    return [_asked(fact.contact), *_promises(view, paid)]


def _shipment_told(fact: s.ShipmentTold, view: CaseView[s.State]) -> Sequence[Addressed]:
    """Asks for the buyer's notice and tells the promise not to refund."""
    return [_asked(fact.contact), *_promises(view, promise.OrderShipped())]


def _order_closed(fact: s.OrderClosed, view: CaseView[s.State]) -> Sequence[Addressed]:
    """Tells every open promise of the order."""
    return _promises(view, promise.OrderClosed(fact.is_refunded))


def _promise_filed(fact: s.PromiseFiled, view: CaseView[s.State]) -> Sequence[Addressed]:
    """Gives the promise itself."""
    return [promise.to(view.subject, fact.promise.promise_id, promise.Given(fact.promise))]


def _asked(contact: Contact) -> Addressed:
    return message.to(contact.customer_id, contact.notice_id, message.Asked(contact))


def _promises(view: CaseView[s.State], news: promise.Message) -> list[Addressed]:
    if not isinstance(view.state, s.Filed):
        raise TypeError(view.state)
    return [promise.to(view.subject, promise_id, news) for promise_id in view.state.promise_ids]


TELLS: Mapping[type, Reaction] = {
    s.OrderFiled: _filed,
    s.PaymentTold: _payment_told,
    s.ShipmentTold: _shipment_told,
    s.OrderClosed: _order_closed,
    s.PromiseFiled: _promise_filed,
}

CUSTOMER_ORDER: Kind[s.State, m.Message, s.Fact, Policy] = Kind(
    name=m.NAME,
    initial=s.Absent(),
    state=s.State,
    message=m.Message,
    fact=s.Fact,
    decide=decide,
    evolve=s.evolve,
    reads=READS,
    tells=TELLS,
)
