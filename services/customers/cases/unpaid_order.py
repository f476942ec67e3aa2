"""An order that waits for its payment: reminded once, closed after three days."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider, NotYet
from kernel.ids import derived_id
from kernel.rules import rule
from kernel.value import Value, replace
from services.customers.contact import Channel, Contact, Origin, Purpose, To
from services.customers.policy import Policy


class Ending(StrEnum):
    """How the wait ended."""

    PAID = "paid"
    CLOSED = "closed"
    EXEMPT = "exempt"
    """Paid on delivery: nothing is waited for."""
    UNANSWERED = "unanswered"
    """Nobody closed it and nobody looked."""


# States.


class Absent(Value):
    """The order is unknown."""


class Order(Value):
    """What of the order matters while it is unpaid."""

    order_id: str
    customer_id: str
    placed_at: datetime
    has_consulted: bool
    agent_id: str | None
    total_minor: int


class Watched(Value):
    """The time to pay runs. `remind_at`: the reminder is still to come."""

    order: Order
    pay_by: datetime
    grace_until: datetime
    remind_at: datetime | None
    reminder_outcome: str | None = None


class CloseAsked(Value):
    """The order system was asked to close it."""

    order: Order
    pay_by: datetime
    again_at: datetime
    ask_count: int
    task_count: int = 0


class Ended(Value):
    """Over."""

    ending: Ending


Open = Watched | CloseAsked
State = Absent | Open | Ended


# Messages.


class Placed(Value):
    order_id: str
    customer_id: str
    is_prepaid: bool
    has_consulted: bool
    agent_id: str | None
    total_minor: int


class TermsChanged(Value):
    by: str
    total_minor: int


class Paid(Value):
    pass


class Closed(Value):
    cause: str
    by: str
    """Party role: who closed it."""


class Declined(Value):
    request_id: str
    reason_code: str


class Reminded(Value):
    """What became of the reminder."""

    outcome: str


Message = Placed | TermsChanged | Paid | Closed | Declined | Reminded | DeadlinePassed


# Facts.


class PaymentAwaited(Value):
    order: Order
    pay_by: datetime
    grace_until: datetime
    remind_at: datetime | None


class ReminderDue(Value):
    """Asks for the reminder; it is gone with the time to pay."""

    contact: Contact


class ReminderSkipped(Value):
    pass


class ReminderNoted(Value):
    outcome: str


class CloseRequested(Value):
    """The same request on every repetition."""

    request_id: str
    customer_id: str
    pay_by: datetime
    again_at: datetime
    ask_count: int


class PersonAsked(Value):
    """Nobody closes it: a person looks. Moves nothing."""

    task_id: str
    reason_code: str
    due_at: datetime
    task_count: int


class WaitEnded(Value):
    """Why, and where it was closed by whom."""

    ending: Ending
    cause: str | None
    by: str | None


Fact = (
    PaymentAwaited | ReminderDue | ReminderSkipped | ReminderNoted | CloseRequested | PersonAsked
    | WaitEnded
)  # fmt: skip


# Rules.


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """One function per message; raises NotYet for news of an order that is not known yet."""
    if isinstance(state, Ended):
        return []
    if isinstance(state, Absent):
        return _absent(message, policy, now)
    match message:
        case Placed():
            return []
        case TermsChanged():
            return _terms_changed(state, message, policy, now)
        case Paid():
            return _paid()
        case Closed():
            return _closed(message)
        case Declined():
            return _declined(state, message, policy, now)
        case Reminded():
            return _reminded(state, message)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy, now)
        case _:
            assert_never(message)


def _absent(message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    if isinstance(message, Placed):
        return _placed(message, policy, now)
    if isinstance(message, DeadlinePassed | Reminded | Declined):
        return []
    raise NotYet


@rule("OR-013", "CU-001", "CU-002", "CU-003", "CU-009")
def _placed(placed: Placed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Three days to pay; one reminder, later for those who have talked to us already."""
    if not placed.is_prepaid:
        return [WaitEnded(Ending.EXEMPT, None, None)]
    unpaid = policy.unpaid
    order = Order(
        placed.order_id,
        placed.customer_id,
        now,
        placed.has_consulted,
        placed.agent_id,
        placed.total_minor,
    )
    after = unpaid.remind_consulted_hours if placed.has_consulted else unpaid.remind_silent_hours
    remind_at = now + after if placed.total_minor >= unpaid.remind_from_minor else None
    pay_by = now + unpaid.pay_days
    return [PaymentAwaited(order, pay_by, pay_by + unpaid.grace_minutes, remind_at)]


