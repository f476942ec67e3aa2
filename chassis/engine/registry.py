"""Prepares a service to run: builds codecs, resolves names, finds every mistake in the declaration."""

from typing import Any

import msgspec

from aftersales_contracts.registry import encode
from chassis.engine.codec import Codec
from chassis.engine.records import Cause, FactRecord
from chassis.engine.subject import Unreadable
from chassis.service import Kind, Service
from kernel.decider import Addressed, CaseView, Told


class Registry:
    """Looks things up in one service; made once per process.

    Raises ValueError for a wrong declaration: two kinds of one name, an announcement or reaction of a class
    that is not among the kind's facts, an ended state or a pictured one that is not a state.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.source = f"aftersales/{service.name}"
        self.kinds: dict[str, Kind[Any, Any, Any, Any]] = {}
        self.ended: dict[str, frozenset[type]] = {}
        self.codecs: dict[str, Codec] = {}
        for kind in service.kinds:
            if kind.name in self.kinds:
                raise ValueError(f"two kinds are called {kind.name}")
            strangers = (set(kind.announces) | set(kind.tells)) - set(kind.facts)
            strangers |= (set(kind.ended_states) | set(kind.pictures)) - set(kind.states)
            if strangers:
                raise ValueError(f"{kind.name} does not know {sorted(map(repr, strangers))}")
            self.kinds[kind.name] = kind
            self.ended[kind.name] = frozenset(kind.ended_states)
            initial = type(kind.initial)
            states = kind.states if initial in kind.states else (*kind.states, initial)
            self.codecs[kind.name] = Codec((*states, *kind.messages, *kind.facts))

    def stored(self, address: Addressed) -> tuple[str, str]:
        """Encodes a message for storage: class name and JSON."""
        message = address.message
        if isinstance(message, Unreadable):
            return message.name, message.data
        return type(message).__name__, self.codecs[address.kind].encode(message)

    def record(
        self, kind: Kind[Any, Any, Any, Any], fact: Any, view: CaseView[Any], cause: Cause
    ) -> FactRecord:
        """Builds the row of a fact, with the outcome. A wrong outcome so fails its own rule."""
        fact_class = type(fact)
        announce = kind.announces.get(fact_class)
        event_type = event_key = event = None
        if announce is not None:
            outcome = announce(fact, view)
            event_type, event_key, event = outcome.TYPE, outcome.subject_of(), encode(outcome).decode()
        return FactRecord(
            view.subject, kind.name, view.case_id, view.version, fact_class.__name__, view.at,
            self._data(kind.name, fact), ",".join(view.rules), view.policy_version, cause,
            event_type, event_key, event,
        )  # fmt: skip

    def _data(self, kind_name: str, fact: Any) -> str:
        """Encodes a fact. A `Told` fact lists its messages with their classes."""
        if not isinstance(fact, Told):
            return self.codecs[kind_name].encode(fact)
        messages = [
            {
                "kind": told.kind,
                "case_id": told.case_id,
                "message": type(told.message).__name__,
                "data": told.message,
            }
            for told in fact.messages
        ]
        return msgspec.json.encode({"messages": messages}).decode()
