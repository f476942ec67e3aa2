"""Decides what becomes of a payment that cannot go out as it was asked for: it waits, or is cut."""

from collections.abc import Sequence

from kernel.money import Money
from kernel.rules import rule, rules_of
from kernel.value import replace
from services.refunds.cases.order import account, account_money
from services.refunds.cases.order.account import OrderAccount
from services.refunds.cases.order.facts import Fact, MoneyEntered
from services.refunds.cases.order.messages import PaymentAsked
from services.refunds.goods import without
from services.refunds.money_beside import Booked, Waiting
from services.refunds.shares import Share, total_of


@rule("RF-029")
def waits(book: OrderAccount, asked: PaymentAsked) -> Sequence[Fact]:
    """Pays nothing while a person must answer about other money of the order, or its payer disputes it."""
    wish = Waiting(
        asked.case_id,
        asked.intent_id,
        asked.purpose,
        asked.amount,
        asked.shares,
        asked.freight_minor,
        asked.are_goods_gone,
        asked.remedy_id,
        asked.is_proven,
    )
    return [MoneyEntered(account_money.with_waiting(book, wish), "waits", asked.intent_id)]


@rules_of("RF-029")
def cut(book: OrderAccount, asked: PaymentAsked) -> PaymentAsked:
    """Lowers what is asked to what others have not paid."""
    shares, freight = account_money.cut_to(book, asked.shares, asked.freight_minor)
    minor = total_of(shares) + freight
    if not book.lines:
        minor = min(asked.amount.minor, book.paid_minor - book.refunded_minor)
    amount = Money(minor, asked.amount.currency)
    return replace(asked, shares=shares, freight_minor=freight, amount=amount)


@rules_of("RF-029", "RF-048")
def short_of(book: OrderAccount, wish: PaymentAsked, asked: PaymentAsked) -> Booked:
    """Finds what a payment lacks because others had paid. Refunds of our own are for all that pieces cost."""
    if not book.beside.was_paid_outside:
        return Booked()
    case = book.case(wish.case_id)
    is_ours = case is not None and case.applied_at is None
    left = {share.line_id: share.minor for share in asked.shares}
    less: list[Share] = []
    for share in wish.shares:
        line = book.line(share.line_id)
        is_whole = is_ours and line is not None and 0 < share.quantity_count <= line.quantity_count
        cost = account.cost_minor(line, share.quantity_count) if is_whole and line is not None else 0
        less.append(Share(share.line_id, 0, max(cost, share.minor) - left.get(share.line_id, 0)))
    return Booked(tuple(less), wish.freight_minor - asked.freight_minor)


def are_pieces_left(book: OrderAccount, asked: PaymentAsked) -> bool:
    """Tells whether pieces of an order that cost nothing are left beside these."""
    if book.paid_minor:
        return False
    return bool(without(account.open_pieces(book), asked.shares))
