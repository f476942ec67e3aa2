"""A recorded claim on the buyer explains goods and money both, piece by piece, and has to be true itself."""

import pytest

from aftersales_contracts.aftersales import buyer_claims, refunds, refunds_enums
from aftersales_contracts.base import Money
from aftersales_contracts.components import Share
from aftersales_contracts.shop import desk
from tests.histories.crossings import HOUR, TWO, arrived, do
from tests.histories.silent import announce, broken, of_case, played, task
from tests.histories.verbs import play
from tests.histories.world import ORDER, PERSON, SHOP, World

PRICE = Money(minor=10_000, currency="CNY")


def _opened(claim_id: str, *lines: str) -> buyer_claims.BuyerClaimOpenedV1:
    return buyer_claims.BuyerClaimOpenedV1(
        **of_case("buyer-claim", claim_id), claim_id=claim_id, cause_id="k1",
        lines=[Share(line_id=line_id, quantity_count=1, amount=PRICE) for line_id in lines],
        amount=Money(minor=PRICE.minor * len(lines), currency="CNY"),
    )  # fmt: skip


def _settled(claim_id: str, how: refunds_enums.BuyerClaimEnding) -> buyer_claims.BuyerClaimSettledV1:
    return buyer_claims.BuyerClaimSettledV1(
        **of_case("buyer-claim", claim_id), claim_id=claim_id, how=how, amount=PRICE,
        recovered_amount=Money(minor=0, currency="CNY"), net_loss_amount=PRICE,
    )  # fmt: skip


def _reduced(claim_id: str, line_id: str) -> buyer_claims.BuyerClaimReducedV1:
    return buyer_claims.BuyerClaimReducedV1(
        **of_case("buyer-claim", claim_id), claim_id=claim_id, reason_code="not_there",
        lines=[Share(line_id=line_id, quantity_count=1, amount=PRICE)], amount=PRICE, open_amount=PRICE,
    )  # fmt: skip


def _both() -> World:
    """The buyer has both pieces, and the money of both."""
    world = played(TWO, *arrived("a:1", "b:1"))
    for line_id in "ab":
        name = f"r{line_id}.refund.1"
        asked = refunds.RefundPaymentRequestedV1(
            **of_case("refund-intent", name), intent_id=name, attempt_id=f"{name}.try.1", amount=PRICE,
            purpose=refunds_enums.IntentPurpose.REFUND, payee=refunds_enums.Payee.BUYER,
            lines=[Share(line_id=line_id, quantity_count=1, amount=PRICE)], refund_id=f"r{line_id}",
        )  # fmt: skip
        announce(world, asked)
        assert play(world, do(HOUR, "settle", name, 100))
    return world


@pytest.mark.parametrize("ending", [None, *refunds_enums.BuyerClaimEnding])
def test_a_claim_explains_its_pieces_unless_it_was_void(
    ending: refunds_enums.BuyerClaimEnding | None,
) -> None:
    world = _both()
    announce(world, _opened("c1", "a"))
    if ending is not None:
        announce(world, _settled("c1", ending))
    is_void = ending is refunds_enums.BuyerClaimEnding.VOID
    assert broken(world.end(), "goods_and_money") == ({"a", "b"} if is_void else {"b"})
    assert not broken(world.end(), "words_buyer_claim")


def test_a_claim_is_for_pieces_that_the_buyer_has_beside_the_money() -> None:
    world = played(TWO, *arrived("a:1", "b:1"))
    announce(world, _opened("c1", "a"))
    assert broken(world.breaches.values(), "words_buyer_claim") == {"c1"}


def test_a_piece_is_claimed_once() -> None:
    world = _both()
    announce(world, _opened("c1", "a"))
    assert not broken(world.breaches.values(), "words_buyer_claim")
    announce(world, _opened("c2", "a"))
    assert broken(world.breaches.values(), "words_buyer_claim") == {"c2"}


def test_a_piece_that_a_claim_left_out_may_be_claimed_again() -> None:
    world = _both()
    announce(world, _opened("c1", "a", "b"), _reduced("c1", "a"))
    assert broken(world.end(), "goods_and_money") == {"a"}
    announce(world, _opened("c2", "a"))
    assert not broken(world.breaches.values(), "words_buyer_claim")
    announce(world, _opened("c3", "b"))
    assert broken(world.breaches.values(), "words_buyer_claim") == {"c3"}


@pytest.mark.parametrize(
    ("ending", "found"),
    [
        (refunds_enums.BuyerClaimEnding.TAKEN_BACK, set[str]()),
        (refunds_enums.BuyerClaimEnding.WRITTEN_OFF, {"c2"}),
    ],
)
def test_a_piece_that_was_taken_back_may_be_claimed_again(
    ending: refunds_enums.BuyerClaimEnding, found: set[str]
) -> None:
    world = _both()
    announce(world, _opened("c1", "a"), _settled("c1", ending), _opened("c2", "a"))
    assert broken(world.breaches.values(), "words_buyer_claim") == found


def test_a_piece_whose_bill_is_asked_back_may_be_claimed_again() -> None:
    """The buyer paid the bill of pieces that he had not after all; what he gets next is claimed anew."""
    world = _both()
    billed = refunds_enums.BuyerClaimEnding.BILLED_AGAIN
    announce(world, _opened("c1", "a"), _settled("c1", billed), _opened("c2", "b"), _settled("c2", billed))
    announce(world, task(world, "buyer-claim", "c1", "billed_goods_back"))
    announce(world, _opened("c3", "a"), _opened("c4", "b"))
    assert broken(world.breaches.values(), "words_buyer_claim") == {"c4"}


def test_a_part_of_the_money_that_was_given_up_leaves_the_rest_with_the_buyer() -> None:
    world = _both()
    intent = world.ledger.m.intents["ra.refund.1"]
    intent.state, intent.back_minor = "given_up", PRICE.minor // 2
    announce(world, _opened("c1", "a"))
    assert not broken(world.breaches.values(), "words_buyer_claim")
    intent.back_minor = PRICE.minor
    announce(world, _opened("c2", "a"))
    assert broken(world.breaches.values(), "words_buyer_claim") == {"c2"}


def test_an_answer_to_a_question_that_is_over_gives_no_payment_up() -> None:
    world = _both()
    name = "ra.refund.1"
    asked = task(world, "refund-intent", name, "payment_reversed", name=f"{name}.question.1")
    announce(world, asked)
    question = world.ledger.m.tasks[asked.task_id]
    question.withdrawn_at = world.now
    done = desk.TaskCompletedV1(
        shop_id=SHOP, task_id=asked.task_id, case_kind="refund-intent", case_id=name, about_subject=ORDER,
        outcome_code="abandon", by=PERSON,
    )  # fmt: skip
    world.ledger.m.intents[name].back_minor = PRICE.minor
    for is_open in (False, True):
        question.withdrawn_at = None if is_open else world.now
        world.ledger.told(done, world.now)
        assert (world.ledger.m.intents[name].state == "given_up") == is_open
