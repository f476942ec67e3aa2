"""Answers for the outside of the made-up shop: warehouse, courier, desk, telephone, gateway.

Each function takes the plan of the order and one of our outcomes, and yields (delay, name, event); the
name makes the event's id together with the order's. The same outcome is always answered alike.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from aftersales_contracts.aftersales.common import (
    EvidenceHolder,
    EvidenceRequestedV1,
    TaskRequestedV1,
)
from aftersales_contracts.aftersales.customers import (
    CallRequestedV1,
    MessagePurpose,
    MessageSendRequestedV1,
)
from aftersales_contracts.aftersales.logistics import (
    CourierActionRequestedV1,
    CourierClaimRequestedV1,
    DispatchHoldRequestedV1,
    ReshipRequestedV1,
    WarehouseInstructionRequestedV1,
)
from aftersales_contracts.aftersales.logistics_enums import (
    ClaimAction,
    CourierAction,
    HoldAction,
    ReshipAction,
)
from aftersales_contracts.base import Event
from aftersales_contracts.components import Party
from aftersales_contracts.enums import (
    ConsentChannel,
    ParcelDirection,
    ParcelStatus,
    Rating,
    ReshipPurpose,
    Role,
)
from aftersales_contracts.shop.aftersales import EvidenceSubmittedV1
from aftersales_contracts.shop.contacts import CallHeldV1, CallOutcome, MessageSendAnsweredV1, SendOutcome
from aftersales_contracts.shop.customers import ConsentWithdrawnV1, WithdrawalSource
from aftersales_contracts.shop.desk import TaskCompletedV1
from aftersales_contracts.shop.reviews import ReviewChangedV1
from aftersales_contracts.shop.shipments import (
    CourierActionAnsweredV1,
    CourierClaimAnsweredV1,
    CourierClaimStep,
    CourierOutcome,
    DispatchHoldAnsweredV1,
    FreightPayer,
    HoldOutcome,
    InstructionOutcome,
    ParcelHandedOverV1,
    ParcelRegisteredV1,
    ReshipAnsweredV1,
    ReshipOutcome,
    WarehouseInstructionAnsweredV1,
)
from simulator.plans import DAY, HOUR, LOST, MINUTE, NEVER_SHIPPED, Plan, Trouble
from simulator.records import share, short_id
from simulator.script import (
    CARRIER_CODE,
    parcel_id,
    scan,
    tracking,
)

FAILED_MESSAGE_SHARE = 0.03
AGENT = Party(role=Role.AGENT, id="agent-7")

Said = Iterator[tuple[timedelta, str, Event]]


def on_hold(plan: Plan, asked: DispatchHoldRequestedV1, at: datetime) -> Said:
    """The warehouse stops what it still has; what is on the truck has gone."""
    if asked.action is not HoldAction.HOLD:
        return
    is_gone = at + 15 * MINUTE > plan.shipped_at and plan.trouble not in NEVER_SHIPPED
    answered = DispatchHoldAnsweredV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        request_id=asked.request_id,
        outcome=HoldOutcome.TOO_LATE if is_gone else HoldOutcome.STOPPED,
        parcel_ids=[parcel_id(plan)] if is_gone else None,
    )
    yield 15 * MINUTE, f"hold.{asked.request_id}", answered


def on_instruction(plan: Plan, asked: WarehouseInstructionRequestedV1, at: datetime) -> Said:
    """The warehouse does as it is asked."""
    del at
    done = WarehouseInstructionAnsweredV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        request_id=asked.request_id,
        outcome=InstructionOutcome.DONE,
        parcel_id=asked.parcel_id,
    )
    yield 3 * HOUR, f"instruction.{asked.request_id}", done


def on_reship(plan: Plan, asked: ReshipRequestedV1, at: datetime) -> Said:
    """The warehouse keeps stock if it has any, sends, or lets go of it again."""
    match asked.action:
        case ReshipAction.RESERVE:
            has_none = plan.trouble is Trouble.EXCHANGE_NO_STOCK
            outcome = ReshipOutcome.UNAVAILABLE if has_none else ReshipOutcome.RESERVED
            yield 2 * HOUR, f"reserve.{asked.request_id}", _reship_answer(plan, asked, outcome, at)
        case ReshipAction.SEND:
            yield from _resent(plan, asked, at)
            if plan.trouble is Trouble.LOST_TURNED_UP:
                yield from _turned_up(plan, at)
        case _:
            declined = _reship_answer(plan, asked, ReshipOutcome.DECLINED, at)
            yield HOUR, f"cancel.{asked.request_id}", declined


def _reship_answer(
    plan: Plan, asked: ReshipRequestedV1, outcome: ReshipOutcome, at: datetime
) -> ReshipAnsweredV1:
    return ReshipAnsweredV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        request_id=asked.request_id,
        outcome=outcome,
        lines=asked.lines,
        until_at=at + 30 * DAY if outcome is ReshipOutcome.RESERVED else None,
        reason_code="no_stock" if outcome is ReshipOutcome.UNAVAILABLE else None,
    )


def _resent(plan: Plan, asked: ReshipRequestedV1, at: datetime) -> Said:
    which = f"e{short_id(asked.reship_id)[:4]}"
    parcel, waybill = f"{plan.order_id}.{which}", tracking(plan, which)
    is_exchange = asked.purpose is ReshipPurpose.EXCHANGE
    registered = ParcelRegisteredV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        parcel_id=parcel,
        direction=ParcelDirection.REPLACEMENT if is_exchange else ParcelDirection.RESHIP,
        tracking=waybill,
        lines=asked.lines,
        freight_payer=FreightPayer.SENDER,
        request_id=asked.request_id,
        replaces_parcel_id=asked.replaces_parcel_id,
    )
    yield 8 * HOUR, f"registered-{which}", registered
    handed = ParcelHandedOverV1(
        shop_id=plan.shop_id, order_id=plan.order_id, parcel_id=parcel, carrier_code=CARRIER_CODE
    )
    yield 10 * HOUR, f"handed-over-{which}", handed
    for hours, status in (
        (11, ParcelStatus.PICKED_UP),
        (20, ParcelStatus.IN_TRANSIT),
        (50, ParcelStatus.OUT_FOR_DELIVERY),
        (54, ParcelStatus.DELIVERED),
    ):
        yield hours * HOUR, f"scan-{which}-{status.value}", scan(waybill, at + hours * HOUR, status)


def _turned_up(plan: Plan, at: datetime) -> Said:
    """The parcel that was lost lay in a corner: it moves again while its replacement is on the way."""
    for hours, status in ((30, ParcelStatus.IN_TRANSIT), (75, ParcelStatus.DELIVERED)):
        yield hours * HOUR, f"scan-found-{status.value}", scan(tracking(plan), at + hours * HOUR, status)


def on_courier_action(plan: Plan, asked: CourierActionRequestedV1, at: datetime) -> Said:
    """The courier searches, and finds what is not lost; other wishes it grants."""
    del at

    def answer(outcome: CourierOutcome, evidence_ids: list[str]) -> CourierActionAnsweredV1:
        return CourierActionAnsweredV1(
            shop_id=plan.shop_id,
            order_id=plan.order_id,
            request_id=asked.request_id,
            parcel_id=asked.parcel_id,
            outcome=outcome,
            evidence_ids=evidence_ids,
        )

    if asked.action is not CourierAction.INQUIRE:
        yield 3 * HOUR, f"courier.{asked.request_id}", answer(CourierOutcome.ACCEPTED, [])
        return
    yield 5 * HOUR, f"searching.{asked.request_id}", answer(CourierOutcome.SEARCHING, [])
    if plan.trouble in LOST and asked.parcel_id == parcel_id(plan):
        lost = answer(CourierOutcome.LOST, [f"{plan.order_id}.certificate"])
        yield 40 * HOUR, f"lost.{asked.request_id}", lost
    else:
        yield 10 * HOUR, f"found.{asked.request_id}", answer(CourierOutcome.FOUND, [])


def on_courier_claim(plan: Plan, asked: CourierClaimRequestedV1, at: datetime) -> Said:
    """The courier's claims desk takes its time, and pays."""
    del at
    if asked.action is not ClaimAction.FILE:
        return
    for delay, step in (
        (DAY, CourierClaimStep.RECEIVED),
        (6 * DAY, CourierClaimStep.APPROVED),
        (11 * DAY, CourierClaimStep.PAID),
    ):
        answered = CourierClaimAnsweredV1(
            shop_id=plan.shop_id,
            order_id=plan.order_id,
            claim_id=asked.claim_id,
            outcome=step,
            amount=asked.amount if step is not CourierClaimStep.RECEIVED else None,
        )
        yield delay, f"claim-{step.value}.{asked.claim_id}", answered


