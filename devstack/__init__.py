"""Runs the local stack from packages: a real Kafka and PostgreSQL for tests, demo and measurements."""

from devstack.errors import PartFailed, PartMissing, StackError
from devstack.stack import Stack, start

__all__ = ["PartFailed", "PartMissing", "Stack", "StackError", "start"]
