"""The connections of the process that a mutant runs in."""

from typing import Any

from chassis.runtime.batches import Worker
from tests.faults.proof.seams import replace, seam

_pools: list[Any] = []


def remember_pool() -> None:
    """Notes the pool that the worker of this process is given."""
    original = seam(Worker, "__init__")

    def made(self: Worker, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        _pools.append(seam(self, "_pool"))

    replace(Worker, "__init__", made)


def pool_of_process() -> Any:
    """That pool."""
    return _pools[-1]
