"""Declares the reviews of an order: the events that the case reads, its outcomes, the cases that it tells."""

from collections.abc import Mapping, Sequence

from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.aftersales import reviews as out
from aftersales_contracts.base import Event
from aftersales_contracts.enums import Rating as RatingWord
from aftersales_contracts.enums import Role, SellerType
from aftersales_contracts.shop import aftersales, desk, orders, reviews, standing
from chassis.engine import outcomes
from chassis.service import Announce, Kind, Reaction, Read
from kernel.decider import Addressed, CaseView
from kernel.ids import derived_id
from kernel.people import Notice, Task
from kernel.picture import Picture, Pictures
from kernel.value import replace
from services.reviews import review_book
from services.reviews.cases.credit_pair import messages as credit_pair
from services.reviews.cases.review import messages as m
from services.reviews.cases.review import state as s
from services.reviews.cases.review.messages import NAME, Message
from services.reviews.cases.review.rules import decide
from services.reviews.cases.review.state import Fact, State
from services.reviews.cases.review_followup import messages as followup
from services.reviews.credit import Role as CreditRole
from services.reviews.policy import Policy
from services.reviews.review_book import Book, Line, Rater, Rating, Reason

# Events to messages.


def _placed(data: orders.OrderPlacedV1) -> Sequence[Addressed]:
    """Reads the order and its lines."""
    lines = tuple((line.line_id, line.product_id) for line in data.lines)
    account_id = data.buyer_account_id or data.customer_id
    is_mall = data.seller_type == SellerType.MALL
    return [m.to(data.order_id, m.Placed(data.customer_id, account_id, is_mall, lines))]


def _succeeded(data: orders.OrderSucceededV1) -> Sequence[Addressed]:
    """Reads that the windows open."""
    return [m.to(data.order_id, m.Succeeded(tuple(x.line_id for x in data.lines or [])))]


def _closed(data: orders.OrderClosedV1) -> Sequence[Addressed]:
    """Reads that nothing will be rated."""
    return [m.to(data.order_id, m.Closed(tuple(x.line_id for x in data.lines or [])))]


def _given(data: reviews.ReviewGivenV1) -> Sequence[Addressed]:
    """Reads a rating; one in words that this version does not know means nothing to it."""
    if not (data.rating.is_known and data.rater.is_known):
        return []
    rater, rating = Rater(data.rater.value), Rating(data.rating.value)
    return [m.to(data.order_id, m.Given(data.review_id, rater, rating, data.line_id, data.has_photos))]


def _changed(data: reviews.ReviewChangedV1) -> Sequence[Addressed]:
    """Reads another rating in the place of the first."""
    if not data.rating.is_known:
        return []
    return [m.to(data.order_id, m.Changed(data.review_id, Rating(data.rating.value)))]


def _deleted(data: reviews.ReviewDeletedV1) -> Sequence[Addressed]:
    """Reads that the review is gone."""
    return [m.to(data.order_id, m.Deleted(data.review_id, data.by.role.value))]


def _commented(data: reviews.ReviewCommentedV1) -> Sequence[Addressed]:
    """Reads a later comment or a reply."""
    return [m.to(data.order_id, m.Commented(data.review_id, data.has_photos))]


def _moderated(data: reviews.ReviewModeratedV1) -> Sequence[Addressed]:
    """Reads that the platform removed words, photos or all."""
    return [m.to(data.order_id, m.Moderated(data.review_id, data.is_rating_kept))]


def _cause_coded(data: reviews.ReviewCauseCodedV1) -> Sequence[Addressed]:
    """Reads the cause that staff named."""
    return [m.to(data.order_id, m.Coded(data.review_id, data.cause_code))]


