"""Readings of the account: what it takes a word for, where more than one reading is possible."""

import pytest

from aftersales_contracts.aftersales import common, logistics, logistics_enums, refunds, refunds_enums
from aftersales_contracts.base import Money
from aftersales_contracts.components import Share
from aftersales_contracts.enums import MoneyMoved, RefundKind, ReshipPurpose
from tests.histories.crossings import DAY, HOUR, ONE, START, TWO, arrived, do, sent
from tests.histories.goods import Where
from tests.histories.silent import announce, broken, of_case, played, task
from tests.histories.test_ledger import paid
from tests.histories.test_searches import inquiry
from tests.histories.verbs import play
from tests.histories.world import Shape, World


def report(world: World, number: int) -> common.TaskRequestedV1:
    return task(world, "lost-parcel", "k1", "lost_parcel_report", kind="approval", name=f"k1.report.{number}")


@pytest.mark.parametrize(
    ("answer", "found"), [("unclear", set[str]()), ("approved", {"k1"}), ("refused", {"k1"})]
)
def test_a_report_is_asked_for_again_only_after_an_answer_that_is_none(answer: str, found: set[str]) -> None:
    world = played(ONE, *START, *sent("a:1"), do(DAY, "scan", "k1", "lost", "sto", 0))
    announce(world, report(world, 1))
    assert play(world, do(HOUR, "task", "lost-parcel:lost_parcel_report:k1", answer))
    announce(world, report(world, 2))
    assert broken(world.breaches.values(), "two_searches") == found


def test_a_second_report_while_the_first_is_open_is_one_too_many() -> None:
    world = played(ONE, *START, *sent("a:1"), do(DAY, "scan", "k1", "lost", "sto", 0))
    announce(world, report(world, 1), report(world, 2))
    assert broken(world.breaches.values(), "two_searches") == {"k1"}


def resend(world: World, status: str = "") -> None:
    """The lost parcel is sent again, and the warehouse makes a waybill and voids it."""
    asked = logistics.ReshipRequestedV1(
        **of_case("reship", "k1.reship"), reship_id="k1.reship", request_id="k1.reship.send",
        action=logistics_enums.ReshipAction.SEND, purpose=ReshipPurpose.LOST, sku_ids=["s-a"],
        lines=[Share(line_id="a", quantity_count=1)], replaces_parcel_id="k1",
    )  # fmt: skip
    announce(world, asked)
    assert play(world, do(HOUR, "carry", "reship:send:k1.reship", "e1", "sto"))
    assert play(world, do(HOUR, "void", "e1"))
    if status:
        moved = logistics.ReshipStatusChangedV1(
            **of_case("reship", "k1.reship"), reship_id="k1.reship",
            status=logistics_enums.ReshipStatus(status),
        )  # fmt: skip
        announce(world, moved)


@pytest.mark.parametrize(("status", "found"), [("", set[str]()), ("cancelled", {"a"}), ("failed", {"a"})])
def test_the_warehouse_owes_a_resend_whose_waybill_it_voided(status: str, found: set[str]) -> None:
    world = played(ONE, *START, *sent("a:1"), do(DAY, "scan", "k1", "lost", "sto", 0))
    resend(world, status)
    assert broken(world.end(), "neither") == found


@pytest.mark.parametrize(("answer", "found"), [("found", set[str]()), ("unclear", {"a"})])
def test_the_courier_is_not_heard_about_a_signed_parcel_that_a_person_found(
    answer: str, found: set[str]
) -> None:
    world = played(ONE, *arrived("a:1"))
    announce(world, inquiry(1, "signed_not_received"), task(world, "lost-parcel", "k1", "presume_lost"))
    assert play(world, do(HOUR, "task", "lost-parcel:presume_lost:k1", answer))
    assert play(world, do(HOUR, "courier", "courier:inquire:k1", "lost"))
    assert broken(world.end(), "neither") == found


SENT_BACK = (
    *arrived("a:1"),
    do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "a:1"),
    do(HOUR, "send", "r1", "B1", 0, "express", "a:1"),
)


@pytest.mark.parametrize(("is_checked_first", "found"), [(False, set[str]()), (True, {"r1"})])
def test_silence_pays_what_is_checked_only_later(*, is_checked_first: bool, found: set[str]) -> None:
    world = played(ONE, *SENT_BACK)
    world.ledger.refund("r1").kind = RefundKind.WITH_RETURN
    checked = do(HOUR, "inspect", "B1", "r1", "worn", "", "a:1:0")
    if is_checked_first:
        assert play(world, checked)
    announce(world, paid(10_000))
    assert is_checked_first or play(world, checked)
    assert broken(world.end(), "paid_not_accepted") == found


