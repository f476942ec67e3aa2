"""Sold goods are missing: the buyer is told at once and chooses, the product goes off sale."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider
from kernel.rules import rule
from kernel.value import Value, replace
from services.logistics.cases.values import (
    Attention,
    AttentionDrawn,
    Share,
    derived_id,
    draw,
    overlaps,
    without,
)
from services.logistics.policy import Policy


class Shortage(Value):
    """What is missing, and what was offered for it."""

    order_id: str
    lines: tuple[Share, ...]
    expected_at: datetime | None
    offer_count: int = 0


# States.


class Absent(Value):
    """Nothing is missing."""


class Told(Value):
    """The buyer was told and may choose."""

    shortage: Shortage
    offer_id: str
    wait_until_at: datetime
    choose_by: datetime | None
    attention: Attention


class Waiting(Value):
    """The buyer agreed to a later date."""

    shortage: Shortage
    until_at: datetime


class Released(Value):
    """The goods left after all, or a refund takes care of it."""

    shortage: Shortage


class RefundDue(Value):
    """The buyer wants the money."""

    shortage: Shortage


Known = Told | Waiting | Released | RefundDue
State = Absent | Known


# Messages.


class ShortageFound(Value):
    """Goods are missing; `product_ids` of the missing lines."""

    order_id: str
    lines: tuple[Share, ...]
    product_ids: tuple[str, ...]
    expected_at: datetime | None


class OfferAnswered(Value):
    """What the buyer chose; None: nothing."""

    offer_id: str
    option_id: str | None


class GoodsLeft(Value):
    """A parcel with these lines left."""

    lines: tuple[Share, ...]


class RefundTakesOver(Value):
    """A refund is open for these lines, or the order was closed."""

    lines: tuple[Share, ...]


Message = ShortageFound | OfferAnswered | GoodsLeft | RefundTakesOver | DeadlinePassed


# Facts.


class ShortageNoted(Value):
    """The shortage, as known now."""

    shortage: Shortage


class SaleStopped(Value):
    """The product goes off sale (listing.action-requested)."""

    request_id: str
    product_id: str


class BuyerTold(Value):
    """A later date or a refund (offer.made)."""

    offer_id: str
    wait_until_at: datetime
    choose_by: datetime
    attention: Attention


class ChoiceMissed(Value):
    """The buyer chose nothing: a person rings; no money moves (task.requested)."""

    task_id: str
    due_at: datetime


class LaterDateTaken(Value):
    """The buyer waits; dispatch hears of the date."""

    until_at: datetime


class RefundTaken(Value):
    """Pay the buyer (remedy.refund-due)."""

    remedy_id: str
    lines: tuple[Share, ...]


class ShortageOver(Value):
    """Nothing is left to settle."""


Fact = (
    ShortageNoted
    | SaleStopped
    | BuyerTold
    | ChoiceMissed
    | LaterDateTaken
    | RefundTaken
    | ShortageOver
    | AttentionDrawn
)
Decisions = list[Decided[Fact]]


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Decisions:
    """What a message means for the missing goods."""
    match message:
        case ShortageFound():
            return _found(state, message, policy, now)
        case _ if isinstance(state, Absent):
            return []
        case OfferAnswered() if isinstance(state, Told):
            return _answered(state, message)
        case GoodsLeft(lines=lines) if isinstance(state, Told | Waiting):
            return _goods_left(state, lines)
        case RefundTakesOver(lines=lines) if isinstance(state, Told | Waiting):
            return _taken_over(lines, state)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy)
        case _:
            return []


def _found(state: State, found: ShortageFound, policy: Policy, now: datetime) -> Decisions:
    if isinstance(state, Told | Waiting) and not without(found.lines, state.shortage.lines):
        return []
    if isinstance(state, RefundDue) and not without(found.lines, state.shortage.lines):
        return []
    count = 0 if isinstance(state, Absent) else state.shortage.offer_count
    shortage = Shortage(found.order_id, found.lines, found.expected_at, count)
    noted: Decisions = [Decided(ShortageNoted(shortage), ("RF-007",))]
    return noted + _tell(shortage, policy, now) + _off_sale(found, now)


@rule("RF-007", "LG-058")
def _tell(shortage: Shortage, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The buyer is told at once and may wait or have the money."""
    offer_id = derived_id(shortage.order_id, "shortage", str(shortage.offer_count + 1))
    expected_at = shortage.expected_at
    later = expected_at if expected_at is not None and expected_at > now else now + policy.shortage.wait
    attention = policy.attention(now)
    return [BuyerTold(offer_id, later, now + policy.shortage.choice, attention)]


