"""The wiring of customers: its kinds of case, what it reads and what it announces."""

from collections.abc import Mapping

from aftersales_contracts.aftersales.common import NoticeRequestedV1
from aftersales_contracts.aftersales.refunds import ExchangeEndedV1, ReturnAuthorizedV1
from aftersales_contracts.base import Event
from aftersales_contracts.shop.contacts import CallHeldV1, MessageSendAnsweredV1, PromiseMadeV1
from aftersales_contracts.shop.customers import (
    ConsentGrantedV1,
    ConsentWithdrawnV1,
    CustomerBlockChangedV1,
)
from aftersales_contracts.shop.desk import TaskCompletedV1
from aftersales_contracts.shop.orders import (
    OrderClosedV1,
    OrderMemoStoredV1,
    OrderPaidV1,
    OrderPlacedV1,
    OrderRequestDeclinedV1,
    OrderShippedV1,
    OrderSucceededV1,
    OrderTermsChangedV1,
)
from aftersales_contracts.shop.shipments import ParcelHandedOverV1
from chassis.service import Kind, Read, Service
from services.customers import announce as a
from services.customers import policy
from services.customers import translate as t
from services.customers.cases import consent, message, order_file, order_index, promise, unpaid_order

READS: Mapping[type[Event], Read] = {
    OrderPlacedV1: t.placed,
    OrderTermsChangedV1: t.terms_changed,
    OrderPaidV1: t.paid,
    OrderShippedV1: t.shipped,
    OrderSucceededV1: t.succeeded,
    OrderClosedV1: t.closed,
    OrderRequestDeclinedV1: t.request_declined,
    OrderMemoStoredV1: t.memo_stored,
    ParcelHandedOverV1: t.handed_over,
    ConsentGrantedV1: t.consent_granted,
    ConsentWithdrawnV1: t.consent_withdrawn,
    CustomerBlockChangedV1: t.block_changed,
    MessageSendAnsweredV1: t.send_answered,
    CallHeldV1: t.call_held,
    PromiseMadeV1: t.promise_made,
    ReturnAuthorizedV1: t.return_authorized,
    ExchangeEndedV1: t.exchange_ended,
    NoticeRequestedV1: t.notice_requested,
    TaskCompletedV1: t.task_completed,
}

UNPAID_ORDER = Kind(
    reads=READS,
    name=t.UNPAID,
    initial=unpaid_order.UNPAID_ORDER.initial,
    decide=unpaid_order.UNPAID_ORDER.decide,
    evolve=unpaid_order.UNPAID_ORDER.evolve,
    deadlines=unpaid_order.UNPAID_ORDER.deadlines,
    state=[unpaid_order.Absent, unpaid_order.Watched, unpaid_order.CloseAsked, unpaid_order.Ended],
    ended=[unpaid_order.Ended],
    message=[
        unpaid_order.Placed, unpaid_order.TermsChanged, unpaid_order.Paid, unpaid_order.Closed,
        unpaid_order.Declined, unpaid_order.Reminded,
    ],
    fact=[
        unpaid_order.PaymentAwaited, unpaid_order.ReminderDue, unpaid_order.ReminderSkipped,
        unpaid_order.ReminderNoted, unpaid_order.CloseRequested, unpaid_order.PersonAsked,
        unpaid_order.WaitEnded,
    ],
    announces={
        unpaid_order.CloseRequested: a.close_requested,
        unpaid_order.PersonAsked: a.close_task,
    },
    tells={unpaid_order.ReminderDue: a.ask_for},
)  # fmt: skip

ORDER_FILE = Kind(
    name=t.FILE,
    initial=order_file.ORDER_FILE.initial,
    decide=order_file.ORDER_FILE.decide,
    evolve=order_file.ORDER_FILE.evolve,
    deadlines=order_file.ORDER_FILE.deadlines,
    state=[order_file.Absent, order_file.Filed],
    ended=[],
    message=[
        order_file.Placed, order_file.TermsChanged, order_file.Paid, order_file.Shipped,
        order_file.Succeeded, order_file.Closed, order_file.HandedOver, order_file.MemoStored,
        order_file.ExchangeOver, order_file.PromiseMade, order_file.PromiseDone, order_file.NoticeAsked,
    ],
    fact=[
        order_file.OrderFiled, order_file.FreightSet, order_file.PaymentTold, order_file.ShipmentTold,
        order_file.PhaseChanged, order_file.OrderClosed, order_file.PromiseFiled,
        order_file.PromiseDropped, order_file.HandOverPassedOn, order_file.MemoPassedOn,
        order_file.ExchangePassedOn, order_file.NoticeCompleted,
    ],
    tells={
        order_file.OrderFiled: a.index,
        order_file.PaymentTold: a.after_payment,
        order_file.ShipmentTold: a.after_shipment,
        order_file.OrderClosed: a.order_closed,
        order_file.PromiseFiled: a.promise_filed,
        order_file.HandOverPassedOn: a.hand_over,
        order_file.MemoPassedOn: a.memo,
        order_file.ExchangePassedOn: a.exchange_over,
        order_file.NoticeCompleted: a.notice_completed,
    },
)  # fmt: skip

