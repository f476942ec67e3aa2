"""The kinds of refunds together, through the real tables: each journey of section 6 that touches refunds."""

from datetime import datetime

import pytest

from aftersales_contracts import components
from aftersales_contracts.aftersales import common, customers, logistics_enums, refunds
from aftersales_contracts.aftersales.refunds_enums import (
    ExchangeEnding,
    OrderOutcomeAfterRefund,
    RefundEnding,
)
from aftersales_contracts.base import Event, Outcome
from aftersales_contracts.enums import (
    Carriage,
    Condition,
    MoneyMoved,
    PromiseKind,
    RefundKind,
    Role,
    SaleService,
)
from aftersales_contracts.shop import aftersales, desk, orders
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, GRACE, HOUR, MINUTE, T0
from tests.support.driver import Driver


def ordered(*more: tuple[Event, datetime], is_shipped: bool = True) -> Driver:
    """A paid order of one line for 100.00 CNY, shipped an hour later unless told otherwise."""
    driver = Driver(REFUNDS)
    driver.tell(s.placed(services=[SaleService.SEVEN_DAY_NO_REASON]), T0)
    driver.tell(s.paid(), T0)
    if is_shipped:
        driver.tell(s.shipped(), T0 + HOUR)
    for event, at in more:
        driver.tell(event, at)
    return driver


def names(outcomes: list[Outcome]) -> list[str]:
    return [type(outcome).__name__ for outcome in outcomes]


def test_return_and_refund() -> None:
    driver = ordered((s.applied(), T0 + DAY))
    assert driver.announced(refunds.RefundOpenedV1)[0].answer_by_at == T0 + 6 * DAY
    told = driver.tell(s.agreed(), T0 + 2 * DAY)
    assert names(told) == ["ReturnAuthorizedV1", "FreightLiabilityDecidedV1"]
    assert told[1].rule_ids == ["RF-060", "RF-068"]
    driver.tell(s.sent(freight=1_200), T0 + 3 * DAY)
    driver.tell(s.inspected(), T0 + 5 * DAY)
    told = driver.tell(s.accepted(s.share("a")), T0 + 5 * DAY)
    liability, freight, goods = told
    assert isinstance(liability, refunds.FreightLiabilityDecidedV1)
    assert liability.reimburse_amount == s.money(1_200)
    assert isinstance(freight, refunds.RefundPaymentRequestedV1)
    assert isinstance(goods, refunds.RefundPaymentRequestedV1)
    assert (freight.purpose, freight.amount.minor, freight.tenders) == ("freight", 1_200, [])
    assert (goods.intent_id, goods.attempt_id) == ("r1.refund.1", "r1.refund.1.try.1")
    assert [(t.payment_id, t.amount.minor) for t in goods.tenders] == [("pay1", 10_000)]
    assert names(driver.tell(s.settled(1_200, "r1.freight.1"), T0 + 5 * DAY + MINUTE)) == ["RefundPaidV1"]
    paid = driver.tell(s.settled(10_000), T0 + 5 * DAY + MINUTE)[0]
    assert isinstance(paid, refunds.RefundPaidV1)
    assert paid.is_full
    assert paid.order_outcome is OrderOutcomeAfterRefund.CLOSED
    assert driver.tell(s.settled(10_000), T0 + 6 * DAY) == []
    assert not driver.waiting


@pytest.mark.parametrize("is_first", [True, False])
def test_p4_freight_says_nothing_of_an_order_that_a_refund_closes(*, is_first: bool) -> None:
    """RF-033: whether the freight settles before the refund, or after the order was closed by it."""
    driver = ordered((s.applied(), T0 + DAY), (s.agreed(), T0 + 2 * DAY))
    driver.tell(s.sent(freight=1_200), T0 + 3 * DAY)
    driver.tell(s.accepted(s.share("a")), T0 + 5 * DAY)
    news = [
        s.settled(1_200, "r1.freight.1"),
        s.settled(10_000),
        s.closed(orders.CloseCause.REFUNDED),
    ]
    for event in news if is_first else [*news[1:], news[0]]:
        driver.tell(event, T0 + 5 * DAY + HOUR)
    said = {
        one.purpose.value: (one.is_full, one.order_outcome) for one in driver.announced(refunds.RefundPaidV1)
    }
    assert said == {
        "refund": (True, OrderOutcomeAfterRefund.CLOSED),
        "freight": (False, OrderOutcomeAfterRefund.UNCHANGED),
    }


