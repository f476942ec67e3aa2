"""Trackers: a scan of a history has its meaning and its id, and what is odd is remarked or named."""

import copy
from datetime import timedelta, timezone
from typing import Any

import pytest

from aftersales_adapters.carriers import without_people
from aftersales_adapters.result import Context, PayloadError
from aftersales_contracts.enums import ParcelStatus as P
from tests.adapters.given import CONTEXT, NOW, adapted, codes, data, payload

KINDS = {"easypost": "easypost_tracker", "aftership": "aftership_webhook", "kuaidi100": "kuaidi100_push"}
HISTORIES = {
    "easypost": ("result", "tracking_details"),
    "aftership": ("msg", "checkpoints"),
    "kuaidi100": ("lastResult", "data"),
}
NEWEST = {"easypost": -1, "aftership": 4, "kuaidi100": 0}
"""The place of the newest scan whose moment is known."""
CEST = timezone(timedelta(hours=1))


def history(kind: str, value: Any) -> list[Any]:
    """The list of scans inside a payload."""
    outer, inner = HISTORIES[kind]
    found: list[Any] = value[outer][inner]
    return found


def scans(kind: str, value: object, context: Context = CONTEXT) -> list[tuple[str, str, str]]:
    """(moment, status, raw code) of each scan that is told."""
    return [
        (data(told)["occurred_at"], data(told)["status"], data(told)["raw_status_code"])
        for told in adapted(kind, value, context).events
    ]


def test_a_recording_of_easypost() -> None:
    found = adapted("easypost", payload("easypost_tracker"))
    assert [(data(told)["status"], data(told)["raw_status_code"]) for told in found.events] == [
        ("registered", "MA"),
        ("picked_up", "07"),
        ("missorted", "in_transit:missorted"),
        ("in_transit", "in_transit:weather_delay"),
        ("out_for_delivery", "out_for_delivery:out_for_delivery"),
        ("delivered", "01"),
        ("delivered", "tracker:delivered:arrived_at_destination"),
    ]
    signed = data(found.events[-1])
    assert (signed["signed_by"], signed["signer_ref"]) == (
        "named",
        "easypost:trk_2f0b6a3c5d7e4f1a9b8c7d6e5f4a3b2c",
    )
    last = data(found.events[-2])
    assert last["carrier_code"] == "usps"
    assert last["tracking_code"] == "9400110898825022579493"
    assert last["occurred_at"] == "2026-11-20T16:52:00Z"
    assert last["place_name"] == "CHARLESTON, SC, 29407"
    assert "SAMPLE" not in str(found.events)
    assert data(found.events[3])["reason_code"] == "weather"
    assert found.unknown_codes == {}
    assert found.events[0].topic == "shop.scans.v1"
    assert found.events[0].envelope.subject == "usps/9400110898825022579493"


def test_a_webhook_of_aftership() -> None:
    context = Context(received_at=NOW, zone=CEST)
    found = adapted("aftership", payload("aftership_webhook"), context)
    assert [(data(told)["occurred_at"], data(told)["status"]) for told in found.events] == [
        ("2026-11-11T17:30:00Z", "picked_up"),
        ("2026-11-12T22:10:00Z", "in_transit"),
        ("2026-11-13T10:05:00Z", "attempt_failed"),
        ("2026-11-19T07:00:00Z", "problem"),
        ("2026-11-20T07:00:00Z", "returning"),
        ("2026-11-20T07:00:00Z", "returning"),
    ]
    assert data(found.events[-1])["expected_delivery_at"] == "2026-11-18T23:00:00Z"
    assert found.unknown_codes == {("checkpoint subtag", "Exception_099"): 1}
    assert codes(found).count("no_moment") == 1


def test_a_push_of_kuaidi100() -> None:
    found = adapted("kuaidi100", payload("kuaidi100_push"))
    assert [(data(told)["occurred_at"], data(told)["status"]) for told in found.events] == [
        ("2026-11-18T12:15:00Z", "picked_up"),
        ("2026-11-18T15:00:00Z", "unknown"),
        ("2026-11-18T18:30:00Z", "in_transit"),
        ("2026-11-19T09:40:00Z", "attempt_failed"),
        ("2026-11-20T01:12:00Z", "out_for_delivery"),
        ("2026-11-20T10:05:32Z", "delivered"),
    ]
    last = data(found.events[-1])
    assert last["signed_by"] == "buyer"
    assert last["raw_text"] == "【深圳市】已签收，签收人：…（本人），快递员电话…，感谢使用顺丰"
    assert last["place_name"] == "广东,深圳市"
    assert found.unknown_codes == {("status", "1099"): 1}
    assert found.events[0].envelope.subject == "shunfeng/SF1020304050607"


