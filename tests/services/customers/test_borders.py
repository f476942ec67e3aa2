"""Events and outcomes, field by field, where a rule hangs on it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from aftersales_contracts.aftersales import common
from aftersales_contracts.aftersales import customers as out
from aftersales_contracts.shop import customers
from kernel.decider import CaseView
from kernel.money import Money
from kernel.value import replace
from services.customers.cases.consent import messages as consent
from services.customers.cases.consent.border import CONSENT
from services.customers.cases.message import state as message
from services.customers.cases.message.border import MESSAGE
from services.customers.cases.message.messages import Asked
from services.customers.cases.promise import state as promise
from services.customers.cases.promise.border import PROMISE
from services.customers.contact import Channel, Purpose
from services.customers.policy import load
from services.customers.promised import Promise, PromiseKind
from tests.services.customers.built import CONTACT, T0

KEYS = {"shop_id": "s1", "customer_id": "c1"}
CASE = {"case_id": "k", "case_kind": "x", "case_version": 1, "rule_ids": [], "policy_version": "test"}


def view(kind: str, state: Any) -> CaseView[Any]:
    return CaseView("c1", kind, "k", 1, "s1", "test", (), T0, state)


@pytest.mark.parametrize(
    ("channel", "purpose", "granted"),
    [
        ("sms", "service", [consent.Granted(Channel.SMS, "service", "checkout")]),
        ("sms", "a_purpose_of_tomorrow", []),
        ("a_channel_of_tomorrow", "service", []),
    ],
)
def test_consent_is_read_only_where_both_codes_are_known(
    channel: str, purpose: str, granted: list[Any]
) -> None:
    """CP-006: a code that this version does not know allows nothing."""
    data = customers.ConsentGrantedV1.model_validate(
        {**KEYS, "channel": channel, "purpose": purpose, "source_code": "checkout"}
    )
    read = CONSENT.reads[customers.ConsentGrantedV1](data)
    assert [addressed.message for addressed in read] == granted


@pytest.mark.parametrize(
    ("purpose", "read_as"),
    [("review_followup", Purpose.REVIEW_FOLLOWUP), ("service", Purpose.SERVICE)],
)
def test_a_notice_of_a_follow_up_counts_as_one(purpose: str, read_as: Purpose) -> None:
    """RV-025, CP-010: the limit of texts is for follow-ups; any other notice is a service."""
    data = common.NoticeRequestedV1.model_validate(
        {
            **KEYS, **CASE, "order_id": "o1", "notice_id": "n1", "to": "buyer", "template_code": "t",
            "values": {}, "purpose": purpose, "channels": ["sms"], "expires_at": T0,
        }
    )  # fmt: skip
    (asked,) = MESSAGE.reads[common.NoticeRequestedV1](data)
    assert isinstance(asked.message, Asked)
    assert asked.message.contact.purpose is read_as
    assert asked.message.contact.channels == (Channel.SMS,)


@pytest.mark.parametrize("channel", [None, Channel.SMS])
def test_a_result_names_the_channel_that_was_used(channel: Channel | None) -> None:
    """RV-025: none where nothing was sent."""
    fact = message.NoticeResolved(CONTACT, message.Outcome.SUPPRESSED, channel, "no_consent")
    event = MESSAGE.announces[message.NoticeResolved](fact, view("message", message.Absent()))
    assert isinstance(event, out.NoticeResolvedV1)
    assert (event.channel and event.channel.value) == channel


@pytest.mark.parametrize("amount", [None, Money(9000, "CNY")])
def test_a_promise_is_announced_with_its_amount(amount: Money | None) -> None:
    """CP-035: dispatch and refunds read the price that was agreed."""
    made = replace(Promise("p1", PromiseKind.PRICE, "o1", "c1"), amount=amount)
    fact = promise.PromiseRegistered(made, T0, T0)
    event = PROMISE.announces[promise.PromiseRegistered](fact, view("promise", promise.Absent()))
    assert isinstance(event, out.PromiseRegisteredV1)
    told = event.amount and Money(event.amount.minor, event.amount.currency)
    assert told == amount


def test_the_pack_of_2027_begins_with_the_year() -> None:
    """CU-002, CU-006: the day before, the smallest total and the question are as they were."""
    last, first = (
        load().choose("s1", datetime(*day, tzinfo=UTC))[1] for day in ((2026, 12, 31), (2027, 1, 1))
    )
    assert (last.unpaid.remind_from_minor, first.unpaid.remind_from_minor) == (0, 1000)
