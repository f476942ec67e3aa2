"""The reviews of one order: both sides' ratings of every line, within their windows."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider, NotYet
from kernel.rules import rule
from kernel.value import replace
from services.reviews.cases import review_book as b
from services.reviews.cases import review_values as v
from services.reviews.cases.review_book import Book, Line, Place, Rater, Reason, Side, Standing
from services.reviews.cases.review_fold import evolve, prompt_at_of, settled
from services.reviews.policy import Policy, Rating

Facts = Sequence[Decided[v.Fact]]


def decide(state: v.State, message: v.Message, policy: Policy, now: datetime) -> Facts:
    """Answers every rating, change, deletion and score; raises NotYet while the trade has not succeeded."""
    if isinstance(state, v.Absent):
        return _absent(message)
    match message:
        case v.Placed() | v.Succeeded() | v.Closed() | v.Refunded() | v.Threatened():
            return _of_order(state, message, policy, now)
        case v.Given() | v.Changed() | v.Deleted() | v.Moderated() | v.Commented() | v.Coded():
            return _of_review(state, message, policy, now)
        case v.Scored():
            return _scored(state, message, policy, now)
        case v.Reported():
            return _reported(state, message, policy, now)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy, now)
        case _:
            assert_never(message)


def _of_order(
    state: v.Live,
    message: v.Placed | v.Succeeded | v.Closed | v.Refunded | v.Threatened,
    policy: Policy,
    now: datetime,
) -> Facts:
    match message:
        case v.Placed():
            return []
        case v.Succeeded():
            return _succeeded(state, message, policy, now)
        case v.Closed():
            return _closed(state, message)
        case v.Refunded():
            return _refunded(state)
        case v.Threatened():
            return _threatened(state)
        case _:
            assert_never(message)


def _of_review(
    state: v.Live,
    message: v.Given | v.Changed | v.Deleted | v.Moderated | v.Commented | v.Coded,
    policy: Policy,
    now: datetime,
) -> Facts:
    match message:
        case v.Given():
            return _given(state, message, policy, now)
        case v.Changed() | v.Deleted():
            return _replaced(state, message, policy, now)
        case v.Moderated():
            return _moderated(state, message)
        case v.Commented() | v.Coded():
            return _annotated(state, message)
        case _:
            assert_never(message)


def _absent(message: v.Message) -> Facts:
    if isinstance(message, v.Placed):
        return _placed(message)
    if isinstance(message, DeadlinePassed):
        return []
    raise NotYet


@rule("RV-002")
def _placed(placed: v.Placed) -> Sequence[v.Fact]:
    """The order's lines are what both sides will rate and score."""
    lines = tuple(Line(line_id, product_id) for line_id, product_id in placed.lines)
    return [v.OrderKnown(Book(placed.customer_id, placed.buyer_account_id, placed.is_mall, lines))]


@rule("RV-001", "RV-033", "OR-010")
def _succeeded(state: v.Live, succeeded: v.Succeeded, policy: Policy, now: datetime) -> Sequence[v.Fact]:
    """Trade success opens the window of its lines for both sides; the first one sets the prompt."""
    if isinstance(state, v.Ended):
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
    prompt_at = now + policy.prompt_after if is_first else None
    return [v.WindowOpened(line_ids, now, now + policy.window, prompt_at)]


@rule("OR-010")
def _closed(state: v.Live, closed: v.Closed) -> Sequence[v.Fact]:
    """Lines whose trade closed without success are never rated."""
    if isinstance(state, v.Ended):
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
        return [v.ReviewEnded(v.Ending.ORDER_CLOSED)]
    facts: list[v.Fact] = [v.LinesDropped(dropped)]
    return facts + _ending(settled(replace(state.book, lines=tuple(left)), prompt_at_of(state)))


@rule("RV-001", "RV-003", "RV-013", "RV-017", "RV-024")
def _given(state: v.Live, given: v.Given, policy: Policy, now: datetime) -> Sequence[v.Fact]:
    """A rating counts once per side and line, inside the window, and at a mall only if it is good."""
    if b.find(state.book, given.review_id):
        return []
    line = b.line_of(state.book, given.line_id)
    reason = _why_not_given(state, line, given, now)
    if reason or line is None:
        return [v.Refused(given.review_id, reason or Reason.UNKNOWN_LINE)]
    is_negative = given.rating is not Rating.GOOD
    change_until = now + policy.change_within if is_negative else None
    side = Side(Standing.RATED, given.review_id, given.rating, change_until, given.has_photos)
    facts: list[v.Fact] = [
        v.RatingCounted(given.line_id, given.rater, side, policy.credit.points[given.rating])
    ]
    if change_until is not None and given.rater is Rater.BUYER:
        facts.append(v.NegativeReceived(given.review_id, given.rating, line.product_id, change_until))
    return facts


