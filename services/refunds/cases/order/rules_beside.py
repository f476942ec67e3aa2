"""Decides what a person's answer about money does, and which payments wait until it is there."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import HERE, Decided, tell
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.rules import rule
from kernel.value import replace
from services.refunds.cases.order import account, account_money
from services.refunds.cases.order.account import OrderAccount
from services.refunds.cases.order.admission import remedy_terms
from services.refunds.cases.order.facts import Fact, MoneyEntered, PaymentGranted
from services.refunds.cases.order.messages import CaseEnded, MoneyAnswered, PaymentAsked
from services.refunds.cases.order.rules_money import grant, ours, released
from services.refunds.cases.order.state import Live, State, Succeeded, evolve, live
from services.refunds.cases.refund_agreement import messages as agreement
from services.refunds.cases.refund_intent import messages as intent
from services.refunds.money_beside import MoneyQuestion, Outside, Surplus, Waiting, name_of
from services.refunds.policy import Policy
from services.refunds.shares import Purpose, RefundKind, Tender

GIVE_BACK = frozenset({"refund", "pay", "approved", "done"})
KEEP = frozenset({"keep", "refused", "declined", "unfounded"})
CONFIRM = frozenset({"confirmed", "approved", "done"})
NOT_MOVED = frozenset({"not_moved", "refused", "unfounded"})
SURPLUS = "surplus_paid"
AFTER_CLOSE = "paid_after_close"
OTHER_CURRENCY = "payment_in_another_currency"
OUT_IN_OTHER_CURRENCY = "refund_in_another_currency"
BEYOND = "paid_beyond_account"
REMOVED = "removed_lines_paid"
OWED = "refund_owed_again"
_INCOMING = frozenset({SURPLUS, AFTER_CLOSE, OTHER_CURRENCY, REMOVED, OWED})


def asked(
    book: OrderAccount,
    question_code: str,
    about: str,
    amount: Money,
    policy: Policy,
    now: datetime,
    *,
    holds: bool = False,
) -> tuple[OrderAccount, Task]:
    """Keeps the next question about money, and asks a person."""
    question = MoneyQuestion(book.beside.question_count + 1, question_code, about, amount, holds)
    book = replace(book, beside=book.beside.with_question(question))
    due_at = now + policy.attention_days
    return book, Task(question_code, due_at, "reconciliation", name=name_of(question.number))


def unasked(book: OrderAccount, about: str, reason_code: str) -> tuple[OrderAccount, list[Fact]]:
    """Takes back the open questions about some money."""
    void = [question for question in book.beside.questions if question.about == about]
    for question in void:
        book = replace(book, beside=book.beside.without_question(question.number))
    return book, [TaskWithdrawn(reason_code, name=name_of(question.number)) for question in void]


def no_longer_beyond(book: OrderAccount) -> tuple[OrderAccount, list[Fact]]:
    """Takes back questions about money for which the account has room by now."""
    facts: list[Fact] = []
    for question in book.beside.questions:
        if question.question_code == BEYOND and not account_money.over_of(book, question.about):
            book, void = unasked(book, question.about, "in_account")
            facts += void
    return book, facts


def asked_of_any(book: OrderAccount, policy: Policy, now: datetime) -> tuple[OrderAccount, list[Fact]]:
    """Asks about money that the order does not need and that nobody is asked about."""
    facts: list[Fact] = []
    waiting = {wish.case_id for wish in book.beside.waiting}
    for surplus in book.beside.surplus:
        is_asked = any(one.about == surplus.payment_id for one in book.beside.questions)
        if not is_asked and surplus.payment_id not in waiting:
            book, asks = asked_of_surplus(book, surplus, SURPLUS, policy, now)
            facts += asks
    return book, facts


def asked_of_surplus(
    book: OrderAccount, surplus: Surplus, question_code: str, policy: Policy, now: datetime
) -> tuple[OrderAccount, list[Fact]]:
    """Asks what becomes of money that the order does not need, in place of an older question about it."""
    book, facts = unasked(book, surplus.payment_id, "asked_anew")
    amount = Money(surplus.minor, surplus.currency)
    book, task = asked(book, question_code, surplus.payment_id, amount, policy, now)
    surplus = replace(surplus, number=book.beside.question_count)
    return replace(book, beside=book.beside.with_surplus(surplus)), [*facts, task]


def money_answered(
    state: State, answer: MoneyAnswered, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Does what a person said about money, then pays what waited for that."""
    current = live(state)
    question = current.book.beside.question_of(answer.number)
    if question is None:
        return []
    book = replace(current.book, beside=current.book.beside.without_question(question.number))
    if question.question_code in _INCOMING:
        decided = _incoming(current, book, question, answer, policy, now)
    else:
        decided = _outgoing(book, question, answer, policy, now)
    return [*decided, *resumed(state, decided, policy, now)]


