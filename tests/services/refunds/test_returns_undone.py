"""A return that the shop did not take in, or that came back to the buyer, is none (RF-044, RF-069)."""

import pytest

from aftersales_contracts.aftersales import buyer_claims, refunds
from aftersales_contracts.aftersales.logistics_enums import ParcelOutcome, ReshipStatus
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ParcelDirection, RefundKind
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, T0
from tests.services.refunds.test_goods_at_the_shop import ONE, RECEIPT, THREE
from tests.services.refunds.test_pieces import requested, told
from tests.support.driver import Driver

HERE = (*ONE, (s.parcel(ParcelOutcome.DELIVERED, "a"), T0 + 2 * HOUR))
"""The buyer has the piece."""


def undone(count: int = 1, return_id: str = "ret1") -> Event:
    pieces = s.share("a", count)
    return s.parcel(ParcelOutcome.DELIVERED, pieces, parcel_id=return_id, direction=ParcelDirection.RETURN)


def endings(driver: Driver) -> list[str]:
    return [closed.ending.value for closed in driver.announced(refunds.RefundClosedV1)]


@pytest.mark.parametrize("is_early", [True, False])
def test_silence_pays_nothing_for_a_return_that_was_not_taken_in(*, is_early: bool) -> None:
    """RF-023, RF-069: also where it was sent, and refused, before the seller agreed to it."""
    driver = told(*HERE, (s.applied(), T0 + DAY))
    if not is_early:
        driver.tell(s.agreed(), T0 + DAY)
    driver.tell(s.sent(freight=1_200), T0 + 2 * DAY)
    driver.tell(undone(), T0 + 2 * DAY + HOUR)
    if is_early:
        driver.tell(s.agreed(), T0 + 2 * DAY + 2 * HOUR)
    driver.until(T0 + 60 * DAY)
    assert (requested(driver), endings(driver)) == ([], ["lapsed"])
    assert driver.announced(buyer_claims.BuyerClaimOpenedV1) == []


def test_the_buyer_sends_once_more_and_is_paid() -> None:
    """RF-022, RF-069: the time to send is told anew."""
    driver = told(*HERE, (s.applied(), T0 + DAY), (s.agreed(), T0 + DAY), (s.sent(), T0 + 2 * DAY))
    for _ in range(2):
        driver.tell(undone(), T0 + 3 * DAY)
    send_by = [told.send_by_at for told in driver.announced(refunds.ReturnAuthorizedV1)]
    assert send_by == [T0 + 8 * DAY, T0 + 10 * DAY]
    driver.tell(s.sent(return_id="ret2"), T0 + 4 * DAY)
    driver.tell(s.inspected("a", 1, 1, return_id="ret2"), T0 + 5 * DAY)
    driver.until(T0 + 60 * DAY)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]
    assert driver.announced(buyer_claims.BuyerClaimOpenedV1) == []


def test_of_two_returns_the_one_that_comes_is_paid() -> None:
    """RF-039, RF-069."""
    applied = s.applied(amount=20_000, lines=[s.share("a", 2, 20_000)])
    driver = told(*THREE, (applied, T0 + DAY), (s.agreed(), T0 + DAY), (s.sent(), T0 + 2 * DAY))
    driver.tell(s.sent(return_id="ret2"), T0 + 2 * DAY)
    driver.tell(undone(return_id="ret2"), T0 + 3 * DAY)
    driver.until(T0 + 60 * DAY)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]


def test_goods_that_were_refused_and_are_the_buyers_again_are_not_asked_about() -> None:
    """RF-026, RF-069: the seller refused them at receipt, and the gate did not take them in."""
    driver = told(*HERE, (s.applied(), T0 + DAY), (s.agreed(), T0 + DAY), (s.sent(), T0 + 2 * DAY))
    driver.tell(s.refused(stage=RECEIPT), T0 + 3 * DAY)
    driver.tell(undone(), T0 + 3 * DAY)
    driver.tell(s.amended(RefundKind.WITH_RETURN, 10_000), T0 + 4 * DAY)
    driver.until(T0 + 9 * DAY)
    assert requested(driver) == []


def test_goods_that_were_paid_for_and_are_the_buyers_again_are_claimed() -> None:
    """RF-035, RF-069: the seller said that he has them; then the gate did not take them in."""
    driver = told(*HERE, (s.applied(), T0 + DAY), (s.agreed(), T0 + DAY), (s.sent(), T0 + 2 * DAY))
    driver.tell(s.accepted(s.share("a")), T0 + 3 * DAY)
    driver.tell(s.settled(10_000), T0 + 3 * DAY)
    driver.tell(undone(), T0 + 4 * DAY)
    assert [claim.amount.minor for claim in driver.announced(buyer_claims.BuyerClaimOpenedV1)] == [10_000]


def test_no_replacement_is_sent_for_a_return_that_was_not_taken_in() -> None:
    """RF-069, RF-120: silence about it counts for nothing."""
    driver = told(*HERE, (s.exchange_applied("quality"), T0 + DAY), (s.exchange_answered(), T0 + DAY))
    driver.tell(s.reship(ReshipStatus.RESERVED), T0 + DAY)
    driver.tell(s.sent(exchange_id="x1", freight=1_200), T0 + 2 * DAY)
    driver.tell(undone(), T0 + 3 * DAY)
    driver.until(T0 + 60 * DAY)
    assert driver.announced(refunds.ReshipDueV1) == []
    assert [over.ending.value for over in driver.announced(refunds.ExchangeEndedV1)] == ["expired"]
