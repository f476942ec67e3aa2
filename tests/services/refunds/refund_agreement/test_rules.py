"""The refund agreement alone: a table of its rules, and any history."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, NotYet
from kernel.money import Money
from kernel.people import Task
from kernel.value import replace
from services.refunds.cases.refund_agreement import facts as f
from services.refunds.cases.refund_agreement import messages as m
from services.refunds.cases.refund_agreement import state as c
from services.refunds.cases.refund_agreement.border import REFUND_AGREEMENT
from services.refunds.liability import Bearer, Liability, ReturnCause
from services.refunds.policy import Policy
from services.refunds.shares import (
    Carriage,
    InspectedLine,
    RefundApplied,
    RefundKind,
    Share,
    Terms,
)
from tests.services.given import Walk, after, decide, facts_of
from tests.services.refunds.kinds import POLICY, messages_of, with_agreement
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0

KIND = REFUND_AGREEMENT
CNY = Money(1_000, "CNY")
SELLER_PAYS = Liability(ReturnCause.QUALITY, Bearer.SELLER, None, False, "RF-060")
BUYER_PAYS = Liability(ReturnCause.NOT_QUALITY, Bearer.BUYER, None, False, "RF-062")


def terms(kind: RefundKind, reason: str = "quality", count: int = 1, version: int = 1) -> Terms:
    return Terms(kind, reason, (Share("a", count, 1_000),), 0, CNY, version)


def filed(kind: RefundKind, reason: str = "quality", **other: Any) -> f.Filed:
    base = f.Filed("c1", terms(kind, reason), SELLER_PAYS, None, (), POLICY.deadline_grace_minutes)
    return replace(base, **other)


def applied(kind: RefundKind, reason: str = "quality", **other: Any) -> m.Applied:
    base = m.Applied("c1", terms(kind, reason), SELLER_PAYS, True, False, False, None)
    return replace(base, **other)


def awaited(kind: RefundKind, days: int, **other: Any) -> f.AnswerAwaited:
    return f.AnswerAwaited(filed(kind, **other), T0 + days * DAY)


UNSHIPPED = awaited(RefundKind.UNSHIPPED, 2)
NOT_RECEIVED = awaited(RefundKind.NOT_RECEIVED, 5)
NO_RETURN = awaited(RefundKind.NO_RETURN, 5)
WITH_RETURN = awaited(RefundKind.WITH_RETURN, 5)
NO_REASON = awaited(RefundKind.NO_REASON, 2)
RETURN = f.ReturnAwaited("shop-default", T0 + 7 * DAY, T0 + 3 * DAY)
SENT = m.ReturnSent(Carriage.EXPRESS, None)
EXPRESS = f.ReceiptAwaited(
    filed(RefundKind.WITH_RETURN), T0 + 10 * DAY, f.ReturnedGoods(Carriage.EXPRESS, None, ())
)
AS_SENT = f.ReturnedGoods(Carriage.EXPRESS, None, (), (Share("a", 1, 1_000),), (), SELLER_PAYS)
A_PIECE = (Share("a", 1, 0),)
ONE_BOX = replace(EXPRESS, returned=f.ReturnedGoods(Carriage.EXPRESS, None, (), A_PIECE, ("ret1",)))
TWO_BOXES = replace(
    EXPRESS, returned=f.ReturnedGoods(Carriage.EXPRESS, None, (), (Share("a", 2, 0),), ("ret1", "ret2"))
)
ADVANCED = replace(EXPRESS, returned=f.ReturnedGoods(Carriage.EXPRESS, Money(120, "CNY"), ()))
EDIT = f.EditAwaited(T0 + 7 * DAY, T0 + 3 * DAY, None)
UNBACKED = replace(EDIT, evidence_by=T0 + 3 * DAY)
EVIDENCE = f.EvidenceAsked(("shipping_proof", "chat_extract", "buyer_statement"), T0 + 3 * DAY)
DUE = f.RefundDue(CNY, (Share("a", 1, 1_000),), 0, True, None)
BACK = replace(DUE, is_proven=True)
KEPT = replace(DUE, are_goods_gone=False)
THREE_UNSHIPPED = awaited(RefundKind.UNSHIPPED, 2, terms=terms(RefundKind.UNSHIPPED, count=3))
THREE_NOT_RECEIVED = awaited(RefundKind.NOT_RECEIVED, 5, terms=terms(RefundKind.NOT_RECEIVED, count=3))
REST = f.RestUndecided((Share("a", 2, 667),), T0 + 5 * DAY)
ONE_OF_THREE = replace(DUE, amount=Money(333, "CNY"), shares=(Share("a", 1, 333),))
ONE_BACK = replace(ONE_OF_THREE, is_proven=True)
AGREE = f.AnswerDecided(1, f.Answer.AGREE, f.AnswerCause.SILENCE, None)
BY_REMEDY = replace(AGREE, cause=f.AnswerCause.REMEDY)
REFUSE = f.AnswerDecided(1, f.Answer.REFUSE, f.AnswerCause.POLICY, "exchange_wanted")
YES = m.SellerAgreed(1, m.Stage.ANSWER, None)
NO = m.SellerRefused(1, m.Stage.ANSWER, "worn", 3)
GOODS_NO = m.SellerRefused(1, m.Stage.RECEIPT, "worn", 3)
ACCEPTED_TERMS = m.AmendmentAccepted(terms(RefundKind.WITH_RETURN, version=2), SELLER_PAYS)
AT_RISK = Task("agreed_against_promise", T0 + 10 * DAY, "reconciliation", name="promise")
PROPOSED = RefundApplied("r1", "no_return", "quality", None, False, CNY, None, 2, False)


def closed(ending: f.Ending) -> f.AgreementClosed:
    return f.AgreementClosed(ending)


def passed(name: str, days: int) -> DeadlinePassed:
    return DeadlinePassed(name, T0 + days * DAY)


TABLE: list[tuple[str, list[Any], Any, list[Any]]] = [
    ("RF-001", [], applied(RefundKind.UNSHIPPED), [UNSHIPPED]),
    ("RF-002", [UNSHIPPED], passed("answer", 2), [DUE]),
    ("RF-002", [UNSHIPPED], m.ShipmentSeen(), [closed(f.Ending.SHIPPED)]),
    ("RF-003", [UNSHIPPED], NO, []),
    ("RF-003", [UNSHIPPED], m.ShipmentSeen(), [closed(f.Ending.SHIPPED)]),
    ("RF-003", [NO_RETURN], m.ShipmentSeen(), []),
    ("RF-004", [UNSHIPPED], m.BuyerWithdrew(), []),
    ("RF-004", [NO_RETURN], m.BuyerWithdrew(), [closed(f.Ending.WITHDRAWN)]),
    ("RF-005", [UNSHIPPED], m.HoldAnswered("stopped"), [DUE]),
    ("RF-006", [UNSHIPPED], m.HoldAnswered("too_late"), []),
    ("RF-006", [UNSHIPPED], m.GoodsCameBack(), [DUE]),
    ("RF-007", [UNSHIPPED], m.Remedied("m1", "no_stock"), [replace(DUE, remedy_id="m1")]),
    ("RF-009", [UNSHIPPED], m.PromiseMade("p1"), [f.PromiseNoted("p1")]),
    ("RF-009", [UNSHIPPED, f.PromiseNoted("p1")], m.HoldAnswered("stopped"), []),
    ("RF-009", [UNSHIPPED, f.PromiseNoted("p1")], YES, [AT_RISK]),
    ("RF-002", [UNSHIPPED, f.PromiseNoted("p1")], passed("answer", 2), [DUE]),
    ("RF-010", [], applied(RefundKind.NO_REASON), [NO_REASON]),
    ("RF-011", [], m.NotAdmitted(), [f.ApplicationTurnedAway()]),
    ("RF-011", [f.ApplicationTurnedAway()], applied(RefundKind.NOT_RECEIVED), [NOT_RECEIVED]),
    ("RF-012", [], applied(RefundKind.NOT_RECEIVED), [NOT_RECEIVED]),
    ("RF-013", [NO_RETURN], YES, [KEPT]),
    ("RF-013", [NO_RETURN], passed("answer", 5), [AGREE, KEPT]),
    ("RF-014", [], applied(RefundKind.WITH_RETURN), [WITH_RETURN]),
    ("RF-014", [WITH_RETURN], YES, [RETURN, f.FreightDecided()]),
    ("RF-015", [WITH_RETURN], passed("answer", 5), [AGREE, RETURN, f.FreightDecided()]),
    ("RF-016", [NO_REASON], passed("answer", 2), [AGREE, RETURN, f.FreightDecided()]),
    ("RF-017", [NO_RETURN, EDIT], m.Amended(PROPOSED), [f.AmendmentForwarded(PROPOSED)]),
    ("RF-017", [NO_RETURN, EDIT], m.TradeEnded(True, "buyer"), [closed(f.Ending.WITHDRAWN)]),
    ("RF-017", [NO_RETURN, EDIT], m.TradeEnded(True, "auto_confirm"), []),
    ("RF-069", [WITH_RETURN, RETURN, ONE_BOX], m.ReturnUndone("ret1", A_PIECE), [RETURN]),
    ("RF-069", [WITH_RETURN, RETURN, ONE_BOX], m.ReturnUndone("ret9", A_PIECE), []),
    ("RF-069", [WITH_RETURN, RETURN, TWO_BOXES], m.ReturnUndone("ret2", A_PIECE), [ONE_BOX]),
    ("RF-069", [WITH_RETURN, RETURN, ONE_BOX, EDIT], m.ReturnUndone("ret1", A_PIECE),
     [f.ReturnForgotten(None)]),
    ("RF-018", [NO_RETURN], NO, [EDIT]),
    ("RF-018", [NO_RETURN, EDIT], passed("edit", 7), [closed(f.Ending.LAPSED)]),
    ("RF-019", [NO_RETURN, EDIT], passed("remind", 3), [f.BuyerReminded("edit_refund", T0 + 7 * DAY)]),
    ("RF-019", [NO_RETURN, EDIT], YES, []),
    ("RF-020", [WITH_RETURN, RETURN], passed("send", 7), [closed(f.Ending.LAPSED)]),
    ("RF-021", [WITH_RETURN, RETURN], passed("remind", 3),
     [f.BuyerReminded("register_return", T0 + 7 * DAY)]),
    ("RF-022", [WITH_RETURN, RETURN], SENT, [EXPRESS]),
    ("RF-023", [WITH_RETURN, RETURN, EXPRESS], passed("receive", 10), [DUE]),
    (
        "RF-024",
        [WITH_RETURN, RETURN],
        m.ReturnSent(Carriage.MAIL, None),
        [replace(EXPRESS, receive_by=T0 + 30 * DAY, returned=f.ReturnedGoods(Carriage.MAIL, None, ()))],
    ),
    ("RF-025", [WITH_RETURN, RETURN, EXPRESS], m.ReturnAccepted(()), [DUE]),
    ("RF-025", [WITH_RETURN, RETURN, EXPRESS], m.SellerAgreed(1, m.Stage.RECEIPT, None), [DUE]),
    ("RF-026", [WITH_RETURN, RETURN, EXPRESS], GOODS_NO, [EDIT]),
    ("RF-027", [WITH_RETURN, RETURN, EXPRESS, EDIT], ACCEPTED_TERMS,
     [replace(EXPRESS, filed=filed(RefundKind.WITH_RETURN, terms=ACCEPTED_TERMS.terms), returned=AS_SENT),
      f.ReceiptTermsAmended(filed(RefundKind.WITH_RETURN, terms=ACCEPTED_TERMS.terms), EXPRESS.receive_by)]),
    ("RF-028", [WITH_RETURN, EDIT], ACCEPTED_TERMS,
     [replace(WITH_RETURN, filed=filed(RefundKind.WITH_RETURN, terms=ACCEPTED_TERMS.terms))]),
    ("RF-029", [NO_RETURN, EDIT], m.ReturnAccepted(()), []),
    ("RF-030", [], applied(RefundKind.WITH_RETURN, "exchange"),
     [replace(WITH_RETURN, filed=filed(RefundKind.WITH_RETURN, "exchange")), REFUSE, EDIT]),
    *(("RF-030", [], applied(RefundKind.WITH_RETURN, reason),
       [replace(WITH_RETURN, filed=filed(RefundKind.WITH_RETURN, reason)), REFUSE, EDIT])
      for reason in ("exchange_wanted", "size_exchange")),
    ("RF-031", [NO_RETURN], replace(NO, evidence_count=0), [UNBACKED, EVIDENCE]),
    ("RF-031", [NO_RETURN, UNBACKED], passed("evidence", 3), [f.RefusalUnbacked(T0 + 10 * DAY)]),
    ("RF-031", [NO_RETURN, UNBACKED], m.EvidenceGiven("chat_extract"),
     [f.EvidenceNoted("chat_extract", False)]),
    ("RF-035", [NOT_RECEIVED], m.Remedied("m1", "lost"), [BY_REMEDY, replace(DUE, remedy_id="m1")]),
    ("RF-036", [NOT_RECEIVED], m.GoodsCameBack(), [BY_REMEDY, BACK]),
    ("RF-037", [NOT_RECEIVED], m.Remedied("m1", "out_of_range"), [BY_REMEDY, replace(DUE, remedy_id="m1")]),
    ("RF-038", [NOT_RECEIVED, EDIT], m.GoodsCameBack(),
     [f.RefusalWithdrawn(T0 + 5 * DAY), BY_REMEDY, BACK]),
    ("RF-040", [], applied(RefundKind.NO_RETURN, is_agreed_beforehand=False),
     [NO_RETURN, f.NegotiationAsked("refund_without_return_wanted", T0 + 5 * DAY)]),
    ("RF-041", [], applied(RefundKind.NO_RETURN, is_agreed_beforehand=False, is_partial=True),
     [NO_RETURN, f.NegotiationAsked("partial_refund_wanted", T0 + 5 * DAY)]),
    ("RF-044", [NOT_RECEIVED], m.GoodsCameBack(), [BY_REMEDY, BACK]),
    ("RF-044", [WITH_RETURN], m.GoodsCameBack(), [f.GoodsNoted((Share("a", 1, 0),))]),
    ("RF-044", [NO_RETURN], m.GoodsCameBack(), [f.GoodsNoted((Share("a", 1, 0),))]),
    ("RF-035", [NO_RETURN], m.Remedied("m1", "lost"), []),
    ("RF-035", [THREE_NOT_RECEIVED], m.Remedied("m1", "lost", (Share("a", 1, 0),)),
     [REST, BY_REMEDY, replace(ONE_OF_THREE, remedy_id="m1")]),
    ("RF-044", [THREE_NOT_RECEIVED], m.GoodsCameBack((Share("a", 1, 0),)), [REST, BY_REMEDY, ONE_BACK]),
    ("RF-044", [THREE_NOT_RECEIVED], m.GoodsCameBack((Share("b", 1, 0),)), []),
    ("RF-044", [THREE_NOT_RECEIVED], m.GoodsCameBack((Share("a", 4, 0),)),
     [BY_REMEDY, replace(BACK, shares=(Share("a", 3, 1_000),))]),
    ("RF-038", [THREE_NOT_RECEIVED, EDIT], m.GoodsCameBack((Share("a", 1, 0),)),
     [replace(REST, due_at=T0 + 10 * DAY), f.RefusalWithdrawn(T0 + 5 * DAY), BY_REMEDY, ONE_BACK]),
    ("RF-006", [THREE_UNSHIPPED], m.GoodsCameBack((Share("a", 1, 0),)), [replace(REST, due_at=T0 + 2 * DAY)]),
    ("RF-060", [WITH_RETURN], YES, [RETURN, f.FreightDecided()]),
    ("RF-068", [WITH_RETURN, RETURN, ADVANCED], m.ReturnAccepted(()), [f.FreightDue(Money(120, "CNY")), DUE]),
    ("RF-016", [WITH_RETURN, RETURN], NO, [f.AnswerContested(T0 + 10 * DAY)]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "given_facts", "when", "then"), TABLE, ids=[row[0] for row in TABLE])
def test_rule(rule: str, given_facts: list[Any], when: Any, then: list[Any]) -> None:
    decided = decide(KIND, given_facts, when, when.due_at if isinstance(when, DeadlinePassed) else T0, POLICY)
    if isinstance(when, DeadlinePassed):
        decided = _as_of(decided, when.due_at)
    assert facts_of(decided) == then
    assert not then or any(rule in entry.rules for entry in decided)


def _as_of(decided: Any, moment: datetime) -> Any:
    """A deadline's facts count from its due_at; the table writes them as from T0."""
    shift = moment - T0

    def moved(fact: Any) -> Any:
        if isinstance(fact, f.ReturnAwaited):
            return replace(fact, send_by=fact.send_by - shift, remind_at=fact.remind_at - shift)
        return replace(fact, due_at=fact.due_at - shift) if isinstance(fact, f.RefusalUnbacked) else fact

    return [replace(entry, fact=moved(entry.fact)) for entry in decided]


