"""Finds free ports on the loopback address that stay free while a part is down."""

import contextlib
import secrets
import socket

from devstack.errors import StackError

FIRST, LAST = 15_000, 32_000
"""Below the ranges from which Linux and macOS take the local port of an outgoing connection.

Inside them a client that keeps dialling a stopped broker may be given the broker's own port and talk
to itself, and the broker could not come back.
"""
TRIES = 200
_given: set[int] = set()
"""Ports that this process was given: whoever has one may not listen there yet."""


def free(count: int) -> list[int]:
    """That many free ports, none of them given before. Raises StackError if they cannot be found."""
    found: list[int] = []
    for _ in range(TRIES):
        port = FIRST + secrets.randbelow(LAST - FIRST)
        if port not in _given and is_free(port):
            _given.add(port)
            found.append(port)
            if len(found) == count:
                return found
    raise StackError(f"no {count} free ports between {FIRST} and {LAST}")


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether something listens there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
