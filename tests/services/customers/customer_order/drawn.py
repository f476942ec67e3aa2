"""Lists the messages that explore the diagram of `customer-order`."""

from kernel.money import Money
from services.customers.cases.customer_order import messages as o

MESSAGES: list[object] = [o.Placed("c1", "a1", Money(0, "CNY")), o.Shipped("o1"), o.Succeeded()]
