"""Decides on a loss and the buyer's remedy: report, memo, offer, then a resend or a refund (A17)."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Decided, tell
from kernel.ids import derived_id
from kernel.people import Task, TaskWithdrawn
from kernel.rules import rule
from kernel.value import replace
from services.logistics.cases.dispatch import messages as dispatch
from services.logistics.cases.lost_parcel import facts as f
from services.logistics.cases.lost_parcel import messages as m
from services.logistics.cases.lost_parcel import state as s
from services.logistics.cases.lost_parcel.facts import Choice, Fact, Found, Loss
from services.logistics.cases.lost_parcel.messages import Subject
from services.logistics.cases.lost_parcel.rules_search import stamp
from services.logistics.cases.lost_parcel.state import State, evolve, resent_pieces, reship_id
from services.logistics.news import MemoStored, RequestDeclined, TaskDone
from services.logistics.parcels import Basis, Direction
from services.logistics.policy import Policy
from services.logistics.shares import Share, merged, within, without

Decisions = list[Decided[Fact]]
YES = frozenset({"approved", "confirmed", "done"})
NO = frozenset({"refused", "declined", "rejected"})


@rule("RF-035", "LG-017", "LG-018", "LG-019", "LG-020", "LG-022")
def lost(subject: Subject, basis: Basis, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Confirms the loss: supervisor and memo at once, the claim beside it.

    The buyer chooses about the pieces that are not repaid and not in an open case. The exchange settles
    a replacement that the buyer never had.
    """
    report_by = now + policy.lost.report_hours
    loss = Loss(
        at=now,
        basis=basis,
        report_task_id=derived_id(subject.name, "report", stamp(now)),
        memo_request_id=derived_id(subject.name, "memo", stamp(now)),
        report_by=report_by,
        choose_by=None,
        reship_by=now + policy.lost.reship_days,
    )
    facts: list[Fact] = [
        f.LossConfirmed(loss, policy.attention.lasting(now)),
        Task("lost_parcel_report", report_by, "approval", task_id=loss.report_task_id),
        f.MemoAsked(loss.memo_request_id),
    ]
    if subject.direction is Direction.REPLACEMENT and not subject.is_signed:
        return [*facts, f.LeftToExchange()]
    if not subject.rest:
        return [*facts, f.PaidElsewhere()]
    free = loss.free(subject)
    return [*facts, _offer(subject, free, policy, now)] if free else facts


def _offer(subject: Subject, lines: tuple[Share, ...], policy: Policy, now: datetime) -> f.OfferMade:
    offer_id = derived_id(subject.name, "offer", stamp(now))
    return f.OfferMade(offer_id, now + policy.lost.choice_hours, lines)


# The buyer's choice.


def offer_answered(
    state: s.LostConfirmed, answer: m.OfferAnswered, policy: Policy, now: datetime
) -> Decisions:
    """Follows the buyer's choice; declining both changes nothing."""
    if state.loss.choose_by is None or state.offer_id != answer.offer_id:
        return []
    match answer.option_id:
        case Choice.RESHIP:
            return reship(state, now, is_by_default=False)
        case Choice.REFUND:
            return _paid_when_ready(state, _refund_chosen(policy, now))
        case _:
            return []


@rule("LG-017", "LG-018", "LG-019")
def reship(state: s.LostConfirmed, now: datetime, *, is_by_default: bool) -> Sequence[Fact]:
    """Sends the goods again within three days of the loss, also where the buyer says nothing."""
    ship_by = max(state.loss.reship_by, now)
    next_id = reship_id(state.subject, state.loss.resend_count + 1)
    return [f.ReshipChosen(next_id, ship_by, is_by_default, state.loss.free(state.subject))]


@rule("LG-018")
def _refund_chosen(policy: Policy, now: datetime) -> Sequence[Fact]:
    """Gives the buyer the money."""
    return [f.RefundChosen(is_reship_out=False, attention=policy.attention.lasting(now))]


