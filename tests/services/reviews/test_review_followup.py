"""The follow-up: the phone first, at most three texts, and an end to it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed
from kernel.value import replace
from services.reviews import policy
from services.reviews.cases import review_followup as f
from services.reviews.policy import Step

T0 = datetime(2026, 3, 1, tzinfo=UTC)
D = timedelta(days=1)
H = timedelta(hours=1)
_, P = policy.load().choose("s1", T0)

OPENED = f.FollowupOpened("o1", "r1", "c1", T0 + 30 * D)
CALL = f.ContactWanted("followup.o1.1", 1, Step.CALL, "c1", T0 + 47 * H, T0 + 2 * D)
TEXT = f.ContactWanted("followup.o1.2", 2, Step.TEXT, "c1", T0 + 95 * H, T0 + 4 * D)
OPEN: list[f.Fact] = [OPENED, CALL]


def resolved(outcome: str, number: int = 1, reason: str | None = None) -> f.ContactResolved:
    return f.ContactResolved(f"followup.o1.{number}", outcome, "call", reason)


def noted(texts: int, calls: int, *, more: bool = True) -> f.ContactNoted:
    return f.ContactNoted(texts, calls, is_more_wanted=more)


def ended(outcome: f.Outcome, texts: int = 0, calls: int = 0) -> f.FollowupEnded:
    return f.FollowupEnded(outcome, texts, calls)


AGAIN: tuple[f.Message, datetime, Sequence[f.Fact]] = (
    f.Negative("o1", "r2", "c1"),
    T0 + 40 * D,
    [
        f.FollowupOpened("o1", "r2", "c1", T0 + 70 * D),
        f.ContactWanted("followup.o1.2", 2, Step.CALL, "c1", T0 + 40 * D + 47 * H, T0 + 42 * D),
    ],
)


TABLE: list[tuple[str, Sequence[f.Fact], f.Message, datetime, Sequence[f.Fact]]] = [
    ("RV-024", [], f.Negative("o1", "r1", "c1"), T0, [OPENED, CALL]),
    ("RV-028", [], f.Negative("o1", "r1", "c1"), T0, [OPENED, CALL]),
    ("RV-024", OPEN, f.Negative("o1", "r2", "c1"), T0 + D, [f.ReviewAdded("r2", T0 + 31 * D)]),
    ("RV-024", OPEN, f.Resolved("r1", f.Outcome.CHANGED), T0, [ended(f.Outcome.CHANGED)]),
    ("RV-024", OPEN, f.Resolved("r1", f.Outcome.DELETED), T0, [ended(f.Outcome.DELETED)]),
    ("RV-024", [*OPEN, f.ReviewAdded("r2", T0 + 30 * D)], f.Resolved("r1", f.Outcome.CHANGED), T0,
     [f.ReviewSettled("r1")]),
    ("RV-024", OPEN, DeadlinePassed("expire", T0 + 30 * D), T0 + 30 * D, [ended(f.Outcome.EXPIRED)]),
    ("RV-024", OPEN, f.Explained(is_settled=True), T0, [ended(f.Outcome.EXPLAINED)]),
    # Another review after the end: a follow-up of its own, whose notices are numbered on.
    ("RV-024", [*OPEN, noted(1, 1), ended(f.Outcome.CHANGED, 1, 1)], *AGAIN),
    ("RV-024", [*OPEN, noted(1, 1), ended(f.Outcome.DELETED, 1, 1)], *AGAIN),
    ("RV-024", [*OPEN, noted(1, 1), ended(f.Outcome.EXPLAINED, 1, 1)], *AGAIN),
    ("RV-024", [*OPEN, noted(1, 1), ended(f.Outcome.EXPIRED, 1, 1)], *AGAIN),
    ("RV-027", [*OPEN, ended(f.Outcome.CHANGED)], f.HarassmentReported(), T0, [f.ContactStopped()]),
    ("RV-027", [*OPEN, ended(f.Outcome.CHANGED), f.ContactStopped()], f.Negative("o1", "r2", "c1"), T0, []),
    ("RV-026", [*OPEN, ended(f.Outcome.REFUSED_CONTACT)], f.Negative("o1", "r2", "c1"), T0 + D, []),
    ("RV-025", [*OPEN, noted(3, 1), ended(f.Outcome.CHANGED, 3, 1),
                f.FollowupOpened("o1", "r2", "c1", T0 + 30 * D), replace(CALL, number=2), noted(3, 2)],
     DeadlinePassed("next", T0 + 2 * D), T0 + 2 * D,
     [f.ContactWanted("followup.o1.4", 4, Step.CALL, "c1", T0 + 95 * H, T0 + 4 * D)]),
    ("RV-025", OPEN, resolved("reached"), T0,
     [noted(0, 1, more=False), f.ResultAsked(T0 + 2 * D)]),
    ("RV-025", OPEN, resolved("not_reached"), T0, [noted(0, 1)]),
    ("RV-025", [*OPEN, noted(0, 1)], DeadlinePassed("next", T0 + 2 * D), T0 + 2 * D, [TEXT]),
    # Nobody said what became of the call: it counts, and the next attempt follows.
    ("RV-025", OPEN, DeadlinePassed("next", T0 + 2 * D), T0 + 2 * D, [noted(0, 1), TEXT]),
    ("RV-025", [*OPEN, noted(0, 1), TEXT], resolved("sent", 2), T0 + 2 * D, [noted(1, 1)]),
    # Three texts are out: the plan's remaining texts are left out.
    ("RV-025", [*OPEN, noted(3, 1)], DeadlinePassed("next", T0 + 2 * D), T0 + 2 * D,
     [f.ContactWanted("followup.o1.3", 3, Step.CALL, "c1", T0 + 95 * H, T0 + 4 * D)]),
    ("RV-026", OPEN, resolved("suppressed", reason="consent_withdrawn"), T0,
     [noted(0, 0), ended(f.Outcome.REFUSED_CONTACT)]),
    ("RV-026", OPEN, resolved("suppressed", reason="refused_contact"), T0,
     [noted(0, 0), ended(f.Outcome.REFUSED_CONTACT)]),
    ("RV-026", OPEN, resolved("suppressed", reason="no_consent"), T0, [noted(0, 0)]),
    ("RV-027", OPEN, f.HarassmentReported(), T0, [ended(f.Outcome.REFUSED_CONTACT)]),
]  # fmt: skip


def test_what_ended_before_attempts_were_counted_is_over_for_good() -> None:
    """RV-024: the numbers of its notices are not known any more."""
    assert f.decide(f.Ended(f.Outcome.CHANGED), f.Negative("o1", "r2", "c1"), P, T0) == []


def after(facts: Sequence[f.Fact], state: f.State | None = None) -> f.State:
    """The state that a history leads to; from the beginning, unless it goes on from one."""
    state = f.Absent() if state is None else state
    for fact in facts:
        state = f.evolve(state, fact)
    return state


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "now", "then"),
    TABLE,
    ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)],
)
def test_rule(
    rule: str, given_facts: Sequence[f.Fact], when: f.Message, now: datetime, then: Sequence[f.Fact]
) -> None:
    state = after(given_facts)
    decided = f.decide(state, when, P, now)
    assert [d.fact for d in decided] == list(then)
    assert all(rule in d.rules for d in decided)


def test_an_answer_to_an_earlier_attempt_is_not_counted_again() -> None:
    state = after([*OPEN, noted(0, 1), TEXT])
    assert f.decide(state, resolved("reached", 1), P, T0) == []


outcomes = st.sampled_from(["sent", "delivered", "reached", "not_reached", "failed", "suppressed"])
messages: st.SearchStrategy[f.Message | str] = st.one_of(
    st.builds(f.Negative, st.just("o1"), st.sampled_from(["r1", "r2"]), st.just("c1")),
    st.builds(f.Resolved, st.sampled_from(["r1", "r2"]), st.sampled_from([*f.Outcome][:2])),
    st.builds(
        f.ContactResolved,
        st.sampled_from([f"followup.o1.{n}" for n in range(1, 6)]),
        outcomes,
        st.none(),
        st.sampled_from([None, "no_consent", "expired", "limit_reached", "failed"]),
    ),
    st.builds(f.Explained, st.booleans()),
    st.builds(f.HarassmentReported),
    st.just("tick"),
    st.just("tick"),
    st.just("stale"),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(messages, st.integers(0, 4)), max_size=30), st.sampled_from(["c1", "c2"]))
def test_any_history(history: list[tuple[f.Message | str, int]], customer: str) -> None:
    """RV-025: at most three texts; RV-028: who the customer is makes no difference."""
    log = _play(history, customer)
    texts = sum(isinstance(x, f.ContactWanted) and x.step is Step.TEXT for x in log)
    assert texts <= P.followup.text_limit
    wanted = [x for x in log if isinstance(x, f.ContactWanted)]
    assert not wanted or wanted[0].step is Step.CALL
    begins = [x for x in log if isinstance(x, f.FollowupOpened)]
    assert len({x.notice_id for x in wanted}) == len(wanted) <= len(P.followup.steps) * len(begins)
    ends = [x for x in log if isinstance(x, f.FollowupEnded)]
    for fact, following in pairwise(log):
        if isinstance(fact, f.FollowupEnded):
            assert isinstance(following, f.FollowupOpened | f.ContactStopped)
        assert not isinstance(fact, f.ContactStopped), "nothing follows"
        is_refusal = isinstance(fact, f.FollowupEnded) and fact.outcome is f.Outcome.REFUSED_CONTACT
        assert not is_refusal, "who refused is left alone"
    assert all(x.text_count <= P.followup.text_limit for x in ends)
    other = _play(history, "somebody-else")
    assert [type(x) for x in other] == [type(x) for x in log]


def _play(history: list[tuple[f.Message | str, int]], customer: str) -> list[f.Fact]:
    state: f.State = f.Absent()
    now, seen, log = T0, set[tuple[str, datetime]](), list[f.Fact]()
    for drawn, days in history:
        now += days * D
        pending = {(d.name, d.due_at) for d in f.deadlines(state)}
        offered: list[f.Message]
        if drawn == "tick":
            offered = [DeadlinePassed(name, at) for name, at in pending if at <= now]
        elif drawn == "stale":
            offered = [DeadlinePassed(name, at) for name, at in seen - pending]
        else:
            assert not isinstance(drawn, str)
            offered = [replace(drawn, customer_id=customer) if isinstance(drawn, f.Negative) else drawn]
        for message in offered:
            at = message.due_at if isinstance(message, DeadlinePassed) else now
            decided = f.decide(state, message, P, at)
            assert not (drawn == "stale" and decided)
            state = after([d.fact for d in decided], state)
            seen |= {(d.name, d.due_at) for d in f.deadlines(state)}
            log += [d.fact for d in decided]
        assert isinstance(state, f.Contacting) == bool(f.deadlines(state))
    return log
