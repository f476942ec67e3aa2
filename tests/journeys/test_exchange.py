"""Exchange: the other size is kept, the first comes back, the replacement goes out; or there is none."""

from aftersales_contracts.aftersales import common, customers, logistics, refunds
from aftersales_contracts.aftersales.logistics_enums import ReshipAction
from tests.journeys import money
from tests.journeys.people import cny, line, share
from tests.journeys.stage import DAY, HOUR, MINUTE, Stage


async def test_the_replacement_parcel(stage: Stage) -> None:
    """A fault: the seller bears both ways, the exchange is a promise, and it is kept."""
    order = stage.order("exchange-done")
    buyer, seller, warehouse, carrier = order.buyer, order.seller, order.warehouse, order.carrier
    back, fresh = order.parcel("back"), order.parcel("fresh")
    await stage.sold(order, line("coat", 1, 30_000), alipay=30_000)
    await stage.delivered(order)

    await stage.at(3 * DAY, buyer.wants_other("coat", "coat-l", "quality"))
    opened = order.heard(refunds.ExchangeOpenedV1)
    reserve = order.heard(logistics.ReshipRequestedV1, action=ReshipAction.RESERVE, sku_ids=["coat-l"])
    await stage.at(3 * DAY + HOUR, warehouse.answers_resend(reserve, "reserved"))
    order.heard(logistics.ReshipStatusChangedV1, reship_id=opened.reship_id, status="reserved")

    await stage.at(4 * DAY, seller.approves(opened))
    to = order.heard(refunds.ReturnAuthorizedV1, exchange_id=opened.exchange_id)
    order.heard(refunds.FreightLiabilityDecidedV1, return_leg="seller", replacement_leg="seller")
    order.heard(customers.PromiseRegisteredV1, kind="exchange")

    await stage.at(5 * DAY, buyer.sends_back(to, back, freight=1_200))
    await stage.plan(7 * DAY, carrier.brings(back))
    await stage.at(7 * DAY + HOUR, warehouse.inspects(back, to, "coat", wanted_sku_id="coat-l"))
    due = order.heard(refunds.ReshipDueV1, purpose="exchange", cost_bearer="seller")
    send = order.heard(logistics.ReshipRequestedV1, action=ReshipAction.SEND, sku_ids=["coat-l"])
    assert (send.reship_id, send.ship_by_at) == (opened.reship_id, due.ship_by_at)

    await stage.at(
        8 * DAY,
        warehouse.registers(fresh, share("coat"), direction="replacement", request_id=send.request_id),
        warehouse.hands_over(fresh),
    )
    order.heard(logistics.ReshipStatusChangedV1, status="sent", parcel_id=fresh.parcel_id)
    outlay = order.heard(refunds.RefundPaymentRequestedV1, purpose="freight", amount=cny(1_200))
    await stage.plan(8 * DAY + MINUTE, order.provider.settles(outlay))
    await stage.plan(8 * DAY + HOUR, carrier.scan(fresh, "picked_up"))
    await stage.at(10 * DAY, carrier.scan(fresh, "delivered", signed_by="buyer"))
    order.heard(logistics.ReshipStatusChangedV1, status="delivered")
    order.heard(refunds.ExchangeEndedV1, after=10 * DAY, ending="completed")
    order.heard(customers.PromiseEndedV1, outcome="fulfilled")
    money.adds_up(order, reimbursed=1_200)


async def test_no_stock_becomes_a_refund(stage: Stage) -> None:
    """The other size is gone: the buyer is offered the money, takes it, and sends the first one back."""
    order = stage.order("exchange-converted")
    buyer, back = order.buyer, order.parcel("back")
    await stage.sold(order, line("coat", 1, 30_000), alipay=30_000)
    await stage.delivered(order)

    await stage.at(3 * DAY, buyer.wants_other("coat", "coat-l", "size"))
    reserve = order.heard(logistics.ReshipRequestedV1, action=ReshipAction.RESERVE)
    await stage.at(3 * DAY + HOUR, order.warehouse.answers_resend(reserve, "unavailable"))
    offer = order.heard(common.OfferMadeV1, case_kind="exchange")
    assert "refund" in {option.option_id for option in offer.options}
    await stage.at(4 * DAY, buyer.applies("with_return", 30_000, "size", refund_id="exchange-converted.r9"))
    order.heard(refunds.ApplicationRejectedV1, reason_code="line_busy")

    await stage.at(4 * DAY + HOUR, buyer.chooses(offer, "refund"))
    order.heard(refunds.ExchangeEndedV1, ending="converted")
    opened = order.heard(refunds.RefundOpenedV1, amount=cny(30_000))
    to = order.heard(refunds.ReturnAuthorizedV1, refund_id=opened.refund_id)
    await stage.at(5 * DAY, buyer.sends_back(to, back))
    await stage.at(7 * DAY, order.warehouse.inspects(back, to, "coat"), order.seller.accepts(to))
    request = order.heard(refunds.RefundPaymentRequestedV1, refund_id=opened.refund_id)
    await stage.at(7 * DAY + MINUTE, order.provider.settles(request))
    order.heard(refunds.RefundPaidV1, is_full=True)
    order.silent(customers.PromiseRegisteredV1)
    assert [one.action for one in order.all(logistics.ReshipRequestedV1)] == [ReshipAction.RESERVE]
    money.adds_up(order, refunded=30_000)
