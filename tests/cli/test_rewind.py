"""Checks what `rewind` says where Kafka forbids it: a missing right is not taken for a replica that reads."""

from types import SimpleNamespace

import pytest
from aiokafka.errors import IllegalGenerationError, KafkaError, TopicAuthorizationFailedError

from cli.errors import CommandError
from cli.upkeep import check_nobody_reads, refused

GROUP_AUTHORIZATION_FAILED, COORDINATOR_NOT_AVAILABLE = 30, 15


def described(code: int, state: str) -> SimpleNamespace:
    """Kafka's answer about one group."""
    return SimpleNamespace(groups=[(code, "aftersales-refunds", state, "", "", [])])


@pytest.mark.parametrize(
    ("code", "state", "says"),
    [
        (GROUP_AUTHORIZATION_FAILED, "", "refunds: this principal has no right"),
        (COORDINATOR_NOT_AVAILABLE, "", "refunds: Kafka does not describe its group"),
        (0, "Stable", "its group is Stable; stop every replica first"),
    ],
)
def test_a_group_that_is_not_known_to_be_empty_is_not_set(code: int, state: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        check_nobody_reads("refunds", described(code, state))


@pytest.mark.parametrize("state", ["Empty", "Dead"])
def test_a_group_that_nobody_reads_in_may_be_set(state: str) -> None:
    check_nobody_reads("refunds", described(0, state))


@pytest.mark.parametrize(
    ("error", "has_right"), [(TopicAuthorizationFailedError(), False), (IllegalGenerationError(), True)]
)
def test_to_stop_the_replicas_is_said_only_where_that_helps(error: KafkaError, has_right: bool) -> None:
    said = str(refused("refunds", error, "stop every replica of it first"))
    assert ("stop every replica" in said) is has_right
    assert ("no right" in said) is not has_right