@pytest.mark.parametrize(("hours", "found"), [(239, {"r1"}), (240, set[str]())])
def test_goods_are_checked_in_time_or_consented_to(hours: int, found: set[str]) -> None:
    """RF-023: the payment waited for a dispute; ten days after the goods were sent silence had consented."""
    world = played(ONE, *SENT_BACK)
    world.ledger.refund("r1").kind = RefundKind.WITH_RETURN
    assert play(world, do(hours * HOUR, "inspect", "B1", "r1", "worn", "", "a:1:0"))
    announce(world, paid(10_000))
    assert broken(world.end(), "paid_not_accepted") == found


def test_unfit_goods_that_were_sent_to_the_buyer_again_are_looked_at_again() -> None:
    """The first look says nothing of the next return; silence about that one is consent."""
    world = played(ONE, *SENT_BACK, do(HOUR, "inspect", "B1", "r1", "washed", "", "a:1:0"))
    (piece,) = world.ledger.goods.pieces
    assert piece.is_refused
    asked = logistics.ReshipRequestedV1(
        **of_case("reship", "o1.back"), reship_id="o1.back", request_id="o1.back.send",
        action=logistics_enums.ReshipAction.SEND, purpose=ReshipPurpose.RETURN_TO_BUYER, sku_ids=["s-a"],
        lines=[Share(line_id="a", quantity_count=1)],
    )  # fmt: skip
    announce(world, asked)
    assert play(world, do(HOUR, "carry", "reship:send:o1.back", "e1", "sto"))
    assert piece.is_refused, "it is still here"
    assert play(world, do(HOUR, "hand_over", "e1"))
    assert (piece.where, piece.is_refused) == (Where.TO_BUYER, False)


@pytest.mark.parametrize(("is_checked_first", "found"), [(True, set[str]()), (False, {"r1"})])
def test_a_seller_who_agrees_to_goods_that_are_checked_already_is_not_silent(
    *, is_checked_first: bool, found: set[str]
) -> None:
    world = played(ONE, *SENT_BACK)
    refund = world.ledger.refund("r1")
    refund.kind, refund.state, refund.version = RefundKind.WITH_RETURN, "open", 1
    steps = [do(HOUR, "inspect", "B1", "r1", "worn", "", "a:1:0"), do(HOUR, "agree", "r1", "answer")]
    for step in steps if is_checked_first else reversed(steps):
        assert play(world, step)
    announce(world, paid(10_000))
    assert broken(world.end(), "paid_not_accepted") == found


@pytest.mark.parametrize(
    ("reason", "moved", "found"),
    [("receipt_confirmed", "no", False), ("receipt_confirmed", "unknown", True), ("given_up", "no", True)],
)
def test_a_payment_that_did_not_move_is_given_up_by_the_receipt(
    reason: str, moved: str, *, found: bool
) -> None:
    """Then the same money may pay for the next refund; for any other reason a person has to say so."""
    world = played(ONE, *arrived("a:1"))
    asked = paid(10_000)
    announce(world, asked)
    stuck = refunds.RefundPaymentStuckV1(
        **of_case("refund-intent", "r1.refund.1"), intent_id="r1.refund.1", attempt_count=1,
        money_moved=MoneyMoved(moved),
    )  # fmt: skip
    abandoned = refunds.RefundPaymentAbandonedV1(
        **of_case("refund-intent", "r1.refund.1"), intent_id="r1.refund.1", purpose=asked.purpose,
        amount=asked.amount, lines=asked.lines or [], refund_id="r1", reason_code=reason,
    )  # fmt: skip
    assert play(world, do(HOUR, "fail", "r1.refund.1", "", moved))
    announce(
        world, stuck, abandoned, asked.model_copy(update={"intent_id": "r2.refund.1", "refund_id": "r2"})
    )
    assert bool(broken(world.end(), "paid_over_paid_in")) is found


def test_money_that_moved_after_it_was_given_up_counts_as_paid() -> None:
    world = played(ONE, *arrived("a:1"))
    announce(world, paid(10_000))
    intent = world.ledger.m.intents["r1.refund.1"]
    intent.state, intent.out_minor = "given_up", 1
    announce(world, paid(10_000).model_copy(update={"intent_id": "r2.refund.1", "refund_id": "r2"}))
    assert broken(world.breaches.values(), "paid_over_paid_in") == {"order"}


