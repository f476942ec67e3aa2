"""Declares customers: its kinds of case, by folder, and its policies."""

from chassis.service import Service, kinds_of
from services.customers import policy

CUSTOMERS = Service(
    name="customers",
    kinds=kinds_of(
        "services.customers.cases",
        "unpaid_order",
        "customer_order",
        "order_index",
        "consent",
        "message",
        "promise",
    ),
    policies=policy.load(),
)
