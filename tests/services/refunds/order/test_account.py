"""The money account of an order: what came in, and which payment gives back how much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.value import replace
from services.refunds.cases.order import account
from services.refunds.cases.order.account import LineAccount, OpenCase, OrderAccount, TenderAccount
from services.refunds.policy import TenderStrategy
from services.refunds.shares import RefundKind, Share, Tender
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


def test_what_a_new_line_and_a_new_order_begin_with() -> None:
    """OR-003"""
    line = LineAccount("a", "s-a", 2, 2_000, is_freight_free=True)
    assert (line.left_minor, line.left_count, line.unsent_count, line.sent_count) == (0, 2, 2, 0)
    assert (line.service_days, line.paid_minor, line.refunded_minor, line.back_count) == (0, 0, 0, 0)
    tender = TenderAccount("p1", 2_000)
    assert (tender.left_minor, tender.refunded_minor) == (2_000, 0)
    book = OrderAccount("c", "CNY", T0, (line,), 300)
    assert (book.exchange_count, book.question_count, book.reimbursed_minor) == (0, 0, 0)
    assert (book.compensated_minor, book.freight_refunded_minor, book.freight_left_minor) == (0, 0, 300)


@pytest.mark.parametrize(
    ("shipped", "gone", "gone_sent", "unsent", "sent"),
    [(0, 0, 0, 3, 0), (1, 0, 0, 2, 1), (3, 1, 1, 0, 2), (3, 1, 0, 0, 2), (0, 3, 0, 0, 0), (1, 1, 0, 1, 1)],
)
def test_pieces_here_and_under_way(shipped: int, gone: int, gone_sent: int, unsent: int, sent: int) -> None:
    """RF-011: of three pieces; less than none are never here."""
    line = replace(_line(3_000, 3, "a"), shipped_count=shipped, gone_count=gone, gone_sent_count=gone_sent)
    assert (line.unsent_count, line.sent_count) == (unsent, sent)


def _book(*lines: LineAccount, freight: int = 0) -> OrderAccount:
    total = sum(line.price_minor for line in lines) + freight
    return account.paid(OrderAccount("c", "CNY", T0, lines, freight), [Tender("p1", total)], T0)


def _case(
    case_id: str, *shares: Share, kind: RefundKind = RefundKind.NOT_RECEIVED, freight: int = 0
) -> OpenCase:
    return OpenCase(case_id, kind, shares, freight, False)


@pytest.mark.parametrize(
    ("asked", "refunded", "left"), [(0, 0, 500), (200, 100, 200), (500, 0, 0), (400, 200, 0)]
)
def test_freight_that_is_left(asked: int, refunded: int, left: int) -> None:
    """OR-003, RF-048: not what an open case asks for, and never less than none."""
    book = replace(_book(_line(1_000, 1, "a"), freight=500), freight_refunded_minor=refunded)
    assert account.opened(book, _case("r1", freight=asked)).freight_left_minor == left


def test_the_whole_order_is_what_is_not_refunded() -> None:
    """RF-011"""
    book = _book(replace(_line(2_000, 2, "a"), gone_count=1), replace(_line(1_000, 1, "b"), gone_count=1))
    assert account.open_pieces(book) == (Share("a", 1, 0),)


@pytest.mark.parametrize(
    ("share", "freight", "left", "fits"),
    [
        (Share("a", 2, 2_000), 0, 0, True),
        (Share("a", 3, 2_000), 0, 0, False),
        (Share("a", 1, 1_001), 0, 0, False),
        (Share("z", 1, 0), 0, 0, False),
        (Share("a", 1, 0), 100, 100, True),
        (Share("a", 1, 0), 101, 100, False),
        (Share("a", 2, 2_000), 501, 600, False),
    ],
)
def test_what_an_order_can_give_back(share: Share, freight: int, left: int, *, fits: bool) -> None:
    """RF-011, RF-048: pieces, their price, the freight and the payments all set a limit."""
    assert account.fits(_book(_line(2_000, 2, "a"), freight=500), [share], freight, left) is fits


def test_money_that_is_granted_and_given_up_again() -> None:
    """RF-048: only the lines and payments that are named move; pieces only where goods are gone."""
    book = _book(_line(2_000, 2, "a"), _line(1_000, 1, "b"), freight=500)
    part, tenders = (Share("a", 1, 900),), [Tender("p1", 1_000), Tender("p9", 5)]
    after = account.moved(book, part, 100, tenders, 1, are_goods_gone=True, was_sent=False)
    assert [(line.refunded_minor, line.gone_count, line.gone_sent_count) for line in after.lines] == [
        (900, 1, 0),
        (0, 0, 0),
    ]
    assert (after.refunded_minor, after.freight_refunded_minor) == (1_000, 100)
    assert account.moved(after, part, 100, tenders, -1, are_goods_gone=True, was_sent=False) == book
    money_alone = account.moved(book, part, 0, tenders, 1, are_goods_gone=False, was_sent=True)
    assert [line.gone_count for line in money_alone.lines] == [0, 0]


def test_pieces_that_had_been_shipped_count_among_the_shipped() -> None:
    """RF-011"""
    book = _book(replace(_line(2_000, 2, "a"), shipped_count=1), _line(1_000, 1, "b"))
    after = account.moved(book, (Share("a", 2, 0),), 0, [], 1, are_goods_gone=True, was_sent=True)
    assert [(line.gone_count, line.gone_sent_count) for line in after.lines] == [(2, 1), (0, 0)]
    back = account.moved(after, (Share("a", 2, 0),), 0, [], -1, are_goods_gone=True, was_sent=True)
    assert [(line.gone_count, line.gone_sent_count) for line in back.lines] == [(0, 0), (0, 0)]


@pytest.mark.parametrize(
    ("case", "left"),
    [
        (_case("r1", Share("a", 1, 5), Share("b", 1, 5), freight=3), (("b",), 0)),
        (_case("r1", Share("a", 1, 5), freight=3), (("a",), 3)),
        (_case("r1", Share("b", 1, 5), freight=3), (("b",), 3)),
        (
            replace(_case("r1", Share("a", 1, 5), Share("b", 1, 5), freight=3), is_granted=True),
            (("a", "b"), 3),
        ),
        (
            _case("r1", Share("a", 1, 5), Share("b", 1, 5), kind=RefundKind.NO_RETURN, freight=3),
            (("a", "b"), 3),
        ),
    ],
)
def test_lines_that_the_buyer_confirmed(case: OpenCase, left: tuple[tuple[str, ...], int]) -> None:
    """OR-029, RF-013: a refund as not received goes on with the others; one about them alone stays."""
    book = account.confirmed(account.opened(_book(_line(10, 1, "a"), _line(10, 1, "b")), case), {"a"})
    (after,) = book.open
    assert (tuple(share.line_id for share in after.shares), after.freight_minor) == left
