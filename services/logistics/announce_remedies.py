"""The border, outwards: searches, claims, call-backs, resends and shortages."""

from collections.abc import Mapping
from typing import Any

from aftersales_contracts import base as contract
from aftersales_contracts import parts, words
from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.aftersales import logistics_words as lw
from chassis.service import Announce
from kernel.decider import CaseView
from kernel.money import Money
from services.logistics.announce import (
    COMMON,
    about,
    attention,
    money,
    notice,
    shares,
    task,
    tracking,
    withdrawn_task,
)
from services.logistics.cases import courier_claim_words as cw
from services.logistics.cases import intercept as iw
from services.logistics.cases import lost_parcel_words as lost
from services.logistics.cases import reship_words as rw
from services.logistics.cases import stock_shortage as sw
from services.logistics.cases.values import (
    AttentionDrawn,
    Fault,
    NoticeAsked,
    Reason,
    TaskWithdrawn,
    derived_id,
)

# Lost parcels.


def _subject(view: CaseView[Any]) -> lost.Subject:
    if not isinstance(view.state, lost.Known):
        raise TypeError("nobody misses the parcel")
    return view.state.subject


def _search(view: CaseView[Any]) -> dict[str, Any]:
    return about(view, _subject(view).customer_id)


def _inquiry(fact: lost.InquiryAsked, view: CaseView[Any]) -> contract.Outcome:
    subject = _subject(view)
    return logistics.CourierActionRequestedV1(
        **_search(view),
        request_id=fact.request_id,
        action=lw.CourierAction.INQUIRE,
        parcel_id=subject.parcel_id,
        tracking=tracking(subject.tracking),
        reason_code=fact.reason_code,
    )


def _unanswered(fact: lost.InquiryUnanswered, view: CaseView[Any]) -> contract.Outcome:
    return task(view, fact.task_id, "presume_lost", fact.due_at, "assessment")


def _report(fact: lost.ReportAsked, view: CaseView[Any]) -> contract.Outcome:
    return task(view, fact.task_id, "lost_parcel_report", fact.due_at, "approval")


def _report_overdue(fact: lost.ReportOverdue, view: CaseView[Any]) -> contract.Outcome:
    return task(view, fact.task_id, "report_or_memo_missing", fact.due_at)


def _memo(fact: lost.MemoAsked, view: CaseView[Any]) -> contract.Outcome:
    subject = _subject(view)
    return common.OrderActionRequestedV1(
        **_search(view),
        request_id=fact.request_id,
        action=common.OrderAction.ADD_MEMO,
        purpose=words.MemoPurpose.LOSS,
        values={"parcel_id": subject.parcel_id, "carrier_code": subject.tracking.carrier_code},
        lines=shares(subject.lines) or None,
    )


def _offer(fact: lost.OfferMade, view: CaseView[Any]) -> contract.Outcome:
    lines = shares(_subject(view).lines) or None
    return common.OfferMadeV1(
        **_search(view),
        offer_id=fact.offer_id,
        options=[
            parts.Option(option_id="reship", kind=words.OptionKind.RESHIP, lines=lines),
            parts.Option(option_id="refund", kind=words.OptionKind.REFUND, lines=lines),
        ],
        default_option_id="reship",
        choose_by_at=fact.choose_by,
    )


def _payment_due(fact: lost.PaymentDue, view: CaseView[Any]) -> contract.Outcome:
    subject = _subject(view)
    return logistics.RemedyRefundDueV1(
        **_search(view),
        remedy_id=fact.remedy_id,
        parcel_id=subject.parcel_id,
        lines=shares(subject.lines),
        reason_code=lw.RemedyReason(Reason.LOST.value),
        fault=lw.Fault(Fault.COURIER.value),
    )


def _double(fact: lost.RecoverOrWriteOff, view: CaseView[Any]) -> contract.Outcome:
    return task(view, fact.task_id, "recover_or_write_off", fact.due_at, "reconciliation")


