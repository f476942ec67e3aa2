"""Aftersales in containers, for other teams' integration tests: publish, move the clock, await outcomes."""

from aftersales_testing.containers import Containers, StartError
from aftersales_testing.system import Aftersales, NotAnnouncedError
from aftersales_testing.wire import DeadLetter, Outcome

__all__ = ["Aftersales", "Containers", "DeadLetter", "NotAnnouncedError", "Outcome", "StartError"]
