"""Parcels that are lost, and one remedy for each piece; the tests are named after what they repair."""

from aftersales_contracts.aftersales import common
from services.logistics.cases.lost_parcel import state as lost_parcel
from tests.services.logistics import shop
from tests.services.logistics.losses import (
    BOTH,
    SECOND,
    choose,
    claims,
    exchange_ended,
    exchange_opened,
    offered,
    opened,
    paid,
    remedies,
    resends,
    said,
    scan,
    second,
    settle_questions,
    tell,
    two_lines,
)
from tests.services.logistics.shop import DAY, HOUR, T0
from tests.services.logistics.told import (
    clean,
    flow,
    on_the_way,
    outcomes,
    questions,
    recalls,
    refund_paid,
)


def test_m4_a_lost_replacement_that_turns_up_ends_its_claim() -> None:
    """LG-017, LG-022."""
    story = second("replacement")
    tell(story, scan("lost", 4 * DAY, SECOND), 4 * DAY)
    assert claims(story) == ["file"]
    tell(story, scan("delivered", 5 * DAY, SECOND), 5 * DAY)
    assert claims(story) == ["file", "withdraw"]
    assert len(story.outcomes(common.TaskWithdrawnV1)) == 1
    story.pass_until(T0 + 60 * DAY)
    assert claims(story) == ["file", "withdraw"]
    clean(story)


def test_m4_a_replacement_that_moves_again_is_called_back_once_the_money_is_paid() -> None:
    """LG-017, RF-034: whether it moves before the payment or after it."""
    for first, then in ((scan("in_transit", 5 * DAY, SECOND), refund_paid()),):
        story = second("replacement")
        tell(story, scan("lost", 4 * DAY, SECOND), 4 * DAY)
        tell(story, first, 5 * DAY)
        assert recalls(story) == []
        tell(story, then, 6 * DAY)
        assert recalls(story) == ["turned_up"]
    story = second("replacement")
    tell(story, scan("lost", 4 * DAY, SECOND), 4 * DAY)
    tell(story, refund_paid(), 5 * DAY)
    tell(story, scan("in_transit", 6 * DAY, SECOND), 6 * DAY)
    assert recalls(story) == ["turned_up"]


def test_m5_s8_one_search_and_one_claim_whoever_says_lost_first() -> None:
    """LG-016, LG-022: the courier answers our inquiry, answers again, and scans the loss as well."""
    for direction in ("outbound", "replacement", "reship", "to_buyer"):
        story = second(direction)
        story.pass_until(T0 + 9 * DAY)
        for after in (9 * DAY, 9 * DAY + HOUR):
            tell(story, said("e1"), after)
        tell(story, scan("lost", 10 * DAY, SECOND), 10 * DAY)
        story.pass_until(T0 + 10 * DAY + HOUR)
        assert claims(story) == ["file"], direction
        assert questions(story).count("lost_parcel_report") == 1, direction
        memos = story.outcomes(common.OrderActionRequestedV1)
        assert len(memos) == 1, direction


def test_n7_goods_sent_back_to_the_buyer_and_lost_are_owed_to_him() -> None:
    """LG-017, LG-018: an offer, then the money or the goods."""
    story = second("to_buyer")
    tell(story, scan("lost", 4 * DAY, SECOND), 4 * DAY)
    assert offered(story) == [[("l1", 1)]]
    choose(story, "refund", 4 * DAY + HOUR)
    settle_questions(story, 4 * DAY + 2 * HOUR)
    assert remedies(story) == [[("l1", 1)]]
    other = second("to_buyer")
    tell(other, scan("lost", 4 * DAY, SECOND), 4 * DAY)
    other.pass_until(T0 + 7 * DAY)
    assert resends(other) == [("send", [("l1", 1)])]


def test_a_refund_of_some_pieces_leaves_the_remedy_of_the_others() -> None:
    """RF-035, LG-018: paid before the loss, or after it while the offer stands."""
    for paid_at, lost_at in ((3 * DAY, 4 * DAY), (4 * DAY + HOUR, 4 * DAY)):
        story = two_lines((opened("not_received", shop.share("l2")), 2 * DAY))
        told = [(paid(shop.share("l2")), paid_at), (said("k1"), lost_at)]
        for event, after in sorted(told, key=lambda each: each[1]):
            tell(story, event, after)
        assert offered(story)[-1] == [("l1", 1), ("l2", 1)]
        story.pass_until(T0 + 8 * DAY)
        assert resends(story) == [("send", [("l1", 1), ("l2", 1)])]


