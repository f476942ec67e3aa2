"""Records around the envelope: good ones, and good ones with something changed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from aftersales_contracts.envelope import (
    Envelope,
    EnvelopeError,
    read,
    write,
)

SECRET = "13800138000"
ENVELOPE = Envelope(
    id="refund-agreement/R1/3",
    source="aftersales/refunds",
    type="aftersales.refund.opened.v1",
    time=datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
    subject="order-1",
    correlationid="R1",
)
DATA = b'{"order_id":"order-1"}'
Headers = dict[str, Any]


def binary(value: bytes | None = DATA, key: bytes | None = b"order-1", **changes: Any) -> Any:
    """Arguments of `read` for a good record with some headers changed; None takes one away."""
    _, headers, _ = write(ENVELOPE, DATA)
    found: Headers = {
        **dict(headers),
        **{name.replace("content_type", "content-type"): v for name, v in changes.items()},
    }
    return key, [(name, content) for name, content in found.items() if content is not None], value


def structured(text: str | None = None, key: bytes | None = b"order-1", **changes: Any) -> Any:
    """Arguments of `read` for a good record in structured mode with some members changed; `...` removes."""
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "shop/x",
        "type": "shop.order.paid.v1",
        "time": "2026-01-02T03:04:05Z",
        "subject": "order-1",
        "data": {"order_id": "order-1"},
    } | changes
    made = (
        json.dumps({name: value for name, value in event.items() if value is not ...})
        if text is None
        else text
    )
    return key, [("content-type", b"application/cloudevents+json; charset=UTF-8")], made.encode()


def structured_without(name: str) -> Any:
    """Arguments of `read` for a record in structured mode that lacks one member."""
    changes: dict[str, Any] = {name: ...}
    return structured(**changes)


def fault(record: Any) -> EnvelopeError:
    """The error that reading it raises."""
    with pytest.raises(EnvelopeError) as caught:
        read(*record)
    return caught.value


def outcome(record: Any) -> str:
    """Names the fault, or nothing. Any other error is a failure of the test."""
    try:
        read(*record)
    except EnvelopeError as error:
        return str(error)
    return ""
