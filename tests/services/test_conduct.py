"""No text asks for stars or leads around the platform, and no decision asks who somebody is.

RF-084, RV-030: source advice to ask for five stars in return for a refund, or to threaten with reviews, is
not automated. CP-049: nor is the advice to pass a customer on in private. CP-041, CU-017: urgency and person
make no difference. The texts behind the templates are the shop's; a code is listed here before a text can
stand behind it. A name that only sounds of a person is excepted in `conduct.py` of its kind's test folder.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from pydantic import BaseModel

from aftersales_contracts import enums
from aftersales_contracts.aftersales import common
from aftersales_contracts.readers import READS
from aftersales_contracts.registry import EVENTS
from aftersales_contracts.templates import TEMPLATES, VALUES
from chassis.service import Service
from kernel.policy import Numbers
from services.customers import policy as customers_policy
from services.customers.service import CUSTOMERS
from services.logistics import policy as logistics_policy
from services.logistics.service import LOGISTICS
from services.refunds import policy as refunds_policy
from services.refunds.service import REFUNDS
from services.reviews import policy as reviews_policy
from services.reviews.service import REVIEWS
from tests.architecture import tree

SERVICES: tuple[Service, ...] = (REFUNDS, LOGISTICS, REVIEWS, CUSTOMERS)

PAID_PRAISE = re.compile(
    r"star|five|praise|good_review|good_rating|full_score|counter_review|blacklist|threat"
)
AROUND = re.compile(r"specialist|private|wechat|weixin|\bqq\b|whatsapp|bank_account|transfer_to|off_platform")
PERSON = re.compile(
    r"urgen|priorit|tone|mood|angry|\bvip\b|loyal|member|level|gender|\bsex\b|\bage_|birth|nation|income|"
    r"relig|language|customer_(rank|grade|group|value|class)|is_(staff|friend|new_customer|known)"
)
ALLOW = (
    "decide by something else, or except the name in conduct.py of the kind's test folder, with the reason"
)
Exceptions = Mapping[str, Mapping[str, str]]
"""Kind -> name of a field or number -> why it is no question of the person there."""
SAYS = {"Notice": 0, "BuyerReminded": 0}
"""Class -> place of its template code."""


@cache
def trees() -> dict[Path, ast.Module]:
    return {
        path: ast.parse(tree.text(path))
        for path in tree.python_files()
        if path.relative_to(tree.ROOT).parts[0] == "services"
    }


def codes_said() -> Iterator[tuple[str, str]]:
    """Finds every template code that is written down, with its place; `?` where it cannot be found."""
    for path, module in trees().items():
        for node in ast.walk(module):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            given = [word.value for word in node.keywords if word.arg == "template_code"]
            if name in SAYS and not given:
                given = [node.args[SAYS[name]]]
            for value in given:
                for code in _codes(value, module):
                    yield code, f"{tree.name(path)}:{node.lineno}"


def _codes(value: ast.expr, module: ast.Module) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(code)):
            yield code
        case ast.IfExp(body=body, orelse=orelse):
            yield from _codes(body, module)
            yield from _codes(orelse, module)
        case ast.JoinedStr():
            yield from _spelt_out(value, module)
        case ast.Attribute(attr="template_code"):
            return  # handed on: found where it was made
        case ast.Name(id=name):
            yield from _passed(name, module)
        case _:
            yield "?"


def _spelt_out(value: ast.JoinedStr, module: ast.Module) -> Iterator[str]:
    """Spells a code out for every value that its one variable part is given in the module."""
    fixed = "".join(str(part.value) for part in value.values if isinstance(part, ast.Constant))
    names = [part.value.id for part in value.values if isinstance(part, ast.FormattedValue)
             and isinstance(part.value, ast.Name)]  # fmt: skip
    found = [
        code
        for node in ast.walk(module)
        if isinstance(node, ast.Assign) and [ast.unparse(each) for each in node.targets] == names
        for code in _codes(node.value, module)
    ]
    yield from (fixed + code for code in found or ["?"])


def _passed(parameter: str, module: ast.Module) -> Iterator[str]:
    """Finds what callers in the module pass for a parameter."""
    found = False
    for function in ast.walk(module):
        if not isinstance(function, ast.FunctionDef):
            continue
        names = [each.arg for each in function.args.args]
        if parameter not in names:
            continue
        for call in ast.walk(module):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == function.name:
                found = True
                place = names.index(parameter)
                named = [word.value for word in call.keywords if word.arg == parameter]
                yield from _codes(named[0] if named else call.args[place], module)
    if not found:
        yield "?"


def test_every_template_was_read_with_these_rules_in_mind() -> None:
    """RF-084, RV-030, CP-049: no other text can be sent; `?` is one that this test cannot read."""
    said = dict(codes_said())
    assert {code: place for code, place in said.items() if code not in TEMPLATES} == {}
    assert set(TEMPLATES) - set(said) == set()
    assert [code for code in TEMPLATES if PAID_PRAISE.search(code) or AROUND.search(code)] == []


def test_a_template_is_filled_with_ids_and_nothing_else() -> None:
    """RF-084: no value of a template carries a rating, an amount or a reward for one."""
    keys = {
        key.value
        for module in trees().values()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and (ast.unparse(node.func) in {*SAYS, "Contact"})
        for values in [*node.args, *(word.value for word in node.keywords)]
        if isinstance(values, ast.Dict)
        for key in values.keys
        if isinstance(key, ast.Constant)
    }
    assert keys - VALUES == set()
    assert keys, "or this test sees nothing"


def test_no_money_and_no_goods_depend_on_a_review() -> None:
    """RF-084: only the service of reviews hears of ratings and scores, and it gives nothing but credit."""
    heard = {
        (service, name)
        for service, names in READS.items()
        for name in names
        if re.search(r"review|score|credit|rating", name) and service != "reviews"
    }
    assert heard == set()
    told = {name for name, event in EVENTS.items() if event.TOPIC == "aftersales.reviews.v1"}
    money = {
        (name, field)
        for name in told
        for field in properties(EVENTS[name])
        if re.search(r"amount|coupon|voucher|refund|offer", field)
    }
    assert money == set()
    offering = {type_.__name__ for type_ in (common.OfferMadeV1,) if "reviews" in type_.SERVICES}
    assert offering == set()


def test_no_remedy_that_can_be_offered_is_paid_praise_or_a_way_around() -> None:
    """RF-084, CP-049: what may be chosen, asked, answered or promised is in these lists."""
    lists = (
        enums.OptionKind, enums.Channel, enums.ConsentChannel, enums.PromiseKind, enums.PaymentMethod,
        enums.Role, enums.ReshipPurpose, enums.MemoPurpose,
    )  # fmt: skip
    members = {member.value for each in lists for member in each}
    assert [word for word in members if PAID_PRAISE.search(word) or AROUND.search(word)] == []
    assert {channel.value for channel in enums.Channel} == {"sms", "email", "call", "chat", "group"}
    fields = {(name, field) for name, event in EVENTS.items() for field in properties(event)}
    assert [each for each in fields if PAID_PRAISE.search(each[1]) and not STARS.search(each[1])] == []
    assert [each for each in fields if AROUND.search(each[1])] == []


STARS = re.compile(r"^(stars_score|has_threatened_review|was_threatened|started_at)$")
"""The rating as given, and the flag of a threat: facts that are heard, by reviews alone."""


def properties(event: type[BaseModel]) -> set[str]:
    """Lists the names of all fields of an event, at any depth."""

    def names(schema: Any) -> Iterator[str]:
        if isinstance(schema, dict):
            for key, value in schema.items():
                if key == "properties":
                    yield from value
                yield from names(value)
        elif isinstance(schema, list):
            for each in schema:
                yield from names(each)

    return set(names(event.model_json_schema()))


# Persons and urgency.


@cache
def exceptions() -> Exceptions:
    """Reads `ALLOWED` of every `conduct.py` in the test folder of a kind."""
    found = {path.parent: path for path in Path(__file__).parent.glob("*/*/conduct.py")}
    return {
        folder.name.replace("_", "-"): import_module(
            f"tests.services.{folder.parent.name}.{folder.name}.conduct"
        ).ALLOWED
        for folder in found
    }


def in_events(allowed: Exceptions) -> set[tuple[str, str]]:
    """Finds fields of events that tell of a person. A kind excepts names in what it reads and announces."""
    of_event: dict[str, set[str]] = {name: set() for name in EVENTS}
    for service in SERVICES:
        for kind in service.kinds:
            hints = [get_type_hints(announce)["return"] for announce in kind.announces.values()]
            announced = {event for hint in hints for event in get_args(hint) or (hint,)}
            for event in {*kind.reads, *announced}:
                of_event[event.TYPE] |= {*allowed.get(kind.name, ())}
    return {
        (name, field)
        for name, event in EVENTS.items()
        for field in properties(event) - of_event[name]
        if PERSON.search(field)
    }


def in_cases(service: Service, allowed: Exceptions) -> set[tuple[str, str]]:
    """Finds fields of messages and states that tell of a person. A kind excepts names of its own alone."""
    return {
        (f"{kind.name}: {each.__name__}", field.name)
        for kind in service.kinds
        for each in (*kind.messages, *kind.states)
        for field in msgspec.structs.fields(each)
        if PERSON.search(field.name) and field.name not in allowed.get(kind.name, ())
    }


def in_numbers(service: Service, allowed: Exceptions) -> set[tuple[str, str]]:
    """Finds numbers that are for some persons. Each kind of the service may except names."""

    def names(of: Any) -> Iterator[str]:
        for field, hint in of.__annotations__.items():
            yield field
            if isinstance(hint, type) and issubclass(hint, Numbers):
                yield from names(hint)

    fine = {name for kind in service.kinds for name in allowed.get(kind.name, ())}
    of_some = {name for name in names(POLICIES[service.name]) if PERSON.search(name) or "customer" in name}
    return {(service.name, name) for name in of_some - fine}


POLICIES: dict[str, type[Numbers]] = {
    "refunds": refunds_policy.Policy,
    "logistics": logistics_policy.Policy,
    "reviews": reviews_policy.Policy,
    "customers": customers_policy.Policy,
}


def test_no_event_tells_how_urgent_somebody_is_or_what_sort_of_person() -> None:
    """CP-041, CU-017: what nobody tells, nobody decides by."""
    assert in_events(exceptions()) == set(), ALLOW


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_no_message_and_no_state_keeps_it(service: Service) -> None:
    """CP-041, CU-017: of a person the cases know ids."""
    assert in_cases(service, exceptions()) == set(), ALLOW


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_no_number_is_for_some_persons(service: Service) -> None:
    """CU-017: a pack is chosen by the shop, and its numbers are the same for all its customers."""
    assert in_numbers(service, exceptions()) == set(), ALLOW


def test_a_name_is_excepted_only_where_it_is_and_with_the_reason() -> None:
    """CP-041, CU-017: an exception that nothing needs goes."""
    found = in_events({}).union(*(in_cases(each, {}) | in_numbers(each, {}) for each in SERVICES))
    needed = {name for _, name in found}
    known = {kind.name for service in SERVICES for kind in service.kinds}
    assert exceptions().keys() - known == set()
    assert [
        (kind, name)
        for kind, names in exceptions().items()
        for name, reason in names.items()
        if name not in needed or len(reason.split()) < 3
    ] == []


class Grown(msgspec.Struct, frozen=True):
    """A message that asks for more than an id."""

    birth_month: int
    gender: str


def test_an_exception_holds_for_its_kind_and_its_name_alone() -> None:
    first, *others = CUSTOMERS.kinds
    grown = replace(CUSTOMERS, kinds=(replace(first, message=Grown),))
    where = f"{first.name}: Grown"
    allowed = {"birth_month": "greets at the month, decides nothing"}
    assert in_cases(grown, {}) == {(where, "birth_month"), (where, "gender")}
    assert in_cases(grown, {first.name: allowed}) == {(where, "gender")}
    assert in_cases(grown, {others[0].name: allowed}) == {(where, "birth_month"), (where, "gender")}


ASKING = re.compile(r"\b(customer_id|buyer_account_id|account_id)\b")


def test_no_rule_asks_who_the_customer_is() -> None:
    """CU-017: a rule may hand an id on, and see that there is none; it compares none with anything else."""
    found = [
        f"{tree.name(path)}:{node.lineno} {ast.unparse(node)}"
        for path, module in trees().items()
        if re.match(r"rules|admission|account$|state$", path.stem)
        for node in ast.walk(module)
        if isinstance(node, ast.Compare) and ASKING.search(ast.unparse(node)) and not _is_absence(node)
    ]
    assert found == []


def _is_absence(node: ast.Compare) -> bool:
    return all(isinstance(op, ast.Is | ast.IsNot) for op in node.ops) and all(
        isinstance(other, ast.Constant) and other.value is None for other in node.comparators
    )
