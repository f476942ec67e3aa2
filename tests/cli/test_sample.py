"""The sample that `aftersales sample` publishes: valid, of its own each time, and adding up."""

import json
from datetime import UTC, datetime

import pytest

from aftersales_contracts.registry import EVENTS, read_data
from aftersales_contracts.shop.orders import OrderPaidV1, OrderPlacedV1
from cli.sample import STORY, sample_data

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("event_type", STORY)
def test_every_event_is_valid_about_the_same_new_order_and_promises_nothing_past(event_type: str) -> None:
    data = sample_data(event_type, "one", NOW)
    event = read_data(EVENTS[event_type], json.dumps(data).encode())
    assert event.subject_of().endswith("-one")
    assert sample_data(event_type, "two", NOW)["order_id"] != data["order_id"]
    assert "2014-" not in json.dumps(data)


def test_the_sample_order_is_paid_in_full() -> None:
    placed = read_data(OrderPlacedV1, json.dumps(sample_data(STORY[0], "one", NOW)).encode())
    paid = read_data(OrderPaidV1, json.dumps(sample_data(STORY[1], "one", NOW)).encode())
    assert paid.paid_amount == placed.total
    assert sum(payment.amount.minor for payment in paid.payments) == placed.total.minor
