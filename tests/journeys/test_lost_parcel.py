"""Lost parcel: the buyer chooses, the claim on the courier runs beside it, and then it turns up."""

from aftersales_contracts.aftersales import buyer_claims, common, logistics, refunds
from aftersales_contracts.aftersales.logistics_enums import ClaimAction, CourierAction
from tests.journeys import money
from tests.journeys.people import Parcel, cny, line, share
from tests.journeys.stage import DAY, HOUR, MINUTE, Order, Stage

SILENT = 6 * HOUR + 2 * DAY
"""Picked up after 6 h, and no scan for two days since."""


async def lost(stage: Stage, name: str) -> tuple[Order, Parcel]:
    """A parcel falls silent, the courier is asked, and admits after a day that it is lost."""
    order = stage.order(name)
    await stage.sold(order, line("book", 2, 5_000), alipay=10_000)
    parcel = await stage.shipped(order)
    await stage.at(SILENT + HOUR, order.buyer.misses(parcel))
    order.heard(logistics.ParcelStallChangedV1, stage="after_pickup", state="opened")
    inquiry = order.heard(logistics.CourierActionRequestedV1, after=SILENT, action=CourierAction.INQUIRE)
    await stage.at(SILENT + DAY, order.carrier.answers(inquiry, "lost"))
    order.heard(logistics.ParcelOutcomeDecidedV1, parcel_id=parcel.parcel_id, outcome="lost", basis="courier")
    claim = order.heard(logistics.CourierClaimRequestedV1, action=ClaimAction.FILE)
    assert claim.amount == cny(10_000)
    return order, parcel


async def test_sent_again_and_then_it_turns_up(stage: Stage) -> None:
    """The buyer wants the books: sent within three days; the first parcel is called back, the claim too."""
    order, parcel = await lost(stage, "lost-resent")
    carrier, second = order.carrier, order.parcel("second")
    claim = order.heard(logistics.CourierClaimRequestedV1)
    offer = order.heard(common.OfferMadeV1, default_option_id="reship")
    await stage.at(4 * DAY, order.buyer.chooses(offer, "reship"), carrier.answers_claim(claim, "received"))
    send = order.heard(logistics.ReshipRequestedV1, action="send", purpose="lost", sku_ids=["book-m"])
    assert send.ship_by_at == stage.start + SILENT + 4 * DAY
    await stage.at(
        5 * DAY,
        order.warehouse.registers(second, share("book", 2), direction="reship", request_id=send.request_id),
        order.warehouse.hands_over(second),
    )
    order.heard(logistics.ReshipStatusChangedV1, status="sent", parcel_id=second.parcel_id)
    await stage.plan(5 * DAY + HOUR, carrier.scan(second, "picked_up"))

    await stage.at(6 * DAY, carrier.scan(parcel, "in_transit"))
    recall = order.heard(logistics.CourierActionRequestedV1, action=CourierAction.INTERCEPT)
    assert (recall.parcel_id, recall.reason_code) == (parcel.parcel_id, "turned_up")
    order.heard(logistics.CourierClaimRequestedV1, claim_id=claim.claim_id, action=ClaimAction.WITHDRAW)
    order.heard(logistics.CourierClaimConcludedV1, outcome="withdrawn", recovered_amount=cny(0))
    await stage.plan(6 * DAY + HOUR, carrier.answers(recall, "accepted"))

    await stage.at(7 * DAY, carrier.scan(second, "delivered", signed_by="buyer"))
    order.heard(logistics.ReshipStatusChangedV1, status="delivered")
    await stage.at(9 * DAY, carrier.brings(parcel))
    revised = order.heard(logistics.ParcelOutcomeDecidedV1, parcel_id=parcel.parcel_id, outcome="returned")
    assert revised.revises_outcome == "lost"
    await stage.at(9 * DAY + HOUR, order.buyer.confirms())
    order.silent(logistics.RemedyRefundDueV1)
    order.silent(refunds.RefundOpenedV1)
    money.adds_up(order)


