"""Names the reasons for which a shop's notice refuses a return, and judges the goods that come back (A13)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from kernel.rules import rules_of
from kernel.value import Value
from services.refunds.shares import InspectedLine


class Bar(StrEnum):
    """The reason why the shop's notice refuses a return. The buyer may change the application."""

    NO_QUALITY_FAULT = "no_quality_fault"
    SPECIAL_OFFER = "special_offer"
    EXCLUDED_REASON = "excluded_reason"
    REPORTED_LATE = "reported_late"


class FaultReported(Value):
    """The buyer reported a fault of these lines."""

    line_ids: tuple[str, ...]
    at: datetime


RULES: Mapping[Bar, tuple[str, ...]] = {
    Bar.NO_QUALITY_FAULT: ("RF-096",),
    Bar.SPECIAL_OFFER: ("RF-110",),
    Bar.EXCLUDED_REASON: ("RF-107", "RF-108", "RF-111", "RF-115"),
    Bar.REPORTED_LATE: ("RF-098", "RF-099"),
}


EXPLAINED_BY_FAULT = frozenset({"damaged", "incomplete", "wrong_item"})
"""Conditions that a confirmed fault explains; nobody's fault washes, wears or alters goods."""


@rules_of("RF-061", "RF-116")
def is_explained(line: InspectedLine) -> bool:
    """Tells whether a confirmed fault explains the condition: it does not count against the buyer."""
    is_fault = bool(line.is_fault_confirmed) and line.condition in EXPLAINED_BY_FAULT
    return is_fault and line.is_packaging_complete


@rules_of("RF-100", "RF-101", "RF-102")
def is_unfit(line: InspectedLine, unacceptable: Collection[str]) -> bool:
    """Tells whether goods came back in a condition that the shop does not take."""
    if not line.received_count:
        return False
    if is_explained(line):
        return False
    return line.condition in unacceptable or not line.is_packaging_complete
