"""The catalogue and the code have the same questions; the allowed answers are words of the rules."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from aftersales_contracts.aftersales.common import TaskRequestedV1
from aftersales_contracts.catalogue import Question, questions
from services.customers.cases.promise import rules as promise
from services.logistics.cases.courier_claim import rules as courier_claim
from services.logistics.cases.lost_parcel import rules_loss
from services.logistics.cases.stock_shortage import rules as stock_shortage
from services.refunds.cases.order import rules_beside, rules_questions
from services.refunds.cases.refund_agreement import rules_parcels
from tests.histories import crossings

SERVICES = Path(__file__).parents[2] / "services"
QUESTIONS = questions()
ASKING = {
    *("Task", "reconciliation", "draw", "task", "PersonAsked", "SumDisputed", "PaymentDisputed", "_question"),
    *("_reconciled", "_asked", "_person"),
}
MADE_OF_WORDS = {"address_unchecked", "address_wrong", "out_of_range", "address_problem"}
"""Questions whose code is put together, or is the status of a parcel."""
HANDED_OVER = {
    "other_amount_settled": "refund-intent",
    "paid_twice": "refund-intent",
    "paid_while_asked": "refund-intent",
    "paid_after_abandoning": "refund-intent",
    "exchange_breached": "exchange",
}
"""Questions that the order asks for another kind, which chooses the code."""


def folder(kind: str) -> Path:
    (found,) = SERVICES.glob(f"*/cases/{kind.replace('-', '_')}")
    return found


def trees(kind: str) -> Iterator[ast.AST]:
    for path in folder(kind).glob("*.py"):
        yield from ast.walk(ast.parse(path.read_text("utf-8")))


def words(kind: str) -> set[str]:
    """Finds every text of a kind, and its states in small letters, which name the looks of a person."""
    found = set[str]()
    for node in trees(kind):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.ClassDef):
            found.add(node.name.lower())
    return found


def asked_in_code() -> set[str]:
    """Finds the codes that are written where a question is asked."""
    found = set[str]()
    for path in SERVICES.glob("*/cases/*/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and called(node) in ASKING:
                found |= {text for text in map(text_of, node.args) if "_" in text}
            for keyword in node.keywords if isinstance(node, ast.Call) else ():
                if keyword.arg == "question_code" and text_of(keyword.value):
                    found.add(text_of(keyword.value))
    return found


def text_of(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_every_question_that_is_written_in_the_code_is_in_the_catalogue() -> None:
    found = asked_in_code()
    assert len(found) > 40
    assert found - set(QUESTIONS) == set()


@pytest.mark.parametrize(("code", "question"), QUESTIONS.items())
def test_a_question_of_the_catalogue_is_known_to_each_kind_that_asks_it(
    code: str, question: Question
) -> None:
    for kind in question.asked_by:
        assert code in MADE_OF_WORDS or code in words(HANDED_OVER.get(code, kind)), kind


def test_what_the_stories_ask_is_in_the_catalogue_and_asked_by_its_kinds() -> None:
    seen = set[str]()
    for crossing in crossings.ALL.values():
        for told in [said.event for said in crossing.play().story]:
            if isinstance(told, TaskRequestedV1):
                seen.add(told.question_code)
                question = QUESTIONS[told.question_code]
                assert told.case_kind in question.asked_by
                assert told.kind_code in question.kind_codes
    assert seen


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("surplus_paid", rules_beside.GIVE_BACK | rules_beside.KEEP),
        ("paid_after_close", rules_beside.GIVE_BACK | rules_beside.KEEP),
        ("removed_lines_paid", rules_beside.GIVE_BACK | rules_beside.KEEP),
        ("payment_in_another_currency", rules_beside.GIVE_BACK | rules_beside.KEEP | {"count"}),
        ("refund_in_another_currency", rules_beside.KEEP | {"count"}),
        ("paid_beyond_account", rules_beside.CONFIRM),
        ("paid_twice", rules_beside.CONFIRM | rules_beside.NOT_MOVED),
        ("goods_back_without_refund", rules_questions.PAY | rules_questions.SEND),
        ("remedy_without_open_order", rules_questions.PAY | rules_questions.SEND),
        ("not_received_but_delivered", rules_parcels.YES | {"refused"}),
        ("lost_parcel_report", rules_loss.YES | rules_loss.NO),
        ("loss_memo_by_hand", rules_loss.YES | rules_loss.NO),
        ("presume_lost", rules_loss.YES | {"found"}),
        ("repay_courier", courier_claim.DONE),
        ("file_claim_by_hand", courier_claim.DONE | {"refused"}),
        ("shortage_choice", stock_shortage.SETTLED | {"wait", "refund"}),
        ("was_promise_kept", set(promise.ANSWERS)),
    ],
)
def test_the_allowed_answers_are_words_that_the_rules_take(code: str, allowed: set[str]) -> None:
    answers = QUESTIONS[code].answers
    assert answers
    assert set(answers) <= allowed
