"""How facts change the lost-parcel case, and the deadlines that run in each state."""

from collections.abc import Sequence

from kernel.decider import Deadline
from kernel.value import replace
from services.logistics.cases import lost_parcel_words as w
from services.logistics.cases.values import AttentionDrawn, derived_id


def presume_task_id(subject: w.Subject) -> str:
    """The task that asks whether the parcel counts as lost."""
    return derived_id(subject.name, "presume")


def look_task_id(subject: w.Subject) -> str:
    """The task to look for the parcel where its carrier has no desk."""
    return derived_id(subject.name, "look")


def reship_id(subject: w.Subject, resend_count: int) -> str:
    """The id of the n-th resend, from 1."""
    return derived_id(subject.name, "reship" if resend_count <= 1 else f"reship-{resend_count}")


def evolve(state: w.State, fact: w.Fact) -> w.State:  # noqa: PLR0911  one branch per fact
    """The state after a fact."""
    if isinstance(fact, w.SearchOpened):
        return w.Open(fact.subject, fact.attention)
    if isinstance(state, w.Absent):
        return state
    match fact:
        case w.InquiryAsked():
            return w.CourierInquiry(state.subject, fact.request_id, fact.answer_by, fact.attention)
        case w.ParcelLocated(attention=attention):
            return w.Located(state.subject, attention)
        case w.LossConfirmed(loss=loss, attention=attention):
            return w.LostConfirmed(replace(state.subject, has_claim=True), loss, attention, None)
        case w.RefundsChanged(refund_ids=refund_ids, is_repaid=is_repaid):
            subject = replace(state.subject, refund_ids=refund_ids, is_repaid=is_repaid)
            return replace(state, subject=subject)
        case w.TurnedUp():
            return replace(state, subject=replace(state.subject, has_claim=False))
        case w.SearchClosed(ending=ending):
            return w.Closed(state.subject, ending)
        case AttentionDrawn(attention=attention):
            if isinstance(state, w.Open | w.CourierInquiry | w.Located | w.LostConfirmed):
                return replace(state, attention=attention)
            return state
        case w.InquiryUnanswered():
            return replace(state, answer_by=None) if isinstance(state, w.CourierInquiry) else state
        case _:
            return _evolve_loss(state, fact)


def _evolve_loss(state: w.Known, fact: w.Fact) -> w.State:
    if not isinstance(state, w.LostConfirmed | w.Resent | w.RefundDue):
        return state
    loss = state.loss
    match fact:
        case w.RefundChosen(is_reship_out=is_reship_out, attention=attention):
            chosen = replace(loss, choice=w.Choice.REFUND, choose_by=None, is_reship_out=is_reship_out)
            return w.LostConfirmed(state.subject, chosen, attention, None)
        case w.ReshipChosen():
            resent = replace(loss, choice=w.Choice.RESHIP, choose_by=None, resend_count=loss.resend_count + 1)
            return w.Resent(state.subject, resent)
        case w.ResendOff(attention=attention):
            return w.LostConfirmed(state.subject, replace(loss, choice=None), attention, None)
        case w.PaymentDue():
            return w.RefundDue(state.subject, replace(loss, choose_by=None))
        case w.PaidElsewhere():
            return w.RefundDue(replace(state.subject, is_repaid=True), replace(loss, choose_by=None))
        case w.RecallDue() if not isinstance(state, w.LostConfirmed):
            return replace(state, is_recalled=True)
        case w.RecoverOrWriteOff() if not isinstance(state, w.LostConfirmed):
            return replace(state, is_double=True)
        case _:
            return _evolve_settling(state, fact) if isinstance(state, w.LostConfirmed) else state


def _evolve_settling(state: w.LostConfirmed, fact: w.Fact) -> w.LostConfirmed:
    loss = state.loss
    match fact:
        case w.OfferMade(offer_id=offer_id, choose_by=choose_by):
            return replace(state, offer_id=offer_id, loss=replace(loss, choose_by=choose_by))
        case w.OfferVoid():
            return replace(state, offer_id=None, loss=replace(loss, choose_by=None))
        case w.ReportDone():
            return replace(state, loss=replace(loss, is_reported=True))
        case w.MemoDone():
            return replace(state, loss=replace(loss, is_memo_stored=True))
        case w.ReportOverdue():
            return replace(state, loss=replace(loss, report_by=None))
        case _:
            return state


def deadlines(state: w.State) -> Sequence[Deadline]:
    """What must be looked at, and when; an end has none."""
    match state:
        case w.CourierInquiry(answer_by=answer_by) if answer_by is not None:
            return [Deadline("inquiry", answer_by)]
        case w.LostConfirmed(loss=loss):
            found: list[Deadline] = []
            if loss.choose_by is not None:
                found.append(Deadline("choice", loss.choose_by))
            if loss.report_by is not None and not (loss.is_reported and loss.is_memo_stored):
                found.append(Deadline("report", loss.report_by))
            return found or state.attention.deadlines()
        case w.Open() | w.CourierInquiry() | w.Located():
            return state.attention.deadlines()
        case _:
            return []
