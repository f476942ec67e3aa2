"""Single rules: what was, what is said, what is decided."""

from functools import reduce
from typing import Any

import pytest

from kernel.decider import DeadlinePassed, NotYet
from kernel.money import Money
from services.logistics.cases import courier_claim_words as cw
from services.logistics.cases import dispatch_facts as f
from services.logistics.cases import dispatch_messages as m
from services.logistics.cases import intercept as iw
from services.logistics.cases import lost_parcel_words as lw
from services.logistics.cases import parcel_words as pw
from services.logistics.cases import reship_words as rw
from services.logistics.cases import stock_shortage as sw
from services.logistics.cases.order_file import OrderFile
from services.logistics.cases.values import Basis, RefundNews, TaskDone
from tests.services.logistics.pools import (
    CNY,
    IDENTITY,
    KINDS,
    L1,
    LOST,
    ORDER,
    PLACED,
    POST,
    RETURN,
    SCANS,
    STO,
    SUBJECT,
    YTO,
    P,
    recall,
)
from tests.services.logistics.shop import DAY, HOUR, T0

ATT = P.attention(T0)
FILE = OrderFile("o1", "c1", "CN-31", False, PLACED.lines, T0)
KNOWN = f.OrderKnown(FILE, ATT)
LOSS = lw.Loss(T0, Basis.COURIER, "t1", "m1", T0 + 4 * HOUR, None, T0 + 3 * DAY)
CONFIRMED = [lw.SearchOpened(SUBJECT, ATT), lw.LossConfirmed(LOSS, ATT)]
OFFERED = [*CONFIRMED, lw.OfferMade("of1", T0 + 48 * HOUR)]
RESENT = [*OFFERED, lw.ReshipChosen("k1.reship", T0, True)]
WITH_REFUND = [*RESENT, lw.RefundsChanged(("r1",), False)]
REPORTED = [*OFFERED, lw.ReportDone(), lw.MemoDone(), *WITH_REFUND[len(OFFERED) :]]
REFUND_OPEN = RefundNews("r1", is_open=True, is_paid=False)
REFUND_PAID = RefundNews("r1", is_open=False, is_paid=True)
REFUND_OVER = RefundNews("r1", is_open=False, is_paid=False)
TRACK = [pw.TrackOpened(STO, 1, None, ATT), pw.IdentityKnown(IDENTITY, T0, None, ATT)]
BACK = [pw.TrackOpened(STO, 1, None, ATT), pw.IdentityKnown(RETURN, T0, None, ATT)]
CLAIM = cw.Claim("k1.claim", "o1", "k1", STO, "lost", CNY, T0 + 30 * DAY)
FILED = [cw.ClaimDrafted(CLAIM, ATT), cw.ClaimSent("file", ATT)]
ASKED = [iw.RecallAsked(recall(STO), T0 + DAY, ATT)]
RESERVED = [rw.ReserveAsked(ORDER, T0 + DAY), rw.StockKept(None, ATT)]
SENT = [rw.SendAsked(ORDER, ATT), rw.CarriedBy("k1"), rw.SentOut("k1", ATT)]
TOLD = [
    sw.ShortageNoted(sw.Shortage("o1", (L1,), None)),
    sw.BuyerTold("o1.shortage.1", T0 + 7 * DAY, T0 + 48 * HOUR, ATT),
]

