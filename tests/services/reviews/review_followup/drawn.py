"""Lists the messages that explore the diagram of `review-followup`."""

from services.reviews.cases.review_followup import messages as f

MESSAGES: list[object] = [
    f.Negative("o1", "r1", "c1"),
    f.Resolved("r1", f.Outcome.CHANGED),
    f.ContactResolved("followup.o1.1", "suppressed", "call", "refused_contact"),
    f.HarassmentReported(),
    f.Explained(is_settled=True),
]
