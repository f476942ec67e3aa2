"""A history in plain words: the order, then what happened, day by day, and what is wrong."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from aftersales_contracts.base import Event, Money
from aftersales_contracts.components import Share
from tests.histories.breach import Breach
from tests.histories.world import T0, Shape, World

_SKIPPED = frozenset(
    {
        "shop_id", "order_id", "customer_id", "case_kind", "case_version", "rule_ids", "policy_version", "by",
        "raw_status_code", "provider_ref", "store_ref", "memo_ref", "evidence_ids", "channels",
        "purpose_code", "values", "notice_id", "expires_at", "seller_type", "platform_code", "payment_mode",
        "only_if",
        "carriages", "is_collect_forbidden", "needs_note", "payee", "escalate_to", "case_id", "about_subject",
        "occurred_at", "unsubscribe_ref", "region_code", "statement_ref", "channel", "tenders", "payments",
        "request_id", "tracking", "freight_payer", "declared_amount", "is_packaging_complete", "disposition",
        "by_at", "due_at", "file_by_at", "offer_id", "phase", "allowed_action_codes", "deadlines",
    }
)  # fmt: skip
_NOISE = frozenset(
    {
        "aftersales.case.changed.v1",
        "aftersales.message.send-requested.v1",
        "aftersales.notice.requested.v1",
        "aftersales.notice.resolved.v1",
        "aftersales.parcel.status-changed.v1",
        "aftersales.listing.action-requested.v1",
        "aftersales.promise.registered.v1",
    }
)
_SAYS: Mapping[str, str] = {
    "shop.orders.v1": "order system",
    "shop.shipments.v1": "warehouse or courier desk",
    "shop.scans.v1": "carrier",
    "shop.aftersales.v1": "buyer or seller",
    "shop.payments.v1": "payment provider",
    "shop.desk.v1": "desk",
    "shop.contacts.v1": "staff",
}


def _value(value: object) -> str:
    match value:
        case Money():
            return f"{value.minor / 100:.2f}"
        case Share():
            amount = f" for {value.amount.minor / 100:.2f}" if value.amount else ""
            return f"{value.quantity_count} of {value.line_id}{amount}"
        case list():
            items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
            return ", ".join(_value(item) for item in items) or "none"
        case BaseModel():
            return "(" + ", ".join(_fields(value)) + ")"
        case datetime():
            return _moment(value)
        case _:
            return str(getattr(value, "value", value))


def _fields(model: BaseModel) -> Iterator[str]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if name in _SKIPPED or value is None or value in ([], False):
            continue
        yield f"{name.removesuffix('_id').removesuffix('_code').replace('_', ' ')} {_value(value)}"


def _moment(at: datetime) -> str:
    since = at - T0
    hours, rest = divmod(since.seconds, 3600)
    return f"day {since.days} {hours:02}:{rest // 60:02}"


def say(event: Event) -> str:
    """An event in a line."""
    words = event.TYPE.split(".")
    name = " ".join(words[1:-1]).replace("-", " ")
    return f"{name}: {', '.join(_fields(event))}"


def _order(shape: Shape) -> str:
    lines = ", ".join(f"{count} of {name} at {price / 100:.2f}" for name, count, price in shape.lines)
    freight = f", freight {shape.freight / 100:.2f}" if shape.freight else ""
    return f"An order of {lines}{freight}, {shape.total / 100:.2f} in all."


def _asked(event: Event) -> str:
    """Names what is asked for again and again: a question about a case, a claim, a payment."""
    names = ("case_id", "question_code", "claim_id", "action", "terms_version", "status", "intent_id")
    parts = [str(getattr(event, name, "")) for name in names]
    return f"{event.TYPE} {' '.join(parts)}"


def tell(world: World, breaches: list[Breach], *, seed: int | None = None) -> str:
    """The whole story."""
    lines = [_order(world.shape) + (f" Seed {seed}." if seed is not None else "")]
    repeats: set[str] = set()
    asked: Counter[str] = Counter()
    for said in world.story:
        if said.event.TYPE in _NOISE or said.event.TYPE == "shop.order.placed.v1":
            continue
        text = say(said.event)
        asked[_asked(said.event)] += 1
        if said.is_outcome and asked[_asked(said.event)] > 2:
            continue
        if said.is_outcome:
            if text in repeats and "payment" in text:
                continue
            repeats.add(text)
        who = f"-> {said.who}" if said.is_outcome else _SAYS.get(said.event.TOPIC, "somebody")
        lines.append(f"{_moment(said.at)}  {who}: {text}")
    lines += [
        f"BROKEN {breach.cause}; {breach.about}: {breach.detail} ({_moment(breach.at)})"
        for breach in breaches
    ]
    return "\n".join(lines)
