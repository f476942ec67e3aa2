"""Lists what may be said to each kind of case, in any order."""

from datetime import datetime
from typing import Any

from kernel.money import Money
from kernel.value import replace
from services.logistics import policy
from services.logistics.cases.courier_claim import messages as cm
from services.logistics.cases.dispatch import messages as dm
from services.logistics.cases.intercept import messages as im
from services.logistics.cases.lost_parcel import messages as lm
from services.logistics.cases.parcel import messages as pm
from services.logistics.cases.reship import messages as rm
from services.logistics.cases.stock_shortage import messages as sm
from services.logistics.news import MemoStored, ParcelNews, RequestDeclined, TaskDone
from services.logistics.order_file import Link, OrderLine, Resend
from services.logistics.parcels import Basis, Direction, Outcome, ParcelStatus, Tracking
from services.logistics.service import LOGISTICS
from services.logistics.shares import Share
from services.logistics.track import Identity, Scan, Track
from tests.services.diagrams import messages_of
from tests.services.logistics.shop import DAY, HOUR, T0

BOOK = policy.load()
P = BOOK.get("taobao-classic@2014-01-01")
KINDS = {kind.name: kind for kind in LOGISTICS.kinds}
CNY = Money(10_000, "CNY")
L1, L2 = Share("l1", 1), Share("l2", 2)
STO = Tracking("sto", "773001")
YTO = Tracking("yto", "88")
POST = Tracking("post", "9")
TASK_YES = ("approved", "refused", "lost", "found")


def order_line(line_id: str, count: int) -> OrderLine:
    return OrderLine(line_id, f"p-{line_id}", f"s-{line_id}", count, CNY, False, None, None)


def link(parcel_id: str, lines: tuple[Share, ...], direction: Direction = Direction.OUTBOUND) -> Link:
    return Link(parcel_id, Tracking("sto", parcel_id), direction, lines)


PLACED = dm.Placed("o1", "c1", "CN-31", False, (order_line("l1", 1), order_line("l2", 2)))

DISPATCH: list[Any] = [
    PLACED,
    dm.Paid(),
    dm.Closed("refunded_unshipped", ()),
    dm.Closed("unpaid_timeout", ()),
    dm.Closed("refunded", (L1,)),
    dm.Succeeded(()),
    dm.ShipMarked("express", ("k1",), ()),
    dm.ShipMarked("express", (), ()),
    dm.ShipMarked("virtual", (), (L1,)),
    *(dm.ParcelAdded(each, None, None, None) for each in (link("k1", (L1,)), link("k2", (L2,)))),
    dm.ParcelAdded(link("k3", (L1,), Direction.RESHIP), None, "rs1.send", "k1"),
    dm.ParcelAdded(link("rt", (L1,), Direction.RETURN), CNY, None, None),
    *(dm.ParcelLeft(each, "sto") for each in ("k1", "k2", "k3")),
    dm.WaybillVoided("k1"),
    dm.NumberCorrected("k1", Tracking("sto", "k1"), Tracking("yto", "k1")),
    dm.NumberCorrected("k1", Tracking("sto", "k1"), None),
    dm.ParcelAdded(link("k9", (L1,)), None, None, "k1"),
    *(dm.HoldAnswered("r1.hold", each, ()) for each in ("stopped", "too_late", "unknown")),
    dm.HoldAnswered("r1.release", "stopped", ()),
    dm.RefundOpened("r1", "unshipped", (L1, L2)),
    dm.RefundOpened("r2", "not_received", (L1,)),
    dm.RefundClosed("r1"),
    dm.RefundClosed("r2"),
    dm.RefundPaid("r1", None, (L1, L2), True),
    dm.RefundPaid("r2", "k1.returned", (L1,), False),
    dm.Promised("ship_by", None, T0 + 2 * DAY),
    dm.Promised("carrier", "sf", None),
    dm.Promised("no_refund", None, None),
    dm.ShortageNoted((L2,), True, None),
    dm.ShortageNoted((L1,), False, T0 + DAY),
    dm.LaterDateAgreed(T0 + 9 * DAY),
    dm.ProblemReported("not_received", None, ()),
    dm.ProblemReported("signed_not_received", "k1", ()),
    dm.Inspected(("rt",), (L1,), "s-x"),
    dm.InstructionAnswered("k1.refuse-collect", "done"),
    dm.ReshipAnswered("rs1.reserve", "reserved", None),
    dm.ResendNoted(Resend("rs1", (L1,), "x1")),
    dm.ExchangeOver("x1"),
    dm.ExchangeOver("x1", is_settled=True),
    dm.CourierSaidLost("k1"),
    dm.PickedUp("k1", T0 + 3 * HOUR),
    dm.PickedUp("k2", T0 + 40 * HOUR),
    dm.TurnedBack("k1"),
    *(
        dm.ParcelMoved("k1", status, T0 + 50 * HOUR, None, outcome)
        for status, outcome in (
            (ParcelStatus.IN_TRANSIT, None),
            (ParcelStatus.REFUSED, None),
            (ParcelStatus.OUT_OF_RANGE, None),
            (ParcelStatus.RETURNED, Outcome.RETURNED),
            (ParcelStatus.DELIVERED, Outcome.DELIVERED),
            (ParcelStatus.LOST, Outcome.LOST),
        )
    ),
    dm.ParcelStalled("k1", True),
    dm.ParcelStalled("k1", False),
    dm.SearchClosed("k1", "reship", False),
    dm.ResendRevoked("k1.reship", "k1"),
    dm.ResendRevoked("k1.reship", "k1", is_found=True),
    dm.CourierSaidLost("rt"),
    dm.ParcelMoved("rt", ParcelStatus.LOST, T0 + 90 * HOUR, None, Outcome.LOST),
    dm.SearchClosed("k1", None, False),
    MemoStored("loss", None),
    RequestDeclined("k1.memo", "closed"),
]

