"""Declares the service: its kinds of case and its policies."""

from chassis.service import Service
from services.refunds import policy
from services.refunds.cases.buyer_claim.border import BUYER_CLAIM
from services.refunds.cases.exchange.border import EXCHANGE
from services.refunds.cases.late_compensation.border import LATE_COMPENSATION
from services.refunds.cases.order.border import ORDER
from services.refunds.cases.refund_agreement.border import REFUND_AGREEMENT
from services.refunds.cases.refund_intent.border import REFUND_INTENT

REFUNDS = Service(
    name="refunds",
    kinds=(ORDER, REFUND_AGREEMENT, REFUND_INTENT, EXCHANGE, LATE_COMPENSATION, BUYER_CLAIM),
    policies=policy.load(),
)
