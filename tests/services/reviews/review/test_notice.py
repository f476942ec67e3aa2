"""Bad reviews and complaints for what the shop's notice does not accept: the colour (RF-111)."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aftersales_contracts.aftersales import common, reviews
from aftersales_contracts.base import Event
from aftersales_contracts.components import Party
from aftersales_contracts.shop import desk, standing
from aftersales_contracts.shop import reviews as shop_reviews
from chassis.service import Service
from services.reviews import policy
from services.reviews.policy import Policy
from services.reviews.service import REVIEWS
from tests.services.flow import Flow
from tests.services.told import ORDER, D, H, build, given, placed, succeeded

T0 = datetime(2027, 3, 1, tzinfo=UTC)
BOOK = policy.load()
TALK_FIRST, QUALITY_ONLY = (BOOK.get(f"notice-{name}@2014-01-01") for name in ("talk-first", "quality-only"))
NEWER, CLASSIC = (BOOK.get(f"taobao-classic@{year}-01-01") for year in (2027, 2014))
AGENT = Party.model_validate({"role": "agent"})
BUYER, SELLER = (Party.model_validate({"role": role}) for role in ("buyer", "seller"))


class OnePolicy:
    """A book of one page."""

    def __init__(self, rules: Policy) -> None:
        self._rules = rules

    def choose(self, _shop_id: str, _at: datetime) -> tuple[str, Policy]:
        return "test@2014-01-01", self._rules

    def get(self, _version: str) -> Policy:
        return self._rules


def story(rules: Policy, *events: Event, rating: str = "bad", rater: str = "buyer") -> Flow:
    """A review of an order that succeeded, and what comes an hour after it, and later."""
    service: Service = replace(REVIEWS, policies=OnePolicy(rules))
    flow = Flow(service)
    told = (placed(), succeeded(), given(rating, rater), *events)
    for hours, event in enumerate(told):
        flow.tell(event, T0 + hours * H)
    return flow


def coded(cause_code: str) -> Any:
    return build(shop_reviews.ReviewCauseCodedV1, ORDER, review_id="r1", cause_code=cause_code, by=AGENT)


def complaint(
    cause_code: str | None = "colour_difference", kind: str = "description_mismatch", by: Party = BUYER
) -> Any:
    return build(
        standing.ComplaintFiledV1, ORDER, complaint_id="k1", kind=kind, by=by, against=SELLER,
        cause_code=cause_code,
    )  # fmt: skip


def asked(flow: Flow) -> list[str]:
    tasks = flow.outcomes(common.TaskRequestedV1)
    return [task.question_code for task in tasks if task.question_code.endswith("_against_notice")]


@pytest.mark.parametrize(
    ("rules", "cause_code", "count"),
    [
        (TALK_FIRST, "colour_difference", 1),
        (QUALITY_ONLY, "colour_difference", 1),
        (TALK_FIRST, "quality", 0),
        (NEWER, "colour_difference", 0),
        (CLASSIC, "colour_difference", 0),
    ],
)
def test_a_person_answers_a_review_with_the_notice(rules: Policy, cause_code: str, count: int) -> None:
    """RF-111: the cause as staff name it; the rating counts as any other."""
    flow = story(rules, coded(cause_code), coded(cause_code))
    assert asked(flow) == ["review_against_notice"] * count
    decided = flow.outcomes(reviews.ReviewDecidedV1)
    assert [(each.is_counted, each.reason_code) for each in decided] == [(True, "in_window")]


def test_a_cause_that_a_person_names_when_asked_is_judged_as_well() -> None:
    """RF-111, RV-029."""
    answer = build(
        desk.TaskCompletedV1, shop_id="s1", task_id="review-cause.r1", case_kind="review", case_id="o1",
        about_subject="o1", outcome_code="colour_difference", by=AGENT,
    )  # fmt: skip
    flow = story(TALK_FIRST, answer)
    assert asked(flow) == ["review_against_notice"]
    (task,) = [each for each in flow.outcomes(common.TaskRequestedV1) if each.task_id == "notice.r1"]
    assert (task.kind_code, task.due_at, task.rule_ids) == ("assessment", T0 + 3 * H + 2 * D, ["RF-111"])


@pytest.mark.parametrize(
    ("rating", "rater", "count"), [("neutral", "buyer", 1), ("good", "buyer", 0), ("bad", "seller", 0)]
)
def test_only_a_buyers_neutral_or_bad_review_is_answered(rating: str, rater: str, count: int) -> None:
    """RF-111."""
    assert len(asked(story(TALK_FIRST, coded("colour_difference"), rating=rating, rater=rater))) == count


@pytest.mark.parametrize(
    ("rules", "filed", "count"),
    [
        (TALK_FIRST, complaint(), 1),
        (QUALITY_ONLY, complaint(), 1),
        (TALK_FIRST, complaint("quality"), 0),
        (TALK_FIRST, complaint(None), 0),
        (TALK_FIRST, complaint(kind="defrauding"), 0),
        (TALK_FIRST, complaint(by=SELLER), 0),
        (NEWER, complaint(), 0),
    ],
)
def test_a_person_shows_the_platform_the_notice(rules: Policy, filed: Event, count: int) -> None:
    """RF-111: once for each complaint of a buyer that the goods are not as described."""
    flow = story(rules, filed)
    assert asked(flow) == ["complaint_against_notice"] * count
    ids = [task.task_id for task in flow.outcomes(common.TaskRequestedV1)]
    assert ("notice.complaint.k1" in ids) == bool(count)
