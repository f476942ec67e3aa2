"""B12: an order that costs nothing, through refunds, logistics and customers together."""

from datetime import timedelta
from typing import Any

import pytest

from aftersales_contracts import components, enums
from aftersales_contracts.aftersales import customers, logistics, refunds
from aftersales_contracts.shop import orders, shipments
from services.customers.service import CUSTOMERS
from services.logistics.service import LOGISTICS
from services.refunds.service import REFUNDS
from tests.services.flow import Flow
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, T0

PLACED = s.placed([("a", 1, 0)])
ABOUT: dict[str, Any] = {**s.KEYS, "parcel_id": "p1"}
REGISTERED = shipments.ParcelRegisteredV1(
    **ABOUT, direction=enums.ParcelDirection.OUTBOUND, lines=[s.share("a")],
    freight_payer=shipments.FreightPayer.SENDER,
    tracking=components.Tracking(carrier_code="sf", tracking_code="SF1"),
)  # fmt: skip
LEFT = shipments.ParcelHandedOverV1(**ABOUT, carrier_code="sf")
TERMS = orders.OrderTermsChangedV1(
    **s.KEYS, by=s.SELLER, lines=PLACED.lines, freight=s.money(0), total=s.money(0)
)


def gift(*, is_edited: bool) -> Flow:
    flow = Flow(REFUNDS, LOGISTICS, CUSTOMERS)
    if is_edited:
        flow.tell(s.placed([("a", 1, 500)]), T0)
        flow.tell(TERMS, T0 + HOUR)
    else:
        flow.tell(PLACED, T0)
    return flow


@pytest.mark.parametrize("is_edited", [False, True])
def test_b12_a_gift_is_not_late_and_nobody_waits_for_its_payment(*, is_edited: bool) -> None:
    """OR-003, OR-006, OR-013: an order that was never paid was reminded of, closed, and late."""
    flow = gift(is_edited=is_edited)
    flow.tell(REGISTERED, T0 + 2 * HOUR)
    flow.tell(LEFT, T0 + 3 * HOUR)
    flow.tell(s.shipped(), T0 + 4 * HOUR)
    flow.pass_until(T0 + timedelta(days=9))
    assert flow.outcomes(logistics.LateShippingEstablishedV1) == []
    assert flow.outcomes(customers.OrderCloseRequestedV1) == []
    assert flow.dead == []


@pytest.mark.parametrize("is_edited", [False, True])
def test_b12_a_gift_that_is_not_sent_is_late(*, is_edited: bool) -> None:
    """LG-065: its clock runs from the order on; the lateness costs nothing."""
    flow = gift(is_edited=is_edited)
    flow.pass_until(T0 + 5 * DAY)
    assert len(flow.outcomes(logistics.LateShippingEstablishedV1)) == 1
    assert flow.outcomes(refunds.RefundPaymentRequestedV1) == []


def edited(*lines: tuple[str, int, int]) -> orders.OrderEditedV1:
    made = s.placed(lines)
    return orders.OrderEditedV1(**s.KEYS, by=s.SELLER, lines=made.lines, freight=s.money(0), total=made.total)


def test_a_line_that_is_removed_from_a_paid_order_is_not_waited_for() -> None:
    """OR-006: what is left went out in time, so nothing is late; what is added is due from then on."""
    flow = Flow(REFUNDS, LOGISTICS, CUSTOMERS)
    flow.tell(s.placed([("a", 1, 500), ("b", 1, 500)]), T0)
    flow.tell(s.paid(1_000), T0)
    flow.tell(edited(("a", 1, 500)), T0 + HOUR)
    flow.tell(REGISTERED, T0 + 2 * HOUR)
    flow.tell(LEFT, T0 + 3 * HOUR)
    flow.tell(s.shipped(), T0 + 4 * HOUR)
    flow.pass_until(T0 + 6 * DAY)
    assert flow.outcomes(logistics.LateShippingEstablishedV1) == []
    flow.tell(edited(("a", 1, 500), ("c", 2, 250)), T0 + 6 * DAY)
    flow.pass_until(T0 + 8 * DAY)
    assert flow.outcomes(logistics.LateShippingEstablishedV1) == []
    flow.pass_until(T0 + 10 * DAY)
    (late,) = flow.outcomes(logistics.LateShippingEstablishedV1)
    assert [(line.line_id, line.quantity_count) for line in late.lines] == [("c", 2)]
    assert flow.dead == []
