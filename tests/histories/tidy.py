"""An orderly end: whoever is asked answers, goods under way arrive, until nobody has anything to do."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from tests.histories.goods import Where
from tests.histories.world import Action, World

HOUR = 60
ROUNDS = 70
_SENSIBLE: Mapping[str, str] = {"goods_and_money": "write_off"}
_ALWAYS: Mapping[str, str] = {"claim": "paid", "instruct": "done"}


def tidied(world: World, dice: Random) -> Iterator[Action]:
    """The actions, one by one; each is played before the next is asked for."""
    done: set[str] = set()
    for _ in range(ROUNDS):
        action = _sensible(world, dice, done)
        if action is None:
            wake = world.flow.next_wake()
            if wake is None or (wake - world.now).days > 120:
                return
            minutes = int((wake - world.now).total_seconds() // 60) + 1
            action = Action(max(minutes, 1), "wait")
        yield action


def _sensible(world: World, dice: Random, done: set[str]) -> Action | None:
    for find in (_payments, _requests, _tasks, _parcels):
        action = find(world, dice, done)
        if action is not None:
            return Action(dice.randint(1, 8) * HOUR, action.verb, action.about, action.args)
    return None


def _payments(world: World, dice: Random, done: set[str]) -> Action | None:
    del dice, done
    for key in world.ledger.m.asked:
        if key.startswith("payment:"):
            return Action(0, "settle", key.removeprefix("payment:"), (100,))
    for dispute_id, (stage, _) in world.ledger.beside.disputes.items():
        if stage == "opened":
            return Action(0, "dispute", dispute_id, ("won", 0))
    return None


def _requests(world: World, dice: Random, done: set[str]) -> Action | None:
    ledger = world.ledger
    for key, asked in ledger.m.asked.items():
        request: Any = asked.event
        stamp = f"{key}@{asked.at.isoformat()}"
        if stamp in done:
            continue
        done.add(stamp)
        kind = key.split(":")[0]
        if kind in _ALWAYS:
            return Action(0, kind, key, (_ALWAYS[kind],))
        match kind:
            case "hold" | "courier":
                return Action(0, kind, key, (_truth(world, key, request),))
            case "order":
                return Action(0, "memo", key)
            case "confirm":
                is_open = any(r.is_open for r in ledger.m.refunds.values())
                return Action(0, "confirm", "no" if is_open else "yes")
            case "close":
                return Action(0, "close")
            case "reship":
                return _resend(world, dice, key, request)
            case "offer" if dice.random() < 0.6:
                return Action(0, "choose", key, (dice.choice(request.options).option_id,))
            case _:
                pass
    return None


def _truth(world: World, key: str, request: Any) -> str:
    """The answer of the warehouse to a hold, or of a courier, by where the goods are."""
    parcels = world.ledger.goods.parcels
    if ":inquire:" in key:
        return "lost" if parcels[request.parcel_id].standing == "lost" else "found"
    if not key.startswith("hold:"):
        return "accepted"
    is_gone = any(
        p.is_gone and not p.is_back and any(p.lines[s.line_id] for s in request.lines)
        for p in parcels.values()
    )
    return "too_late" if is_gone else "stopped"


def _resend(world: World, dice: Random, key: str, request: Any) -> Action:
    if request.action.value == "reserve":
        return Action(0, "reship", key, (dice.choice(["reserved", "reserved", "unavailable"]),))
    if request.action.value == "cancel":
        return Action(0, "reship", key, ("declined",))
    number = 1 + sum(p.parcel_id.startswith("e") for p in world.ledger.goods.parcels.values())
    return Action(0, "carry", key, (f"e{number}", "sto"))


def _tasks(world: World, dice: Random, done: set[str]) -> Action | None:
    """Answers each question, and twice where it is asked again: nothing comes of the same answer."""
    del dice
    for task in world.ledger.m.open_tasks():
        stamps = (f"{task.key} once", f"{task.key} twice")
        stamp = next((each for each in stamps if each not in done), None)
        if stamp is None:
            continue
        done.add(stamp)
        answer = _SENSIBLE.get(task.question_code, "approved")
        answer = "retry" if task.case_kind == "refund-intent" else answer
        parcel = world.ledger.goods.parcels.get(task.case_id)
        if task.question_code == "presume_lost" and parcel is not None and parcel.standing == "there":
            answer = "found"
        return Action(0, "task", task.key, (answer,))
    return None


def _parcels(world: World, dice: Random, done: set[str]) -> Action | None:
    ledger = world.ledger
    for parcel in ledger.goods.parcels.values():
        name, carrier = parcel.parcel_id, parcel.carrier_code
        if parcel.is_void or name in done:
            continue
        if not parcel.is_gone:
            is_held = any(h.state in ("asked", "stopped") for h in ledger.m.holds.values())
            done.add(f"packed {name}")
            return Action(0, "void" if is_held else "hand_over", name)
        if parcel.standing != "moving" or parcel.is_collect:
            continue
        if parcel.is_back:
            return _box(world, dice, done, name)
        is_coming = parcel.turned_at is not None or (name in ledger.m.recalls and dice.random() < 0.7)
        return Action(0, "scan", name, ("returned" if is_coming else "delivered", carrier, 0))
    return None


def _box(world: World, dice: Random, done: set[str], name: str) -> Action | None:
    if dice.random() < 0.2:
        done.add(name)
        return Action(0, "arrive", name)
    inside: dict[str, int] = {}
    for piece in world.ledger.goods.inside(name):
        if piece.where is Where.BACK:
            inside[piece.line_id] = inside.get(piece.line_id, 0) + 1
    lines = [f"{line_id}:{count}:{count}" for line_id, count in sorted(inside.items())]
    done.add(name)
    return Action(0, "inspect", name, ("", "resaleable", "yes", *lines)) if lines else None
