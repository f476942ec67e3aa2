"""Decides which ratings, changes and scores of one order count, within their windows."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, NotYet
from kernel.ids import derived_id
from kernel.people import Task
from kernel.rules import rule
from kernel.value import replace
from services.reviews import review_book as b
from services.reviews.cases.review import messages as m
from services.reviews.cases.review import rules_notice as notice
from services.reviews.cases.review import state as s
from services.reviews.cases.review.messages import Message
from services.reviews.cases.review.state import Fact, Live, State
from services.reviews.policy import Policy
from services.reviews.review_book import Book, Line, Place, Rater, Rating, Reason, Side, Standing

Facts = Sequence[Decided[Fact]]


def decide(  # noqa: C901, PLR0911, PLR0912  one branch per message
    state: State, message: Message, policy: Policy, now: datetime
) -> Facts:
    """Answers every rating, change, deletion and score; raises NotYet while the trade has not succeeded."""
    if isinstance(state, s.Absent):
        return _absent(message)
    match message:
        case m.Placed():
            return []
        case m.Succeeded():
            return _succeeded(state, message, policy, now)
        case m.Closed():
            return _closed(state, message)
        case m.Given():
            return _given(state, message, policy, now)
        case m.Changed() | m.Deleted():
            return _replaced(state, message, policy, now)
        case m.Moderated():
            return _moderated(state, message)
        case m.Commented() | m.Coded():
            return notice.judged(state, _annotated(state, message), policy, now)
        case m.CauseAnswered():
            return notice.judged(state, _cause_answered(state, message), policy, now)
        case m.Complained():
            return notice.complained(message, policy, now)
        case m.Scored():
            return _scored(state, message, policy, now)
        case m.Refunded():
            return _refunded(state)
        case m.Threatened():
            return _threatened(state)
        case m.Reported():
            return _reported(state, message, policy, now)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy, now)
        case _:
            assert_never(message)


def _absent(message: Message) -> Facts:
    if isinstance(message, m.Placed):
        return _placed(message)
    raise NotYet


@rule("RV-002")
def _placed(placed: m.Placed) -> Sequence[Fact]:
    """The order's lines are what both sides will rate and score."""
    lines = tuple(Line(line_id, product_id) for line_id, product_id in placed.lines)
    return [s.OrderKnown(Book(placed.customer_id, placed.buyer_account_id, placed.is_mall, lines))]


