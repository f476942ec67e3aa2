"""Lists what buyers, shops, carriers and providers could do now, as choices with weights."""

from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Any

from aftersales_contracts.enums import ParcelStatus
from tests.histories.chances import CARRIERS, Choice, coded, fixed, some
from tests.histories.choices_buyer import of_buyer
from tests.histories.choices_money import of_money
from tests.histories.choices_words import of_words
from tests.histories.goods import Parcel, Where
from tests.histories.ledger import Ledger
from tests.histories.world import Action, World


def choices(world: World, dice: Random) -> Iterator[Choice]:
    """Everything that may happen now."""
    ledger = world.ledger
    yield from _shop(world, dice)
    for parcel in list(ledger.goods.parcels.values()):
        yield from _carrier(world, dice, parcel)
    yield from of_buyer(world, dice)
    yield from of_words(world, dice)
    yield from _seller(ledger, dice)
    yield from _outside(ledger, dice)
    yield from _provider(ledger, dice)
    yield from _desk(ledger, dice)
    if world.has_money_beside:
        yield from of_money(ledger, dice)


# Shop and warehouse.


def _unpacked(ledger: Ledger) -> dict[str, int]:
    """Pieces that are in no waybill yet."""
    left: dict[str, int] = dict(ledger.goods.ordered)
    for parcel in ledger.goods.parcels.values():
        if parcel.direction.value == "outbound" and not parcel.is_void:
            for line_id, count in parcel.lines.items():
                left[line_id] = left.get(line_id, 0) - count
    return {line_id: count for line_id, count in left.items() if count > 0}


def _missing(dice: Random, left: dict[str, int]) -> Action:
    return Action(0, "shortage", "", tuple(some(dice, left)))


def _is_held(ledger: Ledger, parcel: Parcel) -> bool:
    return any(
        hold.state == "stopped" and any(parcel.lines[line_id] for line_id in hold.lines)
        for hold in ledger.m.holds.values()
    )


def _shop(world: World, dice: Random) -> Iterator[Choice]:
    ledger = world.ledger
    if ledger.paid_at is None:
        yield fixed("register", 2, "pay")
        yield Choice("register", 0.5, partial(edited, world, dice))
    left = _unpacked(ledger)
    if left and ledger.paid_at is not None and not ledger.is_over:
        yield Choice("register", 8, partial(_packed, ledger, dice, left))
        yield Choice("shortage", 0.3, partial(_missing, dice, left))
    for parcel in ledger.goods.parcels.values():
        if parcel.is_void or parcel.is_gone or parcel.is_back:
            continue
        weight = 0.3 if _is_held(ledger, parcel) else 8
        yield fixed("hand_over", weight, "hand_over", parcel.parcel_id)
        yield fixed("void", 3 if _is_held(ledger, parcel) else 0.1, "void", parcel.parcel_id)
    if ledger.paid_at is not None and ledger.succeeded_at is None:
        for parcel in ledger.goods.parcels.values():
            if parcel.direction.value == "outbound" and not _is_marked(ledger, parcel):
                yield fixed("mark", 5 if parcel.is_gone else 1, "mark", parcel.parcel_id)
    yield fixed("promise", 0.1, "promise", "no_refund")


def edited(world: World, dice: Random) -> Action:
    """The seller changes the freight, and mostly a price, before anybody pays."""
    freight = dice.choice([0, 500, world.shape.freight])
    name, _, price = dice.choice(world.shape.lines)
    changed = [f"{name}={price - dice.choice([1, 100, price // 2])}"] if dice.random() < 0.7 else []
    return Action(0, "edit", "", (freight, *changed))


def _is_marked(ledger: Ledger, parcel: Parcel) -> bool:
    return all(ledger.marked_lines[line_id] for line_id in parcel.lines)


def _packed(ledger: Ledger, dice: Random, left: dict[str, int]) -> Action:
    number = 1 + sum(p.parcel_id.startswith("k") for p in ledger.goods.parcels.values())
    lines = coded(left) if dice.random() < 0.6 else some(dice, left)
    return Action(0, "register", f"k{number}", (dice.choice(CARRIERS), *lines))


# Carriers.


def is_renumberable(ledger: Ledger, parcel: Parcel) -> bool:
    """Whether the number can turn out to be wrong: under way, and nobody asked a courier about it."""
    is_asked = parcel.parcel_id in ledger.m.recalls or parcel.parcel_id in ledger.m.search_reasons
    is_asked |= parcel.parcel_id in ledger.m.searches
    is_under_way = parcel.handed_at is not None and parcel.standing == "moving" and parcel.turned_at is None
    return is_under_way and not is_asked and not parcel.is_back


