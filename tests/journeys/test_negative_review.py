"""Negative review: the phone first, at most three texts, a changed review; or the buyer opts out."""

from aftersales_contracts.aftersales import common, customers, reviews
from aftersales_contracts.enums import Channel
from tests.journeys import money
from tests.journeys.people import line
from tests.journeys.stage import DAY, HOUR, MINUTE, Order, Stage

RATED = 4 * DAY


async def rated_bad(stage: Stage, name: str) -> Order:
    """A buyer who may be written to confirms receipt and rates the goods as bad; the shop phones."""
    order = stage.order(name)
    await stage.sold(order, line("kettle", 1, 9_000), alipay=9_000)
    await stage.plan(HOUR, order.buyer.allows("sms"))
    await stage.delivered(order)
    await stage.plan(3 * DAY, order.buyer.confirms())
    await stage.at(RATED, order.buyer.rates("bad", "kettle"))
    order.heard(reviews.ReviewDecidedV1, is_counted=True)
    order.heard(reviews.CreditChangedV1, role="seller", direction="down", delta_points=1)
    negative = order.heard(reviews.ReviewNegativeReceivedV1, rating="bad")
    assert negative.change_by_at == stage.start + RATED + 30 * DAY
    order.heard(common.NoticeRequestedV1, purpose="review_followup", channels=[Channel.CALL])
    assert attempts(order) == ["call"]
    return order


def attempts(order: Order) -> list[str]:
    """The follow-up's calls and texts that were asked for, in order."""
    found = [
        (text.request_id, text.channel.value)
        for text in order.all(customers.MessageSendRequestedV1, purpose="review_followup")
    ]
    found += [
        (call.request_id, "call")
        for call in order.all(customers.CallRequestedV1, purpose_code="review_followup")
    ]
    return [channel for _, channel in sorted(found)]


async def test_few_attempts_and_a_changed_review(stage: Stage) -> None:
    """Call, text, call, text, text, never more; then the review is changed, and credit given back."""
    order = await rated_bad(stage, "review-changed")
    for number, step in enumerate(["call", "sms", "call", "sms", "sms"]):
        await stage.until(RATED + number * 2 * DAY)
        assert len(attempts(order)) == number + 1, order.told()
        if step == "call":
            call = order.all(customers.CallRequestedV1)[-1]
            await stage.plan(RATED + number * 2 * DAY + HOUR, order.seller.phones(call, "not_reached"))
        else:
            text = order.all(customers.MessageSendRequestedV1, channel="sms")[-1]
            await stage.plan(RATED + number * 2 * DAY + MINUTE, order.gateway.answers(text, "delivered"))
    await stage.until(RATED + 20 * DAY)
    assert attempts(order) == ["call", "sms", "call", "sms", "sms"]
    texts = order.all(customers.MessageSendRequestedV1, channel="sms", purpose="review_followup")
    assert [text.nth_count for text in texts if text.unsubscribe_ref] == [1, 2, 3]

    await stage.at(RATED + 21 * DAY, order.buyer.rates_anew("good"))
    order.heard(reviews.ReviewDecidedV1, after=RATED + 21 * DAY, is_counted=True, reason_code="changed")
    up = order.heard(reviews.CreditChangedV1, after=RATED + 21 * DAY, role="seller", direction="up")
    assert up.delta_points == 2
    order.heard(reviews.FollowupEndedV1, outcome="changed", text_count=3, call_count=2)
    await stage.until(RATED + 31 * DAY)
    assert len(attempts(order)) == 5
    money.adds_up(order)


async def test_the_buyer_opts_out(stage: Stage) -> None:
    """One word while a text is under way: it is stopped, and nobody ever tries again."""
    order = await rated_bad(stage, "review-opted-out")
    call = order.heard(customers.CallRequestedV1)
    await stage.at(RATED + HOUR, order.seller.phones(call, "not_reached"))
    order.heard(customers.NoticeResolvedV1, notice_id=call.request_id, outcome="not_reached")
    await stage.until(RATED + 2 * DAY)
    text = order.heard(customers.MessageSendRequestedV1, channel="sms", purpose="review_followup")

    await stage.at(RATED + 2 * DAY + MINUTE, order.buyer.opts_out())
    order.heard(customers.ConsentChangedV1, channel="all", is_allowed=False)
    order.heard(
        customers.NoticeResolvedV1,
        notice_id=text.request_id,
        outcome="suppressed",
        reason_code="consent_withdrawn",
    )
    order.heard(reviews.FollowupEndedV1, outcome="refused_contact")
    await stage.at(RATED + 3 * DAY, order.buyer.allows("sms"))
    order.heard(customers.ConsentChangedV1, channel="sms", is_allowed=False, reason_code="refused_before")
    await stage.until(RATED + 31 * DAY)
    assert attempts(order) == ["call", "sms"]
