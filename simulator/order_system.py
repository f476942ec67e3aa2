"""Answers for payment provider and order system of the made-up shop: functions like those of `replies`."""

from datetime import datetime, timedelta

from aftersales_contracts.aftersales.common import OrderAction, OrderActionRequestedV1
from aftersales_contracts.aftersales.customers import OrderCloseRequestedV1
from aftersales_contracts.aftersales.refunds import (
    OrderAutoConfirmRequestedV1,
    RefundPaidV1,
    RefundPaymentRequestedV1,
)
from aftersales_contracts.aftersales.refunds_enums import OrderOutcomeAfterRefund
from aftersales_contracts.components import Party
from aftersales_contracts.enums import (
    MemoPurpose,
    MoneyMoved,
    Role,
)
from aftersales_contracts.shop.orders import (
    CloseCause,
    OrderClosedV1,
    OrderMemoStoredV1,
    OrderRequestDeclinedV1,
    SuccessCause,
)
from aftersales_contracts.shop.payments import RefundFailedV1, RefundPaymentAcceptedV1, RefundSettledV1
from simulator.plans import MINUTE, NEVER_SHIPPED, Plan, Trouble
from simulator.records import share, short_id
from simulator.replies import Said
from simulator.script import reviews_after, succeeded

SECOND = timedelta(seconds=1)
FAILED_PAYMENT_SHARE = 0.08
REPEATED_SETTLEMENT_SHARE = 0.05
SYSTEM = Party(role=Role.SYSTEM)


def on_payment_requested(plan: Plan, asked: RefundPaymentRequestedV1, at: datetime) -> Said:
    """The payment provider takes it and settles; one attempt in a dozen fails first."""
    del at
    ids = {"shop_id": plan.shop_id, "order_id": plan.order_id}
    ids |= {"intent_id": asked.intent_id, "attempt_id": asked.attempt_id}
    key = short_id(asked.intent_id, asked.attempt_id)
    if share("payment", asked.attempt_id) < FAILED_PAYMENT_SHARE:
        failed = RefundFailedV1(
            **ids, reason_code="provider_busy", is_retryable=True, money_moved=MoneyMoved.NO
        )
        yield MINUTE, f"failed.{key}", failed
        return
    provider_ref = f"alipay/refunds/{key}"
    yield 20 * SECOND, f"accepted.{key}", RefundPaymentAcceptedV1(**ids, provider_ref=provider_ref)
    settled = RefundSettledV1(
        **ids, amount=asked.amount, tenders=asked.tenders, provider_ref=provider_ref, has_moved_now=True
    )
    yield 3 * MINUTE, f"settled.{key}", settled
    if share("settled twice", asked.attempt_id) < REPEATED_SETTLEMENT_SHARE:
        yield 9 * MINUTE, f"settled-again.{key}", settled.model_copy(update={"has_moved_now": False})


def on_paid(plan: Plan, paid: RefundPaidV1, at: datetime) -> Said:
    """The order system closes an order whose money went back whole."""
    del at
    if paid.order_outcome is OrderOutcomeAfterRefund.CLOSED:
        unshipped = plan.trouble in NEVER_SHIPPED
        cause = CloseCause.REFUNDED_UNSHIPPED if unshipped else CloseCause.REFUNDED
        closed = OrderClosedV1(shop_id=plan.shop_id, order_id=plan.order_id, cause=cause, by=SYSTEM)
        yield MINUTE, "closed-refunded", closed


def on_auto_confirm(plan: Plan, asked: OrderAutoConfirmRequestedV1, at: datetime) -> Said:
    """The order system confirms in the buyer's place; then both sides may rate."""
    del asked
    yield MINUTE, "succeeded", succeeded(plan, SuccessCause.AUTO_CONFIRM)
    for name, moment, event in reviews_after(plan, at + MINUTE):
        yield moment - at, name, event


def on_close_requested(plan: Plan, asked: OrderCloseRequestedV1, at: datetime) -> Said:
    """The order system closes what is unpaid, and declines where money came in meanwhile."""
    del at
    if plan.trouble is Trouble.UNPAID:
        closed = OrderClosedV1(
            shop_id=plan.shop_id,
            order_id=plan.order_id,
            cause=CloseCause.UNPAID_TIMEOUT,
            by=SYSTEM,
            request_id=asked.request_id,
        )
        yield 30 * SECOND, f"closed.{asked.request_id}", closed
    else:
        yield 30 * SECOND, f"declined.{asked.request_id}", _declined(plan, asked.request_id, "paid_meanwhile")


def on_order_action(plan: Plan, asked: OrderActionRequestedV1, at: datetime) -> Said:
    """The order system stores memos and declines the rest."""
    del at
    if asked.action is not OrderAction.ADD_MEMO:
        yield MINUTE, f"declined.{asked.request_id}", _declined(plan, asked.request_id, "not_possible")
        return
    stored = OrderMemoStoredV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        memo_ref=f"vault/memos/{plan.order_id}",
        purpose=asked.purpose or MemoPurpose.LOSS,
        request_id=asked.request_id,
    )
    yield 2 * MINUTE, f"memo.{asked.request_id}", stored


def _declined(plan: Plan, request_id: str, reason_code: str) -> OrderRequestDeclinedV1:
    return OrderRequestDeclinedV1(
        shop_id=plan.shop_id, order_id=plan.order_id, request_id=request_id, reason_code=reason_code
    )
