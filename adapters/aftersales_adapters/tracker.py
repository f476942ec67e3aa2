"""Tells a tracker's history: each scan with an id derived from its content, in the order of the moments."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from pydantic import ValidationError

from aftersales_adapters.reading import Node, NoMoment, NoZone
from aftersales_adapters.result import PayloadError
from aftersales_adapters.telling import CODE_LENGTH, Telling, refused, scan_id
from aftersales_contracts.enums import ParcelStatus, SignedBy
from aftersales_contracts.shop.scans import ParcelScannedV1


@dataclass(frozen=True, slots=True)
class Meaning:
    """The sense of a carrier's code in our words."""

    status: ParcelStatus
    reason_code: str | None = None
    signed_by: SignedBy | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The tracker's own word about the parcel, beside its scans."""

    node: Node
    meaning: Meaning
    raw_status_code: str
    expected_delivery_at: datetime | None = None
    signer_ref: str | None = None
    """Where the tracker keeps the name of who signed."""


Vocabulary = Mapping[str, Meaning]
UNKNOWN = Meaning(ParcelStatus.UNKNOWN)
ENDS = frozenset({ParcelStatus.DELIVERED, ParcelStatus.RETURNED, ParcelStatus.LOST, ParcelStatus.CANCELLED})
"""Statuses after which nobody expects a delivery."""
SILENT = frozenset({ParcelStatus.UNKNOWN, ParcelStatus.REGISTERED, ParcelStatus.IN_TRANSIT})
"""Statuses of a tracker that say no more than any of its scans."""
MOVING = SILENT | {
    ParcelStatus.PICKED_UP,
    ParcelStatus.CUSTOMS,
    ParcelStatus.OUT_FOR_DELIVERY,
    ParcelStatus.AVAILABLE_FOR_PICKUP,
    ParcelStatus.TRANSFERRED,
}
"""Statuses of a scan that name no trouble."""
MIDNIGHTS = ("T00:00:00Z", "T00:00:00.000Z", "T00:00:00+00:00", " 00:00:00", "T00:00:00")
"""Forms in which trackers write a day alone."""


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
    expected_delivery_at: datetime | None = None
    signer_ref: str | None = None


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
            telling.tell(scan_id(event), scan.at, event, scan.node)
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
            reason_code=scan.meaning.reason_code,
            signed_by=scan.meaning.signed_by,
            signer_ref=scan.signer_ref,
            expected_delivery_at=scan.expected_delivery_at,
        )
    except ValidationError as error:
        raise refused(scan.node, error) from None


def with_summary(telling: Telling, scans: list[Scan], summary: Summary) -> list[Scan]:
    """Adds the tracker's own word where it says more than its newest scan, at that scan's moment.

    It says more by its status, by the day of delivery, or by somebody's signature. It stands at the moment
    of the newest scan, and not at that of the message: a status that is repeated is no movement, and no
    scan changes when the word does. Without any scan it has no moment, and is remarked.
    """
    says_status = summary.meaning.status not in SILENT
    if not scans:
        if says_status:
            raw = summary.raw_status_code[:CODE_LENGTH]
            telling.remark(summary.node, "not_told", f"status {raw} without a scan has no moment")
        return scans
    newest = max(scans, key=lambda scan: scan.at)
    meaning = newest.meaning
    is_other = says_status and _says_more(summary.meaning.status, meaning.status)
    if is_other:
        meaning = summary.meaning
    is_at_end = meaning.status in ENDS
    expected_at = None if is_at_end else summary.expected_delivery_at
    signer = summary.signer_ref if meaning.status == ParcelStatus.DELIVERED else None
    if signer is not None:
        meaning = replace(meaning, signed_by=meaning.signed_by or SignedBy.NAMED)
        signer = signer if meaning.signed_by == SignedBy.NAMED else None
    if not is_other and expected_at is None and signer is None:
        return scans
    raw = summary.raw_status_code
    return [*scans, Scan(summary.node, newest.at, meaning, raw, None, None, expected_at, signer)]


def _says_more(summary: ParcelStatus, newest: ParcelStatus) -> bool:
    """Whether a tracker's status adds to that of its newest scan, and is not just a wider word for it."""
    if summary == ParcelStatus.PROBLEM:
        return newest in MOVING
    return summary != newest and (newest, summary) != (ParcelStatus.RETURNED, ParcelStatus.DELIVERED)


def expected(telling: Telling, node: Node) -> datetime | None:
    """Reads the day or moment of delivery; a day alone, or midnight in UTC, is the end of that day.

    The end is that of the context's zone, which stands for the destination; else of UTC, with a remark.
    """
    try:
        text = node.text()
        if text is None:
            return None
        day = text[:10]
        if text[10:] in ("", *MIDNIGHTS):
            if telling.context.zone is None:
                telling.remark(node, "assumed", "the day of delivery ends in UTC; name the zone")
            start = Node(f"{day} 00:00:00", node.place).need_moment(telling.context.zone or UTC)
            return start + timedelta(days=1)
        return node.moment(telling.context.zone or UTC)
    except (PayloadError, OverflowError) as error:
        fault = error.fault if isinstance(error, PayloadError) else "no moment"
        telling.remark(node, "unusable", f"the day of delivery is left out: {fault}")
        return None
