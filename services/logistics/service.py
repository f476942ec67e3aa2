"""Declares logistics: its kinds of case, by folder, and its policies."""

from chassis.service import Service, kinds_of
from services.logistics import policy

LOGISTICS = Service(
    name="logistics",
    kinds=kinds_of(
        "services.logistics.cases",
        "reship",  # before dispatch: an exchange reaches the reship first, dispatch only notes it
        "dispatch",
        "parcel",
        "lost_parcel",
        "courier_claim",
        "intercept",
        "stock_shortage",
    ),
    policies=policy.load(),
)
