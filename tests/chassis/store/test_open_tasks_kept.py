"""P6: the table of open tasks, by PostgreSQL and by the simulation's model."""

from chassis.engine.records import OpenTask, TaskChanges
from tests.chassis.store.store_sides import MINUTE, T0, Side, transaction
from tests.chassis.store.test_store_contract import side

__all__ = ["side"]


async def test_a_task_is_kept_until_it_ends(side: Side) -> None:
    one = OpenTask("tab", "o1", "t1", "o1", "s1", "approval", "is_it_so", T0, T0 + MINUTE)
    of_another = one._replace(case_id="o2", subject="o2")
    async with transaction(side) as connection:
        await side.store.note_tasks(connection, TaskChanges([one, of_another]))
    later = one._replace(asked_at=T0 + MINUTE, due_at=T0 + 2 * MINUTE)
    async with transaction(side) as connection:
        await side.store.note_tasks(connection, TaskChanges([later]))
    assert await side.tasks() == [tuple(later), tuple(of_another)]
    async with transaction(side) as connection:
        await side.store.note_tasks(connection, TaskChanges((), [one.key, ("tab", "o1", "never asked")]))
        await side.store.note_tasks(connection, TaskChanges())
    assert await side.tasks() == [tuple(of_another)]
