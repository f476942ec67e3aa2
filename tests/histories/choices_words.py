"""Things that could be said now: ratings, repeats, answers that come late, as choices with weights."""

from collections.abc import Iterator
from functools import partial
from random import Random

from aftersales_contracts.shop import payments
from tests.histories.chances import Choice, fixed
from tests.histories.ledger import Ledger
from tests.histories.world import Action, World

MAY_BE_LATE = frozenset(
    {
        "agree", "refuse", "take_back", "choose", "hold", "courier", "memo", "task", "evidence", "mark",
        "hand_over", "answer_exchange", "problem", "reship", "instruct", "rate",
    }
)  # fmt: skip
"""Verbs whose event may be read long after it was done; money and goods move once, so theirs is not."""
_ONCE = frozenset({payments.RefundReversedV1.TYPE})
"""Types whose events tell no repeat from a second one like it."""


def of_words(world: World, dice: Random) -> Iterator[Choice]:
    """Lists what could be said now."""
    ledger = world.ledger
    yield from _ratings(ledger, dice)
    said = [each.event.TYPE for each in world.story if not each.is_outcome and each.event.TYPE not in _ONCE]
    if said:
        yield Choice("repeat", 0.35, partial(_repeat, dice, said))


def _repeat(dice: Random, said: list[str]) -> Action:
    name = dice.choice(said)
    return Action(0, "repeat", name, (dice.randrange(said.count(name)),))


def _ratings(ledger: Ledger, dice: Random) -> Iterator[Choice]:
    known = ledger.m.ratings
    if ledger.paid_at is None or not ledger.goods.ordered:
        return
    if len(known) < 4:
        yield Choice("review", 0.15, partial(_rating, dice, sorted(ledger.goods.ordered), len(known) + 1))
    for review_id in known:
        yield fixed("review", 0.04, "rerate", review_id, "good")
        yield fixed("review", 0.02, "unrate", review_id)
    yield fixed("review", 0.03, "score", "sc1")


def _rating(dice: Random, lines: list[str], number: int) -> Action:
    rating = dice.choice(["good", "good", "neutral", "bad"])
    rater = dice.choice(["buyer", "buyer", "seller"])
    return Action(0, "rate", f"v{number}", (dice.choice(lines), rating, rater))


def delayed(dice: Random, action: Action) -> Action:
    """The action, or now and then the same, read minutes to days later."""
    if action.verb not in MAY_BE_LATE or dice.random() > 0.06:
        return action
    minutes = dice.choice([30, 180, 24 * 60, 3 * 24 * 60, 6 * 24 * 60])
    return Action(action.wait, "later", action.verb, (minutes, action.about, *action.args))
