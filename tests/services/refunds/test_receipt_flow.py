"""The buyer confirms receipt, or changes what he asks for: M7, and terms that readers are told."""

import pytest

from aftersales_contracts import components
from aftersales_contracts.aftersales import common, logistics_enums, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import RefundKind
from aftersales_contracts.shop import orders
from aftersales_contracts.shop.aftersales import AnswerStage
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, T0
from tests.services.refunds.test_compensation_flow import AB
from tests.services.refunds.test_parts_flow import came_back
from tests.support.driver import Driver

BUYER = orders.SuccessCause.BUYER


def waiting(*more: Event, lines: str = "ab") -> Driver:
    """A refund of these lines of 100.00 each as not received, and what happens to it on the second day."""
    driver = Driver(REFUNDS)
    for event in (s.placed(AB), s.paid(20_000), s.shipped()):
        driver.tell(event, T0)
    shares = [s.share(line_id) for line_id in lines]
    driver.tell(
        s.applied(RefundKind.NOT_RECEIVED, 10_000 * len(lines), lines=shares, reason="other"), T0 + HOUR
    )
    for later in more:
        driver.tell(later, T0 + DAY)
    return driver


def received(*lines: str, cause: orders.SuccessCause = BUYER) -> orders.OrderSucceededV1:
    shares = [components.Share(line_id=line_id, quantity_count=1) for line_id in lines] or None
    return orders.OrderSucceededV1(**s.KEYS, cause=cause, lines=shares)


def endings(driver: Driver) -> list[str]:
    return [str(one.ending) for one in driver.announced(refunds.RefundClosedV1)]


def payments(driver: Driver) -> set[str]:
    return {
        f"{one.attempt_id} {one.amount.minor}" for one in driver.announced(refunds.RefundPaymentRequestedV1)
    }


@pytest.mark.parametrize("before", [[], [s.refused()]], ids=["unanswered", "refused"])
@pytest.mark.parametrize("lines", [(), ("a",), ("a", "b")], ids=["whole", "a line", "all lines"])
def test_m7_receipt_ends_a_refund_of_goods_not_received(before: list[Event], lines: tuple[str, ...]) -> None:
    """RF-017: unanswered or refused; nothing is paid by silence."""
    driver = waiting(*before, lines="a")
    driver.tell(received(*lines), T0 + 2 * DAY)
    driver.until(T0 + 60 * DAY)
    assert endings(driver) == ["withdrawn"]
    assert payments(driver) == set()


def test_m7_receipt_of_one_line_leaves_the_refund_of_the_other() -> None:
    """RF-017: told anew with what is left of it, and paid by silence for that."""
    driver = waiting()
    driver.tell(received("a"), T0 + 2 * DAY)
    first, again = driver.announced(refunds.RefundOpenedV1)
    assert ([line.line_id for line in again.lines], again.amount.minor) == (["b"], 10_000)
    assert again.answer_by_at == first.answer_by_at
    driver.tell(s.parcel(logistics_enums.ParcelOutcome.DELIVERED, "a"), T0 + 3 * DAY)
    driver.until(T0 + 5 * DAY + 2 * HOUR)
    assert payments(driver) == {"r1.refund.1.try.1 10000"}
    driver.tell(s.settled(10_000), T0 + 6 * DAY)
    account = driver.state("order", s.ORDER_ID).book
    assert [line.refunded_minor for line in account.lines] == [0, 10_000]


def test_m7_receipt_of_one_line_of_a_refused_refund_leaves_the_other_to_be_amended() -> None:
    driver = waiting(s.refused())
    driver.tell(received("a"), T0 + 2 * DAY)
    assert endings(driver) == []
    assert [share.line_id for share in driver.state("refund-agreement", "r1").filed.terms.shares] == ["b"]
    driver.tell(s.amended(RefundKind.NOT_RECEIVED, 10_000, lines=[s.share("b")]), T0 + 3 * DAY)
    driver.tell(s.agreed(2), T0 + 3 * DAY)
    assert payments(driver) == {"r1.refund.1.try.1 10000"}


def test_m7_receipt_of_another_line_changes_nothing() -> None:
    driver = waiting(lines="b")
    driver.tell(received("a"), T0 + 2 * DAY)
    assert len(driver.announced(refunds.RefundOpenedV1)) == 1
    assert endings(driver) == []


@pytest.mark.parametrize("cause", [orders.SuccessCause.AUTO_CONFIRM, orders.SuccessCause.PARTIAL_REFUND])
def test_m7_only_the_buyer_confirms_receipt(cause: orders.SuccessCause) -> None:
    driver = waiting()
    driver.tell(received(cause=cause), T0 + 2 * DAY)
    assert endings(driver) == []