@rule("LG-058")
def _off_sale(found: ShortageFound, now: datetime) -> Sequence[Fact]:
    """What is not to be had is not sold any further."""
    moment = now.strftime("%Y%m%d%H%M%S")
    return [
        SaleStopped(derived_id(found.order_id, "delist", product_id, moment), product_id)
        for product_id in found.product_ids
    ]


@rule("RF-007")
def _answered(state: Told, answer: OfferAnswered) -> Sequence[Fact]:
    """Wait or refund: the buyer chooses; declining both leaves it to a person."""
    if answer.offer_id != state.offer_id:
        return []
    shortage = state.shortage
    match answer.option_id:
        case "wait":
            return [LaterDateTaken(state.wait_until_at)]
        case "refund":
            remedy_id = derived_id(shortage.order_id, "no-stock", str(shortage.offer_count))
            return [RefundTaken(remedy_id, shortage.lines)]
        case _:
            return []


@rule("RF-007")
def _goods_left(state: Told | Waiting, lines: tuple[Share, ...]) -> Sequence[Fact]:
    """What left is not missing."""
    left = without(state.shortage.lines, lines) if lines else ()
    if not left:
        return [ShortageOver()]
    return [ShortageNoted(replace(state.shortage, lines=left))] if left != state.shortage.lines else []


@rule("RF-007")
def _taken_over(lines: tuple[Share, ...], state: Told | Waiting) -> Sequence[Fact]:
    """A refund of the buyer's own settles it."""
    return [ShortageOver()] if overlaps(lines, state.shortage.lines) else []


def _deadline_passed(state: Known, passed: DeadlinePassed, policy: Policy) -> Decisions:
    if not any(d.name == passed.name and d.due_at == passed.due_at for d in deadlines(state)):
        return []
    match state:
        case Told() if passed.name == "choice":
            return _not_chosen(state, policy, passed.due_at)
        case Told():
            return [Decided(draw(f"shortage.{state.offer_id}", "shortage", state.attention), ("RF-007",))]
        case Waiting():
            return _tell(state.shortage, policy, passed.due_at)
        case _:
            return []


@rule("RF-007")
def _not_chosen(state: Told, policy: Policy, now: datetime) -> Sequence[Fact]:
    """No answer: a person rings. The dispatch limit runs on."""
    return [ChoiceMissed(derived_id(state.offer_id, "ring"), now + policy.attention_after)]


def evolve(state: State, fact: Fact) -> State:
    """The state after a fact."""
    match fact:
        case ShortageNoted(shortage=shortage):
            if isinstance(state, Told | Waiting):
                return replace(state, shortage=shortage)
            return Released(shortage)
        case _ if isinstance(state, Absent):
            return state
        case BuyerTold():
            shortage = replace(state.shortage, offer_count=state.shortage.offer_count + 1)
            return Told(shortage, fact.offer_id, fact.wait_until_at, fact.choose_by, fact.attention)
        case ChoiceMissed() if isinstance(state, Told):
            return replace(state, choose_by=None)
        case LaterDateTaken(until_at=until_at):
            return Waiting(state.shortage, until_at)
        case RefundTaken():
            return RefundDue(state.shortage)
        case ShortageOver():
            return Released(state.shortage)
        case AttentionDrawn(attention=attention) if isinstance(state, Told):
            return replace(state, attention=attention)
        case _:
            return state


def deadlines(state: State) -> Sequence[Deadline]:
    """What must be looked at, and when."""
    match state:
        case Told(choose_by=choose_by, attention=attention):
            return [Deadline("choice", choose_by)] if choose_by is not None else attention.deadlines()
        case Waiting(until_at=until_at):
            return [Deadline("until", until_at)]
        case _:
            return []


STOCK_SHORTAGE: Decider[State, Message, Fact, Policy] = Decider(Absent(), decide, evolve, deadlines)
