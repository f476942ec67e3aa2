"""Decides about an exchange: stock kept, goods back, replacement out. An agreed exchange is a promise."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, NotYet
from kernel.people import Task, TaskWithdrawn
from kernel.rules import rule, rules_of
from services.refunds.cases.exchange import rules_goods as goods
from services.refunds.cases.exchange.messages import (
    Applied,
    BuyerWithdrew,
    GoodsCameBack,
    GoodsChecked,
    Message,
    NotAdmitted,
    OfferAnswered,
    ReshipMoved,
    ReturnAccepted,
    ReturnSent,
    ReturnUndone,
    SellerAnswered,
)
from services.refunds.cases.exchange.state import (
    Absent,
    ApplicationTurnedAway,
    ConversionAsked,
    Ending,
    ExchangeApproved,
    ExchangeEnded,
    ExchangeOpened,
    ExchangeRefused,
    Fact,
    Filed,
    FreightDecided,
    FreightDue,
    InReturn,
    OfferRefund,
    Open,
    Over,
    PersonAsked,
    RefundOffered,
    ReplacementGone,
    ReplacementSent,
    ReplacementWanted,
    Requested,
    ReturnAuthorized,
    ShippingReplacement,
    State,
    StockReserved,
    TurnedAway,
    WaitBuyerSend,
    asked_name,
)
from services.refunds.liability import Bearer
from services.refunds.policy import Policy

Decision = Sequence[Decided[Fact]]


def decide(  # noqa: C901, PLR0911, PLR0912  one branch per message
    state: State, message: Message, policy: Policy, now: datetime
) -> Decision:
    """Calls the rule of the message. A message that no longer means anything decides nothing."""
    if isinstance(message, Applied):
        return _applied(message, policy, now) if isinstance(state, Absent | TurnedAway) else []
    if isinstance(message, NotAdmitted):
        return _not_admitted(state)
    if isinstance(state, Absent):
        raise NotYet
    if isinstance(state, TurnedAway | Over):
        return []
    match message:
        case SellerAnswered():
            return _seller_answered(state, message, policy, now)
        case ReshipMoved():
            return _reship_moved(state, message, policy, now)
        case OfferAnswered():
            return _chosen(state, message, policy, now)
        case BuyerWithdrew():
            return [*_asked_no_more(state), *_withdrew()] if _is_free(state) else []
        case ReturnSent():
            return _return_sent(state, message, policy, now)
        case ReturnAccepted():
            return goods.return_accepted(state, message, policy, now)
        case ReturnUndone():
            return _return_undone(state, policy, now)
        case GoodsCameBack():
            return goods.goods_came_back(state, message, policy, now)
        case GoodsChecked():
            return goods.goods_checked(state, message, policy, now)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy, now)
        case _:
            assert_never(message)


@rule("RF-105", "RF-121")
def _applied(applied: Applied, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks for the wanted variant to be kept, before anything is promised."""
    filed = Filed(
        customer_id=applied.customer_id,
        shares=applied.shares,
        given=applied.given,
        wanted=applied.wanted,
        reason_code=applied.reason_code,
        liability=applied.liability,
        grace_minutes=policy.deadline_grace_minutes,
        received_at=applied.received_at,
    )
    return [ExchangeOpened(filed, now + policy.exchange.stock_hours)]


@rule("RF-105")
def _not_admitted(state: State) -> Sequence[Fact]:
    return [ApplicationTurnedAway()] if isinstance(state, Absent) else []


def _seller_answered(state: Open, answered: SellerAnswered, policy: Policy, now: datetime) -> Decision:
    if not isinstance(state, Requested) or (answered.is_approved and state.is_approved):
        return []
    over = _asked_no_more(state)
    if not answered.is_approved:
        return [*over, *_refused(answered)]
    return [*over, *_with_row(_approved(state, policy, now), state.filed)]


@rule("RF-118")
def _refused(answered: SellerAnswered) -> Sequence[Fact]:
    """Ends an exchange that the seller refuses. Nothing was promised yet."""
    return [ExchangeRefused(answered.reason_code or "seller_refused")]


