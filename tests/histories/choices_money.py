"""Lists as choices with weights the moves that others could make with the money of an order."""

from collections.abc import Iterator
from random import Random

from tests.histories.chances import Choice, fixed
from tests.histories.ledger import Ledger

SHARE = 0.12
"""The share of histories in which others move money; all other histories are as they would be without."""


def has_money_beside(seed: int) -> bool:
    """Tells whether others move money in the history of a seed."""
    return Random(f"money beside {seed}").random() < SHARE


def of_money(ledger: Ledger, dice: Random) -> Iterator[Choice]:
    """Lists what the provider, a bank or a till could do."""
    if ledger.paid_at is None:
        return
    beside = ledger.beside
    if len(beside.extra) < 2:
        yield fixed("beside", 0.8, "pay_again", f"more{len(beside.extra) + 1}", dice.choice([100, 100, 30]))
    if len(beside.outside) < 3:
        number = len(beside.outside) + 1
        lines = [dice.choice(sorted(ledger.goods.ordered))] if dice.random() < 0.4 else []
        yield fixed("beside", 1, "outside", f"out{number}", dice.choice([100, 50, 20, 5]), *lines)
        yield fixed("beside", 0.4, "stray", f"z{number}.refund.1", dice.choice([100, 40]))
    for outside_id, minor in beside.outside.items():
        if minor:
            yield fixed("beside", 0.3, "outside_back", outside_id, dice.choice([100, 50]))
    if not beside.disputes:
        yield fixed("beside", 0.7, "dispute", "d1", "opened", dice.choice([100, 40]))
    for dispute_id in beside.disputes:
        yield fixed("beside", 1, "dispute", dispute_id, dice.choice(["won", "lost", "lost", "opened"]), 0)
    for intent in ledger.m.intents.values():
        if f"payment:{intent.intent_id}" in ledger.m.asked:
            yield fixed("beside", 1, "settle", intent.intent_id, dice.choice([130, 1_000, 60]))
