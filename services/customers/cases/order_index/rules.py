"""Files an order under the account that placed it."""

from collections.abc import Sequence
from datetime import datetime

from kernel.rules import rule
from services.customers.cases.order_index.messages import Message
from services.customers.cases.order_index.state import Fact, OrderIndexed, State
from services.customers.policy import Policy


@rule("OR-008")
def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Files each order once."""
    return [] if message.order_id in state.order_ids else [OrderIndexed(message.order_id)]
