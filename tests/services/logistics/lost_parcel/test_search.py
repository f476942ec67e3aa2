"""The search and what follows a loss, message by message: who is asked, who is told, who gets what."""

from collections.abc import Sequence
from typing import Any

import pytest

from kernel.decider import DeadlinePassed, tell
from kernel.people import Task, TaskWithdrawn
from kernel.value import replace
from services.logistics.cases.dispatch import messages as dispatch
from services.logistics.cases.lost_parcel import facts as f
from services.logistics.cases.lost_parcel import messages as m
from services.logistics.cases.lost_parcel.border import LOST_PARCEL
from services.logistics.news import MemoStored, ParcelNews, RequestDeclined, TaskDone
from services.logistics.parcels import Basis, Direction, Outcome, ParcelStatus
from tests.services.given import check_names, decide, facts_of
from tests.services.logistics.pools import L1, POST, SIGNED, STO, SUBJECT, P, missing
from tests.services.logistics.shop import DAY, HOUR, T0

ATT = P.attention.since(T0)
OPEN = [f.SearchOpened(SUBJECT, ATT)]
OVER_SIGNATURE = [f.SearchOpened(SIGNED, ATT)]
ASKED = f.InquiryAsked("q1", "silence", T0 + 72 * HOUR, ATT)
UNANSWERED = f.InquiryUnanswered(Task("presume_lost", T0 + 6 * DAY, "assessment", task_id="k1.presume"))
LOCATED = [*OPEN, f.ParcelLocated("in_transit", ATT)]
LOSS = f.Loss(T0, Basis.COURIER, "t1", "m1", T0 + 4 * HOUR, None, T0 + 3 * DAY)
LOST = [*OPEN, f.LossConfirmed(LOSS, ATT)]
OFFERED = [*LOST, f.OfferMade("of1", T0 + 48 * HOUR, (L1,))]
RESENT = [*OFFERED, f.ReshipChosen("k1.reship", T0, True, (L1,))]
READY: list[Any] = [f.ReportDone(), f.MemoDone()]
PAID = [
    *OFFERED,
    f.RefundChosen(is_reship_out=False, attention=ATT),
    *READY,
    f.PaymentDue("k1.remedy", (L1,)),
]
REPLACEMENT = replace(SUBJECT, direction=Direction.REPLACEMENT)
EXCHANGED = [f.SearchOpened(REPLACEMENT, ATT), f.LossConfirmed(LOSS, ATT), f.LeftToExchange()]
CLOSED = [*OPEN, f.SearchClosed("delivered")]


def news(
    outcome: Outcome | None = None, *, status: str = "in_transit", is_stalled: bool = False, days: int = 1
) -> ParcelNews:
    return ParcelNews("k1", ParcelStatus(status), T0 + days * DAY, outcome, is_stalled)


LOOKS = ["LossConfirmed", "Task", "MemoAsked", "OfferMade"]
IS_THERE = ["ParcelLocated", "Notice"]

