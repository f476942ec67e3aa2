"""Which topics a service reads, and which of them our own services write."""

from aftersales_contracts.registry import topics_of
from aftersales_contracts.topics import TOPICS, outcome_topic
from chassis.service import Service


def is_own(topic: str) -> bool:
    """Whether our services write it: such topics form cycles, so no horizon waits for them."""
    return TOPICS[topic].side != "in"


def inputs(service: Service) -> list[str]:
    """The topics that a service reads, sorted; never its own outcomes."""
    topics = {topic for event_class in service.reads for topic in topics_of(event_class)}
    return sorted(topics - {outcome_topic(service.name)})
