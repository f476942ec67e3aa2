"""Applications that meet other cases or the payment: M1, S1, and ids that were used before."""

import pytest

from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.enums import RefundKind
from aftersales_contracts.shop import orders
from aftersales_contracts.shop.aftersales import ExchangeAnswer
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0
from tests.services.refunds.test_compensation_flow import AB
from tests.support.driver import Driver


def two_lines() -> Driver:
    """Two shipped lines of 100.00."""
    driver = Driver(REFUNDS)
    for event in (s.placed(AB), s.paid(20_000), s.shipped()):
        driver.tell(event, T0)
    return driver


def rejections(driver: Driver) -> list[tuple[str, str]]:
    return [
        (str(one.application_id), one.reason_code) for one in driver.announced(refunds.ApplicationRejectedV1)
    ]


def busy_with(driver: Driver, other: str) -> None:
    """Another case on line a: an exchange or a refund."""
    if other == "exchange":
        driver.tell(s.exchange_applied(), T0 + HOUR)
    else:
        driver.tell(s.applied(refund_id="r2", lines=[s.share("a")]), T0 + HOUR)


@pytest.mark.parametrize("other", ["exchange", "refund"])
@pytest.mark.parametrize("is_own_first", [True, False])
def test_m1_an_amendment_cannot_take_over_the_line_of_another_case(other: str, is_own_first: bool) -> None:
    """RF-017: whichever case the account meets first, and the line may be taken once the other has ended."""
    driver = two_lines()
    own = s.applied(lines=[s.share("b")])
    if is_own_first:
        driver.tell(own, T0 + HOUR)
        busy_with(driver, other)
    else:
        busy_with(driver, other)
        driver.tell(own, T0 + HOUR)
    driver.tell(s.refused(), T0 + 2 * HOUR)
    both = [s.share("a"), s.share("b")]
    driver.tell(s.amended(RefundKind.WITH_RETURN, 20_000, lines=both), T0 + 3 * HOUR)
    assert rejections(driver) == [("r1", "line_busy")]
    assert driver.state("refund-agreement", "r1").filed.terms.amount.minor == 10_000
    if other == "refund":
        driver.tell(s.withdrawn("r2"), T0 + 4 * HOUR)
        driver.tell(s.amended(RefundKind.WITH_RETURN, 20_000, 3, lines=both), T0 + 5 * HOUR)
        assert driver.state("refund-agreement", "r1").filed.terms.amount.minor == 20_000


def test_m1_an_amendment_of_the_whole_order_meets_the_other_case_too() -> None:
    driver = two_lines()
    driver.tell(s.applied(lines=[s.share("b")]), T0 + HOUR)
    busy_with(driver, "exchange")
    driver.tell(s.refused(), T0 + 2 * HOUR)
    driver.tell(s.amended(RefundKind.NO_RETURN, 20_000), T0 + 3 * HOUR)
    assert rejections(driver) == [("r1", "line_busy")]


def test_s1_an_application_before_the_payment_is_turned_away_and_the_next_one_is_opened() -> None:
    """RF-001: from the payment on; nothing is opened that is dated before it."""
    driver = Driver(REFUNDS)
    driver.tell(s.placed(), T0)
    (rejected,) = driver.tell(s.applied(RefundKind.UNSHIPPED), T0 + HOUR)
    assert isinstance(rejected, refunds.ApplicationRejectedV1)
    assert (rejected.reason_code, rejected.advise_code) == ("not_paid", "apply_after_payment")
    assert rejected.rule_ids == ["RF-001"]
    driver.tell(s.paid(), T0 + 2 * HOUR)
    assert driver.announced(refunds.RefundOpenedV1) == []
    driver.tell(s.applied(RefundKind.UNSHIPPED, refund_id="r2"), T0 + 3 * HOUR)
    (opened,) = driver.announced(refunds.RefundOpenedV1)
    assert (opened.refund_id, opened.answer_by_at) == ("r2", T0 + 2 * DAY + 3 * HOUR)
    driver.until(T0 + 4 * DAY)
    assert {r.intent_id for r in driver.announced(refunds.RefundPaymentRequestedV1)} == {"r2.refund.1"}
    assert driver.waiting == []


