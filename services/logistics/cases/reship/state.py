"""Defines the states and facts of a reship, and its deadlines."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Deadline
from kernel.people import Task, TaskWithdrawn
from kernel.value import Value, replace
from services.logistics.attention import Attention, AttentionDrawn
from services.logistics.cases.reship.messages import ReshipOrder

# States.


class Absent(Value):
    """Nothing is to be sent."""


class Reserving(Value):
    """The warehouse was asked to keep the variant."""

    order: ReshipOrder
    answer_by: datetime
    noted_sku_id: str | None = None


class Reserved(Value):
    """The warehouse keeps the variant until the exchange wants the goods."""

    order: ReshipOrder
    until_at: datetime | None
    attention: Attention
    noted_sku_id: str | None = None


class Checking(Value):
    """The note in the parcel asks for another variant: a person decides before anything is sent (RF-122)."""

    order: ReshipOrder
    task_id: str
    attention: Attention
    noted_sku_id: str | None = None


class Requested(Value):
    """The warehouse was asked to send."""

    order: ReshipOrder
    parcel_id: str | None
    is_late: bool
    attention: Attention


class Sent(Value):
    """The goods are on their way."""

    order: ReshipOrder
    parcel_id: str
    attention: Attention


class Delivered(Value):
    """The buyer has the goods."""

    order: ReshipOrder
    parcel_id: str


class Failed(Value):
    """The goods did not reach the buyer."""

    order: ReshipOrder
    parcel_id: str | None


class Unavailable(Value):
    """There is no stock."""

    order: ReshipOrder


class Cancelled(Value):
    """Nobody wants the goods any more."""

    order: ReshipOrder


Ended = Delivered | Failed | Unavailable | Cancelled
Known = Reserving | Reserved | Checking | Requested | Sent | Ended
State = Absent | Known


# Facts.


class ReserveAsked(Value):
    """The warehouse is to keep the variant (reship.requested)."""

    order: ReshipOrder
    answer_by: datetime


class StockKept(Value):
    """The variant is kept (reship.status-changed)."""

    until_at: datetime | None
    attention: Attention


class StockMissing(Value):
    """There is no stock (reship.status-changed)."""

    reason_code: str


class NoteNoted(Value):
    """The note asks for this variant."""

    sku_id: str


class NoteDiffers(Value):
    """The note asks for another variant than agreed (task.requested)."""

    order: ReshipOrder
    task: Task
    attention: Attention


class SendAsked(Value):
    """The warehouse is to send the goods (reship.requested)."""

    order: ReshipOrder
    attention: Attention


class SendLate(Value):
    """The goods were not sent in time: the promise is broken, a person looks (task.requested)."""

    task: Task


class CarriedBy(Value):
    """The parcel is known."""

    parcel_id: str


class CarriedAs(Value):
    """The parcel has another id."""

    parcel_id: str


class WaybillGone(Value):
    """The parcel will not carry the goods."""


class SentOut(Value):
    """The goods are on their way (reship.status-changed)."""

    parcel_id: str
    attention: Attention


class Arrived(Value):
    """The buyer has the goods (reship.status-changed)."""


class NotArrived(Value):
    """The goods came back, or got lost (reship.status-changed)."""

    reason_code: str


class CancelAsked(Value):
    """The warehouse is to let go of the goods (reship.requested)."""

    request_id: str


class CalledOff(Value):
    """The resend is off (reship.status-changed)."""


Fact = (
    ReserveAsked
    | StockKept
    | StockMissing
    | NoteNoted
    | NoteDiffers
    | SendAsked
    | SendLate
    | CarriedBy
    | CarriedAs
    | WaybillGone
    | SentOut
    | Arrived
    | NotArrived
    | CancelAsked
    | CalledOff
    | AttentionDrawn
    | Task
    | TaskWithdrawn
)


def evolve(state: State, fact: Fact) -> State:  # noqa: C901, PLR0911, PLR0912  one branch per fact
    """Applies a fact."""
    if isinstance(fact, ReserveAsked):
        return Reserving(fact.order, fact.answer_by)
    if isinstance(fact, SendAsked):
        return Requested(fact.order, None, is_late=False, attention=fact.attention)
    if isinstance(fact, NoteDiffers):
        return Checking(fact.order, fact.task.task_id, fact.attention)
    if isinstance(state, Absent):
        return state
    match fact:
        case StockKept(until_at=until_at, attention=attention):
            if not isinstance(state, Reserving):
                return state
            return Reserved(state.order, until_at, attention, state.noted_sku_id)
        case StockMissing():
            return Unavailable(state.order)
        case NoteNoted(sku_id=sku_id):
            is_here = isinstance(state, Reserving | Reserved)
            return replace(state, noted_sku_id=sku_id) if is_here else state
        case SendLate():
            return replace(state, is_late=True) if isinstance(state, Requested) else state
        case CarriedBy(parcel_id=parcel_id):
            return replace(state, parcel_id=parcel_id) if isinstance(state, Requested) else state
        case CarriedAs(parcel_id=parcel_id):
            has_parcel = isinstance(state, Requested | Sent | Delivered | Failed)
            return replace(state, parcel_id=parcel_id) if has_parcel else state
        case WaybillGone():
            return replace(state, parcel_id=None) if isinstance(state, Requested) else state
        case CalledOff():
            return Cancelled(state.order)
        case SentOut(parcel_id=parcel_id, attention=attention):
            return Sent(state.order, parcel_id, attention)
        case Arrived():
            return _arrived(state)
        case NotArrived():
            return _not_arrived(state)
        case AttentionDrawn(attention=attention):
            is_open = isinstance(state, Reserved | Checking | Requested | Sent)
            return replace(state, attention=attention) if is_open else state
        case CancelAsked() | Task() | TaskWithdrawn():
            return state
        case _:
            assert_never(fact)


def _arrived(state: Known) -> Known:
    if isinstance(state, Sent | Failed) and state.parcel_id is not None:
        return Delivered(state.order, state.parcel_id)
    return state


def _not_arrived(state: Known) -> Known:
    return Failed(state.order, state.parcel_id) if isinstance(state, Sent | Delivered) else state


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists when an open reship must be looked at; an end has no deadline."""
    match state:
        case Reserving(answer_by=answer_by):
            return [Deadline("stock", answer_by)]
        case Reserved(until_at=until_at) if until_at is not None:
            return [Deadline("kept", until_at)]
        case Requested(order=order, is_late=False) if order.ship_by is not None:
            return [Deadline("ship", order.ship_by)]
        case Reserved() | Checking() | Requested() | Sent():
            return state.attention.deadlines()
        case Absent() | Delivered() | Failed() | Unavailable() | Cancelled():
            return []
        case _:
            assert_never(state)
