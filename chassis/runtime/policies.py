"""Tells about policies at start: which are refused, which a release has corrected, which cannot be used."""

import logging
from collections.abc import Iterable

from chassis.service import Service
from chassis.store.database import Connection
from chassis.store.policy_versions import keep
from kernel.packs import Fault
from kernel.policy import PolicyBook

log = logging.getLogger(__name__)


async def keep_policies(connection: Connection, service: Service) -> int:
    """Writes down the versions that are new and learns those that no file has; returns the number kept.

    Raises PolicyError where a file gives a kept version other numbers.
    """
    book = service.policies
    if not isinstance(book, PolicyBook):  # one policy for all, as in tests: there are no versions to keep
        return 0
    compared = await keep(connection, book)
    tell(logging.WARNING, "the package has corrected a policy: running cases follow", compared.corrected)
    tell(logging.ERROR, "a kept policy cannot be used: its cases will fail", compared.unreadable)
    return compared.kept_count


def tell(level: int, text: str, faults: Iterable[Fault]) -> None:
    """Logs one line for each fault, with file, key and reason."""
    for fault in faults:
        fields = {
            "policy_file": fault.file,
            "policy_key": fault.key or None,
            "policy_reason": fault.reason,
        }
        log.log(level, text, extra=fields)