@pytest.mark.parametrize("kind", KINDS)
def test_a_history_that_grew_repeats_its_first_scans_with_the_same_ids(kind: str) -> None:
    """Whichever end is the newest: the ids of the shorter history are all in the longer one, once."""
    whole = payload(KINDS[kind])
    ids = [told.envelope.id for told in adapted(kind, whole).events]
    assert len(set(ids)) == len(ids)
    assert [told.envelope.id for told in adapted(kind, whole).events] == ids
    shorter = copy.deepcopy(whole)
    lines = history(kind, shorter)
    del lines[NEWEST[kind]]
    earlier = [told.envelope.id for told in adapted(kind, shorter).events]
    without_summary = [one for one in earlier if one in ids]
    assert len(without_summary) >= len(earlier) - 1, "only the tracker's own status stood elsewhere"
    assert set(without_summary) < set(ids)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_in_which_scans_are_listed_changes_nothing(kind: str) -> None:
    value = payload(KINDS[kind])
    turned = copy.deepcopy(value)
    history(kind, turned).reverse()
    assert scans(kind, turned) == scans(kind, value)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_scan_twice_is_told_once_and_remarked(kind: str) -> None:
    value = payload(KINDS[kind])
    twice = copy.deepcopy(value)
    history(kind, twice).append(history(kind, twice)[1])
    assert scans(kind, twice) == scans(kind, value)
    assert codes(adapted(kind, twice)).count("repeated") == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("broken", [7, "x", [], {"datetime": 3, "ftime": 3, "checkpoint_time": 3}, None, ""])
def test_a_broken_scan_is_left_out_and_the_rest_of_the_history_is_told(kind: str, broken: object) -> None:
    value = payload(KINDS[kind])
    count = len(scans(kind, value))
    history(kind, value).insert(1, broken)
    found = adapted(kind, value)
    assert len(found.events) == count
    assert {"unusable", "no_moment"} & set(codes(found))


@pytest.mark.parametrize(
    ("kind", "change", "place"),
    [
        ("easypost", {"carrier": None}, "result.carrier: missing"),
        ("easypost", {"tracking_code": "  "}, "result.tracking_code: missing"),
        ("easypost", {"tracking_details": "none"}, "result.tracking_details: no list"),
        ("aftership", {"slug": ""}, "msg.slug: missing"),
        ("aftership", {"tracking_number": "9" * 65}, "msg.tracking_number: more than 64 characters"),
        ("kuaidi100", {"com": None}, "lastResult.com: missing"),
        ("kuaidi100", {"nu": {"a": 1}}, "lastResult.nu: no text"),
    ],
)
def test_a_payload_without_its_waybill_is_refused_by_field(
    kind: str, change: dict[str, object], place: str
) -> None:
    value = payload(KINDS[kind])
    value[HISTORIES[kind][0]].update(change)
    with pytest.raises(PayloadError) as caught:
        adapted(kind, value)
    assert str(caught.value) == place


def easypost(status: str, detail: str | None) -> object:
    """A tracker with one scan."""
    scan = {"datetime": "2026-11-20T10:00:00Z", "status": status, "status_detail": detail}
    return {"carrier": "UPS", "tracking_code": "1Z1", "status": status, "tracking_details": [scan]}


@pytest.mark.parametrize(
    ("status", "detail", "means"),
    [
        ("unknown", None, P.UNKNOWN),
        ("pre_transit", "status_update", P.REGISTERED),
        ("in_transit", "departed_facility", P.IN_TRANSIT),
        ("in_transit", "held", P.HELD),
        ("in_transit", "transferred_to_destination_carrier", P.TRANSFERRED),
        ("out_for_delivery", "held", P.OUT_FOR_DELIVERY),
        ("available_for_pickup", "arrived_at_pickup_location", P.AVAILABLE_FOR_PICKUP),
        ("delivered", "arrived_at_destination", P.DELIVERED),
        ("delivered", "return", P.RETURNED),
        ("return_to_sender", "refused", P.RETURNING),
        ("failure", "refused", P.REFUSED),
        ("failure", "damaged", P.DAMAGED),
        ("failure", "lost", P.LOST),
        ("failure", "address_correction", P.ADDRESS_PROBLEM),
        ("failure", None, P.PROBLEM),
        ("error", None, P.PROBLEM),
        ("in_transit", "missorted", P.MISSORTED),
        ("in_transit", "delivery_exception", P.PROBLEM),
        ("cancelled", "cancelled", P.CANCELLED),
    ],
)
def test_a_status_of_easypost_and_its_detail(status: str, detail: str | None, means: P) -> None:
    ((_, told, _),) = scans("easypost", easypost(status, detail))
    assert told == means