FROM_LOST: Mapping[type, Announce] = {
    **COMMON,
    NoticeAsked: notice(lambda state: state.subject.customer_id),
    TaskWithdrawn: withdrawn_task,
    lost.InquiryAsked: _inquiry,
    lost.InquiryUnanswered: _unanswered,
    lost.ReportAsked: _report,
    lost.ReportOverdue: _report_overdue,
    lost.MemoAsked: _memo,
    lost.OfferMade: _offer,
    lost.PaymentDue: _payment_due,
    lost.RecoverOrWriteOff: _double,
}


# Claims.


def _claim(view: CaseView[Any]) -> cw.Claim:
    if not isinstance(view.state, cw.Known):
        raise TypeError("nothing is claimed")
    return view.state.claim


def _claim_sent(fact: cw.ClaimSent, view: CaseView[Any]) -> contract.Outcome:
    claim = _claim(view)
    return logistics.CourierClaimRequestedV1(
        **about(view),
        claim_id=claim.claim_id,
        action=lw.ClaimAction(fact.action),
        kind=lw.ClaimKind(claim.kind),
        parcel_id=claim.parcel_id,
        tracking=tracking(claim.tracking),
        amount=money(claim.amount),
        evidence_ids=list(claim.evidence_ids),
        file_by_at=claim.file_by,
    )


def _evidence_asked(fact: cw.EvidenceAsked, view: CaseView[Any]) -> contract.Outcome:
    return common.EvidenceRequestedV1(
        **about(view),
        request_id=fact.request_id,
        from_role=common.EvidenceHolder.SELLER,
        kinds=[words.EvidenceKind(kind) for kind in fact.kinds],
        about_code="courier_claim",
        due_at=fact.due_at,
    )


def _concluded(fact: cw.ClaimConcluded, view: CaseView[Any]) -> contract.Outcome:
    claim = _claim(view)
    return logistics.CourierClaimConcludedV1(
        **about(view),
        claim_id=claim.claim_id,
        outcome=lw.ClaimOutcome(fact.ending.value),
        recovered_amount=money(fact.recovered),
        spent_on_buyer_amount=money(Money(claim.spent_minor, claim.amount.currency)),
    )


FROM_CLAIM: Mapping[type, Announce] = {
    **COMMON,
    cw.ClaimSent: _claim_sent,
    cw.EvidenceAsked: _evidence_asked,
    cw.ClaimConcluded: _concluded,
}


# Call-backs.


def _recall_asked(fact: iw.RecallAsked, view: CaseView[Any]) -> contract.Outcome:
    recall = fact.recall
    return logistics.CourierActionRequestedV1(
        **about(view, recall.customer_id),
        request_id=recall.request_id,
        action=lw.CourierAction.INTERCEPT,
        parcel_id=recall.parcel_id,
        tracking=tracking(recall.tracking),
        reason_code=recall.reason_code,
    )


def _recall_unanswered(fact: iw.RecallUnanswered, view: CaseView[Any]) -> contract.Outcome:
    return task(view, fact.task_id, "recall_unanswered", fact.due_at)


FROM_INTERCEPT: Mapping[type, Announce] = {
    **COMMON,
    NoticeAsked: notice(lambda state: state.recall.customer_id),
    iw.RecallAsked: _recall_asked,
    iw.RecallUnanswered: _recall_unanswered,
}


# Resends.


def _resend(view: CaseView[Any]) -> rw.Order:
    if not isinstance(view.state, rw.Known):
        raise TypeError("nothing is to be sent")
    return view.state.order


def _requested(view: CaseView[Any], order: rw.Order, action: str, request_id: str) -> contract.Outcome:
    return logistics.ReshipRequestedV1(
        **about(view),
        request_id=request_id,
        reship_id=order.reship_id,
        action=lw.ReshipAction(action),
        purpose=words.ReshipPurpose(order.purpose),
        sku_ids=list(order.sku_ids),
        lines=shares(order.lines),
        carrier_code=order.carrier_code,
        ship_by_at=order.ship_by,
        replaces_parcel_id=order.replaces_parcel_id,
    )


