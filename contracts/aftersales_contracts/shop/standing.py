"""Defines the events of the platform's rule centre: `shop.standing.v1`, by shop id."""

from pydantic import Field

from aftersales_contracts.base import Code, Event, Id, OpenEnum
from aftersales_contracts.components import Party

TOPIC = "shop.standing.v1"


class ComplaintKind(OpenEnum):
    """The subject of a complaint."""

    SPAM = "spam"
    FAKE_TRADE = "fake_trade"
    IMPROPER_REGISTRATION = "improper_registration"
    PROHIBITED_INFORMATION = "prohibited_information"
    IP_INFRINGEMENT = "ip_infringement"
    ACCOUNT_THEFT = "account_theft"
    DATA_LEAK = "data_leak"
    LATE_SHIPMENT = "late_shipment"
    BREACH_OF_PROMISE = "breach_of_promise"
    DESCRIPTION_MISMATCH = "description_mismatch"
    MALICIOUS_REVIEW = "malicious_review"
    DEFRAUDING = "defrauding"
    HARASSMENT = "harassment"


class ComplaintFiledV1(Event):
    """Somebody complained to the platform: a buyer about the shop, the shop about a buyer, or a stranger."""

    TYPE = "shop.complaint.filed.v1"
    TOPIC = TOPIC
    RULES = ("CP-001", "CP-002", "CP-003", "CP-004", "CP-005", "RF-111", "RV-027", "RV-032")

    shop_id: Id
    complaint_id: Id
    kind: ComplaintKind
    by: Party
    against: Party
    customer_id: Id | None = None
    order_id: Id | None = None
    review_id: Id | None = None
    cause_code: Code | None = None
    """The closer cause, in the list of the causes of reviews: colour_difference, quality, description."""
    evidence_ids: list[Id] = Field(default_factory=list[Id])

    def subject_of(self) -> str:
        return self.shop_id
