"""Parcels that are found again: one rule for every parcel; the tests are named after what they repair."""

from datetime import timedelta
from itertools import pairwise

from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.shop import shipments
from services.logistics.cases.lost_parcel import state as lost_parcel
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.losses import (
    SECOND,
    choose,
    claims,
    offered,
    remedies,
    resends,
    said,
    scan,
    second,
    settle_questions,
    tell,
)
from tests.services.logistics.shop import DAY, HOUR, ORDER, SHOP, T0
from tests.services.logistics.told import (
    clean,
    courier,
    not_received,
    on_the_way,
    outcomes,
    questions,
    recalls,
    refund_opened,
    task_done,
)


def test_no_remedy_for_a_parcel_that_the_buyer_has() -> None:
    """LG-017, LG-020: found again, the resend let go of for a refund, report and memo late."""
    story = on_the_way((said("k1"), 2 * DAY))
    choose(story, "reship", 2 * DAY + HOUR)
    tell(story, scan("delivered", 3 * DAY), 3 * DAY)
    assert [action for action, _ in resends(story)] == ["send", "cancel"]
    tell(story, refund_opened("with_return"), 4 * DAY)
    settle_questions(story, 5 * DAY)
    story.pass_until(T0 + 30 * DAY)
    assert remedies(story) == []
    clean(story)


def test_a_resend_that_left_is_called_back_when_the_first_parcel_arrives() -> None:
    """LG-018: one that arrived as well is a claim on the buyer, which refunds makes."""
    for status in ("in_transit", "delivered"):
        story = on_the_way((said("k1"), 2 * DAY))
        choose(story, "reship", 2 * DAY + HOUR)
        tell(story, shop.registered("k9", direction="reship", tracking=SECOND), 3 * DAY)
        tell(story, shop.handed_over("k9"), 3 * DAY)
        tell(story, scan(status, 4 * DAY, SECOND), 4 * DAY)
        tell(story, scan("delivered", 5 * DAY), 5 * DAY)
        tell(story, scan("delivered", 6 * DAY), 6 * DAY)
        assert "recover_or_write_off" not in questions(story), status
        assert recalls(story) == (["turned_up"] if status == "in_transit" else []), status


def test_a_memo_that_comes_while_the_resend_runs_is_remembered() -> None:
    """LG-020, RF-121: the resend fails, and the money is due at once."""
    story = on_the_way((said("k1"), 2 * DAY))
    choose(story, "reship", 2 * DAY + HOUR)
    settle_questions(story, 2 * DAY + 2 * HOUR)
    assert remedies(story) == []
    request_id = story.outcomes(logistics.ReshipRequestedV1)[-1].request_id
    answer = shipments.ReshipAnsweredV1(
        shop_id=SHOP,
        order_id=ORDER,
        request_id=request_id,
        outcome=shipments.ReshipOutcome("unavailable"),
        lines=[shop.share()],
    )
    tell(story, answer, 2 * DAY + 3 * HOUR)
    assert remedies(story) == [[("l1", 1)]]


def test_the_search_for_a_signed_parcel_ends_with_the_couriers_word() -> None:
    """LG-016, LG-042: found, it is closed and nothing is called back; lost, the signature does not count."""
    signed = ((scan("delivered", 2 * DAY), 2 * DAY), (not_received("signed_not_received"), 3 * DAY))
    story = on_the_way(*signed, (refund_opened("not_received"), 3 * DAY + HOUR))
    inquiry = story.outcomes(logistics.CourierActionRequestedV1)[-1]
    tell(story, courier(inquiry.request_id, "found"), 4 * DAY)
    assert isinstance(story.state("lost-parcel", "k1"), lost_parcel.Closed)
    assert recalls(story) == []
    other = on_the_way(*signed)
    inquiry = other.outcomes(logistics.CourierActionRequestedV1)[-1]
    tell(other, courier(inquiry.request_id, "lost"), 4 * DAY)
    assert outcomes(other) == ["delivered", "lost"]
    assert offered(other) == [[("l1", 1)]]
    tell(other, scan("delivered", 5 * DAY), 5 * DAY)
    assert outcomes(other) == ["delivered", "lost", "delivered"]
    assert claims(other) == ["file", "withdraw"]
    clean(other)


