"""Declares the refund agreement: the events that it reads, its outcomes, and the order's news from it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from aftersales_contracts import enums
from aftersales_contracts.aftersales import common, logistics, refunds, refunds_enums
from aftersales_contracts.base import Event
from aftersales_contracts.enums import Role
from aftersales_contracts.shop import aftersales, desk
from chassis.engine.outcomes import (
    about_order,
    mine,
    money,
    money_in,
    order_notice,
    order_task,
    order_task_withdrawn,
    pieces,
    priced_pieces,
)
from chassis.service import Announce, Kind, Reaction, Read
from kernel.decider import Addressed, CaseView
from kernel.ids import derived_id
from kernel.people import Notice, Task, TaskWithdrawn
from kernel.picture import Picture, Pictures, ended
from kernel.value import replace
from services.refunds.cases.order import messages as order
from services.refunds.cases.refund_agreement import messages as m
from services.refunds.cases.refund_agreement import state as s
from services.refunds.cases.refund_agreement.facts import (
    AgreementClosed,
    AmendmentForwarded,
    AnswerAwaited,
    AnswerContested,
    AnswerDecided,
    BuyerReminded,
    DeadlineExtended,
    DeliveryQuestioned,
    EvidenceAsked,
    ExtensionRefused,
    Fact,
    Filed,
    FreightDecided,
    FreightDue,
    NegotiationAsked,
    NegotiationOver,
    PiecesMissing,
    ReceiptTermsAmended,
    RefundDue,
    RefusalUnbacked,
    RestUndecided,
    ReturnAwaited,
)
from services.refunds.cases.refund_agreement.rules import decide
from services.refunds.cases.refund_agreement.state import Absent, Ended, State, deadlines, evolve, filed_of
from services.refunds.cases.refund_intent.messages import intent_id_of
from services.refunds.conversions import application_in, carriage_in, freight_decided, shares_in
from services.refunds.goods import without
from services.refunds.policy import Policy
from services.refunds.shares import Purpose, RefundKind

_STAGES = frozenset(stage.value for stage in m.Stage)

# Reads.


def _amended(data: aftersales.RefundAmendedV1) -> Sequence[Addressed]:
    return [m.to(data.order_id, data.refund_id, m.Amended(application_in(data)))]


def _agreed(data: aftersales.RefundAgreedV1) -> Sequence[Addressed]:
    if data.stage.value not in _STAGES:
        return []
    message = m.SellerAgreed(data.terms_version, m.Stage(data.stage.value), data.return_address_ref)
    return [m.to(data.order_id, data.refund_id, message)]


def _refused(data: aftersales.RefundRefusedV1) -> Sequence[Addressed]:
    if data.stage.value not in _STAGES:
        return []
    stage, count = m.Stage(data.stage.value), len(data.evidence_ids)
    message = m.SellerRefused(data.terms_version, stage, data.reason_code, count)
    return [m.to(data.order_id, data.refund_id, message)]


def _withdrawn(data: aftersales.ApplicationWithdrawnV1) -> Sequence[Addressed]:
    return [] if data.refund_id is None else [m.to(data.order_id, data.refund_id, m.BuyerWithdrew())]


def _time_given(data: aftersales.DeadlineExtendedV1) -> Sequence[Addressed]:
    """Reads more time; an agent speaks for the seller."""
    by = "seller" if data.by.role is Role.AGENT else data.by.role.value
    return [m.to(data.order_id, data.case_id, m.TimeGiven(data.deadline_name, data.until_at, by))]


def _return_sent(data: aftersales.ReturnSentV1) -> Sequence[Addressed]:
    """Reads a return of goods; one that names no refund is for an exchange."""
    if data.refund_id is None:
        return []
    paid = None if data.freight_paid_amount is None else money_in(data.freight_paid_amount)
    message = m.ReturnSent(carriage_in(data.carriage), paid, shares_in(data.lines), data.return_id)
    return [m.to(data.order_id, data.refund_id, message)]


def _return_accepted(data: aftersales.ReturnAcceptedV1) -> Sequence[Addressed]:
    if data.refund_id is None:
        return []
    return [m.to(data.order_id, data.refund_id, m.ReturnAccepted(shares_in(data.lines)))]


def _evidence_submitted(data: aftersales.EvidenceSubmittedV1) -> Sequence[Addressed]:
    if data.case_id is None:
        return []
    return [m.to(data.order_id, data.case_id, m.EvidenceGiven(data.kind.value))]


def _parcel_traced(data: logistics.RefundParcelTracedV1) -> Sequence[Addressed]:
    return [m.to(data.order_id, data.refund_id, m.ParcelTraced(data.parcel_id, data.picked_up_at))]


def _task_completed(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    return [m.to(data.about_subject, data.case_id, m.TaskAnswered(data.task_id, data.outcome_code))]


READS: Mapping[type[Event], Read] = {
    aftersales.RefundAmendedV1: _amended,
    aftersales.RefundAgreedV1: _agreed,
    aftersales.RefundRefusedV1: _refused,
    aftersales.ApplicationWithdrawnV1: _withdrawn,
    aftersales.DeadlineExtendedV1: mine(m.NAME, _time_given),
    aftersales.ReturnSentV1: _return_sent,
    aftersales.ReturnAcceptedV1: _return_accepted,
    aftersales.EvidenceSubmittedV1: mine(m.NAME, _evidence_submitted),
    logistics.RefundParcelTracedV1: _parcel_traced,
    desk.TaskCompletedV1: mine(m.NAME, _task_completed),
}

# Announces.


def _opened(fact: AnswerAwaited, view: CaseView[State]) -> refunds.RefundOpenedV1:
    return _terms(fact.filed, fact.answer_by, view)


def _amended_at_receipt(fact: ReceiptTermsAmended, view: CaseView[State]) -> refunds.RefundOpenedV1:
    return _terms(fact.filed, fact.receive_by, view)


def _terms(filed: Filed, answer_by: datetime, view: CaseView[State]) -> refunds.RefundOpenedV1:
    terms = filed.terms
    return refunds.RefundOpenedV1(
        **about_order(view, filed.customer_id),
        refund_id=view.case_id,
        kind=enums.RefundKind(terms.kind.value),
        reason_code=terms.reason_code,
        lines=priced_pieces(terms.shares, terms.amount.currency),
        amount=money(terms.amount),
        terms_version=terms.version,
        answer_by_at=answer_by,
    )


def _answer_decided(fact: AnswerDecided, view: CaseView[State]) -> refunds.RefundAnswerDecidedV1:
    return refunds.RefundAnswerDecidedV1(
        **about_order(view, filed_of(view.state).customer_id),
        refund_id=view.case_id,
        terms_version=fact.version,
        answer=refunds_enums.DecidedAnswer(fact.answer.value),
        cause=refunds_enums.AnswerCause(fact.cause.value),
        reason_code=fact.reason_code,
    )


def _return_authorized(fact: ReturnAwaited, view: CaseView[State]) -> refunds.ReturnAuthorizedV1:
    filed = filed_of(view.state)
    return refunds.ReturnAuthorizedV1(
        **about_order(view, filed.customer_id),
        return_id=view.case_id,
        refund_id=view.case_id,
        lines=pieces(without(filed.terms.shares, filed.back)),
        return_address_ref=fact.address_ref,
        carriages=[enums.Carriage(carriage.value) for carriage in fact.carriages],
        is_collect_forbidden=True,
        needs_note=False,
        send_by_at=fact.send_by,
    )


def _freight_owed(fact: FreightDue, view: CaseView[State]) -> refunds.FreightLiabilityDecidedV1:
    filed = filed_of(view.state)
    return freight_decided(view, filed.customer_id, filed.liability, fact.amount)


def _freight_decided(_fact: FreightDecided, view: CaseView[State]) -> refunds.FreightLiabilityDecidedV1:
    filed = filed_of(view.state)
    return freight_decided(view, filed.customer_id, filed.liability)


def _evidence(fact: EvidenceAsked, view: CaseView[State]) -> common.EvidenceRequestedV1:
    return common.EvidenceRequestedV1(
        **about_order(view, filed_of(view.state).customer_id),
        request_id=derived_id(view.case_id, "evidence", str(view.version)),
        from_role=common.EvidenceHolder.SELLER,
        kinds=[enums.EvidenceKind(kind) for kind in fact.kinds],
        about_code="refused_refund",
        due_at=fact.due_at,
    )


def _reminder(fact: BuyerReminded, view: CaseView[State]) -> common.NoticeRequestedV1:
    values = {"order_id": view.subject, "refund_id": view.case_id}
    notice = Notice(fact.template_code, fact.expires_at, values)
    return order_notice(notice, view, filed_of(view.state).customer_id)


def _negotiation(fact: NegotiationAsked, view: CaseView[State]) -> common.TaskRequestedV1:
    return order_task(Task(fact.question_code, fact.due_at, "approval", name="negotiate"), view)


def _negotiation_over(_fact: NegotiationOver, view: CaseView[State]) -> common.TaskWithdrawnV1:
    return order_task_withdrawn(TaskWithdrawn("answered", name="negotiate"), view)


def _questioned(fact: DeliveryQuestioned, view: CaseView[State]) -> common.TaskRequestedV1:
    return order_task(fact.task, view)


def _reconciled(name: str, question_code: str) -> Announce:
    """Makes the announcement of a fact that leaves something to a person."""

    def announce(
        fact: RefusalUnbacked | AnswerContested | PiecesMissing | RestUndecided,
        view: CaseView[State],
    ) -> common.TaskRequestedV1:
        return order_task(Task(question_code, fact.due_at, "reconciliation", name=name), view)

    return announce


def _refund_closed(fact: AgreementClosed, view: CaseView[State]) -> refunds.RefundClosedV1:
    return refunds.RefundClosedV1(
        **about_order(view), refund_id=view.case_id, ending=refunds_enums.RefundEnding(fact.ending.value)
    )


def _extension(
    fact: DeadlineExtended | ExtensionRefused, view: CaseView[State]
) -> refunds.DeadlineExtensionDecidedV1:
    return refunds.DeadlineExtensionDecidedV1(
        **about_order(view),
        deadline_name=fact.deadline_name,
        until_at=fact.until_at,
        is_allowed=isinstance(fact, DeadlineExtended),
        reason_code=fact.reason_code if isinstance(fact, ExtensionRefused) else None,
    )


ANNOUNCES: Mapping[type, Announce] = {
    AnswerAwaited: _opened,
    DeadlineExtended: _extension,
    ExtensionRefused: _extension,
    ReceiptTermsAmended: _amended_at_receipt,
    AnswerDecided: _answer_decided,
    ReturnAwaited: _return_authorized,
    FreightDecided: _freight_decided,
    FreightDue: _freight_owed,
    EvidenceAsked: _evidence,
    BuyerReminded: _reminder,
    NegotiationAsked: _negotiation,
    NegotiationOver: _negotiation_over,
    RefusalUnbacked: _reconciled("unbacked", "refusal_without_evidence"),
    AnswerContested: _reconciled("contested", "refused_after_silence"),
    Task: order_task,
    TaskWithdrawn: order_task_withdrawn,
    DeliveryQuestioned: _questioned,
    PiecesMissing: _reconciled("pieces", "fewer_pieces_accepted"),
    RestUndecided: _reconciled("rest", "only_some_pieces_owed"),
    AgreementClosed: _refund_closed,
}

# Tells.


def _refund_due(fact: RefundDue, view: CaseView[State]) -> Sequence[Addressed]:
    asked = order.PaymentAsked(
        case_id=view.case_id,
        intent_id=intent_id_of(view.kind, view.case_id, Purpose.REFUND),
        purpose=Purpose.REFUND,
        amount=fact.amount,
        shares=fact.shares,
        freight_minor=fact.freight_minor,
        are_goods_gone=fact.are_goods_gone,
        remedy_id=fact.remedy_id,
        is_proven=fact.is_proven or fact.remedy_id is not None,
    )
    return [order.to(view.subject, asked)]


def _freight_due(fact: FreightDue, view: CaseView[State]) -> Sequence[Addressed]:
    intent_id = intent_id_of(view.kind, view.case_id, Purpose.FREIGHT)
    return [order.to(view.subject, order.PaymentAsked(view.case_id, intent_id, Purpose.FREIGHT, fact.amount))]


def _closed(fact: AgreementClosed, view: CaseView[State]) -> Sequence[Addressed]:
    return [order.to(view.subject, order.CaseEnded(view.case_id, is_used=False, here=fact.here))]


def _forwarded(fact: AmendmentForwarded, view: CaseView[State]) -> Sequence[Addressed]:
    return [order.to(view.subject, order.AmendmentProposed(fact.applied))]


TELLS: Mapping[type, Reaction] = {
    RefundDue: _refund_due,
    FreightDue: _freight_due,
    AgreementClosed: _closed,
    AmendmentForwarded: _forwarded,
}

PICTURES: Pictures = {
    s.TurnedAway: ended("turned_away", "apply_refund"),
    s.AwaitingAnswer: Picture(
        "awaiting_answer", "seller", ("agree_refund", "refuse_refund", "withdraw_application")
    ),
    s.Refused: Picture("refused", "buyer", ("amend_application", "withdraw_application")),
    s.AwaitingReturn: Picture("awaiting_return", "buyer", ("register_return", "withdraw_application")),
    s.AwaitingReceipt: Picture(
        "awaiting_receipt", "seller", ("accept_return", "refuse_return", "withdraw_application")
    ),
    s.Granted: ended("granted"),
    s.Closed: Picture("closed"),
}


def _detail(state: State, picture: Picture) -> Picture:
    """Adds the ending, the question to a person, and what cannot be done before shipment (RF-003, RF-004)."""
    match state:
        case s.Closed(ending=ending):
            return replace(picture, ending=ending.value)
        case s.AwaitingAnswer() if state.filed.terms.kind is RefundKind.UNSHIPPED:
            return replace(picture, actions=("agree_refund",))
        case s.AwaitingAnswer(is_questioned=True):
            return replace(picture, waits_for="agent")
        case s.Refused() if state.evidence_by is not None:
            return replace(picture, actions=(*picture.actions, "show_evidence"))
        case _:
            return picture


REFUND_AGREEMENT: Kind[State, m.Message, Fact, Policy] = Kind(
    name=m.NAME,
    initial=Absent(),
    state=State,
    message=m.Message,
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
