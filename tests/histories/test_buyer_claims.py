"""A recorded claim on the buyer explains goods and money both, piece by piece, and has to be true itself."""

import pytest

from aftersales_contracts.aftersales import refunds, refunds_enums
from aftersales_contracts.base import Money
from aftersales_contracts.components import Share
from tests.histories.crossings import HOUR, TWO, arrived, do
from tests.histories.silent import announce, broken, of_case, played
from tests.histories.verbs import play
from tests.histories.world import World

PRICE = Money(minor=10_000, currency="CNY")


def _opened(claim_id: str, *lines: str) -> refunds.BuyerClaimOpenedV1:
    return refunds.BuyerClaimOpenedV1(
        **of_case("buyer-claim", claim_id), claim_id=claim_id, cause_id="k1",
        lines=[Share(line_id=line_id, quantity_count=1, amount=PRICE) for line_id in lines],
        amount=Money(minor=PRICE.minor * len(lines), currency="CNY"),
    )  # fmt: skip


def _settled(claim_id: str, how: refunds_enums.BuyerClaimEnding) -> refunds.BuyerClaimSettledV1:
    return refunds.BuyerClaimSettledV1(
        **of_case("buyer-claim", claim_id), claim_id=claim_id, how=how, amount=PRICE,
        recovered_amount=Money(minor=0, currency="CNY"), net_loss_amount=PRICE,
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
