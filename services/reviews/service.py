"""Declares reviews: its kinds of case, by folder, and its policies."""

from chassis.service import Service, kinds_of
from services.reviews import policy

REVIEWS = Service(
    name="reviews",
    kinds=kinds_of(
        "services.reviews.cases",
        "review",
        "credit_pair",
        "credit_account",
        "review_followup",
    ),
    policies=policy.load(),
)
