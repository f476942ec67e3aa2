"""Defines the public picture of a case: the words by which people see where the case stands."""

from collections.abc import Mapping
from datetime import datetime

from kernel.value import Value


class Picture(Value):
    """The part of a case that people see. A pure function of the state; the deadlines are the state's own.

    `waits_for`: the role whose turn it is; empty once the case ended, or where it waits for nobody.
    `actions`: codes of the actions that buyer or seller can take now. `ending`: the way in which the case
    ended; empty while it is open. `phase`: whether the order is in sale or after sale, where the case knows.
    """

    status: str
    waits_for: str = ""
    actions: tuple[str, ...] = ()
    ending: str = ""
    phase: str = "not_told"


class PictureChanged(Value):
    """The fact that people see a case otherwise than before (case.changed). The case itself stays."""

    status: str
    previous_status: str | None
    """The status before; None where nothing was to be seen."""
    deadlines: tuple[tuple[datetime, str], ...] = ()
    """The deadlines that people see from now on: moment and name."""


Pictures = Mapping[type, Picture]
"""The picture of each class of state. A state that is not listed shows nothing."""


def ended(status: str, *actions: str) -> Picture:
    """Makes the picture of an end that its status names."""
    return Picture(status, "", actions, status)
