"""The border of customers: contract events to messages for cases."""

from collections.abc import Sequence

from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.base import Money as MoneyPart
from aftersales_contracts.shop import contacts, customers, desk, orders, shipments
from aftersales_contracts.words import PromiseKind as PromiseWord
from kernel.decider import Addressed
from kernel.ids import derived_id
from kernel.money import Money
from services.customers.cases import consent, message, order_file, promise, unpaid_order
from services.customers.contact import Channel, Contact, Origin, Purpose, To, known_channel
from services.customers.promised import Promise, PromiseKind

UNPAID = "unpaid-order"
FILE = "customer-order"
INDEX = "order-index"
CONSENT = "consent"
MESSAGE = "message"
PROMISE = "promise"


def money(part: MoneyPart) -> Money:
    """An amount as the rules know it."""
    return Money(part.minor, part.currency)


def to_unpaid(order_id: str, content: unpaid_order.Message) -> Addressed:
    """For the wait for payment of an order."""
    return Addressed(order_id, UNPAID, order_id, content)


def to_file(order_id: str, content: order_file.Message) -> Addressed:
    """For what customers knows of an order."""
    return Addressed(order_id, FILE, order_id, content)


def to_consent(customer_id: str, content: consent.Message) -> Addressed:
    """For the customer's consent ledger."""
    return Addressed(customer_id, CONSENT, customer_id, content)


def to_message(contact: Contact, content: message.Message) -> Addressed:
    """For one message to the customer."""
    return Addressed(contact.customer_id, MESSAGE, contact.notice_id, content)


def to_promise(subject: str, promise_id: str, content: promise.Message) -> Addressed:
    """For one promise, about an order or about none."""
    return Addressed(subject, PROMISE, promise_id, content)


# Orders.


def placed(data: orders.OrderPlacedV1) -> Sequence[Addressed]:
    """A new order: watched until it is paid, and filed."""
    account_id = data.buyer_account_id or data.customer_id
    watched = unpaid_order.Placed(
        data.order_id,
        data.customer_id,
        data.payment_mode != orders.PaymentMode.CASH_ON_DELIVERY,
        bool(data.has_consulted),
        data.agent_id,
        data.total.minor,
    )
    return [
        to_unpaid(data.order_id, watched),
        to_file(data.order_id, order_file.Placed(data.customer_id, account_id, money(data.freight))),
    ]


def terms_changed(data: orders.OrderTermsChangedV1) -> Sequence[Addressed]:
    """Three days anew, and another freight."""
    changed = unpaid_order.TermsChanged(data.by.role.value, data.total.minor)
    freight = order_file.TermsChanged(money(data.freight))
    return [to_unpaid(data.order_id, changed), to_file(data.order_id, freight)]


def paid(data: orders.OrderPaidV1) -> Sequence[Addressed]:
    """The wait is over."""
    filed = order_file.Paid(data.order_id, money(data.paid_amount))
    return [to_unpaid(data.order_id, unpaid_order.Paid()), to_file(data.order_id, filed)]


def shipped(data: orders.OrderShippedV1) -> Sequence[Addressed]:
    """The buyer is told."""
    return [to_file(data.order_id, order_file.Shipped(data.order_id))]


def succeeded(data: orders.OrderSucceededV1) -> Sequence[Addressed]:
    """After-sale begins when the whole trade, or what was left of it, succeeded."""
    return [] if data.lines else [to_file(data.order_id, order_file.Succeeded())]


def closed(data: orders.OrderClosedV1) -> Sequence[Addressed]:
    """Who closed it and why."""
    is_refunded = data.cause in (orders.CloseCause.REFUNDED, orders.CloseCause.REFUNDED_UNSHIPPED)
    filed = order_file.Closed(is_refunded, is_whole=not data.lines)
    found = [to_file(data.order_id, filed)]
    if not data.lines:
        ended = unpaid_order.Closed(data.cause.value, data.by.role.value)
        found.append(to_unpaid(data.order_id, ended))
    return found


def request_declined(data: orders.OrderRequestDeclinedV1) -> Sequence[Addressed]:
    """The order system does not close it."""
    declined = unpaid_order.Declined(data.request_id, data.reason_code)
    return [to_unpaid(data.order_id, declined)]


def memo_stored(data: orders.OrderMemoStoredV1) -> Sequence[Addressed]:
    """The memo that we asked for is on the order."""
    if data.request_id is None:
        return []
    return [to_file(data.order_id, order_file.MemoStored(data.request_id))]


