"""Checks what the reader tells against arithmetic of the test's own on the same files."""

import csv
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aftersales_contracts.enums import ParcelStatus
from aftersales_contracts.envelope import read
from aftersales_contracts.registry import EVENTS, read_data
from aftersales_contracts.shop.orders import OrderPaidV1, OrderPlacedV1, OrderShippedV1
from aftersales_contracts.shop.scans import ParcelScannedV1
from aftersales_contracts.shop.shipments import ParcelHandedOverV1, ParcelRegisteredV1
from simulator.orders import records
from simulator.tables import OrderTables

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "orders_sample"
PUBLIC = (ROOT / os.environ.get("AFTERSALES_ORDERS_DIR", "../shared/data/orders")).resolve()
LIMIT = timedelta(hours=72)
LONG = timedelta(days=10)
README_FACTS = {
    "delivered after the estimated date": 75,
    "carrier hand-over more than 72 h after payment approval": 320,
    "never handed to the carrier": 7,
    "handed over, never delivered": 14,
    "more than 10 days between hand-over and delivery": 297,
    "carrier hand-over before payment approval (out of order in reality)": 11,
}


@dataclass
class Told:
    """The events about one order."""

    placed: OrderPlacedV1 | None = None
    placed_at: datetime | None = None
    paid: OrderPaidV1 | None = None
    paid_at: datetime | None = None
    handed_at: datetime | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    parcels: list[ParcelRegisteredV1] = field(default_factory=list)


def told(folder: Path) -> dict[str, Told]:
    """Every order as its events tell it, read as any service reads them."""
    orders: dict[str, Told] = defaultdict(Told)
    with OrderTables(folder) as tables:
        for record in records(tables):
            envelope, body = read(record.key, record.headers, record.value)
            data = read_data(EVENTS[envelope.type], body)
            match data:
                case OrderPlacedV1():
                    orders[data.order_id].placed = data
                    orders[data.order_id].placed_at = envelope.time
                case OrderPaidV1():
                    orders[data.order_id].paid, orders[data.order_id].paid_at = data, envelope.time
                case OrderShippedV1():
                    orders[data.order_id].shipped_at = envelope.time
                case ParcelHandedOverV1():
                    orders[data.order_id].handed_at = envelope.time
                case ParcelRegisteredV1():
                    orders[data.order_id].parcels.append(data)
                case ParcelScannedV1() if data.status is ParcelStatus.DELIVERED:
                    assert data.occurred_at == envelope.time
                    orders[data.tracking_code].delivered_at = envelope.time
                case _:
                    assert isinstance(data, ParcelScannedV1)
    return orders


def rows(folder: Path, name: str) -> Iterator[Mapping[str, str]]:
    with (folder / name).open(newline="") as lines:
        yield from csv.DictReader(lines)


def moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def facts_of_files(folder: Path) -> dict[str, int]:
    """The six facts in the files' own local times: no zone, no event, nothing of ours."""
    counts = dict.fromkeys(README_FACTS, 0)
    late, slow, never, open_, long, early = counts
    for row in rows(folder, "orders.csv"):
        approved, handed = moment(row["order_approved_at"]), moment(row["order_delivered_carrier_date"])
        delivered = moment(row["order_delivered_customer_date"])
        estimated = moment(row["order_estimated_delivery_date"])
        counts[late] += bool(delivered and estimated and delivered > estimated)
        counts[slow] += bool(approved and handed and handed - approved > LIMIT)
        counts[never] += handed is None
        counts[open_] += handed is not None and delivered is None
        counts[long] += bool(handed and delivered and delivered - handed > LONG)
        counts[early] += bool(approved and handed and handed < approved)
    return counts


def facts_of_events(folder: Path, orders: Mapping[str, Told]) -> dict[str, int]:
    """The same from the events, in UTC; the estimate, which no event tells, is from the file."""
    counts = dict.fromkeys(README_FACTS, 0)
    late, slow, never, open_, long, early = counts
    zone = ZoneInfo("America/Sao_Paulo")
    for row in rows(folder, "orders.csv"):
        order = orders[row["order_id"]]
        paid_at = order.paid_at if row["order_approved_at"] else None
        estimated = datetime.fromisoformat(row["order_estimated_delivery_date"]).replace(tzinfo=zone)
        counts[late] += bool(order.delivered_at and order.delivered_at > estimated)
        counts[slow] += bool(paid_at and order.handed_at and order.handed_at - paid_at > LIMIT)
        counts[never] += order.handed_at is None
        counts[open_] += order.handed_at is not None and order.delivered_at is None
        counts[long] += bool(
            order.handed_at and order.delivered_at and order.delivered_at - order.handed_at > LONG
        )
        counts[early] += bool(paid_at and order.handed_at and order.handed_at < paid_at)
    return counts


