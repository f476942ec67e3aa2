"""The reviews of an order: what counts, when, and how often."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, NotYet
from services.reviews import policy
from services.reviews.cases import review as r
from services.reviews.cases import review_book as b
from services.reviews.cases import review_values as v
from services.reviews.cases.review_book import Rater, Reason, Side, Standing
from services.reviews.cases.review_fold import evolve
from services.reviews.policy import Rating

_, P = policy.load().choose("s1", datetime(2026, 1, 1, tzinfo=UTC))
T0 = datetime(2026, 1, 1, tzinfo=UTC)
D = timedelta(days=1)
H = timedelta(hours=1)
GOOD, NEUTRAL, BAD = Rating.GOOD, Rating.NEUTRAL, Rating.BAD
BUYER, SELLER = Rater.BUYER, Rater.SELLER


def order(*, is_mall: bool = False, lines: int = 1) -> v.OrderKnown:
    return v.OrderKnown(
        b.Book("c1", "a1", is_mall, tuple(b.Line(f"l{n}", f"p{n}") for n in range(1, lines + 1)))
    )


OPENED = v.WindowOpened(("l1",), T0, T0 + 15 * D, T0 + D)
PROMPTED = v.PromptDue(T0 + 6 * D, is_coupon_offered=False)


def counted(rating: Rating, rater: Rater = BUYER, at: datetime = T0, review: str = "r1") -> v.RatingCounted:
    until = None if rating is GOOD else at + 30 * D
    points = {GOOD: 1, NEUTRAL: 0, BAD: -1}[rating]
    return v.RatingCounted("l1", rater, Side(Standing.RATED, review, rating, until), points)


def gave(rating: Rating, rater: Rater = BUYER, review: str = "r1", line: str = "l1") -> v.Given:
    return v.Given(review, rater, rating, line, has_photos=False)


CLOSED = v.WindowClosed(T0 + 15 * D, (), 1)
NEGATIVE = v.NegativeReceived("r1", BAD, "p1", T0 + 30 * D)


def replaced(reason: Reason, rating: Rating | None, points: int) -> v.RatingReplaced:
    standing = {Reason.CHANGED: Standing.CHANGED, Reason.DELETED: Standing.DELETED}
    return v.RatingReplaced("r1", reason, rating, standing.get(reason, Standing.REMOVED), points)


BAD_PLACED: list[v.Fact] = [order(), OPENED, PROMPTED, counted(BAD)]
FROZEN: list[v.Fact] = [*BAD_PLACED, CLOSED, v.RatingsFrozen(T0 + 30 * D)]

TABLE: list[tuple[str, Sequence[v.Fact], v.Message, datetime, Sequence[v.Fact]]] = [
    ("RV-001", [order()], v.Succeeded(()), T0, [OPENED]),
    ("RV-001", [order(), OPENED], gave(GOOD), T0 + 15 * D, [counted(GOOD)]),
    ("RV-001", [order(), OPENED], gave(GOOD), T0 + 15 * D + H, [v.Refused("r1", Reason.WINDOW_OVER)]),
    ("RV-001", [order(), OPENED], gave(GOOD, SELLER), T0, [counted(GOOD, SELLER)]),
    ("RV-001", [order(), OPENED, counted(GOOD)], gave(GOOD, BUYER, "r2"), T0,
     [v.Refused("r2", Reason.ALREADY_RATED)]),
    ("RV-001", [order(), OPENED], gave(GOOD, BUYER, "r1", "l9"), T0,
     [v.Refused("r1", Reason.UNKNOWN_LINE)]),
    ("RV-003", [order(), OPENED], gave(BAD), T0, [counted(BAD), NEGATIVE]),
    ("RV-003", [order(), OPENED], gave(NEUTRAL), T0,
     [counted(NEUTRAL), v.NegativeReceived("r1", NEUTRAL, "p1", T0 + 30 * D)]),
    ("RV-024", [order(), OPENED], gave(BAD, SELLER), T0, [counted(BAD, SELLER)]),
    ("RV-004", [order(), OPENED, PROMPTED], DeadlinePassed("window", T0 + 15 * D), T0 + 15 * D,
     [CLOSED, v.ReviewEnded(v.Ending.UNREVIEWED)]),
    ("RV-005", [order(), OPENED, PROMPTED, counted(GOOD)], DeadlinePassed("window", T0 + 15 * D),
     T0 + 15 * D,
     [v.WindowClosed(T0 + 15 * D, (("l1", BUYER),), 1), v.ReviewEnded(v.Ending.ONE_SIDED)]),
    ("RV-005", [order(), OPENED, PROMPTED, counted(BAD, SELLER)], DeadlinePassed("window", T0 + 15 * D),
     T0 + 15 * D, [CLOSED]),
    ("OR-010", [order(), OPENED, PROMPTED, counted(GOOD), counted(GOOD, SELLER, review="r2")],
     DeadlinePassed("window", T0 + 15 * D), T0 + 15 * D, [CLOSED, v.ReviewEnded(v.Ending.MUTUAL)]),
    ("OR-010", [order()], v.Closed(()), T0, [v.ReviewEnded(v.Ending.ORDER_CLOSED)]),
    ("RV-009", BAD_PLACED, v.Moderated("r1", is_rating_kept=True), T0, [v.WordsRemoved("r1")]),
    ("RV-009", BAD_PLACED, v.Moderated("r1", is_rating_kept=False), T0,
     [replaced(Reason.REMOVED_BY_PLATFORM, None, 0)]),
    ("RV-010", [order(), OPENED], DeadlinePassed("prompt", T0 + D), T0 + D, [PROMPTED]),
    ("RV-010", [order(), OPENED, counted(GOOD)], DeadlinePassed("prompt", T0 + D), T0 + D,
     [v.PromptSkipped()]),
    ("RV-010", [order(), OPENED, v.RefundNoted()], DeadlinePassed("prompt", T0 + D), T0 + D,
     [v.PromptSkipped()]),
    ("RV-011", [order(), OPENED], DeadlinePassed("prompt", T0 + D), T0 + D, [PROMPTED]),
    ("RV-014", [order(), OPENED], DeadlinePassed("prompt", T0 + D), T0 + D, [PROMPTED]),
    ("RV-033", [order(), OPENED], DeadlinePassed("prompt", T0 + D), T0 + D, [PROMPTED]),
    ("RV-013", BAD_PLACED, v.Commented("r1", has_photos=True), T0, [v.CommentNoted("r1", has_photos=True)]),
    ("RV-015", BAD_PLACED, v.Changed("r1", GOOD), T0 + 30 * D, [replaced(Reason.CHANGED, GOOD, 1)]),
    ("RV-015", BAD_PLACED, v.Deleted("r1", "buyer"), T0 + D, [replaced(Reason.DELETED, None, 0)]),
    ("RV-015", [*BAD_PLACED, replaced(Reason.CHANGED, NEUTRAL, 0)], v.Changed("r1", GOOD), T0 + D,
     [v.Refused("r1", Reason.ALREADY_CHANGED)]),
    ("RV-015", [order(), OPENED, counted(GOOD)], v.Changed("r1", BAD), T0 + D,
     [v.Refused("r1", Reason.NOT_NEGATIVE)]),
    ("RV-015", BAD_PLACED, v.Deleted("r1", "seller"), T0 + D, [v.Refused("r1", Reason.NOT_THE_RATER)]),
    ("RV-016", BAD_PLACED, v.Changed("r1", GOOD), T0 + 30 * D + H, [v.Refused("r1", Reason.WINDOW_OVER)]),
    ("RV-016", FROZEN, v.Changed("r1", GOOD), T0 + 31 * D, [v.Refused("r1", Reason.WINDOW_OVER)]),
    ("RV-016", [*BAD_PLACED, CLOSED], DeadlinePassed("change", T0 + 30 * D), T0 + 30 * D,
     [v.RatingsFrozen(T0 + 30 * D), v.ReviewEnded(v.Ending.ONE_SIDED)]),
    ("RV-017", [order(is_mall=True), OPENED], gave(BAD), T0, [v.Refused("r1", Reason.MALL)]),
    ("RV-017", [order(is_mall=True), OPENED, counted(GOOD)], v.Changed("r1", BAD), T0,
     [v.Refused("r1", Reason.MALL)]),
    ("RV-002", [order(), OPENED], v.Scored("s1", has_description=True), T0, [v.ScoreCounted("s1", 0, T0)]),
    ("RV-018", [order(), OPENED, v.ScoreCounted("s1", 0, T0)], v.Scored("s2", has_description=True), T0,
     [v.ScoreRefused("s2", Reason.ALREADY_SCORED)]),
    ("RV-022", [order(is_mall=True), OPENED], v.Scored("s1", has_description=True), T0,
     [v.ScoreCounted("s1", 1, T0)]),
    ("RV-022", [order(is_mall=True), OPENED], v.Scored("s1", has_description=False), T0,
     [v.ScoreCounted("s1", 0, T0)]),
    ("RV-029", BAD_PLACED, v.Coded("r1", "courier_speed"), T0, [v.CauseNoted("r1", "courier_speed")]),
    ("RV-031", [order()], v.Threatened(), T0, [v.ThreatNoted()]),
    ("RV-032", BAD_PLACED, v.Reported("k1", "r1"), T0 + 15 * D,
     [v.ReportAdmitted("k1", "r1", T0 + 15 * D + 48 * H)]),
    ("RV-032", BAD_PLACED, v.Reported("k1", "r1"), T0 + 15 * D + H, [v.ReportTooLate("k1")]),
]  # fmt: skip


def after(facts: Sequence[v.Fact], state: v.State | None = None) -> v.State:
    """The state that a history leads to; from the beginning, unless it goes on from one."""
    state = v.Absent() if state is None else state
    for fact in facts:
        state = evolve(state, fact)
    return state


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "now", "then"),
    TABLE,
    ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)],
)
def test_rule(
    rule: str, given_facts: Sequence[v.Fact], when: v.Message, now: datetime, then: Sequence[v.Fact]
) -> None:
    state = after(given_facts)
    decided = r.decide(state, when, P, now)
    assert [d.fact for d in decided] == list(then)
    assert all(rule in d.rules for d in decided)


@pytest.mark.parametrize(
    ("given_facts", "when"),
    [
        ([], gave(GOOD)),
        ([], v.Succeeded(())),
        ([order()], gave(GOOD)),
        ([order()], v.Scored("s1", has_description=True)),
        ([order(), OPENED], v.Changed("r1", GOOD)),
        ([order(), OPENED], v.Moderated("r1", is_rating_kept=True)),
        ([order()], v.Reported("k1", None)),
    ],
)
def test_early_news_waits(given_facts: Sequence[v.Fact], when: v.Message) -> None:
    state = after(given_facts)
    with pytest.raises(NotYet):
        r.decide(state, when, P, T0)


def test_a_part_that_succeeds_later_opens_its_own_window() -> None:
    first = after([order(lines=2), OPENED, PROMPTED, CLOSED])
    assert isinstance(first, v.Known), "the second line still waits for its success"
    facts = [d.fact for d in r.decide(first, v.Succeeded(("l2",)), P, T0 + 20 * D)]
    assert facts == [v.WindowOpened(("l2",), T0 + 20 * D, T0 + 35 * D, None)]
    state = after(facts, first)
    assert [d.due_at for d in r.deadlines(state)] == [T0 + 35 * D]


def test_a_dropped_line_lets_the_order_end() -> None:
    state = after([order(lines=2), OPENED, PROMPTED, CLOSED])
    facts = [d.fact for d in r.decide(state, v.Closed(("l2",)), P, T0 + 20 * D)]
    assert facts == [v.LinesDropped(("l2",)), v.ReviewEnded(v.Ending.UNREVIEWED)]


reviews = st.sampled_from(["r1", "r2", "r3", "r4"])
messages: st.SearchStrategy[v.Message | str] = st.one_of(
    st.builds(
        v.Placed,
        st.just("c1"),
        st.just("a1"),
        st.booleans(),
        st.sampled_from([(("l1", "p1"),), (("l1", "p1"), ("l2", "p2"))]),
    ),
    st.builds(v.Succeeded, st.sampled_from([(), ("l1",), ("l2",)])),
    st.builds(v.Closed, st.sampled_from([(), ("l1",), ("l2",)])),
    st.builds(
        v.Given,
        reviews,
        st.sampled_from(Rater),
        st.sampled_from(Rating),
        st.sampled_from(["l1", "l2"]),
        st.booleans(),
    ),
    st.builds(v.Changed, reviews, st.sampled_from(Rating)),
    st.builds(v.Deleted, reviews, st.sampled_from(["buyer", "seller", "platform"])),
    st.builds(v.Commented, reviews, st.booleans()),
    st.builds(v.Moderated, reviews, st.booleans()),
    st.builds(v.Coded, reviews, st.sampled_from(["quality", "service"])),
    st.builds(v.Scored, st.sampled_from(["s1", "s2"]), st.booleans()),
    st.builds(v.Threatened),
    st.builds(v.Refunded),
    st.builds(v.Reported, st.just("k1"), st.one_of(st.none(), reviews)),
    st.just("tick"),
    st.just("stale"),
)


def worth(facts: Sequence[v.Fact]) -> dict[str, int]:
    """What each rating is worth after these facts, as its credit entry will say."""
    found: dict[str, int] = {}
    for fact in facts:
        if isinstance(fact, v.RatingCounted):
            assert fact.side.review_id not in found, "counted twice"
            found[str(fact.side.review_id)] = fact.points
        if isinstance(fact, v.RatingReplaced):
            found[fact.review_id] = fact.points
    return found


@settings(max_examples=300)
@given(st.lists(st.tuples(messages, st.integers(0, 9)), max_size=30))
def test_any_history(history: list[tuple[v.Message | str, int]]) -> None:
    state: v.State = v.Absent()
    now = T0
    seen: set[tuple[str, datetime]] = set()
    log: list[v.Fact] = []
    for drawn, days in history:
        now += days * D
        for message in _offered(state, drawn, now, seen):
            moment = message.due_at if isinstance(message, DeadlinePassed) else now
            try:
                decided = r.decide(state, message, P, moment)
            except NotYet:
                continue
            if drawn == "stale":
                assert decided == []
            was_ended = isinstance(state, v.Ended)
            state = after([d.fact for d in decided], state)
            assert not was_ended or isinstance(state, v.Ended), "ended means ended"
            seen |= {(d.name, d.due_at) for d in r.deadlines(state)}
            log += [d.fact for d in decided]
    assert isinstance(state, v.Open) == bool(r.deadlines(state))
    assert set(worth(log).values()) <= {-1, 0, 1}
    changes = [f.review_id for f in log if isinstance(f, v.RatingReplaced) and f.reason is Reason.CHANGED]
    assert len(changes) == len(set(changes)), "RV-015: changed once"
    assert sum(isinstance(f, v.PromptDue) for f in log) <= 1
    assert sum(isinstance(f, v.ReviewEnded) for f in log) <= 1
    if isinstance(state, v.Live) and state.book.is_mall:
        assert all(points >= 0 for points in worth(log).values()), "RV-017"


def _offered(
    state: v.State, drawn: v.Message | str, now: datetime, seen: set[tuple[str, datetime]]
) -> list[v.Message]:
    pending = {(d.name, d.due_at) for d in r.deadlines(state)}
    if drawn == "tick":
        due = sorted((at, name) for name, at in pending if at <= now)
        return [DeadlinePassed(name, at) for at, name in due]
    if drawn == "stale":
        return [DeadlinePassed(name, at) for name, at in sorted(seen - pending)]
    assert not isinstance(drawn, str)
    return [drawn]
