"""The connections of the process that a mutant runs in."""

from typing import Any

from chassis.runtime.batches import BatchProcessor
from tests.faults.proof.seams import replace, seam

_pools: list[Any] = []


def remember_pool() -> None:
    """Notes the pool that the batch processor of this process is given."""
    original = seam(BatchProcessor, "__init__")

    def made(self: BatchProcessor, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        _pools.append(seam(self, "_pool"))

    replace(BatchProcessor, "__init__", made)


def pool_of_process() -> Any:
    """That pool."""
    return _pools[-1]
