"""Lists the messages that explore the diagram of `message`."""

from kernel.value import replace
from services.customers.cases.message import messages as m
from services.customers.contact import Channel, Purpose
from tests.services.customers import built

CONTACT = replace(built.CONTACT, purpose=Purpose.SERVICE)
MESSAGES: list[object] = [
    m.Asked(CONTACT),
    m.Allowed(Channel.SMS, 1),
    m.Allowed(Channel.CALL, 1),
    m.Denied("no_consent"),
    m.Answered("sms", "sent"),
    m.Answered("sms", "failed"),
    m.Held("reached"),
    m.Stopped("blocked"),
]
