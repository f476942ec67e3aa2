"""Declares customers: its kinds of case and its policy."""

from chassis.service import Service
from services.customers import policy
from services.customers.cases.consent.border import CONSENT
from services.customers.cases.customer_order.border import CUSTOMER_ORDER
from services.customers.cases.message.border import MESSAGE
from services.customers.cases.order_index.border import ORDER_INDEX
from services.customers.cases.promise.border import PROMISE
from services.customers.cases.unpaid_order.border import UNPAID_ORDER

CUSTOMERS = Service(
    name="customers",
    kinds=(UNPAID_ORDER, CUSTOMER_ORDER, ORDER_INDEX, CONSENT, MESSAGE, PROMISE),
    policies=policy.load(),
)
