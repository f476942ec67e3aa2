"""Derives the event id of a scan from the scan itself, so that a scan that is told again is a repeat.

Trackers send the whole history of a parcel with each message. Each of its scans becomes one event. Its id is
`scan-` and the first 32 hexadecimal digits of the SHA-256 of five lines of UTF-8, joined by a line feed:
carrier code, tracking code, `occurred_at` in UTC with `Z`, raw status code, place name or nothing.
"""

from hashlib import sha256

from aftersales_contracts.moments import utc_text
from aftersales_contracts.shop.scans import ParcelScannedV1


def scan_event_id(scan: ParcelScannedV1) -> str:
    """Derives the id under which a scan is told: other words for its text, status or signer keep the id."""
    lines = (
        scan.carrier_code,
        scan.tracking_code,
        utc_text(scan.occurred_at),
        scan.raw_status_code,
        scan.place_name or "",
    )
    return f"scan-{sha256(chr(10).join(lines).encode()).hexdigest()[:32]}"
