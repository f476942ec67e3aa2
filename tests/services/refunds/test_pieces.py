"""Checks how many pieces are paid: parts of a line, orders whose lines nobody knows, freight alone."""

from datetime import datetime

import pytest

from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.aftersales.logistics_enums import ParcelOutcome, RemedyReason
from aftersales_contracts.aftersales.refunds_enums import OrderOutcomeAfterRefund
from aftersales_contracts.base import Event
from aftersales_contracts.enums import RefundKind, SaleService
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0
from tests.support.driver import Driver

Told = tuple[Event, datetime]


def told(*events: Told) -> Driver:
    driver = Driver(REFUNDS)
    for event, at in events:
        driver.tell(event, at)
    return driver


def requested(driver: Driver) -> list[tuple[str, int, dict[str, int]]]:
    """Lists the requests to the provider: intent, amount, pieces per line."""
    asked = {r.intent_id: r for r in driver.announced(refunds.RefundPaymentRequestedV1)}
    return [
        (r.intent_id, r.amount.minor, {line.line_id: line.quantity_count for line in r.lines or []})
        for r in asked.values()
    ]


def questions(driver: Driver) -> list[str]:
    return [task.question_code for task in driver.announced(common.TaskRequestedV1)]


def rejections(driver: Driver) -> list[str]:
    return [rejected.reason_code for rejected in driver.announced(refunds.ApplicationRejectedV1)]


def outcomes_after(driver: Driver) -> list[tuple[bool, OrderOutcomeAfterRefund | None]]:
    return [(paid.is_full, paid.order_outcome) for paid in driver.announced(refunds.RefundPaidV1)]


# Freight alone, and orders without lines.

CLOSED, CONTINUES = OrderOutcomeAfterRefund.CLOSED, OrderOutcomeAfterRefund.CONTINUES


def lineless(total: int = 10_000) -> list[Told]:
    placed = s.placed((), 1_000).model_copy(update={"total": s.money(total)})
    return [(placed, T0), (s.paid(total), T0), (s.shipped(), T0 + HOUR)]


def test_a_part_of_an_order_without_lines_leaves_the_trade_open() -> None:
    """RF-033: full is what leaves nothing of what was paid."""
    driver = told(*lineless(), (s.applied(RefundKind.NO_RETURN, 500), T0 + DAY), (s.agreed(), T0 + DAY))
    assert requested(driver) == [("r1.refund.1", 500, {})]
    driver.tell(s.settled(500), T0 + DAY + MINUTE)
    assert [due.name for _, due in driver.pending()] == ["confirm"], "OR-031"
    driver.tell(s.applied(RefundKind.NO_RETURN, 9_500, refund_id="r2"), T0 + 2 * DAY)
    driver.tell(s.agreed(refund_id="r2"), T0 + 2 * DAY)
    driver.tell(s.settled(9_500, "r2.refund.1"), T0 + 2 * DAY + MINUTE)
    assert outcomes_after(driver) == [(False, CONTINUES), (True, CLOSED)]
    driver.tell(s.applied(RefundKind.NO_RETURN, 1, refund_id="r3"), T0 + 3 * DAY)
    assert rejections(driver) == ["over_refundable"]


def test_goods_of_an_order_without_lines_come_back_for_money() -> None:
    """RF-066: what is not known to be freight is not kept as freight."""
    driver = told(*lineless(), (s.applied(RefundKind.WITH_RETURN, 500, reason="no_reason"), T0 + DAY))
    assert rejections(driver) == []
    assert len(driver.announced(refunds.RefundOpenedV1)) == 1