def test_a_received_replacement_that_is_presumed_lost_is_owed_to_the_buyer() -> None:
    """LG-018, LG-042: its exchange is over, so that the search gives the remedy."""
    story = second("replacement")
    tell(story, scan("delivered", 4 * DAY, SECOND), 4 * DAY)
    report = not_received("signed_not_received").model_copy(update={"parcel_id": "e1"})
    tell(story, report, 5 * DAY)
    (asked,) = story.outcomes(logistics.CourierActionRequestedV1)
    tell(story, said("e1", request_id="older"), 6 * DAY)
    assert offered(story) == []
    tell(story, said("e1", request_id=asked.request_id), 7 * DAY)
    assert offered(story) == [[("l1", 1)]]


def test_a_parcel_that_turned_up_and_is_lost_over_its_signature_is_told_of_again() -> None:
    """LG-018, LG-042: the second loss is said as well as the first; an older answer said again is none."""
    story = on_the_way((said("k1"), 2 * DAY))
    tell(story, scan("delivered", 3 * DAY), 3 * DAY)
    tell(story, not_received("signed_not_received"), 4 * DAY)
    tell(story, said("k1"), 4 * DAY + HOUR)
    assert outcomes(story) == ["lost", "delivered"]
    (asked,) = story.outcomes(logistics.CourierActionRequestedV1)
    tell(story, said("k1", request_id=asked.request_id), 5 * DAY)
    assert outcomes(story) == ["lost", "delivered", "lost"]
    tell(story, scan("delivered", 6 * DAY), 6 * DAY)
    assert outcomes(story) == ["lost", "delivered", "lost", "delivered"]


def test_a_hand_over_that_is_told_after_the_pick_up_ends_no_silence() -> None:
    """LG-016: the carrier had the parcel before, so nothing is heard of it; one search goes on."""
    story = on_the_way()
    story.pass_until(T0 + 12 * DAY)
    assert len(story.outcomes(logistics.CourierActionRequestedV1)) == 1
    tell(story, shop.handed_over(), 12 * DAY)
    story.pass_until(T0 + 30 * DAY)
    assert len(story.outcomes(logistics.CourierActionRequestedV1)) == 1


def test_a_parcel_lost_again_after_it_turned_up_is_claimed_anew() -> None:
    """LG-022: once more under its id; the buyer's remedy stands. What the carrier paid before is kept."""
    story = on_the_way((said("k1"), 2 * DAY))
    choose(story, "reship", 2 * DAY + HOUR)
    tell(story, scan("in_transit", 3 * DAY), 3 * DAY)
    tell(story, scan("lost", 5 * DAY), 5 * DAY)
    asked = [(x.claim_id, x.action.value) for x in story.outcomes(logistics.CourierClaimRequestedV1)]
    assert asked == [("k1.claim", "file"), ("k1.claim", "withdraw"), ("k1.claim", "file")]
    assert [action for action, _ in resends(story)] == ["send"]
    paid_claim = shipments.CourierClaimAnsweredV1(
        shop_id=SHOP,
        order_id=ORDER,
        claim_id="k1.claim",
        outcome=shipments.CourierClaimStep("paid"),
        amount=shop.cny(10_000),
    )
    tell(story, paid_claim, 6 * DAY)
    for status, after in (("in_transit", 7 * DAY), ("lost", 8 * DAY), ("lost", 9 * DAY)):
        tell(story, scan(status, after), after)
    assert questions(story).count("repay_courier") == 1
    withdrawn = [x.task_id for x in story.outcomes(common.TaskWithdrawnV1) if x.case_kind == "courier-claim"]
    assert withdrawn == ["k1.claim.repay"]
    assert claims(story) == ["file", "withdraw", "file"]


def claim_moved(step: str, minor: int | None = None) -> shipments.CourierClaimAnsweredV1:
    return shipments.CourierClaimAnsweredV1(
        shop_id=SHOP,
        order_id=ORDER,
        claim_id="k1.claim",
        outcome=shipments.CourierClaimStep(step),
        amount=None if minor is None else shop.cny(minor),
    )


def found_and_lost(story: Flow, after: timedelta) -> None:
    """It moves on before the buyer has a remedy, and is lost once more: a second search."""
    tell(story, scan("in_transit", after), after)
    tell(story, scan("lost", after + DAY), after + DAY)


def filed(story: Flow) -> list[tuple[str, str]]:
    asked = story.outcomes(logistics.CourierClaimRequestedV1)
    return [(x.claim_id, x.action.value) for x in asked]