def test_before_shipment_the_warehouse_stops_it() -> None:
    driver = ordered((s.applied(RefundKind.UNSHIPPED), T0 + HOUR), is_shipped=False)
    assert driver.announced(refunds.RefundOpenedV1)[0].answer_by_at == T0 + HOUR + 2 * DAY
    told = driver.tell(s.hold(logistics_enums.HoldResolution.STOPPED), T0 + 2 * HOUR)
    assert names(told) == ["RefundPaymentRequestedV1"]


def test_before_shipment_the_mark_wins_and_the_buyer_applies_anew() -> None:
    driver = ordered((s.applied(RefundKind.UNSHIPPED), T0 + HOUR), is_shipped=False)
    driver.tell(s.hold(logistics_enums.HoldResolution.TOO_LATE), T0 + 2 * HOUR)
    told = driver.tell(s.shipped(), T0 + DAY)
    assert names(told) == ["RefundClosedV1"]
    driver.tell(s.applied(RefundKind.NOT_RECEIVED, refund_id="r2"), T0 + 2 * DAY)
    told = driver.tell(s.parcel(logistics_enums.ParcelOutcome.RETURNED, "a"), T0 + 4 * DAY)
    assert names(told) == ["RefundAnswerDecidedV1", "RefundPaymentRequestedV1"]


def test_before_shipment_two_days_pay() -> None:
    driver = ordered((s.applied(RefundKind.UNSHIPPED), T0), is_shipped=False)
    assert driver.until(T0 + 2 * DAY + GRACE - MINUTE) == []
    assert names(driver.until(T0 + 2 * DAY + GRACE)) == ["RefundPaymentRequestedV1"]
    # The mark is read only now: money stands, a person sees to the goods.
    told = driver.tell(s.shipped(), T0 + 2 * DAY + 12 * MINUTE)
    assert names(told) == ["TaskRequestedV1"]


def test_a_promise_not_to_refund_is_held() -> None:
    driver = ordered((s.applied(RefundKind.UNSHIPPED), T0), is_shipped=False)
    promise = customers.PromiseRegisteredV1(
        **s.outcome_of("promise", "pr1", "customers"), promise_id="pr1", kind=PromiseKind.NO_REFUND
    )
    driver.tell(promise, T0 + HOUR)
    assert driver.tell(s.hold(logistics_enums.HoldResolution.STOPPED), T0 + 2 * HOUR) == []
    assert names(driver.tell(s.agreed(), T0 + 3 * HOUR)) == ["TaskRequestedV1"]
    assert names(driver.until(T0 + 2 * DAY + GRACE)) == ["RefundPaymentRequestedV1"]


@pytest.mark.parametrize(
    ("kind", "days", "expected"),
    [
        (RefundKind.NO_RETURN, 5, ["TaskWithdrawnV1", "RefundAnswerDecidedV1", "RefundPaymentRequestedV1"]),
        (RefundKind.NOT_RECEIVED, 5, ["RefundAnswerDecidedV1", "RefundPaymentRequestedV1"]),
        (
            RefundKind.WITH_RETURN,
            5,
            ["RefundAnswerDecidedV1", "ReturnAuthorizedV1", "FreightLiabilityDecidedV1"],
        ),
        (
            RefundKind.NO_REASON,
            2,
            ["RefundAnswerDecidedV1", "ReturnAuthorizedV1", "FreightLiabilityDecidedV1"],
        ),
    ],
)
def test_silent_seller(kind: RefundKind, days: int, expected: list[str]) -> None:
    driver = ordered((s.applied(kind), T0 + DAY))
    assert driver.until(T0 + (1 + days) * DAY) == []
    assert names(driver.until(T0 + (1 + days) * DAY + GRACE)) == expected


