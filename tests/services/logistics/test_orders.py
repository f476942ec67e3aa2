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
from aftersales_contracts.aftersales.logistics_enums import LateTrigger, ParcelOutcome
from aftersales_contracts.base import Event
from services.logistics.service import LOGISTICS
from simulator.orders import events_of
from simulator.tables import OrderTables
from tests.services.flow import Flow

WHOLE = Path(os.environ.get("AFTERSALES_ORDERS_DIR", "../shared/data/orders"))
SAMPLE = Path(__file__).parents[2] / "orders_sample"
LIMIT = timedelta(hours=72)


def moment(text: str) -> datetime | None:
    """Local times without an offset: good for differences of moments of one order."""
    return datetime.fromisoformat(text) if text else None


def played(folder: Path) -> Iterator[Flow]:
    """Every order by itself, its events by their moments, and a month more."""
    stories: dict[str, list[tuple[datetime, Event]]] = {}
    with OrderTables(folder) as tables:
        for step, order in tables.steps():
            if order.items:
                stories.setdefault(order.id, []).extend((at, data) for _, at, data in events_of(step, order))
    for story in stories.values():
        flow = Flow(LOGISTICS)
        for at, data in story:
            flow.tell(data, at)
        flow.pass_until(story[-1][0] + timedelta(days=30))
        yield flow


def rows_of(folder: Path) -> list[dict[str, str]]:
    """The table of orders, those without items left out: they cannot be told."""
    with (folder / "order_items.csv").open(encoding="utf-8", newline="") as file:
        told = {row["order_id"] for row in csv.DictReader(file)}
    with (folder / "orders.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["order_id"] in told]


def test_counts_of_the_sample() -> None:
    """LG-063: a few orders of the same shape, always here."""
    check(SAMPLE)


@pytest.mark.skipif(not (WHOLE / "orders.csv").is_file(), reason="the public orders are not here")
def test_counts_of_the_public_orders() -> None:
    """OR-011: late is what left over 72 h after approval, or never; before the approval is in time."""
    rows = rows_of(WHOLE)
    spans = [(moment(row["order_approved_at"]), moment(row["order_delivered_carrier_date"])) for row in rows]
    left = [(start, sent) for start, sent in spans if start is not None and sent is not None]
    if len(rows) == 1_000:
        assert sum(sent > start + LIMIT for start, sent in left) == 320
        assert sum(sent < start for start, sent in left) == 11
    check(WHOLE)


def check(folder: Path) -> None:
    """The rules agree with arithmetic of our own on the tables of a folder."""
    rows = rows_of(folder)
    late, delivered = 0, 0
    told_backwards: set[str] = set()
    for row in rows:
        approved, left = moment(row["order_approved_at"]), moment(row["order_delivered_carrier_date"])
        arrived = moment(row["order_delivered_customer_date"])
        sent = min((at for at in (left, arrived) if at is not None), default=None)
        start = approved or left or arrived
        late += start is not None and (sent is None or sent > start + LIMIT)
        delivered += arrived is not None
        if left is not None and arrived is not None and start is not None and arrived <= start + LIMIT < left:
            told_backwards.add(row["order_id"])  # delivered in time, and only then handed over

    flows = list(played(folder))
    established = [x for flow in flows for x in flow.outcomes(LateShippingEstablishedV1)]
    assert {x.trigger for x in established} == {LateTrigger.UNSHIPPED_72H}
    withdrawn = {x.order_id for flow in flows for x in flow.outcomes(LateShippingWithdrawnV1)}
    assert len({x.order_id for x in established}) == len(established)
    assert len({x.order_id for x in established} - withdrawn) == late
    assert withdrawn == told_backwards
    assert {x.policy_version for x in established} == {"world-market@2014-01-01"}
    ends = [x for flow in flows for x in flow.outcomes(ParcelOutcomeDecidedV1)]
    assert {x.outcome for x in ends} == {ParcelOutcome.DELIVERED}
    assert len({x.order_id for x in ends}) == len(ends) == delivered
    for flow in flows:
        assert flow.dead == []
        assert flow.waiting() == []
