"""The kinds show themselves in the words of the catalogue, and the catalogue has no others."""

import ast
import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

import services
from aftersales_contracts import catalogue
from aftersales_contracts.aftersales.common import CaseChangedV1
from aftersales_contracts.enums import Role
from aftersales_contracts.registry import encode
from aftersales_contracts.shop.aftersales import DeadlineExtendedV1
from chassis.engine.pictures import Shown, case_changed, terms_of
from chassis.service import Kind
from cli.access import load_services
from kernel.decider import CaseView
from services.customers.cases.promise.state import Outcome as PromiseOutcome
from services.customers.cases.unpaid_order.state import Ending as WaitEnding
from services.logistics.cases.dispatch.state import NAMES
from services.logistics.cases.lost_parcel.rules_numbers import WRONG
from services.refunds.cases.buyer_claim.state import Ending as ClaimEnding
from services.refunds.cases.refund_agreement.facts import Ending as RefundEnding
from services.refunds.cases.refund_agreement.rules_time import GIVERS
from services.reviews.cases.review.state import Ending as ReviewEnding
from services.reviews.cases.review_followup.messages import Outcome as FollowupOutcome
from tests.services.told import T0 as NOW
from tests.support.chains import WORDS, unknown_words

ROOT = Path(next(iter(services.__path__)))
KINDS: list[tuple[str, Kind[Any, Any, Any, Any]]] = [
    (name, kind) for name, service in load_services().items() for kind in service.kinds
]
SHOWN = [(name, kind) for name, kind in KINDS if kind.pictures]
HIDDEN = {
    "late-compensation": {"Filed"},  # a claim before lateness is established: nothing is owed yet
}
"""States of kinds with pictures that show nothing, besides the first one."""
ENDINGS: dict[str, type[StrEnum] | set[str]] = {
    "order": {
        "buyer", "auto_confirm", "partial_refund", "unpaid_timeout", "unpaid_cancelled", "unpaid_agreed",
        "refunded_unshipped", "refunded", "refunded_outside", "fraud", "declined", "no_stock", "staff_error",
    },
    "refund-agreement": RefundEnding,
    "buyer-claim": ClaimEnding,
    "lost-parcel": {"delivered", "returned", "destroyed", "out_of_range", WRONG},
    "review": ReviewEnding,
    "review-followup": FollowupOutcome,
    "unpaid-order": {each.value for each in WaitEnding} - {WaitEnding.EXEMPT.value},
    "promise": PromiseOutcome,
}  # fmt: skip
"""Endings that the state names and not its class."""
BY_DETAIL = {"promise.noted"}
"""Statuses that more than the class of the state decides."""


def words_of(topic: str, kind: str) -> set[str]:
    return {code.split(".", 1)[1] for code in WORDS[topic] if code.startswith(f"{kind}.")}


def folder_of(service: str, kind: str) -> Path:
    return ROOT / service / "cases" / kind.replace("-", "_")


def test_every_kind_shows_itself_or_says_why_not() -> None:
    left_out = {kind.name for _, kind in KINDS if not kind.pictures}
    assert left_out == set(catalogue.published("left-out"))
    assert len(SHOWN) >= 17


def test_every_kind_has_a_name_in_words() -> None:
    assert set(catalogue.published("kinds")) == {kind.name for _, kind in KINDS}


@pytest.mark.parametrize(("service", "kind"), SHOWN)
def test_every_state_has_a_picture(service: str, kind: Kind[Any, Any, Any, Any]) -> None:
    del service
    bare = {state.__name__ for state in kind.states if state not in kind.pictures}
    assert bare - {type(kind.initial).__name__} == HIDDEN.get(kind.name, set())


@pytest.mark.parametrize(("service", "kind"), SHOWN)
def test_statuses_and_endings_are_those_of_the_catalogue(
    service: str, kind: Kind[Any, Any, Any, Any]
) -> None:
    del service
    pictures = list(kind.pictures.values())
    more = {code.split(".")[1] for code in BY_DETAIL if code.startswith(f"{kind.name}.")}
    assert {picture.status for picture in pictures} | more == words_of("statuses", kind.name)
    named = ENDINGS.get(kind.name, set())
    endings = named if isinstance(named, set) else {each.value for each in named}
    assert {each.ending for each in pictures if each.ending} | endings == words_of("endings", kind.name)


