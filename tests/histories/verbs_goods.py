"""Actions of warehouse, carriers and couriers as events."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from aftersales_contracts import components
from aftersales_contracts.base import Event
from aftersales_contracts.enums import Condition, Disposition, ParcelDirection, ParcelStatus, SignedBy
from aftersales_contracts.shop import scans, shipments
from tests.histories.world import ORDER, Action, World, shares

Made = Event | None


def _waybill(parcel_id: str, carrier: str) -> components.Tracking:
    return components.Tracking(carrier_code=carrier, tracking_code=f"T{parcel_id}")


def _register(world: World, action: Action) -> Made:
    carrier, *lines = action.args
    if action.about in world.ledger.goods.parcels:
        return None
    return shipments.ParcelRegisteredV1(
        **world.keys,
        parcel_id=action.about,
        direction=ParcelDirection.OUTBOUND,
        tracking=_waybill(action.about, str(carrier)),
        lines=shares(lines),
        freight_payer=shipments.FreightPayer.SENDER,
        declared_amount=world.money(sum(world.ledger.piece_prices[str(x).split(":")[0]] for x in lines)),
    )


def _carry(world: World, action: Action) -> Made:
    """The parcel that carries out a resend."""
    asked = world.ledger.m.asked.get(action.about)
    parcel_id, carrier = str(action.args[0]), str(action.args[1])
    if asked is None or parcel_id in world.ledger.goods.parcels:
        return None
    request: Any = asked.event
    direction = {
        "exchange": ParcelDirection.REPLACEMENT,
        "return_to_buyer": ParcelDirection.TO_BUYER,
    }.get(request.purpose.value, ParcelDirection.RESHIP)
    return shipments.ParcelRegisteredV1(
        **world.keys,
        parcel_id=parcel_id,
        direction=direction,
        tracking=_waybill(parcel_id, carrier),
        lines=request.lines,
        freight_payer=shipments.FreightPayer.SENDER,
        declared_amount=world.money(10_000),
        request_id=request.request_id,
        replaces_parcel_id=request.replaces_parcel_id,
    )


def _hand_over(world: World, action: Action) -> Made:
    parcel = world.ledger.goods.parcels.get(action.about)
    if parcel is None or parcel.is_gone or parcel.is_void:
        return None
    return shipments.ParcelHandedOverV1(
        **world.keys, parcel_id=parcel.parcel_id, carrier_code=parcel.carrier_code
    )


def _void(world: World, action: Action) -> Made:
    parcel = world.ledger.goods.parcels.get(action.about)
    if parcel is None or parcel.is_gone or parcel.is_void:
        return None
    return shipments.ParcelWaybillVoidedV1(**world.keys, parcel_id=action.about, reason_code="stopped")


def _renumber(world: World, action: Action) -> Made:
    """The number was wrong; the parcel travels under another."""
    parcel = world.ledger.goods.parcels.get(action.about)
    if parcel is None or parcel.is_void or parcel.handed_at is None or parcel.standing != "moving":
        return None
    wrong = components.Tracking(carrier_code=parcel.carrier_code, tracking_code=parcel.tracking_code)
    right = wrong.model_copy(update={"tracking_code": f"{wrong.tracking_code}x"})
    return shipments.ParcelNumberCorrectedV1(
        **world.keys, parcel_id=action.about, wrong_tracking=wrong, tracking=right
    )


def _scan(world: World, action: Action) -> Made:
    """A scan, some minutes old; the parcel may not be registered yet."""
    status, carrier, late = action.args
    parcel = world.ledger.goods.parcels.get(action.about)
    if parcel is not None and (parcel.is_void or parcel.says("there") or parcel.standing == "home"):
        return None
    tracking = _waybill(action.about, str(carrier))
    code = parcel.tracking_code if parcel is not None else tracking.tracking_code
    known = ParcelStatus(str(status))
    return scans.ParcelScannedV1(
        carrier_code=str(carrier),
        tracking_code=code,
        occurred_at=world.now - timedelta(minutes=int(late)),
        status=known,
        raw_status_code=f"raw-{status}",
        signed_by=SignedBy.BUYER if known is ParcelStatus.DELIVERED else None,
    )


def _arrive(world: World, action: Action) -> Made:
    """A box is at the gate; `collect`: the carrier wants the freight from the shop."""
    parcel = world.ledger.goods.parcels.get(action.about)
    if parcel is None or not parcel.is_gone:
        return None
    return scans.ParcelArrivedV1(
        carrier_code=parcel.carrier_code,
        tracking_code=parcel.tracking_code,
        warehouse_id="wh-1",
        is_freight_collect="collect" in action.args,
        order_id=ORDER,
        return_id=next(iter(sorted(parcel.return_ids)), None),
    )


def _arrive_unknown(world: World, action: Action) -> Made:
    """A box that nobody registered is at the gate, and names the order; the carrier wants the freight."""
    if action.about in world.ledger.goods.parcels:
        return None
    return scans.ParcelArrivedV1(
        carrier_code="sf", tracking_code=action.about, warehouse_id="wh-1", is_freight_collect=True,
        order_id=ORDER,
    )  # fmt: skip


def _instruct(world: World, action: Action) -> Made:
    """The warehouse answers an instruction: `done` or `impossible`."""
    asked = world.ledger.m.asked.get(action.about)
    if asked is None:
        return None
    request: Any = asked.event
    outcome = shipments.InstructionOutcome(str(action.args[0]))
    return shipments.WarehouseInstructionAnsweredV1(
        **world.keys, request_id=request.request_id, outcome=outcome, parcel_id=request.parcel_id
    )


def _inspect(world: World, action: Action) -> Made:
    """Lines as `line:received:accepted`; before them the return that is named, the condition, the fault."""
    named, condition, fault, *lines = action.args
    if action.about not in world.ledger.goods.parcels:
        return None
    return shipments.ReturnInspectedV1(
        **world.keys,
        return_id=str(named) or None,
        parcel_id=action.about,
        lines=[
            components.Inspection(
                line_id=str(text).split(":")[0],
                received_count=int(str(text).split(":")[1]),
                accepted_count=int(str(text).split(":")[2]),
                condition=Condition(str(condition)),
                is_packaging_complete=True,
                is_fault_confirmed={"yes": True, "no": False}.get(str(fault)),
                disposition=Disposition.RESTOCK,
            )
            for text in lines
        ],
    )


def _hold(world: World, action: Action) -> Made:
    asked = world.ledger.m.asked.get(action.about)
    if asked is None:
        return None
    request: Any = asked.event
    outcome = shipments.HoldOutcome(str(action.args[0]))
    gone = [p.parcel_id for p in world.ledger.goods.parcels.values() if p.is_gone and not p.is_back]
    is_late = outcome is shipments.HoldOutcome.TOO_LATE
    return shipments.DispatchHoldAnsweredV1(
        **world.keys, request_id=request.request_id, outcome=outcome, parcel_ids=gone if is_late else None
    )


def _reship(world: World, action: Action) -> Made:
    asked = world.ledger.m.asked.get(action.about)
    if asked is None:
        return None
    request: Any = asked.event
    return shipments.ReshipAnsweredV1(
        **world.keys,
        request_id=request.request_id,
        outcome=shipments.ReshipOutcome(str(action.args[0])),
        lines=request.lines,
    )


def _shortage(world: World, action: Action) -> Made:
    return shipments.DispatchShortageFoundV1(
        **world.keys, lines=shares(action.args), source=shipments.ShortageSource.WAREHOUSE
    )


def _courier(world: World, action: Action) -> Made:
    asked = world.ledger.m.asked.get(action.about)
    if asked is None:
        return None
    request: Any = asked.event
    return shipments.CourierActionAnsweredV1(
        **world.keys,
        request_id=request.request_id,
        parcel_id=request.parcel_id,
        outcome=shipments.CourierOutcome(str(action.args[0])),
    )


def _claim(world: World, action: Action) -> Made:
    asked = world.ledger.m.asked.get(action.about)
    if asked is None:
        return None
    request: Any = asked.event
    step = shipments.CourierClaimStep(str(action.args[0]))
    has_amount = step.value in ("approved", "paid")
    return shipments.CourierClaimAnsweredV1(
        **world.keys, claim_id=request.claim_id, outcome=step, amount=request.amount if has_amount else None
    )


VERBS: Mapping[str, Callable[[World, Action], Made]] = {
    "register": _register, "carry": _carry, "hand_over": _hand_over, "void": _void, "scan": _scan,
    "arrive": _arrive, "inspect": _inspect, "hold": _hold, "reship": _reship, "shortage": _shortage,
    "courier": _courier, "claim": _claim, "arrive_unknown": _arrive_unknown, "instruct": _instruct,
    "renumber": _renumber,
}  # fmt: skip
