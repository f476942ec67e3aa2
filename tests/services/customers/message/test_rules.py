"""One message: asked of the ledger, sent or phoned, reported back once."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, tell
from kernel.people import Task
from kernel.value import replace
from services.customers.cases.consent import messages as consent
from services.customers.cases.message import messages as m
from services.customers.cases.message import state as s
from services.customers.cases.message.border import MESSAGE
from services.customers.contact import Channel, Contact, Origin, Purpose, To
from tests.services.customers.built import CONTACT, T0, H, P
from tests.services.given import NEXT_DEADLINE, Walk, check_rule, decide

SMS, CALL, CHAT = Channel.SMS, Channel.CALL, Channel.CHAT

LEFT = replace(CONTACT, channels=(CALL,))
OWN = replace(CONTACT, origin=Origin.REMINDER)
WANTED = s.MessageWanted(CONTACT)
TEXT = s.TextRequested(CONTACT, SMS, 1, "reply-td", T0 + H)
PHONE = s.CallWanted(CONTACT, T0 + 24 * H)
OVERDUE = Task("call_overdue", T0 + 48 * H, task_id="call-task.n1")
SENDING: list[s.Fact] = [WANTED, TEXT]
CALLING: list[s.Fact] = [WANTED, PHONE]


def resolved(outcome: s.Outcome, channel: Channel | None, reason: str | None = None) -> s.NoticeResolved:
    return s.NoticeResolved(CONTACT, outcome, channel, reason)


ADVICE = Contact(
    "size-advice.z1", "size-advice.z1", "o1", "c1", Origin.STATUS, To.BUYER, Purpose.SERVICE,
    "size_advice_only", {"product_id": "p1"}, (CHAT,), T0 + 48 * H, "agent-7",
)  # fmt: skip
SUPPRESSED = s.Outcome.SUPPRESSED
TABLE: list[tuple[str, Sequence[s.Fact], m.Message, datetime, Sequence[s.Fact]]] = [
    ("CP-009", [], m.Asked(CONTACT), T0, [WANTED]),
    ("CP-006", [WANTED], m.Allowed(SMS, 1), T0, [TEXT]),
    ("CP-007", [WANTED], m.Allowed(SMS, 1), T0, [TEXT]),
    ("CP-008", [WANTED], m.Allowed(SMS, 1), T0, [TEXT]),
    ("CP-010", [WANTED], m.Allowed(CALL, 1), T0, [PHONE]),
    ("CP-009", [WANTED], m.Denied("consent_withdrawn"), T0,
     [resolved(SUPPRESSED, None, "consent_withdrawn")]),
    ("RV-025", SENDING, m.Answered("sms", "sent"), T0, [resolved(s.Outcome.SENT, SMS)]),
    ("RV-025", SENDING, m.Answered("sms", "delivered"), T0, [resolved(s.Outcome.DELIVERED, SMS)]),
    ("CP-010", SENDING, m.Answered("sms", "failed"), T0,
     [tell(consent.to("c1", consent.ContactEnded("n1"))), s.MessageWanted(LEFT)]),
    ("CP-010", [s.MessageWanted(LEFT), replace(TEXT, contact=replace(CONTACT, channels=(SMS,)))],
     m.Answered("sms", "failed"), T0,
     [s.NoticeResolved(replace(CONTACT, channels=(SMS,)), s.Outcome.FAILED, SMS, "not_sent")]),
    ("CP-010", SENDING, DeadlinePassed("answer", T0 + H), T0 + H,
     [resolved(s.Outcome.SENT, SMS, "unanswered")]),
    ("RV-025", CALLING, m.Held("reached"), T0, [resolved(s.Outcome.REACHED, CALL)]),
    ("CP-064", CALLING, m.Held("reached", "calls/1"), T0,
     [replace(resolved(s.Outcome.REACHED, CALL), summary_ref="calls/1")]),
    ("CP-064", CALLING, m.Held("refused", "calls/1"), T0,
     [tell(consent.to("c1", consent.Withdrawn("call", "call"))),
      replace(resolved(SUPPRESSED, CALL, "refused_contact"), summary_ref="calls/1")]),
    ("RF-114", [], m.SizeAdvised("size-advice.z1", "o1", "c1", "p1", "agent-7"), T0,
     [s.MessageWanted(ADVICE)]),
    ("RF-114", SENDING, m.SizeAdvised("n1", "o1", "c1", "p1", None), T0, []),
    ("CP-009", SENDING, m.Held("reached"), T0, []),
    ("RV-025", CALLING, m.Held("not_reached"), T0, [resolved(s.Outcome.NOT_REACHED, CALL)]),
    ("RV-026", CALLING, m.Held("refused"), T0,
     [tell(consent.to("c1", consent.Withdrawn("call", "call"))),
      resolved(SUPPRESSED, CALL, "refused_contact")]),
    ("RV-025", CALLING, DeadlinePassed("call", T0 + 24 * H), T0 + 24 * H, [OVERDUE]),
    ("RV-025", [*CALLING, OVERDUE], DeadlinePassed("expire", T0 + 48 * H),
     T0 + 48 * H, [resolved(s.Outcome.NOT_REACHED, CALL, "expired")]),
    ("RV-026", SENDING, m.Stopped("consent_withdrawn"), T0,
     [resolved(SUPPRESSED, SMS, "consent_withdrawn")]),
    ("CP-011", CALLING, m.Stopped("blocked"), T0, [resolved(SUPPRESSED, None, "blocked")]),
    ("CU-001", [s.MessageWanted(OWN), replace(TEXT, contact=OWN)], m.Answered("sms", "sent"), T0,
     [s.MessageResolved(OWN, s.Outcome.SENT, SMS, None)]),
    ("CU-004", [WANTED], m.Allowed(SMS, 1), T0, [TEXT]),
    ("OR-007", [WANTED], m.Allowed(SMS, 1), T0, [TEXT]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "now", "then"),
    TABLE,
    ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)],
)
def test_rule(
    rule: str, given_facts: Sequence[s.Fact], when: m.Message, now: datetime, then: Sequence[s.Fact]
) -> None:
    check_rule(MESSAGE, rule, given_facts, when, now, then, P)


def test_an_answer_about_another_channel_means_nothing() -> None:
    assert decide(MESSAGE, SENDING, m.Answered("chat", "sent"), T0, P) == []


messages: st.SearchStrategy[m.Message | str] = st.one_of(
    st.just(m.Asked(CONTACT)),
    st.builds(m.Allowed, st.sampled_from([SMS, CALL]), st.just(1)),
    st.builds(m.Denied, st.just("no_consent")),
    st.builds(m.Answered, st.sampled_from(["sms", "chat"]), st.sampled_from(["sent", "delivered", "failed"])),
    st.builds(m.Held, st.sampled_from(["reached", "not_reached", "refused"])),
    st.builds(m.SizeAdvised, *(st.just(part) for part in ("n1", "o1", "c1", "p1", None))),
    st.builds(m.Stopped, st.just("blocked")),
    st.just(NEXT_DEADLINE),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(messages, st.integers(0, 20)), max_size=20))
def test_any_history(history: list[tuple[m.Message | str, int]]) -> None:
    walk = Walk(MESSAGE, P, T0)
    for drawn, hours in history:
        was_ended = walk.is_ended
        decided = walk.tell(drawn, hours * H)
        assert not (was_ended and decided)
    assert walk.early == []
    assert isinstance(walk.state, s.Wanted | s.Sending | s.Calling) == bool(s.deadlines(walk.state))
    texts = [x for x in walk.facts if isinstance(x, s.TextRequested)]
    assert len(texts) <= 2
    assert all(x.unsubscribe_ref for x in texts), "CP-007"
    ends = sum(isinstance(x, s.NoticeResolved | s.MessageResolved) for x in walk.facts)
    assert ends == isinstance(walk.state, s.Ended), "reported exactly once"
