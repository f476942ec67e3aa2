"""All customers are treated alike: another person in the same place gets the same decision.

CU-017, CP-041, RV-028. Each step that the release before stored is decided once more, with every id of a
person exchanged for another.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chassis.engine.registry import Registry
from tests.services.test_stored import SERVICES, Step, played, steps

PERSONAL = ("customer_id", "buyer_account_id", "agent_id", "account_id")


def persons(value: Any) -> Iterator[str]:
    """Finds the ids of persons at any depth."""
    if isinstance(value, dict):
        for key, inside in value.items():
            if key in PERSONAL and isinstance(inside, str) and inside:
                yield inside
            yield from persons(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from persons(inside)


def renamed(value: Any, names: dict[str, str]) -> Any:
    """Exchanges whole texts."""
    if isinstance(value, dict):
        return {key: renamed(inside, names) for key, inside in value.items()}
    if isinstance(value, list):
        return [renamed(inside, names) for inside in value]
    return names.get(value, value) if isinstance(value, str) else value


def as_another(step: Step, other: str) -> tuple[Step, dict[str, str]]:
    found = sorted(set(persons([step["state"], step["message"]])))
    names = {name: f"{other}-{number}" for number, name in enumerate(found)}
    changed = {**step, "state": renamed(step["state"], names), "message": renamed(step["message"], names)}
    return changed, {new: old for old, new in names.items()}


@pytest.mark.parametrize("other", ["a", "zz-top", "VIP", "0000000001"])
@pytest.mark.parametrize("name", list(SERVICES))
def test_another_person_gets_the_same_decision(name: str, other: str) -> None:
    """CU-017."""
    registry = Registry(SERVICES[name])
    count = 0
    for step in steps(name):
        changed, back = as_another(step, other)
        if not back:
            continue
        count += 1
        decided = renamed(json.loads(json.dumps(played(registry, changed))), back)
        assert decided == json.loads(json.dumps(played(registry, step))), step["kind"]
    assert count > 30, "or nothing was compared"