async def test_refunded_and_then_it_is_delivered(stage: Stage) -> None:
    """The buyer wants the money: report and memo first; the courier pays a part; then a person looks."""
    order, parcel = await lost(stage, "lost-refunded")
    seller, carrier = order.seller, order.carrier
    claim = order.heard(logistics.CourierClaimRequestedV1)
    offer = order.heard(common.OfferMadeV1)
    report = order.heard(common.TaskRequestedV1, question_code="lost_parcel_report")
    memo = order.heard(common.OrderActionRequestedV1, action="add_memo", purpose="loss")

    await stage.at(4 * DAY, order.buyer.chooses(offer, "refund"), order.system.stores_memo(memo))
    order.silent(logistics.RemedyRefundDueV1)
    await stage.at(4 * DAY + HOUR, seller.does(report, "approved"))
    remedy = order.heard(logistics.RemedyRefundDueV1, reason_code="lost", fault="courier")
    order.heard(refunds.RefundAnswerDecidedV1, answer="agree", cause="remedy")
    request = order.heard(refunds.RefundPaymentRequestedV1, amount=cny(10_000))
    await stage.at(4 * DAY + HOUR + MINUTE, order.provider.settles(request))
    order.heard(refunds.RefundPaidV1, remedy_id=remedy.remedy_id, is_full=True)
    await stage.at(4 * DAY + 2 * HOUR, order.system.closes("refunded"))

    for day, step, amount in ((5, "received", None), (8, "approved_partial", 6_000), (10, "paid", 6_000)):
        await stage.at(day * DAY, carrier.answers_claim(claim, step, amount))
    ended = order.heard(logistics.CourierClaimConcludedV1, outcome="partial")
    assert (ended.recovered_amount, ended.spent_on_buyer_amount) == (cny(6_000), cny(10_000))

    await stage.at(12 * DAY, carrier.scan(parcel, "delivered", signed_by="buyer"))
    revised = order.heard(logistics.ParcelOutcomeDecidedV1, outcome="delivered")
    assert revised.revises_outcome == "lost"
    order.heard(buyer_claims.BuyerClaimOpenedV1, amount=cny(10_000))
    order.heard(common.TaskRequestedV1, question_code="goods_and_money")
    order.heard(common.TaskRequestedV1, question_code="repay_courier")
    await stage.at(14 * DAY, order.buyer.misses(parcel))
    money.adds_up(order, refunded=10_000)


async def test_a_refund_is_open_already(stage: Stage) -> None:
    """Who asked for the money before it was lost gets it: nothing is offered (RF-035)."""
    order = stage.order("lost-claimed")
    await stage.sold(order, line("book", 2, 5_000), alipay=10_000)
    await stage.shipped(order)
    await stage.at(SILENT + HOUR, order.buyer.applies("not_received", 10_000, "not_received"))
    inquiry = order.heard(logistics.CourierActionRequestedV1, action=CourierAction.INQUIRE)
    await stage.at(SILENT + DAY, order.carrier.answers(inquiry, "lost"))
    order.silent(common.OfferMadeV1)
    report = order.heard(common.TaskRequestedV1, question_code="lost_parcel_report")
    memo = order.heard(common.OrderActionRequestedV1, action="add_memo", purpose="loss")
    await stage.at(SILENT + DAY + HOUR, order.seller.does(report, "approved"), order.system.stores_memo(memo))
    order.heard(refunds.RefundAnswerDecidedV1, answer="agree", cause="remedy")
    request = order.heard(refunds.RefundPaymentRequestedV1)
    await stage.at(SILENT + DAY + HOUR + MINUTE, order.provider.settles(request))
    await stage.until(10 * DAY)
    order.silent(logistics.ReshipRequestedV1)
    money.adds_up(order, refunded=10_000)