def test_a_picture_of_an_ended_state_has_an_ending_and_waits_for_nobody() -> None:
    for _, kind in SHOWN:
        for state, picture in kind.pictures.items():
            if state in kind.ended_states:
                assert not picture.waits_for, (kind.name, picture)
                assert picture.ending or kind.detail is not None, (kind.name, picture)
            elif picture.status not in {"unnamed", "known", "ended"}:
                assert Role(picture.waits_for).is_known, (kind.name, picture)


def test_every_action_of_the_catalogue_is_named_by_a_kind() -> None:
    said = {
        node.value
        for service, kind in SHOWN
        for path in folder_of(service, kind.name).glob("*.py")
        if path.stem in {"border", "outbound"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert WORDS["actions"] - said == set()
    used = {code for _, kind in SHOWN for picture in kind.pictures.values() for code in picture.actions}
    assert used - WORDS["actions"] == set()


def test_deadlines_are_those_of_the_catalogue() -> None:
    """Both ways, also of the kinds that are left out, whose deadlines operators see."""
    for service, kind in KINDS:
        text = (folder_of(service, kind.name) / "state.py").read_text(encoding="utf-8")
        names = {
            word.value
            for call in ast.walk(ast.parse(text))
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Deadline"
            for word in ast.walk(call.args[0])
            if isinstance(word, ast.Constant) and isinstance(word.value, str)
        }
        names |= {"attention"} if re.search(r"attention\.deadlines\(\)", text) else set()
        names |= set(NAMES.values()) if kind.name == "dispatch" else set()
        assert names == words_of("deadlines", kind.name), kind.name


def test_the_catalogue_names_roles() -> None:
    for code, deadline in catalogue.deadlines().items():
        assert Role(deadline.waits_for).is_known, code
        assert set(deadline.extendable_by) <= {"buyer", "seller"}, code
        assert deadline.waits_for not in deadline.extendable_by, f"{code}: nobody gives himself more time"


def test_what_may_be_extended_is_what_the_rules_extend() -> None:
    found = {
        code: deadline.extendable_by
        for code, deadline in catalogue.deadlines().items()
        if deadline.extendable_by
    }
    assert found == {f"refund-agreement.{name}": (giver,) for name, giver in GIVERS.items()}
    assert {kind.name for _, kind in KINDS if DeadlineExtendedV1 in kind.reads} == {"refund-agreement"}


@pytest.mark.parametrize(("service", "kind"), SHOWN)
def test_the_outcome_is_written_as_its_contract_writes_it(
    service: str, kind: Kind[Any, Any, Any, Any]
) -> None:
    del service
    view = CaseView("o1", kind.name, "c1", 3, "shop-1", "p@1", ("OR-001",), NOW, kind.initial)
    deadlines = tuple((NOW, name) for name in terms_of(kind.name))
    bare = Kind(
        name=kind.name, initial=kind.initial, state=kind.state, message=kind.message, fact=kind.fact,
        decide=kind.decide, evolve=kind.evolve, pictures=kind.pictures,
    )  # fmt: skip
    for picture in kind.pictures.values():
        written = case_changed(bare, view, Shown(picture, deadlines), "before")
        event = CaseChangedV1.model_validate_json(written)
        assert encode(event).decode() == written
        assert event.order_id == "o1"
        assert len(event.deadlines) == len(deadlines)
        assert [word for word in unknown_words(event) if not word.endswith(".before")] == []


@pytest.mark.parametrize(("service", "kind"), SHOWN)
def test_the_readme_names_the_statuses(service: str, kind: Kind[Any, Any, Any, Any]) -> None:
    text = (ROOT / service / "README.md").read_text(encoding="utf-8")
    section = re.split(rf"^##+ `?{kind.name}`?$", text, flags=re.MULTILINE)[1]
    section = re.split(r"^##", section, flags=re.MULTILINE)[0]
    line = next((one for one in section.splitlines() if one.startswith("- Statuses: ")), "")
    assert set(re.findall(r"`([a-z_]+)`", line)) == words_of("statuses", kind.name)
