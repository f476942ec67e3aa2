"""The numbers of unpaid orders: the checks between them."""

import pytest

from services.customers import policy
from tests.services.rows import check_refused


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("remind_consulted_hours", "72", "CU-011"),
    ],
)
def test_numbers_without_sense_are_refused(key: str, value: str, why: str) -> None:
    check_refused(policy.load, policy.POLICY_FILE, key, value, why)
