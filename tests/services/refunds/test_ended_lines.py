"""Orders of which the order system ends some pieces, while the others go on."""

import pytest

from aftersales_contracts.aftersales import refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import RefundKind
from aftersales_contracts.shop import orders
from services.refunds.cases.order import state as c
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, T0
from tests.support.driver import Driver


def played(*events: Event) -> Driver:
    driver = Driver(REFUNDS)
    for event in events:
        driver.tell(event, T0)
    return driver


def part_of(event: orders.OrderClosedV1 | orders.OrderSucceededV1, line_id: str, count: int) -> Event:
    return event.model_copy(update={"lines": [s.share(line_id, count)]})


@pytest.mark.parametrize(
    ("told", "ended"),
    [
        ([("closed", 1)], c.Paid),
        ([("closed", 1), ("closed", 1)], c.Paid),
        ([("closed", 1), ("closed", 2)], c.Closed),
        ([("closed", 1), ("succeeded", 1)], c.Paid),
        ([("closed", 1), ("succeeded", 2)], c.Succeeded),
        ([("succeeded", 3)], c.Succeeded),
    ],
)
def test_a_line_ends_with_its_last_piece(told: list[tuple[str, int]], ended: type) -> None:
    """OR-001, OR-005: one of three pieces that is closed does not close the order, nor its refunds."""
    driver = played(s.placed([("a", 3, 3_000)]), s.paid(9_000))
    for number, (how, count) in enumerate(told, 1):
        event = part_of(s.closed() if how == "closed" else s.succeeded(), "a", count)
        driver.tell(event, T0 + number * HOUR)
    assert type(driver.state("order", s.ORDER_ID)) is ended
    refund = s.applied(RefundKind.UNSHIPPED, 3_000, lines=[s.share("a", 1)])
    driver.tell(refund, T0 + DAY)
    opened = [one.refund_id for one in driver.announced(refunds.RefundOpenedV1)]
    assert opened == (["r1"] if ended is c.Paid else [])


def test_repaid_pieces_need_not_succeed() -> None:
    """OR-001, RF-033: the trade succeeds with the pieces that are left of a line."""
    driver = played(s.placed([("a", 2, 5_000)]), s.paid())
    refund = s.applied(RefundKind.UNSHIPPED, 5_000, lines=[s.share("a", 1)])
    for event in (refund, s.agreed(), s.hold_stopped(), s.settled(5_000), s.shipped()):
        driver.tell(event, T0 + HOUR)
    driver.tell(part_of(s.succeeded(), "a", 1), T0 + DAY)
    assert isinstance(driver.state("order", s.ORDER_ID), c.Succeeded)