def _reserve(fact: rw.ReserveAsked, view: CaseView[Any]) -> contract.Outcome:
    return _requested(view, fact.order, "reserve", derived_id(fact.order.reship_id, "reserve"))


def _send(fact: rw.SendAsked, view: CaseView[Any]) -> contract.Outcome:
    return _requested(view, fact.order, "send", derived_id(fact.order.reship_id, "send"))


def _cancel(fact: rw.CancelAsked, view: CaseView[Any]) -> contract.Outcome:
    return _requested(view, _resend(view), "cancel", fact.request_id)


def _moved(status: str) -> Announce:
    def announce(fact: object, view: CaseView[Any]) -> contract.Outcome:
        del fact
        return logistics.ReshipStatusChangedV1(
            **about(view),
            reship_id=_resend(view).reship_id,
            status=lw.ReshipStatus(status),
            parcel_id=getattr(view.state, "parcel_id", None),
        )

    return announce


def _note_differs(fact: rw.NoteDiffers, view: CaseView[Any]) -> contract.Outcome:
    return task(view, fact.task_id, "note_differs", fact.due_at, "assessment")


def _send_late(fact: rw.SendLate, view: CaseView[Any]) -> contract.Outcome:
    return task(view, fact.task_id, "reship_late", fact.due_at)


FROM_RESHIP: Mapping[type, Announce] = {
    **COMMON,
    rw.ReserveAsked: _reserve,
    rw.SendAsked: _send,
    rw.CancelAsked: _cancel,
    rw.StockKept: _moved("reserved"),
    rw.StockMissing: _moved("unavailable"),
    rw.SentOut: _moved("sent"),
    rw.Arrived: _moved("delivered"),
    rw.NotArrived: _moved("failed"),
    rw.CalledOff: _moved("cancelled"),
    rw.NoteDiffers: _note_differs,
    rw.SendLate: _send_late,
}


# Shortages.


def _shortage(view: CaseView[Any]) -> sw.Shortage:
    if not isinstance(view.state, sw.Known):
        raise TypeError("nothing is missing")
    return view.state.shortage


def _told(fact: sw.BuyerTold, view: CaseView[Any]) -> contract.Outcome:
    lines = shares(_shortage(view).lines) or None
    return common.OfferMadeV1(
        **about(view),
        offer_id=fact.offer_id,
        options=[
            parts.Option(
                option_id="wait", kind=words.OptionKind.WAIT, lines=lines, until_at=fact.wait_until_at
            ),
            parts.Option(option_id="refund", kind=words.OptionKind.REFUND, lines=lines),
        ],
        choose_by_at=fact.choose_by,
    )


def _off_sale(fact: sw.SaleStopped, view: CaseView[Any]) -> contract.Outcome:
    return common.ListingActionRequestedV1(
        **view.common(),
        request_id=fact.request_id,
        product_id=fact.product_id,
        order_id=view.subject,
        action_code="withdraw",
        reason_code="stock_shortage",
    )


def _choice_missed(fact: sw.ChoiceMissed, view: CaseView[Any]) -> contract.Outcome:
    return task(view, fact.task_id, "shortage_choice", fact.due_at)


def _refund_taken(fact: sw.RefundTaken, view: CaseView[Any]) -> contract.Outcome:
    return logistics.RemedyRefundDueV1(
        **about(view),
        remedy_id=fact.remedy_id,
        lines=shares(fact.lines),
        reason_code=lw.RemedyReason.NO_STOCK,
        fault=lw.Fault.SHOP,
    )


FROM_SHORTAGE: Mapping[type, Announce] = {
    AttentionDrawn: attention,
    sw.BuyerTold: _told,
    sw.SaleStopped: _off_sale,
    sw.ChoiceMissed: _choice_missed,
    sw.RefundTaken: _refund_taken,
}
