"""Rules of the search for a parcel, of its loss and of the buyer's remedy (A17)."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Decided
from kernel.rules import rule
from services.logistics.carriers import Capability
from services.logistics.cases import lost_parcel_words as w
from services.logistics.cases.lost_parcel_states import evolve, look_task_id, presume_task_id, reship_id
from services.logistics.cases.values import Basis, Direction, NoticeAsked, TaskOpened, derived_id
from services.logistics.policy import Policy

Decisions = list[Decided[w.Fact]]


def stamp(at: datetime) -> str:
    """A word for a moment, to tell repeated requests of one case apart."""
    return at.strftime("%Y%m%d%H%M%S")


@rule("LG-015", "RF-037")
def not_served(subject: w.Subject, now: datetime) -> Sequence[w.Fact]:
    """A carrier that does not serve the address cannot deliver: the parcel comes back."""
    return [w.RecallDue("out_of_range", now), w.SearchClosed("out_of_range")]


@rule("LG-042")
def signed(subject: w.Subject, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """Who signed for the buyer signed as the buyer: the buyer is told who."""
    located = w.ParcelLocated("signed_by_other", policy.attention(now))
    return [located, *notice(subject, "parcel_signed", policy, now), w.SearchClosed("delivered")]


@rule("LG-016")
def located(subject: w.Subject, explanation_code: str, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """Tracking or the courier explains where it is; the buyer is told."""
    facts: list[w.Fact] = [w.ParcelLocated(explanation_code, policy.attention(now))]
    facts += notice(subject, "parcel_located", policy, now)
    return facts + call_back(subject.refund_ids, now)


def call_back(refund_ids: tuple[str, ...], now: datetime) -> list[w.Fact]:
    """A parcel that is found while a refund is open for it is to come back (RF-034)."""
    return [w.RecallDue("refund_in_transit", now)] if refund_ids else []


def notice(subject: w.Subject, template_code: str, policy: Policy, now: datetime) -> Sequence[NoticeAsked]:
    if subject.customer_id is None:
        return []
    notice_id = derived_id(subject.name, template_code, stamp(now))
    values = {"parcel_id": subject.parcel_id}
    return [NoticeAsked(notice_id, "buyer", template_code, now + policy.attention_after, values)]


@rule("LG-016", "LG-021")
def ask(subject: w.Subject, reason_code: str, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """Tracking gives no answer: the courier is asked, through its desk or by a person."""
    if not policy.carriers.of(subject.tracking.carrier_code).can(Capability.STATUS):
        due_at = now + policy.lost.inquiry
        return [
            w.SearchOpened(subject, policy.attention(now)),
            TaskOpened(look_task_id(subject), "assessment", "where_is_parcel", due_at),
        ]
    request_id = derived_id(subject.name, "inquire", stamp(now))
    answer_by = now + policy.lost.inquiry
    return [w.InquiryAsked(request_id, reason_code, answer_by, policy.attention(now))]


@rule("LG-016")
def presume(state: w.CourierInquiry, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """The courier does not know or does not answer: a person says whether it counts as lost."""
    return [w.InquiryUnanswered(presume_task_id(state.subject), now + policy.lost.inquiry)]


@rule("RF-035", "LG-017", "LG-018", "LG-019", "LG-020", "LG-022")
def lost(subject: w.Subject, basis: Basis, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """Supervisor and memo at once, the claim beside it; the buyer chooses unless a refund is open."""
    loss = w.Loss(
        at=now,
        basis=basis,
        report_task_id=derived_id(subject.name, "report", stamp(now)),
        memo_request_id=derived_id(subject.name, "memo", stamp(now)),
        report_by=now + policy.lost.report,
        choose_by=None,
        reship_by=now + policy.lost.reship,
    )
    facts: list[w.Fact] = [
        w.LossConfirmed(loss, policy.attention(now)),
        w.ReportAsked(loss.report_task_id, now + policy.lost.report),
        w.MemoAsked(loss.memo_request_id),
    ]
    if subject.direction in {Direction.REPLACEMENT, Direction.TO_BUYER}:
        return [*facts, w.SearchClosed("exchange_failed")]
    if subject.is_repaid:
        return [*facts, w.PaidElsewhere()]
    return facts if subject.refund_ids else [*facts, offer(subject, loss, policy, now)]


def offer(subject: w.Subject, loss: w.Loss, policy: Policy, now: datetime) -> w.OfferMade:
    return w.OfferMade(derived_id(subject.name, "offer", stamp(now)), now + policy.lost.choice)


@rule("LG-017", "LG-018", "LG-019")
def reship(state: w.LostConfirmed, now: datetime, *, is_by_default: bool) -> Sequence[w.Fact]:
    """The goods go out again within three days of the confirmation; so they do if the buyer says nothing."""
    ship_by = max(state.loss.reship_by, now)
    next_id = reship_id(state.subject, state.loss.resend_count + 1)
    return [w.ReshipChosen(next_id, ship_by, is_by_default)]


@rule("LG-018")
def refund_chosen(policy: Policy, now: datetime, *, is_reship_out: bool) -> Sequence[w.Fact]:
    """The buyer gets the money."""
    return [w.RefundChosen(is_reship_out, policy.attention(now))]


@rule("LG-018", "RF-121")
def no_stock(policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """What cannot be sent again is refunded."""
    return [w.RefundChosen(is_reship_out=True, attention=policy.attention(now))]


@rule("LG-020")
def report_done(state: w.LostConfirmed) -> Sequence[w.Fact]:
    """The supervisor knows and approves."""
    return [w.ReportDone()]


@rule("LG-020")
def memo_done(state: w.LostConfirmed) -> Sequence[w.Fact]:
    """The order carries the loss."""
    return [] if state.loss.is_memo_stored else [w.MemoDone()]


@rule("LG-020")
def report_overdue(state: w.LostConfirmed, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """Report or memo is still missing: a person sees to it; no money moves before."""
    task_id = derived_id(state.loss.report_task_id, "overdue")
    return [w.ReportOverdue(task_id, now + policy.attention_after)] if state.loss.report_by else []


def paid_when_ready(state: w.LostConfirmed, decided: Decisions) -> Decisions:
    """What was decided, and the payment if that was the last thing missing."""
    after: w.State = state
    for entry in decided:
        after = evolve(after, entry.fact)
    return decided + pay(after) if decided and isinstance(after, w.LostConfirmed) else decided


@rule("RF-035", "LG-018", "LG-020")
def pay(state: w.LostConfirmed) -> Sequence[w.Fact]:
    """A lost parcel is paid once supervisor and order know of it and a refund is what is wanted."""
    is_wanted = state.loss.choice is w.Choice.REFUND or state.subject.refund_ids
    if not is_wanted or not state.loss.is_reported or not state.loss.is_memo_stored:
        return []
    return [w.PaymentDue(derived_id(state.subject.name, "remedy"))]
