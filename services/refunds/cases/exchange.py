"""The exchange of goods: stock kept, goods back, replacement out; agreed exchanges are promises."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider, NotYet
from kernel.rules import rule
from kernel.value import replace
from services.refunds import exchange_goods as goods
from services.refunds import exchange_words as w
from services.refunds.exchange_words import (
    Absent,
    Ending,
    Fact,
    Filed,
    InReturn,
    Message,
    OfferRefund,
    Open,
    Over,
    ReplacementSent,
    Requested,
    ShippingReplacement,
    State,
    TurnedAway,
    WaitBuyerSend,
)
from services.refunds.policy import Policy
from services.refunds.values import Bearer

Decision = Sequence[Decided[Fact]]


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Decision:
    """One function per message; a message that no longer means anything decides nothing."""
    if isinstance(message, w.Applied):
        return _applied(message, policy, now) if isinstance(state, Absent | TurnedAway) else []
    if isinstance(message, w.NotAdmitted):
        return _not_admitted(state)
    if isinstance(state, Absent):
        if isinstance(message, DeadlinePassed):
            return []
        raise NotYet
    if isinstance(state, TurnedAway | Over):
        return []
    return _HANDLERS[type(message)](state, message, policy, now)


@rule("RF-105", "RF-121")
def _applied(applied: w.Applied, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Eligible: the wanted variant is to be kept before anything is promised."""
    filed = Filed(
        customer_id=applied.customer_id,
        shares=applied.shares,
        given=applied.given,
        wanted=applied.wanted,
        reason_code=applied.reason_code,
        liability=applied.liability,
        grace_minutes=policy.grace_minutes,
    )
    return [w.ExchangeOpened(filed, now + policy.exchange.stock_within)]


@rule("RF-105")
def _not_admitted(state: State) -> Sequence[Fact]:
    return [w.ApplicationTurnedAway()] if isinstance(state, Absent) else []


def _seller_answered(state: Open, answered: w.SellerAnswered, policy: Policy, now: datetime) -> Decision:
    if not isinstance(state, Requested) or (answered.is_approved and state.is_approved):
        return []
    if not answered.is_approved:
        return _refused(answered)
    return _with_row(_approved(state, policy, now), state.filed)


@rule("RF-118")
def _refused(answered: w.SellerAnswered) -> Sequence[Fact]:
    """The seller does not exchange: nothing was promised yet."""
    return [w.ExchangeRefused(answered.reason_code or "seller_refused")]