def _incoming(
    current: Live,
    book: OrderAccount,
    question: MoneyQuestion,
    answer: MoneyAnswered,
    policy: Policy,
    now: datetime,
) -> Sequence[Decided[Fact]]:
    surplus = book.beside.surplus_of(question.about)
    word = answer.outcome_code
    if word in KEEP:
        if surplus is not None:
            book = replace(book, beside=book.beside.with_surplus(replace(surplus, minor=0)))
        return _settled(book, question)
    if word == "count" and surplus is not None and _counts(book, answer.amount):
        return _counted(book, surplus, answer.amount, policy, now)
    if word not in GIVE_BACK:
        return _again(book, question, policy, now)
    if surplus is not None:
        return given_back(book, surplus, answer.intent_id)
    if question.question_code in (SURPLUS, OWED):  # others gave it back meanwhile
        return _settled(book, question)
    return _refunded(current, book, question, answer.intent_id, policy, now)


def _counts(book: OrderAccount, amount: Money | None) -> bool:
    return amount is not None and amount.currency == book.currency and amount.minor > 0


@rule("OR-003", "RF-048")
def given_back(book: OrderAccount, surplus: Surplus, intent_id: str) -> Sequence[Fact]:
    """Pays money back that the order does not need, through the payment that it came by.

    While a person must answer about another sum, it waits.
    """
    amount = Money(surplus.minor, surplus.currency)
    if book.beside.is_held:
        wish = Waiting(surplus.payment_id, intent_id, Purpose.SURPLUS, amount)
        return [MoneyEntered(account_money.with_waiting(book, wish), "waits", surplus.payment_id)]
    return [
        MoneyEntered(book, "answered", surplus.payment_id),
        PaymentGranted(
            case_id=surplus.payment_id,
            intent_id=intent_id,
            purpose=Purpose.SURPLUS,
            amount=amount,
            shares=(),
            freight_minor=0,
            tenders=(Tender(surplus.payment_id, surplus.minor, surplus.is_cash),),
            are_goods_gone=False,
            is_full=False,
            remedy_id=None,
        ),
    ]


