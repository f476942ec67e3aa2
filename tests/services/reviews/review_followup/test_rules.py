"""The follow-up: the phone first, at most three texts, and an end to it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed
from kernel.people import Task
from kernel.value import replace
from services.reviews import policy
from services.reviews.cases.review_followup import messages as m
from services.reviews.cases.review_followup import state as s
from services.reviews.cases.review_followup.border import REVIEW_FOLLOWUP
from services.reviews.cases.review_followup.messages import Message
from services.reviews.cases.review_followup.state import Fact
from services.reviews.steps import Step
from tests.services.given import NEXT_DEADLINE, Walk, check_rule, decide

T0 = datetime(2026, 3, 1, tzinfo=UTC)
D = timedelta(days=1)
H = timedelta(hours=1)
_, P = policy.load().choose("s1", T0)

OPENED = s.FollowupOpened("o1", "r1", "c1", T0 + 30 * D)
CALL = s.ContactWanted("followup.o1.1", 1, Step.CALL, "c1", T0 + 47 * H, T0 + 2 * D)
TEXT = s.ContactWanted("followup.o1.2", 2, Step.TEXT, "c1", T0 + 95 * H, T0 + 4 * D)
OPEN: list[Fact] = [OPENED, CALL]
RESULT_ASKED = Task("followup_result", T0 + 2 * D, "assessment", task_id="followup-result.o1")


def resolved(outcome: str, number: int = 1, reason: str | None = None) -> m.ContactResolved:
    return m.ContactResolved(f"followup.o1.{number}", outcome, "call", reason)


def noted(texts: int, calls: int, *, more: bool = True) -> s.ContactNoted:
    return s.ContactNoted(texts, calls, is_more_wanted=more)


def ended(outcome: m.Outcome, texts: int = 0, calls: int = 0) -> s.FollowupEnded:
    return s.FollowupEnded(outcome, texts, calls)


AGAIN: tuple[Message, datetime, Sequence[Fact]] = (
    m.Negative("o1", "r2", "c1"),
    T0 + 40 * D,
    [
        s.FollowupOpened("o1", "r2", "c1", T0 + 70 * D),
        s.ContactWanted("followup.o1.2", 2, Step.CALL, "c1", T0 + 40 * D + 47 * H, T0 + 42 * D),
    ],
)

THIRD = s.ContactWanted("followup.o1.3", 3, Step.CALL, "c1", T0 + 40 * D + 47 * H, T0 + 42 * D)


TABLE: list[tuple[str, Sequence[Fact], Message, datetime, Sequence[Fact]]] = [
    ("RV-024", [], m.Negative("o1", "r1", "c1"), T0, [OPENED, CALL]),
    ("RV-028", [], m.Negative("o1", "r1", "c1"), T0, [OPENED, CALL]),
    ("RV-024", OPEN, m.Negative("o1", "r2", "c1"), T0 + D, [s.ReviewAdded("r2", T0 + 31 * D)]),
    ("RV-024", OPEN, m.Negative("o1", "r1", "c1"), T0 + D, []),
    ("RV-024", OPEN, m.Resolved("r1", m.Outcome.CHANGED), T0, [ended(m.Outcome.CHANGED)]),
    ("RV-024", OPEN, m.Resolved("r1", m.Outcome.DELETED), T0, [ended(m.Outcome.DELETED)]),
    ("RV-024", [*OPEN, s.ReviewAdded("r2", T0 + 30 * D)], m.Resolved("r1", m.Outcome.CHANGED), T0,
     [s.ReviewSettled("r1")]),
    ("RV-024", OPEN, DeadlinePassed("expire", T0 + 30 * D), T0 + 30 * D, [ended(m.Outcome.EXPIRED)]),
    ("RV-024", OPEN, m.Explained(is_settled=True), T0, [ended(m.Outcome.EXPLAINED)]),
    # Another review after the end: a follow-up of its own, whose notices are numbered on.
    ("RV-024", [*OPEN, noted(1, 1), ended(m.Outcome.CHANGED, 1, 1)], *AGAIN),
    ("RV-024", [*OPEN, noted(1, 1), ended(m.Outcome.DELETED, 1, 1)], *AGAIN),
    ("RV-024", [*OPEN, noted(1, 1), ended(m.Outcome.EXPLAINED, 1, 1)], *AGAIN),
    ("RV-024", [*OPEN, noted(1, 1), ended(m.Outcome.EXPIRED, 1, 1)], *AGAIN),
    ("RV-027", [*OPEN, ended(m.Outcome.CHANGED)], m.HarassmentReported(), T0, [s.ContactStopped()]),
    ("RV-027", [*OPEN, ended(m.Outcome.CHANGED), s.ContactStopped()], m.Negative("o1", "r2", "c1"), T0, []),
    ("RV-026", [*OPEN, ended(m.Outcome.REFUSED_CONTACT)], m.Negative("o1", "r2", "c1"), T0 + D, []),
    # A text that was still open when the follow-up ended is one of the three.
    ("RV-025", [*OPEN, noted(2, 1), TEXT, ended(m.Outcome.CHANGED, 2, 1), AGAIN[2][0], THIRD],
     DeadlinePassed("next", T0 + 42 * D), T0 + 42 * D,
     [noted(3, 2), s.ContactWanted("followup.o1.5", 5, Step.CALL, "c1", T0 + 42 * D + 47 * H, T0 + 44 * D)]),
    ("RV-025", [*OPEN, noted(3, 1), ended(m.Outcome.CHANGED, 3, 1),
                s.FollowupOpened("o1", "r2", "c1", T0 + 30 * D), replace(CALL, number=2), noted(3, 2)],
     DeadlinePassed("next", T0 + 2 * D), T0 + 2 * D,
     [s.ContactWanted("followup.o1.4", 4, Step.CALL, "c1", T0 + 95 * H, T0 + 4 * D)]),
    ("RV-025", OPEN, resolved("reached"), T0,
     [noted(0, 1, more=False), RESULT_ASKED]),
    ("RV-025", OPEN, resolved("not_reached"), T0, [noted(0, 1)]),
    ("RV-025", [*OPEN, noted(0, 1)], DeadlinePassed("next", T0 + 2 * D), T0 + 2 * D, [TEXT]),
    # Nobody said what became of the call: it counts, and the next attempt follows.
    ("RV-025", OPEN, DeadlinePassed("next", T0 + 2 * D), T0 + 2 * D, [noted(0, 1), TEXT]),
    ("RV-025", [*OPEN, noted(0, 1), TEXT], resolved("sent", 2), T0 + 2 * D, [noted(1, 1)]),
    # Three texts are out: the plan's remaining texts are left out.
    ("RV-025", [*OPEN, noted(3, 1)], DeadlinePassed("next", T0 + 2 * D), T0 + 2 * D,
     [s.ContactWanted("followup.o1.3", 3, Step.CALL, "c1", T0 + 95 * H, T0 + 4 * D)]),
    ("RV-026", OPEN, resolved("suppressed", reason="consent_withdrawn"), T0,
     [noted(0, 0), ended(m.Outcome.REFUSED_CONTACT)]),
    ("RV-026", OPEN, resolved("suppressed", reason="refused_contact"), T0,
     [noted(0, 0), ended(m.Outcome.REFUSED_CONTACT)]),
    ("RV-026", OPEN, resolved("suppressed", reason="no_consent"), T0, [noted(0, 0)]),
    ("RV-027", OPEN, m.HarassmentReported(), T0, [ended(m.Outcome.REFUSED_CONTACT)]),
]  # fmt: skip


def test_what_ended_before_attempts_were_counted_is_over_for_good() -> None:
    """RV-024: the numbers of its notices are not known any more."""
    assert REVIEW_FOLLOWUP.handle(s.Ended(m.Outcome.CHANGED), m.Negative("o1", "r2", "c1"), P, T0) == []


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "now", "then"),
    TABLE,
    ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)],
)
def test_rule(
    rule: str, given_facts: Sequence[Fact], when: Message, now: datetime, then: Sequence[Fact]
) -> None:
    check_rule(REVIEW_FOLLOWUP, rule, given_facts, when, now, then, P)


def test_an_answer_to_an_earlier_attempt_is_not_counted_again() -> None:
    assert decide(REVIEW_FOLLOWUP, [*OPEN, noted(0, 1), TEXT], resolved("reached", 1), T0, P) == []


outcomes = st.sampled_from(["sent", "delivered", "reached", "not_reached", "failed", "suppressed"])
messages: st.SearchStrategy[Message | str] = st.one_of(
    st.builds(m.Negative, st.just("o1"), st.sampled_from(["r1", "r2"]), st.just("c1")),
    st.builds(m.Resolved, st.sampled_from(["r1", "r2"]), st.sampled_from([*m.Outcome][:2])),
    st.builds(
        m.ContactResolved,
        st.sampled_from([f"followup.o1.{n}" for n in range(1, 6)]),
        outcomes,
        st.none(),
        st.sampled_from([None, "no_consent", "expired", "limit_reached", "failed"]),
    ),
    st.builds(m.Explained, st.booleans()),
    st.builds(m.HarassmentReported),
    st.just(NEXT_DEADLINE),
    st.just(NEXT_DEADLINE),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(messages, st.integers(0, 4)), max_size=30), st.sampled_from(["c1", "c2"]))
def test_any_history(history: list[tuple[Message | str, int]], customer: str) -> None:
    """RV-025: at most three texts; RV-028: who the customer is makes no difference."""
    log = _play(history, customer)
    texts = sum(isinstance(x, s.ContactWanted) and x.step is Step.TEXT for x in log)
    assert texts <= P.followup.text_limit
    wanted = [x for x in log if isinstance(x, s.ContactWanted)]
    assert not wanted or wanted[0].step is Step.CALL
    begins = [x for x in log if isinstance(x, s.FollowupOpened)]
    assert len({x.notice_id for x in wanted}) == len(wanted) <= len(P.followup.steps) * len(begins)
    ends = [x for x in log if isinstance(x, s.FollowupEnded)]
    for fact, following in pairwise(log):
        if isinstance(fact, s.FollowupEnded):
            assert isinstance(following, s.FollowupOpened | s.ContactStopped)
        assert not isinstance(fact, s.ContactStopped), "nothing follows"
        is_refusal = isinstance(fact, s.FollowupEnded) and fact.outcome is m.Outcome.REFUSED_CONTACT
        assert not is_refusal, "who refused is left alone"
    assert all(x.text_count <= P.followup.text_limit for x in ends)
    other = _play(history, "somebody-else")
    assert [type(x) for x in other] == [type(x) for x in log]


def _play(history: list[tuple[Message | str, int]], customer: str) -> list[Fact]:
    walk = Walk(REVIEW_FOLLOWUP, P, T0, reopens=("Ended",))
    for drawn, days in history:
        message = replace(drawn, customer_id=customer) if isinstance(drawn, m.Negative) else drawn
        walk.tell(message, days * D)
        assert isinstance(walk.state, s.Contacting) == bool(REVIEW_FOLLOWUP.deadlines(walk.state))
    return walk.facts
