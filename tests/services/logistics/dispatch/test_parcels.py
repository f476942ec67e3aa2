"""Parcels of the order: departures, news, searches, answers of the warehouse."""

from collections.abc import Sequence
from typing import Any

import pytest

from aftersales_contracts.shop import shipments
from kernel.decider import HERE, CaseView, DeadlinePassed, tell
from kernel.people import Task
from kernel.value import replace
from services.logistics import policy
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch import messages as m
from services.logistics.cases.dispatch.border import DISPATCH
from services.logistics.cases.lost_parcel import messages as lost_parcel
from services.logistics.cases.parcel import messages as parcel
from services.logistics.cases.reship import messages as reship
from services.logistics.cases.stock_shortage import messages as shortage
from services.logistics.news import MemoStored
from services.logistics.order_file import Clock, Link, OrderFile, Resend, Source
from services.logistics.parcels import Direction, Fault, Outcome, ParcelStatus
from tests.services.given import after, decide, facts_of
from tests.services.logistics import shop
from tests.services.logistics.pools import L1, L2, PLACED, STO, YTO, P
from tests.services.logistics.shop import DAY, HOUR, T0
from tests.services.rows import with_row

FILE = OrderFile("o1", "c1", "CN-31", False, PLACED.lines, T0)
KNOWN = f.OrderKnown(FILE, P.attention.since(T0))
CLOCK = Clock(T0, T0 + DAY, Source.SHOP, T0 + 3 * DAY, 10)
PAID = [KNOWN, f.ClockStarted(CLOCK, P.attention.since(T0))]
SENT = Link("k1", STO, Direction.OUTBOUND, (L1,), left_at=T0)
BACK = Link("rt", YTO, Direction.RETURN, (L1,))
SOUGHT = [KNOWN, f.SearchDue(SENT, "silence", (), can_wait=False)]


def decided(before: Sequence[Any], when: Any) -> list[Any]:
    return facts_of(decide(DISPATCH, before, when, T0 + HOUR, P))


def of(facts: Sequence[Any], kind: type[Any]) -> list[Any]:
    return [fact for fact in facts if isinstance(fact, kind)]


AGREED = f.PromiseNoted(None, "sf", is_refund_forbidden=False)


@pytest.mark.parametrize(
    ("promises", "carrier_code", "broken"),
    [
        ([], "sto", []),
        ([AGREED], "sf", []),
        ([AGREED], "sto", [f.WrongCarrierUsed("k1", "sto", 4)]),
    ],
)
def test_another_carrier_than_the_agreed_one(
    promises: Sequence[Any], carrier_code: str, broken: list[Any]
) -> None:
    """LG-057: four points; the carrier that the warehouse names counts."""
    before = [KNOWN, *promises, f.LinkChanged(replace(SENT, left_at=None))]
    assert of(decided(before, m.ParcelLeft("k1", carrier_code)), f.WrongCarrierUsed) == broken


def test_an_agreed_carrier_binds_where_the_pack_says_so() -> None:
    """LG-057"""
    text = policy.FILE.read_text("utf-8")
    book = policy.load(with_row(text, "is_agreed_carrier_binding", "false"))
    free = book.get("taobao-classic@2014-01-01")
    before = [KNOWN, AGREED, f.LinkChanged(replace(SENT, left_at=None))]
    facts = facts_of(decide(DISPATCH, before, m.ParcelLeft("k1", "sto"), T0, free))
    assert of(facts, f.WrongCarrierUsed) == []


def lost(parcel_id: str = "k1", outcome: Outcome | None = Outcome.LOST) -> m.ParcelMoved:
    return m.ParcelMoved(parcel_id, ParcelStatus.LOST, T0, None, outcome)


