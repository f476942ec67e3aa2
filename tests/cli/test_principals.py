"""Rights on the broker: what a service may do follows from what it reads and announces, and no more."""

import pytest

from aftersales_contracts.asyncapi import READERS
from aftersales_contracts.topics import SERVICES, TOPICS
from cli.principals import PRINCIPALS, Operation, Resource, principal_of, rights


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_rights_of_the_contracts_and_no_other(service: str) -> None:
    mine = {
        (each.resource, each.name, each.operation)
        for each in rights()
        if each.principal == principal_of(service)
    }
    reads = {topic for topic, readers in READERS.items() if service in readers}
    writes = {topic.name for topic in TOPICS.values() if topic.writers == (service,)}
    assert mine == {
        *((Resource.TOPIC, topic, Operation.READ) for topic in reads),
        *((Resource.TOPIC, topic, Operation.WRITE) for topic in writes),
        (Resource.GROUP, f"aftersales-{service}", Operation.READ),
    }


def test_nobody_but_the_services_and_the_operator_has_any_right() -> None:
    assert {each.principal for each in rights()} == set(PRINCIPALS)


def test_the_operator_sends_again_what_came_in_and_never_writes_dead_letters() -> None:
    written = {
        each.name
        for each in rights()
        if each.principal == principal_of("operator") and each.operation == Operation.WRITE
    }
    assert written == {topic.name for topic in TOPICS.values() if topic.side != "dead"}
