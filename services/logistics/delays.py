"""Computes how long a parcel may be silent where remote areas, weather and holidays delay it (LG-033)."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kernel.rules import rules_of
from services.logistics.parcels import Stage
from services.logistics.policy import Delays
from services.logistics.track import Track, picture

ON_THE_WAY = frozenset({Stage.IN_TRANSIT, Stage.IN_DELIVERY})
"""The stages in which the parcel is far from the shop."""


@rules_of("LG-033")
def patience_until(
    track: Track, stage: Stage, heard: datetime, patience: timedelta, delays: Delays, zone: ZoneInfo
) -> datetime:
    """Finds the end of the patience with a parcel that was heard of last at `heard`.

    A remote destination and a delay that the carrier announced with its last scan give more time. Days on
    which carriage stands still, at the destination or where the parcel is, do not count.
    """
    seen = picture(track)
    until = heard + patience
    if track.region_code in delays.remote_regions and stage in ON_THE_WAY:
        until += delays.remote_hours
    if seen is not None and seen.reason_code is not None:
        until += delays.announced_hours.get(seen.reason_code, timedelta(0))
    regions = {track.region_code, seen.region_code if seen is not None else None}
    days = (
        (delay.first_day, delay.last_day)
        for delay in delays.dated.values()
        if not delay.regions or delay.regions & regions
    )
    return _without_days(heard, until, days, zone)


def _without_days(
    since: datetime, until: datetime, days: Iterable[tuple[date, date]], zone: ZoneInfo
) -> datetime:
    """Puts the end off by the time that stands still; days that several delays name count once."""
    stood_until = since
    for first, last in sorted(days):
        begins = datetime.combine(first, time(), zone).astimezone(since.tzinfo)
        ends = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(since.tzinfo)
        begins = max(begins, stood_until)
        if begins < until and begins < ends:
            until += ends - begins
            stood_until = ends
    return until