TABLE: list[tuple[str, Sequence[Any], Any, list[str]]] = [
    # A person is asked where the parcel is.
    ("LG-018", OPEN, TaskDone("k1.look", "approved"), LOOKS),
    ("LG-018", OPEN, TaskDone("k1.look", "lost"), LOOKS),
    ("LG-016", OPEN, TaskDone("k1.look", "refused"), []),
    ("LG-016", OPEN, TaskDone("k1.look", "found"), IS_THERE),
    ("LG-016", OPEN, TaskDone("k1.other", "lost"), []),
    ("LG-018", [*OPEN, ASKED, UNANSWERED], TaskDone("k1.presume", "confirmed"), LOOKS),
    ("LG-016", [*OPEN, ASKED], TaskDone("k1.presume", "found"), IS_THERE),
    ("LG-016", LOCATED, TaskDone("k1.look", "found"), []),
    ("LG-018", LOCATED, TaskDone("k1.look", "done"), LOOKS),
    ("LG-016", CLOSED, TaskDone("k1.look", "done"), []),
    # The carrier answers.
    ("LG-016", [*OPEN, ASKED], m.InquiryAnswered("q1", "found"), IS_THERE),
    ("LG-018", [*OPEN, ASKED], m.InquiryAnswered("q1", "lost"), LOOKS),
    ("LG-016", [*OPEN, ASKED], m.InquiryAnswered("q2", "lost"), []),
    ("LG-015", [*OPEN, ASKED], m.InquiryAnswered("q1", "not_served"), ["RecallDue", "SearchClosed"]),
    ("LG-016", [*OVER_SIGNATURE, ASKED], m.InquiryAnswered("q1", "not_served"), ["InquiryUnanswered"]),
    ("LG-016", [*OPEN, ASKED], m.InquiryAnswered("q1", "unknown"), ["InquiryUnanswered"]),
    ("LG-016", [*OPEN, ASKED, UNANSWERED], m.InquiryAnswered("q1", "unknown"), []),
    ("LG-016", [*OPEN, ASKED], m.InquiryAnswered("q1", "accepted"), []),
    ("LG-016", LOCATED, m.InquiryAnswered("q1", "lost"), []),
    ("LG-016", [*OPEN, ASKED], DeadlinePassed("inquiry", T0 + 72 * HOUR), ["InquiryUnanswered"]),
    # The parcel moves.
    ("LG-016", OPEN, news(), IS_THERE),
    ("LG-016", OPEN, news(is_stalled=True), []),
    ("LG-016", [*OPEN, ASKED], news(), IS_THERE),
    ("LG-016", LOCATED, news(), []),
    ("LG-016", LOCATED, news(is_stalled=True), ["InquiryAsked"]),
    ("LG-016", LOCATED, news(Outcome.DELIVERED), ["SearchClosed"]),
    ("LG-018", LOCATED, news(Outcome.LOST), LOOKS),
    ("LG-016", OVER_SIGNATURE, news(), [*IS_THERE, "SearchClosed"]),
    # It is missed again.
    ("LG-016", LOCATED, missing(SUBJECT, can_wait=True), []),
    ("LG-016", LOCATED, missing(SUBJECT), ["InquiryAsked"]),
    ("LG-018", LOCATED, missing(SUBJECT, "courier_lost"), LOOKS),
    ("LG-018", OPEN, missing(SUBJECT, "courier_lost"), LOOKS),
    ("LG-016", OPEN, missing(SUBJECT), []),
    ("LG-018", OFFERED, missing(SUBJECT, "courier_lost"), []),
    ("LG-016", CLOSED, missing(SUBJECT), ["SearchOpened", "InquiryAsked"]),
    ("LG-018", CLOSED, missing(SUBJECT, "courier_lost"), ["SearchOpened", *LOOKS]),
    ("LG-018", [*LOST, f.SearchClosed("delivered")], missing(SUBJECT, "courier_lost"), []),
    ("LG-021", CLOSED, missing(replace(SUBJECT, tracking=POST)), ["SearchOpened", "SearchOpened", "Task"]),
    # Messages that fit no state mean nothing.
    ("LG-018", OPEN, m.OfferAnswered("of1", "refund"), []),
    ("LG-018", OPEN, m.ReshipFailed("k1.reship"), []),
    ("LG-018", OFFERED, m.ResendLetGo("k1.reship"), []),
    ("LG-020", OPEN, MemoStored("loss", None), []),
    ("LG-020", OFFERED, MemoStored("loss", "m1"), ["MemoDone"]),
    ("LG-020", OFFERED, MemoStored("loss", None), ["MemoDone"]),
    ("LG-020", OFFERED, MemoStored("loss", "m2"), []),
    ("LG-020", [*OFFERED, f.MemoDone()], MemoStored("loss", "m1"), []),
    ("LG-020", OFFERED, RequestDeclined("m1", "closed"), ["ReportOverdue", "Task"]),
    ("LG-020", OFFERED, RequestDeclined("m2", "closed"), []),
    ("LG-020", RESENT, RequestDeclined("m1", "closed"), ["Task"]),
    ("LG-020", [*OFFERED, f.MemoDone()], RequestDeclined("m1", "closed"), ["ReportOverdue"]),
    ("LG-020", OFFERED, TaskDone("t1", "done"), ["ReportDone"]),
    ("LG-020", [*OFFERED, f.ReportDone()], TaskDone("t1", "done"), []),
    ("LG-020", OFFERED, TaskDone("t2", "done"), []),
    ("LG-018", OFFERED, m.OfferAnswered("of1", None), []),
    ("LG-018", LOST, m.OfferAnswered("of1", "refund"), []),
    ("LG-018", [*OFFERED, *READY], m.OfferAnswered("of1", "refund"), ["RefundChosen", "PaymentDue"]),
    ("LG-018", RESENT, m.ReshipFailed("k1.reship"), ["RefundChosen"]),
    ("LG-018", RESENT, m.ReshipFailed("k1.reship-2"), []),
    ("LG-018", RESENT, m.ResendLetGo("k1.reship"), ["ResendOff", "OfferMade"]),
    ("LG-018", RESENT, m.ResendLetGo("k1.reship-2"), []),
    ("LG-018", [*RESENT, f.TurnedUp("delivered", f.Found.DELIVERED)], m.ResendLetGo("k1.reship"),
     ["SearchClosed"]),
    # It turns up after the loss.
    ("LG-017", OFFERED, news(Outcome.DELIVERED), ["TurnedUp", "TaskWithdrawn", "SearchClosed"]),
    ("LG-017", OFFERED, news(), ["TurnedUp", "TaskWithdrawn", *IS_THERE]),
    ("LG-017", OFFERED, news(days=0), []),
    ("LG-017", OFFERED, news(Outcome.RETURNED), ["TurnedUp"]),
    ("LG-017", OFFERED, news(Outcome.LOST), []),
    ("LG-017", RESENT, news(), ["TurnedUp", "RecallDue"]),
    ("LG-017", [*RESENT, f.RecallDue("turned_up", T0)], news(), ["TurnedUp"]),
    ("LG-017", RESENT, news(Outcome.DELIVERED), ["TurnedUp", "TaskWithdrawn", "Told"]),
    ("LG-017", [*RESENT, f.TurnedUp("delivered", f.Found.DELIVERED)], news(Outcome.DELIVERED), []),
    ("LG-017", PAID, news(Outcome.DELIVERED), ["TurnedUp"]),
    ("LG-017", PAID, news(), ["TurnedUp", "RecallDue"]),
    ("LG-018", [*PAID, f.TurnedUp("in_transit", f.Found.MOVING)], news(Outcome.LOST), ["LostAgain"]),
    ("LG-018", [*PAID, f.TurnedUp("in_transit", f.Found.MOVING, T0)], news(Outcome.LOST), ["LostAgain"]),
    # News of the loss from before it turned up, which is read late.
    ("LG-018", [*PAID, f.TurnedUp("in_transit", f.Found.MOVING, T0 + DAY)], news(Outcome.LOST), []),
    ("LG-018", [*PAID, f.TurnedUp("in_transit", f.Found.MOVING, T0 + 2 * DAY)], news(Outcome.LOST), []),
    ("LG-018", PAID, news(Outcome.LOST), []),
    ("LG-017", EXCHANGED, news(), ["TurnedUp"]),
    ("LG-017", [*EXCHANGED, f.RefundsChanged((), is_repaid=True)], news(), ["TurnedUp", "RecallDue"]),
    ("LG-022", [*LOST, f.SearchClosed("x")], news(Outcome.DELIVERED), ["TurnedUp"]),
    ("LG-022", [*LOST, f.SearchClosed("x")], news(Outcome.RETURNED), ["TurnedUp"]),
    ("LG-022", [*LOST, f.SearchClosed("x")], news(), []),
    ("LG-022", [*LOST, f.SearchClosed("x")], news(Outcome.LOST), []),
    ("LG-022", CLOSED, news(Outcome.DELIVERED), []),
    # The loss itself.
    ("LG-018", [], missing(REPLACEMENT, "courier_lost"),
     ["SearchOpened", "LossConfirmed", "Task", "MemoAsked", "LeftToExchange"]),
    ("LG-018", [], missing(replace(REPLACEMENT, is_signed=True), "courier_lost"), ["SearchOpened", *LOOKS]),
    ("RF-035", [], missing(replace(SUBJECT, is_repaid=True), "courier_lost"),
     ["SearchOpened", "LossConfirmed", "Task", "MemoAsked", "PaidElsewhere"]),
    ("RF-035", [], missing(replace(SUBJECT, refund_ids=("r1",)), "courier_lost"),
     ["SearchOpened", "LossConfirmed", "Task", "MemoAsked"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule_id", "before", "when", "then"), TABLE, ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)]
)
def test_rule(rule_id: str, before: Sequence[Any], when: Any, then: list[str]) -> None:
    """The decision is made, and says by which rule."""
    check_names(LOST_PARCEL, rule_id, before, when, T0 + DAY, then, P)


def decided(before: Sequence[Any], when: Any) -> list[Any]:
    return facts_of(decide(LOST_PARCEL, before, when, T0 + DAY, P))


@pytest.mark.parametrize(
    ("more", "withdrawn"),
    [
        ([], ["t1"]),
        ([f.ReportDone()], []),
        ([f.ReportRefused()], []),
        ([f.ReportDone(), f.MemoDone()], []),
        ([f.ReportOverdue(Task("report_or_memo_missing", T0, task_id="t1.overdue"))], ["t1", "t1.overdue"]),
        ([f.ReportDone(), f.ReportOverdue(Task("x", T0, task_id="t1.overdue"))], ["t1.overdue"]),
    ],
)
def test_questions_about_a_loss_that_is_none(more: Sequence[Any], withdrawn: list[str]) -> None:
    """LG-020: what nobody need answer any more is taken back, and nothing else."""
    facts = decided([*LOST, *more], news(Outcome.DELIVERED))
    assert [fact.task_id for fact in facts if isinstance(fact, TaskWithdrawn)] == withdrawn


@pytest.mark.parametrize(
    ("before", "remedy"), [(RESENT, "reship"), (PAID, "refund"), (EXCHANGED, "exchange")]
)
def test_the_order_hears_that_nobody_looks(before: Sequence[Any], remedy: str) -> None:
    """LG-016, LG-018: the loss has its remedy."""
    closed = dispatch.SearchClosed("k1", remedy, is_open=False)
    assert decided(before, missing(SUBJECT)) == [tell(dispatch.to("o1", closed))]


REFUND = m.RefundNews("r1", is_open=True, is_paid=False)


@pytest.mark.parametrize(
    ("before", "when", "then"),
    [
        (LOCATED, REFUND, ["RefundsChanged", "RecallDue"]),
        (LOCATED, replace(REFUND, is_exchange=True), ["RefundsChanged"]),
        (LOCATED, replace(REFUND, is_open=False, is_paid=True), ["RefundsChanged", "RecallDue"]),
        ([*LOCATED, f.RefundsChanged(("r1",), False)], replace(REFUND, is_open=False), ["RefundsChanged"]),
        (OPEN, REFUND, ["RefundsChanged"]),
        (OFFERED, REFUND, ["RefundsChanged", "OfferVoid"]),
        (OFFERED, replace(REFUND, is_open=False, is_paid=True), ["RefundsChanged", "PaidElsewhere"]),
        (
            [*LOST, f.RefundsChanged(("r1",), False)],
            replace(REFUND, is_open=False),
            ["RefundsChanged", "OfferMade"],
        ),
        ([*LOST, *READY], REFUND, ["RefundsChanged", "PaymentDue"]),
        ([*EXCHANGED, f.TurnedUp("in_transit", f.Found.MOVING)], replace(REFUND, is_open=False, is_paid=True),
         ["RefundsChanged", "RecallDue"]),
        (EXCHANGED, replace(REFUND, is_open=False, is_paid=True), ["RefundsChanged"]),
    ],
)  # fmt: skip
def test_the_buyers_refund(before: Sequence[Any], when: m.RefundNews, then: list[str]) -> None:
    """RF-034, RF-035: it wins over the offer; a parcel that is under way comes back."""
    assert [type(fact).__name__ for fact in decided(before, when)] == then


@pytest.mark.parametrize(
    ("repaid", "is_repaid", "lines"), [(None, True, ()), ((L1,), False, (L1,)), ((), False, ())]
)
def test_a_payment_that_names_no_pieces_repays_all(
    repaid: Any, is_repaid: bool, lines: tuple[Any, ...]
) -> None:
    """RF-035"""
    paid = m.RefundNews("r1", is_open=False, is_paid=True, lines=(), repaid=repaid)
    (changed,) = decided([*OPEN, f.RefundsChanged(("r1",), False)], paid)
    assert (changed.refund_ids, changed.is_repaid, changed.repaid) == ((), is_repaid, lines)


def test_hours_and_days_of_a_loss() -> None:
    """LG-016, LG-018, LG-019, LG-020: 72 hours for the carrier, four to report, two days to choose, three."""
    confirmed, task, _, offer = decided(OPEN, missing(SUBJECT, "courier_lost"))
    now = T0 + DAY
    assert (confirmed.loss.report_by, confirmed.loss.reship_by) == (now + 4 * HOUR, now + 3 * DAY)
    assert (task.due_at, offer.choose_by) == (now + 4 * HOUR, now + 48 * HOUR)
    (asked,) = decided(LOCATED, missing(SUBJECT))
    assert asked.answer_by == now + 72 * HOUR
    assert asked.reason_code == "silence"
    assert SUBJECT.tracking == STO
