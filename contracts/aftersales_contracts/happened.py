"""Bounds moments in data that have passed against the time of their event."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import get_args

from aftersales_contracts.base import Event, Happened


@cache
def happened_fields(event_class: type[Event]) -> Mapping[str, Happened]:
    """Finds the fields of a type that hold a moment which had passed when the event was written."""
    found: dict[str, Happened] = {}
    for name, field in event_class.model_fields.items():
        inner = [each for part in get_args(field.annotation) for each in get_args(part)]
        for marker in (*field.metadata, *inner):
            if isinstance(marker, Happened):
                found[name] = marker
    return found


def out_of_bounds(event: Event, time: datetime) -> str | None:
    """Names the first such moment that is too far from the time of its event, and its bound; no content."""
    for name, bounds in happened_fields(type(event)).items():
        moment: datetime | None = getattr(event, name)
        if moment is None:
            continue
        if moment - time > bounds.ahead:
            return f"{name}: more than {int(bounds.ahead.total_seconds()) // 3600} hours ahead of time"
        if time - moment > bounds.behind:
            return f"{name}: more than {bounds.behind.days} days before time"
    return None
