"""The wiring of reviews: its kinds of case, what it reads and what it announces."""

from collections.abc import Mapping

from aftersales_contracts.aftersales.customers import NoticeResolvedV1
from aftersales_contracts.aftersales.refunds import RefundPaidV1
from aftersales_contracts.base import Event
from aftersales_contracts.shop.aftersales import ProblemReportedV1
from aftersales_contracts.shop.desk import TaskCompletedV1
from aftersales_contracts.shop.orders import OrderClosedV1, OrderPlacedV1, OrderSucceededV1
from aftersales_contracts.shop.reviews import (
    ReviewCauseCodedV1,
    ReviewChangedV1,
    ReviewCommentedV1,
    ReviewDeletedV1,
    ReviewGivenV1,
    ReviewModeratedV1,
    ScoreGivenV1,
)
from aftersales_contracts.shop.standing import ComplaintFiledV1
from chassis.service import Kind, Read, Service
from services.reviews import policy
from services.reviews import translate as t
from services.reviews.cases import credit_account, credit_pair, review, review_followup
from services.reviews.cases import review_values as v

READS: Mapping[type[Event], Read] = {
    OrderPlacedV1: t.placed,
    OrderSucceededV1: t.succeeded,
    OrderClosedV1: t.closed,
    ReviewGivenV1: t.given,
    ReviewChangedV1: t.changed,
    ReviewDeletedV1: t.deleted,
    ReviewCommentedV1: t.commented,
    ReviewModeratedV1: t.moderated,
    ReviewCauseCodedV1: t.cause_coded,
    ScoreGivenV1: t.scored,
    ProblemReportedV1: t.problem_reported,
    RefundPaidV1: t.refund_paid,
    ComplaintFiledV1: t.complaint_filed,
    NoticeResolvedV1: t.notice_resolved,
    TaskCompletedV1: t.task_completed,
}

REVIEW = Kind(
    reads=READS,
    name="review",
    initial=review.REVIEW.initial,
    decide=review.REVIEW.decide,
    evolve=review.REVIEW.evolve,
    deadlines=review.REVIEW.deadlines,
    state=[v.Absent, v.Known, v.Open, v.Ended],
    ended=[v.Ended],
    message=[
        v.Placed, v.Succeeded, v.Closed, v.Given, v.Changed, v.Deleted, v.Commented, v.Moderated,
        v.Coded, v.Scored, v.Threatened, v.Refunded, v.Reported,
    ],
    fact=[
        v.OrderKnown, v.WindowOpened, v.LinesDropped, v.RatingCounted, v.NegativeReceived,
        v.RatingReplaced, v.Refused, v.WordsRemoved, v.CommentNoted, v.CauseNoted, v.ScoreCounted,
        v.ScoreRefused, v.ThreatNoted, v.RefundNoted, v.ReportAdmitted, v.ReportTooLate, v.PromptDue,
        v.PromptSkipped, v.WindowClosed, v.RatingsFrozen, v.ReviewEnded,
    ],
    announces={
        v.RatingCounted: t.rating_counted,
        v.NegativeReceived: t.negative_received,
        v.RatingReplaced: t.rating_replaced,
        v.Refused: t.rating_refused,
        v.WordsRemoved: t.words_removed,
        v.ScoreCounted: t.score_decided,
        v.ScoreRefused: t.score_decided,
        v.ReportAdmitted: t.report_admitted,
        v.PromptDue: t.prompt_due,
    },
    tells={
        v.RatingCounted: t.credit_of_rating,
        v.NegativeReceived: t.open_followup,
        v.RatingReplaced: t.after_replacement,
        v.WindowClosed: t.rewards,
        v.ScoreCounted: t.credit_of_score,
    },
)  # fmt: skip

CREDIT_PAIR = Kind(
    name="credit-pair",
    initial=credit_pair.CREDIT_PAIR.initial,
    decide=credit_pair.CREDIT_PAIR.decide,
    evolve=credit_pair.CREDIT_PAIR.evolve,
    deadlines=credit_pair.CREDIT_PAIR.deadlines,
    state=[credit_pair.Pair],
    ended=[],
    message=[credit_pair.Earned],
    fact=[credit_pair.PointsCounted],
    tells={credit_pair.PointsCounted: t.points_moved},
)

CREDIT_ACCOUNT = Kind(
    name="credit-account",
    initial=credit_account.CREDIT_ACCOUNT.initial,
    decide=credit_account.CREDIT_ACCOUNT.decide,
    evolve=credit_account.CREDIT_ACCOUNT.evolve,
    deadlines=credit_account.CREDIT_ACCOUNT.deadlines,
    state=[credit_account.Account],
    ended=[],
    message=[credit_account.PointsMoved],
    fact=[credit_account.CreditChanged],
    announces={credit_account.CreditChanged: t.credit_changed},
)

FOLLOWUP = Kind(
    name="review-followup",
    initial=review_followup.REVIEW_FOLLOWUP.initial,
    decide=review_followup.REVIEW_FOLLOWUP.decide,
    evolve=review_followup.REVIEW_FOLLOWUP.evolve,
    deadlines=review_followup.REVIEW_FOLLOWUP.deadlines,
    state=[review_followup.Absent, review_followup.Contacting, review_followup.Ended],
    ended=[review_followup.Ended],
    message=[
        review_followup.Negative, review_followup.Resolved, review_followup.ContactResolved,
        review_followup.HarassmentReported, review_followup.Explained,
    ],
    fact=[
        review_followup.FollowupOpened, review_followup.ReviewAdded, review_followup.ReviewSettled,
        review_followup.ContactWanted, review_followup.ContactNoted, review_followup.ResultAsked,
        review_followup.FollowupEnded, review_followup.ContactStopped,
    ],
    announces={
        review_followup.ContactWanted: t.contact_wanted,
        review_followup.ResultAsked: t.result_asked,
        review_followup.FollowupEnded: t.followup_ended,
    },
)  # fmt: skip

REVIEWS = Service(
    name="reviews",
    kinds=[REVIEW, CREDIT_PAIR, CREDIT_ACCOUNT, FOLLOWUP],
    policies=policy.load(),
)
