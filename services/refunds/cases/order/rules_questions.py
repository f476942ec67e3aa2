"""Decides on answers about goods: a person pays or sends, a buyer takes money in place of an exchange."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import Decided
from kernel.ids import derived_id
from kernel.rules import rule
from kernel.value import replace
from services.refunds.cases.order import account_goods
from services.refunds.cases.order import rules_goods as goods
from services.refunds.cases.order.account import OrderAccount
from services.refunds.cases.order.admission import remedy_terms
from services.refunds.cases.order.facts import (
    CaseReleased,
    Fact,
    GoodsGone,
    QuestionAgreed,
    QuestionAsked,
    QuestionSettled,
    SendBackDue,
)
from services.refunds.cases.order.messages import QuestionAnswered, RefundOffered
from services.refunds.cases.order.rules_money import ours
from services.refunds.cases.order.state import Live, Shipped, State, evolve, live
from services.refunds.goods import Question, pieces_of, without
from services.refunds.policy import Policy
from services.refunds.shares import RefundKind, Share

PAY = frozenset({"approved", "confirmed", "done", "pay", "refund"})
NOTHING = frozenset({"refused", "declined"})
SEND = NOTHING | {"send_back", "reship"}


def answered(
    state: State, answer: QuestionAnswered, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Pays for the pieces, or sends those that are here to the buyer. Any other word is asked about again."""
    current = live(state)
    question = next((one for one in current.book.questions if one.number == answer.number), None)
    if question is None or question.refund_id:
        return []
    if answer.outcome_code in PAY:
        if not question.are_here and _is_busy(current.book, question):
            return _agreed(question, answer.refund_id)
        return _paid(current, question, answer.refund_id, policy, now)
    if answer.outcome_code in (SEND if question.are_here else NOTHING):
        return _sent(current, question, answer.send_id, policy, now)
    return _again(current.book, question, policy, now)


@rule("RF-044", "RF-121")
def _paid(current: Live, question: Question, refund_id: str, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Opens the refund for what the pieces can still give back. It is agreed already."""
    settled = QuestionSettled(question.number)
    pieces = _left(current.book, question)
    terms = remedy_terms(current.book, pieces, question.reason_code, question.kind, policy)
    if not pieces or terms.amount.minor == 0:
        is_held = bool(pieces) and current.book.beside.is_disputed
        return [settled, _anew(current.book, question, policy, now)] if is_held else [settled]
    opened = ours(current, refund_id, terms, policy, now, remedy_id=None, are_goods_back=question.are_here)
    return [settled, opened]


def _is_busy(book: OrderAccount, question: Question) -> bool:
    """Tells whether open cases are about pieces of the question."""
    for share in question.pieces:
        line = book.line(share.line_id)
        cases = sum(case.count_of(share.line_id) for case in book.open if case.still_has_goods)
        if line is not None and cases and share.quantity_count > line.left_count - cases:
            return True
    return False


@rule("RF-007", "RF-035")
def _agreed(question: Question, refund_id: str) -> Sequence[Fact]:
    """Keeps the answer until the cases are over: what they pay is not paid again."""
    return [QuestionAgreed(replace(question, refund_id=refund_id))]


def agreed(
    state: State, after: State, decided: Sequence[Decided[Fact]], policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Does what a person said about pieces, once the last case that was about them is over."""
    over = [entry.fact for entry in decided if isinstance(entry.fact, CaseReleased)]
    if not over:
        return []
    replaced = [share for fact in over if fact.is_replaced for share in _shares(state, fact.case_id)]
    done: list[Decided[Fact]] = []
    for question in live(state).book.questions:
        current = live(reduce(evolve, (entry.fact for entry in done), after))
        rest = replace(question, pieces=without(question.pieces, replaced))
        if question.refund_id and not _is_busy(current.book, rest):
            done += _paid(current, rest, question.refund_id, policy, now)
    return done


def _shares(state: State, case_id: str) -> tuple[Share, ...]:
    case = live(state).book.case(case_id)
    return () if case is None else case.shares


def _left(book: OrderAccount, question: Question) -> tuple[Share, ...]:
    """Lists the pieces of the question for which the buyer has neither money nor others meanwhile."""
    return pieces_of(
        {
            share.line_id: min(
                share.quantity_count, line.left_count, account_goods.not_with_buyer(book, line)
            )
            for share in question.pieces
            if (line := book.line(share.line_id)) is not None
        }
    )


@rule("RF-044")
def _sent(current: Live, question: Question, send_id: str, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Sends the buyer's goods to him again. About pieces that are not here nothing is to be sent."""
    book, settled = current.book, QuestionSettled(question.number)
    pieces = _left(book, question)
    if not question.are_here or not pieces:
        return [settled]
    skus = tuple(line.sku_id for share in pieces if (line := book.line(share.line_id)) is not None)
    due = SendBackDue(question.number, pieces, skus, now + policy.exchange.replace_days, send_id)
    return [settled, GoodsGone(account_goods.back_free(book, pieces)), due]


@rule("RF-044")
def _again(book: OrderAccount, question: Question, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks anew where the answer ends nothing."""
    return [QuestionSettled(question.number), _anew(book, question, policy, now)]


def _anew(book: OrderAccount, question: Question, policy: Policy, now: datetime) -> QuestionAsked:
    again = replace(question, number=book.question_count + 1, refund_id="")
    return QuestionAsked(again, now + policy.attention_days)


def refund_offered(
    state: State, offered: RefundOffered, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Opens a refund for an exchange that cannot be had. The buyer chose; we agree at once (RF-121)."""
    current = live(state)
    refund_id = derived_id(offered.exchange_id, "refund")
    if current.book.knows(refund_id):
        return []
    kind = RefundKind.WITH_RETURN if offered.is_return_needed else RefundKind.NO_RETURN
    are_goods_back = not offered.is_return_needed
    if not isinstance(current, Shipped):
        return _converted(
            goods.asked(
                current.book,
                "refund_for_exchange_after_success",
                offered.shares,
                policy,
                now,
                reason_code=offered.reason_code,
                kind=kind,
                are_here=are_goods_back,
            )
        )
    terms = remedy_terms(current.book, offered.shares, offered.reason_code, kind, policy)
    return _converted(
        [ours(current, refund_id, terms, policy, now, remedy_id=None, are_goods_back=are_goods_back)]
    )


@rule("RF-121")
def _converted(facts: Sequence[Fact]) -> Sequence[Fact]:
    """Opens the refund at once. After the end of the order a person says that it is paid."""
    return facts
