"""A task excuses the lines that it names, as long as it is open; what nobody names is not excused."""

from collections.abc import Callable, Mapping

import pytest

from aftersales_contracts.aftersales import common, refunds, refunds_enums
from aftersales_contracts.base import Money
from aftersales_contracts.components import Share
from tests.histories.crossings import DAY, HOUR, START, TWO, do
from tests.histories.silent import announce, broken, of_case, played, task
from tests.histories.verbs import play
from tests.histories.world import ORDER, World

SENT = (
    *START,
    do(HOUR, "register", "k1", "sto", "a:1"),
    do(HOUR, "register", "k2", "sto", "b:1"),
    do(HOUR, "hand_over", "k1"),
    do(HOUR, "hand_over", "k2"),
    do(HOUR, "mark"),
)
LOST = (*SENT, do(DAY, "scan", "k1", "lost", "sto", 0), do(DAY, "scan", "k2", "lost", "sto", 0))
"""The buyer has nothing."""
HERE = (*SENT, do(DAY, "scan", "k1", "delivered", "sto", 0), do(DAY, "scan", "k2", "delivered", "sto", 0))


def _both_paid() -> World:
    """The buyer has both pieces, and the money of both."""
    world = played(TWO, *HERE)
    for line_id in "ab":
        amount, name = Money(minor=10_000, currency="CNY"), f"r{line_id}.refund.1"
        asked = refunds.RefundPaymentRequestedV1(
            **of_case("refund-intent", name), intent_id=name, attempt_id=f"{name}.try.1",
            purpose=refunds_enums.IntentPurpose.REFUND, amount=amount, refund_id=f"r{line_id}",
            payee=refunds_enums.Payee.BUYER, lines=[Share(line_id=line_id, quantity_count=1, amount=amount)],
        )  # fmt: skip
        announce(world, asked)
        assert play(world, do(1, "settle", name, 100))
    return world


QUESTIONS: Mapping[str, Callable[[World], common.TaskRequestedV1]] = {
    "its parcel": lambda world: task(world, "lost-parcel", "k1", "recover_or_write_off"),
    "its waybill": lambda world: task(world, "parcel", "sto/Tk1", "whose_is_it"),
    "its parcel in the order": lambda world: task(world, "order", ORDER, "goods_back", name="o1.back-k1"),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_an_open_task_excuses_the_line_that_it_names_and_no_other(
    question: Callable[[World], common.TaskRequestedV1],
) -> None:
    world = played(TWO, *LOST)
    announce(world, question(world))
    assert broken(world.end(), "neither") == {"b"}


def test_an_open_task_excuses_goods_and_money_of_its_line() -> None:
    world = _both_paid()
    announce(world, task(world, "lost-parcel", "k1", "recover_or_write_off"))
    assert broken(world.end(), "goods_and_money") == {"b"}


def test_attention_to_a_parcel_excuses_nobody_who_has_goods_and_money() -> None:
    world = _both_paid()
    announce(world, task(world, "lost-parcel", "k1", "located", kind="attention"))
    assert broken(world.end(), "goods_and_money") == {"a", "b"}


def test_a_task_about_the_whole_order_excuses_every_line() -> None:
    world = played(TWO, *LOST)
    announce(world, task(world, "order", ORDER, "closed_with_open_refund"))
    assert not broken(world.end(), "neither")


@pytest.mark.parametrize(("answer", "lines"), [("approved", {"a", "b"}), ("refused", {"b"})])
def test_an_answer_excuses_nothing_unless_it_denies(answer: str, lines: set[str]) -> None:
    world = played(TWO, *LOST)
    announce(world, task(world, "lost-parcel", "k1", "recover_or_write_off"))
    assert play(world, do(HOUR, "task", "lost-parcel:recover_or_write_off:k1", answer))
    assert broken(world.end(), "neither") == lines


def test_an_answer_does_not_excuse_goods_and_money() -> None:
    world = _both_paid()
    announce(world, task(world, "lost-parcel", "k1", "recover_or_write_off"))
    assert play(world, do(HOUR, "task", "lost-parcel:recover_or_write_off:k1", "approved"))
    assert broken(world.end(), "goods_and_money") == {"a", "b"}


def test_a_withdrawn_task_excuses_nothing() -> None:
    world = played(TWO, *LOST)
    asked = task(world, "lost-parcel", "k1", "recover_or_write_off")
    withdrawn = common.TaskWithdrawnV1(
        **of_case("lost-parcel", "k1"), about_subject=ORDER, task_id=asked.task_id, reason_code="found"
    )
    announce(world, asked, withdrawn)
    assert broken(world.end(), "neither") == {"a", "b"}