@rule("OR-005")
def _refunded(
    current: Live, book: OrderAccount, question: MoneyQuestion, refund_id: str, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Opens the refund of an order that was paid after its end."""
    pieces = account.open_pieces(book)
    is_here = all(line.unsent_count >= line.left_count for line in book.lines)
    kind = RefundKind.UNSHIPPED if is_here else RefundKind.NO_RETURN
    terms = remedy_terms(book, pieces, question.question_code, kind, policy)
    if not terms.amount.minor or book.knows(refund_id):
        return [MoneyEntered(book, "answered", question.about)]
    opened = ours(current, refund_id, terms, policy, now, remedy_id=None, are_goods_back=False)
    return [MoneyEntered(book, "answered", question.about), opened]


@rule("OR-003")
def _settled(book: OrderAccount, question: MoneyQuestion) -> Sequence[Fact]:
    return [MoneyEntered(book, "answered", question.about)]


@rule("OR-003")
def _counted(
    book: OrderAccount, surplus: Surplus, amount: Money | None, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Counts a payment in another currency as the sum that a person named."""
    minor = 0 if amount is None else amount.minor
    book = replace(book, beside=book.beside.with_surplus(replace(surplus, minor=0)))
    tender = Tender(surplus.payment_id, minor, surplus.is_cash)
    book, rest = account_money.more_paid(book, [tender])
    facts: list[Fact] = []
    for part in rest:
        more = Surplus(part.payment_id, part.minor, book.currency, is_cash=part.is_cash)
        book, asks = asked_of_surplus(book, more, SURPLUS, policy, now)
        facts += asks
    return [MoneyEntered(book, "counted", surplus.payment_id), *facts]


@rule("OR-003")
def _again(book: OrderAccount, question: MoneyQuestion, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks anew where the answer ends nothing."""
    holds = question.holds
    again, task = asked(
        book, question.question_code, question.about, question.amount, policy, now, holds=holds
    )
    return [MoneyEntered(again, "asked_anew", question.about), task]


@rule("OR-003", "RF-029")
def _outgoing(
    book: OrderAccount, question: MoneyQuestion, answer: MoneyAnswered, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Leaves the account as the provider says, or undoes what did not move after all."""
    word, about = answer.outcome_code, question.about
    is_foreign = question.amount.currency != book.currency
    if answer.amount is not None and is_foreign and _counts(book, answer.amount):
        return [MoneyEntered(went_out(book, about, answer.amount.minor), "counted", about)]
    if word in CONFIRM or (is_foreign and word in KEEP):
        return [MoneyEntered(book, "confirmed", about)]
    if word not in NOT_MOVED or question.question_code == BEYOND:
        again, task = asked(
            book, question.question_code, about, question.amount, policy, now, holds=question.holds
        )
        return [MoneyEntered(again, "asked_anew", about), task]
    book = account_money.overs_booked(less_out(book, about, question.amount.minor))
    book, void = no_longer_beyond(book)
    told = intent.to(HERE, about, intent.MoreNotMoved(question.amount))
    return [MoneyEntered(book, "not_moved", about), *void, *([tell(told)] if about in book.intents else [])]


def payment_asked(state: State, wish: PaymentAsked, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Grants money, or lets it wait. What was told of as this very payment before is no money of others."""
    strays = live(state).book.beside.strays_of(wish.intent_id)
    if not strays:
        return grant(state, wish, policy, now)
    own = _granted_after_all(live(state).book, strays)
    after = reduce(evolve, (entry.fact for entry in own), state)
    decided = grant(after, wish, policy, now)
    if any(isinstance(entry.fact, PaymentGranted) for entry in decided):
        return [*own, *decided]
    return grant(state, wish, policy, now)


@rule("OR-003", "RF-029")
def _granted_after_all(book: OrderAccount, strays: Sequence[Outside]) -> Sequence[Fact]:
    facts: list[Fact] = []
    book = account_money.without_strays(book, strays)
    for stray in strays:
        book, void = unasked(book, stray.outside_id, "granted")
        facts += void
    book, void = no_longer_beyond(book)
    return [MoneyEntered(book, "granted", strays[0].outside_id), *facts, *void]


def went_out(book: OrderAccount, outside_id: str, minor: int, tenders: Sequence[Tender] = ()) -> OrderAccount:
    """Books more money that went out under an id."""
    known = book.beside.outside_of(outside_id)
    before = 0 if known is None else known.minor
    if known is not None:
        book = account_money.entered(book, outside_id, known.booked, -1)
    told = () if known is None else known.told
    what = account_money.booked(book, before + minor, tenders, told)
    what = account_money.without_pieces(book, outside_id, what)
    book = account_money.entered(book, outside_id, what, 1)
    intent_id = "" if known is None else known.intent_id
    out = Outside(outside_id, before + minor, what, told, before + minor, intent_id)
    return replace(book, beside=book.beside.with_outside(out))


def less_out(book: OrderAccount, outside_id: str, minor: int) -> OrderAccount:
    """Takes money that did not stay with the buyer out of the account of what went out."""
    known = book.beside.outside_of(outside_id)
    if known is None:
        return book
    book = account_money.entered(book, outside_id, known.booked, -1)
    left = max(known.minor - minor, 0)
    tenders = (*known.booked.tenders, *known.booked.surplus)
    what = account_money.booked(book, left, tenders, known.told)
    what = account_money.without_pieces(book, outside_id, what)
    book = account_money.entered(book, outside_id, what, 1)
    return replace(book, beside=book.beside.with_outside(replace(known, minor=left, booked=what)))


def resumed(
    state: State, decided: Sequence[Decided[Fact]], policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Decides about the payments that waited, once nothing holds them any more."""
    after = reduce(evolve, (entry.fact for entry in decided), state)
    beside = live(after).book.beside
    if not beside.waiting or beside.is_held:
        return []
    done = [*_released(replace(live(after).book, beside=replace(beside, waiting=())))]
    for wish in beside.waiting:
        current = reduce(evolve, (entry.fact for entry in done), after)
        done += _wish(current, wish, policy, now)
    return done


@rule("RF-029")
def _released(book: OrderAccount) -> Sequence[Fact]:
    return [MoneyEntered(book, "resumed")]


def _wish(current: State, wish: Waiting, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    if wish.purpose is Purpose.SURPLUS:
        book = live(current).book
        surplus = book.beside.surplus_of(wish.case_id)
        return [] if surplus is None else given_back(book, surplus, wish.intent_id)
    case = live(current).book.case(wish.case_id)
    if case is None and wish.purpose is Purpose.REFUND and live(current).book.knows(wish.case_id):
        return []
    is_received = isinstance(current, Succeeded) and current.cause == "buyer" and not wish.is_proven
    if is_received and case is not None and case.kind is RefundKind.NOT_RECEIVED:
        return _received(live(current), wish, policy, now)
    asked_for = PaymentAsked(
        wish.case_id,
        wish.intent_id,
        wish.purpose,
        wish.amount,
        wish.shares,
        wish.freight_minor,
        wish.are_goods_gone,
        wish.remedy_id,
        wish.is_proven,
    )
    return payment_asked(current, asked_for, policy, now)


@rule("RF-017", "RF-029")
def _received(current: Live, wish: Waiting, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Gives up a payment that waited for goods as not received: the buyer confirmed that he has them."""
    ended = CaseEnded(wish.case_id, is_used=False)
    given_up = agreement.PaymentGivenUp("receipt_confirmed")
    facts = released(current, ended, policy, now, is_paid=False)
    return [*facts, tell(agreement.to(HERE, wish.case_id, given_up))]
