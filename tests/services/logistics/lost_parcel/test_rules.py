"""Lost parcel: the search, the loss, one remedy for it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings

from kernel.decider import DeadlinePassed, NotYet, tell
from kernel.people import Task
from services.logistics.cases.dispatch import messages as dispatch
from services.logistics.cases.lost_parcel import facts as f
from services.logistics.cases.lost_parcel import messages as m
from services.logistics.cases.lost_parcel.border import LOST_PARCEL
from services.logistics.news import MemoStored, TaskDone
from services.logistics.parcels import Basis
from services.logistics.shares import Share
from tests.services.given import check_names, decide, facts_of
from tests.services.logistics.histories import histories, reached, states, walk
from tests.services.logistics.pools import HALF, L1, LOST, SUBJECT, P, missing
from tests.services.logistics.shop import DAY, HOUR, T0

ATT = P.attention.since(T0)
LOSS = f.Loss(T0, Basis.COURIER, "t1", "m1", T0 + 4 * HOUR, None, T0 + 3 * DAY)
CONFIRMED: list[f.Fact] = [f.SearchOpened(SUBJECT, ATT), f.LossConfirmed(LOSS, ATT)]
OFFERED: list[f.Fact] = [*CONFIRMED, f.OfferMade("of1", T0 + 48 * HOUR, (L1,))]
RESENT: list[f.Fact] = [*OFFERED, f.ReshipChosen("k1.reship", T0, True, (L1,))]
WITH_REFUND: list[f.Fact] = [*RESENT, f.RefundsChanged(("r1",), False)]
REPORTED: list[f.Fact] = [*OFFERED, f.ReportDone(), f.MemoDone(), *WITH_REFUND[len(OFFERED) :]]
REFUSED: list[f.Fact] = [*OFFERED, f.ReportRefused()]
OVERDUE: list[f.Fact] = [*OFFERED, f.ReportOverdue(Task("report_or_memo_missing", T0, task_id="t1.overdue"))]
AGAIN = f.ReshipChosen("k1.reship-2", T0, True, (L1,))
DELIVERED = f.TurnedUp("delivered", f.Found.DELIVERED)
REFUND_OPEN = m.RefundNews("r1", is_open=True, is_paid=False)
REFUND_PAID = m.RefundNews("r1", is_open=False, is_paid=True)
REFUND_OVER = m.RefundNews("r1", is_open=False, is_paid=False)

TABLE: list[tuple[str, Sequence[Any], Any, list[str]]] = [
    ("LG-016", [], LOST[0], ["SearchOpened", "InquiryAsked"]),
    ("LG-016", [], LOST[2], ["SearchOpened", "ParcelLocated", "Notice"]),
    ("LG-015", [], LOST[3], ["SearchOpened", "RecallDue", "SearchClosed"]),
    ("LG-021", [], LOST[4], ["SearchOpened", "SearchOpened", "Task"]),
    ("LG-042", [], LOST[6], ["SearchOpened", "ParcelLocated", "Notice", "SearchClosed"]),
    ("LG-018", [f.SearchOpened(SUBJECT, ATT)], LOST[1], ["LossConfirmed", "Task", "MemoAsked", "OfferMade"]),
    ("LG-019", OFFERED, m.OfferAnswered("of1", "reship"), ["ReshipChosen"]),
    ("LG-017", OFFERED, DeadlinePassed("choice", T0 + 48 * HOUR), ["ReshipChosen"]),
    ("LG-018", OFFERED, m.OfferAnswered("of1", "refund"), ["RefundChosen"]),
    ("LG-018", OFFERED, m.OfferAnswered("other", "refund"), []),
    ("LG-020", OFFERED, TaskDone("t1", "approved"), ["ReportDone"]),
    ("LG-020", OFFERED, TaskDone("t1", "refused"), ["ReportRefused"]),
    ("LG-020", OFFERED, TaskDone("t1", "unclear"), ["ReportAskedAgain"]),
    ("LG-020", REFUSED, TaskDone("t1", "refused"), []),
    ("LG-020", REFUSED, TaskDone("t1", "unclear"), []),
    ("LG-020", REFUSED, TaskDone("t1", "approved"), ["ReportDone"]),
    ("LG-020", [*OVERDUE, f.MemoDone()], TaskDone("t1", "approved"), ["ReportDone", "TaskWithdrawn"]),
    ("LG-020", [*OVERDUE, f.ReportDone()], MemoStored("loss", "m1"), ["MemoDone", "TaskWithdrawn"]),
    ("LG-020", [*OVERDUE, f.ReportDone()], TaskDone("m1.by-hand.1", "done"), ["MemoDone", "TaskWithdrawn"]),
    ("LG-020", [*OVERDUE, f.ReportDone(), f.MemoDone()], MemoStored("loss", "m1"), []),
    ("LG-020", OVERDUE, TaskDone("t1", "approved"), ["ReportDone"]),
    ("LG-020", OFFERED, TaskDone("m1.by-hand.1", "done"), ["MemoDone"]),
    ("LG-020", OFFERED, TaskDone("m1.by-hand.1", "refused"), []),
    ("LG-020", OFFERED, TaskDone("m1.by-hand.1", "unclear"), ["Task"]),
    ("LG-020", [*OFFERED, f.MemoDone()], TaskDone("m1.by-hand.1", "unclear"), []),
    ("LG-020", [*OFFERED, f.MemoDone()], TaskDone("m1.by-hand.1", "done"), []),
    ("LG-020", [*OFFERED, f.MemoDone()], TaskDone("t1", "approved"), ["ReportDone"]),
    ("LG-020", CONFIRMED, DeadlinePassed("report", T0 + 4 * HOUR), ["ReportOverdue"]),
    ("LG-018", RESENT, REFUND_OPEN, ["RefundsChanged", "Told"]),
    ("LG-018", RESENT, REFUND_PAID, ["RefundsChanged", "Told"]),
    ("LG-018", RESENT, REFUND_OVER, []),
    ("LG-018", WITH_REFUND, m.ResendLetGo("k1.reship"), ["ResendOff"]),
    ("LG-018", WITH_REFUND, m.ResendLetGo("k1.reship-2"), []),
    ("LG-018", REPORTED, m.ResendLetGo("k1.reship"), ["ResendOff", "PaymentDue"]),
    (
        "LG-018",
        [*RESENT, f.RefundsChanged((), True)],
        m.ResendLetGo("k1.reship"),
        ["ResendOff", "PaidElsewhere"],
    ),
    ("LG-018", WITH_REFUND, m.ResendLeft(), []),
    ("LG-018", [*RESENT, DELIVERED], m.ResendLeft(), []),
    ("LG-018", [*WITH_REFUND, f.ResendOff(ATT)], REFUND_OVER, ["RefundsChanged", "OfferMade"]),
    (
        "RF-121",
        [*OFFERED, f.ReshipChosen("k1.reship", T0, False, (L1,)), f.ReportDone(), f.MemoDone()],
        m.ReshipFailed("k1.reship"),
        ["RefundChosen", "PaymentDue"],
    ),
    ("RF-121", [*RESENT, f.ResendOff(ATT), AGAIN], m.ReshipFailed("k1.reship"), []),
    ("RF-121", [*RESENT, f.ResendOff(ATT), AGAIN], m.ReshipFailed("k1.reship-2"), ["RefundChosen"]),
    ("LG-018", [*RESENT, DELIVERED], m.ReshipFailed("k1.reship"), ["SearchClosed"]),
]


@pytest.mark.parametrize(
    ("rule_id", "before", "when", "then"), TABLE, ids=lambda v: v if isinstance(v, str) else ""
)
def test_rule(rule_id: str, before: Sequence[Any], when: Any, then: list[str]) -> None:
    """The decision is made, and says by which rule."""
    check_names(LOST_PARCEL, rule_id, before, when, T0, then, P)


@pytest.mark.parametrize(
    ("message", "is_early"),
    [
        (m.InquiryAnswered("q", "found"), True),
        (m.OfferAnswered("q", "refund"), False),
    ],
)
def test_before_the_case_is_there(message: Any, *, is_early: bool) -> None:
    """A message that must wait for its case waits; one that means nothing without it is dropped."""
    if is_early:
        with pytest.raises(NotYet):
            decide(LOST_PARCEL, [], message, T0, P)
    else:
        assert decide(LOST_PARCEL, [], message, T0, P) == []


def test_a_refund_revokes_the_resend() -> None:
    """LG-018, RF-035: dispatch is told, which knows whether the resend has left."""
    decided = decide(LOST_PARCEL, RESENT, REFUND_OPEN, T0, P)
    revoked = dispatch.to("o1", dispatch.ResendRevoked("k1.reship", "k1"))
    assert facts_of(decided)[-1] == tell(revoked)


RESENT_TWICE: list[tuple[Any, int]] = [
    (LOST[1], 0),
    ("offer:reship", 1),
    (REFUND_OPEN, 0),
    (m.ResendLetGo("k1.reship"), 0),
    (REFUND_OVER, 0),
    ("offer:reship", 1),
]
"""The warehouse lets the first resend go for a refund; that is withdrawn, and the buyer chooses again."""


REPAID_FIRST = missing(HALF, "courier_lost")
LEFT_AGAIN: list[tuple[Any, int]] = [
    (REPAID_FIRST, 0),
    ("offer:reship", 0),
    (m.RefundNews("x1", is_open=False, is_paid=False, lines=(L1,), repaid=()), 0),
    (MemoStored("loss", None), 0),
    ("report:approved", 0),
]
"""Money that was repaid for the other line comes back while the first is sent again: it is due."""


@settings(max_examples=400, deadline=None)
@example(RESENT_TWICE)
@example(LEFT_AGAIN)
@given(histories("lost-parcel", 30))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    """LG-018, LG-020: one remedy for a piece, money after report and memo, a refund after a failed resend."""
    made = walk("lost-parcel", history)
    is_resent = False
    resent: Counter[str] = Counter()
    done: set[type] = set()
    for fact in made.facts:
        match fact:
            case f.LossConfirmed():
                is_resent, resent, done = False, Counter(), set()
            case f.ReportDone() | f.MemoDone():
                done.add(type(fact))
            case f.ReshipChosen():
                assert not is_resent
                is_resent, resent = True, counted(fact.lines or ())
            case f.RefundChosen(is_reship_out=True) | f.ResendOff():
                assert is_resent
                is_resent, resent = False, Counter()
            case f.PaymentDue():
                assert done == {f.ReportDone, f.MemoDone}
                assert counted(fact.lines) + resent <= counted(made.state.subject.lines)
            case _:
                pass


def counted(lines: Sequence[Share]) -> Counter[str]:
    """Counts the pieces of each line."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts[line.line_id] += line.quantity_count
    return counts


def test_every_state_is_reached() -> None:
    """No state is there for show."""
    assert reached("lost-parcel") == states("lost-parcel")
