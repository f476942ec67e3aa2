"""Lists which of the four services reads which event types. A test compares the list with the services."""

from collections.abc import Mapping

from aftersales_contracts.registry import EVENTS, topics_of
from aftersales_contracts.topics import SERVICES, TOPICS

READS: Mapping[str, tuple[str, ...]] = {
    "refunds": (
        "aftersales.delivery.doubts-changed.v1",
        "aftersales.dispatch.hold-resolved.v1",
        "aftersales.late-shipping.established.v1",
        "aftersales.late-shipping.withdrawn.v1",
        "aftersales.parcel.outcome-decided.v1",
        "aftersales.promise.registered.v1",
        "aftersales.refund.parcel-traced.v1",
        "aftersales.remedy.refund-due.v1",
        "aftersales.reship.status-changed.v1",
        "shop.application.withdrawn.v1",
        "shop.evidence.submitted.v1",
        "shop.exchange.answered.v1",
        "shop.exchange.applied.v1",
        "shop.offer.answered.v1",
        "shop.order.closed.v1",
        "shop.order.edited.v1",
        "shop.order.paid.v1",
        "shop.order.placed.v1",
        "shop.order.request-declined.v1",
        "shop.order.shipped.v1",
        "shop.order.succeeded.v1",
        "shop.order.terms-changed.v1",
        "shop.payment.charged-back.v1",
        "shop.payment.status-changed.v1",
        "shop.problem.reported.v1",
        "shop.refund.agreed.v1",
        "shop.refund.amended.v1",
        "shop.refund.applied.v1",
        "shop.refund.failed.v1",
        "shop.refund.made-outside.v1",
        "shop.refund.payment-accepted.v1",
        "shop.refund.refused.v1",
        "shop.refund.reversed.v1",
        "shop.refund.settled.v1",
        "shop.return.accepted.v1",
        "shop.return.inspected.v1",
        "shop.return.sent.v1",
        "shop.task.completed.v1",
    ),
    "logistics": (
        "aftersales.application.rejected.v1",
        "aftersales.exchange.ended.v1",
        "aftersales.exchange.opened.v1",
        "aftersales.promise.registered.v1",
        "aftersales.refund.closed.v1",
        "aftersales.refund.opened.v1",
        "aftersales.refund.paid.v1",
        "aftersales.reship.due.v1",
        "shop.courier.action-answered.v1",
        "shop.courier.claim-answered.v1",
        "shop.dispatch.hold-answered.v1",
        "shop.dispatch.shortage-found.v1",
        "shop.evidence.submitted.v1",
        "shop.offer.answered.v1",
        "shop.order.closed.v1",
        "shop.order.memo-stored.v1",
        "shop.order.paid.v1",
        "shop.order.placed.v1",
        "shop.order.request-declined.v1",
        "shop.order.shipped.v1",
        "shop.order.succeeded.v1",
        "shop.order.terms-changed.v1",
        "shop.parcel.arrived.v1",
        "shop.parcel.handed-over.v1",
        "shop.parcel.number-corrected.v1",
        "shop.parcel.registered.v1",
        "shop.parcel.scanned.v1",
        "shop.parcel.waybill-voided.v1",
        "shop.problem.reported.v1",
        "shop.reship.answered.v1",
        "shop.return.inspected.v1",
        "shop.return.sent.v1",
        "shop.task.completed.v1",
        "shop.warehouse.instruction-answered.v1",
    ),
    "reviews": (
        "aftersales.notice.resolved.v1",
        "aftersales.refund.paid.v1",
        "shop.complaint.filed.v1",
        "shop.order.closed.v1",
        "shop.order.placed.v1",
        "shop.order.succeeded.v1",
        "shop.problem.reported.v1",
        "shop.review.cause-coded.v1",
        "shop.review.changed.v1",
        "shop.review.commented.v1",
        "shop.review.deleted.v1",
        "shop.review.given.v1",
        "shop.review.moderated.v1",
        "shop.score.given.v1",
        "shop.task.completed.v1",
    ),
    "customers": (
        "aftersales.dispatch.completed.v1",
        "aftersales.exchange.ended.v1",
        "aftersales.notice.requested.v1",
        "aftersales.return.authorized.v1",
        "shop.call.held.v1",
        "shop.consent.granted.v1",
        "shop.consent.withdrawn.v1",
        "shop.customer.block-changed.v1",
        "shop.message.send-answered.v1",
        "shop.order.closed.v1",
        "shop.order.memo-stored.v1",
        "shop.order.paid.v1",
        "shop.order.placed.v1",
        "shop.order.request-declined.v1",
        "shop.order.shipped.v1",
        "shop.order.succeeded.v1",
        "shop.order.terms-changed.v1",
        "shop.parcel.handed-over.v1",
        "shop.promise.made.v1",
        "shop.size.advised.v1",
        "shop.task.completed.v1",
    ),
}
"""By service."""


def topics_read(service: str) -> frozenset[str]:
    """Finds the topics that a service consumes: those of the types that it reads."""
    return frozenset(topic for name in READS[service] for topic in topics_of(EVENTS[name]))


READERS: Mapping[str, tuple[str, ...]] = {
    name: tuple(service for service in SERVICES if name in topics_read(service))
    for name, topic in TOPICS.items()
    if topic.side != "dead"
}
"""By topic."""
