"""The points of an account: they add up, and a rating without effect is not announced."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed
from services.reviews import policy
from services.reviews.cases.credit_account.border import CREDIT_ACCOUNT
from services.reviews.cases.credit_account.messages import PointsMoved
from services.reviews.cases.credit_account.state import Account, Fact
from services.reviews.credit import Cap, Role
from tests.services.given import decide, facts_of

T0 = datetime(2026, 3, 2, tzinfo=UTC)
_, P = policy.load().choose("s1", T0)

moves = st.builds(
    PointsMoved,
    st.just("o1"),
    st.just(Role.SELLER),
    st.sampled_from([-1, 1]),
    st.integers(-2, 2),
    st.sampled_from(Cap),
    st.just("rated_good"),
)


@given(st.lists(moves, max_size=20))
def test_the_account_adds_up(news: list[PointsMoved]) -> None:
    """RV-003: the total is the sum of what was announced; a rating without effect is not announced."""
    facts: list[Fact] = []
    state = Account()
    for message in news:
        decided = facts_of(CREDIT_ACCOUNT.handle(state, message, P, T0))
        assert bool(decided) == (message.delta_points != 0 or message.cap is not Cap.NONE)
        facts += decided
        for fact in decided:
            state = CREDIT_ACCOUNT.evolve(state, fact)
    assert state.total_points == sum(f.delta_points for f in facts) == sum(m.delta_points for m in news)
    assert decide(CREDIT_ACCOUNT, facts, DeadlinePassed("any", T0), T0, P) == []
    assert list(CREDIT_ACCOUNT.deadlines(state)) == []
