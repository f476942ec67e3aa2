"""Reviews and customers together, through the real handling: ratings, credit, the follow-up."""

from datetime import UTC, datetime

import pytest

from aftersales_contracts.aftersales import common, customers, refunds, reviews
from aftersales_contracts.components import Party
from aftersales_contracts.shop import aftersales, contacts, standing
from aftersales_contracts.shop import desk as shop_desk
from aftersales_contracts.shop import reviews as shop_reviews
from services.customers.service import CUSTOMERS
from services.reviews.service import REVIEWS
from tests.services.flow import Flow
from tests.services.told import (
    CUSTOMER,
    ORDER,
    T0,
    D,
    H,
    build,
    cny,
    consented,
    given,
    held,
    paid,
    placed,
    succeeded,
    texts,
    withdrawn,
)


@pytest.fixture
def flow() -> Flow:
    both = Flow(REVIEWS, CUSTOMERS)
    both.tell(placed(), T0)
    both.tell(paid(), T0 + H)
    both.tell(succeeded(), T0 + 5 * D)
    return both


BAD_AT = T0 + 6 * D


def negative(flow: Flow) -> Flow:
    flow.tell(given("bad"), BAD_AT)
    return flow


def followups(flow: Flow) -> list[reviews.FollowupEndedV1]:
    return flow.outcomes(reviews.FollowupEndedV1)


def balance(flow: Flow, account: str = "s1") -> int:
    changes = [x for x in flow.outcomes(reviews.CreditChangedV1) if x.account_id == account]
    return changes[-1].total_points if changes else 0


def test_bad_review_to_changed_review(flow: Flow) -> None:
    """RV-003, RV-015, RV-024, RV-025 (journey 6.8)."""
    negative(flow)
    assert balance(flow) == -1
    [received] = flow.outcomes(reviews.ReviewNegativeReceivedV1)
    assert received.change_by_at == BAD_AT + 30 * D
    [call] = flow.outcomes(customers.CallRequestedV1)
    assert call.purpose_code == "review_followup", "the phone first"
    assert not texts(flow)
    flow.tell(held(call.request_id, "reached"), BAD_AT + 3 * H)
    [task] = flow.outcomes(common.TaskRequestedV1)
    assert task.question_code == "followup_result"
    flow.tell(build(shop_reviews.ReviewChangedV1, ORDER, review_id="r1", rating="good"), BAD_AT + 10 * D)
    assert balance(flow) == 1, "the old rating's credit is reversed, the new one's given"
    [ended] = followups(flow)
    assert (ended.outcome, ended.text_count, ended.call_count) == ("changed", 0, 1)
    flow.tell(build(shop_reviews.ReviewChangedV1, ORDER, review_id="r1", rating="bad"), BAD_AT + 11 * D)
    last = flow.outcomes(reviews.ReviewDecidedV1)[-1]
    assert (last.is_counted, last.reason_code) == (False, "second_change")
    assert balance(flow) == 1
    assert flow.dead == []


def test_silence_of_everybody_keeps_to_three_texts(flow: Flow) -> None:
    """RV-025, CP-010: nobody answers anything for thirty days."""
    flow.tell(consented(), T0 + 5 * D)
    negative(flow)
    flow.pass_until(BAD_AT + 40 * D)
    assert len(texts(flow)) == 3
    assert [x.nth_count for x in texts(flow)] == sorted({x.nth_count for x in texts(flow)})
    assert all(x.unsubscribe_ref for x in texts(flow)), "CP-007"
    [ended] = followups(flow)
    assert (ended.outcome, ended.text_count) == ("expired", 3)
    assert flow.dead == []


def test_without_consent_the_phone_is_left(flow: Flow) -> None:
    """CP-006, CP-010: no text goes to somebody who did not agree to texts."""
    negative(flow)
    flow.pass_until(BAD_AT + 40 * D)
    assert texts(flow) == []
    assert len(flow.outcomes(customers.CallRequestedV1)) == 5
    assert followups(flow)[0].text_count == 0


def test_a_withdrawal_while_the_text_is_under_way_stops_everything(flow: Flow) -> None:
    """CP-009, RV-026: the race of journey 6.8."""
    flow.tell(consented(), T0 + 5 * D)
    negative(flow)
    [call] = flow.outcomes(customers.CallRequestedV1)
    flow.tell(held(call.request_id, "not_reached"), BAD_AT + H)
    flow.pass_until(BAD_AT + 2 * D)
    [text] = texts(flow)
    flow.tell(withdrawn("sms"), BAD_AT + 2 * D + H / 2)
    [ended] = followups(flow)
    assert ended.outcome == "refused_contact"
    late = build(
        contacts.MessageSendAnsweredV1, CUSTOMER, request_id=text.request_id, channel="sms", outcome="sent"
    )
    flow.tell(late, BAD_AT + 3 * D)
    flow.pass_until(BAD_AT + 60 * D)
    assert len(texts(flow)) == 1
    assert len(flow.outcomes(customers.CallRequestedV1)) == 1
    assert flow.waiting() == []


