"""A service made ready to run: codecs built, names resolved, every mistake of wiring found at start."""

from typing import Any

from aftersales_contracts.registry import encode
from chassis.codec import Codec
from chassis.lanes import Unreadable
from chassis.records import Cause, FactRecord
from chassis.service import Kind, Service
from chassis.vocabulary import Addressed, CaseView


class Wiring:
    """Look-ups over one service, made once per process.

    Raises ValueError for a service that is wired wrongly: two kinds of one name, an announcement
    or hand-over of a class that is not among the kind's facts, an ended state that is no state.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.source = f"aftersales/{service.name}"
        self.kinds: dict[str, Kind] = {}
        self.ended: dict[str, frozenset[type]] = {}
        self.codecs: dict[str, Codec] = {}
        for kind in service.kinds:
            if kind.name in self.kinds:
                raise ValueError(f"two kinds are called {kind.name}")
            strangers = (set(kind.announces) | set(kind.hands_on)) - set(kind.facts)
            strangers |= set(kind.ended) - set(kind.states)
            if strangers:
                raise ValueError(f"{kind.name} does not know {sorted(map(repr, strangers))}")
            self.kinds[kind.name] = kind
            self.ended[kind.name] = frozenset(kind.ended)
            initial = type(kind.decider.initial)
            states = kind.states if initial in kind.states else (*kind.states, initial)
            self.codecs[kind.name] = Codec((*states, *kind.messages, *kind.facts))

    def stored(self, address: Addressed) -> tuple[str, str]:
        """Class name and JSON of a message, as it is kept."""
        message = address.message
        if isinstance(message, Unreadable):
            return message.name, message.data
        return type(message).__name__, self.codecs[address.kind].encode(message)

    def record(self, kind: Kind, fact: Any, view: CaseView, cause: Cause) -> FactRecord:
        """The row of a fact; what it announces is built here, so that a wrong outcome fails its rule."""
        fact_class = type(fact)
        announce = kind.announces.get(fact_class)
        event_type = event_key = event = None
        if announce is not None:
            outcome = announce(fact, view)
            event_type, event_key, event = outcome.TYPE, outcome.subject_of(), encode(outcome).decode()
        return FactRecord(
            view.subject, kind.name, view.case_id, view.version, fact_class.__name__, view.at,
            self.codecs[kind.name].encode(fact), ",".join(view.rules), view.policy_version, cause,
            event_type, event_key, event,
        )  # fmt: skip