EARLY: list[tuple[str, list[Any], Any]] = [
    ("before the application", [], YES),
    ("newer terms than known", [NO_RETURN], m.SellerAgreed(2, m.Stage.ANSWER, None)),
    ("refusal of newer terms", [NO_RETURN], m.SellerRefused(2, m.Stage.ANSWER, "worn", 0)),
    ("return before agreement", [WITH_RETURN], SENT),
    ("receipt before return", [WITH_RETURN, RETURN], m.ReturnAccepted(())),
    ("inspection before return", [WITH_RETURN, RETURN], m.GoodsChecked(())),
]


@pytest.mark.parametrize(("given_facts", "when"), [row[1:] for row in EARLY], ids=[row[0] for row in EARLY])
def test_early(given_facts: list[Any], when: Any) -> None:
    with pytest.raises(NotYet):
        decide(KIND, given_facts, when, T0, POLICY)


def test_old_terms_are_ignored() -> None:
    newer = f.AnswerAwaited(
        filed(RefundKind.NO_RETURN, terms=terms(RefundKind.NO_RETURN, version=3)), T0 + DAY
    )
    assert decide(KIND, [newer], m.SellerAgreed(2, m.Stage.ANSWER, None), T0, POLICY) == []
    assert decide(KIND, [newer], m.SellerRefused(2, m.Stage.ANSWER, "worn", 0), T0, POLICY) == []


