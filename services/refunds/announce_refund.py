"""What refund agreements and their intents announce."""

from collections.abc import Mapping
from typing import Any

from aftersales_contracts import words
from aftersales_contracts.aftersales import common, refunds, refunds_words
from chassis.service import Announce
from kernel.decider import CaseView
from services.refunds import agreement_words as agreement
from services.refunds import intent_words as intent
from services.refunds.announce import about, asked, liability, money, shares, task, tenders
from services.refunds.translate import attempt_id_of
from services.refunds.values import Purpose, derived_id

# Refund agreement.


def _filed(view: CaseView[Any]) -> agreement.Filed:
    state: Any = view.state
    filed: agreement.Filed = state.filed
    return filed


def _refund_opened(fact: agreement.AnswerAwaited, view: CaseView[Any]) -> refunds.RefundOpenedV1:
    terms = fact.filed.terms
    return refunds.RefundOpenedV1(
        **about(view, fact.filed.customer_id),
        refund_id=view.case_id,
        kind=words.RefundKind(terms.kind.value),
        reason_code=terms.reason_code,
        lines=shares(terms.shares, terms.amount.currency),
        amount=money(terms.amount),
        terms_version=terms.version,
        answer_by_at=fact.answer_by,
    )


def _answer_decided(fact: agreement.AnswerDecided, view: CaseView[Any]) -> refunds.RefundAnswerDecidedV1:
    return refunds.RefundAnswerDecidedV1(
        **about(view, _filed(view).customer_id),
        refund_id=view.case_id,
        terms_version=fact.version,
        answer=refunds_words.DecidedAnswer(fact.answer.value),
        cause=refunds_words.AnswerCause(fact.cause.value),
        reason_code=fact.reason_code,
    )


def _return_authorized(fact: agreement.ReturnAwaited, view: CaseView[Any]) -> refunds.ReturnAuthorizedV1:
    filed = _filed(view)
    return refunds.ReturnAuthorizedV1(
        **about(view, filed.customer_id),
        return_id=view.case_id,
        refund_id=view.case_id,
        lines=shares(filed.terms.shares),
        return_address_ref=fact.address_ref,
        carriages=[words.Carriage.EXPRESS, words.Carriage.MAIL],
        is_collect_forbidden=True,
        needs_note=False,
        send_by_at=fact.send_by,
    )


def _refund_liability(
    _fact: agreement.FreightDecided, view: CaseView[Any]
) -> refunds.FreightLiabilityDecidedV1:
    filed = _filed(view)
    return liability(view, filed.customer_id, filed.liability)


def _evidence(fact: agreement.EvidenceAsked, view: CaseView[Any]) -> common.EvidenceRequestedV1:
    return common.EvidenceRequestedV1(
        **about(view, _filed(view).customer_id),
        request_id=derived_id(view.case_id, f".evidence.{view.version}"),
        from_role=common.EvidenceHolder.SELLER,
        kinds=[words.EvidenceKind(kind) for kind in fact.kinds],
        about_code="refused_refund",
        due_at=fact.due_at,
    )


def _reminder(fact: agreement.BuyerReminded, view: CaseView[Any]) -> common.NoticeRequestedV1:
    return common.NoticeRequestedV1(
        **about(view, _filed(view).customer_id),
        notice_id=derived_id(view.case_id, f".notice.{view.version}"),
        to=common.NoticeTo.BUYER,
        template_code=fact.template_code,
        values={"order_id": view.subject, "refund_id": view.case_id},
        purpose=common.NoticePurpose.SERVICE,
        channels=[words.Channel.CHAT, words.Channel.SMS],
        expires_at=fact.expires_at,
    )


def _negotiation(fact: agreement.NegotiationAsked, view: CaseView[Any]) -> common.TaskRequestedV1:
    task_id = derived_id(view.case_id, ".negotiate")
    return task(view, task_id, fact.question_code, fact.due_at, "approval")


