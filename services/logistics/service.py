"""The wiring of logistics: its kinds of case, what it reads, what it announces."""

from chassis.service import Kind, Service
from services.logistics import announce, announce_remedies, hand_on, hand_on_losses, policy, translate
from services.logistics.cases import (
    courier_claim_words,
    dispatch_facts,
    dispatch_messages,
    dispatch_states,
    intercept,
    lost_parcel_words,
    parcel_words,
    reship_words,
    stock_shortage,
)
from services.logistics.cases.courier_claim import COURIER_CLAIM
from services.logistics.cases.dispatch import DISPATCH
from services.logistics.cases.intercept import INTERCEPT
from services.logistics.cases.lost_parcel import LOST_PARCEL
from services.logistics.cases.parcel import PARCEL
from services.logistics.cases.parcel_states import ENDED
from services.logistics.cases.reship import RESHIP
from services.logistics.cases.stock_shortage import STOCK_SHORTAGE

LOGISTICS = Service(
    name="logistics",
    kinds=(
        Kind(
            reads=translate.READS,
            name=translate.DISPATCH,
            initial=DISPATCH.initial,
            decide=DISPATCH.decide,
            evolve=DISPATCH.evolve,
            deadlines=DISPATCH.deadlines,
            state=dispatch_states.State,
            ended=(dispatch_states.HandedOver, dispatch_states.Stopped),
            message=dispatch_messages.Message,
            fact=dispatch_facts.Fact,
            announces=announce.FROM_DISPATCH,
            tells=hand_on.FROM_DISPATCH,
        ),
        Kind(
            name=translate.PARCEL,
            initial=PARCEL.initial,
            decide=PARCEL.decide,
            evolve=PARCEL.evolve,
            deadlines=PARCEL.deadlines,
            state=parcel_words.State,
            ended=ENDED,
            message=parcel_words.Message,
            fact=parcel_words.Fact,
            announces=announce.FROM_PARCEL,
            tells=hand_on.FROM_PARCEL,
        ),
        Kind(
            name=translate.LOST,
            initial=LOST_PARCEL.initial,
            decide=LOST_PARCEL.decide,
            evolve=LOST_PARCEL.evolve,
            deadlines=LOST_PARCEL.deadlines,
            state=lost_parcel_words.State,
            ended=(lost_parcel_words.Resent, lost_parcel_words.RefundDue, lost_parcel_words.Closed),
            message=lost_parcel_words.Message,
            fact=lost_parcel_words.Fact,
            announces=announce_remedies.FROM_LOST,
            tells=hand_on_losses.FROM_LOST,
        ),
        Kind(
            name=translate.CLAIM,
            initial=COURIER_CLAIM.initial,
            decide=COURIER_CLAIM.decide,
            evolve=COURIER_CLAIM.evolve,
            deadlines=COURIER_CLAIM.deadlines,
            state=courier_claim_words.State,
            ended=(
                courier_claim_words.Paid,
                courier_claim_words.Rejected,
                courier_claim_words.Expired,
                courier_claim_words.Withdrawn,
            ),
            message=courier_claim_words.Message,
            fact=courier_claim_words.Fact,
            announces=announce_remedies.FROM_CLAIM,
        ),
        Kind(
            name=translate.INTERCEPT,
            initial=INTERCEPT.initial,
            decide=INTERCEPT.decide,
            evolve=INTERCEPT.evolve,
            deadlines=INTERCEPT.deadlines,
            state=intercept.State,
            ended=(intercept.Refused, intercept.Back, intercept.Missed),
            message=intercept.Message,
            fact=intercept.Fact,
            announces=announce_remedies.FROM_INTERCEPT,
        ),
        Kind(
            name=translate.RESHIP,
            initial=RESHIP.initial,
            decide=RESHIP.decide,
            evolve=RESHIP.evolve,
            deadlines=RESHIP.deadlines,
            state=reship_words.State,
            ended=(
                reship_words.Delivered,
                reship_words.Failed,
                reship_words.Unavailable,
                reship_words.Cancelled,
            ),
            message=reship_words.Message,
            fact=reship_words.Fact,
            announces=announce_remedies.FROM_RESHIP,
            tells=hand_on_losses.FROM_RESHIP,
        ),
        Kind(
            name=translate.SHORTAGE,
            initial=STOCK_SHORTAGE.initial,
            decide=STOCK_SHORTAGE.decide,
            evolve=STOCK_SHORTAGE.evolve,
            deadlines=STOCK_SHORTAGE.deadlines,
            state=stock_shortage.State,
            ended=(stock_shortage.Released, stock_shortage.RefundDue),
            message=stock_shortage.Message,
            fact=stock_shortage.Fact,
            announces=announce_remedies.FROM_SHORTAGE,
            tells=hand_on.FROM_SHORTAGE,
        ),
    ),
    policies=policy.load(),
)