def _task_completed(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    """Reads what a person answered; the case knows whether it had asked for a cause."""
    return [m.to(data.about_subject, m.CauseAnswered(data.task_id, data.outcome_code))]


def _score_given(data: reviews.ScoreGivenV1) -> Sequence[Addressed]:
    """Reads a score of the shop."""
    has_description = data.description_score is not None
    return [m.to(data.order_id, m.Scored(data.score_id, has_description))]


def _problem_reported(data: aftersales.ProblemReportedV1) -> Sequence[Addressed]:
    """Reads only a threat with a bad review."""
    return [m.to(data.order_id, m.Threatened())] if data.has_threatened_review else []


def _refund_paid(data: refunds.RefundPaidV1) -> Sequence[Addressed]:
    """Reads a full refund: the buyer of the order is not asked for a review."""
    return [m.to(data.order_id, m.Refunded())] if data.is_full else []


def _complaint_filed(data: standing.ComplaintFiledV1) -> Sequence[Addressed]:
    """Reads a complaint about a malicious review, and the buyer's about goods that are not as described."""
    if data.order_id is None:
        return []
    if data.kind == standing.ComplaintKind.MALICIOUS_REVIEW:
        return [m.to(data.order_id, m.Reported(data.complaint_id, data.review_id))]
    is_buyers = data.kind == standing.ComplaintKind.DESCRIPTION_MISMATCH and data.by.role is Role.BUYER
    if not is_buyers or data.cause_code is None:
        return []
    return [m.to(data.order_id, m.Complained(data.complaint_id, data.cause_code))]


READS: Mapping[type[Event], Read] = {
    orders.OrderPlacedV1: _placed,
    orders.OrderSucceededV1: _succeeded,
    orders.OrderClosedV1: _closed,
    reviews.ReviewGivenV1: _given,
    reviews.ReviewChangedV1: _changed,
    reviews.ReviewDeletedV1: _deleted,
    reviews.ReviewCommentedV1: _commented,
    reviews.ReviewModeratedV1: _moderated,
    reviews.ReviewCauseCodedV1: _cause_coded,
    reviews.ScoreGivenV1: _score_given,
    aftersales.ProblemReportedV1: _problem_reported,
    refunds.RefundPaidV1: _refund_paid,
    standing.ComplaintFiledV1: _complaint_filed,
    desk.TaskCompletedV1: outcomes.mine(NAME, _task_completed),
}


# Facts to outcomes.


def _book(view: CaseView[State]) -> Book:
    if isinstance(view.state, s.Absent):
        raise TypeError(view.kind)
    return view.state.book


def _decided(
    view: CaseView[State],
    reason: Reason,
    *,
    is_counted: bool,
    review_id: str | None = None,
    score_id: str | None = None,
) -> out.ReviewDecidedV1:
    return out.ReviewDecidedV1(
        **outcomes.about_order(view, _book(view).customer_id),
        review_id=review_id,
        score_id=score_id,
        is_counted=is_counted,
        reason_code=reason.value,
    )


def _rating_counted(fact: s.RatingCounted, view: CaseView[State]) -> out.ReviewDecidedV1:
    """Announces that the rating counts."""
    return _decided(view, Reason.COUNTED, is_counted=True, review_id=str(fact.side.review_id))


def _rating_replaced(fact: s.RatingReplaced, view: CaseView[State]) -> out.ReviewDecidedV1:
    """Announces that the change counts; of a deleted or removed rating nothing does any more."""
    return _decided(view, fact.reason, is_counted=fact.rating is not None, review_id=fact.review_id)


def _rating_refused(fact: s.Refused, view: CaseView[State]) -> out.ReviewDecidedV1:
    """Announces that the rating, change or deletion does not count."""
    return _decided(view, fact.reason, is_counted=False, review_id=fact.review_id)


def _words_removed(fact: s.WordsRemoved, view: CaseView[State]) -> out.ReviewDecidedV1:
    """Announces that the rating still counts."""
    return _decided(view, Reason.WORDS_REMOVED, is_counted=True, review_id=fact.review_id)


def _score_counted(fact: s.ScoreCounted, view: CaseView[State]) -> out.ReviewDecidedV1:
    """Announces that the score counts."""
    return _decided(view, Reason.COUNTED, is_counted=True, score_id=fact.score_id)


def _score_refused(fact: s.ScoreRefused, view: CaseView[State]) -> out.ReviewDecidedV1:
    """Announces that the score does not count."""
    return _decided(view, fact.reason, is_counted=False, score_id=fact.score_id)


def _negative_received(fact: s.NegativeReceived, view: CaseView[State]) -> out.ReviewNegativeReceivedV1:
    """Announces a buyer's neutral or bad rating."""
    book = _book(view)
    return out.ReviewNegativeReceivedV1(
        **outcomes.about_order(view, book.customer_id),
        review_id=fact.review_id,
        rating=RatingWord(fact.rating.value),
        product_id=fact.product_id,
        change_by_at=fact.change_by,
        was_threatened=book.is_threatened,
    )


def _prompt_due(fact: s.PromptDue, view: CaseView[State]) -> common.NoticeRequestedV1:
    """Asks for the farewell text: please rate us, and where to turn to with a problem (RV-010, RV-011)."""
    values = {"order_id": view.subject, "aftersales_contact": view.shop_id}
    if fact.is_coupon_offered:
        values["coupon"] = "any_comment"
    notice = Notice(
        template_code="review_prompt",
        expires_at=fact.expires_at,
        values=values,
        notice_id=derived_id("review-prompt", view.subject),
    )
    return outcomes.order_notice(notice, view, _book(view).customer_id)


def _cause_noted(fact: s.CauseNoted, view: CaseView[State]) -> out.ReviewCauseNotedV1:
    """Announces the cause, so that the share of each can be measured (RV-029)."""
    return out.ReviewCauseNotedV1(
        **outcomes.about_order(view, _book(view).customer_id),
        review_id=fact.review_id,
        rating=None if fact.rating is None else RatingWord(fact.rating.value),
        cause_code=fact.cause_code,
    )


ANNOUNCES: Mapping[type, Announce] = {
    s.RatingCounted: _rating_counted,
    s.NegativeReceived: _negative_received,
    s.RatingReplaced: _rating_replaced,
    s.Refused: _rating_refused,
    s.WordsRemoved: _words_removed,
    s.CauseNoted: _cause_noted,
    s.ScoreCounted: _score_counted,
    s.ScoreRefused: _score_refused,
    Task: outcomes.order_task,
    s.PromptDue: _prompt_due,
}


# Facts to messages for other cases.


def _earned(
    view: CaseView[State], line: Line, to: Rater, entry_id: str, points: int, cause: str
) -> Addressed:
    """Tells the pair of buyer and shop the worth of a rating. Raises ValueError before the success."""
    book = _book(view)
    if line.succeeded_at is None:
        raise ValueError(line.line_id)
    earned = credit_pair.Earned(
        account_id=book.buyer_account_id if to is Rater.BUYER else view.shop_id,
        role=CreditRole(to.value),
        entry_id=entry_id,
        order_id=view.subject,
        item_id=line.product_id,
        succeeded_at=line.succeeded_at,
        points=points,
        revision=view.version,
        is_mall=book.is_mall,
        cause_code=cause,
    )
    return credit_pair.to(view.shop_id, book.buyer_account_id, earned)


def _rated(rater: Rater) -> Rater:
    return Rater.SELLER if rater is Rater.BUYER else Rater.BUYER


def _credit_of_rating(fact: s.RatingCounted, view: CaseView[State]) -> Sequence[Addressed]:
    """Gives or takes credit of the rated side (RV-003)."""
    place = review_book.find(_book(view), str(fact.side.review_id))
    if fact.points == 0 or place is None:
        return []
    cause = f"rated_{fact.side.rating}"
    return [_earned(view, place.line, _rated(fact.rater), str(fact.side.review_id), fact.points, cause)]


def _after_replacement(fact: s.RatingReplaced, view: CaseView[State]) -> Sequence[Addressed]:
    """Reverses the old rating's credit and gives the new one's; settles a buyer's follow-up."""
    place = review_book.find(_book(view), fact.review_id)
    if place is None:
        return []
    rated = _rated(place.rater)
    earned = _earned(view, place.line, rated, fact.review_id, fact.points, fact.reason.value)
    if place.rater is not Rater.BUYER:
        return [earned]
    is_changed = fact.reason is Reason.CHANGED
    outcome = followup.Outcome.CHANGED if is_changed else followup.Outcome.DELETED
    return [earned, followup.to(view.subject, followup.Resolved(fact.review_id, outcome))]


def _open_followup(fact: s.NegativeReceived, view: CaseView[State]) -> Sequence[Addressed]:
    """Has a neutral or bad rating followed up (RV-024)."""
    negative = followup.Negative(view.subject, fact.review_id, _book(view).customer_id)
    return [followup.to(view.subject, negative)]


def _rewards(fact: s.WindowClosed, view: CaseView[State]) -> Sequence[Addressed]:
    """Gives a point to the one whose good rating stayed unanswered (RV-005)."""
    found: list[Addressed] = []
    for line_id, rater in fact.rewards:
        line = review_book.line_of(_book(view), line_id)
        if line is not None:
            entry_id = derived_id("unanswered", str(line.side(rater).review_id))
            found.append(_earned(view, line, rater, entry_id, fact.points, "unanswered_good"))
    return found


def _credit_of_score(fact: s.ScoreCounted, view: CaseView[State]) -> Sequence[Addressed]:
    """Gives the buyer a point for a scored description at a mall (RV-022)."""
    if fact.points == 0:
        return []
    # The score is of the order, not of an item: an item of its own, so that only the month caps it.
    line = Line("score", f"order:{view.subject}", succeeded_at=fact.succeeded_at)
    return [_earned(view, line, Rater.BUYER, fact.score_id, fact.points, "scored_description")]


TELLS: Mapping[type, Reaction] = {
    s.RatingCounted: _credit_of_rating,
    s.NegativeReceived: _open_followup,
    s.RatingReplaced: _after_replacement,
    s.WindowClosed: _rewards,
    s.ScoreCounted: _credit_of_score,
}

PICTURES: Pictures = {
    s.Known: Picture("known"),
    s.Open: Picture("open", "buyer", ("give_review", "change_review")),
    s.Ended: Picture("ended"),
}


def _detail(state: State, picture: Picture) -> Picture | None:
    """Shows the reviews from the first success on, and how they ended (RV-001)."""
    match state:
        case s.Known(book=book):
            return picture if any(line.succeeded_at for line in book.lines) else None
        case s.Ended(ending=ending):
            return replace(picture, ending=ending.value)
        case _:
            return picture


REVIEW: Kind[State, Message, Fact, Policy] = Kind(
    name=NAME,
    initial=s.Absent(),
    state=State,
    message=Message,
    fact=Fact,
    ended=s.Ended,
    decide=decide,
    evolve=s.evolve,
    deadlines=s.deadlines,
    reads=READS,
    announces=ANNOUNCES,
    tells=TELLS,
    pictures=PICTURES,
    detail=_detail,
)