def test_an_open_refund_and_a_choice_share_one_parcel() -> None:
    """RF-035, LG-020: the pieces of the refund are paid after report and memo, the others are sent again."""
    story = two_lines((opened("not_received", shop.share("l2")), 2 * DAY), (said("k1"), 4 * DAY))
    assert offered(story) == [[("l1", 1), ("l2", 1)]]
    choose(story, "reship", 4 * DAY + HOUR)
    settle_questions(story, 4 * DAY + 2 * HOUR)
    assert remedies(story) == [[("l2", 1)]]
    assert resends(story) == [("send", [("l1", 1), ("l2", 1)])]
    tell(story, paid(shop.share("l2")), 5 * DAY)
    story.pass_until(T0 + 8 * DAY)
    assert remedies(story) == [[("l2", 1)]]


def test_the_claim_knows_what_each_remedy_cost() -> None:
    """LG-022: not the value of the parcel, but of the pieces that were paid or sent again."""
    story = two_lines((opened("not_received", shop.share("l2")), 2 * DAY))
    tell(story, paid(shop.share("l2")), 3 * DAY)
    tell(story, said("k1"), 4 * DAY)
    story.pass_until(T0 + 7 * DAY)
    assert story.state("courier-claim", "k1.claim").claim.spent_minor == 20_000


def test_goods_that_were_refunded_are_not_offered_when_their_parcel_is_lost() -> None:
    """RF-035: neither of a refund for goods that never came, nor of one against the goods."""
    for kind in ("not_received", "with_return"):
        story = on_the_way((opened(kind, shop.share()), 2 * DAY))
        tell(story, paid(shop.share()), 3 * DAY)
        tell(story, said("k1"), 4 * DAY)
        assert offered(story) == [], kind
        story.pass_until(T0 + 20 * DAY)
        assert resends(story) == [], kind
        assert claims(story)[0] == "file", kind


def test_what_moves_is_called_back_once_it_is_paid() -> None:
    """M3, RF-034: the refund was opened before the parcel left, and is paid while it travels."""
    story = flow(
        (shop.placed([shop.line("l1"), shop.line("l2", 2)]), 0 * HOUR),
        (shop.paid(30_000), HOUR),
        (opened("with_return", *BOTH), 2 * HOUR),
        (shop.registered(lines=BOTH), 5 * HOUR),
        (shop.handed_over(), 6 * HOUR),
        (refund_paid().model_copy(update={"lines": BOTH}), 7 * HOUR),
    )
    assert recalls(story) == ["refund_in_transit"]


def test_a_lost_return_is_a_question_to_a_person_and_offers_nothing() -> None:
    """LG-018: by the scan, or by the courier's word; also twice."""
    for told in (scan("lost", 5 * DAY, SECOND), said("B1")):
        story = on_the_way((scan("delivered", 2 * DAY), 2 * DAY))
        tell(story, shop.registered("B1", direction="return", tracking=SECOND), 3 * DAY)
        tell(story, scan("in_transit", 4 * DAY, SECOND), 4 * DAY)
        tell(story, told, 5 * DAY)
        tell(story, told, 6 * DAY)
        assert outcomes(story) == ["delivered", "lost"]
        assert questions(story) == ["return_lost"]
        assert offered(story) == []
        story.pass_until(T0 + 9 * DAY)
        assert resends(story) == []
        clean(story)


def test_goods_in_an_exchange_are_not_offered_as_lost() -> None:
    """LG-018: they wait for the exchange; one that comes to nothing leaves the choice."""
    story = on_the_way((exchange_opened(), DAY), (said("k1"), 2 * DAY))
    assert offered(story) == []
    tell(story, exchange_ended("completed"), 3 * DAY)
    assert isinstance(story.state("lost-parcel", "k1"), lost_parcel.RefundDue)
    story.pass_until(T0 + 9 * DAY)
    assert [action for action, _ in resends(story)] == ["reserve"]
    other = on_the_way((said("k1"), 2 * DAY), (exchange_opened(), 2 * DAY + HOUR))
    tell(other, exchange_ended("expired"), 3 * DAY)
    assert offered(other) == [[("l1", 1)], [("l1", 1)]]
