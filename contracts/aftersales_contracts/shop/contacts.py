"""Defines the events of chat, phone and the message gateway: `shop.contacts.v1`, by customer id."""

from pydantic import Field

from aftersales_contracts.base import At, Code, CustomerEvent, Id, Money, OpenEnum
from aftersales_contracts.components import Party, Ref
from aftersales_contracts.enums import Channel, PromiseKind

TOPIC = "shop.contacts.v1"


class CallOutcome(OpenEnum):
    """The way a phone call ended."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    REFUSED = "refused"


class SendOutcome(OpenEnum):
    """The gateway's result for a message."""

    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


class CallHeldV1(CustomerEvent):
    """Staff phoned a customer, or tried to."""

    TYPE = "shop.call.held.v1"
    TOPIC = TOPIC
    RULES = ("CP-042", "CP-064", "CU-059", "LG-009", "RV-025")

    call_id: Id
    request_id: Id | None = None
    """The `aftersales.call.requested.v1` that the call answers."""
    order_id: Id | None = None
    agent_id: Id
    outcome: CallOutcome
    """refused: the customer does not want to be contacted about it again."""
    has_introduced: bool
    """Whether the agent said who calls and for which shop."""
    is_identity_confirmed: bool
    """Whether the person was confirmed to be the buyer before details were told."""
    summary_ref: Ref
    """The place of the logged summary: no call goes without one (CP-064)."""


class SizeAdvisedV1(CustomerEvent):
    """An agent advised a customer on a size; the advice is no ground for a return or an exchange."""

    TYPE = "shop.size.advised.v1"
    TOPIC = TOPIC
    RULES = ("RF-114",)

    advice_id: Id
    product_id: Id
    size_code: Code
    """The size that was advised."""
    order_id: Id | None = None
    """Absent before the order."""
    conversation_id: Id | None = None
    is_disclosed: bool = False
    """Whether the agent said that the advice is advice only; where not, the customer is told."""
    by: Party


class MessageSendAnsweredV1(CustomerEvent):
    """The gateway's result for one `aftersales.message.send-requested.v1`; sent and delivered are two."""

    TYPE = "shop.message.send-answered.v1"
    TOPIC = TOPIC
    RULES = ("CP-010", "CU-001", "RV-025")

    request_id: Id
    channel: Channel
    outcome: SendOutcome


class PromiseMadeV1(CustomerEvent):
    """An agent promised something to a customer."""

    TYPE = "shop.promise.made.v1"
    TOPIC = TOPIC
    RULES = ("CP-032", "CP-033", "CP-035", "RF-009", "LG-057", "LG-059", "LG-065")

    promise_id: Id
    kind: PromiseKind
    order_id: Id | None = None
    value_code: Code | None = None
    """The code of the promised thing, for example the gift's or the carrier's."""
    amount: Money | None = None
    """The sum, for a promise of price or freight."""
    due_at: At | None = None
    """The end of the promise; absent: the dispatch limit."""
    conversation_id: Id | None = None
    """Absent for a promise by phone."""
    evidence_ids: list[Id] = Field(default_factory=list[Id])
    by: Party
