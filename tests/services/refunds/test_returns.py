"""Goods that the buyer sends back: which pieces are paid for, what silence consents to, whose freight."""

from aftersales_contracts import components
from aftersales_contracts.aftersales import refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import RefundKind
from aftersales_contracts.shop import aftersales
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, GRACE, HOUR, T0
from tests.services.refunds.test_pieces import SENT_THREE, for_pieces, questions, requested, told
from tests.support.driver import Driver


def returning(
    count: int, *lines: components.Share, reason: str = "quality", freight: int | None = None
) -> Driver:
    """A return of some pieces of line `a`, agreed and registered."""
    driver = told(*SENT_THREE, (for_pieces(RefundKind.WITH_RETURN, count, reason=reason), T0 + DAY))
    driver.tell(s.agreed(), T0 + DAY)
    driver.tell(s.sent(lines=lines, freight=freight), T0 + 2 * DAY)
    return driver


def amended_to(count: int, reason: str) -> Event:
    return aftersales.RefundAmendedV1(
        **s.KEYS, refund_id="r1", terms_version=2, kind=RefundKind.WITH_RETURN, reason_code=reason,
        lines=[s.share("a", count, count * 10_000)], amount=s.money(count * 10_000),
    )  # fmt: skip


SILENT = T0 + 12 * DAY + GRACE


def test_silence_pays_for_what_was_sent() -> None:
    """RF-022, RF-023: one piece of three was registered."""
    driver = returning(3, s.share("a"))
    driver.until(SILENT)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]
    assert questions(driver) == ["fewer_pieces_accepted"]


def test_silence_pays_for_what_was_found_fit() -> None:
    """RF-023, RF-039: the warehouse found two of three."""
    driver = returning(3, s.share("a", 3))
    driver.tell(s.inspected("a", 3, 2), T0 + 4 * DAY)
    driver.until(SILENT)
    assert requested(driver) == [("r1.refund.1", 20_000, {"a": 2})]
    assert questions(driver) == ["fewer_pieces_accepted", "goods_back_without_refund"]


def test_nothing_found_fit_is_not_paid_by_silence() -> None:
    """RF-023, RF-026: a person looks, the buyer may change the application, and it ends like a refusal."""
    driver = returning(3, s.share("a", 3))
    driver.tell(s.inspected("a", 0, 0), T0 + 4 * DAY)
    driver.tell(s.accepted(s.share("a", 3)), T0 + 4 * DAY)
    driver.until(SILENT)
    assert (requested(driver), questions(driver)) == ([], ["fewer_pieces_accepted"] * 2)
    refusal = driver.announced(refunds.RefundAnswerDecidedV1)[-1]
    assert (refusal.answer, refusal.reason_code) == ("refuse", "no_pieces_accepted")
    driver.until(SILENT + 7 * DAY + GRACE)
    assert [closed.ending for closed in driver.announced(refunds.RefundClosedV1)] == ["lapsed"]


def test_what_the_seller_counts_is_what_came() -> None:
    """RF-025: a confirmation with counts needs no registration; one without is for what was sent."""
    driver = returning(3, s.share("a"))
    driver.tell(s.accepted(s.share("a", 3)), T0 + 4 * DAY)
    assert requested(driver) == [("r1.refund.1", 30_000, {"a": 3})]
    driver = returning(3, s.share("a"))
    driver.tell(s.accepted(), T0 + 4 * DAY)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]
    driver = returning(3)
    driver.tell(s.accepted(), T0 + 4 * DAY)
    assert requested(driver) == [("r1.refund.1", 30_000, {"a": 3})], "a registration without contents"


def test_a_second_parcel_of_a_return_is_counted_in() -> None:
    """RF-022, RF-023, RF-068: its pieces, its freight and the seller's ten days; a repeat adds nothing."""
    driver = returning(3, s.share("a"), freight=700)
    for _ in range(2):
        driver.tell(s.sent(lines=[s.share("a", 2)], freight=800, return_id="ret2"), T0 + 5 * DAY)
    driver.tell(s.sent(freight=700), T0 + 5 * DAY)
    driver.until(SILENT)
    assert requested(driver) == []
    driver.until(T0 + 15 * DAY + GRACE)
    assert [(intent, minor) for intent, minor, _ in requested(driver)] == [
        ("r1.freight.1", 1_500), ("r1.refund.1", 30_000),
    ]  # fmt: skip


