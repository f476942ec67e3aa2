"""Defines the base of every event type: strict when made, tolerant when read, self-describing.

Form and bounds of every kind of value (moment, length of time, count, text, id, code) stand here once. The
event classes, the published schemas and the border of the services all take them from here.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from aftersales_contracts.moments import Moment

ID_PATTERN = r"^[\x21-\x7e]+$"
SKU_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]+$"
CURRENCY_PATTERN = r"^[A-Z]{3}$"

Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=ID_PATTERN)]
"""Opaque, 1 to 64 printable ASCII characters without spaces, unique over all shops of a cluster."""

Sku = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=SKU_PATTERN)]
"""A variant's id as the shop has it: 1 to 255 characters of any script, no control characters."""

Currency = Annotated[str, StringConstraints(pattern=CURRENCY_PATTERN)]
At = Annotated[AwareDatetime, Moment]
"""A moment, RFC 3339 with an offset, of the years 2000 to 2100; UTC with `Z` when written."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Marks a moment in data that had passed when the event was written: bounds against the event's time."""

    ahead: timedelta = timedelta(hours=48)
    """Furthest after the event's time: more than any two zones are apart, and a day counted wrong."""
    behind: timedelta = timedelta(days=400)
    """Furthest before it."""


HappenedAt = Annotated[At, Happened()]
"""A moment that has passed, at most 48 hours after the event's time and 400 days before it."""
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
Hours = Annotated[int, Field(ge=0, le=87_600)]
"""A length of time in hours, ten years at most."""
Code = Annotated[str, StringConstraints(min_length=1, max_length=64)]
"""A code of an open list that the announcer owns."""
Name = Annotated[str, StringConstraints(max_length=256)]
"""A name that we gave, for example of a rule or of a version of a policy."""
Text = Annotated[str, StringConstraints(max_length=2_000)]
"""A line of text for people."""


class OpenEnum(StrEnum):
    """An enumeration that may grow: an unknown member is kept raw and equals none of the known ones."""

    @classmethod
    def _missing_(cls, value: object) -> "Self | None":
        if not isinstance(value, str) or not 0 < len(value) <= 64:
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = "OTHER"
        unknown._value_ = value
        return unknown

    @property
    def is_known(self) -> bool:
        """Whether this version of the contracts names the value."""
        return self._name_ != "OTHER"


class Part(BaseModel):
    """A value inside an event."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Money(Part):
    """An amount in minor units and its currency; direction is in the field's name, never in a sign."""

    minor: Count
    currency: Currency


class Event(BaseModel):
    """The data of one event version.

    Construction is strict (unknown fields are refused). Readers validate with `extra="ignore"`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    TYPE: ClassVar[str]
    """CloudEvents type, for example `shop.refund.applied.v1`."""
    TOPIC: ClassVar[str]
    """The topic that carries the event."""
    RULES: ClassVar[tuple[str, ...]] = ()
    """Ids of the rules that read or announce the event."""

    def subject_of(self) -> str:
        """Returns the subject of the event: the CloudEvents subject and the Kafka key."""
        raise TypeError(f"{type(self).__name__} names no subject")


class OrderEvent(Event):
    """An event about one order, told to us."""

    shop_id: Id
    order_id: Id

    def subject_of(self) -> str:
        return self.order_id


class CustomerEvent(Event):
    """An event about one customer, told to us."""

    shop_id: Id
    customer_id: Id

    def subject_of(self) -> str:
        return self.customer_id


class Outcome(Event):
    """An event that one of our cases announces."""

    case_id: Id
    case_kind: Code
    case_version: Count
    """Number of the fact in its case, from 1 and rising. Facts that nobody outside needs are not announced,
    so gaps are normal; with `case_id` it tells which of two outcomes is the later."""
    shop_id: Id
    rule_ids: list[Name]
    """Ids of the rules that led to the outcome; the catalogue is docs/rules.csv."""
    policy_version: Name


class OrderOutcome(Outcome):
    """An outcome about one order."""

    order_id: Id
    customer_id: Id | None = None

    def subject_of(self) -> str:
        return self.order_id


class CustomerOutcome(Outcome):
    """An outcome about one customer."""

    customer_id: Id
    order_id: Id | None = None

    def subject_of(self) -> str:
        return self.customer_id
