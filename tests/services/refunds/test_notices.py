"""The shops' notices (A10, A13, A14): the numbers of each pack, and what a shop that chose it decides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from aftersales_contracts.aftersales import common, logistics_enums, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import Carriage, RefundKind, SaleService
from aftersales_contracts.shop import orders
from chassis.service import Service
from services.refunds import policy
from services.refunds.policy import Policy
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.services.refunds.kinds import OnePolicy, with_exchange
from tests.services.refunds.shop import DAY, GRACE, HOUR, MINUTE, T0
from tests.support.driver import Driver

BOOK = policy.load()
CLASSIC = BOOK.get("taobao-classic@2014-01-01")
SEVEN = [SaleService.SEVEN_DAY_NO_REASON]
FIVE = ["dislike", "differs_from_imagination", "colour_difference", "does_not_suit", "not_my_style"]
EIGHT = [
    "smell", "photo_deviation", "loose_threads", "slight_dirt", "fabric_feel", "used_goods",
    "sent_unannounced", "special_price",
]  # fmt: skip


def pack(name: str) -> Policy:
    return BOOK.get(f"{name}@2014-01-01")


def told(*events: tuple[Event, datetime], rules: Policy = CLASSIC) -> Driver:
    service: Service = replace(REFUNDS, policies=OnePolicy(rules))
    driver = Driver(service)
    for event, at in events:
        driver.tell(event, at)
    return driver


def delivered(*events: tuple[Event, datetime], rules: Policy = CLASSIC, **line: Any) -> Driver:
    """An order of one line, delivered at T0 two days after its ship mark."""
    before = T0 - 2 * DAY
    return told(
        (s.placed(**line), before), (s.paid(), before), (s.shipped(), before),
        (s.parcel(logistics_enums.ParcelOutcome.DELIVERED, "a"), T0), *events, rules=rules,
    )  # fmt: skip


def answers(driver: Driver) -> list[tuple[str, str | None]]:
    """Lists what we answered in the seller's place."""
    decided = driver.announced(refunds.RefundAnswerDecidedV1)
    return [(answer.answer.value, answer.reason_code) for answer in decided]


def rejections(driver: Driver) -> list[tuple[str, str | None]]:
    decided = driver.announced(refunds.ApplicationRejectedV1)
    return [(rejected.reason_code, rejected.advise_code) for rejected in decided]


def questions(driver: Driver) -> list[str]:
    return [task.question_code for task in driver.announced(common.TaskRequestedV1)]


# The numbers.


def differences(base: Any, other: Any, path: str = "") -> dict[str, Any]:
    """Lists the numbers of the other that the base does not have."""
    found: dict[str, Any] = {}
    for name in base.__struct_fields__:
        one, two = getattr(base, name), getattr(other, name)
        if isinstance(one, msgspec.Struct):
            found |= differences(one, two, f"{path}{name}.")
        elif one != two:
            found[f"{path}{name}"] = two
    return found


AT_ONCE = {"agreement.agree_at_once": {RefundKind.WITH_RETURN, RefundKind.NO_REASON}}
NUMBERS: dict[str, dict[str, Any]] = {
    "notice-quality-only": {
        "agreement.send_hours": 48 * HOUR,
        "agreement.carriages": (Carriage.EXPRESS.value,),
        "exchange.is_quality_needed": True,
        "exchange.is_size_exchange_allowed": True,
        "exchange.fault_report_hours": 48 * HOUR,
        "exchange.send_hours": 48 * HOUR,
        "exchange.carriages": (Carriage.EXPRESS.value,),
        "exchange.excluded_reasons": {*FIVE, "price_elsewhere"},
        "freight.buyer_bears_size_exchange": True,
    },
    "notice-any-reason": {
        "exchange.no_reason_days": 7 * DAY,
        "exchange.fault_report_hours": 48 * HOUR,
        "exchange.excluded_reasons": set[str](),
    },
    "notice-three-days": {
        "exchange.fault_report_hours": 72 * HOUR,
        "exchange.are_special_offers_excluded": True,
        "exchange.excluded_reasons": {*EIGHT, "price_elsewhere"},
    },
    "notice-fifteen-days": {
        "exchange.window_days": 15 * DAY,
        "exchange.no_reason_days": 15 * DAY,
        "freight.seller_bears_no_reason_return": True,
    },
    "notice-talk-first": {
        "agreement.needs_agreement_beforehand": True,
        "exchange.excluded_reasons": {"colour_difference", "price_elsewhere"},
        "freight.buyer_bears_recommended_size": True,
    },
}