def test_m7_a_granted_payment_of_which_nothing_moved_is_given_up() -> None:
    """RF-017, RF-029: failed for sure and not tried again yet; or stuck, and the question is void."""
    driver = waiting(s.agreed(), s.failed())
    told = driver.tell(received(), T0 + DAY)
    assert [type(one).__name__ for one in told] == [
        "RefundPaymentAbandonedV1",
        "RefundClosedV1",
    ]
    driver.until(T0 + 60 * DAY)
    assert payments(driver) == {"r1.refund.1.try.1 20000"}
    assert driver.state("order", s.ORDER_ID).book.refunded_minor == 0
    stuck = waiting(s.agreed(), s.failed(is_retryable=False), received())
    assert endings(stuck) == ["withdrawn"]
    assert [one.reason_code for one in stuck.announced(common.TaskWithdrawnV1)] == ["receipt_confirmed"]


def test_m7_a_granted_payment_on_its_way_is_not_tried_again() -> None:
    """RF-017, RF-029: once it fails it is over; if it settled, a person sees to goods and money."""
    failed = waiting(s.agreed(), received(), s.failed())
    assert endings(failed) == ["withdrawn"]
    paid = waiting(s.agreed(), received(), s.settled(20_000))
    assert endings(paid) == []
    assert [one.question_code for one in paid.announced(common.TaskRequestedV1)] == ["paid_after_receipt"]


def test_m7_what_is_lost_or_back_is_paid_whatever_the_buyer_confirms() -> None:
    """RF-035, RF-044: he confirmed the rest of his order."""
    for news in (
        s.parcel(logistics_enums.ParcelOutcome.RETURNED, "a", "b"),
        s.remedy(s.share("a"), s.share("b")),
    ):
        driver = waiting(news, received(), s.failed())
        driver.until(T0 + 2 * DAY)
        assert endings(driver) == []
        assert "r1.refund.1.try.2 20000" in payments(driver)


def test_an_amendment_that_is_accepted_at_receipt_is_told() -> None:
    """RF-027, RF-028, seed 3077: readers know the new terms, and until when silence counts."""
    driver = Driver(REFUNDS)
    for event in (s.placed(AB), s.paid(20_000), s.shipped()):
        driver.tell(event, T0)
    driver.tell(s.applied(amount=10_000, lines=[s.share("a")]), T0 + DAY)
    driver.tell(s.agreed(), T0 + 2 * DAY)
    driver.tell(s.sent(), T0 + 3 * DAY)
    driver.tell(s.refused(stage=AnswerStage.RECEIPT), T0 + 5 * DAY)
    told = driver.tell(s.amended(RefundKind.WITH_RETURN, 6_000, lines=[s.share("a")]), T0 + 6 * DAY)
    (opened,) = [one for one in told if isinstance(one, refunds.RefundOpenedV1)]
    assert (opened.terms_version, opened.amount.minor) == (2, 6_000)
    assert opened.answer_by_at == T0 + 16 * DAY
    driver.tell(s.agreed(2), T0 + 7 * DAY)
    driver.tell(s.accepted(s.share("a")), T0 + 7 * DAY)
    assert payments(driver) == {"r1.refund.1.try.1 6000"}


@pytest.mark.parametrize(("laid_out", "owed"), [(1_200, 1_200), (None, None), (0, None)])
def test_freight_that_is_owed_is_told_with_its_amount(laid_out: int | None, owed: int | None) -> None:
    """RF-068: once the goods are accepted; before that nobody knows whether it is owed."""
    driver = Driver(REFUNDS)
    for event in (s.placed(AB), s.paid(20_000), s.shipped()):
        driver.tell(event, T0)
    driver.tell(s.applied(amount=10_000, lines=[s.share("a")]), T0 + DAY)
    driver.tell(s.agreed(), T0 + 2 * DAY)
    driver.tell(s.sent(freight=laid_out), T0 + 3 * DAY)
    driver.tell(s.accepted(s.share("a")), T0 + 5 * DAY)
    told = [one.reimburse_amount for one in driver.announced(refunds.FreightLiabilityDecidedV1)]
    assert told == ([None] if owed is None else [None, s.money(owed)])


def test_receipt_after_the_money_came_back_is_left_to_the_person_who_is_asked() -> None:
    driver = waiting(s.agreed(), s.settled(20_000), lines="ab")
    driver.tell(came_back(20_000), T0 + 2 * DAY)
    driver.tell(received(), T0 + 3 * DAY)
    assert type(driver.state("refund-intent", "r1.refund.1")).__name__ == "Reversed"