def on_call(plan: Plan, asked: CallRequestedV1, at: datetime) -> Said:
    """An agent phones: most buyers talk, some then change the rating, some want no more calls."""
    del at
    outcome = {
        Trouble.BAD_REVIEW_UNREACHED: CallOutcome.NOT_REACHED,
        Trouble.BAD_REVIEW_LEFT_ALONE: CallOutcome.REFUSED,
    }.get(plan.trouble, CallOutcome.REACHED)
    held = CallHeldV1(
        shop_id=plan.shop_id,
        customer_id=asked.customer_id,
        call_id=f"call-{short_id(asked.request_id)}",
        request_id=asked.request_id,
        order_id=plan.order_id,
        agent_id="agent-7",
        outcome=outcome,
        has_introduced=True,
        is_identity_confirmed=outcome is CallOutcome.REACHED,
        summary_ref=f"vault/calls/{plan.order_id}",
    )
    yield 4 * HOUR, f"call.{asked.request_id}", held
    if outcome is CallOutcome.REFUSED:
        yield 4 * HOUR + MINUTE, "left-alone", _left_alone(plan, WithdrawalSource.CALL)
    if plan.trouble is Trouble.BAD_REVIEW_CHANGED:
        changed = ReviewChangedV1(
            shop_id=plan.shop_id,
            order_id=plan.order_id,
            review_id=f"{plan.order_id}.v-buyer",
            rating=Rating.GOOD,
        )
        yield 30 * HOUR, "v-changed", changed


