"""Decides about money that comes in: the first payment, parts, more than the order needs, edits."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import Decided
from kernel.money import Money
from kernel.rules import rule
from kernel.value import replace
from services.refunds.cases.order import (
    account_money,
    rules_beside,
    rules_goods,
    rules_money,
    rules_outside,
    rules_remedies,
)
from services.refunds.cases.order.account import LineAccount, OrderAccount
from services.refunds.cases.order.facts import (
    CloseRecorded,
    Fact,
    MoneyEntered,
    PaymentRecorded,
    reconciliation,
)
from services.refunds.cases.order.messages import OrderEdited, OrderPaid, PaymentMoved, PlacedLine
from services.refunds.cases.order.rules_beside import (
    AFTER_CLOSE,
    OTHER_CURRENCY,
    REMOVED,
    SURPLUS,
    asked_of_surplus,
)
from services.refunds.cases.order.state import AwaitingPayment, Closed, Live, State, evolve, live
from services.refunds.money_beside import Surplus
from services.refunds.policy import Policy
from services.refunds.shares import Tender

RECEIVED = "received"
GONE = frozenset({"voided", "failed"})


def order_paid(state: State, paid: OrderPaid, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Books the money of an order; what comes on top of it is the buyer's, as far as nothing lacks."""
    current = live(state)
    if paid.currency != current.book.currency:
        return _foreign(current, paid.tenders, paid.currency, policy, now)
    if current.book.paid_at is not None:
        return _more(current, paid.tenders, policy, now)
    recorded: list[Decided[Fact]] = [*_paid(current, paid, policy, now)]
    recorded += rules_money.applied_since(state, recorded, policy, now)
    recorded += rules_remedies.remedied_since(state, recorded, policy, now)
    recorded += rules_goods.back_before_payment(state, recorded, policy, now)
    listed = {tender.payment_id for tender in paid.tenders}
    parts = [part for part in current.book.beside.parts if part.payment_id not in listed]
    after = live(reduce(evolve, (entry.fact for entry in recorded), state))
    return [*recorded, *_more(after, parts, policy, now)] if parts else recorded


