"""Checks an order's money by the outcome topics alone."""

from collections import Counter, defaultdict

from aftersales_contracts.aftersales import refunds
from tests.journeys.stage import Order

CHANGING = {"case_version", "attempt_id", "rule_ids"}
"""Fields that may differ between repeats of one intent."""


def adds_up(order: Order, *, refunded: int = 0, reimbursed: int = 0, compensated: int = 0) -> None:
    """Money out, in fen, is exactly this and never more than came in, by one intent per decision."""
    requests = order.all(refunds.RefundPaymentRequestedV1)
    paid = order.all(refunds.RefundPaidV1)
    out = Counter[str]()
    for one in paid:
        out[one.purpose.value] += one.amount.minor
    expected = {"refund": refunded, "freight": reimbursed, "late_compensation": compensated}
    assert dict(out) == {purpose: minor for purpose, minor in expected.items() if minor}, order.told()
    assert refunded + reimbursed <= sum(order.buyer.paid_in.values()) + order.buyer.laid_out
    assert refunded <= sum(order.buyer.paid_in.values())
    assert reimbursed <= order.buyer.laid_out
    _one_intent_per_decision(order, requests, paid)
    _tenders_fit(order, requests)
    _lines_fit(order, paid)


def _one_intent_per_decision(
    order: Order, requests: list[refunds.RefundPaymentRequestedV1], paid: list[refunds.RefundPaidV1]
) -> None:
    intents: dict[str, set[str]] = defaultdict(set)
    decisions: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    for request in requests:
        intents[request.intent_id].add(request.model_dump_json(exclude=CHANGING))
        decisions[request.purpose.value, request.refund_id].add(request.intent_id)
    assert all(len(bodies) == 1 for bodies in intents.values()), order.told()
    assert all(len(made) == 1 for made in decisions.values()), order.told()
    settled = [one.intent_id for one in paid]
    assert len(set(settled)) == len(settled)
    assert set(settled) <= set(intents)


def _tenders_fit(order: Order, requests: list[refunds.RefundPaymentRequestedV1]) -> None:
    back = Counter[str]()
    for request in {request.intent_id: request for request in requests}.values():
        for tender in request.tenders:
            back[tender.payment_id] += tender.amount.minor
    assert all(minor <= order.buyer.paid_in[name] for name, minor in back.items()), order.told()


def _lines_fit(order: Order, paid: list[refunds.RefundPaidV1]) -> None:
    pieces, minor = Counter[str](), Counter[str]()
    for one in paid:
        if one.purpose == "refund":
            for share in one.lines:
                pieces[share.line_id] += share.quantity_count
                minor[share.line_id] += share.amount.minor if share.amount else 0
    for line in order.buyer.lines:
        assert pieces[line.line_id] <= line.quantity_count, order.told()
        assert minor[line.line_id] <= line.amount_minor, order.told()
