"""Pieces of a lost parcel that refunds are about: each gets its remedy once (RF-035, LG-018)."""

from datetime import timedelta

from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.base import Event
from aftersales_contracts.components import Tracking
from aftersales_contracts.shop import orders, shipments
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.losses import (
    SECOND,
    choose,
    claims,
    offered,
    opened,
    paid,
    remedies,
    resends,
    said,
    scan,
    settle_questions,
    tell,
    two_lines,
)
from tests.services.logistics.shop import DAY, HOUR
from tests.services.logistics.told import flow, questions, refund_closed, task_done

L1, L2, ONE_OF_L2 = shop.share("l1"), shop.share("l2", 2), shop.share("l2")


def lost(*cases: str) -> Flow:
    """Lost after eight days; a refund of one piece of l2 is opened before, and changed to the next kind."""
    return two_lines(*((opened(kind, ONE_OF_L2), 2 * DAY) for kind in cases), (said("k1"), 8 * DAY))


def test_a_refund_that_was_changed_counts_as_what_it_is_now() -> None:
    """RF-017: not received at first, then a price difference: its payment is no remedy for the lost piece."""
    story = lost("not_received", "no_return")
    assert offered(story) == [[("l1", 1), ("l2", 1)]]
    tell(story, paid(ONE_OF_L2), 8 * DAY + HOUR)
    assert offered(story)[-1] == [("l1", 1), ("l2", 2)]


def test_a_changed_refund_of_goods_not_received_calls_the_parcel_back() -> None:
    """RF-044: as one that was opened so."""
    story = two_lines((opened("with_return", L1), 2 * DAY), (opened("not_received", L1), 2 * DAY))
    actions = [x.action.value for x in story.outcomes(logistics.CourierActionRequestedV1)]
    assert actions == ["intercept"]


def test_the_piece_of_the_refund_is_paid_and_the_others_are_sent_again() -> None:
    """LG-018: the payment of the one is counted once, whether it is due or has moved."""
    for is_moved in (False, True):
        story = lost("not_received")
        settle_questions(story, 8 * DAY + HOUR)
        assert remedies(story) == [[("l2", 1)]]
        if is_moved:
            tell(story, paid(ONE_OF_L2), 8 * DAY + 2 * HOUR)
        story.pass_until(shop.T0 + 11 * DAY)
        assert resends(story) == [("send", [("l1", 1), ("l2", 1)])], is_moved


def test_a_piece_that_a_refund_leaves_while_the_others_are_sent_again_is_paid() -> None:
    """RF-020, LG-018: the return of it lapses, whether report and memo are done before or after."""
    for is_reported in (False, True):
        story = lost("with_return")
        choose(story, "reship", 8 * DAY + HOUR)
        if is_reported:
            settle_questions(story, 8 * DAY + 2 * HOUR)
        before = remedies(story)
        tell(story, refund_closed(), 9 * DAY)
        if not is_reported:
            settle_questions(story, 9 * DAY + HOUR)
        assert before + remedies(story)[len(before) :] == [[("l2", 1)]], is_reported
        assert resends(story) == [("send", [("l1", 1), ("l2", 1)])]


def test_the_payment_of_another_piece_of_the_line_revokes_no_resend_and_leaves_that_piece_owed() -> None:
    """LG-018: a price difference for one of two pieces is paid while the other piece is sent again."""
    for is_delivered in (False, True):
        story = lost("no_return")
        choose(story, "reship", 8 * DAY + HOUR)
        (request,) = story.outcomes(logistics.ReshipRequestedV1)
        again = shop.registered("e1", direction="reship", tracking=SECOND, request_id=request.request_id)
        tell(story, again.model_copy(update={"lines": [L1, ONE_OF_L2]}), 9 * DAY)
        if is_delivered:
            tell(story, scan("delivered", 10 * DAY, SECOND), 10 * DAY)
        tell(story, paid(ONE_OF_L2), 11 * DAY)
        settle_questions(story, 12 * DAY)
        assert remedies(story) == [[("l2", 1)]], is_delivered
        assert resends(story) == [("send", [("l1", 1), ("l2", 1)])], is_delivered


def test_a_second_refund_of_the_line_is_about_the_piece_that_is_sent_again() -> None:
    """RF-035: the other lost piece is in the first refund already."""
    story = lost("with_return")
    choose(story, "reship", 8 * DAY + HOUR)
    second = opened("with_return", ONE_OF_L2).model_copy(update={"refund_id": "r2"})
    tell(story, second, 8 * DAY + 2 * HOUR)
    assert [action for action, _ in resends(story)] == ["send", "cancel"]