def _why_not_given(state: v.Live, line: Line | None, given: v.Given, now: datetime) -> Reason | None:
    if isinstance(state, v.Ended):
        return Reason.WINDOW_OVER
    if line is None:
        return Reason.UNKNOWN_LINE
    if line.window_until is None:
        raise NotYet
    if line.is_window_over or now > line.window_until:
        return Reason.WINDOW_OVER
    if line.side(given.rater).standing is not Standing.OPEN:
        return Reason.ALREADY_RATED
    if state.book.is_mall and given.rating is not Rating.GOOD:
        return Reason.MALL
    return None


@rule("RV-015", "RV-016", "RV-017")
def _replaced(
    state: v.Live, message: v.Changed | v.Deleted, policy: Policy, now: datetime
) -> Sequence[v.Fact]:
    """A neutral or bad rating may be changed or deleted once, within thirty days, never at a mall."""
    place = _place(state, message.review_id)
    if place is None:
        return [v.Refused(message.review_id, Reason.UNKNOWN_REVIEW)]
    if isinstance(message, v.Deleted) and message.by == "platform":
        return _removed(state, place, message.review_id)
    reason = b.why_not_changed(state.book, place, now)
    if isinstance(message, v.Deleted) and message.by != place.rater:
        reason = Reason.NOT_THE_RATER
    if reason:
        return [v.Refused(message.review_id, reason)]
    if isinstance(message, v.Deleted):
        fact = v.RatingReplaced(message.review_id, Reason.DELETED, None, Standing.DELETED, points=0)
    else:
        points = policy.credit.points[message.rating]
        fact = v.RatingReplaced(message.review_id, Reason.CHANGED, message.rating, Standing.CHANGED, points)
    return _and_end(state, fact)


@rule("RV-009")
def _moderated(state: v.Live, moderated: v.Moderated) -> Sequence[v.Fact]:
    """The platform may take offensive words away; the rating stays unless it says otherwise."""
    place = _place(state, moderated.review_id)
    if place is None:
        return []
    if not moderated.is_rating_kept:
        return _removed(state, place, moderated.review_id)
    return [] if place.side.is_text_removed else [v.WordsRemoved(moderated.review_id)]


def _removed(state: v.Live, place: Place, review_id: str) -> list[v.Fact]:
    if place.side.standing in (Standing.DELETED, Standing.REMOVED):
        return []
    fact = v.RatingReplaced(review_id, Reason.REMOVED_BY_PLATFORM, None, Standing.REMOVED, points=0)
    return _and_end(state, fact)


@rule("RV-013", "RV-029")
def _annotated(state: v.Live, message: v.Commented | v.Coded) -> Sequence[v.Fact]:
    """Later comments and the cause that staff name are attributes of the review."""
    place = _place(state, message.review_id)
    if place is None:
        return []
    if isinstance(message, v.Commented):
        return [v.CommentNoted(message.review_id, message.has_photos)]
    if place.side.cause_code == message.cause_code:
        return []
    return [v.CauseNoted(message.review_id, message.cause_code)]


@rule("RV-001", "RV-002", "RV-018", "RV-022")
def _scored(state: v.Live, scored: v.Scored, policy: Policy, now: datetime) -> Sequence[v.Fact]:
    """The buyer scores an order once, in the window, for good; at a mall it earns the buyer a point."""
    if state.book.score_id == scored.score_id:
        return []
    if state.book.score_id is not None:
        return [v.ScoreRefused(scored.score_id, Reason.ALREADY_SCORED)]
    opened = [x for x in state.book.lines if x.window_until is not None]
    if not opened and not isinstance(state, v.Ended):
        raise NotYet
    until = max((x.window_until for x in opened if x.window_until is not None), default=None)
    if isinstance(state, v.Ended) or until is None or now > until:
        return [v.ScoreRefused(scored.score_id, Reason.WINDOW_OVER)]
    succeeded_at = min(x.succeeded_at for x in opened if x.succeeded_at is not None)
    is_rewarded = state.book.is_mall and scored.has_description
    points = policy.credit.points[Rating.GOOD] if is_rewarded else 0
    return [v.ScoreCounted(scored.score_id, points, succeeded_at)]


@rule("RV-010")
def _refunded(state: v.Live) -> Sequence[v.Fact]:
    """An order refunded in full is not asked for a review; a rating that counted stays."""
    return [] if state.book.is_refunded else [v.RefundNoted()]


