"""Readings of money that moves beside what was asked: what counts as given up, in doubt, or all back."""

import pytest

from aftersales_contracts.aftersales import buyer_claims, refunds, refunds_enums
from aftersales_contracts.base import Money
from aftersales_contracts.components import Share
from tests.histories import money
from tests.histories.crossings import DAY, HOUR, ONE, START, TWO, arrived, do, sent
from tests.histories.silent import announce, broken, of_case, played, task
from tests.histories.verbs import play
from tests.histories.world import ORDER, World

OTHER_SUM = "other_amount_settled"


def _asked_for(world: World, name: str, minor: int, *line_ids: str, attempt: int = 1) -> None:
    """A refund asks for so much money, in equal parts for one piece of each line."""
    each = Money(minor=minor // len(line_ids), currency="CNY")
    asked = refunds.RefundPaymentRequestedV1(
        **of_case("refund-intent", name), intent_id=name, attempt_id=f"{name}.try.{attempt}",
        purpose=refunds_enums.IntentPurpose.REFUND, amount=Money(minor=minor, currency="CNY"),
        payee=refunds_enums.Payee.BUYER, refund_id=name.split(".", maxsplit=1)[0],
        lines=[Share(line_id=line_id, quantity_count=1, amount=each) for line_id in line_ids],
    )  # fmt: skip
    announce(world, asked)


@pytest.mark.parametrize(("word", "found"), [("confirmed", set[str]()), ("unclear", {"a"})])
def test_who_confirms_a_smaller_sum_gives_the_rest_up(word: str, found: set[str]) -> None:
    """The rest is free for another refund of the piece."""
    world = played(ONE, *START)
    _asked_for(world, "r1.refund.1", 10_000, "a")
    assert play(world, do(HOUR, "settle", "r1.refund.1", 60))
    announce(world, task(world, "refund-intent", "r1.refund.1", OTHER_SUM, kind="attention"))
    assert play(world, do(HOUR, "task", f"refund-intent:{OTHER_SUM}:r1.refund.1", word))
    if word == "confirmed":
        given_up = refunds.RefundPaymentAbandonedV1(
            **of_case("refund-intent", "r1.refund.1"), intent_id="r1.refund.1", reason_code="given_up",
            purpose=refunds_enums.IntentPurpose.REFUND, amount=Money(minor=4_000, currency="CNY"),
            lines=[Share(line_id="a", quantity_count=1, amount=Money(minor=4_000, currency="CNY"))],
        )  # fmt: skip
        announce(world, given_up)
    _asked_for(world, "r2.refund.1", 4_000, "a")
    assert broken(world.breaches.values(), "line_over_price") == found


def _released(world: World, minor: int) -> set[str]:
    told = refunds.OrderAutoConfirmRequestedV1(
        **of_case("order", ORDER), request_id="o1.confirm.1",
        release_amount=Money(minor=minor, currency="CNY"),
    )  # fmt: skip
    announce(world, told)
    return broken(world.breaches.values(), "words_release")


@pytest.mark.parametrize(("is_asked", "found"), [(True, set[str]()), (False, {"order"})])
def test_money_that_is_said_to_have_moved_after_it_was_given_up_is_in_doubt(
    is_asked: bool, found: set[str]
) -> None:
    """Until a person knows better it counts as gone."""
    world = played(ONE, *START, *arrived("a:1"))
    _asked_for(world, "r1.refund.1", 100, "a")
    assert play(world, do(HOUR, "settle", "r1.refund.1", 100))
    assert play(world, do(HOUR, "reverse", "r1.refund.1", 100))
    announce(world, task(world, "refund-intent", "r1.refund.1", "payment_reversed", kind="attention"))
    assert play(world, do(HOUR, "task", "refund-intent:payment_reversed:r1.refund.1", "abandon"))
    if is_asked:
        announce(world, task(world, "order", ORDER, "paid_after_abandoning"))
    assert _released(world, world.ledger.paid_minor - 100) == found


@pytest.mark.parametrize(("percent", "found"), [(100, set[str]()), (50, set[str]()), (40, {"a"})])
def test_who_has_all_his_money_but_for_the_goods_that_he_has_lacks_nothing(
    percent: int, found: set[str]
) -> None:
    """Of two pieces one is lost; others gave back all, the price of one, or less."""
    world = played(
        TWO, *START, *sent("a:1"), do(HOUR, "register", "k2", "sto", "b:1"), do(HOUR, "hand_over", "k2"),
        do(DAY, "scan", "k1", "lost", "sto", 0), do(DAY, "scan", "k2", "delivered", "sto", 0),
        do(HOUR, "outside", "out1", percent),
    )  # fmt: skip
    assert broken(world.end(), "neither") == found


def test_goods_that_others_paid_for_do_not_hold_up_the_receipt() -> None:
    """They are at the shop, and their money is with the buyer."""
    for percent, found in ((50, set[str]()), (40, {"a"})):
        world = played(
            TWO, *START, *sent("a:1"), do(DAY, "scan", "k1", "returned", "sto", 0),
            do(HOUR, "outside", "out1", percent, "a"),
        )  # fmt: skip
        _released(world, world.ledger.paid_minor * (100 - percent) // 100)
        assert broken(world.breaches.values(), "confirm_too_early") == found


@pytest.mark.parametrize("question", ["payment_disputed", "other_amount_settled", "payment_stuck"])
def test_a_dispute_holds_other_payments_as_a_doubted_sum_does(question: str) -> None:
    world = played(ONE, *START)
    announce(world, task(world, "order", ORDER, question))
    assert money.holds(world.ledger) == (question != "payment_stuck")


@pytest.mark.parametrize(("word", "net"), [("not_moved", 5_000), ("confirmed", 50_000)])
def test_a_person_knows_whether_more_moved_than_was_granted(word: str, net: int) -> None:
    world = played(ONE, *START)
    _asked_for(world, "r1.refund.1", 5_000, "a")
    assert play(world, do(HOUR, "settle", "r1.refund.1", 1_000))
    announce(world, task(world, "order", ORDER, OTHER_SUM))
    assert play(world, do(HOUR, "task", f"order:{OTHER_SUM}:{ORDER}", word))
    assert world.ledger.m.intents["r1.refund.1"].net_minor == net


@pytest.mark.parametrize(("percent", "found"), [(100, set[str]()), (0, {"c1"})])
def test_pieces_that_others_paid_for_and_that_the_buyer_has_are_claimed(
    percent: int, found: set[str]
) -> None:
    steps = [do(HOUR, "outside", "out1", percent)] if percent else []
    world = played(ONE, *arrived("a:1"), *steps)
    price = Money(minor=10_000, currency="CNY")
    claim = buyer_claims.BuyerClaimOpenedV1(
        **of_case("buyer-claim", "c1"), claim_id="c1", cause_id="k1", amount=price,
        lines=[Share(line_id="a", quantity_count=1, amount=price)],
    )  # fmt: skip
    announce(world, claim)
    assert broken(world.breaches.values(), "words_buyer_claim") == found


@pytest.mark.parametrize(("word", "found"), [("retry", set[str]()), ("unclear", {"r1.refund.1"})])
def test_a_person_who_wants_a_payment_all_the_same_wants_each_attempt_of_it(
    word: str, found: set[str]
) -> None:
    """A smaller sum had settled, and others gave back the rest."""
    world = played(ONE, *START)
    _asked_for(world, "r1.refund.1", 10_000, "a")
    assert play(world, do(HOUR, "settle", "r1.refund.1", 60))
    announce(world, task(world, "refund-intent", "r1.refund.1", OTHER_SUM, kind="attention"))
    assert play(world, do(HOUR, "outside", "out1", 40))
    assert play(world, do(HOUR, "task", f"refund-intent:{OTHER_SUM}:r1.refund.1", word))
    for attempt in (2, 3):
        _asked_for(world, "r1.refund.1", 4_000, "a", attempt=attempt)
    assert play(world, do(HOUR, "wait"))
    assert broken(world.end(), "asked_beyond_money") == found
