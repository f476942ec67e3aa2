"""Defines the states of an exchange (C6), its facts, how they change the states, and its deadlines."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from kernel.decider import Deadline, expect
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.value import Value, replace
from services.refunds.goods import together
from services.refunds.liability import Bearer, Liability
from services.refunds.shares import Carriage, InspectedLine, Share, Wanted


class Ending(StrEnum):
    """The end of an exchange that was opened."""

    COMPLETED = "completed"
    EXPIRED = "expired"
    RETURNED_TO_BUYER = "returned_to_buyer"
    CONVERTED = "converted"
    WITHDRAWN = "withdrawn"
    BREACHED = "breached"


class ReshipPurpose(StrEnum):
    EXCHANGE = "exchange"
    RETURN_TO_BUYER = "return_to_buyer"


class Filed(Value):
    """The buyer's wish, and who bears which leg. `back`: pieces that a carrier brought back to the shop.

    `received_at`: when the last of the goods reached the buyer, where that was known.
    """

    customer_id: str
    shares: tuple[Share, ...]
    given: tuple[Wanted, ...]
    wanted: tuple[Wanted, ...]
    reason_code: str
    liability: Liability
    grace_minutes: int
    back: tuple[Share, ...] = ()
    received_at: datetime | None = None


# Each state holds only what is true while the case is in it.


class Absent(Value):
    pass


class TurnedAway(Value):
    """The application was not admitted; it may be filed again under the same id."""


class Requested(Value):
    """The exchange waits for stock and for the seller's word. Either may come first."""

    filed: Filed
    stock_by: datetime | None
    is_approved: bool
    look_at: datetime | None
    look_count: int


class OfferRefund(Value):
    """The wanted goods cannot be had, and the buyer chooses. `are_goods_back`: he sent his own before.

    `is_breach`: the replacement was not sent in time, and may come still.
    """

    filed: Filed
    offer_count: int
    choose_by: datetime
    are_goods_back: bool
    is_breach: bool = False


class WaitBuyerSend(Value):
    filed: Filed
    send_by: datetime


class InReturn(Value):
    """The goods are on their way back. `found`, `accepted`: words of warehouse and seller so far."""

    filed: Filed
    receive_by: datetime
    freight_paid: Money | None
    found: tuple[InspectedLine, ...] = ()
    accepted: tuple[Share, ...] = ()
    return_ids: tuple[str, ...] = ()


class ShippingReplacement(Value):
    filed: Filed
    replace_by: datetime
    freight_paid: Money | None
    is_unchecked: bool = False


class ReplacementSent(Value):
    filed: Filed
    look_at: datetime | None
    look_count: int


class Completed(Value):
    pass


class Rejected(Value):
    pass


class Expired(Value):
    pass


class ReturnedToBuyer(Value):
    pass


class Converted(Value):
    pass


class Withdrawn(Value):
    pass


class Breached(Value):
    pass


Open = Requested | OfferRefund | WaitBuyerSend | InReturn | ShippingReplacement | ReplacementSent
Over = Completed | Rejected | Expired | ReturnedToBuyer | Converted | Withdrawn | Breached
State = Absent | TurnedAway | Open | Over
Ended = TurnedAway | Over


# Facts.


class ExchangeOpened(Value):
    filed: Filed
    stock_by: datetime


class StockReserved(Value):
    look_at: datetime


class ExchangeApproved(Value):
    """The seller agreed while the stock is not kept yet."""


class ExchangeRefused(Value):
    reason_code: str


class PersonAsked(Value):
    """A task of an exchange that waits; `number` counts such tasks from 1. `look_at`: when to ask again."""

    question_code: str
    due_at: datetime
    look_at: datetime | None
    number: int = 0


class RefundOffered(Value):
    """The buyer may choose; `is_breach`: the replacement as well, which was not sent in time."""

    choose_by: datetime
    are_goods_back: bool
    is_breach: bool = False


class ReplacementWanted(Value):
    """The buyer chose to wait for the replacement that was not sent in time."""

    ship_by: datetime


class ReturnAuthorized(Value):
    address_ref: str
    carriages: tuple[Carriage, ...]
    send_by: datetime


class FreightDecided(Value):
    liability: Liability


class ReturnRegistered(Value):
    receive_by: datetime
    freight_paid: Money | None
    return_ids: tuple[str, ...] = ()


class SomeCame(Value):
    """A part of the goods is here, by the warehouse or by the seller's word."""

    lines: tuple[InspectedLine, ...]
    accepted: tuple[Share, ...]


class ReshipDue(Value):
    """Goods must go to the buyer: the replacement, or his own goods back; `shares` empty: all filed ones.

    `is_unchecked`: nobody said yet whether the goods that came for it have the fault.
    """

    purpose: ReshipPurpose
    goods: tuple[Wanted, ...]
    ship_by: datetime
    cost_bearer: Bearer
    shares: tuple[Share, ...] = ()
    is_unchecked: bool = False


class NoteDiffers(Value):
    """The note in the parcel asks for another variant than the application (RF-122)."""

    wanted_sku_id: str
    due_at: datetime


class ReplacementGone(Value):
    look_at: datetime


class FreightDue(Value):
    amount: Money


class ConversionAsked(Value):
    """The buyer takes the money: a refund takes over."""

    shares: tuple[Share, ...]
    reason_code: str
    is_return_needed: bool


class GoodsNoted(Value):
    """Pieces of the exchange are at the shop."""

    pieces: tuple[Share, ...]