def _carrier(world: World, dice: Random, parcel: Parcel) -> Iterator[Choice]:
    standing = parcel.standing
    if parcel.is_void or parcel.says("there") or parcel.is_collect:
        return

    def scan(group: str, weight: float, status: ParcelStatus) -> Choice:
        late = dice.choice([0, 0, 0, 0, 0, 30, 300, -480])
        return fixed(group, weight, "scan", parcel.parcel_id, status.value, parcel.carrier_code, late)

    if is_renumberable(world.ledger, parcel):
        yield fixed("carrier", 0.1, "renumber", parcel.parcel_id)
    if parcel.is_back:
        if standing == "moving":
            yield scan("carrier", 0.5, ParcelStatus.IN_TRANSIT)
            yield scan("lost", 0.3, ParcelStatus.LOST)
            yield fixed("back", 2, "arrive", parcel.parcel_id)
            yield fixed("back", 0.15, "arrive", parcel.parcel_id, "collect")
        return
    match standing:
        case "here":
            yield scan("carrier", 1, ParcelStatus.PICKED_UP)
        case "moving":
            yield scan("carrier", 1.5, ParcelStatus.IN_TRANSIT)
            yield scan("carrier", 0.5, ParcelStatus.OUT_FOR_DELIVERY)
            yield scan("deliver", 3 if parcel.turned_at is None else 0.8, ParcelStatus.DELIVERED)
            yield scan("turned", 0.5 if parcel.turned_at is None else 0, ParcelStatus.REFUSED)
            yield scan("turned", 0.3, ParcelStatus.RETURNING)
            yield scan("turned", 0.1, ParcelStatus.INTERCEPTED)
            yield scan("turned", 0.1, ParcelStatus.NOT_COLLECTED)
            yield scan("carrier", 0.1, ParcelStatus.PROBLEM)
            yield scan("carrier", 0.1, ParcelStatus.MISSORTED)
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


# Seller.


def _seller(ledger: Ledger, dice: Random) -> Iterator[Choice]:
    for refund in ledger.m.refunds.values():
        if refund.state == "open" and refund.kind.value != "unshipped":
            yield fixed("seller", 2.5, "agree", refund.refund_id, "answer")
            yield fixed("refuse", 0.8, "refuse", refund.refund_id, "answer", dice.choice(["shown", ""]))
        if refund.state == "sent":
            yield fixed("refuse", 0.6, "refuse", refund.refund_id, "receipt", dice.choice(["shown", ""]))
            yield from _acceptance(ledger, dice, refund.refund_id)
    if any(case.state == "sending" for case in ledger.m.cases()):
        yield fixed("back", 0.05, "arrive_unknown", "U1")
    for exchange in ledger.m.exchanges.values():
        if exchange.state == "open":
            yield fixed("answer_exchange", 2, "answer_exchange", exchange.exchange_id, "approved")
            yield fixed("answer_exchange", 0.2, "answer_exchange", exchange.exchange_id, "refused")
        if exchange.state == "sent":
            yield from _acceptance(ledger, dice, exchange.exchange_id)
    for box in ledger.goods.parcels.values():
        if box.is_back and not box.is_sent_off and box.standing in ("moving", "home", "there"):
            is_checked = all(piece.where is not Where.BACK for piece in ledger.goods.inside(box.parcel_id))
            weight = 0.05 if is_checked and box.standing == "home" else 4
            yield Choice("inspect", weight, partial(_inspection, ledger, dice, box))


def _acceptance(ledger: Ledger, dice: Random, case_id: str) -> Iterator[Choice]:
    boxes = [p for p in ledger.goods.parcels.values() if case_id in p.return_ids]
    case = ledger.m.refunds.get(case_id) or ledger.m.exchanges[case_id]
    inside = {
        x: sum(piece.line_id == x for box in boxes for piece in ledger.goods.inside(box.parcel_id))
        for x in case.lines
    }
    here = {x: min(n, case.lines[x]) for x, n in inside.items() if n and case.lines[x]}
    if here:
        yield Choice("accept", 2, partial(_accepted, dice, case_id, here))


def _accepted(dice: Random, case_id: str, here: dict[str, int]) -> Action:
    return Action(0, "accept", case_id, tuple(_part(dice, here)))


def _part(dice: Random, here: dict[str, int]) -> list[str]:
    return coded(here) if dice.random() < 0.75 else some(dice, here)


