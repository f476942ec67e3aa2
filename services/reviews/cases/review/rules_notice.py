"""Judges bad reviews and complaints by the shop's notice (RF-111).

A notice takes no rating away and settles no complaint: both are the platform's. A person answers with it.
"""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Decided
from kernel.ids import derived_id
from kernel.people import Task
from kernel.rules import rule
from services.reviews import review_book as b
from services.reviews.cases.review.messages import Complained
from services.reviews.cases.review.state import CauseNoted, Fact, Live
from services.reviews.policy import Policy
from services.reviews.review_book import Rater, Rating


def judged(
    state: Live, decided: Sequence[Decided[Fact]], policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Adds the question about a cause that was named just now."""
    causes = [entry.fact for entry in decided if isinstance(entry.fact, CauseNoted)]
    return [*decided, *(asked for cause in causes for asked in _against_notice(state, cause, policy, now))]


@rule("RF-111")
def _against_notice(state: Live, cause: CauseNoted, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks a person to answer a buyer's neutral or bad review whose cause the notice does not accept."""
    place = b.find(state.book, cause.review_id)
    if place is None or place.rater is not Rater.BUYER or cause.rating in (None, Rating.GOOD):
        return []
    if cause.cause_code not in policy.excluded_causes:
        return []
    return [_task("review_against_notice", derived_id("notice", cause.review_id), policy, now)]


@rule("RF-111")
def complained(complaint: Complained, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks a person to show the platform the notice, where it does not accept the cause of a complaint."""
    if complaint.cause_code not in policy.excluded_causes:
        return []
    task_id = derived_id("notice", "complaint", complaint.complaint_id)
    return [_task("complaint_against_notice", task_id, policy, now)]


def _task(question_code: str, task_id: str, policy: Policy, now: datetime) -> Task:
    return Task(question_code, now + policy.task_due_hours, "assessment", task_id=task_id)
