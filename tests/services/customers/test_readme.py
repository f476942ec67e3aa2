"""The README of customers says what the rules do."""

from pathlib import Path
from typing import Any

import pytest

import services.customers
from chassis.service import Kind
from kernel.money import Money
from kernel.value import replace
from services.customers import service
from services.customers.cases.customer_order import messages as o
from services.customers.cases.message import messages as m
from services.customers.cases.promise import messages as p
from services.customers.cases.unpaid_order import messages as u
from services.customers.contact import Channel, Purpose
from services.customers.promised import Promise, PromiseKind
from tests.services.customers import built
from tests.services.customers.built import T0
from tests.services.diagrams import Readme, explored

README = Readme(service.CUSTOMERS, Path(services.customers.__file__).with_name("README.md"))
CONTACT = replace(built.CONTACT, purpose=Purpose.SERVICE)

MESSAGES: dict[str, list[object]] = {
    "unpaid-order": [
        u.Placed("o1", "c1", is_prepaid=True, has_consulted=False, agent_id=None, total_minor=1),
        u.Placed("o1", "c1", is_prepaid=False, has_consulted=False, agent_id=None, total_minor=1),
        u.TermsChanged("seller", 1),
        u.Paid(),
        u.Closed("unpaid_cancelled", "buyer"),
        u.Declined("close.o1", "already_closed"),
    ],
    "customer-order": [o.Placed("c1", "a1", Money(0, "CNY")), o.Shipped("o1"), o.Succeeded()],
    "message": [
        m.Asked(CONTACT),
        m.Allowed(Channel.SMS, 1),
        m.Allowed(Channel.CALL, 1),
        m.Denied("no_consent"),
        m.Answered("sms", "sent"),
        m.Answered("sms", "failed"),
        m.Held("reached"),
        m.Stopped("blocked"),
    ],
    "promise": [
        p.Given(Promise("p1", PromiseKind.GIFT, "o1", "c1")),
        p.Given(Promise("p1", PromiseKind.SHIP_BY, "o1", "c1")),
        p.HandedOver("sf"),
        p.Judged("confirmed"),
    ],
}
KINDS = [kind for kind in service.CUSTOMERS.kinds if kind.name in MESSAGES]
LEDGERS = [kind for kind in service.CUSTOMERS.kinds if kind.name not in MESSAGES]


def test_the_readme_names_everything() -> None:
    README.check_words()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_diagram_is_what_the_rules_do(kind: Kind[Any, Any, Any, Any]) -> None:
    _, policy = service.CUSTOMERS.policies.choose("s1", T0)
    edges, names = explored(kind, MESSAGES[kind.name], policy, T0, limit=400)
    assert README.edges(kind.name) == edges
    assert [name for name in names if f"*{name}*" not in README.sections[kind.name]] == []


@pytest.mark.parametrize("kind", LEDGERS, ids=lambda kind: kind.name)
def test_ledgers_have_one_state_and_no_deadline(kind: Kind[Any, Any, Any, Any]) -> None:
    assert len(kind.states) == 1
    assert list(kind.deadlines(kind.initial)) == []
    assert "ledger" in README.sections[kind.name]