IDENTITY = Identity("tb-shop", "o1", "k1", Direction.OUTBOUND, (L1,))
RETURN = Identity("tb-shop", "o1", "rt", Direction.RETURN, (L1,))
SCANS = [
    Scan(T0 + hours * HOUR, status, f"raw-{status}", signed_by=signed_by)
    for hours, status, signed_by in (
        (5, ParcelStatus.REGISTERED, None),
        (7, ParcelStatus.PICKED_UP, None),
        (20, ParcelStatus.IN_TRANSIT, None),
        (30, ParcelStatus.OUT_OF_RANGE, None),
        (33, ParcelStatus.OUT_FOR_DELIVERY, None),
        (35, ParcelStatus.REFUSED, None),
        (36, ParcelStatus.ATTEMPT_FAILED, None),
        (40, ParcelStatus.RETURNING, None),
        (44, ParcelStatus.LOST, None),
        (50, ParcelStatus.DELIVERED, "guard"),
        (60, ParcelStatus.RETURNED, None),
        (70, ParcelStatus.IN_TRANSIT, None),
        (150 * 24, ParcelStatus.IN_TRANSIT, None),
    )
]
PARCEL: list[Any] = [
    *(pm.Scanned(STO, each) for each in SCANS),
    pm.RegisteredAs(STO, IDENTITY, False),
    pm.RegisteredAs(STO, RETURN, True),
    pm.RegisteredAs(STO, Identity("tb-shop", "o2", "k8", Direction.OUTBOUND, (L1,)), False),
    pm.RegisteredAs(STO, replace(IDENTITY, parcel_id="k2", lines=(L2,)), False, registered_with="k1"),
    pm.Joined(Track(STO, P.attention.since(T0), left_at=T0), IDENTITY),
    pm.LeftTogether(T0 + 5 * HOUR),
    pm.Left("k2", T0 + 5 * HOUR, None, "o1"),
    pm.Arrived(STO, False),
    pm.Arrived(STO, True),
    pm.Left("k1", T0 + 6 * HOUR),
    pm.Voided("k1"),
    pm.Misnumbered("k1"),
    pm.RegisteredAs(STO, IDENTITY, False, is_corrected=True),
    pm.Inspected("rt"),
    pm.DeclaredLost("k1", Basis.COURIER),
    pm.DeclaredLost("k1", Basis.COURIER, is_over_signature=True),
    pm.CollectAnswered("rt", True),
    pm.CollectAnswered("rt", False),
]