ORDER_INDEX = Kind(
    name=t.INDEX,
    initial=order_index.ORDER_INDEX.initial,
    decide=order_index.ORDER_INDEX.decide,
    evolve=order_index.ORDER_INDEX.evolve,
    deadlines=order_index.ORDER_INDEX.deadlines,
    state=[order_index.Page],
    # Ended from the start: a page is loaded when it is addressed and never because its account is.
    ended=[order_index.Page],
    message=[order_index.OrderPlaced],
    fact=[order_index.OrderIndexed],
)

CONSENT = Kind(
    name=t.CONSENT,
    initial=consent.CONSENT.initial,
    decide=consent.CONSENT.decide,
    evolve=consent.CONSENT.evolve,
    deadlines=consent.CONSENT.deadlines,
    state=[consent.Ledger],
    ended=[],
    message=[
        consent.Granted, consent.Withdrawn, consent.BlockChanged, consent.ContactAsked,
        consent.ContactEnded,
    ],
    fact=[
        consent.ConsentGiven, consent.GrantIgnored, consent.ConsentRefused, consent.BlockSet,
        consent.ContactAllowed, consent.ContactSuppressed, consent.ContactDone,
    ],
    announces={
        consent.ConsentGiven: a.consent_given,
        consent.GrantIgnored: a.grant_ignored,
        consent.ConsentRefused: a.consent_refused,
        consent.BlockSet: a.block_set,
    },
    tells={
        consent.ConsentRefused: a.stop_refused,
        consent.BlockSet: a.stop_blocked,
        consent.ContactAllowed: a.allow,
        consent.ContactSuppressed: a.deny,
    },
)  # fmt: skip

MESSAGE = Kind(
    name=t.MESSAGE,
    initial=message.MESSAGE.initial,
    decide=message.MESSAGE.decide,
    evolve=message.MESSAGE.evolve,
    deadlines=message.MESSAGE.deadlines,
    state=[message.Absent, message.Wanted, message.Sending, message.Calling, message.Ended],
    ended=[message.Ended],
    message=[
        message.Asked, message.Allowed, message.Denied, message.Answered, message.Held, message.Stopped,
    ],
    fact=[
        message.MessageWanted, message.TextRequested, message.CallWanted, message.CallOverdue,
        message.ChannelFailed, message.NoticeResolved, message.MessageResolved, message.CallRefused,
    ],
    announces={
        message.TextRequested: a.text_requested,
        message.CallWanted: a.call_wanted,
        message.CallOverdue: a.call_overdue,
        message.NoticeResolved: a.notice_resolved,
    },
    tells={
        message.MessageWanted: a.ask_consent,
        message.ChannelFailed: a.forget_channel,
        message.CallRefused: a.refuse_calls,
        message.NoticeResolved: a.after_notice,
        message.MessageResolved: a.after_message,
    },
)  # fmt: skip

PROMISE = Kind(
    name=t.PROMISE,
    initial=promise.PROMISE.initial,
    decide=promise.PROMISE.decide,
    evolve=promise.PROMISE.evolve,
    deadlines=promise.PROMISE.deadlines,
    state=[promise.Absent, promise.Made, promise.Ended],
    ended=[promise.Ended],
    message=[
        promise.Given, promise.MemoStored, promise.HandedOver, promise.OrderPaid, promise.OrderShipped,
        promise.OrderClosed, promise.ExchangeOver, promise.Called, promise.Judged,
    ],
    fact=[
        promise.PromiseRegistered, promise.MemoWanted, promise.CallWanted, promise.PromiseNoted,
        promise.PersonAsked, promise.PromiseEnded, promise.BreachNoticed,
    ],
    announces={
        promise.PromiseRegistered: a.promise_registered,
        promise.MemoWanted: a.memo_wanted,
        promise.PersonAsked: a.promise_task,
        promise.PromiseEnded: a.promise_ended,
        promise.BreachNoticed: a.breach_noticed,
    },
    tells={promise.CallWanted: a.callback, promise.PromiseEnded: a.drop_promise},
)  # fmt: skip

CUSTOMERS = Service(
    name="customers",
    kinds=[UNPAID_ORDER, ORDER_FILE, ORDER_INDEX, CONSENT, MESSAGE, PROMISE],
    policies=policy.load(),
)
