"""A refund of goods that were not received hears of its parcels: just collected, delivered, back."""

from datetime import timedelta

import pytest

from aftersales_contracts.aftersales import common, logistics, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.components import Party
from aftersales_contracts.enums import RefundKind, Role
from aftersales_contracts.shop import aftersales, desk
from services.logistics.service import LOGISTICS
from services.refunds.cases.refund_agreement.state import Granted, Refused
from services.refunds.service import REFUNDS
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, ORDER, SHOP, T0
from tests.services.test_confirm_clock import GRACE, sent

SECOND = timedelta(seconds=1)
PICKED_UP = 7 * HOUR


def applied(reason: str = "not_arrived") -> aftersales.RefundAppliedV1:
    return aftersales.RefundAppliedV1(
        shop_id=SHOP, order_id=ORDER, refund_id="r1", terms_version=1, kind=RefundKind.NOT_RECEIVED,
        reason_code=reason, amount=shop.cny(10_000),
    )  # fmt: skip


def answers(flow: Flow) -> list[tuple[str, str | None]]:
    """Lists the answers that were given in the seller's place, and why."""
    return [(x.answer.value, x.reason_code) for x in flow.outcomes(refunds.RefundAnswerDecidedV1)]


def paid(flow: Flow) -> int:
    """Counts the payments that were asked for."""
    return len(flow.outcomes(refunds.RefundPaymentRequestedV1))


def task(flow: Flow, question_code: str) -> common.TaskRequestedV1:
    (found,) = [x for x in flow.outcomes(common.TaskRequestedV1) if x.question_code == question_code]
    return found  # type: ignore[no-any-return]


def decided(asked: common.TaskRequestedV1, outcome_code: str) -> desk.TaskCompletedV1:
    return desk.TaskCompletedV1(
        shop_id=SHOP, task_id=asked.task_id, case_kind=asked.case_kind, case_id=asked.case_id,
        about_subject=asked.about_subject, outcome_code=outcome_code, by=Party(role=Role.SUPERVISOR),
    )  # fmt: skip


def test_s2_a_parcel_just_picked_up_is_refused_with_evidence_and_paid_when_back() -> None:
    """RF-034: the parcel's own pick-up counts, whatever reason the buyer gives."""
    flow = sent((applied(), PICKED_UP + HOUR))
    assert answers(flow) == [("refuse", "just_collected")]
    assert [x.about_code for x in flow.outcomes(common.EvidenceRequestedV1)] == ["refused_refund"]
    assert "refuse_parcel" in [x.template_code for x in flow.outcomes(common.NoticeRequestedV1)]
    flow.tell(shop.scan("returning", T0 + 2 * DAY), T0 + 2 * DAY)
    flow.pass_until(T0 + 6 * DAY)
    assert paid(flow) == 0
    flow.tell(shop.scan("returned", T0 + 6 * DAY), T0 + 6 * DAY)
    assert answers(flow)[1:] == [("agree", None)]
    assert paid(flow) == 1


@pytest.mark.parametrize(("after", "count"), [(48 * HOUR - SECOND, 1), (48 * HOUR, 0)])
def test_a_parcel_is_just_collected_for_two_days(after: timedelta, count: int) -> None:
    """RF-034: from the pick-up on; later the seller answers, or his silence does."""
    flow = sent((shop.scan("in_transit", T0 + 20 * HOUR), 20 * HOUR), (applied(), PICKED_UP + after))
    assert len(answers(flow)) == count


def test_a_parcel_picked_up_after_the_application_counts_as_well() -> None:
    """RF-034: news of the pick-up that comes second."""
    flow = Flow(REFUNDS, LOGISTICS)
    for event, after in (
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 5 * HOUR),
        (shop.shipped(), 5 * HOUR),
        (applied(), 6 * HOUR),
        (shop.scan("picked_up", T0 + PICKED_UP), PICKED_UP),
    ):
        flow.tell(event, T0 + after)
    assert answers(flow) == [("refuse", "just_collected")]


DELIVERED = (shop.scan("delivered", T0 + 2 * DAY), 2 * DAY), (applied(), 3 * DAY)
DELIVERED_LATER = (applied(), 3 * DAY), (shop.scan("delivered", T0 + 7 * DAY), 7 * DAY)
DUE = 8 * DAY


@pytest.mark.parametrize("told", [DELIVERED, DELIVERED_LATER])
def test_silence_about_delivered_goods_is_a_question_to_a_person(
    told: tuple[tuple[Event, timedelta], ...],
) -> None:
    """RF-013, RF-044: delivered before the answer was due, before or after the application."""
    flow = sent(*told)
    flow.pass_until(T0 + DUE + GRACE)
    assert task(flow, "not_received_but_delivered").due_at == T0 + DUE + 10 * DAY
    assert (paid(flow), answers(flow)) == (0, [])


@pytest.mark.parametrize(
    ("outcome_code", "answer", "count", "state"),
    [("approved", ("agree", None), 1, Granted), ("refused", ("refuse", "delivered"), 0, Refused)],
)
def test_the_answer_about_delivered_goods_has_its_effect(
    outcome_code: str, answer: tuple[str, str | None], count: int, state: type
) -> None:
    """RF-013, RF-044: the person pays, or refuses with the delivery as evidence."""
    flow = sent(*DELIVERED)
    flow.pass_until(T0 + DUE + GRACE)
    flow.tell(decided(task(flow, "not_received_but_delivered"), outcome_code), T0 + 9 * DAY)
    assert answers(flow) == [answer]
    assert paid(flow) == count
    assert isinstance(flow.state("refund-agreement", "r1"), state)


def test_without_an_answer_the_delivery_decides() -> None:
    """RF-044: the outcome of the parcel counts, no timer alone; the question is taken back."""
    flow = sent(*DELIVERED)
    flow.pass_until(T0 + DUE + 10 * DAY + GRACE)
    assert answers(flow) == [("refuse", "delivered")]
    withdrawn = [x.task_id for x in flow.outcomes(common.TaskWithdrawnV1)]
    assert task(flow, "not_received_but_delivered").task_id in withdrawn
    flow.pass_until(T0 + 40 * DAY)
    assert paid(flow) == 0
    assert [x.ending.value for x in flow.outcomes(refunds.RefundClosedV1)] == ["lapsed"]


def test_silence_about_goods_under_way_stays_consent() -> None:
    """RF-013: nothing was delivered, so five days of silence pay."""
    flow = sent((applied(), 3 * DAY))
    flow.pass_until(T0 + DUE + GRACE)
    assert answers(flow) == [("agree", None)]
    assert paid(flow) == 1
    assert flow.outcomes(logistics.RefundParcelTracedV1)