def test_a_refused_call_is_the_last_one(flow: Flow) -> None:
    """RV-026, CP-009."""
    negative(flow)
    [call] = flow.outcomes(customers.CallRequestedV1)
    flow.tell(held(call.request_id, "refused"), BAD_AT + H)
    flow.pass_until(BAD_AT + 60 * D)
    assert followups(flow)[0].outcome == "refused_contact"
    changed = flow.outcomes(customers.ConsentChangedV1)
    assert [(x.channel, x.is_allowed) for x in changed] == [("call", False)]
    assert len(flow.outcomes(customers.CallRequestedV1)) == 1


def test_harassment_ends_the_followup(flow: Flow) -> None:
    """RV-027."""
    negative(flow)
    complaint = build(
        standing.ComplaintFiledV1, ORDER, complaint_id="k1", kind="harassment",
        by=Party.model_validate({"role": "buyer"}), against=Party.model_validate({"role": "seller"}),
    )  # fmt: skip
    flow.tell(complaint, BAD_AT + H)
    assert followups(flow)[0].outcome == "refused_contact"


def test_one_followup_for_all_reviews_of_an_order(flow: Flow) -> None:
    """RV-024: a person may also say that the matter is settled."""
    negative(flow)
    [call] = flow.outcomes(customers.CallRequestedV1)
    flow.tell(held(call.request_id, "reached"), BAD_AT + H)
    [task] = flow.outcomes(common.TaskRequestedV1)
    done = build(
        shop_desk.TaskCompletedV1, shop_id="s1", task_id=task.task_id, case_kind=task.case_kind,
        case_id=task.case_id, about_subject=task.about_subject, outcome_code="explained",
        by=Party.model_validate({"role": "agent"}),
    )  # fmt: skip
    flow.tell(done, BAD_AT + D)
    assert followups(flow)[0].outcome == "explained"
    flow.pass_until(BAD_AT + 60 * D)
    assert balance(flow) == -1, "the rating stands"


def test_good_on_one_side_rewards_the_rater(flow: Flow) -> None:
    """RV-003, RV-005: reading A19, the reviewer gains when the other side stays silent."""
    flow.tell(given("good"), BAD_AT)
    assert (balance(flow), balance(flow, "a1")) == (1, 0)
    flow.pass_until(T0 + 5 * D + 15 * D)
    assert (balance(flow), balance(flow, "a1")) == (1, 1)


def test_the_prompt_goes_out_once_and_offers_nothing(flow: Flow) -> None:
    """RV-010, RV-011, RV-014, RV-033."""
    flow.pass_until(T0 + 10 * D)
    [prompt] = flow.outcomes(common.NoticeRequestedV1)
    assert prompt.template_code == "review_prompt"
    assert prompt.values == {"order_id": "o1", "aftersales_contact": "s1"}
    [resolved] = flow.outcomes(customers.NoticeResolvedV1)
    assert resolved.outcome == "sent", "an hour of silence counts as sent"


def test_no_words_of_pressure_in_any_template(flow: Flow) -> None:
    """RV-030, RV-028: no counter-review, no refusal of service, no payment for a rating."""
    negative(flow)
    flow.pass_until(BAD_AT + 60 * D)
    codes = {x.template_code for x in flow.outcomes(common.NoticeRequestedV1)}
    assert codes == {"review_prompt", "review_followup"}
    assert {key for x in flow.outcomes(common.NoticeRequestedV1) for key in x.values} == {
        "order_id",
        "aftersales_contact",
    }


def test_a_threat_is_a_flag_and_a_full_refund_stops_the_prompt() -> None:
    """RV-031, RV-010."""
    flow = Flow(REVIEWS, CUSTOMERS)
    flow.tell(placed(), T0)
    problem = build(
        aftersales.ProblemReportedV1, ORDER, problem_id="b1", problem="quality", wanted="refund",
        has_threatened_review=True,
    )  # fmt: skip
    flow.tell(problem, T0 + H)
    refund = build(
        refunds.RefundPaidV1, ORDER, case_id="i1", case_kind="refund-intent", case_version=3, rule_ids=[],
        policy_version="v", intent_id="i1", purpose="refund", amount=cny(1), lines=[], is_full=True,
        order_outcome="continues",
    )  # fmt: skip
    flow.tell(refund, T0 + 2 * H)
    flow.tell(succeeded(), T0 + D)
    flow.tell(given("neutral"), T0 + 3 * D)
    assert flow.outcomes(reviews.ReviewNegativeReceivedV1)[0].was_threatened
    assert [x.template_code for x in flow.outcomes(common.NoticeRequestedV1)] == ["review_followup"]


