"""A service that was away over a deadline: what was said in time counts, whenever it is read."""

import pytest

from aftersales_contracts.aftersales import refunds
from tests.journeys import money
from tests.journeys.people import line
from tests.journeys.stage import DAY, GRACE, HOUR, MINUTE, Order, Stage

PRICE = 7_000
APPLIED = 3 * DAY
ANSWER_BY = APPLIED + 5 * DAY


async def applied(stage: Stage, name: str) -> Order:
    """To come: a toy is delivered, and its refund applied for, the toy to be kept."""
    order = stage.order(name)
    await stage.sold(order, line("toy", 1, PRICE), alipay=PRICE)
    await stage.delivered(order)
    await stage.plan(APPLIED, order.buyer.applies("no_return", PRICE, "quality"))
    return order


@pytest.mark.parametrize(("name", "by_kill"), [("stopped", False), ("killed", True)])
async def test_two_days_over_the_deadline(stage: Stage, name: str, by_kill: bool) -> None:
    """Refused an hour before the deadline, read a day after it: refused. Without an answer: agreed."""
    refused, silent = await applied(stage, f"away-{name}-1"), await applied(stage, f"away-{name}-2")
    await stage.until(APPLIED)
    opened = refused.heard(refunds.RefundOpenedV1)
    silent.heard(refunds.RefundOpenedV1)
    await stage.until(ANSWER_BY - DAY)

    await stage.world.stop("refunds", by_kill=by_kill)
    await stage.at(ANSWER_BY - HOUR, refused.seller.refuses(opened, "nothing_wrong"))
    await stage.until(ANSWER_BY + DAY)
    silent.silent(refunds.RefundAnswerDecidedV1)
    await stage.world.start("refunds")
    await stage.until(ANSWER_BY + DAY + MINUTE)

    refused.silent(refunds.RefundAnswerDecidedV1)
    refused.silent(refunds.RefundPaymentRequestedV1)
    silent.heard(refunds.RefundAnswerDecidedV1, after=ANSWER_BY, answer="agree", cause="silence")
    requests = silent.all(refunds.RefundPaymentRequestedV1)
    assert len({request.intent_id for request in requests}) == 1
    await stage.at(ANSWER_BY + DAY + GRACE, silent.provider.settles(requests[0]))
    await stage.plan(ANSWER_BY + DAY + GRACE + MINUTE, silent.system.closes("refunded"))
    silent.heard(refunds.RefundPaidV1, is_full=True)
    money.adds_up(silent, refunded=PRICE)

    # Only a refused application is given up by confirming receipt (RF-017): the refusal has counted.
    await stage.at(ANSWER_BY + DAY + HOUR, refused.buyer.confirms())
    refused.heard(refunds.RefundClosedV1, ending="withdrawn")
    money.adds_up(refused)