def test_silent_buyer_lets_it_lapse_and_auto_confirm_resumes() -> None:
    driver = ordered((s.applied(RefundKind.NO_REASON), T0 + 2 * DAY))
    driver.until(T0 + 9 * DAY)
    assert [n.template_code for n in driver.announced(common.NoticeRequestedV1)] == ["register_return"]
    told = driver.until(T0 + 12 * DAY)
    assert names(told) == ["RefundClosedV1"]
    # Two days had run of ten, one hour less; the rest runs from the close on (E-A16).
    left = 10 * DAY - (2 * DAY - HOUR)
    assert driver.until(T0 + 11 * DAY + left) == []
    asked = driver.until(T0 + 11 * DAY + left + GRACE)
    assert names(asked) == ["OrderAutoConfirmRequestedV1"]


def test_refused_buyer_confirms_receipt() -> None:
    driver = ordered((s.applied(RefundKind.NO_RETURN), T0 + DAY), (s.refused(), T0 + 2 * DAY))
    told = driver.tell(s.succeeded(), T0 + 3 * DAY)
    assert [o.ending for o in told if isinstance(o, refunds.RefundClosedV1)] == [RefundEnding.WITHDRAWN]


def test_silent_seller_at_receipt() -> None:
    driver = ordered(
        (s.applied(), T0 + DAY), (s.agreed(), T0 + 2 * DAY), (s.sent(Carriage.MAIL), T0 + 3 * DAY)
    )
    assert driver.until(T0 + 33 * DAY) == []
    assert names(driver.until(T0 + 33 * DAY + GRACE)) == ["RefundPaymentRequestedV1"]


def test_refused_goods_come_back_to_the_same_stage() -> None:
    driver = ordered((s.applied(), T0 + DAY), (s.agreed(), T0 + 2 * DAY), (s.sent(), T0 + 3 * DAY))
    told = driver.tell(s.refused(stage=aftersales.AnswerStage.RECEIPT), T0 + 4 * DAY)
    assert names(told) == ["EvidenceRequestedV1"]
    told = driver.tell(s.amended(RefundKind.WITH_RETURN, 9_000), T0 + 5 * DAY)
    assert names(told) == ["RefundOpenedV1"]
    assert names(driver.until(T0 + 15 * DAY + GRACE)) == ["RefundPaymentRequestedV1"]
    assert driver.announced(refunds.RefundPaymentRequestedV1)[0].amount.minor == 9_000


def test_lost_parcel_pays_the_open_refund() -> None:
    driver = ordered((s.applied(RefundKind.NOT_RECEIVED), T0 + DAY))
    told = driver.tell(s.remedy(s.share("a")), T0 + 3 * DAY)
    assert names(told) == ["RefundAnswerDecidedV1", "RefundPaymentRequestedV1"]
    paid = driver.tell(s.settled(10_000), T0 + 3 * DAY + MINUTE)[0]
    assert isinstance(paid, refunds.RefundPaidV1)
    assert paid.remedy_id == "rem1"


def test_lost_parcel_without_a_refund_opens_one() -> None:
    driver = ordered()
    told = driver.tell(s.remedy(s.share("a")), T0 + 3 * DAY)
    assert names(told) == ["RefundOpenedV1", "RefundAnswerDecidedV1", "RefundPaymentRequestedV1"]
    assert driver.tell(s.remedy(s.share("a")), T0 + 3 * DAY + MINUTE) == []


