"""The border of reviews: contract events to messages for cases, and facts to contract events."""

from collections.abc import Sequence
from typing import Any

from aftersales_contracts.aftersales import common, customers, refunds
from aftersales_contracts.aftersales import reviews as out
from aftersales_contracts.shop import aftersales, desk, orders, reviews, standing
from aftersales_contracts.words import Channel, Role, SellerType
from aftersales_contracts.words import Rating as RatingWord
from kernel.decider import Addressed, CaseView
from services.reviews.cases import credit_account, credit_pair, review_book, review_followup
from services.reviews.cases import review_values as v
from services.reviews.cases.credit_caps import Cap
from services.reviews.cases.credit_caps import Role as CreditRole
from services.reviews.cases.review_book import Book, Rater, Reason
from services.reviews.ids import derived_id
from services.reviews.policy import Rating, Step

REVIEW = "review"
FOLLOWUP = "review-followup"

CHANNELS = {Step.CALL: [Channel.CALL], Step.TEXT: [Channel.SMS, Channel.CALL]}
"""Where a text may not be sent, the phone is left (CP-010)."""


# Events to messages.


def _to_review(order_id: str, message: v.Message) -> list[Addressed]:
    return [Addressed(order_id, REVIEW, order_id, message)]


def _to_followup(order_id: str, message: review_followup.Message) -> list[Addressed]:
    return [Addressed(order_id, FOLLOWUP, order_id, message)]


def placed(data: orders.OrderPlacedV1) -> Sequence[Addressed]:
    """The order and its lines."""
    lines = tuple((line.line_id, line.product_id) for line in data.lines)
    account_id = data.buyer_account_id or data.customer_id
    is_mall = data.seller_type == SellerType.MALL
    return _to_review(data.order_id, v.Placed(data.customer_id, account_id, is_mall, lines))


def succeeded(data: orders.OrderSucceededV1) -> Sequence[Addressed]:
    """The windows open."""
    return _to_review(data.order_id, v.Succeeded(tuple(x.line_id for x in data.lines or [])))


def closed(data: orders.OrderClosedV1) -> Sequence[Addressed]:
    """Nothing will be rated."""
    return _to_review(data.order_id, v.Closed(tuple(x.line_id for x in data.lines or [])))


def given(data: reviews.ReviewGivenV1) -> Sequence[Addressed]:
    """A rating; one in words that this version does not know means nothing to it."""
    if not (data.rating.is_known and data.rater.is_known):
        return []
    rater, rating = Rater(data.rater.value), Rating(data.rating.value)
    return _to_review(data.order_id, v.Given(data.review_id, rater, rating, data.line_id, data.has_photos))


def changed(data: reviews.ReviewChangedV1) -> Sequence[Addressed]:
    """Another rating in the place of the first."""
    if not data.rating.is_known:
        return []
    return _to_review(data.order_id, v.Changed(data.review_id, Rating(data.rating.value)))


def deleted(data: reviews.ReviewDeletedV1) -> Sequence[Addressed]:
    """The review is gone."""
    return _to_review(data.order_id, v.Deleted(data.review_id, data.by.role.value))


def commented(data: reviews.ReviewCommentedV1) -> Sequence[Addressed]:
    """A later comment or a reply."""
    return _to_review(data.order_id, v.Commented(data.review_id, data.has_photos))


def moderated(data: reviews.ReviewModeratedV1) -> Sequence[Addressed]:
    """The platform removed words, photos or all."""
    return _to_review(data.order_id, v.Moderated(data.review_id, data.is_rating_kept))


def cause_coded(data: reviews.ReviewCauseCodedV1) -> Sequence[Addressed]:
    """Staff named the cause."""
    return _to_review(data.order_id, v.Coded(data.review_id, data.cause_code))


def scored(data: reviews.ScoreGivenV1) -> Sequence[Addressed]:
    """The shop was scored."""
    has_description = data.description_score is not None
    return _to_review(data.order_id, v.Scored(data.score_id, has_description))