@pytest.mark.parametrize(
    ("before", "when", "reasons"),
    [
        ([KNOWN, f.LinkChanged(SENT)], lost(), ["courier_lost"]),
        ([KNOWN, f.LinkChanged(SENT)], lost(outcome=None), []),
        (SOUGHT, lost(), []),
        ([KNOWN, f.LinkChanged(replace(SENT, remedy="refund"))], lost(), []),
        ([KNOWN, f.LinkChanged(SENT)], m.ParcelStalled("k1", True), ["silence"]),
        ([KNOWN, f.LinkChanged(replace(SENT, is_stalled=True))], m.ParcelStalled("k1", True), []),
        ([KNOWN, f.LinkChanged(replace(SENT, is_stalled=True))], m.ParcelStalled("k1", False), []),
        ([KNOWN, f.LinkChanged(replace(SENT, outcome=Outcome.DELIVERED))], m.ParcelStalled("k1", True), []),
        (SOUGHT, m.ParcelStalled("k1", True), []),
        ([KNOWN, f.LinkChanged(BACK)], m.ParcelStalled("rt", True), []),
        ([KNOWN, f.LinkChanged(SENT)], m.CourierSaidLost("k1"), ["courier_lost"]),
        ([KNOWN, f.LinkChanged(replace(SENT, outcome=Outcome.DELIVERED))], m.CourierSaidLost("k1"), []),
        (
            [KNOWN, f.LinkChanged(replace(SENT, outcome=Outcome.DELIVERED, is_sought=True))],
            m.CourierSaidLost("k1"),
            [],
        ),
        ([KNOWN, f.LinkChanged(replace(SENT, remedy="reship"))], m.CourierSaidLost("k1"), []),
    ],
)
def test_a_search(before: Sequence[Any], when: Any, reasons: list[str]) -> None:
    """LG-016, LG-018: one search for a parcel that is not settled, whoever says it is missing."""
    assert [fact.reason_code for fact in of(decided(before, when), f.SearchDue)] == reasons


def test_the_answer_to_a_search_about_a_signature_goes_to_that_search() -> None:
    """LG-018, LG-042: only the search knows whether it asked."""
    doubted = replace(SENT, outcome=Outcome.DELIVERED, is_sought=True)
    answered = lost_parcel.to(HERE, "k1", lost_parcel.InquiryAnswered("q1", "lost"))
    assert decided([KNOWN, f.LinkChanged(doubted)], m.CourierSaidLost("k1", "q1")) == [tell(answered)]


def test_a_lost_return_is_a_question() -> None:
    """LG-018: it is settled with its sender."""
    facts = decided([KNOWN, f.LinkChanged(BACK)], lost("rt"))
    task = Task("return_lost", T0 + HOUR + 10 * DAY, "assessment", task_id="rt.return-lost")
    assert of(facts, Task) == [task]
    assert of(facts, f.SearchDue) == []


@pytest.mark.parametrize(
    ("link", "report", "reason_codes"),
    [
        (SENT, m.ProblemReported("not_received", "k1", ()), ["not_received"]),
        (SENT, m.ProblemReported("not_received", None, (L1,)), ["not_received"]),
        (SENT, m.ProblemReported("not_received", None, (L2,)), []),
        (SENT, m.ProblemReported("not_received", "k9", ()), []),
        (SENT, m.ProblemReported("signed_not_received", "k1", ()), ["signed_not_received"]),
        (
            replace(SENT, outcome=Outcome.DELIVERED),
            m.ProblemReported("not_received", "k1", ()),
            ["signed_not_received"],
        ),
        (replace(SENT, outcome=Outcome.RETURNED), m.ProblemReported("not_received", "k1", ()), []),
        (replace(SENT, outcome=Outcome.LOST), m.ProblemReported("not_received", "k1", ()), []),
        (replace(SENT, is_void=True), m.ProblemReported("not_received", "k1", ()), []),
        (replace(SENT, is_sought=True), m.ProblemReported("not_received", "k1", ()), []),
        (replace(SENT, left_at=None), m.ProblemReported("not_received", "k1", ()), []),
    ],
)
def test_the_buyer_misses_a_parcel(link: Link, report: m.ProblemReported, reason_codes: list[str]) -> None:
    """OR-029, LG-016: a parcel that left and has no other end yet is looked for, once."""
    facts = of(decided([KNOWN, f.LinkChanged(link)], report), f.SearchDue)
    assert [fact.reason_code for fact in facts] == reason_codes


@pytest.mark.parametrize("is_stalled", [True, False])
def test_the_search_for_a_silent_parcel_does_not_wait(is_stalled: bool) -> None:
    """LG-016: where the tracking is silent, it explains nothing."""
    link = f.LinkChanged(replace(SENT, is_stalled=is_stalled))
    (due,) = of(decided([KNOWN, link], m.ProblemReported("not_received", "k1", ())), f.SearchDue)
    assert due.can_wait is not is_stalled


