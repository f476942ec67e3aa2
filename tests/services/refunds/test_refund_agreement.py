"""The refund agreement alone: a table of its rules, and any history."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, NotYet
from kernel.money import Money
from kernel.value import replace
from services.refunds import agreement_words as w
from services.refunds.order_words import RefundApplied
from services.refunds.policy import Policy
from services.refunds.values import (
    AnswerCause,
    Bearer,
    Carriage,
    InspectedLine,
    Liability,
    RefundKind,
    ReturnCause,
    Share,
    Terms,
)
from tests.services.refunds.kinds import POLICY, Walk, after, decide, facts_of, messages_of, with_agreement
from tests.services.refunds.shop import DAY, HOUR, T0

KIND = "refund-agreement"
CNY = Money(1_000, "CNY")
SELLER_PAYS = Liability(ReturnCause.QUALITY, Bearer.SELLER, None, False, "RF-060")
BUYER_PAYS = Liability(ReturnCause.NOT_QUALITY, Bearer.BUYER, None, False, "RF-062")


def terms(kind: RefundKind, reason: str = "quality", count: int = 1, version: int = 1) -> Terms:
    return Terms(kind, reason, (Share("a", count, 1_000),), 0, CNY, version)


def filed(kind: RefundKind, reason: str = "quality", **other: Any) -> w.Filed:
    base = w.Filed("c1", terms(kind, reason), SELLER_PAYS, None, (), POLICY.grace_minutes)
    return replace(base, **other)


def applied(kind: RefundKind, reason: str = "quality", **other: Any) -> w.Applied:
    base = w.Applied("c1", terms(kind, reason), SELLER_PAYS, True, False, False, None)
    return replace(base, **other)


def awaited(kind: RefundKind, days: int, **other: Any) -> w.AnswerAwaited:
    return w.AnswerAwaited(filed(kind, **other), T0 + days * DAY)


UNSHIPPED = awaited(RefundKind.UNSHIPPED, 2)
NOT_RECEIVED = awaited(RefundKind.NOT_RECEIVED, 5)
NO_RETURN = awaited(RefundKind.NO_RETURN, 5)
WITH_RETURN = awaited(RefundKind.WITH_RETURN, 5)
NO_REASON = awaited(RefundKind.NO_REASON, 2)
RETURN = w.ReturnAwaited("shop-default", T0 + 7 * DAY, T0 + 3 * DAY)
SENT = w.ReturnSent(Carriage.EXPRESS, None)
EXPRESS = w.ReceiptAwaited(
    filed(RefundKind.WITH_RETURN), T0 + 10 * DAY, w.ReturnedGoods(Carriage.EXPRESS, None, ())
)
AS_SENT = w.ReturnedGoods(Carriage.EXPRESS, None, (), (Share("a", 1, 1_000),), (), SELLER_PAYS)
ADVANCED = replace(EXPRESS, returned=w.ReturnedGoods(Carriage.EXPRESS, Money(120, "CNY"), ()))
EDIT = w.EditAwaited(T0 + 7 * DAY, T0 + 3 * DAY, None)
UNBACKED = replace(EDIT, evidence_by=T0 + 3 * DAY)
EVIDENCE = w.EvidenceAsked(("shipping_proof", "chat_extract", "buyer_statement"), T0 + 3 * DAY)
DUE = w.RefundDue(CNY, (Share("a", 1, 1_000),), 0, True, None)
KEPT = replace(DUE, are_goods_gone=False)
THREE_UNSHIPPED = awaited(RefundKind.UNSHIPPED, 2, terms=terms(RefundKind.UNSHIPPED, count=3))
THREE_NOT_RECEIVED = awaited(RefundKind.NOT_RECEIVED, 5, terms=terms(RefundKind.NOT_RECEIVED, count=3))
REST = w.RestUndecided((Share("a", 2, 667),), T0 + 5 * DAY)
ONE_OF_THREE = replace(DUE, amount=Money(333, "CNY"), shares=(Share("a", 1, 333),))
AGREE = w.AnswerDecided(1, w.Answer.AGREE, AnswerCause.SILENCE, None)
BY_REMEDY = replace(AGREE, cause=AnswerCause.REMEDY)
REFUSE = w.AnswerDecided(1, w.Answer.REFUSE, AnswerCause.POLICY, "exchange_wanted")
YES = w.SellerAgreed(1, w.Stage.ANSWER, None)
NO = w.SellerRefused(1, w.Stage.ANSWER, "worn", 3)
GOODS_NO = w.SellerRefused(1, w.Stage.RECEIPT, "worn", 3)
ACCEPTED_TERMS = w.AmendmentAccepted(terms(RefundKind.WITH_RETURN, version=2), SELLER_PAYS)
PROPOSED = RefundApplied("r1", "no_return", "quality", None, False, CNY, None, 2, False)


def closed(ending: w.Ending) -> w.AgreementClosed:
    return w.AgreementClosed(ending)


def passed(name: str, days: int) -> DeadlinePassed:
    return DeadlinePassed(name, T0 + days * DAY)


TABLE: list[tuple[str, list[Any], Any, list[Any]]] = [
    ("RF-001", [], applied(RefundKind.UNSHIPPED), [UNSHIPPED]),
    ("RF-002", [UNSHIPPED], passed("answer", 2), [DUE]),
    ("RF-002", [UNSHIPPED], w.ShipmentSeen(), [closed(w.Ending.SHIPPED)]),
    ("RF-003", [UNSHIPPED], NO, []),
    ("RF-003", [UNSHIPPED], w.ShipmentSeen(), [closed(w.Ending.SHIPPED)]),
    ("RF-003", [NO_RETURN], w.ShipmentSeen(), []),
    ("RF-004", [UNSHIPPED], w.BuyerWithdrew(), []),
    ("RF-004", [NO_RETURN], w.BuyerWithdrew(), [closed(w.Ending.WITHDRAWN)]),
    ("RF-005", [UNSHIPPED], w.HoldAnswered("stopped"), [DUE]),
    ("RF-006", [UNSHIPPED], w.HoldAnswered("too_late"), []),
    ("RF-006", [UNSHIPPED], w.GoodsCameBack(), [DUE]),
    ("RF-007", [UNSHIPPED], w.Remedied("m1", "no_stock"), [replace(DUE, remedy_id="m1")]),
    ("RF-009", [UNSHIPPED], w.PromiseMade("p1"), [w.PromiseNoted("p1")]),
    ("RF-009", [UNSHIPPED, w.PromiseNoted("p1")], w.HoldAnswered("stopped"), []),
    ("RF-009", [UNSHIPPED, w.PromiseNoted("p1")], YES, [w.PromiseAtRisk(T0 + 10 * DAY)]),
    ("RF-002", [UNSHIPPED, w.PromiseNoted("p1")], passed("answer", 2), [DUE]),
    ("RF-010", [], applied(RefundKind.NO_REASON), [NO_REASON]),
    ("RF-011", [], w.NotAdmitted(), [w.ApplicationTurnedAway()]),
    ("RF-011", [w.ApplicationTurnedAway()], applied(RefundKind.NOT_RECEIVED), [NOT_RECEIVED]),
    ("RF-012", [], applied(RefundKind.NOT_RECEIVED), [NOT_RECEIVED]),
    ("RF-013", [NO_RETURN], YES, [KEPT]),
    ("RF-013", [NO_RETURN], passed("answer", 5), [AGREE, KEPT]),
    ("RF-014", [], applied(RefundKind.WITH_RETURN), [WITH_RETURN]),
    ("RF-014", [WITH_RETURN], YES, [RETURN, w.FreightDecided()]),
    ("RF-015", [WITH_RETURN], passed("answer", 5), [AGREE, RETURN, w.FreightDecided()]),
    ("RF-016", [NO_REASON], passed("answer", 2), [AGREE, RETURN, w.FreightDecided()]),
    ("RF-017", [NO_RETURN, EDIT], w.Amended(PROPOSED), [w.AmendmentForwarded(PROPOSED)]),
    ("RF-017", [NO_RETURN, EDIT], w.TradeEnded(True, "buyer"), [closed(w.Ending.WITHDRAWN)]),
    ("RF-017", [NO_RETURN, EDIT], w.TradeEnded(True, "auto_confirm"), []),
    ("RF-018", [NO_RETURN], NO, [EDIT]),
    ("RF-018", [NO_RETURN, EDIT], passed("edit", 7), [closed(w.Ending.LAPSED)]),
    ("RF-019", [NO_RETURN, EDIT], passed("remind", 3), [w.BuyerReminded("edit_refund", T0 + 7 * DAY)]),
    ("RF-019", [NO_RETURN, EDIT], YES, []),
    ("RF-020", [WITH_RETURN, RETURN], passed("send", 7), [closed(w.Ending.LAPSED)]),
    ("RF-021", [WITH_RETURN, RETURN], passed("remind", 3),
     [w.BuyerReminded("register_return", T0 + 7 * DAY)]),
    ("RF-022", [WITH_RETURN, RETURN], SENT, [EXPRESS]),
    ("RF-023", [WITH_RETURN, RETURN, EXPRESS], passed("receive", 10), [DUE]),
    (
        "RF-024",
        [WITH_RETURN, RETURN],
        w.ReturnSent(Carriage.MAIL, None),
        [replace(EXPRESS, receive_by=T0 + 30 * DAY, returned=w.ReturnedGoods(Carriage.MAIL, None, ()))],
    ),
    ("RF-025", [WITH_RETURN, RETURN, EXPRESS], w.ReturnAccepted(()), [DUE]),
    ("RF-025", [WITH_RETURN, RETURN, EXPRESS], w.SellerAgreed(1, w.Stage.RECEIPT, None), [DUE]),
    ("RF-026", [WITH_RETURN, RETURN, EXPRESS], GOODS_NO, [EDIT]),
    ("RF-027", [WITH_RETURN, RETURN, EXPRESS, EDIT], ACCEPTED_TERMS,
     [replace(EXPRESS, filed=filed(RefundKind.WITH_RETURN, terms=ACCEPTED_TERMS.terms), returned=AS_SENT)]),
    ("RF-028", [WITH_RETURN, EDIT], ACCEPTED_TERMS,
     [replace(WITH_RETURN, filed=filed(RefundKind.WITH_RETURN, terms=ACCEPTED_TERMS.terms))]),
    ("RF-029", [NO_RETURN, EDIT], w.ReturnAccepted(()), []),
    ("RF-030", [], applied(RefundKind.WITH_RETURN, "exchange"),
     [replace(WITH_RETURN, filed=filed(RefundKind.WITH_RETURN, "exchange")), REFUSE, EDIT]),
    ("RF-031", [NO_RETURN], replace(NO, evidence_count=0), [UNBACKED, EVIDENCE]),
    ("RF-031", [NO_RETURN, UNBACKED], passed("evidence", 3), [w.RefusalUnbacked(T0 + 10 * DAY)]),
    ("RF-031", [NO_RETURN, UNBACKED], w.EvidenceGiven("chat_extract"),
     [w.EvidenceNoted("chat_extract", False)]),
    ("RF-035", [NOT_RECEIVED], w.Remedied("m1", "lost"), [BY_REMEDY, replace(DUE, remedy_id="m1")]),
    ("RF-036", [NOT_RECEIVED], w.GoodsCameBack(), [BY_REMEDY, DUE]),
    ("RF-037", [NOT_RECEIVED], w.Remedied("m1", "out_of_range"), [BY_REMEDY, replace(DUE, remedy_id="m1")]),
    ("RF-038", [NOT_RECEIVED, EDIT], w.GoodsCameBack(),
     [w.RefusalWithdrawn(T0 + 5 * DAY), BY_REMEDY, DUE]),
    ("RF-040", [], applied(RefundKind.NO_RETURN, is_agreed_beforehand=False),
     [NO_RETURN, w.NegotiationAsked("refund_without_return_wanted", T0 + 5 * DAY)]),
    ("RF-041", [], applied(RefundKind.NO_RETURN, is_agreed_beforehand=False, is_partial=True),
     [NO_RETURN, w.NegotiationAsked("partial_refund_wanted", T0 + 5 * DAY)]),
    ("RF-044", [NOT_RECEIVED], w.GoodsCameBack(), [BY_REMEDY, DUE]),
    ("RF-044", [WITH_RETURN], w.GoodsCameBack(), []),
    ("RF-044", [NO_RETURN], w.GoodsCameBack(), []),
    ("RF-035", [NO_RETURN], w.Remedied("m1", "lost"), []),
    ("RF-035", [THREE_NOT_RECEIVED], w.Remedied("m1", "lost", (Share("a", 1, 0),)),
     [REST, BY_REMEDY, replace(ONE_OF_THREE, remedy_id="m1")]),
    ("RF-044", [THREE_NOT_RECEIVED], w.GoodsCameBack((Share("a", 1, 0),)), [REST, BY_REMEDY, ONE_OF_THREE]),
    ("RF-044", [THREE_NOT_RECEIVED], w.GoodsCameBack((Share("b", 1, 0),)), []),
    ("RF-044", [THREE_NOT_RECEIVED], w.GoodsCameBack((Share("a", 4, 0),)),
     [BY_REMEDY, replace(DUE, shares=(Share("a", 3, 1_000),))]),
    ("RF-038", [THREE_NOT_RECEIVED, EDIT], w.GoodsCameBack((Share("a", 1, 0),)),
     [replace(REST, due_at=T0 + 10 * DAY), w.RefusalWithdrawn(T0 + 5 * DAY), BY_REMEDY, ONE_OF_THREE]),
    ("RF-006", [THREE_UNSHIPPED], w.GoodsCameBack((Share("a", 1, 0),)), [replace(REST, due_at=T0 + 2 * DAY)]),
    ("RF-060", [WITH_RETURN], YES, [RETURN, w.FreightDecided()]),
    ("RF-068", [WITH_RETURN, RETURN, ADVANCED], w.ReturnAccepted(()), [w.FreightDue(Money(120, "CNY")), DUE]),
    ("RF-016", [WITH_RETURN, RETURN], NO, [w.AnswerContested(T0 + 10 * DAY)]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "given_facts", "when", "then"), TABLE, ids=[row[0] for row in TABLE])
def test_rule(rule: str, given_facts: list[Any], when: Any, then: list[Any]) -> None:
    decided = decide(KIND, given_facts, when, when.due_at if isinstance(when, DeadlinePassed) else T0)
    if isinstance(when, DeadlinePassed):
        decided = _as_of(decided, when.due_at)
    assert facts_of(decided) == then
    assert not then or any(rule in entry.rules for entry in decided)


def _as_of(decided: Any, moment: datetime) -> Any:
    """A deadline's facts count from its due_at; the table writes them as from T0."""
    shift = moment - T0

    def moved(fact: Any) -> Any:
        if isinstance(fact, w.ReturnAwaited):
            return replace(fact, send_by=fact.send_by - shift, remind_at=fact.remind_at - shift)
        return replace(fact, due_at=fact.due_at - shift) if isinstance(fact, w.RefusalUnbacked) else fact

    return [replace(entry, fact=moved(entry.fact)) for entry in decided]


