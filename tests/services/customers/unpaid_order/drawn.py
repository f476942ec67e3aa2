"""Lists the messages that explore the diagram of `unpaid-order`."""

from services.customers.cases.unpaid_order import messages as u

MESSAGES: list[object] = [
    u.Placed("o1", "c1", is_prepaid=True, has_consulted=False, agent_id=None, total_minor=1),
    u.Placed("o1", "c1", is_prepaid=False, has_consulted=False, agent_id=None, total_minor=1),
    u.TermsChanged("seller", 1),
    u.Paid(),
    u.Closed("unpaid_cancelled", "buyer"),
    u.Declined("close.o1", "already_closed"),
]
