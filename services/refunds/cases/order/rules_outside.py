"""Decides about money that others moved: paid to the buyer outside, disputed at his bank, more than asked."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import HERE, Decided, NotYet, tell
from kernel.money import Money
from kernel.people import TaskWithdrawn
from kernel.rules import rule
from kernel.value import replace
from services.refunds.cases.order import account_money, rules_beside
from services.refunds.cases.order.account import OrderAccount
from services.refunds.cases.order.facts import Fact, GrantGivenBack, MoneyEntered, reconciliation
from services.refunds.cases.order.messages import (
    ChargedBack,
    GrantCut,
    OutsideReversed,
    PaidOutside,
    SumDisputed,
    SumDoubted,
)
from services.refunds.cases.order.rules_beside import BEYOND, OUT_IN_OTHER_CURRENCY, resumed
from services.refunds.cases.order.rules_payments import no_longer_full
from services.refunds.cases.order.state import State, evolve, live
from services.refunds.cases.refund_intent import messages as intent
from services.refunds.money_beside import Booked, Dispute, Outside
from services.refunds.policy import Policy
from services.refunds.shares import Purpose, Tender

Decisions = Sequence[Decided[Fact]]


def paid_outside(state: State, paid: PaidOutside, policy: Policy, now: datetime) -> Decisions:
    """Enters money that others gave back: so much less can be asked for. A repeat is one movement."""
    book = live(state).book
    if paid.intent_id in book.intents:
        return []
    known = book.beside.outside_of(paid.outside_id)
    is_same = known is not None and paid.amount.minor in (known.minor, known.told_minor)
    if is_same and paid.amount.currency == book.currency:
        return []
    if known is None and _is_early(book):
        raise NotYet
    if paid.amount.currency != book.currency:
        return [] if known is not None else _foreign(book, paid, policy, now)
    return _entered(book, paid, policy, now)


def _is_early(book: OrderAccount) -> bool:
    """Tells whether no money of the order is known yet."""
    return book.paid_at is None and not book.beside.parts and not book.beside.surplus


@rule("OR-003")
def _foreign(book: OrderAccount, paid: PaidOutside, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks what money in another currency counts as. Until then nothing more is paid."""
    an_id = paid.outside_id
    out = Outside(an_id, 0, Booked(), intent_id=paid.intent_id)
    book = replace(book, beside=book.beside.with_outside(out))
    book, task = rules_beside.asked(book, OUT_IN_OTHER_CURRENCY, an_id, paid.amount, policy, now, holds=True)
    return [MoneyEntered(book, OUT_IN_OTHER_CURRENCY, an_id), task]


@rule("OR-003", "RF-048")
def _entered(book: OrderAccount, paid: PaidOutside, policy: Policy, now: datetime) -> Sequence[Fact]:
    an_id, minor = paid.outside_id, paid.amount.minor
    known = book.beside.outside_of(an_id)
    if known is not None:
        book = account_money.entered(book, an_id, known.booked, -1)
    what = account_money.booked(book, minor, paid.tenders, paid.shares, paid.freight_minor)
    what = account_money.money_alone(what) if paid.intent_id else what
    book = account_money.entered(book, an_id, what, 1)
    out = Outside(an_id, minor, what, paid.shares, minor, paid.intent_id)
    book = replace(book, beside=book.beside.with_outside(out))
    return _followed(book, an_id, what, "paid_outside", policy, now)


def _followed(
    book: OrderAccount, an_id: str, what: Booked, reason_code: str, policy: Policy, now: datetime
) -> list[Fact]:
    """Takes back questions about money that is gone, and looks after what was paid twice."""
    facts: list[Fact] = []
    for part in what.surplus:
        book, void = _surplus_gone(book, part, policy, now)
        facts += void
    book, void = rules_beside.unasked(book, an_id, "asked_anew")
    facts += void
    if not what.over_minor:
        return [MoneyEntered(book, reason_code, an_id), *facts]
    running = _running(book)
    if running:
        asked = intent.to(HERE, running[0], _elsewhere(book, an_id, what.over_minor))
        return [MoneyEntered(book, reason_code, an_id), *facts, tell(asked)]
    over = Money(what.over_minor, book.currency)
    book, task = rules_beside.asked(book, BEYOND, an_id, over, policy, now)
    return [MoneyEntered(book, reason_code, an_id), *facts, task]


def _elsewhere(book: OrderAccount, an_id: str, minor: int) -> intent.PaidElsewhere:
    """Tells a payment of money that others moved, or may have: a dispute that is open."""
    dispute = book.beside.dispute_of(an_id)
    return intent.PaidElsewhere(minor, an_id, is_held=dispute is not None and dispute.stage == "opened")


