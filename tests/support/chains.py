"""Checks how people see cases: each `case.changed` goes on where the one before ended, in known words."""

from dataclasses import dataclass, field

from aftersales_contracts import catalogue
from aftersales_contracts.aftersales.common import CaseChangedV1

WORDS = {topic: set(catalogue.published(topic)) for topic in ("statuses", "endings", "actions", "deadlines")}


def unknown_words(event: CaseChangedV1) -> list[str]:
    """Lists the words that the catalogue does not have."""
    kind = event.case_kind
    used = [("statuses", f"{kind}.{event.status}")]
    used += [("statuses", f"{kind}.{event.previous_status}")] if event.previous_status else []
    used += [("endings", f"{kind}.{event.ending}")] if event.ending else []
    used += [("actions", code) for code in event.allowed_action_codes]
    used += [("deadlines", f"{kind}.{each.name}") for each in event.deadlines]
    return [word for topic, word in used if word not in WORDS[topic]]


@dataclass
class Chains:
    """The last picture of every case."""

    last: dict[tuple[str, str], CaseChangedV1] = field(default_factory=dict[tuple[str, str], CaseChangedV1])

    def fault(self, event: CaseChangedV1) -> str:
        """Takes the next picture of a case; says what is wrong with it, or nothing."""
        place = (event.case_kind, event.case_id)
        before = self.last.get(place)
        self.last[place] = event
        status = None if before is None else before.status
        if event.previous_status != status:
            return f"{place} was {status}, and says that it was {event.previous_status}"
        if before is not None and event.case_version <= before.case_version:
            return f"{place} has version {event.case_version} after {before.case_version}"
        if before is not None and _sight(before) == _sight(event):
            return f"{place} announces what is seen already"
        if event.ending is not None and event.waits_for is not None:
            return f"{place} ended and waits for {event.waits_for}"
        words = unknown_words(event)
        return f"{place} uses unknown words: {words}" if words else ""


def _sight(event: CaseChangedV1) -> object:
    return event.model_dump(exclude={"case_version", "rule_ids", "previous_status"})