def problem_reported(data: aftersales.ProblemReportedV1) -> Sequence[Addressed]:
    """Only a threat with a bad review is of interest here."""
    return _to_review(data.order_id, v.Threatened()) if data.has_threatened_review else []


def refund_paid(data: refunds.RefundPaidV1) -> Sequence[Addressed]:
    """An order that was refunded in full is not asked for a review."""
    return _to_review(data.order_id, v.Refunded()) if data.is_full else []


def complaint_filed(data: standing.ComplaintFiledV1) -> Sequence[Addressed]:
    """A malicious review is looked at; harassment ends the follow-up of its order."""
    if data.order_id is None:
        return []
    if data.kind == standing.ComplaintKind.MALICIOUS_REVIEW:
        return _to_review(data.order_id, v.Reported(data.complaint_id, data.review_id))
    is_ours = data.kind == standing.ComplaintKind.HARASSMENT and data.against.role != Role.BUYER
    return _to_followup(data.order_id, review_followup.HarassmentReported()) if is_ours else []


def notice_resolved(data: customers.NoticeResolvedV1) -> Sequence[Addressed]:
    """What became of an attempt to reach the buyer."""
    if not data.notice_id.startswith(review_followup.NOTICES):
        return []
    channel = data.channel.value if data.channel else None
    message = review_followup.ContactResolved(data.notice_id, data.outcome.value, channel, data.reason_code)
    return _to_followup(data.order_id, message)