def _surplus_gone(
    book: OrderAccount, part: Tender, policy: Policy, now: datetime
) -> tuple[OrderAccount, list[Fact]]:
    """Asks about what is left of a surplus, or takes the question back."""
    left = book.beside.surplus_of(part.payment_id)
    codes = [one.question_code for one in book.beside.questions if one.about == part.payment_id]
    if not codes:
        return book, []
    if left is None:
        return rules_beside.unasked(book, part.payment_id, "paid_outside")
    return rules_beside.asked_of_surplus(book, left, codes[0], policy, now)


def _running(book: OrderAccount) -> list[str]:
    """Lists the payments of refunds that were granted and have not settled."""
    ids = [intent.refund_intent_of(case.case_id) for case in book.open if case.is_granted]
    return [intent_id for intent_id in ids if intent_id in book.intents]


def grant_cut(state: State, told: GrantCut, policy: Policy, now: datetime) -> Decisions:
    """Gives the account back what an intent will not pay, because others did."""
    given_back = _given_back(live(state).book, told)
    after = reduce(evolve, (entry.fact for entry in given_back), state)
    book, cut = live(after).book, told.cut
    if cut is not None and cut.purpose is Purpose.REFUND:
        book = replace(book, beside=book.beside.with_short(cut.shares, cut.freight_minor))
    return [*given_back, *_cut(book, told, policy, now)]


@rule("RF-029")
def _given_back(book: OrderAccount, told: GrantCut) -> Sequence[Fact]:
    """Gives money back and no pieces: those that others paid are repaid all the same."""
    cut = told.cut
    if cut is None:
        return []
    repaid = [share for each in book.held.repaid if each.case_id == cut.case_id for share in each.shares]
    minors = {share.line_id: share.minor for share in repaid}
    is_part = bool(minors) and all(minors.get(share.line_id, 0) > share.minor for share in cut.shares)
    return [
        GrantGivenBack(
            purpose=cut.purpose,
            amount=cut.amount,
            shares=tuple(replace(share, quantity_count=0) for share in cut.shares),
            freight_minor=cut.freight_minor,
            tenders=cut.tenders,
            are_goods_gone=is_part,
            case_id=cut.case_id,
            intent_id=told.intent_id,
        )
    ]


