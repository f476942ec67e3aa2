"""The reviews of an order: what counts, when, and how often."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, NotYet
from kernel.people import Task
from services.reviews import policy
from services.reviews import review_book as b
from services.reviews.cases.review import messages as m
from services.reviews.cases.review import state as s
from services.reviews.cases.review.border import REVIEW
from services.reviews.cases.review.messages import Message
from services.reviews.cases.review.state import Fact
from services.reviews.review_book import Rater, Rating, Reason, Side, Standing
from tests.services.given import NEXT_DEADLINE, Walk, after, check_rule, decide, facts_of

_, P = policy.load().choose("s1", datetime(2026, 1, 1, tzinfo=UTC))
T0 = datetime(2026, 1, 1, tzinfo=UTC)
D = timedelta(days=1)
H = timedelta(hours=1)
GOOD, NEUTRAL, BAD = Rating.GOOD, Rating.NEUTRAL, Rating.BAD
BUYER, SELLER = Rater.BUYER, Rater.SELLER


def order(*, is_mall: bool = False, lines: int = 1) -> s.OrderKnown:
    return s.OrderKnown(
        b.Book("c1", "a1", is_mall, tuple(b.Line(f"l{n}", f"p{n}") for n in range(1, lines + 1)))
    )


OPENED = s.WindowOpened(("l1",), T0, T0 + 15 * D, T0 + D)
PROMPTED = s.PromptDue(T0 + 6 * D, is_coupon_offered=False)


def counted(rating: Rating, rater: Rater = BUYER, at: datetime = T0, review: str = "r1") -> s.RatingCounted:
    until = None if rating is GOOD else at + 30 * D
    points = {GOOD: 1, NEUTRAL: 0, BAD: -1}[rating]
    return s.RatingCounted("l1", rater, Side(Standing.RATED, review, rating, until), points)


def gave(rating: Rating, rater: Rater = BUYER, review: str = "r1", line: str = "l1") -> m.Given:
    return m.Given(review, rater, rating, line, has_photos=False)


CLOSED = s.WindowClosed(T0 + 15 * D, (), 1)
NEGATIVE = s.NegativeReceived("r1", BAD, "p1", T0 + 30 * D)


def replaced(reason: Reason, rating: Rating | None, points: int) -> s.RatingReplaced:
    standing = {Reason.CHANGED: Standing.CHANGED, Reason.DELETED: Standing.DELETED}
    return s.RatingReplaced("r1", reason, rating, standing.get(reason, Standing.REMOVED), points)


BAD_PLACED: list[Fact] = [order(), OPENED, PROMPTED, counted(BAD)]
FROZEN: list[Fact] = [*BAD_PLACED, CLOSED, s.RatingsFrozen(T0 + 30 * D)]

TABLE: list[tuple[str, Sequence[Fact], Message, datetime, Sequence[Fact]]] = [
    ("RV-001", [order()], m.Succeeded(()), T0, [OPENED]),
    ("RV-001", [order(), OPENED], m.Succeeded(()), T0 + D, []),
    ("RV-001", [order(), OPENED], gave(GOOD), T0 + 15 * D, [counted(GOOD)]),
    ("RV-001", [order(), OPENED], gave(GOOD), T0 - H, [s.Refused("r1", Reason.NOT_SUCCEEDED)]),
    ("RV-001", [order(), OPENED], m.Scored("s1", has_description=True), T0 - H,
     [s.ScoreRefused("s1", Reason.NOT_SUCCEEDED)]),
    ("RV-001", [order(), OPENED], gave(GOOD), T0 + 15 * D + H, [s.Refused("r1", Reason.WINDOW_OVER)]),
    ("RV-001", [order(), OPENED], gave(GOOD, SELLER), T0, [counted(GOOD, SELLER)]),
    ("RV-001", [order(), OPENED, counted(GOOD)], gave(GOOD, BUYER, "r2"), T0,
     [s.Refused("r2", Reason.ALREADY_RATED)]),
    ("RV-001", [order(), OPENED], gave(GOOD, BUYER, "r1", "l9"), T0,
     [s.Refused("r1", Reason.UNKNOWN_LINE)]),
    ("RV-003", [order(), OPENED], gave(BAD), T0, [counted(BAD), NEGATIVE]),
    ("RV-003", [order(), OPENED], gave(NEUTRAL), T0,
     [counted(NEUTRAL), s.NegativeReceived("r1", NEUTRAL, "p1", T0 + 30 * D)]),
    ("RV-024", [order(), OPENED], gave(BAD, SELLER), T0, [counted(BAD, SELLER)]),
    ("RV-004", [order(), OPENED, PROMPTED], DeadlinePassed("window", T0 + 15 * D), T0 + 15 * D,
     [CLOSED, s.ReviewEnded(s.Ending.UNREVIEWED)]),
    ("RV-005", [order(), OPENED, PROMPTED, counted(GOOD)], DeadlinePassed("window", T0 + 15 * D),
     T0 + 15 * D,
     [s.WindowClosed(T0 + 15 * D, (("l1", BUYER),), 1), s.ReviewEnded(s.Ending.ONE_SIDED)]),
    ("RV-005", [order(), OPENED, PROMPTED, counted(BAD, SELLER)], DeadlinePassed("window", T0 + 15 * D),
     T0 + 15 * D, [CLOSED]),
    ("OR-010", [order(), OPENED, PROMPTED, counted(GOOD), counted(GOOD, SELLER, review="r2")],
     DeadlinePassed("window", T0 + 15 * D), T0 + 15 * D, [CLOSED, s.ReviewEnded(s.Ending.MUTUAL)]),
    ("OR-010", [order()], m.Closed(()), T0, [s.ReviewEnded(s.Ending.ORDER_CLOSED)]),
    ("RV-009", BAD_PLACED, m.Moderated("r1", is_rating_kept=True), T0, [s.WordsRemoved("r1")]),
    ("RV-009", BAD_PLACED, m.Moderated("r1", is_rating_kept=False), T0,
     [replaced(Reason.REMOVED_BY_PLATFORM, None, 0)]),
    ("RV-010", [order(), OPENED], DeadlinePassed("prompt", T0 + D), T0 + D, [PROMPTED]),
    ("RV-010", [order(), OPENED, counted(GOOD)], DeadlinePassed("prompt", T0 + D), T0 + D,
     [s.PromptSkipped()]),
    ("RV-010", [order(), OPENED, s.RefundNoted()], DeadlinePassed("prompt", T0 + D), T0 + D,
     [s.PromptSkipped()]),
    ("RV-011", [order(), OPENED], DeadlinePassed("prompt", T0 + D), T0 + D, [PROMPTED]),
    ("RV-014", [order(), OPENED], DeadlinePassed("prompt", T0 + D), T0 + D, [PROMPTED]),
    ("RV-033", [order(), OPENED], DeadlinePassed("prompt", T0 + D), T0 + D, [PROMPTED]),
    ("RV-013", BAD_PLACED, m.Commented("r1", has_photos=True), T0, [s.CommentNoted("r1", has_photos=True)]),
    ("RV-015", BAD_PLACED, m.Changed("r1", GOOD), T0 + 30 * D, [replaced(Reason.CHANGED, GOOD, 1)]),
    ("RV-015", BAD_PLACED, m.Deleted("r1", "buyer"), T0 + D, [replaced(Reason.DELETED, None, 0)]),
    ("RV-015", [*BAD_PLACED, replaced(Reason.CHANGED, NEUTRAL, 0)], m.Changed("r1", GOOD), T0 + D,
     [s.Refused("r1", Reason.ALREADY_CHANGED)]),
    ("RV-015", [order(), OPENED, counted(GOOD)], m.Changed("r1", BAD), T0 + D,
     [s.Refused("r1", Reason.NOT_NEGATIVE)]),
    ("RV-015", BAD_PLACED, m.Deleted("r1", "seller"), T0 + D, [s.Refused("r1", Reason.NOT_THE_RATER)]),
    ("RV-016", BAD_PLACED, m.Changed("r1", GOOD), T0 + 30 * D + H, [s.Refused("r1", Reason.WINDOW_OVER)]),
    ("RV-016", FROZEN, m.Changed("r1", GOOD), T0 + 31 * D, [s.Refused("r1", Reason.WINDOW_OVER)]),
    ("RV-016", [*BAD_PLACED, CLOSED], DeadlinePassed("change", T0 + 30 * D), T0 + 30 * D,
     [s.RatingsFrozen(T0 + 30 * D), s.ReviewEnded(s.Ending.ONE_SIDED)]),
    ("RV-017", [order(is_mall=True), OPENED], gave(BAD), T0, [s.Refused("r1", Reason.MALL)]),
    ("RV-017", [order(is_mall=True), OPENED, counted(GOOD)], m.Changed("r1", BAD), T0,
     [s.Refused("r1", Reason.MALL)]),
    ("RV-002", [order(), OPENED], m.Scored("s1", has_description=True), T0, [s.ScoreCounted("s1", 0, T0)]),
    ("RV-018", [order(), OPENED, s.ScoreCounted("s1", 0, T0)], m.Scored("s2", has_description=True), T0,
     [s.ScoreRefused("s2", Reason.ALREADY_SCORED)]),
    ("RV-022", [order(is_mall=True), OPENED], m.Scored("s1", has_description=True), T0,
     [s.ScoreCounted("s1", 1, T0)]),
    ("RV-022", [order(is_mall=True), OPENED], m.Scored("s1", has_description=False), T0,
     [s.ScoreCounted("s1", 0, T0)]),
    ("RV-029", BAD_PLACED, m.Coded("r1", "courier_speed"), T0, [s.CauseNoted("r1", "courier_speed", BAD)]),
    ("RV-029", BAD_PLACED, m.CauseAnswered("review-cause.r1", "quality"), T0,
     [s.CauseNoted("r1", "quality", BAD)]),
    ("RV-029", [*BAD_PLACED, replaced(Reason.DELETED, None, 0)], m.Coded("r1", "quality"), T0,
     [s.CauseNoted("r1", "quality", None)]),
    ("RV-029", [*BAD_PLACED, s.CauseNoted("r1", "quality", BAD)], m.Coded("r1", "quality"), T0, []),
    ("RV-029", BAD_PLACED, m.CauseAnswered("malicious.k1", "confirmed"), T0, []),
    ("RV-031", [order()], m.Threatened(), T0, [s.ThreatNoted()]),
    ("RV-032", BAD_PLACED, m.Reported("k1", "r1"), T0 + 15 * D,
     [Task("is_review_malicious", T0 + 15 * D + 48 * H, "assessment", task_id="malicious.k1")]),
    ("RV-032", BAD_PLACED, m.Reported("k1", "r1"), T0 + 15 * D + H, [s.ReportTooLate("k1")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "now", "then"),
    TABLE,
    ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)],
)
def test_rule(
    rule: str, given_facts: Sequence[Fact], when: Message, now: datetime, then: Sequence[Fact]
) -> None:
    check_rule(REVIEW, rule, given_facts, when, now, then, P)


@pytest.mark.parametrize(
    ("given_facts", "when"),
    [
        ([], gave(GOOD)),
        ([], m.Succeeded(())),
        ([order()], gave(GOOD)),
        ([order()], m.Scored("s1", has_description=True)),
        ([order(), OPENED], m.Changed("r1", GOOD)),
        ([order(), OPENED], m.Moderated("r1", is_rating_kept=True)),
        ([order()], m.Reported("k1", None)),
    ],
)
def test_early_news_waits(given_facts: Sequence[Fact], when: Message) -> None:
    with pytest.raises(NotYet):
        decide(REVIEW, given_facts, when, T0, P)


@pytest.mark.parametrize(("rating", "is_asked"), [(GOOD, False), (NEUTRAL, True), (BAD, True)])
def test_a_person_is_asked_for_the_cause_of_a_negative_review(rating: Rating, is_asked: bool) -> None:
    """RV-029: from the pack of 2027 on, so that the share of each cause can be measured."""
    newer = policy.load().choose("s1", datetime(2027, 1, 1, tzinfo=UTC))[1]
    facts = facts_of(decide(REVIEW, [order(), OPENED], gave(rating), T0, newer))
    asked = Task("review_cause", T0 + 48 * H, "assessment", task_id="review-cause.r1")
    assert [fact for fact in facts if isinstance(fact, Task)] == ([asked] if is_asked else [])
    assert not P.is_cause_asked, "and not in the pack before"
    of_seller = facts_of(decide(REVIEW, [order(), OPENED], gave(BAD, SELLER), T0, newer))
    assert asked not in of_seller


def test_a_part_that_succeeds_later_opens_its_own_window() -> None:
    first = [order(lines=2), OPENED, PROMPTED, CLOSED]
    assert isinstance(after(REVIEW, first), s.Known), "the second line still waits for its success"
    facts = facts_of(decide(REVIEW, first, m.Succeeded(("l2",)), T0 + 20 * D, P))
    assert facts == [s.WindowOpened(("l2",), T0 + 20 * D, T0 + 35 * D, None)]
    state = after(REVIEW, [*first, *facts])
    assert [d.due_at for d in REVIEW.deadlines(state)] == [T0 + 35 * D]


def test_a_dropped_line_lets_the_order_end() -> None:
    facts = facts_of(
        decide(REVIEW, [order(lines=2), OPENED, PROMPTED, CLOSED], m.Closed(("l2",)), T0 + 20 * D, P)
    )
    assert facts == [s.LinesDropped(("l2",)), s.ReviewEnded(s.Ending.UNREVIEWED)]


reviews = st.sampled_from(["r1", "r2", "r3", "r4"])
messages: st.SearchStrategy[Message | str] = st.one_of(
    st.builds(
        m.Placed,
        st.just("c1"),
        st.just("a1"),
        st.booleans(),
        st.sampled_from([(("l1", "p1"),), (("l1", "p1"), ("l2", "p2"))]),
    ),
    st.builds(m.Succeeded, st.sampled_from([(), ("l1",), ("l2",)])),
    st.builds(m.Closed, st.sampled_from([(), ("l1",), ("l2",)])),
    st.builds(
        m.Given,
        reviews,
        st.sampled_from(Rater),
        st.sampled_from(Rating),
        st.sampled_from(["l1", "l2"]),
        st.booleans(),
    ),
    st.builds(m.Changed, reviews, st.sampled_from(Rating)),
    st.builds(m.Deleted, reviews, st.sampled_from(["buyer", "seller", "platform"])),
    st.builds(m.Commented, reviews, st.booleans()),
    st.builds(m.Moderated, reviews, st.booleans()),
    st.builds(m.Coded, reviews, st.sampled_from(["quality", "service"])),
    st.just(m.Complained("k2", "colour_difference")),
    st.builds(m.CauseAnswered, st.sampled_from(["review-cause.r1", "malicious.k1"]), st.just("quality")),
    st.builds(m.Scored, st.sampled_from(["s1", "s2"]), st.booleans()),
    st.builds(m.Threatened),
    st.builds(m.Refunded),
    st.builds(m.Reported, st.just("k1"), st.one_of(st.none(), reviews)),
    st.just(NEXT_DEADLINE),
)


def worth(facts: Sequence[Fact]) -> dict[str, int]:
    """Finds the worth of each rating after these facts, as its credit entry will say."""
    found: dict[str, int] = {}
    for fact in facts:
        if isinstance(fact, s.RatingCounted):
            assert fact.side.review_id not in found, "counted twice"
            found[str(fact.side.review_id)] = fact.points
        if isinstance(fact, s.RatingReplaced):
            found[fact.review_id] = fact.points
    return found


@settings(max_examples=300)
@given(st.lists(st.tuples(messages, st.integers(0, 9)), max_size=30))
def test_any_history(history: list[tuple[Message | str, int]]) -> None:
    walk = Walk(REVIEW, P, T0)
    for message, days in history:
        walk.tell(message, days * D)
        assert isinstance(walk.state, s.Open) == bool(REVIEW.deadlines(walk.state))
    log = walk.facts
    assert set(worth(log).values()) <= {-1, 0, 1}
    changes = [f.review_id for f in log if isinstance(f, s.RatingReplaced) and f.reason is Reason.CHANGED]
    assert len(changes) == len(set(changes)), "RV-015: changed once"
    assert sum(isinstance(f, s.PromptDue) for f in log) <= 1
    assert sum(isinstance(f, s.ReviewEnded) for f in log) <= 1
    if isinstance(walk.state, s.Live) and walk.state.book.is_mall:
        assert all(points >= 0 for points in worth(log).values()), "RV-017"


LATER_LINE = s.WindowOpened(("l2",), T0 + 5 * D, T0 + 20 * D, T0 + 6 * D)


@pytest.mark.parametrize(
    ("review_id", "days", "is_late"),
    [
        ("r1", 15, False),
        ("r1", 16, True),
        (None, 16, False),
        (None, 20, False),
        (None, 21, True),
        ("r9", 16, False),
    ],
)
def test_a_report_counts_from_the_success_of_its_own_line(
    review_id: str | None, days: int, is_late: bool
) -> None:
    """RV-032: without a review that is known, from the last line's."""
    before = [order(lines=2), OPENED, LATER_LINE, counted(BAD)]
    decided = facts_of(decide(REVIEW, before, m.Reported("k1", review_id), T0 + days * D, P))
    assert [isinstance(fact, s.ReportTooLate) for fact in decided] == [is_late]
