"""Checks what the event classes refuse, keep and promise."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aftersales_contracts.aftersales.common import NoticeRequestedV1, OfferMadeV1, TaskRequestedV1
from aftersales_contracts.aftersales.customers import PromiseRegisteredV1
from aftersales_contracts.aftersales.refunds import RefundPaymentRequestedV1
from aftersales_contracts.base import Event, Money, OpenEnum
from aftersales_contracts.clock import ClockMarkedV1
from aftersales_contracts.components import Inspection, Line, Share, one_of
from aftersales_contracts.enums import Condition, Disposition, FreightTerms, ParcelStatus
from aftersales_contracts.registry import (
    EVENTS,
    UnknownMemberError,
    encode,
    read_as_newest,
    read_data,
    services_of,
    topic_of,
    topics_of,
)
from aftersales_contracts.shop.aftersales import ProblemReportedV1, RefundAppliedV1, ReturnSentV1
from aftersales_contracts.shop.orders import OrderEditedV1, OrderPaidV1, OrderPlacedV1
from aftersales_contracts.shop.payments import RefundMadeOutsideV1
from aftersales_contracts.shop.scans import ParcelScannedV1
from aftersales_contracts.topics import SERVICES, TOPICS, outcome_topic
from aftersales_contracts.upcast import UpcastError, Upcasters
from tests.contracts.test_samples import sample


def changed(event_class: type[Event], **fields: Any) -> bytes:
    """The sample of a type with some fields set, or left out where the value is None."""
    data = json.loads(sample(event_class.TYPE)) | fields
    return json.dumps({key: value for key, value in data.items() if value is not None}).encode()


def money(minor: int, currency: str = "CNY") -> dict[str, object]:
    return {"minor": minor, "currency": currency}


def test_class_names_follow_their_types() -> None:
    for type_name, event_class in EVENTS.items():
        match = re.fullmatch(r"(?:shop\.|aftersales\.)?([a-z.-]+)\.v(\d+)", type_name)
        assert match, type_name
        camel = "".join(word.capitalize() for word in re.split(r"[.-]", match[1]))
        assert event_class.__name__ == f"{camel}V{match[2]}"


def test_every_type_says_what_it_is_and_which_rules_it_serves() -> None:
    for event_class in EVENTS.values():
        assert event_class.__doc__, event_class
        assert event_class.__doc__.strip().split("\n")[0].endswith((".", ":"))
        assert all(re.fullmatch(r"(OR|RF|LG|RV|CP|CU|MT)-\d{3}", rule) for rule in event_class.RULES)
        assert len(set(event_class.RULES)) == len(event_class.RULES)


def test_every_topic_is_used_and_every_type_has_its_topic() -> None:
    carried = {topic for event_class in EVENTS.values() for topic in topics_of(event_class)}
    assert carried == {name for name, topic in TOPICS.items() if topic.side != "dead"}
    for event_class in EVENTS.values():
        sides = {TOPICS[name].side for name in topics_of(event_class)}
        if event_class is not ClockMarkedV1:
            assert sides == {"in" if event_class.TYPE.startswith("shop.") else "out"}
    assert [TOPICS[name].partitions for name in ("shop.orders.v1", "shop.scans.v1")] == [12, 24]
    assert {f"aftersales.{service}.dead.v1" for service in SERVICES} <= set(TOPICS)


def test_common_types_go_to_the_topic_of_the_service_whose_case_it_is() -> None:
    assert topic_of(TaskRequestedV1, "logistics") == "aftersales.logistics.v1"
    assert topic_of(OfferMadeV1, "refunds") == outcome_topic("refunds")
    assert topic_of(RefundAppliedV1) == "shop.aftersales.v1"
    assert services_of(RefundPaymentRequestedV1) == ("refunds",)
    assert services_of(RefundAppliedV1) == ()
    for service in ("reviews", "nobody", None):
        with pytest.raises(ValueError, match="announced by"):
            topic_of(OfferMadeV1, service)
    with pytest.raises(ValueError, match="every topic"):
        topic_of(ClockMarkedV1)
    with pytest.raises(ValueError, match="no such service"):
        outcome_topic("billing")


def test_an_unknown_member_is_kept_raw_and_never_announced() -> None:
    scan = read_data(ParcelScannedV1, changed(ParcelScannedV1, status="in_drone", signed_by="robot"))
    assert scan.status == "in_drone"
    assert not scan.status.is_known
    assert scan.status not in set(ParcelStatus)
    assert scan.model_dump(mode="json")["status"] == "in_drone"
    with pytest.raises(UnknownMemberError, match="status: 'in_drone' is no ParcelStatus"):
        encode(scan)


def test_an_unknown_member_deep_inside_is_refused_with_its_place() -> None:
    data = json.loads(sample("shop.order.placed.v1"))
    data["lines"][1]["services"] = ["seven_day_no_reason", "lifetime"]
    order = read_data(OrderPlacedV1, json.dumps(data).encode())
    with pytest.raises(UnknownMemberError, match=r"lines\.services: 'lifetime'"):
        encode(order)


@pytest.mark.parametrize("status", ["", "x" * 65, 5, None, ["in_transit"]])
def test_what_is_no_word_is_refused(status: object) -> None:
    data = json.loads(sample(ParcelScannedV1.TYPE)) | {"status": status}
    with pytest.raises(ValidationError, match="status"):
        read_data(ParcelScannedV1, json.dumps(data).encode())


@pytest.mark.parametrize(
    "fields",
    [
        {"terms_version": "1"},
        {"terms_version": 1.5},
        {"terms_version": -1},
        {"terms_version": 2**53},
        {"is_agreed_beforehand": "yes"},
        {"refund_id": ""},
        {"refund_id": "two words"},
        {"refund_id": "x" * 65},
        {"refund_id": "nul\x00"},
        {"amount": money(-1)},
        {"amount": {"minor": 1}},
        {"amount": money(13000, "cny")},
        {"lines": [{"line_id": "1", "quantity_count": 0}]},
        {"lines": {}},
    ],
)
def test_wrong_types_and_sizes_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        read_data(RefundAppliedV1, changed(RefundAppliedV1, **fields))


def test_times_need_an_offset_and_are_written_in_utc() -> None:
    scan = read_data(ParcelScannedV1, changed(ParcelScannedV1, occurred_at="2014-03-07T10:14:05.5+08:00"))
    assert scan.occurred_at == datetime(2014, 3, 7, 2, 14, 5, 500_000, tzinfo=UTC)
    assert json.loads(encode(scan))["occurred_at"] == "2014-03-07T02:14:05.500000Z"
    shanghai = timezone(timedelta(hours=8))
    mark = ClockMarkedV1(mark_at=datetime(2014, 1, 1, 8, tzinfo=shanghai), sequence_count=1)
    assert encode(mark) == b'{"mark_at":"2014-01-01T00:00:00Z","sequence_count":1}'
    for bad in ("2014-03-07T10:14:05", "yesterday", 1394150400):
        with pytest.raises(ValidationError, match="occurred_at"):
            read_data(ParcelScannedV1, changed(ParcelScannedV1, occurred_at=bad))


def test_absent_optional_fields_are_absent_when_written() -> None:
    problem = read_data(ProblemReportedV1, changed(ProblemReportedV1, lines=None, parcel_id=None))
    assert problem.lines is None
    assert b"null" not in encode(problem)
    assert "parcel_id" not in json.loads(encode(problem))


def test_an_order_of_a_shop_elsewhere_needs_no_field_of_the_platform() -> None:
    data = {
        "shop_id": "olist",
        "order_id": "00125cb692d04887809806618a2a145f",
        "customer_id": "ad28944afc91824e30366a595654aaa4",
        "seller_type": "c_shop",
        "platform_code": "olist",
        "lines": [
            {
                "line_id": "1",
                "product_id": "1c0c0093a48f13ba70d0c6b0a9157cb7",
                "sku_id": "1c0c0093a48f13ba70d0c6b0a9157cb7",
                "quantity_count": 1,
                "unit_price": money(10990, "BRL"),
                "freight_terms": "buyer_pays",
                "dispatch_by_at": "2017-03-29T13:05:42Z",
            }
        ],
        "freight": money(2551, "BRL"),
        "total": money(13541, "BRL"),
    }
    order = read_data(OrderPlacedV1, json.dumps(data).encode())
    assert order.has_consulted is None
    assert order.lines[0].freight_terms is FreightTerms.BUYER_PAYS
    without_lines = read_data(OrderPlacedV1, json.dumps(data | {"lines": []}).encode())
    assert without_lines.lines == []


LINE = {
    "line_id": "1", "product_id": "p-1", "sku_id": "s-1", "quantity_count": 3, "unit_price": money(333),
    "freight_terms": "free",
}  # fmt: skip


def _placed(**fields: Any) -> OrderPlacedV1:
    plain = {"lines": [LINE], "freight": money(0), "total": money(1000)}
    return read_data(OrderPlacedV1, changed(OrderPlacedV1, **(plain | fields)))


@pytest.mark.parametrize("sku", ["Socke blau, Gr. 42", "\u7ea2\u8272 / XL", "x" * 255, "a"])
def test_a_variant_is_named_as_the_shop_names_it(sku: str) -> None:
    assert _placed(lines=[LINE | {"sku_id": sku}]).lines[0].sku_id == sku


@pytest.mark.parametrize("sku", ["", "x" * 256, "a\tb", "a\nb", "\x85"])
def test_the_name_of_a_variant_has_bounds(sku: str) -> None:
    with pytest.raises(ValidationError, match="sku_id"):
        _placed(lines=[LINE | {"sku_id": sku}])


def test_a_cent_for_each_line_may_be_split_otherwise_than_we_do() -> None:
    assert _placed(total=money(1000)).total.minor == 1000
    assert _placed(total=money(998)).total.minor == 998
    with pytest.raises(ValidationError, match="sum to 999, not to 1001"):
        _placed(total=money(1001))


def test_charges_and_what_is_rounded_off_belong_to_the_total() -> None:
    charges = [
        {"kind": "tax", "amount": money(80), "line_id": "1"}, {"kind": "tip", "amount": money(100)},
        {"kind": "duty", "amount": money(40)}, {"kind": "fee", "amount": money(7)},
        {"kind": "rounding", "amount": money(2)},
    ]  # fmt: skip
    placed = _placed(charges=charges, rounded_off=money(3), total=money(1225), shown_total=money(172, "USD"))
    assert [charge.kind.value for charge in placed.charges] == ["tax", "tip", "duty", "fee", "rounding"]
    with pytest.raises(ValidationError, match="a charge names no line"):
        _placed(charges=[{"kind": "tax", "amount": money(0), "line_id": "2"}])
    with pytest.raises(ValidationError, match="one currency"):
        _placed(charges=[{"kind": "tax", "amount": money(1, "USD")}])


def test_what_was_paid_may_differ_from_what_was_owed() -> None:
    one = {
        "payment_id": "p-1",
        "method": "bank_slip",
        "amount": money(3),
        "purpose": "full",
        "payer": "buyer",
    }
    zero = one | {"payment_id": "p-2", "method": "voucher", "amount": money(0)}
    paid = read_data(OrderPaidV1, changed(OrderPaidV1, payments=[one, zero], paid_amount=money(3)))
    assert paid.paid_amount == Money(minor=3, currency="CNY")


@pytest.mark.parametrize(
    ("event_class", "fields", "says"),
    [
        (OrderPlacedV1, {"total": money(1)}, "lines and freight sum to 34800"),
        (OrderPlacedV1, {"freight": money(1200, "USD")}, "one currency"),
        (OrderPaidV1, {"paid_amount": money(1)}, "payments sum to"),
        (OrderPaidV1, {"payments": []}, "payments"),
        (RefundAppliedV1, {"amount": money(12998)}, "amounts of the lines"),
        (RefundMadeOutsideV1, {"amount": money(9300)}, "tenders sum to 9400"),
        (RefundMadeOutsideV1, {"freight": money(602)}, "sum to 9402, more than 9400"),
        (OrderEditedV1, {"lines": []}, "lines"),
        (RefundAppliedV1, {"freight": money(600, "USD")}, "one currency"),
        (RefundAppliedV1, {"freight": money(13001), "lines": None}, "freight exceeds"),
        (ReturnSentV1, {"exchange_id": "ex-1"}, "exactly one of refund_id and exchange_id"),
        (ReturnSentV1, {"refund_id": None}, "exactly one of refund_id and exchange_id"),
        (RefundPaymentRequestedV1, {"amount": money(12401)}, "tenders sum to 12400"),
        (NoticeRequestedV1, {"customer_id": None}, "names the customer_id"),
        (OfferMadeV1, {"default_option_id": "wait"}, "not among the options"),
        (PromiseRegisteredV1, {"order_id": None, "customer_id": None}, "order_id or its customer_id"),
    ],
)
def test_what_contradicts_itself_is_refused(event_class: type[Event], fields: Any, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        read_data(event_class, changed(event_class, **fields))


@pytest.mark.parametrize("double", ["line_id", "payment_id"])
def test_ids_within_an_order_are_unique(double: str) -> None:
    event_class, name = (OrderPlacedV1, "lines") if double == "line_id" else (OrderPaidV1, "payments")
    data = json.loads(sample(event_class.TYPE))
    for part in data[name]:
        part[double] = "same"
    with pytest.raises(ValidationError, match=f"{double} is not unique"):
        read_data(event_class, json.dumps(data).encode())


def test_an_application_for_part_of_a_line_may_leave_amounts_open() -> None:
    lines = [{"line_id": "1", "quantity_count": 1, "amount": money(5)}, {"line_id": "2", "quantity_count": 1}]
    applied = read_data(RefundAppliedV1, changed(RefundAppliedV1, lines=lines))
    assert applied.lines == [
        Share(line_id="1", quantity_count=1, amount=Money(minor=5, currency="CNY")),
        Share(line_id="2", quantity_count=1),
    ]


@given(price=st.integers(0, 10**9), count=st.integers(1, 10**4), discount=st.integers(0, 10**9))
def test_a_line_costs_its_pieces_less_its_discount(price: int, count: int, discount: int) -> None:
    def make() -> Line:
        return Line(
            line_id="1",
            product_id="p",
            sku_id="s",
            quantity_count=count,
            unit_price=Money(minor=price, currency="CNY"),
            discount=Money(minor=discount, currency="CNY"),
            freight_terms=FreightTerms.FREE,
        )

    if discount > price * count:
        with pytest.raises(ValidationError, match="discount exceeds"):
            make()
    else:
        assert make().amount_minor == price * count - discount


def test_no_more_pieces_are_accepted_than_came() -> None:
    with pytest.raises(ValidationError, match="more pieces accepted"):
        Inspection(
            line_id="1",
            received_count=1,
            accepted_count=2,
            condition=Condition.RESALEABLE,
            is_packaging_complete=True,
            disposition=Disposition.RESTOCK,
        )


def test_events_are_frozen() -> None:
    scan = read_data(ParcelScannedV1, sample(ParcelScannedV1.TYPE))
    with pytest.raises(ValidationError, match="frozen"):
        scan.raw_status_code = "other"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_one_of_names_the_ids_it_is_about() -> None:
    one_of(a="x", b=None)
    with pytest.raises(ValueError, match="exactly one of a and b"):
        one_of(a=None, b=None)


def test_every_enumeration_keeps_what_it_does_not_know() -> None:
    def all_of(base: type[OpenEnum]) -> list[type[OpenEnum]]:
        return [found for sub in base.__subclasses__() for found in (sub, *all_of(sub))]

    enumerations = [
        found for found in all_of(OpenEnum) if found.__module__.startswith("aftersales_contracts")
    ]
    assert len(enumerations) > 50
    for enumeration in enumerations:
        unknown = enumeration("of-a-later-version")
        assert not unknown.is_known
        assert unknown not in list(enumeration)
        assert all(member.is_known and re.fullmatch("[a-z0-9_]+", member.value) for member in enumeration)


def test_an_old_version_reaches_the_reader_through_every_step() -> None:
    steps = Upcasters()

    @steps.register("shop.parcel.weighed.v1", "shop.parcel.weighed.v2")
    def kilograms_to_grams(data: dict[str, object]) -> dict[str, object]:
        kilograms = data.pop("weight_kilograms")
        assert isinstance(kilograms, int)
        return data | {"weight_grams": kilograms * 1000}

    @steps.register("shop.parcel.weighed.v2", "shop.parcel.weighed.v3")
    def name_the_place(data: dict[str, object]) -> dict[str, object]:
        return data | {"place_name": "unknown"}

    assert kilograms_to_grams({"weight_kilograms": 2}) == {"weight_grams": 2000}
    assert name_the_place({}) == {"place_name": "unknown"}
    old = '{"parcel_id":"包-1","weight_kilograms":3}'.encode()
    newest, data = steps.upcast("shop.parcel.weighed.v1", old)
    assert newest == steps.newest("shop.parcel.weighed.v1") == "shop.parcel.weighed.v3"
    assert data == '{"parcel_id":"包-1","weight_grams":3000,"place_name":"unknown"}'.encode()
    assert steps.upcast("shop.parcel.weighed.v3", b"untouched") == ("shop.parcel.weighed.v3", b"untouched")


@pytest.mark.parametrize("bad", [b"not json", b"[1]", b"{}", b"\xff"])
def test_an_old_version_that_cannot_be_turned_is_refused(bad: bytes) -> None:
    steps = Upcasters()

    @steps.register("shop.a.b.v1", "shop.a.b.v2")
    def rename(data: dict[str, object]) -> dict[str, object]:
        return {"new": data["old"]}

    assert rename({"old": 1}) == {"new": 1}
    with pytest.raises(UpcastError):
        steps.upcast("shop.a.b.v1", bad)


def test_steps_lead_from_one_version_to_the_next() -> None:
    steps = Upcasters()
    same = steps.register("shop.a.b.v1", "shop.a.b.v2")(dict)
    assert same({"a": 1}) == {"a": 1}
    for old, new in (
        ("shop.a.b.v1", "shop.a.b.v2"),
        ("shop.a.b.v2", "shop.a.b.v4"),
        ("shop.a.b.v2", "shop.a.c.v3"),
        ("shop.a.b", "shop.a.b.v2"),
    ):
        with pytest.raises(ValueError, match=r"step already|next version|versioned type"):
            steps.register(old, new)


def test_a_type_that_nobody_defined_is_not_read() -> None:
    with pytest.raises(KeyError):
        read_as_newest("shop.order.dreamt.v1", b"{}")
