"""Defines the events of CRM and the consent centre: `shop.customers.v1`, by customer id."""

from pydantic import Field

from aftersales_contracts.base import At, Code, CustomerEvent, Id, OpenEnum
from aftersales_contracts.enums import Channel, ConsentChannel, ConsentPurpose

TOPIC = "shop.customers.v1"


class WithdrawalSource(OpenEnum):
    """The way a customer said that messages must stop."""

    REPLY = "reply"
    ONE_CLICK = "one_click"
    CHAT = "chat"
    CALL = "call"


class ConsentGrantedV1(CustomerEvent):
    """A customer may be written to, on one channel for one purpose."""

    TYPE = "shop.consent.granted.v1"
    TOPIC = TOPIC
    RULES = ("CP-006",)

    channel: Channel
    purpose: ConsentPurpose
    source_code: Code
    """The place where consent was given, for example checkout, account_page."""
    evidence_ids: list[Id] = Field(default_factory=list[Id])


class ConsentWithdrawnV1(CustomerEvent):
    """A customer must not be written to any more, for any purpose, on one channel or on all."""

    TYPE = "shop.consent.withdrawn.v1"
    TOPIC = TOPIC
    RULES = ("CP-007", "CP-008", "CP-009", "RV-026")

    channel: ConsentChannel
    source: WithdrawalSource


class CustomerBlockChangedV1(CustomerEvent):
    """A customer was put on the block list, or taken off."""

    TYPE = "shop.customer.block-changed.v1"
    TOPIC = TOPIC
    RULES = ("CP-011",)

    is_blocked: bool
    reason_code: Code
    until_at: At | None = None
    """When the block ends by itself; absent: never."""
