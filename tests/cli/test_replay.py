"""The replay of order tables through the real services, beside arithmetic of the test's own on the files."""

import csv
import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli import replay

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "orders_sample"
PUBLIC = (ROOT / os.environ.get("AFTERSALES_ORDERS_DIR", "../shared/data/orders")).resolve()
LIMIT = timedelta(hours=72)
PAY_WITHIN = timedelta(days=3)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


@dataclass
class Expected:
    """Counts what the rules must make of the files, by local times and without anything of ours."""

    orders: int = 0
    late: int = 0
    """Not gone 72 h after payment (LG-063), those that never went included."""
    delivered: int = 0
    unpaid: int = 0
    """Not paid three days after purchase (OR-013)."""


def expected(folder: Path) -> Expected:
    counts = Expected()
    with (folder / "order_payments.csv").open(newline="") as lines:
        payers = {row["order_id"] for row in csv.DictReader(lines)}
    with (folder / "orders.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            placed, approved, handed, delivered = (
                datetime.fromisoformat(row[name]) if row[name] else None
                for name in (
                    "order_purchase_timestamp",
                    "order_approved_at",
                    "order_delivered_carrier_date",
                    "order_delivered_customer_date",
                )
            )
            assert placed is not None
            left = handed or delivered
            paid = (approved or left) if row["order_id"] in payers else None
            counts.orders += 1
            counts.late += paid is not None and (left is None or left - paid > LIMIT)
            counts.delivered += delivered is not None
            counts.unpaid += paid is None or paid - placed > PAY_WITHIN
    return counts


async def replayed(folder: Path) -> dict[str, Any]:
    return await replay.replay(folder, Console(quiet=True), keep=None, is_answered=True)


def check(report: dict[str, Any], counts: Expected) -> None:
    outcomes = report["outcomes"]["by_type"]
    assert report["orders_count"] == counts.orders
    assert outcomes["aftersales.late-shipping.established.v1"] == counts.late
    assert outcomes["aftersales.parcel.outcome-decided.v1"] == counts.delivered
    assert report["deadlines_fired"]["unpaid-order.pay"] == counts.unpaid
    assert sum(report["cases"]["refunds/order"].values()) == counts.orders
    assert report["outcomes"]["conflicting_ids_count"] == 0
    assert all(reasons == {} for reasons in report["dead_letters"].values())


async def test_twice_the_same_orders_give_the_same_report_to_the_byte(tmp_path: Path) -> None:
    written = []
    for name in ("a.json", "b.json"):
        replay.write(await replayed(SAMPLE), tmp_path / name)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    check(json.loads(written[0]), expected(SAMPLE))


@pytest.mark.orders
@pytest.mark.long
async def test_the_counts_of_the_public_orders_agree_with_the_rules() -> None:
    if not PUBLIC.is_dir():
        pytest.skip("the public orders are not here: set AFTERSALES_ORDERS_DIR")
    counts = expected(PUBLIC)
    assert (counts.orders, counts.late, counts.delivered) == (1000, 320 + 7, 979)
    check(await replayed(PUBLIC), counts)