def task_completed(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    """Staff say what a talk with the buyer came to."""
    if data.case_kind != FOLLOWUP:
        return []
    message = review_followup.Explained(is_settled=data.outcome_code == "explained")
    return [Addressed(data.about_subject, FOLLOWUP, data.case_id, message)]


# Facts to outcomes.


def _book(view: CaseView[Any]) -> Book:
    if not isinstance(view.state, v.Known | v.Open | v.Ended):
        raise TypeError(view.kind)
    return view.state.book


def _decided(view: CaseView[Any], review_id: str, reason: Reason, *, is_counted: bool) -> out.ReviewDecidedV1:
    return out.ReviewDecidedV1(
        **view.common(),
        order_id=view.subject,
        customer_id=_book(view).customer_id,
        review_id=review_id,
        is_counted=is_counted,
        reason_code=reason.value,
    )


def rating_counted(fact: v.RatingCounted, view: CaseView[Any]) -> out.ReviewDecidedV1:
    """The rating counts."""
    return _decided(view, str(fact.side.review_id), Reason.COUNTED, is_counted=True)


def rating_replaced(fact: v.RatingReplaced, view: CaseView[Any]) -> out.ReviewDecidedV1:
    """The change counts; of a deleted or removed rating nothing does any more."""
    return _decided(view, fact.review_id, fact.reason, is_counted=fact.rating is not None)


def rating_refused(fact: v.Refused, view: CaseView[Any]) -> out.ReviewDecidedV1:
    """The rating, change or deletion does not count."""
    return _decided(view, fact.review_id, fact.reason, is_counted=False)


def words_removed(fact: v.WordsRemoved, view: CaseView[Any]) -> out.ReviewDecidedV1:
    """The rating still counts."""
    return _decided(view, fact.review_id, Reason.WORDS_REMOVED, is_counted=True)


def score_decided(fact: v.ScoreCounted | v.ScoreRefused, view: CaseView[Any]) -> out.ReviewDecidedV1:
    """Whether a score counts."""
    reason = fact.reason if isinstance(fact, v.ScoreRefused) else Reason.COUNTED
    return out.ReviewDecidedV1(
        **view.common(),
        order_id=view.subject,
        customer_id=_book(view).customer_id,
        score_id=fact.score_id,
        is_counted=isinstance(fact, v.ScoreCounted),
        reason_code=reason.value,
    )


def negative_received(fact: v.NegativeReceived, view: CaseView[Any]) -> out.ReviewNegativeReceivedV1:
    """A buyer's neutral or bad rating."""
    book = _book(view)
    return out.ReviewNegativeReceivedV1(
        **view.common(),
        order_id=view.subject,
        customer_id=book.customer_id,
        review_id=fact.review_id,
        rating=RatingWord(fact.rating.value),
        product_id=fact.product_id,
        change_by_at=fact.change_by,
        was_threatened=book.is_threatened,
    )


def prompt_due(fact: v.PromptDue, view: CaseView[Any]) -> common.NoticeRequestedV1:
    """The farewell text: please rate us, and where to turn to with a problem (RV-010, RV-011)."""
    values = {"order_id": view.subject, "aftersales_contact": view.shop_id}
    if fact.is_coupon_offered:
        values["coupon"] = "any_comment"
    return common.NoticeRequestedV1(
        **view.common(),
        order_id=view.subject,
        customer_id=_book(view).customer_id,
        notice_id=derived_id("review-prompt", view.subject),
        to=common.NoticeTo.BUYER,
        template_code="review_prompt",
        values=values,
        purpose=common.NoticePurpose.SERVICE,
        channels=[Channel.CHAT, Channel.SMS],
        expires_at=fact.expires_at,
    )


def report_admitted(fact: v.ReportAdmitted, view: CaseView[Any]) -> common.TaskRequestedV1:
    """A person looks at a review that somebody calls malicious."""
    return common.TaskRequestedV1(
        **view.common(),
        about_subject=view.subject,
        order_id=view.subject,
        task_id=derived_id("malicious", fact.complaint_id),
        kind_code="assessment",
        question_code="is_review_malicious",
        due_at=fact.due_at,
        escalate_to=Role.SUPERVISOR,
    )


def credit_changed(fact: credit_account.CreditChanged, view: CaseView[Any]) -> out.CreditChangedV1:
    """The account's points after a rating."""
    is_up = fact.delta_points > 0 or (fact.delta_points == 0 and fact.points > 0)
    return out.CreditChangedV1(
        **view.common(),
        order_id=fact.order_id,
        account_id=view.case_id,
        role=out.CreditRole(fact.role.value),
        direction=out.CreditDirection.UP if is_up else out.CreditDirection.DOWN,
        delta_points=abs(fact.delta_points),
        total_points=fact.total_points,
        cause_code=fact.cause_code,
        capped_by_code=None if fact.cap is Cap.NONE else fact.cap.value,
    )


def contact_wanted(fact: review_followup.ContactWanted, view: CaseView[Any]) -> common.NoticeRequestedV1:
    """Please reach the buyer: what was wrong, what can we do (RV-025, RV-028)."""
    return common.NoticeRequestedV1(
        **view.common(),
        order_id=view.subject,
        customer_id=fact.customer_id,
        notice_id=fact.notice_id,
        to=common.NoticeTo.BUYER,
        template_code="review_followup",
        values={"order_id": view.subject},
        purpose=common.NoticePurpose.REVIEW_FOLLOWUP,
        channels=CHANNELS[fact.step],
        expires_at=fact.expires_at,
    )


def result_asked(fact: review_followup.ResultAsked, view: CaseView[Any]) -> common.TaskRequestedV1:
    """The buyer was reached: what came of it?"""
    return common.TaskRequestedV1(
        **view.common(),
        about_subject=view.subject,
        order_id=view.subject,
        task_id=derived_id("followup-result", view.subject),
        kind_code="assessment",
        question_code="followup_result",
        due_at=fact.due_at,
        escalate_to=Role.SUPERVISOR,
    )


def followup_ended(fact: review_followup.FollowupEnded, view: CaseView[Any]) -> out.FollowupEndedV1:
    """How the follow-up ended, and what it took."""
    return out.FollowupEndedV1(
        **view.common(),
        order_id=view.subject,
        outcome=out.FollowupOutcome(fact.outcome.value),
        text_count=fact.text_count,
        call_count=fact.call_count,
    )


# Facts to messages for other cases.


def pair_id(shop_id: str, buyer_account_id: str) -> str:
    """The pair of a shop and a buyer."""
    return derived_id(shop_id, buyer_account_id)


def _earned(
    view: CaseView[Any], line: review_book.Line, to: Rater, entry_id: str, points: int, cause: str
) -> list[Addressed]:
    book = _book(view)
    role = CreditRole(to.value)
    if line.succeeded_at is None:
        raise ValueError(line.line_id)
    earned = credit_pair.Earned(
        account_id=book.buyer_account_id if to is Rater.BUYER else view.shop_id,
        role=role,
        entry_id=entry_id,
        order_id=view.subject,
        item_id=line.product_id,
        succeeded_at=line.succeeded_at,
        points=points,
        revision=view.version,
        is_mall=book.is_mall,
        cause_code=cause,
    )
    pair = pair_id(view.shop_id, book.buyer_account_id)
    return [Addressed(pair, "credit-pair", pair, earned)]


def _rated(rater: Rater) -> Rater:
    return Rater.SELLER if rater is Rater.BUYER else Rater.BUYER


def credit_of_rating(fact: v.RatingCounted, view: CaseView[Any]) -> Sequence[Addressed]:
    """The rated side gains or loses (RV-003)."""
    place = review_book.find(_book(view), str(fact.side.review_id))
    if fact.points == 0 or place is None:
        return []
    cause = f"rated_{fact.side.rating}"
    return _earned(view, place.line, _rated(fact.rater), str(fact.side.review_id), fact.points, cause)


def after_replacement(fact: v.RatingReplaced, view: CaseView[Any]) -> Sequence[Addressed]:
    """The old rating's credit is reversed, the new one's given; a buyer's follow-up is settled."""
    place = review_book.find(_book(view), fact.review_id)
    if place is None:
        return []
    rated = _rated(place.rater)
    found = _earned(view, place.line, rated, fact.review_id, fact.points, fact.reason.value)
    if place.rater is Rater.BUYER:
        is_changed = fact.reason is Reason.CHANGED
        outcome = review_followup.Outcome.CHANGED if is_changed else review_followup.Outcome.DELETED
        found += _to_followup(view.subject, review_followup.Resolved(fact.review_id, outcome))
    return found


def open_followup(fact: v.NegativeReceived, view: CaseView[Any]) -> Sequence[Addressed]:
    """A neutral or bad rating is followed up (RV-024)."""
    message = review_followup.Negative(view.subject, fact.review_id, _book(view).customer_id)
    return _to_followup(view.subject, message)


def rewards(fact: v.WindowClosed, view: CaseView[Any]) -> Sequence[Addressed]:
    """Whoever gave the good rating that stayed unanswered gains a point (RV-005)."""
    found: list[Addressed] = []
    for line_id, rater in fact.rewards:
        line = review_book.line_of(_book(view), line_id)
        if line is not None:
            entry_id = derived_id("unanswered", str(line.side(rater).review_id))
            found += _earned(view, line, rater, entry_id, fact.points, "unanswered_good")
    return found


def credit_of_score(fact: v.ScoreCounted, view: CaseView[Any]) -> Sequence[Addressed]:
    """A scored description at a mall is worth a point to the buyer (RV-022)."""
    if fact.points == 0:
        return []
    # The score is of the order, not of an item: an item of its own, so that only the month caps it.
    line = review_book.Line("score", f"order:{view.subject}", succeeded_at=fact.succeeded_at)
    return _earned(view, line, Rater.BUYER, fact.score_id, fact.points, "scored_description")


def points_moved(fact: credit_pair.PointsCounted, view: CaseView[Any]) -> Sequence[Addressed]:
    """The account hears what the pair's caps left of a rating."""
    if fact.delta_points == 0 and fact.cap is Cap.NONE:
        return []
    moved = credit_account.PointsMoved(
        fact.order_id, fact.role, fact.points, fact.delta_points, fact.cap, fact.cause_code
    )
    return [Addressed(fact.account_id, "credit-account", fact.account_id, moved)]