def subject(tracking: Tracking, region_code: str, direction: Direction, *refund_ids: str) -> lm.Subject:
    return lm.Subject(
        "o1", "c1", "k1", tracking, direction, (L1,), ("s-l1",), region_code, CNY, 1, refund_ids
    )


SUBJECT = subject(STO, "CN-31", Direction.OUTBOUND)
SIGNED = replace(SUBJECT, is_signed=True)
HALF = replace(
    SUBJECT, lines=(L1, L2), sku_ids=("s-l1", "s-l2"), minors=(4_000, 6_000), repaid=(Share("l2", 1),)
)


def missing(of: lm.Subject, reason_code: str = "silence", *, can_wait: bool = False) -> lm.Missing:
    return lm.Missing(of, reason_code, ParcelStatus.IN_TRANSIT, None, can_wait)


def moved(status: str, at: datetime, outcome: Outcome | None = None, *, stalled: bool = False) -> ParcelNews:
    return ParcelNews("k1", ParcelStatus(status), at, outcome, stalled)


LOST: list[Any] = [
    missing(SUBJECT),
    missing(SUBJECT, "courier_lost"),
    missing(SUBJECT, "not_received", can_wait=True),
    missing(subject(STO, "CN-XZ", Direction.OUTBOUND)),
    missing(subject(POST, "CN-31", Direction.OUTBOUND)),
    missing(subject(STO, "CN-31", Direction.REPLACEMENT), "courier_lost"),
    lm.Missing(SUBJECT, "signed_not_received", ParcelStatus.DELIVERED, "guard", False),
    lm.Missing(SIGNED, "signed_not_received", ParcelStatus.DELIVERED, None, False),
    missing(subject(STO, "CN-31", Direction.TO_BUYER), "courier_lost"),
    missing(HALF, "courier_lost"),
    "inquiry:found",
    "inquiry:lost",
    "inquiry:not_served",
    "inquiry:unknown",
    "offer:reship",
    "offer:refund",
    "offer:",
    lm.ReshipFailed("k1.reship"),
    lm.ResendLetGo("k1.reship"),
    lm.ResendLetGo("k1.reship-2"),
    lm.ResendLeft(),
    lm.NumberCorrected("k9", YTO, 1, is_reported=False),
    lm.NumberCorrected("k1", None, 2, is_reported=True),
    moved("in_transit", T0 + 90 * DAY),
    moved("in_transit", T0, stalled=True),
    moved("delivered", T0 + 5 * DAY, Outcome.DELIVERED),
    moved("returned", T0 + 5 * DAY, Outcome.RETURNED),
    moved("lost", T0 + 5 * DAY, Outcome.LOST),
    lm.RefundNews("r1", True, False),
    lm.RefundNews("r1", False, False),
    lm.RefundNews("r1", False, True),
    lm.RefundNews("r2", True, False, (L2,), (Share("l2", 1),)),
    lm.RefundNews("r2", False, True, (L2,), (L2,)),
    lm.RefundNews("x1", True, False, (L1,), (), is_exchange=True),
    lm.RefundNews("x1", False, False, (L1,), (), is_exchange=True),
    lm.RefundNews("x1", False, True, (L1,), (L1,), is_exchange=True),
    MemoStored("loss", None),
    "declined",
    *(f"report:{each}" for each in TASK_YES),
    *(TaskDone("k1.presume", each) for each in TASK_YES),
    *(TaskDone("k1.look", each) for each in TASK_YES),
]

CLAIM: list[Any] = [
    *(cm.LossFound("k1.claim", "o1", "k1", each, "lost", CNY) for each in (STO, YTO, POST)),
    cm.LossFound("k1.claim", "o1", "k1", STO, "lost", CNY, is_again=True),
    cm.Answered("received", None, ()),
    cm.Answered("needs_evidence", None, ("shipping_proof",)),
    cm.Answered("approved", CNY, ()),
    cm.Answered("approved_partial", Money(5, "CNY"), ()),
    cm.Answered("paid", CNY, ()),
    cm.Answered("paid", Money(7, "BRL"), ()),
    cm.Answered("paid", Money(7, "CNY"), ()),
    cm.Answered("rejected", None, ()),
    cm.EvidenceIn("ev1"),
    cm.RemedySpent(CNY),
    cm.GoodsFound(),
    TaskDone("k1.claim.file", "done"),
    TaskDone("k1.claim.file", "refused"),
    TaskDone("k1.claim.repay", "done"),
]


