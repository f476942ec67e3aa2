"""The wiring of refunds: its kinds of case, what it reads, what it announces."""

from typing import get_args

from chassis.service import Kind, Service
from services.refunds import (
    agreement_words,
    announce_exchange,
    announce_order,
    announce_refund,
    exchange_words,
    hand_on,
    intent_words,
    late_words,
    order_facts,
    order_words,
    policy,
    translate,
)
from services.refunds.cases.exchange import EXCHANGE
from services.refunds.cases.late_compensation import LATE_COMPENSATION
from services.refunds.cases.order import ORDER
from services.refunds.cases.refund_agreement import REFUND_AGREEMENT
from services.refunds.cases.refund_intent import REFUND_INTENT

REFUNDS = Service(
    name="refunds",
    kinds=(
        Kind(
            reads=translate.READS,
            name=translate.ORDER,
            initial=ORDER.initial,
            decide=ORDER.decide,
            evolve=ORDER.evolve,
            deadlines=ORDER.deadlines,
            state=order_words.State,
            ended=(order_words.Succeeded, order_words.Closed),
            message=order_words.Message,
            fact=order_facts.Fact,
            announces=announce_order.FROM_ORDER,
            tells=hand_on.FROM_ORDER,
        ),
        Kind(
            name=translate.AGREEMENT,
            initial=REFUND_AGREEMENT.initial,
            decide=REFUND_AGREEMENT.decide,
            evolve=REFUND_AGREEMENT.evolve,
            deadlines=REFUND_AGREEMENT.deadlines,
            state=agreement_words.State,
            ended=(agreement_words.TurnedAway, agreement_words.Granted, agreement_words.Closed),
            message=agreement_words.Message,
            fact=agreement_words.Fact,
            announces=announce_refund.FROM_AGREEMENT,
            tells=hand_on.FROM_AGREEMENT,
        ),
        Kind(
            name=translate.INTENT,
            initial=REFUND_INTENT.initial,
            decide=REFUND_INTENT.decide,
            evolve=REFUND_INTENT.evolve,
            deadlines=REFUND_INTENT.deadlines,
            state=intent_words.State,
            ended=(intent_words.Settled, intent_words.Abandoned),
            message=intent_words.Message,
            fact=intent_words.Fact,
            announces=announce_refund.FROM_INTENT,
            tells=hand_on.FROM_INTENT,
        ),
        Kind(
            name=translate.EXCHANGE,
            initial=EXCHANGE.initial,
            decide=EXCHANGE.decide,
            evolve=EXCHANGE.evolve,
            deadlines=EXCHANGE.deadlines,
            state=exchange_words.State,
            ended=(exchange_words.TurnedAway, *get_args(exchange_words.Over)),
            message=exchange_words.Message,
            fact=exchange_words.Fact,
            announces=announce_exchange.FROM_EXCHANGE,
            tells=hand_on.FROM_EXCHANGE,
        ),
        Kind(
            name=translate.LATE,
            initial=LATE_COMPENSATION.initial,
            decide=LATE_COMPENSATION.decide,
            evolve=LATE_COMPENSATION.evolve,
            deadlines=LATE_COMPENSATION.deadlines,
            state=late_words.State,
            ended=(late_words.Paid, late_words.Void),
            message=late_words.Message,
            fact=late_words.Fact,
            announces=announce_exchange.FROM_LATE,
            tells=hand_on.FROM_LATE,
        ),
    ),
    policies=policy.load(),
)
