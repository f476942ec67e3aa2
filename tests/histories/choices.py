"""What buyers, shops, carriers and providers could do now, as choices with weights."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from aftersales_contracts.words import ParcelStatus
from tests.histories.goods import Parcel, Where
from tests.histories.ledger import Ledger
from tests.histories.world import Action, World

CARRIERS = ("sto", "sto", "sto", "yto", "ems")
KINDS = ("not_received", "not_received", "with_return", "with_return", "no_reason", "no_return")
REASONS = ("quality", "quality", "size", "other", "damaged")


@dataclass(frozen=True)
class Choice:
    """Something that may happen: of a group of alike things, so likely, and made when it is picked."""

    group: str
    weight: float
    make: Callable[[], Action]


def _fixed(group: str, weight: float, verb: str, about: str = "", *args: str | int) -> Choice:
    return Choice(group, weight, lambda: Action(0, verb, about, args))


def choices(world: World, dice: Random) -> Iterator[Choice]:
    """Everything that may happen now."""
    ledger = world.ledger
    yield from _shop(world, dice)
    for parcel in list(ledger.goods.parcels.values()):
        yield from _carrier(world, dice, parcel)
    yield from _buyer(world, dice)
    yield from _seller(ledger, dice)
    yield from _outside(ledger, dice)
    yield from _provider(ledger, dice)
    yield from _desk(ledger, dice)


# Shop and warehouse.


def _unpacked(ledger: Ledger) -> dict[str, int]:
    """Pieces that are in no waybill yet."""
    left: dict[str, int] = dict(ledger.goods.ordered)
    for parcel in ledger.goods.parcels.values():
        if parcel.direction.value == "outbound" and not parcel.is_void:
            for line_id, count in parcel.lines.items():
                left[line_id] = left.get(line_id, 0) - count
    return {line_id: count for line_id, count in left.items() if count > 0}


def _coded(lines: dict[str, int]) -> list[str]:
    return [f"{line_id}:{count}" for line_id, count in lines.items()]


def _is_held(ledger: Ledger, parcel: Parcel) -> bool:
    return any(
        hold.state == "stopped" and any(parcel.lines[line_id] for line_id in hold.lines)
        for hold in ledger.m.holds.values()
    )


def _shop(world: World, dice: Random) -> Iterator[Choice]:
    ledger = world.ledger
    if ledger.paid_at is None:
        yield _fixed("register", 2, "pay")
    left = _unpacked(ledger)
    if left and ledger.paid_at is not None and not ledger.is_over:
        yield Choice("register", 8, lambda: _packed(ledger, dice, left))
        yield Choice("shortage", 0.3, lambda: Action(0, "shortage", "", tuple(_some(dice, left))))
    for parcel in ledger.goods.parcels.values():
        if parcel.is_void or parcel.is_gone or parcel.is_back:
            continue
        weight = 0.3 if _is_held(ledger, parcel) else 8
        yield _fixed("hand_over", weight, "hand_over", parcel.parcel_id)
        yield _fixed("void", 3 if _is_held(ledger, parcel) else 0.1, "void", parcel.parcel_id)
    if ledger.paid_at is not None and ledger.succeeded_at is None:
        for parcel in ledger.goods.parcels.values():
            if parcel.direction.value == "outbound" and not _is_marked(ledger, parcel):
                yield _fixed("mark", 5 if parcel.is_gone else 1, "mark", parcel.parcel_id)
    yield _fixed("promise", 0.1, "promise", "no_refund")


def _is_marked(ledger: Ledger, parcel: Parcel) -> bool:
    return all(ledger.marked_lines[line_id] for line_id in parcel.lines)


def _packed(ledger: Ledger, dice: Random, left: dict[str, int]) -> Action:
    number = 1 + sum(p.parcel_id.startswith("k") for p in ledger.goods.parcels.values())
    lines = _coded(left) if dice.random() < 0.6 else _some(dice, left)
    return Action(0, "register", f"k{number}", (dice.choice(CARRIERS), *lines))


def _some(dice: Random, left: dict[str, int]) -> list[str]:
    """Some of these pieces, at least one."""
    names = dice.sample(sorted(left), dice.randint(1, len(left)))
    return [f"{name}:{dice.randint(1, left[name])}" for name in sorted(names)]


# Carriers.


def _carrier(world: World, dice: Random, parcel: Parcel) -> Iterator[Choice]:
    del world
    standing = parcel.standing
    if parcel.is_void:
        return

    def scan(group: str, weight: float, status: ParcelStatus) -> Choice:
        late = dice.choice([0, 0, 0, 0, 30, 300])
        return _fixed(group, weight, "scan", parcel.parcel_id, status.value, parcel.carrier_code, late)

    if parcel.is_back:
        if standing == "moving":
            yield scan("carrier", 0.5, ParcelStatus.IN_TRANSIT)
            yield scan("lost", 0.3, ParcelStatus.LOST)
            yield _fixed("back", 2, "arrive", parcel.parcel_id)
        return
    match standing:
        case "here":
            yield scan("carrier", 1, ParcelStatus.PICKED_UP)
        case "moving":
            yield scan("carrier", 1.5, ParcelStatus.IN_TRANSIT)
            yield scan("carrier", 0.5, ParcelStatus.OUT_FOR_DELIVERY)
            yield scan("deliver", 3 if parcel.turned_at is None else 0.2, ParcelStatus.DELIVERED)
            yield scan("turned", 0.5 if parcel.turned_at is None else 0, ParcelStatus.REFUSED)
            yield scan("turned", 0.3, ParcelStatus.RETURNING)
            is_coming = parcel.turned_at is not None
            yield scan("turned", 3 if is_coming else 0.15, ParcelStatus.RETURNED)
            yield scan("lost", 0.4, ParcelStatus.LOST)
            yield scan("turned", 0.1, ParcelStatus.OUT_OF_RANGE)
            yield scan("turned", 0.1, ParcelStatus.ADDRESS_PROBLEM)
        case "lost":
            yield scan("found", 0.5, ParcelStatus.IN_TRANSIT)
            yield scan("found", 0.8, ParcelStatus.DELIVERED)
            yield scan("found", 0.3, ParcelStatus.RETURNED)
        case _:
            pass


# Buyer.


def _with_buyer(ledger: Ledger) -> dict[str, int]:
    found = {line_id: ledger.goods.count(line_id, Where.BUYER) for line_id in ledger.goods.ordered}
    return {line_id: count for line_id, count in found.items() if count}


def _next_id(ledger: Ledger, letter: str) -> str:
    names = {*ledger.m.refunds, *ledger.m.exchanges}
    return f"{letter}{1 + sum(name[0] == letter and name[1:].isdigit() for name in names)}"


def _buyer(world: World, dice: Random) -> Iterator[Choice]:
    ledger = world.ledger
    left = dict(ledger.goods.ordered)
    if not left:
        return
    count = len(ledger.m.refunds)
    is_shipped = ledger.shipped_at is not None
    if count < 6:
        weight = 3.0 if count < 3 else 0.6
        group = "apply" if is_shipped else "apply_early"
        yield Choice(group, weight if is_shipped else weight / 3, lambda: _application(world, dice, "apply"))
    if is_shipped and len(ledger.m.exchanges) < 2:
        lines = _with_buyer(ledger) or left
        yield Choice("exchange", 0.8, lambda lines=lines: _exchange(ledger, dice, lines))
    for refund in ledger.m.refunds.values():
        if refund.state == "refused":
            name = refund.refund_id
            yield Choice("amend", 3, lambda name=name: _amended(world, dice, name))
        if refund.is_open:
            yield _fixed("take_back", 0.3, "take_back", refund.refund_id)
        if refund.state in ("sending", "sent") and any(refund.lines[x] for x in _with_buyer(ledger)):
            weight = 4 if refund.state == "sending" else 0.4
            lines = {x: n for x, n in (refund.lines - refund.sent).items() if n}
            yield from _sendings(ledger, dice, refund.refund_id, lines, weight)
    for exchange in ledger.m.exchanges.values():
        if exchange.is_open:
            yield _fixed("take_back", 0.3, "take_back", exchange.exchange_id)
        if exchange.state in ("sending", "sent") and any(exchange.lines[x] for x in _with_buyer(ledger)):
            weight = 4 if exchange.state == "sending" else 0.4
            yield from _sendings(ledger, dice, exchange.exchange_id, dict(exchange.lines - exchange.sent), weight)
    if is_shipped and ledger.succeeded_at is None and not ledger.is_over:
        yield _fixed("succeed", 0.7 if _with_buyer(ledger) else 0.15, "succeed", "buyer")
    for parcel in ledger.goods.parcels.values():
        if not parcel.is_back and parcel.is_gone and f"q-{parcel.parcel_id}" not in world.ignored:
            yield Choice("problem", 0.3, lambda parcel=parcel: _problem(world, parcel))
    for key, asked in ledger.m.asked.items():
        if key.startswith("offer:"):
            offer: Any = asked.event
            for option in offer.options:
                yield _fixed("offer", 1.2, "choose", key, option.option_id)
            yield _fixed("offer", 0.3, "choose", key, "")


def _problem(world: World, parcel: Parcel) -> Action:
    world.ignored.add(f"q-{parcel.parcel_id}")
    word = "signed_not_received" if parcel.standing == "there" else "not_received"
    return Action(0, "problem", parcel.parcel_id, (word,))


def _application(world: World, dice: Random, verb: str, refund_id: str = "") -> Action:
    ledger = world.ledger
    is_shipped = ledger.shipped_at is not None
    kind = dice.choice(KINDS) if is_shipped else "unshipped"
    reason = dice.choice(REASONS)
    if dice.random() < (0.15 if is_shipped else 0.4):
        reason = dice.choice(["late_shipment", "out_of_stock"])
    if kind == "not_received" and dice.random() < 0.3:
        reason = "just_collected"
    left = dict(ledger.goods.ordered)
    lines = _coded(left) if dice.random() < 0.35 else _some(dice, left)
    is_settlement = kind == "no_return" or reason in ("late_shipment", "out_of_stock")
    percent = dice.choice([100, 50, 30, 1]) if is_settlement else 100
    freight = world.shape.freight if lines == _coded(left) and percent == 100 and dice.random() < 0.3 else 0
    name = refund_id or _next_id(ledger, "r")
    return Action(0, verb, name, (kind, reason, percent, freight, *lines))


def _amended(world: World, dice: Random, refund_id: str) -> Action:
    refund = world.ledger.m.refunds[refund_id]
    action = _application(world, dice, "amend", refund_id)
    if dice.random() < 0.6:
        lines = _coded({x: n for x, n in refund.lines.items() if n})
        return Action(0, "amend", refund_id, (*action.args[:3], 0, *lines))
    return action


def _exchange(ledger: Ledger, dice: Random, lines: dict[str, int]) -> Action:
    ordered = {x: min(n, ledger.goods.ordered[x]) for x, n in lines.items() if ledger.goods.ordered[x]}
    reason = dice.choice(["size", "quality", "quality"])
    return Action(0, "exchange", _next_id(ledger, "x"), (reason, *_some(dice, ordered)))


def _sendings(
    ledger: Ledger, dice: Random, case_id: str, lines: dict[str, int], weight: float
) -> Iterator[Choice]:
    """In a box of its own, or in one that lies ready; sometimes fewer pieces."""
    here = _with_buyer(ledger)
    can = {x: min(n, here[x]) for x, n in lines.items() if here.get(x)}
    if not can:
        return

    def make(box: str) -> Action:
        whole = dice.random() < 0.8
        coded = _coded(can) if whole else _some(dice, can)
        freight = dice.choice([1_200, 1_200, 800, 0])
        return Action(0, "send", case_id, (box, freight, dice.choice(["express", "express", "mail"]), *coded))

    number = 1 + sum(p.is_back for p in ledger.goods.parcels.values())
    yield Choice("sent", weight, lambda: make(f"B{number}"))
    for box in ledger.goods.parcels.values():
        if box.is_back and box.standing == "moving" and case_id not in box.return_ids:
            yield Choice("sent", weight / 2, lambda box=box: make(box.parcel_id))


# Seller.


def _seller(ledger: Ledger, dice: Random) -> Iterator[Choice]:
    for refund in ledger.m.refunds.values():
        if refund.state == "open" and refund.kind.value != "unshipped":
            yield _fixed("seller", 1.5, "agree", refund.refund_id, "answer")
            yield _fixed("refuse", 1, "refuse", refund.refund_id, "answer", dice.choice(["shown", ""]))
        if refund.state == "sent":
            yield _fixed("refuse", 0.6, "refuse", refund.refund_id, "receipt", dice.choice(["shown", ""]))
            yield from _acceptance(ledger, dice, refund.refund_id)
    for exchange in ledger.m.exchanges.values():
        if exchange.state == "open":
            yield _fixed("answer_exchange", 2, "answer_exchange", exchange.exchange_id, "approved")
            yield _fixed("answer_exchange", 0.2, "answer_exchange", exchange.exchange_id, "refused")
        if exchange.state == "sent":
            yield from _acceptance(ledger, dice, exchange.exchange_id)
    for box in ledger.goods.parcels.values():
        if box.is_back and box.standing in ("moving", "home", "there"):
            is_checked = all(piece.where is not Where.BACK for piece in ledger.goods.inside(box.parcel_id))
            weight = 0.05 if is_checked and box.standing == "home" else 2.5
            yield Choice("inspect", weight, lambda box=box: _inspection(ledger, dice, box))


def _acceptance(ledger: Ledger, dice: Random, case_id: str) -> Iterator[Choice]:
    boxes = [p for p in ledger.goods.parcels.values() if case_id in p.return_ids]
    case = ledger.m.refunds.get(case_id) or ledger.m.exchanges[case_id]
    inside = {
        x: sum(piece.line_id == x for box in boxes for piece in ledger.goods.inside(box.parcel_id))
        for x in case.lines
    }
    here = {x: min(n, case.lines[x]) for x, n in inside.items() if n and case.lines[x]}
    if here:
        yield Choice(
            "accept", 1.2, lambda: Action(0, "accept", case_id, tuple(_part(dice, here)))
        )


def _part(dice: Random, here: dict[str, int]) -> list[str]:
    return _coded(here) if dice.random() < 0.75 else _some(dice, here)


def _inspection(ledger: Ledger, dice: Random, box: Parcel) -> Action:
    """What the warehouse finds: mostly all of it fit, sometimes less or worse."""
    inside: dict[str, int] = {}
    for piece in ledger.goods.inside(box.parcel_id):
        inside[piece.line_id] = inside.get(piece.line_id, 0) + 1
    lines: list[str] = []
    is_fine = dice.random() < 0.65
    for line_id, count in sorted(inside.items()):
        received = count if dice.random() < 0.9 else dice.randint(0, count)
        accepted = received if is_fine or dice.random() < 0.3 else dice.randint(0, received)
        lines.append(f"{line_id}:{received}:{accepted}")
    condition = "resaleable" if is_fine else dice.choice(["worn", "washed", "damaged", "resaleable"])
    named = dice.choice([*sorted(box.return_ids), ""]) if len(box.return_ids) == 1 else ""
    return Action(0, "inspect", box.parcel_id, (named, condition, dice.choice(["", "yes", "no"]), *lines))


# Those who are asked.


def _outside(ledger: Ledger, dice: Random) -> Iterator[Choice]:
    for key, asked in list(ledger.m.asked.items()):
        request: Any = asked.event
        match key.split(":")[0]:
            case "hold":
                is_gone = any(
                    p.is_gone and any(p.lines[s.line_id] for s in request.lines)
                    for p in ledger.goods.parcels.values()
                    if not p.is_back
                )
                yield _fixed("hold", 3, "hold", key, "too_late" if is_gone else "stopped")
                yield _fixed("hold", 0.2, "hold", key, "unknown")
            case "courier":
                yield from _courier(ledger, key, request)
            case "claim":
                for step in ("received", "needs_evidence", "approved", "paid", "paid", "rejected"):
                    yield _fixed("claim", 0.15, "claim", key, step)
            case "reship":
                yield from _resend(ledger, dice, key, request)
            case "order":
                yield _fixed("memo", 2.5, "memo", key)
                yield _fixed("memo", 0.2, "memo", key, "no")
            case "evidence":
                yield _fixed("evidence", 0.8, "evidence", key)
            case "confirm":
                is_open = any(r.is_open for r in ledger.m.refunds.values())
                yield _fixed("confirm", 1 if is_open else 5, "confirm", "no" if is_open else "yes")
            case "close":
                yield _fixed("close", 4, "close")
            case _:
                pass


def _courier(ledger: Ledger, key: str, request: Any) -> Iterator[Choice]:
    if ":inquire:" in key:
        for outcome, weight in (("searching", 0.4), ("found", 1), ("lost", 1.5), ("unknown", 0.3)):
            yield _fixed("lost" if outcome == "lost" else "courier", weight, "courier", key, outcome)
        return
    parcel = ledger.goods.parcels.get(request.parcel_id)
    for outcome, weight in (("accepted", 1.5), ("refused", 0.4), ("too_late", 0.4)):
        if parcel is not None:
            yield _fixed("courier", weight, "courier", key, outcome)


def _resend(ledger: Ledger, dice: Random, key: str, request: Any) -> Iterator[Choice]:
    if request.action.value == "reserve":
        yield _fixed("resend", 3, "reship", key, "reserved")
        yield _fixed("resend", 0.5, "reship", key, "unavailable")
    elif request.action.value == "send":
        number = 1 + sum(p.parcel_id.startswith("e") for p in ledger.goods.parcels.values())
        yield _fixed("resend", 4, "carry", key, f"e{number}", dice.choice(CARRIERS))
        yield _fixed("resend", 0.3, "reship", key, "unavailable")
    else:
        yield _fixed("resend", 1, "reship", key, "declined")


def _provider(ledger: Ledger, dice: Random) -> Iterator[Choice]:
    for intent in ledger.m.intents.values():
        name = intent.intent_id
        if f"payment:{name}" in ledger.m.asked:
            yield _fixed("provider", 5, "settle", name, 100)
            yield _fixed("provider", 0.7, "take", name)
            yield _fixed("trouble", 0.1, "settle", name, 60)
            yield _fixed("trouble", 0.5, "fail", name, "never", "no")
            yield _fixed("trouble", 0.3, "fail", name, "again", "no")
            yield _fixed("trouble", 0.2, "fail", name, "again", "unknown")
        if intent.net_minor > 0:
            yield _fixed("trouble", 0.12, "reverse", name, dice.choice([100, 40, 50]))
            yield _fixed("trouble", 0.05, "settle_again", name)


ANSWERS = {
    "payment_stuck": ("retry", "retry", "abandon", "not_moved"),
    "payment_still_stuck": ("retry", "retry", "abandon"),
    "payment_reversed": ("retry", "retry", "abandon"),
    "other_amount_settled": ("retry", "abandon"),
    "presume_lost": ("approved", "found"),
}


def _desk(ledger: Ledger, dice: Random) -> Iterator[Choice]:
    for task in ledger.m.open_tasks():
        answer = dice.choice(ANSWERS.get(task.question_code, ("approved", "approved", "approved", "refused")))
        yield _fixed("desk", 0.8, "task", task.key, answer)
