"""Late shipping to compensation: 30 % up to CNY 500, and nothing where it was in time after all."""

import pytest

from aftersales_contracts.aftersales import logistics, refunds
from tests.journeys import money
from tests.journeys.people import cny, line, shares
from tests.journeys.stage import DAY, GRACE, HOUR, MINUTE, Order, Stage

LIMIT = HOUR / 2 + 3 * DAY
"""72 hours after the payment (LG-063)."""


async def late(stage: Stage, name: str, price: int) -> Order:
    """An order is paid, and nothing is sent for 72 hours; then the buyer wants the money back for it."""
    order = stage.order(name)
    await stage.sold(order, line("desk", 1, price), alipay=price)
    await stage.until(LIMIT + GRACE - MINUTE)
    order.heard(logistics.DispatchOverdueV1)
    order.silent(logistics.LateShippingEstablishedV1)
    await stage.until(LIMIT + GRACE)
    order.heard(logistics.LateShippingEstablishedV1, after=LIMIT, trigger="unshipped_72h")
    await stage.at(LIMIT + HOUR, order.buyer.applies("unshipped", price, "late_shipment"))
    return order


@pytest.mark.parametrize(
    ("name", "price", "compensation"), [("late-share", 100_000, 30_000), ("late-cap", 200_000, 50_000)]
)
async def test_nothing_was_sent(stage: Stage, name: str, price: int, compensation: int) -> None:
    """Refunded in full, and compensated on top: 30 % of 1,000.00, or the cap where 30 % is more."""
    order = await late(stage, name, price)
    hold = order.heard(logistics.DispatchHoldRequestedV1)
    await stage.at(LIMIT + 2 * HOUR, order.warehouse.answers_hold(hold, "stopped"))
    refund = order.heard(refunds.RefundPaymentRequestedV1, purpose="refund", amount=cny(price))
    order.silent(refunds.CompensationDecidedV1)
    await stage.at(LIMIT + 2 * HOUR + MINUTE, order.provider.settles(refund))
    order.heard(refunds.RefundPaidV1, purpose="refund", is_full=True)

    decided = order.heard(refunds.CompensationDecidedV1, outcome="due", rate_bps=3_000, cap=cny(50_000))
    assert (decided.base_amount, decided.amount) == (cny(price), cny(compensation))
    extra = order.heard(refunds.RefundPaymentRequestedV1, purpose="late_compensation")
    assert extra.tenders == []  # a breach is paid by the shop, not out of the buyer's payment
    await stage.at(LIMIT + 2 * HOUR + 2 * MINUTE, order.provider.settles(extra))
    await stage.at(LIMIT + 3 * HOUR, order.system.closes("refunded_unshipped"))
    await stage.until(LIMIT + 20 * DAY)
    money.adds_up(order, refunded=price, compensated=compensation)


async def test_it_had_been_picked_up(stage: Stage) -> None:
    """A pick-up of the second day, read on the fourth: it was in time, and nothing is owed."""
    order = await late(stage, "late-withdrawn", 100_000)
    parcel = order.parcel()
    await stage.plan(LIMIT + 2 * HOUR, order.warehouse.registers(parcel, *shares(order.buyer.lines)))
    await stage.at(LIMIT + 2 * HOUR, order.carrier.scan(parcel, "picked_up"), happened=2 * DAY)
    order.heard(logistics.LateShippingWithdrawnV1, trigger="unshipped_72h")
    order.heard(refunds.CompensationDecidedV1, outcome="not_due", amount=cny(0))
    order.heard(logistics.DispatchHoldResolvedV1, outcome="too_late")

    await stage.at(LIMIT + 3 * HOUR, order.seller.marks_shipped(parcel))
    order.heard(refunds.RefundClosedV1, ending="shipped")
    await stage.plan(LIMIT + DAY, order.carrier.scan(parcel, "delivered", signed_by="buyer"))
    await stage.at(LIMIT + 2 * DAY, order.buyer.confirms())
    order.silent(refunds.RefundPaymentRequestedV1)
    money.adds_up(order)
