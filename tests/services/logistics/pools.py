"""What may be said to each kind of case, in any order; and one walk through a history."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from chassis.engine.codec import Codec
from chassis.service import Kind
from kernel.decider import DeadlinePassed, NotYet
from kernel.money import Money
from services.logistics import policy
from services.logistics.cases import courier_claim_words as cw
from services.logistics.cases import dispatch_messages as m
from services.logistics.cases import intercept as iw
from services.logistics.cases import lost_parcel_words as lw
from services.logistics.cases import parcel_words as pw
from services.logistics.cases import reship_words as rw
from services.logistics.cases import stock_shortage as sw
from services.logistics.cases.order_file import Link, OrderLine, Resend
from services.logistics.cases.track import Identity, Scan
from services.logistics.cases.values import (
    Basis,
    Direction,
    MemoStored,
    Outcome,
    ParcelNews,
    ParcelStatus,
    RefundNews,
    RequestDeclined,
    Share,
    TaskDone,
    Tracking,
)
from services.logistics.service import LOGISTICS
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


PLACED = m.Placed("o1", "c1", "CN-31", False, (order_line("l1", 1), order_line("l2", 2)))

DISPATCH: list[Any] = [
    PLACED,
    m.Paid(),
    m.Closed("refunded_unshipped", ()),
    m.Closed("unpaid_timeout", ()),
    m.Closed("refunded", (L1,)),
    m.Succeeded(()),
    m.ShipMarked("express", ("k1",), ()),
    m.ShipMarked("express", (), ()),
    m.ShipMarked("virtual", (), (L1,)),
    *(m.ParcelAdded(each, None, None, None) for each in (link("k1", (L1,)), link("k2", (L2,)))),
    m.ParcelAdded(link("k3", (L1,), Direction.RESHIP), None, "rs1.send", "k1"),
    m.ParcelAdded(link("rt", (L1,), Direction.RETURN), CNY, None, None),
    *(m.ParcelLeft(each, "sto") for each in ("k1", "k2", "k3")),
    m.WaybillVoided("k1"),
    *(m.HoldAnswered("r1.hold", each, ()) for each in ("stopped", "too_late", "unknown")),
    m.HoldAnswered("r1.release", "stopped", ()),
    m.RefundOpened("r1", "unshipped", (L1, L2)),
    m.RefundOpened("r2", "not_received", (L1,)),
    m.RefundClosed("r1"),
    m.RefundClosed("r2"),
    m.RefundPaid("r1", None, (L1, L2), True),
    m.RefundPaid("r2", "k1.returned", (L1,), False),
    m.Promised("ship_by", None, T0 + 2 * DAY),
    m.Promised("carrier", "sf", None),
    m.Promised("no_refund", None, None),
    m.ShortageNoted((L2,), True, None),
    m.ShortageNoted((L1,), False, T0 + DAY),
    m.LaterDateAgreed(T0 + 9 * DAY),
    m.ProblemReported("not_received", None, ()),
    m.ProblemReported("signed_not_received", "k1", ()),
    m.Inspected(("rt",), (L1,), "s-x"),
    m.InstructionAnswered("k1.refuse-collect", "done"),
    m.ReshipAnswered("rs1.reserve", "reserved", None),
    m.ResendNoted(Resend("rs1", (L1,), "x1")),
    m.ExchangeOver("x1"),
    m.CourierSaidLost("k1"),
    m.PickedUp("k1", T0 + 3 * HOUR),
    m.PickedUp("k2", T0 + 40 * HOUR),
    *(
        m.ParcelMoved("k1", status, T0 + 50 * HOUR, None, outcome)
        for status, outcome in (
            (ParcelStatus.IN_TRANSIT, None),
            (ParcelStatus.REFUSED, None),
            (ParcelStatus.OUT_OF_RANGE, None),
            (ParcelStatus.RETURNED, Outcome.RETURNED),
            (ParcelStatus.DELIVERED, Outcome.DELIVERED),
            (ParcelStatus.LOST, Outcome.LOST),
        )
    ),
    m.ParcelStalled("k1", True),
    m.ParcelStalled("k1", False),
    m.SearchClosed("k1", "reship", False),
    m.ResendRevoked("k1.reship", "k1"),
    m.SearchClosed("k1", None, False),
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
    *(pw.Scanned(STO, each) for each in SCANS),
    pw.RegisteredAs(STO, IDENTITY, False),
    pw.RegisteredAs(STO, RETURN, True),
    pw.RegisteredAs(STO, Identity("tb-shop", "o2", "k8", Direction.OUTBOUND, (L1,)), False),
    pw.Arrived(STO, False),
    pw.Arrived(STO, True),
    pw.Left("k1", T0 + 6 * HOUR),
    pw.Voided("k1"),
    pw.Inspected("rt"),
    pw.DeclaredLost("k1", Basis.COURIER),
    pw.CollectAnswered("rt", True),
    pw.CollectAnswered("rt", False),
]


def subject(tracking: Tracking, region_code: str, direction: Direction, *refund_ids: str) -> lw.Subject:
    return lw.Subject(
        "o1", "c1", "k1", tracking, direction, (L1,), ("s-l1",), region_code, CNY, 1, refund_ids
    )


SUBJECT = subject(STO, "CN-31", Direction.OUTBOUND)


def missing(of: lw.Subject, reason_code: str = "silence", *, can_wait: bool = False) -> lw.Missing:
    return lw.Missing(of, reason_code, ParcelStatus.IN_TRANSIT, None, can_wait)


def moved(status: str, at: datetime, outcome: Outcome | None = None, *, stalled: bool = False) -> ParcelNews:
    return ParcelNews("k1", ParcelStatus(status), at, outcome, stalled)


LOST: list[Any] = [
    missing(SUBJECT),
    missing(SUBJECT, "courier_lost"),
    missing(SUBJECT, "not_received", can_wait=True),
    missing(subject(STO, "CN-XZ", Direction.OUTBOUND)),
    missing(subject(POST, "CN-31", Direction.OUTBOUND)),
    missing(subject(STO, "CN-31", Direction.REPLACEMENT), "courier_lost"),
    lw.Missing(SUBJECT, "signed_not_received", ParcelStatus.DELIVERED, "guard", False),
    "inquiry:found",
    "inquiry:lost",
    "inquiry:not_served",
    "inquiry:unknown",
    "offer:reship",
    "offer:refund",
    "offer:",
    lw.ReshipFailed("k1.reship"),
    lw.ResendLetGo("k1.reship"),
    lw.ResendLetGo("k1.reship-2"),
    lw.ResendLeft(),
    moved("in_transit", T0 + 90 * DAY),
    moved("in_transit", T0, stalled=True),
    moved("delivered", T0 + 5 * DAY, Outcome.DELIVERED),
    moved("returned", T0 + 5 * DAY, Outcome.RETURNED),
    moved("lost", T0 + 5 * DAY, Outcome.LOST),
    RefundNews("r1", True, False),
    RefundNews("r1", False, False),
    RefundNews("r1", False, True),
    MemoStored("loss", None),
    "declined",
    *(f"report:{each}" for each in TASK_YES),
    *(TaskDone("k1.presume", each) for each in TASK_YES),
    *(TaskDone("k1.look", each) for each in TASK_YES),
]

CLAIM: list[Any] = [
    *(cw.LossFound("k1.claim", "o1", "k1", each, "lost", CNY) for each in (STO, YTO, POST)),
    cw.Answered("received", None, ()),
    cw.Answered("needs_evidence", None, ("shipping_proof",)),
    cw.Answered("approved", CNY, ()),
    cw.Answered("approved_partial", Money(5, "CNY"), ()),
    cw.Answered("paid", CNY, ()),
    cw.Answered("paid", Money(7, "BRL"), ()),
    cw.Answered("paid", Money(7, "CNY"), ()),
    cw.Answered("rejected", None, ()),
    cw.EvidenceIn("ev1"),
    cw.RemedySpent(CNY),
    cw.GoodsFound(),
    TaskDone("k1.claim.file", "done"),
    TaskDone("k1.claim.file", "refused"),
]


def recall(tracking: Tracking) -> iw.Recall:
    return iw.Recall("k1.intercept", "o1", "c1", "k1", tracking, "refused", is_buyer_asked=True)


INTERCEPT: list[Any] = [
    iw.RecallWanted(recall(STO)),
    iw.RecallWanted(recall(POST)),
    *(iw.CarrierAnswered(each) for each in ("accepted", "refused", "too_late", "unknown")),
    moved("delivered", T0 + DAY, Outcome.DELIVERED),
    moved("returned", T0 + DAY, Outcome.RETURNED),
    moved("in_transit", T0 + DAY),
]

ORDER = rw.Order("x1.reship", "o1", "exchange", (L1,), ("s-xl",), T0 + 9 * DAY)
RESHIP: list[Any] = [
    rw.ReserveWanted(ORDER),
    rw.SendWanted(ORDER),
    rw.Answered("x1.reship.reserve", "reserved", T0 + 20 * DAY),
    rw.Answered("x1.reship.reserve", "reserved", None),
    rw.Answered("x1.reship.reserve", "unavailable", None),
    rw.Answered("x1.reship.send", "declined", None),
    rw.ParcelKnown("k1"),
    rw.ParcelLeft("k1"),
    moved("in_transit", T0 + DAY),
    moved("delivered", T0 + 5 * DAY, Outcome.DELIVERED),
    moved("returned", T0 + 5 * DAY, Outcome.RETURNED),
    moved("lost", T0 + 5 * DAY, Outcome.LOST),
    rw.NoteSeen("s-xl"),
    rw.NoteSeen("s-m"),
    rw.Unwanted(),
    TaskDone("x1.reship.note", "approved"),
    TaskDone("x1.reship.note", "refused"),
]

SHORTAGE: list[Any] = [
    sw.ShortageFound("o1", (L1, L2), ("p-l1", "p-l2"), None),
    sw.ShortageFound("o1", (L1,), ("p-l1",), T0 + 3 * DAY),
    *("choice:" + each for each in ("wait", "refund", "")),
    sw.GoodsLeft((L1,)),
    sw.GoodsLeft((L1, L2)),
    sw.RefundTakesOver((L2,)),
    sw.RefundTakesOver(()),
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
FIRST: dict[str, int] = {"dispatch": 1, "stock-shortage": 1, "intercept": 1}
"""How many messages of the pool come first, so that histories get anywhere."""


def answer(state: Any, word: str) -> Any:
    """An answer that names what the case has just asked; `word` says which and what."""
    what, _, value = word.partition(":")
    match what:
        case "inquiry":
            return lw.InquiryAnswered(getattr(state, "request_id", "none"), value)
        case "offer":
            return lw.OfferAnswered(getattr(state, "offer_id", None) or "none", value or None)
        case "choice":
            return sw.OfferAnswered(getattr(state, "offer_id", "none"), value or None)
        case "report":
            loss = getattr(state, "loss", None)
            return TaskDone(loss.report_task_id if loss else "none", value)
        case _:
            loss = getattr(state, "loss", None)
            return RequestDeclined(loss.memo_request_id if loss else "none", "closed")


@dataclass
class Walk:
    """A case and what happened to it: facts, and changes of state by class name."""

    kind: Kind[Any, Any, Any, Any]
    state: Any = None
    now: datetime = T0
    facts: list[Any] = field(default_factory=list[Any])
    changes: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    seen: set[DeadlinePassed] = field(default_factory=set[DeadlinePassed])

    def __post_init__(self) -> None:
        self.state = self.kind.initial
        self._codec = Codec((*self.kind.states, *self.kind.messages, *self.kind.facts))

    def tell(self, message: Any) -> list[Any]:
        """Offers a message; returns the facts. Everything stored survives being stored."""
        decider = self.kind
        if isinstance(message, str):
            message = answer(self.state, message)
        self._stored(message)
        try:
            decided = decider.decide(self.state, message, P, self.now)
        except NotYet:
            return []
        before = type(self.state).__name__
        for entry in decided:
            self._stored(entry.fact)
            self.state = decider.evolve(self.state, entry.fact)
        self._stored(self.state)
        if decided:
            self.changes.add((before, type(self.state).__name__))
        self.seen |= {DeadlinePassed(d.name, d.due_at) for d in decider.deadlines(self.state)}
        self.facts += [entry.fact for entry in decided]
        return [entry.fact for entry in decided]

    def pass_time(self, length: timedelta) -> None:
        """Fires what is due, as the chassis does: in order, and each must lead to something."""
        until = self.now + length
        for _ in range(200):
            due = sorted(
                (d for d in self.kind.deadlines(self.state) if d.fires_at <= until),
                key=lambda d: (d.due_at, d.name),
            )
            if not due:
                break
            self.now = due[0].due_at
            passed = DeadlinePassed(due[0].name, due[0].due_at)
            assert self.tell(passed), f"{passed} decided nothing"
            pending = {(d.name, d.due_at) for d in self.kind.deadlines(self.state)}
            assert (passed.name, passed.due_at) not in pending, f"{passed} is still pending"
        else:
            raise AssertionError("deadlines never rest")
        self.now = until

    def tell_stale(self) -> None:
        """Deadlines that no longer run decide nothing."""
        pending = {(d.name, d.due_at) for d in self.kind.deadlines(self.state)}
        for passed in self.seen:
            if (passed.name, passed.due_at) not in pending:
                assert self.kind.decide(self.state, passed, P, self.now) == []

    def _stored(self, value: Any) -> None:
        again = self._codec.decode(type(value).__name__, self._codec.encode(value))
        assert again == value


def walk(kind_name: str, steps: Iterable[tuple[Any, int]], first: Sequence[Any] = ()) -> Walk:
    """A history of one case: (message, hours before it)."""
    made = Walk(KINDS[kind_name])
    for message in first or POOLS[kind_name][: FIRST.get(kind_name, 0)]:
        made.tell(message)
    for message, hours in steps:
        made.pass_time(hours * HOUR)
        made.tell(message)
        made.tell_stale()
    return made


@cache
def changes(kind_name: str, runs: int = 600) -> frozenset[tuple[str, str]]:
    """Changes of state that many histories make."""
    dice = random.Random(kind_name)
    found: set[tuple[str, str]] = set()
    for _ in range(runs):
        steps = [
            (dice.choice(POOLS[kind_name]), dice.choice((0, 1, 5, 30, 80, 300)))
            for _ in range(dice.randint(1, 14))
        ]
        first = POOLS[kind_name][: FIRST.get(kind_name, 0) + 1] if dice.random() < 0.6 else []
        found |= walk(kind_name, steps, first).changes
    return frozenset(found)