ROWS: list[tuple[str, str, list[Any], Any, list[str]]] = [
    ("OR-006", "dispatch", [], PLACED, ["OrderKnown"]),
    ("OR-006", "dispatch", [KNOWN], m.TermsChanged(PLACED.lines[:1]), ["LinesChanged"]),
    ("OR-011", "dispatch", [KNOWN], m.Paid(), ["ClockStarted"]),
    ("OR-010", "dispatch", [KNOWN], m.Succeeded(()), ["OrderSucceeded"]),
    ("LG-064", "dispatch", [KNOWN], m.ShipMarked("express", (), ()), ["MarkNoted"]),
    ("RF-009", "dispatch", [KNOWN], m.Promised("no_refund", None, None), ["PromiseNoted"]),
    ("LG-059", "dispatch", [KNOWN], m.Promised("ship_by", None, T0), ["PromiseNoted"]),
    ("LG-057", "dispatch", [KNOWN], m.Promised("carrier", "sf", None), ["PromiseNoted", "CarrierInstructed"]),
    ("RF-005", "dispatch", [KNOWN], m.RefundOpened("r1", "unshipped", (L1,)), ["RefundNoted", "HoldAsked"]),
    ("OR-009", "parcel", TRACK, pw.Scanned(STO, SCANS[0]), ["ScanNoted"]),
    ("OR-009", "parcel", TRACK, pw.Scanned(STO, SCANS[2]), ["ScanNoted", "StatusChanged", "PickupKnown"]),
    ("RF-069", "parcel", BACK, pw.Arrived(STO, True), ["ArrivalNoted", "CollectRefusalAsked"]),
    ("RF-044", "parcel", BACK, pw.Arrived(STO, False), ["ArrivalNoted", "EndDeclared", "OutcomeDecided"]),
    ("LG-018", "parcel", TRACK, pw.DeclaredLost("k1", Basis.COURIER), ["EndDeclared", "OutcomeDecided"]),
    ("LG-016", "lost-parcel", [], LOST[0], ["SearchOpened", "InquiryAsked"]),
    ("LG-016", "lost-parcel", [], LOST[2], ["SearchOpened", "ParcelLocated", "NoticeAsked"]),
    ("LG-015", "lost-parcel", [], LOST[3], ["SearchOpened", "RecallDue", "SearchClosed"]),
    ("LG-021", "lost-parcel", [], LOST[4], ["SearchOpened", "SearchOpened", "TaskOpened"]),
    (
        "LG-042",
        "lost-parcel",
        [],
        LOST[6],
        ["SearchOpened", "ParcelLocated", "NoticeAsked", "SearchClosed"],
    ),
    (
        "LG-018",
        "lost-parcel",
        [lw.SearchOpened(SUBJECT, ATT)],
        LOST[1],
        ["LossConfirmed", "ReportAsked", "MemoAsked", "OfferMade"],
    ),
    ("LG-019", "lost-parcel", OFFERED, lw.OfferAnswered("of1", "reship"), ["ReshipChosen"]),
    ("LG-017", "lost-parcel", OFFERED, DeadlinePassed("choice", T0 + 48 * HOUR), ["ReshipChosen"]),
    ("LG-018", "lost-parcel", OFFERED, lw.OfferAnswered("of1", "refund"), ["RefundChosen"]),
    ("LG-018", "lost-parcel", OFFERED, lw.OfferAnswered("other", "refund"), []),
    ("LG-020", "lost-parcel", OFFERED, TaskDone("t1", "approved"), ["ReportDone"]),
    ("LG-020", "lost-parcel", OFFERED, TaskDone("t1", "refused"), []),
    ("LG-020", "lost-parcel", CONFIRMED, DeadlinePassed("report", T0 + 4 * HOUR), ["ReportOverdue"]),
    (
        "LG-018",
        "lost-parcel",
        RESENT,
        RefundNews("r1", is_open=True, is_paid=False),
        ["RefundsChanged", "ResendRevoked"],
    ),
    (
        "LG-018",
        "lost-parcel",
        RESENT,
        RefundNews("r1", is_open=False, is_paid=True),
        ["RefundsChanged", "ResendRevoked"],
    ),
    ("LG-018", "lost-parcel", RESENT, REFUND_OVER, []),
    ("LG-018", "lost-parcel", WITH_REFUND, lw.ResendLetGo("k1.reship"), ["ResendOff"]),
    ("LG-018", "lost-parcel", WITH_REFUND, lw.ResendLetGo("k1.reship-2"), []),
    ("LG-018", "lost-parcel", REPORTED, lw.ResendLetGo("k1.reship"), ["ResendOff", "PaymentDue"]),
    (
        "LG-018",
        "lost-parcel",
        [*RESENT, lw.RefundsChanged((), True)],
        lw.ResendLetGo("k1.reship"),
        ["ResendOff", "PaidElsewhere"],
    ),
    ("LG-018", "lost-parcel", WITH_REFUND, lw.ResendLeft(), ["RecoverOrWriteOff"]),
    ("LG-018", "lost-parcel", [*WITH_REFUND, lw.RecoverOrWriteOff("t", T0)], lw.ResendLeft(), []),
    (
        "LG-018",
        "lost-parcel",
        [*WITH_REFUND, lw.ResendOff(ATT)],
        REFUND_OVER,
        ["RefundsChanged", "OfferMade"],
    ),
    (
        "RF-121",
        "lost-parcel",
        [*OFFERED, lw.ReshipChosen("k1.reship", T0, False), lw.ReportDone(), lw.MemoDone()],
        lw.ReshipFailed("k1.reship"),
        ["RefundChosen"],
    ),
    (
        "LG-022",
        "courier-claim",
        [],
        cw.LossFound("c", "o1", "k1", STO, "lost", CNY),
        ["ClaimDrafted", "ClaimSent"],
    ),
    (
        "LG-021",
        "courier-claim",
        [],
        cw.LossFound("c", "o1", "k1", YTO, "lost", CNY),
        ["ClaimDrafted", "EvidenceAsked"],
    ),
    (
        "LG-021",
        "courier-claim",
        [],
        cw.LossFound("c", "o1", "k1", POST, "lost", CNY),
        ["ClaimDrafted", "TaskOpened"],
    ),
    ("LG-018", "courier-claim", FILED, cw.Answered("approved", CNY, ()), ["ApprovalNoted"]),
    ("LG-018", "courier-claim", FILED, cw.Answered("paid", Money(1, "BRL"), ()), []),
    ("LG-022", "courier-claim", FILED, cw.GoodsFound(), ["ClaimSent", "ClaimConcluded"]),
    (
        "LG-021",
        "courier-claim",
        [cw.ClaimDrafted(CLAIM, ATT)],
        DeadlinePassed("file", T0 + 30 * DAY),
        ["ClaimConcluded"],
    ),
    ("LG-051", "intercept", [], iw.RecallWanted(recall(STO)), ["RecallAsked", "NoticeAsked"]),
    (
        "LG-021",
        "intercept",
        [],
        iw.RecallWanted(recall(POST)),
        ["RecallImpossible", "TaskOpened", "NoticeAsked"],
    ),
    ("LG-050", "intercept", ASKED, iw.CarrierAnswered("accepted"), ["RecallAccepted"]),
    ("LG-050", "intercept", ASKED, iw.CarrierAnswered("too_late"), ["RecallRefused"]),
    ("LG-050", "intercept", ASKED, DeadlinePassed("answer", T0 + DAY), ["RecallUnanswered"]),
    ("RF-105", "reship", [], rw.ReserveWanted(ORDER), ["ReserveAsked"]),
    (
        "RF-121",
        "reship",
        RESERVED[:1],
        rw.Answered("x1.reship.reserve", "unavailable", None),
        ["StockMissing"],
    ),
    ("RF-121", "reship", RESERVED[:1], DeadlinePassed("stock", T0 + DAY), ["StockMissing"]),
    ("RF-122", "reship", [*RESERVED, rw.NoteNoted("s-m")], rw.SendWanted(ORDER), ["NoteDiffers"]),
    ("RF-120", "reship", [*RESERVED, rw.NoteNoted("s-xl")], rw.SendWanted(ORDER), ["SendAsked"]),
    ("RF-118", "reship", SENT[:1], DeadlinePassed("ship", T0 + 9 * DAY), ["SendLate"]),
    ("RF-118", "reship", RESERVED, rw.Unwanted(), ["CancelAsked", "CalledOff"]),
    ("RF-120", "reship", SENT[:2], rw.ParcelLeft("k1"), ["SentOut"]),
    ("RF-007", "stock-shortage", TOLD, sw.OfferAnswered("o1.shortage.1", "wait"), ["LaterDateTaken"]),
    ("RF-007", "stock-shortage", TOLD, sw.OfferAnswered("o1.shortage.1", "refund"), ["RefundTaken"]),
    ("RF-007", "stock-shortage", TOLD, DeadlinePassed("choice", T0 + 48 * HOUR), ["ChoiceMissed"]),
    (
        "LG-058",
        "stock-shortage",
        [],
        sw.ShortageFound("o1", (L1,), ("p1",), None),
        ["ShortageNoted", "BuyerTold", "SaleStopped"],
    ),
]


