"""Defines clock marks, by which a replay says that a moment has come."""

from aftersales_contracts.base import At, Count, Event
from aftersales_contracts.topics import ANY_TOPIC


class ClockMarkedV1(Event):
    """Everything that happened before `mark_at` has been published, on the partition that carries the mark.

    Only for processes that run by clock marks (replays, tests); others skip it. A mark is written to
    every partition of every topic that a service reads, the services' own ones included.
    """

    TYPE = "clock.marked.v1"
    TOPIC = ANY_TOPIC

    mark_at: At
    """The moment at which the outside now stands."""
    sequence_count: Count
    """Number of the mark, from 1, rising by one; two marks may name the same moment."""

    def subject_of(self) -> str:
        return "clock"
