"""The money account of an order: what came in, and which payment gives back how much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.refunds.cases.order import account
from services.refunds.cases.order.account import LineAccount, OrderAccount, TenderAccount
from services.refunds.policy import TenderStrategy
from services.refunds.shares import Tender
from tests.services.refunds.shop import T0


def _line(price_minor: int, quantity_count: int, line_id: str) -> LineAccount:
    return LineAccount(line_id, "sku", quantity_count, price_minor, is_freight_free=True)


lines_of = st.lists(
    st.builds(_line, st.integers(0, 50_000), st.integers(1, 5), st.uuids().map(str)), max_size=4
)
tenders_of = st.lists(st.integers(0, 60_000), min_size=1, max_size=4).map(
    lambda amounts: [Tender(f"p{number}", minor) for number, minor in enumerate(amounts)]
)


@given(lines_of, st.integers(0, 5_000), tenders_of)
def test_what_was_paid_is_all_of_lines_and_freight(
    lines: list[LineAccount], freight: int, tenders: list[Tender]
) -> None:
    """RF-048: payments may miss the prices; the parts still sum to what came in."""
    book = account.paid(OrderAccount("c", "CNY", T0, tuple(lines), freight), tenders, T0)
    assert sum(line.paid_minor for line in book.lines) + book.freight_minor == book.paid_minor
    assert book.paid_minor == sum(tender.minor for tender in tenders)


@given(tenders_of, st.data(), st.sampled_from(TenderStrategy))
def test_a_refund_goes_back_to_its_tenders(
    tenders: list[Tender], data: st.DataObject, strategy: TenderStrategy
) -> None:
    """RF-048: whatever was refunded before, parts sum up and none gives more than it has left."""
    accounts = tuple(
        TenderAccount(t.payment_id, t.minor, data.draw(st.integers(0, t.minor))) for t in tenders
    )
    book = OrderAccount("c", "CNY", T0, (), 0, T0, accounts)
    total = data.draw(st.integers(0, book.paid_minor - book.refunded_minor))
    parts = account.split(book, total, strategy)
    left = {tender.payment_id: tender.left_minor for tender in accounts}
    assert sum(part.minor for part in parts) == total
    assert all(0 < part.minor <= left[part.payment_id] for part in parts)
    with pytest.raises(ValueError, match="left"):
        account.split(book, sum(left.values()) + 1, strategy)


def test_strategies() -> None:
    accounts = (TenderAccount("p1", 6_000), TenderAccount("p2", 3_000), TenderAccount("p3", 1_000))
    book = OrderAccount("c", "CNY", T0, (), 0, T0, accounts)
    proportional = account.split(book, 3_335, TenderStrategy.PROPORTIONAL)
    assert [(part.payment_id, part.minor) for part in proportional] == [
        ("p1", 2_001),
        ("p2", 1_001),
        ("p3", 333),
    ]
    last = account.split(book, 3_335, TenderStrategy.LAST_IN_FIRST_OUT)
    assert [(part.payment_id, part.minor) for part in last] == [("p2", 2_335), ("p3", 1_000)]
