"""Finds the input topics of a service, from the contracts: the judge may not ask the services themselves."""

from aftersales_contracts.readers import topics_read
from aftersales_contracts.topics import outcome_topic


def inputs_of(service: str) -> tuple[str, ...]:
    """Lists the topics that a service reads, but for its own."""
    return tuple(sorted(topics_read(service) - {outcome_topic(service)}))
