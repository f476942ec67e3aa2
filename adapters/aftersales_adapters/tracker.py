"""Tells a tracker's history: each scan with an id derived from its content, in the order of the moments."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from pydantic import ValidationError

from aftersales_adapters.reading import Node, NoMoment, NoZone
from aftersales_adapters.result import PayloadError
from aftersales_adapters.telling import CODE_LENGTH, Telling, content_id, refused
from aftersales_contracts.enums import ParcelStatus, SignedBy
from aftersales_contracts.shop.scans import ParcelScannedV1


@dataclass(frozen=True, slots=True)
class Meaning:
    """The sense of a carrier's code in our words."""

    status: ParcelStatus
    reason_code: str | None = None
    signed_by: SignedBy | None = None


Vocabulary = Mapping[str, Meaning]
UNKNOWN = Meaning(ParcelStatus.UNKNOWN)
SILENT = frozenset({ParcelStatus.UNKNOWN, ParcelStatus.REGISTERED, ParcelStatus.IN_TRANSIT})
"""Statuses of a tracker that say no more than any of its scans."""


def vocabulary(
    plain: Mapping[ParcelStatus, Sequence[str]], special: Mapping[str, Meaning] | None = None
) -> Vocabulary:
    """Builds the meanings of codes: by status, and those that carry a reason or a signer."""
    found = {code: Meaning(status) for status, codes in plain.items() for code in codes}
    return {**found, **(special or {})}


@dataclass(frozen=True, slots=True)
class Waybill:
    """The parcel at its carrier."""

    carrier_code: str
    tracking_code: str


@dataclass(frozen=True, slots=True)
class Scan:
    """One line of a history, as read."""

    node: Node
    at: datetime
    meaning: Meaning
    raw_status_code: str
    raw_text: str | None = None
    place_name: str | None = None
    weight_grams: int | None = None


def moment(telling: Telling, node: Node, zone: tzinfo | None) -> datetime | None:
    """Reads the moment of a scan; None, with a remark, where it has none that the border takes."""
    try:
        at = node.need_moment(zone)
    except NoZone as error:
        telling.remark(node, "no_zone", f"{error.fault}: the scan is left out; name the zone")
        return None
    except NoMoment as error:
        telling.remark(node, "no_moment", f"{error.fault}: the scan is left out")
        return None
    return at if telling.is_in_bounds(node, at) else None


def read_scans(telling: Telling, lines: Iterable[Node], read: Callable[[Node], Scan | None]) -> list[Scan]:
    """Reads the lines of a history; one that cannot be read is left out with a remark."""
    scans: list[Scan] = []
    for line in lines:
        try:
            scan = read(line)
        except PayloadError as error:
            telling.remark(error.place, "unusable", f"the scan is left out: {error.fault}")
            continue
        if scan is not None:
            scans.append(scan)
    return scans


def tell_scans(telling: Telling, waybill: Waybill, scans: Iterable[Scan]) -> None:
    """Tells scans in the order of their moments; those of one moment stay in the carrier's order.

    A scan that the contracts refuse is left out with a remark, and the rest of the history is told.
    """
    for scan in sorted(scans, key=lambda scan: scan.at):
        try:
            event = _event(waybill, scan)
            telling.tell(content_id(event), scan.at, event, scan.node)
        except PayloadError as error:
            telling.remark(scan.node, "unusable", f"the scan is left out: {error.fault}")


def _event(waybill: Waybill, scan: Scan) -> ParcelScannedV1:
    try:
        return ParcelScannedV1(
            carrier_code=waybill.carrier_code,
            tracking_code=waybill.tracking_code,
            occurred_at=scan.at,
            status=scan.meaning.status,
            raw_status_code=scan.raw_status_code[:CODE_LENGTH],
            raw_text=scan.raw_text,
            place_name=scan.place_name,
            weight_grams=scan.weight_grams,
            reason_code=scan.meaning.reason_code,
            signed_by=scan.meaning.signed_by,
        )
    except ValidationError as error:
        raise refused(scan.node, error) from None


def with_summary(telling: Telling, scans: list[Scan], node: Node, summary: Meaning, raw: str) -> list[Scan]:
    """Adds the tracker's own status where it says more than its newest scan, at that scan's moment.

    The moment of the newest scan, and not that of the message: a repeated status is no movement. Without any
    scan the status has no moment, and is remarked.
    """
    if summary.status in SILENT:
        return scans
    if not scans:
        telling.remark(node, "not_told", f"status {raw[:CODE_LENGTH]} without a scan has no moment")
        return scans
    newest = max(scans, key=lambda scan: scan.at)
    told = newest.meaning.status
    if told == summary.status or (told, summary.status) == (ParcelStatus.RETURNED, ParcelStatus.DELIVERED):
        return scans
    return [*scans, Scan(node, newest.at, summary, raw)]
