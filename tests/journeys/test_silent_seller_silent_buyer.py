"""Silent seller, silent buyer: every deadline of the refund agreement, decided by time alone."""

from datetime import timedelta

import pytest

from aftersales_contracts.aftersales import common, refunds
from tests.journeys import money
from tests.journeys.people import line
from tests.journeys.stage import DAY, GRACE, HOUR, MINUTE, Order, Stage

PRICE = 12_000
APPLIED = 3 * DAY


async def applied(stage: Stage, name: str, kind: str) -> Order:
    """To come: a coat is delivered after two days, and its refund applied for after three."""
    order = stage.order(f"silent-{name}")
    await stage.sold(order, line("coat", 1, PRICE, services=["seven_day_no_reason"]), alipay=PRICE)
    if kind != "unshipped":
        await stage.shipped(order)
    if kind not in {"unshipped", "not_received"}:
        await stage.plan(2 * DAY, order.carrier.scan(order.parcel(), "delivered", signed_by="buyer"))
    await stage.plan(APPLIED, order.buyer.applies(kind, PRICE, "quality"))
    return order


async def pays_at(stage: Stage, orders: list[Order], after: timedelta) -> None:
    """Nobody pays before that moment and its grace; then all of them are paid, as of that moment."""
    await stage.until(after + GRACE - MINUTE)
    for order in orders:
        order.silent(refunds.RefundPaymentRequestedV1)
    await stage.until(after + GRACE)
    asked = [order.heard(refunds.RefundPaymentRequestedV1, after=after) for order in orders]
    for order, request in zip(orders, asked, strict=True):
        await stage.plan(after + GRACE + MINUTE, order.provider.settles(request))
        await stage.plan(after + 3 * GRACE, order.system.closes("refunded"))
    await stage.until(after + 3 * GRACE)
    for order in orders:
        order.heard(refunds.RefundPaidV1, is_full=True)
        money.adds_up(order, refunded=PRICE)


async def test_a_silent_seller_pays(stage: Stage) -> None:
    """Two days before shipment, five where nothing is to come back (RF-002, RF-012, RF-013)."""
    unshipped = await applied(stage, "unshipped", "unshipped")
    kept = [await applied(stage, "kept-1", "not_received"), await applied(stage, "kept-2", "no_return")]
    await pays_at(stage, [unshipped], APPLIED + 2 * DAY)
    unshipped.silent(refunds.RefundAnswerDecidedV1)
    await pays_at(stage, kept, APPLIED + 5 * DAY)
    for order in kept:
        order.heard(refunds.RefundAnswerDecidedV1, after=APPLIED + 5 * DAY, answer="agree", cause="silence")


@pytest.mark.parametrize(("kind", "answer"), [("with_return", 5 * DAY), ("no_reason", 2 * DAY)])
async def test_a_silent_seller_takes_back_and_the_buyer_sends_nothing(
    stage: Stage, kind: str, answer: timedelta
) -> None:
    """Silence agrees after 5 or 2 days; 7 days without a parcel close it, and receipt is confirmed."""
    order = await applied(stage, f"lapse-{kind}", kind)
    await stage.until(APPLIED + answer + GRACE - MINUTE)
    order.silent(refunds.RefundAnswerDecidedV1)
    await stage.until(APPLIED + answer + GRACE)
    order.heard(refunds.RefundAnswerDecidedV1, after=APPLIED + answer, answer="agree", cause="silence")
    to = order.heard(refunds.ReturnAuthorizedV1, after=APPLIED + answer)
    lapse = APPLIED + answer + 7 * DAY
    assert to.send_by_at == stage.start + lapse

    await stage.until(lapse + GRACE - MINUTE)
    order.heard(common.NoticeRequestedV1, template_code="register_return")
    order.silent(refunds.RefundClosedV1)
    await stage.until(lapse + GRACE)
    order.heard(refunds.RefundClosedV1, after=lapse, ending="lapsed")

    # The ten days of receipt stood still while the refund was open: 5 h to 3 d of them had run.
    confirm = lapse + 10 * DAY - (APPLIED - 5 * HOUR)
    await stage.until(confirm + GRACE)
    order.heard(refunds.OrderAutoConfirmRequestedV1, after=confirm)
    await stage.at(confirm + 2 * GRACE, order.system.confirms())
    order.silent(refunds.RefundPaymentRequestedV1)
    money.adds_up(order)


async def test_a_refused_buyer_says_nothing(stage: Stage) -> None:
    """Seven days without another application close it (RF-018)."""
    order = await applied(stage, "refused", "no_return")
    await stage.until(APPLIED)
    opened = order.heard(refunds.RefundOpenedV1)
    await stage.at(APPLIED + DAY, order.seller.refuses(opened, "nothing_wrong"))
    await stage.until(APPLIED + 8 * DAY + GRACE - MINUTE)
    order.heard(common.NoticeRequestedV1, template_code="edit_refund")
    order.silent(refunds.RefundClosedV1)
    await stage.until(APPLIED + 8 * DAY + GRACE)
    order.heard(refunds.RefundClosedV1, after=APPLIED + 8 * DAY, ending="lapsed")
    await stage.at(APPLIED + 9 * DAY, order.buyer.confirms())
    money.adds_up(order)


async def test_a_silent_seller_pays_for_what_came_back(stage: Stage) -> None:
    """Ten days after an express parcel, thirty after one by mail (RF-023, RF-024)."""
    fast = await applied(stage, "express", "with_return")
    slow = await applied(stage, "mail", "no_reason")
    await stage.until(APPLIED)
    for order in (fast, slow):
        await stage.plan(APPLIED + DAY, order.seller.agrees(order.heard(refunds.RefundOpenedV1)))
    await stage.until(APPLIED + DAY)
    sent = APPLIED + 2 * DAY
    for order, carriage in ((fast, "express"), (slow, "mail")):
        to = order.heard(refunds.ReturnAuthorizedV1)
        await stage.plan(sent, order.buyer.sends_back(to, order.parcel("back"), carriage=carriage))
    await pays_at(stage, [fast], sent + 10 * DAY)
    await pays_at(stage, [slow], sent + 30 * DAY)