@pytest.mark.parametrize(
    ("rule", "rules", "when", "answer"),
    [
        ("RF-032", with_agreement(needs_agreement_beforehand=True),
         applied(RefundKind.WITH_RETURN, is_agreed_beforehand=False), f.Answer.REFUSE),
        ("RF-034", POLICY, applied(RefundKind.NOT_RECEIVED, "just_collected"), f.Answer.REFUSE),
        ("RF-014", with_agreement(agree_at_once=frozenset({RefundKind.WITH_RETURN})),
         applied(RefundKind.WITH_RETURN), f.Answer.AGREE),
        ("RF-016", with_agreement(agree_at_once=frozenset({RefundKind.NO_REASON})),
         applied(RefundKind.NO_REASON), f.Answer.AGREE),
    ],
)  # fmt: skip
def test_answered_by_the_shops_policy(rule: str, rules: Policy, when: m.Applied, answer: f.Answer) -> None:
    decided = decide(KIND, [], when, T0, rules)
    answers = [entry for entry in decided if isinstance(entry.fact, f.AnswerDecided)]
    assert [entry.fact.answer for entry in answers] == [answer]
    assert rule in answers[0].rules


@pytest.mark.parametrize("are_unfit", [True, False])
def test_a_policy_that_agrees_at_once_pays_no_goods_that_were_not_accepted(*, are_unfit: bool) -> None:
    """RF-014, RF-023: a changed application about goods that are here waits for the seller's word."""
    rules = with_agreement(agree_at_once=frozenset({RefundKind.WITH_RETURN}))
    here = [WITH_RETURN, EDIT, f.GoodsNoted(A_PIECE, are_unfit=are_unfit)]
    facts = facts_of(decide(KIND, here, ACCEPTED_TERMS, T0, rules))
    kinds = [type(fact).__name__ for fact in facts]
    assert kinds == ["AnswerAwaited", "AnswerDecided", "ReceiptAwaited" if are_unfit else "RefundDue"]
    if are_unfit:
        lapsed = facts_of(decide(KIND, [*here, *facts], passed("receive", 10), T0 + 10 * DAY, rules))
        assert not any(isinstance(fact, f.RefundDue) for fact in lapsed)


