"""The border of logistics, outwards: what its outcomes have in common, and those of orders and parcels."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from aftersales_contracts import base as contract
from aftersales_contracts import parts, words
from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.aftersales import logistics_words as lw
from chassis.service import Announce
from kernel.decider import CaseView
from kernel.money import Money
from services.logistics.cases import dispatch_facts as f
from services.logistics.cases import parcel_words as pw
from services.logistics.cases.dispatch_states import Known
from services.logistics.cases.order_file import UNKNOWN_LINES, OrderFile
from services.logistics.cases.track import Identity, Track
from services.logistics.cases.values import (
    AttentionDrawn,
    NoticeAsked,
    Share,
    TaskOpened,
    TaskWithdrawn,
    Tracking,
)


def money(amount: Money) -> contract.Money:
    """An amount in the contract's words."""
    return contract.Money(minor=amount.minor, currency=amount.currency)


def shares(lines: Sequence[Share]) -> list[parts.Share]:
    """Pieces in the contract's words; those of an order without known lines are not named."""
    named = [share for share in lines if share not in UNKNOWN_LINES]
    return [parts.Share(line_id=share.line_id, quantity_count=share.quantity_count) for share in named]


def tracking(of: Tracking) -> parts.Tracking:
    """A waybill in the contract's words."""
    return parts.Tracking(carrier_code=of.carrier_code, tracking_code=of.tracking_code)


def about(view: CaseView[Any], customer_id: str | None = None) -> dict[str, Any]:
    """What an outcome about the order of a case carries."""
    return {**view.common(), "order_id": view.subject, "customer_id": customer_id}


def track_of(view: CaseView[Any]) -> tuple[Track, Identity]:
    """The parcel and what it stands for. Raises TypeError for one without an order."""
    if not isinstance(view.state, pw.Known) or view.state.track.identity is None:
        raise TypeError("a parcel without an order says nothing")
    return view.state.track, view.state.track.identity


def task(
    view: CaseView[Any], task_id: str, question_code: str, due_at: datetime, kind_code: str = "attention"
) -> common.TaskRequestedV1:
    """A question to a person; parcels ask about their waybill, all others about the order."""
    carried = about(view)
    if isinstance(view.state, pw.Known):
        _, identity = track_of(view)
        carried = _parcel(view, identity)
    return common.TaskRequestedV1(
        **carried,
        about_subject=view.subject,
        task_id=task_id,
        kind_code=kind_code,
        question_code=question_code,
        due_at=due_at,
        escalate_to=words.Role.SUPERVISOR,
    )


def attention(fact: AttentionDrawn, view: CaseView[Any]) -> contract.Outcome:
    """Somebody is to look at the case."""
    return task(view, fact.task_id, fact.question_code, fact.due_at)


def opened_task(fact: TaskOpened, view: CaseView[Any]) -> contract.Outcome:
    """Somebody is to decide or act."""
    return task(view, fact.task_id, fact.question_code, fact.due_at, fact.kind_code)


def withdrawn_task(fact: TaskWithdrawn, view: CaseView[Any]) -> contract.Outcome:
    """The question is void."""
    return common.TaskWithdrawnV1(
        **view.common(),
        about_subject=view.subject,
        order_id=view.subject,
        task_id=fact.task_id,
        reason_code=fact.reason_code,
    )


def notice(customer_of: Callable[[Any], str | None]) -> Announce:
    """Somebody is to be told; `customer_of` finds the buyer in the state."""

    def announce(fact: NoticeAsked, view: CaseView[Any]) -> contract.Outcome:
        return common.NoticeRequestedV1(
            **about(view, customer_of(view.state)),
            notice_id=fact.notice_id,
            to=common.NoticeTo(fact.to),
            template_code=fact.template_code,
            values=fact.values,
            purpose=common.NoticePurpose.SERVICE,
            channels=[words.Channel.CHAT, words.Channel.SMS],
            expires_at=fact.expires_at,
        )

    return announce


COMMON: Mapping[type, Announce] = {AttentionDrawn: attention, TaskOpened: opened_task}


# Dispatch.


def _file(view: CaseView[Any]) -> OrderFile:
    if not isinstance(view.state, Known):
        raise TypeError(f"{type(view.state).__name__} holds no file")
    return view.state.file


def _order(view: CaseView[Any]) -> dict[str, Any]:
    return about(view, _file(view).customer_id)


def _overdue(fact: f.TargetMissed, view: CaseView[Any]) -> contract.Outcome:
    return logistics.DispatchOverdueV1(
        **_order(view),
        dispatch_by_at=fact.dispatch_by_at,
        source=lw.DispatchPromiseSource(fact.source.value),
        lines=shares(fact.lines),
    )


def _late(fact: f.LateEstablished, view: CaseView[Any]) -> contract.Outcome:
    trigger = lw.LateTrigger(fact.trigger.value)
    return logistics.LateShippingEstablishedV1(**_order(view), trigger=trigger, lines=shares(fact.lines))


def _late_withdrawn(fact: f.LateWithdrawn, view: CaseView[Any]) -> contract.Outcome:
    trigger = lw.LateTrigger(fact.trigger.value)
    return logistics.LateShippingWithdrawnV1(**_order(view), trigger=trigger, reason_code=fact.reason_code)