@pytest.mark.parametrize(
    ("rule_id", "kind", "given", "when", "then"), ROWS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_rule(rule_id: str, kind: str, given: list[Any], when: Any, then: list[str]) -> None:
    """The decision is made, and it says by which rule."""
    decider = KINDS[kind]
    state = reduce(decider.evolve, given, decider.initial)
    decided = decider.decide(state, when, P, T0)
    assert [type(entry.fact).__name__ for entry in decided] == then
    assert not decided or any(rule_id in entry.rules for entry in decided)


@pytest.mark.parametrize(
    ("kind", "message", "is_early"),
    [
        ("dispatch", m.Paid(), True),
        ("dispatch", m.ParcelLeft("k1", "sto"), True),
        ("dispatch", m.SearchClosed("k1", None, False), False),
        ("parcel", pw.Left("k1", T0), True),
        ("lost-parcel", lw.InquiryAnswered("q", "found"), True),
        ("lost-parcel", lw.OfferAnswered("q", "refund"), False),
        ("courier-claim", cw.Answered("paid", CNY, ()), True),
        ("courier-claim", cw.GoodsFound(), False),
        ("intercept", iw.CarrierAnswered("accepted"), True),
        ("stock-shortage", sw.GoodsLeft((L1,)), False),
    ],
)
def test_before_the_case_is_there(kind: str, message: Any, *, is_early: bool) -> None:
    """What must wait for its case waits; what means nothing without it is dropped."""
    decider = KINDS[kind]
    if is_early:
        with pytest.raises(NotYet):
            decider.decide(decider.initial, message, P, T0)
    else:
        assert decider.decide(decider.initial, message, P, T0) == []
