"""Adapts EasyPost trackers and webhooks: an Event, a Tracker, or a list of trackers."""

from datetime import UTC
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

NAME = "easypost"
STATUSES: Vocabulary = vocabulary(
    {
        P.UNKNOWN: ["unknown"],
        P.PROBLEM: ["failure", "error"],
        P.REGISTERED: ["pre_transit"],
        P.IN_TRANSIT: ["in_transit"],
        P.OUT_FOR_DELIVERY: ["out_for_delivery"],
        P.AVAILABLE_FOR_PICKUP: ["available_for_pickup"],
        P.DELIVERED: ["delivered"],
        P.RETURNING: ["return_to_sender"],
        P.CANCELLED: ["cancelled"],
    }
)
"""The tracker's and a scan's `status`."""
DETAILS: Vocabulary = vocabulary(
    {
        P.REGISTERED: ["awaiting_information", "label_created"],
        P.PICKED_UP: ["received_at_origin_facility"],
        P.IN_TRANSIT: [
            "arrived_at_destination",
            "arrived_at_facility",
            "departed_facility",
            "departed_origin_facility",
            "in_transit",
            "received_at_destination_facility",
        ],
        P.OUT_FOR_DELIVERY: ["out_for_delivery"],
        P.AVAILABLE_FOR_PICKUP: ["arrived_at_pickup_location"],
        P.ADDRESS_PROBLEM: ["address_correction"],
        P.HELD: ["held"],
        P.MISSORTED: ["missorted"],
        P.TRANSFERRED: ["transferred_to_destination_carrier"],
        P.REFUSED: ["refused"],
        P.RETURNING: ["return"],
        P.DAMAGED: ["damaged"],
        P.LOST: ["lost"],
        P.CANCELLED: ["cancelled"],
    },
    {
        "delayed": Meaning(P.IN_TRANSIT, "delayed"),
        "delivery_exception": Meaning(P.PROBLEM, "delivery_exception"),
        "failure": Meaning(P.PROBLEM, "failure"),
        "transit_exception": Meaning(P.PROBLEM, "transit_exception"),
        "weather_delay": Meaning(P.IN_TRANSIT, "weather"),
    },
)
"""The `status_detail`, where the status leaves it open."""
OPEN_STATUSES = frozenset({"unknown", "in_transit", "pre_transit", "failure", "error"})
"""Statuses that leave it to `status_detail`."""
SILENT_DETAILS = frozenset({"unknown", "status_update", "expired"})
"""Details that add nothing to the status."""


def adapt(payload: Node, context: Context) -> Adapted:
    """Tells the scans of trackers. Raises PayloadError for a payload that holds none."""
    telling = Telling(NAME, context)
    if payload.has("trackers"):
        for tracker in payload["trackers"].items():
            _tracker(telling, tracker)
    elif payload["object"].text() == "Event" or payload.has("result"):
        description = payload["description"].need_text()
        if not description.startswith("tracker."):
            telling.remark(payload["description"], "not_told", "an event that is not about a tracker")
            return telling.adapted()
        _tracker(telling, payload["result"])
    else:
        _tracker(telling, payload)
    return telling.adapted()


def _tracker(telling: Telling, tracker: Node) -> None:
    waybill = Waybill(carrier_code(telling, tracker["carrier"]), tracking_code(tracker["tracking_code"]))
    if tracker["mode"].text() == "test":
        telling.remark(tracker["mode"], "test_mode", "nothing is told of a test tracker")
        return
    scans = read_scans(telling, tracker["tracking_details"].items(), partial(_scan, telling))
    meaning, raw = _meaning(telling, tracker, "tracker")
    summary = Summary(
        tracker["status"],
        meaning,
        f"tracker:{raw}",
        expected(telling, tracker["est_delivery_date"]),
        None if tracker["signed_by"].is_absent else f"easypost:{tracker['id'].id() or waybill.tracking_code}",
    )
    tell_scans(telling, waybill, with_summary(telling, scans, summary))
    if not tracker["weight"].is_absent:
        telling.remark(tracker["weight"], "not_told", "ounces of the label, not of a scan")


def _scan(telling: Telling, detail: Node) -> Scan | None:
    at = moment(telling, detail["datetime"], telling.context.zone or UTC)
    if at is None:
        return None
    meaning, raw = _meaning(telling, detail, "scan")
    where = detail["tracking_location"]
    return Scan(
        detail,
        at,
        meaning,
        detail["carrier_code"].id() or raw,
        scan_text(telling, detail["message"], detail["description"]),
        place_name(telling, where["city"], where["state"], where["country"], where["zip"]),
    )


def _meaning(telling: Telling, node: Node, kind: str) -> tuple[Meaning, str]:
    """The status, or its detail where the status leaves it open; and both as the raw code."""
    status, detail = node["status"].text() or "unknown", node["status_detail"].text()
    raw = status if detail is None else f"{status}:{detail}"
    found = STATUSES.get(status)
    if found is None:
        telling.unknown(node["status"], f"{kind} status", status)
    if detail is None or detail in SILENT_DETAILS:
        return found or UNKNOWN, raw
    finer = DETAILS.get(detail)
    if finer is None:
        telling.unknown(node["status_detail"], f"{kind} status_detail", detail)
        return found or UNKNOWN, raw
    if status == "delivered" and detail == "return":
        return Meaning(P.RETURNED), raw
    return (finer if status in OPEN_STATUSES or found is None else found), raw