@rule("OR-014")
def _terms_changed(state: Open, changed: TermsChanged, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A change of terms gives three days anew, even if we have asked to close; the reminder stays one."""
    unpaid = policy.unpaid
    pay_by = max(state.order.placed_at, now) + unpaid.pay_days
    if pay_by <= state.pay_by:
        return []
    remind_at = state.remind_at if isinstance(state, Watched) else None
    order = replace(state.order, total_minor=changed.total_minor)
    return [PaymentAwaited(order, pay_by, pay_by + unpaid.grace_minutes, remind_at)]


@rule("OR-013", "CU-011")
def _paid() -> Sequence[Fact]:
    """Payment ends everything, a request to close included."""
    return [WaitEnded(Ending.PAID, None, None)]


@rule("OR-015", "CU-011")
def _closed(closed: Closed) -> Sequence[Fact]:
    """Buyer, seller by agreement, or time: who closed it and why is kept."""
    return [WaitEnded(Ending.CLOSED, closed.cause, closed.by)]


@rule("OR-013", "CU-011")
def _declined(state: Open, declined: Declined, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Paid meanwhile: the payment wins. Anything else is for a person."""
    is_ours = declined.request_id == close_request_id(state.order.order_id)
    if not is_ours or not isinstance(state, CloseAsked):
        return []
    if declined.reason_code == "paid_meanwhile":
        return [WaitEnded(Ending.PAID, declined.reason_code, None)]
    if state.task_count:
        return []
    return [_person(state, declined.reason_code, policy, now)]


@rule("CU-001")
def _reminded(state: Open, reminded: Reminded) -> Sequence[Fact]:
    """The result of the reminder is noted."""
    if not isinstance(state, Watched) or state.reminder_outcome is not None:
        return []
    return [ReminderNoted(reminded.outcome)]


def _deadline_passed(
    state: Open, passed: DeadlinePassed, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    if not any((x.name, x.due_at) == (passed.name, passed.due_at) for x in deadlines(state)):
        return []
    if isinstance(state, CloseAsked):
        return _close_unanswered(state, policy, now)
    return _remind(state, policy) if passed.name == "remind" else _pay_missed(state, policy, now)


@rule("CU-003", "CU-004", "CU-009", "CU-011")
def _remind(state: Watched, policy: Policy) -> Sequence[Fact]:
    """Once, by the agent's name; not to be sent any more when the time to pay is over."""
    if state.remind_at is None or state.remind_at >= state.pay_by:
        return [ReminderSkipped()]
    order = state.order
    kind = "consulted" if order.has_consulted else "unasked"
    contact = Contact(
        notice_id=derived_id("reminder", order.order_id),
        counted_under=derived_id("reminder", order.order_id),
        order_id=order.order_id,
        customer_id=order.customer_id,
        origin=Origin.REMINDER,
        to=To.BUYER,
        purpose=Purpose.REMINDER,
        template_code=f"payment_reminder_{kind}",
        values={"order_id": order.order_id},
        channels=(Channel.CHAT, Channel.SMS),
        expires_at=state.pay_by,
        agent_id=order.agent_id,
    )
    return [ReminderDue(contact)]


@rule("OR-013", "OR-014")
def _pay_missed(state: Watched, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Not paid within three days of placing or of the last change of terms: close it."""
    return [_close(state.order, state.pay_by, 1, policy, now)]


@rule("OR-013")
def _close_unanswered(state: CloseAsked, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asked again with the same id, a few times; then a person, a few times; then it rests."""
    unpaid = policy.unpaid
    if not state.task_count and state.ask_count < unpaid.close_ask_count:
        return [_close(state.order, state.pay_by, state.ask_count + 1, policy, now)]
    if state.task_count < unpaid.attention_count:
        return [_person(state, "close_unanswered", policy, now)]
    return [WaitEnded(Ending.UNANSWERED, None, None)]


def _close(order: Order, pay_by: datetime, ask_count: int, policy: Policy, now: datetime) -> CloseRequested:
    again_at = now + policy.unpaid.close_again_hours
    request_id = close_request_id(order.order_id)
    return CloseRequested(request_id, order.customer_id, pay_by, again_at, ask_count)


def _person(state: CloseAsked, reason_code: str, policy: Policy, now: datetime) -> PersonAsked:
    task_count = state.task_count + 1
    task_id = derived_id("close-task", state.order.order_id, str(task_count))
    return PersonAsked(task_id, reason_code, now + policy.unpaid.attention_days, task_count)


def close_request_id(order_id: str) -> str:
    """The one request to close an order."""
    return derived_id("close", order_id)


def evolve(state: State, fact: Fact) -> State:
    """The state after a fact."""
    if isinstance(fact, WaitEnded):
        return Ended(fact.ending)
    if isinstance(fact, PaymentAwaited):
        outcome = state.reminder_outcome if isinstance(state, Watched) else None
        return Watched(fact.order, fact.pay_by, fact.grace_until, fact.remind_at, outcome)
    if not isinstance(state, Watched | CloseAsked):
        raise TypeError(fact)
    match fact:
        case ReminderDue() | ReminderSkipped():
            return replace(state, remind_at=None) if isinstance(state, Watched) else state
        case ReminderNoted(outcome=outcome):
            return replace(state, reminder_outcome=outcome) if isinstance(state, Watched) else state
        case CloseRequested(pay_by=pay_by, again_at=again_at, ask_count=ask_count):
            return CloseAsked(state.order, pay_by, again_at, ask_count)
        case PersonAsked(due_at=due_at, task_count=task_count):
            if not isinstance(state, CloseAsked):
                raise TypeError(fact)
            return replace(state, again_at=due_at, task_count=task_count)
        case _:
            assert_never(fact)


def deadlines(state: State) -> Sequence[Deadline]:
    """The time to pay (with grace for payments published late), the reminder, the next repetition."""
    match state:
        case Watched(pay_by=pay_by, grace_until=grace_until, remind_at=remind_at):
            pay = Deadline("pay", pay_by, grace_until - pay_by)
            return [pay] if remind_at is None else [Deadline("remind", remind_at), pay]
        case CloseAsked(again_at=again_at):
            return [Deadline("again", again_at)]
        case Absent() | Ended():
            return []
        case _:
            assert_never(state)


UNPAID_ORDER: Decider[State, Message, Fact, Policy] = Decider(Absent(), decide, evolve, deadlines)