def test_fewer_pieces_accepted_pay_their_part() -> None:
    """RF-039: three pieces for 10.00 sent, the warehouse accepts two: 6.66, and a person for the rest."""
    three = filed(RefundKind.WITH_RETURN, terms=terms(RefundKind.WITH_RETURN, count=3))
    found = InspectedLine("a", 3, 2, "resaleable", True, None)
    sent = f.ReceiptAwaited(three, T0 + 10 * DAY, f.ReturnedGoods(Carriage.EXPRESS, None, ()))
    task, due = facts_of(
        decide(
            KIND,
            [WITH_RETURN, sent, f.InspectionNoted((found,))],
            m.ReturnAccepted((Share("a", 3, 0),)),
            T0,
            POLICY,
        )
    )
    assert task == f.PiecesMissing((Share("a", 1, 334),), T0 + 10 * DAY)
    assert due == replace(DUE, amount=Money(666, "CNY"), shares=(Share("a", 2, 666),))


def test_two_parcels_are_counted_together() -> None:
    one = InspectedLine("a", 1, 1, "resaleable", True, None)
    state = after(KIND, [WITH_RETURN, RETURN, EXPRESS, f.InspectionNoted((one,)), f.InspectionNoted((one,))])
    assert state.returned.inspected == (InspectedLine("a", 2, 2, "resaleable", True, None),)


