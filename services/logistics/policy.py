"""Reads the numbers of the logistics rules from policy.toml; a field has the name of its key."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from kernel.policy import Days, Hours, Minutes, Numbers, PolicyBook, read_book, reader
from kernel.value import replace
from services.logistics import carriers
from services.logistics.attention import Attention
from services.logistics.carriers import Carriers
from services.logistics.parcels import Stage


class Looks(Numbers):
    """Looks of a person at a case that nothing else moves."""

    after_days: Days
    count: int
    then_days: Days
    """The pause between the looks at a case that must end, after `count` of them."""

    def __post_init__(self) -> None:
        if self.count < 1 or self.after_days <= timedelta(0):
            raise ValueError("attention must come at least once, after some time")
        if self.then_days < self.after_days:
            raise ValueError("later looks come no more often than the first ones")

    def since(self, at: datetime, after: timedelta | None = None) -> Attention:
        """Starts the looks at a case; the first comes after `after`, else after `after_days`."""
        every_hours = int(self.after_days / timedelta(hours=1))
        return Attention(at + (after or self.after_days), self.count, every_hours)

    def lasting(self, at: datetime, after: timedelta | None = None) -> Attention:
        """Starts the looks at a case that must end: a person is asked until it does."""
        return replace(self.since(at, after), then_hours=int(self.then_days / timedelta(hours=1)))


class Dispatch(Numbers):
    """Dispatch commitments and lateness."""

    cut_off_hour: int
    """LG-053: local hour; paid before it, sent the same day. Negative: no cut-off."""
    target_hours: Hours
    """LG-054, LG-055, LG-056"""
    limit_hours: Hours
    """LG-063"""
    pickup_hours: Hours
    """LG-064"""
    grace_minutes: Minutes
    hold_answer_hours: Hours
    """RF-005"""
    hold_unknown_hours: Hours
    """RF-002"""
    instruction_answer_hours: Hours
    address_check_hours: Hours
    """OR-006: for the answer whether recipient, address and postcode are right; 0: nobody is asked."""
    is_agreed_carrier_binding: bool
    """LG-057"""
    wrong_carrier_points: int
    """LG-057"""

    def __post_init__(self) -> None:
        if self.cut_off_hour > 24:
            raise ValueError("the cut-off is an hour of the day")
        if self.hold_answer_hours >= self.hold_unknown_hours:
            raise ValueError("a hold is asked again before it counts as unknown")

    @property
    def cut_off(self) -> int | None:
        """The local hour of the cut-off; None without one."""
        return self.cut_off_hour if self.cut_off_hour >= 0 else None


class Parcel(Numbers):
    """Parcels and their silence."""

    generation_days: Days
    early_days: Days
    """The furthest before its registration that a scan can be one of the parcel's."""
    shared_days: Days
    """The furthest apart that two orders are registered in one parcel."""
    shared_after_end_hours: Hours
    """The longest after its end that another order can be registered in a parcel."""
    instruction_answer_hours: Hours
    silence_hours: Mapping[Stage, Hours]
    """LG-016, LG-033"""

    def __post_init__(self) -> None:
        missing = sorted(set(Stage) - set(self.silence_hours))
        if missing:
            raise ValueError(f"no silence of the stages {', '.join(missing)}")


class Delay(Numbers):
    """Days on which carriage stands still: a public holiday, or weather that was announced."""

    first_day: date
    last_day: date
    regions: frozenset[str]
    """Where; empty: everywhere."""

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise ValueError("a delay ends before it begins (LG-033)")


class Delays(Numbers):
    """Reasons for which a parcel may be silent longer (LG-033)."""

    remote_regions: frozenset[str]
    remote_hours: Hours
    announced_hours: Mapping[str, Hours]
    """By the reason that the carrier gives with a scan."""
    dated: Mapping[str, Delay]
    """By name."""


class Lost(Numbers):
    """Lost parcels."""

    inquiry_hours: Hours
    """LG-016"""
    choice_hours: Hours
    """LG-018"""
    reship_days: Days
    """LG-019"""
    report_hours: Hours
    """LG-020"""
    is_household_signature_own: bool
    """LG-042"""

    def __post_init__(self) -> None:
        if self.choice_hours > self.reship_days:
            raise ValueError("the buyer's choice must end before the replacement is due (LG-019)")


class Claim(Numbers):
    """Courier claims."""

    evidence_days: Days
    answer_days: Days
    pay_days: Days


class Intercept(Numbers):
    """Parcels called back."""

    answer_hours: Hours
    back_days: Days


class Reship(Numbers):
    """Goods sent again."""

    stock_hours: Hours
    arrive_days: Days
    note_days: Days


class Shortage(Numbers):
    """Sold goods that are missing."""

    choice_hours: Hours
    wait_days: Days


_CARRIERS = carriers.load()


class Policy(Numbers):
    """All numbers of the logistics service."""

    zone: ZoneInfo
    attention: Looks
    dispatch: Dispatch
    parcel: Parcel
    delays: Delays
    lost: Lost
    claim: Claim
    intercept: Intercept
    reship: Reship
    shortage: Shortage

    @property
    def carriers(self) -> Carriers:
        """The matrix of carriers.toml, the same in every version."""
        return _CARRIERS


FILE = Path(__file__).with_name("policy.toml")


def load(source: str | Path = FILE) -> PolicyBook[Policy]:
    """Reads every version of the policy. Raises kernel.policy.PolicyError."""
    return read_book(source, reader(Policy))