def _negotiation_over(_fact: agreement.NegotiationOver, view: CaseView[Any]) -> common.TaskWithdrawnV1:
    return common.TaskWithdrawnV1(
        **view.common(),
        about_subject=view.subject,
        order_id=view.subject,
        task_id=derived_id(view.case_id, ".negotiate"),
        reason_code="answered",
    )


def _agreement_task(name: str, question_code: str) -> Announce:
    def announce(fact: Any, view: CaseView[Any]) -> common.TaskRequestedV1:
        return task(view, derived_id(view.case_id, f".{name}"), question_code, fact.due_at)

    return announce


def _refund_closed(fact: agreement.AgreementClosed, view: CaseView[Any]) -> refunds.RefundClosedV1:
    return refunds.RefundClosedV1(
        **about(view), refund_id=view.case_id, ending=refunds_words.RefundEnding(fact.ending.value)
    )


FROM_AGREEMENT: Mapping[type, Announce] = {
    agreement.AnswerAwaited: _refund_opened,
    agreement.AnswerDecided: _answer_decided,
    agreement.ReturnAwaited: _return_authorized,
    agreement.FreightDecided: _refund_liability,
    agreement.EvidenceAsked: _evidence,
    agreement.BuyerReminded: _reminder,
    agreement.NegotiationAsked: _negotiation,
    agreement.NegotiationOver: _negotiation_over,
    agreement.RefusalUnbacked: _agreement_task("unbacked", "refusal_without_evidence"),
    agreement.AnswerContested: _agreement_task("contested", "refused_after_silence"),
    agreement.PromiseAtRisk: _agreement_task("promise", "agreed_against_promise"),
    agreement.PiecesMissing: _agreement_task("pieces", "fewer_pieces_accepted"),
    agreement.RestUndecided: _agreement_task("rest", "only_some_pieces_owed"),
    agreement.AgreementClosed: _refund_closed,
}


# Refund intent.


def _payment_requested(
    fact: intent.PaymentRequested, view: CaseView[Any]
) -> refunds.RefundPaymentRequestedV1:
    order = fact.order
    is_refund = order.purpose is Purpose.REFUND
    return refunds.RefundPaymentRequestedV1(
        **about(view),
        intent_id=view.case_id,
        attempt_id=attempt_id_of(view.case_id, fact.attempt_count),
        purpose=refunds_words.IntentPurpose(order.purpose.value),
        amount=money(order.amount),
        tenders=tenders(order.tenders, order.amount.currency),
        payee=refunds_words.Payee.BUYER,
        lines=shares(order.shares, order.amount.currency) if is_refund else None,
        refund_id=order.case_id if is_refund else None,
    )


def _refund_paid(fact: intent.RefundPaid, view: CaseView[Any]) -> refunds.RefundPaidV1:
    state: Any = view.state
    order: intent.Order = state.order
    is_full = order.is_full and fact.amount == order.amount
    closed, continues = (
        refunds_words.OrderOutcomeAfterRefund.CLOSED,
        refunds_words.OrderOutcomeAfterRefund.CONTINUES,
    )
    return refunds.RefundPaidV1(
        **about(view),
        intent_id=view.case_id,
        purpose=refunds_words.IntentPurpose(order.purpose.value),
        amount=money(fact.amount),
        lines=shares(order.shares, order.amount.currency),
        is_full=is_full,
        order_outcome=closed if is_full else continues,
        refund_id=order.case_id if order.purpose is Purpose.REFUND else None,
        remedy_id=order.remedy_id,
    )


def _payment_stuck(fact: intent.PaymentStuck, view: CaseView[Any]) -> refunds.RefundPaymentStuckV1:
    return refunds.RefundPaymentStuckV1(
        **about(view),
        intent_id=view.case_id,
        attempt_count=fact.attempt_count,
        money_moved=words.MoneyMoved(fact.moved.value),
    )


FROM_INTENT: Mapping[type, Announce] = {
    intent.PaymentRequested: _payment_requested,
    intent.RefundPaid: _refund_paid,
    intent.PaymentStuck: _payment_stuck,
    intent.PersonAsked: asked,
    intent.PaymentDisputed: asked,
}
