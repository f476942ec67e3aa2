"""Remote areas, weather and holidays delay: a parcel may be silent longer (LG-033)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from aftersales_contracts.aftersales import logistics
from kernel.policy import PolicyError
from kernel.value import replace
from services.logistics import policy
from services.logistics.delays import patience_until
from services.logistics.parcels import ParcelStatus, Stage
from services.logistics.policy import Delay, Delays
from services.logistics.service import LOGISTICS
from services.logistics.track import Scan, Track, with_scan
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.pools import BOOK, STO, P
from tests.services.logistics.shop import DAY, HOUR

NEWER = BOOK.get("taobao-classic@2027-01-01")
HEARD = datetime(2027, 3, 1, tzinfo=UTC)
"""Far from every holiday."""
PATIENCE = 48 * HOUR
EVE = datetime(2027, 2, 4, 16, tzinfo=UTC)
"""The midnight in Shanghai that begins the days of the Spring Festival."""


def until(
    heard: datetime = HEARD,
    *,
    stage: Stage = Stage.IN_TRANSIT,
    region: str | None = None,
    scanned_in: str | None = None,
    reason: str | None = None,
    delays: Delays = NEWER.delays,
) -> timedelta:
    """Computes how long nothing is made of the silence."""
    scan = Scan(heard, ParcelStatus.IN_TRANSIT, "x", region_code=scanned_in, reason_code=reason)
    track = replace(with_scan(Track(STO, P.attention.since(heard)), scan), region_code=region)
    return patience_until(track, stage, heard, PATIENCE, delays, NEWER.zone) - heard


@pytest.mark.parametrize("region", ["CN-15", "CN-54", "CN-64", "CN-65"])
def test_a_remote_destination_gives_three_days_more_on_the_way(region: str) -> None:
    """LG-033: the regions of the dearest freight; before the carriage begins they make no difference."""
    assert until(region=region) == PATIENCE + 3 * DAY
    assert until(region=region, stage=Stage.IN_DELIVERY) == PATIENCE + 3 * DAY
    for stage in (Stage.NOT_PICKED_UP, Stage.AFTER_PICKUP):
        assert until(region=region, stage=stage) == PATIENCE
    assert until(region="CN-31") == until(scanned_in=region) == until() == PATIENCE


@pytest.mark.parametrize("reason", ["weather", "holiday", "remote_area"])
def test_what_the_carrier_announces_with_a_scan_gives_three_days_more(reason: str) -> None:
    """LG-033: nobody has to know of it beforehand."""
    assert until(reason=reason) == PATIENCE + 3 * DAY
    assert until(reason="nobody_home") == PATIENCE


HOLIDAYS = [
    ("2027-01-01", 1), ("2027-02-05", 4), ("2027-04-05", 1), ("2027-05-01", 2), ("2027-06-09", 1),
    ("2027-09-15", 1), ("2027-10-01", 3),
]  # fmt: skip


@pytest.mark.parametrize(("first_day", "days"), HOLIDAYS)
def test_holidays_do_not_count(first_day: str, days: int) -> None:
    """LG-033: the days of the law, from midnight to midnight in the shop's zone."""
    begins = datetime.combine(date.fromisoformat(first_day), datetime.min.time(), NEWER.zone)
    heard = begins.astimezone(UTC) - HOUR
    assert until(heard) == PATIENCE + days * DAY
    assert until(heard + HOUR + days * DAY) == PATIENCE, "the day after is none"
    assert until(begins.astimezone(UTC) - PATIENCE) == PATIENCE, "the patience was over before it"


def test_only_what_is_left_of_a_holiday_counts() -> None:
    """LG-033: the last news is of the third of four days."""
    assert until(EVE + 2 * DAY + HOUR) == PATIENCE + 2 * DAY - HOUR


def dated(*rows: tuple[str, str, set[str]]) -> Delays:
    found = {
        str(number): Delay(
            first_day=date.fromisoformat(first), last_day=date.fromisoformat(last), regions=frozenset(regions)
        )
        for number, (first, last, regions) in enumerate(rows)
    }
    return Delays(remote_regions=frozenset(), remote_hours=0 * HOUR, announced_hours={}, dated=found)  # type: ignore[arg-type]


def test_weather_that_was_announced_delays_its_regions() -> None:
    """LG-033: where the parcel goes, or where it is."""
    typhoon = dated(("2027-03-02", "2027-03-03", {"CN-44", "CN-35"}))
    assert until(region="CN-44", delays=typhoon) == PATIENCE + 2 * DAY
    assert until(scanned_in="CN-35", delays=typhoon) == PATIENCE + 2 * DAY
    assert until(region="CN-31", delays=typhoon) == PATIENCE


def test_delays_add_up_but_no_day_counts_twice() -> None:
    """LG-033: a holiday inside a storm, and another that the patience reaches only because of them."""
    storm, inside, later = (
        ("2027-03-02", "2027-03-04", set[str]()), ("2027-03-03", "2027-03-03", set[str]()),
        ("2027-03-06", "2027-03-06", set[str]()),
    )  # fmt: skip
    assert until(delays=dated(storm, inside)) == PATIENCE + 3 * DAY
    assert until(delays=dated(later, inside, storm)) == PATIENCE + 4 * DAY
    assert until(delays=dated(later)) == PATIENCE


def test_a_delay_that_ends_before_it_begins_is_refused() -> None:
    """LG-033."""
    text = policy.FILE.read_text(encoding="utf-8")
    row = 'first_day = "2027-05-01", last_day = "2027-05-02"'
    with pytest.raises(PolicyError, match="LG-033"):
        policy.load(text.replace(row, 'first_day = "2027-05-01", last_day = "2027-04-30"'))


def test_no_pack_before_knows_delays() -> None:
    """LG-033: what runs under it is looked for as it was."""
    for name in ("taobao-classic", "world-market", "notice-three-days"):
        older = BOOK.get(f"{name}@2014-01-01").delays
        assert until(EVE - HOUR, region="CN-54", reason="weather", delays=older) == PATIENCE


@pytest.mark.parametrize(
    ("region", "reason", "days"), [("CN-31", None, 5), ("CN-54", None, 8), ("CN-31", "weather", 8)]
)
def test_a_parcel_is_looked_for_when_its_patience_is_over(region: str, reason: str | None, days: int) -> None:
    """LG-033, LG-016: five days in transit, and what delays it."""
    start = HEARD
    flow = Flow(LOGISTICS)
    flow.tell(shop.placed().model_copy(update={"region_code": region}), start)
    for event in (shop.paid(), shop.registered(), shop.shipped(), shop.handed_over()):
        flow.tell(event, start)
    scan = shop.scan("in_transit", start + HOUR).model_copy(update={"reason_code": reason})
    flow.tell(scan, start + HOUR)
    flow.pass_until(start + HOUR + days * DAY - HOUR)
    assert flow.outcomes(logistics.ParcelStallChangedV1) == []
    flow.pass_until(start + HOUR + days * DAY)
    assert [stall.stage.value for stall in flow.outcomes(logistics.ParcelStallChangedV1)] == ["in_transit"]