@pytest.mark.parametrize(
    ("reason", "found"),
    [(logistics_enums.RemedyReason.LOST, {"b"}), (logistics_enums.RemedyReason.UNWANTED, {"a", "b"})],
)
def test_a_no_to_the_remedy_of_lost_goods_denies_it_of_these_lines(
    reason: logistics_enums.RemedyReason, found: set[str]
) -> None:
    """A no to goods that are at the shop sends them to the buyer."""
    lost = [do(DAY, "scan", name, "lost", "sto", 0) for name in ("k1", "k2")]
    world = played(TWO, *START, *sent("a:1"), *sent("b:1", parcel="k2"), *lost)
    due = logistics.RemedyRefundDueV1(
        **of_case("lost-parcel", "k1"), remedy_id="k1.remedy", lines=[Share(line_id="a", quantity_count=1)],
        reason_code=reason, fault=logistics_enums.Fault.COURIER,
    )  # fmt: skip
    announce(world, due, task(world, "order", "o1", "remedy_without_open_order", name="o1.goods.1"))
    assert play(world, do(HOUR, "task", "order:remedy_without_open_order:o1", "refused"))
    assert broken(world.end(), "neither") == found


@pytest.mark.parametrize(("received", "where"), [(1, Where.UNKNOWN), (2, Where.SHOP)])
def test_a_second_look_tells_of_the_whole_box(received: int, where: Where) -> None:
    """One of two was found and sent back to the buyer meanwhile."""
    two = Shape((("a", 2, 10_000),))
    world = played(two, *arrived("a:2"), do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "a:2"))
    steps = [
        do(HOUR, "send", "r1", "B1", 0, "express", "a:2"),
        do(HOUR, "inspect", "B1", "r1", "worn", "", "a:1:0"),
    ]
    for step in steps:
        assert play(world, step)
    found = next(piece for piece in world.ledger.goods.pieces if piece.where is Where.SHOP)
    missing = next(piece for piece in world.ledger.goods.pieces if piece is not found)
    found.where, found.parcel_id = Where.BUYER, "e1"
    assert play(world, do(HOUR, "inspect", "B1", "r1", "worn", "", f"a:{received}:0"))
    assert (found.where, missing.where) == (Where.BUYER, where)


def test_an_amendment_that_is_turned_away_leaves_the_lines_as_they_were() -> None:
    world = played(TWO, *SENT_BACK)
    refund = world.ledger.refund("r1")
    refund.state, refund.kind, refund.lines["a"] = "refused", RefundKind.WITH_RETURN, 1
    assert play(world, do(HOUR, "amend", "r1", "with_return", "quality", 100, 0, "a:1", "b:1"))
    assert dict(refund.lines) == {"a": 1, "b": 1}
    turned_away = refunds.ApplicationRejectedV1(
        **of_case("order", "o1"), application=refunds_enums.ApplicationKind.REFUND, application_id="r1",
        reason_code="line_busy",
    )  # fmt: skip
    announce(world, turned_away)
    assert dict(refund.lines) == {"a": 1}


@pytest.mark.parametrize(("stage", "state"), [("answer", "sent"), ("receipt", "refused")])
def test_terms_that_changed_at_receipt_are_answered_at_receipt(stage: str, state: str) -> None:
    """The services open the changed terms; an answer of the stage before has lost its meaning."""
    world = played(ONE, *SENT_BACK)
    refund = world.ledger.refund("r1")
    refund.state, refund.kind, refund.version = "sent", RefundKind.WITH_RETURN, 1
    assert play(world, do(HOUR, "refuse", "r1", "receipt", ""))
    assert play(world, do(HOUR, "amend", "r1", "no_reason", "other", 100, 0, "a:1"))
    opened = refunds.RefundOpenedV1(
        **of_case("refund-agreement", "r1"), refund_id="r1", kind=RefundKind.NO_REASON, reason_code="other",
        lines=[Share(line_id="a", quantity_count=1, amount=Money(minor=10_000, currency="CNY"))],
        amount=Money(minor=10_000, currency="CNY"), terms_version=2, answer_by_at=world.now,
    )  # fmt: skip
    announce(world, opened)
    assert play(world, do(HOUR, "refuse", "r1", stage, ""))
    assert refund.state == state


