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
from services.refunds.money_beside import Waiting
from services.refunds.shares import total_of


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


def are_pieces_left(book: OrderAccount, asked: PaymentAsked) -> bool:
    """Tells whether pieces of an order that cost nothing are left beside these."""
    if book.paid_minor:
        return False
    return bool(without(account.open_pieces(book), asked.shares))