@pytest.mark.parametrize("name", list(NUMBERS))
def test_a_pack_has_the_numbers_of_its_notice_and_the_classic_ones(name: str) -> None:
    assert differences(CLASSIC, pack(name)) == {**AT_ONCE, **NUMBERS[name]}
    assert pack(name).exchange.exchanges_per_order_max == 1, "RF-106"


def test_the_five_notices_are_packs_that_a_shop_can_choose() -> None:
    versions = {name.partition("@")[0] for name in BOOK.versions()}
    assert {name for name in versions if name.startswith("notice-")} == set(NUMBERS)
    source = policy.PATH.read_text(encoding="utf-8").replace(
        '"*" = "taobao-classic"', '"*" = "taobao-classic"\n"linen*" = "notice-three-days"'
    )
    assert policy.load(source).choose("linen-house", T0)[0] == "notice-three-days@2014-01-01"


def test_the_desk_agrees_straight_away_from_the_day_of_its_version() -> None:
    """RF-014, RF-016: and orders that were opened before are answered as they were."""
    before, after = (datetime(*day, tzinfo=UTC) for day in ((2026, 12, 31), (2027, 1, 1)))
    assert BOOK.choose("shop-1", before)[1].agreement.agree_at_once == frozenset()
    name, rules = BOOK.choose("shop-1", after)
    assert differences(CLASSIC, rules) == AT_ONCE, name


# Agreed straight away.


@pytest.mark.parametrize(
    ("rule", "kind"), [("RF-014", RefundKind.WITH_RETURN), ("RF-016", RefundKind.NO_REASON)]
)
def test_goods_that_are_sent_back_are_agreed_to_straight_away(rule: str, kind: RefundKind) -> None:
    driver = Driver(REFUNDS)
    start = datetime(2027, 1, 1, 8, tzinfo=UTC)
    for event in (s.placed(services=SEVEN), s.paid(), s.shipped()):
        driver.tell(event, start)
    driver.tell(s.applied(kind, reason="size"), start + DAY)
    assert answers(driver) == [("agree", None)]
    assert rule in driver.announced(refunds.RefundAnswerDecidedV1)[0].rule_ids
    (to,) = driver.announced(refunds.ReturnAuthorizedV1)
    assert to.send_by_at == start + 8 * DAY
    driver.tell(s.refused(), start + DAY + HOUR)
    assert questions(driver) == ["refused_after_silence"], "a late refusal is for a person"


def test_nothing_else_is_agreed_to_straight_away() -> None:
    """RF-012, RF-014: what the buyer keeps, or never got, is still the seller's to answer."""
    for kind in (RefundKind.NOT_RECEIVED, RefundKind.NO_RETURN):
        driver = delivered((s.applied(kind, 500), T0 + DAY), rules=pack("notice-any-reason"))
        assert answers(driver) == []


# Without a reason: the platform's service, or the shop's own promise.


