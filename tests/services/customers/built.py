"""Builds what several tests of customers need: moments, the policy, a contact."""

from datetime import UTC, datetime, timedelta

from services.customers import policy
from services.customers.contact import Channel, Contact, Origin, Purpose, To

T0 = datetime(2026, 3, 1, tzinfo=UTC)
D = timedelta(days=1)
H = timedelta(hours=1)
M = timedelta(minutes=1)
_, P = policy.load().choose("s1", T0)

CONTACT = Contact(
    "n1", "o1", "o1", "c1", Origin.NOTICE, To.BUYER, Purpose.REVIEW_FOLLOWUP, "review_followup", {},
    (Channel.SMS, Channel.CALL), T0 + 48 * H,
)  # fmt: skip