@pytest.mark.parametrize(
    ("status", "detail", "unknown"),
    [
        ("teleported", None, {("scan status", "teleported"): 1, ("tracker status", "teleported"): 1}),
        ("in_transit", "beamed", {("scan status_detail", "beamed"): 1}),
    ],
)
def test_an_unknown_code_is_kept_counted_and_remarked(
    status: str, detail: str | None, unknown: dict[tuple[str, str], int]
) -> None:
    found = adapted("easypost", easypost(status, detail))
    assert found.unknown_codes == unknown
    assert codes(found).count("unknown_code") == sum(unknown.values())
    assert status in data(found.events[0])["raw_status_code"]
    assert (detail or "") in data(found.events[0])["raw_status_code"]


def kuaidi100(state: object, *lines: dict[str, object], **fields: object) -> object:
    """An answer to a query."""
    answer = {"message": "ok", "status": "200", "state": state, "com": "yunda", "nu": 3950055201640}
    return {**answer, "data": list(lines), **fields}


def line(moment: str, **fields: object) -> dict[str, object]:
    """A scan of such an answer."""
    return {"time": moment, "context": "在途", **fields}


@pytest.mark.parametrize(
    ("code", "means"),
    [
        ("0", P.IN_TRANSIT), ("1", P.PICKED_UP), ("2", P.PROBLEM), ("3", P.DELIVERED), ("4", P.RETURNED),
        ("5", P.OUT_FOR_DELIVERY), ("6", P.RETURNING), ("7", P.TRANSFERRED), ("8", P.CUSTOMS),
        ("13", P.CUSTOMS), ("14", P.REFUSED), ("101", P.REGISTERED), ("203", P.REFUSED),
        ("501", P.AVAILABLE_FOR_PICKUP), ("205", P.NOT_COLLECTED), ("207", P.OUT_OF_RANGE),
        ("208", P.HELD), ("209", P.DAMAGED), ("210", P.CANCELLED), ("401", P.CANCELLED), ("302", P.DELIVERED),
    ],
)  # fmt: skip
def test_a_state_of_kuaidi100(code: str, means: P) -> None:
    ((_, told, _),) = scans("kuaidi100", kuaidi100("0", line("2026-11-20 10:00:00", statusCode=code)))[:1]
    assert told == means


def test_scans_without_a_status_are_kept_and_the_answer_s_own_state_stands_at_the_newest() -> None:
    """So a longer history repeats them: nothing that is told of a scan depends on its place in the list."""
    first = line("2026-11-18 08:00:00")
    second = line("2026-11-19 08:00:00", context="派送")
    short = adapted("kuaidi100", kuaidi100("1", first))
    long = adapted("kuaidi100", kuaidi100(5, second, first))
    assert [data(told)["status"] for told in short.events] == ["unknown", "picked_up"]
    assert [data(told)["status"] for told in long.events] == ["unknown", "unknown", "out_for_delivery"]
    assert data(long.events[2])["occurred_at"] == "2026-11-19T00:00:00Z"
    assert data(long.events[2])["raw_status_code"] == "state:5"
    assert short.events[0].envelope.id == long.events[0].envelope.id


def test_scans_of_one_second_stay_in_the_carriers_order_and_are_two() -> None:
    """The newest stands first at Kuaidi100; here two differ by their text only."""
    left = line("2026-11-20 10:00:00", context="离开杭州", statusCode="0")
    came = line("2026-11-20 10:00:00", context="到达杭州", statusCode="0")
    found = adapted("kuaidi100", kuaidi100("0", left, came))
    assert [data(told)["raw_text"] for told in found.events] == ["到达杭州", "离开杭州"]
    assert len({told.envelope.id for told in found.events}) == 2