@rule("LG-018")
def offer_anew(state: s.LostConfirmed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets the buyer choose about pieces that an ended case left without a remedy."""
    free = state.loss.free(state.subject)
    if not free or state.loss.choice is not None or state.loss.choose_by is not None:
        return []
    return [_offer(state.subject, free, policy, now)]


# A resend that comes to nothing, or is not wanted any more.


def reship_failed(state: s.Resent, failed: m.ReshipFailed, policy: Policy, now: datetime) -> Decisions:
    """Takes the remedy up again where the goods cannot be sent."""
    if failed.reship_id != reship_id(state.subject, state.loss.resend_count):
        return []
    if state.loss.found is Found.DELIVERED:
        return _has_goods()
    decided = _no_stock(policy, now)
    after = evolve(state, decided[0].fact)
    return _settled_or_paid(after, decided)


@rule("LG-018", "RF-121")
def _no_stock(policy: Policy, now: datetime) -> Sequence[Fact]:
    """Refunds goods that cannot be sent again."""
    return [f.RefundChosen(is_reship_out=True, attention=policy.attention.lasting(now))]


@rule("LG-016", "LG-018")
def _has_goods() -> Sequence[Fact]:
    """Ends the search: the buyer has the lost goods after all, and nothing was sent in their place."""
    return [f.SearchClosed("delivered")]


@rule("RF-035", "LG-018")
def resend_revoked(state: s.Resent) -> Sequence[Fact]:
    """Lets an open refund win over the resend as well: nobody gets both (reading A4)."""
    return _revoke(state, is_found=False)


@rule("LG-017", "LG-018")
def resend_needless(state: s.Resent) -> Sequence[Fact]:
    """Lets go of the resend of goods that the buyer has after all."""
    return _revoke(state, is_found=True)


def _revoke(state: s.Resent, *, is_found: bool) -> Sequence[Fact]:
    subject = state.subject
    resend_id = reship_id(subject, state.loss.resend_count)
    revoked = dispatch.ResendRevoked(resend_id, subject.link_id, is_found)
    return [tell(dispatch.to(subject.order_id, revoked))]


def resend_off(state: s.Resent, let_go: m.ResendLetGo, policy: Policy, now: datetime) -> Decisions:
    """Takes the remedy up again where the warehouse keeps the goods."""
    if let_go.reship_id != reship_id(state.subject, state.loss.resend_count):
        return []
    if state.loss.found is Found.DELIVERED:
        return _has_goods()
    off: Decisions = [Decided(f.ResendOff(policy.attention.lasting(now)), ("LG-018",))]
    after = evolve(state, off[0].fact)
    decided = _settled_or_paid(after, off)
    if isinstance(after, s.LostConfirmed) and len(decided) == 1:
        return decided + offer_anew(after, policy, now)
    return decided


def _settled_or_paid(after: State, decided: Decisions) -> Decisions:
    """Adds the end where everything is repaid, else the payment if nothing else is missing."""
    if isinstance(after, s.LostConfirmed) and not after.loss.unsettled(after.subject):
        return decided + _paid_elsewhere()
    return decided + (_pay(after) if isinstance(after, s.Lost) else [])


@rule("RF-013")
def _paid_elsewhere() -> Sequence[Fact]:
    """Ends the loss where refunds of the buyer repaid all of it."""
    return [f.PaidElsewhere()]


# Refunds and exchanges of the buyer.


def refunds_changed(
    state: s.LostConfirmed, news: m.RefundNews, changed: Decisions, policy: Policy, now: datetime
) -> Decisions:
    """Follows a case of the buyer that was opened or ended, piece by piece."""
    after = _after(state, changed)
    if not isinstance(after, s.LostConfirmed):
        return changed
    if not after.loss.unsettled(after.subject):
        return changed + _paid_elsewhere()
    decided = list(changed)
    if after.loss.choose_by is not None:
        free = after.loss.free(after.subject)
        if not free:
            decided += _offer_void()
        elif free != state.loss.free(state.subject):
            decided += _offered(after, free, policy, now)
    elif not news.is_open:
        decided += offer_anew(after, policy, now)
    return _paid_when_ready(state, decided)


@rule("RF-035", "LG-018")
def _offer_void() -> Sequence[Fact]:
    """Lets an open refund take the place of the choice (reading A4)."""
    return [f.OfferVoid()]


@rule("RF-035", "LG-018")
def _offered(
    state: s.LostConfirmed, lines: tuple[Share, ...], policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Offers the pieces that are left, in place of the offer before."""
    return [_offer(state.subject, lines, policy, now)]


def touches(state: s.Resent, news: m.RefundNews) -> bool:
    """Tells whether a case is about pieces that are sent again (no lines: the whole order).

    It is about other lost pieces first, as many as are in no other case.
    """
    resent, subject = resent_pieces(state), state.subject
    if not news.lines:
        return bool(resent)
    others = [share for each in subject.pending if each.case_id != news.refund_id for share in each.lines]
    left = without(news.lines, without(subject.rest, (*resent, *others)))
    return bool(left) and bool(within(resent, left))


def left_beside_resend(state: s.Resent, changed: Decisions) -> Decisions:
    """Pays for pieces that an ended case left, while others are sent again."""
    after = _after(state, changed)
    if not isinstance(after, s.Resent) or after.loss.resent is None or not after.loss.free(after.subject):
        return changed
    return _paid_when_ready(state, changed + _rest_to_pay())


@rule("RF-035", "LG-018")
def _rest_to_pay() -> Sequence[Fact]:
    """Gives the buyer the money: of one parcel the goods are sent again once."""
    return [f.RestToPay()]


# Report, memo and payment.


def reported(state: s.Lost) -> Decisions:
    """Takes the supervisor's approval, and pays if nothing else is missing."""
    return _paid_when_known(state, _report_done())


@rule("LG-020")
def _report_done() -> Sequence[Fact]:
    """Notes that the supervisor knows and approves."""
    return [f.ReportDone()]


def not_reported(state: s.Lost, outcome_code: str, policy: Policy, now: datetime) -> Decisions:
    """Takes the supervisor's refusal. A word without meaning is asked about again, unless he refused.

    Nothing is asked about goods that the buyer has after all.
    """
    if state.loss.is_refused or state.loss.found is Found.DELIVERED:
        return []
    return _refused() if outcome_code in NO else _report_again(state, policy, now)


@rule("LG-020")
def _refused() -> Sequence[Fact]:
    """Notes that the supervisor does not approve."""
    return [f.ReportRefused()]


@rule("LG-020")
def _report_again(state: s.Lost, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks the supervisor anew where his answer neither approves nor refuses."""
    count = state.loss.report_count + 1
    task_id = s.report_task_id(replace(state.loss, report_count=count))
    due_at = now + policy.lost.report_hours
    return [f.ReportAskedAgain(Task("lost_parcel_report", due_at, "approval", task_id=task_id))]


def memo_stored(state: s.Lost, memo: MemoStored) -> Decisions:
    """Takes the memo on the order, and pays if nothing else is missing."""
    if memo.request_id not in {None, state.loss.memo_request_id}:
        return []
    return _paid_when_known(state, _memo_done(state))


@rule("LG-020")
def _memo_done(state: s.Lost) -> Sequence[Fact]:
    """Notes that the order carries the loss."""
    return [] if state.loss.is_memo_stored else [f.MemoDone()]


def request_declined(state: s.Lost, declined: RequestDeclined, policy: Policy, now: datetime) -> Decisions:
    """Lets a person see to a memo that the order system will not write."""
    if declined.request_id != state.loss.memo_request_id:
        return []
    overdue = report_overdue(state, policy, now) if isinstance(state, s.LostConfirmed) else []
    return [*overdue, *memo_by_hand(state, policy, now)]


@rule("LG-020")
def memo_by_hand(state: s.Lost, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks a person to note the loss; the yes counts as the memo."""
    if state.loss.is_memo_stored:
        return []
    task_id = derived_id(s.by_hand_task_id(state.loss), stamp(now))
    return [Task("loss_memo_by_hand", now + policy.attention.after_days, "approval", task_id=task_id)]


def memo_task_done(state: s.Lost, task: TaskDone, policy: Policy, now: datetime) -> Decisions:
    """Takes a person's word about the memo. What is neither yes nor no is asked about again."""
    if task.outcome_code in YES:
        return _paid_when_known(state, _memo_done(state))
    return [] if task.outcome_code in NO else memo_by_hand(state, policy, now)


@rule("LG-020")
def report_overdue(state: s.LostConfirmed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets a person see to a report or memo that is still missing; no money moves before."""
    if state.loss.report_by is None:
        return []
    due_at = now + policy.attention.after_days
    return [f.ReportOverdue(Task("report_or_memo_missing", due_at, task_id=s.overdue_task_id(state.loss)))]


def _after(state: State, decided: Decisions) -> State:
    for entry in decided:
        state = evolve(state, entry.fact)
    return state


def _paid_when_known(state: s.Lost, decided: Decisions) -> Decisions:
    """Withdraws the question about report and memo once both are there; pays if nothing else is missing."""
    after = _after(state, decided)
    is_news = isinstance(after, s.Lost) and after.loss.is_known and not state.loss.is_known
    void = _overdue_void(state) if is_news and state.loss.report_by is None else []
    return [*_paid_when_ready(state, decided), *void]


@rule("LG-020")
def _overdue_void(state: s.Lost) -> Sequence[Fact]:
    """Withdraws the question about a report or memo that was missing."""
    return [TaskWithdrawn("answered", task_id=s.overdue_task_id(state.loss))]


def _paid_when_ready(state: State, decided: Decisions) -> Decisions:
    """Adds the payment to the decision, if the decision brought the last thing that was missing."""
    after = _after(state, decided)
    return decided + _pay(after) if decided and isinstance(after, s.Lost) else decided


@rule("RF-035", "LG-018", "LG-020")
def _pay(state: s.Lost) -> Sequence[Fact]:
    """Pays lost pieces for which a refund is wanted, once supervisor and order know of the loss.

    Nothing is paid for goods that the buyer has after all.
    """
    subject, loss = state.subject, state.loss
    if not loss.is_known or loss.found is Found.DELIVERED:
        return []
    if not isinstance(state, s.LostConfirmed | s.Resent):
        return []
    unsettled = loss.unsettled(subject) if isinstance(state, s.LostConfirmed) or loss.resent else ()
    asked = subject.waiting(is_refund=True)
    wanted = within(unsettled, asked) if asked else ()
    if loss.choice is Choice.REFUND or loss.is_rest_paid:
        wanted = merged((*wanted, *loss.free(subject)))
    if not wanted:
        return []
    number = () if loss.payment_count == 0 else (str(loss.payment_count + 1),)
    return [f.PaymentDue(derived_id(subject.name, "remedy", *number), wanted)]
