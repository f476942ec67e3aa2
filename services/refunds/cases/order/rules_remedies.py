"""Decides about remedies: logistics says which pieces the buyer is to be paid for."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import Decided
from kernel.ids import derived_id
from kernel.rules import rule, rules_of
from services.refunds.cases.order import account_goods, account_money
from services.refunds.cases.order import rules_goods as goods
from services.refunds.cases.order.account import OpenCase, OrderAccount
from services.refunds.cases.order.admission import (
    kind_of,
    remedy_terms,
)
from services.refunds.cases.order.facts import (
    Fact,
    RefundAdmitted,
    RemedyKept,
    RemedyPassedOn,
)
from services.refunds.cases.order.messages import MoneyNews, OrderPaid, RemedyDue
from services.refunds.cases.order.rules_money import ours, task
from services.refunds.cases.order.state import (
    AwaitingPayment,
    Closed,
    Ended,
    Paid,
    Shipped,
    State,
    Succeeded,
    evolve,
    live,
)
from services.refunds.goods import BACK_REASONS, Back, counts_of, inside, pieces_of, together, without
from services.refunds.policy import Policy
from services.refunds.rejections import Rejection
from services.refunds.shares import RefundKind, Share

Decisions = Sequence[Decided[Fact]]


def remedy_due(state: State, remedy: RemedyDue, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Pays the refunds that wait for these pieces: report and memo are done, or the goods are back.

    For pieces that no case is about one is opened; those of a case that is about something else, or
    that wants the goods back, go to a person.
    """
    current = live(state)
    book = current.book
    if remedy.remedy_id in book.remedies or book.knows(derived_id(remedy.remedy_id, "refund")):
        return []
    if isinstance(current, AwaitingPayment) or book.paid_at is None:
        return _kept(book, remedy)
    decided = _remedied(current, remedy, policy, now)
    return decided or (_kept(book, remedy) if _are_others(book, remedy) else [])


def _remedied(current: Ended | Paid | Shipped, remedy: RemedyDue, policy: Policy, now: datetime) -> Decisions:
    book = current.book
    if isinstance(current, Closed) and book.is_goods_refunded:
        return []
    if isinstance(current, Succeeded | Closed):
        return _after_the_end(book, remedy, policy, now)
    if not book.lines:
        return _of_unknown_lines(book, remedy, policy, now)
    found, rest = _waiting(book, _known_pieces(book, remedy.pieces), _parcel_of(remedy))
    are_here = remedy.reason_code in BACK_REASONS
    if are_here:
        rest = nobodys(book, rest, are_here=True)
    decided: list[Decided[Fact]] = []
    for case, taken in found:
        decided += _passed_on(_told(case, remedy, taken))
    free = _free(book, rest, are_here=are_here)
    if free != rest:
        is_exchange = any(
            case.kind is None and any(case.count_of(share.line_id) for share in rest) for case in book.open
        )
        question = "remedy_on_exchange" if is_exchange else "remedy_on_other_refund"
        decided += _question(book, remedy, without(rest, free), question, policy, now)
    return [*decided, *_opened(current, remedy, free, policy, now)] if free else decided


@rule("RF-007", "RF-035", "RF-044")
def _kept(book: OrderAccount, remedy: RemedyDue) -> Sequence[Fact]:
    """Keeps a remedy until the payment is known, or its money is free: before it nothing can be paid."""
    is_kept = any(one.remedy_id == remedy.remedy_id for one in book.early_remedies)
    return [] if is_kept else [RemedyKept(remedy)]


