"""Merges the decisions of all cases about an order into one timeline, in words. Pure.

An entry is what one event or deadline brought about in one case. Entries that announce nothing and follow no
deadline are inside; they are left out unless they are asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from aftersales_contracts import catalogue
from aftersales_contracts.aftersales.common import CaseChangedV1
from cli import speech, words
from cli.history import CaseStory, Cause, Step
from cli.speech import Both

REASONS = ("reason_code", "cause_code", "question_code", "outcome", "status")
"""Fields that are told first: they answer why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that an entry applied, with its short text."""

    id: str
    text: Both | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Holds what one event or deadline brought about in one case."""

    at: datetime
    service: str
    kind: str
    case_id: str
    cause: Both
    cause_id: str
    decided: Sequence[tuple[Both, Both]]
    """Each decision with its details."""
    status: Both | None
    """The status that people see from then on, where it changed."""
    rules: Sequence[Rule]
    is_inside: bool


def related(stories: Iterable[CaseStory]) -> list[str]:
    """Names the parcels that these cases speak of, as the subjects of their cases: `carrier/code`."""
    found = {subject for story in stories for step in story.steps for subject in _parcels(step.data)}
    return sorted(found - {story.subject for story in stories})


def _parcels(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _parcels(each)
    elif isinstance(value, dict):
        carrier, code = value.get("carrier_code"), value.get("tracking_code")
        if isinstance(carrier, str) and isinstance(code, str):
            yield f"{carrier}/{code}"
        for each in value.values():
            yield from _parcels(each)


def merged(stories: Iterable[CaseStory]) -> list[Entry]:
    """Orders all entries by time."""
    steps = [step for story in stories for step in story.steps]
    steps.sort(key=lambda step: (step.at, step.service, step.kind, step.case_id, step.version))
    entries: list[Entry] = []
    for _, group in groupby(
        steps, key=lambda step: (step.at, step.service, step.kind, step.case_id, step.cause)
    ):
        entries.append(_entry(list(group)))
    return entries


def _entry(steps: Sequence[Step]) -> Entry:
    first = steps[0]
    decided = [step for step in steps if step.announced != CaseChangedV1.TYPE]
    changes = [step.event or {} for step in steps if step.announced == CaseChangedV1.TYPE]
    status = None
    if changes and changes[-1].get("previous_status") != changes[-1].get("status"):
        status = speech.status(first.kind, str(changes[-1].get("status")))
    return Entry(
        first.at, first.service, first.kind, first.case_id,
        cause(first.cause), first.cause.id, [(headline(step), details(step)) for step in decided], status,
        rules(rule for step in decided for rule in step.rules),
        first.cause.type != "deadline" and not any(step.announced for step in steps),
    )  # fmt: skip


def cause(of: Cause) -> Both:
    """Says the cause of a decision: an event and who told it, or a deadline."""
    if of.type == "deadline":
        end = speech.deadline(deadline_of(of))
        return Both(f"期限已到：{end.zh}", f"the time is over: {end.en}")
    title = speech.event(of.type)
    return Both(f"{title.zh}（{of.source}）", f"{title.en} (from {of.source})")


def deadline_of(of: Cause) -> str:
    """Names the deadline that caused a decision as the catalogue does: `KIND.NAME`."""
    kind, _, rest = of.id.partition("/")
    return f"{kind}.{rest.rpartition('/')[2]}"


def headline(step: Step) -> Both:
    """Says what was decided: the announced event, or the name of the fact."""
    return speech.event(step.announced) if step.announced else speech.same(words.spoken(step.name).lower())


def details(step: Step) -> Both:
    """The values that say most, reasons first."""
    data = step.event or step.data
    ordered = {name: data[name] for name in REASONS if name in data} | data
    return speech.gist(ordered)


def rules(ids: Iterable[str]) -> list[Rule]:
    """Gives each rule its short text, each once, in their order."""
    texts = catalogue.rules()
    return [
        Rule(rule, Both(texts[rule].zh, texts[rule].en) if rule in texts else None)
        for rule in dict.fromkeys(ids)
    ]


def refusals(stories: Iterable[CaseStory]) -> list[tuple[Step, Both]]:
    """Finds what was turned away, refused or declined, each with its reason."""
    found: list[tuple[Step, Both]] = []
    for story in stories:
        for step in story.steps:
            event: Mapping[str, Any] = step.event or {}
            if step.announced and event.get("reason_code") and step.announced.split(".")[2] in TURNED_AWAY:
                found.append((step, speech.said("values", str(event["reason_code"]))))
    return found


TURNED_AWAY = frozenset({"rejected", "answer-declined", "declined", "refused"})
"""Last words of the types that say no."""