EARLY: list[tuple[str, list[Any], Any]] = [
    ("before the application", [], YES),
    ("newer terms than known", [NO_RETURN], w.SellerAgreed(2, w.Stage.ANSWER, None)),
    ("refusal of newer terms", [NO_RETURN], w.SellerRefused(2, w.Stage.ANSWER, "worn", 0)),
    ("return before agreement", [WITH_RETURN], SENT),
    ("receipt before return", [WITH_RETURN, RETURN], w.ReturnAccepted(())),
    ("inspection before return", [WITH_RETURN, RETURN], w.GoodsChecked(())),
]


@pytest.mark.parametrize(("given_facts", "when"), [row[1:] for row in EARLY], ids=[row[0] for row in EARLY])
def test_early(given_facts: list[Any], when: Any) -> None:
    with pytest.raises(NotYet):
        decide(KIND, given_facts, when)


def test_old_terms_are_ignored() -> None:
    newer = w.AnswerAwaited(
        filed(RefundKind.NO_RETURN, terms=terms(RefundKind.NO_RETURN, version=3)), T0 + DAY
    )
    assert decide(KIND, [newer], w.SellerAgreed(2, w.Stage.ANSWER, None)) == []
    assert decide(KIND, [newer], w.SellerRefused(2, w.Stage.ANSWER, "worn", 0)) == []


