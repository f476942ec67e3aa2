"""Plays steps that the code of release 0.1.0 stored: every state and message it could leave behind.

`stored/<service>.jsonl` holds a step a line: a state and a message as they were in the database, the moment,
the policy version, and what was decided: the rule ids of each fact and the state after them. The files never
change; a later release adds files of its own.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from chassis.engine.registry import Registry
from chassis.service import Kind
from kernel.decider import NotYet
from services.customers.service import CUSTOMERS
from services.logistics.service import LOGISTICS
from services.refunds.service import REFUNDS
from services.reviews.service import REVIEWS

FOLDER = Path(__file__).with_name("stored")
SERVICES = {service.name: service for service in (REFUNDS, LOGISTICS, REVIEWS, CUSTOMERS)}
Step = dict[str, Any]


def steps(service: str) -> Iterator[Step]:
    with (FOLDER / f"{service}.jsonl").open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def played(registry: Registry, step: Step) -> dict[str, Any]:
    """Decides the step by the code of today."""
    kind: Kind[Any, Any, Any, Any] = registry.kinds[step["kind"]]
    codec = registry.codecs[kind.name]
    state, message = (codec.decode(name, json.dumps(data)) for name, data in (step["state"], step["message"]))
    policy = registry.service.policies.get(step["policy"])
    is_early, decided = False, []
    try:
        decided = list(kind.handle(state, message, policy, datetime.fromisoformat(step["at"])))
    except NotYet:
        is_early = True
    after = state
    for entry in decided:
        after = kind.evolve(after, entry.fact)
    stored = [type(after).__name__, json.loads(codec.encode(after))]
    return {
        "early": is_early,
        "rules": [list(entry.rules) for entry in decided],
        "after": None if stored == [type(state).__name__, json.loads(codec.encode(state))] else stored,
    }


@pytest.mark.parametrize("name", list(SERVICES))
def test_what_the_release_before_stored_goes_on_as_it_would_have(name: str) -> None:
    registry = Registry(SERVICES[name])
    found = list(steps(name))
    assert len(found) > 50
    wrong = [
        (step["kind"], step["state"][0], step["message"][0])
        for step in found
        if played(registry, step) != {key: step[key] for key in ("early", "rules", "after")}
    ]
    assert wrong == []
