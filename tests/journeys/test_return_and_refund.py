"""Return and refund: who bears the freight, and the money back to the tenders that it came from."""

from aftersales_contracts.aftersales import common, logistics, refunds
from tests.journeys import money
from tests.journeys.people import cny, line, share
from tests.journeys.stage import DAY, HOUR, MINUTE, Order, Stage


async def test_a_faulty_shirt_comes_back(stage: Stage) -> None:
    """A matter of quality: all comes back, the first freight and the buyer's outlay with it."""
    order = stage.order("return-faulty")
    buyer, seller, carrier, back = order.buyer, order.seller, order.carrier, order.parcel("back")
    await stage.sold(order, line("shirt", 2, 5_000), freight=800, alipay=8_000, points=2_800)
    await stage.delivered(order)

    await stage.at(3 * DAY, buyer.applies("with_return", 10_800, "quality", freight=cny(800)))
    opened = order.heard(refunds.RefundOpenedV1, kind="with_return", amount=cny(10_800))
    assert opened.answer_by_at == stage.start + 8 * DAY

    await stage.at(4 * DAY, seller.agrees(opened))
    to = order.heard(refunds.ReturnAuthorizedV1, refund_id=opened.refund_id, return_address_ref="warehouse-1")
    assert to.send_by_at == stage.start + 11 * DAY
    liability = order.heard(refunds.FreightLiabilityDecidedV1, return_leg="seller")
    assert liability.is_original_freight_refunded
    assert liability.rule_ids == ["RF-064", "RF-068"]

    await stage.at(5 * DAY, buyer.sends_back(to, back, freight=1_200))
    await stage.at(5 * DAY + HOUR, carrier.scan(back, "picked_up"))
    await stage.at(7 * DAY, carrier.brings(back))
    order.heard(logistics.ParcelStatusChangedV1, parcel_id=to.return_id, status="picked_up")
    await stage.at(7 * DAY + HOUR, order.warehouse.inspects(back, to, "shirt", 2, is_fault_confirmed=True))
    order.silent(refunds.RefundPaymentRequestedV1)
    await stage.at(7 * DAY + 2 * HOUR, seller.accepts(to))

    order.heard(refunds.FreightLiabilityDecidedV1, reimburse_amount=cny(1_200))
    goods = order.heard(refunds.RefundPaymentRequestedV1, purpose="refund", amount=cny(10_800))
    assert tenders(order, goods) == {"alipay": 8_000, "points": 2_800}
    outlay = order.heard(refunds.RefundPaymentRequestedV1, purpose="freight", amount=cny(1_200))
    assert outlay.tenders == []
    await stage.at(7 * DAY + 2 * HOUR + MINUTE, order.provider.settles(goods), order.provider.settles(outlay))

    paid = order.heard(refunds.RefundPaidV1, purpose="refund", is_full=True)
    assert paid.order_outcome == "closed"
    await stage.at(8 * DAY + HOUR, order.system.closes("refunded"))
    order.heard(common.CaseChangedV1, status="closed", ending="refunded")
    money.adds_up(order, refunded=10_800, reimbursed=1_200)


async def test_a_shirt_does_not_please(stage: Stage) -> None:
    """The buyer's own wish: the freight is the buyer's, and only what is accepted is paid."""
    order = stage.order("return-unwanted")
    buyer, seller, back = order.buyer, order.seller, order.parcel("back")
    await stage.sold(
        order,
        line("shirt", 3, 5_000, services=["seven_day_no_reason"]),
        freight=800,
        alipay=11_000,
        points=4_800,
    )
    await stage.delivered(order)

    two_of_three = [share("shirt", 2, 10_000)]
    await stage.at(3 * DAY, buyer.applies("no_reason", 10_000, "no_reason", lines=two_of_three))
    opened = order.heard(refunds.RefundOpenedV1)
    await stage.at(4 * DAY, seller.agrees(opened))
    to = order.heard(refunds.ReturnAuthorizedV1)
    liability = order.heard(refunds.FreightLiabilityDecidedV1, return_leg="buyer")
    assert not liability.is_original_freight_refunded
    assert liability.reimburse_amount is None

    await stage.at(5 * DAY, buyer.sends_back(to, back, freight=1_000))
    await stage.at(7 * DAY, order.warehouse.inspects(back, to, "shirt", 2, accepted=1))
    await stage.at(7 * DAY + HOUR, seller.accepts(to, share("shirt", 1)))
    order.heard(common.TaskRequestedV1, question_code="fewer_pieces_accepted")
    request = order.heard(refunds.RefundPaymentRequestedV1, amount=cny(5_000))
    assert tenders(order, request) == {"alipay": 3_481, "points": 1_519}  # 11,000 to 4,800, to the last fen
    await stage.at(7 * DAY + HOUR + MINUTE, order.provider.settles(request))
    paid = order.heard(refunds.RefundPaidV1, is_full=False)
    assert paid.order_outcome == "continues"
    money.adds_up(order, refunded=5_000)


def tenders(order: Order, request: refunds.RefundPaymentRequestedV1) -> dict[str, int]:
    """By method, in fen."""
    prefix = f"{order.order_id}."
    return {one.payment_id.removeprefix(prefix): one.amount.minor for one in request.tenders}