@rule("RF-118")
def _approved(state: Requested, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Binds the seller once the stock is kept. Then the buyer sends first."""
    if state.stock_by is not None:
        return [ExchangeApproved()]
    return _authorized(policy, state.filed, now)


def _authorized(policy: Policy, filed: Filed, now: datetime) -> Sequence[Fact]:
    """Lets the buyer send his goods; goods that are here need no return."""
    rules = policy.exchange
    if goods.are_all_back(filed):
        return [FreightDecided(filed.liability), goods.replacement(filed, policy, now)]
    send_by = _send_until(filed, policy, now)
    authorized = ReturnAuthorized(policy.agreement.return_address_ref, rules.carriages, send_by)
    return [authorized, FreightDecided(filed.liability)]


@rules_of("RF-104")
def _send_until(filed: Filed, policy: Policy, now: datetime) -> datetime:
    """Finds the end of the time to send. A shop's own hours count from the receipt, with the report in them.

    Where they were over before the shop agreed, the buyer has them from the agreement.
    """
    rules = policy.exchange
    if not rules.send_hours or filed.received_at is None or filed.received_at + rules.send_hours <= now:
        return now + rules.send_within
    return filed.received_at + rules.send_hours


def _with_row(decided: Decision, filed: Filed) -> Decision:
    """Names the row of the freight matrix that decided (RF-061, RF-063, RF-065, RF-067)."""
    return [
        Decided(d.fact, (d.fact.liability.rule_id,)) if isinstance(d.fact, FreightDecided) else d
        for d in decided
    ]


def _reship_moved(state: Open, moved: ReshipMoved, policy: Policy, now: datetime) -> Decision:
    """Follows the warehouse: stock for the request, the replacement for the goods that came back."""
    is_gone = moved.status in ("unavailable", "failed", "cancelled")
    match state:
        case Requested():
            if moved.status == "reserved" and state.stock_by is not None:
                return _with_row(_reserved(state, policy, now), state.filed)
            return [*_asked_no_more(state), *_unavailable(state, policy, now)] if is_gone else []
        case WaitBuyerSend():
            return _unavailable(state, policy, now) if is_gone else []
        case ShippingReplacement():
            if is_gone:
                return [*_freight_owed(state), *_unavailable(state, policy, now)]
            if moved.status == "delivered":
                return [*_sent(state, policy, now), *_delivered()]
            return _sent(state, policy, now) if moved.status == "sent" else []
        case ReplacementSent():
            if is_gone:
                return [*_asked_no_more(state), *_unavailable(state, policy, now)]
            return [*_asked_no_more(state), *_delivered()] if moved.status == "delivered" else []
        case OfferRefund(is_breach=True):
            return _late_after_all(state, moved, policy, now)
        case OfferRefund() | InReturn():
            return []
        case _:
            assert_never(state)


def _late_after_all(state: OfferRefund, moved: ReshipMoved, policy: Policy, now: datetime) -> Decision:
    """Takes a replacement that comes late as the choice, while the buyer has made none."""
    if moved.status in ("unavailable", "failed", "cancelled"):
        return _unavailable(state, policy, now)
    if moved.status == "delivered":
        return [*_left(policy, now), *_delivered()]
    return _left(policy, now) if moved.status == "sent" else []


@rule("RF-105", "RF-121")
def _reserved(state: Requested, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Keeps the goods for the buyer. Without the seller's word a person asks for it."""
    kept = StockReserved(now + policy.attention_days)
    return [kept, *_authorized(policy, state.filed, now)] if state.is_approved else [kept]


@rule("RF-121")
def _unavailable(state: Open, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets the buyer choose between money and other goods. There is never a silent refund."""
    is_breach = isinstance(state, OfferRefund) and state.is_breach
    are_goods_back = is_breach or isinstance(state, ShippingReplacement | ReplacementSent)
    return [RefundOffered(now + policy.exchange.offer_days, are_goods_back)]


@rule("RF-068", "RF-120")
def _freight_owed(state: ShippingReplacement) -> Sequence[Fact]:
    """Repays the freight of the buyer's leg where the shop bears it. The goods are here."""
    paid = state.freight_paid
    is_owed = state.filed.liability.return_leg is Bearer.SELLER and paid is not None and paid.minor > 0
    return [FreightDue(paid)] if is_owed and paid is not None else []


def _sent(state: ShippingReplacement, policy: Policy, now: datetime) -> Decision:
    return [*_freight_owed(state), *_left(policy, now)]


@rule("RF-120")
def _left(policy: Policy, now: datetime) -> Sequence[Fact]:
    """Notes that the replacement left."""
    return [ReplacementGone(now + policy.attention_days)]


@rule("RF-118", "RF-120")
def _delivered() -> Sequence[Fact]:
    return [ExchangeEnded(Ending.COMPLETED, is_used=True)]


def _chosen(state: Open, answered: OfferAnswered, policy: Policy, now: datetime) -> Decision:
    """Takes the answer to the last offer."""
    if not isinstance(state, OfferRefund) or answered.offer_count != state.offer_count:
        return []
    if state.is_breach:
        return _breach_answered(state, answered, policy, now)
    return _offer_answered(state, answered, policy, now)


@rule("RF-118", "RF-120")
def _breach_answered(
    state: OfferRefund, answered: OfferAnswered, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Turns a promise that was not kept into the money, or waits for the replacement once more."""
    if answered.option_id == "refund":
        asked = ConversionAsked(state.filed.shares, state.filed.reason_code, is_return_needed=False)
        return [ExchangeEnded(Ending.BREACHED, is_used=True, is_followed=True), asked]
    return [ReplacementWanted(now + policy.exchange.replace_days)]


@rule("RF-121")
def _offer_answered(
    state: OfferRefund, answered: OfferAnswered, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Carries out the choice: a refund, a new application, or each side gets its own goods back.

    The shop had none, so it bears the way back.
    """
    are_here = state.are_goods_back or goods.are_all_back(state.filed)
    if answered.option_id == "refund":
        asked = ConversionAsked(state.filed.shares, state.filed.reason_code, not are_here)
        return [ExchangeEnded(Ending.CONVERTED, is_used=False, is_followed=True), asked]
    if are_here:
        return goods.send_back(state.filed, state.filed.shares, Bearer.SELLER, policy, now)
    ending = Ending.WITHDRAWN if answered.option_id is None else Ending.CONVERTED
    return [ExchangeEnded(ending, is_used=False)]


def _is_free(state: Open) -> bool:
    """Tells whether the buyer may withdraw: he has not sent his goods."""
    if isinstance(state, OfferRefund):
        return not state.are_goods_back
    return isinstance(state, Requested | WaitBuyerSend)


@rule("RF-118")
def _withdrew() -> Sequence[Fact]:
    """Lets the buyer withdraw as long as he has not sent his goods."""
    return [ExchangeEnded(Ending.WITHDRAWN, is_used=False)]


@rule("RF-118")
def _asked_no_more(state: Open, reason_code: str = "moved_on") -> Sequence[Fact]:
    """Withdraws the last question about an exchange that waits."""
    if not isinstance(state, Requested | ReplacementSent) or not state.look_count:
        return []
    return [TaskWithdrawn(reason_code, name=asked_name(state.look_count))]


def _return_sent(state: Open, sent: ReturnSent, policy: Policy, now: datetime) -> Decision:
    """Registers the parcel; a person is told of one that comes by a carriage that the shop does not take."""
    registered = _registered(state, sent, policy, now)
    if not registered or sent.carriage in policy.exchange.carriages:
        return registered
    return [*registered, *_other_carriage(sent, policy, now)]


@rule("RF-069", "RF-104")
def _return_undone(state: Open, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets the buyer send once more what the shop did not take in."""
    if isinstance(state, Requested):
        raise NotYet
    if not isinstance(state, InReturn) or state.found or state.accepted:
        return []
    rules = policy.exchange
    send_by = now + rules.send_within
    return [ReturnAuthorized(policy.agreement.return_address_ref, rules.carriages, send_by)]


@rule("RF-104")
def _other_carriage(sent: ReturnSent, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks a person about goods that travel all the same."""
    due_at = now + policy.exchange.receive_days[sent.carriage]
    return [Task("return_by_other_carriage", due_at, "reconciliation", name="carriage")]


@rule("RF-104", "RF-120")
def _registered(state: Open, sent: ReturnSent, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Registers the buyer's return. He advances the freight; the carriage fixes how long the shop has."""
    if isinstance(state, Requested):
        raise NotYet
    receive_by = now + policy.exchange.receive_days[sent.carriage]
    return goods.registered(state, sent, receive_by)


def _deadline_passed(state: Open, passed: DeadlinePassed, policy: Policy, now: datetime) -> Decision:
    match state:
        case Requested() if passed.name == "stock":
            return _unavailable(state, policy, now)
        case Requested() | ReplacementSent():
            return [*_asked_no_more(state, "asked_again"), *_looked(state, policy, now)]
        case OfferRefund(is_breach=True):
            return _breached(state)
        case OfferRefund():
            return _offer_lapsed(state, policy, now)
        case WaitBuyerSend():
            return _not_sent()
        case InReturn():
            return goods.receipt_missed(state, policy, now)
        case ShippingReplacement():
            return _not_carried_out(state, policy, now)
        case _:
            assert_never(state)


@rule("RF-118")
def _looked(state: Requested | ReplacementSent, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets a person ask, after a few times at longer intervals, until somebody answers."""
    question = "answer_exchange" if isinstance(state, Requested) else "replacement_not_delivered"
    number = state.look_count + 1
    pause = policy.attention_days if number < policy.attention_count_max else policy.attention_again_days
    asked = PersonAsked(question, now + policy.attention_days, now + pause, number)
    return [asked]


@rule("RF-121")
def _offer_lapsed(state: OfferRefund, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Sends goods that are here back after no choice; otherwise the exchange expires."""
    if state.are_goods_back or goods.are_all_back(state.filed):
        return goods.send_back(state.filed, state.filed.shares, Bearer.SELLER, policy, now)
    return [ExchangeEnded(Ending.EXPIRED, is_used=False)]


@rule("RF-104")
def _not_sent() -> Sequence[Fact]:
    return [ExchangeEnded(Ending.EXPIRED, is_used=False)]


@rule("RF-118", "RF-120")
def _not_carried_out(state: ShippingReplacement, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Repays what the buyer laid out, whoever was to bear it. He chooses money or the replacement."""
    paid = state.freight_paid
    repaid = [FreightDue(paid)] if paid is not None and paid.minor > 0 else []
    choose_by = now + policy.exchange.offer_days
    return [*repaid, RefundOffered(choose_by, are_goods_back=True, is_breach=True)]


@rule("RF-118")
def _breached(state: OfferRefund) -> Sequence[Fact]:
    """Ends a promise that was not kept and for which the buyer chose nothing. A person makes it good."""
    return [ExchangeEnded(Ending.BREACHED, is_used=True, here=state.filed.shares)]