def test_the_claim_of_a_second_search_is_that_of_the_first() -> None:
    """LG-022: what the carrier paid is not claimed twice; what ended otherwise is claimed anew."""
    for step, claimed in (("paid", ["file"]), ("rejected", ["file", "file"])):
        story = on_the_way((said("k1"), 2 * DAY))
        tell(story, claim_moved(step), 2 * DAY + HOUR)
        found_and_lost(story, 3 * DAY)
        assert filed(story) == [("k1.claim", action) for action in claimed], step
        assert questions(story).count("lost_parcel_report") == 2, step
        withdrawn = [x.task_id for x in story.outcomes(common.TaskWithdrawnV1)]
        assert ("k1.claim.repay" in withdrawn) == (step == "paid")
        clean(story)
    story = on_the_way((said("k1"), 2 * DAY))
    found_and_lost(story, 3 * DAY)
    tell(story, scan("delivered", 5 * DAY), 5 * DAY)
    assert filed(story) == [("k1.claim", action) for action in ("file", "withdraw", "file", "withdraw")]


def test_a_carrier_who_has_his_money_again_is_claimed_anew() -> None:
    """LG-022: the books hear that nothing was recovered before the parcel was lost once more."""
    story = on_the_way((said("k1"), 2 * DAY))
    tell(story, claim_moved("paid", 10_000), 2 * DAY + HOUR)
    tell(story, scan("in_transit", 3 * DAY), 3 * DAY)
    (repay,) = [x for x in story.outcomes(common.TaskRequestedV1) if x.question_code == "repay_courier"]
    tell(story, task_done(repay), 3 * DAY + HOUR)
    ends = story.outcomes(logistics.CourierClaimConcludedV1)
    assert [(x.outcome.value, x.recovered_amount.minor) for x in ends] == [("paid", 10_000), ("withdrawn", 0)]
    tell(story, scan("lost", 4 * DAY), 4 * DAY)
    assert filed(story) == [("k1.claim", "file"), ("k1.claim", "file")]


def test_the_question_about_a_missing_report_is_withdrawn_once_all_is_there() -> None:
    """LG-020: report and memo came late, and the parcel later still."""
    story = on_the_way((said("k1"), 2 * DAY))
    story.pass_until(T0 + 3 * DAY)
    assert questions(story)[-1] == "report_or_memo_missing"
    settle_questions(story, 3 * DAY + HOUR)
    (overdue,) = [
        x for x in story.outcomes(common.TaskRequestedV1) if x.question_code == questions(story)[-1]
    ]
    assert [x.task_id for x in story.outcomes(common.TaskWithdrawnV1)] == [overdue.task_id]


def test_a_report_that_was_refused_is_not_asked_about_again() -> None:
    """LG-020: a second word that says nothing changes nothing; a yes still does."""
    story = on_the_way((said("k1"), 2 * DAY))
    (report,) = [x for x in story.outcomes(common.TaskRequestedV1) if x.question_code == "lost_parcel_report"]
    for number, word in enumerate(("refused", "unclear", "refused")):
        answer = task_done(report).model_copy(update={"outcome_code": word})
        tell(story, answer, 2 * DAY + (number + 1) * HOUR)
    assert questions(story).count("lost_parcel_report") == 1
    choose(story, "refund", 3 * DAY)
    settle_questions(story, 3 * DAY + HOUR)
    assert remedies(story) == [[("l1", 1)]]


def test_the_courier_is_not_asked_at_the_moment_that_the_parcel_moves() -> None:
    """LG-016: the scan ends the silence before anybody asks about it."""
    story = on_the_way((scan("in_transit", 20 * HOUR), 20 * HOUR))
    story.pass_until(T0 + 7 * DAY)
    inquiry = story.outcomes(logistics.CourierActionRequestedV1)[-1]
    tell(story, courier(inquiry.request_id, "found"), 7 * DAY + HOUR)
    tell(story, scan("in_transit", 8 * DAY), 8 * DAY)
    tell(story, scan("out_for_delivery", 8 * DAY + HOUR), 8 * DAY + HOUR)
    assert [x.reason_code for x in story.outcomes(logistics.CourierActionRequestedV1)] == ["silence"]


def test_a_person_is_asked_until_a_claim_ends() -> None:
    """LG-022: after three looks less often, but for ever."""
    story = on_the_way((said("k1"), 2 * DAY))
    story.pass_until(T0 + 200 * DAY)
    looks = [x for x in story.told if isinstance(x.event, common.TaskRequestedV1)]
    filed = [x.at for x in looks if getattr(x.event, "question_code", "") == "filed"]
    pauses = [(b - a) / DAY for a, b in pairwise(filed)]
    assert pauses[:4] == [10, 10, 30, 30]
    assert len(filed) == 8