@rule("RV-031")
def _threatened(state: v.Live) -> Sequence[v.Fact]:
    """A threat is a flag on the order; no remedy is judged by it."""
    return [] if state.book.is_threatened else [v.ThreatNoted()]


@rule("RV-032")
def _reported(state: v.Live, reported: v.Reported, policy: Policy, now: datetime) -> Sequence[v.Fact]:
    """A review may be called malicious within fifteen days of success; a person looks at it."""
    place = b.find(state.book, reported.review_id) if reported.review_id else None
    if place is not None:
        moments = [place.line.succeeded_at] if place.line.succeeded_at else []
    else:
        moments = [x.succeeded_at for x in state.book.lines if x.succeeded_at is not None]
    if not moments:
        if isinstance(state, v.Ended):
            return []
        raise NotYet
    if now > max(moments) + policy.report_within:
        return [v.ReportTooLate(reported.complaint_id)]
    due_at = now + policy.task_due_after
    return [v.ReportAdmitted(reported.complaint_id, reported.review_id, due_at)]


def _deadline_passed(state: v.Live, passed: DeadlinePassed, policy: Policy, now: datetime) -> Facts:
    if Deadline(passed.name, passed.due_at) not in deadlines(state) or not isinstance(state, v.Open):
        return []
    if passed.name == "prompt":
        return _prompt(state, policy, now)
    if passed.name == "window":
        return _window_over(state, passed, policy)
    return _frozen(state, passed)


@rule("RV-010", "RV-011", "RV-014", "RV-033")
def _prompt(state: v.Open, policy: Policy, now: datetime) -> Sequence[v.Fact]:
    """Once the goods are received the buyer is reminded, without payment for any particular rating."""
    is_rated = all(x.buyer.standing is not Standing.OPEN for x in state.book.lines)
    if is_rated or state.book.is_refunded:
        return _and_end(state, v.PromptSkipped())
    ends = b.pending_windows(state.book)
    expires_at = min(now + policy.prompt_open_for, max(ends, default=now + policy.prompt_open_for))
    return _and_end(state, v.PromptDue(expires_at, policy.is_comment_coupon_offered))


@rule("RV-001", "RV-004", "RV-005", "OR-010")
def _window_over(state: v.Open, passed: DeadlinePassed, policy: Policy) -> Sequence[v.Fact]:
    """Silence on both sides changes nothing; a good rating left unanswered rewards the one who gave it."""
    rewards: list[tuple[str, Rater]] = []
    for line in state.book.lines:
        if line.window_until == passed.due_at and not line.is_window_over:
            _, rewarded = b.close_line(line)
            if rewarded is not None:
                rewards.append((line.line_id, rewarded))
    return _and_end(state, v.WindowClosed(passed.due_at, tuple(rewards), policy.credit.points[Rating.GOOD]))


@rule("RV-015", "RV-016", "OR-010")
def _frozen(state: v.Open, passed: DeadlinePassed) -> Sequence[v.Fact]:
    """After thirty days a rating stands for good."""
    return _and_end(state, v.RatingsFrozen(passed.due_at))


def _place(state: v.Live, review_id: str) -> Place | None:
    """Raises NotYet for a review that may still be on its way."""
    place = b.find(state.book, review_id)
    if place is None and not isinstance(state, v.Ended):
        raise NotYet
    return place


def _and_end(state: v.Live, fact: v.Fact) -> list[v.Fact]:
    """The fact, and the end of the order's reviews if nothing is left to wait for."""
    after = evolve(state, fact)
    return [fact] if isinstance(state, v.Ended) else [fact, *_ending(after)]


def _ending(after: v.State) -> list[v.Fact]:
    if not isinstance(after, v.Known) or b.is_unopened(after.book):
        return []
    given = {r for x in after.book.lines for r in Rater if x.side(r).review_id is not None}
    endings = (v.Ending.UNREVIEWED, v.Ending.ONE_SIDED, v.Ending.MUTUAL)
    return [v.ReviewEnded(endings[len(given)])]


def deadlines(state: v.State) -> Sequence[Deadline]:
    """The end of every review window and change window that runs, and the prompt."""
    if not isinstance(state, v.Open):
        return []
    found = [Deadline("window", at) for at in sorted(b.pending_windows(state.book))]
    found += [Deadline("change", at) for at in sorted(b.pending_changes(state.book))]
    if state.prompt_at is not None:
        found.append(Deadline("prompt", state.prompt_at))
    return found


REVIEW: Decider[v.State, v.Message, v.Fact, Policy] = Decider(v.Absent(), decide, evolve, deadlines)
