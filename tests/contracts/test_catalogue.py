"""The catalogue's texts are whole in both languages, and its fields and types exist."""

import csv
import json
import re
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from aftersales_contracts import catalogue
from aftersales_contracts.base import Event
from aftersales_contracts.catalogue import TOPICS, Answer, Question, Text
from aftersales_contracts.reasons import Reason
from aftersales_contracts.registry import EVENTS
from aftersales_contracts.shop.desk import TaskCompletedV1

FOLDER = Path(__file__).parents[2] / "contracts/catalogue"
HAN = re.compile(r"[\u4e00-\u9fff]")
QUESTIONS = catalogue.questions()
ANSWERS = [
    (f"{code}.{word}", one) for code, asked in QUESTIONS.items() for word, one in asked.answers.items()
]


def texts(entry: object) -> list[Text]:
    """Finds the entry's texts, and those within it."""
    if isinstance(entry, Text):
        return [entry, *(found for _, value in entry for found in texts(value))]
    if isinstance(entry, dict):
        return [found for value in entry.values() for found in texts(value)]
    return []


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_published_and_bilingual(topic: str) -> None:
    entries = catalogue.entries(topic, TOPICS[topic])

    assert entries
    assert json.loads((FOLDER / f"{topic}.json").read_text(encoding="utf-8")) == catalogue.published(topic)
    for code, entry in entries.items():
        for text in texts(entry):
            assert HAN.search(text.text("zh")), f"{topic} {code}: {text.zh}"
            assert not HAN.search(text.text("en")), f"{topic} {code}: {text.en}"


@pytest.mark.parametrize(("name", "answer"), ANSWERS)
def test_an_answer_names_fields_of_the_completed_task(name: str, answer: Answer) -> None:
    fields = {*answer.needs, *answer.takes}

    assert fields <= set(TaskCompletedV1.model_fields), name
    assert len(fields) == len(answer.needs) + len(answer.takes), name


@pytest.mark.parametrize(("code", "question"), QUESTIONS.items())
def test_a_question_can_be_answered_by_codes_or_known_events(code: str, question: Question) -> None:
    assert question.answers or question.events, code
    assert set(question.events) <= set(EVENTS), code


def test_every_type_of_event_has_a_title() -> None:
    assert list(catalogue.published("events")) == sorted(EVENTS)


def told(of: type[Event]) -> set[tuple[str, type[Any]]]:
    """The fields of a type of event, those within them too, each with a class in its type."""
    found: set[tuple[str, type[Any]]] = set()

    def look(name: str, kind: Any) -> None:
        for part in get_args(kind):
            look(name, part)
        if isinstance(kind, type) and (name, kind) not in found:
            found.add((name, kind))
            if issubclass(kind, BaseModel):
                for each, field in kind.model_fields.items():
                    look(each, field.annotation)

    look("", of)
    return found


OUTCOMES = [event for code, event in EVENTS.items() if code.startswith("aftersales.")]


def test_every_value_of_our_outcomes_has_words() -> None:
    """Reasons of open lists are looked for where they are announced: tests/services/test_words.py."""
    enums = {kind for event in OUTCOMES for _, kind in told(event) if issubclass(kind, Enum)}
    assert len(enums) > 40
    missing = {str(member.value) for kind in enums for member in kind} - set(catalogue.published("values"))
    assert missing == set()


def test_every_name_of_a_field_is_one_of_our_outcomes() -> None:
    names = {name for event in OUTCOMES for name, _ in told(event)}
    assert set(catalogue.published("fields")) - names == set()


def test_every_rule_that_is_applied_has_a_short_text() -> None:
    """P10: no rule id is shown without words: rules that are done or partly done have a text, no others."""
    with (Path(__file__).parents[2] / "docs/rules.csv").open(encoding="utf-8", newline="") as register:
        applied = {row["id"] for row in csv.DictReader(register) if row["state"] in {"done", "partly"}}
    assert applied - set(catalogue.rules()) == set(), "no text"
    assert set(catalogue.rules()) - applied == set(), "not applied"
    assert all(len(text.en) <= 110 and len(text.zh) <= 60 for text in catalogue.rules().values())


def test_every_reason_of_dead_letters_says_what_to_do() -> None:
    assert set(catalogue.dead_letters()) == {reason.value for reason in Reason}
