"""The README of reviews says what the rules do."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import services.reviews
from chassis.service import Kind
from services.reviews.cases.credit_account.border import CREDIT_ACCOUNT
from services.reviews.cases.credit_pair.border import CREDIT_PAIR
from services.reviews.cases.review import messages as m
from services.reviews.cases.review.border import REVIEW
from services.reviews.cases.review_followup import messages as f
from services.reviews.cases.review_followup.border import REVIEW_FOLLOWUP
from services.reviews.review_book import Rater, Rating
from services.reviews.service import REVIEWS
from tests.services.diagrams import Readme, explored

T0 = datetime(2026, 3, 1, tzinfo=UTC)
README = Readme(REVIEWS, Path(services.reviews.__file__).with_name("README.md"))

MESSAGES: dict[str, list[object]] = {
    "review": [
        m.Placed("c1", "a1", is_mall=False, lines=(("l1", "p1"), ("l2", "p2"))),
        m.Succeeded(("l1",)),
        m.Succeeded(()),
        m.Closed(()),
        m.Given("r1", Rater.BUYER, Rating.BAD, "l1", has_photos=False),
        m.Changed("r1", Rating.GOOD),
    ],
    "review-followup": [
        f.Negative("o1", "r1", "c1"),
        f.Resolved("r1", f.Outcome.CHANGED),
        f.ContactResolved("followup.o1.1", "suppressed", "call", "refused_contact"),
        f.HarassmentReported(),
        f.Explained(is_settled=True),
    ],
}


def test_the_readme_names_everything() -> None:
    README.check_words()


@pytest.mark.parametrize("kind", [REVIEW, REVIEW_FOLLOWUP], ids=lambda kind: kind.name)
def test_the_diagram_is_what_the_rules_do(kind: Kind[Any, Any, Any, Any]) -> None:
    _, policy = REVIEWS.policies.choose("s1", T0)
    edges, names = explored(kind, MESSAGES[kind.name], policy, T0)
    assert README.edges(kind.name) == edges
    assert [name for name in names if f"*{name}*" not in README.sections[kind.name]] == []


@pytest.mark.parametrize("kind", [CREDIT_PAIR, CREDIT_ACCOUNT], ids=lambda kind: kind.name)
def test_ledgers_have_one_state_and_no_deadline(kind: Kind[Any, Any, Any, Any]) -> None:
    assert len(kind.states) == 1
    assert list(kind.deadlines(kind.initial)) == []
    assert "ledger" in README.sections[kind.name]
