"""An order about which the services say nothing: tests tell the account themselves what was announced."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from aftersales_contracts.aftersales import common
from aftersales_contracts.base import Event
from aftersales_contracts.enums import Role
from tests.histories.breach import Breach
from tests.histories.verbs import play
from tests.histories.world import ORDER, SHOP, Action, Shape, SharedFlow, World
from tests.services.flow import Told


class Silent(SharedFlow):
    """Services that hear nothing."""

    def take(self, event: Event, at: datetime) -> None:
        """Hears nothing."""


def played(shape: Shape, *actions: Action) -> World:
    """A world after these actions, none of which a service heard of."""
    world = World(shape, Silent)
    for action in actions:
        assert play(world, action), action
    return world


def announce(world: World, *outcomes: Event) -> None:
    """The services announce something now."""
    for outcome in outcomes:
        world.flow.told.append(Told(world.now, "test", outcome))
    world.wait_until(world.now + timedelta(minutes=1))


def of_case(case_kind: str, case_id: str) -> dict[str, Any]:
    """The fields that every outcome of a case about the order carries."""
    return {
        "shop_id": SHOP, "order_id": ORDER, "case_kind": case_kind, "case_id": case_id, "case_version": 1,
        "rule_ids": [], "policy_version": "test",
    }  # fmt: skip


def task(
    world: World, case_kind: str, case_id: str, question: str, *, kind: str = "reconciliation", name: str = ""
) -> common.TaskRequestedV1:
    """A question to a person."""
    return common.TaskRequestedV1(
        **of_case(case_kind, case_id),
        about_subject=ORDER,
        task_id=name or f"{case_id}.{question}",
        kind_code=kind,
        question_code=question,
        due_at=world.now + timedelta(days=10),
        escalate_to=Role.SUPERVISOR,
    )


def broken(breaches: Iterable[Breach], name: str) -> set[str]:
    """The subjects that break an invariant."""
    return {breach.about for breach in breaches if breach.name == name}
