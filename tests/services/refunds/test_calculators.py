"""Freight matrix, shares and policy: the calculators that several kinds of refunds share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import Money
from kernel.value import replace
from services.refunds import conversions, goods, liability, notices, payments, policy
from services.refunds.liability import Bearer
from services.refunds.payments import PaymentOrder
from services.refunds.shares import InspectedLine, Purpose, RefundKind, Share, Tender, prorated
from tests.services.refunds import shop
from tests.services.refunds.kinds import POLICY
from tests.services.refunds.shop import T0
from tests.services.rows import with_row

B, S = Bearer.BUYER, Bearer.SELLER


@pytest.mark.parametrize(
    ("rule", "is_free", "reason", "kind", "legs", "is_freight_back"),
    [
        ("RF-060", True, "quality", RefundKind.WITH_RETURN, (S, None), False),
        ("RF-061", True, "quality", None, (S, S), False),
        ("RF-062", True, "dislike", RefundKind.WITH_RETURN, (B, None), False),
        ("RF-063", True, "dislike", None, (B, S), False),
        ("RF-064", False, "quality", RefundKind.WITH_RETURN, (S, None), True),
        ("RF-065", False, "quality", None, (S, S), False),
        ("RF-066", False, "dislike", RefundKind.NO_REASON, (B, None), False),
        ("RF-067", False, "dislike", None, (B, B), False),
    ],
)
def test_matrix(
    rule: str,
    is_free: bool,
    reason: str,
    kind: RefundKind | None,
    legs: tuple[Bearer, Bearer | None],
    is_freight_back: bool,
) -> None:
    row = liability.liability_of(reason, kind, is_freight_free=is_free, policy=POLICY.freight)
    assert (row.rule_id, (row.return_leg, row.replacement_leg), row.is_original_freight_refunded) == (
        rule,
        legs,
        is_freight_back,
    )


QUALITY = [
    "quality", "defective", "damaged", "wrong_item", "wrong_size", "wrong_colour", "missing", "missing_item",
    "missing_parts", "expired", "not_as_described",
]  # fmt: skip


def test_the_reasons_of_quality_and_the_conditions_are_these() -> None:
    """LG-002, RF-100, RF-101, RF-102: in every pack."""
    for version in policy.load().versions().values():
        assert version.freight.quality_reasons == set(QUALITY)
        unacceptable = version.exchange.unacceptable_conditions
        assert unacceptable == {"worn", "washed", "damaged", "altered", "incomplete"}
        assert version.exchange.service_days == {
            "seven_day_no_reason": 7, "seven_plus": 15, "fifteen_day": 15, "use_first_pay_later": 7,
        }  # fmt: skip


@pytest.mark.parametrize("reason", QUALITY)
def test_the_shops_own_errors_count_as_quality(reason: str) -> None:
    """LG-002, RF-072, by the reasons that the contract names; a no-reason return never does."""
    row = liability.liability_of(reason, RefundKind.WITH_RETURN, is_freight_free=True, policy=POLICY.freight)
    assert row.rule_id == "RF-060"
    row = liability.liability_of(reason, RefundKind.NO_REASON, is_freight_free=True, policy=POLICY.freight)
    assert row.rule_id == "RF-062"


def test_overrides_of_a_shop() -> None:
    """RF-070, RF-071, RF-074, RF-075."""
    world = policy.load().get("world-market@2014-01-01").freight
    row = liability.liability_of("dislike", RefundKind.NO_REASON, is_freight_free=True, policy=world)
    assert (row.rule_id, row.return_leg) == ("RF-071", S)
    text = policy.PATH.read_text(encoding="utf-8")
    text = with_row(text, "buyer_bears_size_exchange", "true")
    text = with_row(text, "buyer_bears_recommended_size", "true")
    strict = policy.load(text).get("taobao-classic@2014-01-01").freight
    for reason in ("size", "size_exchange", "does_not_fit"):
        row = liability.liability_of(reason, None, is_freight_free=True, policy=strict)
        assert (row.rule_id, row.return_leg, row.replacement_leg) == ("RF-074", B, B)
    row = liability.liability_of("recommended_size", None, is_freight_free=True, policy=strict)
    assert (row.rule_id, row.return_leg, row.replacement_leg) == ("RF-075", B, B)


def test_a_matrix_with_a_gap_or_a_repeat_is_refused() -> None:
    text = liability.PATH.read_text(encoding="utf-8")
    rows = text.splitlines()
    with pytest.raises(ValueError, match="missing: buyer_pays/not_quality/exchange"):
        liability.load("\n".join(rows[:-1]))
    with pytest.raises(ValueError, match="is there twice"):
        liability.load("\n".join([*rows, rows[1]]))


@given(st.integers(1, 50), st.integers(0, 100_000), st.data())
def test_parts_of_a_share_never_exceed_it(count: int, minor: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, count))
    share = Share("a", count, minor)
    rest = count - first
    assert prorated(share, first).minor + (prorated(share, rest).minor if rest else 0) <= minor
    assert prorated(share, count) == share


def test_policies_differ_by_shop_and_are_checked() -> None:
    book = policy.load()
    name, world = book.choose("olist-sp", T0)
    assert (name, world.currency, world.late.cap_minor) == ("world-market@2014-01-01", "BRL", 40_000)
    assert book.choose("tm:1", T0)[1].late.cap_minor == 50_000
    assert world.freight.reimbursement_cap_minor == 8_000, "RF-068"
    assert world.exchange.no_reason_days.days == 7, "RF-097"
    assert world.order.tender_strategy is policy.TenderStrategy.LAST_IN_FIRST_OUT
    text = with_row(policy.PATH.read_text(encoding="utf-8"), "rate_bps", "30000")
    with pytest.raises(ValueError, match="rate_bps"):
        policy.load(text)


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("retry_minutes", "0", "retry_minutes"),
        ("cap_minor", "-1", "cap_minor"),
        ("reimbursement_cap_minor", "-1", "cap_minor"),
        ("confirm_days", "{ express = 10 }", "confirm_days"),
        ("confirm_retry_hours", "[]", "confirm_retry_hours"),
        ("receive_days", "{ express = 10 }", "receive_days"),
        ("remind_days", "7", "remind_days"),
        ("currency", '"cny"', "currency"),
        ("currency", '"EURO"', "currency"),
        ("attention_days", "0", "attention_days"),
        ("attention_again_days", "0", "attention_again_days"),
    ],
)
def test_numbers_that_make_no_sense(key: str, value: str, named: str) -> None:
    with pytest.raises(ValueError, match=f"make no sense: {named}$"):
        policy.load(with_row(policy.PATH.read_text(encoding="utf-8"), key, value))


@pytest.mark.parametrize(
    ("key", "value"),
    [("cap_minor", "0"), ("reimbursement_cap_minor", "0"), ("rate_bps", "0"), ("rate_bps", "10000"),
     ("retry_minutes", "1"), ("remind_days", "6"), ("attention_days", "1"),
     ("attention_again_days", "1")],
)  # fmt: skip
def test_the_last_numbers_that_make_sense(key: str, value: str) -> None:
    book = policy.load(with_row(policy.PATH.read_text(encoding="utf-8"), key, value))
    assert book.versions().keys() == policy.load().versions().keys()


@pytest.mark.parametrize(
    ("is_free", "reason", "kind", "rule"),
    [
        (True, "dislike", RefundKind.NO_REASON, "RF-071"),
        (True, "quality", RefundKind.NO_REASON, "RF-071"),
        (False, "dislike", RefundKind.NO_REASON, "RF-066"),
        (True, "dislike", RefundKind.WITH_RETURN, "RF-062"),
        (True, "quality", RefundKind.WITH_RETURN, "RF-060"),
        (True, "dislike", None, "RF-063"),
    ],
)
def test_a_shop_that_sends_the_label(is_free: bool, reason: str, kind: RefundKind | None, rule: str) -> None:
    """RF-071: for a return without a reason, of goods that came free."""
    world = policy.load().get("world-market@2014-01-01").freight
    row = liability.liability_of(reason, kind, is_freight_free=is_free, policy=world)
    assert row.rule_id == rule


@pytest.mark.parametrize(
    ("is_size", "is_advised", "reason", "kind", "rule", "legs"),
    [
        (True, False, "size", None, "RF-074", (B, B)),
        (True, False, "size", RefundKind.WITH_RETURN, "RF-062", (B, None)),
        (True, False, "dislike", None, "RF-063", (B, S)),
        (False, False, "size", None, "RF-063", (B, S)),
        (False, True, "recommended_size", None, "RF-075", (B, B)),
        (False, True, "recommended_size", RefundKind.WITH_RETURN, "RF-075", (B, None)),
        (False, True, "size", None, "RF-063", (B, S)),
        (False, False, "recommended_size", None, "RF-063", (B, S)),
    ],
)
def test_whose_risk_a_size_is(
    is_size: bool,
    is_advised: bool,
    reason: str,
    kind: RefundKind | None,
    rule: str,
    legs: tuple[Bearer, Bearer | None],
) -> None:
    """RF-074: an exchange of size; RF-075: a size that staff advised, also in a return."""
    text = with_row(
        policy.PATH.read_text(encoding="utf-8"), "buyer_bears_size_exchange", str(is_size).lower()
    )
    text = with_row(text, "buyer_bears_recommended_size", str(is_advised).lower())
    freight = policy.load(text).get("taobao-classic@2014-01-01").freight
    row = liability.liability_of(reason, kind, is_freight_free=True, policy=freight)
    assert (row.rule_id, (row.return_leg, row.replacement_leg)) == (rule, legs)


FINE = InspectedLine("a", 1, 1, "resaleable", True, None)


@pytest.mark.parametrize(
    ("words", "is_refuted"),
    [
        ([], False),
        ([None], False),
        ([False], True),
        ([True], False),
        ([False, True], False),
        ([False, None], True),
    ],
)
def test_a_fault_that_was_not_found(words: list[bool | None], is_refuted: bool) -> None:
    """RF-116: in any of the goods."""
    lines = [replace(FINE, is_fault_confirmed=word) for word in words]
    assert liability.is_fault_refuted(lines) is is_refuted


BAD = POLICY.exchange.unacceptable_conditions


@pytest.mark.parametrize(
    ("line", "is_explained", "is_unfit"),
    [
        (FINE, False, False),
        (replace(FINE, condition="worn"), False, True),
        (replace(FINE, is_packaging_complete=False), False, True),
        (replace(FINE, condition="worn", received_count=0), False, False),
        (replace(FINE, condition="damaged", is_fault_confirmed=True), True, False),
        (replace(FINE, condition="worn", is_fault_confirmed=True), False, True),
        (replace(FINE, condition="damaged", is_fault_confirmed=False), False, True),
        (
            replace(FINE, condition="damaged", is_fault_confirmed=True, is_packaging_complete=False),
            False,
            True,
        ),
    ],
)
def test_goods_in_a_condition(line: InspectedLine, is_explained: bool, is_unfit: bool) -> None:
    """RF-061, RF-100, RF-101, RF-102: a confirmed fault explains what a fault can do."""
    assert (notices.is_explained(line), notices.is_unfit(line, BAD)) == (is_explained, is_unfit)


def pair(**counts: int) -> tuple[Share, ...]:
    return tuple(Share(line_id, count, 0) for line_id, count in counts.items())


def test_pieces_are_added_and_taken_away() -> None:
    """OR-003: lines with none left are no pieces."""
    assert goods.pieces_of({"a": 1, "b": 0, "c": -1}) == pair(a=1)
    assert goods.together(pair(a=1), pair(a=2, b=1)) == pair(a=3, b=1)
    assert goods.without(pair(a=2, b=1), pair(a=1, b=2)) == pair(a=1)
    assert goods.inside(pair(a=2, b=1, c=1), pair(a=1, b=5)) == pair(a=1, b=1)
    assert goods.more_of(pair(a=2, b=1), pair(a=1, b=3, c=1)) == pair(a=2, b=3, c=1)
    assert goods.received([FINE, replace(FINE, received_count=2)]) == pair(a=3)


def test_lines_that_are_named_twice_are_counted_together() -> None:
    """RF-011: pieces and money; without an amount none is told."""
    lines = [shop.share("a", 1, 500), shop.share("a", 2), shop.share("b")]
    assert conversions.shares_in(lines) == (Share("a", 3, 500), Share("b", 1, 0))
    data = shop.applied(amount=500, lines=lines)
    assert conversions.application_in(data).is_priced is False
    assert conversions.application_in(shop.applied(amount=500, lines=lines[:1])).is_priced is True
    whole = conversions.application_in(shop.applied(amount=500))
    assert (whole.shares, whole.is_priced) == (None, False)


@pytest.mark.parametrize(
    ("made_id", "number"),
    [("r1.try.7", 7), ("r1.try.99999", 99_999), ("r1.try.100000", 0), ("r1.try.x", 0), ("r1.try.", 0),
     ("r1.try.\u0663", 0)],
)  # fmt: skip
def test_the_number_in_an_id(made_id: str, number: int) -> None:
    """RF-048: of an attempt; an id that is not ours has none."""
    assert conversions.number_of(made_id, ".try.") == number


TWO_WAYS = PaymentOrder(
    "r1", Purpose.REFUND, Money(10_000, "CNY"), (Share("a", 1, 6_000), Share("b", 1, 3_500)), 500,
    (Tender("p1", 7_000), Tender("p2", 3_000)), True, True, None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("minor", "through", "tenders", "is_known"),
    [
        (3_000, (), (Tender("p2", 3_000),), True),
        (7_000, (), (Tender("p1", 7_000),), True),
        (5_000, (), (Tender("p1", 3_500), Tender("p2", 1_500)), False),
        (5_000, (Tender("p1", 5_000),), (Tender("p1", 5_000),), True),
        (5_000, (Tender("p2", 5_000),), (Tender("p1", 3_500), Tender("p2", 1_500)), False),
        (5_000, (Tender("p9", 5_000),), (Tender("p1", 3_500), Tender("p2", 1_500)), False),
        (5_000, (Tender("p1", 4_999),), (Tender("p1", 3_500), Tender("p2", 1_500)), False),
    ],
)
def test_the_payments_of_a_part(
    minor: int, through: tuple[Tender, ...], tenders: tuple[Tender, ...], is_known: bool
) -> None:
    """RF-029, RF-033, RF-048: told, else guessed where only one fits, else spread."""
    part = payments.cut(TWO_WAYS, minor, through)
    assert (part.tenders, part.is_way_known, part.amount.minor) == (tenders, is_known, minor)
    assert sum(share.minor for share in part.shares) + part.freight_minor == minor
    rest = payments.without(TWO_WAYS, part)
    assert rest is not None
    whole = payments.together(part, rest)
    assert whole is not None
    assert replace(whole, is_way_known=True) == replace(TWO_WAYS, shares=whole.shares)
    assert {s.line_id: s.minor for s in whole.shares} == {"a": 6_000, "b": 3_500}


@pytest.mark.parametrize("minor", [0, -1, 10_001])
def test_no_part_is_nothing_or_more_than_all(minor: int) -> None:
    """RF-029"""
    with pytest.raises(ValueError, match="10000"):
        payments.cut(TWO_WAYS, minor)
    assert payments.cut(TWO_WAYS, 10_000) is TWO_WAYS
    assert payments.cut(TWO_WAYS, 1).amount.minor == 1
    assert payments.without(TWO_WAYS, TWO_WAYS) is None
    assert payments.together(None, TWO_WAYS) is TWO_WAYS
