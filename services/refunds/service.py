"""Declares refunds: its kinds of case, by folder, and its policies."""

from chassis.service import Service, kinds_of
from services.refunds import policy

REFUNDS = Service(
    name="refunds",
    kinds=kinds_of(
        "services.refunds.cases",
        "order",
        "refund_agreement",
        "refund_intent",
        "exchange",
        "late_compensation",
        "buyer_claim",
    ),
    policies=policy.load(),
)