def test_the_freight_that_is_left_is_an_order_of_its_own_right() -> None:
    """RF-064, RF-066: after the goods are refunded the whole order is its freight."""
    freight = [
        (s.placed(freight=1_000, is_free=False), T0), (s.paid(11_000), T0), (s.shipped(), T0 + HOUR),
        (s.applied(reason="no_reason"), T0 + DAY), (s.agreed(), T0 + DAY), (s.sent(), T0 + 2 * DAY),
        (s.accepted(s.share("a")), T0 + 3 * DAY), (s.settled(10_000), T0 + 3 * DAY + MINUTE),
    ]  # fmt: skip
    driver = told(*freight, (s.applied(RefundKind.NO_RETURN, 1_000, refund_id="r2"), T0 + 4 * DAY))
    driver.tell(s.agreed(refund_id="r2"), T0 + 5 * DAY)
    assert requested(driver)[-1] == ("r2.refund.1", 1_000, {})
    driver = told(*freight, (s.applied(RefundKind.NO_REASON, 1_000, refund_id="r2"), T0 + 4 * DAY))
    assert rejections(driver) == ["freight_not_owed"]
    driver = told(*freight, (s.applied(RefundKind.NO_RETURN, 1_001, refund_id="r2"), T0 + 4 * DAY))
    assert rejections(driver) == ["over_refundable"]


# Lines that are shipped in part.

THREE: list[Told] = [
    (s.placed((("a", 3, 10_000),), services=[SaleService.SEVEN_DAY_NO_REASON]), T0), (s.paid(30_000), T0),
]  # fmt: skip
ONE_SENT: list[Told] = [*THREE, (s.shipped(lines=[s.share("a")]), T0 + HOUR)]


def for_pieces(kind: RefundKind, count: int, refund_id: str = "r1", **extra: str) -> Event:
    """An application for some pieces of line `a` at 100.00 each."""
    lines = [s.share("a", count, count * 10_000)]
    return s.applied(kind, count * 10_000, refund_id=refund_id, lines=lines, **extra)


def returned_one(driver: Driver, at: datetime) -> None:
    """One piece comes back and is paid for."""
    driver.tell(for_pieces(RefundKind.WITH_RETURN, 1), at)
    driver.tell(s.agreed(), at)
    driver.tell(s.sent(), at + HOUR)
    driver.tell(s.accepted(s.share("a")), at + 2 * HOUR)
    driver.tell(s.settled(10_000), at + 3 * HOUR)


def test_of_a_line_shipped_in_part_the_buyer_says_which_piece() -> None:
    """RF-011: a piece that came is sent back before money moves; one that is here needs no return."""
    driver = told(*ONE_SENT, (for_pieces(RefundKind.WITH_RETURN, 1), T0 + DAY), (s.agreed(), T0 + DAY))
    assert requested(driver) == []
    driver = told(*ONE_SENT, (for_pieces(RefundKind.UNSHIPPED, 2), T0 + DAY), (s.agreed(), T0 + DAY))
    assert requested(driver) == [("r1.refund.1", 20_000, {"a": 2})]
    driver = told(*ONE_SENT, (for_pieces(RefundKind.NOT_RECEIVED, 2), T0 + DAY), (s.agreed(), T0 + DAY))
    assert requested(driver) == [("r1.refund.1", 20_000, {"a": 2})], "only the two that are here can be meant"


def test_a_returned_piece_is_not_one_that_was_never_sent() -> None:
    """RF-001, RF-003, OR-030: what was shipped and came back leaves the others as they are."""
    driver = told(*ONE_SENT)
    returned_one(driver, T0 + DAY)
    driver.tell(for_pieces(RefundKind.UNSHIPPED, 2, "r2"), T0 + 4 * DAY)
    assert rejections(driver) == []
    assert driver.tell(s.shipped(lines=[s.share("a")]), T0 + 5 * DAY), (
        "one of the two leaves: it ends (RF-003)"
    )
    assert [closed.refund_id for closed in driver.announced(refunds.RefundClosedV1)] == ["r2"]
    driver.tell(s.shipped(lines=[s.share("a")]), T0 + 6 * DAY)
    assert driver.state("order", s.ORDER_ID).book.lines[0].shipped_count == 3
    assert [due.due_at for _, due in driver.pending()] == [T0 + 16 * DAY]


def test_pieces_refunded_before_shipment_are_not_sent_any_more() -> None:
    """RF-002, OR-030: a mark counts what is still to go; the clock starts once nothing is."""
    driver = told(*THREE, (for_pieces(RefundKind.UNSHIPPED, 1), T0), (s.agreed(), T0))
    driver.tell(s.settled(10_000), T0 + MINUTE)
    driver.tell(s.shipped(), T0 + DAY)
    assert driver.state("order", s.ORDER_ID).book.lines[0].shipped_count == 2
    assert [due.due_at for _, due in driver.pending()] == [T0 + 11 * DAY]
    driver.tell(for_pieces(RefundKind.NOT_RECEIVED, 2, "r2"), T0 + 2 * DAY)
    driver.tell(s.agreed(refund_id="r2"), T0 + 2 * DAY)
    assert requested(driver)[-1] == ("r2.refund.1", 20_000, {"a": 2})