@rule("RV-001", "RV-033", "OR-010")
def _succeeded(state: Live, succeeded: m.Succeeded, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Trade success opens the window of its lines for both sides; the first one sets the prompt."""
    if isinstance(state, s.Ended):
        return []
    wanted = set(succeeded.line_ids)
    line_ids = tuple(
        line.line_id
        for line in state.book.lines
        if line.window_until is None and (not wanted or line.line_id in wanted)
    )
    if not line_ids:
        return []
    is_first = all(line.window_until is None for line in state.book.lines)
    prompt_at = now + policy.prompt_after_hours if is_first else None
    return [s.WindowOpened(line_ids, now, now + policy.window_days, prompt_at)]


@rule("OR-010")
def _closed(state: Live, closed: m.Closed) -> Sequence[Fact]:
    """Lines whose trade closed without success are never rated."""
    if isinstance(state, s.Ended):
        return []
    wanted = set(closed.line_ids)
    dropped = tuple(
        line.line_id
        for line in state.book.lines
        if line.window_until is None and (not wanted or line.line_id in wanted)
    )
    if not dropped:
        return []
    left = [line for line in state.book.lines if line.line_id not in dropped]
    if not left:
        return [s.ReviewEnded(s.Ending.ORDER_CLOSED)]
    facts: list[Fact] = [s.LinesDropped(dropped)]
    return facts + _ending(s.settled(replace(state.book, lines=tuple(left)), s.prompt_at_of(state)))


@rule("RV-001", "RV-003", "RV-013", "RV-017", "RV-024")
def _given(state: Live, given: m.Given, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A rating counts once per side and line, inside the window, and at a mall only if it is good.

    One that was given before the success waits for it, and is then told not to count.
    """
    if b.find(state.book, given.review_id):
        return []
    line = b.line_of(state.book, given.line_id)
    reason = _why_not_given(state, line, given, now)
    if reason or line is None:
        return [s.Refused(given.review_id, reason or Reason.UNKNOWN_LINE)]
    is_negative = given.rating is not Rating.GOOD
    change_until = now + policy.change_days if is_negative else None
    side = Side(Standing.RATED, given.review_id, given.rating, change_until, given.has_photos)
    facts: list[Fact] = [
        s.RatingCounted(given.line_id, given.rater, side, policy.credit.points_of(given.rating))
    ]
    if change_until is not None and given.rater is Rater.BUYER:
        facts.append(s.NegativeReceived(given.review_id, given.rating, line.product_id, change_until))
        if policy.is_cause_asked:
            facts.append(_cause_asked(given.review_id, now + policy.task_due_hours))
    return facts


def _cause_asked(review_id: str, due_at: datetime) -> Task:
    return Task("review_cause", due_at, "assessment", task_id=_cause_task_id(review_id))


def _cause_task_id(review_id: str) -> str:
    return derived_id("review-cause", review_id)


def _why_not_given(state: Live, line: Line | None, given: m.Given, now: datetime) -> Reason | None:
    if isinstance(state, s.Ended):
        return Reason.WINDOW_OVER
    if line is None:
        return Reason.UNKNOWN_LINE
    if line.window_until is None:
        raise NotYet
    if line.succeeded_at is not None and now < line.succeeded_at:
        return Reason.NOT_SUCCEEDED
    if line.is_window_over or now > line.window_until:
        return Reason.WINDOW_OVER
    if line.side(given.rater).standing is not Standing.OPEN:
        return Reason.ALREADY_RATED
    if state.book.is_mall and given.rating is not Rating.GOOD:
        return Reason.MALL
    return None


@rule("RV-015", "RV-016", "RV-017")
def _replaced(state: Live, message: m.Changed | m.Deleted, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A neutral or bad rating may be changed or deleted once, within thirty days, never at a mall."""
    place = _place(state, message.review_id)
    if place is None:
        return [s.Refused(message.review_id, Reason.UNKNOWN_REVIEW)]
    if isinstance(message, m.Deleted) and message.by == "platform":
        return _removed(state, place, message.review_id)
    reason = b.why_not_changed(state.book, place, now)
    if isinstance(message, m.Deleted) and message.by != place.rater:
        reason = Reason.NOT_THE_RATER
    if reason:
        return [s.Refused(message.review_id, reason)]
    if isinstance(message, m.Deleted):
        fact = s.RatingReplaced(message.review_id, Reason.DELETED, None, Standing.DELETED, points=0)
    else:
        points = policy.credit.points_of(message.rating)
        fact = s.RatingReplaced(message.review_id, Reason.CHANGED, message.rating, Standing.CHANGED, points)
    return _and_end(state, fact)


@rule("RV-009")
def _moderated(state: Live, moderated: m.Moderated) -> Sequence[Fact]:
    """The platform may take offensive words away; the rating stays unless it says otherwise."""
    place = _place(state, moderated.review_id)
    if place is None:
        return []
    if not moderated.is_rating_kept:
        return _removed(state, place, moderated.review_id)
    return [] if place.side.is_text_removed else [s.WordsRemoved(moderated.review_id)]


def _removed(state: Live, place: Place, review_id: str) -> list[Fact]:
    if place.side.standing in (Standing.DELETED, Standing.REMOVED):
        return []
    fact = s.RatingReplaced(review_id, Reason.REMOVED_BY_PLATFORM, None, Standing.REMOVED, points=0)
    return _and_end(state, fact)


@rule("RV-013", "RV-029")
def _annotated(state: Live, message: m.Commented | m.Coded) -> Sequence[Fact]:
    """Later comments and the cause that staff name are attributes of the review."""
    place = _place(state, message.review_id)
    if place is None:
        return []
    if isinstance(message, m.Commented):
        return [s.CommentNoted(message.review_id, message.has_photos)]
    return _cause_named(place, message.review_id, message.cause_code)


@rule("RV-029")
def _cause_answered(state: Live, answered: m.CauseAnswered) -> Sequence[Fact]:
    """The answer of a person to the question for the cause of a review."""
    for line in state.book.lines:
        for rater in Rater:
            review_id = line.side(rater).review_id
            if review_id is not None and _cause_task_id(review_id) == answered.task_id:
                return _cause_named(Place(line, rater, line.side(rater)), review_id, answered.cause_code)
    return []


def _cause_named(place: Place, review_id: str, cause_code: str) -> list[Fact]:
    if place.side.cause_code == cause_code:
        return []
    return [s.CauseNoted(review_id, cause_code, place.side.rating)]


@rule("RV-001", "RV-002", "RV-018", "RV-022")
def _scored(state: Live, scored: m.Scored, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The buyer scores an order once, in the window, for good; at a mall it earns the buyer a point."""
    if state.book.score_id == scored.score_id:
        return []
    if state.book.score_id is not None:
        return [s.ScoreRefused(scored.score_id, Reason.ALREADY_SCORED)]
    opened = [x for x in state.book.lines if x.window_until is not None]
    if not opened and not isinstance(state, s.Ended):
        raise NotYet
    until = max((x.window_until for x in opened if x.window_until is not None), default=None)
    if isinstance(state, s.Ended) or until is None or now > until:
        return [s.ScoreRefused(scored.score_id, Reason.WINDOW_OVER)]
    succeeded_at = min(x.succeeded_at for x in opened if x.succeeded_at is not None)
    if now < succeeded_at:
        return [s.ScoreRefused(scored.score_id, Reason.NOT_SUCCEEDED)]
    is_rewarded = state.book.is_mall and scored.has_description
    points = policy.credit.good_points if is_rewarded else 0
    return [s.ScoreCounted(scored.score_id, points, succeeded_at)]


@rule("RV-010")
def _refunded(state: Live) -> Sequence[Fact]:
    """An order refunded in full is not asked for a review; a rating that counted stays."""
    return [] if state.book.is_refunded else [s.RefundNoted()]


@rule("RV-031")
def _threatened(state: Live) -> Sequence[Fact]:
    """A threat is a flag on the order; no remedy is judged by it."""
    return [] if state.book.is_threatened else [s.ThreatNoted()]


@rule("RV-032")
def _reported(state: Live, reported: m.Reported, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A review may be called malicious within fifteen days of success; a person looks at it."""
    place = b.find(state.book, reported.review_id) if reported.review_id else None
    if place is not None:
        moments = [place.line.succeeded_at] if place.line.succeeded_at else []
    else:
        moments = [x.succeeded_at for x in state.book.lines if x.succeeded_at is not None]
    if not moments:
        if isinstance(state, s.Ended):
            return []
        raise NotYet
    if now > max(moments) + policy.report_days:
        return [s.ReportTooLate(reported.complaint_id)]
    return [
        Task(
            question_code="is_review_malicious",
            due_at=now + policy.task_due_hours,
            kind_code="assessment",
            task_id=derived_id("malicious", reported.complaint_id),
        )
    ]


def _deadline_passed(state: Live, passed: DeadlinePassed, policy: Policy, now: datetime) -> Facts:
    if not isinstance(state, s.Open):
        raise TypeError(state)
    if passed.name == "prompt":
        return _prompt(state, policy, now)
    if passed.name == "window":
        return _window_over(state, passed, policy)
    return _frozen(state, passed)


@rule("RV-010", "RV-011", "RV-014", "RV-033")
def _prompt(state: s.Open, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Once the goods are received the buyer is reminded, without payment for any particular rating."""
    is_rated = all(x.buyer.standing is not Standing.OPEN for x in state.book.lines)
    if is_rated or state.book.is_refunded:
        return _and_end(state, s.PromptSkipped())
    ends = b.pending_windows(state.book)
    expires_at = min(now + policy.prompt_open_days, max(ends, default=now + policy.prompt_open_days))
    return _and_end(state, s.PromptDue(expires_at, policy.is_comment_coupon_offered))


@rule("RV-001", "RV-004", "RV-005", "OR-010")
def _window_over(state: s.Open, passed: DeadlinePassed, policy: Policy) -> Sequence[Fact]:
    """Silence on both sides changes nothing; a good rating left unanswered rewards the one who gave it."""
    rewards: list[tuple[str, Rater]] = []
    for line in state.book.lines:
        if line.window_until == passed.due_at and not line.is_window_over:
            _, rewarded = b.close_line(line)
            if rewarded is not None:
                rewards.append((line.line_id, rewarded))
    return _and_end(state, s.WindowClosed(passed.due_at, tuple(rewards), policy.credit.good_points))


@rule("RV-015", "RV-016", "OR-010")
def _frozen(state: s.Open, passed: DeadlinePassed) -> Sequence[Fact]:
    """After thirty days a rating stands for good."""
    return _and_end(state, s.RatingsFrozen(passed.due_at))


def _place(state: Live, review_id: str) -> Place | None:
    """Finds the place of a review. Raises NotYet for one that may still be on its way."""
    place = b.find(state.book, review_id)
    if place is None and not isinstance(state, s.Ended):
        raise NotYet
    return place


def _and_end(state: Live, fact: Fact) -> list[Fact]:
    """Adds the end of the order's reviews to a fact after which nothing is left to wait for."""
    return [fact] if isinstance(state, s.Ended) else [fact, *_ending(s.evolve(state, fact))]


def _ending(after: State) -> list[Fact]:
    if not isinstance(after, s.Known) or b.is_unopened(after.book):
        return []
    given = {r for x in after.book.lines for r in Rater if x.side(r).review_id is not None}
    endings = (s.Ending.UNREVIEWED, s.Ending.ONE_SIDED, s.Ending.MUTUAL)
    return [s.ReviewEnded(endings[len(given)])]
