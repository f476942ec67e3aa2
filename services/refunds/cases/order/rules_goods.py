"""Decides about goods that come back to the shop: for which case, and what becomes of those without one.

Goods that are back count as returned for whatever case is open about them, in any state, and for one that is
opened later, until they are sent to the buyer again.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import HERE, Addressed, Decided, tell
from kernel.rules import rule, rules_of
from kernel.value import replace
from services.refunds.cases.exchange import messages as exchange
from services.refunds.cases.order import account, account_goods
from services.refunds.cases.order.account import OpenCase, OrderAccount
from services.refunds.cases.order.facts import (
    Fact,
    GoodsCame,
    GoodsGone,
    QuestionAsked,
    QuestionVoid,
    ReturnCame,
    ReturnNoted,
)
from services.refunds.cases.order.messages import ParcelDecided, ReturnAccepted, ReturnSent
from services.refunds.cases.order.state import AwaitingPayment, Paid, Shipped, State, evolve, live
from services.refunds.cases.refund_agreement import messages as agreement
from services.refunds.goods import (
    Back,
    Question,
    Returning,
    counts_of,
    inside,
    more_of,
    pieces_of,
    together,
    without,
)
from services.refunds.money_beside import QuestionKept
from services.refunds.policy import Policy
from services.refunds.shares import RefundKind, Share

BACK_REASON = "goods_back"


@rule("RF-006", "RF-036", "RF-037", "RF-038", "RF-044")
def parcel_back(state: State, parcel: ParcelDecided, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Counts a parcel that the buyer did not get as back, for the cases that its pieces are in.

    The money for pieces without a case comes from logistics, unless a refund is open beside them or the order
    is over: then a person is asked.
    """
    current = live(state)
    book = current.book
    if parcel.parcel_id and parcel.parcel_id in book.back_parcels:
        return []
    pieces = _in_parcel(book, parcel)
    parts, rest = claimed(book, pieces)
    back = (*parts, Back("", rest)) if rest else tuple(parts)
    if not back:
        return []
    facts: list[Fact] = [GoodsCame(parcel.parcel_id, back)]
    if parts:
        facts.append(tell(*(told_back(book, part) for part in parts)))
    is_beside = parcel.direction == "to_buyer" or any(_is_refund_of(case, parcel) for case in book.open)
    is_over = not isinstance(current, AwaitingPayment | Paid | Shipped)
    if is_beside or is_over:
        rest = together(rest, account_goods.unasked(book)) if is_over else rest
        facts += asked(book, "goods_back_without_refund", rest, policy, now)
    return facts


