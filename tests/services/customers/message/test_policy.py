"""The numbers of messages: the checks between them."""

import pytest

from services.customers import policy
from tests.services.rows import check_refused


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("unsubscribe_ref", '""', "CP-007"),
        ("limit_count", "4", "CP-010"),
    ],
)
def test_numbers_without_sense_are_refused(key: str, value: str, why: str) -> None:
    check_refused(policy.load, policy.POLICY_FILE, key, value, why)
