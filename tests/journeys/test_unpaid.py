"""Unpaid close: one reminder, three days, closed; another price starts anew, and a payment wins."""

from aftersales_contracts.aftersales import common, customers
from tests.journeys import money
from tests.journeys.people import line
from tests.journeys.stage import DAY, GRACE, HOUR, MINUTE, Order, Stage


def reminders(order: Order) -> list[customers.MessageSendRequestedV1]:
    """Texts that remind of the payment."""
    return order.all(customers.MessageSendRequestedV1, purpose="reminder")


async def test_never_paid(stage: Stage) -> None:
    """Reminded once after two hours, asked to be closed after three days, closed."""
    order = stage.order("unpaid-closed")
    await stage.at(0 * HOUR, order.buyer.places(line("cup", 1, 3_000)))
    await stage.until(2 * HOUR)
    (reminder,) = reminders(order)
    await stage.plan(2 * HOUR + MINUTE, order.gateway.answers(reminder, "sent"))
    await stage.until(3 * DAY + GRACE - MINUTE)
    order.silent(customers.OrderCloseRequestedV1)
    await stage.until(3 * DAY + GRACE)
    request = order.heard(customers.OrderCloseRequestedV1, after=3 * DAY, only_if=["awaiting_payment"])
    await stage.at(3 * DAY + 2 * GRACE, order.system.closes("unpaid_timeout", request.request_id))
    order.heard(common.CaseChangedV1, status="closed", ending="unpaid_timeout")
    await stage.until(6 * DAY)
    assert len(reminders(order)) == 1
    order.heard(customers.OrderCloseRequestedV1)
    money.adds_up(order)


async def test_another_price_starts_the_wait_anew(stage: Stage) -> None:
    """The seller lowers the price on the second day: three more days from then (OR-014)."""
    order = stage.order("unpaid-repriced")
    await stage.at(0 * HOUR, order.buyer.places(line("cup", 1, 3_000)))
    await stage.at(2 * DAY, order.system.changes_terms(line("cup", 1, 2_500)))
    await stage.until(5 * DAY + GRACE - MINUTE)
    order.silent(customers.OrderCloseRequestedV1)
    await stage.until(5 * DAY + GRACE)
    order.heard(customers.OrderCloseRequestedV1, after=5 * DAY)
    await stage.at(5 * DAY + 2 * GRACE, order.system.closes("unpaid_timeout"))


async def test_the_payment_crosses_the_close(stage: Stage) -> None:
    """Paid in the minute in which we ask to close: the order system declines, and the sale goes on."""
    order = stage.order("unpaid-crossed")
    await stage.at(0 * HOUR, order.buyer.places(line("cup", 1, 3_000)))
    await stage.until(3 * DAY + GRACE)
    request = order.heard(customers.OrderCloseRequestedV1)
    await stage.at(
        3 * DAY + GRACE + MINUTE,
        order.system.declines(request, "paid_meanwhile"),
        order.buyer.pays(alipay=3_000),
    )
    order.heard(common.CaseChangedV1, status="paid")
    await stage.delivered(order, 5 * DAY)
    await stage.at(6 * DAY, order.buyer.confirms())
    order.heard(common.CaseChangedV1, status="succeeded")
    order.heard(customers.OrderCloseRequestedV1)
    assert len(reminders(order)) == 1
    money.adds_up(order)