@pytest.fixture(
    scope="module",
    params=[pytest.param(SAMPLE, id="sample"), pytest.param(PUBLIC, id="public", marks=pytest.mark.orders)],
)
def folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    if not path.is_dir():
        pytest.skip("the public orders are not here: set AFTERSALES_ORDERS_DIR")
    return path


@pytest.fixture(scope="module")
def orders(folder: Path) -> dict[str, Told]:
    return told(folder)


def test_every_order_is_told_with_its_money_to_the_centavo(folder: Path, orders: dict[str, Told]) -> None:
    goods: dict[str, Decimal] = defaultdict(Decimal)
    freight: dict[str, Decimal] = defaultdict(Decimal)
    pieces: dict[str, int] = defaultdict(int)
    for row in rows(folder, "order_items.csv"):
        goods[row["order_id"]] += Decimal(row["price"])
        freight[row["order_id"]] += Decimal(row["freight_value"])
        pieces[row["order_id"]] += 1
    paid: dict[str, list[Decimal]] = defaultdict(list)
    for row in rows(folder, "order_payments.csv"):
        paid[row["order_id"]].append(Decimal(row["payment_value"]))
    ids = {row["order_id"] for row in rows(folder, "orders.csv")}
    assert set(orders) == ids
    for order_id, order in orders.items():
        assert order.placed is not None
        assert sum(line.amount_minor for line in order.placed.lines) == goods[order_id] * 100
        assert order.placed.freight.minor == freight[order_id] * 100
        assert sum(line.quantity_count for line in order.placed.lines) == pieces[order_id]
        if order.paid is not None:
            assert sorted(part.amount.minor for part in order.paid.payments) == sorted(
                value * 100 for value in paid[order_id]
            )


def test_an_order_is_one_parcel_with_all_its_pieces(orders: dict[str, Told]) -> None:
    for order in orders.values():
        assert order.placed is not None
        assert len(order.parcels) == (1 if order.shipped_at else 0)
        for parcel in order.parcels:
            assert {share.line_id: share.quantity_count for share in parcel.lines} == {
                line.line_id: line.quantity_count for line in order.placed.lines
            }


def test_nothing_is_told_that_the_files_do_not_say(folder: Path, orders: dict[str, Told]) -> None:
    payers = {row["order_id"] for row in rows(folder, "order_payments.csv")}
    for row in rows(folder, "orders.csv"):
        order = orders[row["order_id"]]
        left = row["order_delivered_carrier_date"] or row["order_delivered_customer_date"]
        is_paid = bool(row["order_approved_at"] or left) and row["order_id"] in payers
        assert (order.paid_at is not None) == is_paid
        assert (order.handed_at is not None) == bool(row["order_delivered_carrier_date"])
        assert (order.shipped_at is not None) == bool(left)
        assert (order.delivered_at is not None) == bool(row["order_delivered_customer_date"])


def test_the_six_facts_are_in_the_events(folder: Path, orders: dict[str, Told]) -> None:
    assert facts_of_events(folder, orders) == facts_of_files(folder)


def test_the_events_come_by_their_real_moments_and_twice_alike(folder: Path) -> None:
    with OrderTables(folder) as tables:
        first = list(records(tables))
    with OrderTables(folder) as tables:
        assert list(records(tables)) == first
    assert [record.at for record in first] == sorted(record.at for record in first)
    assert len({record.id for record in first}) == len(first)
    assert all(record.at.tzinfo is UTC for record in first)


@pytest.mark.orders
def test_the_public_files_hold_what_their_readme_counts() -> None:
    if not PUBLIC.is_dir():
        pytest.skip("the public orders are not here: set AFTERSALES_ORDERS_DIR")
    assert facts_of_files(PUBLIC) == README_FACTS
