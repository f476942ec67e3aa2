"""Refund before shipment: the warehouse stops the goods, or they have left; a promise holds the refund."""

from aftersales_contracts.aftersales import common, customers, logistics, refunds
from aftersales_contracts.aftersales.logistics_enums import CourierAction
from tests.journeys import money
from tests.journeys.people import cny, line, shares
from tests.journeys.stage import DAY, GRACE, HOUR, MINUTE, Stage


async def test_the_warehouse_stops_it(stage: Stage) -> None:
    """Stopped in time: the money goes back at once, nobody has to answer."""
    order = stage.order("before-stopped")
    await stage.sold(order, line("lamp", 1, 20_000), alipay=20_000)

    await stage.at(HOUR, order.buyer.applies("unshipped", 20_000, "changed_mind"))
    opened = order.heard(refunds.RefundOpenedV1, kind="unshipped")
    assert opened.answer_by_at == stage.start + HOUR + 2 * DAY
    hold = order.heard(logistics.DispatchHoldRequestedV1, action="hold")
    order.silent(refunds.RefundPaymentRequestedV1)

    await stage.at(2 * HOUR, order.warehouse.answers_hold(hold, "stopped"))
    order.heard(logistics.DispatchHoldResolvedV1, outcome="stopped", refund_id=opened.refund_id)
    request = order.heard(refunds.RefundPaymentRequestedV1, amount=cny(20_000))
    await stage.at(2 * HOUR + MINUTE, order.provider.settles(request))
    order.heard(refunds.RefundPaidV1, is_full=True, order_outcome="closed")
    await stage.at(3 * HOUR, order.system.closes("refunded_unshipped"))
    order.heard(common.CaseChangedV1, status="closed", ending="refunded_unshipped")

    await stage.until(5 * DAY)
    order.silent(logistics.LateShippingEstablishedV1)
    money.adds_up(order, refunded=20_000)


async def test_it_has_left(stage: Stage) -> None:
    """Too late: the ship mark ends the refund, the parcel is called back, and back it pays anew."""
    order = stage.order("before-left")
    buyer, parcel = order.buyer, order.parcel()
    await stage.sold(order, line("lamp", 1, 20_000), alipay=20_000)
    await stage.at(
        HOUR, order.warehouse.registers(parcel, *shares(buyer.lines)), buyer.applies("unshipped", 20_000, "x")
    )
    hold = order.heard(logistics.DispatchHoldRequestedV1, action="hold")

    await stage.at(2 * HOUR, order.warehouse.answers_hold(hold, "too_late", parcel))
    order.heard(logistics.DispatchHoldResolvedV1, outcome="too_late", parcel_ids=[parcel.parcel_id])
    recall = order.heard(logistics.CourierActionRequestedV1, action=CourierAction.INTERCEPT)
    assert recall.reason_code == "refund_before_shipment"
    asked = order.heard(customers.MessageSendRequestedV1, template_code="please_refuse_parcel")
    assert asked.customer_id == order.customer_id
    order.silent(refunds.RefundPaymentRequestedV1)

    await stage.at(3 * HOUR, order.warehouse.hands_over(parcel), order.seller.marks_shipped(parcel))
    order.heard(refunds.RefundClosedV1, refund_id="before-left.r1", ending="shipped")
    await stage.plan(4 * HOUR, order.carrier.scan(parcel, "picked_up"))
    await stage.plan(4 * HOUR, order.carrier.answers(recall, "accepted"))
    await stage.at(6 * HOUR, buyer.applies("not_received", 20_000, "unwanted", refund_id="before-left.r2"))
    order.heard(refunds.RefundOpenedV1, refund_id="before-left.r2")

    await stage.at(3 * DAY, order.carrier.brings(parcel))
    order.heard(logistics.ParcelOutcomeDecidedV1, outcome="returned")
    order.heard(refunds.RefundAnswerDecidedV1, refund_id="before-left.r2", answer="agree")
    request = order.heard(refunds.RefundPaymentRequestedV1)
    assert request.refund_id == "before-left.r2"
    await stage.at(3 * DAY + HOUR, order.provider.settles(request))
    order.heard(refunds.RefundPaidV1, is_full=True)
    await stage.until(4 * DAY)
    order.silent(logistics.RemedyRefundDueV1)
    money.adds_up(order, refunded=20_000)


async def test_the_seller_promised_to_send_it(stage: Stage) -> None:
    """Applied for by mistake, and promised that it will be sent: no payment on a hold or a click."""
    order = stage.order("before-promised")
    await stage.sold(order, line("lamp", 1, 20_000), alipay=20_000)
    await stage.at(HOUR, order.buyer.applies("unshipped", 20_000, "changed_mind"))
    opened = order.heard(refunds.RefundOpenedV1)
    hold = order.heard(logistics.DispatchHoldRequestedV1, action="hold")

    await stage.at(2 * HOUR, order.seller.promises("no_refund"))
    order.heard(customers.PromiseRegisteredV1, kind="no_refund")
    await stage.at(2 * HOUR + MINUTE, order.warehouse.answers_hold(hold, "stopped"))
    await stage.at(3 * HOUR, order.seller.agrees(opened))
    order.heard(common.TaskRequestedV1, question_code="agreed_against_promise")

    decided = HOUR + 2 * DAY
    await stage.until(decided + GRACE - MINUTE)
    order.silent(refunds.RefundPaymentRequestedV1)
    await stage.until(decided + GRACE)
    request = order.heard(refunds.RefundPaymentRequestedV1, after=decided)
    await stage.at(decided + 2 * GRACE, order.provider.settles(request))
    await stage.at(decided + HOUR, order.system.closes("refunded_unshipped"))
    broken = order.heard(customers.PromiseEndedV1, outcome="breached")
    assert broken.points_at_risk_count == 4
    money.adds_up(order, refunded=20_000)
