"""Decides about money that others moved: in place of a payment of ours, or without one."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import NotYet
from kernel.money import Money
from kernel.rules import rule
from services.refunds.cases.refund_intent.facts import (
    CutAwaited,
    Fact,
    PaidNothing,
    PaymentCut,
    PaymentStuck,
    StrayPaid,
    StrayReversed,
    SurplusDenied,
)
from services.refunds.cases.refund_intent.messages import (
    Message,
    MoneyReversed,
    MoneySettled,
    MoreNotMoved,
    Moved,
    PaidElsewhere,
)
from services.refunds.cases.refund_intent.rules_people import asked, withdrawn
from services.refunds.cases.refund_intent.state import (
    Abandoned,
    Absent,
    Begun,
    NotBegun,
    Pending,
    Requested,
    Reversed,
    Settled,
    Stuck,
)
from services.refunds.payments import cut, less
from services.refunds.policy import Policy


@rule("OR-003")
def stray(state: NotBegun, message: Message) -> Sequence[Fact]:
    """Tells the order of money that moved though nobody here has granted it. All else is early.

    Of money that comes back under an id of others the order knows; under one of ours it is early, too, as
    long as nothing is known of which it is a part.
    """
    match message:
        case MoneySettled():
            attempt_id = message.attempt_id or f"try.{message.attempt_count}"
            known = [] if isinstance(state, Absent) else [(x.attempt_id, x.amount) for x in state.paid]
            is_known = any(attempt_id == each for each, _ in known) and not message.has_moved_now
            if is_known or (attempt_id, message.amount) in known:
                return []
            return [StrayPaid(message.amount, message.tenders, attempt_id, message.attempt_count)]
        case MoneyReversed() if message.is_others or _has(state, message.amount):
            return [StrayReversed(message.amount, message.reason_code, message.tenders)]
        case _:
            raise NotYet


def _has(state: NotBegun, amount: Money) -> bool:
    if isinstance(state, Absent):
        return False
    paid = sum(one.amount.minor for one in state.paid if one.amount.currency == amount.currency)
    back = sum(one.amount.minor for one in state.back if one.amount.currency == amount.currency)
    return amount.minor <= paid - back


def moved_before(state: NotBegun) -> Sequence[MoneySettled | MoneyReversed]:
    """Lists the money that moved before its grant was read, as the news of it: first what was paid."""
    if isinstance(state, Absent):
        return []
    paid = [
        MoneySettled(
            one.attempt_count,
            one.amount,
            has_moved_now=True,
            tenders=one.tenders,
            attempt_id="" if one.attempt_count else one.attempt_id,
        )
        for one in state.paid
    ]
    return [*paid, *(MoneyReversed(one.amount, one.reason_code, one.tenders) for one in state.back)]


@rule("RF-029")
def paid_elsewhere(state: Begun, told: PaidElsewhere, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Cuts what others paid out of a payment of which surely nothing moved. Else it is cut when it fails.

    While it is only disputed whether they did, a person says whether the payment is made anew.
    """
    if isinstance(state, Settled | Reversed | Abandoned):
        return [CutAwaited(0, told.outside_id)]
    if told.is_held:
        awaited = CutAwaited(told.minor, told.outside_id, is_held=True)
        if not isinstance(state, Requested) or not state.is_waiting:
            return [awaited]
        look_at = now + policy.attention_days
        return [
            awaited,
            PaymentStuck(state.attempt_count, Moved.NO, look_at),
            asked(state, "payment_stuck", look_at),
        ]
    is_waiting = isinstance(state, Requested) and state.is_waiting
    is_sure = isinstance(state, Stuck) and state.moved is Moved.NO
    if is_waiting or is_sure:
        return cut_now(state, told.minor, told.outside_id)
    return [CutAwaited(told.minor, told.outside_id)]


@rule("OR-003", "RF-029")
def more_not_moved(state: Begun, told: MoreNotMoved) -> Sequence[Fact]:
    """Forgets money beyond the grant that did not move: what comes back is lacking to the buyer."""
    if isinstance(state, Abandoned):
        return []
    is_same = told.amount.currency == state.order.amount.currency
    minor = min(told.amount.minor, state.beside.surplus_minor) if is_same else 0
    return [SurplusDenied(minor)] if minor else []


def cut_now(state: Pending, minor: int, outside_id: str) -> Sequence[Fact]:
    """Takes so much out of the payment; where nothing is left, that is the end of it."""
    order = state.order
    part = cut(order, min(minor, order.amount.minor))
    rest = less(order, part)
    facts: list[Fact] = [PaymentCut(part, outside_id)]
    if rest.amount.minor:
        return facts
    over = withdrawn(state, "paid_outside") if isinstance(state, Stuck) else []
    return [*facts, *over, PaidNothing(rest)]
