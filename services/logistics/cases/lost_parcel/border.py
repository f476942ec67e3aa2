"""Declares the search for a lost parcel: its events, its outcomes, the cases that it tells."""

from collections.abc import Mapping, Sequence
from typing import Any

from aftersales_contracts import components
from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.aftersales import logistics_enums as lw
from aftersales_contracts.base import Event
from aftersales_contracts.enums import MemoPurpose, OptionKind
from aftersales_contracts.shop import aftersales, desk, shipments
from chassis.engine import outcomes
from chassis.service import Announce, Kind, Reaction, Read
from kernel.decider import Addressed, CaseView
from kernel.ids import derived_id
from kernel.money import Money
from kernel.people import Notice, Task, TaskWithdrawn
from kernel.picture import Picture, Pictures, ended
from kernel.value import replace
from services.logistics.attention import AttentionDrawn
from services.logistics.cases.courier_claim import messages as claim
from services.logistics.cases.dispatch import messages as dispatch
from services.logistics.cases.intercept import messages as intercept
from services.logistics.cases.lost_parcel import facts as f
from services.logistics.cases.lost_parcel import messages as m
from services.logistics.cases.lost_parcel import state as s
from services.logistics.cases.lost_parcel.facts import Fact
from services.logistics.cases.lost_parcel.messages import NAME, Message, Subject
from services.logistics.cases.lost_parcel.rules import decide
from services.logistics.cases.lost_parcel.state import Ended, State, deadlines, evolve
from services.logistics.cases.parcel import messages as parcel
from services.logistics.cases.reship import messages as reship
from services.logistics.news import TaskDone
from services.logistics.order_file import Resend
from services.logistics.policy import Policy
from services.logistics.shares import merged, named


def _courier_answered(data: shipments.CourierActionAnsweredV1) -> Sequence[Addressed]:
    """Reads the answer to an inquiry, which is neither a loss nor the answer to a call-back."""
    is_lost = data.outcome is shipments.CourierOutcome.LOST
    if is_lost or data.request_id in intercept.recall_ids(data.parcel_id):
        return []
    return [m.to(data.order_id, data.parcel_id, m.InquiryAnswered(data.request_id, data.outcome.value))]


def _offer_answered(data: aftersales.OfferAnsweredV1) -> Sequence[Addressed]:
    """Reads the buyer's choice."""
    return [m.to(data.order_id, data.case_id, m.OfferAnswered(data.offer_id, data.option_id))]


