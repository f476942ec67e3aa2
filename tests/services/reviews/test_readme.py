"""The README of reviews says what the rules do."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import services.reviews
from chassis.service import Kind
from services.reviews.service import REVIEWS
from tests.services.diagrams import Readme, explored, messages_of

T0 = datetime(2026, 3, 1, tzinfo=UTC)
README = Readme(REVIEWS, Path(services.reviews.__file__).with_name("README.md"))


MESSAGES = {kind.name: messages_of("reviews", kind.name) for kind in REVIEWS.kinds}
KINDS = [kind for kind in REVIEWS.kinds if MESSAGES[kind.name] is not None]
LEDGERS = [kind for kind in REVIEWS.kinds if MESSAGES[kind.name] is None]


def test_the_readme_names_everything() -> None:
    README.check_words()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_diagram_is_what_the_rules_do(kind: Kind[Any, Any, Any, Any]) -> None:
    _, policy = REVIEWS.policies.choose("s1", T0)
    edges, names = explored(kind, MESSAGES[kind.name] or (), policy, T0)
    assert README.edges(kind.name) == edges
    assert [name for name in names if f"*{name}*" not in README.sections[kind.name]] == []


@pytest.mark.parametrize("kind", LEDGERS, ids=lambda kind: kind.name)
def test_ledgers_have_one_state_and_no_deadline(kind: Kind[Any, Any, Any, Any]) -> None:
    assert len(kind.states) == 1
    assert list(kind.deadlines(kind.initial)) == []
    assert "ledger" in README.sections[kind.name]
