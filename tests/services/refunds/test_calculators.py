"""Freight matrix, shares and policy: the calculators that several kinds of refunds share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.refunds import liability, policy
from services.refunds.liability import Bearer
from services.refunds.shares import RefundKind, Share, prorated
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
