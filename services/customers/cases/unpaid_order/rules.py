"""Decides on an order that waits for its payment: one reminder, and closing after three days."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, NotYet
from kernel.ids import derived_id
from kernel.people import Task
from kernel.rules import rule, rules_of
from kernel.value import replace
from services.customers.cases.unpaid_order.messages import (
    Closed,
    Declined,
    Message,
    Paid,
    Placed,
    Reminded,
    TermsChanged,
    reply_to,
)
from services.customers.cases.unpaid_order.state import (
    Absent,
    CloseAsked,
    CloseRequested,
    Ended,
    Ending,
    Fact,
    HelpOffered,
    Open,
    Order,
    PaymentAwaited,
    ReminderDue,
    ReminderNoted,
    ReminderSkipped,
    State,
    WaitEnded,
    Watched,
)
from services.customers.contact import PROMISED_HOURS, Channel, Contact, Heard, Origin, Purpose, To
from services.customers.policy import Policy


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Decides by one rule per message. Raises NotYet for news of an order that is not known yet."""
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
        case Reminded() | Heard():
            return _reminded(state, message)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy, now)
        case _:
            assert_never(message)


def _absent(message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    match message:
        case Placed():
            return _placed(message, policy, now)
        case Declined() | Reminded() | Heard() | DeadlinePassed():
            return []
        case TermsChanged() | Paid() | Closed():
            raise NotYet
        case _:
            assert_never(message)


@rule("OR-013", "CU-001", "CU-002", "CU-003", "CU-009")
def _placed(placed: Placed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The buyer has three days to pay and gets one reminder, later after a talk with us."""
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
    remind_at = now + after if _is_picked(placed.total_minor, policy) else None
    pay_by = now + unpaid.pay_days
    return [PaymentAwaited(order, pay_by, pay_by + unpaid.grace_minutes, remind_at)]


@rules_of("CU-002")
def _is_picked(total_minor: int, policy: Policy) -> bool:
    """Picks the orders that are worth a reminder by their amount."""
    return total_minor >= policy.unpaid.remind_from_minor


@rule("OR-014")
def _terms_changed(state: Open, changed: TermsChanged, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A change of terms gives three days anew, even after a request to close; the reminder stays one."""
    unpaid = policy.unpaid
    pay_by = max(state.order.placed_at, now) + unpaid.pay_days
    if pay_by <= state.pay_by:
        return []
    is_picked = _is_picked(changed.total_minor, policy)
    remind_at = state.remind_at if isinstance(state, Watched) and is_picked else None
    order = replace(state.order, total_minor=changed.total_minor)
    return [PaymentAwaited(order, pay_by, pay_by + unpaid.grace_minutes, remind_at)]


@rule("OR-013", "CU-011")
def _paid() -> Sequence[Fact]:
    """Payment ends the wait, a request to close included."""
    return [WaitEnded(Ending.PAID, None, None)]


@rule("OR-015", "CU-011")
def _closed(closed: Closed) -> Sequence[Fact]:
    """A close by the buyer, by agreement or by time ends the wait; its cause and party are kept."""
    return [WaitEnded(Ending.CLOSED, closed.cause, closed.by)]


@rule("OR-013", "CU-011")
def _declined(state: Open, declined: Declined, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A payment beats the request to close; any other refusal is for a person."""
    is_ours = declined.request_id == _close_request_id(state.order.order_id)
    if not is_ours or not isinstance(state, CloseAsked):
        return []
    if declined.reason_code == "paid_meanwhile":
        return [WaitEnded(Ending.PAID, declined.reason_code, None)]
    if state.task_count:
        return []
    return [_person(state, declined.reason_code, policy, now)]


@rule("CU-001")
def _reminded(state: Open, reminded: Reminded | Heard) -> Sequence[Fact]:
    """The result of the reminder is noted."""
    if not isinstance(state, Watched) or state.reminder_outcome is not None:
        return []
    return [ReminderNoted(reminded.outcome)]


def _deadline_passed(
    state: Open, passed: DeadlinePassed, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    match state:
        case CloseAsked():
            return _close_unanswered(state, policy, now)
        case Watched():
            if passed.name == "remind":
                return _remind(state, policy, now)
            return _help(state) if passed.name == "help" else _pay_missed(state, policy, now)
        case _:
            assert_never(state)


@rule("CU-003", "CU-004", "CU-009", "CU-011")
def _remind(state: Watched, policy: Policy, now: datetime) -> Sequence[Fact]:
    """One reminder goes out, in the agent's name, and never after the time to pay."""
    if state.remind_at is None or state.remind_at >= state.pay_by:
        return [ReminderSkipped()]
    kind = "consulted" if state.order.has_consulted else "unasked"
    after = policy.unpaid.help_after_hours
    is_asked = bool(after) and now + after < state.pay_by
    contact = _contact(state, "reminder", f"payment_reminder_{kind}")
    contact = replace(contact, values={**contact.values, **_promised(state, policy)})
    return [ReminderDue(contact, now + after if is_asked else None)]


@rules_of("LG-055")
def _promised(state: Watched, policy: Policy) -> dict[str, str]:
    """Names the hours from the payment to the dispatch to a buyer who did not ask."""
    hours = policy.unpaid.reminder_dispatch_hours // timedelta(hours=1)
    return {PROMISED_HOURS: str(hours)} if hours and not state.order.has_consulted else {}


@rule("CU-001", "CU-004", "CU-006", "CU-009", "CU-011")
def _help(state: Watched) -> Sequence[Fact]:
    """Who was reminded and is slow to pay is asked once whether there is a problem, and guided."""
    return [HelpOffered(_contact(state, "payment-help", "payment_help"))]


def _contact(state: Watched, name: str, template_code: str) -> Contact:
    order = state.order
    return Contact(
        notice_id=derived_id(name, order.order_id),
        counted_under=derived_id("reminder", order.order_id),
        order_id=order.order_id,
        customer_id=order.customer_id,
        origin=Origin.REMINDER,
        to=To.BUYER,
        purpose=Purpose.REMINDER,
        template_code=template_code,
        values={"order_id": order.order_id},
        channels=(Channel.CHAT, Channel.SMS),
        expires_at=state.pay_by,
        agent_id=order.agent_id,
        reply_to=reply_to(order.order_id),
    )


@rule("OR-013", "OR-014")
def _pay_missed(state: Watched, policy: Policy, now: datetime) -> Sequence[Fact]:
    """An order unpaid three days after placing, or after the last change of terms, is to be closed."""
    return [_close(state.order, state.pay_by, 1, policy, now)]


@rule("OR-013")
def _close_unanswered(state: CloseAsked, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The request is repeated under the same id, then a person is asked, then the wait ends."""
    unpaid = policy.unpaid
    if not state.task_count and state.ask_count < unpaid.close_ask_count:
        return [_close(state.order, state.pay_by, state.ask_count + 1, policy, now)]
    if state.task_count < unpaid.attention_count:
        return [_person(state, "close_unanswered", policy, now)]
    return [WaitEnded(Ending.UNANSWERED, None, None)]


def _close(order: Order, pay_by: datetime, ask_count: int, policy: Policy, now: datetime) -> CloseRequested:
    again_at = now + policy.unpaid.close_again_hours
    request_id = _close_request_id(order.order_id)
    return CloseRequested(request_id, order.customer_id, pay_by, again_at, ask_count)


def _person(state: CloseAsked, reason_code: str, policy: Policy, now: datetime) -> Task:
    task_id = derived_id("close-task", state.order.order_id, str(state.task_count + 1))
    return Task(reason_code, now + policy.unpaid.attention_days, task_id=task_id)


def _close_request_id(order_id: str) -> str:
    """Derives the id of the one request to close an order."""
    return derived_id("close", order_id)
