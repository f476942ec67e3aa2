"""The public orders through the dispatch rules, checked by arithmetic of our own on the tables."""

import csv
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aftersales_contracts.aftersales.logistics import (
    LateShippingEstablishedV1,
    LateShippingWithdrawnV1,
    ParcelOutcomeDecidedV1,
)
from aftersales_contracts.aftersales.logistics_words import LateTrigger, ParcelOutcome
from aftersales_contracts.base import Event
from services.logistics.service import LOGISTICS
from simulator.orders import events_of
from simulator.tables import OrderTables
from tests.services.flow import Flow

FOLDER = Path(os.environ.get("AFTERSALES_ORDERS_DIR", "../shared/data/orders"))
LIMIT = timedelta(hours=72)
AT = "%Y-%m-%d %H:%M:%S"


def moment(text: str) -> datetime | None:
    return datetime.strptime(text, AT) if text else None


def played() -> Iterator[Flow]:
    """Every order by itself, its events by their moments, and a month more."""
    stories: dict[str, list[tuple[datetime, Event]]] = {}
    with OrderTables(FOLDER) as tables:
        for step, order in tables.steps():
            if order.items:
                stories.setdefault(order.id, []).extend((at, data) for _, at, data in events_of(step, order))
    for story in stories.values():
        flow = Flow(LOGISTICS)
        for at, data in story:
            flow.tell(data, at)
        flow.pass_until(story[-1][0] + timedelta(days=30))
        yield flow


@pytest.mark.skipif(not (FOLDER / "orders.csv").is_file(), reason="the public orders are not here")
def test_counts_of_the_public_orders() -> None:
    """LG-063, OR-011: late is what left over 72 h after approval, or never; before approval is in time."""
    with (FOLDER / "orders.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    late, delivered = 0, 0
    for row in rows:
        approved, left = moment(row["order_approved_at"]), moment(row["order_delivered_carrier_date"])
        arrived = moment(row["order_delivered_customer_date"])
        sent = left or arrived
        start = approved or left or arrived
        late += start is not None and (sent is None or sent > start + LIMIT)
        delivered += arrived is not None

    flows = list(played())
    established = [x for flow in flows for x in flow.outcomes(LateShippingEstablishedV1)]
    assert {x.trigger for x in established} == {LateTrigger.UNSHIPPED_72H}
    assert len({x.order_id for x in established}) == len(established) == late
    assert {x.policy_version for x in established} == {"world-market@2014-01-01"}
    ends = [x for flow in flows for x in flow.outcomes(ParcelOutcomeDecidedV1)]
    assert {x.outcome for x in ends} == {ParcelOutcome.DELIVERED}
    assert len({x.order_id for x in ends}) == len(ends) == delivered
    for flow in flows:
        assert flow.outcomes(LateShippingWithdrawnV1) == []
        assert flow.dead == []
        assert flow.waiting() == []
