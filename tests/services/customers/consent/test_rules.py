"""Consent and limits: checked before every send, refusals for ever."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import HERE, DeadlinePassed, Told, tell
from kernel.value import replace
from services.customers.cases.consent import messages as m
from services.customers.cases.consent import state as s
from services.customers.cases.consent.border import CONSENT
from services.customers.cases.message import messages as message
from services.customers.contact import Channel, Purpose, To
from tests.services.customers import built
from tests.services.customers.built import T0, D, P
from tests.services.given import Walk, after, check_rule, decide, facts_of

SMS, CALL, CHAT, EMAIL = Channel.SMS, Channel.CALL, Channel.CHAT, Channel.EMAIL

CONTACT = replace(built.CONTACT, expires_at=T0 + 90 * D)
GRANT = s.ConsentGiven(SMS, "service", "checkout")
FORGET = T0 - 60 * D


def ask(notice: str = "n1", *channels: Channel, **changes: Any) -> m.ContactAsked:
    contact = replace(CONTACT, notice_id=notice, channels=channels or CONTACT.channels)
    return m.ContactAsked(replace(contact, **changes))


def allowed(channel: Channel, texts: int, nth: int, notice: str = "n1") -> s.ContactAllowed:
    """A text, or a call after so many messages."""
    count = s.Count("o1", texts, nth, T0)
    contact = replace(CONTACT, notice_id=notice)
    return s.ContactAllowed(contact, channel, nth, count, FORGET)


def refused(channel: str, *channels: Channel) -> s.ConsentRefused:
    return s.ConsentRefused(channel, channels, "reply", ())


def denied(reason_code: str) -> Told:
    return tell(message.to(HERE, "n1", message.Denied(reason_code)))


BLOCKED = s.BlockSet(is_blocked=True, until_at=None, reason_code="abuse", stopped=())
THREE: list[s.Fact] = [GRANT, *(allowed(SMS, n, n, f"m{n}") for n in (1, 2, 3))]
PENDING = s.Pending("m1", SMS)

TABLE: list[tuple[str, Sequence[s.Fact], m.Message, Sequence[s.Fact]]] = [
    ("CP-006", [], m.Granted(SMS, "service", "checkout"), [GRANT]),
    ("CP-006", [GRANT], m.Granted(SMS, "service", "checkout"), []),
    ("CP-006", [GRANT], ask(), [allowed(SMS, 1, 1)]),
    ("CP-006", [], ask("n1", SMS), [denied("no_consent")]),
    ("CP-006", [], ask("n1", EMAIL), [denied("no_consent")]),
    # Consent to marketing is none to anything else.
    ("CP-006", [s.ConsentGiven(SMS, "marketing", "x")], ask("n1", SMS), [denied("no_consent")]),
    ("CP-007", [GRANT], m.Withdrawn("sms", "reply"), [refused("sms", SMS)]),
    ("CP-008", [GRANT], m.Withdrawn("all", "one_click"),
     [s.ConsentRefused("all", tuple(Channel), "one_click", ())]),
    ("CP-009", [refused("sms", SMS)], m.Granted(SMS, "service", "crm"), [s.GrantIgnored(SMS, "service")]),
    ("CP-009", [GRANT, refused("sms", SMS)], ask("n1", SMS), [denied("consent_withdrawn")]),
    ("CP-009", [GRANT, allowed(SMS, 1, 1, "m1")], m.Withdrawn("sms", "reply"),
     [s.ConsentRefused("sms", (SMS,), "reply", (PENDING,))]),
    ("CP-009", [refused("sms", SMS)], m.Withdrawn("sms", "reply"), []),
    # A refusal is the reason that is told, before a missing consent and before the limit, in whatever order.
    ("CP-009", [refused("sms", SMS)], ask("n1", EMAIL, SMS), [denied("consent_withdrawn")]),
    ("CP-009", [refused("sms", SMS)], ask("n1", SMS, EMAIL), [denied("consent_withdrawn")]),
    ("CP-009", [*THREE, refused("call", CALL)], ask("n1", SMS, CALL), [denied("consent_withdrawn")]),
    ("RV-026", [refused("all", *Channel)], ask(), [denied("consent_withdrawn")]),
    ("CP-010", [], ask(), [replace(allowed(CALL, 0, 0), contact=CONTACT)]),
    ("CP-010", THREE, ask("n1", SMS), [denied("limit_reached")]),
    ("CP-010", THREE[:3], ask(), [allowed(SMS, 3, 3)]),
    ("RV-025", THREE, ask(), [allowed(CALL, 3, 3)]),
    # A call is no message: the text after it is the second.
    ("CP-010", [GRANT, allowed(SMS, 1, 1, "m1"), allowed(CALL, 1, 1, "m2")], ask(), [allowed(SMS, 2, 2)]),
    # The limit is per follow-up: another one has its own. The number goes on over both.
    ("CP-010", THREE, ask("n1", SMS, counted_under="o2"),
     [s.ContactAllowed(replace(CONTACT, channels=(SMS,), counted_under="o2"), SMS, 4,
                       s.Count("o2", 1, 1, T0), FORGET)]),
    ("CP-010", THREE, m.ContactEnded("m1"), [s.ContactDone("m1")]),
    ("CP-010", [], m.ContactEnded("m1"), []),
    ("CP-011", [], m.BlockChanged(is_blocked=True, until_at=None, reason_code="abuse"), [BLOCKED]),
    ("CP-011", [GRANT, BLOCKED], ask(), [denied("blocked")]),
    ("CP-011", [GRANT, replace(BLOCKED, until_at=T0 - D)], ask(), [allowed(SMS, 1, 1)]),
    ("CP-011", [allowed(CALL, 0, 0, "m1")], m.BlockChanged(True, None, "abuse"),
     [replace(BLOCKED, stopped=(s.Pending("m1", CALL),))]),
    ("CP-009", [GRANT], ask("n1", SMS, expires_at=T0),
     [denied("expired")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "then"), TABLE, ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)]
)
def test_rule(rule: str, given_facts: Sequence[s.Fact], when: m.Message, then: Sequence[s.Fact]) -> None:
    check_rule(CONSENT, rule, given_facts, when, T0, then, P)


def test_a_notice_to_the_seller_needs_no_consent() -> None:
    """OR-007: the shop is told of its own orders."""
    state = after(CONSENT, [refused("all", *Channel), BLOCKED])
    decided = CONSENT.handle(state, ask("n1", CHAT, to=To.SELLER, purpose=Purpose.SERVICE), P, T0)
    assert [type(d.fact) for d in decided] == [s.ContactAllowed]
    assert s.evolve(state, decided[0].fact) == state, "and is neither counted nor stopped"


def test_messages_are_numbered_by_purpose_over_all_cases() -> None:
    """The contract of `nth_count`: of this purpose, to this customer, from 1; a service text counts too."""
    walk = Walk(CONSENT, P, T0)
    asked = [
        ask("n1", CHAT, purpose=Purpose.SERVICE, counted_under="o1"),
        ask("n2", CHAT, purpose=Purpose.SERVICE, counted_under="o2"),
        ask("n3", CALL, counted_under="o2"),
        ask("n4", CHAT, counted_under="o2"),
        ask("n5", CHAT, purpose=Purpose.SERVICE, to=To.SELLER),
        ask("n6", CHAT, purpose=Purpose.SERVICE, counted_under="o3"),
    ]
    numbers = [fact.nth_count for each in asked for fact in walk.tell(each)]
    assert numbers == [1, 2, 0, 1, 1, 3]


def test_counts_of_long_ago_are_forgotten() -> None:
    decided = decide(CONSENT, THREE, ask("n1", SMS, counted_under="o2"), T0 + 61 * D, P)
    later = after(CONSENT, [*THREE, *facts_of(decided)])
    assert [x.counted_under for x in later.counts] == ["o2"]


notices = st.sampled_from([f"n{n}" for n in range(8)])
messages: st.SearchStrategy[m.Message] = st.one_of(
    st.builds(m.Granted, st.sampled_from(Channel), st.sampled_from(["service", "marketing"]), st.just("x")),
    st.builds(m.Withdrawn, st.sampled_from(["all", "sms", "call", "chat"]), st.just("reply")),
    st.builds(m.BlockChanged, st.booleans(), st.none(), st.just("x")),
    st.builds(ask, notices, st.sampled_from(Channel), counted_under=st.sampled_from(["o1", "o2"])),
    st.builds(ask, notices, st.just(SMS), st.just(CALL)),
    st.builds(m.ContactEnded, notices),
)


@settings(max_examples=400)
@given(st.lists(messages, max_size=30))
def test_any_history(history: list[m.Message]) -> None:
    """CP-006, CP-009, CP-010: whatever comes in whatever order, the stops hold."""
    walk = Walk(CONSENT, P, T0)
    refusals: set[Channel] = set()
    texts: dict[str, int] = {}
    for drawn in history:
        before = walk.state
        for fact in walk.tell(drawn):
            if isinstance(fact, s.ContactAllowed):
                assert fact.channel not in refusals, "CP-009"
                assert not before.is_blocked, "CP-011"
                assert fact.channel not in (SMS, EMAIL) or s.Grant(fact.channel, "service") in before.grants
                under = fact.contact.counted_under
                texts[under] = texts.get(under, 0) + (fact.channel is SMS)
            if isinstance(fact, s.ConsentRefused):
                refusals |= set(fact.channels)
        assert refusals == set(walk.state.refused), "a refusal is for ever"
        assert not walk.kind.handle(walk.state, DeadlinePassed("any", T0), P, T0)
    assert all(count <= 3 for count in texts.values()), "CP-010"
    assert CONSENT.deadlines(walk.state) == ()
    assert len(walk.state.counts) <= 2
    assert len({x.notice_id for x in walk.state.pending}) == len(walk.state.pending)
