"""Things that the buyer could do now, as choices with weights."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Any

from tests.histories.chances import Choice, coded, fixed, some, with_buyer
from tests.histories.goods import Parcel
from tests.histories.ledger import Ledger
from tests.histories.matters import Exchange, Refund
from tests.histories.world import Action, World

KINDS = ("not_received", "not_received", "with_return", "with_return", "no_reason", "no_return")
REASONS = ("quality", "quality", "size", "other", "damaged")


def _next_id(ledger: Ledger, letter: str) -> str:
    names = {*ledger.m.refunds, *ledger.m.exchanges}
    return f"{letter}{1 + sum(name[0] == letter and name[1:].isdigit() for name in names)}"


def of_buyer(world: World, dice: Random) -> Iterator[Choice]:
    """Lists what the buyer could do now."""
    ledger = world.ledger
    left = dict(ledger.goods.ordered)
    if not left:
        return
    count = len(ledger.m.refunds)
    is_shipped = ledger.shipped_at is not None
    ended = 0.15 if ledger.succeeded_at is not None or ledger.is_over else 1.0
    if count < 6:
        weight = ended * (3.0 if count < 3 else 0.6) * (1 if _free(ledger) else 0.4)
        group = "apply" if is_shipped else "apply_early"
        make = partial(_application, world, dice, "apply")
        yield Choice(group, weight if is_shipped else weight / 3, make)
    if is_shipped and len(ledger.m.exchanges) < 2:
        yield Choice("exchange", 0.8 * ended, partial(_exchange, ledger, dice, with_buyer(ledger) or left))
    if is_shipped and ledger.succeeded_at is None and not ledger.is_over:
        yield fixed("succeed", 0.3 if with_buyer(ledger) else 0.1, "succeed", "buyer")
    for parcel in ledger.goods.parcels.values():
        if not parcel.is_back and parcel.is_gone and f"q-{parcel.parcel_id}" not in world.ignored:
            yield Choice("problem", 0.3, partial(_problem, world, dice, parcel))
    yield from _about_cases(world, dice)
    yield from _about_offers(ledger)


def _about_cases(world: World, dice: Random) -> Iterator[Choice]:
    ledger = world.ledger
    for refund in ledger.m.refunds.values():
        if refund.state == "refused":
            yield Choice("amend", 3, partial(_amended, world, dice, refund.refund_id))
        if refund.is_open:
            yield fixed("take_back", 0.3, "take_back", refund.refund_id)
        yield from _about_return(ledger, dice, refund.refund_id, refund)
    for exchange in ledger.m.exchanges.values():
        if exchange.is_open:
            yield fixed("take_back", 0.3, "take_back", exchange.exchange_id)
        yield from _about_return(ledger, dice, exchange.exchange_id, exchange)


def _about_return(ledger: Ledger, dice: Random, case_id: str, case: Refund | Exchange) -> Iterator[Choice]:
    if case.state in ("sending", "sent"):
        lines = {line_id: count for line_id, count in (case.lines - case.sent).items() if count}
        yield from _sendings(ledger, dice, case_id, lines, 8 if case.state == "sending" else 0.4)


def _about_offers(ledger: Ledger) -> Iterator[Choice]:
    """An answer to each offer, and now and then another one after it."""
    for key, event in ledger.m.offers.items():
        offer: Any = event
        is_open = key in ledger.m.asked
        for option in offer.options:
            yield fixed("offer", 1.2 if is_open else 0.05, "choose", key, option.option_id)
        yield fixed("offer", 0.3 if is_open else 0.02, "choose", key, "")


PROBLEMS = ("missing_item", "damaged", "quality", "wrong_item", "wrong_size", "wrong_colour")
WISHES = ("unknown", "keep", "exchange", "refund", "return", "reship", "repair")


def _problem(world: World, dice: Random, parcel: Parcel) -> Action:
    world.ignored.add(f"q-{parcel.parcel_id}")
    word = "signed_not_received" if parcel.standing == "there" else "not_received"
    if parcel.standing == "there" and dice.random() < 0.3:
        word = dice.choice(PROBLEMS)
    return Action(0, "problem", parcel.parcel_id, (word, dice.choice(WISHES)))


def _free(ledger: Ledger) -> dict[str, int]:
    """Pieces that no open case is about and no payment was asked for."""
    taken = Counter(ledger.m.open_pieces())
    for intent in ledger.m.intents.values():
        if intent.purpose == "refund" and not intent.keeps_goods:
            taken.update(intent.lines)
    left = {line_id: count - taken[line_id] for line_id, count in ledger.goods.ordered.items()}
    return {line_id: count for line_id, count in left.items() if count > 0}


def _application(world: World, dice: Random, verb: str, refund_id: str = "") -> Action:
    ledger = world.ledger
    is_shipped = ledger.shipped_at is not None
    kind = dice.choice(KINDS) if is_shipped else "unshipped"
    reason = dice.choice(REASONS)
    if dice.random() < (0.15 if is_shipped else 0.4):
        reason = dice.choice(["late_shipment", "out_of_stock"])
    if kind == "not_received" and dice.random() < 0.3:
        reason = "just_collected"
    left = _free(ledger) if dice.random() < 0.8 else {}
    left = left or dict(ledger.goods.ordered)
    lines = coded(left) if dice.random() < 0.35 else some(dice, left)
    is_settlement = kind == "no_return" or reason in ("late_shipment", "out_of_stock")
    percent = dice.choice([100, 50, 30, 1]) if is_settlement else 100
    freight = world.shape.freight if lines == coded(left) and percent == 100 and dice.random() < 0.3 else 0
    name = refund_id or _next_id(ledger, "r")
    return Action(0, verb, name, (kind, reason, percent, freight, *lines))


def _amended(world: World, dice: Random, refund_id: str) -> Action:
    refund = world.ledger.m.refunds[refund_id]
    action = _application(world, dice, "amend", refund_id)
    if dice.random() < 0.6:
        lines = coded({x: n for x, n in refund.lines.items() if n})
        return Action(0, "amend", refund_id, (*action.args[:3], 0, *lines))
    return action


def _exchange(ledger: Ledger, dice: Random, lines: dict[str, int]) -> Action:
    ordered = {x: min(n, ledger.goods.ordered[x]) for x, n in lines.items() if ledger.goods.ordered[x]}
    reason = dice.choice(["size", "quality", "quality"])
    return Action(0, "exchange", _next_id(ledger, "x"), (reason, *some(dice, ordered)))


def _sendings(
    ledger: Ledger, dice: Random, case_id: str, lines: dict[str, int], weight: float
) -> Iterator[Choice]:
    """In a box of its own, or in one that lies ready; sometimes fewer pieces."""
    here = with_buyer(ledger)
    can = {x: min(n, here[x]) for x, n in lines.items() if here.get(x)}
    if not can:
        return
    number = 1 + sum(p.is_back for p in ledger.goods.parcels.values())
    yield Choice("sent", weight, partial(_sending, dice, case_id, f"B{number}", can))
    for box in ledger.goods.parcels.values():
        if box.is_back and box.standing == "moving" and case_id not in box.return_ids:
            yield Choice("sent", weight, partial(_sending, dice, case_id, box.parcel_id, can))


def _sending(dice: Random, case_id: str, box: str, can: dict[str, int]) -> Action:
    lines = coded(can) if dice.random() < 0.8 else some(dice, can)
    freight = dice.choice([1_200, 1_200, 800, 0])
    return Action(0, "send", case_id, (box, freight, dice.choice(["express", "express", "mail"]), *lines))
