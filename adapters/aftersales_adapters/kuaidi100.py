"""Adapts Kuaidi100 (快递100): pushes, query answers. A time without a zone is a local time of China."""

from datetime import tzinfo

from aftersales_adapters.carriers import carrier_code, place_name, scan_text, tracking_code
from aftersales_adapters.reading import SHANGHAI, Node
from aftersales_adapters.result import Adapted, Context
from aftersales_adapters.telling import Telling
from aftersales_adapters.tracker import (
    UNKNOWN,
    Meaning,
    Scan,
    Summary,
    Vocabulary,
    Waybill,
    moment,
    read_scans,
    tell_scans,
    vocabulary,
    with_summary,
)
from aftersales_contracts.enums import ParcelStatus as P
from aftersales_contracts.enums import SignedBy

NAME = "kuaidi100"
STATES: Vocabulary = vocabulary(
    {
        P.PROBLEM: ["2"],
        P.REGISTERED: ["101", "102"],
        P.PICKED_UP: ["1", "103"],
        P.IN_TRANSIT: ["0", "1001", "1002"],
        P.CUSTOMS: ["8", "10", "11", "12"],
        P.OUT_FOR_DELIVERY: ["5"],
        P.AVAILABLE_FOR_PICKUP: ["501"],
        P.TRANSFERRED: ["7", "1003"],
        P.DELIVERED: ["3", "302"],
        P.REFUSED: ["14", "203"],
        P.RETURNING: ["6"],
        P.NOT_COLLECTED: ["205"],
        P.OUT_OF_RANGE: ["207"],
        P.DAMAGED: ["209"],
        P.CANCELLED: ["210", "401"],
    },
    {
        "4": Meaning(P.RETURNED, signed_by=SignedBy.SENDER),
        "13": Meaning(P.CUSTOMS, "customs_problem"),
        "201": Meaning(P.IN_TRANSIT, "delayed"),
        "202": Meaning(P.IN_TRANSIT, "delayed"),
        "204": Meaning(P.ATTEMPT_FAILED, "delivery_exception"),
        "206": Meaning(P.ATTEMPT_FAILED, "not_reached"),
        "208": Meaning(P.HELD, "stranded"),
        "301": Meaning(P.DELIVERED, signed_by=SignedBy.BUYER),
        "303": Meaning(P.DELIVERED, signed_by=SignedBy.DELEGATE),
        "304": Meaning(P.DELIVERED, signed_by=SignedBy.LOCKER),
    },
)
"""`state` of the answer and `statusCode` of a scan."""
TEXTS = {
    "揽收": "1", "在途": "0", "派件": "5", "签收": "3", "退回": "6", "退签": "4", "拒签": "14", "转投": "7",
    "疑难": "2", "清关": "8", "待清关": "10", "清关中": "11", "已清关": "12", "清关异常": "13",
    "已下单": "101", "待揽收": "102", "已揽收": "103", "到达派件城市": "1001", "干线": "1002", "转递": "1003",
    "投柜或驿站": "501", "本人签收": "301", "派件异常后签收": "302", "代签": "303", "投柜或站签收": "304",
    "已销单": "401", "超时未签收": "201", "超时未更新": "202", "拒收": "203", "派件异常": "204",
    "柜或驿站超时未取": "205", "无法联系": "206", "超区": "207", "滞留": "208", "破损": "209", "销单": "210",
}  # fmt: skip
"""The code of a scan's `status` in words, where it has no `statusCode`."""


def adapt(payload: Node, context: Context) -> Adapted:
    """Tells the scans of a push (`lastResult`, `destResult`) or of an answer to a query.

    Raises PayloadError for a payload that holds neither.
    """
    telling = Telling(NAME, context)
    if not payload.has("lastResult"):
        if payload["result"].value is False or payload["returnCode"].id() is not None:
            telling.remark(payload["message"], "not_told", "the sender found nothing, and says so")
            return telling.adapted()
        _result(telling, payload, None, context.zone or SHANGHAI)
        return telling.adapted()
    if payload["status"].text() == "abort":
        telling.remark(payload["status"], "not_told", "the sender gave up watching; silence is noticed by us")
    result = payload["lastResult"]
    if result["nu"].is_absent:
        telling.remark(result["nu"], "not_told", "no waybill: nothing was found")
        return telling.adapted()
    waybill = _result(telling, result, None, context.zone or SHANGHAI)
    abroad = payload["destResult"]
    if not abroad.is_absent and not abroad["data"].is_absent:
        _result(telling, abroad, waybill, context.zone)
    return telling.adapted()


def _result(telling: Telling, result: Node, main: Waybill | None, zone: tzinfo | None) -> Waybill:
    """Tells one history; that of the carrier abroad under the waybill that the shop knows."""
    own = main or Waybill(carrier_code(telling, result["com"]), tracking_code(result["nu"]))
    if main is not None:
        telling.remark(result["com"], "assumed", "the carrier abroad is told under the first waybill")
    # The newest line stands first.
    lines = list(result["data"].items())[::-1]
    scans = read_scans(telling, lines, lambda line: _scan(telling, line, zone))
    state = result["state"].id()
    meaning = UNKNOWN if state is None else _meaning(telling, result["state"], "state", state)
    tell_scans(
        telling, own, with_summary(telling, scans, Summary(result["state"], meaning, f"state:{state}"))
    )
    return own


def _scan(telling: Telling, line: Node, zone: tzinfo | None) -> Scan | None:
    at = moment(telling, line["ftime"] if not line["ftime"].is_absent else line["time"], zone)
    if at is None:
        return None
    code, words = line["statusCode"].id(), line["status"].text()
    node, known = line["statusCode"], code
    if code is None and words is not None:
        node, known = line["status"], TEXTS.get(words, words)
    meaning = UNKNOWN if known is None else _meaning(telling, node, "status", known)
    return Scan(
        line,
        at,
        meaning,
        code or words or "none",
        scan_text(telling, line["context"]),
        place_name(telling, line["areaName"]) or place_name(telling, line["location"]),
    )


def _meaning(telling: Telling, node: Node, kind: str, code: str) -> Meaning:
    found = STATES.get(code)
    if found is None:
        telling.unknown(node, kind, code)
        return UNKNOWN
    return found