def _hold_asked(fact: f.HoldAsked, view: CaseView[Any]) -> contract.Outcome:
    return logistics.DispatchHoldRequestedV1(
        **_order(view),
        request_id=fact.hold.request_id,
        action=lw.HoldAction(fact.action),
        lines=shares(fact.hold.lines),
        reason_code=fact.reason_code,
    )


def _hold_resolved(fact: f.HoldResolved, view: CaseView[Any]) -> contract.Outcome:
    return logistics.DispatchHoldResolvedV1(
        **_order(view),
        outcome=lw.HoldResolution(fact.outcome),
        parcel_ids=list(fact.parcel_ids),
        refund_id=fact.hold.refund_id,
    )


def _remedy_due(fact: f.RemedyDue, view: CaseView[Any]) -> contract.Outcome:
    return logistics.RemedyRefundDueV1(
        **_order(view),
        remedy_id=fact.remedy_id,
        parcel_id=fact.parcel_id,
        lines=shares(fact.lines),
        reason_code=lw.RemedyReason(fact.reason.value),
        fault=lw.Fault(fact.fault.value),
    )


def _carrier_instructed(fact: f.CarrierInstructed, view: CaseView[Any]) -> contract.Outcome:
    return logistics.WarehouseInstructionRequestedV1(
        **_order(view),
        request_id=fact.request_id,
        instruction=lw.Instruction.USE_CARRIER,
        values={"carrier_code": fact.carrier_code},
    )


def _wrong_carrier(fact: f.WrongCarrierUsed, view: CaseView[Any]) -> contract.Outcome:
    return common.ViolationNoticedV1(
        **_order(view),
        about_subject=view.subject,
        kind_code="agreed_carrier_not_used",
        violation_class=common.ViolationClass.GENERAL,
        points_at_risk_count=fact.points,
        order_ids=[view.subject],
    )


FROM_DISPATCH: Mapping[type, Announce] = {
    **COMMON,
    NoticeAsked: notice(lambda state: state.file.customer_id),
    f.TargetMissed: _overdue,
    f.LateEstablished: _late,
    f.LateWithdrawn: _late_withdrawn,
    f.HoldAsked: _hold_asked,
    f.HoldResolved: _hold_resolved,
    f.RemedyDue: _remedy_due,
    f.CarrierInstructed: _carrier_instructed,
    f.WrongCarrierUsed: _wrong_carrier,
}


# Parcels.


def _parcel(view: CaseView[Any], identity: Identity) -> dict[str, Any]:
    """A scan knows no shop: the parcel's own registration does."""
    return {**view.common(), "shop_id": identity.shop_id, "order_id": identity.order_id}


def _status(fact: pw.StatusChanged, view: CaseView[Any]) -> contract.Outcome:
    track, identity = track_of(view)
    scan = fact.scan
    return logistics.ParcelStatusChangedV1(
        **_parcel(view, identity),
        parcel_id=identity.parcel_id,
        tracking=tracking(track.tracking),
        direction=words.ParcelDirection(identity.direction.value),
        status=words.ParcelStatus(scan.status.value),
        raw_status_code=scan.raw_status_code,
        place_name=scan.place_name,
        is_late_news=fact.is_late_news,
        signed_by=words.SignedBy(scan.signed_by) if scan.signed_by else None,
    )


def _stall(fact: pw.StallOpened | pw.StallCleared, view: CaseView[Any]) -> contract.Outcome:
    track, identity = track_of(view)
    is_open = isinstance(fact, pw.StallOpened)
    return logistics.ParcelStallChangedV1(
        **_parcel(view, identity),
        parcel_id=identity.parcel_id,
        tracking=tracking(track.tracking),
        stage=lw.StallStage(fact.stage.value),
        state=lw.StallState.OPENED if is_open else lw.StallState.CLEARED,
        silent_since_at=fact.since_at,
    )


def _outcome(fact: pw.OutcomeDecided, view: CaseView[Any]) -> contract.Outcome:
    _, identity = track_of(view)
    revised = lw.ParcelOutcome(fact.revises.value) if fact.revises else None
    return logistics.ParcelOutcomeDecidedV1(
        **_parcel(view, identity),
        parcel_id=identity.parcel_id,
        direction=words.ParcelDirection(identity.direction.value),
        lines=shares(identity.lines),
        outcome=lw.ParcelOutcome(fact.decision.outcome.value),
        revises_outcome=revised,
        basis=lw.OutcomeBasis(fact.decision.basis.value),
        fault=lw.Fault(fact.fault.value),
    )


def _refuse_collect(fact: pw.CollectRefusalAsked, view: CaseView[Any]) -> contract.Outcome:
    _, identity = track_of(view)
    return logistics.WarehouseInstructionRequestedV1(
        **_parcel(view, identity),
        request_id=fact.request_id,
        instruction=lw.Instruction.REFUSE_COLLECT,
        parcel_id=identity.parcel_id,
    )


FROM_PARCEL: Mapping[type, Announce] = {
    **COMMON,
    pw.StatusChanged: _status,
    pw.StallOpened: _stall,
    pw.StallCleared: _stall,
    pw.OutcomeDecided: _outcome,
    pw.CollectRefusalAsked: _refuse_collect,
}
