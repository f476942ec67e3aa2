"""Holds the words that people read, in Chinese and English, as data: one TOML file for each topic.

A topic is a class of entries here, a line in `TOPICS`, and a file `TOPIC.toml` beside this module, with one
table for each code. `aftersales_contracts.generate` publishes each topic as `catalogue/TOPIC.json`. Codes are
never renamed.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Word = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^\S(.*\S)?$")]
LANGUAGES = ("zh", "en")
T = TypeVar("T", bound="Text")


class Text(BaseModel):
    """A text in both languages. `zh` is what a buyer or an agent in China reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    zh: Word
    en: Word

    def text(self, language: str) -> str:
        """Gives the text in one of `LANGUAGES`."""
        return self.zh if language == "zh" else self.en


class Answer(Text):
    """An answer that a question allows; its code is the `outcome_code` of `shop.task.completed.v1`."""

    effect: Text
    """Says what we do on this answer."""
    needs: tuple[str, ...] = Field(default=(), strict=False)
    """Fields of `shop.task.completed.v1` that this answer must carry."""
    takes: tuple[str, ...] = Field(default=(), strict=False)
    """Fields that this answer may carry, and that have an effect."""
    is_noted: bool = False
    """The answer ends the task, and the case does not change by it."""


class Question(Text):
    """A question to a person; its code is the `question_code` of `aftersales.task.requested.v1`."""

    kind_codes: tuple[Literal["attention", "approval", "assessment", "reconciliation"], ...] = Field(
        min_length=1, strict=False
    )
    """The kinds of task, for routing: one, unless two kinds of case ask the question in two ways."""
    asked_by: tuple[str, ...] = Field(min_length=1, strict=False)
    """The kinds of case that ask, as `case_kind` names them."""
    answers: Mapping[str, Answer] = Field(default_factory=dict[str, Answer])
    """The allowed answers, by code."""
    events: tuple[str, ...] = Field(default=(), strict=False)
    """Types of events whose arrival answers the question too; the task is withdrawn then."""


class Status(Text):
    """A status of a kind of case; the code is `KIND.STATUS`, both as `case.changed` says them."""


class Ending(Text):
    """A way in which a case of a kind ends; the code is `KIND.ENDING`."""


class Action(Text):
    """Something that buyer or seller can do; the code is one of `allowed_action_codes`."""


class Deadline(Text):
    """A deadline of a kind of case; the code is `KIND.NAME`. The text says for what it leaves time."""

    on_expiry_code: str
    end: Text
    """Says what happens at its end if nothing comes."""
    waits_for: str
    """The role that has the time, as `Role` names it."""
    extendable_by: tuple[str, ...] = Field(default=(), strict=False)
    """The sides that may give more time by `shop.deadline.extended.v1`."""
    is_shown: bool = True
    """Whether `case.changed` tells of it. One that only repeats or reminds stays inside."""


class EventType(Text):
    """A type of event; the text is a title of what happened."""


class CaseKind(Text):
    """A kind of case, by the `case_kind` of outcomes."""


class Name(Text):
    """The name of a field of our outcomes."""


class Value(Text):
    """A value of such fields: a role, a reason, an outcome. A code means the same in every field."""


class LeftOut(Text):
    """A kind of case without `case.changed`, by its name; the text says why."""


class DeadLetter(Text):
    """A reason of dead letters."""

    advice: Text
    """Says what to do about it."""


TOPICS: Mapping[str, type[Text]] = {
    "questions": Question,
    "statuses": Status,
    "endings": Ending,
    "actions": Action,
    "deadlines": Deadline,
    "left-out": LeftOut,
    "events": EventType,
    "kinds": CaseKind,
    "fields": Name,
    "values": Value,
    "dead-letters": DeadLetter,
    "rules": Text,
}
"""Topic -> the class of its entries."""


def entries(topic: str, of: type[T]) -> Mapping[str, T]:
    """Reads a topic: its entries by code, in the order of the file. A fault in the file raises."""
    text = resources.files(__name__).joinpath(f"{topic}.toml").read_text(encoding="utf-8")
    return {code: of.model_validate(entry) for code, entry in tomllib.loads(text).items()}


@cache
def questions() -> Mapping[str, Question]:
    """All questions that our cases ask people, by `question_code`; read once."""
    return entries("questions", Question)


@cache
def deadlines() -> Mapping[str, Deadline]:
    """All deadlines of our cases, by `KIND.NAME`; read once."""
    return entries("deadlines", Deadline)


@cache
def dead_letters() -> Mapping[str, DeadLetter]:
    """The reasons of dead letters, by `Reason`; read once."""
    return entries("dead-letters", DeadLetter)


@cache
def rules() -> Mapping[str, Text]:
    """A short text of each rule that is applied, by rule id; read once."""
    return entries("rules", Text)


def published(topic: str) -> dict[str, object]:
    """Gives a topic as plain data for readers in other languages."""
    return {code: entry.model_dump(mode="json") for code, entry in entries(topic, TOPICS[topic]).items()}
