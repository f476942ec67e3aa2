"""One message: asked of the ledger, sent or phoned, reported back once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed
from kernel.value import replace
from services.customers import policy
from services.customers.cases import message as m
from services.customers.contact import Channel, Contact, Origin, Purpose, To

T0 = datetime(2026, 3, 1, tzinfo=UTC)
H = timedelta(hours=1)
_, P = policy.load().choose("s1", T0)
SMS, CALL, CHAT = Channel.SMS, Channel.CALL, Channel.CHAT

CONTACT = Contact(
    "n1", "o1", "o1", "c1", Origin.NOTICE, To.BUYER, Purpose.REVIEW_FOLLOWUP, "review_followup", {},
    (SMS, CALL), T0 + 48 * H,
)  # fmt: skip
LEFT = replace(CONTACT, channels=(CALL,))
OWN = replace(CONTACT, origin=Origin.REMINDER)
WANTED = m.MessageWanted(CONTACT)
TEXT = m.TextRequested(CONTACT, SMS, 1, "reply-td", T0 + H)
PHONE = m.CallWanted(CONTACT, T0 + 24 * H)
SENDING: list[m.Fact] = [WANTED, TEXT]
CALLING: list[m.Fact] = [WANTED, PHONE]


def resolved(outcome: m.Outcome, channel: Channel | None, reason: str | None = None) -> m.NoticeResolved:
    return m.NoticeResolved(CONTACT, outcome, channel, reason)


SUPPRESSED = m.Outcome.SUPPRESSED
TABLE: list[tuple[str, Sequence[m.Fact], m.Message, datetime, Sequence[m.Fact]]] = [
    ("CP-009", [], m.Asked(CONTACT), T0, [WANTED]),
    ("CP-006", [WANTED], m.Allowed(SMS, 1), T0, [TEXT]),
    ("CP-007", [WANTED], m.Allowed(SMS, 1), T0, [TEXT]),
    ("CP-008", [WANTED], m.Allowed(SMS, 1), T0, [TEXT]),
    ("CP-010", [WANTED], m.Allowed(CALL, 1), T0, [PHONE]),
    ("CP-009", [WANTED], m.Denied("consent_withdrawn"), T0,
     [resolved(SUPPRESSED, None, "consent_withdrawn")]),
    ("RV-025", SENDING, m.Answered("sms", "sent"), T0, [resolved(m.Outcome.SENT, SMS)]),
    ("RV-025", SENDING, m.Answered("sms", "delivered"), T0, [resolved(m.Outcome.DELIVERED, SMS)]),
    ("CP-010", SENDING, m.Answered("sms", "failed"), T0,
     [m.ChannelFailed(CONTACT, SMS), m.MessageWanted(LEFT)]),
    ("CP-010", [m.MessageWanted(LEFT), replace(TEXT, contact=replace(CONTACT, channels=(SMS,)))],
     m.Answered("sms", "failed"), T0,
     [m.NoticeResolved(replace(CONTACT, channels=(SMS,)), m.Outcome.FAILED, SMS, "not_sent")]),
    ("CP-010", SENDING, DeadlinePassed("answer", T0 + H), T0 + H,
     [resolved(m.Outcome.SENT, SMS, "unanswered")]),
    ("RV-025", CALLING, m.Held("reached"), T0, [resolved(m.Outcome.REACHED, CALL)]),
    ("RV-025", CALLING, m.Held("not_reached"), T0, [resolved(m.Outcome.NOT_REACHED, CALL)]),
    ("RV-026", CALLING, m.Held("refused"), T0,
     [m.CallRefused("c1"), resolved(SUPPRESSED, CALL, "refused_contact")]),
    ("RV-025", CALLING, DeadlinePassed("call", T0 + 24 * H), T0 + 24 * H,
     [m.CallOverdue(CONTACT, T0 + 48 * H)]),
    ("RV-025", [*CALLING, m.CallOverdue(CONTACT, T0 + 48 * H)], DeadlinePassed("expire", T0 + 48 * H),
     T0 + 48 * H, [resolved(m.Outcome.NOT_REACHED, CALL, "expired")]),
    ("RV-026", SENDING, m.Stopped("consent_withdrawn"), T0,
     [resolved(SUPPRESSED, SMS, "consent_withdrawn")]),
    ("CP-011", CALLING, m.Stopped("blocked"), T0, [resolved(SUPPRESSED, None, "blocked")]),
    ("CU-001", [m.MessageWanted(OWN), replace(TEXT, contact=OWN)], m.Answered("sms", "sent"), T0,
     [m.MessageResolved(OWN, m.Outcome.SENT, SMS, None)]),
    ("CU-004", [WANTED], m.Allowed(SMS, 1), T0, [TEXT]),
    ("OR-007", [WANTED], m.Allowed(SMS, 1), T0, [TEXT]),
]  # fmt: skip


def after(facts: Sequence[m.Fact], state: m.State | None = None) -> m.State:
    """The state that a history leads to; from the beginning, unless it goes on from one."""
    state = m.Absent() if state is None else state
    for fact in facts:
        state = m.evolve(state, fact)
    return state


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "now", "then"),
    TABLE,
    ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)],
)
def test_rule(
    rule: str, given_facts: Sequence[m.Fact], when: m.Message, now: datetime, then: Sequence[m.Fact]
) -> None:
    state = after(given_facts)
    decided = m.decide(state, when, P, now)
    assert [d.fact for d in decided] == list(then)
    assert all(rule in d.rules for d in decided)


def test_an_answer_about_another_channel_means_nothing() -> None:
    state = after(SENDING)
    assert m.decide(state, m.Answered("chat", "sent"), P, T0) == []


messages: st.SearchStrategy[m.Message | str] = st.one_of(
    st.just(m.Asked(CONTACT)),
    st.builds(m.Allowed, st.sampled_from([SMS, CALL]), st.just(1)),
    st.builds(m.Denied, st.just("no_consent")),
    st.builds(m.Answered, st.sampled_from(["sms", "chat"]), st.sampled_from(["sent", "delivered", "failed"])),
    st.builds(m.Held, st.sampled_from(["reached", "not_reached", "refused"])),
    st.builds(m.Stopped, st.just("blocked")),
    st.sampled_from(["tick", "stale"]),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(messages, st.integers(0, 20)), max_size=20))
def test_any_history(history: list[tuple[m.Message | str, int]]) -> None:
    state: m.State = m.Absent()
    now, seen, log = T0, set[tuple[str, datetime]](), list[m.Fact]()
    for drawn, hours in history:
        now += hours * H
        pending = {(d.name, d.due_at) for d in m.deadlines(state)}
        offered: list[m.Message]
        if drawn == "tick":
            offered = [DeadlinePassed(*x) for x in pending if x[1] <= now]
        elif drawn == "stale":
            offered = [DeadlinePassed(*x) for x in sorted(seen - pending)]
        else:
            assert not isinstance(drawn, str)
            offered = [drawn]
        for message in offered:
            was_ended = isinstance(state, m.Ended)
            at = message.due_at if isinstance(message, DeadlinePassed) else now
            decided = m.decide(state, message, P, at)
            assert not ((was_ended or drawn == "stale") and decided)
            state = after([d.fact for d in decided], state)
            seen |= {(d.name, d.due_at) for d in m.deadlines(state)}
            log += [d.fact for d in decided]
    assert isinstance(state, m.Wanted | m.Sending | m.Calling) == bool(m.deadlines(state))
    assert sum(isinstance(x, m.TextRequested) for x in log) <= 2
    assert all(x.unsubscribe_ref for x in log if isinstance(x, m.TextRequested)), "CP-007"
    ends = sum(isinstance(x, m.NoticeResolved) for x in log)
    assert ends == isinstance(state, m.Ended), "reported exactly once"
