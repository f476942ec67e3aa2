"""Finds every event type by its name; reads and writes their data; tells which topic carries what."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, TypeVar, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from aftersales_contracts.aftersales import buyer_claims, common, customers, logistics, refunds, reviews
from aftersales_contracts.base import Event, OpenEnum
from aftersales_contracts.clock import ClockMarkedV1
from aftersales_contracts.shop import aftersales as shop_aftersales
from aftersales_contracts.shop import contacts as shop_contacts
from aftersales_contracts.shop import customers as shop_customers
from aftersales_contracts.shop import desk as shop_desk
from aftersales_contracts.shop import orders as shop_orders
from aftersales_contracts.shop import payments as shop_payments
from aftersales_contracts.shop import reviews as shop_reviews
from aftersales_contracts.shop import scans as shop_scans
from aftersales_contracts.shop import shipments as shop_shipments
from aftersales_contracts.shop import standing as shop_standing
from aftersales_contracts.topics import ANY_TOPIC, COMMON_TOPIC, SERVICES, TOPICS, outcome_topic
from aftersales_contracts.upcast import UPCASTERS

E = TypeVar("E", bound=Event)

_MODULES = (
    shop_orders,
    shop_shipments,
    shop_scans,
    shop_aftersales,
    shop_payments,
    shop_reviews,
    shop_contacts,
    shop_customers,
    shop_standing,
    shop_desk,
    common,
    refunds,
    buyer_claims,
    logistics,
    reviews,
    customers,
)


def _collect() -> dict[str, type[Event]]:
    found: dict[str, type[Event]] = {ClockMarkedV1.TYPE: ClockMarkedV1}
    for module in _MODULES:
        for value in vars(module).values():
            is_event = isinstance(value, type) and issubclass(value, Event) and "TYPE" in vars(value)
            if is_event and found.setdefault(value.TYPE, value) is not value:
                raise TypeError(f"two classes for {value.TYPE}")
    return found


EVENTS: Mapping[str, type[Event]] = _collect()
"""Every event class by its CloudEvents type."""


class UnknownMemberError(ValueError):
    """A word that no enumeration of this version names was about to be announced."""


def services_of(event_class: type[Event]) -> tuple[str, ...]:
    """The services that may announce a type; none for what is told to us."""
    declared = vars(event_class).get("SERVICES")
    if isinstance(declared, tuple):
        return tuple(str(name) for name in declared)
    return tuple(service for service in SERVICES if outcome_topic(service) == event_class.TOPIC)


def topic_of(event: Event | type[Event], service: str | None = None) -> str:
    """The topic on which to publish an event; `service` is whose case announces it, for the common types.

    Raises ValueError for a clock mark, which belongs on every topic, and where that service does not
    announce the type.
    """
    event_class = event if isinstance(event, type) else type(event)
    if event_class.TOPIC == ANY_TOPIC:
        raise ValueError(f"{event_class.TYPE} belongs on every topic")
    if event_class.TOPIC != COMMON_TOPIC:
        return event_class.TOPIC
    if service is None or service not in services_of(event_class):
        raise ValueError(f"{event_class.TYPE} is announced by {services_of(event_class)}, not by {service!r}")
    return outcome_topic(service)


@cache
def topics_of(event_class: type[Event]) -> frozenset[str]:
    """The topics that may carry a type; on any other it is misplaced."""
    if event_class.TOPIC == ANY_TOPIC:
        return frozenset(name for name, topic in TOPICS.items() if topic.side != "dead")
    if event_class.TOPIC == COMMON_TOPIC:
        return frozenset(outcome_topic(service) for service in services_of(event_class))
    return frozenset((event_class.TOPIC,))


def read_data(event_class: type[E], data: bytes) -> E:
    """The event in these bytes of JSON. Unknown fields are ignored, unknown members kept raw.

    Types are strict: a number is not read from a string, and null is no value. `4900.0` is a whole number, as
    JSON Schema has it. Raises pydantic.ValidationError.
    """
    validate = event_class.__pydantic_validator__.validate_json
    try:
        event: E = validate(data, strict=True, extra="ignore")
    except ValidationError as error:
        if not any(_is_whole(found) for found in error.errors(include_url=False, include_context=False)):
            raise
        event = validate(_with_whole_numbers(data), strict=True, extra="ignore")
    if b"null" in data:
        refuse_null(event)
    return event


_NULL = PydanticCustomError("null", "null is no value: leave the field out")


def _is_whole(found: ErrorDetails) -> bool:
    given = found["input"]
    return found["type"] == "int_type" and isinstance(given, float) and given.is_integer()


def _with_whole_numbers(data: bytes) -> bytes:
    """The same JSON, with numbers that have no fraction written without one."""
    return json.dumps(json.loads(data, parse_float=_number), ensure_ascii=False).encode()


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def refuse_null(value: BaseModel) -> None:
    """Raises pydantic.ValidationError for a field that was told as null: what is not known is left out."""
    nulls = [InitErrorDetails(type=_NULL, loc=place, input=None) for place in _nulls(value, ())]
    if nulls:
        raise ValidationError.from_exception_data(type(value).__name__, nulls, input_type="json")


def _nulls(value: object, place: tuple[int | str, ...]) -> Iterator[tuple[int | str, ...]]:
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            inner = getattr(value, name)
            if inner is None:
                yield (*place, name)
            else:
                yield from _nulls(inner, (*place, name))
    elif isinstance(value, list):
        for number, item in enumerate(cast("list[object]", value)):
            yield from _nulls(item, (*place, number))


def read_as_newest(type_name: str, data: bytes) -> Event:
    """The event of any known version, as its newest class.

    Raises KeyError for a type that is not known, UpcastError or pydantic.ValidationError for bad data.
    """
    if type_name not in EVENTS:
        raise KeyError(type_name)
    newest, current = UPCASTERS.upcast(type_name, data)
    return read_data(EVENTS[newest], current)


def encode(event: Event) -> bytes:
    """Compact JSON of the event's data, absent fields left out.

    Raises UnknownMemberError where an enumeration holds a word that it does not name.
    """
    refuse_unknown(event)
    return event.__pydantic_serializer__.to_json(event, exclude_none=True)


def refuse_unknown(value: BaseModel, path: str = "") -> None:
    """Producers are strict. Raises UnknownMemberError, naming the first field with an unknown member."""
    for name in _fields_with_words(type(value)):
        _refuse(getattr(value, name), f"{path}{name}")


def _refuse(value: object, path: str) -> None:
    if isinstance(value, OpenEnum):
        if not value.is_known:
            raise UnknownMemberError(f"{path}: {value.value!r} is no {type(value).__name__}")
    elif isinstance(value, BaseModel):
        refuse_unknown(value, f"{path}.")
    elif isinstance(value, list):
        for item in value:
            _refuse(item, path)


@cache
def _fields_with_words(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields in which an open enumeration can occur, at any depth."""
    return tuple(name for name, field in model.model_fields.items() if _has_words(field.annotation))


def _has_words(annotation: object) -> bool:
    if isinstance(annotation, type) and get_origin(annotation) is None:
        if issubclass(annotation, OpenEnum):
            return True
        return issubclass(annotation, BaseModel) and bool(_fields_with_words(annotation))
    inner = get_args(annotation)
    return any(_has_words(part) for part in (inner[:1] if get_origin(annotation) is Annotated else inner))