def _task_completed(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    """Reads a person's answer."""
    return [m.to(data.about_subject, data.case_id, TaskDone(data.task_id, data.outcome_code))]


READS: Mapping[type[Event], Read] = {
    shipments.CourierActionAnsweredV1: _courier_answered,
    aftersales.OfferAnsweredV1: outcomes.mine(NAME, _offer_answered),
    desk.TaskCompletedV1: outcomes.mine(NAME, _task_completed),
}


def _subject(view: CaseView[State]) -> Subject:
    if isinstance(view.state, s.Absent):
        raise TypeError("nobody misses the parcel")
    return view.state.subject


def _about(view: CaseView[State]) -> dict[str, Any]:
    return outcomes.about_order(view, _subject(view).customer_id)


def _inquiry(fact: f.InquiryAsked, view: CaseView[State]) -> logistics.CourierActionRequestedV1:
    """Announces the question to the carrier where the parcel is."""
    subject = _subject(view)
    return logistics.CourierActionRequestedV1(
        **_about(view),
        request_id=fact.request_id,
        action=lw.CourierAction.INQUIRE,
        parcel_id=subject.parcel_id,
        tracking=outcomes.tracking(subject.tracking),
        reason_code=fact.reason_code,
    )


def _memo(fact: f.MemoAsked, view: CaseView[State]) -> common.OrderActionRequestedV1:
    """Announces that the order is to carry the loss."""
    subject = _subject(view)
    return common.OrderActionRequestedV1(
        **_about(view),
        request_id=fact.request_id,
        action=common.OrderAction.ADD_MEMO,
        purpose=MemoPurpose.LOSS,
        values={"parcel_id": subject.parcel_id, "carrier_code": subject.tracking.carrier_code},
        lines=outcomes.pieces(named(subject.lines)) or None,
    )


def _offer(fact: f.OfferMade, view: CaseView[State]) -> common.OfferMadeV1:
    """Announces the choice between a resend, which is the default, and a refund."""
    lines = outcomes.pieces(named(fact.lines)) or None
    return common.OfferMadeV1(
        **_about(view),
        offer_id=fact.offer_id,
        options=[
            components.Option(option_id="reship", kind=OptionKind.RESHIP, lines=lines),
            components.Option(option_id="refund", kind=OptionKind.REFUND, lines=lines),
        ],
        default_option_id="reship",
        choose_by_at=fact.choose_by,
    )


def _payment_due(fact: f.PaymentDue, view: CaseView[State]) -> logistics.RemedyRefundDueV1:
    """Announces that the buyer is to be paid."""
    subject = _subject(view)
    return logistics.RemedyRefundDueV1(
        **_about(view),
        remedy_id=fact.remedy_id,
        parcel_id=subject.link_id,
        lines=outcomes.pieces(named(fact.lines)),
        reason_code=lw.RemedyReason.LOST,
        fault=lw.Fault.COURIER,
    )


def _task(
    fact: f.InquiryUnanswered | f.ReportAskedAgain | f.ReportOverdue | AttentionDrawn, view: CaseView[State]
) -> common.TaskRequestedV1:
    """Announces the task of a fact that does more than ask."""
    return outcomes.order_task(fact.task, view)


def _notice(fact: Notice, view: CaseView[State]) -> common.NoticeRequestedV1:
    """Announces a notice to the buyer."""
    return outcomes.order_notice(fact, view, _subject(view).customer_id)


ANNOUNCES: Mapping[type, Announce] = {
    AttentionDrawn: _task,
    Task: outcomes.order_task,
    TaskWithdrawn: outcomes.order_task_withdrawn,
    Notice: _notice,
    f.InquiryAsked: _inquiry,
    f.InquiryUnanswered: _task,
    f.ReportAskedAgain: _task,
    f.ReportOverdue: _task,
    f.MemoAsked: _memo,
    f.OfferMade: _offer,
    f.PaymentDue: _payment_due,
}


def _claim_id(subject: Subject) -> str:
    return derived_id(subject.claimed_as, "claim")


def _lost(fact: f.LossConfirmed, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the parcel, and opens the claim where the goods are worth anything."""
    subject = _subject(view)
    lost = parcel.DeclaredLost(subject.link_id, fact.loss.basis, subject.is_signed)
    return [parcel.to(subject.tracking, lost), *_claimed(view, is_again=subject.round_count > 1)]


def _claimed(view: CaseView[State], *, is_again: bool) -> Sequence[Addressed]:
    subject, claim_id = _subject(view), _claim_id(_subject(view))
    if subject.value is None or subject.value.minor == 0:
        return []
    loss = claim.LossFound(
        claim_id, view.subject, subject.parcel_id, subject.tracking, "lost", subject.value, is_again
    )
    return [claim.to(view.subject, claim_id, loss)]


def _lost_again(_fact: f.LostAgain, view: CaseView[State]) -> Sequence[Addressed]:
    """Opens the claim again, which was withdrawn when the parcel turned up."""
    return _claimed(view, is_again=True)


def _settled(view: CaseView[State], remedy: str | None, *, is_open: bool = False) -> Sequence[Addressed]:
    """Tells the order which remedy the buyer got, or that the search holds on to the parcel."""
    closed = dispatch.SearchClosed(_subject(view).link_id, remedy, is_open)
    return [dispatch.to(view.subject, closed)]


def _spent(view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the claim the cost of all remedies so far: of the pieces that are paid or sent again."""
    subject, loss = _subject(view), view.state.loss if isinstance(view.state, s.Lost) else None
    if subject.value is None or loss is None:
        return []
    remedied = merged((*loss.paid, *(loss.resent or ()))) or subject.goods
    minor = subject.minor_of(remedied)
    is_whole = minor is None or remedied == merged(subject.goods)
    spent = subject.value if is_whole or minor is None else Money(minor, subject.value.currency)
    return [claim.to(view.subject, _claim_id(subject), claim.RemedySpent(spent))]


def _reship(fact: f.ReshipChosen, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the order and the claim, and lets the goods be sent."""
    subject = _subject(view)
    skus = {share.line_id: sku for share, sku in zip(subject.lines, subject.sku_ids, strict=False)}
    lines = tuple(share for share in fact.lines if share.line_id in skus)
    order = reship.ReshipOrder(
        reship_id=fact.reship_id,
        order_id=view.subject,
        purpose="lost",
        lines=lines,
        sku_ids=tuple(skus[share.line_id] for share in lines),
        ship_by=fact.ship_by,
        replaces_parcel_id=subject.parcel_id,
    )
    resend = Resend(fact.reship_id, lines, replaces_parcel_id=subject.link_id)
    return [
        dispatch.to(view.subject, dispatch.ResendNoted(resend)),
        *_settled(view, "reship"),
        reship.to(view.subject, fact.reship_id, reship.SendWanted(order)),
        *_spent(view),
    ]


def _refunded(_fact: f.PaymentDue | f.PaidElsewhere, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the order and the claim that the buyer gets the money."""
    if isinstance(view.state, s.RefundDue):
        return [*_settled(view, "refund"), *_spent(view)]
    return _spent(view)


def _left_to_exchange(_fact: f.LeftToExchange, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the order that the exchange settles the buyer's remedy."""
    return _settled(view, "exchange")


def _reopened(_fact: f.RefundChosen | f.ResendOff, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the order that the remedy is open."""
    return _settled(view, None, is_open=True)


def _closed(_fact: f.SearchClosed, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the order that the search is over."""
    return _settled(view, None)


def _found(_fact: f.TurnedUp, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the claim that nothing is lost."""
    return [claim.to(view.subject, _claim_id(_subject(view)), claim.GoodsFound())]


def _recall(fact: f.RecallDue, view: CaseView[State]) -> Sequence[Addressed]:
    """Lets the carrier call the parcel back."""
    subject = _subject(view)
    request_id = intercept.found_recall_id(subject.link_id, subject.number_count)
    recall = intercept.Recall(
        request_id=request_id,
        order_id=view.subject,
        customer_id=subject.customer_id,
        parcel_id=subject.link_id,
        tracking=subject.tracking,
        reason_code=fact.reason_code,
        is_buyer_asked=fact.reason_code != "out_of_range",
    )
    return [intercept.to(view.subject, request_id, intercept.RecallWanted(recall))]


TELLS: Mapping[type, Reaction] = {
    f.LossConfirmed: _lost,
    f.ReshipChosen: _reship,
    f.PaymentDue: _refunded,
    f.PaidElsewhere: _refunded,
    f.RefundChosen: _reopened,
    f.ResendOff: _reopened,
    f.LeftToExchange: _left_to_exchange,
    f.LostAgain: _lost_again,
    f.SearchClosed: _closed,
    f.TurnedUp: _found,
    f.RecallDue: _recall,
}

PICTURES: Pictures = {
    s.Open: Picture("open", "agent"),
    s.CourierInquiry: Picture("courier_inquiry", "carrier"),
    s.Located: Picture("located", "carrier"),
    s.LostConfirmed: Picture("lost_confirmed", "agent"),
    s.Resent: ended("resent"),
    s.RefundDue: ended("refund_due"),
    s.ExchangeDue: ended("exchange_due"),
    s.Closed: Picture("closed"),
}


def _detail(state: State, picture: Picture) -> Picture:
    """Adds the ending, and the buyer's choice while it is open."""
    match state:
        case s.Closed(ending=ending):
            return replace(picture, ending=ending)
        case s.LostConfirmed(loss=loss) if loss.choose_by is not None:
            return replace(picture, waits_for="buyer", actions=("choose_remedy",))
        case _:
            return picture


LOST_PARCEL: Kind[State, Message, Fact, Policy] = Kind(
    name=NAME,
    initial=s.Absent(),
    state=State,
    message=Message,
    fact=Fact,
    ended=Ended,
    decide=decide,
    evolve=evolve,
    deadlines=deadlines,
    reads=READS,
    announces=ANNOUNCES,
    tells=TELLS,
    pictures=PICTURES,
    detail=_detail,
)
