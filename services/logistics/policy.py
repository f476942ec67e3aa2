"""The numbers of the logistics rules, read from policy.toml, and the carriers that they speak of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kernel.policy import PolicyBook, Table, read_book
from services.logistics import carriers
from services.logistics.cases.values import Attention, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """Dispatch commitments and lateness."""

    cut_off_hour: int | None
    """LG-053: local hour; paid before it, sent the same day."""
    target: timedelta
    """LG-054, LG-055, LG-056"""
    limit: timedelta
    """LG-063"""
    pickup: timedelta
    """LG-064"""
    grace: timedelta
    hold_answer: timedelta
    hold_unknown: timedelta
    instruction_answer: timedelta
    is_agreed_carrier_binding: bool
    """LG-057"""
    wrong_carrier_points: int
    """LG-057"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Parcels and their silence."""

    silence: Mapping[Stage, timedelta]
    """LG-016, LG-033"""
    generation: timedelta
    instruction_answer: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Lost parcels."""

    inquiry: timedelta
    """LG-016"""
    choice: timedelta
    """LG-018"""
    reship: timedelta
    """LG-019"""
    report: timedelta
    """LG-020"""
    is_household_signature_own: bool
    """LG-042"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Courier claims."""

    evidence: timedelta
    answer: timedelta
    pay: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Intercept:
    """Parcels called back."""

    answer: timedelta
    back: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Reship:
    """Goods sent again."""

    stock: timedelta
    arrive: timedelta
    note: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """Sold goods that are missing."""

    choice: timedelta
    wait: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All numbers of the logistics service."""

    zone: ZoneInfo
    attention_after: timedelta
    attention_count: int
    dispatch: Dispatch
    parcel: Parcel
    lost: Lost
    claim: Claim
    intercept: Intercept
    reship: Reship
    shortage: Shortage
    carriers: carriers.Carriers

    def attention(self, at: datetime, after: timedelta | None = None) -> Attention:
        """The attention that a case gets which nothing else moves."""
        every_hours = int(self.attention_after / timedelta(hours=1))
        return Attention(at + (after or self.attention_after), self.attention_count, every_hours)


def _durations(table: Table) -> dict[str, timedelta]:
    """`x_days`, `x_hours`, `x_minutes` of a table as `x`; what is no duration is left out."""
    units = {"_days": "days", "_hours": "hours", "_minutes": "minutes"}
    found: dict[str, timedelta] = {}
    for key, value in table.items():
        for suffix, unit in units.items():
            if key.endswith(suffix) and isinstance(value, int):
                found[key.removesuffix(suffix)] = timedelta(**{unit: value})
    return found


def make(table: Table) -> Policy:
    """The policy of one version. Raises KeyError, TypeError or ValueError for numbers without sense."""
    dispatch: dict[str, Any] = table["dispatch"]
    parcel: dict[str, Any] = table["parcel"]
    lost: dict[str, Any] = table["lost"]
    lengths = _durations(dispatch)
    policy = Policy(
        zone=ZoneInfo(table["zone"]),
        attention_after=timedelta(days=table["attention"]["after_days"]),
        attention_count=int(table["attention"]["count"]),
        dispatch=Dispatch(
            cut_off_hour=dispatch["cut_off_hour"] if dispatch["cut_off_hour"] >= 0 else None,
            is_agreed_carrier_binding=bool(dispatch["is_agreed_carrier_binding"]),
            wrong_carrier_points=int(dispatch["wrong_carrier_points"]),
            **lengths,
        ),
        parcel=Parcel(
            silence={stage: timedelta(hours=parcel["silence_hours"][stage]) for stage in Stage},
            **_durations(parcel),
        ),
        lost=Lost(is_household_signature_own=bool(lost["is_household_signature_own"]), **_durations(lost)),
        claim=Claim(**_durations(table["claim"])),
        intercept=Intercept(**_durations(table["intercept"])),
        reship=Reship(**_durations(table["reship"])),
        shortage=Shortage(**_durations(table["shortage"])),
        carriers=carriers.load(),
    )
    _check(policy, table)
    return policy


def _check(policy: Policy, table: Table) -> None:
    if set(table["parcel"]["silence_hours"]) != set(Stage):
        raise ValueError("every stage has one silence, and nothing else has")
    if policy.dispatch.cut_off_hour is not None and not 0 <= policy.dispatch.cut_off_hour <= 24:
        raise ValueError("the cut-off is an hour of the day")
    if policy.lost.choice > policy.lost.reship:
        raise ValueError("the buyer's choice must end before the replacement is due (LG-019)")
    if policy.dispatch.hold_answer >= policy.dispatch.hold_unknown:
        raise ValueError("a hold is asked again before it counts as unknown")
    if policy.attention_count < 1 or policy.attention_after <= timedelta(0):
        raise ValueError("attention must come at least once, after some time")


FILE = Path(__file__).with_name("policy.toml")


def load(source: str | Path = FILE) -> PolicyBook[Policy]:
    """Every version of the policy. Raises kernel.policy.PolicyError, carriers.CarriersError."""
    return read_book(source, make)