def on_message(plan: Plan, asked: MessageSendRequestedV1, at: datetime) -> Said:
    """The gateway delivers; a buyer who wants no texts says so."""
    del at
    is_failed = share("message", asked.request_id) < FAILED_MESSAGE_SHARE
    answered = MessageSendAnsweredV1(
        shop_id=plan.shop_id,
        customer_id=asked.customer_id,
        request_id=asked.request_id,
        channel=asked.channel,
        outcome=SendOutcome.FAILED if is_failed else SendOutcome.DELIVERED,
    )
    yield MINUTE, f"message.{asked.request_id}", answered
    if (
        plan.trouble is Trouble.BAD_REVIEW_LEFT_ALONE
        and asked.purpose is MessagePurpose.REVIEW_FOLLOWUP
        and not is_failed
    ):
        yield 9 * MINUTE, "left-alone", _left_alone(plan, WithdrawalSource.REPLY)


def _left_alone(plan: Plan, source: WithdrawalSource) -> ConsentWithdrawnV1:
    return ConsentWithdrawnV1(
        shop_id=plan.shop_id, customer_id=plan.customer_id, channel=ConsentChannel.ALL, source=source
    )


def on_evidence(plan: Plan, asked: EvidenceRequestedV1, at: datetime) -> Said:
    """Whoever is asked shows what there is."""
    del at
    role = Role.BUYER if asked.from_role is EvidenceHolder.BUYER else Role.SELLER
    submitted = EvidenceSubmittedV1(
        shop_id=plan.shop_id,
        order_id=plan.order_id,
        evidence_id=f"ev-{short_id(asked.request_id)}",
        kind=asked.kinds[0],
        store_ref=f"vault/evidence/{short_id(asked.request_id)}",
        request_id=asked.request_id,
        case_id=asked.case_id,
        case_kind=asked.case_kind,
        by=Party(role=role),
    )
    yield 8 * HOUR, f"evidence.{asked.request_id}", submitted


def on_task(plan: Plan, asked: TaskRequestedV1, at: datetime) -> Said:
    """The desk works through most of its tasks within the day."""
    del at
    if share("task", asked.task_id) > 0.9:
        return
    completed = TaskCompletedV1(
        shop_id=plan.shop_id,
        task_id=asked.task_id,
        case_kind=asked.case_kind,
        case_id=asked.case_id,
        about_subject=asked.about_subject,
        outcome_code="approved",
        option_id=asked.options[0].option_id if asked.options else None,
        note_ref=f"vault/notes/{short_id(asked.task_id)}",
        by=Party(role=Role.SUPERVISOR, id="supervisor-1"),
    )
    yield (
        2 * HOUR + share("task time", asked.task_id) * 8 * HOUR,
        f"task.{short_id(asked.task_id)}",
        completed,
    )