def test_a_deadline_waits_out_its_grace() -> None:
    deadline = Walk(KIND, POLICY, T0)
    deadline.tell(applied(RefundKind.UNSHIPPED))
    (answer,) = deadline.kind.deadlines(deadline.state)
    assert answer.due_at == T0 + 2 * DAY
    assert answer.fires_at - answer.due_at == HOUR / 6


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(messages_of(KIND), st.integers(0, 3_000)), max_size=25))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    walk = Walk(KIND, POLICY, T0)
    for message, minutes in history:
        before = walk.state
        count = len(walk.facts)
        walk.tell(message, minutes * MINUTE)
        for fact, (source, _) in zip(walk.facts[count:], walk.moves[count:], strict=True):
            if isinstance(fact, f.RefundDue):
                assert isinstance(source, c.AwaitingAnswer | c.AwaitingReceipt), ("RF-029", before)
                assert fact.amount.minor <= source.filed.terms.amount.minor
        is_over = isinstance(walk.state, c.Absent | c.TurnedAway | c.Granted | c.Closed)
        assert is_over != bool(walk.kind.deadlines(walk.state))
    assert sum(isinstance(fact, f.RefundDue) for fact in walk.facts) <= 1
    walk.run_out()
    assert isinstance(walk.state, c.Absent | c.TurnedAway | c.Granted | c.Closed)