def recall(tracking: Tracking) -> im.Recall:
    return im.Recall("k1.intercept", "o1", "c1", "k1", tracking, "refused", is_buyer_asked=True)


INTERCEPT: list[Any] = [
    im.RecallWanted(recall(STO)),
    im.RecallWanted(recall(POST)),
    im.RecallWanted(replace(recall(POST), reason_code="refund_in_transit")),
    im.NumberWrong(),
    *(im.CarrierAnswered(each) for each in ("accepted", "refused", "too_late", "unknown")),
    moved("delivered", T0 + DAY, Outcome.DELIVERED),
    moved("returned", T0 + DAY, Outcome.RETURNED),
    moved("in_transit", T0 + DAY),
]

ORDER = rm.ReshipOrder("x1.reship", "o1", "exchange", (L1,), ("s-xl",), T0 + 9 * DAY)
RESHIP: list[Any] = [
    rm.ReserveWanted(ORDER),
    rm.SendWanted(ORDER),
    rm.Answered("x1.reship.reserve", "reserved", T0 + 20 * DAY),
    rm.Answered("x1.reship.reserve", "reserved", None),
    rm.Answered("x1.reship.reserve", "unavailable", None),
    rm.Answered("x1.reship.send", "declined", None),
    rm.ParcelKnown("k1"),
    rm.WaybillVoided("k1"),
    rm.ParcelReplaced("k9"),
    rm.ParcelLeft("k1"),
    moved("in_transit", T0 + DAY),
    moved("delivered", T0 + 5 * DAY, Outcome.DELIVERED),
    moved("returned", T0 + 5 * DAY, Outcome.RETURNED),
    moved("lost", T0 + 5 * DAY, Outcome.LOST),
    rm.NoteSeen("s-xl"),
    rm.NoteSeen("s-m"),
    rm.Unwanted(),
    TaskDone("x1.reship.note", "approved"),
    TaskDone("x1.reship.note", "refused"),
]

SHORTAGE: list[Any] = [
    sm.ShortageFound("o1", (L1, L2), ("p-l1", "p-l2"), None),
    sm.ShortageFound("o1", (L1,), ("p-l1",), T0 + 3 * DAY),
    *("choice:" + each for each in ("wait", "refund", "")),
    *(TaskDone("o1.shortage.1.ring", each) for each in ("wait", "refund", "done", "refused")),
    sm.GoodsLeft((L1,)),
    sm.GoodsLeft((L1, L2)),
    sm.RefundTakesOver((L2,)),
    sm.RefundTakesOver(()),
]

POOLS: dict[str, list[Any]] = {
    "dispatch": DISPATCH,
    "parcel": PARCEL,
    "lost-parcel": LOST,
    "courier-claim": CLAIM,
    "intercept": INTERCEPT,
    "reship": RESHIP,
    "stock-shortage": SHORTAGE,
}
for _kind in KINDS.keys() - POOLS.keys():
    if (_messages := messages_of("logistics", _kind)) is not None:  # a ledger has none
        POOLS[_kind] = list(_messages)
FIRST: dict[str, int] = {"dispatch": 1, "stock-shortage": 1, "intercept": 1}
"""The number of messages of the pool that come first, so that histories get anywhere."""


def answer(state: Any, word: str) -> Any:
    """Makes an answer to the last question of the case; `word` says which question, and the answer."""
    what, _, value = word.partition(":")
    match what:
        case "inquiry":
            return lm.InquiryAnswered(getattr(state, "request_id", "none"), value)
        case "offer":
            return lm.OfferAnswered(getattr(state, "offer_id", None) or "none", value or None)
        case "choice":
            return sm.OfferAnswered(getattr(state, "offer_id", "none"), value or None)
        case "report":
            loss = getattr(state, "loss", None)
            return TaskDone(loss.report_task_id if loss else "none", value)
        case _:
            loss = getattr(state, "loss", None)
            return RequestDeclined(loss.memo_request_id if loss else "none", "closed")