@pytest.mark.parametrize(
    ("rule", "service", "rules", "last"),
    [
        ("RF-094", "seven_day_no_reason", CLASSIC, 7),
        ("RF-095", "fifteen_day", CLASSIC, 15),
        ("RF-117", "seven_plus", CLASSIC, 15),
        ("RF-117", "use_first_pay_later", CLASSIC, 7),
        ("RF-095", None, pack("notice-fifteen-days"), 15),
        ("RF-095", "seven_day_no_reason", pack("notice-fifteen-days"), 15),
        ("RF-097", None, pack("notice-any-reason"), 7),
        ("RF-097", None, pack("world-market"), 7),
    ],
)
def test_a_return_without_a_reason_has_its_days(
    rule: str, service: str | None, rules: Policy, last: int
) -> None:
    services = [] if service is None else [service]
    application = s.applied(RefundKind.NO_REASON, reason="no_reason")
    in_time = delivered((application, T0 + last * DAY), rules=rules, services=services)
    assert rejections(in_time) == [], rule
    late = delivered((application, T0 + last * DAY + MINUTE), rules=rules, services=services)
    assert rejections(late) == [("out_of_window", None)], rule
    assert "RF-094" in late.announced(refunds.ApplicationRejectedV1)[0].rule_ids


@pytest.mark.parametrize("services", [[], [SaleService.FREIGHT_INSURANCE, SaleService.CASH_ON_DELIVERY]])
def test_a_return_without_a_reason_needs_a_promise(services: list[SaleService]) -> None:
    """RF-094: the service is one that the shop may join, and this line was not sold with it."""
    driver = delivered((s.applied(RefundKind.NO_REASON, reason="no_reason"), T0 + HOUR), services=services)
    assert rejections(driver) == [("no_service", "apply_with_return")]
    driver.tell(s.applied(RefundKind.WITH_RETURN, reason="no_reason"), T0 + 2 * HOUR)
    assert len(driver.announced(refunds.RefundOpenedV1)) == 1, "the other way is open, under the same id"


def test_one_line_without_the_service_keeps_the_others_from_going_without_a_reason() -> None:
    driver = told(
        (s.placed([("a", 1, 6_000), ("b", 1, 4_000)], services=SEVEN), T0), (s.paid(), T0), (s.shipped(), T0),
        (s.parcel(logistics_enums.ParcelOutcome.DELIVERED, "a"), T0),
        (s.parcel(logistics_enums.ParcelOutcome.DELIVERED, "b", parcel_id="p2"), T0 + 5 * DAY),
        (s.applied(RefundKind.NO_REASON, reason="no_reason"), T0 + 8 * DAY),
    )  # fmt: skip
    assert [reason for reason, _ in rejections(driver)] == ["out_of_window"], "the first line's days are over"
    lines = [s.share("b", minor=4_000)]
    driver.tell(
        s.applied(RefundKind.NO_REASON, 4_000, reason="no_reason", lines=lines, refund_id="r2"), T0 + 8 * DAY
    )
    assert len(driver.announced(refunds.RefundOpenedV1)) == 1


def test_without_a_known_receipt_the_days_run_from_the_usual_delivery() -> None:
    """RF-094: seven days on the way, and seven days more."""
    events = [(s.placed(services=SEVEN), T0), (s.paid(), T0), (s.shipped(), T0)]
    application = s.applied(RefundKind.NO_REASON, reason="no_reason")
    assert rejections(told(*events, (application, T0 + 14 * DAY))) == []
    late = told((s.placed(services=SEVEN), T0), (s.paid(), T0), (s.shipped(orders.DeliveryKind.MAIL), T0))
    late.tell(application, T0 + 14 * DAY + MINUTE)
    assert rejections(late) == [("out_of_window", None)]


def test_the_day_of_the_first_application_counts_for_a_changed_one() -> None:
    """RF-094, RF-017: applied for in time, refused, and changed after the seven days."""
    driver = delivered((s.applied(reason="size"), T0 + 6 * DAY), (s.refused(), T0 + 7 * DAY), services=SEVEN)
    driver.tell(s.amended(RefundKind.NO_REASON, 10_000), T0 + 9 * DAY)
    assert rejections(driver) == []
    assert [opened.terms_version for opened in driver.announced(refunds.RefundOpenedV1)] == [1, 2]
    driver = delivered((s.applied(reason="size"), T0 + 6 * DAY), (s.refused(), T0 + 7 * DAY))
    driver.tell(s.amended(RefundKind.NO_REASON, 10_000), T0 + 7 * DAY)
    assert rejections(driver) == [("no_service", "apply_with_return")]


