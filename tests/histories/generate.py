"""Random histories of one order: who could do what now, weighted so that cases cross."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from tests.histories.chances import CARRIERS, Choice
from tests.histories.choices import choices, edited
from tests.histories.choices_money import has_money_beside
from tests.histories.choices_words import delayed
from tests.histories.shops import NOTICES
from tests.histories.tidy import tidied
from tests.histories.verbs import play
from tests.histories.world import Action, MakeFlow, Shape, SharedFlow, World

MINUTE, HOUR, DAY = 1, 60, 24 * 60
THEMES: Mapping[str, Mapping[str, float]] = {
    "lost": {"carrier": 1.5, "lost": 6, "problem": 4, "deliver": 0.5},
    "found": {"lost": 5, "found": 8, "courier": 3, "offer": 3, "resend": 3},
    "refused": {"turned": 6, "deliver": 0.6},
    "return": {"apply": 3, "seller": 3, "back": 3, "sent": 5, "inspect": 3, "succeed": 0.2},
    "exchange": {"exchange": 9, "answer_exchange": 4, "sent": 4, "inspect": 3, "resend": 3, "confirm": 0.5},
    "given_up": {"apply_early": 5, "hold": 4, "give_up": 15, "register": 0.2, "hand_over": 0.2, "desk": 3},
    "unshipped": {"apply_early": 8, "register": 0.4, "hold": 3},
    "money": {"provider": 3, "trouble": 6, "desk": 2},
    "late": {"late_reason": 6, "register": 0.3, "apply_early": 3},
    "confirm": {"confirm": 4, "succeed": 4},
    "silence": {"desk": 0.2, "seller": 0.2, "courier": 0.3},
    "amend": {"refuse": 5, "amend": 8, "apply": 2},
    "review": {"review": 8, "succeed": 2},
    "repeat": {"repeat": 8},
}
"""The theme of a history: weights of groups of choices."""


SHOPS = (*["shop-1"] * 10, "olist-1", "olist-1", "kind-1", "kind-1", *NOTICES)
"""A shop is drawn from these."""


@dataclass(frozen=True)
class History:
    """An order and all that was done about it."""

    shape: Shape
    actions: tuple[Action, ...]


def shape_of(dice: Random) -> Shape:
    """An order of one to three lines, with or without freight, paid by one or two payments."""
    count = dice.choice([1, 1, 2, 2, 2, 3])
    lines = tuple(
        (name, dice.choice([1, 1, 2, 3]), dice.choice([10_000, 3_333, 4_900, 25_000]))
        for name in "abc"[:count]
    )
    freight = dice.choice([0, 0, 1_200, 800])
    plain = Shape(lines, freight, is_free=freight == 0)
    first = dice.choice([0, 0, plain.total // 3])
    tenders = (first, plain.total - first) if first else ()
    return Shape(lines, freight, plain.is_free, tenders, dice.choice(SHOPS), dice.random() < 0.85)


def _wait(dice: Random) -> int:
    part = dice.random()
    if part < 0.3:
        return dice.randint(1, 50)
    if part < 0.65:
        return dice.randint(1, 20) * HOUR
    if part < 0.9:
        return dice.randint(1, 3) * DAY + dice.randint(0, 60)
    return dice.choice([4, 5, 6, 7, 8, 10, 12]) * DAY + dice.randint(0, 30)


def _next(world: World, dice: Random, weights: Mapping[str, float]) -> Action | None:
    found: list[tuple[float, Choice]] = []
    for choice in choices(world, dice):
        weight = choice.weight * weights.get(choice.group, 1.0)
        if weight > 0:
            found.append((weight, choice))
    if not found:
        return None
    picked = dice.choices([c for _, c in found], [w for w, _ in found])[0]
    action = picked.make()
    return delayed(dice, Action(_wait(dice), action.verb, action.about, action.args))


def _beginning(world: World, dice: Random) -> Iterator[Action]:
    """Placed and paid; mostly sent off as well, and often delivered, so that there is something to cross."""
    yield Action(0, "place")
    if dice.random() < 0.12:
        yield edited(world, dice)
    if dice.random() < 0.97:
        yield Action(dice.choice([1, 5, 60, 600]), "pay")
    if dice.random() < 0.3:
        return
    names = [f"{name}:{count}" for name, count, _ in world.shape.lines]
    inside = names if dice.random() < 0.8 else names[:1]
    carrier = dice.choice(CARRIERS)
    yield Action(dice.randint(1, 20) * HOUR, "register", "k1", (carrier, *inside))
    yield Action(dice.randint(1, 5) * HOUR, "hand_over", "k1")
    yield Action(dice.randint(1, 30), "mark", "k1")
    if dice.random() < 0.65:
        yield Action(dice.randint(1, 30) * HOUR, "scan", "k1", ("in_transit", carrier, 0))
        yield Action(dice.randint(1, 40) * HOUR, "scan", "k1", ("delivered", carrier, 0))


def generate(seed: int, make_flow: MakeFlow = SharedFlow) -> tuple[History, World]:
    """A history and the world after it; the same for the same seed."""
    dice = Random(seed)
    shape = shape_of(dice)
    world = World(shape, make_flow, has_money_beside=has_money_beside(seed))
    themes = dice.sample(sorted(THEMES), dice.choice([1, 2, 2, 3]))
    weights: dict[str, float] = {}
    for theme in themes:
        for group, factor in THEMES[theme].items():
            weights[group] = weights.get(group, 1.0) * factor
    actions: list[Action] = []

    def do(action: Action) -> None:
        actions.append(action)
        play(world, action)

    for action in _beginning(world, dice):
        do(action)
    for _ in range(dice.randint(8, 30)):
        following = _next(world, dice, weights)
        if following is None:
            break
        do(following)
    if dice.random() < 0.75:
        for action in tidied(world, dice):
            do(action)
    world.end()
    return History(shape, tuple(actions)), world


def replay(history: History, make_flow: MakeFlow = SharedFlow) -> World:
    """Plays a history again."""
    world = World(history.shape, make_flow)
    for action in history.actions:
        play(world, action)
    world.end()
    return world