def test_silence_consents_to_no_more_than_was_agreed_when_the_goods_left() -> None:
    """RF-023, RF-027: refused at receipt, then more pieces and another reason; who confirms, consents."""
    driver = returning(1, s.share("a"), reason="no_reason", freight=900)
    driver.tell(s.refused(stage=aftersales.AnswerStage.RECEIPT), T0 + 3 * DAY)
    driver.tell(amended_to(3, "quality"), T0 + 4 * DAY)
    driver.until(T0 + 14 * DAY + GRACE)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]
    assert questions(driver) == ["fewer_pieces_accepted"]
    driver = returning(1, s.share("a"), reason="no_reason", freight=900)
    driver.tell(s.refused(stage=aftersales.AnswerStage.RECEIPT), T0 + 3 * DAY)
    driver.tell(amended_to(1, "quality"), T0 + 4 * DAY)
    driver.tell(s.accepted(s.share("a")), T0 + 5 * DAY)
    assert [(intent, minor) for intent, minor, _ in requested(driver)] == [
        ("r1.freight.1", 900), ("r1.refund.1", 10_000),
    ]  # fmt: skip


def test_silence_after_an_amendment_keeps_the_original_freight() -> None:
    """RF-023, RF-064, RF-066: the freight of the first delivery was not owed when the goods left."""
    driver = told(
        (s.placed(freight=1_000, is_free=False), T0), (s.paid(11_000), T0), (s.shipped(), T0 + HOUR)
    )
    driver.tell(s.applied(reason="no_reason"), T0 + DAY)
    driver.tell(s.agreed(), T0 + DAY)
    driver.tell(s.sent(), T0 + 2 * DAY)
    driver.tell(s.refused(stage=aftersales.AnswerStage.RECEIPT), T0 + 3 * DAY)
    driver.tell(s.amended(RefundKind.WITH_RETURN, 11_000), T0 + 4 * DAY)
    driver.until(T0 + 14 * DAY + GRACE)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]


def test_freight_has_its_cap_for_each_return() -> None:
    """RF-068: two returns of one order, each under the cap; one above it is paid up to it."""
    driver = told((s.placed((("a", 1, 10_000), ("b", 1, 10_000))), T0), (s.paid(20_000), T0))
    driver.tell(s.shipped(), T0 + HOUR)
    for refund_id, line_id, freight in (("r1", "a", 6_000), ("r2", "b", 10_001)):
        lines = [s.share(line_id)]
        driver.tell(s.applied(lines=lines, refund_id=refund_id), T0 + DAY)
        driver.tell(s.agreed(refund_id=refund_id), T0 + DAY)
        driver.tell(s.sent(freight=freight, lines=lines, refund_id=refund_id), T0 + 2 * DAY)
        driver.tell(s.accepted(*lines, refund_id=refund_id), T0 + 3 * DAY)
    freights = [minor for intent, minor, _ in requested(driver) if intent.endswith(".freight.1")]
    assert (freights, questions(driver)) == ([6_000, 10_000], ["payment_over_account"])


def test_freight_in_another_currency_than_the_cap_goes_to_a_person() -> None:
    """RF-068."""
    usd = "USD"
    driver = told((s.placed(currency=usd), T0), (s.paid(10_000, currency=usd), T0), (s.shipped(), T0 + HOUR))
    driver.tell(s.applied(currency=usd), T0 + DAY)
    driver.tell(s.agreed(), T0 + DAY)
    driver.tell(s.sent(freight=100, currency=usd), T0 + 2 * DAY)
    driver.tell(s.accepted(s.share("a")), T0 + 3 * DAY)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]
    assert questions(driver) == ["payment_over_account"]