# What a notice bars.

A = pack("notice-quality-only")
BARRED: list[tuple[str, Policy, str, timedelta, str]] = [
    ("RF-096", A, "size", HOUR, "no_quality_fault"),
    ("RF-098", A, "quality", 48 * HOUR + MINUTE, "reported_late"),
    ("RF-098", pack("notice-any-reason"), "defective", 48 * HOUR + MINUTE, "reported_late"),
    ("RF-099", pack("notice-three-days"), "quality", 72 * HOUR + MINUTE, "reported_late"),
    *(("RF-107", A, reason, HOUR, "excluded_reason") for reason in FIVE),
    *(("RF-108", pack("notice-three-days"), reason, HOUR, "excluded_reason") for reason in EIGHT),
    ("RF-111", pack("notice-talk-first"), "colour_difference", HOUR, "excluded_reason"),
    ("RF-115", CLASSIC, "price_elsewhere", HOUR, "excluded_reason"),
    ("RF-115", A, "price_elsewhere", HOUR, "excluded_reason"),
    ("RF-115", pack("notice-three-days"), "price_elsewhere", HOUR, "excluded_reason"),
    ("RF-115", pack("notice-talk-first"), "price_elsewhere", HOUR, "excluded_reason"),
]


@pytest.mark.parametrize(
    ("rule", "rules", "reason", "wait", "bar"), BARRED, ids=[f"{row[0]}-{row[2]}" for row in BARRED]
)
def test_what_the_notice_bars_is_refused_by_policy(
    rule: str, rules: Policy, reason: str, wait: timedelta, bar: str
) -> None:
    driver = delivered((s.applied(reason=reason), T0 + wait), rules=rules)
    assert answers(driver) == [("refuse", bar)]
    assert {rule, "RF-031"} <= set(driver.announced(refunds.RefundAnswerDecidedV1)[0].rule_ids)
    (asked,) = driver.announced(common.EvidenceRequestedV1)
    assert len(asked.kinds) == 3, "the refusal has to be backed (RF-031)"
    driver.until(T0 + wait + 7 * DAY + GRACE)
    assert [closed.ending.value for closed in driver.announced(refunds.RefundClosedV1)] == ["lapsed"]
    served = delivered((s.applied(reason=reason), T0 + wait), rules=rules, services=SEVEN)
    assert ("refuse", bar) not in answers(served), "a service that runs is not beaten (E-A7)"


@pytest.mark.parametrize(
    ("rules", "reason", "wait"),
    [
        (A, "quality", 48 * HOUR),
        (pack("notice-three-days"), "quality", 72 * HOUR),
        (pack("notice-any-reason"), "price_elsewhere", HOUR),
        *((pack("notice-any-reason"), reason, HOUR) for reason in (*FIVE, *EIGHT)),
        (CLASSIC, "quality", 9 * DAY),
    ],
)
def test_what_no_notice_bars_is_not_refused(rules: Policy, reason: str, wait: timedelta) -> None:
    """RF-097, RF-098, RF-099: in time, or for any reason."""
    driver = delivered((s.applied(reason=reason), T0 + wait), rules=rules)
    assert [answer for answer, _ in answers(driver)] == (["agree"] if rules is not CLASSIC else [])