def handed_over(data: shipments.ParcelHandedOverV1) -> Sequence[Addressed]:
    """A parcel left the warehouse."""
    return [to_file(data.order_id, order_file.HandedOver(data.carrier_code))]


# Customers and contacts.


def consent_granted(data: customers.ConsentGrantedV1) -> Sequence[Addressed]:
    """Consent to one channel for one purpose; a word that this version does not know allows nothing."""
    channel = known_channel(data.channel.value)
    if channel is None or not data.purpose.is_known:
        return []
    granted = consent.Granted(channel, data.purpose.value, data.source_code)
    return [to_consent(data.customer_id, granted)]


def consent_withdrawn(data: customers.ConsentWithdrawnV1) -> Sequence[Addressed]:
    """A refusal; on a channel that this version does not know it is taken for all of them."""
    channel = known_channel(data.channel.value)
    withdrawn = consent.Withdrawn(channel or consent.EVERY_CHANNEL, data.source.value)
    return [to_consent(data.customer_id, withdrawn)]


def block_changed(data: customers.CustomerBlockChangedV1) -> Sequence[Addressed]:
    """On or off the block list."""
    changed = consent.BlockChanged(data.is_blocked, data.until_at, data.reason_code)
    return [to_consent(data.customer_id, changed)]


def send_answered(data: contacts.MessageSendAnsweredV1) -> Sequence[Addressed]:
    """The gateway's result."""
    answered = message.Answered(data.channel.value, data.outcome.value)
    return [Addressed(data.customer_id, MESSAGE, data.request_id, answered)]


def call_held(data: contacts.CallHeldV1) -> Sequence[Addressed]:
    """The phone desk's result for a call that we asked for."""
    if data.request_id is None:
        return []
    return [Addressed(data.customer_id, MESSAGE, data.request_id, message.Held(data.outcome.value))]


def promise_made(data: contacts.PromiseMadeV1) -> Sequence[Addressed]:
    """A promise by staff."""
    known = data.kind.value in {x.value for x in PromiseWord}
    made = Promise(
        data.promise_id,
        PromiseKind(data.kind.value) if known else PromiseKind.OTHER,
        data.order_id,
        data.customer_id,
        data.value_code,
        money(data.amount) if data.amount else None,
        data.due_at,
    )
    return _promise(made, data.customer_id)


def _promise(made: Promise, customer_id: str | None) -> list[Addressed]:
    if made.order_id is not None:
        return [to_file(made.order_id, order_file.PromiseMade(made))]
    return [to_promise(str(customer_id), made.promise_id, promise.Given(made))]


# The other services and the desk.


def return_authorized(data: refunds.ReturnAuthorizedV1) -> Sequence[Addressed]:
    """Goods sent back for an exchange that was agreed: the exchange is a promise (RF-118)."""
    if data.exchange_id is None:
        return []
    made = Promise(
        derived_id("exchange", data.exchange_id),
        PromiseKind.EXCHANGE,
        data.order_id,
        data.customer_id,
        data.exchange_id,
    )
    return _promise(made, data.customer_id)


def exchange_ended(data: refunds.ExchangeEndedV1) -> Sequence[Addressed]:
    """What became of the exchange."""
    over = order_file.ExchangeOver(data.exchange_id, data.ending.value)
    return [to_file(data.order_id, over)]


def notice_requested(data: common.NoticeRequestedV1) -> Sequence[Addressed]:
    """Another service wants something said; where it names no customer the order does."""
    channels = [known_channel(x.value) for x in data.channels]
    is_followup = data.purpose == common.NoticePurpose.REVIEW_FOLLOWUP
    contact = Contact(
        notice_id=data.notice_id,
        counted_under=data.case_id,
        order_id=data.order_id,
        customer_id=data.customer_id or "",
        origin=Origin.NOTICE,
        to=To.SELLER if data.to == common.NoticeTo.SELLER else To.BUYER,
        purpose=Purpose.REVIEW_FOLLOWUP if is_followup else Purpose.SERVICE,
        template_code=data.template_code,
        values=dict(data.values),
        channels=tuple(x for x in channels if x is not None) or (Channel.CHAT,),
        expires_at=data.expires_at,
    )
    if data.customer_id is None:
        return [to_file(data.order_id, order_file.NoticeAsked(contact))]
    return [to_message(contact, message.Asked(contact))]


def task_completed(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    """A person says what became of a promise."""
    if data.case_kind != PROMISE:
        return []
    return [to_promise(data.about_subject, data.case_id, promise.Judged(data.outcome_code))]