@rule("RF-118")
def _approved(state: Requested, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The seller's word binds once the stock is kept; then the buyer sends first."""
    if state.stock_by is not None:
        return [w.ExchangeApproved()]
    return _authorized(policy, state.filed, now)


def _authorized(policy: Policy, filed: Filed, now: datetime) -> Sequence[Fact]:
    rules = policy.exchange
    authorized = w.ReturnAuthorized(
        policy.agreement.return_address_ref, rules.carriages, now + rules.send_within
    )
    return [authorized, w.FreightDecided(filed.liability)]


def _with_row(decided: Decision, filed: Filed) -> Decision:
    """Names the row of the freight matrix that decided (RF-061, RF-063, RF-065, RF-067)."""
    return [
        Decided(d.fact, (d.fact.liability.rule_id,)) if isinstance(d.fact, w.FreightDecided) else d
        for d in decided
    ]


def _reship_moved(state: Open, moved: w.ReshipMoved, policy: Policy, now: datetime) -> Decision:
    """What the warehouse can do: stock for the request, the replacement for the goods that came back."""
    is_gone = moved.status in ("unavailable", "failed", "cancelled")
    match state:
        case Requested(stock_by=datetime()) if moved.status == "reserved":
            return _with_row(_reserved(state, policy, now), state.filed)
        case Requested() | WaitBuyerSend() if is_gone:
            return _unavailable(state, policy, now)
        case ShippingReplacement() if is_gone:
            return [*_freight_owed(state), *_unavailable(state, policy, now)]
        case ReplacementSent() if is_gone:
            return _unavailable(state, policy, now)
        case ShippingReplacement() if moved.status == "sent":
            return _sent(state, policy, now)
        case ShippingReplacement() if moved.status == "delivered":
            return [*_sent(state, policy, now), *_delivered()]
        case ReplacementSent() if moved.status == "delivered":
            return _delivered()
        case _:
            return []


@rule("RF-105", "RF-121")
def _reserved(state: Requested, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The same style is there: kept for the buyer; without the seller's word a person asks for it."""
    kept = w.StockReserved(now + policy.attention_after)
    return [kept, *_authorized(policy, state.filed, now)] if state.is_approved else [kept]


@rule("RF-121")
def _unavailable(state: Open, policy: Policy, now: datetime) -> Sequence[Fact]:
    """No stock: the buyer chooses between money and other goods; never a silent refund."""
    are_goods_back = isinstance(state, ShippingReplacement | ReplacementSent)
    return [w.RefundOffered(now + policy.exchange.offer_within, are_goods_back)]


@rule("RF-068", "RF-120")
def _freight_owed(state: ShippingReplacement) -> Sequence[Fact]:
    """The goods are here: what the buyer advanced for his leg is repaid where the shop bears it."""
    paid = state.freight_paid
    is_owed = state.filed.liability.return_leg is Bearer.SELLER and paid is not None and paid.minor > 0
    return [w.FreightDue(paid)] if is_owed and paid is not None else []


def _sent(state: ShippingReplacement, policy: Policy, now: datetime) -> Decision:
    return [*_freight_owed(state), *_left(policy, now)]


@rule("RF-120")
def _left(policy: Policy, now: datetime) -> Sequence[Fact]:
    """The replacement left."""
    return [w.ReplacementGone(now + policy.attention_after)]


@rule("RF-118", "RF-120")
def _delivered() -> Sequence[Fact]:
    return [w.ExchangeEnded(Ending.COMPLETED, is_used=True)]


@rule("RF-121")
def _offer_answered(state: Open, answered: w.OfferAnswered, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Money: a refund takes over. Other goods: a new application. Neither: nobody keeps the other's goods.

    The shop had none, so it bears the way back.
    """
    if not isinstance(state, OfferRefund) or answered.offer_count != state.offer_count:
        return []
    if answered.option_id == "refund":
        asked = w.ConversionAsked(state.filed.shares, state.filed.reason_code, not state.are_goods_back)
        return [w.ExchangeEnded(Ending.CONVERTED, is_used=False), asked]
    if state.are_goods_back:
        return goods.send_back(state.filed, state.filed.shares, Bearer.SELLER, policy, now)
    ending = Ending.WITHDRAWN if answered.option_id is None else Ending.CONVERTED
    return [w.ExchangeEnded(ending, is_used=False)]


@rule("RF-118")
def _withdrew(state: Open, _message: w.BuyerWithdrew, _policy: Policy, _now: datetime) -> Sequence[Fact]:
    """The buyer may take it back as long as he has not sent his goods."""
    is_free = isinstance(state, Requested | WaitBuyerSend)
    is_free = is_free or (isinstance(state, OfferRefund) and not state.are_goods_back)
    return [w.ExchangeEnded(Ending.WITHDRAWN, is_used=False)] if is_free else []


@rule("RF-104", "RF-120")
def _return_sent(state: Open, sent: w.ReturnSent, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The buyer sends first and advances the freight; the carriage fixes how long the shop has."""
    if isinstance(state, Requested):
        raise NotYet
    if not isinstance(state, WaitBuyerSend):
        return []
    if sent.carriage not in policy.exchange.carriages:
        return []
    return [w.ReturnRegistered(now + policy.exchange.receive_within[sent.carriage], sent.freight_paid)]


def _deadline_passed(state: Open, passed: DeadlinePassed, policy: Policy, now: datetime) -> Decision:
    if not any(d.name == passed.name and d.due_at == passed.due_at for d in deadlines(state)):
        return []
    match state:
        case Requested() if passed.name == "stock":
            return _unavailable(state, policy, now)
        case Requested() | ReplacementSent():
            return _looked(state, policy, now)
        case OfferRefund():
            return _offer_lapsed(state, policy, now)
        case WaitBuyerSend():
            return _not_sent()
        case InReturn():
            return goods.receipt_missed(state, policy, now)
        case ShippingReplacement():
            return _breached(policy, now)
        case _:
            assert_never(state)


@rule("RF-118")
def _looked(state: Requested | ReplacementSent, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Attention: a person asks, a few times; nothing else happens by that."""
    question = "answer_exchange" if isinstance(state, Requested) else "replacement_not_delivered"
    is_last = state.look_count + 1 >= policy.attention_count_max
    due_at = now + policy.attention_after
    return [w.PersonAsked(question, due_at, None if is_last else due_at)]


@rule("RF-121")
def _offer_lapsed(state: OfferRefund, policy: Policy, now: datetime) -> Sequence[Fact]:
    """No choice: goods that are here go back, otherwise the exchange expires."""
    if state.are_goods_back:
        return goods.send_back(state.filed, state.filed.shares, Bearer.SELLER, policy, now)
    return [w.ExchangeEnded(Ending.EXPIRED, is_used=False)]


@rule("RF-104")
def _not_sent() -> Sequence[Fact]:
    return [w.ExchangeEnded(Ending.EXPIRED, is_used=False)]


@rule("RF-118")
def _breached(policy: Policy, now: datetime) -> Sequence[Fact]:
    """Promised and not carried out; a person makes it good."""
    asked = w.PersonAsked("exchange_breached", now + policy.attention_after, None)
    return [asked, w.ExchangeEnded(Ending.BREACHED, is_used=True)]


_HANDLERS: Mapping[type, Callable[[Any, Any, Policy, datetime], Decision]] = {
    w.SellerAnswered: _seller_answered,
    w.BuyerWithdrew: _withdrew,
    w.ReshipMoved: _reship_moved,
    w.OfferAnswered: _offer_answered,
    w.ReturnSent: _return_sent,
    w.ReturnAccepted: goods.return_accepted,
    w.GoodsChecked: goods.goods_checked,
    DeadlinePassed: _deadline_passed,
}

_OVER: Mapping[Ending, State] = {
    Ending.COMPLETED: w.Completed(),
    Ending.EXPIRED: w.Expired(),
    Ending.RETURNED_TO_BUYER: w.ReturnedToBuyer(),
    Ending.CONVERTED: w.Converted(),
    Ending.WITHDRAWN: w.Withdrawn(),
    Ending.BREACHED: w.Breached(),
}


def evolve(state: State, fact: Fact) -> State:
    return _EVOLVE[type(fact)](state, fact)


def _refund_offered(state: Open, fact: w.RefundOffered) -> State:
    count = state.offer_count if isinstance(state, OfferRefund) else 0
    return OfferRefund(state.filed, count + 1, fact.choose_by, fact.are_goods_back)


def _reship_due(state: InReturn | OfferRefund, fact: w.ReshipDue) -> State:
    if fact.purpose is w.ReshipPurpose.RETURN_TO_BUYER or isinstance(state, OfferRefund):
        return state
    return ShippingReplacement(state.filed, fact.ship_by, state.freight_paid)


def _person_asked(state: State, fact: w.PersonAsked) -> State:
    if isinstance(state, Requested | ReplacementSent):
        return replace(state, look_at=fact.look_at, look_count=state.look_count + 1)
    return state


_EVOLVE: Mapping[type, Callable[[Any, Any], State]] = {
    w.ExchangeOpened: lambda _s, fact: Requested(fact.filed, fact.stock_by, False, None, 0),
    w.StockReserved: lambda state, fact: replace(state, stock_by=None, look_at=fact.look_at),
    w.ExchangeApproved: lambda state, _fact: replace(state, is_approved=True),
    w.ExchangeRefused: lambda _state, _fact: w.Rejected(),
    w.PersonAsked: _person_asked,
    w.RefundOffered: _refund_offered,
    w.ReturnAuthorized: lambda state, fact: WaitBuyerSend(state.filed, fact.send_by),
    w.FreightDecided: lambda state, fact: replace(
        state, filed=replace(state.filed, liability=fact.liability)
    ),
    w.ReturnRegistered: lambda state, fact: InReturn(state.filed, fact.receive_by, fact.freight_paid),
    w.SomeCame: lambda state, fact: replace(
        state, found=(*state.found, *fact.lines), accepted=fact.accepted or state.accepted
    ),
    w.ReshipDue: _reship_due,
    w.NoteDiffers: lambda state, _fact: state,
    w.ReplacementGone: lambda state, fact: ReplacementSent(state.filed, fact.look_at, 0),
    w.FreightDue: lambda state, _fact: state,
    w.ConversionAsked: lambda state, _fact: state,
    w.ExchangeEnded: lambda _state, fact: _OVER[fact.ending],
    w.ApplicationTurnedAway: lambda _state, _fact: TurnedAway(),
}


def deadlines(state: State) -> Sequence[Deadline]:
    """Every open state has one; where the rules give none it asks a person, and not for ever."""
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
        case _:
            return ()


def _grace(state: Open) -> timedelta:
    return timedelta(minutes=state.filed.grace_minutes)


EXCHANGE: Decider[State, Message, Fact, Policy] = Decider(Absent(), decide, evolve, deadlines)
