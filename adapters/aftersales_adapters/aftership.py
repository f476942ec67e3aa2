"""Adapts AfterShip: `msg` of a webhook, `data.tracking` or `data.trackings` of an answer, a tracking."""

from collections.abc import Iterator
from functools import partial

from aftersales_adapters.carriers import carrier_code, place_name, scan_text, tracking_code
from aftersales_adapters.reading import Node
from aftersales_adapters.result import Adapted, Context
from aftersales_adapters.telling import Telling
from aftersales_adapters.tracker import (
    UNKNOWN,
    Meaning,
    Scan,
    Summary,
    Vocabulary,
    Waybill,
    expected,
    moment,
    read_scans,
    tell_scans,
    vocabulary,
    with_summary,
)
from aftersales_contracts.enums import ParcelStatus as P
from aftersales_contracts.enums import SignedBy

NAME = "aftership"
TAGS: Vocabulary = vocabulary(
    {
        P.UNKNOWN: ["Pending", "Expired"],
        P.REGISTERED: ["InfoReceived"],
        P.IN_TRANSIT: ["InTransit"],
        P.OUT_FOR_DELIVERY: ["OutForDelivery"],
        P.AVAILABLE_FOR_PICKUP: ["AvailableForPickup"],
        P.ATTEMPT_FAILED: ["AttemptFail"],
        P.DELIVERED: ["Delivered"],
        P.PROBLEM: ["Exception"],
    }
)
"""A checkpoint's `tag`, where its subtag is missing or unknown."""
SUBTAGS: Vocabulary = vocabulary(
    {
        P.UNKNOWN: [
            "Pending_001", "Pending_002", "Pending_003", "Pending_004", "Pending_005", "Pending_006",
            "Expired_001",
        ],
        P.REGISTERED: ["InfoReceived_001"],
        P.PICKED_UP: ["InTransit_002"],
        P.IN_TRANSIT: ["InTransit_001", "InTransit_003", "InTransit_004", "InTransit_007", "InTransit_008"],
        P.CUSTOMS: ["InTransit_005", "InTransit_006"],
        P.TRANSFERRED: ["InTransit_009"],
        P.OUT_FOR_DELIVERY: ["OutForDelivery_001", "OutForDelivery_003", "OutForDelivery_004"],
        P.AVAILABLE_FOR_PICKUP: ["AvailableForPickup_001"],
        P.ATTEMPT_FAILED: ["AttemptFail_001"],
        P.DELIVERED: ["Delivered_001", "Delivered_002", "Delivered_004"],
        P.PROBLEM: ["Exception_001"],
        P.NOT_COLLECTED: ["Exception_008"],
        P.REFUSED: ["Exception_003"],
        P.ADDRESS_PROBLEM: ["Exception_007"],
        P.RETURNING: ["Exception_010"],
        P.DAMAGED: ["Exception_012"],
        P.LOST: ["Exception_013"],
    },
    {
        "AttemptFail_002": Meaning(P.ATTEMPT_FAILED, "addressee_not_available"),
        "AttemptFail_003": Meaning(P.ATTEMPT_FAILED, "business_closed"),
        "Exception_011": Meaning(P.RETURNED, signed_by=SignedBy.SENDER),
        "Delivered_005": Meaning(P.DELIVERED, signed_by=SignedBy.DELEGATE),
        "Delivered_003": Meaning(P.DELIVERED, signed_by=SignedBy.BUYER),
        "Exception_002": Meaning(P.ADDRESS_PROBLEM, "moved"),
        "Exception_004": Meaning(P.CUSTOMS, "customs_delay"),
        "Exception_005": Meaning(P.IN_TRANSIT, "delayed"),
        "Exception_006": Meaning(P.HELD, "payment_due"),
        "Exception_009": Meaning(P.PROBLEM, "rejected_by_carrier"),
        "Exception_016": Meaning(P.IN_TRANSIT, "delayed"),
        "Exception_017": Meaning(P.IN_TRANSIT, "weather"),
        "Exception_018": Meaning(P.CUSTOMS, "documents_missing"),
    },
)  # fmt: skip
"""A checkpoint's `subtag`."""


def adapt(payload: Node, context: Context) -> Adapted:
    """Tells the scans of trackings. Raises PayloadError for a payload that holds none."""
    telling = Telling(NAME, context)
    for tracking in _trackings(payload):
        _tracking(telling, tracking)
    return telling.adapted()


def _trackings(payload: Node) -> Iterator[Node]:
    if payload.has("msg"):
        yield payload["msg"]
        return
    holder = payload["data"] if payload.has("data") else payload
    if holder.has("trackings"):
        yield from holder["trackings"].items()
    else:
        yield holder["tracking"] if holder.has("tracking") else holder


def _tracking(telling: Telling, tracking: Node) -> None:
    waybill = Waybill(carrier_code(telling, tracking["slug"]), tracking_code(tracking["tracking_number"]))
    scans = read_scans(telling, tracking["checkpoints"].items(), partial(_scan, telling))
    meaning, raw = _meaning(telling, tracking, "tracking")
    if tracking["tag"].text() == "Expired":
        telling.remark(tracking["tag"], "not_told", "no news for long is no scan; silence is noticed by us")
    summary = Summary(
        tracking["tag"],
        meaning,
        f"tracking:{raw}",
        expected(telling, tracking["expected_delivery"]),
        None
        if tracking["signed_by"].is_absent
        else f"aftership:{tracking['id'].id() or waybill.tracking_code}",
    )
    tell_scans(telling, waybill, with_summary(telling, scans, summary))


def _scan(telling: Telling, point: Node) -> Scan | None:
    at = moment(telling, point["checkpoint_time"], telling.context.zone)
    if at is None:
        return None
    meaning, raw = _meaning(telling, point, "checkpoint")
    country = point["country_name"] if point.has("country_name") else point["country_region_name"]
    return Scan(
        point,
        at,
        meaning,
        point["raw_tag"].id() or raw,
        scan_text(telling, point["message"]),
        place_name(telling, point["city"], point["state"], country) or place_name(telling, point["location"]),
    )


def _meaning(telling: Telling, node: Node, kind: str) -> tuple[Meaning, str]:
    """The subtag's meaning, else the tag's; the code that was found is the raw code."""
    tag, subtag = node["tag"].text(), node["subtag"].text()
    if subtag is not None:
        found = SUBTAGS.get(subtag)
        if found is not None:
            return found, subtag
        telling.unknown(node["subtag"], f"{kind} subtag", subtag)
    if tag is None:
        return UNKNOWN, subtag or "none"
    found = TAGS.get(tag)
    if found is None:
        telling.unknown(node["tag"], f"{kind} tag", tag)
        return UNKNOWN, subtag or tag
    return found, subtag or tag
