"""Decides what is owed again once money is back that others had given to the buyer."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import Decided
from kernel.rules import rule, rules_of
from kernel.value import replace
from services.refunds.cases.order import account, account_money, rules_beside, rules_goods, rules_remedies
from services.refunds.cases.order.account import OrderAccount
from services.refunds.cases.order.facts import Fact, MoneyEntered
from services.refunds.cases.order.messages import MoneyNews
from services.refunds.cases.order.state import State, evolve, live
from services.refunds.goods import Question, inside
from services.refunds.money_beside import QuestionKept, Surplus
from services.refunds.policy import Policy
from services.refunds.shares import Share

Decisions = Sequence[Decided[Fact]]


def owed_again(state: State, news: MoneyNews, decided: Decisions, policy: Policy, now: datetime) -> Decisions:
    """Looks again, after money moved, at what it was missing for: cut refunds, remedies, questions."""
    if not decided:
        return decided
    beside = live(state).book.beside
    if beside.short:
        after = reduce(evolve, (entry.fact for entry in decided), state)
        decided = [*decided, *_made_up(live(after).book, policy, now)]
    decided = rules_remedies.remedied(state, news, decided, policy, now)
    for question in beside.unasked:
        after = reduce(evolve, (entry.fact for entry in decided), state)
        decided = [*decided, *_asked(live(after).book, question, policy, now)]
    return decided


@rule("RF-029", "RF-048")
def _made_up(book: OrderAccount, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks whether the buyer gets what a refund was cut by: those who had paid it have it back."""
    shares, freight = owed(book)
    minor = sum(share.minor for share in shares) + freight
    if not minor:
        return []
    tenders = account.split(book, minor, policy.order.tender_strategy)
    book = account.moved(book, shares, freight, tenders, 1, are_goods_gone=False, was_sent=False)
    less = tuple(replace(share, minor=-share.minor) for share in shares)
    book = replace(book, beside=book.beside.with_short(less, -freight))
    facts: list[Fact] = []
    for part in tenders:
        known = book.beside.surplus_of(part.payment_id)
        more = part.minor + (0 if known is None else known.minor)
        surplus = Surplus(part.payment_id, more, book.currency, is_cash=part.is_cash)
        book, asks = rules_beside.asked_of_surplus(book, surplus, rules_beside.OWED, policy, now)
        facts += asks
    return [MoneyEntered(book, "owed_again"), *facts]


@rules_of("RF-029", "RF-048")
def owed(book: OrderAccount) -> tuple[tuple[Share, ...], int]:
    """Computes what refunds were cut by, in lines and freight, and others leave with the buyer no more."""
    short = book.beside.short
    minor = sum(share.minor for share in short) + book.beside.short_freight_minor - _with_buyer_minor(book)
    lines = {line.line_id: line for line in book.lines}
    shares: list[Share] = []
    for share in short:
        line = lines.get(share.line_id)
        most = 0 if line is None else max(line.left_minor, 0)
        part = max(min(share.minor, most, minor), 0)
        minor -= part
        shares.append(Share(share.line_id, 0, part))
    freight = min(book.beside.short_freight_minor, account_money.freight_left_minor(book), max(minor, 0))
    return tuple(share for share in shares if share.minor), freight


def _with_buyer_minor(book: OrderAccount) -> int:
    """Adds up what others gave the buyer of the order's money, other than for pieces that they repaid."""
    beside = book.beside
    known = [(one.minor, one.booked) for one in beside.outside]
    known += [(one.minor, one.booked) for one in beside.disputes if one.stage != "won"]
    apart = sum(part.minor for _, what in known for part in what.surplus)
    pieces = sum(share.minor for _, what in known for share in what.shares if share.quantity_count)
    return sum(minor for minor, _ in known) - apart - pieces


@rule("RF-044")
def _asked(book: OrderAccount, question: Question, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks about pieces that are still nobody's, now that there is money for them."""
    pieces = rules_remedies.nobodys(book, question.pieces, are_here=question.are_here)
    lines = {line.line_id: line for line in book.lines}
    free = tuple(share for share in pieces if lines[share.line_id].left_minor > 0)
    if not inside(free, question.pieces):
        return []
    asked = rules_goods.asked(
        book,
        question.question_code,
        free,
        policy,
        now,
        reason_code=question.reason_code,
        kind=question.kind,
        are_here=question.are_here,
        about=question.about,
        parcel_id=question.parcel_id,
    )
    return [QuestionKept(question, is_over=True), *asked]
