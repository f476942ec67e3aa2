"""The points of a pair: the worth of a rating, the caps, and that the order of the news does not matter."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reviews import policy
from services.reviews.cases.credit_pair.border import CREDIT_PAIR
from services.reviews.cases.credit_pair.messages import Earned
from services.reviews.cases.credit_pair.rules_caps import recount
from services.reviews.cases.credit_pair.state import Entry, Fact, Pair
from services.reviews.credit import Cap, Role
from tests.services.given import Walk

T0 = datetime(2026, 3, 2, tzinfo=UTC)
D = timedelta(days=1)
H = timedelta(hours=1)
_, P = policy.load().choose("s1", T0)
BUYER, SELLER = Role.BUYER, Role.SELLER


def earned(
    entry: str,
    day: float,
    points: int = 1,
    *,
    item: str = "p1",
    revision: int = 1,
    role: Role = SELLER,
    is_mall: bool = False,
    order: str | None = None,
) -> Earned:
    at = T0 + day * D
    account = "s1" if role is SELLER else "a1"
    cause = "rated"
    return Earned(account, role, entry, order or f"o-{entry}", item, at, points, revision, is_mall, cause)


def play(news: Sequence[Earned], now: datetime = T0 + 20 * D) -> tuple[Pair, list[Fact]]:
    walk = Walk(CREDIT_PAIR, P, now)
    for message in news:
        walk.tell(message)
    return walk.state, walk.facts


ITEMS = [f"p{n}" for n in range(20)]

TABLE: list[tuple[str, list[Earned], list[int], list[Cap]]] = [
    ("RV-003", [earned("r1", 0)], [1], [Cap.NONE]),
    ("RV-003", [earned("r1", 0, -1)], [-1], [Cap.NONE]),
    ("RV-003", [earned("r1", 0, 0)], [], []),
    ("RV-003", [earned("r1", 0, -1), earned("r1", 0, 1, revision=2)], [-1, 2], [Cap.NONE, Cap.NONE]),
    ("RV-003", [earned("r1", 0, -1), earned("r1", 0, 0, revision=2)], [-1, 1], [Cap.NONE, Cap.NONE]),
    ("RV-005", [earned("unanswered.r1", 0, role=BUYER)], [1], [Cap.NONE]),
    ("RV-006", [earned("r1", 0), earned("r2", 13.9)], [1, 0], [Cap.NONE, Cap.SAME_ITEM]),
    ("RV-006", [earned("r1", 0), earned("r2", 14)], [1, 1], [Cap.NONE, Cap.NONE]),
    ("RV-006", [earned("r1", 0), earned("r2", 1, item="p2")], [1, 1], [Cap.NONE, Cap.NONE]),
    ("RV-006", [earned("r1", 0), earned("r2", 1, -1)], [1, -1], [Cap.NONE, Cap.NONE]),
    ("RV-006", [earned("r1", 0, -1), earned("r2", 13, -1)], [-1, 0], [Cap.NONE, Cap.SAME_ITEM]),
    # The earlier trade counts, whichever rating came first; what it displaced is given back.
    ("RV-006", [earned("r2", 5), earned("r1", 0)], [1, 0], [Cap.NONE, Cap.NONE]),
    # With the earlier one gone the later one counts.
    ("RV-006", [earned("r1", 0), earned("r2", 5), earned("r1", 0, 0, revision=2)], [1, 0, 0],
     [Cap.NONE, Cap.SAME_ITEM, Cap.NONE]),
    ("RV-007", [earned(f"r{n}", n, item=ITEMS[n]) for n in range(7)], [1] * 6 + [0],
     [Cap.NONE] * 6 + [Cap.MONTH_POINTS]),
    ("RV-007", [earned(f"r{n}", n, item=ITEMS[n], role=BUYER) for n in range(7)], [1] * 6 + [0],
     [Cap.NONE] * 6 + [Cap.MONTH_POINTS]),
    # Bad ratings are not capped by the month.
    ("RV-007", [earned(f"r{n}", n, -1, item=ITEMS[n]) for n in range(7)], [-1] * 7, [Cap.NONE] * 7),
    # Nor does a bad rating make room for a seventh good one.
    ("RV-007", [*(earned(f"r{n}", n, item=ITEMS[n]) for n in range(6)), earned("r6", 6, -1, item="p6"),
                earned("r7", 7, item="p7")], [1] * 6 + [-1, 0], [Cap.NONE] * 7 + [Cap.MONTH_POINTS]),
    ("RV-007", [earned("r0", 0, -1, item="p0"), *(earned(f"r{n}", n, item=ITEMS[n]) for n in range(1, 8))],
     [-1] + [1] * 6 + [0], [Cap.NONE] * 7 + [Cap.MONTH_POINTS]),
    # A mall counts the buyer's trades; its own points have the cap of every seller.
    ("RV-007", [earned(f"r{n}", n, item=ITEMS[n], is_mall=True) for n in range(7)], [1] * 6 + [0],
     [Cap.NONE] * 6 + [Cap.MONTH_POINTS]),
    ("RV-008", [earned(f"r{n}", n, item=ITEMS[n], is_mall=True) for n in range(4)], [1] * 4, [Cap.NONE] * 4),
    ("RV-008", [earned(f"r{n}", n, item=ITEMS[n], role=BUYER, is_mall=True) for n in range(4)],
     [1, 1, 1, 0], [Cap.NONE] * 3 + [Cap.MONTH_TRADES]),
    # Two items of the third trade: trades are counted, not points.
    ("RV-008", [earned(f"r{n}", n, item=ITEMS[n], role=BUYER, is_mall=True, order=f"o{min(n, 2)}")
                for n in range(4)], [1] * 4, [Cap.NONE] * 4),
    ("RV-022", [earned("score", 0, item="order:o1", role=BUYER, is_mall=True)], [1], [Cap.NONE]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "news", "deltas", "caps"), TABLE, ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)]
)
def test_rule(rule: str, news: list[Earned], deltas: list[int], caps: list[Cap]) -> None:
    state, facts = Pair(), list[Fact]()
    for message in news:
        decided = CREDIT_PAIR.handle(state, message, P, T0 + 20 * D)
        assert all(rule in d.rules for d in decided)
        facts += [d.fact for d in decided]
        for d in decided:
            state = CREDIT_PAIR.evolve(state, d.fact)
    assert [f.delta_points for f in facts] == deltas
    assert [f.cap for f in facts] == caps


def test_the_month_is_the_shops_own() -> None:
    """RV-007, reading A18: 31 March 16:30 UTC is April in Shanghai and March in Sao Paulo."""
    news = [earned(f"r{n}", 20 + n, item=ITEMS[n]) for n in range(6)]
    late = earned("r9", 29 + 16.5 / 24, item="p19")
    assert play([*news, late])[1][-1].delta_points == 1
    _, other = policy.load().choose("olist-1", T0)
    state, _ = play(news)
    decided = CREDIT_PAIR.handle(state, late, other, T0 + 30 * D)
    assert [d.fact.delta_points for d in decided] == [0]


def test_old_trades_are_forgotten_and_their_points_stay() -> None:
    state, facts = play([earned("r1", 0)])
    later = CREDIT_PAIR.handle(state, earned("r2", 100, item="p1"), P, T0 + 101 * D)
    assert [x.entry_id for x in later[0].fact.entries] == ["r2"]
    assert facts[0].delta_points + later[0].fact.delta_points == 2


def test_a_settled_trade_still_blocks_its_neighbours() -> None:
    state, _ = play([earned("r1", 0)])
    decided = CREDIT_PAIR.handle(state, earned("r2", 55), P, T0 + 60 * D)
    state = CREDIT_PAIR.evolve(state, decided[0].fact)
    assert state.seller[0].is_settled
    late = CREDIT_PAIR.handle(state, earned("r3", 5), P, T0 + 60 * D)
    assert late[0].fact.cap is Cap.SAME_ITEM


@pytest.mark.parametrize(
    ("age", "is_kept", "is_settled"),
    [(50 * D, True, False), (50 * D + H, True, True), (90 * D, True, True), (90 * D + H, False, False)],
)
def test_the_age_of_a_trade(age: timedelta, is_kept: bool, is_settled: bool) -> None:
    """RV-006, RV-007: after fifty days its neighbours no longer move it, after ninety it is forgotten."""
    state, _ = play([earned("r1", 0)])
    days = age / D
    (decided,) = CREDIT_PAIR.handle(state, earned("r2", days, item="p2"), P, T0 + age)
    old = [entry.is_settled for entry in decided.fact.entries if entry.entry_id == "r1"]
    assert old == ([is_settled] if is_kept else [])
    late = CREDIT_PAIR.handle(Pair(seen_at=T0 + age), earned("r1", 0), P, T0 + age)
    assert bool(late) is is_kept


@pytest.mark.parametrize(("is_settled", "counted"), [(True, 0), (False, 1)])
def test_a_settled_trade_keeps_what_it_counts(is_settled: bool, counted: int) -> None:
    """RV-006, RV-007: also where its neighbours are forgotten."""
    entry = Entry("r1", "o1", "p1", T0, 1, 1, False, counted=0, cap=Cap.SAME_ITEM, is_settled=is_settled)
    (judged,) = recount([entry], SELLER, P)
    assert judged.counted == counted


def test_a_ledger_waits_for_nobody() -> None:
    assert list(CREDIT_PAIR.deadlines(Pair())) == []


def test_news_about_a_forgotten_trade_decides_nothing() -> None:
    assert CREDIT_PAIR.handle(Pair(seen_at=T0), earned("r1", -200, 1), P, T0) == []


entries = st.builds(
    earned,
    st.sampled_from([f"r{n}" for n in range(9)]),
    st.integers(0, 40),
    st.sampled_from([-1, 1]),
    item=st.sampled_from(["p1", "p2", "p3"]),
    role=st.sampled_from(Role),
    is_mall=st.booleans(),
)


@settings(max_examples=200)
@given(st.lists(entries, max_size=12, unique_by=lambda e: (e.role, e.entry_id)), st.data())
def test_any_order_and_repetition_adds_up_the_same(news: list[Earned], data: st.DataObject) -> None:
    """RV-006, RV-007, RV-008: the sum depends on what was rated, not on the order in which it was read."""
    shuffled = data.draw(st.permutations(news))
    repeated = [*shuffled, *data.draw(st.lists(st.sampled_from(news), max_size=4))] if news else []
    now = T0 + 41 * D
    first, facts = play(news, now)
    second, again = play(repeated, now)
    for role in Role:
        ours = sum(f.delta_points for f in facts if f.role is role)
        assert ours == sum(f.delta_points for f in again if f.role is role)
        assert ours == sum(x.counted for x in first.entries(role))
        assert set(first.entries(role)) == set(second.entries(role))
        _within_caps(first.entries(role), role)


def _within_caps(found: Sequence[Entry], role: Role) -> None:
    counted = [x for x in found if x.counted]
    for one in counted:
        near = [
            x
            for x in counted
            if x.item_id == one.item_id
            and x.counted == one.counted
            and timedelta(0) <= x.succeeded_at - one.succeeded_at < 14 * D
        ]
        assert len(near) == 1, "RV-006"
    for month in {P.month_of(x.succeeded_at) for x in counted}:
        ups = [x for x in counted if x.counted > 0 and P.month_of(x.succeeded_at) == month]
        plain = [x for x in ups if not (x.is_mall and role is BUYER)]
        assert len(plain) <= 6, "RV-007"


def test_recount_is_stable() -> None:
    _, facts = play([earned(f"r{n}", n) for n in range(5)])
    assert recount(facts[-1].entries, SELLER, P) == facts[-1].entries