@pytest.mark.parametrize(
    ("status_at", "is_stalled"),
    [(None, False), (T0 - HOUR, False), (T0, True), (T0 + HOUR, True)],
)
def test_a_later_status_ends_the_silence(status_at: Any, is_stalled: bool) -> None:
    """LG-016: news of an earlier moment does not."""
    before = [KNOWN, f.LinkChanged(replace(SENT, status_at=status_at, is_stalled=True))]
    moved = m.ParcelMoved("k1", ParcelStatus.IN_TRANSIT, T0, None, None)
    (news,) = of(decided(before, moved), f.ParcelNewsNoted)
    assert news.link.is_stalled is is_stalled
    quiet = [KNOWN, f.LinkChanged(replace(SENT, status_at=status_at))]
    (news,) = of(decided(quiet, moved), f.ParcelNewsNoted)
    assert not news.link.is_stalled


@pytest.mark.parametrize(
    ("status", "was"),
    [(ParcelStatus.OUT_OF_RANGE, True), (ParcelStatus.IN_TRANSIT, False)],
)
def test_out_of_range_is_remembered(status: ParcelStatus, was: bool) -> None:
    """RF-037"""
    before = [KNOWN, f.LinkChanged(SENT)]
    (news,) = of(decided(before, m.ParcelMoved("k1", status, T0, None, None)), f.ParcelNewsNoted)
    assert news.link.was_out_of_range is was


RESEND = f.ResendKnown(Resend("x1.reship", (L1,), "x1"))
NOTE = reship.to(HERE, "x1.reship", reship.NoteSeen("s-x"))


@pytest.mark.parametrize(
    ("before", "when", "told"),
    [
        ([], m.Inspected(("rt",), (L1,), None), []),
        ([f.LinkChanged(BACK)], m.Inspected(("other", "rt"), (L1,), None),
         [parcel.to(YTO, parcel.Inspected("rt"))]),
        ([RESEND], m.Inspected(("rt",), (L1,), "s-x"), [NOTE]),
        ([RESEND], m.Inspected(("rt",), (L2,), "s-x"), []),
        ([RESEND], m.Inspected(("rt",), (L1,), None), []),
        ([f.LinkChanged(BACK)], m.InstructionAnswered("rt.refuse-collect", "done"),
         [parcel.to(YTO, parcel.CollectAnswered("rt", is_done=True))]),
        ([f.LinkChanged(BACK)], m.InstructionAnswered("rt.refuse-collect", "impossible"),
         [parcel.to(YTO, parcel.CollectAnswered("rt", is_done=False))]),
        ([f.LinkChanged(SENT)], MemoStored("loss", None), []),
    ],
)  # fmt: skip
def test_who_is_told(before: Sequence[Any], when: Any, told: list[Any]) -> None:
    """RF-069, RF-122, LG-020: the parcel, and the resend whose goods lay in it; else nobody."""
    assert decided([KNOWN, *before], when) == ([tell(*told)] if told else [])


def test_a_memo_of_another_purpose_is_no_loss() -> None:
    """LG-020"""
    assert decided(SOUGHT, MemoStored("promise", None)) == []
    assert decided(SOUGHT, MemoStored("loss", None))


INSTRUCTED = [KNOWN, AGREED, f.CarrierInstructed("o1.carrier.1", "sf", T0 + 4 * HOUR)]


def test_an_instruction_that_nobody_answers() -> None:
    """LG-057: a person looks, once for each instruction."""
    due = DeadlinePassed("instruction", T0 + 4 * HOUR)
    task = Task("agreed_carrier", T0 + 4 * HOUR + 10 * DAY, task_id="o1.carrier.1.task")
    assert decided(INSTRUCTED, due) == [f.InstructionSettled("o1.carrier.1"), task]