@pytest.mark.parametrize(
    ("rule", "rules", "when", "answer"),
    [
        ("RF-032", with_agreement(needs_agreement_beforehand=True),
         applied(RefundKind.WITH_RETURN, is_agreed_beforehand=False), w.Answer.REFUSE),
        ("RF-034", POLICY, applied(RefundKind.NOT_RECEIVED, "just_collected"), w.Answer.REFUSE),
        ("RF-014", with_agreement(agree_at_once=frozenset({RefundKind.WITH_RETURN})),
         applied(RefundKind.WITH_RETURN), w.Answer.AGREE),
        ("RF-016", with_agreement(agree_at_once=frozenset({RefundKind.NO_REASON})),
         applied(RefundKind.NO_REASON), w.Answer.AGREE),
    ],
)  # fmt: skip
def test_answered_by_the_shops_policy(rule: str, rules: Policy, when: w.Applied, answer: w.Answer) -> None:
    decided = decide(KIND, [], when, rules=rules)
    answers = [entry for entry in decided if isinstance(entry.fact, w.AnswerDecided)]
    assert [entry.fact.answer for entry in answers] == [answer]
    assert rule in answers[0].rules


def test_fewer_pieces_accepted_pay_their_part() -> None:
    """RF-039: three pieces for 10.00 sent, the warehouse accepts two: 6.66, and a person for the rest."""
    three = filed(RefundKind.WITH_RETURN, terms=terms(RefundKind.WITH_RETURN, count=3))
    found = InspectedLine("a", 3, 2, "resaleable", True, None)
    sent = w.ReceiptAwaited(three, T0 + 10 * DAY, w.ReturnedGoods(Carriage.EXPRESS, None, ()))
    task, due = facts_of(
        decide(KIND, [WITH_RETURN, sent, w.InspectionNoted((found,))], w.ReturnAccepted((Share("a", 3, 0),)))
    )
    assert task == w.PiecesMissing((Share("a", 1, 334),), T0 + 10 * DAY)
    assert due == replace(DUE, amount=Money(666, "CNY"), shares=(Share("a", 2, 666),))