def _inspection(ledger: Ledger, dice: Random, box: Parcel) -> Action:
    """Draws the findings of the warehouse: mostly all of it fit, sometimes less or worse."""
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
                yield fixed("hold", 3, "hold", key, "too_late" if is_gone else "stopped")
                yield fixed("hold", 0.2, "hold", key, "unknown")
            case "courier":
                yield from _courier(ledger, key, request)
            case "claim":
                for step in ("received", "needs_evidence", "approved", "paid", "paid", "rejected"):
                    yield fixed("claim", 0.15, "claim", key, step)
            case "reship":
                yield from _resend(ledger, dice, key, request)
            case "order":
                yield fixed("memo", 2.5, "memo", key)
                yield fixed("memo", 0.2, "memo", key, "no")
            case "instruct":
                yield fixed("courier", 3, "instruct", key, "done")
                yield fixed("courier", 0.5, "instruct", key, "too_late")
            case "evidence":
                yield fixed("evidence", 0.8, "evidence", key)
            case "confirm":
                is_open = any(r.is_open for r in ledger.m.refunds.values())
                yield fixed("confirm", 1 if is_open else 5, "confirm", "no" if is_open else "yes")
            case "close":
                yield fixed("close", 4, "close")
            case _:
                pass


def _courier(ledger: Ledger, key: str, request: Any) -> Iterator[Choice]:
    if ":inquire:" in key:
        for outcome, weight in (("searching", 0.4), ("found", 1), ("lost", 1.5), ("unknown", 0.3)):
            yield fixed("lost" if outcome == "lost" else "courier", weight, "courier", key, outcome)
        return
    parcel = ledger.goods.parcels.get(request.parcel_id)
    for outcome, weight in (("accepted", 1.5), ("refused", 0.4), ("too_late", 0.4)):
        if parcel is not None:
            yield fixed("courier", weight, "courier", key, outcome)


def _resend(ledger: Ledger, dice: Random, key: str, request: Any) -> Iterator[Choice]:
    if request.action.value == "reserve":
        yield fixed("resend", 3, "reship", key, "reserved")
        yield fixed("resend", 0.5, "reship", key, "unavailable")
    elif request.action.value == "send":
        number = 1 + sum(p.parcel_id.startswith("e") for p in ledger.goods.parcels.values())
        yield fixed("resend", 4, "carry", key, f"e{number}", dice.choice(CARRIERS))
        yield fixed("resend", 0.3, "reship", key, "unavailable")
    else:
        yield fixed("resend", 1, "reship", key, "declined")


def _provider(ledger: Ledger, dice: Random) -> Iterator[Choice]:
    for intent in ledger.m.intents.values():
        name = intent.intent_id
        if f"payment:{name}" in ledger.m.asked:
            yield fixed("provider", 5, "settle", name, 100)
            yield fixed("provider", 0.7, "take", name)
            yield fixed("trouble", 0.1, "settle", name, 60)
            yield fixed("give_up", 0.5, "fail", name, "never", "no")
            yield fixed("trouble", 0.3, "fail", name, "again", "no")
            yield fixed("trouble", 0.2, "fail", name, "again", "unknown")
        if intent.net_minor > 0:
            yield fixed("trouble", 0.12, "reverse", name, dice.choice([100, 40, 50]))
            yield fixed("trouble", 0.05, "settle_again", name)


ANSWERS = {
    "payment_stuck": ("retry", "abandon", "abandon", "not_moved"),
    "payment_still_stuck": ("retry", "retry", "abandon"),
    "payment_reversed": ("retry", "retry", "abandon"),
    "reversed_as_well": ("retry", "retry", "abandon"),
    "other_amount_settled": ("retry", "abandon", "confirmed", "not_moved"),
    "paid_twice": ("confirmed", "not_moved"),
    "surplus_paid": ("refund", "refund", "keep"),
    "presume_lost": ("approved", "found"),
    "where_is_parcel": ("found", "lost", "approved"),
    "goods_back_without_refund": ("approved", "refund", "send_back", "refused", "unclear"),
    "refund_for_exchange_after_success": ("approved", "refund", "send_back"),
    "remedy_without_open_order": ("approved", "refund", "refused"),
    "goods_and_money": ("take_back", "bill_again", "write_off", "unclear"),
    "goods_to_come_back": ("back", "approved", "write_off"),
    "bill_to_be_paid": ("paid", "approved", "write_off"),
}
_ANY = ("approved", "approved", "approved", "refused", "unclear")


def _desk(ledger: Ledger, dice: Random) -> Iterator[Choice]:
    for task in ledger.m.tasks.values():
        answer = dice.choice(ANSWERS.get(task.question_code, _ANY))
        if task.is_open:
            yield fixed("desk", 0.8, "task", task.key, answer)
        elif task.answered_at is None:
            yield fixed("desk", 0.03, "task", task.key, answer, "late")