@pytest.mark.parametrize(
    ("before", "request_id", "then"),
    [
        (INSTRUCTED, "o1.carrier.1", [f.InstructionSettled("o1.carrier.1")]),
        (INSTRUCTED, "o1.carrier.2", []),
        ([*INSTRUCTED, f.InstructionSettled("o1.carrier.1")], "o1.carrier.1", []),
    ],
)
def test_an_instruction_is_settled_once(before: Sequence[Any], request_id: str, then: list[Any]) -> None:
    """LG-057"""
    assert decided(before, m.InstructionAnswered(request_id, "done")) == then


def test_the_warehouse_has_four_hours_to_answer_an_instruction() -> None:
    """LG-057: only while nothing has left; the promise alone is noted afterwards."""
    promised = m.Promised("carrier", "sf", None)
    _, instructed = decided([KNOWN], promised)
    assert (instructed.carrier_code, instructed.due_at) == ("sf", T0 + HOUR + 4 * HOUR)
    assert of(decided([KNOWN, f.LinkChanged(SENT)], promised), f.CarrierInstructed) == []
    assert decided([KNOWN, AGREED], promised) == []


@pytest.mark.parametrize(("return_id", "ids"), [(None, ("rt",)), ("ret-7", ("rt", "ret-7"))])
def test_an_inspected_parcel_goes_by_its_return(return_id: str | None, ids: tuple[str, ...]) -> None:
    """RF-122: the buyer registered the parcel under the return's id."""
    data = shipments.ReturnInspectedV1(
        shop_id=shop.SHOP, order_id=shop.ORDER, parcel_id="rt", return_id=return_id, lines=[]
    )
    (read,) = DISPATCH.reads[shipments.ReturnInspectedV1](data)
    assert read.message == m.Inspected(ids, (), None)


def view(*facts: Any) -> CaseView[Any]:
    return CaseView("o1", "dispatch", "o1", 1, "tb-shop", "test", (), T0, after(DISPATCH, facts))


@pytest.mark.parametrize(
    ("link", "told"),
    [(SENT, [shortage.to("o1", shortage.GoodsLeft((L1,)))]), (replace(SENT, left_at=None), [])],
)
def test_the_shortage_hears_of_goods_that_left(link: Link, told: list[Any]) -> None:
    """RF-007: a parcel that is only registered ends no shortage."""
    short = f.ShortageKnown((L1,), None)
    assert list(DISPATCH.tells[f.LinkChanged](f.LinkChanged(link), view(KNOWN, short))) == told
    assert list(DISPATCH.tells[f.LinkChanged](f.LinkChanged(link), view(KNOWN))) == []


@pytest.mark.parametrize(
    ("link", "reason", "fault"),
    [
        (SENT, "unwanted", Fault.UNKNOWN),
        (replace(SENT, is_called_back=True), "refused", Fault.BUYER),
        (replace(SENT, was_out_of_range=True), "out_of_range", Fault.UNKNOWN),
        (replace(SENT, was_out_of_range=True, is_called_back=True), "out_of_range", Fault.UNKNOWN),
    ],
)
def test_goods_that_are_back_without_a_refund(link: Link, reason: str, fault: Fault) -> None:
    """RF-036, RF-037, RF-038: the buyer is paid, for the reason that the parcel's way gives."""
    paid = [*PAID, f.LinkChanged(link)]
    moved = m.ParcelMoved("k1", ParcelStatus.RETURNED, T0, None, Outcome.RETURNED)
    (due,) = of(decided(paid, moved), f.RemedyDue)
    assert (due.remedy_id, due.lines, due.reason, due.fault) == ("k1.returned", (L1,), reason, fault)


def test_goods_that_were_back_before_the_payment_are_paid_for_once_it_is_known() -> None:
    """RF-036, OR-002: the remedy waits for the payment, of whichever of the parcels is back."""
    unpaid = [KNOWN, f.LinkChanged(replace(SENT, outcome=Outcome.RETURNED)), f.LinkChanged(BACK)]
    moved = m.ParcelMoved("k1", ParcelStatus.RETURNED, T0, None, Outcome.RETURNED)
    assert of(decided(unpaid, moved), f.RemedyDue) == []
    (due,) = of(decided(unpaid, m.Paid()), f.RemedyDue)
    assert (due.remedy_id, due.lines) == ("k1.returned", (L1,))
    assert of(decided([*PAID, *unpaid[1:]], m.Paid()), f.RemedyDue) == []