def test_two_parcels_are_counted_together() -> None:
    one = InspectedLine("a", 1, 1, "resaleable", True, None)
    state = after(KIND, [WITH_RETURN, RETURN, EXPRESS, w.InspectionNoted((one,)), w.InspectionNoted((one,))])
    assert state.returned.inspected == (InspectedLine("a", 2, 2, "resaleable", True, None),)


def test_a_deadline_waits_out_its_grace() -> None:
    deadline = Walk(KIND)
    deadline.tell(applied(RefundKind.UNSHIPPED), 0)
    (answer,) = deadline.kind.deadlines(deadline.state)
    assert answer.due_at == T0 + 2 * DAY
    assert answer.fires_at - answer.due_at == HOUR / 6


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(messages_of(KIND), st.integers(0, 3_000)), max_size=25))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    walk = Walk(KIND)
    for message, minutes in history:
        before = walk.state
        count = len(walk.facts)
        walk.tell(message, minutes)
        for fact, (source, _) in zip(walk.facts[count:], walk.steps[count:], strict=True):
            if isinstance(fact, w.RefundDue):
                assert isinstance(source, w.AwaitingAnswer | w.AwaitingReceipt), ("RF-029", before)
                assert fact.amount.minor <= source.filed.terms.amount.minor
        is_over = isinstance(walk.state, w.Absent | w.TurnedAway | w.Granted | w.Closed)
        assert is_over != bool(walk.kind.deadlines(walk.state))
    assert sum(isinstance(fact, w.RefundDue) for fact in walk.facts) <= 1
    walk.run_out()
    assert isinstance(walk.state, w.Absent | w.TurnedAway | w.Granted | w.Closed)