class ExchangeEnded(Value):
    """The exchange is over. `is_used`: it counts as the one exchange of the order (RF-106).

    `is_followed`: a refund takes over; `here`: goods that the shop has and the buyer gets nothing for yet;
    `sent_back`: goods that he gets again.
    """

    ending: Ending
    is_used: bool
    is_followed: bool = False
    here: tuple[Share, ...] = ()
    sent_back: tuple[Share, ...] = ()


class ApplicationTurnedAway(Value):
    pass


Fact = (
    ExchangeOpened | StockReserved | ExchangeApproved | ExchangeRefused | Task | TaskWithdrawn | PersonAsked
    | RefundOffered | ReplacementWanted | ReturnAuthorized | FreightDecided | ReturnRegistered | SomeCame
    | ReshipDue | NoteDiffers | GoodsNoted | ReplacementGone | FreightDue | ConversionAsked | ExchangeEnded
    | ApplicationTurnedAway
)  # fmt: skip


_OVER: Mapping[Ending, State] = {
    Ending.COMPLETED: Completed(),
    Ending.EXPIRED: Expired(),
    Ending.RETURNED_TO_BUYER: ReturnedToBuyer(),
    Ending.CONVERTED: Converted(),
    Ending.WITHDRAWN: Withdrawn(),
    Ending.BREACHED: Breached(),
}


def evolve(state: State, fact: Fact) -> State:  # noqa: C901, PLR0911, PLR0912  one branch per fact
    """Applies a fact to the exchange."""
    match fact:
        case ExchangeOpened():
            return Requested(fact.filed, fact.stock_by, False, None, 0)
        case StockReserved():
            return replace(expect(state, Requested), stock_by=None, look_at=fact.look_at)
        case ExchangeApproved():
            return replace(expect(state, Requested), is_approved=True)
        case ExchangeRefused():
            return Rejected()
        case ApplicationTurnedAway():
            return TurnedAway()
        case PersonAsked():
            if not isinstance(state, Requested | ReplacementSent):
                raise TypeError(f"nobody is asked in {type(state).__name__}")
            return replace(state, look_at=fact.look_at, look_count=state.look_count + 1)
        case RefundOffered():
            count = state.offer_count if isinstance(state, OfferRefund) else 0
            return OfferRefund(
                filed_of(state), count + 1, fact.choose_by, fact.are_goods_back, fact.is_breach
            )
        case ReplacementWanted():
            return ShippingReplacement(expect(state, OfferRefund).filed, fact.ship_by, None)
        case ReturnAuthorized():
            return WaitBuyerSend(filed_of(state), fact.send_by)
        case GoodsNoted():
            current = _opened(state)
            back = together(current.filed.back, fact.pieces)
            return replace(current, filed=replace(current.filed, back=back))
        case FreightDecided():
            return _freight_decided(state, fact)
        case ReturnRegistered(receive_by=by, freight_paid=paid, return_ids=ids):
            before = state if isinstance(state, InReturn) else InReturn(filed_of(state), by, None)
            return replace(before, receive_by=by, freight_paid=paid, return_ids=ids)
        case SomeCame():
            before = expect(state, InReturn)
            found = (*before.found, *fact.lines)
            return replace(before, found=found, accepted=fact.accepted or before.accepted)
        case ReshipDue():
            if fact.purpose is ReshipPurpose.RETURN_TO_BUYER:
                return state
            return _replacement_due(state, fact)
        case ReplacementGone():
            return ReplacementSent(filed_of(state), fact.look_at, 0)
        case ExchangeEnded():
            return _OVER[fact.ending]
        case Task() | TaskWithdrawn() | NoteDiffers() | FreightDue() | ConversionAsked():
            return state
        case _:
            assert_never(fact)


def asked_name(number: int) -> str:
    """Names the n-th task of an exchange that waits, from 1."""
    return f"asked.{number}"


def _opened(state: State) -> Open:
    """Narrows to an exchange that runs. Raises TypeError for any other."""
    if isinstance(state, Absent | TurnedAway | Over):
        raise TypeError(f"no exchange runs in {type(state).__name__}")
    return state


def filed_of(state: State) -> Filed:
    """Finds what was filed. Raises TypeError where the exchange does not run."""
    return _opened(state).filed


def _replacement_due(state: State, fact: ReshipDue) -> State:
    """Waits for the replacement. Goods that a carrier brought back need no return."""
    if not isinstance(state, Requested | WaitBuyerSend | InReturn):
        return state
    paid = state.freight_paid if isinstance(state, InReturn) else None
    return ShippingReplacement(state.filed, fact.ship_by, paid, fact.is_unchecked)


def _freight_decided(state: State, fact: FreightDecided) -> State:
    current = _opened(state)
    return replace(current, filed=replace(current.filed, liability=fact.liability))


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists the deadlines. Where the rules give none, a person is asked a few times."""
    match state:
        case Requested(stock_by=datetime() as due_at):
            return (Deadline("stock", due_at),)
        case Requested(look_at=datetime() as due_at) | ReplacementSent(look_at=datetime() as due_at):
            return (Deadline("attention", due_at),)
        case OfferRefund():
            return (Deadline("offer", state.choose_by, _grace(state)),)
        case WaitBuyerSend():
            return (Deadline("send", state.send_by, _grace(state)),)
        case InReturn():
            return (Deadline("receive", state.receive_by, _grace(state)),)
        case ShippingReplacement():
            return (Deadline("replace", state.replace_by, _grace(state)),)
        case Requested() | ReplacementSent() | Absent() | TurnedAway() | Completed() | Rejected():
            return ()
        case Expired() | ReturnedToBuyer() | Converted() | Withdrawn() | Breached():
            return ()
        case _:
            assert_never(state)


def _grace(state: Open) -> timedelta:
    return timedelta(minutes=state.filed.grace_minutes)