def test_a_payment_that_was_given_up_with_its_freight_takes_no_goods_from_another() -> None:
    """Goods and freight were given up; the goods are paid by the next refund, which is called full."""
    world = played(Shape((("a", 1, 10_000),), freight=1_200, is_free=False), *START)
    asked = paid(11_200)
    first = asked.model_copy(update={"lines": [Share(line_id="a", quantity_count=1, amount=asked.amount)]})
    announce(world, first)
    intent = world.ledger.m.intents["r1.refund.1"]
    intent.line_minors["a"], intent.state, intent.given_up_minor = 10_000, "given_up", 11_200
    for minor, found in ((10_000, set[str]()), (9_999, {"r2.refund.1"})):
        second = paid(minor).model_copy(update={"intent_id": "r2.refund.1", "refund_id": "r2"})
        world.ledger.m.intents.pop("r2.refund.1", None)
        told = refunds.RefundPaidV1(
            **of_case("refund-intent", "r2.refund.1"), intent_id="r2.refund.1", purpose=second.purpose,
            amount=second.amount, lines=second.lines or [], is_full=True, refund_id="r2",
            order_outcome=refunds_enums.OrderOutcomeAfterRefund.CLOSED,
        )  # fmt: skip
        world.breaches.clear()
        announce(world, second, told)
        assert broken(world.breaches.values(), "words_full") == found


def test_a_part_that_was_given_up_is_free_for_another_refund() -> None:
    """Six of ten thousand stay paid, also when more comes back that is to be paid again."""
    world = played(ONE, *START)
    announce(world, paid(10_000))
    assert play(world, do(HOUR, "settle", "r1.refund.1", 100))
    part = Share(line_id="a", quantity_count=1, amount=Money(minor=4_000, currency="CNY"))
    given_up = refunds.RefundPaymentAbandonedV1(
        **of_case("refund-intent", "r1.refund.1"), intent_id="r1.refund.1", lines=[part],
        reason_code="given_up", purpose=refunds_enums.IntentPurpose.REFUND, refund_id="r1",
        amount=Money(minor=4_000, currency="CNY"),
    )  # fmt: skip
    intent = world.ledger.m.intents["r1.refund.1"]
    intent.back_minor, intent.state = 4_000, "given_up"
    announce(world, given_up)
    for minor, found in ((4_000, set[str]()), (4_001, {"paid_over_paid_in", "line_over_price"})):
        for state in ("given_up", "reversed"):
            intent.state = state
            world.ledger.m.intents.pop("r2.refund.1", None)
            announce(world, paid(minor).model_copy(update={"intent_id": "r2.refund.1", "refund_id": "r2"}))
            sums = ("paid_over_paid_in", "line_over_price", "tender_over")
            assert {name for name in sums if broken(world.end(), name)} == found, (minor, state)


def test_what_the_warehouse_counted_in_a_box_stays_when_nobody_says_that_it_was_refused() -> None:
    """The box came at the shop's cost; it was checked, and one piece was not in it."""
    world = played(
        TWO,
        *arrived("a:1", "b:1"),
        do(HOUR, "apply", "r1", "with_return", "quality", 100, 0, "a:1", "b:1"),
        do(HOUR, "send", "r1", "B1", 0, "express", "a:1", "b:1"),
        do(HOUR, "arrive", "B1", "collect"),
        do(HOUR, "inspect", "B1", "r1", "resaleable", "", "a:1:1", "b:0:0"),
    )
    asked = task(world, "parcel", "sf/B1", "refuse_collect", kind="attention", name="sf/B1.collect.1")
    announce(world, asked)
    places = {piece.line_id: piece.where for piece in world.ledger.goods.pieces}
    assert places == {"a": Where.SHOP, "b": Where.UNKNOWN}


def test_a_part_that_was_given_up_without_its_lines_is_free_in_the_sum_alone() -> None:
    """Pieces go back to the order once; a later part of their money names them no more."""
    world = played(ONE, *START)
    announce(world, paid(10_000))
    assert play(world, do(HOUR, "settle", "r1.refund.1", 100))
    intent = world.ledger.m.intents["r1.refund.1"]
    for minor in (4_000, 3_000):
        intent.back_minor, intent.state = intent.back_minor + minor, "given_up"
        amount = Money(minor=minor, currency="CNY")
        part = Share(line_id="a", quantity_count=1, amount=amount)
        given_up = refunds.RefundPaymentAbandonedV1(
            **of_case("refund-intent", "r1.refund.1"), intent_id="r1.refund.1", amount=amount, refund_id="r1",
            lines=[part] if minor == 4_000 else [], reason_code="given_up",
            purpose=refunds_enums.IntentPurpose.REFUND,
        )  # fmt: skip
        announce(world, given_up)
    for minor, found in ((7_000, set[str]()), (7_001, {"paid_over_paid_in"})):
        world.ledger.m.intents.pop("r2.refund.1", None)
        announce(world, paid(minor).model_copy(update={"intent_id": "r2.refund.1", "refund_id": "r2"}))
        sums = ("paid_over_paid_in", "line_over_price", "tender_over")
        assert {name for name in sums if broken(world.end(), name)} == found, minor
