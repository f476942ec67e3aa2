"""Decides about money that others moved: in place of a payment of ours, or without one."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import DeadlinePassed, NotYet
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
    StraySeen,
)
from services.refunds.cases.refund_intent.messages import (
    Message,
    MoneyReversed,
    MoneySettled,
    Moved,
    MovementSeen,
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
    Stray,
    Stuck,
    Watched,
)
from services.refunds.payments import cut, less
from services.refunds.policy import Policy
from services.refunds.shares import Tender


@rule("OR-003")
def stray(state: NotBegun, message: Message, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Tells the order of money that moved though nobody here had granted it. All else is early.

    The grant may stand in older news of another topic. So the money is a stray once all that is older is
    read; until then its settlement waits for the grant. An intent with an id of ours was granted in all
    likelihood: its grant has some days to be read.
    """
    match message:
        case MovementSeen():
            return _seen(state, message, policy, now)
        case MoneySettled() | MoneyReversed() if isinstance(state, Stray):
            return []
        case DeadlinePassed() if isinstance(state, Watched):
            return [_moved(x.amount, x.tenders, x.attempt_id, is_back=x.is_back) for x in state.seen]
        case _:
            raise NotYet


def _seen(state: NotBegun, news: MovementSeen, policy: Policy, now: datetime) -> Sequence[Fact]:
    known = [] if isinstance(state, Absent) else _known_attempts(state)
    if not news.is_back and news.attempt_id in known:
        return []
    if isinstance(state, Stray):
        return [_moved(news.amount, news.tenders, news.attempt_id, is_back=news.is_back)]
    look_at = now + policy.attention_days if news.is_ours else now
    return [StraySeen(news.amount, news.tenders, news.attempt_id, news.is_back, look_at)]


def _known_attempts(state: Watched | Stray) -> Sequence[str]:
    """Lists the attempts of others that were heard of."""
    if isinstance(state, Stray):
        return state.attempt_ids
    return [seen.attempt_id for seen in state.seen if not seen.is_back]


def _moved(amount: Money, tenders: tuple[Tender, ...], attempt_id: str, *, is_back: bool) -> Fact:
    return StrayReversed(amount) if is_back else StrayPaid(amount, tenders, attempt_id)


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