def test_exchange_with_replacement() -> None:
    driver = ordered((s.exchange_applied("quality"), T0 + 2 * DAY))
    opened = driver.announced(refunds.ExchangeOpenedV1)[0]
    assert opened.reship_id == "x1.reship"
    driver.tell(s.reship(logistics_enums.ReshipStatus.RESERVED), T0 + 2 * DAY + HOUR)
    told = driver.tell(s.exchange_answered(), T0 + 3 * DAY)
    assert names(told) == ["ReturnAuthorizedV1", "FreightLiabilityDecidedV1"]
    assert told[1].rule_ids == ["RF-061"]
    driver.tell(s.sent(exchange_id="x1", freight=900), T0 + 4 * DAY)
    due = driver.tell(s.inspected(), T0 + 6 * DAY)[0]
    assert isinstance(due, refunds.ReshipDueV1)
    assert (due.sku_ids, due.ship_by_at) == (["s-a-xl"], T0 + 9 * DAY)
    told = driver.tell(s.reship(logistics_enums.ReshipStatus.SENT), T0 + 7 * DAY)
    assert [(o.purpose, o.amount.minor) for o in told if isinstance(o, refunds.RefundPaymentRequestedV1)] == [
        ("freight", 900)
    ]
    driver.tell(s.settled(900, "x1.exchange.freight.1"), T0 + 7 * DAY)
    ended = driver.tell(s.reship(logistics_enums.ReshipStatus.DELIVERED), T0 + 9 * DAY)[0]
    assert isinstance(ended, refunds.ExchangeEndedV1)
    assert ended.ending is ExchangeEnding.COMPLETED
    rejected = driver.tell(s.exchange_applied(exchange_id="x2"), T0 + 9 * DAY)[0]
    assert isinstance(rejected, refunds.ApplicationRejectedV1)
    assert rejected.reason_code == "second_exchange"


def test_exchange_out_of_stock_becomes_a_refund_by_choice() -> None:
    driver = ordered((s.exchange_applied(), T0 + 2 * DAY))
    busy = driver.tell(s.applied(refund_id="r9"), T0 + 2 * DAY)[0]
    assert isinstance(busy, refunds.ApplicationRejectedV1)
    assert busy.reason_code == "line_busy"
    offer = driver.tell(s.reship(logistics_enums.ReshipStatus.UNAVAILABLE), T0 + 3 * DAY)[0]
    assert isinstance(offer, common.OfferMadeV1)
    answer = aftersales.OfferAnsweredV1(
        **s.KEYS, offer_id=offer.offer_id, case_id="x1", case_kind="exchange", option_id="refund"
    )
    told = driver.tell(answer, T0 + 4 * DAY)
    assert names(told) == [
        "ExchangeEndedV1",
        "RefundOpenedV1",
        "RefundAnswerDecidedV1",
        "ReturnAuthorizedV1",
        "FreightLiabilityDecidedV1",
    ]


def test_unfit_goods_go_back_to_the_buyer() -> None:
    driver = ordered(
        (s.exchange_applied(), T0 + 2 * DAY),
        (s.exchange_answered(), T0 + 2 * DAY),
        (s.reship(logistics_enums.ReshipStatus.RESERVED), T0 + 3 * DAY),
        (s.sent(exchange_id="x1"), T0 + 4 * DAY),
    )
    due, ended = driver.tell(s.inspected(condition=Condition.WASHED), T0 + 6 * DAY)
    assert isinstance(due, refunds.ReshipDueV1)
    assert isinstance(ended, refunds.ExchangeEndedV1)
    assert (due.purpose, due.sku_ids) == ("return_to_buyer", ["s-a"])
    assert ended.ending is ExchangeEnding.RETURNED_TO_BUYER


def test_auto_confirm_asks_thrice_then_a_person() -> None:
    driver = ordered()
    due = T0 + HOUR + 10 * DAY
    assert names(driver.until(due + GRACE)) == ["OrderAutoConfirmRequestedV1"]
    assert len(driver.until(due + HOUR)) == 1
    assert driver.until(due + HOUR + DAY - MINUTE) == []
    assert len(driver.until(due + HOUR + DAY)) == 1
    assert driver.until(due + HOUR + 2 * DAY - MINUTE) == []
    assert names(driver.until(due + HOUR + 2 * DAY + GRACE)) == ["TaskRequestedV1"]
    assert driver.until(due + 90 * DAY) == []
    assert len({o.request_id for o in driver.announced(refunds.OrderAutoConfirmRequestedV1)}) == 1


