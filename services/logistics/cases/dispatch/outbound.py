"""Builds the outcomes that the dispatch of an order announces."""

from collections.abc import Mapping
from typing import Any

from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.aftersales import logistics_enums as lw
from chassis.engine import outcomes
from chassis.service import Announce
from kernel.decider import CaseView
from kernel.people import Notice, Task, TaskWithdrawn
from services.logistics.attention import AttentionDrawn
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch.state import Absent, State
from services.logistics.order_file import OrderFile
from services.logistics.shares import named


def _file(view: CaseView[State]) -> OrderFile:
    if isinstance(view.state, Absent):
        raise TypeError("nothing is known of the order")
    return view.state.file


def _about(view: CaseView[State]) -> dict[str, Any]:
    return outcomes.about_order(view, _file(view).customer_id)


def _overdue(fact: f.TargetMissed, view: CaseView[State]) -> logistics.DispatchOverdueV1:
    """Announces that the promise was missed."""
    return logistics.DispatchOverdueV1(
        **_about(view),
        dispatch_by_at=fact.dispatch_by_at,
        source=lw.DispatchPromiseSource(fact.source.value),
        lines=outcomes.pieces(named(fact.lines)),
    )


def _late(fact: f.LateEstablished, view: CaseView[State]) -> logistics.LateShippingEstablishedV1:
    """Announces late shipping."""
    return logistics.LateShippingEstablishedV1(
        **_about(view),
        trigger=lw.LateTrigger(fact.trigger.value),
        lines=outcomes.pieces(named(fact.lines)),
    )


def _late_withdrawn(fact: f.LateWithdrawn, view: CaseView[State]) -> logistics.LateShippingWithdrawnV1:
    """Announces that shipping was in time after all."""
    return logistics.LateShippingWithdrawnV1(
        **_about(view), trigger=lw.LateTrigger(fact.trigger.value), reason_code=fact.reason_code
    )


def _hold_asked(fact: f.HoldAsked, view: CaseView[State]) -> logistics.DispatchHoldRequestedV1:
    """Announces the request to hold goods, or to let them go."""
    return logistics.DispatchHoldRequestedV1(
        **_about(view),
        request_id=fact.hold.request_id,
        action=lw.HoldAction(fact.action),
        lines=outcomes.pieces(named(fact.hold.lines)),
        reason_code=fact.reason_code,
    )


def _hold_resolved(fact: f.HoldResolved, view: CaseView[State]) -> logistics.DispatchHoldResolvedV1:
    """Announces the end of a hold."""
    return logistics.DispatchHoldResolvedV1(
        **_about(view),
        outcome=lw.HoldResolution(fact.outcome),
        parcel_ids=list(fact.parcel_ids),
        refund_id=fact.hold.refund_id,
    )


def _remedy_due(fact: f.RemedyDue, view: CaseView[State]) -> logistics.RemedyRefundDueV1:
    """Announces that the buyer is to be paid."""
    return logistics.RemedyRefundDueV1(
        **_about(view),
        remedy_id=fact.remedy_id,
        parcel_id=fact.parcel_id,
        lines=outcomes.pieces(named(fact.lines)),
        reason_code=lw.RemedyReason(fact.reason.value),
        fault=lw.Fault(fact.fault.value),
    )


def _doubts_changed(fact: f.DoubtsChanged, view: CaseView[State]) -> logistics.DeliveryDoubtsChangedV1:
    """Announces which parcels are in doubt."""
    return logistics.DeliveryDoubtsChangedV1(
        **_about(view),
        parcels=[
            logistics.ParcelInDoubt(parcel_id=each.parcel_id, doubt=lw.DeliveryDoubt(each.doubt.value))
            for each in fact.parcels
        ],
    )


def _parcel_traced(fact: f.ParcelTraced, view: CaseView[State]) -> logistics.RefundParcelTracedV1:
    """Announces that a parcel of a refund is on its way."""
    link = fact.link
    return logistics.RefundParcelTracedV1(
        **_about(view),
        refund_id=fact.refund_id,
        parcel_id=link.parcel_id,
        lines=outcomes.pieces(named(link.lines)),
        picked_up_at=link.pickup_at or view.at,
    )


def _completed(fact: f.DispatchCompleted, view: CaseView[State]) -> logistics.DispatchCompletedV1:
    """Announces that everything left."""
    return logistics.DispatchCompletedV1(**_about(view), completed_at=fact.completed_at)


def _carrier_instructed(
    fact: f.CarrierInstructed, view: CaseView[State]
) -> logistics.WarehouseInstructionRequestedV1:
    """Announces that the warehouse is to use the agreed carrier."""
    return logistics.WarehouseInstructionRequestedV1(
        **_about(view),
        request_id=fact.request_id,
        instruction=lw.Instruction.USE_CARRIER,
        values={"carrier_code": fact.carrier_code},
    )


def _address_check(
    fact: f.AddressCheckAsked, view: CaseView[State]
) -> logistics.WarehouseInstructionRequestedV1:
    """Announces that the warehouse is to check the address."""
    return logistics.WarehouseInstructionRequestedV1(
        **_about(view), request_id=fact.check.request_id, instruction=lw.Instruction.CHECK_ADDRESS
    )


def _wrong_carrier(fact: f.WrongCarrierUsed, view: CaseView[State]) -> common.ViolationNoticedV1:
    """Announces that another carrier than the agreed one was used."""
    return common.ViolationNoticedV1(
        **_about(view),
        about_subject=view.subject,
        kind_code="agreed_carrier_not_used",
        violation_class=common.ViolationClass.GENERAL,
        points_at_risk_count=fact.points,
        order_ids=[view.subject],
    )


def _attention(fact: AttentionDrawn, view: CaseView[State]) -> common.TaskRequestedV1:
    """Announces that a person is to look at the order."""
    return outcomes.order_task(fact.task, view)


def _notice(fact: Notice, view: CaseView[State]) -> common.NoticeRequestedV1:
    """Announces a notice to the buyer."""
    return outcomes.order_notice(fact, view, _file(view).customer_id)


ANNOUNCES: Mapping[type, Announce] = {
    AttentionDrawn: _attention,
    Task: outcomes.order_task,
    TaskWithdrawn: outcomes.order_task_withdrawn,
    Notice: _notice,
    f.TargetMissed: _overdue,
    f.LateEstablished: _late,
    f.LateWithdrawn: _late_withdrawn,
    f.HoldAsked: _hold_asked,
    f.HoldResolved: _hold_resolved,
    f.RemedyDue: _remedy_due,
    f.DispatchCompleted: _completed,
    f.DoubtsChanged: _doubts_changed,
    f.ParcelTraced: _parcel_traced,
    f.CarrierInstructed: _carrier_instructed,
    f.AddressCheckAsked: _address_check,
    f.WrongCarrierUsed: _wrong_carrier,
}
