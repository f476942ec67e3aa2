"""Names that a refused record gives itself, however it is broken."""

import json

import pytest

from chassis.engine.records import StoredOrigin
from chassis.ingest.claimed import Claimed, claimed

NAMED = (
    ("ce_id", b"e1"),
    ("ce_source", b"shop/orders"),
    ("ce_type", b"shop.order.placed.v1"),
    ("ce_subject", b"o1"),
)
STRUCTURED = (("content-type", b"application/cloudevents+json; charset=utf-8"),)


def record(headers: tuple[tuple[str, bytes | None], ...], value: bytes | None = b"{") -> StoredOrigin:
    return StoredOrigin("shop.orders.v1", 0, 1, b"o1", headers, value)


def test_the_headers_name_the_event_though_its_data_is_broken() -> None:
    assert claimed(record(NAMED)) == Claimed("shop.order.placed.v1", "shop/orders", "e1", "o1")


def test_an_event_in_structured_mode_names_itself_in_its_body() -> None:
    body = json.dumps({"id": "e2", "type": "shop.order.placed.v1", "source": "shop/orders", "subject": "o2"})
    assert claimed(record(STRUCTURED, body.encode())) == Claimed(
        "shop.order.placed.v1", "shop/orders", "e2", "o2"
    )


@pytest.mark.parametrize(
    "value", [None, b"", b"{", b"\xff", b"[1]", b"{" * 100_000, b'{"a":' * 50_000, b'{"id": 7, "type": null}']
)
def test_a_body_that_cannot_be_read_names_nothing(value: bytes | None) -> None:
    assert claimed(record(STRUCTURED, value)) == Claimed()


def test_names_are_bounded_and_can_be_stored_and_shown() -> None:
    odd = claimed(record((("ce_id", b"a\x00b\x1b[31m\xff"), ("ce_type", b"x" * 1_000), ("ce_source", None))))
    assert odd == Claimed(type="x" * 256, id="a?b?[31m\ufffd")
