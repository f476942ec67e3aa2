"""Declares the dispatch of an order, which is also the order's file for all of logistics."""

from chassis.service import Kind
from kernel.picture import Picture, Pictures, ended
from services.logistics.cases.dispatch import state as s
from services.logistics.cases.dispatch.facts import Fact
from services.logistics.cases.dispatch.inbound import READS
from services.logistics.cases.dispatch.messages import NAME, Message
from services.logistics.cases.dispatch.outbound import ANNOUNCES
from services.logistics.cases.dispatch.reactions import TELLS
from services.logistics.cases.dispatch.rules import decide
from services.logistics.cases.dispatch.state import Absent, Ended, State, deadlines, evolve
from services.logistics.policy import Policy

PICTURES: Pictures = {
    s.AwaitingPayment: Picture("awaiting_payment", "buyer"),
    s.Due: Picture("due", "seller", ("hand_over_parcel",)),
    s.Overdue: Picture("overdue", "seller", ("hand_over_parcel",)),
    s.Breached: Picture("breached", "seller", ("hand_over_parcel",)),
    s.Held: Picture("held", "seller"),
    s.HandedOver: ended("handed_over"),
    s.Stopped: ended("stopped"),
}

DISPATCH: Kind[State, Message, Fact, Policy] = Kind(
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
)