def test_s1_the_same_id_is_opened_once_the_order_is_paid() -> None:
    driver = Driver(REFUNDS)
    driver.tell(s.placed(), T0)
    for minutes in (10, 20):
        driver.tell(s.applied(RefundKind.UNSHIPPED), T0 + minutes * MINUTE)
    driver.tell(s.paid(), T0 + HOUR)
    driver.tell(s.applied(RefundKind.UNSHIPPED), T0 + 2 * HOUR)
    assert rejections(driver) == [("r1", "not_paid")] * 2
    assert [one.refund_id for one in driver.announced(refunds.RefundOpenedV1)] == ["r1"]


@pytest.mark.parametrize(("minutes", "opened"), [(59, []), (60, ["r1"]), (61, ["r1"])])
def test_s1_an_application_since_the_payment_is_opened_when_the_payment_is_heard(
    minutes: int, opened: list[str]
) -> None:
    """RF-001: the news of the payment comes last. Of two applications for a line the second finds it busy."""
    driver = Driver(REFUNDS)
    driver.tell(s.placed(), T0)
    driver.tell(s.applied(RefundKind.UNSHIPPED), T0 + minutes * MINUTE)
    driver.tell(s.applied(RefundKind.UNSHIPPED, refund_id="r2"), T0 + 61 * MINUTE)
    driver.tell(s.paid(), T0 + 60 * MINUTE)
    found = [one.refund_id for one in driver.announced(refunds.RefundOpenedV1)]
    assert found == (opened or ["r2"])
    assert driver.state("order", s.ORDER_ID).book.early == ()
    if opened:
        assert rejections(driver)[-1] == ("r2", "line_busy")


def test_an_application_for_an_order_that_is_never_paid_gets_its_answers() -> None:
    """RF-001, OR-005: unpaid at first, closed later."""
    driver = Driver(REFUNDS)
    driver.tell(s.placed(), T0)
    driver.tell(s.applied(RefundKind.UNSHIPPED), T0 + HOUR)
    driver.tell(s.closed(orders.CloseCause.UNPAID_TIMEOUT), T0 + DAY)
    driver.tell(s.applied(RefundKind.UNSHIPPED), T0 + 2 * DAY)
    assert rejections(driver) == [("r1", "not_paid"), ("r1", "order_closed")]


@pytest.mark.parametrize("ending", ["withdrawn", "paid"])
def test_an_id_that_was_used_opens_nothing_and_gets_an_answer(ending: str) -> None:
    """N4: under the id of a case that is over, the buyer hears why."""
    driver = two_lines()
    lines = [s.share("b")]
    driver.tell(s.applied(RefundKind.NO_RETURN, lines=lines), T0 + HOUR)
    assert driver.tell(s.applied(RefundKind.NO_RETURN, lines=lines), T0 + HOUR) == [], "a repeat"
    if ending == "paid":
        driver.tell(s.agreed(), T0 + DAY)
        driver.tell(s.settled(10_000), T0 + DAY)
    else:
        driver.tell(s.withdrawn(), T0 + DAY)
    (rejected,) = driver.tell(s.applied(RefundKind.NO_RETURN, lines=[s.share("a")]), T0 + 2 * DAY)
    assert isinstance(rejected, refunds.ApplicationRejectedV1)
    assert (rejected.reason_code, rejected.advise_code) == ("id_used", "apply_under_new_id")
    assert not driver.announced(common.TaskWithdrawnV1)[1:]


def test_an_exchange_under_a_used_id_gets_an_answer() -> None:
    driver = two_lines()
    driver.tell(s.exchange_applied(), T0 + HOUR)
    assert driver.tell(s.exchange_applied(), T0 + HOUR) == [], "a repeat"
    driver.tell(s.exchange_answered(ExchangeAnswer.REFUSED), T0 + 2 * HOUR)
    driver.tell(s.exchange_applied(), T0 + 3 * HOUR)
    assert rejections(driver)[-1] == ("x1", "id_used")