def doubted(story: Flow) -> list[str]:
    """The doubts about the delivery that stand now."""
    said_last = story.outcomes(logistics.DeliveryDoubtsChangedV1)[-1]
    return [each.doubt.value for each in said_last.parcels]


def test_a_piece_that_waits_for_its_money_leaves_the_delivery_in_doubt() -> None:
    """OR-029, LG-018: the others arrived; nobody is to confirm before the buyer has the money for it."""
    story = lost("with_return")
    choose(story, "reship", 8 * DAY + HOUR)
    (request,) = story.outcomes(logistics.ReshipRequestedV1)
    again = shop.registered("e1", direction="reship", tracking=SECOND, request_id=request.request_id)
    tell(story, again.model_copy(update={"lines": [L1, ONE_OF_L2]}), 9 * DAY)
    tell(story, refund_closed(), 10 * DAY)
    tell(story, scan("delivered", 11 * DAY, SECOND), 11 * DAY)
    assert doubted(story) == ["searched"]
    settle_questions(story, 12 * DAY)
    assert remedies(story) == [[("l2", 1)]]
    assert doubted(story) == ["searched"]
    remedy_id = story.outcomes(logistics.RemedyRefundDueV1)[-1].remedy_id
    tell(story, paid(ONE_OF_L2).model_copy(update={"remedy_id": remedy_id}), 13 * DAY)
    assert doubted(story) == []


def test_a_resend_of_all_pieces_ends_the_doubt_about_the_lost_parcel() -> None:
    """OR-029, LG-019."""
    story = lost()
    choose(story, "reship", 8 * DAY + HOUR)
    (request,) = story.outcomes(logistics.ReshipRequestedV1)
    again = shop.registered("e1", direction="reship", tracking=SECOND, request_id=request.request_id)
    tell(story, again.model_copy(update={"lines": [L1, L2]}), 9 * DAY)
    assert doubted(story) == ["resent"]
    tell(story, scan("delivered", 11 * DAY, SECOND), 11 * DAY)
    assert doubted(story) == []


def test_a_resent_parcel_that_is_lost_owes_all_that_is_in_it() -> None:
    """LG-018: the piece that was repaid was in the first parcel and is not in the second."""
    story = lost("unshipped")
    tell(story, paid(ONE_OF_L2), 8 * DAY + HOUR)
    choose(story, "reship", 8 * DAY + 2 * HOUR)
    (request,) = story.outcomes(logistics.ReshipRequestedV1)
    again = shop.registered("e1", direction="reship", tracking=SECOND, request_id=request.request_id)
    tell(story, again.model_copy(update={"lines": [L1, ONE_OF_L2]}), 9 * DAY)
    tell(story, shop.handed_over("e1"), 9 * DAY)
    tell(story, scan("in_transit", 10 * DAY, SECOND), 10 * DAY)
    tell(story, said("e1"), 12 * DAY)
    assert offered(story)[-1] == [("l1", 1), ("l2", 1)]


def test_a_parcel_that_turns_up_and_is_lost_again_is_sent_again_once_more() -> None:
    """LG-017, LG-018: the resend of the first loss was let go of, the one of the second is another."""
    story = lost()
    choose(story, "reship", 8 * DAY + HOUR)
    tell(story, opened("with_return", L1, L2), 8 * DAY + 2 * HOUR)
    tell(story, scan("in_transit", 9 * DAY), 9 * DAY)
    tell(story, refund_closed(), 10 * DAY)
    tell(story, said("k1"), 12 * DAY)
    story.pass_until(shop.T0 + 15 * DAY)
    sent = [x for x in story.outcomes(logistics.ReshipRequestedV1) if x.action.value == "send"]
    assert [x.reship_id for x in sent] == ["k1.reship", "k1.2.reship"]
    assert claims(story) == ["file", "withdraw", "file"]