def test_a_repeated_status_of_the_tracker_is_no_movement() -> None:
    """A message of later does not make the parcel move again: only scans have moments."""
    tracker = payload("easypost_tracker")
    tracker["result"]["status"] = "return_to_sender"
    first = adapted("easypost", tracker)
    tracker["result"]["updated_at"] = "2026-11-29T17:05:10Z"
    assert adapted("easypost", tracker).events == first.events
    assert data(first.events[-1])["status"] == "returning"
    assert data(first.events[-1])["occurred_at"] == "2026-11-20T16:52:00Z"


def test_a_local_time_whose_zone_nobody_names_is_not_guessed() -> None:
    found = adapted("aftership", payload("aftership_webhook"))
    assert "2026-11-20" not in str([data(told)["occurred_at"] for told in found.events])
    (remark,) = [remark for remark in found.remarks if remark.code == "no_zone"]
    assert remark.place == "msg.checkpoints[3].checkpoint_time"


def test_times_of_the_carrier_abroad_are_not_those_of_china() -> None:
    value = payload("kuaidi100_push")
    value["destResult"] = {
        "com": "usps",
        "nu": "SF1020304050607",
        "state": "0",
        "data": [line("2026-11-22 10:00:00")],
    }
    assert "no_zone" in codes(adapted("kuaidi100", value))
    told = adapted("kuaidi100", value, Context(received_at=NOW, zone=CEST))
    assert data(told.events[-1])["occurred_at"] == "2026-11-22T09:00:00Z"
    assert data(told.events[-1])["carrier_code"] == "shunfeng"


@pytest.mark.parametrize("moment", ["2026-11-30 22:00:00", "2099-01-01 00:00:00", "2024-01-01 00:00:00"])
def test_a_scan_that_the_border_would_refuse_by_its_moment_is_remarked(moment: str) -> None:
    """22:00 in China is 14:00 of the received day at 12:00: two hours ahead."""
    found = adapted("kuaidi100", kuaidi100("0", line(moment, statusCode=0)))
    assert found.events == ()
    assert "out_of_bounds" in codes(found)


def test_a_very_long_text_is_cut_and_remarked() -> None:
    found = adapted(
        "kuaidi100", kuaidi100("0", line("2026-11-20 10:00:00", context="长" * 5_000, statusCode=0))
    )
    assert data(found.events[0])["raw_text"] == "长" * 2_000
    assert codes(found) == ["cut"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("派件员：张三，电话13800138000", "派件员：…，电话…"),
        ("签收人是【李四】", "签收人是【…】"),
        ("【常熟网点】的 王翔（13776284974）正在派件", "【常熟网点】的 …（…）正在派件"),
        ("由欧阳小明(139-1111-2222转1)派送", "由…(…转1)派送"),
        ("快递员正在派件", "快递员正在派件"),
        ("Signed for by: J DOE.", "Signed for by: …."),
        ("Left with: ANNA, at 10", "Left with: …, at 10"),
        ("call (212) 555-0100 or a.b@example.org", "call … or …"),
        ("单号 SF1020304050607 已揽收", "单号 SF1020304050607 已揽收"),
    ],
)
def test_people_are_taken_out_of_a_carriers_text(text: str, told: str) -> None:
    assert without_people(text) == told


def test_a_carrier_has_your_code_where_you_name_one() -> None:
    context = Context(received_at=NOW, carriers={"shunfeng": "sf"})
    found = adapted("kuaidi100", payload("kuaidi100_push"), context)
    assert {told.envelope.subject for told in found.events} == {"sf/SF1020304050607"}


@pytest.mark.parametrize(
    ("kind", "value", "word"),
    [
        ("easypost", {"object": "Event", "description": "batch.updated", "result": {}}, "not_told"),
        ("easypost", {"carrier": "UPS", "tracking_code": "EZ1", "mode": "test"}, "test_mode"),
        ("kuaidi100", {"result": False, "returnCode": "500", "message": "查询无结果"}, "not_told"),
        ("kuaidi100", {"status": "abort", "message": "3天查询无记录", "lastResult": {}}, "not_told"),
        ("aftership", {"tag": "Expired", "slug": "ups", "tracking_number": "1"}, "not_told"),
    ],
)  # fmt: skip
def test_what_is_no_scan_is_remarked(kind: str, value: object, word: str) -> None:
    found = adapted(kind, value)
    assert found.events == ()
    assert word in codes(found)
