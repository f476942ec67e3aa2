"""Declares the order: `inbound` reads, `outbound` announces, `reactions` tells the other cases."""

from chassis.service import Kind
from services.refunds.cases.order.facts import Fact
from services.refunds.cases.order.inbound import READS
from services.refunds.cases.order.messages import NAME, Message
from services.refunds.cases.order.outbound import ANNOUNCES, PICTURES, about, detail
from services.refunds.cases.order.reactions import TELLS
from services.refunds.cases.order.rules import decide
from services.refunds.cases.order.state import Absent, Ended, State, deadlines, evolve
from services.refunds.policy import Policy

ORDER: Kind[State, Message, Fact, Policy] = Kind(
    name=NAME,
    initial=Absent(),
    state=State,
    message=Message,
    fact=Fact,
    ended=Ended,
    decide=decide,
    evolve=evolve,
    deadlines=deadlines,
    reads=READS,
    announces=ANNOUNCES,
    tells=TELLS,
    pictures=PICTURES,
    detail=detail,
    about=about,
)