@rule("OR-001", "OR-002", "OR-004")
def _paid(current: Live, paid: OrderPaid, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Books the first payment. `paid_at` stands apart from `placed_at`. After the end a person is asked."""
    recorded: list[Fact] = [PaymentRecorded(paid.tenders, now)]
    if not isinstance(current, Closed):
        return recorded
    total = Money(sum(tender.minor for tender in paid.tenders), paid.currency)
    before: State = current
    book = live(reduce(evolve, recorded, before)).book
    book, task = rules_beside.asked(book, AFTER_CLOSE, "", total, policy, now)
    return [*recorded, MoneyEntered(book, "paid_after_close"), task]


@rule("OR-003")
def _foreign(
    current: Live, tenders: Sequence[Tender], currency: str, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Keeps payments in another currency as the buyer's, and asks a person about them."""
    book = current.book
    fresh = [
        tender for tender in tenders if tender.minor > account_money.known_minor(book, tender.payment_id)
    ]
    return _beside(account_money.with_seen(book, fresh), fresh, currency, OTHER_CURRENCY, policy, now)


def _beside(
    book: OrderAccount,
    tenders: Sequence[Tender],
    currency: str,
    question_code: str,
    policy: Policy,
    now: datetime,
) -> list[Fact]:
    """Keeps money as the buyer's, with one question for each payment."""
    tasks: list[Fact] = []
    for tender in tenders:
        known = book.beside.surplus_of(tender.payment_id)
        minor = tender.minor + (0 if known is None else known.minor)
        surplus = Surplus(tender.payment_id, minor, currency, is_cash=tender.is_cash)
        book, asks = asked_of_surplus(book, surplus, question_code, policy, now)
        tasks += asks
    return [MoneyEntered(book, "surplus", tenders[0].payment_id), *tasks] if tenders else []


@rule("OR-003", "RF-048")
def _more(current: Live, tenders: Sequence[Tender], policy: Policy, now: datetime) -> Sequence[Fact]:
    """Books what was not known of these payments: what the order lacks, and the rest as the buyer's."""
    book, fresh, facts = current.book, list[Tender](), list[Fact]()
    parts = {part.payment_id: part for part in book.beside.parts}
    for tender in tenders:
        known = account_money.known_minor(book, tender.payment_id)
        if tender.payment_id in parts and book.paid_at is not None:
            known = 0
        if tender.minor > known:
            fresh.append(replace(tender, minor=tender.minor - known))
        elif tender.minor < known:
            name = f"payment-{tender.payment_id}"
            facts.append(reconciliation(name, "payment_told_otherwise", now + policy.attention_days))
    if not fresh:
        return facts
    ids = {tender.payment_id for tender in fresh}
    left = tuple(part for part in book.beside.parts if part.payment_id not in ids)
    book = replace(book, beside=replace(book.beside, parts=left))
    book = account_money.with_seen(book, [tender for tender in tenders if tender.payment_id in ids])
    is_over = isinstance(current, Closed)
    rest: Sequence[Tender] = fresh
    if not is_over:
        book, rest = account_money.more_paid(book, fresh)
    beside = _beside(book, rest, book.currency, AFTER_CLOSE if is_over else SURPLUS, policy, now)
    return [*facts, *(beside or [MoneyEntered(book, "more_paid", fresh[0].payment_id)])]


def payment_moved(
    state: State, moved: PaymentMoved, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Reads the news of one payment. Money that is only promised counts nowhere."""
    current = live(state)
    tender = moved.tender
    if moved.status in GONE:
        return rules_outside.payment_gone(state, tender.payment_id, policy, now)
    if moved.status != RECEIVED:
        return []
    if moved.currency != current.book.currency:
        return _foreign(current, (tender,), moved.currency, policy, now)
    if current.book.paid_at is None and isinstance(current, AwaitingPayment):
        return _part(current.book, tender)
    return _more(current, (tender,), policy, now)


@rule("OR-003", "OR-004")
def _part(book: OrderAccount, tender: Tender) -> Sequence[Fact]:
    """Keeps a part of what is owed until the order is paid."""
    if tender.minor <= account_money.known_minor(book, tender.payment_id):
        return []
    others = tuple(part for part in book.beside.parts if part.payment_id != tender.payment_id)
    beside = replace(book.beside, parts=(*others, tender))
    return [MoneyEntered(replace(book, beside=beside), "part_paid", tender.payment_id)]


@rule("OR-005")
def parts_left(
    state: State, decided: Sequence[Decided[Fact]], policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Asks about the parts that were paid of an order which is closed unpaid."""
    parts = live(state).book.beside.parts
    is_closed = any(isinstance(entry.fact, CloseRecorded) and entry.fact.is_whole for entry in decided)
    if not parts or not is_closed or live(state).book.paid_at is not None:
        return []
    book = live(reduce(evolve, (entry.fact for entry in decided), state)).book
    book = replace(book, beside=replace(book.beside, parts=()))
    return _beside(account_money.with_seen(book, parts), parts, book.currency, AFTER_CLOSE, policy, now)


@rule("OR-003")
def order_edited(state: State, edited: OrderEdited, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Takes over the lines of an edited order. Money that no line needs any more is the buyer's."""
    current = live(state)
    book = current.book
    if edited.freight.currency != book.currency or isinstance(current, Closed):
        due_at = now + policy.attention_days
        return [reconciliation("edited", "order_edited_otherwise", due_at)]
    lines = accounts(edited.lines, policy, book)
    if isinstance(current, AwaitingPayment) or book.paid_at is None:
        beside = replace(book.beside, due_minor=edited.total_minor)
        book = replace(book, lines=lines, freight_minor=edited.freight.minor, beside=beside)
        return [MoneyEntered(book, "edited")]
    book = replace(book, beside=replace(book.beside, due_minor=edited.total_minor))
    told = [Tender(x.payment_id, account_money.known_minor(book, x.payment_id)) for x in book.tenders]
    pool = [
        Tender(x.payment_id, x.minor, x.is_cash) for x in book.beside.surplus if x.currency == book.currency
    ]
    before = {line.line_id for line in book.lines}
    book, free = account_money.repriced(book, lines, edited.freight.minor)
    book, taken = account_money.lowered(account_money.with_seen(book, told), free)
    facts: list[Fact] = []
    for part in pool:
        beside = book.beside.with_surplus(Surplus(part.payment_id, 0, book.currency))
        book, void = rules_beside.unasked(replace(book, beside=beside), part.payment_id, "asked_anew")
        facts += void
    added = tuple(line.line_id for line in book.lines if line.line_id not in before)
    book = replace(book, beside=replace(book.beside, added=(*book.beside.added, *added)))
    book, rest = account_money.more_paid(book, [*pool, *taken])
    return [
        *facts,
        *(_beside(book, rest, book.currency, REMOVED, policy, now) or [MoneyEntered(book, "edited")]),
    ]


def accounts(
    lines: Sequence[PlacedLine], policy: Policy, before: OrderAccount | None = None
) -> tuple[LineAccount, ...]:
    """Opens an account for each line; one that is known keeps its goods."""
    known = {} if before is None else {line.line_id: line for line in before.lines}
    return tuple(_account(line, known.get(line.line_id), policy) for line in lines)


def _account(line: PlacedLine, known: LineAccount | None, policy: Policy) -> LineAccount:
    days = policy.exchange.service_days
    fresh = LineAccount(
        line_id=line.line_id,
        sku_id=line.sku_id,
        quantity_count=line.quantity_count,
        price_minor=line.price_minor,
        is_freight_free=line.is_freight_free,
        service_days=max((days.get(service, 0) for service in line.services), default=0),
        is_special_offer=line.is_special_offer,
        style_id=line.style_id,
    )
    if known is None:
        return fresh
    return replace(
        fresh,
        shipped_count=known.shipped_count,
        is_done=known.is_done,
        ended_count=known.ended_count,
        received_at=known.received_at,
        back_count=known.back_count,
        reported_at=known.reported_at,
        is_unfit=known.is_unfit,
    )


def due_minor(lines: Sequence[LineAccount], freight_minor: int, total_minor: int | None) -> int:
    """Finds what an order costs: its total, or else its prices and the freight."""
    if total_minor is not None:
        return total_minor
    return sum(line.price_minor for line in lines) + freight_minor


def gift(book: OrderAccount, now: datetime) -> Sequence[Fact]:
    """Counts an order that costs nothing as paid: no payment will come."""
    is_free = book.lines and not book.beside.due_minor and not any(line.price_minor for line in book.lines)
    return [PaymentRecorded((), now)] if is_free and not book.freight_minor else []
