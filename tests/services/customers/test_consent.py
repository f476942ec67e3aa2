"""Consent and limits: checked before every send, refusals for ever."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed
from kernel.value import replace
from services.customers import policy
from services.customers.cases import consent as c
from services.customers.contact import Channel, Contact, Origin, Purpose, To

T0 = datetime(2026, 3, 1, tzinfo=UTC)
D = timedelta(days=1)
_, P = policy.load().choose("s1", T0)
SMS, CALL, CHAT, EMAIL = Channel.SMS, Channel.CALL, Channel.CHAT, Channel.EMAIL

CONTACT = Contact(
    "n1", "o1", "o1", "c1", Origin.NOTICE, To.BUYER, Purpose.REVIEW_FOLLOWUP, "review_followup", {},
    (SMS, CALL), T0 + 90 * D,
)  # fmt: skip
GRANT = c.ConsentGiven(SMS, "service", "checkout")
FORGET = T0 - 60 * D


def ask(notice: str = "n1", *channels: Channel, **changes: Any) -> c.ContactAsked:
    contact = replace(CONTACT, notice_id=notice, channels=channels or CONTACT.channels)
    return c.ContactAsked(replace(contact, **changes))


def allowed(channel: Channel, texts: int, nth: int, notice: str = "n1") -> c.ContactAllowed:
    count = c.Count("o1", texts, nth, T0)
    contact = replace(CONTACT, notice_id=notice)
    return c.ContactAllowed(contact, channel, nth, count, FORGET)


def refused(channel: str, *channels: Channel) -> c.ConsentRefused:
    return c.ConsentRefused(channel, channels, "reply", ())


def denied(reason: str, *channels: Channel) -> c.ContactSuppressed:
    return c.ContactSuppressed(replace(CONTACT, channels=channels or CONTACT.channels), reason)


BLOCKED = c.BlockSet(is_blocked=True, until_at=None, reason_code="abuse", stopped=())
THREE: list[c.Fact] = [GRANT, *(allowed(SMS, n, n, f"m{n}") for n in (1, 2, 3))]
PENDING = c.Pending("m1", SMS)

TABLE: list[tuple[str, Sequence[c.Fact], c.Message, Sequence[c.Fact]]] = [
    ("CP-006", [], c.Granted(SMS, "service", "checkout"), [GRANT]),
    ("CP-006", [GRANT], c.Granted(SMS, "service", "checkout"), []),
    ("CP-006", [GRANT], ask(), [allowed(SMS, 1, 1)]),
    ("CP-006", [], ask("n1", SMS), [denied("no_consent", SMS)]),
    ("CP-006", [], ask("n1", EMAIL), [denied("no_consent", EMAIL)]),
    # Consent to marketing is none to anything else.
    ("CP-006", [c.ConsentGiven(SMS, "marketing", "x")], ask("n1", SMS), [denied("no_consent", SMS)]),
    ("CP-007", [GRANT], c.Withdrawn("sms", "reply"), [refused("sms", SMS)]),
    ("CP-008", [GRANT], c.Withdrawn("all", "one_click"),
     [c.ConsentRefused("all", tuple(Channel), "one_click", ())]),
    ("CP-009", [refused("sms", SMS)], c.Granted(SMS, "service", "crm"), [c.GrantIgnored(SMS, "service")]),
    ("CP-009", [GRANT, refused("sms", SMS)], ask("n1", SMS), [denied("consent_withdrawn", SMS)]),
    ("CP-009", [GRANT, allowed(SMS, 1, 1, "m1")], c.Withdrawn("sms", "reply"),
     [c.ConsentRefused("sms", (SMS,), "reply", (PENDING,))]),
    ("CP-009", [refused("sms", SMS)], c.Withdrawn("sms", "reply"), []),
    ("RV-026", [refused("all", *Channel)], ask(), [denied("consent_withdrawn")]),
    ("CP-010", [], ask(), [replace(allowed(CALL, 0, 1), contact=CONTACT)]),
    ("CP-010", THREE, ask("n1", SMS), [denied("limit_reached", SMS)]),
    ("RV-025", THREE, ask(), [allowed(CALL, 3, 4)]),
    # The limit is per follow-up: another one has its own.
    ("CP-010", THREE, ask("n1", SMS, counted_under="o2"),
     [c.ContactAllowed(replace(CONTACT, channels=(SMS,), counted_under="o2"), SMS, 1,
                       c.Count("o2", 1, 1, T0), FORGET)]),
    ("CP-010", THREE, c.ContactEnded("m1"), [c.ContactDone("m1")]),
    ("CP-010", [], c.ContactEnded("m1"), []),
    ("CP-011", [], c.BlockChanged(is_blocked=True, until_at=None, reason_code="abuse"), [BLOCKED]),
    ("CP-011", [GRANT, BLOCKED], ask(), [denied("blocked")]),
    ("CP-011", [GRANT, replace(BLOCKED, until_at=T0 - D)], ask(), [allowed(SMS, 1, 1)]),
    ("CP-011", [allowed(CALL, 0, 1, "m1")], c.BlockChanged(True, None, "abuse"),
     [replace(BLOCKED, stopped=(c.Pending("m1", CALL),))]),
    ("CP-009", [GRANT], ask("n1", SMS, expires_at=T0),
     [c.ContactSuppressed(replace(CONTACT, channels=(SMS,), expires_at=T0), "expired")]),
]  # fmt: skip


def after(facts: Sequence[c.Fact], state: c.Ledger | None = None) -> c.Ledger:
    """The state that a history leads to; from the beginning, unless it goes on from one."""
    state = c.Ledger() if state is None else state
    for fact in facts:
        state = c.evolve(state, fact)
    return state


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "then"), TABLE, ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)]
)
def test_rule(rule: str, given_facts: Sequence[c.Fact], when: c.Message, then: Sequence[c.Fact]) -> None:
    decided = c.decide(after(given_facts), when, P, T0)
    assert [d.fact for d in decided] == list(then)
    assert all(rule in d.rules for d in decided)


def test_a_notice_to_the_seller_needs_no_consent() -> None:
    """OR-007: the shop is told of its own orders."""
    state = after([refused("all", *Channel), BLOCKED])
    decided = c.decide(state, ask("n1", CHAT, to=To.SELLER, purpose=Purpose.SERVICE), P, T0)
    assert [type(d.fact) for d in decided] == [c.ContactAllowed]
    assert c.evolve(state, decided[0].fact) == state, "and is neither counted nor stopped"


def test_counts_of_long_ago_are_forgotten() -> None:
    state = after(THREE)
    decided = c.decide(state, ask("n1", SMS, counted_under="o2"), P, T0 + 61 * D)
    later = after([d.fact for d in decided], state)
    assert [x.counted_under for x in later.counts] == ["o2"]


notices = st.sampled_from([f"n{n}" for n in range(8)])
messages: st.SearchStrategy[c.Message] = st.one_of(
    st.builds(c.Granted, st.sampled_from(Channel), st.sampled_from(["service", "marketing"]), st.just("x")),
    st.builds(c.Withdrawn, st.sampled_from(["all", "sms", "call", "chat"]), st.just("reply")),
    st.builds(c.BlockChanged, st.booleans(), st.none(), st.just("x")),
    st.builds(ask, notices, st.sampled_from(Channel), counted_under=st.sampled_from(["o1", "o2"])),
    st.builds(ask, notices, st.just(SMS), st.just(CALL)),
    st.builds(c.ContactEnded, notices),
    st.just(DeadlinePassed("any", T0)),
)


@settings(max_examples=400)
@given(st.lists(messages, max_size=30))
def test_any_history(history: list[c.Message]) -> None:
    """CP-006, CP-009, CP-010: whatever comes in whatever order, the stops hold."""
    state = c.Ledger()
    refusals: set[Channel] = set()
    texts: dict[str, int] = {}
    for message in history:
        decided = [d.fact for d in c.decide(state, message, P, T0)]
        for fact in decided:
            if isinstance(fact, c.ContactAllowed):
                assert fact.channel not in refusals, "CP-009"
                assert not state.is_blocked, "CP-011"
                assert fact.channel not in (SMS, EMAIL) or c.Grant(fact.channel, "service") in state.grants
                under = fact.contact.counted_under
                texts[under] = texts.get(under, 0) + (fact.channel is SMS)
            if isinstance(fact, c.ConsentRefused):
                refusals |= set(fact.channels)
        state = after(decided, state)
        assert refusals == set(state.refused), "a refusal is for ever"
    assert all(count <= 3 for count in texts.values()), "CP-010"
    assert c.deadlines(state) == []
    assert len(state.counts) <= 2
    assert len({x.notice_id for x in state.pending}) == len(state.pending)