# What is lost, short or back is paid piece by piece.

SENT_THREE: list[Told] = [*THREE, (s.shipped(), T0 + HOUR)]
BACK = ParcelOutcome.RETURNED


@pytest.mark.parametrize(
    ("rule", "kind", "asked_count", "remedied_count", "expected", "asks"),
    [
        ("RF-035", RefundKind.NOT_RECEIVED, 3, 3, [("r1.refund.1", 30_000, {"a": 3})], []),
        ("RF-035", RefundKind.NOT_RECEIVED, 3, 1, [("r1.refund.1", 10_000, {"a": 1})],
         ["only_some_pieces_owed"]),
        ("RF-036", RefundKind.NOT_RECEIVED, 1, 3,
         [("r1.refund.1", 10_000, {"a": 1}), ("rem1.refund.refund.1", 20_000, {"a": 2})], []),
        ("RF-044", RefundKind.WITH_RETURN, 1, 1, [], ["remedy_on_other_refund"]),
        ("RF-044", RefundKind.NO_REASON, 1, 2, [], ["remedy_on_other_refund"]),
        ("RF-035", RefundKind.NO_RETURN, 1, 2, [("rem1.refund.refund.1", 20_000, {"a": 2})],
         ["refund_without_return_wanted"]),
        ("RF-035", RefundKind.NO_RETURN, 1, 3, [("rem1.refund.refund.1", 20_000, {"a": 2})],
         ["refund_without_return_wanted", "remedy_on_other_refund"]),
    ],
)  # fmt: skip
def test_a_remedy_pays_its_pieces(
    rule: str,
    kind: RefundKind,
    asked_count: int,
    remedied_count: int,
    expected: list[tuple[str, int, dict[str, int]]],
    asks: list[str],
) -> None:
    driver = told(*SENT_THREE, (for_pieces(kind, asked_count), T0 + DAY))
    driver.tell(s.remedy(s.share("a", remedied_count)), T0 + 2 * DAY)
    assert (requested(driver), questions(driver)) == (expected, asks), rule
    driver.tell(s.remedy(s.share("a", remedied_count)), T0 + 2 * DAY + HOUR)
    assert requested(driver) == expected, "a remedy that is told again"


def test_a_remedy_before_shipment_is_for_the_pieces_without_stock() -> None:
    """RF-007: with one of three shipped, the stock-out means two that are here."""
    driver = told(*ONE_SENT)
    driver.tell(s.remedy(s.share("a", 2), reason=RemedyReason.NO_STOCK), T0 + 2 * DAY)
    assert requested(driver) == [("rem1.refund.refund.1", 20_000, {"a": 2})]
    assert driver.announced(refunds.RefundOpenedV1)[0].kind is RefundKind.UNSHIPPED
    driver = told(*ONE_SENT)
    driver.tell(s.remedy(s.share("a", 1)), T0 + 2 * DAY)
    assert driver.announced(refunds.RefundOpenedV1)[0].kind is RefundKind.NOT_RECEIVED


def test_cents_of_a_remedy_beside_a_refund_never_exceed_the_line() -> None:
    """RF-035: 100.00 for three pieces; the one in the refund asks for 33.34, the others get the rest."""
    driver = told((s.placed((("a", 3, 3_333),), 1), T0), (s.paid(10_000), T0), (s.shipped(), T0 + HOUR))
    asked = s.applied(RefundKind.NOT_RECEIVED, 3_333, lines=[s.share("a")], reason="not_received")
    driver.tell(asked, T0 + DAY)
    driver.tell(s.remedy(s.share("a", 3)), T0 + 2 * DAY)
    assert [minor for _, minor, _ in requested(driver)] == [3_333, 6_666]
    assert questions(driver) == []


