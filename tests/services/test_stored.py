"""Plays steps that the code of release 0.1.0 stored: every state and message it could leave behind.

`stored/<service>.jsonl` holds a step a line: a state and a message as they were in the database, the moment,
the policy version, and what was decided: the rule ids of each fact and the state after them. The files never
change; a later release adds files of its own. A field that today's code adds to a state is no difference. A
step that today's rules decide otherwise on purpose stands in `stored/changed.toml`, with the reason; it is
still decoded and decided.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
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
CHANGED = tomllib.loads((FOLDER / "changed.toml").read_text(encoding="utf-8"))
"""Kind -> "State Message" -> the reason why today's rules decide such a step otherwise."""
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


def agrees(then: Any, today: Any) -> bool:
    """Tells whether all that was stored then is there today; today's may have further fields."""
    if isinstance(then, Mapping) and isinstance(today, Mapping):
        return all(key in today and agrees(value, today[key]) for key, value in then.items())
    if isinstance(then, list) and isinstance(today, list):
        return len(then) == len(today) and all(map(agrees, then, today))
    return bool(then == today)


def name_of(step: Step) -> Sequence[str]:
    return step["kind"], f"{step['state'][0]} {step['message'][0]}"


@pytest.mark.parametrize("name", list(SERVICES))
def test_what_the_release_before_stored_goes_on_as_it_would_have(name: str) -> None:
    registry = Registry(SERVICES[name])
    found = list(steps(name))
    assert len(found) > 50
    wrong = set()
    for step in found:
        kind, moment = name_of(step)
        decided = played(registry, step)
        is_same = all(agrees(step[key], decided[key]) for key in decided)
        if not is_same and moment not in CHANGED.get(kind, {}):
            wrong.add((kind, moment))
    assert wrong == set(), "on purpose? then name them in tests/services/stored/changed.toml, with the reason"


def test_a_step_is_called_changed_only_where_it_is() -> None:
    changed = {(kind, moment) for kind, reasons in CHANGED.items() for moment in reasons}
    differs = set()
    for name, service in SERVICES.items():
        registry = Registry(service)
        for step in steps(name):
            decided = played(registry, step)
            if not all(agrees(step[key], decided[key]) for key in decided):
                differs.add(tuple(name_of(step)))
    assert changed - differs == set()


def test_a_lost_field_and_another_value_are_seen() -> None:
    assert agrees(["Open", {"a": 1}], ["Open", {"a": 1, "b": None}])
    assert not agrees(["Open", {"a": 1}], ["Open", {}])
    assert not agrees(["Open", {"a": 1}], ["Open", {"a": 2}])
    assert not agrees(None, ["Open", {}])
