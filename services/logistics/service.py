"""The wiring of logistics: its kinds of case, what it reads, what it announces."""

from typing import get_args

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
            name=translate.DISPATCH,
            decider=DISPATCH,
            states=get_args(dispatch_states.State),
            ended=(dispatch_states.HandedOver, dispatch_states.Stopped),
            messages=get_args(dispatch_messages.Message),
            facts=get_args(dispatch_facts.Fact),
            announces=announce.FROM_DISPATCH,
            hands_on=hand_on.FROM_DISPATCH,
        ),
        Kind(
            name=translate.PARCEL,
            decider=PARCEL,
            states=get_args(parcel_words.State),
            ended=ENDED,
            messages=get_args(parcel_words.Message),
            facts=get_args(parcel_words.Fact),
            announces=announce.FROM_PARCEL,
            hands_on=hand_on.FROM_PARCEL,
        ),
        Kind(
            name=translate.LOST,
            decider=LOST_PARCEL,
            states=get_args(lost_parcel_words.State),
            ended=(lost_parcel_words.Resent, lost_parcel_words.RefundDue, lost_parcel_words.Closed),
            messages=get_args(lost_parcel_words.Message),
            facts=get_args(lost_parcel_words.Fact),
            announces=announce_remedies.FROM_LOST,
            hands_on=hand_on_losses.FROM_LOST,
        ),
        Kind(
            name=translate.CLAIM,
            decider=COURIER_CLAIM,
            states=get_args(courier_claim_words.State),
            ended=(
                courier_claim_words.Paid,
                courier_claim_words.Rejected,
                courier_claim_words.Expired,
                courier_claim_words.Withdrawn,
            ),
            messages=get_args(courier_claim_words.Message),
            facts=get_args(courier_claim_words.Fact),
            announces=announce_remedies.FROM_CLAIM,
        ),
        Kind(
            name=translate.INTERCEPT,
            decider=INTERCEPT,
            states=get_args(intercept.State),
            ended=(intercept.Refused, intercept.Back, intercept.Missed),
            messages=get_args(intercept.Message),
            facts=get_args(intercept.Fact),
            announces=announce_remedies.FROM_INTERCEPT,
        ),
        Kind(
            name=translate.RESHIP,
            decider=RESHIP,
            states=get_args(reship_words.State),
            ended=(
                reship_words.Delivered,
                reship_words.Failed,
                reship_words.Unavailable,
                reship_words.Cancelled,
            ),
            messages=get_args(reship_words.Message),
            facts=get_args(reship_words.Fact),
            announces=announce_remedies.FROM_RESHIP,
            hands_on=hand_on_losses.FROM_RESHIP,
        ),
        Kind(
            name=translate.SHORTAGE,
            decider=STOCK_SHORTAGE,
            states=get_args(stock_shortage.State),
            ended=(stock_shortage.Released, stock_shortage.RefundDue),
            messages=get_args(stock_shortage.Message),
            facts=get_args(stock_shortage.Fact),
            announces=announce_remedies.FROM_SHORTAGE,
            hands_on=hand_on.FROM_SHORTAGE,
        ),
    ),
    reads=translate.READS,
    policies=policy.load(),
)
