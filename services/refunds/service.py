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
            name=translate.ORDER,
            decider=ORDER,
            states=get_args(order_words.State),
            ended=(order_words.Succeeded, order_words.Closed),
            messages=get_args(order_words.Message),
            facts=get_args(order_facts.Fact),
            announces=announce_order.FROM_ORDER,
            hands_on=hand_on.FROM_ORDER,
        ),
        Kind(
            name=translate.AGREEMENT,
            decider=REFUND_AGREEMENT,
            states=get_args(agreement_words.State),
            ended=(agreement_words.TurnedAway, agreement_words.Granted, agreement_words.Closed),
            messages=get_args(agreement_words.Message),
            facts=get_args(agreement_words.Fact),
            announces=announce_refund.FROM_AGREEMENT,
            hands_on=hand_on.FROM_AGREEMENT,
        ),
        Kind(
            name=translate.INTENT,
            decider=REFUND_INTENT,
            states=get_args(intent_words.State),
            ended=(intent_words.Settled, intent_words.Abandoned),
            messages=get_args(intent_words.Message),
            facts=get_args(intent_words.Fact),
            announces=announce_refund.FROM_INTENT,
            hands_on=hand_on.FROM_INTENT,
        ),
        Kind(
            name=translate.EXCHANGE,
            decider=EXCHANGE,
            states=get_args(exchange_words.State),
            ended=(exchange_words.TurnedAway, *get_args(exchange_words.Over)),
            messages=get_args(exchange_words.Message),
            facts=get_args(exchange_words.Fact),
            announces=announce_exchange.FROM_EXCHANGE,
            hands_on=hand_on.FROM_EXCHANGE,
        ),
        Kind(
            name=translate.LATE,
            decider=LATE_COMPENSATION,
            states=get_args(late_words.State),
            ended=(late_words.Paid, late_words.Void),
            messages=get_args(late_words.Message),
            facts=get_args(late_words.Fact),
            announces=announce_exchange.FROM_LATE,
            hands_on=hand_on.FROM_LATE,
        ),
    ),
    reads=translate.READS,
    policies=policy.load(),
)
