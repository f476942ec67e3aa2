"""Money, its allocation, and how a rule stamps what it decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.decider import Decided
from kernel.money import Money, allocate
from kernel.rules import HOMES, rule, rules_of

weights_of = st.lists(st.integers(0, 10**9), min_size=1, max_size=12)


@given(st.integers(0, 10**12), weights_of)
def test_parts_sum_to_the_whole(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        if whole:
            assert total * weight // whole <= part <= -(-total * weight // whole)


@given(weights_of, st.data())
def test_allocating_by_what_is_left_never_exceeds_it(weights: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(weights)))
    assert all(part <= weight for part, weight in zip(allocate(total, weights), weights, strict=True))


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (5, [0, 0], [5, 0]),
        (0, [3, 4], [0, 0]),
        (1, [1, 2], [0, 1]),
        (10, [5], [10]),
    ],
)
def test_largest_remainder(total: int, weights: list[int], parts: list[int]) -> None:
    assert allocate(total, weights) == parts


@pytest.mark.parametrize(("total", "weights"), [(1, []), (-1, [1]), (1, [1, -1])])
def test_what_cannot_be_allocated(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match=r"allocate|negative"):
        allocate(total, weights)


def test_money_is_never_negative_and_never_mixed() -> None:
    five, seven = Money(5, "CNY"), Money(7, "CNY")
    assert seven - five == Money(2, "CNY")
    assert five + seven == Money(12, "CNY")
    assert seven.least(five) == five
    assert seven.exceeds(five)
    assert not five.exceeds(five)
    with pytest.raises(ValueError, match="negative"):
        _ = five - seven
    with pytest.raises(ValueError, match="do not mix"):
        _ = five + Money(1, "BRL")


def test_a_rule_stamps_its_facts_and_is_their_home() -> None:
    @rule("RF-013", "RF-014")
    def decided(count: int) -> list[str]:
        return ["fact"] * count

    @rules_of("RF-048")
    def calculated(number: int) -> int:
        return number + 1

    try:
        assert decided(2) == [Decided("fact", ("RF-013", "RF-014"))] * 2
        assert decided(0) == []
        assert calculated(1) == 2
        assert any(home.endswith("calculated") for home in HOMES["RF-048"])
        assert any(home.endswith("decided") for home in HOMES["RF-014"])
    finally:
        for homes in HOMES.values():
            homes[:] = [home for home in homes if "test_vocabulary" not in home]