def test_questions_that_time_answered_are_withdrawn() -> None:
    """LG-016, LG-019, LG-050: whether it counts as lost, a late resend, an unanswered call-back."""
    story = on_the_way((scan("in_transit", 20 * HOUR), 20 * HOUR))
    story.pass_until(T0 + 10 * DAY)
    assert questions(story) == ["presume_lost"]
    tell(story, scan("delivered", 10 * DAY), 10 * DAY)
    assert [x.task_id for x in story.outcomes(common.TaskWithdrawnV1)] == ["k1.presume"]
    other = on_the_way((said("k1"), 2 * DAY))
    choose(other, "reship", 2 * DAY + HOUR)
    other.pass_until(T0 + 6 * DAY)
    tell(other, shop.registered("k9", direction="reship", tracking=SECOND), 6 * DAY)
    tell(other, shop.handed_over("k9"), 6 * DAY)
    assert [x.task_id for x in other.outcomes(common.TaskWithdrawnV1)] == ["k1.reship.late"]
    third = on_the_way((refund_opened("not_received"), DAY))
    third.pass_until(T0 + 40 * DAY)
    assert questions(third)[:2] == ["recall_unanswered", "presume_lost"]
    tell(third, scan("returned", 41 * DAY), 41 * DAY)
    withdrawn = {x.task_id for x in third.outcomes(common.TaskWithdrawnV1) if x.case_kind == "intercept"}
    asked = {x.task_id for x in third.outcomes(common.TaskRequestedV1) if x.case_kind == "intercept"}
    assert "k1.intercept.unanswered" in withdrawn
    assert withdrawn <= asked


def reports(story: Flow) -> list[common.TaskRequestedV1]:
    return [x for x in story.outcomes(common.TaskRequestedV1) if x.question_code == "lost_parcel_report"]


def test_a_report_that_is_neither_approved_nor_refused_is_asked_about_again() -> None:
    """LG-020: a word without a meaning moves nothing; approved the third time, the money follows."""
    story = on_the_way((said("k1"), 2 * DAY))
    choose(story, "refund", 2 * DAY + HOUR)
    for number, word in enumerate(("unclear", "later"), start=1):
        assert len(reports(story)) == number
        tell(story, task_done(reports(story)[-1], word), 2 * DAY + (number + 1) * HOUR)
        tell(story, task_done(reports(story)[0], "approved"), 2 * DAY + (number + 1) * HOUR)
    assert len({x.task_id for x in reports(story)}) == 3
    assert remedies(story) == []
    settle_questions(story, 3 * DAY)
    assert len(remedies(story)) == 1


def test_a_refused_report_is_not_asked_for_again() -> None:
    """LG-020."""
    for word in ("refused", "declined", "rejected"):
        story = on_the_way((said("k1"), 2 * DAY))
        tell(story, task_done(reports(story)[0], word), 3 * DAY)
        assert len(reports(story)) == 1


def test_a_report_that_was_asked_for_again_is_taken_back_with_its_loss() -> None:
    """LG-016, LG-020: the parcel arrives, and the question that stands is over."""
    story = on_the_way((said("k1"), 2 * DAY))
    tell(story, task_done(reports(story)[0], "unclear"), 2 * DAY + HOUR)
    tell(story, scan("delivered", 3 * DAY), 3 * DAY)
    assert reports(story)[1].task_id in [x.task_id for x in story.outcomes(common.TaskWithdrawnV1)]


def test_one_report_of_the_buyer_is_looked_into_once() -> None:
    """LG-016: told again after the search, it asks nobody; another report does."""
    story = on_the_way((scan("delivered", 3 * DAY), 3 * DAY))
    for after, problem_id, count in ((4, "q1", 1), (5, "q1", 1), (7, "q1", 1), (8, "q2", 2)):
        report = not_received("signed_not_received").model_copy(update={"problem_id": problem_id})
        tell(story, report, after * DAY)
        inquiries = story.outcomes(logistics.CourierActionRequestedV1)
        asked = [x for x in inquiries if x.reason_code == "signed_not_received"]
        assert len(asked) == count, (after, problem_id)
        if after == 5:
            tell(story, courier(asked[-1].request_id, "found"), 6 * DAY)
