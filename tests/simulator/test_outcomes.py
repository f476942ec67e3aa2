"""Counting outcomes: once per id, the same digest in any order."""

from datetime import UTC, datetime

import pytest

from aftersales_contracts.envelope import Envelope
from simulator.outcomes import Announced, Outcomes

AT = datetime(2024, 3, 4, tzinfo=UTC)
PAID = "aftersales.refund.paid.v1"


def outcome(number: int, data: bytes = b'{"amount":{"minor":250,"currency":"CNY"}}') -> Announced:
    return Announced(Envelope(f"refund-intent/r{number}/3", "aftersales/refunds", PAID, AT, "o1"), data)


def digest(*announced: Announced) -> str:
    outcomes = Outcomes()
    for one in announced:
        outcomes.add(one)
    try:
        return outcomes.digest()
    finally:
        outcomes.close()


def test_repeats_count_once_and_money_with_them() -> None:
    outcomes = Outcomes()
    assert [outcomes.add(outcome(n)) for n in (1, 2, 1)] == [True, True, False]
    assert (outcomes.count, outcomes.repeat_count, outcomes.conflict_count) == (2, 1, 0)
    assert outcomes.by_type() == {PAID: 2}
    assert outcomes.money() == {f"{PAID} amount": {"CNY": {"minor": 500, "count": 2}}}
    outcomes.close()


def test_one_id_with_two_bodies_is_noticed() -> None:
    outcomes = Outcomes()
    outcomes.add(outcome(1))
    outcomes.add(outcome(1, b'{"amount":{"minor":251,"currency":"CNY"}}'))
    assert (outcomes.count, outcomes.conflict_count) == (1, 1)
    outcomes.close()


def test_the_digest_knows_no_order_and_no_repeats() -> None:
    assert digest(outcome(1), outcome(2)) == digest(outcome(2), outcome(1), outcome(2))


@pytest.mark.parametrize("other", [outcome(3), outcome(2, b'{"amount":{"minor":1,"currency":"CNY"}}')])
def test_the_digest_tells_outcomes_apart(other: Announced) -> None:
    assert digest(outcome(1), outcome(2)) != digest(outcome(1), other)


def test_the_order_of_keys_in_the_data_does_not_matter() -> None:
    assert digest(outcome(1, b'{"a":1,"b":2}')) == digest(outcome(1, b'{"b": 2, "a": 1}'))
