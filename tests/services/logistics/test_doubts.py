"""Parcels whose delivery is open, case by case: nobody confirms the receipt of their goods meanwhile."""

from collections.abc import Sequence

import pytest

from kernel.value import replace
from services.logistics.delivery import Doubt, InDoubt, in_doubt
from services.logistics.order_file import Link, OrderFile, Resend
from services.logistics.parcels import Direction, Outcome, ParcelStatus
from services.logistics.shares import Share
from tests.services.logistics.pools import L1, L2, PLACED, STO
from tests.services.logistics.shop import T0

FILE = OrderFile("o1", "c1", "CN-31", False, PLACED.lines, T0)
BOTH = (L1, L2)
MOVING = Link("k1", STO, Direction.OUTBOUND, BOTH, left_at=T0)
SOUGHT = replace(MOVING, is_sought=True)
DELIVERED = replace(MOVING, outcome=Outcome.DELIVERED)
RETURNED = replace(MOVING, outcome=Outcome.RETURNED)
LOST = replace(MOVING, outcome=Outcome.LOST)
RESENT = replace(LOST, remedy="reship")
FOUND = replace(MOVING, remedy="refund")
ALL = Resend("k1.reship", BOTH, replaces_parcel_id="k1")
CARRIER = Link("e1", STO, Direction.RESHIP, BOTH, left_at=T0, reship_id="k1.reship")
ARRIVED = replace(CARRIER, outcome=Outcome.DELIVERED)
OTHER = Resend("k2.reship", BOTH, replaces_parcel_id="k2")


def doubt(*links: Link, resends: Sequence[Resend] = (), repaid: Sequence[Share] = ()) -> Doubt | None:
    """The doubt about the first parcel."""
    file = replace(FILE, links=links, resends=tuple(resends), repaid=tuple(repaid))
    return next((each.doubt for each in in_doubt(file) if each.parcel_id == links[0].parcel_id), None)


@pytest.mark.parametrize(
    ("link", "found"),
    [
        (MOVING, None),
        (DELIVERED, None),
        (LOST, None),
        (SOUGHT, Doubt.SEARCHED),
        (replace(SOUGHT, outcome=Outcome.LOST), Doubt.SEARCHED),
        (replace(SOUGHT, outcome=Outcome.DELIVERED), None),
        (replace(SOUGHT, is_void=True), None),
        (replace(SOUGHT, direction=Direction.REPLACEMENT), Doubt.SEARCHED),
        (replace(SOUGHT, direction=Direction.RETURN), None),
        (replace(MOVING, is_called_back=True), Doubt.RETURNING),
        (replace(MOVING, is_turned=True), Doubt.RETURNING),
        (replace(MOVING, status=ParcelStatus.REFUSED), Doubt.RETURNING),
        (replace(MOVING, status=ParcelStatus.IN_TRANSIT), None),
        (replace(LOST, is_called_back=True), None),
        (replace(DELIVERED, is_turned=True), None),
        (RETURNED, Doubt.RETURNING),
        (replace(RETURNED, direction=Direction.RESHIP), Doubt.RETURNING),
        (replace(RETURNED, direction=Direction.REPLACEMENT), None),
        (replace(RETURNED, direction=Direction.REPLACEMENT, is_turned=True), None),
        (replace(RETURNED, remedy="refund"), None),
        (replace(RETURNED, remedy="refund", is_called_back=True), None),
    ],
)
def test_a_parcel_is_in_doubt_by_what_became_of_it(link: Link, found: Doubt | None) -> None:
    """OR-029, LG-016, RF-036: while it is searched, comes back, or is back without a remedy."""
    assert doubt(link) is found


@pytest.mark.parametrize("first", [RETURNED, FOUND], ids=["returned", "found"])
@pytest.mark.parametrize(
    ("more", "repaid", "found"),
    [
        ((), (), Doubt.RETURNING),
        ((), BOTH, None),
        ((), (L1,), Doubt.RETURNING),
        ((ARRIVED,), (), None),
        ((CARRIER,), (), Doubt.RETURNING),
        ((replace(ARRIVED, direction=Direction.OUTBOUND),), (), Doubt.RETURNING),
        ((replace(ARRIVED, lines=(Share("l9", 1),)),), (), Doubt.RETURNING),
    ],
)
def test_goods_that_the_buyer_neither_has_nor_has_money_for_are_in_doubt(
    first: Link, more: Sequence[Link], repaid: Sequence[Share], found: Doubt | None
) -> None:
    """OR-029, RF-036: a parcel that is back, or turned up after its remedy and is called back."""
    assert doubt(first, *more, repaid=repaid) is found


@pytest.mark.parametrize(
    ("resends", "carriers", "found"),
    [
        ((), (), None),
        ((OTHER,), (), None),
        ((ALL,), (), Doubt.RESENT),
        ((ALL,), (CARRIER,), Doubt.RESENT),
        ((ALL,), (ARRIVED,), None),
        ((ALL,), (replace(CARRIER, reship_id="k2.reship"),), Doubt.RESENT),
        ((ALL,), (ARRIVED, replace(CARRIER, parcel_id="e2")), Doubt.RESENT),
        ((ALL,), (replace(CARRIER, outcome=Outcome.LOST), replace(ARRIVED, parcel_id="e2")), None),
        ((ALL, replace(ALL, reship_id="k1.2.reship")), (ARRIVED,), Doubt.RESENT),
        ((replace(ALL, reship_id="k0.reship"), ALL), (ARRIVED,), None),
    ],
)
def test_a_lost_parcel_is_in_doubt_until_its_latest_resend_came_to_its_end(
    resends: Sequence[Resend], carriers: Sequence[Link], found: Doubt | None
) -> None:
    """OR-029, LG-019."""
    assert doubt(RESENT, *carriers, resends=resends) is found
    assert doubt(replace(RESENT, remedy="refund"), *carriers, resends=resends) is None


@pytest.mark.parametrize(
    ("lines", "repaid", "found"),
    [
        (BOTH, (), None),
        ((L1,), (), Doubt.SEARCHED),
        ((L1,), (L2,), None),
        ((L1,), (L1,), Doubt.SEARCHED),
        ((L1, Share("l2", 1)), (), Doubt.SEARCHED),
        ((L1, Share("l2", 1)), (Share("l2", 1),), None),
        ((), (), None),
    ],
)
def test_pieces_that_were_not_sent_again_are_in_doubt_until_they_are_repaid(
    lines: Sequence[Share], repaid: Sequence[Share], found: Doubt | None
) -> None:
    """OR-029, LG-018; of an order whose lines nobody learnt a resend names none."""
    resend = replace(ALL, lines=tuple(lines))
    assert doubt(RESENT, ARRIVED, resends=(resend,), repaid=repaid) is found
    refunded = replace(RESENT, remedy="refund")
    assert doubt(refunded, ARRIVED, resends=(resend,), repaid=repaid) is None
    for outcome in (Outcome.DELIVERED, None):
        turned_up = replace(RESENT, outcome=outcome)
        assert doubt(turned_up, ARRIVED, resends=(resend,), repaid=repaid) is None


def test_the_parcels_stand_in_the_order_of_their_ids() -> None:
    """OR-029: equal lists are equal, whatever came first."""
    links = (replace(SOUGHT, parcel_id="k2"), replace(MOVING, is_turned=True))
    found = (InDoubt("k1", Doubt.RETURNING), InDoubt("k2", Doubt.SEARCHED))
    assert in_doubt(replace(FILE, links=links)) == found
    assert in_doubt(replace(FILE, links=links[::-1])) == found
