"""The published schemas say what the models say, are up to date, and break nobody."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aftersales_contracts import compat, generate
from aftersales_contracts.asyncapi import load_samples
from aftersales_contracts.base import OpenEnum
from aftersales_contracts.json_schema import DIALECT, KNOWN_VALUES, schemas
from aftersales_contracts.registry import EVENTS, encode, read_data
from tests.contracts.schema_check import faults

CONTRACTS = Path(__file__).parents[2] / "contracts"
SAMPLES = load_samples(CONTRACTS / "samples")
SCHEMAS = schemas()
TYPES = sorted(EVENTS)


def test_what_is_committed_is_what_is_generated() -> None:
    assert generate.stale(CONTRACTS, generate.contents(CONTRACTS)) == []


def test_the_released_schemas_are_committed_and_still_hold() -> None:
    released = compat.load(CONTRACTS / "released")

    assert released
    assert [str(one) for one in compat.breaks(released, SCHEMAS)] == []


def test_generating_twice_gives_the_same_bytes() -> None:
    assert generate.contents(CONTRACTS) == generate.contents(CONTRACTS)


@pytest.mark.parametrize("name", TYPES)
def test_a_sample_is_valid_and_each_loss_is_found(name: str) -> None:
    """Schema and model agree: what the schema requires, the model requires."""
    schema, data = SCHEMAS[name], json.loads(encode(SAMPLES[name]))

    assert schema["$schema"] == DIALECT
    assert list(faults(schema, data)) == []
    assert list(faults(schema, {**data, "added_later": {"x": None}})) == []
    for field in schema["required"]:
        assert list(faults(schema, {key: item for key, item in data.items() if key != field})) == [
            f"$.{field}: missing"
        ]
    required = {name for name, field in EVENTS[name].model_fields.items() if field.is_required()}
    assert set(schema["required"]) == required
    for field in data:
        for wrong in (None, 1.5, {"minor": -1, "currency": "cny"}):
            assert list(faults(schema, {**data, field: wrong})), f"{field}: {wrong}"


def test_open_enumerations_are_strings_with_known_values() -> None:
    status = SCHEMAS["shop.parcel.scanned.v1"]["$defs"]["ParcelStatus"]

    assert "enum" not in status
    assert {"delivered", "lost", "returned"} <= set(status[KNOWN_VALUES])
    scan = json.loads(encode(SAMPLES["shop.parcel.scanned.v1"])) | {"status": "beamed"}
    assert list(faults(SCHEMAS["shop.parcel.scanned.v1"], scan)) == []
    read = read_data(EVENTS["shop.parcel.scanned.v1"], json.dumps(scan).encode())
    status_read: Any = getattr(read, "status")  # noqa: B009 - the class is known by its type's name only
    assert isinstance(status_read, OpenEnum)
    assert not status_read.is_known


@pytest.mark.parametrize("name", TYPES)
def test_events_and_components_have_the_names_of_their_classes(name: str) -> None:
    """P9: generators take the title as the name of the class, and `$id` names the schema without a host."""
    schema = SCHEMAS[name]

    assert schema["title"] == EVENTS[name].__name__
    assert schema["$id"] == f"urn:aftersales:event:{name}"
    for component, definition in schema.get("$defs", {}).items():
        assert definition["title"] == component
        for value in definition.get(KNOWN_VALUES, ()):
            assert re.search(rf"Known values: .*\b{value}\b", definition["description"]), value
    assert [path for path, node in _objects(schema, "") if "properties" in node and "title" not in node] == []


def _objects(node: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield path, node
        for key, item in node.items():
            yield from _objects(item, f"{path}/{key}")


def test_nothing_says_null() -> None:
    """An optional field is absent, never null."""
    assert "null" not in {kind for schema in SCHEMAS.values() for kind in _types(schema)}


def _types(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["type"]} if isinstance(node.get("type"), str) else set[str]()
        return own.union(*(_types(item) for item in node.values()))
    return set[str]().union(*(_types(item) for item in node)) if isinstance(node, list) else set()


@pytest.fixture
def own_contracts(tmp_path: Path) -> Path:
    """A folder of its own with what is released, and everything generated."""
    for name in ("samples", "released", "conversations"):
        shutil.copytree(CONTRACTS / name, tmp_path / name)
    assert generate.main(["--root", str(tmp_path)]) == 0
    return tmp_path


def test_check_names_what_is_outdated(own_contracts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check", "--root", str(own_contracts)]) == 0
    (own_contracts / "schemas" / "shop.order.paid.v1.schema.json").write_text("{}")
    (own_contracts / "schemas" / "shop.order.lost.v1.schema.json").write_text("{}")
    (own_contracts / "catalogue" / "fears.json").write_text("{}")
    (own_contracts / "conversations" / "exchange.md").write_text("")
    (own_contracts / "conversations" / "nobody-speaks.md").write_text("")
    (own_contracts / "asyncapi.yaml").unlink()
    (own_contracts / "asyncapi-bundled.yaml").write_text("")

    assert generate.main(["--check", "--root", str(own_contracts)]) == 1

    out = capsys.readouterr().out
    assert "schemas/shop.order.paid.v1.schema.json: outdated" in out
    assert "schemas/shop.order.lost.v1.schema.json: of no type or topic any more" in out
    assert "catalogue/fears.json: of no type or topic any more" in out
    assert "conversations/exchange.md: outdated" in out
    assert "conversations/nobody-speaks.md: of no type or topic any more" in out
    assert "asyncapi.yaml: missing" in out
    assert "asyncapi-bundled.yaml: outdated" in out
    assert generate.main(["--root", str(own_contracts)]) == 0
    assert generate.main(["--check", "--root", str(own_contracts)]) == 0
    assert not (own_contracts / "schemas" / "shop.order.lost.v1.schema.json").exists()


def test_a_breaking_change_fails_the_check_and_the_release(
    own_contracts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As if a field that was released had been taken out of the class since."""
    path = own_contracts / "released" / "shop.order.paid.v1.schema.json"
    released = json.loads(path.read_text())
    released["properties"]["paid_at"] = {"type": "string", "format": "date-time"}
    path.write_text(json.dumps(released))
    before = path.read_text()

    for main, arguments in (
        (generate.main, ["--check"]),
        (generate.main, ["--release"]),
        (compat.main, ["--check"]),
    ):
        assert main([*arguments, "--root", str(own_contracts)]) == 1
        assert "shop.order.paid.v1: paid_at: field removed" in capsys.readouterr().out
    assert path.read_text() == before


def test_a_release_is_what_is_compared_with_next(own_contracts: Path, tmp_path: Path) -> None:
    shutil.rmtree(own_contracts / "released")
    assert compat.main(["--check", "--root", str(own_contracts)]) == 2

    assert generate.main(["--release", "--root", str(own_contracts)]) == 0

    assert compat.load(own_contracts / "released") == SCHEMAS
    assert compat.main(["--check", "--root", str(own_contracts)]) == 0