def test_a_report_that_is_answered_with_neither_yes_nor_no_is_asked_for_again() -> None:
    """LG-020: a no is an answer; the yes to the second question pays."""
    story = lost("not_received")
    for hour, outcome in ((1, "unclear"), (2, "unclear"), (3, "approved")):
        tell(story, task_done(reports(story)[-1], outcome), 8 * DAY + hour * HOUR)
    assert len({report.task_id for report in reports(story)}) == 3
    tell(story, task_done(reports(story)[0]), 8 * DAY + 3 * HOUR)
    settle_questions(story, 8 * DAY + 4 * HOUR)
    assert remedies(story) == [[("l2", 1)]]
    refused = lost("not_received")
    tell(refused, task_done(reports(refused)[-1], "refused"), 8 * DAY + HOUR)
    assert questions(refused).count("lost_parcel_report") == 1


def reports(story: Flow) -> list[common.TaskRequestedV1]:
    return [x for x in story.outcomes(common.TaskRequestedV1) if x.question_code == "lost_parcel_report"]


def test_a_memo_that_the_order_system_will_not_write_is_a_persons_and_the_yes_counts() -> None:
    """LG-020: an unclear word is asked about again; the payment waits for the yes."""
    story = lost("not_received")
    (asked,) = story.outcomes(common.OrderActionRequestedV1)
    declined = orders.OrderRequestDeclinedV1(
        shop_id=shop.SHOP, order_id=shop.ORDER, request_id=asked.request_id, reason_code="closed"
    )
    tell(story, declined, 8 * DAY + HOUR)
    tell(story, task_done(reports(story)[-1]), 8 * DAY + 2 * HOUR)
    for hour, outcome in ((3, "unclear"), (4, "done")):
        assert remedies(story) == []
        by_hand = [
            x for x in story.outcomes(common.TaskRequestedV1) if x.question_code == "loss_memo_by_hand"
        ]
        tell(story, task_done(by_hand[-1], outcome), 8 * DAY + hour * HOUR)
    assert remedies(story) == [[("l2", 1)]]


def test_a_piece_that_is_paid_because_it_is_back_is_not_one_of_the_lost_parcel() -> None:
    """RF-044, LG-018: two parcels with a piece of l2 each; one comes back and is paid, the other is lost."""
    story = flow(
        (shop.placed([shop.line("l1"), shop.line("l2", 2)]), 0 * HOUR),
        (shop.paid(30_000), HOUR),
        (shop.registered(lines=[L1, ONE_OF_L2]), 5 * HOUR),
        (shop.registered("k2", tracking=SECOND, lines=[ONE_OF_L2]), 5 * HOUR),
        (shop.shipped(["k1", "k2"]), 5 * HOUR),
        (opened("no_return", ONE_OF_L2), 6 * HOUR),
        (scan("in_transit", 20 * HOUR), 20 * HOUR),
        (scan("returned", DAY, SECOND), DAY),
        (paid(ONE_OF_L2), 2 * DAY),
        (said("k1"), 8 * DAY),
    )
    assert offered(story) == [[("l1", 1), ("l2", 1)]]


def test_goods_back_after_a_lost_parcel_was_paid_are_owed() -> None:
    """RF-044: the money was for the pieces of the lost parcel."""
    story = flow(
        (shop.placed([shop.line("l1"), shop.line("l2", 2)]), 0 * HOUR),
        (shop.paid(30_000), HOUR),
        (shop.registered(lines=[L1, ONE_OF_L2]), 5 * HOUR),
        (shop.registered("k2", tracking=SECOND, lines=[ONE_OF_L2]), 5 * HOUR),
        (shop.shipped(["k1", "k2"]), 5 * HOUR),
        (scan("in_transit", 20 * HOUR), 20 * HOUR),
        (said("k1"), 2 * DAY),
    )
    choose(story, "refund", 2 * DAY + HOUR)
    settle_questions(story, 2 * DAY + 2 * HOUR)
    remedied = paid(L1, ONE_OF_L2).model_copy(
        update={"remedy_id": "k1.remedy", "refund_id": "k1.remedy.refund"}
    )
    tell(story, remedied, 3 * DAY)
    tell(story, scan("returned", 4 * DAY, SECOND), 4 * DAY)
    assert remedies(story) == [[("l1", 1), ("l2", 1)], [("l2", 1)]]