def test_payment_repeats_then_a_person_then_a_new_attempt() -> None:
    driver = ordered((s.applied(RefundKind.NOT_RECEIVED), T0), (s.agreed(), T0 + 2 * HOUR))
    start = T0 + 2 * HOUR
    driver.until(start + HOUR)
    requests = driver.announced(refunds.RefundPaymentRequestedV1)
    assert [one.attempt_id for one in requests] == [
        "r1.refund.1.try.1"
    ] * 3  # at once, after 15 and 45 minutes
    assert {(r.intent_id, r.attempt_id) for r in requests} == {("r1.refund.1", "r1.refund.1.try.1")}
    driver.until(start + 24 * HOUR)
    stuck = driver.announced(refunds.RefundPaymentStuckV1)
    assert [one.money_moved for one in stuck] == [MoneyMoved.UNKNOWN]
    task = driver.announced(common.TaskRequestedV1)[-1]
    answer = desk.TaskCompletedV1(
        shop_id="shop-1", task_id=task.task_id, case_kind=task.case_kind, case_id=task.case_id,
        about_subject=task.about_subject, outcome_code="not_moved", by=components.Party(role=Role.SUPERVISOR),
    )  # fmt: skip
    again = driver.tell(answer, start + 2 * DAY)[0]
    assert isinstance(again, refunds.RefundPaymentRequestedV1)
    assert again.attempt_id == "r1.refund.1.try.2"
    assert names(driver.tell(s.settled(10_000, attempt=1), start + 2 * DAY)) == ["RefundPaidV1"]
    assert names(driver.tell(s.settled(10_000, attempt=2), start + 2 * DAY)) == ["TaskRequestedV1"]


def test_handed_over_before_the_payment_is_booked() -> None:
    """The public orders: ship mark, then payment in two parts that miss the prices by a little."""
    driver = Driver(REFUNDS, shop_id="olist-1")
    currency = "BRL"
    driver.tell(s.placed([("a", 1, 2_990), ("b", 1, 2_990)], 1_745, is_free=False, currency=currency), T0)
    driver.tell(s.shipped(), T0 + HOUR)
    driver.tell(s.paid(2_000, 5_726, currency=currency), T0 + DAY)
    statuses = [o.status for o in driver.announced(common.CaseChangedV1)]
    assert statuses == ["awaiting_payment", "shipped", "shipped"]
    book = driver.state("order", s.ORDER_ID).book
    assert sum(line.paid_minor for line in book.lines) + book.freight_minor == 7_726
    due = T0 + HOUR + 10 * DAY
    assert names(driver.until(due + GRACE)) == ["OrderAutoConfirmRequestedV1"]
    assert driver.tell(s.succeeded(), T0 + 12 * DAY)[0].policy_version == "world-market@2014-01-01"


def test_a_refund_waits_for_the_order_and_is_dated_since_the_payment() -> None:
    """RF-001: order and payment are older than the application, and heard of later."""
    driver = Driver(REFUNDS)
    assert driver.tell(s.applied(RefundKind.UNSHIPPED), T0 + 2 * HOUR) == []
    assert len(driver.waiting) == 1
    driver.tell(s.placed(), T0 + HOUR)
    assert not driver.waiting
    told = driver.tell(s.paid(), T0 + 2 * HOUR)
    assert names(told) == ["RefundOpenedV1"]


def test_closed_order_names_its_cause() -> None:
    driver = Driver(REFUNDS)
    driver.tell(s.placed(), T0)
    driver.tell(s.closed(orders.CloseCause.UNPAID_TIMEOUT), T0 + 3 * DAY)
    told = driver.announced(common.CaseChangedV1)[-1]
    assert (told.status, told.ending, told.waits_for) == ("closed", "unpaid_timeout", None)