def test_a_special_offer_is_not_taken_back() -> None:
    """RF-110: for no reason that the buyer may have, unless it was sold with a service."""
    rules = pack("notice-three-days")
    driver = delivered((s.applied(), T0 + HOUR), rules=rules, is_special_offer=True)
    assert answers(driver) == [("refuse", "special_offer")]
    driver = delivered((s.applied(), T0 + HOUR), rules=rules, is_special_offer=True, services=SEVEN)
    assert answers(driver) == [("agree", None)]
    own = with_exchange(no_reason_days=7 * DAY, are_special_offers_excluded=True)
    driver = delivered((s.applied(RefundKind.NO_REASON), T0 + HOUR), rules=own, is_special_offer=True)
    assert answers(driver) == [("refuse", "special_offer")], "the shop's own promise leaves it out"


def test_after_the_days_of_the_service_the_notice_holds() -> None:
    """E-A7, RF-107: the seven days are over."""
    driver = delivered((s.applied(reason="dislike"), T0 + 7 * DAY), rules=A, services=SEVEN)
    assert answers(driver) == [("agree", None)]
    driver = delivered((s.applied(reason="dislike"), T0 + 7 * DAY + MINUTE), rules=A, services=SEVEN)
    assert answers(driver) == [("refuse", "excluded_reason")]


def test_what_the_seller_had_agreed_to_is_not_refused_by_his_notice() -> None:
    """RF-096, RF-032."""
    application = s.applied(reason="dislike", is_agreed_beforehand=True)
    assert answers(delivered((application, T0 + HOUR), rules=A)) == [("agree", None)]


def test_what_was_not_talked_over_is_refused_unless_it_was_promised() -> None:
    """RF-032, E-A7: the notice wants a talk first; a return by the service of the line needs none."""
    rules = pack("notice-talk-first")
    for kind in (RefundKind.WITH_RETURN, RefundKind.NO_RETURN, RefundKind.NOT_RECEIVED):
        driver = delivered((s.applied(kind), T0 + HOUR), rules=rules, services=SEVEN)
        assert answers(driver) == [("refuse", "not_agreed_beforehand")]
        agreed = s.applied(kind, is_agreed_beforehand=True)
        assert ("refuse", "not_agreed_beforehand") not in answers(delivered((agreed, T0 + HOUR), rules=rules))
    promised = s.applied(RefundKind.NO_REASON, reason="no_reason")
    assert answers(delivered((promised, T0 + HOUR), rules=rules, services=SEVEN)) == [("agree", None)]


def test_what_the_buyer_keeps_is_talked_over_whatever_the_notice_says() -> None:
    """RF-040: a notice is about returns and exchanges."""
    driver = delivered((s.applied(RefundKind.NO_RETURN, 500, reason="dislike"), T0 + HOUR), rules=A)
    assert answers(driver) == []
    assert questions(driver) == ["partial_refund_wanted"]


def test_nothing_is_late_that_is_not_known_to_have_arrived() -> None:
    """RF-098: 48 hours from the receipt, which no scan told of."""
    driver = told(
        (s.placed(), T0), (s.paid(), T0), (s.shipped(), T0), (s.applied(), T0 + 9 * DAY), rules=A
    )  # fmt: skip
    assert answers(driver) == [("agree", None)]


def test_a_barred_application_stays_barred_however_it_is_changed() -> None:
    """RF-107, RF-017: silence must not agree to what the notice refused; a reason that counts is heard."""
    driver = delivered((s.applied(reason="dislike"), T0 + HOUR), rules=A)
    driver.tell(s.amended(RefundKind.WITH_RETURN, 9_000, reason="not_my_style"), T0 + 2 * HOUR)
    assert answers(driver) == [("refuse", "excluded_reason")] * 2
    driver.tell(s.amended(RefundKind.WITH_RETURN, 9_000, 3, reason="exchange"), T0 + 3 * HOUR)
    assert answers(driver)[-1] == ("refuse", "exchange_wanted"), "RF-030: in every case"
    driver.tell(s.amended(RefundKind.WITH_RETURN, 9_000, 4, reason="defective"), T0 + 4 * HOUR)
    assert answers(driver)[-1] == ("agree", None)
    assert len(driver.announced(refunds.ReturnAuthorizedV1)) == 1
