"""Declares the service of reviews: its kinds of case, and its numbers."""

from chassis.service import Service
from services.reviews import policy
from services.reviews.cases.credit_account.border import CREDIT_ACCOUNT
from services.reviews.cases.credit_pair.border import CREDIT_PAIR
from services.reviews.cases.review.border import REVIEW
from services.reviews.cases.review_followup.border import REVIEW_FOLLOWUP

REVIEWS = Service(
    name="reviews",
    kinds=(REVIEW, CREDIT_PAIR, CREDIT_ACCOUNT, REVIEW_FOLLOWUP),
    policies=policy.load(),
)