def remedied_since(
    state: State, paid: Sequence[Decided[Fact]], policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Looks again at the remedies that came before the payment, or while others had its money."""
    decided: list[Decided[Fact]] = []
    for remedy in live(state).book.early_remedies:
        after = reduce(evolve, (entry.fact for entry in (*paid, *decided)), state)
        decided += remedy_due(after, remedy, policy, now)
    return decided


def remedied(
    state: State, news: MoneyNews, decided: Sequence[Decided[Fact]], policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Looks again, after money moved, at the remedies that it was missing for; a payment does so itself."""
    if isinstance(news, OrderPaid) or not decided or not live(state).book.early_remedies:
        return decided
    return [*decided, *remedied_since(state, decided, policy, now)]


@rules_of("RF-044")
def _are_others(book: OrderAccount, remedy: RemedyDue) -> bool:
    """Tells whether others gave the money of these pieces back: they may not leave it with the buyer."""
    ids = {one.outside_id for one in book.beside.outside}
    theirs = [share for one in book.held.repaid if one.case_id in ids for share in one.shares]
    return bool(inside(theirs, remedy.pieces)) if remedy.pieces else bool(theirs)


@rules_of("RF-044")
def nobodys(book: OrderAccount, pieces: tuple[Share, ...], *, are_here: bool) -> tuple[Share, ...]:
    """Lists the pieces that are back, or missing otherwise, and that neither a case nor a question is about.

    A parcel that was lost may have been sent again, and that one be back.
    """
    asked = counts_of(share for one in book.questions for share in one.pieces)
    taken = counts_of(share for case in book.open for share in case.back)
    found: dict[str, int] = {}
    for share in pieces:
        line = book.line(share.line_id)
        if line is None:
            continue
        is_known = are_here and (line.back_count or taken.get(share.line_id, 0))
        known = line.back_count if is_known else line.back_count + account_goods.not_back(book, line)
        found[share.line_id] = min(share.quantity_count, known - asked.get(share.line_id, 0))
    return pieces_of(found)


def _after_the_end(
    book: OrderAccount, remedy: RemedyDue, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Pays the refunds that wait; about other pieces a person is asked, because the order is over."""
    if not book.lines:
        return _asked(remedy, ENDED, policy, now)
    found, rest = _waiting(book, _known_pieces(book, remedy.pieces), _parcel_of(remedy))
    rest = nobodys(book, rest, are_here=remedy.reason_code in BACK_REASONS)
    decided: list[Decided[Fact]] = []
    for case, taken in found:
        decided += _passed_on(_told(case, remedy, taken))
    return [*decided, *_question(book, remedy, rest, ENDED, policy, now)]


@rule("RF-007", "RF-035", "RF-044")
def _question(
    book: OrderAccount,
    remedy: RemedyDue,
    pieces: tuple[Share, ...],
    question_code: str,
    policy: Policy,
    now: datetime,
) -> Sequence[Fact]:
    """Asks a person, whose answer pays: the buyer has nothing for these pieces."""
    are_here = remedy.reason_code in BACK_REASONS
    kind = RefundKind.NO_RETURN if are_here else RefundKind.NOT_RECEIVED
    return goods.asked(
        book,
        question_code,
        pieces,
        policy,
        now,
        reason_code=remedy.reason_code,
        kind=kind,
        are_here=are_here,
        remedy_id=remedy.remedy_id,
        parcel_id=remedy.parcel_id,
    )


ENDED = "remedy_without_open_order"


def _waiting(
    book: OrderAccount, pieces: Sequence[Share], parcel_id: str
) -> tuple[list[tuple[OpenCase, tuple[Share, ...]]], tuple[Share, ...]]:
    """Finds the waiting case of each of these pieces, and the pieces without one.

    A case of some pieces of a line has them once: those that another parcel brought are no others'.
    """
    rest = tuple(pieces)
    found: list[tuple[OpenCase, tuple[Share, ...]]] = []
    for case in book.open:
        wanted = without(case.shares, _told_before(case, parcel_id))
        if case.waits_for_goods and (taken := inside(wanted, rest)):
            found.append((case, taken))
            rest = without(rest, taken)
    return found, pieces_of(counts_of(rest))


def _told_before(case: OpenCase, parcel_id: str) -> list[Share]:
    """Lists the pieces that the case was told to pay for because of other parcels."""
    return [share for one in case.remedied if one.case_id != parcel_id for share in one.pieces]


def _parcel_of(remedy: RemedyDue) -> str:
    return remedy.parcel_id or remedy.remedy_id


def _told(case: OpenCase, remedy: RemedyDue, pieces: tuple[Share, ...]) -> RemedyPassedOn:
    """Tells the case of all pieces that it is to pay for by now."""
    taken = Back(_parcel_of(remedy), pieces)
    shares = together(_told_before(case, taken.case_id), pieces)
    return RemedyPassedOn(case.case_id, remedy.remedy_id, remedy.reason_code, shares, taken)


@rule("RF-035", "RF-036", "RF-037", "RF-038")
def _passed_on(fact: RemedyPassedOn) -> Sequence[Fact]:
    return [fact]


def _opened(
    current: Paid | Shipped, remedy: RemedyDue, pieces: tuple[Share, ...], policy: Policy, now: datetime
) -> list[Decided[Fact]]:
    is_stock = remedy.reason_code == "no_stock"
    kind = kind_of(current, pieces, RefundKind.UNSHIPPED if is_stock else RefundKind.NOT_RECEIVED)
    if kind is Rejection.ALREADY_SHIPPED or (kind is Rejection.LINES_DIFFER and not is_stock):
        kind = RefundKind.NOT_RECEIVED
    if isinstance(kind, Rejection):
        return _asked(remedy, "remedy_on_mixed_lines", policy, now)
    refund_id = derived_id(remedy.remedy_id, "refund")
    book = account_money.for_refund(current.book, refund_id)
    terms = remedy_terms(book, pieces, remedy.reason_code, kind, policy)
    if terms.amount.minor == 0 and any(line.paid_minor for line in book.lines):
        return [*_kept(current.book, remedy)]
    undisputed = remedy_terms(_undisputed(book), pieces, remedy.reason_code, kind, policy)
    if undisputed.amount.minor > terms.amount.minor:
        return [*_kept(current.book, remedy)]
    fact = ours(current, refund_id, terms, policy, now, remedy_id=remedy.remedy_id, are_goods_back=False)
    return _admitted(fact)


def _undisputed(book: OrderAccount) -> OrderAccount:
    """Computes the account as it is if the payer loses every dispute that is open."""
    for dispute in book.beside.disputes:
        if dispute.stage == "opened":
            book = account_money.entered(book, dispute.dispute_id, dispute.booked, -1)
    return book


@rule("RF-007", "RF-035", "RF-036", "RF-037", "RF-038")
def _admitted(fact: RefundAdmitted) -> Sequence[Fact]:
    return [fact]


def _of_unknown_lines(
    book: OrderAccount, remedy: RemedyDue, policy: Policy, now: datetime
) -> list[Decided[Fact]]:
    """Pays refunds that wait for the goods of an order without lines; if none, a person says how much."""
    decided: list[Decided[Fact]] = []
    for case in book.open:
        if case.waits_for_goods:
            decided += _passed_on(RemedyPassedOn(case.case_id, remedy.remedy_id, remedy.reason_code))
    return decided or _asked(remedy, "remedy_on_unknown_lines", policy, now)


def _asked(remedy: RemedyDue, question_code: str, policy: Policy, now: datetime) -> list[Decided[Fact]]:
    return [*task(f"remedy-{remedy.remedy_id}", question_code, policy, now)]


def _known_pieces(book: OrderAccount, asked: tuple[Share, ...]) -> tuple[Share, ...]:
    """Lists the pieces of the remedy that the buyer has not, nor their money; all where none is named."""
    left = {
        line.line_id: count
        for line in book.lines
        if (count := min(line.left_count, account_goods.not_with_buyer(book, line))) > 0
    }
    wanted = {share.line_id: share.quantity_count for share in asked} or left
    return tuple(
        Share(line_id, min(count, left[line_id]), 0) for line_id, count in wanted.items() if line_id in left
    )


def _free(book: OrderAccount, pieces: tuple[Share, ...], *, are_here: bool) -> tuple[Share, ...]:
    """Lists the pieces that no open case is about. A line that is to come back or be exchanged has none.

    `are_here`: they are back, and those that are in no case are counted.
    """
    free: list[Share] = []
    for share in pieces:
        line = book.line(share.line_id)
        cases = [case for case in book.open if case.still_has_goods and case.count_of(share.line_id)]
        if line is not None and line.back_count and are_here:
            free.append(Share(share.line_id, min(share.quantity_count, line.back_count), 0))
            continue
        if line is None or any(case.kind is None or case.kind.wants_goods_back for case in cases):
            continue
        outside = line.left_count - sum(case.count_of(share.line_id) for case in cases)
        if (count := min(share.quantity_count, outside)) > 0:
            free.append(Share(share.line_id, count, 0))
    return tuple(free)
