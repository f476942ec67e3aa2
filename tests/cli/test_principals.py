"""Rights on the broker: what a service may do follows from what it reads and announces, and no more."""

import pytest

from aftersales_adapters import (
    shopify,
    shopify_parcels,
    shopify_payments,
    shopify_refunds,
    taobao_refunds,
    taobao_trades,
    tracker,
)
from aftersales_contracts.base import Event
from aftersales_contracts.readers import READERS
from aftersales_contracts.topics import SERVICES, TOPICS
from cli.principals import (
    PRINCIPALS,
    RECEIVED,
    Operation,
    Resource,
    Right,
    listed,
    principal_of,
    rights,
    weighed,
)

OURS = Right("aftersales-refunds", Resource.TOPIC, "shop.orders.v1", Operation.READ)
PREFIXED, DENY = 4, 2


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


def test_nobody_but_the_services_the_operator_and_the_receiver_has_any_right() -> None:
    assert {each.principal for each in rights()} == set(PRINCIPALS)


def test_the_operator_sends_again_what_came_in_and_never_writes_dead_letters() -> None:
    written = {
        each.name
        for each in rights()
        if each.principal == principal_of("operator") and each.operation == Operation.WRITE
    }
    assert written == {topic.name for topic in TOPICS.values() if topic.side != "dead"}


def test_the_receiver_of_webhooks_writes_what_adapters_tell_and_reads_nothing() -> None:
    mine = {(each.name, each.operation) for each in rights() if each.principal == principal_of("receiver")}
    assert mine == {(topic, Operation.WRITE) for topic in RECEIVED}
    modules = [
        shopify,
        shopify_parcels,
        shopify_payments,
        shopify_refunds,
        taobao_refunds,
        taobao_trades,
        tracker,
    ]
    told = {
        value.TOPIC
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Event) and "TYPE" in vars(value)
    }
    assert told == set(RECEIVED)


def test_the_operator_may_set_the_group_of_every_service() -> None:
    groups = {
        (each.name, each.operation)
        for each in rights("other")
        if each.principal == principal_of("operator") and each.resource == Resource.GROUP
    }
    assert groups == {(f"other-{service}", Operation.READ) for service in SERVICES}


def test_a_rule_by_prefix_or_host_or_a_refusal_is_not_taken_for_the_right() -> None:
    answer = [
        (Resource.TOPIC, "shop.orders.v1", PREFIXED, [("User:x", "*", Operation.READ, 3)]),
        (Resource.TOPIC, "shop.orders.v1", 3, [("User:x", "10.0.0.1", Operation.READ, 3)]),
        (Resource.TOPIC, "shop.orders.v1", 3, [("User:x", "*", Operation.READ, DENY)]),
    ]
    there = set(listed(OURS.principal, answer))
    assert len(there) == 3
    assert weighed({OURS}, there, revokes=False).given == [OURS]
    assert set(listed(OURS.principal, [(2, OURS.name, 3, [("User:x", "*", 3, 3)])])) == {OURS}
    assert sorted(map(str, there)) == [
        "aftersales-refunds read shop.orders.v1 (denied)",
        "aftersales-refunds read shop.orders.v1 (prefix)",
        "aftersales-refunds read shop.orders.v1 from 10.0.0.1",
    ]


def test_what_is_not_needed_stays_until_somebody_says_so() -> None:
    old = Right(OURS.principal, Resource.TOPIC, "shop.gone.v1", Operation.READ)
    refusal = Right(OURS.principal, Resource.TOPIC, "shop.gone.v1", Operation.READ, permission=DENY)
    kept = weighed({OURS}, {OURS, old, refusal}, revokes=False)
    assert (kept.given, kept.taken, set(kept.surplus)) == ([], [], {old, refusal})
    taken = weighed({OURS}, {OURS, old, refusal}, revokes=True)
    assert (taken.given, taken.taken, taken.surplus) == ([], [old], [refusal])