def test_a_resend_whose_waybill_is_voided_goes_in_another_parcel_or_is_paid() -> None:
    """RF-120, LG-019: the next parcel is the one that counts; where there is no stock the buyer is paid."""
    for is_sent in (True, False):
        story = lost()
        choose(story, "reship", 8 * DAY + HOUR)
        (request,) = story.outcomes(logistics.ReshipRequestedV1)
        for number, name in enumerate(("e1", "e2"), 1):
            again = shop.registered(
                name, direction="reship", tracking=waybill_of(name), request_id=request.request_id
            )
            tell(story, again.model_copy(update={"lines": [L1, L2]}), 9 * DAY + number * HOUR)
            if name == "e1" or not is_sent:
                tell(story, voided(name), 9 * DAY + number * HOUR)
        if is_sent:
            tell(story, scan("delivered", 12 * DAY, waybill_of("e2")), 12 * DAY)
            statuses = [x.status.value for x in story.outcomes(logistics.ReshipStatusChangedV1)]
            assert statuses == ["sent", "delivered"]
            continue
        none_left = shipments.ReshipAnsweredV1(
            shop_id=shop.SHOP, order_id=shop.ORDER, request_id=request.request_id,
            outcome=shipments.ReshipOutcome.UNAVAILABLE, lines=[L1, L2],
        )  # fmt: skip
        tell(story, none_left, 10 * DAY)
        settle_questions(story, 10 * DAY + HOUR)
        assert remedies(story) == [[("l1", 1), ("l2", 2)]]


def waybill_of(parcel_id: str) -> Tracking:
    return Tracking(carrier_code="sto", tracking_code=f"T{parcel_id}")


def voided(parcel_id: str) -> shipments.ParcelWaybillVoidedV1:
    return shipments.ParcelWaybillVoidedV1(
        shop_id=shop.SHOP, order_id=shop.ORDER, parcel_id=parcel_id, reason_code="stopped"
    )


def two_parcels(*more: tuple[Event, timedelta]) -> Flow:
    """Two parcels with a piece of l2 each, both under way; l1 is in the first."""
    return flow(
        (shop.placed([shop.line("l1"), shop.line("l2", 2)]), 0 * HOUR),
        (shop.paid(30_000), HOUR),
        (shop.registered(lines=[L1, ONE_OF_L2]), 5 * HOUR),
        (shop.registered("k2", tracking=SECOND, lines=[ONE_OF_L2]), 5 * HOUR),
        (shop.shipped(["k1", "k2"]), 5 * HOUR),
        (scan("in_transit", 20 * HOUR), 20 * HOUR),
        (scan("in_transit", 20 * HOUR, SECOND), 20 * HOUR),
        *more,
    )


def test_a_piece_that_was_repaid_is_missing_in_one_of_two_lost_parcels() -> None:
    """LG-018: one piece of l2 was refunded; of the two that are lost one is owed."""
    story = two_parcels(
        (opened("unshipped", ONE_OF_L2), DAY), (paid(ONE_OF_L2), 2 * DAY),
        (said("k2"), 8 * DAY), (said("k1"), 9 * DAY),
    )  # fmt: skip
    assert sum(count for offer in offered(story) for line, count in offer if line == "l2") == 1


def test_a_refund_that_was_paid_because_its_parcel_is_back_leaves_the_other_parcel_owed() -> None:
    """RF-044, LG-018: not received, and the parcel came back; the other one is lost."""
    story = two_parcels(
        (opened("not_received", ONE_OF_L2), DAY), (scan("returned", 2 * DAY, SECOND), 2 * DAY),
        (paid(ONE_OF_L2), 3 * DAY), (said("k1"), 8 * DAY),
    )  # fmt: skip
    assert offered(story) == [[("l1", 1), ("l2", 1)]]


def test_a_refund_that_is_paid_once_more_frees_no_more_pieces() -> None:
    """RF-029, LG-018: reversed and paid again, or in two parts."""
    story = two_parcels((opened("unshipped", ONE_OF_L2), DAY))
    for day in (2, 3, 4):
        tell(story, paid(ONE_OF_L2), day * DAY)
    for day, name in ((8, "k1"), (9, "k2")):
        tell(story, said(name), day * DAY)
    assert sum(count for offer in offered(story) for line, count in offer if line == "l2") == 1


def test_a_report_about_goods_that_arrived_is_not_asked_for_again() -> None:
    """LG-017, LG-020: the question was withdrawn; a late answer to it says nothing."""
    story = two_lines((opened("unshipped", L1, L2), 2 * DAY), (said("k1"), 8 * DAY))
    tell(story, paid(L1, L2), 8 * DAY + HOUR)
    tell(story, scan("delivered", 9 * DAY), 9 * DAY)
    for outcome in ("unclear", "refused"):
        tell(story, task_done(reports(story)[-1], outcome), 10 * DAY)
    assert len(reports(story)) == 1