@rule("RF-044", "RF-045")
def back_before_payment(
    state: State, recorded: Sequence[Decided[Fact]], policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Asks about goods that came back before the payment of an order that is over by then."""
    if isinstance(state, AwaitingPayment | Paid | Shipped):
        return []
    current = live(_after(state, recorded))
    pieces = [Share(line.line_id, line.back_count, 0) for line in current.book.lines]
    return asked(current.book, "goods_back_without_refund", pieces_of(counts_of(pieces)), policy, now)


def _after(state: State, recorded: Sequence[Decided[Fact]]) -> State:
    return reduce(evolve, (entry.fact for entry in recorded), state)


def told_back(book: OrderAccount, part: Back) -> Addressed:
    """Tells a case that pieces of it are back."""
    case = book.case(part.case_id)
    if case is not None and case.kind is None:
        return exchange.to(HERE, part.case_id, exchange.GoodsCameBack(part.pieces))
    are_unfit = account_goods.is_unfit(book, part.pieces)
    return agreement.to(HERE, part.case_id, agreement.GoodsCameBack(part.pieces, are_unfit))


def _in_parcel(book: OrderAccount, parcel: ParcelDecided) -> tuple[Share, ...]:
    """Lists the pieces in the parcel that are neither refunded nor known to be back."""
    counts = counts_of(parcel.shares)
    found = {
        line.line_id: min(
            counts.get(line.line_id, line.left_count), account_goods.not_back(book, line, parcel.parcel_id)
        )
        for line in book.lines
        if not parcel.line_ids or line.line_id in parcel.line_ids
    }
    return pieces_of(found)


@rules_of("RF-044")
def claimed(book: OrderAccount, pieces: Sequence[Share]) -> tuple[list[Back], tuple[Share, ...]]:
    """Finds the case of each of these pieces, and the pieces without one. Who waits for them comes first."""
    rest = tuple(pieces)
    found: list[Back] = []
    for case in sorted(book.open, key=lambda case: not case.waits_for_goods):
        if case.is_granted:
            continue
        goods = account_goods.returning(book, case.case_id)
        own = without(case.shares, (*case.back, *(goods.here if goods else ())))
        if taken := inside(own, rest):
            found.append(Back(case.case_id, taken))
            rest = without(rest, taken)
    return found, rest


def _is_refund_of(case: OpenCase, parcel: ParcelDecided) -> bool:
    """Tells whether logistics leaves a parcel to an open refund: one of any line that is in it."""
    is_in = any(not parcel.line_ids or share.line_id in parcel.line_ids for share in case.shares)
    return case.kind is not None and is_in


@rule("RF-044")
def parcel_again(state: State, parcel: ParcelDecided, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Takes pieces out of those that are back: a resend reached the buyer, or the parcel was not back."""
    book = live(state).book
    is_own = parcel.direction in {"outbound", "to_buyer"}
    if is_own and parcel.parcel_id not in book.back_parcels:
        return []
    gone = account_goods.back_free(book, parcel.shares or tuple(account.open_pieces(book)))
    if not gone and not is_own:
        return []
    fact = GoodsGone(gone, parcel.parcel_id if is_own else "")
    return [fact, *taken(book, gone, policy, now)]


# Goods that the buyer sends.


@rule("RF-022")
def return_sent(state: State, sent: ReturnSent) -> Sequence[Fact]:
    """Notes goods under way to the shop, whatever becomes of their case. One box is told of once."""
    book = live(state).book
    known = account_goods.returning(book, sent.case_id)
    is_known = known is not None and sent.return_id in known.return_ids
    if is_known or book.held.knows_return(sent.case_id, sent.return_id):
        return []
    return [ReturnNoted(sent.case_id, sent.return_id, sent.shares, sent.tracking_code)]


@rule("RF-025")
def return_accepted(state: State, accepted: ReturnAccepted, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Counts goods that the seller has in hand as back."""
    known = account_goods.returning(live(state).book, accepted.case_id)
    if known is None:
        return []
    return _came(state, known, more_of(known.here, accepted.shares or known.sent), policy, now)


@rule("RF-044")
def return_arrived(state: State, parcel: ParcelDecided, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Counts goods at the gate as back, as they were registered. Those that were checked are counted."""
    known = account_goods.returning(live(state).book, parcel.parcel_id)
    if known is None or known.is_counted(parcel.parcel_id):
        return []
    here = known.with_report(parcel.parcel_id, parcel.shares or known.sent)
    return _came(state, known, here, policy, now, seen=parcel.parcel_id)


def _came(
    state: State, known: Returning, here: tuple[Share, ...], policy: Policy, now: datetime, seen: str = ""
) -> Sequence[Fact]:
    """Notes goods that are at the shop. Where their case is over, a person is asked about them."""
    book = live(state).book
    fact = at_shop(book, known, here)
    if fact is None:
        return []
    fact, told = shared_out(book, replace(fact, seen=seen))
    return [fact, *told_to(told), *asked(book, "goods_back_without_refund", fact.freed, policy, now)]


def shared_out(book: OrderAccount, came: ReturnCame) -> tuple[ReturnCame, list[Addressed]]:
    """Gives pieces that the case of the return is not about to the cases that are."""
    others = tuple(case for case in book.open if case.case_id != came.case_id)
    book = account_goods.checked(replace(book, open=others), came.are_fit)
    parts, freed = claimed(book, came.freed)
    return replace(came, freed=freed, taken=tuple(parts)), [told_back(book, part) for part in parts]


def told_to(told: Sequence[Addressed]) -> Sequence[Fact]:
    """Tells other cases, where there is something to tell."""
    return [tell(*told)] if told else []


def at_shop(book: OrderAccount, known: Returning, here: tuple[Share, ...]) -> ReturnCame | None:
    """Notes what the shop has of the goods that were sent for a case; nothing where it is no more."""
    here = inside(here, known.sent) if known.sent else here
    more = without(here, known.here)
    if not more:
        return None
    case = book.case(known.case_id)
    if case is None:
        return ReturnCame(known.case_id, here, account_goods.owed(book, more))
    arrived = account_goods.arrived(book, known.case_id, here)
    return ReturnCame(known.case_id, here, account_goods.loose(arrived, case))


def left_out(case: OpenCase | None, shares: Sequence[Share]) -> tuple[Share, ...]:
    """Lists the pieces of a return that are not paid for: they did not come, or were not accepted."""
    if case is None or case.kind is None or not case.kind.wants_goods_back or not shares:
        return ()
    return without(case.shares, shares)


@rule("RF-025", "RF-029", "RF-044")
def asked_beside(
    book: OrderAccount, case_id: str, left: Sequence[Share], policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Asks about pieces that are back and are not paid for, whenever the payment for the others settles."""
    pieces = account_goods.beside(book, case_id, left)
    return asked(book, "goods_back_without_refund", pieces, policy, now)


def asked(
    book: OrderAccount,
    question_code: str,
    pieces: Sequence[Share],
    policy: Policy,
    now: datetime,
    *,
    reason_code: str = BACK_REASON,
    kind: RefundKind = RefundKind.NO_RETURN,
    are_here: bool = True,
    remedy_id: str = "",
    about: str = "",
    parcel_id: str = "",
) -> Sequence[Fact]:
    """Asks about goods that the buyer has as little as their money; later, where that came from others."""
    is_held = book.beside.is_disputed
    lines = {line.line_id: line for line in book.lines if book.paid_at is not None}
    known = [share for share in pieces if share.line_id in lines]
    worth = tuple(share for share in known if lines[share.line_id].left_minor > 0 or is_held)
    unpaid = tuple(share for share in known if share not in worth and lines[share.line_id].left_count)
    number = book.question_count + 1
    question = Question(number, question_code, worth, reason_code, kind, are_here, about, parcel_id)
    asks: list[Fact] = [QuestionAsked(question, now + policy.attention_days, remedy_id)] if worth else []
    if unpaid and book.beside.was_paid_outside:
        asks.append(QuestionKept(replace(question, number=0, pieces=unpaid)))
    return asks


def taken(book: OrderAccount, pieces: Sequence[Share], policy: Policy, now: datetime) -> Sequence[Fact]:
    """Voids the questions about pieces that a case or the buyer has now, and asks about the others anew."""
    facts: list[Fact] = []
    number = book.question_count
    left = tuple(pieces)
    for question in book.questions:
        if question.are_here and (gone := inside(question.pieces, left)):
            left = without(left, gone)
            facts.append(QuestionVoid(question.number))
            if rest := without(question.pieces, gone):
                number += 1
                again = replace(question, number=number, pieces=rest)
                facts.append(QuestionAsked(again, now + policy.attention_days))
    return facts
