"""Declares the index of orders by account: it reads and announces nothing."""

from chassis.service import Kind
from services.customers.cases.order_index.messages import NAME, Message
from services.customers.cases.order_index.rules import decide
from services.customers.cases.order_index.state import Fact, Page, State, evolve
from services.customers.policy import Policy

ORDER_INDEX: Kind[State, Message, Fact, Policy] = Kind(
    name=NAME,
    initial=Page(),
    state=State,
    message=Message,
    fact=Fact,
    ended=Page,  # from the start: a page is loaded when it is addressed, never because its account is
    decide=decide,
    evolve=evolve,
)