@rule("RF-029")
def _cut(book: OrderAccount, told: GrantCut, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Looks at what others moved and the account has no room for: that is another intent's, or a person's."""
    an_id = told.outside_id
    over_minor = account_money.over_of(book, an_id)
    book, facts = rules_beside.unasked(book, an_id, "asked_anew" if over_minor else "paid_outside")
    running = _running(book)
    later = running[running.index(told.intent_id) + 1 :] if told.intent_id in running else []
    if over_minor and later:
        asked = intent.to(HERE, later[0], _elsewhere(book, an_id, over_minor))
        return [MoneyEntered(book, "cut", an_id), *facts, tell(asked)]
    if over_minor:
        over = Money(over_minor, book.currency)
        book, task = rules_beside.asked(book, BEYOND, an_id, over, policy, now)
        return [MoneyEntered(book, "cut", an_id), *facts, task]
    return [MoneyEntered(book, "cut", an_id), *facts]


def outside_reversed(state: State, came_back: OutsideReversed, policy: Policy, now: datetime) -> Decisions:
    """Gives the account back what did not stay with the buyer."""
    book = live(state).book
    known = book.beside.outside_of(came_back.outside_id)
    if known is None:
        if came_back.outside_id in book.intents:
            return []
        raise NotYet
    if came_back.amount.currency != book.currency or not known.minor:
        return _not_known(came_back, policy, now)
    decided = _came_back(book, came_back, policy, now)
    return [*decided, *resumed(state, decided, policy, now)]


@rule("OR-003", "RF-029")
def _came_back(
    book: OrderAccount, came_back: OutsideReversed, policy: Policy, now: datetime
) -> Sequence[Fact]:
    an_id = came_back.outside_id
    book = rules_beside.less_out(book, an_id, came_back.amount.minor)
    facts: list[Fact] = []
    known = book.beside.outside_of(an_id)
    is_doubted = known is not None and known.minor > 0 and _is_holding(book, an_id)
    if not account_money.over_of(book, an_id) and not is_doubted:
        book, facts = rules_beside.unasked(book, an_id, "reversed")
    book, void = rules_beside.no_longer_beyond(account_money.overs_booked(book))
    book, asks = rules_beside.asked_of_any(book, policy, now)
    return [MoneyEntered(book, "reversed", an_id), *facts, *void, *asks, *no_longer_full(book, "")]


def _is_holding(book: OrderAccount, an_id: str) -> bool:
    """Tells whether a person must answer about some money before anything else is paid."""
    return any(question.about == an_id and question.holds for question in book.beside.questions)


@rule("OR-003")
def _not_known(came_back: OutsideReversed, policy: Policy, now: datetime) -> Sequence[Fact]:
    name = f"reversed-{came_back.outside_id}"
    return [reconciliation(name, "reversed_as_well", now + policy.attention_days)]


def payment_gone(state: State, payment_id: str, policy: Policy, now: datetime) -> Decisions:
    """Takes a payment that never came, or not any more, out of the account."""
    book = live(state).book
    parts = tuple(part for part in book.beside.parts if part.payment_id != payment_id)
    if parts != book.beside.parts:
        return _part_gone(replace(book, beside=replace(book.beside, parts=parts)), payment_id)
    tender = next((one for one in book.tenders if one.payment_id == payment_id), None)
    surplus = book.beside.surplus_of(payment_id)
    minor = 0 if tender is None else max(tender.left_minor, 0)
    if surplus is not None and surplus.currency == book.currency:
        minor += surplus.minor
    outside_id = f"void.{payment_id}"
    if not minor or book.beside.outside_of(outside_id) is not None:
        return []
    gone = PaidOutside(outside_id, Money(minor, book.currency), (Tender(payment_id, minor),))
    return _entered(book, gone, policy, now)


@rule("OR-003")
def _part_gone(book: OrderAccount, payment_id: str) -> Sequence[Fact]:
    return [MoneyEntered(book, "voided", payment_id)]


def charged_back(state: State, told: ChargedBack, policy: Policy, now: datetime) -> Decisions:
    """Holds the money of a payment that is disputed; lost, it is paid back, and won, it is free again."""
    book = live(state).book
    if _is_early(book):
        raise NotYet
    if _is_old_news(book.beside.dispute_of(told.dispute_id), told, now):
        return []
    if told.amount.currency != book.currency:
        is_asked = book.beside.outside_of(told.dispute_id) is not None
        return [] if is_asked else _foreign(book, PaidOutside(told.dispute_id, told.amount), policy, now)
    decided = _disputed(book, told, policy, now)
    return [*decided, *resumed(state, decided, policy, now)]


def _is_old_news(known: Dispute | None, told: ChargedBack, now: datetime) -> bool:
    """Tells whether a stage is known, older than the last, or the beginning of a dispute that is over."""
    if known is None:
        return False
    is_same = known.minor == told.amount.minor and told.stage in (known.stage, "opened")
    return now < known.at or is_same


@rule("OR-003", "RF-048")
def _disputed(book: OrderAccount, told: ChargedBack, policy: Policy, now: datetime) -> Sequence[Fact]:
    an_id, name = told.dispute_id, f"disputed-{told.dispute_id}"
    known = book.beside.dispute_of(an_id)
    if known is not None:
        book = account_money.entered(book, an_id, known.booked, -1)
    is_out = told.stage != "won"
    minor = told.amount.minor if is_out else 0
    what = Booked()
    if minor:
        what = account_money.money_alone(account_money.booked(book, minor, (Tender(told.payment_id, minor),)))
    book = account_money.entered(book, an_id, what, 1)
    dispute = Dispute(an_id, told.payment_id, told.stage, told.amount.minor, now, what)
    book = account_money.overs_booked(replace(book, beside=book.beside.with_dispute(dispute)))
    book, void = rules_beside.no_longer_beyond(book)
    if not is_out:
        book, asks = rules_beside.asked_of_any(book, policy, now)
        void = [*void, *asks, *no_longer_full(book, "")]
    facts: list[Fact] = void + _followed(book, an_id, what, f"dispute_{told.stage}", policy, now)
    was_open = known is not None and known.stage == "opened"
    if told.stage == "opened":
        return (
            facts
            if was_open
            else [*facts, reconciliation(name, "payment_disputed", now + policy.attention_days)]
        )
    return [*facts, TaskWithdrawn(f"dispute_{told.stage}", name=name)] if was_open else facts


def sum_disputed(state: State, told: SumDisputed, policy: Policy, now: datetime) -> Decisions:
    """Enters what our own payment moved beyond its grant. Nothing more is paid until a person answers."""
    return _more_moved(live(state).book, told, policy, now)


@rule("OR-003", "RF-033")
def _more_moved(book: OrderAccount, told: SumDisputed, policy: Policy, now: datetime) -> Sequence[Fact]:
    about = told.intent_id
    if told.amount.currency == book.currency:
        book = rules_beside.went_out(book, about, told.amount.minor)
    book, task = rules_beside.asked(book, told.question_code, about, told.amount, policy, now, holds=True)
    return [MoneyEntered(book, told.question_code, about), task]


def sum_doubted(state: State, told: SumDoubted, policy: Policy, now: datetime) -> Decisions:
    """Holds other payments while a person is asked about a payment that settled otherwise than asked."""
    book = live(state).book
    others = tuple(one for one in book.beside.doubts if one != told.intent_id)
    doubts = (*others, told.intent_id) if told.is_open else others
    if doubts == book.beside.doubts:
        return []
    decided = _doubts(replace(book, beside=replace(book.beside, doubts=doubts)), told.intent_id)
    return [*decided, *resumed(state, decided, policy, now)]


@rule("RF-029")
def _doubts(book: OrderAccount, intent_id: str) -> Sequence[Fact]:
    return [MoneyEntered(book, "doubted", intent_id)]