def test_two_remedies_of_one_line() -> None:
    """RF-035: each parcel that is lost pays its own piece, settled or not."""
    driver = told(*SENT_THREE, (for_pieces(RefundKind.NOT_RECEIVED, 1), T0 + DAY))
    driver.tell(s.remedy(s.share("a")), T0 + 2 * DAY)
    driver.tell(s.remedy(s.share("a"), remedy_id="rem2"), T0 + 2 * DAY + HOUR)
    driver.tell(s.remedy(s.share("a", 2), remedy_id="rem3"), T0 + 2 * DAY + 2 * HOUR)
    assert [(intent, minor) for intent, minor, _ in requested(driver)] == [
        ("r1.refund.1", 10_000), ("rem2.refund.refund.1", 10_000), ("rem3.refund.refund.1", 10_000),
    ]  # fmt: skip


def test_a_remedy_on_an_order_without_lines() -> None:
    """RF-035: the refund that waits is paid; without one nobody knows how much it is."""
    driver = told(*lineless(), (s.applied(RefundKind.NOT_RECEIVED, 10_000), T0 + DAY))
    driver.tell(s.remedy(s.share("a")), T0 + 2 * DAY)
    assert requested(driver) == [("r1.refund.1", 10_000, {})]
    driver = told(*lineless())
    driver.tell(s.remedy(s.share("a")), T0 + 2 * DAY)
    assert (requested(driver), questions(driver)) == ([], ["remedy_on_unknown_lines"])


@pytest.mark.parametrize(
    ("rule", "kind", "count", "back_count", "expected", "asks"),
    [
        ("RF-036", RefundKind.NOT_RECEIVED, 2, 2, [("r1.refund.1", 20_000, {"a": 2})], []),
        ("RF-044", RefundKind.NOT_RECEIVED, 2, 1, [("r1.refund.1", 10_000, {"a": 1})],
         ["only_some_pieces_owed"]),
        ("RF-044", RefundKind.NOT_RECEIVED, 1, 2, [("r1.refund.1", 10_000, {"a": 1})],
         ["goods_back_without_refund"]),
        ("RF-044", RefundKind.NO_RETURN, 1, 1, [], ["refund_without_return_wanted"]),
        ("RF-044", RefundKind.NO_RETURN, 1, 2, [],
         ["refund_without_return_wanted", "goods_back_without_refund"]),
        ("RF-044", RefundKind.WITH_RETURN, 1, 2, [], ["goods_back_without_refund"]),
    ],
)  # fmt: skip
def test_a_parcel_that_is_back_pays_its_pieces(
    rule: str,
    kind: RefundKind,
    count: int,
    back_count: int,
    expected: list[tuple[str, int, dict[str, int]]],
    asks: list[str],
) -> None:
    driver = told(*SENT_THREE, (for_pieces(kind, count), T0 + DAY))
    driver.tell(s.parcel(BACK, s.share("a", back_count)), T0 + 3 * DAY)
    assert (requested(driver), questions(driver)) == (expected, asks), rule


def test_a_part_that_is_back_leaves_the_refusal_of_the_rest() -> None:
    """RF-034, RF-038: the seller refused; one of two pieces comes back, and one is paid."""
    driver = told(
        *SENT_THREE, (for_pieces(RefundKind.NOT_RECEIVED, 2), T0 + DAY), (s.refused(), T0 + 2 * DAY)
    )
    driver.tell(s.parcel(BACK, "a"), T0 + 3 * DAY)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]
    assert questions(driver) == ["only_some_pieces_owed"]


def test_a_parcel_without_a_refund_is_left_to_its_remedy() -> None:
    """RF-044: what nobody applied for is not a question; unknown contents mean every piece."""
    driver = told(*SENT_THREE)
    driver.tell(s.parcel(BACK, s.share("a", 3)), T0 + 3 * DAY)
    assert (requested(driver), questions(driver)) == ([], [])
    driver.tell(for_pieces(RefundKind.NOT_RECEIVED, 2), T0 + 4 * DAY)
    driver.tell(s.parcel(BACK), T0 + 5 * DAY)
    assert (requested(driver), questions(driver)) == ([("r1.refund.1", 20_000, {"a": 2})], [])
