"""Announces how people see a case that moved: `case.changed`, once a decision, where anything differs.

The picture is computed from the state, before the decision and after it, and from nothing else. So the status
before is exact, whatever was announced earlier, and the chain of a case has no gap.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec

from aftersales_contracts import catalogue
from aftersales_contracts.aftersales.common import CaseChangedV1
from aftersales_contracts.moments import utc_text
from chassis.engine.records import Cause, FactRecord
from chassis.service import Kind
from kernel.decider import CaseView, Deadline
from kernel.picture import Picture, PictureChanged

Terms = Mapping[str, catalogue.Deadline]
"""The deadlines of a kind that people see, by name."""


class Shown(NamedTuple):
    """All that people see of a case: two that are equal need no announcement."""

    picture: Picture
    deadlines: tuple[tuple[datetime, str], ...]
    """(moment, name) of the deadlines that people see, the earliest first."""


@cache
def terms_of(kind_name: str) -> Terms:
    """Finds the deadlines of a kind that people see."""
    prefix = f"{kind_name}."
    return {
        code.removeprefix(prefix): terms
        for code, terms in catalogue.deadlines().items()
        if code.startswith(prefix) and terms.is_shown
    }


def shown(
    kind: Kind[Any, Any, Any, Any], state: Any, deadlines: Sequence[Deadline] | None = None
) -> Shown | None:
    """Tells what people see of a case in this state; None where there is nothing to see."""
    picture = kind.picture(state)
    if picture is None:
        return None
    listed = kind.deadlines(state) if deadlines is None else deadlines
    if not listed:
        return Shown(picture, ())
    terms = terms_of(kind.name)
    due = [(each.due_at, each.name) for each in listed if each.name in terms]
    due.sort()
    return Shown(picture, tuple(due))


class _Part(msgspec.Struct, gc=False):
    name: str
    due_at: str
    on_expiry_code: str
    waits_for: str
    is_extendable: bool


class _Data(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """The fields of `CaseChangedV1` in their order, written without its checks.

    Every value is a word of a table or of the catalogue, or stands in other outcomes of the same case; a test
    writes each picture both ways. Moments are texts already.
    """

    case_id: str
    case_kind: str
    case_version: int
    shop_id: str
    rule_ids: tuple[str, ...]
    policy_version: str
    about_subject: str
    order_id: str | None = None
    customer_id: str | None = None
    status: str
    previous_status: str | None = None
    ending: str | None = None
    phase: str
    waits_for: str | None = None
    deadlines: list[_Part]
    allowed_action_codes: tuple[str, ...]


_ENCODER = msgspec.json.Encoder()


def case_changed(
    kind: Kind[Any, Any, Any, Any], view: CaseView[Any], after: Shown, previous_status: str | None
) -> str:
    """Writes the data of the outcome."""
    picture, about = after.picture, kind.about(view)
    terms = terms_of(kind.name)
    parts: list[_Part] = []
    for due_at, name in after.deadlines:
        term = terms[name]
        is_extendable = bool(term.extendable_by)
        parts.append(_Part(name, utc_text(due_at), term.on_expiry_code, term.waits_for, is_extendable))
    return _ENCODER.encode(
        _Data(
            case_id=view.case_id,
            case_kind=view.kind,
            case_version=view.version,
            shop_id=about.get("shop_id", view.shop_id),
            rule_ids=view.rules,
            policy_version=view.policy_version,
            about_subject=view.subject,
            order_id=about.get("order_id"),
            customer_id=about.get("customer_id"),
            status=picture.status,
            previous_status=previous_status,
            ending=picture.ending or None,
            phase=picture.phase,
            waits_for=picture.waits_for or None,
            deadlines=parts,
            allowed_action_codes=picture.actions,
        )
    ).decode()


def picture_changed(
    kind: Kind[Any, Any, Any, Any], before: Shown | None, after: Shown, view: CaseView[Any], cause: Cause
) -> FactRecord:
    """Builds the row of the fact that people see the case otherwise, with the outcome."""
    previous_status = None if before is None else before.picture.status
    fact = PictureChanged(after.picture.status, previous_status, after.deadlines)
    return FactRecord(
        view.subject, view.kind, view.case_id, view.version, "PictureChanged", view.at,
        _ENCODER.encode(fact).decode(), ",".join(view.rules), view.policy_version, cause,
        CaseChangedV1.TYPE, view.subject, case_changed(kind, view, after, previous_status),
    )  # fmt: skip
