"""Codes without a meaning are counted by source and code; their labels are bounded, and hold no ids."""

from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from aftersales_contracts.envelope import Envelope
from aftersales_contracts.shop.scans import ParcelScannedV1
from chassis.ingest.decoder import Accepted, Arrival
from chassis.observe.codes import OTHER, PAIRS_MAX, Codes, plain
from chassis.observe.metrics import Metrics
from chassis.service import Received

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def counted() -> tuple[Codes, CollectorRegistry]:
    registry = CollectorRegistry()
    counter = Counter("codes", "Codes", ("service", "source", "code"), registry=registry)
    return Codes(counter, "logistics"), registry


def value(registry: CollectorRegistry, source: str, code: str) -> float | None:
    return registry.get_sample_value("codes_total", {"service": "logistics", "source": source, "code": code})


def test_a_code_is_counted_under_its_source() -> None:
    codes, registry = counted()
    codes.count("adapter/easypost", "teleported")
    codes.count("adapter/easypost", "teleported", 2)
    codes.count("adapter/kuaidi100", "1099")
    assert value(registry, "adapter/easypost", "teleported") == 3
    assert value(registry, "adapter/kuaidi100", "1099") == 1


def test_no_sender_can_fill_the_memory_with_labels() -> None:
    codes, registry = counted()
    for number in range(PAIRS_MAX + 50):
        codes.count("tracker", f"c{number}")
    codes.count("tracker", "c0")
    assert value(registry, "tracker", "c0") == 2, "one that was there goes on"
    assert value(registry, OTHER, OTHER) == 50
    assert len([x for m in registry.collect() for x in m.samples if x.name == "codes_total"]) == PAIRS_MAX + 1


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("teleported", "teleported"),
        ("adapter/aftership", "adapter/aftership"),
        ("Exception_013", "Exception_013"),
        ("easypost status", "easypost status"),
        ("1099", "1099"),
        ("13800138000", OTHER),
        ("signed by 138001", OTHER),
        ("签收人张三", OTHER),
        ("", OTHER),
        ("x" * 41, OTHER),
        ("a\nb", OTHER),
        ("anna@example.org", OTHER),
    ],
)
def test_a_label_is_a_plain_word(word: str, kept: str) -> None:
    assert plain(word) == kept


def scan(status: str, raw_status_code: str) -> Arrival:
    """A scan that logistics took."""
    told = {"carrier_code": "sf", "tracking_code": "SF1", "occurred_at": NOW, "status": status}
    data = ParcelScannedV1.model_validate({**told, "raw_status_code": raw_status_code})
    envelope = Envelope("e1", "adapter/easypost", ParcelScannedV1.TYPE, NOW, "sf/SF1")
    record: Any = None
    return Arrival(record, Accepted(Received(envelope, data, NOW), b"", 0, NOW.date(), NOW))


def test_a_service_counts_scans_that_say_nothing_to_it() -> None:
    """A status of no meaning, and one that this version of the contracts does not know."""
    metrics = Metrics("logistics")
    arrivals = [scan("unknown", "teleported"), scan("beamed_up", "bu"), scan("in_transit", "ok")]
    metrics.handled("logistics", arrivals, 0, 0.1)
    (found,) = [x for x in metrics.registry.collect() if x.name == "aftersales_unknown_codes"]
    counts = {x.labels["code"]: x.value for x in found.samples if x.name.endswith("_total")}
    assert counts == {"teleported": 1, "bu": 1}
    assert {x.labels["source"] for x in found.samples} == {"adapter/easypost"}