def test_a_rating_read_before_the_success_waits_for_it() -> None:
    """RV-001: early news is kept."""
    flow = Flow(REVIEWS)
    flow.tell(given("good"), T0 + 6 * D)
    flow.tell(placed(), T0 + 6 * D)
    assert flow.waiting() == ["early:Given"]
    flow.tell(succeeded(), T0 + 6 * D)
    assert flow.waiting() == []
    assert flow.outcomes(reviews.ReviewDecidedV1)[0].is_counted


def test_a_mall_buyer_earns_a_point_for_the_score() -> None:
    """RV-022, RV-018, RV-017."""
    flow = Flow(REVIEWS)
    flow.tell(placed("mall"), T0)
    flow.tell(succeeded(), T0 + D)
    flow.tell(given("bad"), T0 + 2 * D)
    assert flow.outcomes(reviews.ReviewDecidedV1)[-1].reason_code == "mall"
    score = build(shop_reviews.ScoreGivenV1, ORDER, score_id="z1", description_score=5)
    flow.tell(score, T0 + 2 * D)
    assert balance(flow, "a1") == 1


def test_a_review_called_malicious_is_looked_at_by_a_person(flow: Flow) -> None:
    """RV-032."""
    negative(flow)
    complaint = build(
        standing.ComplaintFiledV1, ORDER, complaint_id="k1", kind="malicious_review", review_id="r1",
        by=Party.model_validate({"role": "seller"}), against=Party.model_validate({"role": "buyer"}),
    )  # fmt: skip
    flow.tell(complaint, BAD_AT + H)
    [task] = flow.outcomes(common.TaskRequestedV1)
    assert (task.task_id, task.question_code, task.kind_code) == (
        "malicious.k1",
        "is_review_malicious",
        "assessment",
    )
    assert (task.order_id, task.about_subject, task.due_at) == ("o1", "o1", BAD_AT + H + 2 * D)
    assert task.escalate_to == "supervisor"
    assert followups(flow) == [], "the follow-up goes on"


def test_the_cause_of_a_review_is_announced_so_that_it_can_be_measured(flow: Flow) -> None:
    """RV-029: by staff's own word, and again when they think otherwise."""
    negative(flow)
    agent = Party.model_validate({"role": "agent"})
    for hours, cause in ((1, "courier_speed"), (2, "courier_speed"), (3, "quality")):
        coded = build(shop_reviews.ReviewCauseCodedV1, ORDER, review_id="r1", cause_code=cause, by=agent)
        flow.tell(coded, BAD_AT + hours * H)
    noted = flow.outcomes(reviews.ReviewCauseNotedV1)
    assert [(x.review_id, x.rating, x.cause_code) for x in noted] == [
        ("r1", "bad", "courier_speed"), ("r1", "bad", "quality"),
    ]  # fmt: skip
    assert flow.dead == []


def test_from_the_pack_of_2027_a_person_is_asked_for_the_cause() -> None:
    """RV-029."""
    flow = Flow(REVIEWS)
    start = datetime(2027, 1, 4, tzinfo=UTC)
    for event, hours in ((placed(), 0), (succeeded(), 1), (given("bad"), 2)):
        flow.tell(event, start + hours * H)
    [task] = flow.outcomes(common.TaskRequestedV1)
    assert task.question_code == "review_cause"
    done = build(
        shop_desk.TaskCompletedV1, shop_id="s1", task_id=task.task_id, case_kind=task.case_kind,
        case_id=task.case_id, about_subject=task.about_subject, outcome_code="courier_speed",
        by=Party.model_validate({"role": "agent"}),
    )  # fmt: skip
    flow.tell(done, start + 3 * H)
    [noted] = flow.outcomes(reviews.ReviewCauseNotedV1)
    assert noted.cause_code == "courier_speed"


@pytest.mark.parametrize("is_told_first", [True, False])
def test_s7_a_review_given_before_the_success_is_not_counted(is_told_first: bool) -> None:
    """RV-001: it waits for the success, and reviews count from there on; a later one still does."""
    flow = Flow(REVIEWS)
    flow.tell(placed(), T0)
    early = (given("good"), T0 + D)
    success = (succeeded(), T0 + 5 * D)
    for event, at in (early, success) if is_told_first else (success, early):
        flow.tell(event, at)
        if event is early[0] and is_told_first:
            assert flow.outcomes(reviews.ReviewDecidedV1) == [], "nobody knows yet"
    flow.pass_until(T0 + 5 * D + H)
    [decided] = flow.outcomes(reviews.ReviewDecidedV1)
    assert (decided.is_counted, decided.reason_code) == (False, "order_not_succeeded")
    assert balance(flow) == 0
    flow.tell(given("good", review="r2"), T0 + 6 * D)
    assert flow.outcomes(reviews.ReviewDecidedV1)[-1].is_counted
    assert balance(flow) == 1
