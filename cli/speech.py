"""Says codes, fields and events in Chinese and English, by the catalogue of the contracts."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from aftersales_contracts import catalogue
from cli import words

GIST_MAX = 3


class Both(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str

    def text(self, language: str) -> str:
        """Gives the text in `zh` or `en`."""
        return self.zh if language == "zh" else self.en


def same(text: str) -> Both:
    """Takes a text that is alike in both: a number, an id, a moment."""
    return Both(text, text)


@cache
def _topic(topic: str) -> Mapping[str, catalogue.Text]:
    return catalogue.entries(topic, catalogue.TOPICS[topic])


def of(topic: str, code: str) -> Both | None:
    """Finds the text of a code; None where the catalogue does not know it."""
    found = _topic(topic).get(code)
    return None if found is None else Both(found.zh, found.en)


def said(topic: str, code: str, name: str = "") -> Both:
    """Says a code, or `name` for it; one that the catalogue does not know keeps its own words."""
    return of(topic, code) or same(words.spoken(name or code).lower())


def event(event_type: str) -> Both:
    """Says a type of event: what happened."""
    return said("events", event_type, words.short_type(event_type).replace(".", ": "))


def kind(name: str) -> Both:
    """Says a kind of case."""
    return said("kinds", name)


def status(kind_name: str, code: str) -> Both:
    """Says a status of a kind of case."""
    return said("statuses", f"{kind_name}.{code}", code)


def deadline(code: str) -> Both:
    """Says a deadline, `KIND.NAME`: for what it leaves time."""
    return said("deadlines", code, code.rpartition(".")[2])


def deadline_end(code: str) -> Both | None:
    """Says what happens at the end of a deadline if nothing comes; None of one that is not known."""
    found = catalogue.deadlines().get(code)
    return None if found is None else Both(found.end.zh, found.end.en)


def gist(data: Mapping[str, Any]) -> Both:
    """The few values of an event that say most: amounts, outcomes, reasons and moments, no ids."""
    told = list(_pairs(data))[:GIST_MAX]
    return Both(
        "，".join(f"{name.zh} {value.zh}" for name, value in told),
        ", ".join(f"{name.en} {value.en}" for name, value in told),
    )


def _pairs(data: Mapping[str, Any]) -> Iterator[tuple[Both, Both]]:
    for name, value in data.items():
        if name in words.HIDDEN or name.endswith(words.UNTOLD) or value is None:
            continue
        text = _value(name, value)
        if text.en:
            yield said("fields", name, words.field_words(name)), text


def _value(name: str, value: Any) -> Both:
    if name == "question_code":
        return said("questions", str(value))
    if isinstance(value, bool):
        return Both("是", "yes") if value else Both("否", "no")
    if isinstance(value, str) and (found := of("values", value)):
        return found
    return same(words.length_words(name, value) or words.value_words(value))
